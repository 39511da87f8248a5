package config_test

import (
	"fmt"

	"github.com/webhook-functions/template/shared/config"
)

func ExampleRead() {
	type variables struct {
		Events  string `env:"EVENTS_QUEUE_URL"`
		Ledger  string `env:"LEDGER_TABLE"`
		Records string `env:"RECORDS_TABLE"`
		MaxBody string `env:"MAX_BODY_BYTES,optional"`
	}
	env := map[string]string{"EVENTS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/events"}
	v, err := config.Read[variables](func(name string) string { return env[name] })
	fmt.Printf("%+v\n%v\n", v, err)
	// Output:
	// {Events:https://sqs.eu-west-1.amazonaws.com/1/events Ledger: Records: MaxBody:}
	// LEDGER_TABLE is not set
	// RECORDS_TABLE is not set
}
