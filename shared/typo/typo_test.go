package typo_test

import (
	"fmt"
	"testing"

	"github.com/webhook-functions/template/shared/typo"
)

var (
	platforms = []string{"gabber", "cribbly", "oblic", "g-tateth", "chatbase"}
	variables = []string{"GABBER_WEBHOOK_SECRET", "G_TATETH_WEBHOOK_SECRET", "GABBER_API_KEY", "GABBER_CREDIT", "TARIFF", "ACCOUNT_PER_PROJECT", "LEADS_FORWARD_URL", "LEADS_FORWARD_SECRET"}
)

func TestClosest(t *testing.T) {
	for _, c := range []struct {
		name  string
		known []string
		want  string
	}{
		{"Gabber", platforms, "gabber"},
		{"GABBER", platforms, "gabber"},
		{"gaber", platforms, "gabber"},
		{"gabbre", platforms, "gabber"},
		{"gabberr", platforms, "gabber"},
		{"gabber ", platforms, "gabber"},
		{"GABBER_WEBHOOK_SECRET", platforms, "gabber"},
		{"gabber_secret_1", platforms, "gabber"},
		{"webhook-gabber", platforms, "gabber"},
		{"gtateth", platforms, "g-tateth"},
		{"G_TATETH", platforms, "g-tateth"},
		{"G_TATETH_WEBHOOK_SECRET", platforms, "g-tateth"},
		{"oblik", platforms, "oblic"},
		{"crible", platforms, "cribbly"},
		{"chatbot", platforms, ""},
		{"comment", platforms, ""},
		{"", platforms, ""},
		{"x", platforms, ""},
		{"GABER_WEBHOOK_SECRET", variables, "GABBER_WEBHOOK_SECRET"},
		{"gabber_webhook_secret", variables, "GABBER_WEBHOOK_SECRET"},
		{"GABBER_SECRET", variables, "GABBER_WEBHOOK_SECRET"},
		{"GABBER_APIKEY", variables, "GABBER_API_KEY"},
		{"GABBER_KEY", variables, "GABBER_API_KEY"},
		{"LEADS_SECRET", variables, "LEADS_FORWARD_SECRET"},
		{"TARIF", variables, "TARIFF"},
		{"TARRIF", variables, "TARIFF"},
		{"TARIFFS", variables, "TARIFF"},
		{"MY_TARIFF", variables, "TARIFF"},
		{"GABBER_WEBHOOK_SECRET_OLD", variables, "GABBER_WEBHOOK_SECRET"},
		{"GABBER_USAGE_TOKEN", variables, ""},
		{"GABBER_PERSONA", variables, ""},
		{"LEADS_OWNER", variables, ""},
		{"PATH", variables, ""},
		{"ACCOUNT_ID", variables, ""},
		{"DATABASE_URL", variables, ""},
		{"API_KEY", variables, ""},
		{"SECRET", variables, ""},
	} {
		if got, _ := typo.Closest(c.name, c.known); got != c.want {
			t.Errorf("%q: %q, want %q", c.name, got, c.want)
		}
	}
}

// What is merely longer or shorter may belong to another program.
func TestClosestIsNear(t *testing.T) {
	for name, want := range map[string]bool{
		"TARIF": true, "tariff": true, "GABER_WEBHOOK_SECRET": true, "GABBER_APIKEY": true,
		"PHONE_TARIFF": false, "GABBER_SECRET": false, "GABBER_WEBHOOK_SECRET_OLD": false, "DATABASE_URL": false, "": false,
	} {
		if _, near := typo.Closest(name, variables); near != want {
			t.Errorf("%q: near is %v", name, near)
		}
	}
}

func ExampleClosest() {
	fmt.Println(typo.Closest("TARIF", []string{"TARIFF", "IDLESS_WINDOW"}))
	// Output: TARIFF true
}
