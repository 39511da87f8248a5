package tftest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Module is what the .tf files of a folder say.
type Module struct{ blocks hclsyntax.Blocks }

// Variable of a module.
type Variable struct {
	Documented bool   // it has a type and a description
	Default    string // "" where there is none, or none that is a text
	Pattern    string // what its validation matches the whole of it against
}

// Parse reads the module in dir.
func Parse(t testing.TB, dir string) Module {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no module in %s (%v)", dir, err)
	}
	var m Module
	for _, file := range files {
		m.blocks = append(m.blocks, parsed(t, file).Blocks...)
	}
	return m
}

func parsed(t testing.TB, file string) *hclsyntax.Body {
	t.Helper()
	read, problems := hclparse.NewParser().ParseHCLFile(file)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return read.Body.(*hclsyntax.Body)
}

// Values are the assignments of a .tfvars file; an object is written as its members.
func Values(t testing.TB, file string) map[string]string {
	t.Helper()
	return literals(parsed(t, file).Attributes)
}

func literals(attributes hclsyntax.Attributes) map[string]string {
	all := map[string]string{}
	for name, a := range attributes {
		all[name] = strings.Join(literal(a.Expr), ",")
	}
	return all
}

// literal gives the scalars of a constant expression; of another nothing.
func literal(e hcl.Expression) (all []string) {
	value, problems := e.Value(nil)
	if problems.HasErrors() || value.IsNull() {
		return nil
	}
	if text, err := convert.Convert(value, cty.String); err == nil {
		return []string{text.AsString()}
	}
	for key, element := range value.Elements() {
		if value.Type().IsObjectType() {
			all = append(all, key.AsString()+"="+element.AsString())
		} else {
			all = append(all, element.AsString())
		}
	}
	return all
}

func (m Module) of(kind string) (blocks hclsyntax.Blocks) {
	for _, b := range m.blocks {
		if b.Type == kind {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// Types are those of the resources.
func (m Module) Types() map[string]bool {
	all := map[string]bool{}
	for _, b := range m.of("resource") {
		all[b.Labels[0]] = true
	}
	return all
}

// Variables by their names.
func (m Module) Variables() map[string]Variable {
	all := map[string]Variable{}
	for _, b := range m.of("variable") {
		v := Variable{Documented: b.Body.Attributes["type"] != nil && b.Body.Attributes["description"] != nil, Default: literals(b.Body.Attributes)["default"]}
		hclsyntax.VisitAll(b.Body, func(n hclsyntax.Node) hcl.Diagnostics {
			if call, ok := n.(*hclsyntax.FunctionCallExpr); ok && call.Name == "regex" && slices.Equal(references(call.Args[1]), []string{"var." + b.Labels[0]}) {
				v.Pattern = strings.Join(literal(call.Args[0]), "")
			}
			return nil
		})
		all[b.Labels[0]] = v
	}
	return all
}

// Platforms are those that the module lists.
func (m Module) Platforms() (names []string) {
	for _, b := range m.of("locals") {
		if list := b.Body.Attributes["platforms"]; list != nil {
			names = append(names, literal(list.Expr)...)
		}
	}
	slices.Sort(names)
	return names
}

// CheckSettings: an environment variable that has the name of a variable of the
// module is set from it and from no other.
func (m Module) CheckSettings(t testing.TB) {
	t.Helper()
	variables, settings := m.Variables(), 0
	for _, b := range m.of("resource") {
		hclsyntax.VisitAll(b.Body, func(n hclsyntax.Node) hcl.Diagnostics {
			item, ok := n.(*hclsyntax.ObjectConsExpr)
			if !ok {
				return nil
			}
			for _, i := range item.Items {
				name := hcl.ExprAsKeyword(i.KeyExpr)
				if _, known := variables[strings.ToLower(name)]; !known || name != strings.ToUpper(name) {
					continue
				}
				settings++
				if from := references(i.ValueExpr); !slices.Equal(from, []string{"var." + strings.ToLower(name)}) {
					t.Errorf("%s of %s is set from %v", name, strings.Join(b.Labels, "."), from)
				}
			}
			return nil
		})
	}
	if settings == 0 {
		t.Error("no setting comes from a variable")
	}
}

// references are the addresses that an expression or a body names, such as
// var.tariff, local.labels, aws_sqs_queue.events.
func references(n hclsyntax.Node) []string {
	all := map[string]bool{}
	hclsyntax.VisitAll(n, func(n hclsyntax.Node) hcl.Diagnostics {
		e, ok := n.(*hclsyntax.ScopeTraversalExpr)
		if !ok || len(e.Traversal) < 2 {
			return nil
		}
		if a, ok := e.Traversal[1].(hcl.TraverseAttr); ok {
			all[e.Traversal.RootName()+"."+a.Name] = true
		}
		return nil
	})
	return slices.Sorted(maps.Keys(all))
}

// WaitsFor says whether Terraform makes a resource after another.
func (m Module) WaitsFor(later, earlier string) bool {
	named := map[string][]string{}
	for _, b := range m.blocks {
		switch b.Type {
		case "resource":
			named[strings.Join(b.Labels, ".")] = references(b.Body)
		case "locals":
			for name, a := range b.Body.Attributes {
				named["local."+name] = references(a.Expr)
			}
		}
	}
	seen, next := map[string]bool{}, []string{later}
	for len(next) > 0 {
		address := next[0]
		next = next[1:]
		if !seen[address] {
			seen[address] = true
			next = append(next, named[address]...)
		}
	}
	return later != earlier && seen[earlier] && named[later] != nil
}

// Copy copies a module with its tests: the tree stays clean, and any state and lock
// file is out of reach.
func Copy(t testing.TB, module string) string {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob(filepath.Join(module, "*.tf"))
	for _, file := range files {
		var text []byte
		if text, err = os.ReadFile(file); err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o644)
		}
		if err != nil {
			break
		}
	}
	if err == nil {
		err = os.CopyFS(filepath.Join(dir, "tests"), os.DirFS(filepath.Join(module, "tests")))
	}
	if err != nil || len(files) == 0 {
		t.Fatalf("no module in %s (%v)", module, err)
	}
	return dir
}

// CheckLink: an alarm's text ends in a link to a section of docs/runbook.md that is
// there, and is called after the alarm's code.
func CheckLink(t testing.TB, alarm, text, root, code string) {
	t.Helper()
	runbook, err := os.ReadFile(root + "docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	link := text[strings.LastIndexByte(text, ' ')+1:]
	if !strings.HasSuffix(link, "#"+code) || !strings.Contains(strings.ToLower(string(runbook)), "\n## "+code+"\n") {
		t.Errorf("alarm %s links %q", alarm, link)
	}
}
