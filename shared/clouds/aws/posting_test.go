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
	const most, bound = int64(ledger.MaxAmount), int64(ledger.MaxBalance)
	near := func(n int64) *rapid.Generator[int64] { return rapid.Int64Range(n-3, n+3) }
	amount := rapid.OneOf(rapid.Int64Range(-most, most), rapid.Int64Range(-3, 3), rapid.SampledFrom([]int64{most, -most}))
	from := rapid.OneOf(near(bound), near(-bound), near(0), near(bound-most), near(-bound+most), rapid.Int64Range(-bound, bound))
	rapid.Check(t, func(t *rapid.T) {
		var s swing
		balance := min(max(from.Draw(t, "balance"), -bound), bound)
		step, fits := ledger.Micro(balance), true
		for _, a := range rapid.SliceOfN(amount, 1, 5).Draw(t, "amounts") {
			s.add(ledger.Micro(a))
			var ok bool
			step, ok = step.Add(ledger.Micro(a))
			fits = fits && ok
		}
		var sum, least, most, entries int64
		if err := s.condition(1).Values.numbers(map[string]*int64{":sum": &sum, ":least": &least, ":most": &most, ":entries": &entries}); err != nil {
			t.Fatal(err)
		}
		if accepted := least <= balance && balance <= most; accepted != fits {
			t.Fatalf("balance %d: accepted %v, fits %v", balance, accepted, fits)
		}
		if balance+sum != int64(step) || entries != 1 {
			t.Fatalf("the sum is %d, which does not lead from %d to %d", sum, balance, step)
		}
	})
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
