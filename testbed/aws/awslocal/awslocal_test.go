package awslocal_test

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/testbed/aws/awslocal"
)

const root = "../../.." // of the repository

// start gives a stand-in that functions find on every address of Addrs, and its
// port.
func start(t *testing.T) (*awslocal.Server, string) {
	t.Helper()
	needMoto(t)
	port := freePort(t)
	server, err := awslocal.Start(t.Context(), awslocal.Config{Root: root, Addrs: awslocal.Addrs(port), Out: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server, port
}

func needMoto(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, ".tools/moto/bin/moto_server")); err != nil {
		toolstest.Missing(t, "needs moto: make tools")
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	_, port, _ := net.SplitHostPort(toolstest.FreeAddr(t))
	return port
}

// command runs a program in the root of the repository and gives its stdout.
func command(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	var problems bytes.Buffer
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir, c.Stderr = root, &problems
	c.Env = append(os.Environ(), env...)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, &problems)
	}
	t.Logf("%s %s\n%s%s", name, strings.Join(args, " "), &problems, out)
	return string(out)
}

func look(t *testing.T, server *awslocal.Server) awslocal.State {
	t.Helper()
	state, err := awslocal.Look(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func expectWaiting(t *testing.T, server *awslocal.Server, queue string, types ...string) {
	t.Helper()
	var got []string
	for _, body := range look(t, server).Queues[queue] {
		var event struct{ Type string }
		if err := json.Unmarshal(body, &event); err != nil {
			t.Fatal(err)
		}
		got = append(got, event.Type)
	}
	if strings.Join(got, " ") != strings.Join(types, " ") {
		t.Errorf("%s holds %q, want %q", queue, got, types)
	}
}

// What answers there may be something else: a stand-in is then started.
func TestLookWantsAStandIn(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for name, endpoint := range map[string]string{"nothing listens": "http://" + toolstest.FreeAddr(t), "another server": other.URL} {
		if _, err := awslocal.Look(t.Context(), endpoint); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
