package webhook

import (
	"errors"
	"time"
)

// Retry is a property of the error: [Permanent] errors go to the dead letters
// with their reason, everything else comes back later.

type permanentError struct{ reason string }

func (e *permanentError) Error() string { return e.reason }

// Permanent says that trying again cannot help. The reason is stored beside the
// dead letter and logged, so it is a fact about the event ("value is negative")
// and never quotes one: no values, no personal data.
func Permanent(reason string) error { return &permanentError{reason} }

// PermanentReason gives the reason of a permanent error, false for any other.
func PermanentReason(err error) (string, bool) {
	if p, ok := errors.AsType[*permanentError](err); ok {
		return p.reason, true
	}
	return "", false
}

type laterError struct {
	after time.Duration
	err   error
}

func (e *laterError) Error() string { return e.err.Error() }
func (e *laterError) Unwrap() error { return e.err }

// Later marks err as transient and not to be tried again before after has passed.
func Later(after time.Duration, err error) error { return &laterError{after, err} }

// RetryAfter gives the least time to wait before the next try; 0 leaves it to
// the queue's own back-off.
func RetryAfter(err error) time.Duration {
	if l, ok := errors.AsType[*laterError](err); ok {
		return l.after
	}
	return 0
}
