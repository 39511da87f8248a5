package gcp

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/webhook-functions/template/shared/secrets"
)

const (
	// readTime is the longest that reads of a file are waited for from the begin.
	readTime = 10 * time.Second
	// wakeTime is the least: an instance may have been frozen during the read.
	wakeTime = time.Second
	// readAge is the longest that a read may have taken to be used: what it gives is
	// as old as its begin.
	readAge = 5 * time.Minute
)

var errHangs = errors.New("reading the file takes too long")

// Mounted fetches a secret of Secret Manager from the file that Cloud Run mounts.
// Each read is a call over the network and gives the newest version. No deadline
// can end it. So a read that is left
// behind is kept, and no other begins before its end: a volume that hangs costs
// one goroutine.
func Mounted(file string) secrets.Fetch {
	m := &mount{read: func() ([]byte, error) { return os.ReadFile(file) }}
	return m.fetch
}

type mount struct {
	read    func() ([]byte, error)
	reading *reading // the one under way, nil if none is
}

// reading is a read of a mounted file that is under way.
type reading struct {
	begun time.Time
	done  chan struct{} // closed once the read has ended and left what follows
	text  []byte
	err   error
}

func (m *mount) fetch(ctx context.Context) ([]byte, time.Time, error) {
	for {
		r := m.underWay()
		if !r.wait(ctx) {
			return nil, time.Time{}, errHangs
		}
		m.reading = nil
		if time.Since(r.begun) < readAge {
			return r.text, r.begun, r.err
		}
	}
}

func (m *mount) underWay() *reading {
	if m.reading == nil {
		r := &reading{begun: time.Now(), done: make(chan struct{})}
		go func() {
			r.text, r.err = m.read()
			close(r.done)
		}()
		m.reading = r
	}
	return m.reading
}

// wait says whether the read ended before its time and that of ctx.
func (r *reading) wait(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, max(wakeTime, readTime-time.Since(r.begun)))
	defer cancel()
	select {
	case <-r.done:
		return true
	case <-ctx.Done():
		return false
	}
}
