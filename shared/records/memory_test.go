package records_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/records/recordstest"
)

func TestMemory(t *testing.T) {
	recordstest.Run(t, func(t *testing.T) records.Store { return records.NewMemory() })
}

func TestRecordsShowNoData(t *testing.T) {
	r := records.Record{Kind: "chatbase.lead", ID: "canary-id", Data: []byte(`"canary-data"`)}
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
		return records.Record{Kind: "chatbase.lead", ID: "7", Version: version, Time: received, Deleted: deleted, Data: []byte(data)}
	}
	for _, r := range []records.Record{lead(1, false, `{"name":"A"}`), lead(3, true, ""), lead(2, false, `{"name":"B"}`)} {
		stored, err := store.Put(context.Background(), r)
		fmt.Println(r.Version, stored, err)
	}
	r, _, _ := store.Get(context.Background(), "chatbase.lead", "7")
	fmt.Println("deleted:", r.Deleted)
	// Output:
	// 1 true <nil>
	// 3 true <nil>
	// 2 false <nil>
	// deleted: true
}
