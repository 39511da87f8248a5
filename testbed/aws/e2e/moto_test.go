package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/testbed/aws/awslocal"
)

// startMoto serves Secrets Manager until the test ends.
func startMoto(t *testing.T) (endpoint string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, ".tools/moto/bin/moto_server")); err != nil {
		toolstest.Missing(t, "needs moto: make tools")
	}
	moto, err := awslocal.StartMoto(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := moto.Close(); err != nil {
			t.Error(err)
		}
	})
	return moto.URL
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
