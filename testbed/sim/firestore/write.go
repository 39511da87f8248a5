package firestore

import (
	"math"
	"slices"
	"time"
)

// write is one of a commit's.
type write struct {
	Update *struct {
		Name   string `json:"name"`
		Fields fields `json:"fields"`
	} `json:"update"`
	Mask *struct {
		Fields []string `json:"fieldPaths"`
	} `json:"updateMask"`
	Transforms []transform `json:"updateTransforms"`
	If         *struct {
		Exists     *bool  `json:"exists"`
		UpdateTime string `json:"updateTime"`
	} `json:"currentDocument"`

	name   name  // once checked
	micros int64 // the update time that If asks for; 0: none
}

// transform computes a field from what is stored.
type transform struct {
	Field     string `json:"fieldPath"`
	Increment value  `json:"increment"`
	Maximum   value  `json:"maximum"`
}

// check refuses what is wrong with a write independently of what is stored.
func (w *write) check(root string) (err error) {
	if w.Update == nil {
		return unknown("a write that is no update")
	}
	if w.name, err = parseName(root, w.Update.Name); err != nil {
		return err
	}
	if err := w.name.checkLength(); err != nil {
		return err
	}
	if err := w.Update.Fields.check(); err != nil {
		return err
	}
	if err := w.checkPaths(); err != nil {
		return err
	}
	return w.checkPrecondition()
}

func (w *write) checkPaths() error {
	if w.Mask != nil {
		for _, path := range w.Mask.Fields {
			if err := checkPath(path); err != nil {
				return err
			}
		}
	}
	for _, t := range w.Transforms {
		if err := t.check(); err != nil {
			return err
		}
	}
	return nil
}

func (w *write) checkPrecondition() error {
	if w.If == nil || w.If.UpdateTime == "" {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, w.If.UpdateTime)
	switch {
	case err != nil:
		return invalid("Invalid value at 'current_document.update_time'")
	case w.If.Exists != nil:
		return invalid("a precondition of two types")
	case at.Nanosecond()%1000 != 0 || at.UnixMicro() <= 0:
		return unknown("update times that are no whole microseconds since 1970")
	}
	w.micros = at.UnixMicro()
	return nil
}

func (w *write) absent() bool { return w.If != nil && w.If.Exists != nil && !*w.If.Exists }

func (w *write) present() bool { return w.If != nil && w.If.Exists != nil && *w.If.Exists }

// holds refuses a write whose precondition old, nil for none, does not fulfil.
func (w *write) holds(old *document) error {
	switch {
	case w.absent() && old != nil:
		return refuse(409, "ALREADY_EXISTS", "Document already exists: %s", w.name)
	case w.present() && old == nil:
		return refuse(404, "NOT_FOUND", "No document to update: %s", w.name)
	case w.micros != 0 && (old == nil || old.updated != w.micros):
		return refuse(400, "FAILED_PRECONDITION", "the stored version does not match the required base version (%d)", w.micros)
	}
	return nil
}

// apply computes the document that a write makes of old, nil for none. One that
// stays as it is keeps its update time.
func (w *write) apply(old *document, at int64) step {
	s := step{old: old, made: &document{name: w.name, created: at, updated: at}}
	if old != nil {
		s.made.created = old.created
	}
	s.made.fields = w.updated(old)
	for _, t := range w.Transforms {
		v := t.of(s.made.fields.get(t.Field))
		s.made.fields.set(t.Field, v)
		s.results = append(s.results, v)
	}
	if old != nil && slices.Equal(old.fields, s.made.fields) {
		s.made.updated = old.updated
	}
	return s
}

// updated gives the fields of the update: all of them, or those of the mask beside
// the others of old. They may be changed.
func (w *write) updated(old *document) fields {
	if w.Mask == nil {
		return slices.Clone(w.Update.Fields)
	}
	var all fields
	if old != nil {
		all = slices.Clone(old.fields)
	}
	for _, path := range w.Mask.Fields {
		all.set(path, w.Update.Fields.get(path))
	}
	return all
}

func (t *transform) check() error {
	v := t.operand()
	switch {
	case t.Increment.kind != unset && t.Maximum.kind != unset:
		return invalid("a transform of two types")
	case v.kind == unset:
		return invalid("Operation type must be specified for field transformation.")
	case v.kind != integer:
		return invalid("Input must be int64 or double.")
	}
	return checkPath(t.Field)
}

func (t *transform) operand() value {
	if t.Maximum.kind != unset {
		return t.Maximum
	}
	return t.Increment
}

// of computes the field's value. One that is not there, or no number, is replaced.
func (t *transform) of(stored value) value {
	v := t.operand()
	switch {
	case stored.kind != integer:
	case t.Maximum.kind != unset:
		v.number = max(v.number, stored.number)
	default:
		v.number = saturated(stored.number, v.number)
	}
	return v
}

// saturated is a sum that sticks at the ends of 64 bits.
func saturated(a, b int64) int64 {
	switch sum := a + b; {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	default:
		return sum
	}
}

// checkPath refuses what names no field of a document itself.
func checkPath(path string) error {
	if path == "" || '0' <= path[0] && path[0] <= '9' {
		return invalid("Invalid property path %q.", path)
	}
	for _, c := range []byte(path) {
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_':
		case c == '.' || c == '`':
			return unknown("paths of more than one name")
		default:
			return invalid("Invalid property path %q.", path)
		}
	}
	if isReserved(path) {
		return invalid("field %s is reserved", path)
	}
	return nil
}
