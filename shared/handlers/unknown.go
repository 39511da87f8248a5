package handlers

import (
	"context"

	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// unknown keeps the newest events of each type that has no handler, so that they
// can be looked at and, once there is a handler, redriven.
//
// An event takes no other's place: it is put, and then what is too old is deleted,
// both by the time of arrival. So workers at the same time lose nothing to one
// another, and deliveries in any order end with the same records.
type unknown struct{ records records.Store }

// KeepUnknown is the handler of platforms' events that no other one reacts to.
func KeepUnknown(store records.Store) webhook.BatchHandler {
	return webhook.Each("ignored", (&unknown{store}).keep)
}

const (
	unknownPerType = 10
	// unknownInAll bounds a platform whose types hold ids.
	unknownInAll = 100
	// unknownBytes bounds what prune reads, and so the worker's memory: the largest
	// bodies of two types.
	unknownBytes = 5 << 20
	// unknownID is how much of an event's identity is its record's id, in hex
	// digits: a deleted record leaves a tombstone, and so there are at most 2^20.
	unknownID = 5
)

// UnknownKind is the kind of a platform's events without a handler. A record
// holds the whole event as [webhook.Event.Encode] writes it.
func UnknownKind(provider string) string { return provider + ".unknown" }

func (u *unknown) keep(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	r := records.Record{Kind: UnknownKind(e.Provider()), ID: e.ID[:min(unknownID, len(e.ID))], Version: e.Time.UnixMicro(), Time: e.Time, Data: e.Encode()}
	old, ok, err := u.records.Get(ctx, r.Kind, r.ID)
	if err != nil {
		return nil, err
	}
	if known, err := webhook.DecodeEvent(old.Data); ok && err == nil && known.ID == e.ID { // a retry is not news
		return nil, nil
	}
	if stored, err := u.records.Put(ctx, r); err != nil || !stored {
		return nil, err
	}
	return nil, u.prune(ctx, r.Kind)
}

// prune deletes what newer events leave no place for.
func (u *unknown) prune(ctx context.Context, kind string) error {
	page, _, err := u.records.List(ctx, kind, "", unknownInAll+unknownPerType)
	if err != nil {
		return err
	}
	ofType, size := map[string]int{}, 0
	for i, r := range page {
		kept, _ := webhook.DecodeEvent(r.Data) // of a newer release: counted by itself
		ofType[kept.Type]++
		if i < unknownInAll && ofType[kept.Type] <= unknownPerType && size+len(r.Data) <= unknownBytes {
			size += len(r.Data)
			continue
		}
		r.Deleted, r.Data = true, nil
		if _, err := u.records.Put(ctx, r); err != nil {
			return err
		}
	}
	return nil
}
