package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Each sample of a documented type has a reaction; each kind of record that it leaves
// behind is listed. What has none is kept.
func TestTable_samples(t *testing.T) {
	w := newWorld(t, map[string]string{"TARIFF": "call_seconds=1"})
	var written []string
	w.store = notedRecords{w.Memory, &written}
	w.complete()
	unknown := KeepUnknown(w.store)
	eachSample(t, func(p webhook.Provider, name string, body []byte) {
		parsed, err := p.Decode(body)
		e := ingest.Identify(p, body, nine, signature.Verified{KeyID: "1"})
		handler, ok := w.rows[e.Type]
		if ok != parsed.Known || err != nil {
			t.Errorf("%s %s: has a reaction is %t, error %v", p.Name, name, ok, err)
		}
		if !ok {
			handler = unknown
		}
		if r := handler(t.Context(), []webhook.Event{e})[0]; r.Err != nil || r.Outcome == "" {
			t.Errorf("%s %s: %+v", p.Name, name, r)
		}
	})
	listed := Kinds()
	for _, put := range written {
		kind, rest, _ := strings.Cut(put, " ")
		if model, _, ofOne := strings.Cut(kind, "/"); ofOne {
			kind = MessagesOf(model, "<id>")
		}
		if tombstone := strings.HasSuffix(rest, " true"); !tombstone && !slices.Contains(listed, kind) {
			t.Errorf("%s is kept and not listed", kind)
		}
	}
}

// What outbound handles must not end with a worker that was handed it by a redrive: it
// goes on, unchanged.
func TestTable_followUps(t *testing.T) {
	w := newWorld(t, nil)
	for _, eventType := range followups.Types() {
		e := webhook.FollowUp("worker", eventType, webhook.Event{ID: "cause"}, "u1", []byte(`{}`))
		r := w.handle(t, e)
		if r.Err != nil || len(r.FollowUps) != 1 || !bytes.Equal(r.FollowUps[0].Encode(), e.Encode()) {
			t.Errorf("%s: %+v, or another event", eventType, r)
		}
	}
}

// strewn gives a body with a canary in every string, and that body once more for every
// member, which is then of a type that no handler expects.
func strewn(t *testing.T, text []byte) (bodies [][]byte) {
	t.Helper()
	var body any
	d := json.NewDecoder(bytes.NewReader(text))
	if d.UseNumber(); d.Decode(&body) != nil {
		t.Fatalf("not JSON: %s", text)
	}
	keep := []string{"type", "event", "eventType", "state"} // or no handler would be found
	eachMember(body, "", func(path string, set func(any)) {
		set([]any{map[string]any{"canary": "canary"}})
		bodies = append(bodies, webhook.JSON(body))
	})
	var strew func(key string, v any) any
	strew = func(key string, v any) any {
		switch v := v.(type) {
		case map[string]any:
			for k := range v {
				v[k] = strew(k, v[k])
			}
		case []any:
			for i := range v {
				v[i] = strew("", v[i])
			}
		case string:
			if !slices.Contains(keep, key) {
				return "canary-" + v
			}
		}
		return v
	}
	return append(bodies, webhook.JSON(strew("", body)))
}

// Neither the log nor an error names what platforms send or what is configured, whether
// the stores work, are down or panic.
func TestTable_logsNoData(t *testing.T) {
	for name, store := range map[string]*failing{"well": {}, "cannot write": {put: "*"}, "cannot read": {get: "*"}} {
		w := newWorld(t, map[string]string{"TARIFF": "conversational_seconds=1,call_seconds=0.5,token_cnt=0.1", "GABBER_LEDGER": "beside",
			"GABBER_CREDIT": "canary-credit", "LEADS_FORWARD_URL": "https://canary.test/", "SPEAK_RESULT": "canary {response}"})
		if _, err := w.Put(t.Context(), accounts.PhoneOwner("canary-+12025550143", "canary-human", nine)); err != nil {
			t.Fatal(err)
		}
		store.Store, w.store = w.Memory, store
		w.complete()
		dead := 0
		eachSample(t, func(p webhook.Provider, sample string, body []byte) {
			for _, b := range strewn(t, body) {
				e := ingest.Identify(p, b, nine, signature.Verified{KeyID: "1"})
				w.log.WriteString(e.Reason)
				e.Basis = webhook.ByID // as if it had been readable when it came
				for range 2 {
					handler, ok := w.rows[e.Type]
					if !ok {
						break
					}
					r := handler(t.Context(), []webhook.Event{e})[0]
					if r.Err != nil {
						dead++
						w.log.WriteString(r.Err.Error())
					}
					fmt.Fprint(&w.log, r.FollowUps, r.Outcome)
				}
			}
			if strings.Contains(w.log.String(), "canary") {
				t.Fatalf("%s, %s %s: %s", name, p.Name, sample, w.log.String())
			}
		})
		if dead == 0 {
			t.Errorf("%s: nothing was broken", name)
		}
	}
}
