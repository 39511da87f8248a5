package gcptest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"testing"
)

// Message is one that was pulled.
type Message struct {
	Data       []byte
	Attributes map[string]string
}

// Topic makes a topic.
func (e *Emulator) Topic(t testing.TB, project, name string) {
	t.Helper()
	must(t, e.AddTopic(t.Context(), project, name))
}

// AddTopic makes a topic.
func (e *Emulator) AddTopic(ctx context.Context, project, name string) error {
	return e.call(ctx, http.MethodPut, project, "topics/"+name, struct{}{}, nil)
}

// Subscription makes one of a topic; settings are Pub/Sub's own, in JSON.
func (e *Emulator) Subscription(t testing.TB, project, topic, name string, settings map[string]any) {
	t.Helper()
	must(t, e.AddSubscription(t.Context(), project, topic, name, settings))
}

// AddSubscription makes a subscription of a topic.
func (e *Emulator) AddSubscription(ctx context.Context, project, topic, name string, settings map[string]any) error {
	all := map[string]any{"topic": TopicName(project, topic)}
	maps.Copy(all, settings)
	return e.call(ctx, http.MethodPut, project, "subscriptions/"+name, all, nil)
}

// TopicName is a topic's full name.
func TopicName(project, name string) string { return "projects/" + project + "/topics/" + name }

// Publish gives the id of the message.
func (e *Emulator) Publish(t testing.TB, project, topic string, data []byte) string {
	t.Helper()
	in := map[string]any{"messages": []any{map[string]any{"data": data}}}
	var out struct{ MessageIDs []string }
	must(t, e.call(t.Context(), http.MethodPost, project, "topics/"+topic+":publish", in, &out))
	return out.MessageIDs[0]
}

// Pull takes and acknowledges what is there now, up to a thousand messages.
func (e *Emulator) Pull(t testing.TB, project, subscription string) []Message {
	t.Helper()
	var out struct {
		ReceivedMessages []struct {
			AckID   string
			Message Message
		}
	}
	path := "subscriptions/" + subscription
	must(t, e.call(t.Context(), http.MethodPost, project, path+":pull", map[string]any{"maxMessages": 1000, "returnImmediately": true}, &out))
	var messages []Message
	var ids []string
	for _, m := range out.ReceivedMessages {
		messages, ids = append(messages, m.Message), append(ids, m.AckID)
	}
	if len(ids) > 0 {
		must(t, e.call(t.Context(), http.MethodPost, project, path+":acknowledge", map[string]any{"ackIds": ids}, nil))
	}
	return messages
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (e *Emulator) call(ctx context.Context, method, project, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	url := fmt.Sprintf("http://%s/v1/projects/%s/%s", e.Addr, project, path)
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: status %d, %v: %s", method, path, response.StatusCode, err, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
