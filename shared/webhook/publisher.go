package webhook

import (
	"cmp"
	"context"
)

// Publisher stores events on one queue. It returns nil only after the queue confirmed
// durable storage, and returns when ctx ends. An event may be stored in spite of an
// error (the answer was lost).
type Publisher interface {
	Publish(ctx context.Context, e Event) error
}

// Handler reacts to one event. It must be idempotent and give the same follow-up events
// again: the first try may have died between its write and their publication. They are
// published also with an error, which decides about the event itself.
type Handler func(ctx context.Context, e Event) (followUps []Event, err error)

// BatchHandler reacts to several events of one type and gives one result per event, in
// their order. Use it where one write serves several events.
type BatchHandler func(ctx context.Context, events []Event) []Result

// Result is what became of one event.
type Result struct {
	Outcome   string // one lower-case word for the log and the counters: "charged", "duplicate"
	FollowUps []Event
	Err       error
}

// Each makes a BatchHandler of a Handler. Outcome is the word for success.
func Each(outcome string, h Handler) BatchHandler { return h.As(outcome).Each() }

// Reaction is a [Handler] whose successes are of several kinds.
type Reaction func(ctx context.Context, e Event) Result

// As gives every success of h the same outcome.
func (h Handler) As(outcome string) Reaction {
	return func(ctx context.Context, e Event) Result {
		followUps, err := h(ctx, e)
		return Result{Outcome: outcome, FollowUps: followUps, Err: err}
	}
}

// Each makes a BatchHandler of a Reaction.
func (r Reaction) Each() BatchHandler {
	return func(ctx context.Context, events []Event) []Result {
		results := make([]Result, len(events))
		for i, e := range events {
			results[i] = r(ctx, e)
		}
		return results
	}
}

// Both runs two handlers on the same events, the second one also where the first one
// failed, and joins their results. The outcome is the second one's. As long as one of
// the two is not done the event comes back for both, although the other one may have
// failed for good, and no sooner than either asks for.
func Both(first, second BatchHandler) BatchHandler {
	return func(ctx context.Context, events []Event) []Result {
		before, results := first(ctx, events), second(ctx, events)
		for i, b := range before {
			results[i].FollowUps = append(b.FollowUps, results[i].FollowUps...)
			if _, permanent := PermanentReason(b.Err); b.Err != nil && !permanent {
				results[i].Err = NoSooner(b.Err, results[i].Err)
			}
			results[i].Err = cmp.Or(results[i].Err, b.Err)
		}
		return results
	}
}
