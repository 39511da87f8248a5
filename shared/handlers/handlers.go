// Package handlers is the business logic: one file per reaction, one table.
//
// A handler gets verified events and may get each of them again, at any age and
// in any order; see webhook.Handler for what it owes in return. To add a
// reaction, write a file here and name its event types in [Table].
package handlers

import (
	"github.com/webhook-functions/template/shared/webhook"
)

// Table says which handler reacts to which event. An event that is not in it is
// acknowledged and counted as ignored.
func Table(credits *Credits, latest *Latest) map[string]webhook.BatchHandler {
	table := map[string]webhook.BatchHandler{
		"gabber.usage.tracked":  credits.Deduct,
		"chatbase.leads.submit": webhook.Each("stored", latest.Lead),
	}
	for _, eventType := range mirrored {
		table[eventType] = webhook.Each("stored", latest.Mirror)
	}
	return table
}

// Outbound says which handler calls a platform for which follow-up event. None
// does yet: the worker acknowledges follow-ups as ignored.
func Outbound() map[string]webhook.BatchHandler { return nil }
