// Package catalogue holds the signature schemes of platforms that are ready to be used.
//
// Each [Entry] is a row of catalogue.json: the scheme as the text that a fork sets
// (docs/schemes.md), where it was read, and a delivery that it must verify. Certainty
// is one of
//
//	vendor code       read in the vendor's library, sample or server
//	documentation     read in the vendor's documentation
//	third-party code  read in production code of others that verifies deliveries
//	research notes    read in notes of others
//
// A new entry needs a delivery that was captured, or a vector of which the formula is
// known from one of the first three. The vectors were not made by this module: Python's
// hmac and the package cryptography signed bodies that were made up. Their secrets are
// public.
//
// The catalogue serves commands and tests. No function links it.
package catalogue

import (
	_ "embed"
	"encoding/json/v2"
	"time"

	"github.com/webhook-functions/template/shared/signature"
)

//go:embed catalogue.json
var rows []byte

// Entry is a platform's way to sign.
type Entry struct {
	Name      string // lower case with hyphens, fit for a route
	Title     string
	Scheme    string // for [signature.ParseScheme]
	Missing   int    // HTTP status that the platform wants where the signature is missing; 0: any
	Wrong     int    // and where it does not match
	Source    string // path in a repository, or page
	Certainty string // see the package comment
	Notes     string
	Vector    Vector
}

// Vector is a delivery that its entry's scheme verifies.
type Vector struct {
	Method, Query string
	Headers       signature.Header
	Body          string
	Secret        string    // a public key where the scheme takes one
	Time          time.Time // when it arrives; zero: at any time
	ID            string    // the signed id, "" where the scheme names none
}

// Request is the delivery as [signature.Keyring] takes it.
func (v Vector) Request() signature.Request {
	return signature.Request{Method: v.Method, Query: v.Query, Header: v.Headers, Body: []byte(v.Body)}
}

// All gives the entries in the order of their names.
func All() []Entry {
	var all []Entry
	if err := json.Unmarshal(rows, &all, json.MatchCaseInsensitiveNames(true), json.RejectUnknownMembers(true)); err != nil {
		panic("catalogue.json: " + err.Error()) // the file is compiled in, and tests read it
	}
	return all
}
