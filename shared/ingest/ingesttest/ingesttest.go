// Package ingesttest is the catalogue of bad input, and of the good input that
// looks bad: what each request must be answered, what may be stored of it and,
// where it is about money, what it costs. Every front of ingest passes it:
//
//	func TestCatalogue(t *testing.T) {
//		ingesttest.Run(t, func(t *testing.T, w *ingesttest.World) ingesttest.Front { return newFront(t, w.Ingest) })
//	}
//
// Read the tables first: transport.go, signatures.go, bodies.go, hostile.go for
// single requests, which each platform of the table sends, and what becomes of
// events in the ledger, in files named after a platform; schemes.go delivers the vectors
// of the signature schemes that are ready for others, handshakes.go what a platform
// asks that is no event. Rows carry a number, B1 to
// B213, by which other tests and people refer to them. A number that is not here
// is in the tests of the one front, or of the one platform, that can express it.
//
// These rules hold for every row and are checked each time:
//
//   - the reply is one of the constants, with Allow on a 405 and Retry-After on
//     a 503 and on nothing else;
//   - nothing unverified is stored; what is stored are the bytes that were sent,
//     after the trip through a queue, too;
//   - a refusal costs no call to a queue, and none to the secret store unless
//     only the signature was left to check;
//   - a refusal is missed there: it is one line, with the attribute that alarms
//     count, and the platform's name;
//   - no secret, signature, name, telephone number or spoken word is in any log
//     line, with debug logging on;
//   - the worker can do something with what was queued and nothing with what
//     went to the dead letters.
package ingesttest

import (
	"net/http"
	"slices"
	"testing"
)

// Request is what a platform, or a forger, sends.
type Request struct {
	Method string
	Target string      // path and query, exactly as sent
	Header [][2]string // name and value, in order; a name may repeat
	Body   []byte
}

// Answer is what it gets.
type Answer struct {
	Status int
	Body   string
	Header http.Header // of interest: Allow, Retry-After, Content-Type, X-Content-Type-Options
	Unseen bool        // a server in front has answered, ingest was not asked
}

// Front sends a request the way its platform would hand it over and waits for
// the answer. It must be safe for concurrent use.
type Front interface {
	Send(t testing.TB, r Request) Answer
}

// NewFront puts a front before the world's Ingest.
type NewFront func(t *testing.T, w *World) Front

// Run puts a front through the catalogue.
func Run(t *testing.T, newFront NewFront) {
	trap := newTrap(t)
	cases := 0
	for _, r := range slices.Concat(transport, encodings(), signatures, nibbles(), bodies, hostile) {
		for _, p := range platforms {
			d := newDraft(p, trap.URL())
			if r.change(d); d.skip {
				continue
			}
			cases++
			t.Run(r.name+"/"+p.Name, func(t *testing.T) { r.run(t, newFront, d) })
		}
	}
	for _, s := range slices.Concat(stories...) {
		cases++
		t.Run(s.name, func(t *testing.T) { s.run(t, silently(newFront)) })
	}
	runSchemes(t, newFront)
	runHandshakes(t, newFront)
	if n := trap.Calls(); n != 0 {
		t.Errorf("%d connections were made to an address in a body", n)
	}
	t.Logf("%d cases", cases)
}

// silently looks at the log when the test is over.
func silently(newFront NewFront) NewFront {
	return func(t *testing.T, w *World) Front {
		t.Cleanup(func() {
			w.CheckSilence(t, private...)
			for _, p := range platforms {
				w.CheckSilence(t, Secret(p.Name))
			}
		})
		return newFront(t, w)
	}
}
