package providers_test

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
)

func TestTable(t *testing.T) {
	const want = `gabber X-Webhook-Signature 400 403 {X-Webhook-Signature sha256 hex }
cribbly x-Cribbly-signature 401 401 {x-Cribbly-signature sha256 hex }
oblic x-oblic-signature 401 401 {x-oblic-signature sha256 hex }
g-tateth X-Webhook-Signature 401 401 {X-Webhook-Signature sha256 hex sha256=}
chatbase x-chatbase-signature 400 400 {x-chatbase-signature sha1 hex }
`
	var got strings.Builder
	for _, e := range providers.Table() {
		fmt.Fprintln(&got, e.Name, e.SignatureHeader, e.MissingStatus, e.MismatchStatus, e.Scheme)
	}
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

// Every sample verifies with the signature that was computed for it elsewhere.
func TestSchemesVerifyTheSamples(t *testing.T) {
	entries, unsigned := map[string]providers.Entry{}, map[string]bool{}
	for _, e := range providers.Table() {
		entries[e.Name] = e
		names := events.Names(e.Name)
		for _, name := range names {
			unsigned[e.Name+"/"+name+".json"] = true
		}
		if len(names) == 0 {
			t.Errorf("%s has no sample in events/", e.Name)
		}
	}
	for _, row := range signatures(t) {
		file, header, secret, digest := row[0], row[1], row[3], row[4]
		name, event, _ := strings.Cut(strings.TrimSuffix(file, ".json"), "/")
		body, err := events.Body(name, event)
		if err != nil {
			t.Fatal(err)
		}
		e, ok := entries[name]
		if !ok {
			t.Errorf("%s is of no platform in the table", file)
			continue
		}
		ring, err := signature.NewKeyring(e.Scheme, signature.Secret{ID: "test", Value: secret})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := ring.Verify(digest, body); !ok || header != e.SignatureHeader {
			t.Errorf("%s does not verify", file)
		}
		if _, err := e.Decode(body); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		delete(unsigned, file)
	}
	for file := range unsigned {
		t.Errorf("%s has no row in events/SIGNATURES.tsv", file)
	}
}

// signatures are the rows file, header, algorithm, secret, digest.
func signatures(t *testing.T) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("../../events/SIGNATURES.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		rows = append(rows, strings.Split(strings.TrimSpace(line), "\t"))
	}
	return rows[1:]
}

func TestEnvName(t *testing.T) {
	for name, want := range map[string]string{"gabber": "GABBER", "g-tateth": "G_TATETH"} {
		if got := providers.EnvName(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func configured(env map[string]string) (map[string]providers.Entry, error) {
	table, err := providers.Configured(func(name string) string { return env[name] })
	entries := map[string]providers.Entry{}
	for _, e := range table {
		entries[e.Name] = e
	}
	return entries, err
}

func TestConfiguredWithoutOverridesIsTheTable(t *testing.T) {
	entries, err := configured(nil)
	if err != nil || len(entries) != len(providers.Table()) {
		t.Fatalf("%d entries, error %v", len(entries), err)
	}
	for _, want := range providers.Table() {
		got := entries[want.Name]
		if got.Scheme != want.Scheme || got.SignatureHeader != want.SignatureHeader {
			t.Errorf("%s differs from the table", want.Name)
		}
	}
}

func TestOverrides(t *testing.T) {
	entries, err := configured(map[string]string{
		"G_TATETH_SIGNATURE_HEADER":    "X-Tateth-Signature",
		"G_TATETH_SIGNATURE_ALGORITHM": "sha1",
		"G_TATETH_SIGNATURE_ENCODING":  "base64",
		"G_TATETH_SIGNATURE_PREFIX":    "v1=",
		"CRIBBLY_SIGNATURE_HEADER":     "X-Protocol-Signature",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := signature.Scheme{Header: "X-Tateth-Signature", Algorithm: signature.SHA1, Encoding: signature.Base64, Prefix: "v1="}
	if got := entries["g-tateth"]; got.Scheme != want || got.SignatureHeader != want.Header {
		t.Errorf("g-tateth: %+v under %s", got.Scheme, got.SignatureHeader)
	}
	if got := entries["cribbly"]; got.Scheme.Header != "X-Protocol-Signature" || got.SignatureHeader != "X-Protocol-Signature" || got.Scheme.Algorithm != signature.SHA256 {
		t.Errorf("cribbly: %+v under %s", got.Scheme, got.SignatureHeader)
	}
	if got := entries["oblic"].SignatureHeader; got != "x-oblic-signature" {
		t.Errorf("cribbly's header became that of oblic: %s", got)
	}
	if !reflect.DeepEqual(entries["gabber"].Scheme, providers.Table()[0].Scheme) {
		t.Error("gabber was changed, too")
	}
}

func TestFaultyOverridesAreAllNamedAndNeverQuoted(t *testing.T) {
	const canary = "C4NARY"
	faults := map[string]string{
		"GABBER_SIGNATURE_HEADER":      "X-" + canary + ":",
		"GABBER_SIGNATURE_ALGORITHM":   "md5" + canary,
		"OBLIC_SIGNATURE_HEADER":       "X\r\nY",
		"CHATBASE_SIGNATURE_ENCODING":  "HEX" + canary,
		"G_TATETH_SIGNATURE_PREFIX":    canary + "\n",
		"G_TATETH_SIGNATURE_ALGORITHM": "SHA256",
	}
	_, err := configured(faults)
	if err == nil {
		t.Fatal("no error")
	}
	for name := range faults {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in: %v", name, err)
		}
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != len(faults) {
		t.Errorf("%d lines for %d faults: %v", n, len(faults), err)
	}
	if strings.Contains(err.Error(), canary) {
		t.Errorf("a value is quoted: %v", err)
	}
}

func ExampleConfigured() {
	env := map[string]string{"G_TATETH_SIGNATURE_ENCODING": "base64"}
	table, err := providers.Configured(func(name string) string { return env[name] })
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range table {
		if e.Name == "g-tateth" {
			fmt.Println(e.Scheme.Algorithm, e.Scheme.Encoding)
		}
	}
	// Output:
	// sha256 base64
}
