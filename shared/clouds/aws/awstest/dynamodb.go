// Package awstest runs AWS's own DynamoDB Local for tests.
//
//	server := awstest.DynamoDB(t)
//	client, err := aws.FromEnv(server.Env)
//	store := client.Ledger(server.LedgerTable(t))
//
// The server is installed by tools/dynamodb-local.sh. It lives in memory and as
// long as the test that started it. It does not throttle, and it knows nothing
// of permissions.
package awstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/toolstest"
)

// Server is a running DynamoDB Local.
type Server struct {
	URL string
}

// DynamoDB starts a server and stops it when the test ends. Where it is not
// installed the test skips, or fails: see toolstest.Missing.
func DynamoDB(t testing.TB) *Server {
	t.Helper()
	jars := filepath.Join(root(), ".tools", "dynamodb-local", "lib")
	if _, err := os.Stat(jars); err != nil {
		toolstest.Missing(t, "DynamoDB Local is not installed: make tools")
	}
	java, err := exec.LookPath("java")
	if err != nil {
		toolstest.Missing(t, "DynamoDB Local needs Java 17")
	}
	addr := toolstest.FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	command := exec.Command(java, "-Xmx512m", "-XX:TieredStopAtLevel=1", "-Djava.library.path="+jars, "-cp", filepath.Join(jars, "*"),
		"software.amazon.dynamodb.services.local.main.ServerRunner", "-inMemory", "-sharedDb", "-disableTelemetry", "-port", port)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill() // it holds nothing worth a good-bye
		_ = command.Wait()
	})
	server := &Server{URL: "http://" + addr}
	if err := server.await(t.Context()); err != nil {
		t.Fatalf("DynamoDB Local did not start: %v", err)
	}
	return server
}

// root is the module's folder.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..", "..")
}

func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := s.call(ctx, "ListTables", struct{}{})
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Env is an environment for aws.FromEnv.
func (s *Server) Env(name string) string {
	return map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"AWS_ENDPOINT_URL_DYNAMODB": s.URL,
	}[name]
}

var tables atomic.Int64

// LedgerTable makes an empty table for aws.Client.Ledger.
func (s *Server) LedgerTable(t testing.TB) string {
	return s.table(t, "ledger", "account")
}

// RecordsTable makes an empty table for aws.Client.Records.
func (s *Server) RecordsTable(t testing.TB) string {
	return s.table(t, "records", "kind")
}

// table has the keys pk and sk and the index "<by>-time".
func (s *Server) table(t testing.TB, kind, by string) string {
	t.Helper()
	name := fmt.Sprintf("%s-%d", kind, tables.Add(1))
	type fields = map[string]any
	keys := func(hash, sort string) []fields {
		return []fields{{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}}
	}
	err := s.call(t.Context(), "CreateTable", fields{
		"TableName":   name,
		"BillingMode": "PAY_PER_REQUEST",
		"KeySchema":   keys("pk", "sk"),
		"AttributeDefinitions": []fields{
			{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
			{"AttributeName": by, "AttributeType": "S"}, {"AttributeName": "time", "AttributeType": "N"},
		},
		"GlobalSecondaryIndexes": []fields{{
			"IndexName": by + "-time", "KeySchema": keys(by, "time"), "Projection": fields{"ProjectionType": "ALL"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// call speaks to the server without the code under test. DynamoDB Local looks
// at the form of a signature only.
func (s *Server) call(ctx context.Context, operation string, in any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	request.Header.Set("X-Amz-Date", "20260101T000000Z")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(response.Body)
		return errors.New(operation + ": " + string(answer))
	}
	return nil
}
