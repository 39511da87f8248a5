package handlers

import (
	"context"

	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

var bazaarPlatform = platform{
	reactions: func(_ Settings, store records.Store) map[string]webhook.BatchHandler {
		return map[string]webhook.BatchHandler{"bazaar.order.paid": webhook.Each("stored", orders{store}.keep)}
	},
	kinds: []string{"bazaar.order"},
}

type orders struct{ records records.Store }

// keep keeps an order once.
func (o orders) keep(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	_, err := o.records.Put(ctx, records.Record{Kind: "bazaar.order", ID: e.ID, Version: records.Once, Time: e.Time, Data: e.Data})
	return nil, err
}
