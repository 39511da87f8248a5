package webhook

import "context"

// Publisher stores events on one queue. It returns nil only after the queue has
// confirmed durable storage, and it does not outlive ctx. A publisher may store
// an event it reports as failed (the answer was lost); it never reports one
// stored that is not.
type Publisher interface {
	Publish(ctx context.Context, e Event) error
}

// Handler reacts to one event. Handling an event again must be harmless and
// must give the same follow-up events again: the first try may have died
// between its write and their publication. They are published even if err is not
// nil; it then says what becomes of the event itself.
type Handler func(ctx context.Context, e Event) (followUps []Event, err error)

// BatchHandler reacts to several events of one type at once and gives one
// result per event, in their order. Use it where one write can serve several
// events; [Each] makes one of a Handler.
type BatchHandler func(ctx context.Context, events []Event) []Result

// Result is what became of one event.
type Result struct {
	Outcome   string // one lower-case word for the log and the counters: "charged", "duplicate"
	FollowUps []Event
	Err       error
}

// Each handles the events of a batch one by one; outcome is what to call those
// that succeed.
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
