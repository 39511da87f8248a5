package e2e_test

import (
	"testing"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/providers/gtateth"
)

// G-Tateth's scheme is changed by a setting of ingest alone.
func switchedScheme(t *testing.T, c *cloud) {
	p := c.deploy(t, options{ingest: []string{"SIGNATURE_SCHEMES=" + eventstest.TimedScheme}})
	all, _ := split(eventstest.Samples(t), func(s sample) bool { return s.Platform == gtateth.Platform.Name })
	for i, s := range all {
		if status := p.post(t, s); status != gtateth.Platform.MismatchStatus {
			t.Errorf("%s, as it was signed before: status %d", s.File(), status)
		}
		if status := p.post(t, eventstest.Timed(s, s.Secret, time.Now().Add(-time.Hour))); status != gtateth.Platform.MismatchStatus {
			t.Errorf("%s, with a time an hour ago: status %d", s.File(), status)
		}
		all[i] = eventstest.Timed(s, s.Secret, time.Now())
	}
	p.expectAccepted(t, all)
	if n := p.count(t, p.events); n != len(all) || n == 0 {
		t.Errorf("%d messages are queued, want %d", n, len(all))
	}
}
