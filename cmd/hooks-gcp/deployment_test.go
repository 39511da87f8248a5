package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newTokenServer gives each kind of application default credentials its token.
func newTokenServer(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // a form that is none gets no token
		token := map[string]string{"refresh_token": "of-user", "urn:ietf:params:oauth:grant-type:jwt-bearer": "of-service-account",
			"urn:ietf:params:oauth:grant-type:token-exchange": "of-external-account"}[r.Form.Get("grant_type")]
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/v1/operator:generateAccessToken" && r.Header.Get("Authorization") == "Bearer of-user":
			fmt.Fprintf(w, `{"accessToken":"of-impersonated-account","expireTime":%q}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		case r.URL.Path == "/token" && token != "" && r.Form.Get("refresh_token") != "revoked":
			fmt.Fprintf(w, `{"access_token":%q,"expires_in":3600,"token_type":"Bearer","issued_token_type":"urn:ietf:params:oauth:token-type:access_token"}`, token)
		default:
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":"invalid_grant"}`)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func write(t *testing.T, file string, content any) string {
	t.Helper()
	text, err := json.Marshal(content)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o700)
	}
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

type object = map[string]any

func TestTokens(t *testing.T) {
	url, home := newTokenServer(t), t.TempDir()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, _ := x509.MarshalPKCS8PrivateKey(key) // of a key just made
	user := object{"type": "authorized_user", "client_id": "x", "client_secret": "x", "refresh_token": "x", "token_uri": url + "/token", "quota_project_id": "paying"}
	revoked := object{"type": "authorized_user", "client_id": "x", "client_secret": "x", "refresh_token": "revoked", "token_uri": url + "/token"}
	write(t, filepath.Join(home, ".config", "gcloud", "application_default_credentials.json"), user)
	subject := write(t, filepath.Join(home, "subject"), "x")
	for _, row := range []struct {
		name          string
		file          any // that GOOGLE_APPLICATION_CREDENTIALS names; nil: the user's own
		env           map[string]string
		bearer, quota string
		err           string
	}{
		{"a user's login", nil, nil, "of-user", "paying", ""},
		{"another project pays", nil, map[string]string{"GOOGLE_CLOUD_QUOTA_PROJECT": "other"}, "of-user", "other", ""},
		{"a token of Terraform's", nil, map[string]string{"GOOGLE_OAUTH_ACCESS_TOKEN": "of-terraform"}, "of-terraform", "", ""},
		{"a service account", object{"type": "service_account", "client_email": "a@b", "private_key_id": "1", "token_uri": url + "/token",
			"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))}, nil, "of-service-account", "", ""},
		{"an external account", object{"type": "external_account", "audience": "x", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
			"token_url": url + "/token", "credential_source": object{"file": subject}}, nil, "of-external-account", "", ""},
		{"another account's role", object{"type": "impersonated_service_account", "service_account_impersonation_url": url + "/v1/operator:generateAccessToken",
			"source_credentials": user}, nil, "of-impersonated-account", "", ""},
		{"a login that was revoked", revoked, nil, "", "", "invalid_grant"},
		{"a file of something else", object{"type": "canary"}, nil, "", "", "type"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for name, value := range map[string]string{"HOME": home, "GOOGLE_APPLICATION_CREDENTIALS": "", "GOOGLE_OAUTH_ACCESS_TOKEN": "", "GOOGLE_CLOUD_QUOTA_PROJECT": ""} {
				t.Setenv(name, value)
			}
			if row.file != nil {
				t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", write(t, filepath.Join(t.TempDir(), "file.json"), row.file))
			}
			for name, value := range row.env {
				t.Setenv(name, value)
			}
			token, err := tokens(t.Context())(t.Context())
			if (err == nil) != (row.err == "") || err != nil && !strings.Contains(err.Error(), row.err) {
				t.Fatalf("error %v, want one with %q", err, row.err)
			}
			if token.Bearer != row.bearer || token.QuotaProject != row.quota || err == nil && time.Until(token.Expires) < 50*time.Minute {
				t.Errorf("%q for %q until %v, want %q for %q", token.Bearer, token.QuotaProject, token.Expires, row.bearer, row.quota)
			}
		})
	}
}

func TestOpenNeedsADeployment(t *testing.T) {
	for _, name := range []string{"GOOGLE_CLOUD_PROJECT", "FIRESTORE_DATABASE", "OUTBOUND_TOPIC", "EVENTS_TOPIC", "ACCOUNT_PER_PROJECT"} {
		t.Setenv(name, "")
	}
	operator := "export GOOGLE_CLOUD_PROJECT=acme-demo FIRESTORE_DATABASE=demo OUTBOUND_TOPIC=demo-outbound EVENTS_TOPIC=demo-events ACCOUNT_PER_PROJECT=true"
	file := write(t, filepath.Join(t.TempDir(), "outputs.json"), object{"operator": object{"value": operator}})
	for _, row := range []struct {
		name  string
		where deployment
		err   string
	}{
		{"Terraform's outputs", deployment{Outputs: file}, ""},
		{"neither flag nor environment", deployment{}, "OUTBOUND_TOPIC is not set"},
		{"no such file", deployment{Outputs: file + ".absent"}, "no such file"},
	} {
		stores, err := row.where.Open(t.Context(), true)
		if (err == nil) != (row.err == "") || err != nil && !strings.Contains(err.Error(), row.err) || err == nil && !stores.PerProject {
			t.Errorf("%s: error %v, want one with %q", row.name, err, row.err)
		}
	}
}
