package lambdatest_test

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/webhook-functions/template/testbed/aws/lambdatest"
)

func TestStandIn(t *testing.T) {
	s := &lambdatest.StandIn{Secrets: `{"gabber":"x"}`}
	for operation, row := range map[string]struct{ body, want string }{
		"AmazonSQS.SendMessage":         {`{"MessageBody":"hello"}`, "5d41402abc4b2a76b9719d911017c592"}, // MD5 of hello
		"secretsmanager.GetSecretValue": {`{}`, `{\"gabber\":\"x\"}`},
		"DynamoDB_20120810.PutItem":     {`{"TableName":"records"}`, "{}"},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(row.body))
		r.Header.Set("X-Amz-Target", operation)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if answer, _ := io.ReadAll(w.Body); w.Code != 200 || !strings.Contains(string(answer), row.want) {
			t.Errorf("%s: status %d, answer %s", operation, w.Code, answer)
		}
		if s.Calls()[operation] != 1 {
			t.Errorf("%s: calls %v", operation, s.Calls())
		}
	}
}
