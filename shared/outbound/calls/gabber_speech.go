package calls

import (
	"context"
	"errors"
	"time"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// speech has texts spoken in sessions, each at most once: to say nothing is
// better than to say it twice.
//
// A call to speak cannot be repeated safely, so every try claims the text first.
// A try that finds another claim waits until it is old. An old claim that became
// neither "spoken" nor "failed" belongs to a try that died or whose outcome is
// unknown; there is no further try then.
type speech struct {
	API     gabberAPI
	Records records.Store
	Now     func() time.Time
	Jitter  func() time.Duration // at random, less than a second
}

const (
	// claimFor is longer than a try goes on after it has claimed.
	claimFor = 2 * outbound.Timeout
	// speechNeeds is the least time for a try: one that runs out of it between
	// claim and answer may have spoken.
	speechNeeds = outbound.Timeout + 2*time.Second
)

var (
	errMayBeSpoken = webhook.Permanent("it may have been spoken already")
	errUnderWay    = errors.New("another try is under way")
	errNoTime      = errors.New("too little time is left to speak")
)

// Say handles session.speech.requested.
func (s *speech) Say(ctx context.Context, e webhook.Event) webhook.Result {
	var want followups.SpeechRequest
	if err := strict.Unmarshal(e.Data, &want); err != nil || want.Session == "" || want.Text == "" {
		return webhook.Result{Err: webhook.Permanent("not a request to speak")}
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Sub(s.Now()) < speechNeeds {
		return webhook.Result{Err: errNoTime}
	}
	try, state, err := s.claim(ctx, e)
	if err == nil && try > 0 {
		state, err = s.speak(ctx, e, want, try+1)
	}
	if state == "gone" {
		state = "session over"
	}
	return webhook.Result{Outcome: state, Err: err}
}

// speak makes the call that was claimed, and notes what became of it.
func (s *speech) speak(ctx context.Context, e webhook.Event, want followups.SpeechRequest, version int64) (state string, err error) {
	err = s.API.Speak(ctx, want.Session, want.Text)
	switch {
	case err == nil: // a claim that stays one keeps it from being repeated as well
		_ = s.put(ctx, e, version, "spoken")
		return "spoken", nil
	case errors.Is(err, outbound.ErrNotFound):
		return "gone", s.put(ctx, e, version, "gone")
	case errors.Is(err, outbound.ErrUnknown):
		return "", errMayBeSpoken
	}
	return "", errors.Join(err, s.put(ctx, e, version, "failed"))
}

// claim gives the version of this try's claim, or 0 and the state that was
// reached when nothing is left to do.
func (s *speech) claim(ctx context.Context, e webhook.Event) (int64, string, error) {
	last, note, err := s.read(ctx, e)
	switch {
	case err != nil:
		return 0, "", err
	case note.State == "spoken" || note.State == "gone":
		return 0, note.State, nil
	case note.State == "claimed" && s.Now().Sub(last.Time) < claimFor:
		return 0, "", errUnderWay
	case note.State == "claimed":
		return 0, "", errMayBeSpoken
	}
	return last.Version + 1, "", s.putClaim(ctx, e, last.Version+1)
}

// putClaim stores a claim. All claims of one version are alike but for their time, which
// stores do not compare: so the first one stays. A store whose answer was lost
// says that ours is not it; then the time tells, which no other claim has.
func (s *speech) putClaim(ctx context.Context, e webhook.Event, version int64) error {
	at := s.Now().Truncate(time.Second).Add(s.Jitter())
	won, err := s.Records.Put(ctx, speechRecord(e, version, "claimed", at))
	if err != nil || won {
		return err
	}
	last, _, err := s.read(ctx, e)
	if err == nil && (last.Version != version || !last.Time.Equal(at)) {
		err = errUnderWay
	}
	return err
}

// speechNote is the record of one text: claimed, then spoken, gone (the session is
// over) or failed (it was certainly not spoken, so the next try may claim it again).
type speechNote struct {
	State string `json:"state"`
}

// read gives what is on record: nothing at first.
func (s *speech) read(ctx context.Context, e webhook.Event) (last records.Record, note speechNote, err error) {
	last, ok, err := s.Records.Get(ctx, gabber.SpeechKind, e.ID)
	if err == nil && ok {
		err = strict.Unmarshal(last.Data, &note)
	}
	return last, note, err
}

func (s *speech) put(ctx context.Context, e webhook.Event, version int64, state string) error {
	_, err := s.Records.Put(ctx, speechRecord(e, version, state, s.Now()))
	return err
}

func speechRecord(e webhook.Event, version int64, state string, at time.Time) records.Record {
	return records.Record{Kind: gabber.SpeechKind, ID: e.ID, Version: version, Time: at, Data: webhook.JSON(speechNote{state})}
}
