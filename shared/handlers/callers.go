package handlers

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// A telephone call reaches the platform with a number and nobody attached to it.
// The worker looks the number up; outbound tells the platform whose call it is,
// so that its usage is charged to somebody.

// CallerKind holds {"human"} by telephone number.
const CallerKind = "caller"

// HumanFound is the type of the follow-up event that names the human of a
// session. Its data is an [Owner].
const HumanFound = "session.human.found"

// Owner says whose session it is.
type Owner struct {
	envelope.Private
	Session string `json:"session"`
	Human   string `json:"human"`
}

type callerNote struct {
	envelope.Private
	Human string `json:"human"`
}

// Caller is the record that says whose number it is; the latest one counts.
func Caller(number, human string, now time.Time) records.Record {
	return records.Record{Kind: CallerKind, ID: dialled(number), Version: now.UnixMicro(), Time: now, Data: encode(callerNote{Human: human})}
}

// maxNumber in bytes: a longer one is nobody's, and no store need be asked for it.
const maxNumber = 100

// dialled leaves out what people put between digits.
func dialled(number string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()/", r) {
			return -1
		}
		return r
	}, number)
}

// humanOf gives whose session it is, by its caller's number if the platform
// does not say; "" if nobody knows.
func humanOf(ctx context.Context, store records.Store, s Session) (string, error) {
	number := dialled(s.Caller)
	if s.Human != "" || number == "" || len(number) > maxNumber {
		return s.Human, nil
	}
	record, ok, err := store.Get(ctx, CallerKind, number)
	if err != nil || !ok || record.Deleted {
		return "", err
	}
	var note callerNote
	err = strict.Unmarshal(record.Data, &note)
	return note.Human, err
}

// findHuman asks for the human to be attached to a live call that has none.
func (s *Sessions) findHuman(ctx context.Context, e webhook.Event, session Session) ([]webhook.Event, error) {
	if session.State != inProgress || session.Human != "" {
		return nil, nil
	}
	human, err := humanOf(ctx, s.Records, session)
	if err != nil || human == "" {
		return nil, err
	}
	return []webhook.Event{followUp("worker", HumanFound, e, session.ID, Owner{Session: session.ID, Human: human})}, nil
}

// Attach tells the platform whose sessions are whose.
type Attach struct {
	API gabber.API
}

// Human handles session.human.found. To attach the same human twice changes
// nothing, so an unknown outcome is simply tried again.
func (a *Attach) Human(ctx context.Context, e webhook.Event) webhook.Result {
	var owner Owner
	if err := strict.Unmarshal(e.Data, &owner); err != nil || owner.Session == "" || owner.Human == "" {
		return webhook.Result{Err: webhook.Permanent("not the human of a session")}
	}
	err := a.API.AttachHuman(ctx, owner.Session, owner.Human)
	if errors.Is(err, outbound.ErrNotFound) {
		return webhook.Result{Outcome: "session over"}
	}
	return webhook.Result{Outcome: "attached", Err: err}
}
