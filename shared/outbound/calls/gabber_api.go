package calls

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// DefaultGabberAPI is where Gabber's API v1 lives.
const DefaultGabberAPI = "https://api.gabber.dev"

// gabberAPI is the part of Gabber's API v1 that is called. Paths, headers and
// bodies are those of the vendor's generated clients (2025).
type gabberAPI struct {
	envelope.Private
	Base string // no slash at the end
	Key  string // full credential; never in a log
	Doer outbound.Doer
}

// limitedUsage is the usage type whose limit is pushed.
const limitedUsage = "conversational_seconds"

// PutLimit names the human in both spellings: until January 2025 human_id was
// required and human unknown, now human_id is deprecated.
func (a gabberAPI) PutLimit(ctx context.Context, human string, units int64) error {
	return a.send(ctx, "PUT", "/v1/usage/token", map[string]any{"human": human, "human_id": human,
		"limits": []map[string]any{{"type": limitedUsage, "value": units}}})
}

// Speak makes the AI of a session say text. The call cannot be repeated without
// being heard twice.
func (a gabberAPI) Speak(ctx context.Context, session, text string) error {
	return a.send(ctx, "POST", "/v1/realtime/"+url.PathEscape(session)+"/speak", map[string]string{"text": text})
}

// End ends a session.
func (a gabberAPI) End(ctx context.Context, session string) error {
	return a.send(ctx, "POST", "/v1/realtime/"+url.PathEscape(session)+"/end", nil)
}

// AttachHuman says whose session it is. It is the one path with an extra "session/".
func (a gabberAPI) AttachHuman(ctx context.Context, session, human string) error {
	return a.send(ctx, "POST", "/v1/realtime/session/"+url.PathEscape(session)+"/attach_human", map[string]string{"human": human})
}

// creditEntry is one entry of a human's account in Gabber's own ledger.
type creditEntry struct {
	Amount         int64  `json:"amount"` // whole credits; a debit is negative
	IdempotencyKey string `json:"idempotency_key" strict:"required"`
}

// PostCredit adds an entry. What a repeated key is answered with is not documented;
// see LatestCredit.
func (a gabberAPI) PostCredit(ctx context.Context, credit, human string, entry creditEntry) error {
	_, err := a.ofHuman(ctx, "POST", credit, "", human, entry)
	return err
}

// LatestCredit reads the newest entry.
func (a gabberAPI) LatestCredit(ctx context.Context, credit, human string) (entry creditEntry, err error) {
	answer, err := a.ofHuman(ctx, "GET", credit, "/latest", human, nil)
	if err != nil {
		return entry, err
	}
	if err := strict.Unmarshal(answer, &entry); err != nil {
		return creditEntry{}, fmt.Errorf("latest credit entry: %w", err)
	}
	return entry, nil
}

// ofHuman calls a human's credit ledger. The header that names the human is
// delivered without the blanks around it: "u1 " would be charged to "u1".
func (a gabberAPI) ofHuman(ctx context.Context, method, credit, what, human string, body any) ([]byte, error) {
	if strings.Trim(human, " \t") != human {
		return nil, webhook.Permanent("the human's id has blanks around it, which a header loses")
	}
	return a.call(ctx, method, "/v1/credit/"+url.PathEscape(credit)+"/ledger"+what, map[string]string{"x-human-id": human}, body)
}

func (a gabberAPI) send(ctx context.Context, method, path string, body any) error {
	_, err := a.call(ctx, method, path, nil, body)
	return err
}

func (a gabberAPI) call(ctx context.Context, method, path string, header map[string]string, body any) ([]byte, error) {
	var encoded []byte
	if body != nil {
		encoded = webhook.JSON(body)
	}
	sent := map[string]string{"x-api-key": a.Key}
	maps.Copy(sent, header)
	return a.Doer.Do(ctx, method, a.Base+path, sent, encoded)
}
