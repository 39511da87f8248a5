package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/webhook-functions/template/cmd/internal/commandline/commandlinetest"
	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/operator"
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
	for platform, secret := range events.Secrets() {
		env = append(env, local.SecretVariable(platform)+"="+secret)
	}
	return append(env, more...)
}

// testEnvIn is testEnv without what a .env file in dir sets, which it would hide.
func testEnvIn(t *testing.T, dir string, more ...string) []string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, ".env"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return slices.DeleteFunc(testEnv(more...), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return strings.Contains("\n"+string(file), "\n"+name+"=")
	})
}

// hooks runs one command in dir and gives what it printed.
func hooks(t *testing.T, dir string, args ...string) (stdout string, err error) {
	t.Helper()
	stdout, stderr, code := process(t, dir, args...)
	if code != 0 {
		err = fmt.Errorf("hooks %s: exit code %d: %s", strings.Join(args, " "), code, stderr)
	}
	return stdout, err
}

func process(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Dir, cmd.Env = dir, testEnvIn(t, dir)
	var out, fault bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fault
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), fault.String(), cmd.ProcessState.ExitCode()
}

// An argument that only a look at the world shows to be wrong is one sentence, too.
func TestCommandsAnswerAMistakeWithOneSentence(t *testing.T) {
	dir := t.TempDir()
	own := slices.DeleteFunc(kong.Must(&commands{}, kong.Name("hooks")).Model.Leaves(true), func(command *kong.Node) bool {
		return slices.ContainsFunc(kong.Must(&operator.Commands{}).Model.Children, func(tested *kong.Node) bool { return tested.Name == command.Name })
	})
	commandlinetest.Run(t, own, func(args ...string) (stdout, stderr string, code int) {
		return process(t, dir, args...)
	})
	for _, line := range named(t,
		"serve --addr nonsense", "serve --addr :99999", "serve --addr 127.0.0.1", "demo --addr ::::", "serve --db .", "serve --db main_test/x",
		"send PLATFORM EVENT --url ://", "send PLATFORM EVENT --url ftp://x", "send PLATFORM EVENT --url http://", "send PLATFORM EVENT --url %",
		"send PLATFORM EVENT --data nothing.json", "send PLATFORM EVENT --data .", "send nobody EVENT", "send PLATFORM nothing",
		"grant u1 0", "grant u1 many", "grant u1 1e400", "grant u1 1e-7", "grant u1 99999999999999999999", "grant u1 NaN", "adjust u1 --", "grant u1 5 --project p",
		"caller abc u1", "caller + u1", "records nothing", "balance u1 --project p", "dead show nothing", "dead delete nothing", "dead redrive nothing", "dead redrive",
		"dead redrive --max 3", "check nobody", "messages PLATFORM nothing",
	) {
		stdout, stderr, code := process(t, dir, strings.Fields(line)...)
		if strings.HasPrefix(stderr, "{") { // the log
			_, stderr, _ = strings.Cut(stderr, "\n")
		}
		if code == 0 || stdout != "" || strings.Count(strings.TrimSpace(stderr), "\n") != 0 {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", line, code, stdout, stderr)
		}
		for _, word := range commandlinetest.Foreign {
			if strings.Contains(stderr, word) {
				t.Errorf("%s: %q in %q", line, word, stderr)
			}
		}
	}
}

// named gives command lines with a platform and a sample of it.
func named(t *testing.T, lines ...string) []string {
	t.Helper()
	some := eventstest.Samples(t)[0]
	for i := range lines {
		lines[i] = strings.NewReplacer("PLATFORM", some.Platform, "EVENT", some.Event).Replace(lines[i])
	}
	return lines
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
	checked struct {
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
	s.Dir, s.Env, s.Stderr = dir, testEnvIn(t, dir, env...), s.log
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
