package local_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/worker"
)

// all gives every message the same verdict.
func all(messages []worker.Message, done bool) (verdicts []worker.Verdict) {
	for _, m := range messages {
		verdicts = append(verdicts, worker.Verdict{ID: m.ID, Ack: done})
	}
	return verdicts
}

// start runs a Poll and gives a function that stops it and waits for its end.
func start(t *testing.T, q *local.Queue, o local.PollOptions, handle func(context.Context, []worker.Message) []worker.Verdict) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { local.Poll(ctx, q, handle, o) })
	stop = func() { cancel(); wg.Wait() }
	t.Cleanup(stop)
	return stop
}

// counter acknowledges everything and gives the size of each batch.
func counter() (handled chan int, handle func(context.Context, []worker.Message) []worker.Verdict) {
	handled = make(chan int, 10)
	return handled, func(_ context.Context, messages []worker.Message) []worker.Verdict {
		handled <- len(messages)
		return all(messages, true)
	}
}

func get[C ~chan T, T any](t *testing.T, from C) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came in 10 s")
		panic("unreachable")
	}
}

func TestPoll_givesEachItsVerdict(t *testing.T) {
	db := newDB(t)
	q := db.Queue(local.Events)
	for i := range 4 {
		publish(t, q, event(i))
	}
	handled := make(chan int, 10)
	stop := start(t, q, local.PollOptions{}, func(_ context.Context, messages []worker.Message) []worker.Verdict {
		handled <- len(messages)
		return []worker.Verdict{ // out of order, one of them missing, one about nothing
			{ID: messages[3].ID, Ack: true},
			{ID: "unknown", Ack: true},
			{ID: messages[1].ID, Ack: true},
			{ID: messages[0].ID, After: time.Hour, Reason: "not yet"},
		}
	})
	if n := get(t, handled); n != 4 {
		t.Fatalf("a batch of %d, want 4", n)
	}
	stop()
	length(t, q, 2)
	receive(t, q, 0) // both wait for a retry
}

// Polling every hour, only the signal of Publish can be in time.
func TestPoll_isWokenByPublish(t *testing.T) {
	db := newDB(t)
	handled, handle := counter()
	start(t, db.Queue(local.Events), local.PollOptions{Every: time.Hour}, handle)
	for i := range 3 {
		publish(t, db.Queue(local.Events), event(i))
		get(t, handled)
	}
}

func TestPoll_seesAnotherProcess(t *testing.T) {
	path := newPath(t)
	handled, handle := counter()
	start(t, open(t, path, time.Now).Queue(local.Events), local.PollOptions{Every: time.Millisecond}, handle)
	publish(t, open(t, path, time.Now).Queue(local.Events), event(1))
	get(t, handled)
}

func TestPoll_finishesItsLastBatch(t *testing.T) {
	db := newDB(t)
	q := db.Queue(local.Events)
	publish(t, q, event(1))
	began, finish := make(chan bool), make(chan bool)
	handle := func(ctx context.Context, messages []worker.Message) []worker.Verdict {
		began <- true
		<-finish
		return all(messages, ctx.Err() == nil)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() { local.Poll(ctx, q, handle, local.PollOptions{}); close(ended) }()
	get(t, began)
	cancel()
	select {
	case <-ended:
		t.Fatal("Poll returned before its batch was finished")
	case <-time.After(20 * time.Millisecond):
	}
	close(finish)
	get(t, ended)
	length(t, q, 0)
}

func TestPoll_boundsABatch(t *testing.T) {
	db := newDB(t)
	publish(t, db.Queue(local.Events), event(1))
	ends := make(chan error, 10)
	start(t, db.Queue(local.Events), local.PollOptions{Deadline: 10 * time.Millisecond}, func(ctx context.Context, messages []worker.Message) []worker.Verdict {
		<-ctx.Done()
		ends <- ctx.Err()
		return all(messages, false)
	})
	if err := get(t, ends); err != context.DeadlineExceeded {
		t.Errorf("the batch ended with %v", err)
	}
}

// A batch at its deadline still has to be finished, and a late write of the first
// try must land before the second starts: as on AWS, a message stays hidden for six
// deadlines.
func TestPoll_hidesABatchForSixDeadlines(t *testing.T) {
	const deadline = time.Minute
	c := newClock()
	q := open(t, newPath(t), c.now).Queue(local.Events)
	publish(t, q, event(1))
	began, finish := make(chan bool, 10), make(chan bool)
	defer close(finish)
	start(t, q, local.PollOptions{Deadline: deadline, Every: time.Hour}, func(_ context.Context, messages []worker.Message) []worker.Verdict {
		began <- true
		<-finish
		return all(messages, true)
	})
	get(t, began)
	c.advance(6*deadline - time.Nanosecond)
	receive(t, q, 0)
	c.advance(time.Hour)
	receive(t, q, 1) // hidden, not lost
}

func TestPoll_afterDatabaseErrors(t *testing.T) {
	path := newPath(t)
	db := open(t, path, time.Now)
	if _, err := raw(t, path).Exec("ALTER TABLE messages RENAME TO gone"); err != nil {
		t.Fatal(err)
	}
	log := make(firstLine, 1)
	handled, handle := counter()
	start(t, db.Queue(local.Events), local.PollOptions{Log: slog.New(slog.NewTextHandler(log, nil)), Every: time.Millisecond}, handle)
	if line := get(t, log); !strings.Contains(line, "level=ERROR") {
		t.Errorf("logged %s", line)
	}
	if _, err := raw(t, path).Exec("ALTER TABLE gone RENAME TO messages"); err != nil {
		t.Fatal(err)
	}
	publish(t, db.Queue(local.Events), event(1))
	get(t, handled)
}

// firstLine keeps the first line of a log.
type firstLine chan string

func (l firstLine) Write(p []byte) (int, error) {
	select {
	case l <- string(p):
	default:
	}
	return len(p), nil
}

// Two processes on one file, 20 publishers and 20 receivers each, receivers that
// drop a third of the fresh batches: every event is handled, none stays behind.
func TestPoll_twoProcessesLoseNothing(t *testing.T) {
	const processes, goroutines, each = 2, 20, 10
	path := newPath(t)
	var mu sync.Mutex
	handled := map[string]int{}
	calls, complete := 0, make(chan bool)
	handle := func(_ context.Context, messages []worker.Message) []worker.Verdict {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls%3 == 0 && messages[0].Receives == 1 { // once only: the back-off doubles
			return nil
		}
		for _, m := range messages {
			e := decode(t, m.Body)
			if handled[e.ID]++; len(handled) == processes*goroutines*each && handled[e.ID] == 1 {
				close(complete)
			}
		}
		return all(messages, true)
	}
	var publishers sync.WaitGroup
	var dbs []*local.DB
	for process := range processes {
		db := open(t, path, time.Now)
		dbs = append(dbs, db)
		for g := range goroutines {
			start(t, db.Queue(local.Events), local.PollOptions{Every: 20 * time.Millisecond}, handle)
			publishers.Go(func() {
				for i := range each {
					if err := db.Queue(local.Events).Publish(t.Context(), event(fmt.Sprint(process, g, i))); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	publishers.Wait()
	select {
	case <-complete:
	case <-time.After(60 * time.Second):
		mu.Lock()
		t.Errorf("%d events of %d were handled in time", len(handled), processes*goroutines*each)
		mu.Unlock()
	}
	length(t, dbs[0].Queue(local.Dead), 0)
}

func ExamplePoll() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	db, err := local.Open(ctx, filepath.Join(dir, "hooks.db"), time.Now)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()

	events := db.Queue(local.Events)
	fmt.Println(events.Publish(ctx, event("hello")))
	local.Poll(ctx, events, func(_ context.Context, messages []worker.Message) []worker.Verdict {
		cancel() // one batch will do
		fmt.Println(len(messages), "message, receive", messages[0].Receives)
		return []worker.Verdict{{ID: messages[0].ID, Ack: true}}
	}, local.PollOptions{})
	fmt.Println(events.Len(context.Background()))
	// Output:
	// <nil>
	// 1 message, receive 1
	// 0 <nil>
}
