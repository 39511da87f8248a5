// Package commandline is what the commands share: it parses arguments with kong,
// runs the chosen command and ends the process. A wrong command line is one
// sentence on stderr and exit code 80; a command that failed is one and exit
// code 1.
//
//	commandline.Main("hooks-aws", "Accounts of a deployment on AWS.", &c, &c.deployment)
package commandline

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/operator"
)

// Main runs the command that the process's arguments name. Run methods get a
// context that an interrupt ends, an [operator.Terminal] at the place, and what
// is bound.
func Main(name, description string, commands any, place operator.Place, bound ...any) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parser := newParser(ctx, name, description, commands, bound...)
	app, err := parse(parser, os.Args[1:])
	if err == nil {
		err = app.Run(&operator.Terminal{Place: place, Out: os.Stdout, Now: time.Now, Sleep: ledger.Sleep, NewKey: rand.Text})
	}
	parser.FatalIfErrorf(err)
}

func newParser(ctx context.Context, name, description string, commands any, bound ...any) *kong.Kong {
	return kong.Must(commands, kong.Name(name), kong.Description(description), kong.Embed(&own{}), kong.Vars{"program": name, "version": version()},
		kong.KindMapper(reflect.Int, kong.MapperFunc(count)), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(bound...))
}

// own is what every program has beside its commands.
type own struct {
	Version    kong.VersionFlag `help:"Print the version of the module and of Go."`
	Completion completionCmd    `cmd:"" help:"Print a script that completes commands and flags."`
}

// version has the revision where the program was built from a clone.
func version() string {
	info, _ := debug.ReadBuildInfo() // every build with modules has one
	return info.Main.Path + " " + info.Main.Version + " " + info.GoVersion
}

// wrong is a wrong command line.
type wrong string

func (w wrong) Error() string { return string(w) }

// ExitCode is kong's for a wrong command line.
func (wrong) ExitCode() int { return 80 }

func parse(parser *kong.Kong, args []string) (*kong.Context, error) {
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help":
		args = append(args[1:], "--help")
	}
	app, err := parser.Parse(args)
	if err == nil {
		err = check(app)
	}
	if err == nil {
		return app, nil
	}
	if failed := (*kong.ParseError)(nil); errors.As(err, &failed) {
		app = failed.Context
	}
	path := parser.Model.Name
	if app != nil && app.Selected() != nil {
		path = app.Selected().FullPath()
	}
	return nil, wrong(sentence(err.Error()) + " (see " + path + " --help)")
}

// check refuses what kong takes: a flag given twice, a value that is empty.
func check(app *kong.Context) error {
	seen := map[*kong.Flag]bool{}
	for _, p := range app.Path {
		switch {
		case p.Flag != nil && seen[p.Flag]:
			return fmt.Errorf("--%s is given twice", p.Flag.Name)
		case p.Flag != nil && app.FlagValue(p.Flag) == "":
			return fmt.Errorf("--%s: a value is missing", p.Flag.Name)
		case p.Positional != nil && p.Positional.Target.IsZero():
			return fmt.Errorf("<%s> is empty", p.Positional.Name)
		}
		seen[p.Flag] = true
	}
	return nil
}

var negative = regexp.MustCompile(`^unknown flag -[0-9.]`)

// sentence says what kong says of its own types and tokens in the words of a
// command line.
func sentence(text string) string {
	flag, _, noValue := strings.Cut(text, ": expected string value but got")
	switch {
	case noValue:
		return flag + ": a value is missing; one that begins with - is written " + flag + "=VALUE"
	case negative.MatchString(text):
		return "what begins with - stands behind --, and a negative amount is for adjust, as in adjust member-20417 -- -5"
	}
	return strings.Replace(text, `expected "<`, `missing "<`, 1)
}

// maxCount bounds numbers; every place can list that many.
const maxCount = 1_000_000

// count reads a number of things.
func count(ctx *kong.DecodeContext, target reflect.Value) error {
	token := ctx.Scan.Pop()
	n, err := strconv.Atoi(token.String())
	if err != nil || n < 1 || n > maxCount {
		return fmt.Errorf("a whole number from 1 to %d is needed", maxCount)
	}
	target.SetInt(int64(n))
	return nil
}
