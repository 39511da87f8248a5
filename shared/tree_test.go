// Package shared_test keeps the house in order: it reads the sources of the
// whole module and reports what breaks the rules of the tree. The rules are the
// tables below; a change of the architecture is a change of a row.
package shared_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport lists, for a folder and what is below it, the folders of this
// module it may import beside its own. The standard library is always allowed.
var mayImport = map[string][]string{
	"shared/webhook":   {"shared/signature"},
	"shared/signature": {},
	"shared/strict":    {},
	"shared/page":      {},
	"shared/ledger":    {"shared/page"},
	"shared/records":   {"shared/page"},
	"shared/typo":      {},
	"shared/config":    {},
	"shared/secrets":   {"shared/webhook", "shared/signature", "shared/strict", "shared/typo"},
	"shared/providers": {"shared/webhook", "shared/signature", "shared/strict"},
	"shared/ingest":    {"shared/webhook", "shared/signature"},
	"shared/worker":    {"shared/webhook"},
	"shared/followups": {"shared/webhook", "shared/providers", "shared/strict"},
	"shared/accounts":  {"shared/webhook", "shared/providers", "shared/ledger", "shared/records", "shared/strict", "shared/followups"},
	"shared/handlers":  {"shared/webhook", "shared/providers", "shared/ledger", "shared/records", "shared/strict", "shared/followups", "shared/accounts", "shared/config"},
	"shared/outbound":  {"shared/webhook", "shared/providers", "shared/ledger", "shared/records", "shared/strict", "shared/followups", "shared/accounts", "shared/config", "shared/signature"},
	"shared/operator":  {"shared/webhook", "shared/providers", "shared/ledger", "shared/page", "shared/records", "shared/strict", "shared/followups", "shared/accounts", "shared/handlers"},
}

// modules lists who may import what from outside; "*" is everything. SDKs and
// drivers live in the clouds. What finds an operator's credentials is for the
// commands alone: a function starts without it. An entry of functions/ may name
// the runtime that starts it, nothing more.
var modules = map[string][]string{
	"shared/clouds/aws":   {"github.com/aws/aws-lambda-go", "github.com/aws/aws-sdk-go-v2/aws"},
	"shared/clouds/gcp":   {"github.com/GoogleCloudPlatform/functions-framework-go"},
	"shared/clouds/local": {"modernc.org/sqlite"},
	"testbed":             {"*"},
	"functions":           {"github.com/aws/aws-lambda-go/lambda", "github.com/GoogleCloudPlatform/functions-framework-go"},
	"cmd":                 {"github.com/alecthomas/kong"},
	"cmd/hooks-aws":       {"github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/service/cloudformation"},
	"cmd/hooks-gcp":       {"golang.org/x/oauth2/google"},
	"terraform":           {"github.com/hashicorp/hcl/v2", "github.com/zclconf/go-cty"}, // the tests that read the modules
}

// forCommands are the folders that commands and tests import, so that no function
// links them.
var forCommands = []string{"shared/signature/catalogue", "shared/signature/doctor"}

// testModules may be imported by any test.
var testModules = []string{"pgregory.net/rapid"}

// Below shared/, outside the clouds, whatever is not deterministic is an
// argument.
var (
	forbiddenCalls   = []string{"time.Now", "time.Since", "time.Until", "os.Getenv", "os.LookupEnv", "os.Environ"}
	forbiddenImports = []string{"math/rand", "math/rand/v2", "crypto/rand"}
)

// selfEvident methods say all with their name: they belong to interfaces every
// Go programmer knows.
var selfEvident = []string{"Error", "Unwrap", "String", "GoString", "LogValue", "MarshalJSON", "UnmarshalJSON"}

var junkDrawers = []string{"utils", "util", "common", "types", "helpers", "helper"}

func TestTree(t *testing.T) {
	for _, broken := range check(t, "..", moduleOf(t, "../go.mod")) {
		t.Error(broken)
	}
}

// check gives every broken rule of the tree below root, sorted.
func check(t *testing.T, root, module string) []string {
	t.Helper()
	packages := parse(t, root)
	if len(packages) == 0 {
		t.Fatalf("no Go file below %s", root)
	}
	var broken []string
	for folder, files := range packages {
		report := func(where, format string, args ...any) {
			broken = append(broken, where+": "+fmt.Sprintf(format, args...))
		}
		checkPackage(folder, files, report)
		for _, f := range files {
			f.checkImports(module, report)
			if !f.test {
				f.checkDeterminism(report)
				f.checkDocs(report)
			}
		}
	}
	slices.Sort(broken)
	return slices.Compact(broken)
}

type file struct {
	path string // from the root, with slashes
	test bool   // a _test.go file, or part of a suite for tests such as ledgertest
	*ast.File
}

func (f file) folder() string { return path.Dir(f.path) }

// parse reads every Go file below root, by folder.
func parse(t *testing.T, root string) map[string][]file {
	t.Helper()
	packages := map[string][]file{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel != "." && (d.Name() == "testdata" || d.Name() == "build" || strings.HasPrefix(d.Name(), ".")) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		f := file{path: rel, File: parsed}
		f.test = strings.HasSuffix(rel, "_test.go") || strings.HasSuffix(path.Base(f.folder()), "test") || under(rel, "testbed")
		packages[f.folder()] = append(packages[f.folder()], f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

type reporter func(where, format string, args ...any)

func checkPackage(folder string, files []file, report reporter) {
	code := slices.DeleteFunc(slices.Clone(files), func(f file) bool { return strings.HasSuffix(f.path, "_test.go") })
	if len(code) == 0 {
		return
	}
	name := code[0].Name.Name
	if folder == "." {
		report("package "+name, "the root holds no package")
	}
	if slices.Contains(junkDrawers, name) || slices.Contains(junkDrawers, path.Base(folder)) {
		report(folder, "the name of package %s or of its folder says nothing about its subject", name)
	}
	if !slices.ContainsFunc(code, func(f file) bool { return f.Doc.Text() != "" }) {
		report(folder, "package %s has no package comment", name)
	}
}

func (f file) checkImports(module string, report reporter) {
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		own, isOurs := strings.CutPrefix(imported, module+"/")
		switch {
		case isOurs:
			f.checkOwnImport(own, report)
		case strings.Contains(strings.Split(imported, "/")[0], "."):
			f.checkModule(imported, report)
		}
	}
}

// checkOwnImport is about one folder of the module importing another. Tests may
// look around more freely, but no more than code past a cloud or into a main.
func (f file) checkOwnImport(imported string, report reporter) {
	if sameHouse(f.folder(), imported) {
		return
	}
	if under(imported, "cmd/internal") && under(f.folder(), "cmd") {
		return // what the commands share
	}
	if under(imported, "functions") || under(imported, "cmd") {
		report(f.path, "imports %s: nothing imports an entry point", imported)
		return
	}
	if !f.test && isWorker(f.folder()) && under(imported, "shared/outbound") {
		report(f.path, "imports %s: the worker never sees an API client", imported)
		return
	}
	if under(f.folder(), "shared/clouds") && under(imported, "shared/clouds") {
		report(f.path, "imports %s: clouds never import one another", imported)
		return
	}
	if f.test {
		return
	}
	if under(imported, "testbed") {
		report(f.path, "imports %s: only tests import the testbed", imported)
		return
	}
	if under(f.folder(), "shared") && !under(f.folder(), "shared/clouds") && under(imported, "shared/clouds") {
		report(f.path, "imports %s: only entry points choose a cloud", imported)
		return
	}
	if slices.Contains(forCommands, imported) && !under(f.folder(), "cmd") {
		report(f.path, "imports %s: only commands and tests do", imported)
		return
	}
	for folder, may := range mayImport {
		if under(f.folder(), folder) && !slices.ContainsFunc(may, func(m string) bool { return under(imported, m) }) {
			report(f.path, "imports %s: %s may import %s", imported, folder, cmp.Or(strings.Join(may, ", "), "the standard library only"))
		}
	}
}

// isWorker: the code runs in the function that books, which calls no platform.
func isWorker(folder string) bool {
	return under(folder, "shared/handlers") || under(folder, "functions") && strings.HasSuffix(folder, "-worker")
}

// sameHouse: a folder listed in mayImport is one house with all below it, and
// so is each cloud, function and command.
func sameHouse(a, b string) bool {
	house := func(folder string) string {
		parts := strings.Split(folder, "/")
		if under(folder, "shared/clouds") {
			return strings.Join(parts[:min(3, len(parts))], "/")
		}
		return strings.Join(parts[:min(2, len(parts))], "/")
	}
	return house(a) == house(b)
}

func (f file) checkModule(imported string, report reporter) {
	allowed := func(m string) bool { return m == "*" || under(imported, m) }
	for folder, may := range modules {
		if under(f.folder(), folder) && slices.ContainsFunc(may, allowed) {
			return
		}
	}
	if f.test && slices.ContainsFunc(testModules, allowed) {
		return
	}
	report(f.path, "imports %s: the table modules does not list it here", imported)
}

func (f file) checkDeterminism(report reporter) {
	if !under(f.folder(), "shared") || under(f.folder(), "shared/clouds") {
		return
	}
	names := map[string]string{} // name in this file → import path
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = imported
		if slices.Contains(forbiddenImports, imported) {
			report(f.path, "imports %s: randomness is an argument", imported)
		}
		if name == "." {
			report(f.path, "imports %s into its own scope, where no rule can see it", imported)
		}
	}
	ast.Inspect(f.File, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			report(f.path, "starts a goroutine")
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && slices.Contains(forbiddenCalls, names[x.Name]+"."+n.Sel.Name) {
				report(f.path, "uses %s.%s: clock and environment are arguments", names[x.Name], n.Sel.Name)
			}
		}
		return true
	})
}

func (f file) checkDocs(report reporter) {
	undocumented := func(name string) { report(f.path, "%s has no doc comment", name) }
	for _, decl := range f.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			checkFunc(decl, undocumented)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				checkSpec(decl, spec, undocumented)
			}
		}
	}
}

func checkFunc(decl *ast.FuncDecl, undocumented func(name string)) {
	receiver, name := receiverOf(decl), decl.Name.Name
	switch {
	case !ast.IsExported(name), decl.Doc.Text() != "":
	case receiver == "":
		undocumented(name)
	case ast.IsExported(receiver) && !slices.Contains(selfEvident, name):
		undocumented(receiver + "." + name)
	}
}

// checkSpec takes a comment on the group, above the name or behind it. A
// constant of a named type may rely on the comment of its type.
func checkSpec(group *ast.GenDecl, spec ast.Spec, undocumented func(name string)) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() && group.Doc.Text()+spec.Doc.Text() == "" {
			undocumented(spec.Name.Name)
		}
	case *ast.ValueSpec:
		explained := group.Doc.Text()+spec.Doc.Text()+spec.Comment.Text() != "" || group.Tok == token.CONST && spec.Type != nil
		for _, name := range spec.Names {
			if name.IsExported() && !explained {
				undocumented(name.Name)
			}
		}
	}
}

// receiverOf gives the type a method belongs to, "" for a function.
func receiverOf(decl *ast.FuncDecl) string {
	if decl.Recv == nil {
		return ""
	}
	name := ""
	ast.Inspect(decl.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return true
	})
	return name
}

// under says whether name is folder or below it.
func under(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

// moduleOf reads the module path: a fork may have changed it.
func moduleOf(t *testing.T, gomod string) string {
	t.Helper()
	data, err := os.ReadFile(gomod)
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`(?m)^module (\S+)$`).FindSubmatch(data)
	if match == nil {
		t.Fatalf("%s names no module", gomod)
	}
	return string(match[1])
}
