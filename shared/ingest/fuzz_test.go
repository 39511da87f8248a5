package ingest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/webhook"
)

// The answer is one of the constants, nothing is stored without a valid MAC
// (computed here by other code), and what is stored are the bytes that came.
func FuzzIngest(f *testing.F) {
	f.Add("POST", "/made-up", "X-Made-Up-Signature", "", []byte(usage), true)
	f.Add("POST", "/made-up/", "X-Made-Up-Signature", "", []byte(usage), true)
	f.Add("POST", "/made-up", "x-made-up-signature", "00", []byte(`{"type":"a","payload":{}}`), false)
	f.Add("POST", "/made-up", "X-Made-Up-Signature", "", []byte("not json"), true)
	f.Add("GET", "/", "Content-Encoding", "gzip", []byte{0xff, 0}, true)
	f.Add("POST", "/made-up", "x-made-up-signature", " ", []byte(`{"type":"thing.made"}`), false)
	f.Fuzz(func(t *testing.T, method, path, name, value string, body []byte, signed bool) {
		w := ingesttest.NewWorld(t)
		d := webhook.Delivery{Method: method, Path: path, Header: webhook.Header{name: {value}}, Body: body}
		if signed {
			d.Header[name] = []string{macOf(body)}
		}
		reply := w.Ingest.Handle(t.Context(), d)
		ingesttest.CheckAnswer(t, ingesttest.Request{}, answerOf(reply))

		stored := append(w.Events.Stored(t), w.DeadLetters.Stored(t)...)
		if (len(stored) == 1) != (reply.Status == 200) || len(stored) > 1 {
			t.Fatalf("status %d and %d stored", reply.Status, len(stored))
		}
		if len(stored) == 0 {
			return
		}
		if string(stored[0].Data) != string(body) {
			t.Error("what was stored is not what came")
		}
		given := strings.ToLower(strings.Trim(d.Header[name][0], " \t"))
		if strings.TrimSuffix(path, "/") != "/made-up" || !strings.EqualFold(name, "X-Made-Up-Signature") || given != macOf(body) {
			t.Errorf("stored without a valid signature: %q %q", path, name)
		}
	})
}

// macOf is the made-up platform's signature.
func macOf(body []byte) string {
	m := hmac.New(sha256.New, []byte(ingesttest.Secret("made-up")))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}
