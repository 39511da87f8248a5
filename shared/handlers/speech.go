package handlers

import (
	"context"
	"errors"

	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// Speech has texts spoken in sessions, each at most once: to say nothing is
// better than to say it twice.
//
// A call to speak cannot be repeated safely, so every try claims the text first.
// A claim that became neither "spoken" nor "failed" belongs to a try that died
// or never learnt what came of it; nobody tries again after it.
type Speech struct {
	API     gabber.API
	Records records.Store
}

// speechKind holds one record per text, by the event's id: claimed, then
// spoken, gone (the session is over) or failed (it was certainly not spoken, so
// the next try may claim it again).
const speechKind = "gabber.speech"

// Say handles session.speech.requested.
func (s *Speech) Say(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	var want SpeechRequest
	if err := strict.Unmarshal(e.Data, &want); err != nil || want.Session == "" || want.Text == "" {
		return nil, webhook.Permanent("not a request to speak")
	}
	try, err := s.claim(ctx, e)
	if err != nil || try == 0 {
		return nil, err
	}
	err = s.API.Speak(ctx, want.Session, want.Text)
	switch {
	case err == nil: // a claim that stays one keeps it from being repeated as well
		_, _ = s.put(ctx, e, try+1, "spoken")
		return nil, nil
	case errors.Is(err, outbound.ErrNotFound):
		_, err = s.put(ctx, e, try+1, "gone")
		return nil, err
	case errors.Is(err, outbound.ErrUnknown):
		return nil, errMayBeSpoken
	}
	_, noteErr := s.put(ctx, e, try+1, "failed")
	return nil, errors.Join(err, noteErr)
}

var errMayBeSpoken = webhook.Permanent("it may have been spoken already")

// claim gives the version of this try's claim, or 0 when nothing is left to do.
// Of several that claim at once the store lets one win.
func (s *Speech) claim(ctx context.Context, e webhook.Event) (int64, error) {
	last, _, err := s.Records.Get(ctx, speechKind, e.ID)
	if err != nil {
		return 0, err
	}
	var note speechNote
	if last.Data != nil {
		if err := strict.Unmarshal(last.Data, &note); err != nil {
			return 0, err
		}
	}
	switch note.State {
	case "spoken", "gone":
		return 0, nil
	case "claimed":
		return 0, errMayBeSpoken
	}
	won, err := s.put(ctx, e, last.Version+1, "claimed")
	if err == nil && !won {
		err = errors.New("another try is under way")
	}
	return last.Version + 1, err
}

type speechNote struct {
	State string `json:"state"`
}

func (s *Speech) put(ctx context.Context, e webhook.Event, version int64, state string) (bool, error) {
	return s.Records.Put(ctx, records.Record{Kind: speechKind, ID: e.ID, Version: version, Time: e.Time, Data: encode(speechNote{state})})
}
