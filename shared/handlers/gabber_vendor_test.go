package handlers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/webhook"
)

// gabberBooks is the credits reaction to Gabber's usage.
func gabberBooks(t *testing.T, env map[string]string) *books {
	t.Helper()
	b := newBooks(t, env)
	b.Decode = gabber.Decode
	return b
}

// gabberUsage makes the event of a usage.tracked payload, received so long after nine.
func gabberUsage(t *testing.T, payload string, after time.Duration) webhook.Event {
	t.Helper()
	return received(t, "gabber", `{"type":"usage.tracked","payload":`+payload+`}`, after)
}

// debits picks the debits out of the follow-ups of one event.
func debits(t *testing.T, b *books, e webhook.Event) (asked []webhook.Event, outcome string) {
	t.Helper()
	r := b.Deduct(t.Context(), []webhook.Event{e})[0]
	for _, f := range r.FollowUps {
		if f.Type == followups.VendorDebit {
			asked = append(asked, f)
		}
	}
	return asked, r.Outcome
}

func TestCredits_usageIsDebitedInGabbersLedger(t *testing.T) {
	beside := map[string]string{"GABBER_LEDGER": "beside", "GABBER_CREDIT": "gold"}
	instead := map[string]string{"GABBER_LEDGER": "instead", "GABBER_CREDIT": "gold"}
	for _, row := range []struct {
		name, payload string
		env           map[string]string
		want          string // the debit's data
		outcome       string
		balance       string // in our own ledger
	}{
		{"beside our own", seconds("1", "u1", "30"), beside, `{"credit":"gold","human":"u1","amount":-30,"key":"gabber:usage:1"}`, "charged", "-30"},
		{"instead of our own", seconds("1", "u1", "30"), instead, `{"credit":"gold","human":"u1","amount":-30,"key":"gabber:usage:1"}`, "charged", "0"},
		{"not at all", seconds("1", "u1", "30"), nil, "", "charged", "-30"},
		{"turned off", seconds("1", "u1", "30"), map[string]string{"GABBER_LEDGER": "off", "GABBER_CREDIT": "gold"}, "", "charged", "-30"},
		{"a fraction is rounded up there", seconds("1", "u1", "30.000001"), beside, `{"credit":"gold","human":"u1","amount":-31,"key":"gabber:usage:1"}`, "charged", "-30.000001"},
		{"the smallest fraction", seconds("1", "u1", "0.000001"), instead, `{"credit":"gold","human":"u1","amount":-1,"key":"gabber:usage:1"}`, "charged", "0"},
		{"nothing", seconds("1", "u1", "0"), beside, "", "charged", "0"},
		{"no price", `{"id":"1","type":"token_cnt","value":5,"human":"u1"}`, instead, "", "unpriced", "0"},
		{"nobody we know", seconds("1", "", "5"), instead, "", "suspense", "0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := gabberBooks(t, row.env)
			e := gabberUsage(t, row.payload, 0)
			first, outcome := debits(t, b, e)
			again, _ := debits(t, b, e)
			if len(first) != len(again) || len(first) > 0 && first[0].ID != again[0].ID {
				t.Error("delivered again, other follow-ups")
			}
			got := ""
			if len(first) == 1 {
				got = string(first[0].Data)
			}
			if got != row.want || outcome != row.outcome || b.balance(t, "u1") != row.balance {
				t.Errorf("debit %s, %s, balance %s", got, outcome, b.balance(t, "u1"))
			}
			if suspense := b.balance(t, accounts.Suspense("gabber", "p")); row.outcome == "suspense" && suspense != "-5" {
				t.Errorf("suspense has %s: what nobody can be debited for elsewhere stays in our books", suspense)
			}
		})
	}
}

// What the window suppresses must not reach the vendor under another key, not
// even when the suppressed message is delivered again.
func TestCredits_retriesHaveOneKeyInGabbersLedger(t *testing.T) {
	b := gabberBooks(t, map[string]string{"GABBER_LEDGER": "instead", "GABBER_CREDIT": "gold"})
	keys := map[string]bool{}
	const payload = `{"type":"conversational_seconds","value":4,"human":"u1"}`
	for _, after := range []time.Duration{0, time.Second, time.Second, time.Hour} {
		asked, _ := debits(t, b, gabberUsage(t, payload, after))
		for _, f := range asked {
			keys[string(f.Data)] = true
		}
	}
	if len(keys) != 1 {
		t.Errorf("debits %v, want one key", keys)
	}
}

// What is not in our books is not debited there either, but for what stands in
// its place.
func TestCredits_whatDoesNotStandIsNotDebited(t *testing.T) {
	const idless = `{"type":"conversational_seconds","value":4,"human":"u1"}`
	for _, row := range []struct{ name, first, then, want string }{
		{"a conflict", seconds("1", "u1", "30"), seconds("1", "u1", "31"), ""},
		{"what the window suppresses", idless, idless, "suppressed"},
	} {
		b := gabberBooks(t, map[string]string{"GABBER_LEDGER": "beside", "GABBER_CREDIT": "gold"})
		debits(t, b, gabberUsage(t, row.first, 0))
		if asked, outcome := debits(t, b, gabberUsage(t, row.then, time.Second)); len(asked) != 0 || outcome != row.want {
			t.Errorf("%s: %d debits, %q", row.name, len(asked), outcome)
		}
	}
}

func TestSettingsFromEnv_gabberLedger(t *testing.T) {
	for _, env := range []map[string]string{{"GABBER_LEDGER": "beside"}, {"GABBER_LEDGER": "yes", "GABBER_CREDIT": "gold"}} {
		_, err := handlers.SettingsFromEnv(func(name string) string { return env[name] })
		if err == nil || !strings.Contains(err.Error(), "GABBER_LEDGER") {
			t.Errorf("%v: %v", env, err)
		}
	}
}
