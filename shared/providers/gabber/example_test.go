package gabber_test

import (
	"fmt"

	"github.com/webhook-functions/template/shared/providers/gabber"
)

func ExampleParseUsageTracked() {
	body := []byte(`{"type":"usage.tracked","payload":{
		"id":"0d8b2f46","type":"conversational_seconds","value":9.50,"human":"member-20417"}}`)

	used, err := gabber.ParseUsageTracked(body)
	if err != nil {
		fmt.Println("dead letter:", err)
		return
	}
	units, _ := used.Units()
	fmt.Println(used.Account(), "used", units, used.Type)
	fmt.Println("in a log:", used)

	_, err = gabber.ParseUsageTracked([]byte(`{"type":"usage.tracked","payload":{"type":"token_cnt","value":-5}}`))
	fmt.Println("dead letter:", err)
	// Output:
	// member-20417 used 9.5 conversational_seconds
	// in a log: [private]
	// dead letter: payload.value is negative
}
