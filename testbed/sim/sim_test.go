package sim

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	histories = flag.Int("histories", 200/slower, "how many histories of 60 steps or more TestSim runs")
	first     = flag.Uint64("first", 1, "the first seed of them; 0: a new one")
	seed      = flag.Uint64("seed", 0, "run the history of this seed alone, and tell it")
	skip      = flag.String("skip", "", "acts to leave out of it")
	calm      = flag.String("calm", "", "calls that no fault happens to in it")
)

// TestSim runs the histories of a row of seeds, or tells one.
func TestSim(t *testing.T) {
	if *seed != 0 {
		tell(t, History{Seed: *seed, Skip: numbers(t, *skip), Calm: numbers(t, *calm), Story: os.Stdout})
		return
	}
	from := *first
	if from == 0 {
		from = uint64(time.Now().UnixNano())
	}
	fmt.Println("histories from seed", from)
	began := time.Now()
	total := sweep(t, from, *histories)
	if t.Failed() {
		return
	}
	fmt.Printf("%s\nno promise is broken; %v from seed %d\n", total, time.Since(began).Round(time.Second), from)
	if unlisted := total.coverage.Unlisted(); len(unlisted) > 0 {
		t.Errorf("not among the call sites of sites.go:\n%s", strings.Join(unlisted, "\n"))
	}
	if missing := total.coverage.Missing(); *histories >= enough && len(missing) > 0 {
		t.Errorf("never happened:\n%s", strings.Join(missing, "\n"))
	}
}

// enough histories have each fault happen at each call site.
const enough = 50_000

func tell(t *testing.T, h History) {
	r := Run(t, h)
	for _, v := range r.Violations {
		t.Error(v)
	}
	if len(r.Violations) == 0 {
		t.Log("no promise is broken")
	}
	t.Logf("%d steps, %d calls, %d faults, %v of virtual time", r.Steps, r.Calls, len(r.Faulty), r.Virtual)
}

func numbers(t *testing.T, text string) (list []int) {
	for _, item := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(item)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

// totals are what many histories were like.
type totals struct {
	histories, short, safety, steps, calls int
	days                                   float64 // of virtual time
	coverage                               Coverage
}

func (s *totals) String() string {
	return fmt.Sprintf("%s\n\n%d histories of 60 steps or more (%d shorter ones left out), %d of them of safety; %d steps, %d calls, %d faults, %.0f years",
		s.coverage, s.histories, s.short, s.safety, s.steps, s.calls, s.coverage.Faults(), s.days/365)
}

func (s *totals) add(r Report) {
	if r.Steps < 60 && len(r.Violations) == 0 {
		s.short++
		return
	}
	s.histories++
	s.steps += r.Steps
	s.calls += r.Calls
	s.days += r.Virtual.Hours() / 24
	if r.Safety {
		s.safety++
	}
	s.coverage.Add(r.Coverage)
}

// sweep runs histories until there are n of 60 steps or more, on two processors.
func sweep(t *testing.T, from uint64, n int) *totals {
	total := &totals{coverage: Coverage{}}
	var next atomic.Uint64
	next.Store(from - 1)
	reports, began := make(chan Report), time.Now()
	broken := make(chan struct{})
	var lanes sync.WaitGroup
	for range 2 {
		lanes.Go(func() {
			for {
				s := next.Add(1)
				r := Run(t, History{Seed: s})
				select {
				case reports <- r:
				case <-broken:
					return
				}
			}
		})
	}
	defer lanes.Wait()
	defer close(broken)
	for total.histories < n {
		r := <-reports
		total.add(r)
		if total.histories%5000 == 0 && n > 5000 && total.histories < n {
			fmt.Printf("%d histories, %v\n", total.histories, time.Since(began).Round(time.Second))
		}
		if len(r.Violations) > 0 {
			fail(t, total.histories, r)
			return total
		}
	}
	return total
}

// fail tells what is broken, and the shortest history found that breaks it.
func fail(t *testing.T, after int, r Report) {
	t.Errorf("history %d breaks a promise: go test ./testbed/sim -run 'TestSim$' -v -seed=%d\n%s", after, r.Seed, strings.Join(r.Violations, "\n"))
	var story strings.Builder
	h := Shrink(t, History{Seed: r.Seed}, 2000)
	h.Story = &story
	Run(t, h)
	t.Errorf("the shortest history found that breaks it:\n%sit is told again by: go test ./testbed/sim -run 'TestSim$' -v %s", story.String(), h)
}

// A history that broke a promise once is kept.
func TestSim_seeds(t *testing.T) {
	files, err := filepath.Glob("testdata/seeds/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			number, why, _ := strings.Cut(line, " ")
			s, err := strconv.ParseUint(number, 10, 64)
			if err != nil {
				t.Fatal(file, err)
			}
			if r := Run(t, History{Seed: s}); len(r.Violations) > 0 {
				t.Errorf("seed %d (%s): %v", s, strings.TrimSpace(why), r.Violations)
			}
		}
	}
}

// A seed tells the same story every time, to the byte.
func TestRun_replays(t *testing.T) {
	for seed := range uint64(200 / slower) {
		var stories [2]strings.Builder
		for i := range stories {
			Run(t, History{Seed: 1000 + seed, Story: &stories[i]})
		}
		if a, b := stories[0].String(), stories[1].String(); a != b {
			at := 0
			for at < min(len(a), len(b)) && a[at] == b[at] {
				at++
			}
			t.Fatalf("seed %d, line %d:\n%.300s\n\n%.300s", 1000+seed, strings.Count(a[:at], "\n")+1, a[max(0, at-200):], b[max(0, at-200):])
		}
	}
}
