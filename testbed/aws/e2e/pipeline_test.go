// Package e2e_test runs what is deployed on AWS, whole: signed POST → Function
// URL → the compiled aws-ingest → SQS → event source mapping → the compiled
// aws-worker → DynamoDB, SQS → the compiled aws-outbound → a platform's API.
// Lambda is package lambdatest, SQS is ElasticMQ, DynamoDB is DynamoDB Local,
// Secrets Manager is moto, the platform is package fakeapi; nothing of ours is
// replaced. Faults are put between the functions and the services.
package e2e_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/testbed/aws/awstest"
	"github.com/webhook-functions/template/testbed/aws/lambdatest"
	"github.com/webhook-functions/template/testbed/aws/sqstest"
)

var quiet = log.New(io.Discard, "", 0)

// cloud is the servers all tests share and the functions they deploy.
type cloud struct {
	sqs      *sqstest.Server
	dynamoDB *awstest.Server
	secrets  string // endpoint of Secrets Manager
	secret   string // ARN, of the webhook secrets
	apiKeys  string // ARN, of what outbound calls with
	noKeys   string // ARN, of a secret without a value
	programs string // folder of <function>-<arch>/bootstrap
	building sync.Mutex
}

func TestPipeline(t *testing.T) {
	c := &cloud{sqs: sqstest.Start(t), dynamoDB: awstest.DynamoDB(t), secrets: startMoto(t), programs: t.TempDir()}
	c.apiKeys, c.noKeys = putSecret(t, c.secrets, "outbound", fakeapi.SecretJSON()), putSecret(t, c.secrets, "just-deployed", "")
	c.secret = putSecret(t, c.secrets, "webhook", lambdatest.TestSecrets())
	for name, test := range map[string]func(*testing.T, *cloud){ // they count calls or measure time
		"one event costs one send and one transaction":             whatAnEventCosts,
		"poison goes to the dead letters, its batch does not":      poison,
		"200 is said only after the queue has confirmed":           noConfirmation,
		"a lost answer brings the message back":                    lostAnswer,
		"a secret that cannot be read leaves the messages waiting": secretGone,
	} {
		t.Run(name, func(t *testing.T) { test(t, c) })
	}
	for name, test := range map[string]func(*testing.T, *cloud){ // they wait, side by side
		"every sample is accepted and handled":              samplesAreHandled,
		"a sample with one byte changed is stored nowhere":  tamperedSamplesAreRefused,
		"fifty deliveries at once of one event charge once": fiftyAtOnce,
		"throttling, conflicts and lost replies":            faults,
		"killed between any two steps":                      kills,
		"a redrive changes no balance":                      redrive,
		"what could not be read is read anew":               readAnew,
		"the arm64 artefact":                                arm64,
		"G-Tateth signs with a time, by a setting":          switchedScheme,

		"every sample twice: limits are balances, speech is spoken once": platformsAreTold,
		"outbound killed between any two steps":                          outboundKills,
		"what a platform refused is told it after a redrive":             refusedCalls,
		"without a key nobody is called":                                 withoutKey,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, c) })
	}
}

// command is how a function made for arch is started here.
func (c *cloud) command(t *testing.T, function, arch string) []string {
	t.Helper()
	bootstrap := c.build(t, function, cmp.Or(arch, runtime.GOARCH))
	if arch == "" || arch == runtime.GOARCH {
		return []string{bootstrap}
	}
	qemu, err := filepath.Abs(filepath.Join(root, ".tools/qemu/qemu-aarch64-static"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(qemu); err != nil {
		toolstest.Missing(t, "needs qemu-aarch64-static: make tools")
	}
	return []string{qemu, bootstrap}
}

// build compiles a function as `make build` does.
func (c *cloud) build(t *testing.T, function, arch string) (bootstrap string) {
	t.Helper()
	c.building.Lock()
	defer c.building.Unlock()
	bootstrap = filepath.Join(c.programs, function+"-"+arch, "bootstrap")
	if _, err := os.Stat(bootstrap); err == nil {
		return bootstrap
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags=-s -w -buildid=",
		"-o", bootstrap, "./functions/"+function)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", function, err, out)
	}
	return bootstrap
}

// pipeline is one deployment: queues, tables and functions of its own.
type pipeline struct {
	cloud                         *cloud
	ingest, worker                *lambdatest.Function
	front                         string // the Function URL
	events, outbound, deadLetters string // queue URLs
	batch                         int    // messages per invocation of worker
	log                           *syncBuffer

	ledger       ledger.Store // what worker wrote
	records      records.Store
	ledgerTable  string
	recordsTable string

	ingestSQS, workerSQS     *service // as each function sees it
	secretsManager, dynamoDB *service
}

// visibility of a message that is not done. It is two seconds in place of three
// minutes, so a slow machine hands a message out many times: the queue gives up
// after 100 of them, unless a test says otherwise.
const visibility = 2 * time.Second

// giveUp is the visibility where the queue gives up after one receive: longer
// than a slow machine takes for a batch.
const giveUp = 10 * time.Second

// options of a deployment; zero values are what is deployed.
type options struct {
	arch                   string // "" is this machine's
	maxReceives            int
	visibility             time.Duration
	batch                  int
	killIngest, killWorker func(lambdatest.Step) bool
	ingest, worker         []string // more of the environments
}

func (c *cloud) deploy(t *testing.T, o options) *pipeline {
	t.Helper()
	p := &pipeline{
		cloud: c, batch: o.batch, log: &syncBuffer{},
		ingestSQS: newService(t, c.sqs.URL), workerSQS: newService(t, c.sqs.URL),
		secretsManager: newService(t, c.secrets), dynamoDB: newService(t, c.dynamoDB.URL),
	}
	p.deadLetters = c.sqs.Queue(t, "dead-letters", nil)
	attributes := map[string]string{
		"VisibilityTimeout": fmt.Sprint(int(cmp.Or(o.visibility, visibility) / time.Second)),
		"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":"%s","maxReceiveCount":%d}`, c.sqs.ARN(t, p.deadLetters), cmp.Or(o.maxReceives, 100)),
	}
	p.events, p.outbound = c.sqs.Queue(t, "events", attributes), c.sqs.Queue(t, "outbound", attributes)
	p.ledgerTable, p.recordsTable = c.dynamoDB.LedgerTable(t), c.dynamoDB.RecordsTable(t)
	client, err := aws.FromEnv(c.dynamoDB.Env)
	if err != nil {
		t.Fatal(err)
	}
	p.ledger, p.records = client.Ledger(p.ledgerTable), client.Records(p.recordsTable)

	p.ingest = p.start(t, "aws-ingest", o.arch, o.killIngest, append([]string{
		"AWS_ENDPOINT_URL_SQS=" + p.ingestSQS.URL, "AWS_ENDPOINT_URL_SECRETS_MANAGER=" + p.secretsManager.URL,
		"EVENTS_QUEUE_URL=" + p.events, "DEAD_LETTERS_QUEUE_URL=" + p.deadLetters, "WEBHOOK_SECRET_ARN=" + c.secret}, o.ingest...)...)
	p.worker = p.start(t, "aws-worker", o.arch, o.killWorker, append([]string{
		"AWS_ENDPOINT_URL_SQS=" + p.workerSQS.URL, "AWS_ENDPOINT_URL_DYNAMODB=" + p.dynamoDB.URL,
		"OUTBOUND_QUEUE_URL=" + p.outbound, "DEAD_LETTERS_QUEUE_URL=" + p.deadLetters,
		"LEDGER_TABLE=" + p.ledgerTable, "RECORDS_TABLE=" + p.recordsTable, "TARIFF=" + eventstest.Tariff(t)}, o.worker...)...)
	front := httptest.NewServer(lambdatest.URL(p.ingest))
	t.Cleanup(front.Close)
	p.front = front.URL
	t.Cleanup(func() { p.checkLog(t) })
	return p
}

func (p *pipeline) start(t *testing.T, function, arch string, killAt func(lambdatest.Step) bool, env ...string) *lambdatest.Function {
	t.Helper()
	f := lambdatest.New(lambdatest.Config{
		Command: p.cloud.command(t, function, arch), Env: env, Concurrency: 4, Log: p.log, KillAt: killAt})
	t.Cleanup(f.Close)
	return f
}

// checkLog: no secret, signature, body or personal data in it.
func (p *pipeline) checkLog(t *testing.T) {
	t.Helper()
	log := p.log.String()
	for _, s := range eventstest.Samples(t) {
		for what, canary := range map[string]string{"the secret": s.Secret, "the signature": s.HeaderValue, "the body": string(s.Body)} {
			if canary != "" && strings.Contains(log, canary) {
				t.Errorf("the log shows %s of %s", what, s.File())
			}
		}
	}
	for _, canary := range append(slices.Collect(maps.Values(fakeapi.Secrets())), "member-", "RobinSample", "202-555", "this is no event") {
		if strings.Contains(log, canary) {
			t.Errorf("the log shows %q", canary)
		}
	}
	if t.Failed() {
		t.Logf("the functions' log ends with\n%s", log[max(0, len(log)-4000):])
	}
}

// post delivers a sample once and gives the status.
func (p *pipeline) post(t *testing.T, s sample) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", p.front+"/"+s.Platform, bytes.NewReader(s.Body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(s.Header, s.HeaderValue)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

// persist delivers a sample as a patient platform does: until it is accepted.
func (p *pipeline) persist(t *testing.T, s sample) {
	for range 100 {
		if p.post(t, s) == http.StatusOK {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%s: never accepted", s.File())
}

// poll runs four pollers of events until the returned function is called.
func (p *pipeline) poll(t *testing.T) (stop func()) {
	t.Helper()
	return p.feed(t, p.events, p.worker)
}

// feed runs four pollers from a queue to a function.
func (p *pipeline) feed(t *testing.T, queue string, f *lambdatest.Function) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var pollers sync.WaitGroup
	for range 4 {
		poller := &lambdatest.Poller{SQS: p.cloud.sqs.SQS, Queue: queue, Function: f, Batch: p.batch}
		pollers.Go(func() { poller.Run(ctx) })
	}
	stop = sync.OnceFunc(func() { cancel(); pollers.Wait() })
	t.Cleanup(stop)
	return stop
}

// batchOf hands the events queue to the worker as one batch of n.
func (p *pipeline) batchOf(t *testing.T, n int) {
	t.Helper()
	poller := lambdatest.Poller{SQS: p.cloud.sqs.SQS, Queue: p.events, Function: p.worker}
	if got, err := poller.Once(t.Context()); got != n || err != nil {
		t.Fatalf("a batch of %d, want %d; %v", got, n, err)
	}
}

// drain polls until the events queue is empty.
func (p *pipeline) drain(t *testing.T) {
	t.Helper()
	defer p.poll(t)()
	p.awaitEmpty(t, p.events)
}

func (p *pipeline) awaitEmpty(t *testing.T, queue string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); p.count(t, queue) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d messages are still queued", p.count(t, queue))
		}
	}
}

func (p *pipeline) count(t *testing.T, queue string) int {
	t.Helper()
	return p.cloud.sqs.Count(t, queue)
}

// syncBuffer is a log that several processes write.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
