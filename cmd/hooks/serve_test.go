package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// postTo delivers raw bytes and gives the status.
func postTo(t *testing.T, url, header, value string, body []byte) int {
	t.Helper()
	answer, err := post(t.Context(), url, signature.Request{Method: "POST", Header: signature.Header{header: {value}}, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status
}

func TestServeChargesAnEventOnceThatArrivesFiftyTimesAtOnce(t *testing.T) {
	dir, m := t.TempDir(), eventstest.NewMeter(t)
	s := start(t, dir, "TARIFF="+eventstest.Tariff(t))
	if out, err := hooks(t, dir, "send", m.Platform, m.Event, "--times", "50", "--parallel", "--url", s.url); err != nil || !strings.HasPrefix(out, "50 × 200 ok") {
		t.Fatalf("%v: %s", err, out)
	}
	eventually(t, "50 events handled", func() bool { return strings.Count(s.log.String(), `"msg":"handled"`) >= 50 })
	s.stop(t)
	var balance balanceFacts
	hooksJSON(t, dir, &balance, "balance", m.Whom)
	if balance.Balance.String() != "-"+m.Value || balance.Seq != 1 {
		t.Errorf("balance %+v, want -%s and one entry", balance, m.Value)
	}
}

func TestCommandsWorkWhileServing(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	run := func(args ...string) string {
		t.Helper()
		out, err := hooks(t, dir, args...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	run("grant", "u1", "600", "--key", "k1")
	run("grant", "u1", "600", "--key", "k1")
	run("adjust", "u1", "--key", "k2", "--", "-0.5")
	var balance balanceFacts
	hooksJSON(t, dir, &balance, "balance", "u1")
	if balance.MicroCredits != 599_500_000 || balance.Seq != 2 {
		t.Errorf("balance %+v, want 599.5 after two entries", balance)
	}
	if out, err := hooks(t, dir, "grant", "u1", "601", "--key", "k1"); err == nil {
		t.Errorf("a key was used for two amounts: %s", out)
	}
	for _, amount := range []string{"0", "-5", "1e-7", "lots", "9223372036855"} {
		if out, err := hooks(t, dir, "grant", "u1", "--", amount); err == nil {
			t.Errorf("granted %s: %s", amount, out)
		}
	}
	var lines []line
	hooksJSON(t, dir, &lines, "statement", "u1")
	if len(lines) != 2 || lines[0].Kind != "grant" || lines[1].MicroCredits != -500_000 {
		t.Errorf("statement %+v", lines)
	}

	var books checked
	hooksJSON(t, dir, &books, "check")
	if books.Accounts != 1 || books.Entries != 2 || len(books.Wrong) != 0 {
		t.Errorf("check: %+v", books)
	}

	some, unusable := eventstest.Samples(t)[0], filepath.Join(dir, "unusable.json")
	if err := os.WriteFile(unusable, []byte(`{"unusable":-30}`), 0o600); err != nil {
		t.Fatal(err)
	}
	run("send", some.Platform, "unusable", "--data", unusable, "--url", s.url)
	var dead []deadFacts
	hooksJSON(t, dir, &dead, "dead", "list")
	if len(dead) != 1 || dead[0].Platform != some.Platform || dead[0].Reason == "" || dead[0].ID == "" {
		t.Fatalf("dead letters %+v", dead)
	}
	reason := dead[0].Reason
	if out := run("dead", "show", dead[0].ID[:8]); !strings.Contains(out, "-30") {
		t.Errorf("dead show: %s", out)
	}
	run("dead", "redrive", "--dry-run")
	hooksJSON(t, dir, &dead, "dead", "redrive", "--all")
	if len(dead) != 1 || dead[0].Outcome != "dead again: "+reason {
		t.Fatalf("redriven: %+v", dead)
	}
	if out, err := hooks(t, dir, "dead", "redrive", "nope"); err == nil {
		t.Errorf("redrive of nothing is no fault: %s", out)
	}
	if out, err := hooks(t, dir, "dead", "redrive"); err == nil {
		t.Errorf("redrive without a choice moved something: %s", out)
	}

	if out, err := hooks(t, dir, "dead", "redrive", "--max", "1"); err == nil {
		t.Errorf("redrive of some, nobody knows which: %s", out)
	}
	if out := run("dead", "delete", dead[0].ID[:8]); !strings.Contains(out, reason) {
		t.Errorf("dead delete: %s", out)
	}
	if out, err := hooks(t, dir, "dead", "delete", dead[0].ID); err == nil {
		t.Errorf("deleted twice: %s", out)
	}

	run("send", some.Platform, some.Event, "--url", s.url)
	run("send", some.Platform, some.Event, "--tamper", "--url", s.url)
	eventually(t, "the sample is handled", func() bool { return strings.Contains(s.log.String(), `"msg":"handled"`) })
	s.stop(t)
}

func TestServeAnswers503WithoutASecret(t *testing.T) {
	table := providers.Table()
	off, on := table[0], table[len(table)-1]
	variable, good := local.SecretVariable(off.Name), events.Secrets()[off.Name]
	for name, value := range map[string]string{
		"unset": "", "blank": "                    ", "short": "8 bytes!", "a newline at its end": good + "\n",
		"a placeholder": "your-secret-goes-here", "one good and one empty": good + ",",
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, t.TempDir(), variable+"="+value)
			if status := postTo(t, s.url+"/"+off.Name, off.SignatureHeader, strings.Repeat("0", 64), []byte(`{}`)); status != http.StatusServiceUnavailable {
				t.Errorf("%s: %d, want 503", off.Name, status)
			}
			if status := postTo(t, s.url+"/"+on.Name, on.SignatureHeader, strings.Repeat("0", 64), []byte(`{}`)); on.Name != off.Name && status != on.MismatchStatus {
				t.Errorf("%s: %d, want %d: the other routes live", on.Name, status, on.MismatchStatus)
			}
			s.stop(t)
			if log := s.log.String(); !strings.Contains(log, variable) || strings.TrimSpace(value) != "" && strings.Contains(log, strings.TrimSpace(value)) {
				t.Errorf("the log names the variable and never its value: %s", log)
			}
		})
	}
}

func TestCommandsDoNotInventADatabase(t *testing.T) {
	dir := t.TempDir()
	for _, command := range []string{"balance u1", "statement u1", "dead list", "records a.kind", "check"} {
		if out, err := hooks(t, dir, strings.Fields(command)...); err == nil {
			t.Errorf("%s: %s", command, out)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "hooks.db")); err == nil {
		t.Error("a database was made")
	}
}

func TestSendSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	for line, want := range map[string]string{
		"send nobody EVENT":                            "no platform nobody",
		"send PLATFORM nothing":                        "no sample nothing",
		"send PLATFORM EVENT --url http://127.0.0.1:1": "refused",
		"send PLATFORM EVENT --data missing.json":      "missing.json",
		"send PLATFORM EVENT --times many":             "times",
		"send PLATFORM EVENT --times 0":                "times",
		"send PLATFORM EVENT --times=-1":               "times",
	} {
		if out, err := hooks(t, dir, strings.Fields(named(t, line)[0])...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q: %s", line, err, want, out)
		}
	}
}

// What is configured where the demo runs does not show.
func TestDemo(t *testing.T) {
	dir, some := t.TempDir(), local.SecretVariable(eventstest.Samples(t)[0].Platform)
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("TARIFF=call_seconds=1\nACCOUNT_PER_PROJECT=true\n"+some+"=a-secret-of-my-own-1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var rows []happened
	hooksJSON(t, dir, &rows, "demo", "--addr", "127.0.0.1:0")
	if len(rows) < len(providers.Table())+2 || verdict(rows) != nil {
		t.Errorf("%+v, want a row per platform, one more delivered again and one changed", rows)
	}
	if out, err := hooks(t, dir, "demo", "--addr", "127.0.0.1:0"); err != nil || !strings.Contains(out, "refused") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestServeSaysWhichRoutesAreOn(t *testing.T) {
	var s settings
	for _, name := range []string{"one", "two", "three"} {
		s.providers = append(s.providers, providers.Entry{Provider: webhook.Provider{Name: name}, Scheme: signature.Scheme{Header: "X", Algorithm: signature.SHA256, Encoding: signature.Hex}})
	}
	s.providers[2].Tenant = func([]byte) string { return "" }
	const good = "a-secret-of-my-own-1234"
	for _, row := range []struct{ one, two, three, want string }{
		{good, good, good, "/one /two /three"},
		{good, "short", "", "/one; 503 for want of a usable secret: /two /three (unless a chatbot has its own)"},
		{"", "", good, "/three; 503 for want of a usable secret: /one /two"},
		{"", "", "", "nothing; 503 for want of a usable secret: /one /two /three (unless a chatbot has its own)"},
	} {
		env := map[string]string{"ONE_WEBHOOK_SECRET": row.one, "TWO_WEBHOOK_SECRET": row.two, "THREE_WEBHOOK_SECRET": row.three}
		s.keyrings = local.NewKeyrings(s.providers.Schemes(), func(name string) (string, bool) { return env[name], true })
		if got := s.routes(); got != "hooks: serving "+row.want {
			t.Errorf("got %s, want %s", got, row.want)
		}
	}
}

// A stranger who never ends the header of a request may not keep the connection.
func TestServeHangsUpOnAHeaderWithoutEnd(t *testing.T) {
	t.Parallel() // it takes as long as the server's patience
	s := start(t, t.TempDir())
	connection, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, "POST /any HTTP/1.1\r\nHost: x\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := connection.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(connection); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is still open after 20 s")
	}
}

func TestServeNamesTheWayOutOfATakenAddress(t *testing.T) {
	s := start(t, t.TempDir())
	for _, command := range []string{"serve", "demo"} {
		if _, err := hooks(t, t.TempDir(), command, "--addr", strings.TrimPrefix(s.url, "http://")); err == nil || !strings.Contains(err.Error(), "--addr") {
			t.Errorf("%s: %v", command, err)
		}
	}
}

func TestServeKeepsOneAccountRightUnderParallelSenders(t *testing.T) {
	dir, m := t.TempDir(), eventstest.NewMeter(t)
	s := start(t, dir, "TARIFF="+eventstest.Tariff(t))
	var senders sync.WaitGroup
	for sender := range 8 {
		senders.Go(func() {
			for i := range 25 {
				usage := m.Report(t, fmt.Sprintf("%d-%d", sender, i), "u1", "2")
				for range 2 {
					if status := postTo(t, s.url+"/"+usage.Platform, usage.Header, usage.HeaderValue, usage.Body); status != http.StatusOK {
						t.Errorf("%d", status)
					}
				}
			}
		})
	}
	senders.Wait()
	var balance balanceFacts
	eventually(t, "200 entries", func() bool {
		hooksJSON(t, dir, &balance, "balance", "u1")
		return balance.Seq >= 200
	})
	s.stop(t)
	hooksJSON(t, dir, &balance, "balance", "u1")
	if balance.MicroCredits != -400_000_000 || balance.Seq != 200 {
		t.Errorf("balance %+v, want exactly -400 after 200 entries", balance)
	}
}

func TestDeadRedriveSaysWhatBecameOfALetter(t *testing.T) {
	dir, m := t.TempDir(), eventstest.NewMeter(t)
	db, err := local.Open(t.Context(), filepath.Join(dir, "hooks.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	bury := func(id string, s eventstest.Sample) {
		t.Helper()
		e := ingest.Identify(eventstest.Platform(t, s.Platform).Provider, s.Body, time.Now(), signature.Verified{KeyID: "1"})
		e.ID = id
		if err := db.Queue(local.Events).Dead().Publish(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	outcome := func(id string) string {
		t.Helper()
		var rows []deadFacts
		hooksJSON(t, dir, &rows, "dead", "redrive", id)
		if len(rows) != 1 {
			t.Fatalf("%s: %+v", id, rows)
		}
		return rows[0].Outcome
	}
	bury("waiting", m.Report(t, "1", "u1", "3"))
	bury("usage", m.Report(t, "2", "u1", "9"))
	if got := outcome("waiting"); !strings.HasPrefix(got, "still waiting") {
		t.Errorf("without a server: %q", got)
	}
	s := start(t, dir, "TARIFF="+eventstest.Tariff(t))
	want := "charged 9 credits"
	if len(m.Key) > 0 {
		want = "handled" // an entry that is not named after the event is not found
	}
	if got := outcome("usage"); got != want {
		t.Errorf("usage: %q", got)
	}
	for _, other := range eventstest.Samples(t) {
		if other.Platform != m.Platform {
			bury("other", other)
			if got := outcome("other"); got != "handled" {
				t.Errorf("%s: %q", other.File(), got)
			}
			break
		}
	}
	s.stop(t)
}

// A body is readable and does not steer the terminal.
func TestDeadShowIsReadable(t *testing.T) {
	for _, row := range []struct{ name, body, want string }{
		{"JSON", `{"a":{"b":1e3,"c":"x"}}`, "{\n  \"a\": {\n    \"b\": 1e3,\n    \"c\": \"x\"\n  }\n}\n"},
		{"JSON with a mark that turns text round", "{\"a\":\"\u202e\"}", "\"\ufffd\""},
		{"text with an escape", "not JSON \x1b[2J\nsecond line", "not JSON \ufffd[2J\nsecond line\n"},
		{"bytes", "\xff\xfe\x00{", "ff fe 00 7b"},
		{"nothing", "", "\n\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			db, err := local.Open(t.Context(), filepath.Join(dir, "hooks.db"), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			e := webhook.Event{ID: "1", Source: "/webhooks/acme", Type: "acme.unknown", Time: time.Now(), Data: []byte(row.body), Basis: webhook.Undecodable}
			if err := db.Queue(local.Dead).Publish(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			if out, err := hooks(t, dir, "dead", "show", "1"); err != nil || !strings.Contains(out, row.want) {
				t.Errorf("%v: %q, want %q", err, out, row.want)
			}
		})
	}
}

// send counts what came back by kind of answer.
func TestSendSumsUp(t *testing.T) {
	var n atomic.Int64
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1)%4 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer platform.Close()
	for _, more := range []string{"", " --parallel"} {
		out, err := hooks(t, t.TempDir(), strings.Fields(named(t, "send PLATFORM EVENT --times 400 --url "+strings.TrimPrefix(platform.URL, "http://")+more)[0])...)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if err == nil || len(lines) != 2 || !strings.HasPrefix(lines[0], "300 × 200 ") || !strings.HasPrefix(lines[1], "100 × 503 ") || !strings.Contains(lines[0], "p99") {
			t.Errorf("%q (%v)", out, err)
		}
	}
	platform.Close()
	for _, more := range []string{"", " --tamper"} {
		if out, err := hooks(t, t.TempDir(), strings.Fields(named(t, "send PLATFORM EVENT --times 20 --url "+platform.URL+more)[0])...); err == nil || !strings.HasPrefix(out, "20 × no answer") {
			t.Errorf("nobody listens, %s: %q (%v)", more, out, err)
		}
	}
}
