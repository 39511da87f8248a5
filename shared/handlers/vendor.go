package handlers

import (
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/webhook"
)

// VendorLedger says that the usage of a platform is (also) debited in the credit
// ledger of that platform. Its amounts are whole credits, so a cost is rounded up.
type VendorLedger struct {
	Platform string // whose usage and whose ledger
	Credit   string // id of the credit type; empty turns it off
	Instead  bool   // our own entry is then made at 0, and only remembers that the usage was seen
}

// debit makes the follow-up of a charge, nothing if there is none to make.
//
// An event without an id is keyed by its bytes for ever, not by its arrival: the
// vendor knows no window, and of two twins it is better to charge one.
func (v VendorLedger) debit(e webhook.Event, ch charge) []webhook.Event {
	if v.Credit == "" || ch.of.Human == "" || ch.cost == 0 {
		return nil
	}
	key := v.Platform + ":usage:" + ch.usage.ID
	if ch.usage.ID == "" {
		key = v.Platform + ":usage:body:" + e.ID
	}
	debit := followups.Debit{Credit: v.Credit, Human: ch.of.Human, Amount: -wholeCredits(ch.cost), Key: key}
	return []webhook.Event{followups.New("worker", followups.VendorDebit, e, ch.of.Account, debit)}
}

// wholeCredits rounds up.
func wholeCredits(cost ledger.Micro) int64 {
	whole := int64(cost / ledger.Credit)
	if cost%ledger.Credit != 0 {
		whole++
	}
	return whole
}
