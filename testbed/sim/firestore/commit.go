package firestore

import (
	"slices"

	"github.com/webhook-functions/template/testbed/sim/answer"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

const (
	maxWrites  = 500
	maxRequest = 10 << 20 // bytes
)

// commit carries out all writes or none.
func (d *Database) commit(root string, body []byte) ([]byte, error) {
	writes, err := decodeWrites(root, body)
	if err != nil {
		return nil, err
	}
	if len(writes) == 0 {
		return []byte("{}"), nil
	}
	at := max(d.now().UnixMicro(), d.last+1)
	steps, err := d.plan(writes, at)
	if err != nil {
		return nil, err
	}
	d.last = at
	for _, s := range steps {
		d.store(s.made)
	}
	d.notify(steps)
	return appendCommit(steps, at), nil
}

// decodeWrites refuses what is wrong with a commit independently of what is stored.
func decodeWrites(root string, body []byte) ([]write, error) {
	if len(body) > maxRequest {
		return nil, invalid("Request payload size exceeds the limit: %d bytes.", maxRequest)
	}
	var in struct {
		Writes []write `json:"writes"`
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	if len(in.Writes) > maxWrites {
		return nil, invalid("maximum %d writes allowed per request", maxWrites)
	}
	for i := range in.Writes {
		if err := in.Writes[i].check(root); err != nil {
			return nil, err
		}
	}
	return in.Writes, checkRepeated(in.Writes)
}

// checkRepeated refuses writes of one document that do not go together.
func checkRepeated(writes []write) error {
	for i, w := range writes {
		first := slices.IndexFunc(writes[:i], func(earlier write) bool { return earlier.name == w.name })
		if first < 0 {
			continue
		}
		switch {
		case w.absent():
			return invalid("Cannot insert an entity that is written in the same request.")
		case w.micros != 0 && w.micros != writes[first].micros:
			return invalid("Cannot collapse mutations with different version preconditions")
		}
	}
	return nil
}

// names of the documents that are written, sorted.
func names(writes []write) []string {
	all := make([]string, len(writes))
	for i, w := range writes {
		all[i] = w.Update.Name
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// step is one write as it will be carried out.
type step struct {
	old     *document // nil: none
	made    *document
	results []value // of the transforms
}

// plan computes what a commit makes of the documents that are stored.
func (d *Database) plan(writes []write, at int64) ([]step, error) {
	steps := make([]step, 0, len(writes))
	for _, w := range writes {
		old := latest(steps, w.name)
		if old == nil { // else the first write of the document decided
			old = d.document(w.name)
			if err := w.holds(old); err != nil {
				return nil, err
			}
		}
		steps = append(steps, w.apply(old, at))
	}
	for _, s := range steps {
		if s.made.size() > maxDocument {
			return nil, invalid("maximum entity size is %d bytes", maxDocument)
		}
	}
	return steps, nil
}

// latest gives what the steps make of a document, nil if they do not write it.
func latest(steps []step, n name) (made *document) {
	for _, s := range steps {
		if s.made.name == n {
			made = s.made
		}
	}
	return made
}

func (d *Database) notify(steps []step) {
	if d.OnCommit == nil {
		return
	}
	changes := make([]stored.Change, len(steps))
	for i, s := range steps {
		n := s.made.name
		changes[i] = stored.Change{Table: n.table(), Key: n.id, Old: s.old.asItem(), New: s.made.asItem()}
	}
	d.OnCommit(changes)
}

func appendCommit(steps []step, at int64) []byte {
	body := append(make([]byte, 0, 512), `{"writeResults":`...)
	body = answer.AppendList(body, steps, appendStep)
	body = append(append(body, `,"commitTime":"`...), timestamp(at)...)
	return append(body, `"}`...)
}

func appendStep(body []byte, s step) []byte {
	body = append(append(body, `{"updateTime":"`...), timestamp(s.made.updated)...)
	body = append(body, '"')
	if len(s.results) > 0 {
		body = answer.AppendList(append(body, `,"transformResults":`...), s.results, appendValue)
	}
	return append(body, '}')
}
