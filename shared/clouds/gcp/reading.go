package gcp

import (
	"context"
	"errors"
	"time"
)

// readTime is the longest a read may take; then it counts as failed.
const readTime = 10 * time.Second

var errHangs = errors.New("reading the file takes too long")

// reading is a read of a mounted file that is under way. Such a file is a call
// over the network that knows no deadline: nobody can end it, only cease to wait
// for it. So whoever begins one keeps it, and begins no other before its end, or
// a volume that hangs would collect a goroutine per try.
type reading struct {
	over context.Context // ends with the read, or with its time
	done chan struct{}   // closed once the read has ended and left what follows
	text []byte
	err  error
}

func beginReading(read func() ([]byte, error)) *reading {
	over, cancel := context.WithTimeout(context.Background(), readTime)
	r := &reading{over: over, done: make(chan struct{})}
	go func() {
		defer cancel()
		r.text, r.err = read()
		close(r.done)
	}()
	return r
}

// wait returns when the read ends, its time is over, or ctx is.
func (r *reading) wait(ctx context.Context) {
	select {
	case <-r.over.Done():
	case <-ctx.Done():
	}
}

func (r *reading) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// hangs: its time is over and it has not ended. It still may.
func (r *reading) hangs() bool {
	return errors.Is(r.over.Err(), context.DeadlineExceeded) && !r.ended()
}
