package sim

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/testbed/sim/field"
	"github.com/webhook-functions/template/testbed/sim/queue"
)

// canary notes a text that no log may show.
func (w *world) canary(text string) {
	if !slices.Contains(w.canaries, text) {
		w.canaries = append(w.canaries, text)
	}
}

// hear checks a line of a log: it shows no secret, signature, body or person (G7).
func (w *world) hear(line string) {
	for _, c := range w.canaries {
		if strings.Contains(line, c) {
			w.violate("G7: a log line shows what it must not")
		}
	}
}

// envelope is what is read of a message, without the product's code.
type envelope struct {
	ID, Source, Type, Reason string
	Time                     time.Time
	Data                     []byte `json:"data_base64"`
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
	w.note("%s stores %s %s", w.queueName(q), e.Type, e.ID[:min(8, len(e.ID))])
	defer w.poke(q)
	if w.publisher != "ingest" {
		return
	}
	if !w.signed[string(e.Data)] {
		w.violate("G4: %s stores a body that no platform signed", w.queueName(q))
	}
	w.kept[string(e.Data)] = true
	w.queued = append(w.queued, field.Queued{Body: m.Body, Dead: q == w.dead, At: time.Now()})
}

// stored checks that what is answered 200 is in a queue (G1).
func (w *world) stored(body []byte) {
	if !w.kept[string(body)] {
		w.violate("G1: a delivery is answered 200 and not in a queue")
	}
}

// judgeStatus checks what a platform is answered for a delivery that it signed: 200,
// or a fault of ours. Only shortly after a rotation may the signature be called wrong,
// or while the store of secrets fails.
func (w *world) judgeStatus(platform, secret string, status int) {
	rotated, once := w.rotated[platform]
	excused := once && (time.Since(rotated) < 2*time.Minute || w.secretFault.After(rotated))
	if status == 200 || status == 429 || status >= 500 || excused {
		return
	}
	w.violate("G1: a signed delivery to /%s is answered %d", platform, status)
}

// judge compares the end of a history with what was sent.
func (w *world) judge() {
	for _, what := range field.Judge(w.end()) {
		w.violate("%s", what)
	}
}

// end reads the stores.
func (w *world) end() field.World {
	end := field.World{Rules: w.plan.rules, Sent: w.sent, Queued: w.queued, Grants: w.granted,
		Accounts: map[string]field.Account{}, Limits: map[string]int64{}, Records: w.records.stand}
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
				Fingerprint: e.Fingerprint, DedupKey: e.DedupKey, Time: e.Time})
		}
	}
	for human, limits := range w.api.State().Limits {
		end.Limits[human] = limits["conversational_seconds"]
	}
	for _, m := range w.dead.Messages() {
		if m := open(m); m.Type == "credits.vendor.debit" {
			continue // a human whom no header can name, or a used key: people must look
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
