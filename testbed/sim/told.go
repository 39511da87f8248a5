package sim

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/webhook-functions/template/testbed/sim/field"
	"github.com/webhook-functions/template/testbed/sim/queue"
)

// What platforms must have been told in the end, besides limits and debits.

// arrived gives the events of a type that ingest queued.
func (w *world) arrived(eventType string, each func(envelope)) {
	for _, q := range w.queued {
		if e := open(queue.Message{Body: q.Body}); e.Type == eventType && !q.Dead {
			each(e)
		}
	}
}

// speech is one text for one session, asked for by the batch of tools it is about.
type speech struct{ Session, Text, Group string }

// speechRequest is an event that asks for a text to be spoken, with all it was ever said to be:
// a platform may report one batch twice in different words.
type speechRequest struct {
	id   string
	says []speech
	done bool // spoken, over, or given up
}

// judgeSpeech checks that no request is spoken more often than once, and each once: but
// for sessions that are over, and dead letters that say that it may have been spoken.
func (w *world) judgeSpeech() {
	asked := w.asked()
	told := w.api.State()
	for _, session := range slices.Sorted(maps.Keys(told.Spoken)) {
		for _, text := range told.Spoken[session] {
			is := func(s speech) bool { return s.Session == session && s.Text == text }
			i := slices.IndexFunc(asked, func(r *speechRequest) bool { return !r.done && slices.ContainsFunc(r.says, is) })
			if i < 0 {
				w.violate("G2: a text is spoken twice in session %s", session)
				continue
			}
			asked[i].done = true
		}
	}
	for _, m := range w.dead.Messages() {
		if i := slices.IndexFunc(asked, func(r *speechRequest) bool { return r.id == open(m).ID }); i >= 0 {
			asked[i].done = true
		}
	}
	for _, r := range asked {
		if !r.done && !slices.ContainsFunc(r.says, func(s speech) bool { return slices.Contains(told.Ended, s.Session) }) {
			w.violate("G5: a text that is asked for is not spoken")
		}
	}
}

// asked gives the requests in the order they were first made. Each batch of tools that is
// finished in a session must have made one.
func (w *world) asked() (all []*speechRequest) {
	batches := map[string]string{}
	for _, m := range w.archive {
		var says speech
		e := open(m)
		if e.Type != "session.speech.requested" || json.Unmarshal(e.Data, &says) != nil {
			continue
		}
		if of := batches[says.Group]; of != "" && of != e.ID {
			w.violate("G2: the results of tools are asked to be spoken under two identities")
		}
		batches[says.Group] = e.ID
		i := slices.IndexFunc(all, func(r *speechRequest) bool { return r.id == e.ID })
		if i < 0 {
			i, all = len(all), append(all, &speechRequest{id: e.ID})
		}
		all[i].says = append(all[i].says, says)
	}
	w.arrived("gabber.tool.calls_finished", func(e envelope) {
		if done := see(field.Event{Body: e.Data}).Payload; done.Session != "" && batches[done.Group] == "" {
			w.violate("G5: results of tools are not asked to be spoken")
		}
	})
	return all
}

// judgeLeads checks that each lead is forwarded, under one identity, and nothing else is.
func (w *world) judgeLeads() {
	leads, due := map[string]bool{}, map[string]bool{}
	if w.plan.env["LEADS_FORWARD_URL"] != "" {
		w.arrived("chatbase.leads.submit", func(e envelope) { leads[e.ID] = true })
	}
	for _, m := range w.archive {
		if e := open(m); e.Type == "lead.forward" {
			due[e.ID] = true
		}
	}
	if len(due) != len(leads) {
		w.violate("G5: %d leads, and %d are to be forwarded", len(leads), len(due))
	}
	for _, lead := range w.api.State().Leads {
		if !due[lead.ID] {
			w.violate("G2: what is forwarded is no lead, or one under another identity")
		}
		due[lead.ID] = false
	}
	for _, missing := range due {
		if missing {
			w.violate("G5: a lead is not forwarded")
		}
	}
}

// judgeAttached checks that a human is attached to a session only if its caller is theirs
// and a report of the session named no human.
func (w *world) judgeAttached() {
	nameless := map[string]bool{}
	w.arrived("gabber.realtime_session.state_changed", func(e envelope) {
		if current := see(field.Event{Body: e.Data}).Payload.Current; current.Human == "" {
			nameless[current.ID] = true
		}
	})
	attached := w.api.State().Attached
	for _, session := range slices.Sorted(maps.Keys(attached)) {
		if !nameless[session] || !w.callers[attached[session]] {
			w.violate("G5: a human is attached to session %s, which has one or is of another caller", session)
		}
	}
}
