package calls

import (
	"testing"
)

// The known answer is the one the reference libraries of Standard Webhooks test
// themselves with.
func TestForwardSignsAsStandardWebhooksDoes(t *testing.T) {
	target, err := ParseTarget("https://leads.test/", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := target.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}
