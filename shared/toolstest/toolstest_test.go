package toolstest_test

import (
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
)

// verdict is a test that notes how it ended.
type verdict struct {
	testing.TB
	ended string
}

func (v *verdict) Helper()      {}
func (v *verdict) Skip(...any)  { v.ended += "skipped" }
func (v *verdict) Fatal(...any) { v.ended += "failed " }

// A fork's CI sets CI=true and has not every tool: one switch of our own decides.
func TestMissing(t *testing.T) {
	for _, c := range []struct{ name, ci, all, want string }{
		{"on a machine", "", "", "skipped"},
		{"in a fork's CI", "true", "", "skipped"},
		{"switched off", "true", "false", "skipped"},
		{"everything required", "", "true", "failed skipped"}, // a real Fatal does not return
		{"everything required in CI", "true", "true", "failed skipped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("CI", c.ci)
			t.Setenv("REQUIRE_ALL", c.all)
			v := &verdict{TB: t}
			toolstest.Missing(v, "a tool")
			if v.ended != c.want {
				t.Errorf("%s, want %s", v.ended, c.want)
			}
		})
	}
}
