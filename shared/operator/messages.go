package operator

import (
	"context"
	"io"
	"slices"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/records"
)

// MessagesCmd shows a conversation. Those of Gabber are sessions.
type MessagesCmd struct {
	Platform     string `arg:"" enum:"cribbly,oblic,g-tateth" help:"cribbly, oblic or g-tateth."`
	Conversation string `arg:"" help:"The conversation's id."`
	Output
}

// Run shows the messages that are not deleted, as they are now.
func (c *MessagesCmd) Run(ctx context.Context, t *Terminal) error {
	return t.look(ctx, func(in Stores) error {
		model, rows := c.Platform+".message", []recordFacts{}
		err := oldestFirst(ctx, in.Records, handlers.MessagesOf(model, c.Conversation), func(note records.Record) error {
			message, ok, err := in.Records.Get(ctx, model, note.ID)
			if ok && !message.Deleted {
				rows = append(rows, recordFacts{message.ID, note.Time, message.Data})
			}
			return err
		})
		if err != nil {
			return err
		}
		return c.Print(t.Out, rows, func(w io.Writer) { showRecords(w, rows) })
	})
}

// oldestFirst gives every record of a kind to each.
func oldestFirst(ctx context.Context, store records.Store, kind string, each func(records.Record) error) error {
	var all []records.Record
	for cursor := ""; ; {
		page, next, err := store.List(ctx, kind, cursor, 500)
		if err != nil {
			return err
		}
		all = append(all, page...)
		if cursor = next; next == "" {
			break
		}
	}
	for _, r := range slices.Backward(all) {
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}
