// Package operatortest is what every command with operator.Commands must do,
// wherever its accounts are.
package operatortest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// asCommand makes a test binary become the command it tests.
const asCommand = "HOOKS_TEST_RUN"

// Main is for TestMain: it runs the command instead of the tests where
// [Command] started the process.
func Main(m *testing.M, command func()) {
	if os.Getenv(asCommand) != "" {
		command()
		return
	}
	os.Exit(m.Run())
}

// Command gives a way to run the command as its users do, as a process with
// nothing but env for an environment.
func Command(t *testing.T, env ...string) func(args string) (output string, err error) {
	return func(args string) (string, error) {
		process := exec.CommandContext(t.Context(), os.Args[0], strings.Fields(args)...)
		process.Env = append([]string{asCommand + "=1"}, env...)
		output, err := process.CombinedOutput()
		return string(output), err
	}
}

// Bookings is how often outbound must have been told after [Run]: of every
// booking, and once by the sweep.
const Bookings = 4

// Run operates an empty deployment.
func Run(t *testing.T, run func(args string) (output string, err error)) {
	t.Helper()
	for _, step := range []struct{ command, want string }{
		{"grant member-20417 600 --key k", "recorded: balance is 600 credits"},
		{"grant member-20417 600 --key k", "duplicate: balance is 600 credits"},
		{"adjust member-20417 --key l -- -0.5", "recorded: balance is 599.5 credits"},
		{"balance member-20417", "599.5 credits after 2 entries"},
		{"statement member-20417 --json", `"amount": -0.5`},
		{"caller +1-202-555-0143 member-20417", "kept"},
		{"records caller", "+12025550143"},
		{"check", "1 accounts with 2 entries, 0 wrong"},
		{"push", "1 accounts, 1 pushes queued"},
	} {
		if output, err := run(step.command); err != nil || !strings.Contains(output, step.want) {
			t.Errorf("%s: %v: %s", step.command, err, output)
		}
	}
	if output, err := run("grant member-20417 601 --key k"); err == nil {
		t.Errorf("a key was used for two amounts: %s", output)
	}
}
