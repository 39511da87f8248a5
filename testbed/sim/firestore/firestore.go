// Package firestore simulates Google Firestore in native mode at the wire: one
// service per history, in the time of that history, with the calls of its REST API
// that package gcp makes.
//
//	database := firestore.New(time.Now)
//	status, answer := database.Serve("/v1/projects/p/databases/d/documents:commit", body)
//
// What Firestore refuses is refused with its code; the emulator is the measure, a test
// compares the two. A call, a member of a request, a filter, a transform or a type of
// value that package gcp does not use gets status 501 and UNIMPLEMENTED, which no other
// request gets: the simulation must learn it first.
//
// What the emulator does not do, and Firestore documents:
//
//	update times  rise strictly, by a microsecond at least, from commit to commit
//	batchGet      answers in the order of a hash, always the same, not of the request
//	limits        500 writes and 10 MiB a request, 6 KiB a document's name
//	queries       fail without an index; those that terraform/gcp declares are there
//	errors        of calls that stream come in a list
//
// Every project and database exists from the start. Documents are in collections at
// the top. Integers have 64 bits; there are no doubles.
package firestore

import (
	"strings"
	"time"

	"github.com/webhook-functions/template/testbed/sim/stored"
)

// Database is Firestore. It is not safe for concurrent use.
type Database struct {
	// OnCommit is called after each commit that was applied, with its changes in the
	// order of the writes. The key of a change is the document's id. Items are read only.
	OnCommit func([]stored.Change)

	now         func() time.Time
	last        int64                  // the latest commit's time, in Unix microseconds
	collections map[string]*collection // by their names
}

// collection holds documents; none is ever deleted.
type collection struct {
	all []*document    // in the order of their creation
	at  map[string]int // their places in it, by id
}

// New makes an empty database.
func New(now func() time.Time) *Database { return &Database{now: now} }

// Serve carries out one request at one instant. The path is that of its URL.
func (d *Database) Serve(path string, body []byte) (status int, answer []byte) {
	root, method, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), ":")
	answer, err := d.serve(root, method, body)
	if err != nil {
		return refusalOf(err).answer(method)
	}
	return 200, answer
}

func (d *Database) serve(root, method string, body []byte) ([]byte, error) {
	if !isRoot(root) {
		return nil, unknown("the path %s", root)
	}
	switch method {
	case "commit":
		return d.commit(root, body)
	case "batchGet":
		return d.batchGet(root, body)
	case "runQuery":
		return d.runQuery(root, body)
	}
	return nil, unknown("the method %s", method)
}

// Writes gives the names of the documents that a request writes, sorted. Reads have
// none, nor have requests that are not valid.
func (d *Database) Writes(path string, body []byte) []string {
	root, isCommit := commitRoot(path)
	if !isCommit {
		return nil
	}
	writes, err := decodeWrites(root, body)
	if err != nil {
		return nil
	}
	return names(writes)
}

// Conflict is the answer to a commit that met another one on some of its documents.
// Nothing is written.
func (d *Database) Conflict(path string, body []byte, names []string) (status int, answer []byte) {
	root, isCommit := commitRoot(path)
	if !isCommit || len(names) == 0 {
		return unknown("contention without a commit of a document").answer("commit")
	}
	if _, err := decodeWrites(root, body); err != nil {
		return refusalOf(err).answer("commit")
	}
	return refuse(409, "ABORTED", "Too much contention on these documents. Please try again.").answer("commit")
}

func commitRoot(path string) (root string, ok bool) {
	root, ok = strings.CutSuffix(strings.TrimPrefix(path, "/v1/"), ":commit")
	return root, ok && isRoot(root)
}

// document gives nil for one that does not exist.
func (d *Database) document(n name) *document {
	c := d.collections[n.collection]
	if c == nil {
		return nil
	}
	at, there := c.at[n.id]
	if !there {
		return nil
	}
	return c.all[at]
}

// store keeps a document in place of its former state.
func (d *Database) store(made *document) {
	c := d.collections[made.name.collection]
	if c == nil {
		if d.collections == nil {
			d.collections = make(map[string]*collection, 4)
		}
		c = &collection{at: make(map[string]int)}
		d.collections[made.name.collection] = c
	}
	at, there := c.at[made.name.id]
	if !there {
		c.at[made.name.id], c.all = len(c.all), append(c.all, made)
		return
	}
	c.all[at] = made
}

// instant is the time of a read: no commit so far is later.
func (d *Database) instant() int64 { return max(d.now().UnixMicro(), d.last) }

// timestamp writes Unix microseconds as the JSON of Google's APIs has them.
func timestamp(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.000000Z")
}
