package policytest

import (
	"os"
	"testing"

	"github.com/webhook-functions/template/terraform/tftest"
)

// What has the same name on both clouds has the same default and takes the same. How
// long logs are kept has no default here: it would be that of the whole project.
func TestVariables(t *testing.T) {
	there := tftest.Parse(t, module+"../aws").Variables()
	for name, here := range tftest.Parse(t, module).Variables() {
		other, ok := there[name]
		if !here.Documented || ok && !other.Documented {
			t.Errorf("%s has no type or no description", name)
		}
		if ok && name != "log_retention_days" && name != "name" && (here.Default != other.Default || here.Pattern != other.Pattern) {
			t.Errorf("%s is %v here and %v in terraform/aws", name, here, other)
		}
	}
}

// Both modules take the same schemes.
func TestSchemesFile(t *testing.T) {
	here, err := os.ReadFile(module + "schemes.tf")
	if err != nil {
		t.Fatal(err)
	}
	if there, err := os.ReadFile(module + "../aws/schemes.tf"); err != nil || string(there) != string(here) {
		t.Errorf("schemes.tf differs from that of terraform/aws (%v)", err)
	}
}
