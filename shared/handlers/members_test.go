package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// readMembers are the members that money, identity, order, whom, deletion or
// what is forwarded depends on, by platform and beginning of the event type. A
// damaged one makes a dead letter; no other may.
var readMembers = map[string]map[string][]string{
	"gabber":   gabberMembers,
	"cribbly":  protocolMembers,
	"oblic":    protocolMembers,
	"g-tateth": gtatethMembers,
	"chatbase": chatbaseMembers,
}

var protocolMembers = map[string][]string{
	"":                {"type", "payload", "payload.id"},
	"message.created": {"payload.conversation_id", "payload.created_at", "payload.read_at", "payload.updated_at"},
	"message.updated": {"payload.conversation_id", "payload.created_at", "payload.read_at", "payload.updated_at"},
}

func isRead(platform, eventType, path string) bool {
	for prefix, paths := range readMembers[platform] {
		if strings.HasPrefix(eventType, prefix) && slices.Contains(paths, path) {
			return true
		}
	}
	return false
}

// damages are what a member may be instead; nil leaves it out.
var damages = []any{nil, json.RawMessage("null"), 7, 1.5, -1e300, true, "yesterday", "", map[string]any{}, map[string]any{"id": 7, "_id": 7}, []any{}, []any{nil, 7}}

// TestUnreadMembers: whatever stands where nothing is read, the event is handled
// as if the member were as documented.
func TestUnreadMembers(t *testing.T) {
	damagedReads, tried := map[string]bool{}, 0
	for _, p := range providers.Table().Providers() {
		for _, name := range events.Names(p.Name) {
			var body any
			text, err := events.Body(p.Name, name)
			if err != nil || json.Unmarshal(text, &body) != nil {
				t.Fatal(err)
			}
			want := reactionTo(t, p, encoded(t, body))
			if want.eventType == "" { // of a type without a reaction
				continue
			}
			eachMember(body, "", func(path string, set func(any)) {
				for _, damage := range damages {
					set(damage)
					got := reactionTo(t, p, encoded(t, body))
					tried++
					switch read := isRead(p.Name, want.eventType[len(p.Name)+1:], path); {
					case read && got.dead != "":
						damagedReads[path] = true
					case !read && got != want:
						t.Errorf("%s %s: with %s = %v\n%+v, want\n%+v", p.Name, name, path, damage, got, want)
					}
				}
			})
		}
		for prefix, paths := range readMembers[p.Name] {
			for _, path := range paths {
				if !damagedReads[path] {
					t.Errorf("%s %s: %s is listed as read and no damage to it matters", p.Name, prefix, path)
				}
			}
		}
	}
	if tried == 0 {
		t.Error("no body was tried")
	}
}

// reaction is all that an event led to, but for what records hold.
type reaction struct{ eventType, dead, outcome, id, written string }

func reactionTo(t *testing.T, p webhook.Provider, body []byte) reaction {
	e := ingest.Identify(p, body, nine, "1")
	if e.Reason != "" {
		return reaction{dead: e.Reason}
	}
	env := map[string]string{"TARIFF": "conversational_seconds=1,call_seconds=1", "LEADS_FORWARD_URL": "https://leads.test"}
	settings, err := handlers.SettingsFromEnv(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	books := notedLedger{ledger.NewMemory(func() time.Time { return nine }), &written}
	store := notedRecords{records.NewMemory(), &written}
	handler, ok := handlers.Table(settings, books, store, atNine, slog.New(slog.DiscardHandler))[e.Type]
	if !ok {
		return reaction{}
	}
	r := handler(t.Context(), []webhook.Event{e})[0]
	if reason, permanent := webhook.PermanentReason(r.Err); permanent {
		return reaction{dead: reason}
	}
	for _, followUp := range r.FollowUps {
		written = append(written, fmt.Sprintf("%s %s %s", followUp.Type, followUp.ID, followUp.Data))
	}
	id, all := e.ID, strings.Join(written, "\n")
	if e.Basis == webhook.ByBody { // another body is another event
		id, all = "", strings.ReplaceAll(all, e.ID, "")
	}
	return reaction{eventType: e.Type, outcome: r.Outcome, id: id, written: all}
}

type notedLedger struct {
	*ledger.Memory
	written *[]string
}

func (n notedLedger) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	*n.written = append(*n.written, fmt.Sprintf("%s %+v", account, entries))
	return n.Memory.Post(ctx, account, entries)
}

type notedRecords struct {
	*records.Memory
	written *[]string
}

func (n notedRecords) Put(ctx context.Context, r records.Record) (bool, error) {
	*n.written = append(*n.written, fmt.Sprintf("%s %s %v %v", r.Kind, r.ID, r.Time, r.Deleted))
	return n.Memory.Put(ctx, r)
}

// eachMember calls visit for every member of v, with what puts another value in
// its place; the old one is back when visit returns.
func eachMember(v any, path string, visit func(path string, set func(any))) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			old, at := v[key], strings.TrimPrefix(path+"."+key, ".")
			visit(at, func(value any) {
				if v[key] = value; value == nil {
					delete(v, key)
				}
			})
			v[key] = old
			eachMember(old, at, visit)
		}
	case []any:
		for _, element := range v {
			eachMember(element, path, visit)
		}
	}
}
