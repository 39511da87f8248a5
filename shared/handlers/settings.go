package handlers

import (
	"errors"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/variables"
)

// Settings is what the worker's reactions are configured with.
type Settings struct {
	Credits      Credits // without ledger and log
	Phrases      Phrases
	ForwardLeads bool
}

// SettingsFromEnv reads the settings of the worker's reactions. env gives "" for
// a variable that is not set. All faults are reported together.
func SettingsFromEnv(env func(string) string) (s Settings, err error) {
	c := &s.Credits
	err = variables.Read(env,
		variables.Variable{Name: "TARIFF", Default: accounts.DefaultTariff, Set: c.setTariff},
		variables.Variable{Name: "IDLESS_WINDOW", Set: c.setWindow},
		variables.Variable{Name: "ANONYMOUS_HUMANS", Default: "anonymous", Set: c.setAnonymous},
		variables.Bool("ACCOUNT_PER_PROJECT", &c.ScopeByProject),
		variables.Bool("EXCLUDE_SIMULATED", &c.ExcludeSimulated),
		variables.Text("GABBER_CREDIT", &c.Vendor.Credit),
		variables.Variable{Name: "GABBER_LEDGER", Default: "off", Set: c.Vendor.setMode},
		variables.Text("SPEAK_RESULT", &s.Phrases.Result),
		variables.Text("SPEAK_FAILURE", &s.Phrases.Failure),
		variables.Variable{Name: "LEADS_FORWARD_URL", Set: func(url string) error { s.ForwardLeads = url != ""; return nil }},
	)
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

// setMode wants the id of a credit type where there are debits.
func (v *VendorLedger) setMode(text string) error {
	switch {
	case text == "off":
		*v = VendorLedger{}
	case text != "beside" && text != "instead":
		return errors.New(`is neither "off" nor "beside" nor "instead"`)
	case v.Credit == "":
		return errors.New("needs GABBER_CREDIT, the id of a credit type")
	}
	v.Instead = text == "instead"
	return nil
}
