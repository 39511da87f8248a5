package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// deliver has Gabber send bodies to one process and gives what was logged.
func deliver(t *testing.T, bodies ...string) string {
	t.Helper()
	ring, err := signature.NewKeyring(gabber.Platform.Scheme, signature.Secret{ID: "1", Value: "the-secret-of-gabber"})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	in := &ingest.Ingest{Providers: ingest.Routes(gabber.Platform.Provider), Events: discard{}, DeadLetters: discard{},
		Keyrings: &rings{byName: map[string]*signature.Keyring{"gabber": ring}},
		Now:      time.Now, Log: slog.New(slog.NewTextHandler(&log, nil))}
	for _, body := range bodies {
		reply := in.Handle(context.Background(), webhook.Delivery{Method: "POST", Path: "/gabber", Body: []byte(body),
			Header: webhook.Header{gabber.Platform.Scheme.Header: {ring.Sign([]byte(body))}}})
		if reply.Status != 200 {
			t.Fatalf("%s: %d", body, reply.Status)
		}
	}
	return log.String()
}

func TestDriftIsNotedOncePerKind(t *testing.T) {
	usage := func(members string) string {
		return `{"type":"usage.tracked","payload":{"type":"conversational_seconds","value":1` + members + `}}`
	}
	for _, row := range []struct {
		name   string
		bodies []string
		want   []string // what the lines say
	}{
		{"nothing new", []string{usage(`,"human":"u1"`), usage(``)}, nil},
		{"a renamed member", []string{usage(`,"person":"canary"`), usage(`,"person":"canary-2"`)}, []string{"undocumented member type=gabber.usage.tracked field=payload.person"}},
		{"two of them", []string{usage(`,"person":1,"seconds":2`)}, []string{"field=payload.person", "field=payload.seconds"}},
		{"beside the payload", []string{`{"type":"usage.tracked","id":"canary","payload":{"type":"a","value":1}}`}, []string{"field=id"}},
		{"the same member of another event", []string{usage(`,"person":1`), `{"type":"realtime_session.time_limit_exceeded","payload":{"session":"s","person":1}}`},
			[]string{"type=gabber.usage.tracked field=payload.person", "type=gabber.realtime_session.time_limit_exceeded field=payload.person"}},
		{"a key that may be data", []string{usage(`,"canary@example.com":1`)}, []string{"field=payload.?"}},
		{"a deprecated member", []string{usage(`,"human_id":"canary"`), usage(`,"human_id":"canary-2"`)}, []string{"deprecated member code=OLD type=gabber.usage.tracked field=payload.human_id"}},
		{"unknown event types", []string{`{"type":"voice.clone_ready","payload":{"x":1}}`, `{"type":"Voice-2_x","payload":{}}`, `{"type":"voice.clone_ready","payload":{"y":1}}`},
			[]string{"unknown event type type=gabber.voice.clone_ready", "unknown event type type=gabber.Voice-2_x"}},
		{"unknown event types that are no names", []string{`{"type":"canary@example.com","payload":{}}`, `{"type":"+canary","payload":{}}`, `{"type":"a canary","payload":{}}`, `{"type":"canary/","payload":{}}`},
			[]string{"unknown event type type=gabber.unknown"}},
		{"a dead letter is not drift", []string{usage(`,"value":2`), `{"type":"usage.tracked","payload":{}}`}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			log := deliver(t, row.bodies...)
			if n := strings.Count(log, "code=DRIFT") + strings.Count(log, "code=OLD"); n != len(row.want) {
				t.Errorf("%d lines, want %d: %s", n, len(row.want), log)
			}
			log = strings.NewReplacer(`"`, "", "msg=", "", " code=DRIFT provider=gabber", "", " provider=gabber", "").Replace(log)
			for _, want := range row.want {
				if !strings.Contains(log, want) {
					t.Errorf("no %q in %s", want, log)
				}
			}
			if strings.Contains(log, "canary") {
				t.Errorf("the log quotes the sender: %s", log)
			}
		})
	}
}

func TestDriftIsBounded(t *testing.T) {
	var bodies []string
	for i := range 300 {
		bodies = append(bodies, fmt.Sprintf(`{"type":"usage.tracked","payload":{"type":"a","value":1,"k%d":1}}`, i))
	}
	if n := strings.Count(deliver(t, bodies...), "code=DRIFT"); n != 200 {
		t.Errorf("%d lines, want 200", n)
	}
	for i := range bodies {
		bodies[i] = fmt.Sprintf(`{"type":"call.%d","payload":{}}`, i)
	}
	log := deliver(t, append(bodies, `{"type":"usage.tracked","payload":{"type":"a","value":1,"person":1}}`)...)
	if n := strings.Count(log, "unknown event type"); n != 200 || !strings.Contains(log, "payload.person") {
		t.Errorf("%d lines about types, want 200, and one about the member behind them", n)
	}
}
