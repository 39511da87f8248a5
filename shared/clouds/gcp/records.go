package gcp

import (
	"context"

	"github.com/webhook-functions/template/shared/page"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// Records is a records.Store in the collection records of a Firestore database,
// a document <kind>~<id> each. A tombstone has no field "kind", so no list finds
// it.
type Records struct{ database }

var _ records.Store = (*Records)(nil)

// Records gives the records in a database.
func (c *Client) Records(database string) *Records { return &Records{c.database(database)} }

// Put reads and writes on condition that nothing changed in between. If the
// answer to the write is lost, the next read finds the record there and Put says
// that it stored nothing; the record is there all the same.
func (r *Records) Put(ctx context.Context, record records.Record) (bool, error) {
	name := r.recordName(record.Kind, record.ID)
	for try := 1; ; try++ {
		found, err := r.get(ctx, name)
		if err != nil {
			return false, wrap("put record", err)
		}
		stored := found[name]
		if stored != nil && stored.Fields.text("order") >= record.Order() {
			return false, nil
		}
		err = r.commit(ctx, []write{{Update: &document{Name: name, Fields: writeRecord(record)}, If: stored.unchanged()}})
		switch {
		case err == nil:
			return true, nil
		case invalid(err):
			return false, webhook.Permanent("the records' database cannot hold the record")
		case !stale(err) && !contended(err) || try == contentions || r.client.pause(ctx, try, contentionBackoff) != nil:
			return false, wrap("put record", err)
		}
	}
}

// Get is one strongly consistent read.
func (r *Records) Get(ctx context.Context, kind, id string) (records.Record, bool, error) {
	name := r.recordName(kind, id)
	found, err := r.get(ctx, name)
	if err != nil || found[name] == nil {
		return records.Record{}, false, wrap("get record", err)
	}
	record, err := readRecord(kind, found[name].Fields)
	return record, err == nil, wrap("get record", err)
}

// List needs the index (kind, time descending).
func (r *Records) List(ctx context.Context, kind, after string, limit int) ([]records.Record, string, error) {
	q := query{
		From:    []collection{{"records"}},
		Where:   where("kind", "EQUAL", text(kind)),
		OrderBy: by("time", "DESCENDING"),
		Limit:   page.Limit(limit) + 1,
	}
	if after != "" {
		at, id, err := page.Parse(after)
		if err != nil {
			return nil, "", err
		}
		q.StartAt = &cursor{Values: []value{moment(at), reference(r.recordName(kind, id))}}
	}
	list, err := queryAll(ctx, r.database, q, func(d *document) (records.Record, error) { return readRecord(kind, d.Fields) })
	list, next := page.Cut(list, limit, records.Record.Cursor)
	return list, next, wrap("list records", err)
}

func (r *Records) recordName(kind, id string) string {
	return r.name("records", documentID(kind)+"~"+documentID(id))
}

func writeRecord(r records.Record) fields {
	stored := fields{"id": text(r.ID), "order": text(r.Order()), "version": number(r.Version), "time": moment(r.Time)}
	if !r.Deleted {
		stored["kind"], stored["data"] = text(r.Kind), value{Bytes: r.Data}
	}
	return stored
}

func readRecord(kind string, stored fields) (records.Record, error) {
	var at int64
	r := records.Record{Kind: kind, ID: stored.text("id"), Data: stored["data"].Bytes}
	_, listed := stored["kind"]
	r.Deleted = !listed
	err := stored.numbers(map[string]*int64{"version": &r.Version, "time": &at})
	r.Time = fromNanos(at)
	return r, err
}
