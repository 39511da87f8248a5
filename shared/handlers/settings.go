package handlers

import (
	"errors"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/config"
)

// Settings is what the worker's reactions are configured with, without their
// ledger, records and log.
type Settings struct {
	Credits Credits
	Tools   tools
	Leads   leads
}

// SettingsFromEnv reads the settings of the worker's reactions. env gives "" for
// a variable that is not set. All faults are reported together.
func SettingsFromEnv(env func(string) string) (s Settings, err error) {
	c := &s.Credits
	all := []config.Variable{
		{Name: "TARIFF", Default: accounts.DefaultTariff, Set: c.setTariff},
		{Name: "IDLESS_WINDOW", Set: c.setWindow},
		{Name: "ANONYMOUS_HUMANS", Default: "anonymous", Set: c.setAnonymous},
		config.Bool("ACCOUNT_PER_PROJECT", &c.ScopeByProject),
		config.Bool("EXCLUDE_SIMULATED", &c.ExcludeSimulated),
	}
	for _, of := range platforms {
		if of.variables != nil {
			all = append(all, of.variables(&s)...)
		}
	}
	err = config.Apply(env, all...)
	return s, err
}

func (c *Credits) setTariff(text string) (err error) {
	c.Tariff, err = accounts.ParseTariff(text)
	return err
}

func (c *Credits) setWindow(text string) (err error) {
	switch text {
	case "":
		c.Window = DefaultWindow
	case "forever":
		c.Window = Forever
	default:
		if c.Window, err = time.ParseDuration(text); err != nil || c.Window < 0 {
			return errors.New(`is neither a duration ("15m", "0s") nor "forever"`)
		}
	}
	return nil
}

func (c *Credits) setAnonymous(text string) error {
	c.Anonymous = strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
	return nil
}
