package handlers

import (
	"context"
	"errors"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

const (
	// sessionWait is how long after its arrival usage waits for the first report of
	// its session: longer than any published retry of a platform, and less than
	// what rings AGE.
	sessionWait = 2 * time.Minute
	// sessionRetry is how long it waits at a time: a queue counts the tries.
	sessionRetry = 30 * time.Second
)

var errNoSession = errors.New("nothing is reported yet of the usage's session")

// exclude records a charge at 0 if its session is known to be simulated. A session
// may be reported after its usage: then the usage waits, and is charged in the
// end. What the first booking says stands: neither the entry's identity nor its
// fingerprint depends on what is found here.
func (c *Credits) exclude(ctx context.Context, e webhook.Event, ch *charge) error {
	if !c.ExcludeSimulated || ch.usage.Session == "" || ch.cost == 0 {
		return nil
	}
	record, known, err := c.Records.Get(ctx, e.Provider()+".session", ch.usage.Session)
	switch {
	case err != nil:
		return err
	case !known && c.Now().Sub(e.Time).Abs() < sessionWait:
		return webhook.RetryAfter(sessionRetry, errNoSession)
	case !known:
		return nil
	}
	var session struct {
		Simulated bool `json:"simulated"`
	}
	if err := strict.Unmarshal(record.Data, &session); err != nil {
		return err
	}
	if session.Simulated {
		ch.simulated, ch.cost, ch.entry.Amount = true, 0, 0
		ch.entry.Kind, ch.entry.Note = ledger.Unpriced, "simulated session"
	}
	return nil
}
