package aws

import (
	"context"
	"crypto/fips140"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/webhook"
)

// call is one request a fake service has seen.
type call struct {
	target, authorization, contentType string
	body                               map[string]any
}

// fake is a service and what it was asked.
type fake struct {
	mu    sync.Mutex
	calls []call
}

func (f *fake) asked() []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// serve starts a service that answers with each handler in turn and with the
// last one for ever.
func serve(t *testing.T, answers ...http.HandlerFunc) (*Client, *fake) {
	t.Helper()
	f := new(fake)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := call{target: r.Header.Get("X-Amz-Target"), authorization: r.Header.Get("Authorization"), contentType: r.Header.Get("Content-Type")}
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &c.body)
		}
		if err != nil {
			t.Errorf("request %q: %v", body, err)
		}
		f.mu.Lock()
		f.calls = append(f.calls, c)
		next := answers[min(len(f.calls), len(answers))-1]
		f.mu.Unlock()
		next(w, r)
	}))
	t.Cleanup(server.Close)
	client, err := FromEnv(environment("AWS_ENDPOINT_URL", server.URL))
	if err != nil {
		t.Fatal(err)
	}
	client.random = func() float64 { return 0 }
	return client, f
}

// environment has what every function has, and the pairs of names and values.
func environment(pairs ...string) func(string) string {
	all := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "wJalr-test-not-real", "AWS_SESSION_TOKEN": "token"}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return all[name] }
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "REQ")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		connection.Close()
	}
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func TestCallTriesAgain(t *testing.T) {
	ok := answer(200, "{}")
	refusal := func(status int, code string) http.HandlerFunc {
		return answer(status, `{"__type":"com.amazonaws.test#`+code+`","message":"m"}`)
	}
	for _, row := range []struct {
		name    string
		answers []http.HandlerFunc
		calls   int
		want    string // the error, "" for none
	}{
		{"at once", []http.HandlerFunc{ok}, 1, ""},
		{"after a 500", []http.HandlerFunc{answer(500, ""), ok}, 2, ""},
		{"after two 503", []http.HandlerFunc{answer(503, "<html>"), answer(503, ""), ok}, 3, ""},
		{"three 503", []http.HandlerFunc{answer(503, "")}, 3, "op: HTTP 503 (request REQ)"},
		{"throttled", []http.HandlerFunc{refusal(400, "ThrottlingException"), ok}, 2, ""},
		{"over the capacity", []http.HandlerFunc{refusal(400, "ProvisionedThroughputExceededException"), ok}, 2, ""},
		{"the first try is still running", []http.HandlerFunc{refusal(400, "TransactionInProgressException"), ok}, 2, ""},
		{"connection lost", []http.HandlerFunc{hangUp, ok}, 2, ""},
		{"answer cut", []http.HandlerFunc{answer(200, `{"a":`), ok}, 2, ""},
		{"refused", []http.HandlerFunc{refusal(400, "QueueDoesNotExist")}, 1, "op: QueueDoesNotExist (request REQ)"},
		{"code without a namespace", []http.HandlerFunc{answer(400, `{"__type":"ResourceNotFoundException","Message":"secret words"}`)}, 1, "op: ResourceNotFoundException (request REQ)"},
		{"denied", []http.HandlerFunc{answer(400, `{"__type":"x#AccessDeniedException","Message":"role r may not a on b"}`)}, 1, "op: AccessDeniedException: role r may not a on b (request REQ)"},
		{"redirect", []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}}, 1, "op: HTTP 307 (request )"},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, service := serve(t, row.answers...)
			var out struct{}
			err := client.call(t.Context(), sqs, "op", struct{}{}, &out)
			if got := errorText(err); got != row.want || len(service.asked()) != row.calls {
				t.Errorf("error %q after %d calls, want %q after %d", got, len(service.asked()), row.want, row.calls)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A service that does not answer costs one try and leaves time for a whole second
// one, or the lost packet that tries are for costs the event. A call ends with its
// context.
func TestCallOfASilentService(t *testing.T) {
	if need := 2*attemptTimeout + backoff; need >= ingest.Budget {
		t.Errorf("two tries and the pause between them take up to %v, ingest has %v", need, ingest.Budget)
	}
	for budget, works := range map[time.Duration]bool{ingest.Budget: true, 100 * time.Millisecond: false} {
		client, _ := serve(t, hang, answer(200, "{}"))
		ctx, cancel := context.WithTimeout(t.Context(), budget)
		defer cancel()
		start := time.Now()
		if err := client.call(ctx, sqs, "op", struct{}{}, new(struct{})); (err == nil) != works || time.Since(start) > budget+time.Second/2 {
			t.Errorf("error %v after %v of %v", err, time.Since(start), budget)
		}
	}
}

func TestCallSigns(t *testing.T) {
	client, service := serve(t, answer(200, "{}"))
	for _, s := range services {
		if err := client.call(t.Context(), s, "op", struct{}{}, new(struct{})); err != nil {
			t.Fatal(err)
		}
		asked := service.asked()
		c := asked[len(asked)-1]
		want := regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=AKID/\d{8}/eu-west-1/` + s.name + `/aws4_request, SignedHeaders=[a-z0-9;-]*x-amz-security-token;x-amz-target, Signature=[0-9a-f]{64}$`)
		if !want.MatchString(c.authorization) || c.contentType != s.contentType {
			t.Errorf("%s: authorization %q, content type %q", s.name, c.authorization, c.contentType)
		}
	}
}

func TestFromEnv(t *testing.T) {
	for _, row := range []struct {
		name string
		env  func(string) string
		url  string // of SQS
		err  string
	}{
		{"a region", environment(), "https://sqs.eu-west-1.amazonaws.com/", ""},
		{"a region in China", environment("AWS_REGION", "cn-north-1"), "https://sqs.cn-north-1.amazonaws.com.cn/", ""},
		{"a region of the European partition", environment("AWS_REGION", "eusc-de-east-1"), "https://sqs.eusc-de-east-1.amazonaws.eu/", ""},
		{"all services elsewhere", environment("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"), "http://127.0.0.1:4566/", ""},
		{"one service elsewhere", environment("AWS_ENDPOINT_URL", "http://all", "AWS_ENDPOINT_URL_SQS", "https://queues/"), "https://queues/", ""},
		{"not a URL", environment("AWS_ENDPOINT_URL_SQS", "localhost:4566"), "", "AWS_ENDPOINT_URL_SQS is not a URL"},
		{"nothing set", func(string) string { return "" }, "", "AWS_REGION is not set\nAWS_ACCESS_KEY_ID is not set\nAWS_SECRET_ACCESS_KEY is not set"},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, err := FromEnv(row.env)
			if errorText(err) != row.err {
				t.Fatalf("error %q, want %q", errorText(err), row.err)
			}
			if err == nil && client.endpoints[sqs] != row.url {
				t.Errorf("SQS is at %s, want %s", client.endpoints[sqs], row.url)
			}
		})
	}
}

// confirm answers as SQS does.
func confirm(t *testing.T, service *fake) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		asked := service.asked()
		body, ok := asked[len(asked)-1].body["MessageBody"].(string)
		if !ok {
			t.Error("the request has no message")
		}
		var sum [md5.Size]byte
		fips140.WithoutEnforcement(func() { sum = md5.Sum([]byte(body)) })
		answer(200, `{"MessageId":"m","MD5OfMessageBody":"`+hex.EncodeToString(sum[:])+`"}`)(w, r)
	}
}

// Under FIPS 140-only MD5 panics, after SQS has stored the message.
func TestPublishUnderFIPSOnly(t *testing.T) {
	again := exec.Command(os.Args[0], "-test.run=^TestPublish$", "-test.v")
	again.Env = append(os.Environ(), "GODEBUG=fips140=only")
	if out, err := again.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestPublish") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestPublish(t *testing.T) {
	event := webhook.Event{ID: "1", Source: "/webhooks/test", Type: "test.x", Time: time.Now(), Data: []byte("\xff\ufffe"), Basis: webhook.ByID, Group: "g"}
	var answers http.HandlerFunc
	client, service := serve(t, func(w http.ResponseWriter, r *http.Request) { answers(w, r) })
	answers = confirm(t, service)
	single := event
	single.Group = ""
	for i, e := range []webhook.Event{event, single} {
		if err := client.Queue("https://sqs/1/events").Publish(t.Context(), e); err != nil || len(service.asked()) != i+1 {
			t.Fatalf("error %v after %d requests", err, len(service.asked()))
		}
	}
	first, second := service.asked()[0], service.asked()[1]
	if first.target != "AmazonSQS.SendMessage" || first.body["QueueUrl"] != "https://sqs/1/events" || first.body["MessageGroupId"] != "g" || len(first.body) != 3 {
		t.Errorf("sent %v to %s", first.body, first.target)
	}
	if _, grouped := second.body["MessageGroupId"]; grouped {
		t.Error("an event without a group has one")
	}
	got, err := webhook.DecodeEvent([]byte(first.body["MessageBody"].(string)))
	if err != nil || string(got.Data) != string(event.Data) {
		t.Errorf("the queue has %q (%v), want %q", got.Data, err, event.Data)
	}
}

func TestPublishNotConfirmed(t *testing.T) {
	for name, body := range map[string]string{
		"other bytes were stored": `{"MessageId":"m","MD5OfMessageBody":"d41d8cd98f00b204e9800998ecf8427e"}`,
		"nothing is said":         `{}`,
		"not SQS's answer":        `"ok"`,
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := serve(t, answer(200, body))
			if err := client.Queue("q").Publish(t.Context(), webhook.Event{ID: "1", Data: []byte("secret words")}); err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v", err)
			}
		})
	}
}
