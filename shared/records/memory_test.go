package records_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/records/recordstest"
)

func TestMemory(t *testing.T) {
	recordstest.Run(t, func(t *testing.T) records.Store { return records.NewMemory() })
}

// The higher order replaces: by version, as numbers; a deletion after every update
// of its version; and two records never tie unless they are the same.
func TestRecord_Order(t *testing.T) {
	record := rapid.Custom(func(t *rapid.T) records.Record {
		r := records.Record{Version: rapid.SampledFrom([]int64{0, 1, 9, 10, 1 << 62}).Draw(t, "version"), Deleted: rapid.Bool().Draw(t, "deleted")}
		if !r.Deleted {
			r.Data = []byte(rapid.StringN(1, 3, 9).Draw(t, "data"))
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := record.Draw(t, "a"), record.Draw(t, "b")
		got := strings.Compare(a.Order(), b.Order())
		switch same := bytes.Equal(a.Data, b.Data); {
		case a.Version != b.Version && got != cmp.Compare(a.Version, b.Version),
			a.Version == b.Version && a.Deleted && !b.Deleted && got <= 0,
			a.Version == b.Version && a.Deleted == b.Deleted && (got == 0) != same:
			t.Fatalf("version %d deleted %t and %d %t compare as %d", a.Version, a.Deleted, b.Version, b.Deleted, got)
		}
	})
}

func TestRecord_showsNoData(t *testing.T) {
	r := records.Record{Kind: "acme.lead", ID: "canary-id", Data: []byte(`"canary-data"`)}
	for _, text := range []string{fmt.Sprint(r), fmt.Sprintf("%+v", r), r.LogValue().String()} {
		for _, secret := range []string{"canary-id", "canary-data"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q shows %s", text, secret)
			}
		}
	}
}

func Example() {
	store, received := records.NewMemory(), time.Date(2025, 11, 3, 9, 0, 0, 0, time.UTC)
	lead := func(version int64, deleted bool, data string) records.Record {
		return records.Record{Kind: "acme.lead", ID: "7", Version: version, Time: received, Deleted: deleted, Data: []byte(data)}
	}
	for _, r := range []records.Record{lead(1, false, `{"name":"A"}`), lead(3, true, ""), lead(2, false, `{"name":"B"}`)} {
		stored, err := store.Put(context.Background(), r)
		fmt.Println(r.Version, stored, err)
	}
	r, _, _ := store.Get(context.Background(), "acme.lead", "7")
	fmt.Println("deleted:", r.Deleted)
	// Output:
	// 1 true <nil>
	// 3 true <nil>
	// 2 false <nil>
	// deleted: true
}
