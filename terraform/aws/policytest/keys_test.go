package policytest

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/ledger"
)

// request is what a function asks of a table: an action on the items of one
// leading key, naming attributes.
type request struct {
	action, table, key string
	attributes         []string
}

// A role that may touch an item may touch only what its code touches: outbound
// reads accounts and notes how far the platform knows them. What it could write
// besides would be an entry that keeps its event from being charged, an anchor
// that suppresses one, or a balance.
func TestOutboundMayTouchAccountsOnly(t *testing.T) {
	marks := asked(t, func(l ledger.LimitMarks) {
		_, _ = l.Account(t.Context(), "member-1")
		_ = l.MarkPushed(t.Context(), "member-1", 7)
	})
	if len(marks) != 2 {
		t.Fatalf("outbound's code made the requests %v, want a read and a mark", marks)
	}
	mark := []string{"pk", "sk", "synced_seq"}
	refused := []request{
		{"dynamodb:UpdateItem", "ledger", "entry#1", mark},
		{"dynamodb:UpdateItem", "ledger", "twin#1", mark},
		{"dynamodb:UpdateItem", "ledger", "", mark},
		{"dynamodb:UpdateItem", "ledger", "my-account#1", mark},
		{"dynamodb:UpdateItem", "ledger", "account#1", []string{"pk", "sk", "balance"}},
		{"dynamodb:UpdateItem", "ledger", "account#1", append(mark, "seq")},
		{"dynamodb:UpdateItem", "records", "account#1", mark},
		{"dynamodb:PutItem", "ledger", "account#1", mark},
		{"dynamodb:GetItem", "ledger", "entry#1", []string{"pk", "sk"}},
		{"dynamodb:Query", "ledger", "account#1", []string{"pk", "sk"}},
	}
	for _, v := range variants {
		for where, s := range map[string]system{"template": templateSystem(t, v.parameters), "plan": planSystem(t, v.name)} {
			for _, r := range marks {
				if !s.allows("OutboundRole", r) {
					t.Errorf("%s/%s: outbound may not %v", v.name, where, r)
				}
			}
			for _, r := range refused {
				if s.allows("OutboundRole", r) {
					t.Errorf("%s/%s: outbound may %v", v.name, where, r)
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
		requests = append(requests, readRequest(operation, decoded(t, string(body))))
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
func readRequest(operation string, body any) request {
	r := request{action: "dynamodb:" + operation, table: text(body, "TableName"), key: text(body, "Key", "pk", "S")}
	attributes, _ := at(body, "Key").(map[string]any)
	r.attributes = slices.Collect(maps.Keys(attributes))
	for _, w := range word.FindAllString(text(body, "UpdateExpression")+" "+text(body, "ConditionExpression"), -1) {
		if !strings.ContainsAny(w, ":#(") && w != strings.ToUpper(w) {
			r.attributes = append(r.attributes, w)
		}
	}
	return r
}

// allows says what IAM would.
func (s system) allows(role string, r request) bool {
	for _, policy := range s.Roles[role].Policies {
		for _, st := range policy {
			if st.Effect == "Allow" && slices.Contains(st.Actions, r.action) && fulfilled(st.Condition, r) &&
				slices.ContainsFunc(st.Resources, func(arn string) bool { return short(arn) == r.table }) {
				return true
			}
		}
	}
	return false
}

// fulfilled evaluates the conditions in use; of others it says no.
func fulfilled(condition any, r request) bool {
	values := map[string][]string{"dynamodb:LeadingKeys": {r.key}, "dynamodb:Attributes": r.attributes}
	operators, _ := condition.(map[string]any)
	for operator, keys := range operators {
		for key, allowed := range keys.(map[string]any) {
			for _, value := range values[key] {
				if !slices.ContainsFunc(texts(allowed), func(pattern string) bool { return like(operator, pattern, value) }) {
					return false
				}
			}
			if values[key] == nil {
				return false
			}
		}
	}
	return true
}

func like(operator, pattern, value string) bool {
	switch operator {
	case "ForAllValues:StringEquals":
		return pattern == value
	case "ForAllValues:StringLike":
		prefix, rest, star := strings.Cut(pattern, "*")
		return star && rest == "" && strings.HasPrefix(value, prefix)
	}
	return false
}
