package handlers

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// unknownEvent is the nth event of a type without a handler.
func unknownEvent(eventType string, n int) webhook.Event {
	return received(report{Type: eventType, State: webhook.State{Stage: n}}, time.Duration(n)*time.Second)
}

// keptEvents gives what is kept of Acme, newest first.
func keptEvents(t *testing.T, store records.Store) (kept []webhook.Event) {
	t.Helper()
	page, _, err := store.List(t.Context(), UnknownKind("acme"), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page {
		e, err := webhook.DecodeEvent(r.Data)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, e)
	}
	return kept
}

func keepAll(t *testing.T, store records.Store, events ...webhook.Event) {
	t.Helper()
	for _, r := range KeepUnknown(store)(t.Context(), events) {
		if r.Err != nil || r.Outcome != "ignored" || len(r.FollowUps) > 0 {
			t.Fatalf("%+v", r)
		}
	}
}

func same(a, b webhook.Event) bool { return bytes.Equal(a.Encode(), b.Encode()) }

// The newest ten of each type are kept whole, in any order and however often they
// arrive.
func TestKeepUnknown(t *testing.T) {
	var all []webhook.Event
	for n := range 30 {
		all = append(all, unknownEvent("clone.ready", n))
	}
	rare := unknownEvent("clone.failed", 1)
	all = append(all, rare)
	for name, arrange := range map[string]func([]webhook.Event) []webhook.Event{
		"in order":  func(e []webhook.Event) []webhook.Event { return e },
		"backwards": func(e []webhook.Event) []webhook.Event { slices.Reverse(e); return e },
		"shuffled, each twice": func(e []webhook.Event) []webhook.Event {
			e = append(e, e...)
			rand.Shuffle(len(e), func(i, j int) { e[i], e[j] = e[j], e[i] })
			return e
		},
	} {
		store := records.NewMemory()
		keepAll(t, store, arrange(slices.Clone(all))...)
		kept := keptEvents(t, store)
		if len(kept) != 11 || !same(kept[10], rare) {
			t.Fatalf("%s: %d events are kept, or not the rare one whole", name, len(kept))
		}
		for i, e := range kept[:10] {
			if !same(e, all[29-i]) {
				t.Errorf("%s: place %d holds %s", name, i, e.Data)
			}
		}
	}
	store := records.NewMemory()
	retry := rare
	retry.Time = rare.Time.Add(time.Hour)
	if keepAll(t, store, rare, retry, rare); len(keptEvents(t, store)) != 1 || !same(keptEvents(t, store)[0], rare) {
		t.Errorf("a retry: %d events are kept, or another one", len(keptEvents(t, store)))
	}
	for _, down := range []*failing{{get: "*"}, {put: "*"}} {
		down.Store = store
		if r := KeepUnknown(down)(t.Context(), []webhook.Event{all[0]})[0]; outcome(r) != "again: the store fails" {
			t.Errorf("%+v", r)
		}
	}
}

func TestKeepUnknown_manyWorkers(t *testing.T) {
	store := records.NewMemory()
	var workers sync.WaitGroup
	for n := range 60 {
		workers.Go(func() { keepAll(t, store, unknownEvent("clone.ready", n)) })
	}
	workers.Wait()
	for i, e := range keptEvents(t, store) {
		if i >= 10 || !same(e, unknownEvent("clone.ready", 59-i)) {
			t.Errorf("place %d holds %s", i, e.Data)
		}
	}
}

// A platform that writes ids into its types fills neither the store nor the worker,
// which reads all that is kept for each further event.
func TestKeepUnknown_isBounded(t *testing.T) {
	store := records.NewMemory()
	for n := range 300 {
		keepAll(t, store, unknownEvent(fmt.Sprintf("call.%d", n), n))
	}
	if kept := keptEvents(t, store); len(kept) == 0 || len(kept) > 100 || !same(kept[0], unknownEvent("call.299", 299)) {
		t.Errorf("%d events are kept", len(kept))
	}
	store = records.NewMemory()
	for n := range 60 {
		keepAll(t, store, received(report{Type: fmt.Sprintf("call.%d", n%6), Fault: strings.Repeat("x", 170_000), State: webhook.State{Stage: n}}, time.Duration(n)*time.Second))
	}
	last, size := unknownEvent("clone.ready", 60), 0
	keepAll(t, store, last)
	kept := keptEvents(t, store)
	for _, e := range kept {
		size += len(e.Encode())
	}
	if len(kept) < 20 || size > 6<<20 || !same(kept[0], last) {
		t.Errorf("%d events of %d bytes are kept", len(kept), size)
	}
}
