package field

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// clone gives a world that may be damaged.
func clone(w World) World {
	w.Sent, w.Queued, w.Entries, w.Dead, w.Grants = slices.Clone(w.Sent), slices.Clone(w.Queued), slices.Clone(w.Entries), slices.Clone(w.Dead), slices.Clone(w.Grants)
	w.Accounts, w.Limits, w.Records = maps.Clone(w.Accounts), maps.Clone(w.Limits), maps.Clone(w.Records)
	return w
}

// entryOf gives the first entry that is like this.
func (w *World) entryOf(like func(e Entry) bool) *Entry {
	if i := slices.IndexFunc(w.Entries, like); i >= 0 {
		return &w.Entries[i]
	}
	return nil
}

// change alters an entry and keeps its account's sum right.
func (w *World) change(e *Entry, to func(*Entry)) bool {
	if e == nil {
		return false
	}
	w.move(*e, -1)
	to(e)
	w.move(*e, 1)
	return true
}

func (w *World) move(e Entry, sign int64) {
	a := w.Accounts[e.Account]
	a.Balance, a.Seq = a.Balance+sign*e.Amount, a.Seq+sign
	a.Pushed = min(a.Pushed, a.Seq)
	w.Accounts[e.Account] = a
	if _, has := w.Limits[e.Account]; has {
		w.Limits[e.Account] = max(0, a.Balance) / w.Rules.Price
	}
}

func (w *World) drop(e *Entry) bool {
	if e == nil {
		return false
	}
	w.move(*e, -1)
	at := slices.IndexFunc(w.Entries, func(other Entry) bool { return other == *e })
	w.Entries = slices.Delete(w.Entries, at, at+1)
	return true
}

func charged(e Entry) bool    { return e.Kind == "charge" && e.Amount < 0 && e.DedupKey == "" }
func counted(e Entry) bool    { return e.Kind == "charge" && e.Amount < 0 && e.DedupKey != "" }
func suppressed(e Entry) bool { return e.Kind == "suppressed" }

// record damages the first state whose key begins so.
func (w *World) record(prefix string, to func(r *Record) bool) bool {
	for _, key := range slices.Sorted(maps.Keys(w.Records)) {
		if r := w.Records[key]; strings.HasPrefix(key, prefix) && isState(key) && to(&r) {
			w.Records[key] = r
			return true
		}
	}
	return false
}

// damages break one promise each; false: the history has nothing to damage.
var damages = []struct {
	name, promise string
	damage        func(w *World) bool
}{
	{"an answer 200 without a message", "G1", func(w *World) bool {
		w.Queued = w.Queued[1:]
		return true
	}},
	{"a message of bytes that were never signed", "G4", func(w *World) bool {
		body := bytes.Replace(w.Queued[0].Body, []byte(`"data_base64":"`), []byte(`"data_base64":"eHh4`), 1)
		w.Queued = append(w.Queued, Queued{Body: body})
		return true
	}},
	{"a message of an id that was never signed", "G4", func(w *World) bool {
		w.Queued = append(w.Queued, Queued{Body: bytes.Replace(w.Queued[0].Body, []byte(`{`), []byte(`{"signedid":"msg_x",`), 1)})
		return !bytes.Contains(w.Queued[0].Body, []byte("signedid"))
	}},
	{"a message of a stale delivery", "G4", func(w *World) bool {
		for i := range w.Sent {
			w.Sent[i].Stale = true
		}
		return true
	}},
	{"a message wrong about what is covered", "G5", func(w *World) bool {
		w.Queued[0].Body = bytes.Replace(w.Queued[0].Body, []byte(`"uncovered":true,`), nil, 1)
		return w.Sent[0].Event.Uncovered
	}},
	{"a dead letter of another reason", "G5", func(w *World) bool {
		i := slices.IndexFunc(w.Dead, func(q Queued) bool { return bytes.Contains(q.Body, []byte("amount not covered")) })
		if i < 0 {
			return false
		}
		w.Dead[i].Body = bytes.Replace(w.Dead[i].Body, []byte("amount not covered"), []byte("other"), 1)
		return true
	}},
	{"an entry of an amount that is not covered", "G5", func(w *World) bool {
		e := w.Sent[0].Event
		w.Entries = append(w.Entries, Entry{ID: e.Wants.ID, Account: "ann", Kind: "charge", Amount: -1})
		w.move(w.Entries[len(w.Entries)-1], 1)
		return e.Uncovered && e.Wants.Reason != ""
	}},
	{"a message on the route of another platform", "G4", func(w *World) bool {
		i := slices.IndexFunc(w.Queued, func(q Queued) bool { return bytes.Contains(q.Body, []byte("/webhooks/gabber")) })
		if i < 0 {
			return false
		}
		w.Queued = append(w.Queued, Queued{Body: bytes.Replace(w.Queued[i].Body, []byte("/webhooks/gabber"), []byte("/webhooks/oblic"), 1)})
		return true
	}},
	{"a message of another identity", "G5", func(w *World) bool {
		i := slices.IndexFunc(w.Queued, func(q Queued) bool { return !q.Dead })
		w.Queued[i].Body = bytes.Replace(w.Queued[i].Body, []byte(`"id":"`), []byte(`"id":"0`), 1)
		return true
	}},
	{"an entry missing", "G5", func(w *World) bool { return w.drop(w.entryOf(charged)) }},
	{"an entry of an event without an id missing", "G5", func(w *World) bool { return w.drop(w.entryOf(suppressed)) }},
	{"an entry twice", "G2", func(w *World) bool {
		e := w.entryOf(charged)
		if e == nil {
			return false
		}
		w.Entries = append(w.Entries, *e)
		w.move(*e, 1)
		return true
	}},
	{"an entry twice under another id", "G5", func(w *World) bool {
		e := w.entryOf(charged)
		if e == nil {
			return false
		}
		again := *e
		again.ID = identity("m-1")
		w.Entries = append(w.Entries, again)
		w.move(again, 1)
		return true
	}},
	{"an amount one micro-credit off", "G3", func(w *World) bool {
		return w.change(w.entryOf(charged), func(e *Entry) { e.Amount-- })
	}},
	{"an amount without an id one micro-credit off", "G3", func(w *World) bool {
		return w.change(w.entryOf(counted), func(e *Entry) { e.Amount++ })
	}},
	{"a credit for usage", "G3", func(w *World) bool {
		return w.change(w.entryOf(charged), func(e *Entry) { e.Amount = -e.Amount })
	}},
	{"a charge on another account", "G2", func(w *World) bool {
		return w.change(w.entryOf(charged), func(e *Entry) { e.Account = "mallory" })
	}},
	{"a charge of another meaning", "G2", func(w *World) bool {
		return w.change(w.entryOf(charged), func(e *Entry) { e.Fingerprint = identity("x") })
	}},
	{"a charge that is unpriced", "G3", func(w *World) bool {
		return w.change(w.entryOf(charged), func(e *Entry) { e.Kind = "unpriced" })
	}},
	{"an arrival at another time", "G5", func(w *World) bool {
		return w.change(w.entryOf(charged), func(e *Entry) { e.Time = e.Time.Add(time.Nanosecond) })
	}},
	{"a balance off by one", "G3", func(w *World) bool {
		a := w.Accounts["ann"]
		a.Balance++
		w.Accounts["ann"] = a
		return w.Accounts["ann"].Seq > 0
	}},
	{"a seq off by one", "G3", func(w *World) bool {
		a := w.Accounts["ann"]
		a.Seq++
		w.Accounts["ann"] = a
		return true
	}},
	{"a balance without an entry", "G3", func(w *World) bool {
		w.Accounts["mallory"] = Account{Balance: 1}
		return true
	}},
	{"more pushed than there is", "G6", func(w *World) bool {
		a := w.Accounts["ann"]
		a.Pushed = a.Seq + 1
		w.Accounts["ann"] = a
		return true
	}},
	{"a retry without an id that counts", "G2", func(w *World) bool {
		e := w.entryOf(suppressed)
		if e == nil {
			return false
		}
		like := *w.entryOf(func(other Entry) bool { return other.DedupKey == e.DedupKey && !suppressed(other) })
		return w.change(e, func(e *Entry) { e.Kind, e.Amount = like.Kind, like.Amount })
	}},
	{"usage without an id suppressed by nothing", "G5", func(w *World) bool {
		return w.change(w.entryOf(counted), func(e *Entry) { e.Kind, e.Amount = "suppressed", 0 })
	}},
	{"a suppressed entry with an amount", "G3", func(w *World) bool {
		return w.change(w.entryOf(suppressed), func(e *Entry) { e.Amount = -1 })
	}},
	{"a dead letter lost", "G5", func(w *World) bool {
		if len(w.Dead) == 0 {
			return false
		}
		w.Dead = w.Dead[1:]
		return true
	}},
	{"a conflict lost", "G5", func(w *World) bool {
		entries := map[string]bool{}
		for _, e := range w.Entries {
			entries[e.ID] = true
		}
		i := slices.IndexFunc(w.Dead, func(q Queued) bool {
			m, _, _ := read(q)
			return entries[m.ID]
		})
		if i < 0 {
			return false
		}
		w.Dead = slices.Delete(w.Dead, i, i+1)
		return true
	}},
	{"a good event as a dead letter", "G5", func(w *World) bool {
		i := slices.IndexFunc(w.Queued, func(q Queued) bool {
			m, _, _ := read(q)
			return w.entryOf(func(e Entry) bool { return e.ID == m.ID && e.Time.Format(time.RFC3339Nano) == m.Time }) != nil
		})
		if i < 0 {
			return false
		}
		w.Dead = append(w.Dead, w.Queued[i])
		return true
	}},
	{"a dead letter of our own", "G5", func(w *World) bool {
		body, err := json.Marshal(map[string]string{"source": "/functions/worker", "type": "unreadable.message"})
		w.Dead = append(w.Dead, Queued{Body: body})
		return err == nil
	}},
	{"a grant missing", "G3", func(w *World) bool {
		return w.drop(w.entryOf(func(e Entry) bool { return e.Kind == "grant" }))
	}},
	{"a grant of another amount", "G3", func(w *World) bool {
		return w.change(w.entryOf(func(e Entry) bool { return e.Kind == "grant" }), func(e *Entry) { e.Amount++ })
	}},
	{"a grant of no operator", "G5", func(w *World) bool {
		if len(w.Grants) == 0 {
			return false
		}
		w.Grants = w.Grants[1:]
		return true
	}},
	{"a limit too high", "G6", func(w *World) bool {
		_, has := w.Limits["ann"]
		w.Limits["ann"]++
		return has
	}},
	{"a limit missing", "G6", func(w *World) bool {
		_, has := w.Limits["ann"]
		delete(w.Limits, "ann")
		return has
	}},
	{"a limit of suspense", "G6", func(w *World) bool {
		w.Limits[suspense(gabber, "shop")] = 0
		return true
	}},
	{"a record missing", "G5", func(w *World) bool {
		for _, key := range slices.Sorted(maps.Keys(w.Records)) {
			if isState(key) {
				delete(w.Records, key)
				return true
			}
		}
		return false
	}},
	{"a record without a cause", "G5", func(w *World) bool {
		w.Records["oblic.contact\x00none"] = Record{Version: 1, Data: []byte("{}")}
		return true
	}},
	{"a record of other content", "G5", func(w *World) bool {
		return w.record("g-tateth.call\x00", func(r *Record) bool { r.Data = append(bytes.Clone(r.Data), ' '); return true })
	}},
	{"a record undeleted", "G5", func(w *World) bool {
		return w.record("", func(r *Record) bool { was := r.Deleted; r.Deleted = false; return was })
	}},
	{"a session of another state", "G5", func(w *World) bool {
		return w.record(sessionKind+"\x00", func(r *Record) bool {
			r.Data = bytes.Replace(r.Data, []byte(`"state":"`), []byte(`"state":"x`), 1)
			return true
		})
	}},
	{"an older call", "G5", func(w *World) bool { return w.older("g-tateth.call\x00") }},
	{"an older session", "G5", func(w *World) bool { return w.older(snapshotKind + "\x00") }},
	{"an ignored event not kept", "G5", func(w *World) bool {
		for _, key := range slices.Sorted(maps.Keys(w.Records)) {
			if strings.Contains(key, ".unknown\x00") {
				delete(w.Records, key)
				return true
			}
		}
		return false
	}},
}

// older puts the oldest candidate of a record with several in its place.
func (w *World) older(prefix string) bool {
	byKey := map[string][]*Put{}
	for i := range w.Sent {
		for j := range w.Sent[i].Event.Wants.Records {
			p := &w.Sent[i].Event.Wants.Records[j]
			byKey[p.Kind+"\x00"+p.ID] = append(byKey[p.Kind+"\x00"+p.ID], p)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		puts := slices.DeleteFunc(byKey[key], func(p *Put) bool { return p.ByArrival })
		if !strings.HasPrefix(key, prefix) || len(puts) == 0 {
			continue
		}
		oldest := slices.MinFunc(puts, func(a, b *Put) int {
			return candidate{a, a.Version}.compare(candidate{b, b.Version})
		})
		if is := w.Records[key]; oldest.Version < is.Version {
			w.Records[key] = Record{Version: oldest.Version, Data: oldest.Data, Deleted: oldest.Deleted}
			return true
		}
	}
	return false
}

func TestJudge_damages(t *testing.T) {
	worlds := make([]World, 84)
	for seed := range worlds {
		worlds[seed] = history(t, uint64(seed), 40)
	}
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			damaged := 0
			for seed, w := range worlds {
				w = clone(w)
				if !d.damage(&w) {
					continue
				}
				damaged++
				broken := Judge(w)
				if !slices.ContainsFunc(broken, func(line string) bool { return strings.HasPrefix(line, d.promise+": ") }) {
					t.Errorf("seed %d: no line names %s: %q", seed, d.promise, broken)
				}
			}
			if damaged < 5 {
				t.Errorf("%d histories could be damaged", damaged)
			}
		})
	}
}

func TestJudge_repeats(t *testing.T) {
	w := clone(history(t, 3, 60))
	w.Entries, w.Dead, w.Limits = nil, nil, map[string]int64{"a": 1, "b": 1, "c": 1}
	one := Judge(w)
	for range 20 {
		if two := Judge(w); !slices.Equal(one, two) {
			t.Fatalf("%q and %q", one, two)
		}
	}
}

func BenchmarkDrawer(b *testing.B) {
	for seed := uint64(0); b.Loop(); seed++ {
		d := NewDrawer(rand.New(rand.NewPCG(seed, 0)), ruleSets[1])
		for range 20 {
			d.Event()
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	worlds := make([]World, 20)
	for seed := range worlds {
		worlds[seed] = history(b, uint64(4*seed+1), 20)
	}
	for i := 0; b.Loop(); i++ {
		Judge(worlds[i%len(worlds)])
	}
}
