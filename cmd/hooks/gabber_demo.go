package main

import (
	"context"
	"fmt"
	"time"
)

// gabberLimit waits for the limit at Gabber's (fake) API to be what the balance buys.
func gabberLimit(ctx context.Context, d *demonstration) (happened, error) {
	row := happened{Platform: "gabber", Event: "limit, at the fake API"}
	account, err := d.db.Ledger().Account(ctx, d.human)
	if err != nil {
		return row, err
	}
	row.Before, row.After = account.Balance.String(), account.Balance.String()
	price, _, err := d.settings.outbound.Gabber.Price.Micros()
	if err != nil || price <= 0 {
		row.Outcome, row.AsMeant = "no price", true
		return row, err
	}
	for range 200 {
		limit, ok := d.fake.Limit(d.human, "conversational_seconds")
		row.Outcome = fmt.Sprintf("%d s left", limit)
		if row.AsMeant = ok && limit == max(0, int64(account.Balance))/price && len(d.fake.State().Wrong) == 0; row.AsMeant {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return row, nil
}
