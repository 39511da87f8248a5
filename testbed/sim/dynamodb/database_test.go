package dynamodb_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/webhook-functions/template/testbed/sim/dynamodb"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

// desk is a database, its clock and what was told of its writes.
type desk struct {
	*testing.T
	*dynamodb.Database
	now  time.Time
	told [][]stored.Change
}

func newDesk(t *testing.T) *desk {
	d := &desk{T: t, now: time.Date(2025, 11, 3, 9, 0, 0, 0, time.UTC)}
	d.Database = dynamodb.New(func() time.Time { return d.now })
	d.OnCommit = func(changes []stored.Change) { d.told = append(d.told, changes) }
	return d
}

func (d *desk) ask(operation string, request any) meaning {
	d.Helper()
	status, answer := d.Serve(operation, encode(d.T, request))
	return pair{T: d.T}.meaning(status, answer)
}

// want fails the test unless the answer has the type, "" for success.
func (d *desk) want(kind, operation string, request any) {
	d.Helper()
	if got := d.ask(operation, request); got.Type != kind {
		d.Errorf("%s %v is answered %v, want type %q", operation, request, got, kind)
	}
}

func encode(t *testing.T, request any) []byte {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// charging creates entries and adds their number to an account.
func charging(token, account string, ids ...string) fields {
	var actions []fields
	for i, id := range ids {
		actions = append(actions, fields{"Put": fields{
			"TableName": "ledger", "Item": fields{"pk": s(id), "sk": s("entry"), "account": s(account), "time": n(i), "data": fields{"B": "AAE="}},
			"ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
		}})
	}
	actions = append(actions, fields{"Update": adding(account, len(ids))})
	return fields{"TransactItems": actions, "ClientRequestToken": token}
}

func adding(account string, count int) fields {
	return fields{
		"TableName": "ledger", "Key": fields{"pk": s(account), "sk": s("account")},
		"UpdateExpression": "ADD seq :n", "ExpressionAttributeValues": fields{":n": n(count)},
	}
}

func (d *desk) seq(account string, consistent bool) int64 {
	d.Helper()
	var seq int64
	item := d.ask("GetItem", fields{"TableName": "ledger", "Key": fields{"pk": s(account), "sk": s("account")}, "ConsistentRead": consistent}).Item
	if attribute, ok := item["seq"].(fields); ok {
		_, _ = fmt.Sscan(attribute["N"].(string), &seq)
	}
	return seq
}

func (d *desk) statement(account string) int {
	d.Helper()
	return d.ask("Query", fields{
		"TableName": "ledger", "IndexName": "account-time", "KeyConditionExpression": "account = :a", "ExpressionAttributeValues": fields{":a": s(account)},
	}).Count
}

func TestDatabase_OnCommit(t *testing.T) {
	d := newDesk(t)
	d.want("", "TransactWriteItems", charging("1", "a", "y", "x"))
	d.want("", "UpdateItem", adding("a", 3))
	d.want("TransactionCanceledException", "TransactWriteItems", charging("2", "a", "y"))
	d.want("", "TransactWriteItems", charging("1", "a", "y", "x"))

	entry := func(id string, at int64) stored.Change {
		return stored.Change{Table: "ledger", Key: id + "\x00entry", New: stored.Item{"pk": id, "sk": "entry", "account": "a", "time": at, "data": []byte{0, 1}}}
	}
	account := func(seq int64) stored.Item { return stored.Item{"pk": "a", "sk": "account", "seq": seq} }
	want := [][]stored.Change{
		{entry("y", 0), entry("x", 1), {Table: "ledger", Key: "a\x00account", New: account(2)}},
		{{Table: "ledger", Key: "a\x00account", Old: account(2), New: account(5)}},
	}
	if got := fmt.Sprintf("%#v", d.told); got != fmt.Sprintf("%#v", want) {
		t.Errorf("told %s, want %#v", got, want)
	}
}

// A token is good for ten minutes, from a transaction that was applied.
func TestDatabase_Serve_token(t *testing.T) {
	d := newDesk(t)
	repeatable := fields{"TransactItems": []fields{{"Update": adding("a", 1)}}, "ClientRequestToken": "x"}
	for _, step := range []struct {
		after time.Duration
		seq   int64
	}{{0, 1}, {0, 1}, {10*time.Minute - 1, 1}, {1, 2}, {10*time.Minute - 1, 2}, {1, 3}} {
		d.now = d.now.Add(step.after)
		d.want("", "TransactWriteItems", repeatable)
		if got := d.seq("a", true); got != step.seq {
			t.Fatalf("%v later the account is at seq %d, want %d", step.after, got, step.seq)
		}
	}
	d.want("IdempotentParameterMismatchException", "TransactWriteItems", charging("x", "a", "e"))
	d.want("", "TransactWriteItems", charging("y", "a", "e"))
	d.want("TransactionCanceledException", "TransactWriteItems", charging("z", "a", "e"))
	d.want("", "TransactWriteItems", charging("z", "a", "f"))
}

func TestDatabase_IndexLag(t *testing.T) {
	d := newDesk(t)
	d.IndexLag = time.Second
	see := func(when string, eventually int64) {
		t.Helper()
		if got := d.statement("a"); got != int(eventually) {
			t.Errorf("%s the index has %d entries, want %d", when, got, eventually)
		}
		if got := d.seq("a", false); got != eventually {
			t.Errorf("%s an eventually consistent read sees seq %d, want %d", when, got, eventually)
		}
	}
	d.want("", "TransactWriteItems", charging("1", "a", "1"))
	see("at once", 0)
	d.now = d.now.Add(time.Second / 2)
	d.want("", "TransactWriteItems", charging("2", "a", "2"))
	if got := d.seq("a", true); got != 2 {
		t.Errorf("a consistent read sees seq %d, want 2", got)
	}
	d.now = d.now.Add(time.Second/2 - 1)
	see("before the lag", 0)
	d.now = d.now.Add(1)
	see("after the lag of the first write", 1)
	d.now = d.now.Add(time.Second / 2)
	see("after that of the second", 2)
	d.IndexLag = 0
	d.want("", "TransactWriteItems", charging("3", "a", "3"))
	see("without a lag", 3)
}

// A conflict is told of the items that are held, and writes no item.
func TestDatabase_Conflict(t *testing.T) {
	d := newDesk(t)
	transaction, single := encode(t, charging("1", "a", "x", "y")), encode(t, adding("a", 1))
	held := d.Writes("UpdateItem", single)
	got := pair{T: t}.meaning(d.Conflict("TransactWriteItems", transaction, held))
	var codes []string
	for _, r := range got.CancellationReasons {
		codes = append(codes, r.Code)
	}
	if got.Type != "TransactionCanceledException" || !slices.Equal(codes, []string{"None", "None", "TransactionConflict"}) {
		t.Errorf("a transaction is answered %v", got)
	}
	if got := (pair{T: t}).meaning(d.Conflict("UpdateItem", single, held)); got.Type != "TransactionConflictException" || got.Status != 400 {
		t.Errorf("a single write is answered %v", got)
	}
	if status, answer := d.Conflict("UpdateItem", single, []string{"other"}); status != 500 {
		t.Errorf("a conflict about no item of its own is answered %s", answer)
	}
	if len(d.told) > 0 {
		t.Errorf("written: %v", d.told)
	}
}

// A request writes the items it says, and no read writes any.
func TestDatabase_Writes(t *testing.T) {
	d := newDesk(t)
	g := generator{rand.New(rand.NewPCG(1, 0)), "ledger", 0}
	for range 500 {
		for operation, request := range map[string]fields{"PutItem": g.put(), "UpdateItem": g.update(true), "TransactWriteItems": g.transaction()} {
			d.told = nil
			body := encode(t, request)
			_, _ = d.Serve(operation, body)
			var written []string
			for _, changes := range d.told {
				for _, c := range changes {
					written = append(written, c.Table+"\x00"+c.Key)
				}
			}
			slices.Sort(written)
			if named := d.Writes(operation, body); written != nil && !slices.Equal(named, written) {
				t.Fatalf("%s %s is said to write %q, and writes %q", operation, body, named, written)
			}
		}
	}
	read := encode(t, fields{"TableName": "ledger", "Key": fields{"pk": s("a"), "sk": s("s")}})
	if got := d.Writes("GetItem", read); got != nil {
		t.Errorf("a read writes %q", got)
	}
}

// What the production client does not use is refused with a status of its own.
func TestDatabase_Serve_unknown(t *testing.T) {
	d := newDesk(t)
	key := fields{"pk": s("a"), "sk": s("s")}
	with := func(name string, value any) fields {
		return fields{"TableName": "ledger", "Item": key, "ExpressionAttributeValues": fields{":v": n(1)}, name: value}
	}
	update := func(expression string) fields {
		return fields{"TableName": "ledger", "Key": key, "UpdateExpression": expression, "ExpressionAttributeValues": fields{":v": n(1)}}
	}
	query := func(condition string) fields {
		return fields{"TableName": "ledger", "KeyConditionExpression": condition, "ExpressionAttributeValues": fields{":v": s("a")}}
	}
	for name, c := range map[string]struct {
		operation string
		request   any
	}{
		"an operation":                    {"DeleteItem", fields{"TableName": "ledger", "Key": key}},
		"a body that is not JSON":         {"PutItem", json.RawMessage("1")},
		"a member":                        {"PutItem", with("ReturnValues", "ALL_OLD")},
		"a member of a query":             {"Query", fields{"TableName": "ledger", "FilterExpression": "seq = :v"}},
		"an action":                       {"TransactWriteItems", fields{"TransactItems": []fields{{"Delete": fields{"TableName": "ledger", "Key": key}}}}},
		"an attribute's type":             {"PutItem", fields{"TableName": "ledger", "Item": fields{"pk": s("a"), "sk": s("s"), "x": fields{"BOOL": true}}}},
		"a number beyond 64 bits":         {"PutItem", fields{"TableName": "ledger", "Item": fields{"pk": s("a"), "sk": s("s"), "x": fields{"N": "9223372036854775808"}}}},
		"a fraction":                      {"PutItem", fields{"TableName": "ledger", "Item": fields{"pk": s("a"), "sk": s("s"), "x": fields{"N": "0.5"}}}},
		"a function":                      {"PutItem", with("ConditionExpression", "begins_with(pk, :v)")},
		"an operator":                     {"PutItem", with("ConditionExpression", "NOT seq = :v")},
		"a condition that is cut":         {"PutItem", with("ConditionExpression", "seq = :v AND")},
		"a condition with more":           {"PutItem", with("ConditionExpression", "seq = :v)")},
		"an attribute compared to itself": {"PutItem", with("ConditionExpression", "seq = seq OR seq = :v")},
		"redundant parentheses":           {"PutItem", with("ConditionExpression", "((seq = :v))")},
		"a name that may be reserved":     {"PutItem", with("ConditionExpression", "time = :v")},
		"a path":                          {"PutItem", with("ConditionExpression", "seq.x = :v")},
		"a section":                       {"UpdateItem", update("REMOVE seq")},
		"a section twice":                 {"UpdateItem", update("SET seq = :v SET version = :v")},
		"arithmetic":                      {"UpdateItem", update("SET seq = seq + :v")},
		"a value that is a name":          {"UpdateItem", update("SET seq = version")},
		"a query of many partitions":      {"Query", query("pk > :v")},
		"a query by a function":           {"Query", query("pk = :v AND begins_with(sk, :v)")},
		"a query of another attribute":    {"Query", query("pk = :v AND seq = :v")},
		"a query of either":               {"Query", query("pk = :v OR sk = :v")},
		"a query without a condition":     {"Query", fields{"TableName": "ledger"}},
	} {
		t.Run(name, func(t *testing.T) {
			if status, answer := d.Serve(c.operation, encode(t, c.request)); status != 500 || len(d.told) > 0 {
				t.Errorf("answered %d %s; written: %v", status, answer, d.told)
			}
		})
	}
}

// AWS documents reasons of the item for what DynamoDB Local refuses as a whole or takes.
func TestDatabase_Serve_reasons(t *testing.T) {
	for name, expression := range map[string]string{"add to a text": "ADD account :n", "a number as the index's partition": "SET account = :n"} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.want("", "TransactWriteItems", charging("1", "a", "x"))
			wrong := adding("x", 1)
			wrong["Key"], wrong["UpdateExpression"] = fields{"pk": s("x"), "sk": s("entry")}, expression
			got := d.ask("TransactWriteItems", fields{"TransactItems": []fields{{"Update": adding("a", 1)}, {"Update": wrong}}})
			if len(got.CancellationReasons) != 2 || got.CancellationReasons[0].Code != "None" || got.CancellationReasons[1].Code != "ValidationError" {
				t.Errorf("answered %v", got)
			}
			if got := d.seq("a", true); got != 1 {
				t.Errorf("the account is at seq %d, want 1: no part of a canceled transaction is applied", got)
			}
		})
	}
}

// The same requests are answered with the same bytes; a scan's order does not depend
// on the order of the writes, nor is it the keys'.
func TestDatabase_Serve_deterministic(t *testing.T) {
	scan := fields{"TableName": "ledger"}
	run := func(ids ...string) string {
		d := newDesk(t)
		for _, id := range ids {
			d.want("", "TransactWriteItems", charging(id, "a", id))
		}
		_, answer := d.Serve("Scan", encode(t, scan))
		_, statement := d.Serve("Query", encode(t, fields{
			"TableName": "ledger", "IndexName": "account-time", "KeyConditionExpression": "account = :a", "ExpressionAttributeValues": fields{":a": s("a")},
		}))
		return string(answer) + string(statement)
	}
	ids := []string{"1", "2", "3", "4", "5", "6", "7", "8"}
	want := run(ids...)
	if got := run(ids...); got != want {
		t.Errorf("the second run gives %s, the first %s", got, want)
	}
	slices.Reverse(ids)
	if got := run(ids...); got != want {
		t.Errorf("written in reverse it gives %s, else %s", got, want)
	}
	d := newDesk(t)
	for _, id := range ids {
		d.want("", "TransactWriteItems", charging(id, "a", id))
	}
	var pks []string
	for _, item := range d.ask("Scan", scan).Items {
		pks = append(pks, fmt.Sprint(item["pk"]))
	}
	if slices.IsSorted(pks) {
		t.Errorf("a scan gives %q, sorted as no table of DynamoDB is", pks)
	}
}
