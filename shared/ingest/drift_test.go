package ingest_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/ingest/ingesttest"
)

// deliver has the made-up platform send bodies to one process and gives what was logged.
func deliver(t *testing.T, bodies ...string) string {
	t.Helper()
	w := ingesttest.NewWorld(t)
	var log bytes.Buffer
	w.Ingest.Log = slog.New(slog.NewTextHandler(&log, nil))
	for _, body := range bodies {
		if reply := w.Ingest.Handle(t.Context(), delivery(body)); reply.Status != 200 {
			t.Fatalf("%s: %d", body, reply.Status)
		}
	}
	return log.String()
}

func TestHandle_drift(t *testing.T) {
	usage := func(members string) string {
		return `{"type":"thing.made","payload":{"value":1` + members + `}}`
	}
	for _, row := range []struct {
		name   string
		bodies []string
		want   []string // what the lines say
	}{
		{"nothing new", []string{usage(`,"who":"u1"`), usage(``)}, nil},
		{"a renamed member", []string{usage(`,"person":"canary"`), usage(`,"person":"canary-2"`)}, []string{"undocumented member type=made-up.thing.made field=payload.person"}},
		{"two of them", []string{usage(`,"person":1,"seconds":2`)}, []string{"field=payload.person", "field=payload.seconds"}},
		{"beside the payload", []string{`{"type":"thing.made","id":"canary","payload":{"value":1}}`}, []string{"field=id"}},
		{"the same member of another event", []string{usage(`,"person":1`), `{"type":"thing.broken","payload":{"value":1,"person":1}}`},
			[]string{"type=made-up.thing.made field=payload.person", "type=made-up.thing.broken field=payload.person"}},
		{"a key that may be data", []string{usage(`,"canary@example.com":1`)}, []string{"field=payload.?"}},
		{"a deprecated member", []string{usage(`,"old":"canary"`), usage(`,"old":"canary-2"`)}, []string{"deprecated member code=OLD type=made-up.thing.made field=payload.old"}},
		{"unknown event types", []string{`{"type":"voice.clone_ready","payload":{"x":1}}`, `{"type":"Voice-2_x","payload":{}}`, `{"type":"voice.clone_ready","payload":{"y":1}}`},
			[]string{"unknown event type type=made-up.voice.clone_ready", "unknown event type type=made-up.Voice-2_x"}},
		{"unknown event types that are no names", []string{`{"type":"canary@example.com","payload":{}}`, `{"type":"+canary","payload":{}}`, `{"type":"a canary","payload":{}}`, `{"type":"canary/","payload":{}}`},
			[]string{"unknown event type type=made-up.unknown"}},
		{"a dead letter is not drift", []string{usage(`,"value":2`), `{"type":"thing.made","payload":{}}`}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			log := deliver(t, row.bodies...)
			if n := strings.Count(log, "code=DRIFT") + strings.Count(log, "code=OLD"); n != len(row.want) {
				t.Errorf("%d lines, want %d: %s", n, len(row.want), log)
			}
			log = strings.NewReplacer(`"`, "", "msg=", "", " code=DRIFT provider=made-up", "", " provider=made-up", "").Replace(log)
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

func TestHandle_driftIsBounded(t *testing.T) {
	var bodies []string
	for i := range 300 {
		bodies = append(bodies, fmt.Sprintf(`{"type":"thing.made","payload":{"value":1,"k%d":1}}`, i))
	}
	if n := strings.Count(deliver(t, bodies...), "code=DRIFT"); n != 200 {
		t.Errorf("%d lines, want 200", n)
	}
	for i := range bodies {
		bodies[i] = fmt.Sprintf(`{"type":"call.%d","payload":{}}`, i)
	}
	log := deliver(t, append(bodies, `{"type":"thing.made","payload":{"value":1,"person":1}}`)...)
	if n := strings.Count(log, "unknown event type"); n != 200 || !strings.Contains(log, "payload.person") {
		t.Errorf("%d lines about types, want 200, and one about the member behind them", n)
	}
}
