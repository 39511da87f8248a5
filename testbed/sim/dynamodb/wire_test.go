package dynamodb_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/testbed/sim/dynamodb"
)

// wire passes the calls of a client to a database.
type wire struct {
	mu        sync.Mutex
	database  *dynamodb.Database
	contend   bool                      // requests under way meet
	underWay  map[string]map[string]int // how many of each operation write an item
	conflicts int
}

func newWire() *wire {
	return &wire{database: dynamodb.New(time.Now), underWay: map[string]map[string]int{}}
}

func (w *wire) client(t testing.TB) *aws.Client {
	t.Helper()
	client, err := aws.FromEnv(func(name string) string {
		return map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "sim", "AWS_SECRET_ACCESS_KEY": "sim"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	return client.Over(w, func() float64 { return 0.5 })
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	status, answer := w.carry(operation, body)
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(answer)), Request: r}, nil
}

func (w *wire) carry(operation string, body []byte) (int, []byte) {
	if !w.contend {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.database.Serve(operation, body)
	}
	held := w.begin(operation, body)
	time.Sleep(100 * time.Microsecond)
	return w.end(operation, body, held)
}

// begin notes what a request writes, and gives what of it is written meanwhile by a
// transaction, or by any request if this is a transaction.
func (w *wire) begin(operation string, body []byte) (held []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	const transaction = "TransactWriteItems"
	for _, key := range w.database.Writes(operation, body) {
		others := w.underWay[key]
		if others == nil {
			others = map[string]int{}
			w.underWay[key] = others
		}
		if others[transaction] > 0 || operation == transaction && others["PutItem"]+others["UpdateItem"] > 0 {
			held = append(held, key)
		}
		others[operation]++
	}
	return held
}

func (w *wire) end(operation string, body []byte, held []string) (int, []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range w.database.Writes(operation, body) {
		w.underWay[key][operation]--
	}
	if len(held) > 0 {
		w.conflicts++
		return w.database.Conflict(operation, body, held)
	}
	return w.database.Serve(operation, body)
}
