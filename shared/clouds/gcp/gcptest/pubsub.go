package gcptest

import (
	"bytes"
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
	e.call(t, http.MethodPut, project, "topics/"+name, struct{}{}, nil)
}

// Subscription makes one of a topic; settings are Pub/Sub's own, in JSON.
func (e *Emulator) Subscription(t testing.TB, project, topic, name string, settings map[string]any) {
	t.Helper()
	all := map[string]any{"topic": TopicName(project, topic)}
	maps.Copy(all, settings)
	e.call(t, http.MethodPut, project, "subscriptions/"+name, all, nil)
}

// TopicName is a topic's full name.
func TopicName(project, name string) string { return "projects/" + project + "/topics/" + name }

// Publish gives the id of the message.
func (e *Emulator) Publish(t testing.TB, project, topic string, data []byte) string {
	t.Helper()
	in := map[string]any{"messages": []any{map[string]any{"data": data}}}
	var out struct{ MessageIDs []string }
	e.call(t, http.MethodPost, project, "topics/"+topic+":publish", in, &out)
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
	e.call(t, http.MethodPost, project, path+":pull", map[string]any{"maxMessages": 1000, "returnImmediately": true}, &out)
	var messages []Message
	var ids []string
	for _, m := range out.ReceivedMessages {
		messages, ids = append(messages, m.Message), append(ids, m.AckID)
	}
	if len(ids) > 0 {
		e.call(t, http.MethodPost, project, path+":acknowledge", map[string]any{"ackIds": ids}, nil)
	}
	return messages
}

func (e *Emulator) call(t testing.TB, method, project, path string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	url := fmt.Sprintf("http://%s/v1/projects/%s/%s", e.Addr, project, path)
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: status %d, %v: %s", method, path, response.StatusCode, err, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
}
