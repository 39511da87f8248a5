//go:build apply

package policytest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The plan is not only complete, a server that speaks AWS takes it: everything
// is made and everything is removed. It takes two minutes, most of it the
// provider's own waiting for queues.
func TestApplyAndDestroy(t *testing.T) {
	endpoint := startMoto(t)
	start := starter(t, copyOfModule(t))
	do := func(action string) string {
		arguments := []string{"-var", "name=" + stack, "-var", "build_dir=" + artefacts(t), "-var", "deletion_protection=false", "-var", "alarm_email=oncall@example.com"}
		command := start(action, arguments...)
		if command.Env == nil {
			command.Env = os.Environ()
		}
		command.Env = append(command.Env, "AWS_ENDPOINT_URL="+endpoint, "AWS_REGION="+region, "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none", "TF_CLI_ARGS_apply=-auto-approve", "TF_CLI_ARGS_destroy=-auto-approve")
		return string(output(t, command))
	}

	applied := do("apply")
	for platform := range routes() {
		if !strings.Contains(applied, platform+`" = "https://`) {
			t.Errorf("no address of %s is printed", platform)
		}
	}
	checkURLPermissions(t, endpoint)
	if functions := functions(t, endpoint); functions != 3 {
		t.Errorf("%d functions were made", functions)
	}

	destroyed := do("destroy")
	if added, removed := count(applied, "added"), count(destroyed, "destroyed"); added != removed || added == "" {
		t.Errorf("%q resources were made, %q removed", added, removed)
	}
	if functions := functions(t, endpoint); functions != 0 {
		t.Errorf("%d functions are left behind", functions)
	}
}

// count reads "Resources: 42 added, 0 changed, 0 destroyed."
func count(said, what string) string {
	found := regexp.MustCompile(`Resources: .*?(\d+) ` + what).FindStringSubmatch(said)
	if found == nil {
		return ""
	}
	return found[1]
}

func functions(t *testing.T, endpoint string) int {
	t.Helper()
	var answer struct{ Functions []any }
	get(t, endpoint+"/2015-03-31/functions/", &answer)
	return len(answer.Functions)
}

// checkURLPermissions looks for the two statements an open URL needs. The
// condition of the second is lost on moto; that the plan has it is a policy.
func checkURLPermissions(t *testing.T, endpoint string) {
	t.Helper()
	var answer struct{ Policy string }
	get(t, endpoint+"/2015-03-31/functions/"+stack+"-ingest/policy", &answer)
	var actions []string
	for _, st := range statements(decoded(t, answer.Policy)) {
		actions = append(actions, st.Actions...)
	}
	for _, action := range []string{"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"} {
		if !slices.Contains(actions, action) {
			t.Errorf("nobody may %s", action)
		}
	}
}

func get(t *testing.T, url string, v any) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	// moto reads the service and the region from here, and checks no signature.
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=none/20260101/"+region+"/lambda/aws4_request, SignedHeaders=host, Signature=none")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %s (%v)", url, response.Status, err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		t.Fatal(err)
	}
}

// startMoto serves AWS from memory until the test ends.
func startMoto(t *testing.T) (endpoint string) {
	t.Helper()
	program := tool(t, ".tools/moto/bin/moto_server", "make tools")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().(*net.TCPAddr)
	_ = listener.Close() // the port is moto's now
	server := exec.Command(program, "-H", "127.0.0.1", "-p", text(float64(address.Port)))
	server.Env = append(os.Environ(), "MOTO_ACCOUNT_ID="+account)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill() // what it knows lives in memory
		_ = server.Wait()
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address.String()); err == nil {
			_ = conn.Close()
			return "http://" + address.String()
		}
		if time.Now().After(deadline) {
			t.Fatal("moto does not answer")
		}
	}
}
