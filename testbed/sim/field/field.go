// Package field is the outside of a simulated history: what the platforms send,
// what must become of each event, and the judge of the end.
//
// A [Drawer] draws events of all five platforms. Each [Event] carries a [Want]: its
// bucket, its account, its amount, its identity, the records it makes. [Schedule]
// gives the retries of a platform. [Judge] takes the end of a history, a [World] of
// plain values, and names each promise that is broken.
//
// Nothing here uses the product's code: identities, fingerprints, amounts and record
// versions are computed a second time, from the documents. So a mistake of the
// product is not repeated here. The tests compare both.
//
// A new event is a type with the methods of shape and a row in shapes. A new promise
// is a method of judgement and a line in [Judge].
package field

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
)

// Event is one event as a platform sends it.
type Event struct {
	Platform string // the route is "/" and this name
	Body     []byte
	Wants    Want

	SignedID  string // of the delivery that carries it; see [Signing.Carry]
	Uncovered bool   // the delivery's signature does not cover the body
}

// Want is what must become of an event.
type Want struct {
	Kind    WantKind
	Account string // of a usage event
	Amount  int64  // micro-credits; negative takes credits away
	Priced  bool   // the usage has a price: a charge, also in suspense and at 0

	ID string // identity of the event, in its message; empty for an undecodable body

	// Key is the identity in the ledger; events of one Key are one event. Meaning is
	// the fingerprint: equal Key and other Meaning or Account is a conflict.
	Key, Meaning string
	// NoID: only the bytes tell the event apart. Key is then the dedup key.
	NoID bool

	Reason string // that the dead letter must have; "" for any

	unnamed string // the event type, where the body names no identity: ID is then of the bytes

	Records []Put // also of events that are charged or dead letters
}

// WantKind is the bucket of an event.
type WantKind string

const (
	Charge     WantKind = "charge"
	Unpriced   WantKind = "unpriced"   // usage without a price: an entry of amount 0
	Suspense   WantKind = "suspense"   // usage of no known human
	Kept       WantKind = "record"     // latest state
	Ignored    WantKind = "ignored"    // a type without a handler
	DeadLetter WantKind = "deadletter" // verified and unusable
)

// usage reports whether the event must have an entry.
func (w *Want) usage() bool { return w.Kind == Charge || w.Kind == Unpriced || w.Kind == Suspense }

// Put is one record that an event makes.
type Put struct {
	Kind, ID string
	Version  int64 // fixed; with ByArrival the time of arrival in Unix microseconds is added
	Deleted  bool
	Data     []byte

	ByArrival bool
	session   *session // of a snapshot: its session's record is made of it
}

// platform is what a sender and its answers have in common.
type platform struct {
	name, header      string
	sha1              bool
	missing, mismatch int
}

var (
	gabber   = &platform{"gabber", "X-Webhook-Signature", false, 400, 403}
	cribbly  = &platform{"cribbly", "x-Cribbly-signature", false, 401, 401}
	oblic    = &platform{"oblic", "x-oblic-signature", false, 401, 401}
	gtateth  = &platform{"g-tateth", "X-Webhook-Signature", false, 401, 401}
	chatbase = &platform{"chatbase", "x-chatbase-signature", true, 400, 400}

	platforms = []*platform{gabber, cribbly, oblic, gtateth, chatbase}
)

// Sends says whether events of a platform can be drawn: of a platform that a fork adds
// they cannot.
func Sends(name string) bool {
	return slices.ContainsFunc(platforms, func(p *platform) bool { return p.name == name })
}

func named(name string) *platform {
	for _, p := range platforms {
		if p.name == name {
			return p
		}
	}
	panic("field: no platform " + name)
}

// Statuses gives the answers to a request without a signature and to one with a wrong
// signature.
func (e Event) Statuses() (missing, mismatch int) {
	p := named(e.Platform)
	return p.missing, p.mismatch
}

// identity hashes length-prefixed parts behind "v1": route, type, and what follows.
func identity(parts ...string) string {
	text := make([]byte, 0, 256)
	add := func(part string) {
		text = binary.BigEndian.AppendUint64(text, uint64(len(part)))
		text = append(text, part...)
	}
	add("v1")
	for _, part := range parts {
		add(part)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// byBody identifies an event that only its bytes tell apart.
func (e *Event) byBody(eventType string) {
	sum := sha256.Sum256(e.Body)
	e.Wants.ID, e.Wants.unnamed = identity(e.Platform, eventType, "body", hex.EncodeToString(sum[:])), eventType
}

// byName identifies an event by what its body names.
func (e *Event) byName(eventType string, names ...string) {
	e.Wants.ID, e.Wants.unnamed = identity(append([]string{e.Platform, eventType, "id"}, names...)...), ""
}
