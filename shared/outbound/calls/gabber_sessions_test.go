package calls_test

import (
	"testing"

	"github.com/webhook-functions/template/shared/followups"
)

func TestAHumanIsAttached(t *testing.T) {
	for _, row := range []struct {
		name     string
		fault    func(int) fault
		want     string
		attached string
	}{
		{"all is well", nil, "done", "u7"},
		{"the answer is lost", once(fault{1, true}), "again", "u7"},
		{"the call is lost", once(fault{500, false}), "again", ""},
		{"the session is over", always(fault{404, false}), "done", ""},
		{"the request is wrong", always(fault{400, false}), "dead: the API answered 400", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newOutbound(t, nil)
			w.fault = row.fault
			e := ours(t, followups.HumanFound, "s1", followups.SessionHuman{Session: "s1", Human: "u7"})
			r := w.handle(t, e)
			if got := outcome(r); got != row.want || w.State().Attached["s1"] != row.attached {
				t.Errorf("%s, attached %q", got, w.State().Attached["s1"])
			}
			if r.Err == nil && (r.Outcome == "attached") != (row.attached != "") {
				t.Errorf("outcome %q, attached %q", r.Outcome, row.attached)
			}
			if row.want == "again" {
				if got := outcome(w.handle(t, e)); got != "done" || w.State().Attached["s1"] != "u7" {
					t.Errorf("again: %s, attached %q", got, w.State().Attached["s1"])
				}
			}
		})
	}
}
