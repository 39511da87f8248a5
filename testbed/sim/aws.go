package sim

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/worker"
	"github.com/webhook-functions/template/testbed/sim/dynamodb"
	"github.com/webhook-functions/template/testbed/sim/queue"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

// awsCloud is Lambda, SQS, DynamoDB and Secrets Manager, wired as the entry points
// functions/aws-… wire them.
type awsCloud struct {
	w        *world
	database *dynamodb.Database
}

func awsError(status int, code string) answer {
	body, _ := json.Marshal(map[string]string{"__type": "com.amazonaws#" + code, "message": "simulated"})
	return answer{status: status, body: body}
}

func awsPort(name string, lateness time.Duration, faults ...Fault) *port {
	return &port{name: name, lateness: lateness, faults: faults,
		throttle: awsError(400, "ThrottlingException"), denied: awsError(400, "AccessDeniedException"), failure: awsError(500, "InternalServerError")}
}

var (
	everyFault = []Fault{Before, Lost, Late, Slow, Throttle, Denied, Corrupt, Panic, KillBefore, KillAfter, Freeze}

	sqs            = awsPort("SQS", 5*time.Second, everyFault...)
	dynamoDB       = awsPort("DynamoDB", 5*time.Second, everyFault...)
	secretsManager = awsPort("Secrets Manager", 5*time.Second, everyFault...)
)

var awsVariables = map[string]string{
	"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "test-secret-access-key",
}

func newAWS(w *world) *awsCloud {
	database := dynamodb.New(time.Now)
	database.IndexLag = w.plan.lag
	return &awsCloud{w, database}
}

func (a *awsCloud) onCommit(f func([]stored.Change)) { a.database.OnCommit = f }

func (a *awsCloud) log(to io.Writer) *slog.Logger { return aws.NewLog(to, variables()) }

func (a *awsCloud) oneProcess() bool { return false }

func (a *awsCloud) concurrency(string) int { return 1 }

func (a *awsCloud) batch(random *rand.Rand) int { return 1 + random.IntN(10) }

func (a *awsCloud) longest(int) time.Duration { return 30 * time.Second }

func (a *awsCloud) queues() (events, outbound, dead queue.Options) {
	const day = 24 * time.Hour
	of := queue.Options{Visibility: 180 * time.Second, MaxReceives: 10, Retention: 4 * day, KeepsAge: true}
	return of, of, queue.Options{Visibility: 180 * time.Second, Retention: 14 * day, KeepsAge: true}
}

func (a *awsCloud) client(p *process) *aws.Client { return awsClient().Over(a.w, p.jitter) }

// awsClient is what all clients are made of.
var awsClient = sync.OnceValue(func() *aws.Client {
	client, err := aws.FromEnv(variables(awsVariables))
	if err != nil {
		panic(err)
	}
	return client
})

func queueURL(name string) string { return "https://sqs.eu-west-1.amazonaws.com/123456789012/" + name }

func (a *awsCloud) reader() reader {
	client := awsClient().Over(quiet{a.w}, unhurried)
	return reader{client.Ledger("ledger"), client.Records("records")}
}

func (a *awsCloud) ports(p *process) operatorPorts {
	client := a.client(p)
	return operatorPorts{client.Ledger("ledger"), client.Queue(queueURL("outbound"))}
}

func (a *awsCloud) start(p *process) {
	client := a.client(p)
	to := stores{client.Ledger("ledger"), client.Records("records"),
		client.Queue(queueURL("events")), client.Queue(queueURL("outbound")), client.Queue(queueURL("dead"))}
	switch p.kind {
	case "ingest":
		keyrings := secrets.NewCache(client.Secret("webhook"), a.w.platforms.Schemes(), p.since, p.jitter, p.log)
		handle := aws.FunctionURL(newIngest(a.w, p, keyrings, to))
		p.front = func(ctx context.Context, r request) (int, string) { return functionURL(ctx, handle, r) }
	case "worker":
		p.batch = lambdaBatch(newWorker(a.w, p, to))
	case "outbound":
		p.batch = a.w.starting(p, client.Settings("outbound"), func(settings calls.Settings) batch {
			return lambdaBatch(newOutbound(a.w, p, to, settings))
		})
	}
}

// functionURL is Lambda's front door.
func functionURL(ctx context.Context, handle aws.Handler, r request) (status int, body string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	event := map[string]any{
		"version": "2.0", "rawPath": r.path, "rawQueryString": r.query, "headers": r.header,
		"requestContext": map[string]any{"requestId": "1", "http": map[string]string{"method": r.method}},
		"body":           string(r.body),
	}
	if !utf8.Valid(r.body) {
		event["body"], event["isBase64Encoded"] = base64.StdEncoding.EncodeToString(r.body), true
	}
	text, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	var reply struct {
		StatusCode int
		Body       string
	}
	answer, err := handle(ctx, text)
	if err != nil || ctx.Err() != nil || json.Unmarshal(answer, &reply) != nil || reply.StatusCode == 0 {
		return 502, ""
	}
	return reply.StatusCode, reply.Body
}

// lambdaBatch is Lambda's event source mapping with ReportBatchItemFailures. What an
// invocation says after its time is not heard.
func lambdaBatch(of *worker.Worker) batch {
	handle := aws.SQSBatch(of)
	return func(ctx context.Context, messages []queue.Received) ([]bool, error) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		records := make([]map[string]any, len(messages))
		for i, m := range messages {
			records[i] = map[string]any{"messageId": m.ID, "body": string(m.Body), "eventSource": "aws:sqs",
				"attributes": map[string]string{"ApproximateReceiveCount": strconv.Itoa(m.Receives)}}
		}
		event, err := json.Marshal(map[string]any{"Records": records})
		if err != nil {
			return nil, err
		}
		answer, err := handle(ctx, event)
		var failed struct {
			BatchItemFailures *[]struct{ ItemIdentifier string }
		}
		if err != nil || ctx.Err() != nil || json.Unmarshal(answer, &failed) != nil || failed.BatchItemFailures == nil {
			return nil, errors.New("the batch failed")
		}
		acks := make([]bool, len(messages))
		for i, m := range messages {
			acks[i] = true
			for _, f := range *failed.BatchItemFailures {
				acks[i] = acks[i] && f.ItemIdentifier != m.ID
			}
		}
		return acks, nil
	}
}

func (a *awsCloud) call(r *http.Request, body []byte) *call {
	service, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	name := "aws " + caller(r.Context()) + ": " + operation
	switch {
	case service == "AmazonSQS":
		return &call{site: name, port: sqs, serve: a.w.by(r, func() answer { return a.send(body) })}
	case service == "secretsmanager":
		return &call{site: name, port: secretsManager, serve: func() answer { return a.w.secrets.manager(body) }}
	case strings.HasPrefix(service, "DynamoDB"):
		c := &call{site: name, port: dynamoDB,
			serve: func() answer { status, out := a.database.Serve(operation, body); return a.w.known(name, status, out) },
			holds: func() []string { return a.database.Writes(operation, body) },
		}
		if operation != "PutItem" { // no transaction has to do with records
			c.clash = func(keys []string) (int, []byte) { return a.database.Conflict(operation, body, keys) }
		}
		return c
	}
	return nil
}

func (a *awsCloud) send(body []byte) answer {
	var in struct{ QueueUrl, MessageBody string }
	if json.Unmarshal(body, &in) != nil || in.QueueUrl == "" {
		return awsError(400, "InvalidParameterValue")
	}
	id := a.w.queueNamed(in.QueueUrl).Send([]byte(in.MessageBody), nil)
	sum := md5.Sum([]byte(in.MessageBody))
	out, _ := json.Marshal(map[string]string{"MessageId": id, "MD5OfMessageBody": hex.EncodeToString(sum[:])})
	return answer{status: 200, body: out}
}
