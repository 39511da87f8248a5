package ingest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Identify makes the event of a verified body. The identity is made of what the
// platform's decoder names; the signed id of the delivery stands in only where that is
// nothing. A body that its platform's
// decoder cannot use becomes an event too: Reason says why, Basis is
// webhook.Undecodable and the identity is provisional.
func Identify(p webhook.Provider, body []byte, received time.Time, by signature.Verified) webhook.Event {
	e, _ := identify(p, body, received, by)
	return e
}

func identify(p webhook.Provider, body []byte, received time.Time, by signature.Verified) (webhook.Event, webhook.Parsed) {
	e := webhook.Event{
		Source: "/webhooks/" + p.Name,
		Time:   received,
		Data:   body,
		KeyID:  by.KeyID,

		SignedID: by.ID, Uncovered: by.Covers != signature.CoversBody,
	}
	bodyHash := func() string { return fmt.Sprintf("%x", sha256.Sum256(body)) }
	parsed, err := decode(p, body)
	switch {
	case err != nil:
		if parsed.Type == "" {
			parsed.Type = "unreadable"
		}
		e.Basis, e.Reason = webhook.Undecodable, err.Error()
		e.ID = webhook.Identity(p.Name, "unread", bodyHash())
	case len(parsed.Identity) == 0 && by.ID != "":
		e.Basis = webhook.ByID
		e.ID = webhook.Identity(p.Name, parsed.Type, "signed", by.ID)
	case len(parsed.Identity) == 0:
		e.Basis = webhook.ByBody
		e.ID = webhook.Identity(p.Name, parsed.Type, "body", bodyHash())
	default:
		e.Basis = webhook.ByID
		e.ID = webhook.Identity(p.Name, parsed.Type, append([]string{"id"}, parsed.Identity...)...)
	}
	e.Type = p.Name + "." + parsed.Type
	e.Group = webhook.GroupOf(p.Name, parsed.Group)
	return e, parsed
}

// decode turns a panic of a decoder into an error: the body is verified, so it
// must end in the dead letters, not in a 500 that is retried until it is lost.
func decode(p webhook.Provider, body []byte) (parsed webhook.Parsed, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the decoder panicked")
		}
	}()
	return p.Decode(body)
}

// Redecode gives the worker a way to identify an event anew that could not be
// read when it arrived and was redriven after the decoder was fixed. Time and
// body stay those of the arrival. The error is permanent: still not readable.
func Redecode(providers map[string]webhook.Provider) func(webhook.Event) (webhook.Event, error) {
	return func(e webhook.Event) (webhook.Event, error) {
		p, ok := providers["/"+e.Provider()]
		if !ok {
			return e, webhook.Permanent("no provider has this source")
		}
		by := signature.Verified{KeyID: e.KeyID, ID: e.SignedID}
		if e.Uncovered {
			by.Covers = signature.CoversNothing
		}
		read := Identify(p, e.Data, e.Time, by)
		if read.Reason != "" {
			return e, webhook.Permanent(read.Reason)
		}
		return read, nil
	}
}
