package config

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
)

// Variable is one environment variable and what becomes of its text; an error
// must not quote it, because a key may have been put there by mistake.
type Variable struct {
	Name    string
	Default string // for a variable that is not set or empty
	Set     func(text string) error
}

// Apply sets every variable. env gives "" for one that is not set. All faults are
// reported together, each with the variable's name.
func Apply(env func(string) string, all ...Variable) error {
	var faults []error
	for _, v := range all {
		if err := v.Set(cmp.Or(env(v.Name), v.Default)); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", v.Name, err))
		}
	}
	return errors.Join(faults...)
}

// Text keeps the text as it is.
func Text(name string, to *string) Variable {
	return Variable{Name: name, Set: func(text string) error { *to = text; return nil }}
}

// Bool reads true or false, as [strconv.ParseBool] does; the default is false.
func Bool(name string, to *bool) Variable {
	return Variable{Name: name, Default: "false", Set: func(text string) (err error) {
		if *to, err = strconv.ParseBool(text); err != nil {
			return errors.New(`is neither "true" nor "false"`)
		}
		return nil
	}}
}
