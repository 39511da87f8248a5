package handlers

import (
	"context"
	"errors"
	"strings"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// VendorLedger says that Gabber's usage is (also) debited in its own credit
// ledger. What other platforms report is never told to Gabber that way.
// Its amounts are whole credits, so a cost is rounded up.
type VendorLedger struct {
	Credit  string // id of the credit type; empty turns it off
	Instead bool   // our own entry is then made at 0, and only remembers that the usage was seen
}

// VendorDebit is the type of the follow-up event that asks for a debit there.
// Its data is a [Debit].
const VendorDebit = "credits.vendor.debit"

// Debit is one entry for the vendor's ledger.
type Debit struct {
	envelope.Private
	Credit string `json:"credit"`
	Human  string `json:"human"`
	Amount int64  `json:"amount"` // whole credits, negative
	Key    string `json:"key"`    // the same for every delivery of the same usage
}

// debit makes the follow-up of a charge, nothing if there is none to make.
//
// An event without an id is keyed by its bytes for ever, not by its arrival: the
// vendor knows no window, and of two twins it is better to charge one.
func (v VendorLedger) debit(e webhook.Event, ch charge) []webhook.Event {
	if v.Credit == "" || ch.of.Human == "" || ch.cost == 0 {
		return nil
	}
	key := "gabber:usage:" + ch.usageID
	if ch.usageID == "" {
		key = "gabber:usage:body:" + e.ID
	}
	debit := Debit{Credit: v.Credit, Human: ch.of.Human, Amount: -wholeCredits(ch.cost), Key: key}
	return []webhook.Event{followUp("worker", VendorDebit, e, ch.of.Account, debit)}
}

// wholeCredits rounds up.
func wholeCredits(cost ledger.Micro) int64 {
	whole := int64(cost / ledger.Credit)
	if cost%ledger.Credit != 0 {
		whole++
	}
	return whole
}

// VendorDebits posts to the vendor's ledger, each debit once.
//
// The key makes repeating safe, but what a repeated key is answered with is not
// documented; it may look like any refusal. So what was debited is kept here, too,
// and is not posted again. If that note got lost, a refused key that the newest
// entry there has was used by ourselves; otherwise people must look.
type VendorDebits struct {
	API     gabber.API
	Records records.Store
}

// debitKind holds {"amount"} by credit, human and key: the vendor does not say
// for which of them a key must be unique.
const debitKind = "gabber.debit"

// Post handles credits.vendor.debit.
func (v *VendorDebits) Post(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	var d Debit
	if err := strict.Unmarshal(e.Data, &d); err != nil || d.Credit == "" || d.Human == "" || d.Amount >= 0 || d.Key == "" {
		return nil, webhook.Permanent("not a debit")
	}
	note := records.Record{Kind: debitKind, ID: strings.Join([]string{d.Credit, d.Human, d.Key}, unit), Version: 1, Time: e.Time,
		Data: encode(struct {
			Amount int64 `json:"amount"`
		}{d.Amount})}
	if _, done, err := v.Records.Get(ctx, note.Kind, note.ID); err != nil || done {
		return nil, err
	}
	if err := v.post(ctx, d); err != nil {
		return nil, err
	}
	_, err := v.Records.Put(ctx, note)
	return nil, err
}

// post is done when the vendor has an entry with the debit's key. Whatever is
// unknown is tried again.
func (v *VendorDebits) post(ctx context.Context, d Debit) error {
	err := v.API.PostCredit(ctx, d.Credit, d.Human, gabber.CreditEntry{Amount: d.Amount, IdempotencyKey: d.Key})
	if _, refused := webhook.PermanentReason(err); !refused && !errors.Is(err, outbound.ErrConflict) {
		return err
	}
	latest, readErr := v.API.LatestCredit(ctx, d.Credit, d.Human)
	switch {
	case errors.Is(readErr, outbound.ErrNotFound): // there is no entry at all
		return err
	case readErr != nil:
		return readErr
	case latest.IdempotencyKey == d.Key:
		return nil
	}
	return err
}
