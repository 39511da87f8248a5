package e2e_test

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/webhook"
)

// poison: what cannot be handled ends among the dead letters, and what is next
// to it is handled.
func poison(s *system) {
	event := ingest.Identify(gabber.Platform.Provider, []byte(usage("later", "u1", 1)), time.Now(), "1")
	newer := bytes.Replace(event.Encode(), []byte(`"v1"`), []byte(`"v2"`), 1)
	for _, data := range []string{"garbage", string(newer)} {
		s.parts.pubsub.Publish(s, s.project, "events", []byte(data))
	}
	s.deliver("gabber", usage("1", "u1", 30))
	s.drain()
	s.deliver("gabber", usage("1", "u1", 31)) // another event of that identity
	s.deliver("gabber", usage("2", "u1", -1))
	s.deliver("gabber", usage("3", "u1", 12))

	letters, reasons := map[string]webhook.Event{}, []string{}
	s.eventually("four dead letters", func() bool {
		maps.Copy(letters, s.letters("dead-letters"))
		return len(letters) == 4
	})
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
		"payload.value is negative",
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
	for i := range 20 {
		s.deliver("gabber", usage(fmt.Sprint(i), "u1", 7))
		s.deliver("gabber", usage("", "u2", 100+i)) // no id: its own first try must not look like a twin
		s.deliver("chatbase", lead(i))
	}
	s.drain()
	s.inject(nil)
	s.balance("u1", -7*20, 20)
	s.balance("u2", -(100*20 + 190), 20)
	for i := range 20 {
		s.hasLead(i)
	}
	if n := len(s.letters("outbound")); n != 40 {
		s.Errorf("%d follow-ups, want 40", n)
	}
	mu.Lock()
	defer mu.Unlock()
	if lost < 30 {
		s.Errorf("only %d answers were lost", lost)
	}
}

func lead(n int) string {
	return fmt.Sprintf(`{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c%d","customerName":"Robin"}}`, n)
}

func (s *system) hasLead(n int) {
	s.Helper()
	e := ingest.Identify(chatbase.Platform.Provider, []byte(lead(n)), time.Time{}, "1")
	if _, ok, err := s.client.Records("webhooks").Get(s.Context(), chatbase.LeadKind, e.ID); err != nil || !ok {
		s.Errorf("lead %d is lost (%v)", n, err)
	}
}

// queueDown: what is not stored is answered 503, in time.
func queueDown(s *system) {
	s.inject(func(_, operation string, _ phase) bool { return strings.HasPrefix(operation, "publish") })
	for name, body := range map[string]string{"a good event": usage("1", "u1", 30), "an unusable one": usage("2", "u1", -1)} {
		start := time.Now()
		status, header, err := s.post(s.Context(), "gabber", []byte(body))
		if err != nil || status != 503 || header.Get("Retry-After") != "1" {
			s.Errorf("%s: status %d (%v), Retry-After %q", name, status, err, header.Get("Retry-After"))
		}
		if took := time.Since(start); took > ingest.Budget+time.Second/2 {
			s.Errorf("%s: answered after %v", name, took)
		}
	}
	s.inject(nil)
	s.deliver("gabber", usage("1", "u1", 30))
	s.drain()
	s.balance("u1", -30, 1)
	if !strings.Contains(s.log.String(), `"code":"ENQ"`) {
		s.Error("nobody is told that the queue is down")
	}
}
