// Package configtest is what tests of a function's configuration have in common:
//
//	w, err := newWorker(configtest.Env(environment, row.change), log)
//	configtest.Check(t, w != nil, err, row.faults)
//
// where environment is complete and correct, and a row changes some of it.
package configtest

import (
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/providers"
)

// Env is environment with a change laid over it; a variable changed to "" is
// missing.
func Env(environment, change map[string]string) func(name string) string {
	return func(name string) string {
		if value, ok := change[name]; ok {
			return value
		}
		return environment[name]
	}
}

// Platform names a setting of some platform. Every function reads it and must report
// the value "md4".
func Platform() (variable string) {
	for _, p := range providers.Table() {
		variable = providers.EnvName(p.Name) + "_SIGNATURE_ALGORITHM"
	}
	return variable
}

// Check says whether a function was made if and only if it has no faults, and
// whether the error names every one, so that one deployment fixes them.
func Check(t *testing.T, made bool, err error, faults []string) {
	t.Helper()
	if (err != nil) != (faults != nil) || made != (faults == nil) {
		t.Fatalf("error %v", err)
	}
	for _, fault := range faults {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("the error does not name %s: %v", fault, err)
		}
	}
}
