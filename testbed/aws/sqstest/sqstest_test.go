package sqstest_test

import (
	"slices"
	"testing"

	"github.com/webhook-functions/template/testbed/aws/sqstest"
)

func TestServer(t *testing.T) {
	server := sqstest.Start(t)
	t.Run("what is sent is taken", func(t *testing.T) {
		queue := server.Queue(t, "events", map[string]string{"VisibilityTimeout": "1"})
		for _, body := range []string{"one", "two", "thirty ☂"} {
			server.Send(t, queue, body)
		}
		if n := server.Count(t, queue); n != 3 {
			t.Errorf("%d messages, want 3", n)
		}
		got := server.Take(t, queue)
		slices.Sort(got)
		if !slices.Equal(got, []string{"one", "thirty ☂", "two"}) {
			t.Errorf("took %q", got)
		}
		if n := server.Count(t, queue); n != 0 {
			t.Errorf("%d messages are left", n)
		}
	})
	t.Run("queues of one name are separate", func(t *testing.T) {
		one, two := server.Queue(t, "events", nil), server.Queue(t, "events", nil)
		server.Send(t, one, "x")
		if n := server.Count(t, two); n != 0 {
			t.Errorf("the second queue holds %d messages", n)
		}
	})
}
