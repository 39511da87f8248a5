// Package accounts is what worker, outbound and operators agree on about the
// accounts of customers: their names, the price list, grants, and whose telephone
// number it is.
package accounts

import (
	"strings"

	"github.com/webhook-functions/template/shared/followups"
)

// Separator stands between the parts of an account's name. Humans cannot contain
// it (no control characters), so no human can name another account than their own.
const Separator = "\x1f"

// BalanceOf names the account of a human: the one there is, or the one of a
// project.
func BalanceOf(project, human string) followups.Balance {
	if project == "" {
		return followups.Balance{Account: human, Human: human}
	}
	return followups.Balance{Account: project + Separator + human, Human: human, Project: project}
}

// Suspense is the account of usage whose human is not known.
func Suspense(provider, project string) string {
	return strings.Join([]string{"suspense", provider, project}, Separator)
}

// The kinds of records that say how an account's balance crossed zero. The
// version is the number of the crossing.
const (
	CrossingKind = "credits.state"    // {"exhausted"}: the last crossing
	NegativeKind = "credits.negative" // {"exhausted"}: the last crossing after which a balance was below zero
)
