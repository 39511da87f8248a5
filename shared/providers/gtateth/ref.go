package gtateth

import (
	"bytes"
	"errors"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/strict"
)

// Ref points at another object. The REST reference shows such fields as an id,
// the one documented event as the object itself, and without an id at that.
type Ref struct {
	envelope.Private
	ID     string     // empty if there is none
	Object strict.Raw // the object, if that is what was sent
}

// UnmarshalStrict reads a string, an object or null.
func (r *Ref) UnmarshalStrict(raw []byte) error {
	switch raw[0] {
	case 'n':
		return nil
	case '"':
		if err := strict.Unmarshal(raw, &r.ID); err != nil {
			return err
		}
	case '{':
		var object struct {
			ID string `json:"_id"`
		}
		if err := strict.Unmarshal(raw, &object); err != nil {
			return err
		}
		r.ID, r.Object = object.ID, bytes.Clone(raw)
	default:
		return errors.New("is neither an id nor an object")
	}
	return envelope.Text("has an id that", r.ID, envelope.MaxID) // follows the field's path
}
