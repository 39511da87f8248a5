package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// postTo delivers raw bytes and gives the status.
func postTo(t *testing.T, url, header, signature string, body []byte) int {
	t.Helper()
	answer, err := post(t.Context(), url, header, signature, body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status
}

func TestEverySampleIsAcceptedAndEveryChangedOneRefused(t *testing.T) {
	dir, from := t.TempDir(), samples
	s := start(t, dir)
	rows, err := os.ReadFile(filepath.Join(from, "SIGNATURES.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	delivered := 0
	for row := range strings.Lines(string(rows)) {
		cells := strings.Split(strings.TrimSpace(row), "\t")
		if cells[0] == "file" {
			continue
		}
		file, header, signature := cells[0], cells[1], cells[4]
		platform, _, _ := strings.Cut(file, "/")
		body, err := os.ReadFile(filepath.Join(from, file))
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Clone(body)
		changed[delivered*7%len(changed)] ^= 1
		if status := postTo(t, s.url+"/"+platform, header, signature, changed); status != http.StatusUnauthorized && status != http.StatusForbidden && status != http.StatusBadRequest {
			t.Errorf("%s, one byte changed: %d", file, status)
		}
		if status := postTo(t, s.url+"/"+platform, header, signature, body); status != http.StatusOK {
			t.Errorf("%s: %d", file, status)
		}
		delivered++
	}
	if delivered == 0 {
		t.Error("no sample was delivered")
	}
	s.stop(t)
	if queued := strings.Count(s.log.String(), `"msg":"queued"`); queued != delivered {
		t.Errorf("%d deliveries queued, want %d: a changed one was stored", queued, delivered)
	}
	var dead []deadFacts
	hooksJSON(t, dir, &dead, "dead", "list")
	if len(dead) != 0 {
		t.Errorf("dead letters: %+v", dead)
	}
	var balance balanceFacts
	hooksJSON(t, dir, &balance, "balance", "member-20417")
	if balance.MicroCredits != -(9+4+12)*1_000_000 || balance.Balance != "-25" || balance.Account != "member-20417" || balance.Seq != 4 {
		t.Errorf("balance %+v, want -25 after 9, 4 and 12 seconds and one unpriced entry", balance)
	}
}

func TestFiftyDeliveriesAtOnceChargeOnce(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	if out, err := hooks(t, dir, "send", "gabber", "usage.tracked", "--times", "50", "--parallel", "--url", s.url); err != nil || !strings.HasPrefix(out, "50 × 200 ok") {
		t.Fatalf("%v: %s", err, out)
	}
	eventually(t, "50 events handled", func() bool { return strings.Count(s.log.String(), `"msg":"handled"`) >= 50 })
	s.stop(t)
	var balance balanceFacts
	hooksJSON(t, dir, &balance, "balance", "member-20417")
	if balance.Balance != "-9" || balance.Seq != 1 {
		t.Errorf("balance %+v, want -9 and one entry", balance)
	}
}

func TestOperatorCommandsWorkWhileServing(t *testing.T) {
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

	unusable := filepath.Join(dir, "unusable.json")
	if err := os.WriteFile(unusable, []byte(`{"type":"usage.tracked","payload":{"id":"1","type":"conversational_seconds","value":-30,"human":"u1"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	run("send", "gabber", "usage.tracked", "--data", unusable, "--url", s.url)
	var dead []deadFacts
	hooksJSON(t, dir, &dead, "dead", "list")
	if len(dead) != 1 || dead[0].Type != "gabber.usage.tracked" || dead[0].Reason != "payload.value is negative" || dead[0].ID == "" {
		t.Fatalf("dead letters %+v", dead)
	}
	if out := run("dead", "show", dead[0].ID[:8]); !strings.Contains(out, "-30") {
		t.Errorf("dead show: %s", out)
	}
	run("dead", "redrive", "--dry-run")
	hooksJSON(t, dir, &dead, "dead", "redrive", "--all")
	if len(dead) != 1 || dead[0].Outcome != "dead again: payload.value is negative" {
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
	if out := run("dead", "delete", dead[0].ID[:8]); !strings.Contains(out, "payload.value is negative") {
		t.Errorf("dead delete: %s", out)
	}
	if out, err := hooks(t, dir, "dead", "delete", dead[0].ID); err == nil {
		t.Errorf("deleted twice: %s", out)
	}

	run("send", "chatbase", "leads.submit", "--url", s.url)
	run("send", "chatbase", "leads.submit", "--tamper", "--url", s.url)
	eventually(t, "the lead is stored", func() bool {
		var leads []struct{ ID string }
		hooksJSON(t, dir, &leads, "records", "chatbase.lead")
		return len(leads) == 1
	})
	s.stop(t)
}

func TestARouteWithoutASecretAnswers503(t *testing.T) {
	for name, value := range map[string]string{
		"unset": "", "blank": "                    ", "short": "8 bytes!", "a newline at its end": "gabber-test-api-key-not-real\n",
		"a placeholder": "your-secret-goes-here", "one good and one empty": "gabber-test-api-key-not-real,",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := start(t, dir, "GABBER_WEBHOOK_SECRET="+value)
			body := []byte(`{}`)
			if status := postTo(t, s.url+"/gabber", "X-Webhook-Signature", strings.Repeat("0", 64), body); status != http.StatusServiceUnavailable {
				t.Errorf("gabber: %d, want 503", status)
			}
			if status := postTo(t, s.url+"/oblic", "x-oblic-signature", strings.Repeat("0", 64), body); status != http.StatusUnauthorized {
				t.Errorf("oblic: %d, want 401: the other routes live", status)
			}
			s.stop(t)
			if log := s.log.String(); !strings.Contains(log, "GABBER_WEBHOOK_SECRET") || value != "" && strings.Contains(log, strings.TrimSpace(value)) && strings.TrimSpace(value) != "" {
				t.Errorf("the log names the variable and never its value: %s", log)
			}
		})
	}
}

func TestCommandsDoNotInventADatabase(t *testing.T) {
	dir := t.TempDir()
	for _, command := range []string{"balance u1", "statement u1", "dead list", "records chatbase.lead", "check"} {
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
	for command, want := range map[string]string{
		"send nobody usage.tracked":                          "no platform nobody",
		"send gabber nothing":                                "no sample nothing",
		"send gabber usage.tracked --url http://127.0.0.1:1": "refused",
		"send gabber usage.tracked --data missing.json":      "missing.json",
		"send gabber usage.tracked --times many":             "times",
		"send gabber usage.tracked --times 0":                "times",
		"send gabber usage.tracked --times=-1":               "times",
	} {
		if out, err := hooks(t, dir, strings.Fields(command)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q: %s", command, err, want, out)
		}
	}
}

func TestDemo(t *testing.T) {
	dir := t.TempDir() // what is configured here must not show
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte("TARIFF=call_seconds=1\nACCOUNT_PER_PROJECT=true\nOBLIC_WEBHOOK_SECRET=short\nGABBER_WEBHOOK_SECRET=a-secret-of-my-own-1234\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := hooks(t, dir, "demo", "--addr", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"charged", "600 -> 591", "duplicate", "refused", "stored"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestDemoWithoutAPlatformThatWasDropped(t *testing.T) {
	d, err := newDemonstration(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.settings.providers = slices.DeleteFunc(d.settings.providers, func(p providers.Entry) bool { return p.Name == steps[1].platform })
	ctx, stop := context.WithCancel(t.Context())
	url, served, err := d.serve(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.rows(t.Context(), url)
	if stop(); err != nil || verdict(rows) != nil || <-served != nil || len(rows) != len(steps) { // one step less, and the limit
		t.Errorf("%+v, error %v", rows, err)
	}
}

// A chatbot's own secret is enough, and stands before the platform's.
func TestAChatbotsOwnSecret(t *testing.T) {
	const own = "CHATBASE_WEBHOOK_SECRET_BOT_kT9vQx2LmZr7BdEo=secret-of-the-bot-alone"
	for name, platform := range map[string]string{"alone": "CHATBASE_WEBHOOK_SECRET=", "beside the platform's": "CHATBASE_WEBHOOK_SECRET=secret-of-the-platform"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := start(t, dir, own, platform)
			cmd := exec.CommandContext(t.Context(), os.Args[0], "send", "chatbase", "leads.submit", "--url", s.url)
			cmd.Dir, cmd.Env = dir, testEnv(own, platform)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
			s.stop(t)
		})
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
	if _, err := io.WriteString(connection, "POST /gabber HTTP/1.1\r\nHost: x\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := connection.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(connection); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is still open after 20 s")
	}
}

func TestATakenAddressNamesTheWayOut(t *testing.T) {
	s := start(t, t.TempDir())
	for _, command := range []string{"serve", "demo"} {
		if _, err := hooks(t, t.TempDir(), command, "--addr", strings.TrimPrefix(s.url, "http://")); err == nil || !strings.Contains(err.Error(), "--addr") {
			t.Errorf("%s: %v", command, err)
		}
	}
}

func TestParallelSendersAndOneBook(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	ring := signerFor(t, "gabber")
	var senders sync.WaitGroup
	for sender := range 8 {
		senders.Go(func() {
			for i := range 25 {
				body := fmt.Appendf(nil, `{"type":"usage.tracked","payload":{"id":"%d-%d","type":"conversational_seconds","value":0.1,"human":"u1"}}`, sender, i)
				for range 2 {
					if status := postTo(t, s.url+"/gabber", ring.Header(), ring.Sign(body), body); status != http.StatusOK {
						t.Errorf("%d", status)
					}
				}
			}
		})
	}
	senders.Wait()
	eventually(t, "200 entries", func() bool {
		var balance balanceFacts
		hooksJSON(t, dir, &balance, "balance", "u1")
		return balance.Seq == 200
	})
	s.stop(t)
	var balance balanceFacts
	hooksJSON(t, dir, &balance, "balance", "u1")
	if balance.MicroCredits != -20_000_000 || balance.Seq != 200 {
		t.Errorf("balance %+v, want exactly -20 after 200 entries", balance)
	}
}

// redrive says what became of each letter, whatever that is.
func TestRedriveSaysWhatBecameOfIt(t *testing.T) {
	dir := t.TempDir()
	db, err := local.Open(t.Context(), filepath.Join(dir, "hooks.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, name := range []string{"usage.tracked", "usage.tracked.human_id", "realtime_session.state_changed"} {
		body, err := events.Body("gabber", name)
		if err != nil {
			t.Fatal(err)
		}
		e := webhook.Event{ID: name, Source: "/webhooks/gabber", Type: "gabber." + strings.TrimSuffix(name, ".human_id"), Time: time.Now(), Data: body, Basis: webhook.ByID}
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
	if got := outcome("usage.tracked.h"); !strings.HasPrefix(got, "still waiting") {
		t.Errorf("without a server: %q", got)
	}
	s := start(t, dir)
	if got := outcome("usage.tracked"); got != "charged 9 credits" {
		t.Errorf("usage: %q", got)
	}
	if got := outcome("realtime"); got != "handled" {
		t.Errorf("a session: %q", got)
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
			e := webhook.Event{ID: "1", Source: "/webhooks/gabber", Type: "gabber.unknown", Time: time.Now(), Data: []byte(row.body), Basis: webhook.Undecodable}
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
		out, err := hooks(t, t.TempDir(), strings.Fields("send gabber usage.tracked --times 400 --url "+strings.TrimPrefix(platform.URL, "http://")+more)...)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if err == nil || len(lines) != 2 || !strings.HasPrefix(lines[0], "300 × 200 ") || !strings.HasPrefix(lines[1], "100 × 503 ") || !strings.Contains(lines[0], "p99") {
			t.Errorf("%q (%v)", out, err)
		}
	}
	platform.Close()
	for _, more := range []string{"", " --tamper"} {
		if out, err := hooks(t, t.TempDir(), strings.Fields("send gabber usage.tracked --times 20 --url "+platform.URL+more)...); err == nil || !strings.HasPrefix(out, "20 × no answer") {
			t.Errorf("nobody listens, %s: %q (%v)", more, out, err)
		}
	}
}
