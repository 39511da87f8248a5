package ingesttest

import (
	"bytes"
	"net/http"
	"slices"
	"testing"

	"github.com/webhook-functions/template/shared/webhook"
)

// row is one case: a good delivery, changed, and what must become of it.
type row struct {
	name   string
	change change
	status int // or M, or X
	stored place
}

// Statuses that each platform has its own of.
const (
	M = -1 // the signature is missing
	X = -2 // the signature is wrong
)

// place is where a delivery is stored.
type place string

const (
	nothing place = "nothing"
	queued  place = "events queue"
	dead    place = "dead letters"
)

func (p platform) statusOf(s int) int {
	switch s {
	case M:
		return p.MissingStatus
	case X:
		return p.MismatchStatus
	}
	return s
}

func (r row) run(t *testing.T, newFront NewFront, d *draft) {
	w := NewWorld(t, d.given...)
	request := d.request()
	r.check(t, w, d, request, newFront(t, w).Send(t, request))
}

func (r row) check(t *testing.T, w *World, d *draft, request Request, answer Answer) {
	t.Helper()
	if slices.Contains(d.byServer, answer.Status) && answer.Body != constants[answer.Status] {
		r.checkUntouched(t, w)
	} else {
		if want := d.statusOf(r.status); answer.Status != want {
			t.Errorf("status %d, want %d", answer.Status, want)
		}
		CheckAnswer(t, request, answer)
		checkMissed(t, w, d, answer)
		r.checkLookups(t, w)
	}
	r.checkStored(t, w, d, request)
	r.checkWorker(t, w)
	w.CheckSilence(t, d.secrets()...)
}

// constants are all that outsiders ever read.
var constants = map[int]string{
	200: "ok",
	400: "bad request", 401: "unauthorized", 403: "forbidden", 404: "not found", 405: "method not allowed",
	408: "request timeout", 413: "content too large", 415: "unsupported media type",
	500: "internal server error", 503: "service unavailable",
}

// CheckAnswer holds an answer against the constants.
func CheckAnswer(t testing.TB, r Request, a Answer) {
	t.Helper()
	want, ok := constants[a.Status]
	if !ok {
		t.Errorf("status %d is none of ours", a.Status)
	}
	if r.Method == http.MethodHead { // a server leaves the body out
		want = a.Body
	}
	if a.Body != want {
		t.Errorf("body %.80q of a %d, want %q", a.Body, a.Status, want)
	}
	allow, retry := "", ""
	switch a.Status {
	case http.StatusMethodNotAllowed:
		allow = "POST"
	case http.StatusServiceUnavailable:
		retry = "1"
	}
	if got := a.Header.Get("Allow"); got != allow {
		t.Errorf("Allow: %q on a %d, want %q", got, a.Status, allow)
	}
	if got := a.Header.Get("Retry-After"); got != retry {
		t.Errorf("Retry-After: %q on a %d, want %q", got, a.Status, retry)
	}
}

// checkMissed: every row is the delivery of a platform in use, so a refusal is
// missed there, and says whose it is.
func checkMissed(t *testing.T, w *World, d *draft, answer Answer) {
	t.Helper()
	refused := w.Refused(t)
	if wanted := answer.Status != 200 && !answer.Unseen; len(refused) > 1 || wanted != (len(refused) == 1) {
		t.Errorf("%d refusals were logged for a %d", len(refused), answer.Status)
	}
	for _, line := range refused {
		if !line.Missed || line.Provider != d.Name && line.Provider != "unrouted" {
			t.Errorf("the refusal of a delivery is not missed: %+v", line)
		}
	}
}

// checkLookups: a forger must not be able to make us work.
func (r row) checkLookups(t *testing.T, w *World) {
	t.Helper()
	lookups, refreshes := w.Keyrings.Lookups(), w.Keyrings.Refreshes()
	most := 1
	if r.status != X && r.status < 500 && r.stored == nothing {
		most = 0 // nothing had to be verified
	}
	if lookups > most {
		t.Errorf("secrets were looked up %d times, want at most %d", lookups, most)
	}
	if refreshes > 0 && r.status != X || refreshes > 1 {
		t.Errorf("secrets were refreshed %d times", refreshes)
	}
}

// checkUntouched: the server has answered, so ingest was not asked.
func (r row) checkUntouched(t *testing.T, w *World) {
	t.Helper()
	if n := w.Keyrings.Lookups(); n != 0 || r.stored != nothing {
		t.Errorf("the server refused, yet secrets were looked up %d times", n)
	}
}

func (r row) checkStored(t *testing.T, w *World, d *draft, request Request) {
	t.Helper()
	for where, queue := range map[place]*Recorder{queued: w.Events, dead: w.DeadLetters} {
		stored := queue.Stored(t)
		if where != r.stored {
			if len(stored) != 0 || queue.Calls() != 0 && !queue.refusing {
				t.Errorf("%s: called %d times and %d stored, want %s stored", where, queue.Calls(), len(stored), r.stored)
			}
			continue
		}
		if len(stored) != 1 || queue.Calls() != 1 {
			t.Errorf("%s: called %d times and %d stored, want one", where, queue.Calls(), len(stored))
			continue
		}
		checkEvent(t, stored[0], where, w, d, request)
	}
}

func checkEvent(t *testing.T, e webhook.Event, where place, w *World, d *draft, request Request) {
	t.Helper()
	if !bytes.Equal(e.Data, request.Body) {
		t.Errorf("%d bytes were stored that are not the %d bytes sent", len(e.Data), len(request.Body))
	}
	if e.Provider() != d.Name || e.KeyID == "" || e.ID == "" || !e.Time.Equal(w.Now()) {
		t.Errorf("the event lacks its platform, key, identity or time: %+v", e)
	}
	if isDead := e.Reason != ""; isDead != (where == dead) || isDead != (e.Basis == webhook.Undecodable) {
		t.Errorf("%s: reason %q, basis %q", where, e.Reason, e.Basis)
	}
}

// checkWorker: what is in the queue can be handled, and a dead letter that is
// redriven to the same code is a dead letter again.
func (r row) checkWorker(t *testing.T, w *World) {
	t.Helper()
	for _, v := range w.Work(t, w.Events) {
		if !v.Ack || v.Outcome == "dead" {
			t.Errorf("the worker could do nothing with a queued event: %+v", v)
		}
	}
	for _, v := range w.Work(t, w.DeadLetters) {
		if v.Outcome != "dead" {
			t.Errorf("the worker did something with a dead letter: %+v", v)
		}
	}
}
