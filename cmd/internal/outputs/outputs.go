// Package outputs finds the variables of a deployment in what its infrastructure
// puts out. The output operator holds them as a shell would set them:
//
//	export LEDGER_TABLE=webhooks-dev-ledger ACCOUNT_PER_PROJECT=false …
package outputs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Terraform gives the variables from Terraform's outputs. path is a file that
// `terraform output -json` has written, or the folder to run that in.
func Terraform(ctx context.Context, path string) (map[string]string, error) {
	text, err := read(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("outputs of Terraform: %w", err)
	}
	var found struct {
		Operator struct{ Value string }
	}
	if json.Unmarshal(text, &found) != nil {
		return nil, fmt.Errorf("%s is not what terraform output -json writes", path)
	}
	return Variables(found.Operator.Value)
}

func read(ctx context.Context, path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return os.ReadFile(path)
	}
	terraform := exec.CommandContext(ctx, "terraform", "-chdir="+path, "output", "-json")
	terraform.Stderr = os.Stderr
	return terraform.Output()
}

// Variables reads the output operator.
func Variables(operator string) (map[string]string, error) {
	fields := strings.Fields(operator)
	if len(fields) == 0 || fields[0] != "export" {
		return nil, errors.New("the deployment has no output operator: deploy it again with this version")
	}
	variables := make(map[string]string, len(fields))
	for _, field := range fields[1:] {
		name, value, _ := strings.Cut(field, "=")
		variables[name] = value
	}
	return variables, nil
}
