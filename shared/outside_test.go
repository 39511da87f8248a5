package shared_test

import (
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	besideUs = regexp.MustCompile(`(?:\.\./)+shared/[a-z.-]*`)
	vectors  = regexp.MustCompile(`/shared/(vectors|events(-[a-z]+)?)?$`)
	searched = regexp.MustCompile(`\bfind\s+/`)
)

// outside gives the words of text that run or search something outside the
// repository. Third-party vectors beside it may be read, and a folder of our own
// shared/ may be named by a relative path.
func outside(text string) []string {
	found := searched.FindAllString(text, -1)
	for _, path := range besideUs.FindAllString(text, -1) {
		_, own := filepath.Split(path)
		if info, err := os.Stat(own); vectors.MatchString(path) || own != "" && err == nil && info.IsDir() {
			continue
		}
		found = append(found, path)
	}
	return found
}

// No program and no test runs or searches anything outside the repository:
// what lies beside it would change what a test says. .ci/run alone may.
func TestNothingOutsideTheRepositoryIsRun(t *testing.T) {
	for _, files := range parse(t, "..") {
		for _, f := range files {
			if f.path == "shared/outside_test.go" || f.path == "shared/mutants_test.go" {
				continue
			}
			ast.Inspect(f.File, func(n ast.Node) bool {
				if literal, ok := n.(*ast.BasicLit); ok {
					text, _ := strconv.Unquote(literal.Value)
					for _, found := range outside(text) {
						t.Errorf("%s: %s", f.path, found)
					}
				}
				if call, ok := n.(*ast.CallExpr); ok {
					for _, found := range searches(call) {
						t.Errorf("%s runs a program on %s", f.path, found)
					}
				}
				return true
			})
		}
	}
	for _, script := range scripts(t) {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range outside(string(text)) {
			t.Errorf("%s: %s", script, found)
		}
	}
}

// searches gives the absolute paths that exec.Command is given as literals.
func searches(call *ast.CallExpr) (found []string) {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !strings.HasPrefix(selector.Sel.Name, "Command") {
		return nil
	}
	for _, argument := range call.Args {
		if literal, ok := argument.(*ast.BasicLit); ok {
			if text, _ := strconv.Unquote(literal.Value); filepath.IsAbs(text) {
				found = append(found, text)
			}
		}
	}
	return found
}

// scripts are the repository's makefiles and shell scripts.
func scripts(t *testing.T) (all []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && name != ".." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		switch filepath.Ext(name) {
		case ".sh", ".mk":
			all = append(all, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(all, "../Makefile")
}
