package webhook

import (
	"errors"
	"time"
)

// Retry is a property of the error: a [Permanent] one makes the event a dead letter,
// any other is retried.

type permanentError struct{ reason string }

func (e *permanentError) Error() string { return e.reason }

// Permanent makes an error that no retry can help. The reason is stored with the dead
// letter and logged: a fact about the event ("value is negative") without its values.
func Permanent(reason string) error { return &permanentError{reason} }

// PermanentReason gives the reason of a permanent error, false for any other.
func PermanentReason(err error) (string, bool) {
	if p, ok := errors.AsType[*permanentError](err); ok {
		return p.reason, true
	}
	return "", false
}

type retryError struct {
	after time.Duration
	err   error
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

// RetryAfter marks err as transient: the next try comes no sooner than after.
func RetryAfter(after time.Duration, err error) error { return &retryError{after, err} }

// RetryDelay gives the least time before the next try; 0 leaves it to the queue.
func RetryDelay(err error) time.Duration {
	if l, ok := errors.AsType[*retryError](err); ok {
		return l.after
	}
	return 0
}

// NoSooner gives err with the delay of other if that is the longer one: what one part of
// a try has left on its way is still there, whichever part's error decides.
func NoSooner(err, other error) error {
	if after := RetryDelay(other); after > RetryDelay(err) {
		return RetryAfter(after, err)
	}
	return err
}
