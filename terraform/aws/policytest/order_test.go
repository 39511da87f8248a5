package policytest

import (
	"os"
	"regexp"
	"testing"
)

var urlPermissions = regexp.MustCompile(`(?s)\nresource "aws_cloudformation_stack" "ingest_url_permissions" \{\n.*?\n  depends_on = \[aws_lambda_function_url\.ingest\]\n\}`)

// Some provider versions change the function's policy along with the URL. A plan
// does not say what waits for what, so this is about the text.
func TestPermissionsWaitForTheURL(t *testing.T) {
	text, err := os.ReadFile("../ingest.tf")
	if err != nil {
		t.Fatal(err)
	}
	if !urlPermissions.Match(text) {
		t.Error("ingest_url_permissions does not wait for the URL: two changes of the function's policy may meet, and one be lost")
	}
}
