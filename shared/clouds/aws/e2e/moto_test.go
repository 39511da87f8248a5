package e2e_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/webhook-functions/template/shared/clouds/aws/lambdatest"
	"github.com/webhook-functions/template/shared/toolstest"
)

// startMoto serves Secrets Manager until the test ends.
func startMoto(t *testing.T) (endpoint string) {
	t.Helper()
	program, err := filepath.Abs(filepath.Join(root, ".tools/moto/bin/moto_server"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		toolstest.Missing(t, "needs moto: make tools")
	}
	addr := toolstest.FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	process := exec.Command(program, "-H", "127.0.0.1", "-p", port)
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill() // what it knows lives in memory
		_ = process.Wait()
	})
	endpoint = "http://" + addr
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		response, err := http.Get(endpoint + "/moto-api/")
		if err == nil {
			_ = response.Body.Close()
			return endpoint
		}
		if time.Now().After(deadline) {
			t.Fatalf("moto does not answer: %v", err)
		}
	}
}

// webhookSecrets are the test secrets of all platforms.
func webhookSecrets(t *testing.T) string {
	t.Helper()
	signatures, err := os.ReadFile(filepath.Join(root, "events/SIGNATURES.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	return lambdatest.TestSecrets(signatures)
}

// putSecret makes a secret and gives its ARN. Without a value it is one that was
// just deployed.
func putSecret(t *testing.T, endpoint, name, value string) (arn string) {
	t.Helper()
	client := secretsmanager.New(secretsmanager.Options{
		BaseEndpoint: &endpoint,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	made, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: &name, SecretString: unlessEmpty(value)})
	if err != nil {
		t.Fatalf("create secret: %v", err)
	}
	return aws.ToString(made.ARN)
}

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
