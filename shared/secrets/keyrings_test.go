package secrets

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

const (
	first  = "canary-first-0123456789"
	second = "canary-second-0123456789"
)

var (
	scheme  = signature.Scheme{Header: "x-signature", Algorithm: signature.SHA256, Encoding: signature.Hex}
	schemes = map[string]signature.Scheme{"acme": scheme, "zenith": scheme}
)

// one is a secret with acme's only.
func one(secret string) string { return `{"acme":"` + secret + `"}` }

// accepts gives the id of the key that accepts what secret signs, "" if none does
// or there is no verifier.
func accepts(t *testing.T, v webhook.Verifier, secret string) string {
	t.Helper()
	signer, err := signature.NewKeyring(scheme, signature.Secret{ID: "signer", Value: secret})
	if err != nil {
		t.Fatal(err)
	}
	if v == nil {
		return ""
	}
	verified, _ := v.Verify(signature.Request{Header: signer.Headers([]byte("{}"), time.Time{}), Body: []byte("{}")}, time.Time{})
	return verified.KeyID
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestKeyringsNext(t *testing.T) {
	const notObject, shape = "the secret is not a JSON object", "value is neither a string nor a list of strings"
	for _, row := range []struct {
		name, text string
		keys       [2]string // that accept the first and the second secret
		problem    string    // the error of the whole secret or of acme
	}{
		{"a string", one(first), [2]string{"1", ""}, ""},
		{"a list", `{"acme":["` + first + `","` + second + `"]}`, [2]string{"1", "2"}, ""},
		{"a list of one", `{"acme":["` + second + `"]}`, [2]string{"", "1"}, ""},
		{"a newline behind the JSON", one(first) + "\n", [2]string{"1", ""}, ""},
		{"another platform's is unknown", `{"acme":"` + first + `","new":1}`, [2]string{"1", ""}, ""},
		{"another platform's is bad", `{"acme":"` + first + `","zenith":"x"}`, [2]string{"1", ""}, ""},
		{"not named", `{"zenith":"` + first + `"}`, [2]string{}, webhook.ErrNotConfigured.Error()},
		{"nothing in it", "{}", [2]string{}, webhook.ErrNotConfigured.Error()},
		{"a list that is too long", `{"acme":["` + strings.Repeat(first+`","`, 3) + second + `"]}`, [2]string{}, "a keyring holds 1 to 3"},
		{"an empty list", `{"acme":[]}`, [2]string{}, "a keyring holds 1 to 3"},
		{"null", `{"acme":null}`, [2]string{}, shape},
		{"a number", `{"acme":5}`, [2]string{}, shape},
		{"an object", `{"acme":{"current":"` + first + `"}}`, [2]string{}, shape},
		{"a list with a number", `{"acme":["` + first + `",5]}`, [2]string{}, shape},
		{"an empty secret", one(""), [2]string{}, "empty"},
		{"a short one", `{"acme":["` + first + `","short"]}`, [2]string{}, "secret 2: secret is shorter"},
		{"a newline in the secret", one(first + `\n`), [2]string{}, "white space"},
		{"a placeholder", one("changeme-changeme"), [2]string{}, "secret 1"},
		{"a platform twice", `{"acme":"` + first + `","acme":"` + second + `"}`, [2]string{}, notObject},
		{"the secret itself, no JSON", first, [2]string{}, notObject},
		{"an empty text", "", [2]string{}, notObject},
		{"JSON null", "null", [2]string{}, notObject},
		{"a JSON string", `"` + first + `"`, [2]string{}, notObject},
	} {
		t.Run(row.name, func(t *testing.T) {
			var said bytes.Buffer
			var v webhook.Verifier
			rings, err := keyrings(nil).next(t.Context(), []byte(row.text), schemes, slog.New(slog.NewTextHandler(&said, nil)))
			if err == nil {
				v, err = rings.verifier("acme")
			}
			if got := [2]string{accepts(t, v, first), accepts(t, v, second)}; got != row.keys {
				t.Errorf("keys %q, want %q", got, row.keys)
			}
			if (err == nil) != (row.problem == "") || err != nil && !strings.Contains(err.Error(), row.problem) {
				t.Errorf("error %v, want one with %q", err, row.problem)
			}
			if err != nil && strings.Contains(err.Error(), "canary") || strings.Contains(said.String(), "canary") || strings.Contains(said.String(), "changeme") {
				t.Errorf("a secret is in the log or in the error: %v, %s", err, said.String())
			}
		})
	}
}

// What did not change stays the same keyring; what cannot be used, the old one.
func TestKeyringsNextKeeps(t *testing.T) {
	for _, row := range []struct {
		name, text         string
		acme, zenith, code bool // stays the same; an alarm
	}{
		{"both", `{"acme":"` + first + `","zenith":"` + first + `"}`, true, true, false},
		{"one of two", `{"acme":"` + first + `","zenith":"` + second + `"}`, true, false, false},
		{"one whose new value is empty", `{"acme":"","zenith":"` + second + `"}`, true, false, true},
		{"one whose new value is a number", `{"acme":7,"zenith":"` + second + `"}`, true, false, true},
		{"one whose name is misspelt now", `{"acmee":"` + second + `","zenith":"` + second + `"}`, true, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			var said bytes.Buffer
			before, err := keyrings(nil).next(t.Context(), []byte(`{"acme":"`+first+`","zenith":"`+first+`"}`), schemes, quiet())
			if err != nil {
				t.Fatal(err)
			}
			after, err := before.next(t.Context(), []byte(row.text), schemes, slog.New(slog.NewTextHandler(&said, nil)))
			if err != nil || after["acme"].verifier == before["acme"].verifier != row.acme || after["zenith"].verifier == before["zenith"].verifier != row.zenith {
				t.Errorf("acme stays: %v, zenith stays: %v (%v)", after["acme"].verifier == before["acme"].verifier, after["zenith"].verifier == before["zenith"].verifier, err)
			}
			if strings.Contains(said.String(), "code=SEC provider=acme") != row.code || strings.Contains(said.String(), "provider=zenith") {
				t.Errorf("logged %s", said.String())
			}
		})
	}
}

// A verify token is a secret beside the platform's, which may be used without the other.
func TestKeyringsOfVerifyTokens(t *testing.T) {
	name, handshake := webhook.VerifyToken("acme"), webhook.Handshake{Token: "query:token"}
	both := map[string]signature.Scheme{"acme": scheme, name: handshake.TokenScheme()}
	rings, err := keyrings(nil).next(t.Context(), []byte(`{"`+name+`":["`+first+`","`+second+`"]}`), both, quiet())
	if err != nil {
		t.Fatal(err)
	}
	for query, key := range map[string]string{"token=" + first: "1", "a=b&token=" + second: "2", "token=" + first + "&token=" + first: "", "token=": "", "": ""} {
		v, err := rings.verifier(name)
		if err != nil {
			t.Fatal(err)
		}
		if verified, _ := v.Verify(signature.Request{Query: query}, time.Time{}); verified.KeyID != key {
			t.Errorf("%q: key %q, want %q", query, verified.KeyID, key)
		}
	}
	if _, err := rings.verifier("acme"); !errors.Is(err, webhook.ErrNotConfigured) || !rings.unused("acme") {
		t.Errorf("a verify token is taken for the platform's secret: %v", err)
	}
}

// A tenant may have a secret of its own; for a bad one the platform's must not
// stand in. Any member of a platform's makes it used.
func TestKeyringsOfTenants(t *testing.T) {
	rings, err := keyrings(nil).next(t.Context(), []byte(`{"acme": "`+first+`", "acme/bot-1": ["`+second+`"], "acme/bot-2": "short"}`), schemes, quiet())
	if err != nil {
		t.Fatal(err)
	}
	for tenant, secret := range map[string]string{"acme": first, "acme/bot-1": second} {
		if v, err := rings.verifier(tenant); err != nil || accepts(t, v, secret) != "1" {
			t.Errorf("%s: %v", tenant, err)
		}
	}
	for tenant, configured := range map[string]bool{"acme/bot-2": true, "acme/other": false} {
		if _, err := rings.verifier(tenant); err == nil || errors.Is(err, webhook.ErrNotConfigured) == configured {
			t.Errorf("%s: error %v", tenant, err)
		}
	}
	for _, member := range []string{one(first), `{"acme":1}`, one(""), `{"acme/bot":"` + first + `"}`} {
		rings, err := keyrings(nil).next(t.Context(), []byte(member), schemes, quiet())
		if err != nil || rings.unused("acme") || !rings.unused("zenith") {
			t.Errorf("%s: acme is unused, or zenith is not (%v)", member, err)
		}
	}
}

// A member that names no platform is logged in one line, and a platform that it
// may have meant does not count as one without a secret.
func TestKeyringsNextUnknownMembers(t *testing.T) {
	const key = "4f1c0b5e9a7d3826e0c4b19f57a2d683"
	for _, c := range []struct {
		name, secret, line string
		lost               bool // acme is
	}{
		{"another case", `{"Acme": "` + first + `"}`, "member=Acme did_you_mean=acme", true},
		{"the laptop's name", `{"ACME_WEBHOOK_SECRET": "` + first + `"}`, "member=ACME_WEBHOOK_SECRET did_you_mean=acme", true},
		{"a letter too many", `{"accme": "` + first + `"}`, "member=accme did_you_mean=acme", true},
		{"a tenant's", `{"accme/kT9vQx2LmZr7BdEo": "` + first + `"}`, "member=accme did_you_mean=acme", true},
		{"beside the right one", `{"acme": "` + first + `", "acme_old": "x"}`, "member=acme_old did_you_mean=acme", false},
		{"a comment", `{"acme": "` + first + `", "note": "rotated"}`, `member=note did_you_mean=""`, false},
		{"what is no name", `{"acme": "` + first + `", "canary@example.com": ""}`, `member=? did_you_mean=""`, false},
		{"a key in the place of a name", `{"acme": "` + first + `", "` + key + `": "zenith"}`, `member=? did_you_mean=""`, false},
		{"a passphrase in the place of a name", `{"acme": "` + first + `", "canary-horse-battery-staple": "zenith"}`, `member=? did_you_mean=""`, false},
		{"all known", `{"acme": "` + first + `", "acme/kT9-x": "` + first + `"}`, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var said bytes.Buffer
			log := slog.New(slog.NewTextHandler(&said, nil))
			rings := keyrings(nil)
			for range 3 { // the secret is read again and again; it does not change
				var err error
				if rings, err = rings.next(t.Context(), []byte(c.secret), schemes, log); err != nil {
					t.Fatal(err)
				}
			}
			text := said.String()
			if c.line == "" && text != "" || c.line != "" && (strings.Count(text, "\n") != 1 || !strings.Contains(text, c.line)) {
				t.Errorf("logged %q, want one line with %q", text, c.line)
			}
			if strings.Contains(text, "canary") || strings.Contains(text, key) || strings.Contains(text, "code=") {
				t.Errorf("a secret is in the log, or an alarm: %s", text)
			}
			if _, err := rings.verifier("acme"); (err != nil) != c.lost || errors.Is(err, webhook.ErrNotConfigured) {
				t.Errorf("acme's verifier: %v", err)
			}
			if _, err := rings.verifier("zenith"); !errors.Is(err, webhook.ErrNotConfigured) {
				t.Errorf("zenith's verifier: %v", err)
			}
		})
	}
}

// utf16Of writes a text as Windows' tools do.
func utf16Of(text string, order binary.ByteOrder) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, 0, 0)
		order.PutUint16(out[len(out)-2:], unit)
	}
	return out
}

func TestObjectEncodings(t *testing.T) {
	errOther := errors.New("other")
	for _, c := range []struct {
		name string
		text []byte
		want error
	}{
		{"UTF-8", []byte(one(first)), nil},
		{"a byte order mark", []byte("\ufeff" + one(first)), nil},
		{"a byte order mark and ends of DOS", []byte("\ufeff\r\n" + one(first) + "\r\n"), nil},
		{"UTF-16, little endian", utf16Of("\ufeff"+one(first), binary.LittleEndian), errUTF16},
		{"UTF-16, big endian", utf16Of("\ufeff"+one(first), binary.BigEndian), errUTF16},
		{"UTF-16 without a mark", utf16Of(one(first), binary.LittleEndian), errUTF16},
		{"two marks", []byte("\ufeff\ufeff" + one(first)), errOther},
	} {
		if values, err := object[string](c.text, errOther); err != c.want || err == nil && values["acme"] != first {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}
