package webhook_test

import (
	"testing"

	"github.com/webhook-functions/template/shared/webhook"
)

// A record that is written again must have the bytes it had.
func TestJSON(t *testing.T) {
	stored := struct {
		Text  string `json:"text"`
		Empty string `json:"empty,omitempty"`
		False bool   `json:"false,omitempty"`
	}{Text: "<&>\u2028é"}
	if got := string(webhook.JSON(stored)); got != `{"text":"\u003c\u0026\u003e\u2028é"}` {
		t.Errorf("%s", got)
	}
}
