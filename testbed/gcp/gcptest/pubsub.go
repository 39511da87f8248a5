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
	"time"
)

// Message is one that was pulled.
type Message struct {
	ID              string `json:"messageId"`
	Data            []byte
	Attributes      map[string]string
	AckID           string `json:"-"`
	DeliveryAttempt int    `json:"-"` // 0 without a dead letter policy
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
	id, err := e.Send(t.Context(), project, topic, data)
	must(t, err)
	return id
}

// Send publishes and gives the id of the message.
func (e *Emulator) Send(ctx context.Context, project, topic string, data []byte) (id string, err error) {
	in := map[string]any{"messages": []any{map[string]any{"data": data}}}
	out := struct{ MessageIDs []string }{make([]string, 1)}
	err = e.call(ctx, http.MethodPost, project, "topics/"+topic+":publish", in, &out)
	return out.MessageIDs[0], err
}

// Pull takes and acknowledges what is there now, up to a thousand messages.
func (e *Emulator) Pull(t testing.TB, project, subscription string) []Message {
	t.Helper()
	messages, err := e.Lend(t.Context(), project, subscription, 1000)
	must(t, err)
	must(t, e.Ack(t.Context(), project, subscription, messages...))
	return messages
}

// Lend pulls what is there now, up to limit messages, and acknowledges nothing.
func (e *Emulator) Lend(ctx context.Context, project, subscription string, limit int) (messages []Message, err error) {
	var out struct {
		ReceivedMessages []struct {
			AckID           string
			DeliveryAttempt int
			Message         Message
		}
	}
	in := map[string]any{"maxMessages": limit, "returnImmediately": true}
	err = e.call(ctx, http.MethodPost, project, "subscriptions/"+subscription+":pull", in, &out)
	for _, m := range out.ReceivedMessages {
		m.Message.AckID, m.Message.DeliveryAttempt = m.AckID, m.DeliveryAttempt
		messages = append(messages, m.Message)
	}
	return messages, err
}

// Ack acknowledges messages.
func (e *Emulator) Ack(ctx context.Context, project, subscription string, messages ...Message) error {
	return e.of(ctx, project, subscription, "acknowledge", map[string]any{}, messages)
}

// SetDeadline gives messages so much time from now on, in whole seconds; 0 gives them
// back.
func (e *Emulator) SetDeadline(ctx context.Context, project, subscription string, d time.Duration, messages ...Message) error {
	return e.of(ctx, project, subscription, "modifyAckDeadline", map[string]any{"ackDeadlineSeconds": int(d.Seconds())}, messages)
}

// of calls a method on messages, unless there are none.
func (e *Emulator) of(ctx context.Context, project, subscription, method string, in map[string]any, messages []Message) error {
	var ids []string
	for _, m := range messages {
		ids = append(ids, m.AckID)
	}
	if len(ids) == 0 {
		return nil
	}
	in["ackIds"] = ids
	return e.call(ctx, http.MethodPost, project, "subscriptions/"+subscription+":"+method, in, nil)
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
