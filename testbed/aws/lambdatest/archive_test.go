package lambdatest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
)

// The environment's settings of Go, zip and the shell do not change the bytes, nor
// does a workspace around the fork or the folder it is in.
func TestArchivesAreReproducible(t *testing.T) {
	for _, tool := range []string{"make", "bash", "zip"} {
		if _, err := exec.LookPath(tool); err != nil {
			toolstest.Missing(t, tool+" is not installed")
		}
	}
	first := archive(t, fork(t, t.TempDir()), "022")
	around := t.TempDir()
	write(t, filepath.Join(around, "go.work"), "go 1.27.0\n")
	settings := filepath.Join(around, "settings")
	write(t, settings, "GOFLAGS=-tags=other\nGOEXPERIMENT=jsonv2\nGOARM64=v8.1\nGOFIPS140=latest\nGO_EXTLINK_ENABLED=1\n")
	if err := os.MkdirAll(filepath.Join(around, "build", "aws-outbound"), 0o755); err != nil { // where CDPATH would lead
		t.Fatal(err)
	}
	second := fork(t, filepath.Join(around, "fork"))
	for _, hostile := range []map[string]string{
		{"GOENV": settings},
		{
			"GOWORK": filepath.Join(around, "go.work"), "GOFLAGS": "-mod=vendor -tags=other -ldflags=-X=main.a=b", "GO111MODULE": "off",
			"GOEXPERIMENT": "jsonv2", "GOFIPS140": "latest", "GODEBUG": "http2client=0", "GO_EXTLINK_ENABLED": "1", "GOOS": "windows", "GOARCH": "386",
			"GOARM64": "v8.1", "GOAMD64": "v3", "CGO_ENABLED": "1", "CGO_CFLAGS": "-O0 -g", "CGO_LDFLAGS": "-s", "CC": "false",
			"ZIPOPT": "-0", "ZIP": "-0", "CDPATH": around, "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8",
		},
	} {
		for name, value := range hostile {
			t.Setenv(name, value)
		}
		if !bytes.Equal(first, archive(t, second, "077")) {
			t.Errorf("two archives of the same sources differ: %v", hostile)
		}
	}
}

// fork copies into dir what the functions are built from.
func fork(t *testing.T, dir string) string {
	t.Helper()
	for _, folder := range []string{"mk", "functions", "shared"} {
		if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join("..", "..", "..", folder))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"Makefile", "go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join("..", "..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, file), string(content))
	}
	return dir
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// archive is what `make zip` makes of a function under a umask.
func archive(t *testing.T, dir, umask string) []byte {
	t.Helper()
	command := exec.Command("bash", "-c", "umask "+umask+"; exec make zip-aws-outbound")
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	content, err := os.ReadFile(filepath.Join(dir, "build", "aws-outbound.zip"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}
