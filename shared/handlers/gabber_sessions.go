package handlers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// sessions follows conversations: one record per session with what is known of
// it, one per message, one per time limit that was exceeded.
type sessions struct {
	Records records.Store
	Credits *Credits // nil where no limit follows from a session
}

// stages are the states in the order a session goes through them. A state that
// is not here adds what it knows and never replaces one that is.
var stages = []string{"", "not_started", gabber.InProgress, "time_limit_exceeded", "ended"}

// StateChanged handles gabber.realtime_session.state_changed.
//
// Events arrive in any order, and a later one may know less than an earlier one
// did. So each stage keeps a snapshot of its own, and the session's record is
// all snapshots laid over one another, the latest stage on top. The handler that comes
// last reads every snapshot, so the record ends the same in any order.
func (s *sessions) StateChanged(ctx context.Context, e webhook.Event, changed gabber.StateChanged) ([]webhook.Event, error) {
	if _, err := s.Records.Put(ctx, snapshot(sessionOf(changed.Current), e.Time)); err != nil {
		return nil, err
	}
	session, record, err := s.overlay(ctx, changed.Current.ID)
	if err != nil {
		return nil, err
	}
	if _, err := s.Records.Put(ctx, record); err != nil {
		return nil, err
	}
	found, err := s.findHuman(ctx, e, session)
	if err != nil || s.Credits == nil || session.State != gabber.InProgress {
		return found, err
	}
	started, err := s.Credits.sessionStarted(ctx, e, session.ID, session.Project, session.Human)
	return append(found, started...), err
}

// findHuman asks for the human to be attached to a live call that has none.
func (s *sessions) findHuman(ctx context.Context, e webhook.Event, session gabber.SessionRecord) ([]webhook.Event, error) {
	if session.State != gabber.InProgress || session.Human != "" {
		return nil, nil
	}
	human, err := accounts.OwnerOf(ctx, s.Records, session.Caller)
	if err != nil || human == "" {
		return nil, err
	}
	return []webhook.Event{followups.New("worker", followups.HumanFound, e, session.ID, followups.SessionHuman{Session: session.ID, Human: human})}, nil
}

func sessionOf(s gabber.Session) gabber.SessionRecord {
	session := gabber.SessionRecord{ID: s.ID, State: s.State, Human: s.Human, Project: s.Project,
		CreatedAt: s.CreatedAt, EndedAt: s.EndedAt, Simulated: s.Simulated}
	for _, fact := range s.Data {
		switch fact.Type {
		case "caller_phone_number":
			session.Caller = fact.Value
		case "agent_phone_number":
			session.Agent = fact.Value
		}
	}
	return session
}

// snapshot is the record of one stage. If a stage is reported twice in
// different words, the fuller report counts, and of two as full the one of
// higher hash: any rule will do that does not depend on the order.
func snapshot(s gabber.SessionRecord, at time.Time) records.Record {
	data := webhook.JSON(s)
	hash := sha256.Sum256(data)
	filled := int64(0)
	for _, field := range fieldsOf(&s) {
		if *field != "" {
			filled++
		}
	}
	return records.Record{
		Kind:    gabber.SnapshotKind,
		ID:      snapshotID(s.ID, max(slices.Index(stages, s.State), 0)),
		Version: filled<<40 | int64(binary.BigEndian.Uint64(hash[:])>>24),
		Time:    at,
		Data:    data,
	}
}

func snapshotID(session string, stage int) string {
	return session + accounts.Separator + strconv.Itoa(stage)
}

// overlay makes a session of its snapshots. The record's version grows with
// every snapshot that is new or replaced, so that of two records made at the
// same time the one that knows more wins.
func (s *sessions) overlay(ctx context.Context, id string) (gabber.SessionRecord, records.Record, error) {
	var session gabber.SessionRecord
	record := records.Record{Kind: gabber.SessionKind, ID: id}
	for stage := range stages {
		shot, ok, err := s.Records.Get(ctx, gabber.SnapshotKind, snapshotID(id, stage))
		if err != nil {
			return session, record, err
		}
		if !ok {
			continue
		}
		var known gabber.SessionRecord
		if err := strict.Unmarshal(shot.Data, &known); err != nil {
			return session, record, err
		}
		overlay(&session, known)
		record.Version += 1<<(48+stage) + shot.Version
		if shot.Time.After(record.Time) {
			record.Time = shot.Time
		}
	}
	record.Data = webhook.JSON(session)
	return session, record, nil
}

// overlay lays what a later stage knows over what is known.
func overlay(s *gabber.SessionRecord, later gabber.SessionRecord) {
	fields := fieldsOf(s)
	for i, field := range fieldsOf(&later) {
		if *field != "" {
			*fields[i] = *field
		}
	}
	s.Simulated = s.Simulated || later.Simulated
}

func fieldsOf(s *gabber.SessionRecord) []*string {
	return []*string{&s.ID, &s.State, &s.Human, &s.Project, &s.Caller, &s.Agent, &s.CreatedAt, &s.EndedAt}
}

// MessageCommitted handles gabber.realtime_session.message_committed: the
// message is appended to its session once, however often it is delivered.
func (s *sessions) MessageCommitted(ctx context.Context, e webhook.Event, committed gabber.MessageCommitted) ([]webhook.Event, error) {
	var body struct {
		Payload struct {
			Message strict.Raw `json:"message"`
		} `json:"payload"`
	}
	if err := strict.Unmarshal(e.Data, &body); err != nil {
		return nil, webhook.Permanent(err.Error())
	}
	at := envelope.Time(committed.Message.CreatedAt)
	_, err := s.Records.Put(ctx, records.Record{Kind: MessagesOf(gabber.MessageKind, committed.Session()), ID: committed.Message.ID, Version: records.Once,
		Time: cmp.Or(at, e.Time), Data: body.Payload.Message})
	return nil, err
}

// TimeLimitExceeded handles gabber.realtime_session.time_limit_exceeded.
func (s *sessions) TimeLimitExceeded(ctx context.Context, e webhook.Event, limit gabber.TimeLimitExceeded) ([]webhook.Event, error) {
	data := webhook.JSON(struct {
		Session string `json:"session"`
	}{limit.Session})
	_, err := s.Records.Put(ctx, records.Record{Kind: gabber.TimeLimitKind, ID: limit.Session, Version: records.Once, Time: e.Time, Data: data})
	return nil, err
}
