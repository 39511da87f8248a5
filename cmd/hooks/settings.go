package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/operator"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/typo"
	"github.com/webhook-functions/template/shared/webhook"
)

// database is the file every command works on; they may run at the same time.
type database struct {
	DB string `default:"hooks.db" placeholder:"FILE" help:"The database file (${default})."`
}

func (d *database) open(ctx context.Context) (*local.DB, error) {
	db, err := local.Open(ctx, d.DB, time.Now)
	if err != nil {
		return nil, fmt.Errorf("database %s: %s", d.DB, faultOf(err))
	}
	return db, nil
}

// existing refuses to create a database just to look into it.
func (d *database) existing(ctx context.Context) (*local.DB, error) {
	if _, err := os.Stat(d.DB); err != nil {
		return nil, fmt.Errorf("no database %s here: start `hooks serve` first, or name it with --db", d.DB)
	}
	return d.open(ctx)
}

// Open implements [operator.Place].
func (d *database) Open(ctx context.Context, look bool) (operator.Stores, error) {
	open := d.open
	if look {
		open = d.existing
	}
	env, err := environment()
	if err != nil {
		return operator.Stores{}, err
	}
	settings, err := handlers.SettingsFromEnv(plain(env))
	if err != nil {
		return operator.Stores{}, err
	}
	db, err := open(ctx)
	if err != nil {
		return operator.Stores{}, err
	}
	return operator.Stores{Ledger: db.Ledger(), Records: db.Records(), Outbound: db.Queue(local.Outbound), Events: db.Queue(local.Events),
		PerProject: settings.Credits.ScopeByProject, Close: db.Close}, nil
}

// environment looks names up: the process first, then a .env file. A name in the
// file that is one of ours with a slip is refused: usage would be charged at the
// default price, or a platform be off.
func environment() (func(string) (string, bool), error) {
	file, err := readDotEnv()
	if err != nil {
		return nil, err
	}
	for name, like := range unknownVariables(maps.Keys(file)) {
		if like.near {
			return nil, fmt.Errorf(".env: %s is not known: did you mean %s?", name, like.meant)
		}
	}
	return func(name string) (string, bool) {
		if value, ok := os.LookupEnv(name); ok {
			return value, true
		}
		value, ok := file[name]
		return value, ok
	}, nil
}

func readDotEnv() (map[string]string, error) {
	text, err := os.ReadFile(".env")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := dotEnv(string(text))
	if err != nil {
		return nil, fmt.Errorf(".env: %w", err)
	}
	return file, nil
}

// likeness is what [typo.Closest] says of a name.
type likeness struct {
	meant string
	near  bool
}

// unknownVariables gives the names that no setting is read by. A name that is
// unfit for a log is "?".
func unknownVariables(names iter.Seq[string]) map[string]likeness {
	var known []string
	_, _ = loadSettings(func(name string) (string, bool) { known = append(known, name); return "", false }) // only what it asks for matters
	unknown := map[string]likeness{}
	for name := range names {
		if slices.Contains(known, name) || ofTenant(name) {
			continue
		}
		meant, near := typo.Closest(name, known)
		if !webhook.IsName(name) {
			name = "?"
		}
		unknown[name] = likeness{meant, near}
	}
	return unknown
}

// ofTenant: the variable may hold the secret of a platform's tenant.
func ofTenant(name string) bool {
	return slices.ContainsFunc(providers.Table(), func(p providers.Entry) bool {
		return p.Tenant != nil && strings.HasPrefix(name, local.SecretVariable(p.Name)+"_BOT_")
	})
}

// logUnknown says which variables of the .env file are not known, and which of the
// process are like one that is; there all programs' names are.
func logUnknown(log *slog.Logger) error {
	file, err := readDotEnv()
	if err != nil {
		return err
	}
	for name, like := range unknownVariables(maps.Keys(file)) {
		log.Warn("a variable in .env is not known", "variable", name, "did_you_mean", like.meant)
	}
	for name, like := range unknownVariables(processNames) {
		if like.meant != "" {
			log.Warn("a variable is not known", "variable", name, "did_you_mean", like.meant)
		}
	}
	return nil
}

func processNames(yield func(string) bool) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); !yield(name) {
			return
		}
	}
}

// settings is everything that is configured rather than wired.
type settings struct {
	providers providers.Entries
	keyrings  *local.Keyrings
	reactions handlers.Settings
	outbound  calls.Settings

	signingKeys map[string]string // of platforms with a pair of keys, for what `send` plays
}

func loadSettings(env func(string) (string, bool)) (settings, error) {
	table, tableErr := providers.Configured(plain(env))
	reactions, reactionsErr := handlers.SettingsFromEnv(plain(env))
	outbound, outboundErr := calls.SettingsFromEnv(plain(env))
	if err := errors.Join(tableErr, reactionsErr, outboundErr); err != nil {
		return settings{}, eachOnce(err)
	}
	signingKeys := map[string]string{}
	for _, p := range table {
		if key, _ := env(signingKeyVariable(p.Name)); p.Scheme.IsPublic() {
			signingKeys[p.Name] = key
		}
	}
	return settings{table, local.NewKeyrings(table.Schemes(), env), reactions, outbound, signingKeys}, nil
}

// eachOnce leaves out what was said before: worker and outbound read some
// variables both.
func eachOnce(err error) error {
	var said []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !slices.Contains(said, line) {
			said = append(said, line)
		}
	}
	return errors.New(strings.Join(said, "\n"))
}

// plain takes a variable that is not set for an empty one.
func plain(env func(string) (string, bool)) func(string) string {
	return func(name string) string {
		value, _ := env(name)
		return value
	}
}
