package gcp

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// slow is a mounted secret behind a slow network; time is the bubble's.
type slow struct {
	*Keyrings
	mu      sync.Mutex
	content string
	takes   time.Duration
	reads   int
	log     bytes.Buffer
}

func newSlow(content string, takes time.Duration) *slow {
	s := &slow{content: content, takes: takes}
	s.Keyrings = newKeyrings(s.read, schemes(), time.Now, NewLog(&s.log))
	return s
}

// newWarm has read the first secret a while ago; since then it is rotated.
func newWarm(t *testing.T, ago, takes time.Duration) *slow {
	s := newSlow(`{"gabber": "`+first+`"}`, 0)
	s.after(t, time.Second, first)
	s.becomes(takes)
	time.Sleep(ago)
	return s
}

// becomes rotates the secret and counts reads anew.
func (s *slow) becomes(takes time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.content, s.takes, s.reads = rotated, takes, 0
}

func (s *slow) read() ([]byte, error) {
	s.mu.Lock()
	s.reads++
	content, takes := s.content, s.takes
	s.mu.Unlock()
	time.Sleep(takes)
	return []byte(content), nil
}

func (s *slow) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// after says what a delivery signed with secret finds that has some time left,
// and how much of it that took.
func (s *slow) after(t *testing.T, left time.Duration, secret string) (found string, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), left)
	defer cancel()
	start := time.Now()
	ring, err := s.Keyring(ctx, "gabber")
	if err != nil {
		return err.Error(), time.Since(start)
	}
	id, _ := ring.Verify(signed(t, secret, "body"), []byte("body"))
	return id, time.Since(start)
}

const (
	rotated = `{"gabber": "` + second + `"}`
	noTime  = "webhook secrets: the caller's time is over"
	hanging = "webhook secrets: reading the file takes too long"
)

// What becomes of deliveries, one after the other, while a read takes its time.
func TestASlowSecret(t *testing.T) {
	type delivery struct {
		left  time.Duration // until its sender gives up
		found string
		took  time.Duration
	}
	for _, row := range []struct {
		name       string
		takes      time.Duration
		warm       bool // there was a secret, which was rotated meanwhile
		deliveries []delivery
	}{
		{"one without time does not block the next", 100 * time.Millisecond, false, []delivery{
			{0, noTime, 0}, {3 * time.Second, "1", 100 * time.Millisecond}}},
		{"nor where there was a secret", 100 * time.Millisecond, true, []delivery{
			{0, "", 0}, {3 * time.Second, "1", 100 * time.Millisecond}}},
		{"none waits longer than it can", time.Minute, false, []delivery{
			{50 * time.Millisecond, noTime, 50 * time.Millisecond}, {3 * time.Second, noTime, 3 * time.Second}}},
		{"somebody is called once it hangs", time.Minute, false, []delivery{
			{3 * time.Second, noTime, 3 * time.Second}, {3 * time.Second, noTime, 3 * time.Second}, {3 * time.Second, noTime, 3 * time.Second},
			{3 * time.Second, hanging, time.Second}, {0, hanging, 0}}},
		{"what comes in the end is used", 4 * time.Second, false, []delivery{
			{3 * time.Second, noTime, 3 * time.Second}, {3 * time.Second, "1", time.Second}}},
		{"what comes behind its time is used", 12 * time.Second, false, []delivery{
			{20 * time.Second, hanging, 10 * time.Second}, {3 * time.Second, hanging, time.Second}, {0, hanging, 0}}},
		{"who has a secret waits a second", 1500 * time.Millisecond, true, []delivery{
			{3 * time.Second, "", time.Second}, {3 * time.Second, "1", 500 * time.Millisecond}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSlow(rotated, row.takes)
				if row.warm {
					s = newWarm(t, keepFor, row.takes)
				}
				for i, d := range row.deliveries {
					if found, took := s.after(t, d.left, second); found != d.found || took != d.took {
						t.Errorf("delivery %d: %q after %v, want %q after %v", i+1, found, took, d.found, d.took)
					}
				}
				time.Sleep(row.takes)
				if found, _ := s.after(t, 0, second); found != "1" || s.count() != 1 {
					t.Errorf("in the end: %q after %d reads, want the secret after one", found, s.count())
				}
			})
		})
	}
}

// An instance is frozen when nobody waits any more, and the read with it. So the
// delivery that wakes it gives a read whose time is over another second.
func TestASecretLeftBehind(t *testing.T) {
	for _, row := range []struct {
		name  string
		takes time.Duration
		warm  bool
		found string
		took  time.Duration
	}{
		{"it ends", readTime + 2*time.Second, false, "1", 500 * time.Millisecond},
		{"it ends, and there was a secret", readTime + 2*time.Second, true, "1", 500 * time.Millisecond},
		{"it hangs", time.Minute, false, hanging, time.Second},
		{"it hangs, and there was a secret", time.Minute, true, "", time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSlow(rotated, row.takes)
				if row.warm {
					s = newWarm(t, keepFor, row.takes)
				}
				s.after(t, 20*time.Millisecond, second)
				time.Sleep(readTime + 1480*time.Millisecond)
				s.after(t, 0, second) // says nothing
				if found, took := s.after(t, 3*time.Second, second); found != row.found || took != row.took {
					t.Errorf("%q after %v, want %q after %v", found, took, row.found, row.took)
				}
				time.Sleep(row.takes)
			})
		})
	}
}

// A volume that hangs costs one goroutine. Who could be verified waits a second
// at most, all at once; once it counts as failed, only every leastGap.
func TestASecretThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWarm(t, keepFor, 30*time.Hour)
		begun := time.Now()
		for told := range 2 { // only then has it had its time
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					if found, took := s.after(t, 3*time.Second, first); found != "1" || took != patience {
						t.Errorf("%q after %v", found, took)
					}
				})
			}
			all.Wait()
			if got := strings.Count(s.log.String(), "\n"); got != told {
				t.Errorf("told %d times, want %d", got, told)
			}
			time.Sleep(readTime)
		}
		waited := time.Duration(0)
		for range 2 * time.Hour / time.Second {
			found, took := s.after(t, 3*time.Second, first)
			if newer := s.Refresh(t.Context(), "gabber"); found != "1" || took > patience || newer != nil {
				t.Fatalf("%q after %v, then %v", found, took, newer)
			}
			waited += took
			time.Sleep(time.Second)
		}
		if most := 2 * time.Hour / leastGap * patience; waited > most {
			t.Errorf("waited for %v in two hours, want %v at most", waited, most)
		}
		if told := strings.Count(s.log.String(), "\n"); told > int(2*time.Hour/leastGap)+1 || !strings.Contains(s.log.String(), `"code":"SEC"`) {
			t.Errorf("told %d times in two hours", told)
		}
		time.Sleep(useFor)
		if found, took := s.after(t, 3*time.Second, first); found != hanging || took != patience || s.count() != 1 {
			t.Errorf("a day later: %q after %v and %d reads, want one that hangs", found, took, s.count())
		}
		s.becomes(0)
		time.Sleep(time.Until(begun.Add(30*time.Hour + 1)))
		if found, _ := s.after(t, 3*time.Second, second); found != "1" {
			t.Errorf("it hangs no more: %q", found)
		}
	})
}

// What a read gives that took longer is as old as its beginning: another one
// follows at once, and a day later nobody is believed by it.
func TestALateSecretIsOld(t *testing.T) {
	for takes, want := range map[time.Duration]string{time.Hour: "1", useFor + time.Hour: noTime} {
		synctest.Test(t, func(t *testing.T) {
			s := newWarm(t, keepFor, takes)
			s.after(t, 0, first)
			time.Sleep(takes + 1)
			if found, _ := s.after(t, time.Second/2, second); found != want || s.count() != 2 {
				t.Errorf("one that took %v: %q after %d reads", takes, found, s.count())
			}
			time.Sleep(takes)
		})
	}
}

// Deliveries signed with the rotated secret arrive together: all wait for one
// read, and one without time leaves them to it.
func TestAMismatchWaitsForAnothersRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWarm(t, leastGap, time.Second/2)
		expired, cancel := context.WithCancel(t.Context())
		cancel()
		if s.Refresh(expired, "gabber") != nil {
			t.Error("newer than what was read")
		}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				ring := s.Refresh(t.Context(), "gabber")
				if ring == nil {
					t.Error("nothing newer")
				} else if id, _ := ring.Verify(signed(t, second, "body"), []byte("body")); id != "1" {
					t.Errorf("verified by %q", id)
				}
			})
		}
		all.Wait()
		if s.count() != 1 {
			t.Errorf("%d reads, want one", s.count())
		}
	})
}

var errDenied = errors.New("permission denied")

func TestReading(t *testing.T) {
	for _, row := range []struct {
		name  string
		takes time.Duration
		err   error
		after time.Duration // of waiting
		ends  bool
	}{
		{"a quick one", time.Millisecond, nil, time.Millisecond, true},
		{"one that fails", time.Millisecond, errDenied, time.Millisecond, true},
		{"one that hangs", time.Hour, nil, readTime, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				r := beginReading(func() ([]byte, error) { time.Sleep(row.takes); return []byte("text"), row.err })
				r.wait(t.Context(), r.left())
				if took := time.Since(start); took != row.after || r.ended() != row.ends || r.left() != readTime-took {
					t.Errorf("ended %v after %v, %v left", r.ended(), took, r.left())
				}
				<-r.done
				if string(r.text) != "text" || r.err != row.err || !r.ended() {
					t.Errorf("gave %q, %v", r.text, r.err)
				}
			})
		})
	}
}
