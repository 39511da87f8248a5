package aws

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

const (
	first  = "first-0123456789abcdef"
	second = "second-0123456789abcdef"
)

var (
	schemes = map[string]signature.Scheme{
		"gabber":   {Header: "X-Webhook-Signature", Algorithm: signature.SHA256, Encoding: signature.Hex},
		"chatbase": {Header: "x-chatbase-signature", Algorithm: signature.SHA1, Encoding: signature.Hex},
	}
	errDown = errors.New("store is down")
)

// safe is a secret store and a clock under a test's control.
type safe struct {
	mu     sync.Mutex
	text   string
	err    error
	asked  int
	now    time.Time
	random float64
	hold   chan struct{} // if not nil, a request waits for it or for its context
	begins func()        // if not nil, called when a request begins
	log    strings.Builder
}

func newSafe(text string) *safe {
	return &safe{text: text, now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
}

func (s *safe) fetch(ctx context.Context) (string, error) {
	s.mu.Lock()
	s.asked++
	text, err, hold := s.text, s.err, s.hold
	if s.begins != nil {
		s.begins()
	}
	s.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	return text, err
}

func (s *safe) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *safe) keyrings() *Keyrings {
	return &Keyrings{
		fetch: s.fetch, schemes: schemes, now: s.clock, random: func() float64 { return s.random },
		log: slog.New(slog.NewJSONHandler(&s.log, nil)), turn: make(chan struct{}, 1),
	}
}

// signed says with which key id a verifier accepts what secret signs, "" if it
// does not or is nil.
func signed(t *testing.T, v webhook.Verifier, provider, secret string) string {
	t.Helper()
	if v == nil {
		return ""
	}
	ring, err := signature.NewKeyring(schemes[provider], signature.Secret{ID: "test", Value: secret})
	if err != nil {
		t.Fatal(err)
	}
	body := []byte("{}")
	id, _ := v.Verify(ring.Sign(body), body)
	return id
}

func ring1(t *testing.T, k *Keyrings, provider string) webhook.Verifier {
	t.Helper()
	v, err := k.Keyring(t.Context(), provider)
	if err != nil {
		t.Fatalf("keyring of %s: %v", provider, err)
	}
	return v
}

func TestKeyringsFromSecret(t *testing.T) {
	for _, row := range []struct {
		name     string
		text     string
		gabber   [2]string // key ids for the first and the second secret
		chatbase bool      // has a ring
	}{
		{"a string", `{"gabber":"` + first + `","chatbase":"` + second + `"}`, [2]string{"1", ""}, true},
		{"a list", `{"gabber":["` + first + `","` + second + `"]}`, [2]string{"1", "2"}, false},
		{"a list of one", `{"gabber":["` + second + `"]}`, [2]string{"", "1"}, false},
		{"a list that is too long", `{"gabber":["` + strings.Repeat(first+`","`, 3) + second + `"],"chatbase":"` + first + `"}`, [2]string{}, true},
		{"an empty list", `{"gabber":[],"chatbase":"` + first + `"}`, [2]string{}, true},
		{"null", `{"gabber":null,"chatbase":"` + first + `"}`, [2]string{}, true},
		{"a number", `{"gabber":5,"chatbase":"` + first + `"}`, [2]string{}, true},
		{"an object", `{"gabber":{"current":"` + first + `"},"chatbase":"` + first + `"}`, [2]string{}, true},
		{"a list with a number", `{"gabber":["` + first + `",5],"chatbase":"` + first + `"}`, [2]string{}, true},
		{"empty", `{"gabber":"","chatbase":"` + first + `"}`, [2]string{}, true},
		{"short", `{"gabber":"0123456789","chatbase":"` + first + `"}`, [2]string{}, true},
		{"a newline at the end", `{"gabber":"` + first + `\n","chatbase":"` + first + `"}`, [2]string{}, true},
		{"a placeholder", `{"gabber":"changeme-changeme","chatbase":"` + first + `"}`, [2]string{}, true},
		{"one bad of two", `{"gabber":["` + first + `",""],"chatbase":"` + first + `"}`, [2]string{}, true},
		{"a platform nobody knows", `{"gaber":"` + first + `","chatbase":"` + first + `"}`, [2]string{}, true},
		{"a platform twice", `{"gabber":"` + first + `","gabber":"` + second + `"}`, [2]string{}, false},
		{"not JSON", first, [2]string{}, false},
		{"empty text", "", [2]string{}, false},
		{"JSON null", "null", [2]string{}, false},
		{"a JSON string", `"` + first + `"`, [2]string{}, false},
		{"nothing in it", "{}", [2]string{}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSafe(row.text)
			k := s.keyrings()
			v, err := k.Keyring(t.Context(), "gabber")
			if got := [2]string{signed(t, v, "gabber", first), signed(t, v, "gabber", second)}; got != row.gabber {
				t.Errorf("gabber's key ids are %q (%v), want %q", got, err, row.gabber)
			}
			if _, err := k.Keyring(t.Context(), "chatbase"); (err == nil) != row.chatbase {
				t.Errorf("chatbase: error %v", err)
			}
			for _, secret := range []string{first, second, "changeme"} {
				if strings.Contains(s.log.String(), secret) || err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("a secret is in the log or in the error: %v, %s", err, s.log.String())
				}
			}
		})
	}
}

func TestKeyringsAskOnceWhileFresh(t *testing.T) {
	s := newSafe(`{"gabber":"` + first + `"}`)
	k := s.keyrings()
	for range 100 {
		ring1(t, k, "gabber")
		s.now = s.now.Add(2 * time.Second)
	}
	if s.asked != 1 {
		t.Errorf("asked %d times within the five minutes, want once", s.asked)
	}
	s.now = s.now.Add(keepFor)
	ring1(t, k, "gabber")
	if s.asked != 2 {
		t.Errorf("asked %d times after the five minutes, want twice", s.asked)
	}
}

func TestKeyringsJitter(t *testing.T) {
	for _, row := range []struct {
		random float64
		after  time.Duration
		asked  int
	}{
		{0, keepFor, 1}, {0, keepFor + 1, 2},
		{0.5, keepFor * 9 / 10, 1}, {0.5, keepFor*9/10 + 1, 2},
	} {
		s := newSafe(`{"gabber":"` + first + `"}`)
		s.random = row.random
		k := s.keyrings()
		ring1(t, k, "gabber")
		s.now = s.now.Add(row.after)
		ring1(t, k, "gabber")
		if s.asked != row.asked {
			t.Errorf("random %v: asked %d times after %v, want %d", row.random, s.asked, row.after, row.asked)
		}
	}
}

func TestKeyringsKeepWhatIsUnchanged(t *testing.T) {
	s := newSafe(`{"gabber":"` + first + `","chatbase":"` + first + `"}`)
	k := s.keyrings()
	gabber, chatbase := ring1(t, k, "gabber"), ring1(t, k, "chatbase")
	s.text, s.now = `{"gabber":"`+first+`","chatbase":"`+second+`"}`, s.now.Add(2*keepFor)
	if ring1(t, k, "gabber") != gabber || ring1(t, k, "chatbase") == chatbase {
		t.Error("the ring whose secret changed should be new, the other one not")
	}
}

func TestKeyringsWhileTheStoreIsDown(t *testing.T) {
	s := newSafe("")
	s.err = errDown
	k := s.keyrings()
	get := func() error { _, err := k.Keyring(t.Context(), "gabber"); return err }

	if err := get(); !errors.Is(err, errDown) {
		t.Errorf("first use: error %v, want %v", err, errDown)
	}
	for range 10 {
		if get() == nil {
			t.Fatal("verified without a secret")
		}
	}
	if s.asked != 1 {
		t.Errorf("asked %d times at once, want once", s.asked)
	}
	s.err, s.text, s.now = nil, `{"gabber":"`+first+`"}`, s.now.Add(firstGap)
	if err := get(); err != nil {
		t.Errorf("the store is back: %v", err)
	}

	s.err, s.now = errDown, s.now.Add(2*keepFor)
	asked := s.asked
	for range 10 {
		if err := get(); err != nil {
			t.Errorf("down again: %v, want the secret we had", err)
		}
	}
	if s.asked != asked+1 {
		t.Errorf("asked %d times at once, want once", s.asked-asked)
	}
	if strings.Contains(s.log.String(), webhook.CodeSecret) {
		t.Errorf("an alarm after ten minutes: %s", s.log.String())
	}
	s.now = s.now.Add(alarmAfter)
	if err := get(); err != nil || !strings.Contains(s.log.String(), `"code":"SEC"`) {
		t.Errorf("after an hour: error %v, log %s, want no error and an alarm", err, s.log.String())
	}
	s.now = s.now.Add(useFor)
	if err := get(); !errors.Is(err, errDown) {
		t.Errorf("after a day: error %v, want %v", err, errDown)
	}
	s.err, s.now = nil, s.now.Add(firstGap)
	if err := get(); err != nil {
		t.Errorf("the store is back after a day: %v", err)
	}
}

// Somebody is called after an hour of failures in a row, however long ago the
// last answer before them was, or when the secrets in use will not last an hour.
func TestKeyringsAlarm(t *testing.T) {
	type request struct {
		after time.Duration
		err   error
	}
	for _, row := range []struct {
		name     string
		requests []request
		want     int
	}{
		{"one failure after two quiet hours", []request{{2 * time.Hour, errDown}}, 0},
		{"and after 23", []request{{23 * time.Hour, errDown}}, 0},
		{"an hour of failures", []request{{2 * keepFor, errDown}, {59 * time.Minute, errDown}, {time.Minute, errDown}}, 1},
		{"not in a row", []request{{2 * keepFor, errDown}, {time.Hour, nil}, {2 * keepFor, errDown}, {59 * time.Minute, errDown}}, 0},
		{"the last hour of what is in use", []request{{23*time.Hour + 1, errDown}}, 1},
		{"nothing in use, and each refused delivery says so", []request{{25 * time.Hour, errDown}, {2 * time.Hour, errDown}}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSafe(`{"gabber":"` + first + `"}`)
			k := s.keyrings()
			ring1(t, k, "gabber")
			for _, r := range row.requests {
				s.err, s.now = r.err, s.now.Add(r.after)
				_, _ = k.Keyring(t.Context(), "gabber")
			}
			if got := strings.Count(s.log.String(), `"code":"SEC"`); got != row.want || s.asked != len(row.requests)+1 {
				t.Errorf("%d alarms, want %d, after %d requests: %s", got, row.want, s.asked, s.log.String())
			}
		})
	}
}

func TestKeyringsKeepTheLastGoodRing(t *testing.T) {
	for _, bad := range []string{`{"gabber":"","chatbase":"` + second + `"}`, `{"gabber":["x"],"chatbase":"` + second + `"}`, `{"gabber":7,"chatbase":"` + second + `"}`} {
		s := newSafe(`{"gabber":"` + first + `","chatbase":"` + first + `"}`)
		k := s.keyrings()
		ring1(t, k, "gabber")
		s.text, s.now = bad, s.now.Add(2*keepFor)
		if signed(t, ring1(t, k, "gabber"), "gabber", first) != "1" {
			t.Errorf("%s: gabber's ring is gone", bad)
		}
		if signed(t, ring1(t, k, "chatbase"), "chatbase", second) != "1" {
			t.Errorf("%s: chatbase's ring is not the new one", bad)
		}
		if !strings.Contains(s.log.String(), `"code":"SEC","provider":"gabber"`) || strings.Contains(s.log.String(), "chatbase") {
			t.Errorf("%s: logged %s, want an alarm about gabber only", bad, s.log.String())
		}
	}
}

func TestKeyringsForgetAPlatformThatWasRemoved(t *testing.T) {
	s := newSafe(`{"gabber":"` + first + `"}`)
	k := s.keyrings()
	ring1(t, k, "gabber")
	s.text, s.now = `{}`, s.now.Add(2*keepFor)
	if _, err := k.Keyring(t.Context(), "gabber"); !errors.Is(err, webhook.ErrNotConfigured) {
		t.Errorf("error %v, want %v", err, webhook.ErrNotConfigured)
	}
}

func TestKeyringsRefresh(t *testing.T) {
	s := newSafe(`{"gabber":"` + first + `"}`)
	k := s.keyrings()
	ring1(t, k, "gabber")
	s.text = `{"gabber":["` + second + `","` + first + `"]}`
	if k.Refresh(t.Context(), "gabber") != nil || s.asked != 1 {
		t.Errorf("asked again at once (%d times)", s.asked)
	}
	s.now = s.now.Add(leastGap)
	if v := k.Refresh(t.Context(), "gabber"); signed(t, v, "gabber", second) != "1" || signed(t, v, "gabber", first) != "2" {
		t.Error("the rotated secret was not found")
	}
	for range 1000 { // an attacker's mismatches
		if k.Refresh(t.Context(), "gabber") != nil {
			t.Fatal("nothing is newer")
		}
		s.now = s.now.Add(60 * time.Millisecond)
	}
	if s.asked != 2+1 {
		t.Errorf("a minute of mismatches made %d requests, want 1 more", s.asked-2)
	}
	s.err, s.now = errDown, s.now.Add(leastGap)
	if k.Refresh(t.Context(), "gabber") != nil {
		t.Error("nothing is newer while the store is down")
	}
	if signed(t, ring1(t, k, "gabber"), "gabber", second) != "1" {
		t.Error("the ring is gone")
	}
}

// Two deliveries signed with the rotated secret arrive together: the second one
// waits for the first one's request and has its answer.
func TestKeyringsRefreshTogether(t *testing.T) {
	s := newSafe(`{"gabber":"` + first + `"}`)
	k := s.keyrings()
	ring1(t, k, "gabber")
	s.text, s.now, s.hold = `{"gabber":"`+second+`"}`, s.now.Add(leastGap), make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if v := k.Refresh(t.Context(), "gabber"); signed(t, v, "gabber", second) != "1" {
				t.Error("the rotated secret was not found")
			}
		})
	}
	time.Sleep(50 * time.Millisecond) // both are waiting now
	s.mu.Lock()
	s.now = s.now.Add(time.Millisecond)
	s.mu.Unlock()
	close(s.hold)
	wg.Wait()
	if s.asked != 2 {
		t.Errorf("asked %d times, want once for both", s.asked-1)
	}
}

func TestKeyringsSingleFlight(t *testing.T) {
	s := newSafe(`{"gabber":"` + first + `"}`)
	s.hold = make(chan struct{})
	k := s.keyrings()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if v, err := k.Keyring(t.Context(), "gabber"); err != nil || v == nil {
				t.Error(err)
			}
		})
	}
	close(s.hold)
	wg.Wait()
	if s.asked != 1 {
		t.Errorf("50 callers made %d requests, want 1", s.asked)
	}
}

func TestKeyringsKeepToTheContext(t *testing.T) {
	s := newSafe(`{"gabber":"` + first + `"}`)
	s.hold = make(chan struct{})
	k := s.keyrings()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for range 3 { // one asks, two wait for it
		wg.Go(func() {
			if _, err := k.Keyring(ctx, "gabber"); !errors.Is(err, webhook.ErrNoTime) {
				t.Errorf("error %v, want %v", err, webhook.ErrNoTime)
			}
		})
	}
	wg.Wait()
}

// A caller without time says nothing about the store: the next one asks it.
func TestKeyringsAfterACallerWithoutTime(t *testing.T) {
	for _, row := range []struct {
		name  string
		warm  bool
		lasts time.Duration // until the caller gives up
		err   error
		want  string // the key by which the next one believes the second secret
	}{
		{"no time", false, 0, webhook.ErrNoTime, "1"},
		{"no time, and a secret that is old", true, 0, nil, "1"},
		{"as much as the store may take", false, patience, context.Canceled, ""},
		{"as much, and a secret that is old", true, patience, nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSafe(`{"gabber":"` + first + `"}`)
			k := s.keyrings()
			if row.warm {
				ring1(t, k, "gabber")
			}
			s.text, s.now, s.hold = `{"gabber":"`+second+`"}`, s.now.Add(2*keepFor), make(chan struct{})
			ctx, cancel := context.WithCancel(t.Context())
			s.begins = func() { s.now = s.now.Add(row.lasts); cancel() }
			if _, err := k.Keyring(ctx, "gabber"); !errors.Is(err, row.err) {
				t.Errorf("error %v, want %v", err, row.err)
			}
			s.hold, s.begins = nil, nil
			v, _ := k.Keyring(t.Context(), "gabber")
			if got := signed(t, v, "gabber", second); got != row.want {
				t.Errorf("the next one believes %q, want %q", got, row.want)
			}
		})
	}
}

func TestKeyringsDoNotWaitLongForNewerSecrets(t *testing.T) {
	s := newSafe(`{"gabber":"` + first + `"}`)
	k := s.keyrings()
	ring1(t, k, "gabber")
	s.hold, s.now = make(chan struct{}), s.now.Add(2*keepFor)
	start := time.Now()
	ring1(t, k, "gabber")
	if took := time.Since(start); took > 2*patience {
		t.Errorf("waited %v, want about %v", took, patience)
	}
}

// Who could be verified waits a second for newer secrets; who could not, as long
// as he can.
func TestKeyringsWaitForTheFirstSecret(t *testing.T) {
	s := newSafe(`{"gabber":"` + first + `"}`)
	k := s.keyrings()
	limited := false
	k.fetch = func(ctx context.Context) (string, error) {
		_, limited = ctx.Deadline()
		return s.fetch(ctx)
	}
	for _, row := range []struct {
		after time.Duration
		want  bool
	}{{0, false}, {2 * keepFor, true}, {useFor + time.Hour, false}} {
		s.now = s.now.Add(row.after)
		if ring1(t, k, "gabber"); limited != row.want {
			t.Errorf("%v after the last answer: limited %v, want %v", row.after, limited, row.want)
		}
	}
}

func TestKeyringsOfTenants(t *testing.T) {
	k := newSafe(`{"chatbase": "` + first + `", "chatbase/bot-1": ["` + second + `"], "chatbase/bot-2": "short"}`).keyrings()
	for tenant, want := range map[string]string{"chatbase": first, "chatbase/bot-1": second} {
		v, err := k.Keyring(t.Context(), tenant)
		if err != nil || signed(t, v, "chatbase", want) != "1" {
			t.Errorf("%s: %v", tenant, err)
		}
	}
	if _, err := k.Keyring(t.Context(), "chatbase/bot-2"); err == nil || errors.Is(err, webhook.ErrNotConfigured) {
		t.Errorf("a bad secret of its own: %v, and the platform's would be asked for", err)
	}
	if _, err := k.Keyring(t.Context(), "chatbase/nobody"); !errors.Is(err, webhook.ErrNotConfigured) {
		t.Errorf("a tenant without one: %v, and the platform's would not be asked for", err)
	}
}

// A refusal asks what is known and nothing else: no store, and no turn while
// another asks the store.
func TestUnused(t *testing.T) {
	s := newSafe(`{"gabber": "` + first + `"}`)
	k := s.keyrings()
	if k.Unused("chatbase") {
		t.Error("unused before the secret was read")
	}
	if _, err := k.Keyring(t.Context(), "gabber"); err != nil {
		t.Fatal(err)
	}
	if !k.Unused("chatbase") || k.Unused("gabber") {
		t.Error("the platform in the secret is unused, or the other is not")
	}
	k.turn <- struct{}{}
	if k.Unused("chatbase") {
		t.Error("unused while the store is being asked")
	}
	<-k.turn
	s.now = s.now.Add(keepFor)
	if k.Unused("chatbase") {
		t.Error("unused by an old secret: it may be in the new one")
	}
	if s.asked != 1 {
		t.Errorf("the store was asked %d times, want once, by Keyring", s.asked)
	}
}

func TestAPlatformIsUsedByAnyEntryOfIts(t *testing.T) {
	for _, entry := range []string{`"chatbase": "` + first + `"`, `"chatbase": 1`, `"chatbase": ""`, `"chatbase/bot": "` + first + `"`} {
		k := newSafe(`{` + entry + `}`).keyrings()
		_, _ = k.Keyring(t.Context(), "chatbase") // in some of them there is none
		if k.Unused("chatbase") || !k.Unused("gabber") {
			t.Errorf("%s: chatbase is unused, or gabber is not", entry)
		}
	}
}
