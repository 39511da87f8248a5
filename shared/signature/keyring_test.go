package signature_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/signature"
)

// The secrets are hexadecimal and base64 at once, so that a receiver that
// decodes them first would be caught.
var (
	current  = signature.Secret{ID: "current", Value: "4f1c0b5e9a7d3826e0c4b19f57a2d6833be8f0417c95a6d2180e3b7f64c9d5a1"}
	previous = signature.Secret{ID: "previous", Value: "b07e93d2c65a1f48098d7c3be4f625a1d9306b8c17ef42a5603bd8e91c74f20a"}
	next     = signature.Secret{ID: "next", Value: "9d2ef8c4710b6a35ce894d1703fa62b85e1c7d906b43fa28d50c9e6174b3a8f7"}
	stranger = signature.Secret{ID: "stranger", Value: "1b64c8a0f7e25d93b8106e4fa3d927c5504fbe8126a97cd3ef308b5d94c1720e"}
)

var (
	inHex    = signature.Scheme{Header: "X-Signature", Algorithm: signature.SHA256, Encoding: signature.Hex}
	inSHA1   = signature.Scheme{Header: "X-Signature", Algorithm: signature.SHA1, Encoding: signature.Hex}
	prefixed = signature.Scheme{Header: "X-Signature", Algorithm: signature.SHA256, Encoding: signature.Hex, Prefix: "sha256="}
	inBase64 = signature.Scheme{Header: "X-Signature", Algorithm: signature.SHA256, Encoding: signature.Base64}
)

// templated are schemes whose signature covers values beside the body.
var templated = map[string]signature.Scheme{
	"time and body in a list": {Header: "X-Signature", Algorithm: signature.SHA256, Encoding: signature.Hex, List: ",", Field: "v1",
		Signed: "{timestamp}.{body}", Time: signature.Time{From: "field:t", Unit: signature.Seconds, Tolerance: 5 * time.Minute}},
	"id, time and body": {Header: "Webhook-Signature", Algorithm: signature.SHA256, Encoding: signature.Base64, List: " ", Assign: ",", Field: "v1",
		Signed: "{id}.{timestamp}.{body}", ID: "header:Webhook-Id", Time: signature.Time{From: "header:Webhook-Timestamp", Unit: signature.Seconds, Tolerance: 5 * time.Minute}},
	"body and time": {Header: "X-Signature", Algorithm: signature.SHA256, Encoding: signature.Hex,
		Signed: "{body}{timestamp}", Time: signature.Time{From: "header:X-Timestamp", Unit: signature.RFC3339, Tolerance: time.Minute}},
}

func ringOf(t rapid.TB, scheme signature.Scheme, secrets ...signature.Secret) *signature.Keyring {
	t.Helper()
	ring, err := signature.NewKeyring(scheme, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// verify verifies a body with the value of the scheme's header.
func verify(ring *signature.Keyring, header string, body []byte) (keyID string, ok bool) {
	v, err := ring.Verify(signature.Request{Method: "POST", Header: signature.Header{ring.Header(): {header}}, Body: body}, time.Time{})
	return v.KeyID, err == nil
}

// signed gives the value of the scheme's header for a body.
func signed(ring *signature.Keyring, body []byte) string {
	q := signature.Request{Method: "POST", Body: body}
	if err := ring.Sign(&q, time.Time{}, ""); err != nil {
		panic(err)
	}
	return q.Header.Values(ring.Header())[0]
}

func explain(ring *signature.Keyring, value string) (expected, got string) {
	return ring.Explain(signature.Request{Header: signature.Header{ring.Header(): {value}}})
}

func TestVerifyWhileSecretsRotate(t *testing.T) {
	for _, c := range []struct {
		name   string
		ring   []signature.Secret
		signer signature.Secret
		keyID  string // "" means refused
	}{
		{"overlap of three, first", []signature.Secret{current, previous, next}, current, "current"},
		{"overlap of three, second", []signature.Secret{current, previous, next}, previous, "previous"},
		{"overlap of three, third", []signature.Secret{current, previous, next}, next, "next"},
		{"overlap of three, none", []signature.Secret{current, previous, next}, stranger, ""},
		{"after", []signature.Secret{current}, previous, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			id, ok := verify(ringOf(t, inHex, c.ring...), sign(c.signer.Value, body), []byte(body))
			if id != c.keyID || ok != (c.keyID != "") {
				t.Errorf("Verify = %q, %v, want %q", id, ok, c.keyID)
			}
		})
	}
}

func TestVerifyEvaluatesEveryKey(t *testing.T) {
	for _, signer := range []signature.Secret{current, previous, next, stranger} {
		t.Run(signer.ID, func(t *testing.T) {
			ring, evaluated := ringOf(t, inHex, current, previous, next), ""
			ring.CountDigests(func(keyID string) { evaluated += keyID + " " })
			verify(ring, sign(signer.Value, body), []byte(body))
			if evaluated != "next previous current " {
				t.Errorf("evaluated %q", evaluated)
			}
		})
	}
}

func TestVerifyEvaluatesNoKeyForAMalformedHeader(t *testing.T) {
	ring := ringOf(t, inHex, current, previous, next)
	ring.CountDigests(func(keyID string) { t.Errorf("%s evaluated", keyID) })
	for _, header := range []string{"", good[:63], strings.Repeat("g", 64), strings.Repeat("a", 1<<20)} {
		verify(ring, header, []byte(body))
	}
}

func TestSignUsesTheFirstKey(t *testing.T) {
	for scheme, want := range map[signature.Scheme]string{inHex: good, inBase64: inStd} {
		if got := signed(ringOf(t, scheme, current, previous), []byte(body)); got != want {
			t.Errorf("Sign = %s", got)
		}
	}
}

func TestNewKeyringRefuses(t *testing.T) {
	bad := signature.Secret{ID: "bad", Value: "short"}
	for _, c := range []struct {
		name    string
		scheme  signature.Scheme
		secrets []signature.Secret
		fact    string
	}{
		{"no secret", inHex, nil, "not 0"},
		{"four secrets", inHex, []signature.Secret{current, previous, next, stranger}, "not 4"},
		{"one of two is bad", inHex, []signature.Secret{current, bad}, "secret bad: secret is shorter"},
		{"no header", signature.Scheme{Algorithm: signature.SHA256, Encoding: signature.Hex}, []signature.Secret{current}, "header is empty"},
		{"no algorithm", signature.Scheme{Header: "X", Encoding: signature.Hex}, []signature.Secret{current}, "algorithm is unknown"},
		{"MD4", signature.Scheme{Header: "X", Algorithm: "md4", Encoding: signature.Hex}, []signature.Secret{current}, "algorithm is unknown"},
		{"no encoding", signature.Scheme{Header: "X", Algorithm: signature.SHA1}, []signature.Secret{current}, "neither hex nor base64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ring, err := signature.NewKeyring(c.scheme, c.secrets...)
			if err == nil || !strings.Contains(err.Error(), c.fact) || ring != nil {
				t.Errorf("NewKeyring = %v, %v, want an error with %q", ring, err, c.fact)
			}
		})
	}
}

// Under FIPS 140-only SHA-1 panics. Only the platform's route is then off.
func TestNewKeyringRefusesSHA1UnderFIPS(t *testing.T) {
	if os.Getenv("GODEBUG") != "fips140=only" {
		again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), "GODEBUG=fips140=only")
		if out, err := again.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	if _, err := signature.NewKeyring(inSHA1, current); err == nil {
		t.Error("SHA-1 accepted")
	}
	if _, ok := verify(ringOf(t, inHex, current), good, []byte(body)); !ok {
		t.Error("SHA-256 refused")
	}
}

func TestVerifyConcurrently(t *testing.T) {
	ring := ringOf(t, inHex, current, previous, next)
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 200 {
				body := fmt.Sprintf(`{"worker":%d,"event":%d}`, worker, i)
				signer := []signature.Secret{current, previous, next}[i%3]
				if id, ok := verify(ring, sign(signer.Value, body), []byte(body)); !ok || id != signer.ID {
					t.Errorf("Verify = %q, %v, want %q", id, ok, signer.ID)
				}
			}
		})
	}
	group.Wait()
}
