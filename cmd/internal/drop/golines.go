package drop

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// source is a Go file.
type source struct {
	*ast.File
	name, pkg string // pkg is the import path; that of an external test ends in _test
	test      bool
	text      []byte
	at        func(token.Pos) int
	away      map[any]bool // the parser's objects of local variables whose definition is cut
}

// cutGo cuts the rows of kept files that use what goes, and what uses these.
func (s *Selection) cutGo(module string, subjects []subject) error {
	var kept, gone []*source
	for _, part := range []struct {
		files []string
		into  *[]*source
	}{{s.kept, &kept}, {s.gone, &gone}} {
		for _, name := range part.files {
			if path.Ext(name) == ".go" {
				f, err := parse(s.Root, name, module)
				if err != nil {
					return err
				}
				*part.into = append(*part.into, f)
			}
		}
	}
	names := namesOf(gone, kept)
	for more := true; more; {
		more = false
		for _, f := range kept {
			f.uses(names, subjects, func(stack []ast.Node) {
				if cut, ok := f.row(stack, names); ok && !slices.Contains(s.Cuts[f.name], cut) {
					s.Cuts[f.name], more = append(s.Cuts[f.name], cut), true
				}
			})
		}
	}
	for _, cuts := range s.Cuts {
		slices.SortFunc(cuts, func(a, b Span) int { return a.From - b.From })
	}
	return nil
}

func parse(root, name, module string) (*source, error) {
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, name, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	f := &source{File: parsed, name: name, pkg: path.Join(module, path.Dir(name)), text: text, away: map[any]bool{},
		test: strings.HasSuffix(name, "_test.go") || strings.HasSuffix(path.Dir(name), "test"),
		at:   func(p token.Pos) int { return files.Position(p).Offset }}
	if strings.HasSuffix(f.Name.Name, "_test") {
		f.pkg += "_test"
	}
	return f, nil
}

// namesOf gives what only files that go declare, by package: ".name" is a method,
// "*" a whole package.
func namesOf(gone, kept []*source) map[string][]string {
	names := map[string][]string{}
	for _, f := range gone {
		names[f.pkg] = append(append(names[f.pkg], "*"), f.declared()...)
	}
	for _, f := range kept {
		lives := append(f.declared(), "*")
		names[f.pkg] = slices.DeleteFunc(names[f.pkg], func(name string) bool { return slices.Contains(lives, name) })
	}
	return names
}

func (f *source) declared() []string {
	names := slices.Collect(maps.Keys(f.Scope.Objects))
	for _, decl := range f.Decls {
		if method, ok := decl.(*ast.FuncDecl); ok && method.Recv != nil && !slices.Contains(everywhere, method.Name.Name) {
			names = append(names, "."+method.Name.Name)
		}
	}
	return names
}

// everywhere are methods that types of other packages have, too: a call of one says
// nothing of the type.
var everywhere = []string{"Error", "String", "GoString", "LogValue", "Unwrap", "Is", "Write", "Read", "Close"}

// uses finds what uses a name that goes; the last of the stack is the use.
func (f *source) uses(gone map[string][]string, subjects []subject, found func(stack []ast.Node)) {
	imported := map[string][]string{}
	for _, spec := range f.Imports {
		imported[nameOf(spec)] = gone[pathOf(spec)]
	}
	var stack []ast.Node
	ast.Inspect(f.File, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		stack = append(stack, n)
		used := false
		switch n := n.(type) {
		case *ast.ImportSpec:
			used = slices.Contains(gone[pathOf(n)], "*")
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			used = ok && x.Obj == nil && (slices.Contains(imported[x.Name], "*") || slices.Contains(imported[x.Name], n.Sel.Name)) ||
				slices.Contains(gone[f.pkg], "."+n.Sel.Name)
		case *ast.Ident:
			selector, ok := stack[len(stack)-2].(*ast.SelectorExpr)
			used = n.Obj != nil && f.away[n.Obj] || n.Obj == nil && slices.Contains(gone[f.pkg], n.Name) && !(ok && selector.Sel == n)
		case *ast.BasicLit:
			value, _ := strconv.Unquote(n.Value)
			used = !f.test && slices.ContainsFunc(subjects, func(s subject) bool { return !s.cloud && s.names(value) })
		}
		if used {
			found(stack)
		}
		return true
	})
}

func pathOf(spec *ast.ImportSpec) string { return strings.Trim(spec.Path.Value, "\"`") }

func nameOf(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return path.Base(pathOf(spec))
}

// row gives the innermost row of a table, argument, field, declaration or, outside
// tests, statement of one line around a use, or an element of a list. The names
// of fields go, too.
func (f *source) row(stack []ast.Node, gone map[string][]string) (Span, bool) {
	for i := len(stack) - 1; i > 0; i-- {
		listed := false
		switch parent := stack[i-1].(type) {
		case *ast.CompositeLit:
			listed = stack[i] != parent.Type
			_, bare := stack[i].(*ast.BasicLit)
			if _, list := parent.Type.(*ast.ArrayType); listed && (bare || list) {
				return f.span(stack[i], true)
			}
		case *ast.GenDecl, *ast.File:
			listed = true
		case *ast.CallExpr:
			listed = stack[i] != parent.Fun
		case *ast.FieldList:
			if _, listed = stack[i-2].(*ast.StructType); listed {
				for _, name := range stack[i].(*ast.Field).Names {
					gone[f.pkg] = append(gone[f.pkg], "."+name.Name)
				}
			}
		case *ast.BlockStmt:
			cut, alone := f.span(stack[i], false)
			return cut, alone && !f.test && bytes.Count(f.text[cut.From:cut.To], []byte("\n")) == 1 && f.goes(stack[i].(ast.Stmt))
		case *ast.FuncDecl:
			if stack[i] != parent.Recv {
				return Span{}, false
			}
		}
		if cut, alone := f.span(stack[i], false); listed && alone {
			return cut, true
		}
	}
	return Span{}, false
}

// goes says whether a statement may go for a use in it, and notes what it defines.
func (f *source) goes(stmt ast.Stmt) bool {
	assign, ok := stmt.(*ast.AssignStmt)
	if !ok {
		_, call := stmt.(*ast.ExprStmt)
		return call
	}
	if name, ok := assign.Lhs[0].(*ast.Ident); ok && assign.Tok == token.DEFINE {
		f.away[name.Obj] = true
	}
	_, indexed := assign.Lhs[0].(*ast.IndexExpr)
	return len(assign.Lhs) == 1 && (indexed || assign.Tok == token.DEFINE)
}

// span is a node with its comment above and its comma. It has its lines to itself,
// or else is inline.
func (f *source) span(n ast.Node, inline bool) (Span, bool) {
	from, to := f.at(n.Pos()), f.at(n.End())
	start := func(at int) int { return len(bytes.TrimRight(f.text[:at], " \t")) }
	begins := func(at int) bool { return at == 0 || f.text[at-1] == '\n' }
	for _, comment := range f.Comments {
		if at := start(f.at(comment.Pos())); begins(at) && f.at(comment.End())+1 == start(from) {
			from = at
		}
	}
	from = start(from)
	rest, _, _ := bytes.Cut(f.text[to:], []byte("\n"))
	code, _, _ := bytes.Cut(bytes.TrimPrefix(rest, []byte(",")), []byte("//"))
	if begins(from) && len(bytes.TrimSpace(code)) == 0 {
		return Span{from, min(to+len(rest)+1, len(f.text))}, true
	}
	return Span{from, to + len(rest) - len(bytes.TrimPrefix(rest, []byte(",")))}, inline
}

// withoutIdleImports leaves out the imports that only what was cut has used.
func withoutIdleImports(before, after []byte) ([]byte, error) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, "", after, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var idle []Span
	span := func(n ast.Node) Span { return Span{files.Position(n.Pos()).Offset, files.Position(n.End()).Offset} }
	for _, spec := range f.Imports {
		use := regexp.MustCompile(`\b` + nameOf(spec) + `\.`)
		if use.Match(before) && !use.Match(after[span(f).To:]) {
			idle = append(idle, span(spec))
		}
	}
	if len(idle) == len(f.Imports) && len(f.Decls) > 0 {
		idle = []Span{span(f.Decls[0])}
	}
	return without(after, idle), nil
}
