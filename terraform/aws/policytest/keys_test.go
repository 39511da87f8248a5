package policytest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/terraform/tftest"
)

// request is what a function asks of a table: an action on the items of one
// leading key, naming attributes.
type request struct {
	action, table, key string
	attributes         []string
}

// A role that may touch an item may touch only what its code touches: outbound reads
// accounts and notes how far the platform knows them. What it could write besides
// would be an entry that keeps its event from being charged, or a balance.
func TestOutboundRole(t *testing.T) {
	made := asked(t, func(l ledger.LimitMarks) {
		_, _ = l.Account(t.Context(), "member-1")
		_ = l.MarkPushed(t.Context(), "member-1", 7)
	})
	if len(made) != 2 {
		t.Fatalf("outbound's code made the requests %v, want a read and a mark", made)
	}
	mark := made[1]
	with := func(change func(*request)) request {
		r := mark
		change(&r)
		return r
	}
	refused := []request{
		with(func(r *request) { r.key = "entry#1" }),
		with(func(r *request) { r.key = "twin#1" }),
		with(func(r *request) { r.key = "" }),
		with(func(r *request) { r.key = "my-account#1" }),
		with(func(r *request) { r.attributes = []string{"pk", "sk", "balance"} }),
		with(func(r *request) { r.table = "records" }),
		with(func(r *request) { r.action = "dynamodb:PutItem" }),
		{"dynamodb:GetItem", "ledger", "entry#1", nil},
		{"dynamodb:Query", "ledger", mark.key, nil},
	}
	for _, v := range variants {
		for where, s := range v.systems(t) {
			for i, r := range slices.Concat(made, refused) {
				if allowed := s.allows("OutboundRole", r); allowed != (i < len(made)) {
					t.Errorf("%s, %s: outbound may %v: %t", where, v.name, r, allowed)
				}
			}
		}
	}
}

// asked gives the requests that a use of the ledger makes.
func asked(t *testing.T, use func(ledger.LimitMarks)) (requests []request) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		body, _ := io.ReadAll(r.Body)
		requests = append(requests, readRequest(operation, string(body)))
		_, _ = io.WriteString(w, "{}")
	}))
	defer server.Close()
	env := map[string]string{"AWS_REGION": region, "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_ENDPOINT_URL": server.URL}
	client, err := aws.FromEnv(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	use(client.Ledger("ledger"))
	return requests
}

var word = regexp.MustCompile(`[:#]?[A-Za-z_]+\(?`)

// readRequest finds what IAM looks at. Functions, placeholders and the words in
// capitals are no attributes.
func readRequest(operation, body string) request {
	r := request{action: "dynamodb:" + operation, table: tftest.Text(body, "TableName"), key: tftest.Text(body, "Key", "pk", "S")}
	for attribute := range at(body, "Key") {
		r.attributes = append(r.attributes, attribute)
	}
	for _, w := range word.FindAllString(tftest.Text(body, "UpdateExpression")+" "+tftest.Text(body, "ConditionExpression"), -1) {
		if !strings.ContainsAny(w, ":#(") && w != strings.ToUpper(w) {
			r.attributes = append(r.attributes, w)
		}
	}
	return r
}

// allows says what IAM would, by the conditions in use.
func (s system) allows(role string, r request) bool {
	for name, f := range s["role policy"] {
		for _, st := range tftest.List(f["document"]) {
			on := func(arn string) bool { return short(arn) == r.table }
			if strings.HasPrefix(name, role+" ") && slices.Contains(tftest.Texts(st, "Action"), r.action) && slices.ContainsFunc(tftest.Texts(st, "Resource"), on) &&
				like(r.attributes, tftest.Texts(st, "Condition", "ForAllValues:StringEquals", "dynamodb:Attributes")) &&
				like([]string{r.key}, tftest.Texts(st, "Condition", "ForAllValues:StringLike", "dynamodb:LeadingKeys")) {
				return true
			}
		}
	}
	return false
}

// like says whether each value is like one of the patterns, where there are any.
func like(values, patterns []string) bool {
	for _, value := range values {
		if patterns != nil && !slices.ContainsFunc(patterns, func(pattern string) bool {
			prefix, star := strings.CutSuffix(pattern, "*")
			return value == pattern || star && strings.HasPrefix(value, prefix)
		}) {
			return false
		}
	}
	return true
}
