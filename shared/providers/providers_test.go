package providers_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Names become routes and names of environment variables.
func TestTable_namesAreTheirOwn(t *testing.T) {
	taken := map[string]string{}
	for _, p := range providers.Table() {
		if env := providers.EnvName(p.Name); taken[env] != "" {
			t.Errorf("%s and %s are both spelled %s", taken[env], p.Name, env)
		} else {
			taken[env] = p.Name
		}
		if got, ok := providers.Table().Named(p.Name); !ok || got.Name != p.Name || !regexp.MustCompile(`^[a-z][a-z0-9-]*$`).MatchString(p.Name) {
			t.Errorf("%q does not lead to its platform, or is no route", p.Name)
		}
		if p.SignatureHeader != p.Scheme.Header || p.MissingStatus/100 != 4 || p.MismatchStatus/100 != 4 {
			t.Errorf("%s: header or status is none", p.Name)
		}
	}
	if _, ok := providers.Table().Named("unlisted"); ok {
		t.Error("a platform has no name")
	}
}

// samples calls visit with every sample of every platform.
func samples(t testing.TB, visit func(p providers.Entry, name string, body []byte)) {
	t.Helper()
	for _, p := range providers.Table() {
		for _, name := range events.Names(p.Name) {
			body, err := events.Body(p.Name, name)
			if err != nil {
				t.Fatal(err)
			}
			visit(p, name, body)
		}
	}
}

// Each event type has a sample. A member of a sample that no Go type knows would
// be noted as drift although nothing has drifted.
func TestTable_samples(t *testing.T) {
	seen := map[string]bool{}
	samples(t, func(p providers.Entry, name string, body []byte) {
		parsed, err := p.Decode(body)
		seen[p.Name+"."+parsed.Type] = true
		zero, known := p.Events[parsed.Type]
		if err != nil || len(parsed.Unknown) != 0 || parsed.Known != known || reflect.TypeOf(parsed.Payload) != reflect.TypeOf(zero) {
			t.Errorf("%s %s: a %T, known %v, unknown members %q, error %v", p.Name, name, parsed.Payload, parsed.Known, parsed.Unknown, err)
		}
		if usage, ok := parsed.Payload.(webhook.UsageReporter); ok {
			_, err = usage.Usage()
		}
		if state, ok := parsed.Payload.(webhook.StateReporter); ok && err == nil {
			_, err = state.State(body)
		}
		if err != nil {
			t.Errorf("%s %s reports nothing: %v", p.Name, name, err)
		}
		for _, word := range regexp.MustCompile(`"[^"\\]{8,}"[,}\]]`).FindAllString(string(body), -1) {
			if shown := fmt.Sprintf("%v %+v %#v", parsed.Payload, parsed.Payload, parsed.Payload); strings.Contains(shown, word[1:len(word)-2]) {
				t.Errorf("%s %s: a payload is printed", p.Name, name)
			}
		}
	})
	for _, p := range providers.Table() {
		for eventType := range p.Events {
			if !seen[p.Name+"."+eventType] {
				t.Errorf("%s.%s has no sample", p.Name, eventType)
			}
		}
	}
}

// An error goes into logs and beside dead letters, so it never quotes a body.
func FuzzDecode(f *testing.F) {
	const canary = "C4NARY"
	samples(f, func(_ providers.Entry, _ string, body []byte) {
		f.Add(string(body))
		damages := []string{`:"` + canary + `\u0000"`, `:{"` + canary + `":1}`, `:` + canary, `:"` + canary + `","` + canary + `":1`}
		for i, member := range regexp.MustCompile(`:\s*"[^"\\]*"`).FindAllString(string(body), -1) {
			f.Add(strings.Replace(string(body), member, damages[i%len(damages)], 1))
		}
	})
	f.Fuzz(func(t *testing.T, body string) {
		for _, p := range providers.Table() {
			parsed, err := p.Decode([]byte(body))
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("%s: the error repeats the body: %v", p.Name, err)
			}
			if (err == nil && parsed.Type == "") || parsed.Known != (parsed.Payload != nil) || (err != nil && parsed.Known) {
				t.Errorf("%s: contradiction: known %v, error %v", p.Name, parsed.Known, err)
			}
		}
	})
}

// Every sample verifies with the signature that was computed for it elsewhere.
func TestTable_schemesVerifyTheSamples(t *testing.T) {
	signed := map[string]bool{}
	for _, s := range events.Signatures() {
		p, ok := providers.Table().Named(s.Platform)
		body, err := events.Body(s.Platform, s.Event)
		if !ok || err != nil {
			t.Fatalf("%s: a platform %v, error %v", s.Platform, ok, err)
		}
		ring, err := signature.NewKeyring(p.Scheme, signature.Secret{ID: "test", Value: s.Secret})
		if err != nil {
			t.Fatal(err)
		}
		digest, _ := hex.DecodeString(s.Hex)
		value := s.Hex
		if p.Scheme.Encoding == signature.Base64 {
			value = base64.StdEncoding.EncodeToString(digest)
		}
		q := signature.Request{Method: "POST", Header: webhook.Header{s.Header: {value}}, Body: body}
		if _, err := ring.Verify(q, time.Time{}); err != nil || s.Header != p.SignatureHeader {
			t.Errorf("%s %s does not verify", s.Platform, s.Event)
		}
		signed[s.Platform+"/"+s.Event] = true
	}
	samples(t, func(p providers.Entry, name string, _ []byte) {
		if !signed[p.Name+"/"+name] {
			t.Errorf("%s/%s.json has no row in events/SIGNATURES.tsv", p.Name, name)
		}
	})
}

func TestEnvName(t *testing.T) {
	if got := providers.EnvName("a-b2"); got != "A_B2" {
		t.Errorf("got %s", got)
	}
}

func TestConfigured(t *testing.T) {
	prefix := providers.EnvName(providers.Table()[0].Name) + "_SIGNATURE_"
	other := signature.Scheme{Header: "X-Other-Signature", Algorithm: signature.SHA1, Encoding: signature.Base64, Prefix: "v1="}
	for name, env := range map[string]map[string]string{
		"unset": nil,
		"empty": {prefix + "HEADER": "", prefix + "PREFIX": ""},
		"set":   {prefix + "HEADER": other.Header, prefix + "ALGORITHM": "sha1", prefix + "ENCODING": "base64", prefix + "PREFIX": "v1="},
	} {
		table, err := providers.Configured(func(name string) string { return env[name] })
		if err != nil || len(table) != len(providers.Table()) {
			t.Fatalf("%s: %d platforms, error %v", name, len(table), err)
		}
		for i, want := range providers.Table() {
			if name == "set" && i == 0 {
				want.Scheme, want.SignatureHeader = other, other.Header
			}
			if got := table[i]; got.Scheme != want.Scheme || got.SignatureHeader != want.SignatureHeader {
				t.Errorf("%s: %s has %+v under %s", name, got.Name, got.Scheme, got.SignatureHeader)
			}
		}
	}
}

// A platform whose handshakes have a verify token has a second secret.
func TestSchemes_verifyToken(t *testing.T) {
	entry := providers.Table()[0]
	entry.Handshakes = []webhook.Handshake{{Token: "query:token"}}
	all := providers.Entries{entry}.Schemes()
	if got := all[webhook.VerifyToken(entry.Name)]; len(all) != 2 || all[entry.Name] != entry.Scheme || got.From != "query:token" || got.Check() != nil {
		t.Errorf("%+v", all)
	}
}

// Every handshake goes with how its platform signs, also where a setting says that.
func TestConfigured_handshakes(t *testing.T) {
	entry := providers.Table()[0]
	entry.Handshakes = []webhook.Handshake{{Method: "GET", Challenge: "query:a", Status: 200, ContentType: "text/plain", Body: "{hmac}", HMAC: signature.Hex}}
	variable := providers.EnvName(entry.Name) + "_SIGNATURE"
	for text, wrong := range map[string]bool{"": false, "signed=v0:{body}": false, "signed={body-sha256}": true} {
		_, err := providers.Entries{entry}.Configured(func(name string) string { return map[string]string{variable: text}[name] })
		if (err != nil) != wrong || err != nil && !strings.Contains(err.Error(), entry.Name) {
			t.Errorf("%q: %v", text, err)
		}
	}
	entry.Handshakes[0].Status = 500
	if _, err := (providers.Entries{entry}).Configured(func(string) string { return "" }); err == nil {
		t.Error("a handshake of the table is not checked")
	}
}

// Every faulty variable is named, and none is quoted: a secret may have been put
// into it by mistake.
func TestConfigured_faults(t *testing.T) {
	const canary = "C4NARY"
	faults := map[string]string{}
	for _, p := range providers.Table() {
		prefix := providers.EnvName(p.Name) + "_SIGNATURE_"
		faults[prefix+"HEADER"] = "X-" + canary + ":"
		faults[prefix+"ALGORITHM"] = "SHA256"
		faults[prefix+"ENCODING"] = "HEX" + canary
		faults[prefix+"PREFIX"] = canary + "\n"
	}
	_, err := providers.Configured(func(name string) string { return faults[name] })
	if err == nil || strings.Count(err.Error(), "\n")+1 != len(faults) || strings.Contains(err.Error(), canary) {
		t.Fatalf("%d faults: %v", len(faults), err)
	}
	for name := range faults {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in: %v", name, err)
		}
	}
}
