package firestore_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/records/recordstest"
	"github.com/webhook-functions/template/testbed/sim/firestore"
)

// wire is an http.RoundTripper to a database. With contention a commit takes a while,
// and every second one that meets another on its way to the same document is refused.
type wire struct {
	contention bool

	mu       sync.Mutex
	database *firestore.Database
	underWay map[string]int
	met      int // commits that met another
	refused  int
}

func newWire() *wire {
	return &wire{database: firestore.New(time.Now), underWay: map[string]int{}}
}

// client is the production one.
func (w *wire) client(t testing.TB) *gcp.Client {
	t.Helper()
	env := map[string]string{"GOOGLE_CLOUD_PROJECT": "project", "FIRESTORE_EMULATOR_HOST": "firestore.sim:80"}
	client, err := gcp.FromEnv(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	return client.Over(w, func() float64 { return float64(time.Now().Nanosecond()%1000) / 1000 })
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	status, answer := w.serve(r.URL.Path, body)
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(answer)), Request: r}, nil
}

func (w *wire) serve(path string, body []byte) (status int, answer []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.contention {
		return w.database.Serve(path, body)
	}
	names := w.database.Writes(path, body)
	if slices.ContainsFunc(names, func(name string) bool { return w.underWay[name] > 0 }) {
		if w.met++; w.met%2 == 0 {
			w.refused++
			return w.database.Conflict(path, body, names)
		}
	}
	w.hold(names, 1)
	w.mu.Unlock()
	time.Sleep(100 * time.Microsecond)
	w.mu.Lock()
	w.hold(names, -1)
	return w.database.Serve(path, body)
}

func (w *wire) hold(names []string, by int) {
	for _, name := range names {
		w.underWay[name] += by
	}
}

func TestDatabase_stores(t *testing.T) {
	for name, contention := range map[string]bool{"alone": false, "contention": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			w.contention = contention
			t.Run("ledger", func(t *testing.T) {
				ledgertest.Run(t, func(t *testing.T) ledger.Store { return w.client(t).Ledger("ledger") })
			})
			t.Run("records", func(t *testing.T) {
				recordstest.Run(t, func(t *testing.T) records.Store { return w.client(t).Records("ledger") })
			})
			if contention && w.refused == 0 {
				t.Error("no commit met another")
			}
		})
	}
}
