// Package followups are the events of our own: what the worker and operators ask
// outbound to do. Here are their types and their data.
//
// The data of an event is JSON and stays readable for good: one may wait in a
// dead-letter queue for weeks.
package followups

import (
	"slices"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// The types of events about credits.
const (
	BalanceChanged = "credits.balance.changed" // data: [Balance]; the platform's limit must be brought up to date
	Exhausted      = "credits.exhausted"       // data: [Crossing]; the balance fell to zero or below
	Restored       = "credits.restored"        // data: [Crossing]; the balance is above zero again
	VendorDebit    = "credits.vendor.debit"    // data: [Debit]; a debit in the platform's own ledger
)

// Types lists every type.
func Types() []string {
	return slices.Concat(
		[]string{BalanceChanged, Exhausted, Restored, VendorDebit},
		gabberTypes,
		chatbaseTypes,
	)
}

// Balance names an account whose balance changed. It carries no amount: the
// handler reads the newest balance.
type Balance struct {
	envelope.Private
	Account string `json:"account"`
	Human   string `json:"human,omitempty"`   // what the platform calls the account's owner; empty for suspense
	Project string `json:"project,omitempty"` // where there is one account per project and human
}

// ReadBalance reads the data of [BalanceChanged]. The error is permanent.
func ReadBalance(e webhook.Event) (b Balance, err error) {
	if err := strict.Unmarshal(e.Data, &b); err != nil || b.Account == "" || b.Human == "" {
		return Balance{}, webhook.Permanent("not a change of balance")
	}
	return b, nil
}

// Crossing says whose balance crossed zero and which crossing it is: odd numbers
// exhaust the account, even ones restore it.
type Crossing struct {
	Balance
	Number int64 `json:"number"`
}

// Debit is one entry for the ledger of a platform.
type Debit struct {
	envelope.Private
	Credit string `json:"credit"`
	Human  string `json:"human"`
	Amount int64  `json:"amount"` // whole credits, negative
	Key    string `json:"key"`    // the same for every delivery of the same usage
}

// New makes an event: function is its maker, cause the event it follows from and
// about what it concerns. Its data is v as JSON.
func New(function, eventType string, cause webhook.Event, about string, v any) webhook.Event {
	return webhook.FollowUp(function, eventType, cause, about, webhook.JSON(v))
}
