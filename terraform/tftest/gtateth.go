package tftest

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/providers/gtateth"
	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/webhook"
)

// CheckSwitched: ingest with this environment takes G-Tateth's samples as
// [eventstest.TimedScheme] signs them, and no longer as G-Tateth is assumed to sign.
func CheckSwitched(t *testing.T, env func(string) string) {
	t.Helper()
	w := ingesttest.NewWorld(t)
	table, err := providers.Configured(env)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range eventstest.Samples(t) {
		if s.Platform != gtateth.Platform.Name {
			continue
		}
		fetch := func(context.Context) ([]byte, time.Time, error) {
			text, err := json.Marshal(map[string]string{s.Platform: s.Secret})
			return text, w.Now(), err
		}
		w.Ingest.Providers = ingest.Routes(table.Providers()...)
		w.Ingest.Keyrings = secrets.NewCache(fetch, table.Schemes(), w.Now, rand.Float64, w.Log)
		refused := gtateth.Platform.MismatchStatus
		for how, row := range map[string]struct {
			signed eventstest.Sample
			status int
		}{
			"with a time":       {eventstest.Timed(s, s.Secret, w.Now()), http.StatusOK},
			"with another time": {eventstest.Timed(s, s.Secret, w.Now().Add(-time.Hour)), refused},
			"by another secret": {eventstest.Timed(s, "another "+s.Secret, w.Now()), refused},
			"as it was assumed": {s, refused},
		} {
			d := webhook.Delivery{Method: http.MethodPost, Path: "/" + s.Platform, ID: "r-1", Body: s.Body, Header: webhook.Header{s.Header: {row.signed.HeaderValue}}}
			if status := w.Ingest.Handle(t.Context(), d).Status; status != row.status {
				t.Errorf("%s, signed %s: status %d, want %d", s.File(), how, status, row.status)
			}
		}
	}
}
