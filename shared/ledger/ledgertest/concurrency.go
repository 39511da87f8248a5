package ledgertest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
)

const callers = 50

// tally counts what many callers were told.
type tally struct {
	recorded, duplicate, suppressed, conflict, errors atomic.Int64
}

func (y *tally) add(outcomes []ledger.Outcome) {
	for _, o := range outcomes {
		switch o {
		case ledger.Recorded:
			y.recorded.Add(1)
		case ledger.Duplicate:
			y.duplicate.Add(1)
		case ledger.WasSuppressed:
			y.suppressed.Add(1)
		case ledger.Conflict:
			y.conflict.Add(1)
		}
	}
}

// persist posts until the store answers, as a queue would deliver again.
func (d *desk) persist(y *tally, account string, entries ...ledger.Entry) {
	for try := range 30 {
		outcomes, err := d.store.Post(d.Context(), account, entries)
		if err == nil {
			y.add(outcomes)
			return
		}
		y.errors.Add(1)
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
func (d *desk) counted(what string, got *atomic.Int64, want int64, y *tally) {
	d.Helper()
	if got.Load() != want && (y.errors.Load() == 0 || got.Load() > want) {
		d.Errorf("%d callers were told %q, want %d (%d errors on the way)", got.Load(), what, want, y.errors.Load())
	}
}

func oneEventFiftyCallers(d *desk) {
	var y tally
	account, entry := d.name("a"), d.charge("e", 30)
	atOnce(callers, func(int) { d.persist(&y, account, entry) })
	d.counted("recorded", &y.recorded, 1, &y)
	if y.recorded.Load()+y.duplicate.Load() != callers {
		d.Errorf("account %q: %d recorded and %d duplicates, want %d together", account, y.recorded.Load(), y.duplicate.Load(), callers)
	}
	d.check(account)
	d.balance(account, -30, 1)
}

// All entries are alike, so that every state anybody ever reads can be checked:
// the balance is -7 times seq.
func fiftyCallersOneAccount(d *desk) {
	const each = 4
	var y tally
	account := d.name("a")
	atOnce(callers, func(i int) {
		for k := range each {
			d.persist(&y, account, d.charge(fmt.Sprintf("%d.%d", i, k), 7))
			a, err := d.store.Account(d.Context(), account)
			if least := int64(k + 1); err != nil || a.Balance != ledger.Micro(-7*a.Seq) || a.Seq < least {
				d.Errorf("account %q: read balance %d at seq %d (%v), want %d and a seq of at least %d", account, a.Balance, a.Seq, err, -7*a.Seq, least)
			}
		}
	})
	d.counted("recorded", &y.recorded, callers*each, &y)
	d.check(account)
	d.balance(account, -7*callers*each, callers*each)
}

// Every caller visits several accounts, in batches that overlap with its
// neighbours' in time.
func fiftyCallersFiftyAccounts(d *desk) {
	const each = 3
	var y tally
	atOnce(callers, func(i int) {
		for k := range each {
			account := d.name("%d", (i+k)%callers)
			d.persist(&y, account, d.charge(fmt.Sprintf("%d.%d", i, k), 7), d.charge(fmt.Sprintf("%d.%d+", i, k), 4))
		}
	})
	d.counted("recorded", &y.recorded, 2*callers*each, &y)
	for i := range callers {
		d.balance(d.name("%d", i), -11*each, 2*each)
		CheckLedger(d, d.store, d.name("%d", i))
	}
}

func fiftyOfOneContent(d *desk) {
	var y tally
	account := d.name("a")
	atOnce(callers, func(i int) {
		d.persist(&y, account, d.arrival(arrival{id: fmt.Sprint(i), at: time.Duration(i) * time.Second, window: 15 * time.Minute}))
	})
	d.counted("recorded", &y.recorded, 1, &y)
	d.counted("suppressed", &y.suppressed, callers-1, &y)
	d.check(account)
	d.balance(account, -7, callers)
}
