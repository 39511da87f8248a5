// Package config reads the environment into a struct that lists each variable of
// an entry point once:
//
//	type variables struct {
//		Events  string `env:"EVENTS_QUEUE_URL"`
//		MaxBody string `env:"MAX_BODY_BYTES,optional"`
//	}
//	v, err := config.Read[variables](os.Getenv)
//
// Settings that are more than a text are a list of [Variable], which [Apply] sets.
package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Read fills a struct of strings. A variable that is not set is "", and a fault
// unless it is optional. All faults are reported together; no value is quoted.
func Read[T any](env func(string) string) (T, error) {
	var read T
	var faults []error
	fields := reflect.ValueOf(&read).Elem()
	for i := range fields.NumField() {
		name, rule, _ := strings.Cut(fields.Type().Field(i).Tag.Get("env"), ",")
		value := env(name)
		if value == "" && rule != "optional" {
			faults = append(faults, fmt.Errorf("%s is not set", name))
		}
		fields.Field(i).SetString(value)
	}
	return read, errors.Join(faults...)
}
