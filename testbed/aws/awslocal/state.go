package awslocal

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

// State is what became of all calls.
type State struct {
	Queues    map[string][]json.RawMessage `json:"queues"` // bodies of the messages that wait, up to ten
	Tables    map[string][]Item            `json:"tables"`
	Platforms fakeapi.State                `json:"platforms"` // what they were told
}

// Item is an item of a table: its attributes without their types.
type Item map[string]string

// Look asks a stand-in what became of all calls. It fails where there is none.
func Look(ctx context.Context, endpoint string) (State, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return State{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return State{}, err
	}
	defer response.Body.Close()
	var state State
	if err := json.NewDecoder(response.Body).Decode(&state); err != nil || state.Queues == nil {
		return State{}, fmt.Errorf("%s is no stand-in: status %d", endpoint, response.StatusCode)
	}
	return state, nil
}

// State looks at everything. To look at a message counts as a receive.
func (s *Server) State(ctx context.Context) (State, error) {
	state := State{Queues: map[string][]json.RawMessage{}, Tables: map[string][]Item{}, Platforms: s.fake.State()}
	var err error
	for _, name := range queues {
		if state.Queues[name], err = s.waiting(ctx, name); err != nil {
			return State{}, err
		}
	}
	for name := range tables {
		if state.Tables[name], err = s.items(ctx, name); err != nil {
			return State{}, err
		}
	}
	return state, nil
}

func (s *Server) waiting(ctx context.Context, queue string) ([]json.RawMessage, error) {
	var received struct{ Messages []struct{ Body string } }
	err := Call(ctx, s.moto.URL, "AmazonSQS.ReceiveMessage", fields{"QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0}, &received)
	bodies := []json.RawMessage{}
	for _, m := range received.Messages {
		body := json.RawMessage(m.Body)
		if !json.Valid(body) {
			body, _ = json.Marshal(m.Body) // a text
		}
		bodies = append(bodies, body)
	}
	return bodies, err
}

func (s *Server) items(ctx context.Context, table string) ([]Item, error) {
	var scanned struct{ Items []map[string]map[string]any }
	err := Call(ctx, s.moto.URL, "DynamoDB_20120810.Scan", fields{"TableName": table}, &scanned)
	items := []Item{}
	for _, stored := range scanned.Items {
		item := Item{}
		for name, value := range stored {
			for _, v := range value {
				item[name], _ = v.(string) // S, N and B are texts; package aws stores no others
			}
		}
		items = append(items, item)
	}
	return items, err
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	state, err := s.State(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(state) // who asked may be gone
}
