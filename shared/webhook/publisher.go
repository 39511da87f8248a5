package webhook

import "context"

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
func Each(outcome string, h Handler) BatchHandler {
	return func(ctx context.Context, events []Event) []Result {
		results := make([]Result, len(events))
		for i, e := range events {
			followUps, err := h(ctx, e)
			results[i] = Result{Outcome: outcome, FollowUps: followUps, Err: err}
		}
		return results
	}
}
