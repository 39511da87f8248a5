package gabber

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// usageTracked says that a customer used something: one event per turn of a
// conversation, not per session. Conversational seconds come rounded up; other
// usage types have fractions.
type usageTracked struct {
	envelope.Private
	ID       string        `json:"id" strict:"typed"`      // of the usage, the same in every retry; older forms have none
	Type     string        `json:"type" strict:"nonempty"` // "conversational_seconds", "token_cnt", …; an open list
	Value    strict.Number `json:"value" strict:"required"`
	Human    string        `json:"human" strict:"typed"`    // your own id of your customer; see account
	HumanID  string        `json:"human_id" strict:"typed"` // the deprecated name of Human; Gabber does not document which of them is filled
	Project  string        `json:"project" strict:"typed"`  // required by the clients, absent in the docs' example
	Metadata strict.Raw    `json:"metadata"`                // content not documented
	Extra    strict.Raw    `json:"extra"`                   // content not documented
	Marked   strict.Raw    `json:"simulated"`               // not documented; see simulated
}

// The most one event may report. More is taken for a fault of the sender and
// goes to the dead letters, where an operator decides. Both limits are ours.
var (
	maxSeconds = strict.NewDecimal(7 * 24 * 60 * 60) // usage types that end in "_seconds"
	maxUnits   = strict.NewDecimal(1_000_000_000)    // every other usage type
)

// Usage implements [webhook.UsageReporter].
func (u usageTracked) Usage() (webhook.Usage, error) {
	units, err := u.units()
	return webhook.Usage{
		ID: u.ID, Whom: u.account(), Project: u.Project, Session: u.session(), Type: u.Type,
		Value: string(u.Value), Simulated: u.simulated(), Meaning: []string{u.account(), u.Type, units.String()},
	}, err
}

// units is the exact value. It cannot fail for an event that was decoded.
func (u usageTracked) units() (strict.Decimal, error) { return u.Value.Decimal() }

// account is whom the usage is charged to, byte for byte: human, else human_id.
// Empty means that the platform did not say.
func (u usageTracked) account() string { return cmp.Or(u.Human, u.HumanID) }

// simulated says whether the event calls itself simulated: payload.simulated,
// or simulated in metadata or extra, is true. A guess: Gabber documents the flag
// for sessions only. Anything but the JSON literal true counts as real.
func (u usageTracked) simulated() bool {
	return isTrue(u.Marked) || isTrue(simulatedIn(u.Metadata)) || isTrue(simulatedIn(u.Extra))
}

// session is the conversation the usage belongs to, "" if the event does not say:
// realtime_session, realtime_session_id or session in metadata or extra. A guess,
// by the names that other events give it: no published model of usage has one.
func (u usageTracked) session() string {
	for _, object := range []strict.Raw{u.Metadata, u.Extra} {
		var o struct {
			RealtimeSession   string `json:"realtime_session"`
			RealtimeSessionID string `json:"realtime_session_id"`
			Session           string `json:"session"`
		}
		_ = strict.Unmarshal(object, &o) // a member of another shape says nothing
		id := cmp.Or(o.RealtimeSession, o.RealtimeSessionID, o.Session)
		if id != "" && envelope.Text("", id, envelope.MaxID) == nil {
			return id
		}
	}
	return ""
}

func simulatedIn(object strict.Raw) strict.Raw {
	var o struct {
		Simulated strict.Raw `json:"simulated"`
	}
	if strict.Unmarshal(object, &o) != nil { // absent, or of another shape: it says nothing
		return nil
	}
	return o.Simulated
}

func isTrue(value strict.Raw) bool { return string(value) == "true" }

// Check implements [envelope.Payload].
func (u usageTracked) Check() error {
	return cmp.Or(
		envelope.Text("payload.id", u.ID, envelope.MaxID),
		envelope.Text("payload.type", u.Type, envelope.MaxType),
		envelope.Text("payload.human", u.Human, envelope.MaxID),
		envelope.Text("payload.human_id", u.HumanID, envelope.MaxID),
		envelope.Text("payload.project", u.Project, envelope.MaxID),
		u.checkAccount(),
		u.checkValue(),
	)
}

func (u usageTracked) checkAccount() error {
	if u.Human != "" && u.HumanID != "" && u.Human != u.HumanID {
		return errors.New("payload.human and payload.human_id name two customers")
	}
	return nil
}

func (u usageTracked) checkValue() error {
	units, err := u.units()
	switch {
	case err != nil:
		return fmt.Errorf("payload.value %w", err)
	case units.Sign() < 0: // usage never credits
		return errors.New("payload.value is negative")
	case units.Cmp(u.limit()) > 0:
		return errors.New("payload.value is above the limit of one event")
	}
	return nil
}

func (u usageTracked) limit() strict.Decimal {
	if strings.HasSuffix(u.Type, "_seconds") {
		return maxSeconds
	}
	return maxUnits
}

// Deprecated implements [envelope.Deprecating].
func (u usageTracked) Deprecated() []string {
	if u.HumanID == "" {
		return nil
	}
	return []string{"payload.human_id"}
}

// Identity is the usage's id. Without one only the body tells events apart.
func (u usageTracked) Identity() []string {
	if u.ID == "" {
		return nil
	}
	return []string{u.ID}
}

// Group is the account.
func (u usageTracked) Group() string { return u.account() }
