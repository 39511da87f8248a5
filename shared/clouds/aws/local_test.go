package aws

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/outbound"
)

// In the cloud the variable means nothing.
func TestLocalEndpoint(t *testing.T) {
	const local = "http://host.docker.internal:4566"
	for _, row := range []struct {
		name, sam, endpoint string
		redirected          bool
	}{
		{"sam local with a stand-in", "true", local, true},
		{"sam local without one", "true", "", false},
		{"Lambda, which does not set AWS_SAM_LOCAL", "", local, false},
		{"another value of AWS_SAM_LOCAL", "false", local, false},
		{"another spelling of true", "TRUE", local, false},
		{"a number for true", "1", local, false},
		{"something that is no URL, in the cloud", "", "canary", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, err := FromEnv(environment("AWS_SAM_LOCAL", row.sam, LocalEndpoint, row.endpoint))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range services {
				if at := client.endpoints[s]; strings.HasSuffix(at, ".amazonaws.com/") == row.redirected || row.redirected && at != local+"/" {
					t.Errorf("%s is at %s", s.name, at)
				}
			}
			if redirected := client.Outside(http.DefaultTransport) != http.DefaultTransport; redirected != row.redirected {
				t.Errorf("calls to platforms are redirected: %t", redirected)
			}
		})
	}
}

// It goes before the other endpoints.
func TestLocalEndpointPrecedes(t *testing.T) {
	client, err := FromEnv(environment("AWS_SAM_LOCAL", "true", LocalEndpoint, "http://127.0.0.1:1/", "AWS_ENDPOINT_URL", "http://all", "AWS_ENDPOINT_URL_SQS", "http://queues"))
	if err != nil || client.endpoints[sqs] != "http://127.0.0.1:1/" {
		t.Errorf("SQS is at %s, %v", client.endpoints[sqs], err)
	}
	if _, err := FromEnv(environment("AWS_SAM_LOCAL", "true", LocalEndpoint, "canary:80")); errorText(err) == "" || strings.Contains(err.Error(), "canary") {
		t.Errorf("not a URL: error %v", err)
	}
}

// What outbound may call is judged as in the cloud; then the call ends at the
// stand-in, as it was made.
func TestOutside(t *testing.T) {
	var got []string
	standIn := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("x-api-key"))
	}))
	defer standIn.Close()
	client, err := FromEnv(environment("AWS_SAM_LOCAL", "true", LocalEndpoint, standIn.URL))
	if err != nil {
		t.Fatal(err)
	}
	out := outbound.Client{Hosts: []string{"api.platform.test"}, Transport: client.Outside(outbound.NewTransport())}
	for target, allowed := range map[string]bool{
		"https://api.platform.test/v1/x":   true,
		"http://api.platform.test/v1/x":    false,
		"https://other.platform.test/v1/x": false,
		standIn.URL + "/v1/x":              false,
	} {
		got = nil
		_, err := out.Do(t.Context(), "PUT", target, map[string]string{"x-api-key": "k"}, []byte("{}"))
		if (err == nil) != allowed || (len(got) == 1 && got[0] == "PUT /v1/x k") != allowed || !allowed && len(got) != 0 {
			t.Errorf("%s: the stand-in saw %q, error %v", target, got, err)
		}
	}
}
