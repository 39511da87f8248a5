package handlers

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

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
	c.Tariff, err = ParseTariff(orDefault(env("TARIFF"), DefaultTariff))
	note("TARIFF", err)
	c.Window, err = parseWindow(env("IDLESS_WINDOW"))
	note("IDLESS_WINDOW", err)
	c.Anonymous = strings.FieldsFunc(orDefault(env("ANONYMOUS_HUMANS"), "anonymous"), func(r rune) bool { return r == ',' })
	c.ScopeByProject, err = parseBool(env("ACCOUNT_PER_PROJECT"))
	note("ACCOUNT_PER_PROJECT", err)
	c.ExcludeSimulated, err = parseBool(env("EXCLUDE_SIMULATED"))
	note("EXCLUDE_SIMULATED", err)
	return c, errors.Join(faults...)
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

func orDefault(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
