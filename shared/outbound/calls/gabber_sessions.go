package calls

import (
	"context"
	"errors"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// gabberSessions attaches humans to sessions, and ends sessions.
type gabberSessions struct {
	API     gabberAPI
	Records records.Store
}

// Attach handles session.human.found. To attach the same human twice changes
// nothing, so an unknown outcome is simply tried again.
func (s *gabberSessions) Attach(ctx context.Context, e webhook.Event) webhook.Result {
	var found followups.SessionHuman
	if err := strict.Unmarshal(e.Data, &found); err != nil || found.Session == "" || found.Human == "" {
		return webhook.Result{Err: webhook.Permanent("not the human of a session")}
	}
	err := s.API.AttachHuman(ctx, found.Session, found.Human)
	if errors.Is(err, outbound.ErrNotFound) {
		return webhook.Result{Outcome: "session over"}
	}
	return webhook.Result{Outcome: "attached", Err: err}
}

// maxSessions bounds the search for live sessions, newest first.
const maxSessions = 1000

// EndAll ends the live sessions of a human. That a session is over already is no
// error.
func (s *gabberSessions) EndAll(ctx context.Context, of followups.Balance) error {
	cursor := ""
	for range maxSessions / 100 {
		page, next, err := s.Records.List(ctx, gabber.SessionKind, cursor, 100)
		if err != nil {
			return err
		}
		for _, record := range page {
			if err := s.endSession(ctx, of, record); err != nil {
				return err
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	return nil
}

func (s *gabberSessions) endSession(ctx context.Context, of followups.Balance, record records.Record) error {
	var session gabber.SessionRecord
	if err := strict.Unmarshal(record.Data, &session); err != nil {
		return err
	}
	if session.State != gabber.InProgress || of.Project != "" && session.Project != of.Project {
		return nil
	}
	human, err := session.Human, error(nil)
	if human == "" {
		human, err = accounts.OwnerOf(ctx, s.Records, session.Caller)
	}
	if err != nil || human != of.Human {
		return err
	}
	err = s.API.End(ctx, session.ID)
	if _, wrong := webhook.PermanentReason(err); wrong || errors.Is(err, outbound.ErrNotFound) {
		return nil
	}
	return err
}
