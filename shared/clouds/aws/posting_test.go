package aws

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/ledger"
)

func TestLearnFromACanceledTransaction(t *testing.T) {
	const (
		none     = "None"
		conflict = "TransactionConflict"
	)
	there := item{"account": text("a"), "fingerprint": text("f")}
	for _, row := range []struct {
		name    string
		reasons []cancellation // two entries, the account, a twin's guard and its anchor
		want    lesson
		found   int
	}{
		{"an entry exists", []cancellation{{conditionFailed, there}, {Code: none}, {Code: none}, {Code: none}, {Code: none}}, planAnew, 1},
		{"both exist", []cancellation{{conditionFailed, there}, {conditionFailed, there}, {Code: none}, {Code: none}, {Code: none}}, planAnew, 2},
		{"an entry exists, the account is busy", []cancellation{{conditionFailed, there}, {Code: none}, {Code: conflict}, {Code: none}, {Code: none}}, planAnew, 1},
		{"an entry exists, the balance is out of range", []cancellation{{conditionFailed, there}, {Code: none}, {Code: conditionFailed}, {Code: none}, {Code: none}}, planAnew, 1},
		{"an entry is refused but does not come back", []cancellation{{Code: conditionFailed}, {Code: none}, {Code: none}, {Code: none}, {Code: none}}, contended, 0},
		{"the balance is out of range", []cancellation{{Code: none}, {Code: none}, {Code: conditionFailed}, {Code: none}, {Code: none}}, overflows, 0},
		{"the balance is out of range, an entry is busy", []cancellation{{Code: none}, {Code: conflict}, {Code: conditionFailed}, {Code: none}, {Code: none}}, contended, 0},
		{"the balance is out of range, a twin arrived", []cancellation{{Code: none}, {Code: none}, {Code: conditionFailed}, {Code: conditionFailed}, {Code: none}}, contended, 0},
		{"a twin arrived", []cancellation{{Code: none}, {Code: none}, {Code: none}, {Code: conditionFailed}, {Code: none}}, contended, 0},
		{"the account is busy", []cancellation{{Code: none}, {Code: none}, {Code: conflict}, {Code: none}, {Code: none}}, contended, 0},
		{"throttled", []cancellation{{Code: none}, {Code: none}, {Code: "ThrottlingError"}, {Code: none}, {Code: none}}, contended, 0},
		{"over the capacity", []cancellation{{Code: "ProvisionedThroughputExceeded"}, {Code: none}, {Code: none}, {Code: none}, {Code: none}}, contended, 0},
		{"not valid", []cancellation{{Code: "ValidationError"}, {Code: none}, {Code: none}, {Code: none}, {Code: none}}, final, 0},
		{"no reasons", nil, contended, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := plan{created: []ledger.Entry{{ID: "1"}, {ID: "2"}}}
			found := map[string]identity{}
			err := fmt.Errorf("transact: %w", &Error{Code: "TransactionCanceledException", Status: 400, canceled: row.reasons})
			if got := p.learn(err, found); got != row.want || len(found) != row.found {
				t.Errorf("lesson %d with %d found, want %d with %d", got, len(found), row.want, row.found)
			}
			for id, there := range found {
				if there != (identity{"a", "f"}) {
					t.Errorf("entry %s is taken for %v", id, there)
				}
			}
		})
	}
	for _, err := range []error{errors.New("no route to host"), &Error{Code: "AccessDeniedException", Status: 400}, &Error{Code: "HTTP 502", Status: 502}} {
		if got := new(plan).learn(err, map[string]identity{}); got != final {
			t.Errorf("%v: lesson %d, want %d", err, got, final)
		}
	}
}

// The condition on the account accepts exactly the balances from which every
// step can be booked.
func TestSwing_guardsEveryStep(t *testing.T) {
	const most, bound = ledger.MaxAmount, ledger.MaxBalance
	amounts := []ledger.Micro{0, 1, -1, 5, -5, most, -most, most - 1, 1 - most}
	for _, balance := range []ledger.Micro{0, bound, bound - 1, bound - 5, bound - most, -bound, 1 - bound, 5 - bound, most - bound} {
		for _, a := range amounts {
			for _, b := range amounts {
				for _, c := range amounts {
					checkSwing(t, balance, a, b, c)
				}
			}
		}
	}
}

func checkSwing(t *testing.T, balance ledger.Micro, amounts ...ledger.Micro) {
	t.Helper()
	var s swing
	step, fits := balance, true
	for _, amount := range amounts {
		s.add(amount)
		var ok bool
		step, ok = step.Add(amount)
		fits = fits && ok
	}
	var sum, least, most int64
	if err := s.condition(1).Values.numbers(map[string]*int64{":sum": &sum, ":least": &least, ":most": &most}); err != nil {
		t.Fatal(err)
	}
	if accepted := least <= int64(balance) && int64(balance) <= most; accepted != fits {
		t.Errorf("balance %d, amounts %d: accepted %v, fits %v", balance, amounts, accepted, fits)
	}
	if int64(balance)+sum != int64(step) {
		t.Errorf("the sum is %d, which does not lead from %d to %d", sum, balance, step)
	}
}

func TestAnchorsSortAsTimesDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		if (a < b) != (anchorSort(a) < anchorSort(b)) {
			t.Fatalf("%d sorts as %q, %d as %q", a, anchorSort(a), b, anchorSort(b))
		}
		if got, err := readAnchor(item{"sk": text(anchorSort(a))}); got != a || err != nil {
			t.Fatalf("%d came back as %d (%v)", a, got, err)
		}
	})
}
