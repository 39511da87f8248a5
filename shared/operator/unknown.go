package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// UnknownCmd looks at events of types without a handler, or redrives them.
type UnknownCmd struct {
	Type    string `arg:"" optional:"" help:"Only this type, for example gabber.voice.clone_ready."`
	Redrive bool   `help:"Send them to the events queue again, oldest first: once a handler of their type is deployed."`
	Output
}

// unknownFacts is an event as other programs read it.
type unknownFacts struct {
	ID   string          `json:"id"`
	Type string          `json:"type"`
	Time time.Time       `json:"time"`
	Body json.RawMessage `json:"body"`
}

// Run lists them, newest first. A redriven event keeps its time and its record:
// without a handler it ends there again. It is identified anew, by the id that the
// platform's decoder has learnt to read since: a retry that arrives from now on has
// that one.
func (c *UnknownCmd) Run(ctx context.Context, t *Terminal) error {
	return t.use(ctx, !c.Redrive, func(in Stores) error {
		events, err := c.kept(ctx, in)
		if err == nil && len(events) == 0 && c.Type != "" {
			err = errors.New("no event of that type is kept; without a type all are listed")
		}
		if err != nil {
			return err
		}
		rows := []unknownFacts{}
		for _, e := range events {
			rows = append(rows, unknownFacts{e.ID, e.Type, e.Time, e.Data})
		}
		for _, e := range slices.Backward(events) {
			if !c.Redrive {
				break
			}
			e.Basis = webhook.Undecodable
			if err := in.Events.Publish(ctx, e); err != nil {
				return fmt.Errorf("event %s: %w", webhook.ShortID(e.ID), err)
			}
		}
		err = Table(c.Output, t.Out, rows, "TIME\tTYPE\tID\tBODY", func(r unknownFacts) []any {
			return []any{Stamp(r.Time), r.Type, webhook.ShortID(r.ID), compact(r.Body)}
		})
		if c.Redrive && !c.JSON {
			fmt.Fprintf(t.Out, "%d sent to the events queue\n", len(rows))
		}
		return err
	})
}

// kept gives the events of every platform.
func (c *UnknownCmd) kept(ctx context.Context, in Stores) (events []webhook.Event, err error) {
	decode := func(r records.Record) (webhook.Event, error) { return webhook.DecodeEvent(r.Data) }
	for _, p := range providers.Table() {
		kept, err := newest(ctx, in.Records, handlers.UnknownKind(p.Name), 1000, decode)
		if err != nil {
			return nil, err
		}
		events = append(events, kept...)
	}
	return slices.DeleteFunc(events, func(e webhook.Event) bool { return c.Type != "" && c.Type != e.Type }), nil
}
