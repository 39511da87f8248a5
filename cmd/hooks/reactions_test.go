package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/outbound/outboundtest"
)

// fakeAPIs runs fakes of what outbound calls and gives the configuration that
// points at them. They outlive the server under test, as real ones do.
func fakeAPIs(t *testing.T) (*fakeapi.API, []string) {
	t.Helper()
	fake := fakeapi.New()
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return fake, []string{"GABBER_API_URL=" + server.URL, "GABBER_API_KEY=" + fakeapi.Key,
		"LEADS_FORWARD_URL=" + server.URL + fakeapi.LeadsPath, "LEADS_FORWARD_SECRET=" + fakeapi.LeadsSecret}
}

// Every sample is delivered twice, a live telephone call first: what comes of it
// at the platforms must be the same as after one delivery each.
func TestEverySampleReachesItsReaction(t *testing.T) {
	dir, from := t.TempDir(), samples
	fake, env := fakeAPIs(t)
	s := start(t, dir, env...)
	for _, command := range []string{"caller +1-202-555-0143 member-20417", "grant member-20417 600 --key k"} {
		if _, err := hooks(t, dir, strings.Fields(command)...); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := os.ReadFile(filepath.Join(from, "SIGNATURES.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Split(strings.TrimSpace(string(rows)), "\n")[1:]
	delivered := 0
	deliver := func(row string) {
		t.Helper()
		cells := strings.Split(row, "\t")
		body, err := os.ReadFile(filepath.Join(from, cells[0]))
		if err != nil {
			t.Fatal(err)
		}
		platform, _, _ := strings.Cut(cells[0], "/")
		if status := postTo(t, s.url+"/"+platform, cells[1], strings.TrimSpace(cells[4]), body); status != http.StatusOK {
			t.Fatalf("%s: %d", cells[0], status)
		}
		delivered++
	}
	for _, row := range files {
		if strings.HasPrefix(row, "gabber/realtime_session.state_changed.json\t") {
			deliver(row)
		}
	}
	eventually(t, "the caller is attached", func() bool { return fake.State().Attached[outboundtest.Session] == "member-20417" })
	for range 2 {
		for _, row := range files {
			deliver(row)
		}
	}
	eventually(t, "everything is handled", func() bool {
		return delivered == 2*len(files)+1 && strings.Count(s.log.String(), `"msg":"handled"`) >= delivered
	})
	eventually(t, "the limit is the balance", func() bool {
		var balance balanceFacts
		hooksJSON(t, dir, &balance, "balance", "member-20417")
		limit, ok := fake.Limit("member-20417", "conversational_seconds")
		return ok && balance.Balance == "575" && limit == 575
	})
	eventually(t, "the leads are forwarded", func() bool { return len(fake.State().Leads) == 3 })

	outboundtest.CheckSamples(t, fake)
	if wrong := fake.State().Wrong; len(wrong) != 0 {
		t.Errorf("wrong calls: %q", wrong)
	}
	var dead []deadFacts
	hooksJSON(t, dir, &dead, "dead", "list")
	if len(dead) != 0 {
		t.Errorf("dead letters: %+v", dead)
	}
	var sessions []sessionFacts
	hooksJSON(t, dir, &sessions, "sessions")
	if len(sessions) != 1 || sessions[0].State != "ended" || sessions[0].Human != "member-20417" ||
		sessions[0].Caller != "+12025550143" || sessions[0].Agent != "+12025550178" || sessions[0].EndedAt != "2025-11-21T15:09:47.015Z" {
		t.Errorf("%d sessions, or not what the samples say", len(sessions))
	}
	var messages []said
	hooksJSON(t, dir, &messages, "sessions", outboundtest.Session)
	if len(messages) != 2 {
		t.Errorf("%d messages, want 2", len(messages))
	}
	var leads []leadFacts
	hooksJSON(t, dir, &leads, "leads")
	if len(leads) != 3 || leads[0].Conversation == "" || leads[0].Email == "" {
		t.Errorf("leads: %+v", leads)
	}
	s.stop(t)
}

func TestServeWithFakeAPIs(t *testing.T) {
	dir := t.TempDir()
	s := startWith(t, dir, nil, "--fake-apis")
	if _, err := hooks(t, dir, "grant", "u1", "5", "--key", "k"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the limit is pushed", func() bool { return strings.Contains(s.log.String(), `"outcome":"pushed"`) })
	s.stop(t)
	if strings.Contains(s.log.String(), "GABBER_API_KEY is not set") {
		t.Error("the fakes have a key")
	}
}

func TestWithoutAKeyFollowUpsAreAcknowledged(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	if _, err := hooks(t, dir, "grant", "u1", "5", "--key", "k"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the change is acknowledged", func() bool { return strings.Contains(s.log.String(), `"outcome":"no key"`) })
	s.stop(t)
	if n := strings.Count(s.log.String(), "GABBER_API_KEY is not set"); n != 1 {
		t.Errorf("said %d times that there is no key", n)
	}
}
