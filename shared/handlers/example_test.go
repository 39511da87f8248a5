package handlers_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// orders is a reaction of a fork's own: a file acme_orders.go in this package.
type orders struct{ Records records.Store }

// Paid keeps an order once, however often its event is delivered. A platform's folder
// would give the Go type of the body.
func (o *orders) Paid(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	_, err := o.Records.Put(ctx, records.Record{Kind: "acme.order", ID: e.ID, Version: records.Once, Time: e.Time, Data: e.Data})
	return nil, err
}

// A reaction's own file gives it to [handlers.Table], under the event's type; here a
// row does.
func Example() {
	store := records.NewMemory()
	table := handlers.Table(handlers.Settings{}, ledger.NewMemory(time.Now), store, time.Now, slog.New(slog.DiscardHandler))
	table["acme.order.paid"] = webhook.Each("stored", (&orders{store}).Paid)

	e := webhook.Event{ID: "order-7", Source: "/webhooks/acme", Type: "acme.order.paid", Data: []byte(`{"type":"order.paid"}`)}
	for range 2 {
		result := table[e.Type](context.Background(), []webhook.Event{e})[0]
		fmt.Println(result.Outcome, result.Err)
	}
	kept, _, err := store.List(context.Background(), "acme.order", "", 10)
	fmt.Println(len(kept), err)
	// Output:
	// stored <nil>
	// stored <nil>
	// 1 <nil>
}
