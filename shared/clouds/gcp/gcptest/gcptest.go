// Package gcptest runs Google's emulators of Firestore and Pub/Sub for tests.
//
//	firestore := gcptest.Firestore(t)
//	client, err := gcp.FromEnv(gcptest.Env(firestore))
//
// They are started as what they are, Java programs: the commands of gcloud leave
// them behind when they are ended. They are found where gcloud is installed, or
// where FIRESTORE_EMULATOR_JAR and PUBSUB_EMULATOR_JAR say; with one of them set
// to "none" the tests act as if it were not installed.
//
// What they do not prove: permissions, indexes, tokens, and how much a single
// document can take. The one of Pub/Sub sends no deliveryAttempt with a push and
// ignores filters.
package gcptest

import (
	"bytes"
	"context"
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
	variable string // that turns clients to it
}

// Firestore starts an empty Firestore, which takes every project and database
// for existing, and stops it when the test ends. Where it is not installed the
// test skips, or fails: see toolstest.Missing.
func Firestore(t testing.TB) *Emulator {
	t.Helper()
	jar := find(t, "FIRESTORE_EMULATOR_JAR", "cloud-firestore-emulator/cloud-firestore-emulator.jar")
	return start(t, "FIRESTORE_EMULATOR_HOST", func(port string) []string {
		return []string{"-Duser.language=en", "-cp", jar, "com.google.cloud.datastore.emulator.firestore.CloudFirestore",
			"start", "--host=127.0.0.1", "--port=" + port}
	})
}

// PubSub starts an empty Pub/Sub likewise.
func PubSub(t testing.TB) *Emulator {
	t.Helper()
	jar := find(t, "PUBSUB_EMULATOR_JAR", "pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar")
	return start(t, "PUBSUB_EMULATOR_HOST", func(port string) []string {
		return []string{"-jar", jar, "--host=127.0.0.1", "--port=" + port}
	})
}

var projects atomic.Int64

// Project gives the id of a project nobody else uses.
func Project() string { return fmt.Sprintf("demo-project-%d", projects.Add(1)) }

// Env is an environment for gcp.FromEnv with a project of its own.
func Env(emulators ...*Emulator) func(name string) string {
	env := map[string]string{"GOOGLE_CLOUD_PROJECT": Project()}
	for _, e := range emulators {
		env[e.variable] = e.Addr
	}
	return func(name string) string { return env[name] }
}

// find gives the path of an emulator's jar.
func find(t testing.TB, variable, below string) string {
	t.Helper()
	pattern := os.Getenv(variable)
	if pattern == "" {
		gcloud, err := exec.LookPath("gcloud")
		if err == nil {
			gcloud, err = filepath.EvalSymlinks(gcloud)
		}
		if err != nil {
			toolstest.Missing(t, "gcloud is not installed, and "+variable+" names no jar: install gcloud, then gcloud components install "+component(below))
		}
		pattern = filepath.Join(filepath.Dir(gcloud), "..", "platform", below)
	}
	jars, err := filepath.Glob(pattern)
	if err != nil || len(jars) == 0 {
		toolstest.Missing(t, "gcloud has no such component, and "+variable+" names no jar: gcloud components install "+component(below))
	}
	return jars[len(jars)-1]
}

func component(below string) string {
	if below[0] == 'p' {
		return "pubsub-emulator"
	}
	return "cloud-firestore-emulator"
}

// start runs java with arguments for a free port. The compiler and collector
// are the quick ones for a small machine.
func start(t testing.TB, variable string, arguments func(port string) []string) *Emulator {
	t.Helper()
	java, err := exec.LookPath("java")
	if err != nil {
		toolstest.Missing(t, "the emulators need Java 17 or newer: install it")
	}
	e := &Emulator{Addr: toolstest.FreeAddr(t), variable: variable}
	_, port, _ := net.SplitHostPort(e.Addr)
	command := exec.Command(java, append([]string{"-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}, arguments(port)...)...)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill() // it holds nothing worth a good-bye
		_ = command.Wait()
	})
	if err := e.await(t.Context()); err != nil {
		t.Fatalf("the emulator for %s did not start: %v", variable, err)
	}
	return e
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
