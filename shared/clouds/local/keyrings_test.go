package local_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

const (
	secretA = "k3Jx0vTq9LrYw2Zs7Bn4"
	secretB = "p8Gd5mXe1Hc6Uf0Ra9Vt"
	secretC = "w2Nk7yQj4Sb3Lz8Po6Ci"
	secretD = "e9Tv1rMh5Fw0Ag4Ju7Xd"
)

var scheme = signature.Scheme{Header: "X-Webhook-Signature", Algorithm: signature.SHA256, Encoding: signature.Hex}

func sign(key, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

func keyrings(env map[string]string) *local.Keyrings {
	schemes := map[string]signature.Scheme{"acme-x": scheme, "zenith": scheme}
	return local.NewKeyrings(schemes, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
}

func TestKeyrings(t *testing.T) {
	const v = "ACME_X_WEBHOOK_SECRET"
	for _, row := range []struct {
		name  string
		env   map[string]string
		keys  []string // what verifies, as keys "1", "2", "3"
		fault string   // of the provider that is off: begins with the variable
	}{
		{"one", map[string]string{v: secretA}, []string{secretA}, ""},
		{"a list", map[string]string{v: secretA + "," + secretB + "," + secretC}, []string{secretA, secretB, secretC}, ""},
		{"numbered", map[string]string{v + "_1": secretA, v + "_2": secretB, v + "_3": secretC}, []string{secretA, secretB, secretC}, ""},
		{"numbered with a gap", map[string]string{v + "_3": secretC, v + "_1": secretA}, []string{secretA, secretC}, ""},
		{"plain and numbered", map[string]string{v: secretA, v + "_1": secretB}, []string{secretA, secretB}, ""},
		{"an empty old one", map[string]string{v + "_1": secretA, v + "_2": ""}, []string{secretA}, ""},
		{"an empty plain one", map[string]string{v: "", v + "_1": secretA}, []string{secretA}, ""},

		{"not set", nil, nil, "provider is not configured: " + v + " is not set"},
		{"set to nothing", map[string]string{v: "", v + "_1": "", v + "_2": "", v + "_3": ""}, nil, "provider is not configured: " + v + " is not set"},
		{"an empty item at the end", map[string]string{v: secretA + ","}, nil, v + ": secret is empty or blank"},
		{"a blank one beside a good one", map[string]string{v: secretA, v + "_2": " \t "}, nil, v + "_2: secret is empty or blank"},
		{"a short one beside a good one", map[string]string{v: secretA, v + "_3": "short"}, nil, v + "_3: secret is shorter than 16 bytes"},
		{"four", map[string]string{v: secretA + "," + secretB + "," + secretC + "," + secretD}, nil, v + ": a keyring holds 1 to 3 secrets, not 4"},
		{"four in all", map[string]string{v: secretA + "," + secretB, v + "_1": secretC, v + "_2": secretD}, nil, v + ": a keyring holds 1 to 3 secrets, not 4"},
	} {
		t.Run(row.name, func(t *testing.T) {
			env := map[string]string{"ZENITH_WEBHOOK_SECRET": secretD}
			maps.Copy(env, row.env)
			k := keyrings(env)
			wantKeys(t, k, "zenith", []string{secretD}) // the neighbour lives
			if ring, err := k.Keyring(t.Context(), "unknown"); err == nil || ring != nil {
				t.Errorf("of an unknown provider: keyring %v, error %v", ring, err)
			}
			if row.fault == "" {
				wantKeys(t, k, "acme-x", row.keys)
				if problems := k.Problems(); len(problems) != 0 {
					t.Errorf("problems %v", problems)
				}
				return
			}
			ring, err := k.Keyring(t.Context(), "acme-x")
			if err == nil || err.Error() != row.fault || ring != nil {
				t.Errorf("keyring %v, error %v; want error %q", ring, err, row.fault)
			}
			if problems := k.Problems(); len(problems) != 1 || problems["acme-x"] == nil || problems["acme-x"].Error() != row.fault {
				t.Errorf("problems %v, want %q", problems, row.fault)
			}
		})
	}
}

func verify(ring webhook.Verifier, value, body string) (keyID string, ok bool) {
	verified, err := ring.Verify(signature.Request{Header: webhook.Header{scheme.Header: {value}}, Body: []byte(body)}, time.Time{})
	return verified.KeyID, err == nil
}

// wantKeys tries every secret, the empty key and no signature at all.
func wantKeys(t *testing.T, k *local.Keyrings, provider string, keys []string) {
	t.Helper()
	const body = `{"type":"usage.tracked"}`
	ring, err := k.Keyring(t.Context(), provider)
	if err != nil {
		t.Fatalf("%s: %v", provider, err)
	}
	want := map[string]string{}
	for i, key := range keys {
		want[key] = string(rune('1' + i))
	}
	for _, key := range []string{secretA, secretB, secretC, secretD, "", ",", " ", secretA + "," + secretB} {
		id, ok := verify(ring, sign(key, body), body)
		if id != want[key] || ok != (want[key] != "") {
			t.Errorf("%s: a body signed with %q: key %q, %v; want key %q", provider, key, id, ok, want[key])
		}
	}
	if _, ok := verify(ring, "", body); ok {
		t.Errorf("%s: an unsigned body was believed", provider)
	}
	if k.Refresh(t.Context(), provider) != nil {
		t.Errorf("%s: there is something newer than the environment", provider)
	}
}

func TestKeyrings_tenants(t *testing.T) {
	const v = "ZENITH_WEBHOOK_SECRET"
	k := keyrings(map[string]string{v: secretA, v + "_BOT_kT9_x": secretB + "," + secretC, v + "_BOT_bad": "short", v + "_BOT_x_1": secretD})
	for range 2 { // found, then remembered
		wantKeys(t, k, "zenith/kT9-x", []string{secretB, secretC})
		wantKeys(t, k, "zenith/x_1", []string{secretD})
		wantKeys(t, k, "zenith", []string{secretA})
		for _, none := range []string{"zenith/unknown", "zenith/x", "zenith/", "acme-x/kT9-x"} { // x_1's first secret is not x's second
			if ring, err := k.Keyring(t.Context(), none); !errors.Is(err, webhook.ErrNotConfigured) || ring != nil {
				t.Errorf("%s: %v, %v; want none", none, ring, err)
			}
		}
		if ring, err := k.Keyring(t.Context(), "zenith/bad"); err == nil || ring != nil || err.Error() != v+"_BOT_bad: secret is shorter than 16 bytes" {
			t.Errorf("a bad secret of its own: %v, %v", ring, err)
		}
	}
}

func TestKeyrings_verifyToken(t *testing.T) {
	name, handshake := webhook.VerifyToken("acme-x"), webhook.Handshake{Token: "query:token"}
	schemes := map[string]signature.Scheme{"acme-x": scheme, name: handshake.TokenScheme()}
	env := map[string]string{"ACME_X_WEBHOOK_SECRET": secretA, "ACME_X_VERIFY_TOKEN": secretB}
	k := local.NewKeyrings(schemes, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	ring, err := k.Keyring(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]bool{secretB: true, secretA: false, "": false} {
		if _, err := ring.Verify(signature.Request{Query: "token=" + token}, time.Time{}); (err == nil) != want {
			t.Errorf("%q: %v", token, err)
		}
	}
	wantKeys(t, k, "acme-x", []string{secretA})
}

// A provider without a secret is unused, unless a tenant may have one of its own; one
// with a bad secret is meant to be used.
func TestKeyrings_Unused(t *testing.T) {
	schemes := map[string]signature.Scheme{"acme-x": scheme, "zenith": scheme, "idle": scheme}
	want := map[string]bool{"acme-x": false, "zenith": false, "idle": true}
	for _, p := range providers.Table() {
		schemes[p.Name], want[p.Name] = scheme, p.Tenant == nil
	}
	env := map[string]string{"ACME_X_WEBHOOK_SECRET": secretA, "ZENITH_WEBHOOK_SECRET": "short"}
	k := local.NewKeyrings(schemes, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	for provider, want := range want {
		if got := k.Unused(provider); got != want {
			t.Errorf("%s unused: %v, want %v", provider, got, want)
		}
	}
}
