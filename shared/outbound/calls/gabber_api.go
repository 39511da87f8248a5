package calls

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"strings"

	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// DefaultGabberAPI is where Gabber's API v1 lives.
const DefaultGabberAPI = "https://api.gabber.dev"

// GabberAPI is the part of Gabber's API v1 that reactions call. Paths, headers and
// bodies are those of the vendor's generated clients (2025).
type GabberAPI struct {
	Base string // no slash at the end
	Key  string // full credential; never in a log
	Doer outbound.Doer
}

// String never shows the key.
func (a GabberAPI) String() string { return "gabber API at " + a.Base }

// GoString never shows the key.
func (a GabberAPI) GoString() string { return a.String() }

// LogValue never shows the key.
func (a GabberAPI) LogValue() slog.Value { return slog.StringValue(a.String()) }

// limitedUsage is the usage type whose limit is pushed.
const limitedUsage = "conversational_seconds"

// PutLimit sets how much of limitedUsage a human may still use: PUT
// /v1/usage/token. The human is named in both spellings: until January 2025
// human_id was required and human unknown, now human_id is deprecated.
func (a GabberAPI) PutLimit(ctx context.Context, human string, units int64) error {
	type limit struct {
		Type  string `json:"type"`
		Value int64  `json:"value"`
	}
	_, err := a.call(ctx, "PUT", "/v1/usage/token", nil, struct {
		Human   string  `json:"human"`
		HumanID string  `json:"human_id"`
		Limits  []limit `json:"limits"`
	}{human, human, []limit{{limitedUsage, units}}})
	return err
}

// Speak makes the AI of a session say text: POST /v1/realtime/{session}/speak.
// It cannot be repeated without being heard twice.
func (a GabberAPI) Speak(ctx context.Context, session, text string) error {
	_, err := a.call(ctx, "POST", "/v1/realtime/"+url.PathEscape(session)+"/speak", nil, struct {
		Text string `json:"text"`
	}{text})
	return err
}

// End ends a session: POST /v1/realtime/{session}/end.
func (a GabberAPI) End(ctx context.Context, session string) error {
	_, err := a.call(ctx, "POST", "/v1/realtime/"+url.PathEscape(session)+"/end", nil, nil)
	return err
}

// AttachHuman says whose session it is: POST /v1/realtime/session/{session}/attach_human,
// the one path with an extra "session/".
func (a GabberAPI) AttachHuman(ctx context.Context, session, human string) error {
	_, err := a.call(ctx, "POST", "/v1/realtime/session/"+url.PathEscape(session)+"/attach_human", nil, struct {
		Human string `json:"human"`
	}{human})
	return err
}

// CreditEntry is one entry of a human's account in Gabber's own ledger.
type CreditEntry struct {
	Amount         int64  `json:"amount"` // whole credits; a debit is negative
	IdempotencyKey string `json:"idempotency_key" strict:"required"`
}

// PostCredit adds an entry: POST /v1/credit/{credit}/ledger. What a repeated key
// is answered with is not documented; see LatestCredit.
func (a GabberAPI) PostCredit(ctx context.Context, credit, human string, entry CreditEntry) error {
	header, err := ofHuman(human)
	if err == nil {
		_, err = a.call(ctx, "POST", "/v1/credit/"+url.PathEscape(credit)+"/ledger", header, entry)
	}
	return err
}

// LatestCredit reads the newest entry: GET /v1/credit/{credit}/ledger/latest.
func (a GabberAPI) LatestCredit(ctx context.Context, credit, human string) (CreditEntry, error) {
	header, err := ofHuman(human)
	if err != nil {
		return CreditEntry{}, err
	}
	answer, err := a.call(ctx, "GET", "/v1/credit/"+url.PathEscape(credit)+"/ledger/latest", header, nil)
	if err != nil {
		return CreditEntry{}, err
	}
	var entry CreditEntry
	if err := strict.Unmarshal(answer, &entry); err != nil {
		return CreditEntry{}, fmt.Errorf("latest credit entry: %w", err)
	}
	return entry, nil
}

// ofHuman names a human in a header, which HTTP delivers without the blanks
// around it: "u1 " would be charged to "u1", who is somebody else.
func ofHuman(human string) (map[string]string, error) {
	if strings.Trim(human, " \t") != human {
		return nil, webhook.Permanent("the human's id has blanks around it, which a header loses")
	}
	return map[string]string{"x-human-id": human}, nil
}

func (a GabberAPI) call(ctx context.Context, method, path string, header map[string]string, body any) ([]byte, error) {
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
	}
	sent := map[string]string{"x-api-key": a.Key}
	maps.Copy(sent, header)
	return a.Doer.Do(ctx, method, a.Base+path, sent, encoded)
}
