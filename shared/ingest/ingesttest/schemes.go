package ingesttest

import (
	"cmp"
	"maps"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/signature/catalogue"
	"github.com/webhook-functions/template/shared/webhook"
)

// runSchemes makes a platform of each signature scheme of the catalogue: its vector is
// stored as it was sent, and is refused without its signature and with a wrong one.
func runSchemes(t *testing.T, newFront NewFront) {
	for _, e := range catalogue.All() {
		scheme, err := signature.ParseScheme(e.Scheme)
		if err != nil {
			t.Fatal(err)
		}
		deliver := func(t *testing.T, q signature.Request, secret string) (*World, Answer) {
			w := NewWorld(t)
			w.signsBy(t, e, scheme, secret)
			r := requestOf(e.Name, q)
			answer := newFront(t, w).Send(t, r)
			CheckAnswer(t, r, answer)
			w.CheckSilence(t, secret)
			return w, answer
		}
		refused := func(t *testing.T, q signature.Request, secret string, status int) {
			w, answer := deliver(t, q, secret)
			if n := w.Events.Calls() + w.DeadLetters.Calls(); answer.Status != cmp.Or(status, 401) || n != 0 {
				t.Errorf("status %d, and queues were called %d times", answer.Status, n)
			}
		}
		t.Run("the vector/"+e.Name, func(t *testing.T) {
			w, answer := deliver(t, e.Vector.Request(), e.Vector.Secret)
			stored := w.Events.Stored(t)
			if answer.Status != 200 || len(stored) != 1 {
				t.Fatalf("status %d, %d stored: %s", answer.Status, len(stored), w.LogLines())
			}
			got := stored[0]
			if string(got.Data) != e.Vector.Body || got.SignedID != e.Vector.ID || got.Uncovered != (scheme.Covers != signature.CoversBody) {
				t.Errorf("stored with signed id %q, uncovered %v: %s", got.SignedID, got.Uncovered, got.Data)
			}
		})
		t.Run("the vector without a signature/"+e.Name, func(t *testing.T) {
			q := e.Vector.Request()
			if q.Header = maps.Clone(q.Header); scheme.Header == "" {
				q.Body = nil
			}
			delete(q.Header, scheme.Header)
			refused(t, q, e.Vector.Secret, e.Missing)
		})
		t.Run("the vector with a wrong signature/"+e.Name, func(t *testing.T) {
			q, secret := e.Vector.Request(), e.Vector.Secret
			if scheme.Covers == signature.CoversBody {
				q.Body[0] ^= 1
			} else {
				secret = "another-" + secret
			}
			refused(t, q, secret, e.Wrong)
		})
	}
}

// signsBy adds a platform to a world whose clock shows when the entry's vector arrives.
func (w *World) signsBy(t *testing.T, e catalogue.Entry, scheme signature.Scheme, secret string) {
	t.Helper()
	ring, err := signature.NewKeyring(scheme, signature.Secret{ID: "1", Value: secret})
	if err != nil {
		t.Fatal(err)
	}
	w.Keyrings.rings[e.Name] = ring
	w.Ingest.Providers["/"+e.Name] = webhook.Provider{
		Name: e.Name, SignatureHeader: scheme.Header, MissingStatus: cmp.Or(e.Missing, 401), MismatchStatus: cmp.Or(e.Wrong, 401), Decode: decodeAny,
	}
	if !e.Vector.Time.IsZero() {
		w.Ingest.Now = func() time.Time { return e.Vector.Time }
	}
}

func decodeAny([]byte) (webhook.Parsed, error) { return webhook.Parsed{Type: "any"}, nil }

func requestOf(route string, q signature.Request) Request {
	r := Request{Method: q.Method, Target: "/" + route, Body: q.Body}
	if q.Query != "" {
		r.Target += "?" + q.Query
	}
	for name, values := range q.Header {
		for _, value := range values {
			r.Header = append(r.Header, [2]string{name, value})
		}
	}
	return r
}
