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

	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// chatbaseSettings say where leads go. An empty URL means nowhere. A path may hold
// a token.
type chatbaseSettings struct {
	envelope.Private
	URL    string
	Secret []byte
}

func (c *chatbaseSettings) variables() []config.Variable {
	return []config.Variable{
		{Name: "LEADS_FORWARD_URL", Set: c.setURL},
		{Name: "LEADS_FORWARD_SECRET", Set: c.setSecret},
	}
}

func (c *chatbaseSettings) setURL(text string) (err error) {
	if c.URL = text; text != "" {
		_, err = hostOf(text)
	}
	return err
}

// setSecret reads a secret as Standard Webhooks writes it: "whsec_" and the base64
// of 24 to 64 bytes. Where nothing is forwarded there needs to be none.
func (c *chatbaseSettings) setSecret(text string) (err error) {
	if c.URL == "" {
		return nil
	}
	if err := signature.CheckCopied(text); err != nil {
		return err
	}
	encoded, ok := strings.CutPrefix(text, "whsec_")
	c.Secret, err = base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(c.Secret) < 24 || len(c.Secret) > 64 {
		return errors.New(`is not "whsec_" and the base64 of 24 to 64 bytes`)
	}
	return nil
}

func (c *chatbaseSettings) sign(id, at string, body []byte) string {
	mac := hmac.New(sha256.New, c.Secret)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// chatbase adds the forwarding of leads.
func (t *table) chatbase(s chatbaseSettings, to Ports) {
	t.rows[followups.LeadForward] = webhook.Each("forwarded", (&forward{s, to.Doer, to.Now}).Post)
	if s.URL == "" {
		t.rows[followups.LeadForward] = skip("no url")
	}
}

// forward posts leads to a service of your own, signed the Standard Webhooks way:
// the receiver can be sure of the sender, and the same lead always has the same
// webhook-id.
type forward struct {
	chatbaseSettings
	Doer outbound.Doer
	Now  func() time.Time
}

// leadSubmitted is what your service receives.
type leadSubmitted struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      leadData  `json:"data"`
}

type leadData struct {
	Chatbot      string `json:"chatbot"`
	Conversation string `json:"conversation,omitempty"`
	Name         string `json:"name,omitempty"`
	Email        string `json:"email,omitempty"`
	Phone        string `json:"phone,omitempty"`
}

// Post handles lead.forward. What is not certainly delivered is posted again.
func (f *forward) Post(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	lead, err := envelope.As[chatbase.LeadsSubmit](chatbase.Decode(e.Data))
	if err != nil {
		return nil, webhook.Permanent(err.Error())
	}
	body := webhook.JSON(leadSubmitted{"lead.submitted", e.Time.UTC(),
		leadData{lead.ChatbotID, lead.Lead.ConversationID, lead.Lead.Name, lead.Lead.Email, lead.Lead.Phone}})
	at := strconv.FormatInt(f.Now().Unix(), 10)
	_, err = f.Doer.Do(ctx, "POST", f.URL, map[string]string{
		"webhook-id":        e.ID,
		"webhook-timestamp": at,
		"webhook-signature": f.sign(e.ID, at, body),
	}, body)
	if errors.Is(err, outbound.ErrNotFound) { // the address is wrong
		return nil, fmt.Errorf("%w: nothing is there", outbound.ErrRefused)
	}
	return nil, err
}
