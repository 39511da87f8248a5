package handlers

import (
	"slices"
	"strings"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/webhook"
)

// Kinds lists the kinds of records that are kept. One that ends in "/<id>" stands
// for a kind per conversation or session.
func Kinds() []string {
	kinds := []string{accounts.PhoneKind, accounts.CrossingKind, accounts.NegativeKind}
	for _, of := range platforms {
		kinds = append(kinds, of.kinds...)
	}
	for _, platform := range providers.Table().Providers() {
		kinds = append(kinds, UnknownKind(platform.Name))
		for name, zero := range platform.Events {
			if _, ok := zero.(webhook.StateReporter); !ok {
				continue
			}
			kind := model(platform.Name + "." + name)
			if kinds = append(kinds, kind); strings.HasSuffix(kind, ".message") {
				kinds = append(kinds, MessagesOf(kind, "<id>"))
			}
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}
