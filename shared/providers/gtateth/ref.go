package gtateth

import (
	"errors"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/strict"
)

// ref points at another object. The REST reference shows such fields as an id,
// the one documented event as the object itself, and without an id at that.
type ref struct {
	envelope.Private
	ID string // empty if there is none
}

// UnmarshalStrict reads a string, an object or null.
func (r *ref) UnmarshalStrict(raw []byte) error {
	var err error
	switch raw[0] {
	case 'n':
	case '"':
		err = strict.Unmarshal(raw, &r.ID)
	case '{':
		var object struct {
			ID string `json:"_id"`
		}
		err = strict.Unmarshal(raw, &object)
		r.ID = object.ID
	default:
		err = errors.New("is neither an id nor an object")
	}
	if err != nil {
		return err
	}
	return envelope.Text("has an id that", r.ID, envelope.MaxID) // follows the field's path
}
