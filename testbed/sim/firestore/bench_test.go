package firestore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/testbed/sim/firestore"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

// fresh is how many requests a database of these benchmarks gets: about as many as in
// a history.
const fresh = 200

// BenchmarkPost is one charge through the production client.
func BenchmarkPost(b *testing.B) {
	w := newWire()
	store := w.client(b).Ledger("ledger")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%fresh == 0 {
			w.database = firestore.New(time.Now)
		}
		e := ledger.Entry{ID: fmt.Sprint(i), Kind: ledger.Charge, Amount: -7, Fingerprint: "takes 7", Time: time.Unix(int64(i), 0)}
		if _, err := store.Post(b.Context(), "u1", []ledger.Entry{e}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServe is the commit of one entry and the increments of its account, alone.
func BenchmarkServe(b *testing.B) {
	path := "/v1/" + root + ":commit"
	bodies := make([][]byte, fresh)
	for i := range bodies {
		bodies[i] = []byte(strings.ReplaceAll(fmt.Sprintf(charge, i), "ROOT", root))
	}
	for name, onCommit := range map[string]func([]stored.Change){"without OnCommit": nil, "with OnCommit": func([]stored.Change) {}} {
		b.Run(name, func(b *testing.B) {
			var d *firestore.Database
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%fresh == 0 {
					d = firestore.New(time.Now)
					d.OnCommit = onCommit
				}
				if status, answer := d.Serve(path, bodies[i%fresh]); status != 200 {
					b.Fatalf("%d %s", status, answer)
				}
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		firestore.New(time.Now)
	}
}
