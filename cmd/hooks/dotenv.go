package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// dotEnv reads lines of NAME=value. Readers of such files differ in what they make
// of $, # and \, and a secret would silently become another: a value that holds
// one is refused unless it stands in single quotes. Errors name the variable and
// quote nothing.
func dotEnv(text string) (map[string]string, error) {
	if strings.ContainsRune(text, 0) {
		return nil, errors.New("the file is UTF-16 text; it must be UTF-8")
	}
	values := map[string]string{}
	var faults []error
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) { // Windows' editors mark UTF-8
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if name = strings.TrimSpace(name); !ok || !variableName.MatchString(name) {
			faults = append(faults, fmt.Errorf("line %d is not NAME=value", number))
			continue
		}
		value, err := literal(strings.TrimSpace(value))
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d: %s: %w", number, name, err))
		}
		values[name] = value
	}
	return values, errors.Join(faults...)
}

// literal takes the quotes off.
func literal(value string) (string, error) {
	quote := value[:min(1, len(value))]
	if quote == "'" || quote == `"` {
		inner, ends := strings.CutSuffix(value[1:], quote)
		if !ends || strings.Contains(inner, quote) {
			return "", errors.New("the value's quotes do not end where it does")
		}
		value = inner
	}
	if quote != "'" && strings.ContainsAny(value, `$#\`) {
		return "", errors.New(`a value with $, # or \ goes in single quotes`)
	}
	return value, nil
}
