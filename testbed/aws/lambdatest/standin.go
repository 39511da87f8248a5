package lambdatest

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"sync"

	"github.com/webhook-functions/template/events"
)

// StandIn answers for SQS, Secrets Manager and DynamoDB where a server would
// disturb what is measured: it confirms every call and remembers nothing but
// their number. To try a function there is package awslocal.
type StandIn struct {
	Secrets string // what GetSecretValue gives

	mu    sync.Mutex
	calls map[string]int
}

// Calls gives how often each operation ("AmazonSQS.SendMessage") was called.
func (s *StandIn) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

func (s *StandIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the function is gone
	}
	operation := r.Header.Get("X-Amz-Target")
	s.note(operation)
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	_ = json.NewEncoder(w).Encode(s.answer(operation, body)) // the function may be gone
}

func (s *StandIn) note(operation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls == nil {
		s.calls = make(map[string]int)
	}
	s.calls[operation]++
}

// answer is a success with the fields a caller checks.
func (s *StandIn) answer(operation string, body []byte) map[string]string {
	switch operation {
	case "secretsmanager.GetSecretValue":
		return map[string]string{"Name": "webhook", "VersionId": "1", "SecretString": s.Secrets}
	case "AmazonSQS.SendMessage":
		var message struct{ MessageBody string }
		_ = json.Unmarshal(body, &message) // what is not JSON has an empty body
		sum := md5.Sum([]byte(message.MessageBody))
		return map[string]string{"MessageId": "1", "MD5OfMessageBody": hex.EncodeToString(sum[:])}
	}
	return map[string]string{}
}

// Environment is what template.yaml sets for aws-ingest and aws-worker, pointed
// at one endpoint for all of AWS.
func Environment(endpoint string) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + endpoint,
		"EVENTS_QUEUE_URL=" + endpoint + "/000000000000/events",
		"OUTBOUND_QUEUE_URL=" + endpoint + "/000000000000/outbound",
		"DEAD_LETTERS_QUEUE_URL=" + endpoint + "/000000000000/dead-letters",
		"WEBHOOK_SECRET_ARN=arn:aws:secretsmanager:us-east-1:000000000000:secret:webhook",
		"LEDGER_TABLE=ledger",
		"RECORDS_TABLE=records",
	}
}

// TestSecrets gives the secrets that the samples of events/ are signed with, as the
// webhook secret holds them.
func TestSecrets() string {
	value, _ := json.Marshal(events.Secrets()) // strings only
	return string(value)
}
