package ledgertest

import (
	"fmt"
	"sync"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
)

const callers = 50

// tally counts the outcomes of many callers.
type tally struct {
	mu       sync.Mutex
	outcomes map[ledger.Outcome]int
	errors   int
}

// persist posts until the store answers, as a queue would deliver again.
func (d *desk) persist(y *tally, account string, entries ...ledger.Entry) {
	for try := range 30 {
		outcomes, err := d.store.Post(d.Context(), account, entries)
		y.mu.Lock()
		if y.outcomes == nil {
			y.outcomes = map[ledger.Outcome]int{}
		}
		for _, o := range outcomes {
			y.outcomes[o]++
		}
		if err != nil {
			y.errors++
		}
		y.mu.Unlock()
		if err == nil {
			return
		}
		time.Sleep(time.Duration(try) * 5 * time.Millisecond)
	}
	d.Errorf("account %q: no answer in 30 tries", account)
}

// atOnce lets the callers loose together and waits for all.
func atOnce(n int, call func(i int)) {
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range n {
		done.Go(func() {
			ready.Wait()
			call(i)
		})
	}
	ready.Done()
	done.Wait()
}

// counted compares a counter. After an error an entry may have been written by
// a call that could not say so; then the store alone is the judge.
func (d *desk) counted(y *tally, outcome ledger.Outcome, want int) {
	d.Helper()
	if got := y.outcomes[outcome]; got != want && (y.errors == 0 || got > want) {
		d.Errorf("%d callers were told %q, want %d (%d errors on the way)", got, outcome, want, y.errors)
	}
}

func oneEventFiftyCallers(d *desk) {
	var y tally
	account, entry := d.name("a"), d.charge("e", 30)
	atOnce(callers, func(int) { d.persist(&y, account, entry) })
	d.counted(&y, ledger.Recorded, 1)
	if y.outcomes[ledger.Recorded]+y.outcomes[ledger.Duplicate] != callers {
		d.Errorf("account %q: outcomes %v", account, y.outcomes)
	}
	d.check(account)
	d.balance(account, -30, 1)
}

// fiftyCallersOneAccount posts entries that are all alike, so that every state that
// is ever read can be checked: the balance is seq amounts. An amount beyond those of
// 7 days is one that a store may have to read for.
func fiftyCallersOneAccount(d *desk) {
	const each = 4
	for _, amount := range []ledger.Micro{7, 1_000_000 * ledger.Credit} {
		var y tally
		account := d.name("takes %s", amount)
		atOnce(callers, func(i int) {
			for k := range each {
				d.persist(&y, account, d.charge(fmt.Sprintf("%s %d.%d", amount, i, k), amount))
				a, err := d.store.Account(d.Context(), account)
				if err != nil || a.Balance != -amount*ledger.Micro(a.Seq) || a.Seq < int64(k+1) {
					d.Errorf("account %q: after %d entries read balance %d at seq %d (%v)", account, k+1, a.Balance, a.Seq, err)
				}
			}
		})
		d.counted(&y, ledger.Recorded, callers*each)
		d.check(account)
		d.balance(account, -amount*callers*each, callers*each)
	}
}

// fiftyCallersFiftyAccounts: every caller visits several accounts, in batches that
// overlap with its neighbours' in time.
func fiftyCallersFiftyAccounts(d *desk) {
	const each = 3
	var y tally
	atOnce(callers, func(i int) {
		for k := range each {
			account := d.name("%d", (i+k)%callers)
			d.persist(&y, account, d.charge(fmt.Sprintf("%d.%d", i, k), 7), d.charge(fmt.Sprintf("%d.%d+", i, k), 4))
		}
	})
	d.counted(&y, ledger.Recorded, 2*callers*each)
	for i := range callers {
		d.balance(d.name("%d", i), -11*each, 2*each)
		CheckLedger(d, d.store, d.name("%d", i))
	}
}

// fiftyOfOneContent posts the same content twice: into an empty dedup index, and
// again where the index has it, outside the window.
func fiftyOfOneContent(d *desk) {
	account := d.name("a")
	for round := range 2 {
		var y tally
		atOnce(callers, func(i int) {
			at := time.Duration(round)*time.Hour + time.Duration(i)*time.Second
			d.persist(&y, account, d.arrival(arrival{id: fmt.Sprint(round, ".", i), at: at, window: 15 * time.Minute}))
		})
		d.counted(&y, ledger.Recorded, 1)
		d.counted(&y, ledger.WasSuppressed, callers-1)
		d.check(account)
		d.balance(account, -7*ledger.Micro(round+1), int64(callers*(round+1)))
	}
}
