//go:build apply

package policytest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/terraform/tftest"
)

// options of an apply, and what is looked at then.
var (
	applyOptions []string
	afterApply   []func(t *testing.T, endpoint string)
)

// The plan is not only complete, a server that speaks AWS takes it: everything
// is made and everything is removed. It takes two minutes, most of it the
// provider's own waiting for queues.
func TestApplyAndDestroy(t *testing.T) {
	endpoint := startMoto(t)
	watched, calls := watch(t, endpoint)
	start := toolstest.Terraform(t, tftest.Copy(t, module), root+".tools/terraform")
	do := func(action string) string {
		arguments := []string{"-var", "name=" + stack, "-var", "build_dir=" + "./tests/archives", "-var", "deletion_protection=false", "-var", "alarm_email=oncall@example.com"}
		command := start(action, append(arguments, applyOptions...)...)
		if command.Env == nil {
			command.Env = os.Environ()
		}
		command.Env = append(command.Env, "AWS_ENDPOINT_URL="+watched, "AWS_REGION="+region, "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none", "TF_CLI_ARGS_apply=-auto-approve", "TF_CLI_ARGS_destroy=-auto-approve")
		return string(output(t, command))
	}

	applied := do("apply")
	if !strings.Contains(applied, `webhook_url = "https://`) {
		t.Error("the address of ingest is not printed")
	}
	checkURLPermissions(t, endpoint)
	if functions := functions(t, endpoint); functions != 3 {
		t.Errorf("%d functions were made", functions)
	}

	for _, look := range afterApply {
		look(t, endpoint)
	}

	destroyed := do("destroy")
	if added, removed := count(applied, "added"), count(destroyed, "destroyed"); added != removed || added == "" {
		t.Errorf("%q resources were made, %q removed", added, removed)
	}
	if functions := functions(t, endpoint); functions != 0 {
		t.Errorf("%d functions are left behind", functions)
	}
	granted := grantedActions(t)
	for call := range calls {
		if !granted[call] && call != "sts:GetCallerIdentity" { // which takes no permission
			t.Errorf("Terraform calls %s, which docs/aws-deployer.json does not grant", call)
		}
	}
}

// watch puts a proxy before a server of AWS's and gives the actions that pass.
// Read them when all is done.
func watch(t *testing.T, endpoint string) (proxy string, calls map[string]bool) {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	calls = map[string]bool{}
	forward := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		calls[actionOf(r, string(body))] = true
		mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, calls
}

// actionOf gives what IAM would be asked for. A request names it in a header, a
// form or at the end of its path; Lambda's paths name resources.
func actionOf(r *http.Request, body string) string {
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	service := strings.Split(scope+"////", "/")[3]
	if service == "monitoring" {
		service = "cloudwatch"
	}
	_, operation, found := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if form, err := url.ParseQuery(body); !found && err == nil && form.Has("Action") {
		operation, found = form.Get("Action"), true
	}
	if _, last, ok := strings.Cut(r.URL.Path, "/operation/"); !found && ok {
		operation, found = last, true
	}
	if !found {
		resource := r.Method + " " + identifier.ReplaceAllString(r.URL.Path, "/*")
		operation = cmp.Or(lambdaOperations[resource], resource)
	}
	return service + ":" + operation
}

// identifier of a function, a mapping or, for tags, an ARN.
var identifier = regexp.MustCompile(`/(arn:|demo-|[0-9a-f]{8}-)[^/]*`)

// lambdaOperations by method and path, as Lambda's API reference has them.
var lambdaOperations = map[string]string{
	"DELETE /2015-03-31/event-source-mappings/*":      "DeleteEventSourceMapping",
	"DELETE /2015-03-31/functions/*":                  "DeleteFunction",
	"DELETE /2021-10-31/functions/*/url":              "DeleteFunctionUrlConfig",
	"GET /2015-03-31/event-source-mappings/*":         "GetEventSourceMapping",
	"GET /2015-03-31/functions/*":                     "GetFunction",
	"GET /2015-03-31/functions/*/versions":            "ListVersionsByFunction",
	"GET /2017-03-31/tags/*":                          "ListTags",
	"GET /2020-06-30/functions/*/code-signing-config": "GetFunctionCodeSigningConfig",
	"GET /2021-10-31/functions/*/url":                 "GetFunctionUrlConfig",
	"POST /2015-03-31/event-source-mappings":          "CreateEventSourceMapping",
	"POST /2015-03-31/functions":                      "CreateFunction",
	"POST /2015-03-31/functions/*/policy":             "AddPermission",
	"POST /2021-10-31/functions/*/url":                "CreateFunctionUrlConfig",
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
	for _, st := range tftest.List(answer.Policy, "Statement") {
		actions = append(actions, tftest.Texts(st, "Action")...)
	}
	for _, action := range []string{"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"} {
		if !slices.Contains(actions, action) {
			t.Errorf("there is no permission for %s", action)
		}
	}
}

func get(t *testing.T, address string, v any) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, address, nil)
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
		t.Fatalf("%s answers %s (%v)", address, response.Status, err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		t.Fatal(err)
	}
}

// startMoto serves AWS from memory until the test ends.
func startMoto(t *testing.T) (endpoint string) {
	t.Helper()
	program := toolstest.Path(t, root+".tools/moto/bin/moto_server")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().(*net.TCPAddr)
	_ = listener.Close() // the port is moto's now
	server := exec.Command(program, "-H", "127.0.0.1", "-p", strconv.Itoa(address.Port))
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
