package calls

import (
	"context"
	"errors"
	"strings"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// debits posts to the vendor's ledger, each debit once.
//
// The key makes repeating safe, but what a repeated key is answered with is not
// documented; it may look like any refusal. So what was debited is kept here, too,
// and is not posted again. If that note got lost, a refused key that the newest
// entry there has was used by ourselves; otherwise people must look.
type debits struct {
	API     gabberAPI
	Records records.Store
}

// Post handles credits.vendor.debit.
func (v *debits) Post(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	var d followups.Debit
	if err := strict.Unmarshal(e.Data, &d); err != nil || d.Credit == "" || d.Human == "" || d.Amount >= 0 || d.Key == "" {
		return nil, webhook.Permanent("not a debit")
	}
	note := records.Record{Kind: gabber.DebitKind, ID: strings.Join([]string{d.Credit, d.Human, d.Key}, accounts.Separator), Version: records.Once, Time: e.Time,
		Data: webhook.JSON(struct {
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

// post is done when the vendor has an entry with the debit's key. An
// unknown outcome is tried again.
func (v *debits) post(ctx context.Context, d followups.Debit) error {
	err := v.API.PostCredit(ctx, d.Credit, d.Human, creditEntry{Amount: d.Amount, IdempotencyKey: d.Key})
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
