package tftest

import "github.com/webhook-functions/template/shared/signature/catalogue"

// Each ready scheme can be set.
func init() {
	for _, e := range catalogue.All() {
		Schemes = append(Schemes, Scheme{Name: "ready scheme " + e.Name, Text: e.Scheme})
	}
}
