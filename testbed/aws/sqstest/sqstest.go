// Package sqstest gives tests a real SQS server: ElasticMQ, which `make tools`
// installs.
//
//	server := sqstest.Start(t)
//	queue := server.Queue(t, "events", nil)
//
// It lives in memory and as long as the test that started it. Where ElasticMQ
// or Java is missing, toolstest decides. What ElasticMQ does not do: IAM,
// throttling, SQS's character check.
package sqstest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/webhook-functions/template/shared/toolstest"
)

// Server is a running SQS server.
type Server struct {
	URL string // the endpoint, AWS_ENDPOINT_URL_SQS
	SQS *sqs.Client
}

// Start starts a server and stops it when the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	jars := filepath.Join(filepath.Dir(file), "../../../.tools/elasticmq/lib")
	java, err := exec.LookPath("java")
	if _, absent := os.Stat(jars); absent != nil || err != nil {
		toolstest.Missing(t, "needs ElasticMQ and Java 17: make tools")
	}
	addr := toolstest.FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	var log bytes.Buffer
	process := exec.Command(java, "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
		"-Drest-sqs.bind-hostname=127.0.0.1", "-Drest-sqs.bind-port="+port, "-Drest-stats.enabled=false",
		"-cp", filepath.Join(jars, "*"), "org.elasticmq.server.Main")
	process.Stdout, process.Stderr = &log, &log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill() // its queues live in memory
		_ = process.Wait()
	})
	s := &Server{URL: "http://" + addr}
	s.SQS = sqs.New(sqs.Options{
		BaseEndpoint: &s.URL,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	if err := s.await(t.Context()); err != nil {
		t.Fatalf("ElasticMQ does not answer: %v", err)
	}
	return s
}

func (s *Server) await(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	once := func(o *sqs.Options) { o.RetryMaxAttempts = 1 }
	for ctx.Err() == nil {
		if _, err = s.SQS.ListQueues(ctx, &sqs.ListQueuesInput{}, once); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

var queues atomic.Int64

// Queue makes an empty queue of the test's own and gives its URL. The name is a
// beginning; attributes are those of CreateQueue and may be nil.
func (s *Server) Queue(t testing.TB, name string, attributes map[string]string) string {
	t.Helper()
	name = fmt.Sprintf("%s-%d", name, queues.Add(1))
	made, err := s.SQS.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatalf("create queue: %v", err)
	}
	return aws.ToString(made.QueueUrl)
}

// ARN names a queue as policies do.
func (s *Server) ARN(t testing.TB, queue string) string {
	t.Helper()
	return s.attributes(t, queue, types.QueueAttributeNameQueueArn)[0]
}

// Send puts a message on a queue.
func (s *Server) Send(t testing.TB, queue, body string) {
	t.Helper()
	if _, err := s.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: &body}); err != nil {
		t.Fatalf("send: %v", err)
	}
}

// Take receives and deletes what is visible on a queue and gives the bodies, in
// no order.
func (s *Server) Take(t testing.TB, queue string) []string {
	t.Helper()
	var bodies []string
	for {
		got, err := s.SQS.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatalf("receive: %v", err)
		}
		if len(got.Messages) == 0 {
			return bodies
		}
		for _, m := range got.Messages {
			bodies = append(bodies, aws.ToString(m.Body))
			if _, err := s.SQS.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &queue, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatalf("delete: %v", err)
			}
		}
	}
}

// Count gives how many messages a queue holds, those in flight included.
func (s *Server) Count(t testing.TB, queue string) int {
	t.Helper()
	sum := 0
	for _, text := range s.attributes(t, queue, types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible) {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("count: %v", err)
		}
		sum += n
	}
	return sum
}

func (s *Server) attributes(t testing.TB, queue string, names ...types.QueueAttributeName) []string {
	t.Helper()
	got, err := s.SQS.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &queue, AttributeNames: names})
	if err != nil {
		t.Fatalf("attributes: %v", err)
	}
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = got.Attributes[string(name)]
	}
	return values
}
