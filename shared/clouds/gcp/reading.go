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
	over time.Time     // when its time is
	done chan struct{} // closed once the read has ended and left what follows
	text []byte
	err  error
}

func beginReading(read func() ([]byte, error)) *reading {
	r := &reading{over: time.Now().Add(readTime), done: make(chan struct{})}
	go func() {
		r.text, r.err = read()
		close(r.done)
	}()
	return r
}

// left is what is left of its time.
func (r *reading) left() time.Duration { return time.Until(r.over) }

// wait returns when the read ends, after most, or with ctx.
func (r *reading) wait(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	select {
	case <-r.done:
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
