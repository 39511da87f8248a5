package handlers

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
)

// Settings is what the worker's reactions are configured with.
type Settings struct {
	Credits      Credits // without ledger and log
	Phrases      Phrases
	ForwardLeads bool
}

// SettingsFromEnv reads the settings of the worker's reactions. env gives "" for
// a variable that is not set. All faults are reported together.
func SettingsFromEnv(env func(string) string) (Settings, error) {
	credits, err := CreditsFromEnv(env)
	return Settings{
		Credits:      credits,
		Phrases:      Phrases{Result: env("SPEAK_RESULT"), Failure: env("SPEAK_FAILURE")},
		ForwardLeads: env("LEADS_FORWARD_URL") != "",
	}, err
}

// OutboundSettings is what the handlers that call out are configured with.
type OutboundSettings struct {
	Gabber       gabber.API     // without a caller; with an empty key it is never called
	Price        strict.Decimal // of a conversational second, in credits; not positive: no limit can be computed
	EndExhausted bool           // end the live sessions of a human with nothing left
	Leads        Target
}

// String shows no key.
func (OutboundSettings) String() string { return "[settings of outbound]" }

// GoString is String.
func (s OutboundSettings) GoString() string { return s.String() }

// LogValue is String.
func (s OutboundSettings) LogValue() slog.Value { return slog.StringValue(s.String()) }

// OutboundFromEnv reads the settings of outbound. All faults are reported
// together; none quotes a value, which may be a key.
func OutboundFromEnv(env func(string) string) (OutboundSettings, error) {
	s := OutboundSettings{Gabber: gabber.API{
		Base: strings.TrimSuffix(cmp.Or(env("GABBER_API_URL"), gabber.DefaultAPI), "/"),
		Key:  env("GABBER_API_KEY"),
	}}
	var faults []error
	note := func(name string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	err := signature.CheckCopied(s.Gabber.Key)
	if strings.ContainsFunc(s.Gabber.Key, func(r rune) bool { return r <= ' ' || r > '~' }) { // no header carries it
		err = cmp.Or(err, errors.New("has a blank, a line break or another character no key has"))
	}
	note("GABBER_API_KEY", err)
	_, err = hostOf(s.Gabber.Base)
	note("GABBER_API_URL", err)
	tariff, err := ParseTariff(cmp.Or(env("TARIFF"), DefaultTariff))
	note("TARIFF", err)
	s.Price = tariff["conversational_seconds"]
	s.EndExhausted, err = parseBool(env("END_EXHAUSTED_SESSIONS"))
	note("END_EXHAUSTED_SESSIONS", err)
	if target, secret := env("LEADS_FORWARD_URL"), env("LEADS_FORWARD_SECRET"); target != "" {
		_, err = hostOf(target)
		note("LEADS_FORWARD_URL", err)
		s.Leads, err = ParseTarget(target, secret)
		note("LEADS_FORWARD_SECRET", err)
	}
	return s, errors.Join(faults...)
}

// OutboundVariables are the names that OutboundFromEnv reads.
func OutboundVariables() (names []string) {
	_, _ = OutboundFromEnv(func(name string) string { names = append(names, name); return "" }) // only what it asks for matters
	return names
}

// Hosts are all that outbound may call.
func (s OutboundSettings) Hosts() []string {
	var hosts []string
	for _, target := range []string{s.Gabber.Base, s.Leads.URL} {
		if host, err := hostOf(target); err == nil {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// hostOf gives the host of an absolute URL. That it is one outbound may call is
// checked there, call by call.
func hostOf(target string) (string, error) {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return "", errors.New("is not an http or https URL without a user")
	}
	return u.Host, nil
}

// CreditsFromEnv reads the settings of the credits reaction. env gives "" for a
// variable that is not set. All faults are reported together. The caller adds
// ledger and log.
func CreditsFromEnv(env func(string) string) (Credits, error) {
	var c Credits
	var faults []error
	note := func(name string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	var err error
	c.Tariff, err = ParseTariff(cmp.Or(env("TARIFF"), DefaultTariff))
	note("TARIFF", err)
	c.Window, err = parseWindow(env("IDLESS_WINDOW"))
	note("IDLESS_WINDOW", err)
	c.Anonymous = strings.FieldsFunc(cmp.Or(env("ANONYMOUS_HUMANS"), "anonymous"), func(r rune) bool { return r == ',' })
	c.ScopeByProject, err = parseBool(env("ACCOUNT_PER_PROJECT"))
	note("ACCOUNT_PER_PROJECT", err)
	c.ExcludeSimulated, err = parseBool(env("EXCLUDE_SIMULATED"))
	note("EXCLUDE_SIMULATED", err)
	c.Vendor, err = parseVendor(env("GABBER_LEDGER"), env("GABBER_CREDIT"))
	note("GABBER_LEDGER", err)
	return c, errors.Join(faults...)
}

func parseVendor(mode, credit string) (VendorLedger, error) {
	switch mode {
	case "", "off":
		return VendorLedger{}, nil
	case "beside", "instead":
		if credit == "" {
			return VendorLedger{}, errors.New("needs GABBER_CREDIT, the id of a credit type")
		}
		return VendorLedger{Credit: credit, Instead: mode == "instead"}, nil
	}
	return VendorLedger{}, errors.New(`is neither "off" nor "beside" nor "instead"`)
}

func parseWindow(text string) (time.Duration, error) {
	switch text {
	case "":
		return DefaultWindow, nil
	case "forever":
		return Forever, nil
	}
	window, err := time.ParseDuration(text)
	if err != nil || window < 0 {
		return 0, errors.New(`is neither a duration ("15m", "0s") nor "forever"`)
	}
	return window, nil
}

func parseBool(text string) (bool, error) {
	if text == "" {
		return false, nil
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New(`is neither "true" nor "false"`)
	}
	return value, nil
}
