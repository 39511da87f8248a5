package sim

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	histories = flag.Int("histories", 300, "how many histories TestSim runs")
	first     = flag.Uint64("first", 1, "the first seed of them; 0: a new one")
	seed      = flag.Uint64("seed", 0, "run the history of this seed alone, and tell it")
	skip      = flag.String("skip", "", "acts to leave out of it")
	calm      = flag.String("calm", "", "calls that no fault happens to in it")
)

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

func TestSim(t *testing.T) {
	if *seed != 0 {
		h := History{Seed: *seed, Skip: numbers(t, *skip), Calm: numbers(t, *calm), Story: os.Stdout}
		r := Run(t, h)
		for _, v := range r.Violations {
			t.Error(v)
		}
		t.Logf("%d steps, %d calls, %d faults, %v of virtual time", r.Steps, r.Calls, len(r.Faulty), r.Virtual)
		return
	}
	from := *first
	if from == 0 {
		from = uint64(time.Now().UnixNano())
	}
	total := sweep(t, from, *histories)
	t.Logf("%s", total)
}

// totals are what many histories were like.
type totals struct {
	mu                            sync.Mutex
	histories, short              int
	steps, calls, safety, virtual int
	coverage                      Coverage
	failed                        bool
}

func (s *totals) String() string {
	return fmt.Sprintf("%d histories (%d of safety), %d steps, %d calls, %d faults, %d days of virtual time, %d shorter than 60 steps\n%s",
		s.histories, s.safety, s.steps, s.calls, s.coverage.Faults(), s.virtual/24, s.short, s.coverage)
}

func (s *totals) add(r Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.histories++
	s.steps += r.Steps
	s.calls += r.Calls
	s.virtual += int(r.Virtual.Hours())
	if r.Safety {
		s.safety++
	}
	if r.Steps < 60 {
		s.short++
	}
	s.coverage.Add(r.Coverage)
}

// sweep runs the histories of n seeds, on each processor some.
func sweep(t *testing.T, from uint64, n int) *totals {
	total := &totals{coverage: Coverage{}}
	t.Run("histories", func(t *testing.T) {
		const lanes = 2
		for lane := range lanes {
			t.Run(strconv.Itoa(lane), func(t *testing.T) {
				t.Parallel()
				for i := lane; i < n && !t.Failed(); i += lanes {
					h := History{Seed: from + uint64(i)}
					r := Run(t, h)
					total.add(r)
					if len(r.Violations) > 0 {
						t.Errorf("history %d: go test ./testbed/sim -run TestSim -v %s\n%s", i+1, h, strings.Join(r.Violations, "\n"))
					}
				}
			})
		}
	})
	return total
}

// A seed tells the same story every time, to the byte.
func TestRun_replays(t *testing.T) {
	for seed := range uint64(200) {
		var stories [2]strings.Builder
		for i := range stories {
			Run(t, History{Seed: 1000 + seed, Story: &stories[i]})
		}
		if a, b := stories[0].String(), stories[1].String(); a != b {
			line := 0
			for i := range min(len(a), len(b)) {
				if a[i] != b[i] {
					t.Fatalf("seed %d, line %d:\n%.300s\n%.300s", 1000+seed, line, a[max(0, i-100):], b[max(0, i-100):])
				}
				if a[i] == '\n' {
					line++
				}
			}
		}
	}
}
