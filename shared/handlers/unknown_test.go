package handlers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// unknownEvent is the nth event of a type no platform documents.
func unknownEvent(t *testing.T, eventType string, n int) webhook.Event {
	t.Helper()
	return received(t, "acme", fmt.Sprintf(`{"type":%q,"payload":{"id":"x","n":%d}}`, eventType, n), time.Duration(n)*time.Second)
}

// keptEvents gives what is kept of acme, newest first.
func keptEvents(t *testing.T, store records.Store) (kept []webhook.Event) {
	t.Helper()
	page, _, err := store.List(t.Context(), handlers.UnknownKind("acme"), "", 1000)
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
	for _, r := range handlers.KeepUnknown(store)(t.Context(), events) {
		if r.Err != nil || r.Outcome != "ignored" || len(r.FollowUps) > 0 {
			t.Fatalf("%+v", r)
		}
	}
}

func TestKeepUnknownKeepsTheNewestOfEachType(t *testing.T) {
	var all []webhook.Event
	for n := range 30 {
		all = append(all, unknownEvent(t, "voice.clone_ready", n))
	}
	rare := unknownEvent(t, "voice.clone_failed", 1)
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
		t.Run(name, func(t *testing.T) {
			store := records.NewMemory()
			keepAll(t, store, arrange(slices.Clone(all))...)
			kept := keptEvents(t, store)
			if len(kept) != 11 {
				t.Fatalf("%d events are kept", len(kept))
			}
			for i, e := range kept[:10] {
				if !bytes.Equal(e.Encode(), all[29-i].Encode()) {
					t.Errorf("place %d holds %s", i, e.Data)
				}
			}
			if !bytes.Equal(kept[10].Encode(), rare.Encode()) {
				t.Error("the event of the rare type is not kept whole")
			}
		})
	}
}

func TestKeepUnknownByManyWorkersAtOnce(t *testing.T) {
	store := records.NewMemory()
	var workers sync.WaitGroup
	for n := range 60 {
		workers.Go(func() { keepAll(t, store, unknownEvent(t, "voice.clone_ready", n)) })
	}
	workers.Wait()
	for i, e := range keptEvents(t, store) {
		if i >= 10 || !bytes.Equal(e.Encode(), unknownEvent(t, "voice.clone_ready", 59-i).Encode()) {
			t.Errorf("place %d holds %s", i, e.Data)
		}
	}
}

// A platform that writes ids into its types fills the store no more than any other.
func TestKeepUnknownIsBounded(t *testing.T) {
	store := records.NewMemory()
	for n := range 300 {
		keepAll(t, store, unknownEvent(t, fmt.Sprintf("call.%d.ended", n), n))
	}
	kept := keptEvents(t, store)
	if len(kept) == 0 || len(kept) > 100 || !bytes.Equal(kept[0].Encode(), unknownEvent(t, "call.299.ended", 299).Encode()) {
		t.Errorf("%d events are kept", len(kept))
	}
}

// What is kept is read whole for each further event: it must fit into the worker.
func TestKeepUnknownIsBoundedInBytes(t *testing.T) {
	store := records.NewMemory()
	for n := range 60 {
		keepAll(t, store, received(t, "acme", fmt.Sprintf(`{"type":"call.%d.ended","payload":{"id":"x","n":%d,"text":%q}}`, n%6, n, strings.Repeat("x", 170_000)), time.Duration(n)*time.Second))
	}
	last, size := unknownEvent(t, "voice.clone_ready", 60), 0
	keepAll(t, store, last)
	kept := keptEvents(t, store)
	for _, e := range kept {
		size += len(e.Encode())
	}
	if len(kept) < 20 || size > 6<<20 || !bytes.Equal(kept[0].Encode(), last.Encode()) {
		t.Errorf("%d events of %d bytes are kept", len(kept), size)
	}
}

func TestKeepUnknownTwiceChangesNothing(t *testing.T) {
	store := records.NewMemory()
	e := unknownEvent(t, "voice.clone_ready", 1)
	retry := e
	retry.Time = e.Time.Add(time.Hour)
	keepAll(t, store, e, retry, e)
	if kept := keptEvents(t, store); len(kept) != 1 || !bytes.Equal(kept[0].Encode(), e.Encode()) {
		t.Errorf("%d events are kept, or another one", len(kept))
	}
}

func TestKeepUnknownComesBackWhateverFails(t *testing.T) {
	down := errors.New("down")
	handler := handlers.KeepUnknown(brokenRecords{down})
	if r := handler(context.Background(), []webhook.Event{unknownEvent(t, "voice.clone_ready", 1)}); !errors.Is(r[0].Err, down) {
		t.Errorf("%+v", r[0])
	}
}
