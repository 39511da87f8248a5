package aws

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/ledger"
)

func TestClassify(t *testing.T) {
	const (
		none     = "None"
		conflict = "TransactionConflict"
	)
	there := item{"account": text("a"), "fingerprint": text("f")}
	for _, row := range []struct {
		name    string
		reasons []cancellation // two entries, the account, a dedup version and a time
		want    cause
		found   int
	}{
		{"an entry exists", []cancellation{{conditionFailed, there}, {Code: none}, {Code: none}, {Code: none}, {Code: none}}, existingEntries, 1},
		{"both exist", []cancellation{{conditionFailed, there}, {conditionFailed, there}, {Code: none}, {Code: none}, {Code: none}}, existingEntries, 2},
		{"an entry exists, the account is busy", []cancellation{{conditionFailed, there}, {Code: none}, {Code: conflict}, {Code: none}, {Code: none}}, existingEntries, 1},
		{"an entry exists, the balance is out of range", []cancellation{{conditionFailed, there}, {Code: none}, {Code: conditionFailed}, {Code: none}, {Code: none}}, existingEntries, 1},
		{"an entry is refused but does not come back", []cancellation{{Code: conditionFailed}, {Code: none}, {Code: none}, {Code: none}, {Code: none}}, contended, 0},
		{"the balance is out of range", []cancellation{{Code: none}, {Code: none}, {Code: conditionFailed}, {Code: none}, {Code: none}}, overflow, 0},
		{"the balance is out of range, an entry is busy", []cancellation{{Code: none}, {Code: conflict}, {Code: conditionFailed}, {Code: none}, {Code: none}}, contended, 0},
		{"the balance is out of range, the dedup index changed", []cancellation{{Code: none}, {Code: none}, {Code: conditionFailed}, {Code: conditionFailed}, {Code: none}}, contended, 0},
		{"the dedup index changed", []cancellation{{Code: none}, {Code: none}, {Code: none}, {Code: conditionFailed}, {Code: none}}, contended, 0},
		{"the account is busy", []cancellation{{Code: none}, {Code: none}, {Code: conflict}, {Code: none}, {Code: none}}, contended, 0},
		{"throttled", []cancellation{{Code: none}, {Code: none}, {Code: "ThrottlingError"}, {Code: none}, {Code: none}}, contended, 0},
		{"over the capacity", []cancellation{{Code: "ProvisionedThroughputExceeded"}, {Code: none}, {Code: none}, {Code: none}, {Code: none}}, contended, 0},
		{"not valid", []cancellation{{Code: "ValidationError"}, {Code: none}, {Code: none}, {Code: none}, {Code: none}}, final, 0},
		{"no reasons", nil, contended, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := fmt.Errorf("transact: %w", &Error{Code: "TransactionCanceledException", Status: 400, canceled: row.reasons})
			existing, got := classify(err, []ledger.Entry{{ID: "1"}, {ID: "2"}})
			if got != row.want || len(existing) != row.found {
				t.Errorf("cause %d with %d existing, want %d with %d", got, len(existing), row.want, row.found)
			}
			for id, e := range existing {
				if e.Account != "a" || e.Fingerprint != "f" {
					t.Errorf("entry %s is taken for %q of %q", id, e.Fingerprint, e.Account)
				}
			}
		})
	}
	for _, err := range []error{errors.New("no route to host"), &Error{Code: "AccessDeniedException", Status: 400}, &Error{Code: "HTTP 502", Status: 502}} {
		if _, got := classify(err, nil); got != final {
			t.Errorf("%v: cause %d, want %d", err, got, final)
		}
	}
}

func TestTimeSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		if (a < b) != (timeSort(a) < timeSort(b)) {
			t.Fatalf("%d sorts as %q, %d as %q", a, timeSort(a), b, timeSort(b))
		}
		if got, err := indexTime(item{"sk": text(timeSort(a))}); got != a || err != nil {
			t.Fatalf("%d came back as %d (%v)", a, got, err)
		}
	})
}
