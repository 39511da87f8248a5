// Package buildpacktest compiles archives of `make package-gcp` the way Google's
// builder for Go functions does, so that a deployment cannot fail on what this
// machine could have known.
//
//	binary := buildpacktest.Function(t, "gcp-ingest")
//
// What the builder does: it parses the Go files at the root of the archive, all
// of them, and wants exactly one package; it writes a main package that imports
// that one for the functions it registers, and the framework that serves them;
// it compiles that. It runs `go mod tidy` before, over the network. Here nothing
// is tidied: what go.mod and go.sum do not say, the archive must not need.
package buildpacktest

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
)

// Function packs a function, compiles the archive and gives the path of the
// binary. Like the framework's own main it serves the function that
// FUNCTION_TARGET names on PORT, but on the address HOST only.
func Function(t testing.TB, name string) string {
	t.Helper()
	needTools(t)
	binary := filepath.Join(t.TempDir(), name)
	if err := Build(name, binary); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return binary
}

// Build packs a function and compiles the archive into binary.
func Build(name, binary string) error {
	dir, err := os.MkdirTemp("", "buildpack-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	archive, err := pack(name, dir)
	if err != nil {
		return err
	}
	source := filepath.Join(dir, "source")
	if err := unpack(archive, source); err != nil {
		return err
	}
	return Compile(source, binary)
}

// Pack runs what `make package-gcp` runs and gives the path of the archive.
func Pack(t testing.TB, name string) string {
	t.Helper()
	needTools(t)
	archive, err := pack(name, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

func needTools(t testing.TB) {
	t.Helper()
	for _, tool := range []string{"bash", "zip"} {
		if _, err := exec.LookPath(tool); err != nil {
			toolstest.Missing(t, tool+" is not installed")
		}
	}
}

func pack(name, out string) (archive string, err error) {
	return filepath.Join(out, name+".zip"), run(root(), filepath.Join(root(), "tools", "package-gcp.sh"), name, out)
}

// root is the module's folder.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

// Unzip unpacks an archive into dir.
func Unzip(t testing.TB, archive, dir string) {
	t.Helper()
	if err := unpack(archive, dir); err != nil {
		t.Fatal(err)
	}
}

func unpack(archive, dir string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		if err := unzip(f, filepath.Join(dir, f.Name)); err != nil {
			return err
		}
	}
	return nil
}

func unzip(f *zip.File, name string) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	content, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o644)
}

const framework = "github.com/GoogleCloudPlatform/functions-framework-go"

// Compile builds the function in dir into binary. Its errors say what the
// builder would have stumbled over.
func Compile(dir, binary string) error {
	name, imports, err := rootPackage(dir)
	if err != nil {
		return err
	}
	if !imports[framework+"/functions"] {
		return fmt.Errorf("package %s does not import %s/functions: the builder would look for a function of an older kind", name, framework)
	}
	if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
		return fmt.Errorf("the folder %s is called like the package at the root: the builder would take it for the function", name)
	}
	module, err := modulePath(dir)
	if err != nil {
		return err
	}
	app := filepath.Join(dir, "functions.local", "app")
	if err := os.MkdirAll(app, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(app, "main.go"), []byte(fmt.Sprintf(mainText, framework, module)), 0o644); err != nil {
		return err
	}
	// -trimpath is not the builder's: it lets the build cache serve a copy in any folder.
	return run(dir, "go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", binary, "./functions.local/app")
}

const mainText = `package main

import (
	"log"
	"os"

	"%s/funcframework"
	_ "%s"
)

func main() {
	log.Fatal(funcframework.StartHostPort(os.Getenv("HOST"), os.Getenv("PORT")))
}
`

// rootPackage reads the Go files at the root, those of tests and those that
// build tags leave out included, as the builder does.
func rootPackage(dir string) (name string, imports map[string]bool, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return "", nil, err
	}
	imports = make(map[string]bool)
	names := make(map[string]bool)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return "", nil, err
		}
		names[parsed.Name.Name] = true
		addImports(imports, parsed)
	}
	switch all := slices.Sorted(maps.Keys(names)); {
	case len(all) == 0:
		return "", nil, errors.New("there is no Go package at the root")
	case len(all) > 1:
		return "", nil, fmt.Errorf("there are several packages at the root: %s", strings.Join(all, ", "))
	case all[0] == "main":
		return "", nil, errors.New("the package at the root is a main package")
	default:
		return all[0], imports, nil
	}
}

func addImports(imports map[string]bool, file *ast.File) {
	for _, spec := range file.Imports {
		imports[strings.Trim(spec.Path.Value, `"`)] = true
	}
}

// modulePath gives the module's path, whose first part must be a host's name.
func modulePath(dir string) (string, error) {
	content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", errors.New("there is no go.mod at the root")
	}
	for line := range strings.Lines(string(content)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
				return "", fmt.Errorf("the first part of the module's path %s has no dot", path)
			}
			return path, nil
		}
	}
	return "", errors.New("go.mod names no module")
}

func run(dir, name string, arguments ...string) error {
	command := exec.Command(name, arguments...)
	command.Dir = dir
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(arguments, " "), err, output.Bytes())
	}
	return nil
}
