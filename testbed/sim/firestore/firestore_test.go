package firestore_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/testbed/sim/firestore"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

const root = "projects/p/databases/d/documents"

// serve sends a request, in which "ROOT" stands for root.
func serve(d *firestore.Database, method, body string) (status int, answer string) {
	status, text := d.Serve("/v1/"+root+":"+method, []byte(strings.ReplaceAll(body, "ROOT", root)))
	return status, string(text)
}

func mustServe(t testing.TB, d *firestore.Database, method, body string, into any) {
	t.Helper()
	status, answer := serve(d, method, body)
	if status != 200 {
		t.Fatalf("%s: %d %s", method, status, answer)
	}
	if err := json.Unmarshal([]byte(answer), into); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
}

// put is a commit of one document.
func put(t testing.TB, d *firestore.Database, fields string) (updateTime, commitTime time.Time) {
	t.Helper()
	var answer struct {
		WriteResults []struct{ UpdateTime time.Time }
		CommitTime   time.Time
	}
	mustServe(t, d, "commit", `{"writes":[{"update":{"name":"ROOT/c/a","fields":`+fields+`}}]}`, &answer)
	return answer.WriteResults[0].UpdateTime, answer.CommitTime
}

func TestDatabase_Serve_times(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	d := firestore.New(func() time.Time { return now })
	var last time.Time
	for i, step := range []time.Duration{0, 0, -time.Hour, time.Nanosecond, 2 * time.Hour} {
		now = now.Add(step)
		updated, committed := put(t, d, fmt.Sprintf(`{"n":{"integerValue":"%d"}}`, i))
		if !updated.After(last) || !updated.Equal(committed) {
			t.Errorf("step %d: updated %v and committed %v after a commit at %v", i, updated, committed, last)
		}
		var read []struct{ ReadTime time.Time }
		mustServe(t, d, "batchGet", `{"documents":["ROOT/c/a"]}`, &read)
		if read[0].ReadTime.Before(committed) {
			t.Errorf("step %d: read as of %v, before the commit at %v", i, read[0].ReadTime, committed)
		}
		last = updated
	}
	if updated, committed := put(t, d, `{"n":{"integerValue":"4"}}`); !updated.Equal(last) || !committed.After(last) {
		t.Errorf("a commit at %v that changes nothing gives update time %v in place of %v", committed, updated, last)
	}
}

func TestDatabase_Serve_order(t *testing.T) {
	d := firestore.New(time.Now)
	read := func(ids ...string) (names []string) {
		var answer []struct{ Missing string }
		mustServe(t, d, "batchGet", `{"documents":["ROOT/c/`+strings.Join(ids, `","ROOT/c/`)+`"]}`, &answer)
		for _, line := range answer {
			names = append(names, line.Missing[strings.LastIndexByte(line.Missing, '/')+1:])
		}
		return names
	}
	asked := []string{"a", "b", "c", "d", "e", "f"}
	got := read(asked...)
	slices.Reverse(asked)
	if again := read(asked...); !slices.Equal(got, again) {
		t.Errorf("answers come in the orders %q and %q", got, again)
	}
	slices.Sort(asked)
	if slices.Equal(got, asked) {
		t.Errorf("answers come in the order of the request: %q", got)
	}
}

func TestDatabase_Serve_refusals(t *testing.T) {
	const update, ok = `{"update":{"name":"ROOT/c/%d","fields":{}}}`, `"update":{"name":"ROOT/c/a"}`
	writes := func(n int) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf(update, i)
		}
		return `{"writes":[` + strings.Join(all, ",") + `]}`
	}
	where := func(path, op string) string {
		return `"where":{"fieldFilter":{"field":{"fieldPath":"` + path + `"},"op":"` + op + `","value":{"stringValue":"x"}}}`
	}
	orders := func(of ...string) string {
		for i, o := range of {
			path, direction, _ := strings.Cut(o, " ")
			of[i] = `{"field":{"fieldPath":"` + path + `"},"direction":"` + direction + `ENDING"}`
		}
		return `"orderBy":[` + strings.Join(of, ",") + `]`
	}
	query := func(collection string, members ...string) string {
		return `{"structuredQuery":{` + strings.Join(append(members, `"from":[{"collectionId":"`+collection+`"}]`), ",") + `}}`
	}
	for _, row := range []struct{ name, method, body, code string }{
		{"as many writes as there may be", "commit", writes(500), ""},
		{"too many writes", "commit", writes(501), "INVALID_ARGUMENT"},
		{"a request too large", "commit", `{"writes":[]` + strings.Repeat(" ", 10<<20) + `}`, "INVALID_ARGUMENT"},
		{"a document's name too long", "batchGet", `{"documents":["ROOT/c/` + strings.Repeat("x", 6<<10) + `"]}`, "INVALID_ARGUMENT"},
		{"the shortest reserved id", "batchGet", `{"documents":["ROOT/c/____"]}`, "INVALID_ARGUMENT"},
		{"no JSON", "commit", `{"writes":[`, "INVALID_ARGUMENT"},
		{"another database", "batchGet", `{"documents":["projects/p/databases/e/documents/c/a"]}`, "INVALID_ARGUMENT"},

		{"a statement", "runQuery", query("entries", where("account", "EQUAL"), orders("time ASC", "__name__ ASC")), ""},
		{"a list of records", "runQuery", query("records", where("kind", "EQUAL"), orders("time DESC", "__name__ DESC")), ""},
		{"an index in the other direction", "runQuery", query("entries", where("account", "EQUAL"), orders("time DESC", "__name__ DESC")), "FAILED_PRECONDITION"},
		{"an index with names in the other direction", "runQuery", query("entries", where("account", "EQUAL"), orders("time ASC", "__name__ DESC")), "FAILED_PRECONDITION"},
		{"an index of another collection", "runQuery", query("twins", where("account", "EQUAL"), orders("time ASC", "__name__ ASC")), "FAILED_PRECONDITION"},
		{"an index on no field of the query", "runQuery", query("entries", where("kind", "EQUAL"), orders("time ASC", "__name__ ASC")), "FAILED_PRECONDITION"},
		{"an index of two orders", "runQuery", query("entries", orders("account ASC", "id ASC", "__name__ ASC")), "FAILED_PRECONDITION"},
		{"a field's own index", "runQuery", query("entries", where("kind", "EQUAL")), ""},
		{"a field without an index", "runQuery", query("entries", where("time", "EQUAL")), "FAILED_PRECONDITION"},
		{"an order by a field without an index", "runQuery", query("accounts", orders("balance ASC", "__name__ ASC")), "FAILED_PRECONDITION"},
		{"names downwards", "runQuery", query("accounts", orders("__name__ DESC")), "FAILED_PRECONDITION"},

		{"an unknown method", "rollback", `{}`, "UNIMPLEMENTED"},
		{"an unknown member of a commit", "commit", `{"writes":[],"transaction":"x"}`, "UNIMPLEMENTED"},
		{"a delete", "commit", `{"writes":[{"delete":"ROOT/c/a"}]}`, "UNIMPLEMENTED"},
		{"an unknown precondition", "commit", `{"writes":[{` + ok + `,"currentDocument":{"age":1}}]}`, "UNIMPLEMENTED"},
		{"an unknown transform", "commit", `{"writes":[{` + ok + `,"updateTransforms":[{"fieldPath":"n","minimum":{"integerValue":"1"}}]}]}`, "UNIMPLEMENTED"},
		{"an increment by a double", "commit", `{"writes":[{` + ok + `,"updateTransforms":[{"fieldPath":"n","increment":{"doubleValue":1}}]}]}`, "UNIMPLEMENTED"},
		{"an unknown type of value", "commit", `{"writes":[{"update":{"name":"ROOT/c/a","fields":{"f":{"nullValue":null}}}}]}`, "UNIMPLEMENTED"},
		{"a reference in a document", "commit", `{"writes":[{"update":{"name":"ROOT/c/a","fields":{"f":{"referenceValue":"ROOT/c/a"}}}}]}`, "UNIMPLEMENTED"},
		{"a path into a map", "commit", `{"writes":[{` + ok + `,"updateMask":{"fieldPaths":["a.b"]}}]}`, "UNIMPLEMENTED"},
		{"a document in a document", "batchGet", `{"documents":["ROOT/c/a/d/b"]}`, "UNIMPLEMENTED"},
		{"an unknown filter", "runQuery", query("c", where("f", "IN")), "UNIMPLEMENTED"},
		{"an unknown composite", "runQuery", query("c", `"where":{"compositeFilter":{"op":"OR","filters":[]}}`), "UNIMPLEMENTED"},
		{"an unknown member of a query", "runQuery", query("c", `"offset":1`), "UNIMPLEMENTED"},
		{"a cursor before its document", "runQuery", query("c", `"startAt":{"values":[],"before":true}`), "UNIMPLEMENTED"},
		{"all collections", "runQuery", `{"structuredQuery":{}}`, "UNIMPLEMENTED"},
	} {
		d := firestore.New(time.Now)
		status, answer := serve(d, row.method, row.body)
		var refused []struct{ Error struct{ Status string } }
		if row.method == "commit" {
			answer = "[" + answer + "]"
		}
		if err := json.Unmarshal([]byte(answer), &refused); err != nil {
			t.Fatalf("%s: %v in %s", row.name, err, answer)
		}
		if code := refused[0].Error.Status; code != row.code || (status == 200) != (code == "") || (status == 501) != (code == "UNIMPLEMENTED") {
			t.Errorf("%s: status %d, code %q, want %q: %s", row.name, status, code, row.code, answer)
		}
	}
}

func TestDatabase_Serve_path(t *testing.T) {
	for _, path := range []string{"", "/", "/v1/" + root, "/v2/" + root + ":commit", "/v1/projects/p/databases/d:commit", "/v1/" + root + "/c/a:runQuery"} {
		if status, answer := firestore.New(time.Now).Serve(path, []byte(`{}`)); status != 501 {
			t.Errorf("%q: %d %s", path, status, answer)
		}
	}
}

const charge = `{"writes":[
	{"update":{"name":"ROOT/entries/%d","fields":{"id":{"stringValue":"1"},"amount":{"integerValue":"-7"},"data":{"bytesValue":"AQI="}}},"currentDocument":{"exists":false}},
	{"update":{"name":"ROOT/accounts/u1","fields":{"account":{"stringValue":"u1"}}},"updateMask":{"fieldPaths":["account"]},
		"updateTransforms":[{"fieldPath":"balance","increment":{"integerValue":"-7"}},{"fieldPath":"seq","increment":{"integerValue":"1"}}]}]}`

func TestDatabase_OnCommit(t *testing.T) {
	var notified [][]stored.Change
	d := firestore.New(time.Now)
	d.OnCommit = func(changes []stored.Change) { notified = append(notified, changes) }
	for i, status := range []int{200, 200} {
		if got, answer := serve(d, "commit", fmt.Sprintf(charge, i)); got != status {
			t.Fatalf("%d %s", got, answer)
		}
	}
	for _, request := range []string{fmt.Sprintf(charge, 1), `{"writes":[]}`, `{`} {
		serve(d, "commit", request)
	}
	serve(d, "batchGet", `{"documents":["ROOT/accounts/u1"]}`)
	account := func(n int64) stored.Item { return stored.Item{"account": "u1", "balance": -7 * n, "seq": n} }
	entry := stored.Item{"id": "1", "amount": int64(-7), "data": []byte{1, 2}}
	want := [][]stored.Change{
		{{Table: "entries", Key: "0", New: entry}, {Table: "accounts", Key: "u1", New: account(1)}},
		{{Table: "entries", Key: "1", New: entry}, {Table: "accounts", Key: "u1", Old: account(1), New: account(2)}},
	}
	if !reflect.DeepEqual(notified, want) {
		t.Errorf("notified %v, want %v", notified, want)
	}
}

func TestDatabase_OnCommit_oneDocumentTwice(t *testing.T) {
	var notified []stored.Change
	d := firestore.New(time.Now)
	d.OnCommit = func(changes []stored.Change) { notified = changes }
	const add = `{"update":{"name":"ROOT/c/a"},"updateMask":{},"updateTransforms":[{"fieldPath":"n","increment":{"integerValue":"%d"}}]}`
	serve(d, "commit", `{"writes":[`+fmt.Sprintf(add, 1)+`,`+fmt.Sprintf(add, math.MaxInt64)+`]}`)
	first, second := stored.Item{"n": int64(1)}, stored.Item{"n": int64(math.MaxInt64)}
	want := []stored.Change{{Table: "c", Key: "a", New: first}, {Table: "c", Key: "a", Old: first, New: second}}
	if !reflect.DeepEqual(notified, want) {
		t.Errorf("notified %v, want %v", notified, want)
	}
}

func TestDatabase_Conflict(t *testing.T) {
	d := firestore.New(time.Now)
	d.OnCommit = func(changes []stored.Change) { t.Errorf("notified %v", changes) }
	path, body := "/v1/"+root+":commit", []byte(strings.ReplaceAll(fmt.Sprintf(charge, 1), "ROOT", root))
	names := d.Writes(path, body)
	if want := []string{root + "/accounts/u1", root + "/entries/1"}; !slices.Equal(names, want) {
		t.Errorf("writes %q, want %q", names, want)
	}
	status, answer := d.Conflict(path, body, names[:1])
	var refused struct{ Error struct{ Status string } }
	if err := json.Unmarshal(answer, &refused); err != nil || status != 409 || refused.Error.Status != "ABORTED" {
		t.Errorf("%d %s", status, answer)
	}
	if names := d.Writes("/v1/"+root+":batchGet", []byte(`{"documents":["`+root+`/c/a"]}`)); names != nil {
		t.Errorf("a read writes %q", names)
	}
}
