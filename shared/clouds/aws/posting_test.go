package aws

import (
	"errors"
	"fmt"
	"math"
	"math/big"
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
// step stays within 64 bits.
func TestSwingGuardsEveryStep(t *testing.T) {
	edges := rapid.SampledFrom([]int64{0, 1, -1, 5, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, math.MinInt64 + 1, math.MaxInt64 / 2})
	amount := rapid.OneOf(edges, rapid.Int64())
	rapid.Check(t, func(t *rapid.T) {
		var s swing
		balance := amount.Draw(t, "balance")
		step, fits := big.NewInt(balance), true
		for _, a := range rapid.SliceOfN(amount, 1, 5).Draw(t, "amounts") {
			s.add(ledger.Micro(a))
			step.Add(step, big.NewInt(a))
			fits = fits && step.IsInt64()
		}
		values := s.condition(1).Values
		least, _ := new(big.Int).SetString(values[":least"].N, 10)
		most, _ := new(big.Int).SetString(values[":most"].N, 10)
		b := big.NewInt(balance)
		if accepted := b.Cmp(least) >= 0 && b.Cmp(most) <= 0; accepted != fits {
			t.Fatalf("balance %d: accepted %v, fits %v", balance, accepted, fits)
		}
		if sum, _ := new(big.Int).SetString(values[":sum"].N, 10); new(big.Int).Add(b, sum).Cmp(step) != 0 {
			t.Fatalf("the sum is %s, which does not lead from %d to %s", sum, balance, step)
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
