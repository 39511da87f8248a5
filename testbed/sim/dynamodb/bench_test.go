package dynamodb_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/sim/dynamodb"
)

func charge(id int) ledger.Entry {
	identity := webhook.Identity("test", "usage.tracked", fmt.Sprint(id))
	return ledger.Entry{
		ID: identity, Kind: ledger.Charge, Amount: -7, Fingerprint: identity, Time: time.Unix(int64(id), 0),
		Usage: "conversational_seconds", Value: "0.000007", Source: "/webhooks/acme",
	}
}

// BenchmarkPost is the production client's posting of one charge.
func BenchmarkPost(b *testing.B) {
	store := newWire().client(b).Ledger("ledger")
	for i := 0; b.Loop(); i++ {
		if _, err := store.Post(b.Context(), "a", []ledger.Entry{charge(i)}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServe is the same posting without the client: one entry and its account.
func BenchmarkServe(b *testing.B) {
	const entry = `{"TransactItems":[{"Put":{"TableName":"ledger","Item":{"account":{"S":"a"},"amount":{"N":"-7"},"fingerprint":{"S":"v1:b2f1"},"kind":{"S":"charge"},"pk":{"S":"entry#ID"},"recorded":{"N":"1764350000000000000"},"sk":{"S":"entry"},"source":{"S":"/webhooks/acme"},"time":{"N":"1764350000000000000"},"usage":{"S":"conversational_seconds"},"value":{"S":"0.000007"}},"ConditionExpression":"attribute_not_exists(pk)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}},{"Update":{"TableName":"ledger","Key":{"pk":{"S":"account#a"},"sk":{"S":"account"}},"UpdateExpression":"ADD balance :sum, seq :entries","ConditionExpression":"attribute_not_exists(pk) OR (balance \u003e= :least AND balance \u003c= :most)","ExpressionAttributeValues":{":entries":{"N":"1"},":least":{"N":"-9000000000000000"},":most":{"N":"9000000000000000"},":sum":{"N":"-7"}}}}],"ClientRequestToken":"ID"}`
	before, rest, _ := strings.Cut(entry, "ID")
	between, after, _ := strings.Cut(rest, "ID")
	var d *dynamodb.Database
	body := make([]byte, 0, 2*len(entry))
	for i := 0; b.Loop(); i++ {
		if i%100 == 0 { // as many as a history has
			d = dynamodb.New(time.Now)
		}
		body = fmt.Appendf(body[:0], "%s%d%s%d%s", before, i, between, i, after)
		if status, answer := d.Serve("TransactWriteItems", body); status != 200 {
			b.Fatalf("%s", answer)
		}
	}
}

// BenchmarkNew is an empty database.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		dynamodb.New(time.Now)
	}
}
