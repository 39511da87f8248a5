package fakeapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// LeadsPath is where leads are forwarded to, and LeadsSecret what they must be
// signed with.
const (
	LeadsPath   = "/leads"
	LeadsSecret = "whsec_ZmFrZS1sZWFkcy1zZWNyZXQtb2YtMzItYnl0ZXM="
)

var leads = service{
	handle:    func(a *API) { a.handle("POST "+LeadsPath, a.lead) },
	addresses: func(base string) map[string]string { return map[string]string{"LEADS_FORWARD_URL": base + LeadsPath} },
	secrets:   map[string]string{"LEADS_FORWARD_SECRET": LeadsSecret},
}

// LeadsState is what arrived with a correct signature.
type LeadsState struct {
	Leads []Lead `json:"leads"`
}

// Lead is one request that arrived with a correct signature. Requests with an id
// that was seen are not kept twice.
type Lead struct {
	ID   string          `json:"webhook_id"`
	Body json.RawMessage `json:"body"`
}

// lead checks a request as any receiver of Standard Webhooks does.
func (a *API) lead(r *http.Request, body []byte) (any, error) {
	id, at := r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp")
	if _, err := strconv.ParseInt(at, 10, 64); err != nil || id == "" {
		return nil, wrong(400, "webhook-id or webhook-timestamp is missing")
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(LeadsSecret, "whsec_"))
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if !slices.Contains(strings.Fields(r.Header.Get("webhook-signature")), want) {
		return nil, wrong(401, "webhook-signature is wrong")
	}
	if r.Header.Get("x-api-key") != "" {
		return nil, wrong(400, "an API key does not belong here")
	}
	if !slices.ContainsFunc(a.state.Leads, func(l Lead) bool { return l.ID == id }) {
		a.state.Leads = append(a.state.Leads, Lead{ID: id, Body: body})
	}
	return struct{}{}, nil
}
