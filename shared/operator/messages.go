package operator

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/page"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
)

// MessagesCmd shows a conversation of a platform whose messages are kept as latest
// state, or lists them.
type MessagesCmd struct {
	Platform     string `arg:"" help:"The platform's name, as in its route."`
	Conversation string `arg:"" optional:"" help:"The conversation's id. Default: list those that have messages, which reads every message."`
	Output
}

// Run shows the messages that are not deleted, as they are now.
func (c *MessagesCmd) Run(ctx context.Context, t *Terminal) error {
	platform, ok := providers.Table().Named(c.Platform)
	if !ok || platform.Conversation == nil {
		return fmt.Errorf("no messages are kept of that platform; there are %s", strings.Join(withMessages(), ", "))
	}
	return t.look(ctx, func(in Stores) error {
		if c.Conversation == "" {
			return c.conversations(ctx, t, in.Records, platform.Conversation)
		}
		model, rows := c.Platform+".message", []recordFacts{}
		err := oldestFirst(ctx, in.Records, handlers.MessagesOf(model, c.Conversation), func(note records.Record) error {
			message, ok, err := in.Records.Get(ctx, model, note.ID)
			if ok && !message.Deleted {
				rows = append(rows, recordFacts{message.ID, note.Time, message.Data})
			}
			return err
		})
		if err == nil && len(rows) == 0 {
			err = fmt.Errorf("no messages; messages %s lists the conversations that have some", c.Platform)
		}
		if err != nil {
			return err
		}
		return showRecords(c.Output, t.Out, rows)
	})
}

// withMessages names the platforms whose messages are kept as latest state.
func withMessages() (names []string) {
	for _, platform := range providers.Table().Providers() {
		if platform.Conversation != nil {
			names = append(names, platform.Name)
		}
	}
	return names
}

// conversationFacts is a conversation as other programs read it.
type conversationFacts struct {
	ID       string    `json:"id"`
	Messages int       `json:"messages"`
	Newest   time.Time `json:"newest"` // when its last message was received
}

// conversations lists what the messages say they belong to, the newest first.
func (c *MessagesCmd) conversations(ctx context.Context, t *Terminal, store records.Store, conversationOf func([]byte) string) error {
	byID := map[string]conversationFacts{}
	err := oldestFirst(ctx, store, c.Platform+".message", func(r records.Record) error {
		if id := conversationOf(r.Data); id != "" {
			byID[id] = conversationFacts{id, byID[id].Messages + 1, r.Time}
		}
		return nil
	})
	rows := slices.AppendSeq([]conversationFacts{}, maps.Values(byID))
	slices.SortFunc(rows, func(a, b conversationFacts) int {
		return cmp.Or(b.Newest.Compare(a.Newest), cmp.Compare(a.ID, b.ID))
	})
	if err != nil {
		return err
	}
	return Table(c.Output, t.Out, rows, "NEWEST\tMESSAGES\tCONVERSATION", func(r conversationFacts) []any {
		return []any{Stamp(r.Newest), r.Messages, r.ID}
	})
}

// oldestFirst gives every record of a kind to each.
func oldestFirst(ctx context.Context, store records.Store, kind string, each func(records.Record) error) error {
	var all []records.Record
	err := page.Each(func(cursor string) ([]records.Record, string, error) { return store.List(ctx, kind, cursor, 500) },
		func(r records.Record) error { all = append(all, r); return nil })
	if err != nil {
		return err
	}
	for _, r := range slices.Backward(all) {
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}
