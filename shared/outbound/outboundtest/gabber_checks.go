package outboundtest

import (
	"fmt"
	"testing"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

// CheckLimits: the platform has exactly these humans, and of each what is left, in
// whole seconds.
func CheckLimits(t *testing.T, books ledger.Store, fake *fakeapi.API, humans ...string) {
	t.Helper()
	for _, human := range humans {
		account, err := books.Account(t.Context(), human)
		if err != nil {
			t.Fatal(err)
		}
		want := max(0, int64(account.Balance/ledger.Credit))
		got, ok := fake.Limit(human, "conversational_seconds")
		if !ok || got != want {
			t.Errorf("%s: the limit is %d (%t), the balance %s", human, got, ok, account.Balance)
		}
		if account.PushedSeq != account.Seq || account.Seq == 0 {
			t.Errorf("%s: %d of %d entries are known to be pushed", human, account.PushedSeq, account.Seq)
		}
	}
	if n := len(fake.State().Limits); n != len(humans) {
		t.Errorf("%d humans have a limit, want %d", n, len(humans))
	}
	CheckCalls(t, fake)
}

// The samples in events/ are of one human, who takes part in one session.
const (
	Human   = "member-20417"
	Session = "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"
)

// CheckGabber: the human was granted 600 credits, and every sample arrived
// twice.
func CheckGabber(t *testing.T, fake *fakeapi.API) {
	t.Helper()
	if limit, _ := fake.Limit(Human, "conversational_seconds"); limit != 575 {
		t.Errorf("the limit is %d, want 600 less what the samples cost", limit)
	}
	if spoken := fake.State().Spoken[Session]; len(spoken) != 1 || spoken[0] != `{"free":true,"note":"room <B> & lobby"} That did not work.` {
		t.Errorf("spoken %q, want both results once", spoken)
	}
}

// Room is a session in which texts are spoken.
const Room = "room"

// Text is one of those texts.
func Text(i int) string { return fmt.Sprintf("text %d", i) }

// CheckSpoken: each of the first n texts was spoken in the [Room], or is a dead
// letter; and none was spoken twice. Some are dead letters, but not all.
func CheckSpoken(t *testing.T, fake *fakeapi.API, n int, dead map[string]bool) {
	t.Helper()
	times := map[string]int{}
	for _, text := range fake.State().Spoken[Room] {
		times[text]++
	}
	for i := range n {
		if text := Text(i); times[text] > 1 || times[text] == 0 && !dead[text] {
			t.Errorf("%s was spoken %d times, dead letter %t", text, times[text], dead[text])
		}
	}
	if len(dead) == n || len(dead) == 0 {
		t.Errorf("%d of %d speeches are dead letters", len(dead), n)
	}
}
