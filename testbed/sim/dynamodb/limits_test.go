package dynamodb_test

import (
	"fmt"
	"strings"
	"testing"
)

// The simulation draws its limits where DynamoDB Local does, to the byte.
func TestDatabase_Serve_limits(t *testing.T) {
	t.Parallel()
	p, table := newPair(t)
	put := func(item fields) fields { return fields{"TableName": table, "Item": item} }
	update := func(key fields, expression string, v fields) fields {
		return fields{"TableName": table, "Key": key, "UpdateExpression": expression, "ExpressionAttributeValues": fields{":v": v}}
	}
	key := func(pk, sk string) fields { return fields{"pk": s(pk), "sk": s(sk)} }
	with := func(item fields, name string, v fields) fields {
		item[name] = v
		return item
	}
	x := func(n int) string { return strings.Repeat("x", n) }

	for pk, sk := range map[int]int{1: 1, 0: 1, 2: 0, 2048: 2, 2049: 2, 3: 1024, 4: 1025} {
		p.same("PutItem", put(key(x(pk), x(sk))))
		p.same("GetItem", fields{"TableName": table, "Key": key(x(pk), x(sk))})
		p.same("TransactWriteItems", fields{"TransactItems": []fields{{"Put": put(key("beside", "s"))}, {"Update": update(key(x(pk), x(sk)), "ADD seq :v", n(1))}}})
	}
	for _, item := range []fields{{"pk": s("a")}, {"sk": s("a")}, {}, {"pk": n(1), "sk": s("a")}, with(key("a", "b"), "x", s("c"))} {
		p.same("PutItem", put(item))
		p.same("GetItem", fields{"TableName": table, "Key": item})
		p.same("UpdateItem", update(item, "ADD seq :v", n(1)))
	}
	for name, values := range map[string][]fields{"account": {n(1), s(""), s(x(2048)), s(x(2049))}, "time": {s("1")}} {
		for _, v := range values {
			p.same("PutItem", put(with(key("index", "s"), name, v)))
			p.same("TransactWriteItems", fields{"TransactItems": []fields{{"Put": put(key("index", "r"))}, {"Put": put(with(key("index", "s"), name, v))}}})
		}
	}
	const most = 400<<10 - len("pk"+"a"+"sk"+"s"+"note")
	for _, size := range []int{most - 1, most, most + 1} {
		p.same("PutItem", put(with(key("a", "s"), "note", s(x(size)))))
		p.same("TransactWriteItems", fields{"TransactItems": []fields{{"Put": put(with(key("b", "s"), "note", s(x(size))))}}})
	}
	for _, number := range []int{0, 1230, -12345, 123456} {
		for room := range 7 {
			p.same("PutItem", put(with(key("a", "s"), "note", s(x(most-len("version")-room)))))
			set := update(key("a", "s"), "SET version = :v", n(number))
			p.same("TransactWriteItems", fields{"TransactItems": []fields{{"Update": set}}})
			p.same("UpdateItem", set)
		}
	}
	for _, count := range []int{0, 1, 100, 101} {
		var actions []fields
		for i := range count {
			actions = append(actions, fields{"Put": put(key("many", fmt.Sprint(i)))})
		}
		p.same("TransactWriteItems", fields{"TransactItems": actions})
	}
	const quarter = 1<<18 - len("pk"+"much"+"sk"+"01"+"n") // of a page
	for _, beyond := range []int{0, 1} {
		var actions []fields
		for i := range 16 {
			actions = append(actions, fields{"Put": put(with(key("much", fmt.Sprintf("%02d", i)), "n", s(x(quarter+beyond*(i/15)))))})
		}
		p.same("TransactWriteItems", fields{"TransactItems": actions})
	}
	for _, forward := range []bool{true, false} { // pages of a megabyte
		r := fields{"TableName": table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": fields{":p": s("much")}, "ScanIndexForward": forward}
		for page := p.same("Query", r); page.LastEvaluatedKey != nil; page = p.same("Query", r) {
			r["ExclusiveStartKey"] = page.LastEvaluatedKey
		}
	}
	for _, token := range []string{"", x(36), x(37)} {
		p.same("TransactWriteItems", fields{"ClientRequestToken": token, "TransactItems": []fields{{"Put": put(key("token", "s"))}}})
	}
	twice := fields{"Put": put(key("twice", "s"))}
	p.same("TransactWriteItems", fields{"TransactItems": []fields{twice, twice}})
	p.same("Query", fields{"TableName": table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": fields{":p": s("a")}, "Limit": 0})
}

func TestDatabase_Serve_numbers(t *testing.T) {
	t.Parallel()
	p, table := newPair(t)
	digits := strings.Repeat("9", 38)
	for _, text := range []string{
		"0", "-0", "007", "+5", "9223372036854775807", "-9223372036854775808", "", " 1", "abc", "0x1f", "--1", ".", "1e", "NaN", "1_000",
		digits + "9", "1." + digits, "1e126", "-1e126", "10e125", strings.Repeat("1", 39) + "e-39", "1" + strings.Repeat("0", 126),
	} {
		p.same("PutItem", fields{"TableName": table, "Item": fields{"pk": s("n"), "sk": s("n"), "n": fields{"N": text}}})
		p.same("GetItem", fields{"TableName": table, "Key": fields{"pk": s("n"), "sk": s("n")}})
	}
}

// A name that the simulation takes without a placeholder is no reserved word.
func TestDatabase_Serve_names(t *testing.T) {
	t.Parallel()
	p, table := newPair(t)
	for _, name := range []string{"account", "amount", "balance", "kind", "pk", "seq", "sk", "synced_seq", "version"} {
		p.same("PutItem", fields{
			"TableName": table, "Item": fields{"pk": s("a"), "sk": s("s")},
			"ConditionExpression": "attribute_not_exists(" + name + ") OR " + name + " <> :v", "ExpressionAttributeValues": fields{":v": n(1)},
		})
	}
}
