package main

import (
	"crypto/sha1"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// account answers as AWS does to what the command asks before it works, and to
// everything else with {}.
type account struct {
	*httptest.Server
	mu     sync.Mutex
	signed string // key, day, region and service of the last request
}

const operatorOutput = "export AWS_REGION=eu-south-2 LEDGER_TABLE=ledger RECORDS_TABLE=records OUTBOUND_QUEUE_URL=outbound EVENTS_QUEUE_URL=events ACCOUNT_PER_PROJECT=false"

func newAccount(t *testing.T) *account {
	a := &account{}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, signed, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	signed, _, _ = strings.Cut(signed, ",")
	a.mu.Lock()
	a.signed = signed
	a.mu.Unlock()
	ends := time.Now().Add(time.Hour)
	switch {
	case strings.Contains(string(body), "Action=AssumeRole"):
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>OF-ROLE</AccessKeyId>
			<SecretAccessKey>x</SecretAccessKey><SessionToken>x</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, ends.UTC().Format(time.RFC3339))
	case r.URL.Path == "/federation/credentials" && r.Header.Get("X-Amz-Sso_bearer_token") == "sso-token":
		fmt.Fprintf(w, `{"roleCredentials":{"accessKeyId":"OF-SSO","secretAccessKey":"x","sessionToken":"x","expiration":%d}}`, ends.UnixMilli())
	case strings.Contains(string(body), "Action=DescribeStacks") && strings.Contains(string(body), "StackName=webhooks-dev"):
		fmt.Fprintf(w, `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><Outputs>
			<member><OutputKey>LedgerTable</OutputKey><OutputValue>ledger</OutputValue></member>
			<member><OutputKey>Operator</OutputKey><OutputValue>%s</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`, operatorOutput)
	case strings.Contains(string(body), "Action=DescribeStacks"):
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack does not exist</Message></Error></ErrorResponse>`)
	default:
		fmt.Fprint(w, `{}`)
	}
}

// alone leaves nothing of AWS in the environment but what the files in home say.
func alone(t *testing.T, endpoint, files string) (home string) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	home = t.TempDir()
	write(t, filepath.Join(home, ".aws", "config"), files)
	write(t, filepath.Join(home, ".aws", "sso", "cache", fmt.Sprintf("%x.json", sha1.Sum([]byte("acme")))),
		`{"accessToken":"sso-token","expiresAt":"`+time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"}`)
	for name, value := range map[string]string{"HOME": home, "AWS_ENDPOINT_URL": endpoint, "AWS_ENDPOINT_URL_STS": endpoint, "AWS_ENDPOINT_URL_SSO": endpoint, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": filepath.Join(home, ".aws", "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(home, ".aws", "credentials")} {
		t.Setenv(name, value)
	}
	for _, name := range []string{"LEDGER_TABLE", "RECORDS_TABLE", "OUTBOUND_QUEUE_URL", "EVENTS_QUEUE_URL", "ACCOUNT_PER_PROJECT"} {
		t.Setenv(name, "")
	}
	return home
}

func write(t *testing.T, file, text string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

const profiles = `
[default]
region = eu-west-1
aws_access_key_id = OF-DEFAULT
aws_secret_access_key = x

[profile staging]
region = eu-north-1
aws_access_key_id = OF-STAGING
aws_secret_access_key = x

[profile process]
region = eu-west-1
credential_process = printf '{"Version":1,"AccessKeyId":"OF-PROCESS","SecretAccessKey":"x"}'

[profile role]
region = eu-west-1
role_arn = arn:aws:iam::123456789012:role/operator
source_profile = default

[profile sso]
region = eu-west-1
sso_session = acme
sso_account_id = 123456789012
sso_role_name = operator

[sso-session acme]
sso_region = eu-west-1
sso_start_url = https://acme.awsapps.com/start

[profile placeless]
aws_access_key_id = OF-PLACELESS
aws_secret_access_key = x
`

// The first request of a command shows whose credentials and which region it uses.
func TestOpenCredentials(t *testing.T) {
	a := newAccount(t)
	home := alone(t, a.URL, profiles)
	file := filepath.Join(home, "outputs.json")
	write(t, file, `{"ingest_url":{"sensitive":false,"type":"string","value":"x"},"operator":{"sensitive":false,"type":"string","value":"`+operatorOutput+`"}}`)
	write(t, filepath.Join(home, "old.json"), `{"ingest_url":{"value":"x"}}`)
	for _, row := range []struct {
		name   string
		env    map[string]string
		where  deployment
		key    string // "" for an error
		region string
		err    string
	}{
		{"the default profile", nil, deployment{Stack: "webhooks-dev"}, "OF-DEFAULT", "eu-south-2", ""},
		{"another profile", map[string]string{"AWS_PROFILE": "staging"}, deployment{Stack: "webhooks-dev"}, "OF-STAGING", "eu-south-2", ""},
		{"a process", map[string]string{"AWS_PROFILE": "process"}, deployment{Outputs: file}, "OF-PROCESS", "eu-south-2", ""},
		{"a role", map[string]string{"AWS_PROFILE": "role"}, deployment{Outputs: file}, "OF-ROLE", "eu-south-2", ""},
		{"SSO", map[string]string{"AWS_PROFILE": "sso"}, deployment{Stack: "webhooks-dev"}, "OF-SSO", "eu-south-2", ""},
		{"keys in the environment", map[string]string{"AWS_ACCESS_KEY_ID": "OF-ENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "x"}, deployment{Outputs: file}, "OF-ENVIRONMENT", "eu-south-2", ""},
		{"variables in the environment, region of the profile", map[string]string{"LEDGER_TABLE": "l", "RECORDS_TABLE": "r", "OUTBOUND_QUEUE_URL": "o", "EVENTS_QUEUE_URL": "e",
			"ACCOUNT_PER_PROJECT": "false", "AWS_PROFILE": "staging"}, deployment{}, "OF-STAGING", "eu-north-1", ""},
		{"a deployment's region where the profile has none", map[string]string{"AWS_PROFILE": "placeless"}, deployment{Outputs: file}, "OF-PLACELESS", "eu-south-2", ""},
		{"no such profile", map[string]string{"AWS_PROFILE": "absent"}, deployment{Outputs: file}, "", "", "absent"},
		{"no credentials", map[string]string{"AWS_CONFIG_FILE": os.DevNull}, deployment{Outputs: file}, "", "", "credentials"},
		{"no deployment", nil, deployment{}, "", "", "LEDGER_TABLE is not set"},
		{"no region", map[string]string{"AWS_PROFILE": "placeless"}, deployment{}, "", "", "AWS_REGION is not set"},
		{"no such stack", nil, deployment{Stack: "absent"}, "", "", "Stack does not exist"},
		{"no such file", nil, deployment{Outputs: filepath.Join(home, "absent")}, "", "", "no such file"},
		{"a file of something else", nil, deployment{Outputs: filepath.Join(home, ".aws", "config")}, "", "", "terraform output -json"},
		{"outputs without operator", nil, deployment{Outputs: filepath.Join(home, "old.json")}, "", "", "operator"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for name, value := range row.env {
				t.Setenv(name, value)
			}
			stores, err := row.where.Open(t.Context(), true)
			if (err == nil) != (row.err == "") || err != nil && !strings.Contains(err.Error(), row.err) {
				t.Fatalf("error %v, want one with %q", err, row.err)
			}
			if err != nil {
				return
			}
			_, _ = stores.Ledger.Account(t.Context(), "member-20417") // only the signature matters
			if key, scope, _ := strings.Cut(a.signed, "/"); key != row.key || !strings.HasSuffix(scope, "/"+row.region+"/dynamodb/aws4_request") {
				t.Errorf("signed as %s, want %s in %s", a.signed, row.key, row.region)
			}
		})
	}
}
