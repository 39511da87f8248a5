package handlers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Forward posts leads to a service of your own, signed the Standard Webhooks
// way, so that it can be sure of the sender and drop what it has seen: the same
// lead always has the same webhook-id.
type Forward struct {
	Target Target
	Caller gabber.Caller
	Now    func() time.Time
}

// Target is where leads go. An empty URL means nowhere.
type Target struct {
	URL    string
	Secret []byte
}

// String shows neither URL nor secret: a path may hold a token.
func (Target) String() string { return "[target]" }

// GoString is String.
func (t Target) GoString() string { return t.String() }

// LogValue is String.
func (t Target) LogValue() slog.Value { return slog.StringValue(t.String()) }

// ParseTarget reads a URL and a secret as Standard Webhooks writes it: "whsec_"
// and the base64 of 24 to 64 bytes. The error quotes neither.
func ParseTarget(url, secret string) (Target, error) {
	if err := signature.CheckCopied(secret); err != nil {
		return Target{}, err
	}
	text, ok := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return Target{}, errors.New(`is not "whsec_" and the base64 of 24 to 64 bytes`)
	}
	return Target{URL: url, Secret: key}, nil
}

// leadSubmitted is what your service receives.
type leadSubmitted struct {
	envelope.Private
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      struct {
		Chatbot      string `json:"chatbot"`
		Conversation string `json:"conversation,omitempty"`
		Name         string `json:"name,omitempty"`
		Email        string `json:"email,omitempty"`
		Phone        string `json:"phone,omitempty"`
	} `json:"data"`
}

func forwarded(lead chatbase.LeadsSubmit, received time.Time) leadSubmitted {
	s := leadSubmitted{Type: "lead.submitted", Timestamp: received.UTC()}
	s.Data.Chatbot, s.Data.Conversation = lead.ChatbotID, lead.Lead.ConversationID
	s.Data.Name, s.Data.Email, s.Data.Phone = lead.Lead.Name, lead.Lead.Email, lead.Lead.Phone
	return s
}

// Post handles lead.forward. What is not certainly delivered is posted again.
func (f *Forward) Post(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	lead, err := chatbase.ParseLeadsSubmit(e.Data)
	if err != nil {
		return nil, webhook.Permanent(err.Error())
	}
	body, at := encode(forwarded(lead, e.Time)), strconv.FormatInt(f.Now().Unix(), 10)
	_, err = f.Caller.Call(ctx, "POST", f.Target.URL, map[string]string{
		"webhook-id":        e.ID,
		"webhook-timestamp": at,
		"webhook-signature": f.Target.sign(e.ID, at, body),
	}, body)
	if errors.Is(err, outbound.ErrNotFound) { // the address is wrong, and only people can mend it
		return nil, fmt.Errorf("%w: nothing is there", outbound.ErrRefused)
	}
	return nil, err
}

func (t Target) sign(id, at string, body []byte) string {
	mac := hmac.New(sha256.New, t.Secret)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
