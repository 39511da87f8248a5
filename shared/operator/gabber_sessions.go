package operator

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
)

const gabberMessages = gabber.MessageKind

// SessionsCmd lists sessions, or the messages of one.
type SessionsCmd struct {
	Session string `arg:"" optional:"" help:"A session's id: show its messages."`
	Max     int    `default:"100" help:"At most so many sessions, newest first."`
	Output
}

// sessionFacts is a session as other programs read it.
type sessionFacts struct {
	Seen time.Time `json:"seen"` // when the last of its events was received
	gabber.SessionRecord
}

// Run lists them.
func (c *SessionsCmd) Run(ctx context.Context, t *Terminal) error {
	return t.look(ctx, func(in Stores) error {
		if c.Session != "" {
			return c.transcript(ctx, t, in.Records)
		}
		page, _, err := in.Records.List(ctx, gabber.SessionKind, "", c.Max)
		if err != nil {
			return err
		}
		rows := make([]sessionFacts, len(page))
		for i, r := range page {
			rows[i].Seen = r.Time
			if err := strict.Unmarshal(r.Data, &rows[i].SessionRecord); err != nil {
				return err
			}
		}
		return c.Print(t.Out, rows, func(w io.Writer) {
			Columns(w, "SEEN\tSTATE\tHUMAN\tCALLER\tCREATED\tENDED\tSESSION", func(row func(...any)) {
				for _, r := range rows {
					row(Stamp(r.Seen), r.State, r.Human, r.Caller, r.CreatedAt, r.EndedAt, r.ID)
				}
			})
		})
	})
}

// said is one message as other programs read it.
type said struct {
	ID        string `json:"id"`
	Role      string `json:"role"`
	CreatedAt string `json:"created_at"`
	Text      string `json:"text"`
}

// transcript shows what was said in one session, first things first.
func (c *SessionsCmd) transcript(ctx context.Context, t *Terminal, store records.Store) error {
	lines := []said{}
	err := oldestFirst(ctx, store, handlers.MessagesOf(gabberMessages, c.Session), func(r records.Record) error {
		line, err := sayingOf(r.Data)
		lines = append(lines, line)
		return err
	})
	if err == nil && len(lines) == 0 {
		err = errors.New("no messages; sessions without an id lists the sessions")
	}
	if err != nil {
		return err
	}
	return c.Print(t.Out, lines, func(w io.Writer) {
		Columns(w, "CREATED\tROLE\tTEXT", func(row func(...any)) {
			for _, l := range lines {
				row(l.CreatedAt, l.Role, l.Text)
			}
		})
	})
}

func sayingOf(data []byte) (said, error) {
	var message struct {
		said
		Content []struct {
			Text string `json:"text"`
		} `json:"content"`
	}
	ignore := func(string) {} // a message of another shape must not hide the others
	if err := strict.Parse(data).UnmarshalReporting(&message, ignore); err != nil {
		return said{}, err
	}
	for _, part := range message.Content {
		message.Text += part.Text
	}
	return message.said, nil
}
