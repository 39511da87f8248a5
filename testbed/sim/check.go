package sim

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/sim/field"
	"github.com/webhook-functions/template/testbed/sim/queue"
)

// canary notes a text that no log may show.
func (w *world) canary(text string) {
	if !slices.Contains(w.canaries, text) {
		w.canaries = append(w.canaries, text)
	}
}

// traces are what bodies leave in a log, in one form or another: the members' names as
// JSON in JSON, the begin of an object in base64, addresses, telephone numbers.
var traces = []string{`payload\"`, "eyJ", "@example.com", "+120255501"}

// checkLogs checks what was logged: it shows no secret, signature, body or person (G7).
func (w *world) checkLogs() {
	w.mu.Lock()
	lines := w.lines
	w.lines = nil
	w.mu.Unlock()
	for _, c := range w.canaries {
		if slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, c) }) {
			w.violate("G7: a log line shows what it must not")
		}
	}
}

// envelope is what is read of a message, without the product's code.
type envelope struct {
	ID, Source, Type, Reason, SignedID string

	Time time.Time
	Data []byte `json:"data_base64"`
}

func open(m queue.Message) (e envelope) {
	_ = json.Unmarshal(m.Body, &e) // what is no event has no id
	return e
}

// sentTo checks each message at the moment a queue confirms it: a body that no sender
// signed is not stored (G4).
func (w *world) sentTo(q *queue.Queue, m queue.Message) {
	w.archive = append(w.archive, m)
	e := open(m)
	if e.ID == "" {
		w.violate("G1: %s holds a message that is no event", w.queueName(q))
		return
	}
	w.note("%s stores %s: %s %s", w.queueName(q), m.ID, e.Type, e.ID[:min(8, len(e.ID))])
	defer w.planPoll(q)
	if q == w.dead && (w.publisher == "worker" || w.publisher == "outbound") {
		w.checkDeadLetter(e)
	}
	if w.publisher != "ingest" {
		return
	}
	if !w.signed[string(e.Data)] {
		w.violate("G4: %s stores a body that no platform signed", w.queueName(q))
	}
	w.kept[string(e.Data)] = true
	w.queued = append(w.queued, field.Queued{Body: m.Body, Dead: q == w.dead, At: time.Now(), Undecodable: e.Reason == errDecoder.Error()})
}

// expect notes what must become of an event.
func (w *world) expect(e field.Event) {
	w.wants["/webhooks/"+e.Platform+"\x00"+e.SignedID+"\x00"+string(e.Body)] = e.Wants
	if e.Wants.Key == "" {
		return
	}
	if w.meanings[e.Wants.Key] == nil {
		w.meanings[e.Wants.Key] = map[string]bool{}
	}
	w.meanings[e.Wants.Key][e.Wants.Meaning+e.Wants.Account] = true
}

// checkDeadLetter checks a dead letter that a handler made: its event is unusable, or its
// identity has another meaning, too; or the handler panicked. Some follow-ups are for people.
func (w *world) checkDeadLetter(e envelope) {
	wants := w.wants[e.Source+"\x00"+e.SignedID+"\x00"+string(e.Data)]
	if w.panics && strings.HasPrefix(e.Reason, "handler panicked") { // the third time it does
		return
	}
	if e.Reason == errDecoder.Error() {
		return
	}
	if wants.Kind != field.DeadLetter && len(w.meanings[wants.Key]) < 2 && !forPeople[e.Type] {
		w.violate("G5: a usable event, %s, is given up: %s", e.Type, e.Reason)
	}
}

// stored checks that what is answered 200 is in a queue (G1).
func (w *world) stored(body []byte) {
	if !w.kept[string(body)] {
		w.violate("G1: a delivery is answered 200 and not in a queue")
	}
}

// secretsLate is how long after the last fault of the store of secrets an instance may
// still know no newer one: it may have been frozen, and then is refused fetches for a
// while.
const secretsLate = 30 * time.Minute

// judgeStatus checks what a platform is answered for a delivery that it signed: 200,
// or a fault of ours. Only shortly after a rotation may the signature be called wrong,
// or while the store of secrets fails. A delivery whose signed time is too far away is
// refused, and counted apart from a wrong signature.
func (w *world) judgeStatus(e field.Event, found freshness, status int, codes []string) {
	rotated, wasRotated := w.rotated[e.Platform]
	excused := wasRotated && (time.Since(rotated) < 2*time.Minute || w.secretFault.After(rotated) && time.Since(w.secretFault) < secretsLate)
	_, mismatch := e.Statuses()
	called := slices.Contains(codes, webhook.CodeStale)
	switch {
	case status == 429 || status >= 500:
	case found == fresh && called:
		w.violate("G1: a delivery to /%s that is not stale is called so", e.Platform)
	case found == stale && status != mismatch:
		w.violate("G4: a stale delivery to /%s is answered %d", e.Platform, status)
	case found == stale && !called && !wasRotated:
		w.violate("G4: a stale delivery to /%s is not called so", e.Platform)
	case found == fresh && status != 200 && !excused:
		w.violate("G1: a signed delivery to /%s is answered %d", e.Platform, status)
	}
}

// judge compares the end of a history with what was sent.
func (w *world) judge(end field.World) {
	for _, what := range field.Judge(end) {
		w.violate("%s", what)
	}
	w.judgeCrossings(end)
	w.judgeDebits(end)
	w.judgeSpeech()
	w.judgeLeads()
	w.judgeAttached()
}

// judgeCrossings checks that the last crossing on record is the one the balance tells
// of: odd numbers exhaust an account.
func (w *world) judgeCrossings(end field.World) {
	for _, e := range end.Entries {
		if e.Amount == 0 || strings.Contains(e.Account, "\x1f") {
			continue
		}
		crossings := end.Records["credits.state\x00"+e.Account].Version
		if balance := end.Accounts[e.Account].Balance; (crossings%2 == 1) != (balance <= 0) {
			w.violate("G6: account %q has %d and crossed zero %d times", e.Account, balance, crossings)
		}
	}
}

// judgeDebits checks that each charge of Gabber is debited once in its ledger, in whole
// credits, where that is asked for. Arrivals of the same bytes are one debit.
func (w *world) judgeDebits(end field.World) {
	if w.plan.env["GABBER_LEDGER"] == "" {
		return
	}
	due, seen := map[string]int64{}, map[string]bool{}
	for _, e := range end.Entries {
		id, _, _ := strings.Cut(e.ID, "@")
		if e.Source != "/webhooks/gabber" || e.Amount == 0 || strings.Contains(e.Account, "\x1f") || strings.TrimSpace(e.Account) != e.Account || seen[id] {
			continue
		}
		seen[id] = true
		due[e.Account] -= (-e.Amount + 999_999) / 1_000_000
	}
	for _, debit := range w.api.State().Ledger {
		due[debit.Human] -= debit.Amount
	}
	for _, human := range slices.Sorted(maps.Keys(due)) {
		if due[human] != 0 {
			w.violate("G2: the vendor's ledger of %q is %d credits off", human, due[human])
		}
	}
}

// forPeople are follow-ups that may stay dead letters: a debit of a human whom no header
// can name or with a used key, a text that may have been spoken already.
var forPeople = map[string]bool{"credits.vendor.debit": true, "session.speech.requested": true}

// end reads the stores.
func (w *world) end() field.World {
	time.Sleep(longestLag)
	end := field.World{Rules: w.plan.rules, Sent: w.sent, Queued: w.queued, Grants: w.granted,
		Accounts: map[string]field.Account{}, Limits: map[string]int64{}, Unpushed: w.api.refused, Records: w.records.stand}
	ctx := context.Background()
	names, _, err := w.ledger.ledger.Accounts(ctx, "", 1000)
	w.must(err)
	for _, name := range names {
		a, err := w.ledger.ledger.Account(ctx, name)
		w.must(err)
		end.Accounts[name] = field.Account{Balance: int64(a.Balance), Seq: a.Seq, Pushed: a.PushedSeq}
		entries, _, err := w.ledger.ledger.Statement(ctx, name, "", 1000)
		w.must(err)
		for _, e := range entries {
			end.Entries = append(end.Entries, field.Entry{ID: e.ID, Account: e.Account, Kind: string(e.Kind), Amount: int64(e.Amount),
				Fingerprint: e.Fingerprint, DedupKey: e.DedupKey, Source: e.Source, Time: e.Time})
		}
	}
	for human, limits := range w.api.State().Limits {
		end.Limits[human] = limits["conversational_seconds"]
	}
	for _, m := range w.dead.Messages() {
		if forPeople[open(m).Type] {
			continue
		}
		end.Dead = append(end.Dead, field.Queued{Body: m.Body, Dead: true, At: m.Enqueued})
	}
	return end
}

func (w *world) must(err error) {
	if err != nil {
		w.violate("check: the stores cannot be read: %v", err)
	}
}
