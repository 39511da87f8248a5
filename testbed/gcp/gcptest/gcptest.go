// Package gcptest runs Google's emulators of Firestore and Pub/Sub for tests.
//
//	firestore := gcptest.Firestore(t)
//	client, err := gcp.FromEnv(gcptest.Env(firestore))
//
// They are started as what they are, Java programs: the commands of gcloud leave
// them behind when they are ended. They are found where gcloud is installed, or
// where FIRESTORE_EMULATOR_JAR and PUBSUB_EMULATOR_JAR say; with one of them set
// to "none" the tests act as if it were not installed. [LaunchFirestore] and
// [LaunchPubSub] do the same for programs.
//
// What they do not prove: permissions, indexes, tokens, and how much a single
// document can take. The one of Pub/Sub sends no deliveryAttempt with a push and
// ignores filters.
package gcptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/toolstest"
)

// Emulator is a running emulator.
type Emulator struct {
	Addr     string // host:port on the loopback
	Variable string // turns clients to it

	command *exec.Cmd
}

// MissingError says what to install.
type MissingError string

func (e MissingError) Error() string { return string(e) }

// Firestore starts an empty Firestore, which takes every project and database
// for existing, and stops it when the test ends. Where it is not installed the
// test is skipped, and fails where everything must be there.
func Firestore(t testing.TB) *Emulator {
	t.Helper()
	return started(t, LaunchFirestore)
}

// PubSub starts an empty Pub/Sub likewise.
func PubSub(t testing.TB) *Emulator {
	t.Helper()
	return started(t, LaunchPubSub)
}

func started(t testing.TB, launch func(context.Context) (*Emulator, error)) *Emulator {
	t.Helper()
	e, err := launch(t.Context())
	if missing, ok := errors.AsType[MissingError](err); ok {
		toolstest.Missing(t, string(missing))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Stop)
	return e
}

// LaunchFirestore starts an empty Firestore and waits until it answers. A
// [MissingError] says that it, or Java, is not installed.
func LaunchFirestore(ctx context.Context) (*Emulator, error) {
	jar, err := find("FIRESTORE_EMULATOR_JAR", "cloud-firestore-emulator/cloud-firestore-emulator.jar", "cloud-firestore-emulator")
	if err != nil {
		return nil, err
	}
	return launch(ctx, "FIRESTORE_EMULATOR_HOST", func(port string) []string {
		return []string{"-Duser.language=en", "-cp", jar, "com.google.cloud.datastore.emulator.firestore.CloudFirestore",
			"start", "--host=127.0.0.1", "--port=" + port}
	})
}

// LaunchPubSub starts an empty Pub/Sub likewise.
func LaunchPubSub(ctx context.Context) (*Emulator, error) {
	jar, err := find("PUBSUB_EMULATOR_JAR", "pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar", "pubsub-emulator")
	if err != nil {
		return nil, err
	}
	return launch(ctx, "PUBSUB_EMULATOR_HOST", func(port string) []string {
		return []string{"-jar", jar, "--host=127.0.0.1", "--port=" + port}
	})
}

// Stop ends it with SIGKILL and waits: it holds nothing worth a good-bye.
func (e *Emulator) Stop() {
	_ = e.command.Process.Kill()
	_ = e.command.Wait()
}

var projects atomic.Int64

// Project gives the id of a project of its own.
func Project() string { return fmt.Sprintf("demo-project-%d", projects.Add(1)) }

// Env is an environment for gcp.FromEnv with a project of its own.
func Env(emulators ...*Emulator) func(name string) string {
	env := map[string]string{"GOOGLE_CLOUD_PROJECT": Project()}
	for _, e := range emulators {
		env[e.Variable] = e.Addr
	}
	return func(name string) string { return env[name] }
}

// find gives the path of an emulator's jar.
func find(variable, below, component string) (string, error) {
	pattern := os.Getenv(variable)
	if pattern == "" {
		gcloud, err := exec.LookPath("gcloud")
		if err == nil {
			gcloud, err = filepath.EvalSymlinks(gcloud)
		}
		if err != nil {
			return "", MissingError("gcloud is not installed, and " + variable + " names no jar: install gcloud, then gcloud components install " + component)
		}
		pattern = filepath.Join(filepath.Dir(gcloud), "..", "platform", below)
	}
	jars, err := filepath.Glob(pattern)
	if err != nil || len(jars) == 0 {
		return "", MissingError("gcloud has no such component, and " + variable + " names no jar: gcloud components install " + component)
	}
	return jars[len(jars)-1], nil
}

// launch runs java with arguments for a free port. The compiler and collector
// are the quick ones for a small machine.
func launch(ctx context.Context, variable string, arguments func(port string) []string) (*Emulator, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, MissingError("the emulators need Java 17 or newer: install it")
	}
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	e := &Emulator{Addr: addr, Variable: variable, command: exec.Command(java,
		append([]string{"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}, arguments(port)...)...)}
	var output bytes.Buffer
	e.command.Stdout, e.command.Stderr = &output, &output
	if err := e.command.Start(); err != nil {
		return nil, err
	}
	if err := e.await(ctx); err != nil {
		e.Stop()
		return nil, fmt.Errorf("the emulator for %s did not start: %w", variable, err)
	}
	return e, nil
}

// FreeAddr gives an address on the loopback that nothing listens on.
func FreeAddr() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

func (e *Emulator) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.Addr+"/", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			return response.Body.Close()
		}
		if ctx.Err() != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
