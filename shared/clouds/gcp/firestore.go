package gcp

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// database is one Firestore database in native mode.
type database struct {
	client *Client
	root   string // "projects/<p>/databases/<d>/documents"
}

func (c *Client) database(name string) database {
	return database{c, fmt.Sprintf("projects/%s/databases/%s/documents", c.project, name)}
}

// name of a document. Collections are ours; ids come from outside and are
// encoded by documentID.
func (d database) name(collection, id string) string { return d.root + "/" + collection + "/" + id }

// value is one field's value in Firestore's JSON: exactly one field is set.
// Integers have 64 bits and travel as decimal text; doubles are never used.
type value struct {
	String    *string `json:"stringValue,omitempty"`
	Integer   *string `json:"integerValue,omitempty"`
	Bytes     []byte  `json:"bytesValue,omitempty"`
	Reference *string `json:"referenceValue,omitempty"`
}

func text(s string) value { return value{String: &s} }

func number[T ~int64](n T) value {
	return value{Integer: new(strconv.FormatInt(int64(n), 10))}
}

func reference(name string) value { return value{Reference: &name} }

func (v value) int64() (int64, error) {
	if v.Integer == nil {
		return 0, errors.New("a field is not an integer")
	}
	return strconv.ParseInt(*v.Integer, 10, 64)
}

type fields map[string]value

// text gives "" for a field that is not there.
func (f fields) text(name string) string {
	if s := f[name].String; s != nil {
		return *s
	}
	return ""
}

// numbers reads several fields at once; one that is not there is 0.
func (f fields) numbers(into map[string]*int64) error {
	for name, n := range into {
		stored, ok := f[name]
		if !ok {
			continue
		}
		var err error
		if *n, err = stored.int64(); err != nil {
			return fmt.Errorf("field %s is not a 64-bit integer", name)
		}
	}
	return nil
}

type document struct {
	Name       string `json:"name"`
	Fields     fields `json:"fields,omitempty"`
	UpdateTime string `json:"updateTime,omitempty"`
}

// precondition makes a whole commit depend on one document as it is.
type precondition struct {
	Exists     *bool  `json:"exists,omitempty"`
	UpdateTime string `json:"updateTime,omitempty"`
}

var (
	absent  = &precondition{Exists: new(false)}
	present = &precondition{Exists: new(true)}
)

// unchanged since d was read; nil stands for a document that was not there.
func (d *document) unchanged() *precondition {
	if d == nil {
		return absent
	}
	return &precondition{UpdateTime: d.UpdateTime}
}

// write is one of a commit's.
type write struct {
	Update     *document     `json:"update,omitempty"`
	Mask       *mask         `json:"updateMask,omitempty"`
	Transforms []transform   `json:"updateTransforms,omitempty"`
	If         *precondition `json:"currentDocument,omitempty"`
}

// mask names the fields an update touches; without one it replaces them all.
type mask struct {
	Fields []string `json:"fieldPaths"`
}

// transform computes a field from what is stored, on the server.
type transform struct {
	Field     string `json:"fieldPath"`
	Increment *value `json:"increment,omitempty"`
	Maximum   *value `json:"maximum,omitempty"`
}

func increment[T ~int64](field string, by T) transform {
	return transform{Field: field, Increment: new(number(by))}
}

// commit carries out all writes or none.
func (d database) commit(ctx context.Context, writes []write) error {
	in := struct {
		Writes []write `json:"writes"`
	}{writes}
	var answer struct {
		Results []struct{} `json:"writeResults"`
	}
	err := d.client.call(ctx, d.client.firestore, "/v1/"+d.root+":commit", in, &answer)
	if err == nil && len(answer.Results) != len(writes) {
		err = errors.New("the answer does not confirm every write")
	}
	return err
}

// stale says whether a commit was refused because a document is not as its
// precondition says: read and plan anew.
func stale(err error) bool {
	return refusedAs(err, "ALREADY_EXISTS", "NOT_FOUND", "FAILED_PRECONDITION")
}

// contended says whether a commit was refused because of another one under way.
func contended(err error) bool { return refusedAs(err, "ABORTED") }

// invalid says whether Firestore can never store what was written.
func invalid(err error) bool { return refusedAs(err, "INVALID_ARGUMENT", "OUT_OF_RANGE") }

// get reads documents as of one moment; nil is one that does not exist. An answer
// that leaves a document out is an error: an account would seem to have no credits.
func (d database) get(ctx context.Context, names ...string) (map[string]*document, error) {
	in := struct {
		Documents []string `json:"documents"`
	}{names}
	var answer []struct {
		refusal
		Found   *document
		Missing string
	}
	if err := d.client.call(ctx, d.client.firestore, "/v1/"+d.root+":batchGet", in, &answer); err != nil {
		return nil, err
	}
	documents := make(map[string]*document, len(names))
	for _, line := range answer {
		switch {
		case line.Error != nil:
			return nil, &Error{Code: line.Error.Status, Status: line.Error.Code, message: line.Error.Message}
		case line.Found != nil:
			documents[line.Found.Name] = line.Found
		case line.Missing != "":
			documents[line.Missing] = nil
		}
	}
	for _, name := range names {
		if _, there := documents[name]; !there {
			return nil, errors.New("the answer leaves a document out")
		}
	}
	return documents, nil
}
