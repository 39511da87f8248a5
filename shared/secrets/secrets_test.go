package secrets_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/webhook"
)

const first = "canary-first-0123456789"

// utf16Of writes a text as Windows' tools do.
func utf16Of(text string, order binary.ByteOrder) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, 0, 0)
		order.PutUint16(out[len(out)-2:], unit)
	}
	return out
}

// Both secrets, of webhooks and of settings, are read however an editor saved them.
func TestEncodings(t *testing.T) {
	webhook, setting := `{"gabber": "`+first+`"}`, `{"GABBER_API_KEY": "`+first+`"}`
	for _, c := range []struct {
		name  string
		write func(text string) []byte
		fault string
	}{
		{"UTF-8", func(text string) []byte { return []byte(text) }, ""},
		{"a byte order mark", func(text string) []byte { return []byte("\ufeff" + text) }, ""},
		{"a byte order mark and ends of DOS", func(text string) []byte { return []byte("\ufeff\r\n" + text + "\r\n") }, ""},
		{"UTF-16, little endian", func(text string) []byte { return utf16Of("\ufeff"+text, binary.LittleEndian) }, "UTF-16"},
		{"UTF-16, big endian", func(text string) []byte { return utf16Of("\ufeff"+text, binary.BigEndian) }, "UTF-16"},
		{"UTF-16 without a mark", func(text string) []byte { return utf16Of(text, binary.LittleEndian) }, "UTF-16"},
		{"two marks", func(text string) []byte { return []byte("\ufeff\ufeff" + text) }, "not a JSON object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rings, err := secrets.Rings(nil).Next(t.Context(), c.write(webhook), providers.Table().Schemes(), slog.New(slog.DiscardHandler))
			if err == nil {
				_, err = rings.Verifier("gabber")
			}
			env, settingErr := secrets.Over(t.Context(), c.write(setting), func(string) string { return "" }, nil, slog.New(slog.DiscardHandler))
			if settingErr == nil && env("GABBER_API_KEY") != first {
				t.Error("the setting was misread")
			}
			for _, err := range []error{err, settingErr} {
				if c.fault == "" && err != nil || c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault) || strings.Contains(err.Error(), "canary")) {
					t.Errorf("error %v, want one about %q", err, c.fault)
				}
			}
		})
	}
}

// A member that names no platform is named in one line, and a platform that it
// may have meant is not taken for one that is not used.
func TestUnknownMembers(t *testing.T) {
	const key = "4f1c0b5e9a7d3826e0c4b19f57a2d683"
	for _, c := range []struct {
		name, secret, line string
		lost               bool // Gabber is
	}{
		{"another case", `{"Gabber": "` + first + `"}`, "member=Gabber did_you_mean=gabber", true},
		{"the laptop's name", `{"GABBER_WEBHOOK_SECRET": "` + first + `"}`, "member=GABBER_WEBHOOK_SECRET did_you_mean=gabber", true},
		{"a letter is missing", `{"gaber": "` + first + `"}`, "member=gaber did_you_mean=gabber", true},
		{"a tenant's", `{"gaber/kT9vQx2LmZr7BdEo": "` + first + `"}`, "member=gaber did_you_mean=gabber", true},
		{"beside the right one", `{"gabber": "` + first + `", "gabber_old": "x"}`, "member=gabber_old did_you_mean=gabber", false},
		{"a comment", `{"gabber": "` + first + `", "note": "rotated"}`, `member=note did_you_mean=""`, false},
		{"what is no name", `{"gabber": "` + first + `", "canary@example.com": ""}`, `member=? did_you_mean=""`, false},
		{"a key in the place of a name", `{"gabber": "` + first + `", "` + key + `": "oblic"}`, `member=? did_you_mean=""`, false},
		{"a passphrase in the place of a name", `{"gabber": "` + first + `", "canary-horse-battery-staple": "oblic"}`, `member=? did_you_mean=""`, false},
		{"all known", `{"gabber": "` + first + `", "chatbase/kT9-x": "` + first + `"}`, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var said bytes.Buffer
			log := slog.New(slog.NewTextHandler(&said, nil))
			rings := secrets.Rings(nil)
			for range 3 { // the secret is read again and again; it does not change
				var err error
				if rings, err = rings.Next(t.Context(), []byte(c.secret), providers.Table().Schemes(), log); err != nil {
					t.Fatal(err)
				}
			}
			text := said.String()
			if c.line == "" && text != "" || c.line != "" && (strings.Count(text, "\n") != 1 || !strings.Contains(text, c.line)) {
				t.Errorf("said %q, want one line with %q", text, c.line)
			}
			if strings.Contains(text, "canary") || strings.Contains(text, key) || strings.Contains(text, "code=") {
				t.Errorf("a secret was told, or an alarm rings: %s", text)
			}
			if _, err := rings.Verifier("gabber"); (err != nil) != c.lost || errors.Is(err, webhook.ErrNotConfigured) {
				t.Errorf("Gabber's verifier: %v", err)
			}
			if _, err := rings.Verifier("cribbly"); !errors.Is(err, webhook.ErrNotConfigured) {
				t.Errorf("Cribbly's verifier: %v", err)
			}
		})
	}
}

// A platform whose name was misspelt in an edit keeps the secret it had.
func TestAMisspeltMemberKeepsTheOldSecret(t *testing.T) {
	rings := secrets.Rings(nil)
	for _, secret := range []string{`{"gabber": "` + first + `"}`, `{"gabbr": "` + first + `-new"}`} {
		var err error
		if rings, err = rings.Next(t.Context(), []byte(secret), providers.Table().Schemes(), slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
	}
	if verifier, err := rings.Verifier("gabber"); err != nil || verifier == nil {
		t.Errorf("error %v", err)
	}
}

func TestUnknownSettings(t *testing.T) {
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	text := `{"GABBER_API_KEY": "canary", "gabber_apikey": "canary", "GABBER_WEBHOOK_SECRET": "canary", "note": "canary"}`
	if _, err := secrets.Over(t.Context(), []byte(text), func(string) string { return "" }, []string{"GABBER_API_KEY", "GABBER_API_URL"}, log); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"member=gabber_apikey did_you_mean=GABBER_API_KEY", "member=GABBER_WEBHOOK_SECRET did_you_mean=\"a member of the webhook secret\"", `member=note did_you_mean=""`} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("no %q in %s", want, said.String())
		}
	}
	if n := strings.Count(said.String(), "\n"); n != 3 || strings.Contains(said.String(), "canary") {
		t.Errorf("%d lines: %s", n, said.String())
	}
}
