package e2e_test

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/webhook"
)

// poison: what cannot be handled ends among the dead letters, and what is next
// to it is handled.
func poison(s *system) {
	event := newExpectation().identity(s, s.usage("later", "u1", 1))
	newer := bytes.Replace(event.Encode(), []byte(`"v1"`), []byte(`"v2"`), 1)
	for _, data := range []string{"garbage", string(newer)} {
		s.parts.pubsub.Publish(s, s.project, "events", []byte(data))
	}
	s.deliver(s.usage("1", "u1", 30))
	s.drain()
	s.deliver(s.usage("1", "u1", 31)) // another event of that identity
	s.deliver(s.usage("2", "u1", -1))
	s.deliver(s.usage("3", "u1", 12))

	letters, reasons := map[string]webhook.Event{}, []string{}
	s.eventually("four dead letters", func() bool {
		maps.Copy(letters, s.letters("dead-letters"))
		return len(letters) == 4
	})
	negative := newExpectation().identity(s, s.usage("2", "u1", -1)).Reason
	for _, e := range letters {
		reasons = append(reasons, e.Reason)
	}
	for _, e := range letters {
		if e.Type == "unreadable.message" && string(e.Data) != "garbage" {
			s.Errorf("the dead letter holds %q", e.Data)
		}
	}
	compare(s, "reason", reasons, []string{
		"conflict: another event with this identity was booked first",
		"message is corrupt: not a CloudEvents object",
		fmt.Sprintf("moved by Pub/Sub after %d", fewAttempts),
		negative,
	})
	s.drain()
	s.balance("u1", -42, 2)
}

// readAnew: bodies that a former release could not read, and this one can, are
// handled once their dead letters are redriven, whichever platform sent them.
func readAnew(s *system) {
	letters, credits, kinds := ingesttest.Undecodable(s)
	for _, letter := range letters {
		if err := s.client.Topic("events").Publish(s.Context(), letter); err != nil {
			s.Fatal(err)
		}
	}
	s.drain()
	for account, want := range credits {
		s.balance(account, want, 1)
	}
	for kind, want := range kinds {
		if page, _, err := s.client.Records("webhooks").List(s.Context(), kind, "", 10); err != nil || len(page) != want {
			s.Errorf("%s: %d records (%v), want %d", kind, len(page), err, want)
		}
	}
	if letters := s.letters("dead-letters"); len(letters) != 0 {
		s.Errorf("%d dead letters", len(letters))
	}
}

// lostAnswers: every other commit is carried out and not confirmed.
func lostAnswers(s *system) {
	var mu sync.Mutex
	commits, lost := 0, 0
	s.inject(func(_, operation string, at phase) bool {
		mu.Lock()
		defer mu.Unlock()
		if operation != "commit" || at != after {
			return false
		}
		if commits++; commits%2 == 0 {
			return false
		}
		lost++
		return true
	})
	want := newExpectation()
	for i := range 20 {
		want.deliver(s, s.usage(fmt.Sprint(i), "u1", 7), "u1")
		for _, x := range extras {
			x.deliver(s, want, i)
		}
	}
	s.drain()
	s.inject(nil)
	s.balance("u1", -7*20, 20)
	want.check(s, 20)
	mu.Lock()
	defer mu.Unlock()
	if lost < 30 {
		s.Errorf("only %d answers were lost", lost)
	}
}

// queueDown: what is not stored is answered 503, in time.
func queueDown(s *system) {
	s.inject(func(_, operation string, _ phase) bool { return strings.HasPrefix(operation, "publish") })
	for name, sample := range map[string]eventstest.Sample{"a good event": s.usage("1", "u1", 30), "an unusable one": s.usage("2", "u1", -1)} {
		start := time.Now()
		status, header, err := s.post(s.Context(), sample)
		if err != nil || status != 503 || header.Get("Retry-After") != "1" {
			s.Errorf("%s: status %d (%v), Retry-After %q", name, status, err, header.Get("Retry-After"))
		}
		if took := time.Since(start); took > ingest.Budget+time.Second/2 {
			s.Errorf("%s: answered after %v", name, took)
		}
	}
	s.inject(nil)
	s.deliver(s.usage("1", "u1", 30))
	s.drain()
	s.balance("u1", -30, 1)
	if !strings.Contains(s.log.String(), `"code":"ENQ"`) {
		s.Error("nobody is told that the queue is down")
	}
}
