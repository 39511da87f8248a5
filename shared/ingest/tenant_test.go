package ingest_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// rings holds the secrets of a platform and of some of its tenants, and notes
// what it was asked for.
type rings struct {
	byName map[string]*signature.Keyring
	newer  map[string]*signature.Keyring // what is there after a refresh
	asked  []string
}

func (r *rings) Keyring(_ context.Context, name string) (webhook.Verifier, error) {
	r.asked = append(r.asked, name)
	if name == "chatbase/bad" {
		return nil, errors.New("a secret that is too short")
	}
	if ring, ok := r.byName[name]; ok {
		return ring, nil
	}
	return nil, webhook.ErrNotConfigured
}

func (r *rings) Refresh(_ context.Context, name string) webhook.Verifier {
	if r.newer == nil {
		return nil
	}
	old := r.byName[name]
	if r.byName = r.newer; r.byName[name] != old {
		return r.byName[name]
	}
	return nil
}

type discard struct{}

func (discard) Publish(context.Context, webhook.Event) error { return nil }

func TestAChatbotsOwnSecret(t *testing.T) {
	ring := func(secret string) *signature.Keyring {
		r, err := signature.NewKeyring(chatbase.Platform.Scheme, signature.Secret{ID: "1", Value: secret})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	own, platform := ring("the-secret-of-bot-one"), ring("the-secret-of-the-platform")
	body := func(bot string) string {
		return `{"eventType":"leads.submit","chatbotId":"` + bot + `","payload":{"conversationId":"c"}}`
	}
	for _, row := range []struct {
		name, body string
		signer     *signature.Keyring
		asked      string
		status     int
	}{
		{"its own secret", body("bot-1"), own, "chatbase/bot-1", 200},
		{"the platform's secret does not do for it", body("bot-1"), platform, "chatbase/bot-1", 400},
		{"a bot without its own has the platform's", body("bot_2"), platform, "chatbase/bot_2 chatbase", 200},
		{"its own does not do for another bot", body("bot_2"), own, "chatbase/bot_2 chatbase chatbase/bot_2", 400},
		{"its own is bad: the platform's does not stand in", body("bad"), platform, "chatbase/bad", 503},
		{"64 bytes", body(strings.Repeat("a", 64)), platform, "chatbase/" + strings.Repeat("a", 64) + " chatbase", 200},
		{"65 bytes are nobody", body(strings.Repeat("a", 65)), platform, "chatbase", 200},
		{"a path is nobody", body("../bot-1"), platform, "chatbase", 200},
		{"a variable's end is nobody", body("bot-1\\u0000"), platform, "chatbase", 200},
		{"letters beyond ASCII are nobody", body("bоt-1"), platform, "chatbase", 200},
		{"empty is nobody", body(""), platform, "chatbase", 200},
		{"named twice is nobody", strings.Replace(body("bot-1"), "{", `{"chatbotId":"bot-1",`, 1), platform, "chatbase", 200},
		{"a number is nobody", `{"eventType":"leads.submit","chatbotId":1,"payload":{}}`, platform, "chatbase", 200},
		{"not JSON is nobody", `chatbotId=bot-1`, platform, "chatbase", 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := &rings{byName: map[string]*signature.Keyring{"chatbase": platform, "chatbase/bot-1": own}}
			in := &ingest.Ingest{Providers: ingest.Routes(chatbase.Platform.Provider), Keyrings: r, Events: discard{}, DeadLetters: discard{},
				Now: time.Now, Log: slog.New(slog.DiscardHandler)}
			reply := in.Handle(t.Context(), webhook.Delivery{Method: "POST", Path: "/chatbase", Body: []byte(row.body),
				Header: webhook.Header{chatbase.Platform.Scheme.Header: {row.signer.Sign([]byte(row.body))}}})
			if reply.Status != row.status || strings.Join(r.asked, " ") != row.asked {
				t.Errorf("%d after asking for %q, want %d and %q", reply.Status, r.asked, row.status, row.asked)
			}
		})
	}
}

// A chatbot is given a secret of its own, and the first delivery signed with it
// arrives before ours has been read: looking again finds it.
func TestAChatbotGetsASecretOfItsOwn(t *testing.T) {
	platform, err := signature.NewKeyring(chatbase.Platform.Scheme, signature.Secret{ID: "1", Value: "the-secret-of-the-platform"})
	if err != nil {
		t.Fatal(err)
	}
	own, err := signature.NewKeyring(chatbase.Platform.Scheme, signature.Secret{ID: "1", Value: "the-secret-of-bot-one"})
	if err != nil {
		t.Fatal(err)
	}
	before := map[string]*signature.Keyring{"chatbase": platform}
	after := map[string]*signature.Keyring{"chatbase": platform, "chatbase/bot-1": own}
	rotated, err := signature.NewKeyring(chatbase.Platform.Scheme, signature.Secret{ID: "1", Value: "the-newer-secret-of-the-platform"})
	if err != nil {
		t.Fatal(err)
	}
	both := map[string]*signature.Keyring{"chatbase": rotated, "chatbase/bot-1": own}
	older := map[string]*signature.Keyring{"chatbase": platform, "chatbase/bot-1": rotated}
	for _, row := range []struct {
		name       string
		had, newer map[string]*signature.Keyring
		bot        string
		status     int
	}{
		{"it is there by now", before, after, "bot-1", 200},
		{"and so is another one of the platform", before, both, "bot-1", 200},
		{"it is another's", before, after, "bot-2", 400},
		{"it is not there yet", before, before, "bot-1", 400},
		{"it had one, which was rotated", older, after, "bot-1", 200},
	} {
		body := []byte(`{"eventType":"leads.submit","chatbotId":"` + row.bot + `","payload":{"conversationId":"c"}}`)
		in := &ingest.Ingest{Providers: ingest.Routes(chatbase.Platform.Provider), Keyrings: &rings{byName: row.had, newer: row.newer},
			Events: discard{}, DeadLetters: discard{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
		reply := in.Handle(t.Context(), webhook.Delivery{Method: "POST", Path: "/chatbase", Body: body,
			Header: webhook.Header{chatbase.Platform.Scheme.Header: {own.Sign(body)}}})
		if reply.Status != row.status {
			t.Errorf("%s: %d, want %d", row.name, reply.Status, row.status)
		}
	}
}
