package tftest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/providers/gtateth"
	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/webhook"
)

// CheckSwitched: ingest with this environment takes G-Tateth's samples signed with a time
// and a version, and no longer as G-Tateth is assumed to sign.
func CheckSwitched(t *testing.T, env func(string) string) {
	t.Helper()
	table, err := providers.Configured(env)
	if err != nil {
		t.Fatal(err)
	}
	name, secret := gtateth.Platform.Name, ingesttest.Secret(gtateth.Platform.Name)
	w := ingesttest.NewWorld(t)
	fetch := func(context.Context) ([]byte, time.Time, error) {
		text, err := json.Marshal(map[string]string{name: secret})
		return text, w.Now(), err
	}
	w.Ingest.Providers = ingest.Routes(table.Providers()...)
	w.Ingest.Keyrings = secrets.NewCache(fetch, table.Schemes(), w.Now, rand.Float64, w.Log)
	mac := func(text string) string {
		h := hmac.New(sha256.New, []byte(secret))
		h.Write([]byte(text))
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	timed := func(at time.Time, body []byte) string {
		return fmt.Sprintf("t=%d,v1=%s", at.Unix(), mac(fmt.Sprintf("%d.%s", at.Unix(), body)))
	}
	for _, event := range events.Names(name) {
		body, err := events.Body(name, event)
		if err != nil {
			t.Fatal(err)
		}
		for how, row := range map[string]struct {
			signature string
			status    int
		}{
			"with a time":        {timed(w.Now(), body), http.StatusOK},
			"with another time":  {timed(w.Now().Add(-time.Hour), body), gtateth.Platform.MismatchStatus},
			"as it was assumed":  {mac(string(body)), gtateth.Platform.MismatchStatus},
			"over another event": {timed(w.Now(), []byte("{}")), gtateth.Platform.MismatchStatus},
		} {
			d := webhook.Delivery{Method: http.MethodPost, Path: "/" + name, ID: "r-1", Body: body, Header: webhook.Header{gtateth.Platform.SignatureHeader: {row.signature}}}
			if status := w.Ingest.Handle(t.Context(), d).Status; status != row.status {
				t.Errorf("%s, signed %s: status %d, want %d", event, how, status, row.status)
			}
		}
	}
}
