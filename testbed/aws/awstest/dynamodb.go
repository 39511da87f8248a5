// Package awstest runs AWS's own DynamoDB Local for tests.
//
//	server := awstest.DynamoDB(t)
//	client, err := aws.FromEnv(server.Env)
//	store := client.Ledger(server.LedgerTable(t))
//
// The server is installed by tools/aws-dynamodb-local.sh. It lives in memory and as
// long as the test that started it. It does not throttle, and it knows nothing
// of permissions.
package awstest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/testbed/aws/awslocal"
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
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := awslocal.Call(ctx, s.URL, "DynamoDB_20120810.ListTables", struct{}{}, nil)
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

func (s *Server) table(t testing.TB, kind, by string) string {
	t.Helper()
	name := fmt.Sprintf("%s-%d", kind, tables.Add(1))
	if err := awslocal.Call(t.Context(), s.URL, "DynamoDB_20120810.CreateTable", awslocal.Table(name, by), nil); err != nil {
		t.Fatal(err)
	}
	return name
}
