package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// readMembers are the members that money, identity, order, whom, deletion or what is
// forwarded depends on, by beginning of the event type. A damaged one makes a dead
// letter; no other may. False: a platform without such a list is not asked.
func readMembers(t *testing.T, platform string) (rows [][2]string, listed bool) {
	t.Helper()
	text, err := os.ReadFile("testdata/members/" + strings.ReplaceAll(platform, "-", "") + ".txt")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		prefix, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		rows = append(rows, [2]string{strings.TrimSuffix(prefix, "*"), path})
	}
	return rows, true
}

// damages are what a member may be instead; nil leaves it out.
var damages = []any{nil, json.RawMessage("null"), 7, 1.5, -1e300, true, "yesterday", "", map[string]any{}, map[string]any{"id": 7, "_id": 7}, []any{}, []any{nil, 7}}

// With any value where nothing is read, the event is handled as if the member were as
// documented.
func TestTable_unreadMembers(t *testing.T) {
	settings := newWorld(t, map[string]string{"TARIFF": "conversational_seconds=1,call_seconds=1", "LEADS_FORWARD_URL": "https://leads.test"}).settings
	damaged := map[string]bool{} // platform and path
	eachSample(t, func(p webhook.Provider, name string, text []byte) {
		var body any
		if err := json.Unmarshal(text, &body); err != nil {
			t.Fatal(err)
		}
		want := reactionTo(t, settings, p, webhook.JSON(body))
		read, listed := readMembers(t, p.Name)
		if want.eventType == "" || !listed { // of a type without a reaction
			return
		}
		eachMember(body, "", func(path string, set func(any)) {
			isRead := slices.ContainsFunc(read, func(row [2]string) bool {
				return row[1] == path && strings.HasPrefix(want.eventType, p.Name+"."+row[0])
			})
			for _, damage := range damages {
				set(damage)
				got := reactionTo(t, settings, p, webhook.JSON(body))
				damaged[p.Name+path] = damaged[p.Name+path] || isRead && got.dead != ""
				if !isRead && got != want {
					t.Errorf("%s %s: with %s = %v\n%+v, want\n%+v", p.Name, name, path, damage, got, want)
				}
			}
		})
	})
	for _, p := range providers.Table().Providers() {
		rows, _ := readMembers(t, p.Name)
		for _, row := range rows {
			if !damaged[p.Name+row[1]] {
				t.Errorf("%s %s: %s is listed as read and no damage to it matters", p.Name, row[0], row[1])
			}
		}
	}
}

// reaction is all that an event led to, but for what records hold.
type reaction struct{ eventType, dead, outcome, id, written string }

func reactionTo(t *testing.T, settings Settings, p webhook.Provider, body []byte) reaction {
	e := ingest.Identify(p, body, nine, signature.Verified{KeyID: "1"})
	if e.Reason != "" {
		return reaction{dead: e.Reason}
	}
	var written []string
	books, store := notedLedger{ledger.NewMemory(atNine), &written}, notedRecords{records.NewMemory(), &written}
	handler, ok := Table(settings, books, store, atNine, slog.New(slog.DiscardHandler))[e.Type]
	if !ok {
		return reaction{}
	}
	r := handler(t.Context(), []webhook.Event{e})[0]
	if reason, permanent := webhook.PermanentReason(r.Err); permanent {
		return reaction{dead: reason}
	}
	for _, f := range r.FollowUps {
		written = append(written, fmt.Sprintf("%s %s %s", f.Type, f.ID, f.Data))
	}
	id, all := e.ID, strings.Join(written, "\n")
	if e.Basis == webhook.ByBody { // another body is another event
		id, all = "", strings.ReplaceAll(all, e.ID, "")
	}
	return reaction{eventType: e.Type, outcome: r.Outcome, id: id, written: all}
}

type notedLedger struct {
	ledger.Store
	written *[]string
}

func (n notedLedger) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	*n.written = append(*n.written, fmt.Sprintf("%s %+v", account, entries))
	return n.Store.Post(ctx, account, entries)
}

type notedRecords struct {
	records.Store
	written *[]string
}

func (n notedRecords) Put(ctx context.Context, r records.Record) (bool, error) {
	*n.written = append(*n.written, fmt.Sprintf("%s %s %v %v", r.Kind, r.ID, r.Time, r.Deleted))
	return n.Store.Put(ctx, r)
}

// eachMember calls visit for every member of v, with what puts another value in its
// place; the old one is back when visit returns.
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
