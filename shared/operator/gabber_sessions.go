package operator

import (
	"context"
	"errors"
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
		rows, err := newest(ctx, in.Records, gabber.SessionKind, c.Max, func(r records.Record) (s sessionFacts, err error) {
			s.Seen, err = r.Time, strict.Unmarshal(r.Data, &s.SessionRecord)
			return s, err
		})
		if err != nil {
			return err
		}
		return Table(c.Output, t.Out, rows, "SEEN\tSTATE\tHUMAN\tCALLER\tCREATED\tENDED\tSESSION", func(r sessionFacts) []any {
			return []any{Stamp(r.Seen), r.State, r.Human, r.Caller, r.CreatedAt, r.EndedAt, r.ID}
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
	return Table(c.Output, t.Out, lines, "CREATED\tROLE\tTEXT", func(l said) []any { return []any{l.CreatedAt, l.Role, l.Text} })
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
