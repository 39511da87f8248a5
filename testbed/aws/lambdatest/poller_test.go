package lambdatest_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/webhook-functions/template/testbed/aws/lambdatest"
	"github.com/webhook-functions/template/testbed/aws/sqstest"
)

func TestPoller(t *testing.T) {
	server := sqstest.Start(t)
	t.Run("what a batch leaves on the queue", func(t *testing.T) { whatABatchLeaves(t, server) })
	t.Run("goes on until it is stopped", func(t *testing.T) { goesOn(t, server) })
}

func whatABatchLeaves(t *testing.T, server *sqstest.Server) {
	f := deploy(t, lambdatest.Config{})
	for name, row := range map[string]struct{ messages, left []string }{
		"all done":                               {[]string{"a", "b", "c"}, nil},
		"those reported come back":               {[]string{"a", "fail b", "c", "fail d"}, []string{"fail b", "fail d"}},
		"a crash deletes nothing":                {[]string{"a", "crash", "c"}, []string{"a", "c", "crash"}},
		"an answer about others deletes nothing": {[]string{"a", "nonsense"}, []string{"a", "nonsense"}},
	} {
		t.Run(name, func(t *testing.T) {
			queue := server.Queue(t, "batch", map[string]string{"VisibilityTimeout": "1"})
			for _, m := range row.messages {
				server.Send(t, queue, m)
			}
			poller := lambdatest.Poller{SQS: server.SQS, Queue: queue, Function: f, Wait: time.Second}
			if n, err := poller.Once(t.Context()); n != len(row.messages) || err != nil && row.left == nil {
				t.Fatalf("%d messages, %v", n, err)
			}
			time.Sleep(1200 * time.Millisecond) // the visibility timeout
			left := server.Take(t, queue)
			slices.Sort(left)
			if !slices.Equal(left, row.left) {
				t.Errorf("left %q, want %q", left, row.left)
			}
		})
	}
}

func goesOn(t *testing.T, server *sqstest.Server) {
	queue := server.Queue(t, "run", map[string]string{"VisibilityTimeout": "1"})
	f := deploy(t, lambdatest.Config{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		(&lambdatest.Poller{SQS: server.SQS, Queue: queue, Function: f, Wait: time.Second}).Run(ctx)
		close(ended)
	}()
	for _, m := range []string{"a", "b", "c"} {
		server.Send(t, queue, m)
	}
	for server.Count(t, queue) > 0 {
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	<-ended
}
