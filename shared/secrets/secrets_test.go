package secrets_test

import (
	"encoding/binary"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/secrets"
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
			env, settingErr := secrets.Over(c.write(setting), func(string) string { return "" })
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
