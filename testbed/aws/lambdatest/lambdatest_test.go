package lambdatest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/testbed/aws/lambdatest"
)

var bootstrap string // the compiled testdata/probe

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "lambdatest")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	bootstrap = filepath.Join(dir, "bootstrap")
	if out, err := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", bootstrap, "./testdata/probe").CombinedOutput(); err != nil {
		fmt.Printf("build the probe: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func deploy(t *testing.T, c lambdatest.Config) *lambdatest.Function {
	c.Command = []string{bootstrap}
	f := lambdatest.New(c)
	t.Cleanup(f.Close)
	return f
}

// do gives the answer to an event that tells the probe what to do.
func do(t *testing.T, f *lambdatest.Function, what string) (string, error) {
	t.Helper()
	answer, err := f.Invoke(t.Context(), fmt.Appendf(nil, `{"do":%q}`, what))
	return string(answer), err
}

func TestAnEnvironmentKeepsItsMemory(t *testing.T) {
	f := deploy(t, lambdatest.Config{})
	for _, want := range []string{"1", "2", "3"} {
		if got, err := do(t, f, ""); got != want || err != nil {
			t.Fatalf("call %s counted %s, %v", want, got, err)
		}
	}
	if n := len(f.Processes()); n != 1 {
		t.Errorf("%d processes for one call at a time", n)
	}
}

func TestAnErrorIsToldAndTheEnvironmentGoesOn(t *testing.T) {
	f := deploy(t, lambdatest.Config{})
	var failed *lambdatest.FunctionError
	if _, err := do(t, f, "error"); !errors.As(err, &failed) || failed.Message != "told to" {
		t.Errorf("error %v", err)
	}
	if got, err := do(t, f, ""); got != "2" || err != nil {
		t.Errorf("the call after an error counted %s, %v: want the same process", got, err)
	}
}

func TestWhatEndsAnEnvironment(t *testing.T) {
	var log strings.Builder
	for what, want := range map[string]func(error) bool{
		"exit":  func(err error) bool { return errors.Is(err, lambdatest.ErrCrashed) },
		"sleep": func(err error) bool { return errors.Is(err, lambdatest.ErrTimeout) },
		"panic": func(err error) bool { return errors.As(err, new(*lambdatest.FunctionError)) },
	} {
		t.Run(what, func(t *testing.T) {
			f := deploy(t, lambdatest.Config{Timeout: time.Second, Log: &log})
			if _, err := do(t, f, what); !want(err) {
				t.Errorf("error %v", err)
			}
			got, err := do(t, f, "")
			for deadline := time.Now().Add(5 * time.Second); errors.Is(err, lambdatest.ErrCrashed) && time.Now().Before(deadline); {
				got, err = do(t, f, "") // a process that panicked answers before it ends
			}
			if got != "1" || err != nil {
				t.Errorf("the next call counted %s, %v: want a new process", got, err)
			}
		})
	}
}

func TestTheProcessKnowsItsDeadline(t *testing.T) {
	f := deploy(t, lambdatest.Config{Timeout: 7 * time.Second})
	got, err := do(t, f, "deadline")
	left, _ := strconv.ParseFloat(got, 64)
	if err != nil || left <= 1 || left > 7 {
		t.Errorf("%s seconds left of 7, %v", got, err)
	}
}

func TestNothingIsInherited(t *testing.T) {
	t.Setenv("CANARY", "canary")
	f := deploy(t, lambdatest.Config{Env: []string{"EVENTS_QUEUE_URL=q"}})
	got, err := do(t, f, "environment")
	if err != nil || !strings.Contains(got, "EVENTS_QUEUE_URL=q") || !strings.Contains(got, "AWS_REGION=us-east-1") || strings.Contains(got, "canary") {
		t.Errorf("environment %s, %v", got, err)
	}
}

func TestAFailureAtInit(t *testing.T) {
	f := deploy(t, lambdatest.Config{Env: []string{"FAIL=init"}})
	if _, err := do(t, f, ""); !errors.Is(err, lambdatest.ErrCrashed) {
		t.Errorf("error %v", err)
	}
}

func TestACallThatIsGivenUpTakesItsEnvironmentAlong(t *testing.T) {
	f := deploy(t, lambdatest.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := f.Invoke(ctx, []byte(`{"do":"sleep"}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if n := len(f.Processes()); n != 0 {
		t.Errorf("%d processes are left", n)
	}
}

func TestConcurrentCallsShareTheEnvironments(t *testing.T) {
	f := deploy(t, lambdatest.Config{Concurrency: 3})
	var calls sync.WaitGroup
	for range 30 {
		calls.Go(func() {
			if _, err := do(t, f, ""); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if n := len(f.Processes()); n < 1 || n > 3 {
		t.Errorf("%d processes, want up to 3", n)
	}
}

func TestKilledAtAStep(t *testing.T) {
	for step, answered := range map[lambdatest.Step]bool{
		lambdatest.Handed:     false, // the probe is busy for longer than it takes to kill it
		lambdatest.Responding: false,
		lambdatest.Responded:  true,
	} {
		t.Run(string(step), func(t *testing.T) {
			var armed bool
			f := deploy(t, lambdatest.Config{KillAt: func(s lambdatest.Step) bool { return armed && s == step }})
			if _, err := do(t, f, ""); err != nil {
				t.Fatal(err)
			}
			armed = true
			what := map[lambdatest.Step]string{lambdatest.Handed: "sleep"}[step]
			if got, err := do(t, f, what); answered && (got != "2" || err != nil) || !answered && !errors.Is(err, lambdatest.ErrCrashed) {
				t.Errorf("answer %q, %v", got, err)
			}
			armed = false
			if got, err := do(t, f, ""); got != "1" || err != nil {
				t.Errorf("the next call counted %s, %v: want a new process", got, err)
			}
		})
	}
}

func TestKilledAtAnyMoment(t *testing.T) {
	f := deploy(t, lambdatest.Config{})
	ended := make(chan error)
	go func() {
		_, err := f.Invoke(context.Background(), []byte(`{"do":"sleep"}`))
		ended <- err
	}()
	for len(f.Processes()) == 0 {
		time.Sleep(time.Millisecond)
	}
	f.Kill()
	if err := <-ended; !errors.Is(err, lambdatest.ErrCrashed) {
		t.Errorf("error %v", err)
	}
	if got, err := do(t, f, ""); got != "1" || err != nil {
		t.Errorf("the next call counted %s, %v: want a new process", got, err)
	}
}

func TestNoSuchBootstrap(t *testing.T) {
	f := lambdatest.New(lambdatest.Config{Command: []string{"testdata/absent"}})
	defer f.Close()
	if _, err := f.Invoke(t.Context(), []byte("{}")); err == nil {
		t.Error("a function without a program answered")
	}
}
