package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/operator"
	"github.com/webhook-functions/template/shared/providers"
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
	credits, err := handlers.CreditsFromEnv(plain(env))
	if err != nil {
		return operator.Stores{}, err
	}
	db, err := open(ctx)
	if err != nil {
		return operator.Stores{}, err
	}
	return operator.Stores{Ledger: db.Ledger(), Records: db.Records(), Outbound: db.Queue(local.Outbound), Events: db.Queue(local.Events),
		PerProject: credits.ScopeByProject, Close: db.Close}, nil
}

// environment looks names up: the process first, then a .env file.
func environment() (func(string) (string, bool), error) {
	text, err := os.ReadFile(".env")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := dotEnv(string(text))
	if err != nil {
		return nil, fmt.Errorf(".env: %w", err)
	}
	return func(name string) (string, bool) {
		if value, ok := os.LookupEnv(name); ok {
			return value, true
		}
		value, ok := file[name]
		return value, ok
	}, nil
}

// settings is everything that is configured rather than wired.
type settings struct {
	providers providers.Entries
	keyrings  *local.Keyrings
	reactions handlers.Settings
	outbound  handlers.OutboundSettings
}

func loadSettings(env func(string) (string, bool)) (settings, error) {
	table, tableErr := providers.Configured(plain(env))
	reactions, reactionsErr := handlers.SettingsFromEnv(plain(env))
	outbound, outboundErr := handlers.OutboundFromEnv(plain(env))
	if err := errors.Join(tableErr, reactionsErr, outboundErr); err != nil {
		return settings{}, err
	}
	return settings{table, local.NewKeyrings(table.Schemes(), env), reactions, outbound}, nil
}

// plain takes a variable that is not set for an empty one.
func plain(env func(string) (string, bool)) func(string) string {
	return func(name string) string {
		value, _ := env(name)
		return value
	}
}
