package aws

import (
	"context"
	"time"

	"github.com/webhook-functions/template/shared/page"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// Records is a records.Store in one DynamoDB table: pk is the kind, sk the id.
// The index kind-time (kind, time) lists what is not deleted: a tombstone has no
// attribute "kind", so the index does not see it.
type Records struct {
	client *Client
	table  string
}

var _ records.Store = (*Records)(nil)

// Records gives the records in a table.
func (c *Client) Records(table string) *Records { return &Records{c, table} }

// Put is one conditional write. If its first answer is lost, the second try
// finds the record there and says that it stored nothing; the record is there
// all the same.
func (r *Records) Put(ctx context.Context, record records.Record) (bool, error) {
	var nothing struct{}
	err := r.client.call(ctx, dynamoDB, "DynamoDB_20120810.PutItem", put{r.table, writeRecord(record), condition{
		Expression: "attribute_not_exists(pk) OR #order < :order",
		Names:      map[string]string{"#order": "order"},
		Values:     item{":order": text(record.Order())},
	}}, &nothing)
	switch {
	case refusedAs(err, "ConditionalCheckFailedException"):
		return false, nil
	case invalid(err):
		return false, webhook.Permanent("the records' table cannot hold the record")
	}
	return err == nil, wrap("put record", err)
}

// Get is one strongly consistent read.
func (r *Records) Get(ctx context.Context, kind, id string) (records.Record, bool, error) {
	stored, err := r.client.get(ctx, r.table, key(kind, id))
	if err != nil || stored == nil {
		return records.Record{}, false, wrap("get record", err)
	}
	record, err := readRecord(stored)
	return record, err == nil, wrap("get record", err)
}

// List reads the index, which is up to date a moment after Put.
func (r *Records) List(ctx context.Context, kind, cursor string, limit int) ([]records.Record, string, error) {
	q := query{
		Table: r.table, Index: "kind-time", Limit: page.Limit(limit) + 1,
		Condition: "#kind = :kind",
		Names:     map[string]string{"#kind": "kind"},
		Values:    item{":kind": text(kind)},
	}
	if cursor != "" {
		at, id, err := page.Parse(cursor)
		if err != nil {
			return nil, "", err
		}
		q.After = key(kind, id)
		q.After["kind"], q.After["time"] = text(kind), moment(at)
	}
	list, err := queryAll(ctx, r.client, q, readRecord)
	list, next := page.Cut(list, limit, records.Record.Cursor)
	return list, next, wrap("list records", err)
}

func writeRecord(r records.Record) item {
	stored := key(r.Kind, r.ID)
	stored["order"], stored["version"], stored["time"] = text(r.Order()), number(r.Version), moment(r.Time)
	if !r.Deleted {
		stored["kind"], stored["data"] = text(r.Kind), attribute{B: r.Data}
	}
	return stored
}

func readRecord(stored item) (records.Record, error) {
	var at int64
	r := records.Record{Kind: stored.text("pk"), ID: stored.text("sk"), Data: stored["data"].B}
	_, listed := stored["kind"]
	r.Deleted = !listed
	err := stored.numbers(map[string]*int64{"version": &r.Version, "time": &at})
	r.Time = time.Unix(0, at).UTC()
	return r, err
}
