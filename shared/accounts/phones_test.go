package accounts_test

import (
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/records"
)

// Of a number's owners the latest counts, also one who had it before; a number that was
// deleted has none.
func TestOwnerOf(t *testing.T) {
	const number = "+12025550143"
	gone := accounts.PhoneOwner(number, "", atNine().Add(3*time.Second))
	gone.Deleted, gone.Data = true, nil
	store := records.NewMemory()
	for i, row := range []struct {
		put  records.Record
		want string
	}{
		{accounts.PhoneOwner("+1 (202) 555-0143", "u1", atNine()), "u1"},
		{accounts.PhoneOwner(number, "u2", atNine().Add(time.Second)), "u2"},
		{accounts.PhoneOwner(number, "u1", atNine().Add(2*time.Second)), "u1"},
		{gone, ""},
	} {
		if _, err := store.Put(t.Context(), row.put); err != nil {
			t.Fatal(err)
		}
		if got, err := accounts.OwnerOf(t.Context(), store, "+1.202.555.0143"); got != row.want || err != nil {
			t.Errorf("%d: %q (%v), want %q", i, got, err, row.want)
		}
	}
}
