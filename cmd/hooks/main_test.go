package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The tests run the command as its users do, as a process: the test binary
// becomes the command when this variable says so.
const asCommand = "HOOKS_TEST_RUN"

func TestMain(m *testing.M) {
	switch os.Getenv(asCommand) {
	case "":
		os.Exit(m.Run())
	case "crash":
		crashingServe()
	default:
		main()
	}
}

// testEnv is the environment of a command with every platform configured.
func testEnv(more ...string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), asCommand + "=1"}
	for platform, secret := range testSecrets {
		env = append(env, strings.ToUpper(strings.ReplaceAll(platform, "-", "_"))+"_WEBHOOK_SECRET="+secret)
	}
	return append(env, more...)
}

// hooks runs one command in dir and gives what it printed.
func hooks(t *testing.T, dir string, args ...string) (stdout string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Dir, cmd.Env = dir, testEnv()
	var out, fault bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fault
	if err = cmd.Run(); err != nil {
		err = fmt.Errorf("hooks %s: %w: %s", strings.Join(args, " "), err, fault.String())
	}
	return out.String(), err
}

// hooksJSON runs one command with --json and reads what it printed.
func hooksJSON(t *testing.T, dir string, facts any, args ...string) {
	t.Helper()
	out, err := hooks(t, dir, append(args, "--json")...)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), facts); err != nil {
		t.Fatalf("hooks %s printed %s: %v", strings.Join(args, " "), out, err)
	}
}

// What --json prints, as far as tests read it.
type (
	balanceFacts struct {
		Account      string
		Balance      json.Number
		MicroCredits int64 `json:"micro_credits"`
		Seq          int64
	}
	line struct {
		Kind         string
		MicroCredits int64 `json:"micro_credits"`
	}
	sessionFacts struct {
		State, Human, Caller, Agent string
		EndedAt                     string `json:"ended_at"`
	}
	said      struct{ ID, Text string }
	leadFacts struct{ Conversation, Email string }
	checked   struct {
		Accounts, Entries int
		Wrong             []struct{ Account, Problem string }
	}
)

// server is a running `hooks serve`.
type server struct {
	*exec.Cmd
	url string
	log *lockedBuffer
}

// lockedBuffer may be read while a process still writes to it.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start runs `hooks serve` on a free port and waits for its one line.
func start(t *testing.T, dir string, env ...string) *server {
	t.Helper()
	return startWith(t, dir, env)
}

func startWith(t *testing.T, dir string, env []string, args ...string) *server {
	t.Helper()
	args = append([]string{"serve", "--addr", "127.0.0.1:0", "--verbose"}, args...)
	s := &server{Cmd: exec.Command(os.Args[0], args...), log: &lockedBuffer{}}
	s.Dir, s.Env, s.Stderr = dir, testEnv(env...), s.log
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Process.Kill() // it may have ended already
		_ = s.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	_, rest, ok := strings.Cut(line, "http://")
	url, _, _ := strings.Cut(rest, ",")
	if err != nil || !ok {
		t.Fatalf("serve printed %q (%v)", line, err)
	}
	s.url = "http://" + url
	return s
}

// stop asks the server to end and waits until it has.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(); err != nil {
		t.Errorf("serve did not stop cleanly: %v\n%s", err, s.log)
	}
}

// eventually waits until a fact becomes true, for a minute: a text that may have
// been spoken waits for a quarter of one, and the machine may be busy.
func eventually(t *testing.T, what string, fact func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if fact() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

// samples finds ../shared/events beside the project, with signatures that
// somebody else computed.
func samples(t *testing.T) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "events")
	if _, err := os.Stat(filepath.Join(dir, "SIGNATURES.tsv")); err != nil {
		dir = filepath.Join("..", "..", "events")
	}
	return dir
}
