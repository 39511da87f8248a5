// Package dynamodb simulates Amazon DynamoDB at the wire: one database per history,
// in the time of that history, with the operations that package aws calls.
//
//	database := dynamodb.New(time.Now)
//	status, answer := database.Serve("GetItem", body)
//
// Bodies and answers are DynamoDB's JSON 1.0. What DynamoDB refuses is refused with
// its code; DynamoDB Local is the measure, a test compares the two. An operation, a
// member of a request, an expression or a type of attribute that package aws does not
// use gets status 500 and InternalServerError, which no other request gets: the
// simulation must learn it first.
//
// Tables come into being on first use. Each has the keys pk and sk, both texts, and
// the index that template.yaml declares: kind-time where the table's name contains
// "records", in any letter case, else account-time. Numbers are 64-bit integers.
//
// A scan and the items of one time in an index come in the order of a hash, always
// the same, as DynamoDB's do.
package dynamodb

import (
	"time"

	"github.com/webhook-functions/template/testbed/sim/stored"
)

// Database is one account's tables in one region. It is not safe for concurrent use.
type Database struct {
	// OnCommit is called after each atomic write, with its changes in the order of the
	// request. The key of a change is pk, a zero byte and sk. Items are read only.
	OnCommit func([]stored.Change)
	// IndexLag is the age from which a write is seen by reads that are eventually
	// consistent: those of an index and those that do not ask for consistency. What was
	// written while it was 0 is seen at once.
	IndexLag time.Duration

	now    func() time.Time
	tables map[string]*table
	tokens map[string]remembered
}

// New makes an empty database.
func New(now func() time.Time) *Database { return &Database{now: now} }

// Serve carries out one request at one instant. The operation has no version before
// it: "PutItem".
func (d *Database) Serve(operation string, body []byte) (status int, answer []byte) {
	answer, err := d.serve(operation, body)
	if err != nil {
		return refusalOf(err).answer()
	}
	return 200, answer
}

func (d *Database) serve(operation string, body []byte) ([]byte, error) {
	switch operation {
	case "TransactWriteItems", "PutItem", "UpdateItem":
		return d.write(operation, body)
	case "GetItem":
		return d.getItem(body)
	case "Query":
		return d.query(body)
	case "Scan":
		return d.scan(body)
	}
	return nil, unknown("the operation %s", operation)
}

// Writes gives the items that a request writes, each as table, pk and sk with zero
// bytes between, sorted. Reads have none, nor have requests that are not valid.
func (d *Database) Writes(operation string, body []byte) []string {
	r, err := decodeWrites(operation, body)
	if err != nil {
		return nil
	}
	return r.sortedKeys()
}

// Conflict is the answer to a write while another transaction holds some of its items,
// named as Writes does, or to a transaction while another write does. No item is
// written. Two single writes are no conflict, nor is a read.
func (d *Database) Conflict(operation string, body []byte, keys []string) (status int, answer []byte) {
	r, err := decodeWrites(operation, body)
	if err == nil {
		err = r.conflict(keys)
	}
	return refusalOf(err).answer()
}

func (d *Database) table(name string) *table {
	t := d.tables[name]
	if t == nil {
		t = newTable(name)
		if d.tables == nil {
			d.tables = make(map[string]*table, 2)
		}
		d.tables[name] = t
	}
	return t
}
