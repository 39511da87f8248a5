package sim

import (
	"maps"
	"slices"
	"strings"

	"github.com/webhook-functions/template/testbed/sim/stored"
)

// ledgerWrites follows each write of the ledger, without the product's code: an entry is
// written once and never altered; the balance is the sum of the entries and seq their
// number, in every committed state; what was pushed is never more than there is.
type ledgerWrites struct {
	w        *world
	accounts map[string]*account
}

type account struct {
	balance, seq, pushed int64 // as stored
	sum, entries         int64 // of the entries
}

func (b *ledgerWrites) commit(changes []stored.Change) {
	touched := map[string]bool{}
	for _, c := range changes {
		switch kind, name := kindOf(c); kind {
		case "entry":
			touched[b.entry(c)] = true
		case "account":
			b.account(name, c)
			touched[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(touched)) {
		if a := b.of(name); a.balance != a.sum || a.seq != a.entries {
			b.w.violate("G3: account %q has balance %d after %d entries, the entries add up to %d after %d", name, a.balance, a.seq, a.sum, a.entries)
		} else if a.pushed > a.seq {
			b.w.violate("G3: account %q is pushed as of entry %d of %d", name, a.pushed, a.seq)
		}
	}
}

// kindOf tells entries and accounts from other items, on either cloud.
func kindOf(c stored.Change) (kind, name string) {
	item := c.New
	if item == nil {
		item = c.Old
	}
	switch {
	case c.Table == "entries" || strings.HasPrefix(c.Key, "entry#"):
		return "entry", ""
	case c.Table == "accounts":
		name, _ = item["account"].(string)
		return "account", name
	case strings.HasPrefix(c.Key, "account#"):
		name, _, _ = strings.Cut(strings.TrimPrefix(c.Key, "account#"), "\x00")
		return "account", name
	}
	return "", ""
}

func (b *ledgerWrites) of(name string) *account {
	if b.accounts[name] == nil {
		b.accounts[name] = &account{}
	}
	return b.accounts[name]
}

func (b *ledgerWrites) entry(c stored.Change) (name string) {
	if c.Old != nil || c.New == nil {
		b.w.violate("G2: an entry is altered or removed")
		return ""
	}
	name, _ = c.New["account"].(string)
	amount, _ := c.New["amount"].(int64)
	a := b.of(name)
	a.sum, a.entries = a.sum+amount, a.entries+1
	return name
}

func (b *ledgerWrites) account(name string, c stored.Change) {
	a := b.of(name)
	balance, _ := c.New["balance"].(int64)
	seq, _ := c.New["seq"].(int64)
	pushed, _ := c.New["synced_seq"].(int64)
	if pushed < a.pushed {
		b.w.violate("G6: account %q was pushed as of entry %d, then %d", name, a.pushed, pushed)
	}
	a.balance, a.seq, a.pushed = balance, seq, pushed
}
