//go:build sam

package awslocal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/providers/gtateth"
)

// G-Tateth's scheme is changed by a parameter alone.
func TestSAMLocal_schemes(t *testing.T) {
	invoke := samLocal(t)
	server, port := start(t)
	t.Setenv("SAM_LOCAL_ENDPOINT", "http://host.docker.internal:"+port)
	schemes := "Schemes='" + eventstest.TimedScheme + "'"
	event := "events/aws-ingest.g-tateth.json"
	if answer := strings.ReplaceAll(invoke("ingest", event, schemes), " ", ""); !strings.Contains(answer, `"statusCode":401`) {
		t.Errorf("signed as before: %s", answer)
	}
	text, err := os.ReadFile(filepath.Join(root, event))
	if err != nil {
		t.Fatal(err)
	}
	signed := ""
	for _, s := range eventstest.Samples(t) {
		if s.Platform == gtateth.Platform.Name && strings.Contains(string(text), s.HeaderValue) {
			signed = strings.Replace(string(text), s.HeaderValue, eventstest.Timed(s, s.Secret, time.Now()).HeaderValue, 1)
		}
	}
	event = filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(event, []byte(signed), 0o644); err != nil {
		t.Fatal(err)
	}
	if answer := strings.ReplaceAll(invoke("ingest", event, schemes), " ", ""); !strings.Contains(answer, `"statusCode":200`) {
		t.Errorf("signed with a time: %s", answer)
	}
	if waiting := look(t, server).Queues["EventsQueue"]; len(waiting) != 1 {
		t.Errorf("%d events are queued", len(waiting))
	}
}
