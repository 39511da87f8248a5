package webhook

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// Basis says what an event's identity was made of.
type Basis string

const (
	ByID        Basis = "id"     // values that the signature covers and that identify the event
	ByBody      Basis = "body"   // the bytes of the body: two equal events look like a retry
	Undecodable Basis = "unread" // the signature is valid, the body could not be decoded: the identity is provisional
)

// identityVersion is part of every identity. An old derivation never changes: a
// redrive after years must find the entry it made. A new one is a new version.
const identityVersion = "v1"

// Event is one verified delivery, or a follow-up of one of our own functions.
type Event struct {
	ID     string    // identity, [Identity]; the same for every delivery of the same event
	Source string    // "/webhooks/<provider>" or "/functions/<name>"
	Type   string    // "<provider>.<event type>", or our own "credits.balance.changed"
	Time   time.Time // when ingest received it; never part of an identity made by ID
	Data   []byte    // the exact body that was signed
	Basis  Basis
	KeyID  string // which key of the ring signed it; shows when an old secret is no longer in use
	Group  string // hash of the account it concerns, for fair queues; may be empty
	Reason string // why it is a dead letter; empty on every other queue

	SignedID  string // the signed id of the delivery, where the platform has one; never part of a fingerprint
	Uncovered bool   // the signature does not cover the body: no amount in it is booked
}

// Provider gives the platform's name, empty for an event of our own.
func (e Event) Provider() string {
	name, ok := strings.CutPrefix(e.Source, "/webhooks/")
	if !ok {
		return ""
	}
	return name
}

// IsName reports whether a log may show a name from outside: [A-Za-z0-9._-]{1,64},
// and no part of it looks like a key or an id (16 characters or more with a digit).
func IsName(name string) bool {
	const letters, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "0123456789"
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return strings.ContainsRune("._-", r) }) {
		if strings.Trim(part, letters+digits) != "" || len(part) >= 16 && strings.ContainsAny(part, digits) {
			return false
		}
	}
	return 0 < len(name) && len(name) <= 64
}

// LogType is the type as a log may show it. A platform's type that is no name
// ([IsName]) may be data and is "unknown".
func (e Event) LogType() string {
	provider := e.Provider()
	name := e.Type
	if provider != "" {
		name = strings.TrimPrefix(name, provider+".")
	}
	switch {
	case IsName(name):
		return e.Type
	case provider != "":
		return provider + ".unknown"
	}
	return "unknown"
}

// String shows no data.
func (e Event) String() string { return e.LogType() + " " + ShortID(e.ID) }

// GoString shows no data.
func (e Event) GoString() string { return "webhook.Event{" + e.String() + "}" }

// LogValue shows no data.
func (e Event) LogValue() slog.Value {
	return slog.GroupValue(slog.String("type", e.LogType()), slog.String("id", ShortID(e.ID)), slog.Int("bytes", len(e.Data)))
}

// ShortID is as much of an identity as a log line needs.
func ShortID(id string) string { return id[:min(8, len(id))] }

// Identity makes the idempotency key of an event: SHA-256, in hex, over
// length-prefixed parts, so that no two lists of parts collide.
func Identity(route, eventType string, parts ...string) string {
	h := sha256.New()
	var size [8]byte
	for _, part := range append([]string{identityVersion, route, eventType}, parts...) {
		h.Write(binary.BigEndian.AppendUint64(size[:0], uint64(len(part))))
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// GroupOf hashes the account that an event concerns: queue metadata holds no personal
// data.
func GroupOf(route, who string) string {
	if who == "" {
		return ""
	}
	return Identity(route, "group", who)[:32]
}

// FollowUp makes an event of our own: function is its maker ("worker"), cause the event
// it follows from. Equal arguments give the same identity.
func FollowUp(function, eventType string, cause Event, about string, data []byte) Event {
	source := "/functions/" + function
	return Event{
		ID:     Identity(source, eventType, cause.ID, about),
		Source: source,
		Type:   eventType,
		Time:   cause.Time,
		Data:   data,
		Basis:  ByID,
		Group:  GroupOf(source, about),
	}
}

// message is the wire form: CloudEvents 1.0, JSON, structured mode. The body is base64:
// SQS takes only the XML character set, and JSON strings only UTF-8.
type message struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Time            time.Time `json:"time"`
	IdentityBasis   Basis     `json:"identitybasis"`
	IdentityVersion string    `json:"identityversion"`
	KeyID           string    `json:"keyid,omitempty"`
	Group           string    `json:"group,omitempty"`
	Reason          string    `json:"reason,omitempty"`
	SignedID        string    `json:"signedid,omitempty"`
	Uncovered       bool      `json:"uncovered,omitzero"`
	BodySHA256      string    `json:"bodysha256"`
	Data            []byte    `json:"data_base64,omitzero"` // not null for no data
}

// ContentType is the media type of an encoded event.
const ContentType = "application/cloudevents+json"

// Encode gives the event as one CloudEvents JSON object.
func (e Event) Encode() []byte {
	sum := sha256.Sum256(e.Data)
	text, err := json.Marshal(message{
		SpecVersion: "1.0", ID: e.ID, Source: e.Source, Type: e.Type, Time: e.Time.UTC(),
		IdentityBasis: e.Basis, IdentityVersion: identityVersion,
		KeyID: e.KeyID, Group: e.Group, Reason: e.Reason, SignedID: e.SignedID, Uncovered: e.Uncovered,
		BodySHA256: hex.EncodeToString(sum[:]), Data: e.Data,
	}, jsontext.AllowInvalidUTF8(true)) // as U+FFFD
	if err != nil { // only a year outside 0..9999 can do this
		panic(fmt.Sprintf("webhook: encode event: %v", err))
	}
	return ascii(text)
}

// ascii escapes all but printable ASCII in a JSON text. A queue may refuse a character
// of an event type or a reason (SQS: U+FFFE), and a refused message is a lost event.
func ascii(text []byte) []byte {
	if !slices.ContainsFunc(text, func(c byte) bool { return c >= 0x7f }) {
		return text
	}
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		switch {
		case r < 0x7f:
			out = append(out, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

var (
	// ErrNewer: a newer release wrote the message. Retry it: a rollout may be under way.
	ErrNewer = errors.New("message is of a newer version")
	// ErrCorrupt: the message is not an event, or its body does not match its hash.
	ErrCorrupt = errors.New("message is corrupt")
)

// DecodeEvent reads what Encode wrote. It fails with ErrNewer or ErrCorrupt.
func DecodeEvent(data []byte) (Event, error) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return Event{}, fmt.Errorf("%w: not a CloudEvents object", ErrCorrupt)
	}
	if m.SpecVersion == "" || m.ID == "" || m.Source == "" || m.Type == "" || m.IdentityVersion == "" {
		return Event{}, fmt.Errorf("%w: a CloudEvents attribute is missing", ErrCorrupt)
	}
	if m.SpecVersion != "1.0" || m.IdentityVersion != identityVersion {
		return Event{}, ErrNewer
	}
	if sum := sha256.Sum256(m.Data); hex.EncodeToString(sum[:]) != m.BodySHA256 {
		return Event{}, fmt.Errorf("%w: the body does not match its hash", ErrCorrupt)
	}
	return Event{
		ID: m.ID, Source: m.Source, Type: m.Type, Time: m.Time, Data: m.Data,
		Basis: m.IdentityBasis, KeyID: m.KeyID, Group: m.Group, Reason: m.Reason, SignedID: m.SignedID, Uncovered: m.Uncovered,
	}, nil
}
