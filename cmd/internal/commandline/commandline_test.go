package commandline

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/webhook-functions/template/cmd/internal/commandline/commandlinetest"
	"github.com/webhook-functions/template/shared/operator"
)

// asCommand makes the test binary become a program with the operator's commands.
const asCommand = "COMMANDLINE_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		Main("hooks-test", "For tests.", &operator.Commands{}, nil)
		return
	}
	os.Exit(m.Run())
}

func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, fault bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = []string{asCommand + "=1"}, &out, &fault
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), fault.String(), cmd.ProcessState.ExitCode()
}

// model gives the program's commands.
func model(t *testing.T) *kong.Application {
	t.Helper()
	return newParser(t.Context(), "hooks-test", "For tests.", &operator.Commands{}).Model
}

func TestMainAnswersAMistakeWithOneSentence(t *testing.T) {
	commandlinetest.Run(t, model(t).Leaves(true), func(args ...string) (stdout, stderr string, code int) { return run(t, args...) })
}

func TestMainSaysWhatWasMeant(t *testing.T) {
	for line, want := range map[string]string{
		"grnt m 5":         `"grant"`,
		"records x --mx 3": `"--max"`,
		"grant m -5":       "adjust",
		"adjust m -5":      "-- -5",
		"grant":            "hooks-test grant --help",
	} {
		if _, stderr, _ := run(t, strings.Fields(line)...); !strings.Contains(stderr, want) {
			t.Errorf("%s: %q, want %q", line, stderr, want)
		}
	}
}

func TestMainHelps(t *testing.T) {
	for _, line := range []string{"", "help", "--help", "help grant", "grant --help", "--version", "completion bash", "completion zsh", "completion fish"} {
		if stdout, stderr, code := run(t, strings.Fields(line)...); code != 0 || stdout == "" || stderr != "" {
			t.Errorf("%q: exit code %d, %q, %q", line, code, stdout, stderr)
		}
	}
}

// A script completes every command and every flag, in the shell it is for.
func TestCompletion(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	script, _, _ := run(t, "completion", "bash")
	words := []string{"--json"}
	for _, command := range model(t).Leaves(true) {
		words = append(words, command.Name)
	}
	for _, word := range words {
		cmd := exec.CommandContext(t.Context(), bash, "-c", script+`eval "set -- $(complete -p hooks-test)"; while [ "$1" != -W ]; do shift; done; compgen -W "$2" -- "$WORD"`)
		cmd.Env = []string{"WORD=" + word[:len(word)-1]}
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains("\n"+string(out), "\n"+word+"\n") {
			t.Errorf("%s: completed to %q (%v)", word, out, err)
		}
	}
}
