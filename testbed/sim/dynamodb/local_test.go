package dynamodb_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/testbed/aws/awstest"
	"github.com/webhook-functions/template/testbed/sim/dynamodb"
)

// pair asks DynamoDB Local and the simulation the same.
type pair struct {
	*testing.T
	url       string
	simulated *dynamodb.Database
}

// meaning is what of an answer counts: not its wording.
type meaning struct {
	Status              int
	Type                string `json:"__type"`
	CancellationReasons []struct {
		Code string
		Item fields
	}
	Item, LastEvaluatedKey fields
	Items                  []fields
	Count, ScannedCount    int
}

type fields = map[string]any

func newPair(t *testing.T) (p pair, table string) {
	server := awstest.DynamoDB(t)
	return pair{t, server.URL, dynamodb.New(time.Now)}, server.LedgerTable(t)
}

// same fails the test if the answers differ, and gives the answer.
func (p pair) same(operation string, request any) meaning {
	p.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		p.Fatal(err)
	}
	status, answer := p.simulated.Serve(operation, body)
	got, want := p.meaning(status, answer), p.meaning(p.local(operation, body))
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		p.Errorf("%s %.1500s\nis answered %.1500s: %.300s\nwant        %.1500s", operation, body, g, answer, w)
	}
	return got
}

func (p pair) local(operation string, body []byte) (int, []byte) {
	request, err := http.NewRequest(http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		p.Fatal(err)
	}
	return response.StatusCode, answer
}

func (p pair) meaning(status int, answer []byte) (m meaning) {
	p.Helper()
	if err := json.Unmarshal(answer, &m); err != nil {
		p.Fatalf("%v: %q", err, answer)
	}
	m.Status, m.Type = status, m.Type[strings.Index(m.Type, "#")+1:]
	return m
}

// The simulation answers random requests as DynamoDB Local does, one after the other
// on the same few items.
func TestDatabase_Serve_random(t *testing.T) {
	t.Parallel()
	p, table := newPair(t)
	for seed := range uint64(20) {
		g := generator{rand.New(rand.NewPCG(seed, 0)), table, seed}
		for range 60 {
			g.ask(p)
		}
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

// generator draws requests in the client's grammar.
type generator struct {
	*rand.Rand
	table string
	seed  uint64 // keys of one are not another's
}

func (g generator) ask(p pair) {
	switch g.IntN(9) {
	case 0:
		p.same("GetItem", fields{"TableName": g.table, "Key": g.key(), "ConsistentRead": true})
	case 1:
		p.same("PutItem", g.put())
	case 2, 3:
		p.same("UpdateItem", g.update(true))
	case 4:
		g.query(p, fields{"KeyConditionExpression": "pk = :p" + g.pick("", " AND sk"+g.rangeOf()), "ConsistentRead": true}, fields{":p": s(g.pk())}, s(g.sk()), s(g.sk()))
	case 5:
		g.query(p, fields{"KeyConditionExpression": "account = :p" + g.pick("", " AND #time"+g.rangeOf()), "IndexName": "account-time"}, fields{":p": s(g.pk())}, n(g.IntN(1e9)), n(g.IntN(1e9)))
	case 6:
		g.scan(p)
	default:
		transaction := g.transaction()
		p.same("TransactWriteItems", transaction)
		if g.IntN(4) == 0 {
			p.same("TransactWriteItems", transaction)
		}
	}
}

func (g generator) pick(from ...string) string { return from[g.IntN(len(from))] }

func s(text string) fields { return fields{"S": text} }

func n(number int) fields { return fields{"N": fmt.Sprint(number)} }

func (g generator) pk() string { return fmt.Sprint(g.pick("a", "b", "é\x00", "\U0001F600"), g.seed) }

func (g generator) sk() string {
	return g.pick("entry", "Entry", "account", "time#01", "time#0f", "\uffff", "\U0001F600")
}

func (g generator) key() fields { return fields{"pk": s(g.pk()), "sk": s(g.sk())} }

func (g generator) put() fields {
	item := g.key()
	item["seq"] = n(g.IntN(3))
	if g.IntN(3) > 0 {
		item["account"] = s(g.pk())
	}
	if g.IntN(3) > 0 { // hardly any two alike: of those the order is not known
		item["time"] = n(g.IntN(1e9))
	}
	if g.IntN(2) == 0 {
		item["data"] = fields{"B": g.pick("", "AAE=", "/w==")}
	}
	r := fields{"TableName": g.table, "Item": item}
	g.condition(r, fields{})
	return r
}

// update may add to an attribute that is no number only where it is alone: DynamoDB
// Local then refuses a transaction as a whole, AWS documents a reason of its item.
func (g generator) update(alone bool) fields {
	values := fields{":n": n(g.IntN(5) - 2)}
	steps := []string{"ADD balance :n", "ADD seq :n", "SET version = :n", "SET version = :n ADD balance :n, seq :n", "add seq :n set version=:n"}
	if alone {
		steps = append(steps, "ADD #order :n", "SET #order = :n, amount = :n ADD seq :n", "SET seq = :n ADD seq :n")
	}
	r := fields{"TableName": g.table, "Key": g.key(), "UpdateExpression": g.pick(steps...)}
	names := fields{}
	if strings.Contains(r["UpdateExpression"].(string), "#order") {
		names["#order"] = "order"
	}
	r["ExpressionAttributeNames"] = names
	g.condition(r, values)
	return r
}

// condition gives the request one, most often, and the values.
func (g generator) condition(r, values fields) {
	names, _ := r["ExpressionAttributeNames"].(fields)
	if names == nil {
		names = fields{}
	}
	if g.IntN(4) > 0 {
		r["ConditionExpression"] = g.expression(2, names, values)
		r["ReturnValuesOnConditionCheckFailure"] = g.pick("ALL_OLD", "NONE")
	}
	if g.IntN(30) == 0 {
		values[":unused"] = n(0)
	}
	setOrDelete(r, "ExpressionAttributeNames", names)
	setOrDelete(r, "ExpressionAttributeValues", values)
}

func setOrDelete(r fields, name string, value fields) {
	delete(r, name)
	if len(value) > 0 {
		r[name] = value
	}
}

func (g generator) expression(depth int, names, values fields) string {
	if depth > 0 && g.IntN(2) == 0 {
		side := func() string {
			e := g.expression(depth-1, names, values)
			if strings.Contains(e, " OR ") || g.IntN(4) == 0 && !strings.HasPrefix(e, "(") {
				return "(" + e + ")"
			}
			return e
		}
		return side() + g.pick(" AND ", " OR ", " and ", " or ") + side()
	}
	name := g.pick("pk", "sk", "seq", "balance", "version", "#order", "#data", "#absent")
	if name[0] == '#' {
		names[name] = name[1:]
	}
	if g.IntN(3) == 0 {
		return g.pick("attribute_exists(", "attribute_not_exists( ") + name + ")"
	}
	value := fmt.Sprint(":v", len(values))
	values[value] = []fields{n(g.IntN(3)), n(g.IntN(3)), s(g.pk()), s(g.sk()), {"B": "AAE="}}[g.IntN(5)]
	operator := g.pick("=", "<>", "<", "<=", ">", ">=")
	if g.IntN(5) == 0 {
		return value + " " + operator + " " + name
	}
	return name + operator + value
}

func (g generator) transaction() fields {
	var actions []fields
	named := map[string]bool{}
	for range 1 + g.IntN(3) {
		put, update := g.put(), g.update(false)
		if key := fmt.Sprint(put["Item"].(fields)["pk"], put["Item"].(fields)["sk"]); !named[key] && g.IntN(2) == 0 {
			actions, named[key] = append(actions, fields{"Put": put}), true
		} else if key := fmt.Sprint(update["Key"].(fields)["pk"], update["Key"].(fields)["sk"]); !named[key] {
			actions, named[key] = append(actions, fields{"Update": update}), true
		}
	}
	r := fields{"TransactItems": actions}
	if g.IntN(3) > 0 && !strings.Contains(fmt.Sprint(actions), ":unused") { // of two faults either may be told
		r["ClientRequestToken"] = fmt.Sprint("token", g.seed, g.IntN(6))
	}
	return r
}

func (g generator) rangeOf() string {
	return g.pick("=:from", " <:from", " <= :from", " > :from", " >= :from", " BETWEEN :from AND :to")
}

// query reads up to three pages.
func (g generator) query(p pair, r, values fields, from, to fields) {
	r["TableName"], r["ScanIndexForward"], r["ExpressionAttributeValues"] = g.table, g.IntN(2) == 0, values
	condition := r["KeyConditionExpression"].(string)
	if strings.Contains(condition, ":from") {
		values[":from"] = from
	}
	if strings.Contains(condition, ":to") {
		values[":to"] = to
	}
	if strings.Contains(condition, "#time") {
		r["ExpressionAttributeNames"] = fields{"#time": "time"}
	}
	// Beyond an item at an inclusive bound DynamoDB Local offers no page; AWS is not
	// known to look so far.
	if inclusive := strings.Contains(condition, "=:from") || strings.Contains(condition, "= :from") || strings.Contains(condition, "BETWEEN"); !inclusive && g.IntN(2) == 0 {
		r["Limit"] = 1 + g.IntN(4)
	}
	if g.IntN(8) == 0 {
		r["ExclusiveStartKey"] = g.key()
	}
	for range 3 {
		page := p.same("Query", r)
		if page.LastEvaluatedKey == nil {
			return
		}
		r["ExclusiveStartKey"] = page.LastEvaluatedKey
	}
}

// scan compares all pages together: their order is each server's own.
func (g generator) scan(p pair) {
	values := fields{}
	r := fields{"TableName": g.table, "ConsistentRead": true, "Limit": 5 + g.IntN(20)}
	names := fields{}
	r["FilterExpression"] = g.expression(1, names, values)
	setOrDelete(r, "ExpressionAttributeNames", names)
	setOrDelete(r, "ExpressionAttributeValues", values)
	got := g.scanned(p, r, p.simulated.Serve)
	if want := g.scanned(p, r, p.local); !slices.Equal(got, want) {
		p.Errorf("Scan %v\ngives %q\nwant  %q", r, got, want)
	}
}

func (g generator) scanned(p pair, r fields, serve func(string, []byte) (int, []byte)) (all []string) {
	for read := 0; ; {
		body, err := json.Marshal(r)
		if err != nil {
			p.Fatal(err)
		}
		page := p.meaning(serve("Scan", body))
		read += page.ScannedCount
		for _, item := range page.Items {
			all = append(all, fmt.Sprint(item))
		}
		if page.LastEvaluatedKey == nil {
			delete(r, "ExclusiveStartKey")
			slices.Sort(all)
			return append(all, fmt.Sprint(page.Status, page.Type, read))
		}
		r["ExclusiveStartKey"] = page.LastEvaluatedKey
	}
}
