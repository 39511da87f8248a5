package policytest

import (
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/terraform/tftest"
	"github.com/webhook-functions/template/testbed/aws/awslocal"
)

// `sam local` gives a function the logical id for every resource its environment
// refers to, and the stand-in calls what it has by those.
func TestLocalEnvironment(t *testing.T) {
	resources := at(transformed(t, nil), "Resources")
	known, referred := awslocal.Environment("http://127.0.0.1"), 0
	for id, resource := range resources {
		if tftest.Text(resource, "Type") != "AWS::Lambda::Function" {
			continue
		}
		for name, value := range at(resource, "Properties", "Environment", "Variables") {
			target := tftest.Text(value, "Ref")
			if _, isResource := resources[target]; !isResource {
				continue
			}
			referred++
			if !slices.Contains(known, name+"="+target) {
				t.Errorf("%s of %s is %s: the stand-in has %s", name, id, target, strings.Join(known, ", "))
			}
		}
	}
	if referred == 0 {
		t.Error("no function refers to anything")
	}
}
