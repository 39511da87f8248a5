package outputs_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/webhook-functions/template/cmd/internal/outputs"
	"github.com/webhook-functions/template/shared/toolstest"
)

func ExampleVariables() {
	variables, err := outputs.Variables("export LEDGER_TABLE=webhooks-dev-ledger ACCOUNT_PER_PROJECT=false")
	fmt.Println(variables, err)
	// Output:
	// map[ACCOUNT_PER_PROJECT:false LEDGER_TABLE:webhooks-dev-ledger] <nil>
}

// Terraform's folder and the file that it writes say the same.
func TestTerraform(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "outputs.tf"), []byte(`output "operator" { value = "export A=1 B=https://b/?c=d" }`), 0o600); err != nil {
		t.Fatal(err)
	}
	terraform := toolstest.Terraform(t, folder, t.TempDir())
	if said, err := terraform("apply", "-auto-approve").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	text, err := terraform("output", "-json").Output()
	file := filepath.Join(folder, "outputs.json")
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"A": "1", "B": "https://b/?c=d"}
	for _, path := range []string{folder, file} {
		if got, err := outputs.Terraform(t.Context(), path); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v, error %v", path, got, err)
		}
	}
}
