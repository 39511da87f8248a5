package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

const usage = ingesttest.MadeUpBody

var madeUpRoute = ingest.Routes(ingesttest.MadeUp.Provider)

// ring holds the made-up platform's secrets.
func ring(secrets ...string) *signature.Keyring {
	var keys []signature.Secret
	for i, s := range secrets {
		keys = append(keys, signature.Secret{ID: fmt.Sprint(i + 1), Value: s})
	}
	r, err := signature.NewKeyring(ingesttest.MadeUp.Scheme, keys...)
	if err != nil {
		panic(err)
	}
	return r
}

// delivery is a body on the made-up platform's route, signed as in a new world.
func delivery(body string) webhook.Delivery {
	return webhook.Delivery{
		Method: "POST", Path: "/made-up", ID: "r-1", Body: []byte(body),
		Header: ring(ingesttest.Secret("made-up")).Headers([]byte(body), time.Time{}),
	}
}

// forged is a delivery with the signature of another secret.
func forged(body string) webhook.Delivery {
	d := delivery(body)
	d.Header = ring("the secret of another sender").Headers([]byte(body), time.Time{})
	return d
}

type publisher func(context.Context, webhook.Event) error

func (p publisher) Publish(ctx context.Context, e webhook.Event) error { return p(ctx, e) }

// logged gives the last log line without its time.
func logged(t *testing.T, w *ingesttest.World) map[string]any {
	t.Helper()
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(w.LogLines()), "\n"), func(line string) bool {
		return strings.Contains(line, `"code":"DRIFT"`) // a line of its own, see drift_test.go
	})
	var line map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &line); err != nil {
		t.Fatalf("log: %v", err)
	}
	delete(line, "time")
	return line
}

func TestHandle_event(t *testing.T) {
	w := ingesttest.NewWorld(t)
	w.Ingest.Handle(t.Context(), delivery(usage))
	got := w.Events.Stored(t)[0]
	want := webhook.Event{
		ID:     webhook.Identity("made-up", "thing.made", "id", "1"),
		Source: "/webhooks/made-up", Type: "made-up.thing.made", Time: w.Now(), Data: []byte(usage),
		Basis: webhook.ByID, KeyID: "1", Group: webhook.GroupOf("made-up", "canary"),
	}
	if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

// Events of an unknown customer are not of one customer: in one group they would
// wait for one another.
func TestHandle_withoutAGroup(t *testing.T) {
	w := ingesttest.NewWorld(t)
	w.Ingest.Handle(t.Context(), delivery(strings.Replace(usage, "canary", "", 1)))
	if got := w.Events.Stored(t)[0].Group; got != "" {
		t.Errorf("group %q", got)
	}
}

func TestHandle_decodesWhatIsVerified(t *testing.T) {
	w := ingesttest.NewWorld(t)
	decoded := 0
	provider := ingesttest.MadeUp.Provider
	provider.Decode = func(body []byte) (webhook.Parsed, error) { decoded++; return ingesttest.MadeUp.Decode(body) }
	w.Ingest.Providers = ingest.Routes(provider)
	unsigned, large := delivery(usage), delivery(strings.Repeat(" ", ingest.DefaultMaxBody+1))
	unsigned.Header = nil
	for _, refused := range []webhook.Delivery{forged(usage), unsigned, large} {
		w.Ingest.Handle(t.Context(), refused)
	}
	if decoded != 0 {
		t.Errorf("the decoder was called %d times for deliveries that were refused", decoded)
	}
	if w.Ingest.Handle(t.Context(), delivery(usage)); decoded != 1 {
		t.Errorf("the decoder was called %d times for a good delivery, want once", decoded)
	}
}

func TestHandle_decoderPanics(t *testing.T) {
	w := ingesttest.NewWorld(t)
	provider := ingesttest.MadeUp.Provider
	provider.Decode = func(body []byte) (webhook.Parsed, error) { panic(string(body)) }
	w.Ingest.Providers = ingest.Routes(provider)
	if reply := w.Ingest.Handle(t.Context(), delivery(usage)); reply.Status != 200 {
		t.Errorf("status %d, want 200", reply.Status)
	}
	stored := w.DeadLetters.Stored(t)
	if len(stored) != 1 || stored[0].Reason != "the decoder panicked" || stored[0].Type != "made-up.unreadable" {
		t.Errorf("dead letters %+v", stored)
	}
	w.CheckSilence(t, "canary")
}

func TestHandle_otherPanics(t *testing.T) {
	for name, breakIt := range map[string]func(*ingest.Ingest){
		"in the publisher": func(in *ingest.Ingest) {
			in.Events = publisher(func(context.Context, webhook.Event) error { panic(usage) })
		},
		"in the clock":        func(in *ingest.Ingest) { in.Now = func() time.Time { panic(usage) } },
		"in the secret store": func(in *ingest.Ingest) { in.Keyrings = nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := ingesttest.NewWorld(t)
			breakIt(w.Ingest)
			reply := w.Ingest.Handle(t.Context(), delivery(usage))
			ingesttest.CheckAnswer(t, ingesttest.Request{Method: "POST"}, answerOf(reply))
			if reply.Status != 500 {
				t.Errorf("status %d, want 500", reply.Status)
			}
			if line := logged(t, w); line["code"] != webhook.CodeInternal || line["level"] != "ERROR" {
				t.Errorf("logged %v", line)
			}
			w.CheckSilence(t, "canary")
		})
	}
}

func TestHandle_rotatedSecret(t *testing.T) {
	w := ingesttest.NewWorld(t, ingesttest.Secrets("made-up", "the secret before rotation"))
	w.Keyrings.Rotate(t, "made-up", "the newest secret of all", ingesttest.Secret("made-up"))
	if reply := w.Ingest.Handle(t.Context(), delivery(usage)); reply.Status != 200 {
		t.Errorf("status %d, want 200", reply.Status)
	}
	if lookups, refreshes := w.Keyrings.Lookups(), w.Keyrings.Refreshes(); lookups != 1 || refreshes != 1 {
		t.Errorf("%d lookups and %d refreshes, want one each", lookups, refreshes)
	}
	if e := w.Events.Stored(t)[0]; e.KeyID != "2" {
		t.Errorf("key %q, want that of the newer ring", e.KeyID)
	}
	if reply := w.Ingest.Handle(t.Context(), forged(usage)); reply.Status != 403 {
		t.Errorf("a forgery after the rotation: status %d, want 403", reply.Status)
	}
}

func TestHandle_goodSignatureWithoutRefresh(t *testing.T) {
	w := ingesttest.NewWorld(t)
	w.Keyrings.Rotate(t, "made-up", "the newest secret of all")
	w.Ingest.Handle(t.Context(), delivery(usage))
	if n := w.Keyrings.Refreshes(); n != 0 {
		t.Errorf("%d refreshes", n)
	}
}

// 200 is not said before the queue has confirmed: the publisher returns last.
func TestHandle_confirmsBeforeTheReply(t *testing.T) {
	w := ingesttest.NewWorld(t)
	confirm, replied := make(chan struct{}), make(chan webhook.Reply)
	w.Ingest.Events = publisher(func(context.Context, webhook.Event) error { <-confirm; return nil })
	go func() { replied <- w.Ingest.Handle(t.Context(), delivery(usage)) }()
	select {
	case reply := <-replied:
		t.Errorf("replied %d before the queue confirmed", reply.Status)
	case <-time.After(20 * time.Millisecond):
	}
	close(confirm)
	if reply := <-replied; reply.Status != 200 {
		t.Errorf("status %d, want 200", reply.Status)
	}
}

func TestHandle_budgetSpent(t *testing.T) {
	w := ingesttest.NewWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	reply := w.Ingest.Handle(ctx, delivery(usage))
	if reply.Status != 503 || reply.RetryAfter != time.Second || len(w.Events.Messages()) != 0 {
		t.Errorf("reply %+v, %d stored, want 503 and nothing", reply, len(w.Events.Messages()))
	}
}

// A sender gets a constant, an operator these fields.
func TestHandle_logLines(t *testing.T) {
	short := webhook.ShortID(webhook.Identity("made-up", "thing.made", "id", "1"))
	for _, row := range []struct {
		name     string
		options  []ingesttest.Option
		delivery webhook.Delivery
		want     map[string]any
	}{
		{"queued", nil, delivery(usage), map[string]any{"level": "INFO", "msg": "queued", "request": "r-1", "provider": "made-up",
			"type": "made-up.thing.made", "id": short, "key": "1", "bytes": float64(len(usage))}},
		{"a type without a Go type", nil, delivery(`{"type": "a.b_c", "payload": {}}`), map[string]any{"level": "INFO", "msg": "queued", "request": "r-1",
			"provider": "made-up", "type": "made-up.a.b_c", "id": "*", "key": "1", "bytes": float64(32)}},
		{"a type that is no name", nil, delivery(`{"type": "a canary", "payload": {}}`), map[string]any{"level": "INFO", "msg": "queued", "request": "r-1",
			"provider": "made-up", "type": "made-up.unknown", "id": "*", "key": "1", "bytes": float64(35)}},
		{"unusable", nil, delivery(`{"type": "thing.made", "payload": {}}`), map[string]any{"level": "WARN", "msg": "dead letter", "request": "r-1", "provider": "made-up",
			"type": "made-up.thing.made", "id": "*", "key": "1", "bytes": float64(37), "code": webhook.CodeDeadLetter, "reason": "payload.value is missing"}},
		{"forged", nil, forged(usage), map[string]any{"level": "WARN", "msg": "refused", "request": "r-1", "provider": "made-up",
			"status": float64(403), "cause": "signature does not match", "code": webhook.CodeSignature, "missed": true,
			"expected": "64 hex (SHA-256)", "got": "the same shape: wrong key or changed bytes"}},
		{"no such route", nil, webhook.Delivery{Method: "POST", Path: "/canary", ID: "r-1"}, map[string]any{"level": "INFO", "msg": "refused", "request": "r-1", "provider": "",
			"status": float64(404), "cause": "no such route"}},
		{"no secret", []ingesttest.Option{ingesttest.Secrets("made-up")}, delivery(usage), map[string]any{"level": "ERROR", "msg": "refused", "request": "r-1", "provider": "made-up",
			"status": float64(503), "cause": "a keyring holds 1 to 3 secrets, not 0", "code": webhook.CodeSecret, "missed": true}},
		{"queue down", []ingesttest.Option{ingesttest.QueueDown}, delivery(usage), map[string]any{"level": "ERROR", "msg": "refused", "request": "r-1", "provider": "made-up",
			"status": float64(503), "cause": "the queue refuses", "code": webhook.CodeQueue, "missed": true}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := ingesttest.NewWorld(t, row.options...)
			w.Ingest.Handle(t.Context(), row.delivery)
			got := logged(t, w)
			if row.want["id"] == "*" && len(got["id"].(string)) == len(short) {
				got["id"] = "*"
			}
			if !maps.Equal(got, row.want) {
				t.Errorf("got  %v\nwant %v", got, row.want)
			}
			w.CheckSilence(t, "canary")
		})
	}
}

type keyless struct{ err error }

func (k keyless) Keyring(context.Context, string) (webhook.Verifier, error) { return nil, k.err }
func (k keyless) Refresh(context.Context, string) webhook.Verifier          { return nil }

// Without a secret no delivery is believed; an alarm code stands for a fault of
// ours alone.
func TestHandle_withoutASecret(t *testing.T) {
	for err, code := range map[error]any{
		webhook.ErrNotConfigured:                            nil,
		fmt.Errorf("secrets: %w", webhook.ErrNoTime):        nil,
		fmt.Errorf("secrets: %w", context.DeadlineExceeded): webhook.CodeSecret, // of a call to the store
		errors.New("permission denied"):                     webhook.CodeSecret,
	} {
		w := ingesttest.NewWorld(t)
		w.Ingest.Keyrings = keyless{err}
		reply := w.Ingest.Handle(t.Context(), delivery(usage))
		if line := logged(t, w); reply.Status != 503 || line["code"] != code || len(w.Events.Messages()) != 0 {
			t.Errorf("%v: status %d, code %v, want 503 and %v", err, reply.Status, line["code"], code)
		}
	}
}

// What a front could not translate is answered by the same table.
func TestRefuse(t *testing.T) {
	for _, row := range []struct {
		err    error
		status int
	}{
		{ingest.ErrNoRoute, 404},
		{ingest.ErrSlow, 408},
		{ingest.ErrMalformed, 400},
		{fmt.Errorf("lambda: %w", ingest.ErrMalformed), 400},
		{errors.New("anything else"), 500},
	} {
		w := ingesttest.NewWorld(t)
		reply := w.Ingest.Refuse(t.Context(), webhook.Delivery{Path: "/made-up"}, row.err)
		if reply.Status != row.status {
			t.Errorf("%v: status %d, want %d", row.err, reply.Status, row.status)
		}
		ingesttest.CheckAnswer(t, ingesttest.Request{}, answerOf(reply))
	}
}

func TestRoutes(t *testing.T) {
	routes := ingest.Routes(webhook.Provider{Name: "a"}, webhook.Provider{Name: "b-c"})
	if got := slices.Sorted(maps.Keys(routes)); !slices.Equal(got, []string{"/a", "/b-c"}) {
		t.Errorf("routes %q", got)
	}
	if routes["/b-c"].Name != "b-c" {
		t.Error("a route leads to another provider")
	}
}

func TestLimit(t *testing.T) {
	for configured, want := range map[int]int{0: 180 << 10, -1: 180 << 10, 5: 5} {
		if got := (&ingest.Ingest{MaxBody: configured}).Limit(); got != want {
			t.Errorf("MaxBody %d: limit %d, want %d", configured, got, want)
		}
	}
}

// The largest event that is accepted fits in the smallest queue in use.
func TestDefaultMaxBody(t *testing.T) {
	w := ingesttest.NewWorld(t)
	body := strings.Replace(usage, "canary", strings.Repeat("h", 256), 1)
	body = strings.Replace(body, `"thing.made"`, `"`+strings.Repeat("\ufffe", 128/3)+`"`, 1) // six bytes each when escaped
	w.Ingest.Handle(t.Context(), delivery(body+strings.Repeat(" ", ingest.DefaultMaxBody-len(body))))
	if n := len(w.Events.Messages()[0]); n > 256<<10 {
		t.Errorf("the message has %d bytes, the queue takes %d", n, 256<<10)
	}
}
