package fakeapi

import (
	"net/http"
	"slices"
)

// Key is the API key Gabber's part accepts.
const Key = "fake-gabber-api-key"

var gabber = service{
	handle: func(a *API) {
		a.state.GabberState = GabberState{Limits: map[string]map[string]int64{}, Spoken: map[string][]string{}, Attached: map[string]string{}}
		a.handle("PUT /v1/usage/token", a.putLimits)
		a.handle("POST /v1/realtime/{session}/speak", a.speak)
		a.handle("POST /v1/realtime/{session}/end", a.end)
		a.handle("POST /v1/realtime/session/{session}/attach_human", a.attachHuman)
		a.handle("POST /v1/credit/{credit}/ledger", a.postCredit)
		a.handle("GET /v1/credit/{credit}/ledger/latest", a.latestCredit)
	},
	addresses: func(base string) map[string]string { return map[string]string{"GABBER_API_URL": base} },
	secrets:   map[string]string{"GABBER_API_KEY": Key},
}

// GabberState is what Gabber's part was told.
type GabberState struct {
	Limits   map[string]map[string]int64 `json:"limits"`   // by human, then by usage type
	Spoken   map[string][]string         `json:"spoken"`   // texts by session
	Attached map[string]string           `json:"attached"` // human by session
	Ended    []string                    `json:"ended"`    // sessions, in the order they were ended
	Ledger   []Entry                     `json:"ledger"`
}

// Entry is one entry of the credit ledger.
type Entry struct {
	ID        string `json:"id"`
	CreatedAt string `json:"created_at"`
	Credit    string `json:"credit"`
	Human     string `json:"human"`
	Amount    int64  `json:"amount"`
	Balance   int64  `json:"balance"`
	Key       string `json:"idempotency_key"`
}

// Limit gives the limit of a human for a usage type; false if none was put.
func (a *API) Limit(human, usage string) (int64, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	limit, ok := a.state.Limits[human][usage]
	return limit, ok
}

// notFound is what every session answers that is over.
var notFound = &refusal{status: 404, reason: "no such object"}

// keyed checks the API key. humanScoped calls carry a human, all others must not.
func keyed(r *http.Request, humanScoped bool) error {
	switch human := r.Header.Values("x-human-id"); {
	case len(r.Header.Values("x-api-key")) != 1 || r.Header.Get("x-api-key") != Key:
		return wrong(401, "the API key is missing or wrong")
	case humanScoped && (len(human) != 1 || human[0] == ""):
		return wrong(400, "x-human-id is missing")
	case !humanScoped && len(human) != 0:
		return wrong(400, "x-human-id does not belong here")
	case r.URL.RawQuery != "":
		return wrong(400, "a query does not belong here")
	}
	return nil
}

func (a *API) putLimits(r *http.Request, body []byte) (any, error) {
	if err := keyed(r, false); err != nil {
		return nil, err
	}
	put, err := read[struct {
		Human   string  `json:"human"`
		HumanID *string `json:"human_id"` // deprecated
		Limits  []struct {
			Type  string `json:"type"`
			Value *int64 `json:"value"`
		} `json:"limits"`
	}](r, body)
	if err != nil {
		return nil, err
	}
	if put.Human == "" || put.HumanID != nil && *put.HumanID != put.Human || len(put.Limits) == 0 {
		return nil, wrong(400, "no human, two humans or no limits")
	}
	for _, limit := range put.Limits {
		if limit.Type == "" || limit.Value == nil || *limit.Value < 0 {
			return nil, wrong(400, "a limit without a type, or below zero")
		}
		if a.state.Limits[put.Human] == nil {
			a.state.Limits[put.Human] = map[string]int64{}
		}
		a.state.Limits[put.Human][limit.Type] = *limit.Value
	}
	return struct{}{}, nil
}

// session is what Gabber answers about one: what the clients require, filled in
// as far as this fake knows.
func session(id, state, human string) map[string]any {
	answer := map[string]any{
		"id": id, "state": state, "created_at": someTime, "project": "fake-project", "simulated": false, "data": []any{},
		"config": map[string]any{"general": struct{}{}, "input": struct{}{}, "generative": struct{}{}, "output": struct{}{}},
	}
	if human != "" {
		answer["human"] = human
	}
	return answer
}

// someTime is when everything here was made.
const someTime = "2025-11-21T15:00:00Z"

// live checks key and session of a call about one.
func (a *API) live(r *http.Request) (string, error) {
	if err := keyed(r, false); err != nil {
		return "", err
	}
	id := r.PathValue("session")
	if slices.Contains(a.state.Ended, id) {
		return "", notFound
	}
	return id, nil
}

func (a *API) speak(r *http.Request, body []byte) (any, error) {
	id, err := a.live(r)
	if err != nil {
		return nil, err
	}
	say, err := read[struct {
		Text string `json:"text"`
	}](r, body)
	if err != nil {
		return nil, err
	}
	if say.Text == "" {
		return nil, wrong(400, "there is no text")
	}
	a.state.Spoken[id] = append(a.state.Spoken[id], say.Text)
	return session(id, "in_progress", ""), nil
}

func (a *API) end(r *http.Request, body []byte) (any, error) {
	id, err := a.live(r)
	if err != nil {
		return nil, err
	}
	if len(body) != 0 {
		return nil, wrong(400, "there is a body")
	}
	a.state.Ended = append(a.state.Ended, id)
	return session(id, "ended", ""), nil
}

func (a *API) attachHuman(r *http.Request, body []byte) (any, error) {
	id, err := a.live(r)
	if err != nil {
		return nil, err
	}
	attach, err := read[struct {
		Human string `json:"human"`
	}](r, body)
	if err != nil {
		return nil, err
	}
	if attach.Human == "" {
		return nil, wrong(400, "there is no human")
	}
	a.state.Attached[id] = attach.Human
	return session(id, "in_progress", attach.Human), nil
}

func (a *API) postCredit(r *http.Request, body []byte) (any, error) {
	if err := keyed(r, true); err != nil {
		return nil, err
	}
	post, err := read[struct {
		Amount *int64 `json:"amount"`
		Key    string `json:"idempotency_key"`
	}](r, body)
	if err != nil {
		return nil, err
	}
	if post.Amount == nil || post.Key == "" {
		return nil, wrong(400, "amount or idempotency_key is missing")
	}
	entry := Entry{ID: "entry-" + post.Key, CreatedAt: someTime, Credit: r.PathValue("credit"), Human: r.Header.Get("x-human-id"),
		Amount: *post.Amount, Balance: *post.Amount, Key: post.Key}
	if latest, ok := a.latest(entry.Credit, entry.Human); ok {
		entry.Balance += latest.Balance
	}
	if slices.ContainsFunc(a.state.Ledger, func(e Entry) bool { return e.Key == entry.Key }) {
		return nil, &refusal{status: 400, reason: "idempotency_key was used"}
	}
	a.state.Ledger = append(a.state.Ledger, entry)
	return entry, nil
}

func (a *API) latestCredit(r *http.Request, _ []byte) (any, error) {
	if err := keyed(r, true); err != nil {
		return nil, err
	}
	entry, ok := a.latest(r.PathValue("credit"), r.Header.Get("x-human-id"))
	if !ok {
		return nil, notFound
	}
	return entry, nil
}

func (a *API) latest(credit, human string) (Entry, bool) {
	for _, e := range slices.Backward(a.state.Ledger) {
		if e.Credit == credit && e.Human == human {
			return e, true
		}
	}
	return Entry{}, false
}
