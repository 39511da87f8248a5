package typo_test

import (
	"fmt"
	"testing"

	"github.com/webhook-functions/template/shared/typo"
)

func TestClosest(t *testing.T) {
	platforms := []string{"gabber", "cribbly", "oblic", "g-tateth", "chatbase"}
	variables := []string{"GABBER_WEBHOOK_SECRET", "GABBER_API_KEY", "GABBER_CREDIT", "TARIFF", "ACCOUNT_PER_PROJECT", "LEADS_FORWARD_URL", "LEADS_FORWARD_SECRET"}
	for _, c := range []struct {
		name  string
		known []string
		want  string
		near  bool
	}{
		{"GABBER", platforms, "gabber", true},
		{"gaber", platforms, "gabber", true},
		{"gabbre", platforms, "gabber", true},
		{"gabberr", platforms, "gabber", true},
		{"gabber ", platforms, "gabber", true},
		{"G_TATETH", platforms, "g-tateth", true},
		{"oblik", platforms, "oblic", true},
		{"webhook-gabber", platforms, "gabber", false},
		{"gabber_secret_1", platforms, "gabber", false},
		{"G_TATETH_WEBHOOK_SECRET", platforms, "g-tateth", false},
		{"chatbot", platforms, "", false},
		{"comment", platforms, "", false},
		{"", platforms, "", false},
		{"x", platforms, "", false},
		{"GABER_WEBHOOK_SECRET", variables, "GABBER_WEBHOOK_SECRET", true},
		{"gabber_webhook_secret", variables, "GABBER_WEBHOOK_SECRET", true},
		{"GABBER_APIKEY", variables, "GABBER_API_KEY", true},
		{"TARIF", variables, "TARIFF", true},
		{"TARRIF", variables, "TARIFF", true},
		{"TARIFFS", variables, "TARIFF", true},
		{"GABBER_SECRET", variables, "GABBER_WEBHOOK_SECRET", false},
		{"GABBER_KEY", variables, "GABBER_API_KEY", false},
		{"LEADS_SECRET", variables, "LEADS_FORWARD_SECRET", false},
		{"MY_TARIFF", variables, "TARIFF", true},
		{"PHONE_TARIFF", variables, "TARIFF", false},
		{"GABBER_WEBHOOK_SECRET_OLD", variables, "GABBER_WEBHOOK_SECRET", false},
		{"GABBER_USAGE_TOKEN", variables, "", false},
		{"GABBER_PERSONA", variables, "", false},
		{"LEADS_OWNER", variables, "", false},
		{"PATH", variables, "", false},
		{"ACCOUNT_ID", variables, "", false},
		{"DATABASE_URL", variables, "", false},
		{"SECRET", variables, "", false},
	} {
		if got, near := typo.Closest(c.name, c.known); got != c.want || near != c.near {
			t.Errorf("%q: %q, near %v, want %q, near %v", c.name, got, near, c.want, c.near)
		}
	}
}

func ExampleClosest() {
	fmt.Println(typo.Closest("TARIF", []string{"TARIFF", "IDLESS_WINDOW"}))
	// Output: TARIFF true
}
