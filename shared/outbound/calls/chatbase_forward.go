package calls

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/variables"
	"github.com/webhook-functions/template/shared/webhook"
)

// Forward posts leads to a service of your own, signed the Standard Webhooks
// way, so that it can be sure of the sender and drop what it has seen: the same
// lead always has the same webhook-id.
type Forward struct {
	Target Target
	Doer   outbound.Doer
	Now    func() time.Time
}

// Chatbase is what the forwarding of leads is configured with.
type Chatbase struct {
	envelope.Private
	Leads Target
}

func (c *Chatbase) variables() []variables.Variable {
	return []variables.Variable{
		{Name: "LEADS_FORWARD_URL", Set: c.setURL},
		{Name: "LEADS_FORWARD_SECRET", Set: c.setSecret},
	}
}

func (c *Chatbase) setURL(text string) (err error) {
	if c.Leads.URL = text; text != "" {
		_, err = hostOf(text)
	}
	return err
}

// setSecret wants a secret where there is a URL.
func (c *Chatbase) setSecret(text string) (err error) {
	if c.Leads.URL != "" {
		c.Leads, err = ParseTarget(c.Leads.URL, text)
	}
	return err
}

// chatbase adds the forwarding of leads.
func (t *table) chatbase(s Chatbase, to Ports) {
	forward := &Forward{Target: s.Leads, Doer: to.Doer, Now: to.Now}
	t.rows[followups.LeadForward] = webhook.Each("forwarded", forward.Post)
	if s.Leads.URL == "" {
		t.rows[followups.LeadForward] = skip("no url")
	}
}

// Target is where leads go. An empty URL means nowhere. A path may hold a token.
type Target struct {
	envelope.Private
	URL    string
	Secret []byte
}

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
	lead, err := envelope.As[chatbase.LeadsSubmit](chatbase.Decode(e.Data))
	if err != nil {
		return nil, webhook.Permanent(err.Error())
	}
	body, at := webhook.JSON(forwarded(lead, e.Time)), strconv.FormatInt(f.Now().Unix(), 10)
	_, err = f.Doer.Do(ctx, "POST", f.Target.URL, map[string]string{
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
