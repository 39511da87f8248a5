package secrets

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errDown = errors.New("store is down")

// store is a secret and how its store answers. Time is the bubble's.
type store struct {
	*Cache
	text    string
	begun   time.Time // when the store says that the read began
	err     error
	takes   time.Duration
	fetches int
	log     bytes.Buffer
}

func newStore(text string) *store {
	s := &store{text: text}
	s.Cache = NewCache(s.fetch, schemes, time.Now, func() float64 { return 0 }, slog.New(slog.NewJSONHandler(&s.log, nil)))
	return s
}

// newWarm gives a cache that fetched the first secret a while ago; now the store
// has the second one and takes its time.
func newWarm(t *testing.T, ago, takes time.Duration) *store {
	s := newStore(one(first))
	if got := s.key(t, first); got != "1" {
		t.Fatal(got)
	}
	time.Sleep(ago)
	s.text, s.takes, s.fetches = one(second), takes, 0
	return s
}

func (s *store) fetch(ctx context.Context) ([]byte, time.Time, error) {
	s.fetches++ // one at a time
	select {
	case <-time.After(s.takes):
		return []byte(s.text), s.begun, s.err
	case <-ctx.Done():
		return nil, time.Time{}, ctx.Err()
	}
}

// key says with which key acme's keyring accepts what secret signs, or the error.
func (s *store) key(t *testing.T, secret string) string {
	t.Helper()
	v, err := s.Keyring(t.Context(), "acme")
	if err != nil {
		return err.Error()
	}
	return accepts(t, v, secret)
}

// within is key for a delivery that has some time left, and what it took of it.
func (s *store) within(t *testing.T, left time.Duration, secret string) (key string, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), left)
	defer cancel()
	start := time.Now()
	v, err := s.Keyring(ctx, "acme")
	if took = time.Since(start); err != nil {
		return err.Error(), took
	}
	return accepts(t, v, secret), took
}

const (
	noTime = "webhook secrets: the caller's time is over"
	down   = "webhook secrets: store is down"
	silent = "webhook secrets: context deadline exceeded"
)

// Each step is a delivery some time after the last one.
func TestCacheKeyring(t *testing.T) {
	type step struct {
		after   time.Duration
		text    string // of the secret from now on; "down": the store does not answer
		secret  string // that signed
		want    string // the key that accepts it, or the error
		fetches int    // so far
		alarms  int    // so far
	}
	both, bad := `{"acme":["`+second+`","`+first+`"]}`, `{"acme":"short"}`
	for _, row := range []struct {
		name  string
		steps []step
	}{
		{"fresh for five minutes", []step{
			{0, one(first), first, "1", 1, 0}, {keepFor - 1, one(second), first, "1", 1, 0}, {1, one(second), second, "1", 2, 0}}},
		{"rotation", []step{
			{0, one(first), first, "1", 1, 0}, {keepFor, both, first, "2", 2, 0}, {0, both, second, "1", 2, 0}, {keepFor, one(second), first, "", 3, 0}}},
		{"a value that cannot be used leaves the keyring", []step{
			{0, one(first), first, "1", 1, 0}, {keepFor, bad, first, "1", 2, 1}, {keepFor, one(second), second, "1", 3, 1}}},
		{"a platform that was removed", []step{
			{0, one(first), first, "1", 1, 0}, {keepFor, `{}`, first, "webhook secret of acme: provider is not configured: the secret does not name it", 2, 0}}},
		{"down at first: asked again after two seconds, each refusal says so", []step{
			{0, "down", first, down, 1, 0}, {firstGap - 1, "down", first, down, 1, 0}, {1, one(first), first, "1", 2, 0}}},
		{"down later: the secret stays for a day", []step{
			{0, one(first), first, "1", 1, 0}, {keepFor, "down", first, "1", 2, 0}, {leastGap - 1, "down", first, "1", 2, 0}, {1, "down", first, "1", 3, 0},
			{useFor - keepFor - leastGap, "down", first, "1", 4, 1}, {1, "down", first, down, 4, 1},
			{leastGap, "down", first, down, 5, 1}, {firstGap, one(first), first, "1", 6, 1}}},
		{"one failure after 23 quiet hours is no alarm", []step{
			{0, one(first), first, "1", 1, 0}, {2 * time.Hour, "down", first, "1", 2, 0}, {21 * time.Hour, "down", first, "1", 3, 1}}},
		{"an hour of failures is", []step{
			{0, one(first), first, "1", 1, 0}, {keepFor, "down", first, "1", 2, 0}, {alarmAfter - 1, "down", first, "1", 3, 0}, {leastGap, "down", first, "1", 4, 1}}},
		{"failures that are not in a row are none", []step{
			{0, one(first), first, "1", 1, 0}, {keepFor, "down", first, "1", 2, 0}, {alarmAfter, one(first), first, "1", 3, 0},
			{keepFor, "down", first, "1", 4, 0}, {alarmAfter - 1, "down", first, "1", 5, 0}}},
		{"the last hour of what is in use", []step{
			{0, one(first), first, "1", 1, 0}, {useFor - alarmAfter + 1, "down", first, "1", 2, 1}}},
		{"nothing in use, and each refusal says so", []step{
			{0, one(first), first, "1", 1, 0}, {useFor + 1, "down", first, down, 2, 0}, {2 * alarmAfter, "down", first, down, 3, 0}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore("")
				for i, step := range row.steps {
					time.Sleep(step.after)
					if s.text, s.err = step.text, nil; step.text == "down" {
						s.err = errDown
					}
					if got := s.key(t, step.secret); got != step.want || s.fetches != step.fetches {
						t.Errorf("step %d: %q after %d fetches, want %q after %d", i+1, got, s.fetches, step.want, step.fetches)
					}
					if n := strings.Count(s.log.String(), `"code":"SEC"`); n != step.alarms {
						t.Errorf("step %d: %d alarms, want %d", i+1, n, step.alarms)
					}
				}
			})
		})
	}
}

// A delivery that could be verified waits a second for newer secrets; one that
// could not, as long as it can. One without time says nothing about the store.
func TestCacheKeyringOfASlowStore(t *testing.T) {
	type delivery struct {
		left time.Duration // until its sender gives up
		key  string        // that accepts the second secret
		took time.Duration
	}
	for _, row := range []struct {
		name       string
		takes      time.Duration
		warm       bool
		deliveries []delivery
	}{
		{"one without time does not block the next", time.Second / 10, false, []delivery{{0, noTime, 0}, {3 * time.Second, "1", time.Second / 10}}},
		{"nor where there was a secret", time.Second / 10, true, []delivery{{0, "", 0}, {3 * time.Second, "1", time.Second / 10}}},
		{"a first secret", 2 * time.Second, false, []delivery{{patience - 1, noTime, patience - 1}, {3 * time.Second, "1", 2 * time.Second}}},
		{"a newer secret", 2 * time.Second, true, []delivery{{3 * time.Second, "", patience}, {3 * time.Second, "", 0}}},
		{"a store that hangs", time.Hour, false, []delivery{{time.Second, silent, time.Second}, {time.Second, silent, 0}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore(one(second))
				if s.takes = row.takes; row.warm {
					s = newWarm(t, keepFor, row.takes)
				}
				for i, d := range row.deliveries {
					if key, took := s.within(t, d.left, second); key != d.key || took != d.took {
						t.Errorf("delivery %d: %q after %v, want %q after %v", i+1, key, took, d.key, d.took)
					}
				}
			})
		})
	}
}

// All wait for one fetch at the same time, each as long as it can.
func TestCacheKeyringConcurrently(t *testing.T) {
	for _, row := range []struct {
		name       string
		warm       bool
		takes      time.Duration
		key        string // that accepts the second secret
		took       time.Duration
		afterwards time.Duration // what one more waits
	}{
		{"a first secret", false, time.Second, "1", time.Second, 0},
		{"a newer secret", true, time.Second / 2, "1", time.Second / 2, 0},
		{"a store that hangs", true, time.Hour, "", patience, 0},
		{"no secret and a store that hangs", false, time.Hour, silent, 3 * time.Second, 3 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore(one(second))
				if s.takes = row.takes; row.warm {
					s = newWarm(t, keepFor, row.takes)
				}
				var all sync.WaitGroup
				for range 50 {
					all.Go(func() {
						key, took := s.within(t, 3*time.Second, second)
						if key == noTime {
							key = silent // one whose turn never came
						}
						if key != row.key || took != row.took {
							t.Errorf("%q after %v, want %q after %v", key, took, row.key, row.took)
						}
					})
				}
				all.Wait()
				if _, took := s.within(t, 3*time.Second, second); took != row.afterwards {
					t.Errorf("one more waits %v, want %v", took, row.afterwards)
				}
			})
		})
	}
}

// A delivery whose turn comes late, after others that left early, does not count as
// a failure of the store: the next one fetches.
func TestCacheKeyringTurnComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWarm(t, keepFor, patience-time.Millisecond)
		var all sync.WaitGroup
		for _, left := range []time.Duration{patience * 2 / 5, patience * 4 / 5, 3 * patience} {
			all.Go(func() { s.within(t, left, first) })
			synctest.Wait()
		}
		all.Wait()
		if key, _ := s.within(t, 3*time.Second, second); key != "1" || s.fetches != 4 {
			t.Errorf("the rotated secret is accepted by %q after %d fetches: %s", key, s.fetches, s.log.String())
		}
	})
}

// Instances that started together do not fetch together.
func TestCacheKeyringJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(one(first))
		s.random = func() float64 { return 0.5 }
		for i, after := range []time.Duration{0, keepFor*9/10 - 1, 1} {
			time.Sleep(after)
			if s.key(t, first); s.fetches != 1+i/2 {
				t.Errorf("delivery %d: %d fetches", i+1, s.fetches)
			}
		}
	})
}

func TestCacheRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWarm(t, leastGap-1, 0)
		if s.Refresh(t.Context(), "acme") != nil || s.fetches != 0 {
			t.Errorf("fetched again at once")
		}
		time.Sleep(time.Nanosecond)
		if got := accepts(t, s.Refresh(t.Context(), "acme"), second); got != "1" {
			t.Error("the rotated secret was not found")
		}
		for range 1000 { // a stranger's mismatches
			if s.Refresh(t.Context(), "acme") != nil {
				t.Fatal("nothing is newer")
			}
			time.Sleep(60 * time.Millisecond)
		}
		if s.fetches != 2 {
			t.Errorf("%d fetches in a minute, want 2", s.fetches)
		}
		time.Sleep(leastGap)
		s.err = errDown
		if s.Refresh(t.Context(), "acme") != nil || s.key(t, second) != "1" {
			t.Error("the keyring is gone while the store is down")
		}
	})
}

// Deliveries signed with the rotated secret arrive together, one of them without
// time: all others have the answer of one fetch.
func TestCacheRefreshConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWarm(t, leastGap, time.Second/2)
		expired, cancel := context.WithCancel(t.Context())
		cancel()
		if s.Refresh(expired, "acme") != nil {
			t.Error("newer than what was fetched")
		}
		s.fetches = 0
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if got := accepts(t, s.Refresh(t.Context(), "acme"), second); got != "1" {
					t.Errorf("accepted by %q", got)
				}
			})
		}
		if all.Wait(); s.fetches != 1 {
			t.Errorf("%d fetches, want one", s.fetches)
		}
	})
}

// A refusal asks what is known: it fetches nothing, and does not wait for a fetch.
func TestCacheUnused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(`{"acme":"` + first + `"}`)
		unused := func() [2]bool { return [2]bool{s.Unused("acme"), s.Unused("zenith")} }
		if unused() != [2]bool{} {
			t.Error("unused before the secret was read")
		}
		if s.key(t, first); unused() != [2]bool{false, true} {
			t.Error("the platform in the secret is unused, or the other is not")
		}
		time.Sleep(leastGap)
		s.takes = time.Second
		go s.Refresh(t.Context(), "acme")
		synctest.Wait()
		if start := time.Now(); !s.Unused("zenith") || time.Since(start) > 0 {
			t.Error("waits for the fetch under way")
		}
		time.Sleep(keepFor + time.Second)
		if unused() != [2]bool{} {
			t.Error("unused by an old secret: it may be in the new one")
		}
		if s.fetches != 2 {
			t.Errorf("%d fetches", s.fetches)
		}
	})
}

// What a read gives that began before the fetch is as old as its begin.
func TestCacheKeyringOfALateRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(one(first))
		s.begun = time.Now()
		time.Sleep(keepFor - time.Second)
		s.key(t, first)
		s.begun, s.text = time.Time{}, one(second)
		if got := s.key(t, first); got != "1" || s.fetches != 1 {
			t.Errorf("in time: %s after %d fetches", got, s.fetches)
		}
		time.Sleep(time.Second)
		if got := s.key(t, second); got != "1" || s.fetches != 2 {
			t.Errorf("later: %s after %d fetches", got, s.fetches)
		}
	})
}
