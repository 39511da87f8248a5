// Package drop takes platforms, clouds and parts out of a source tree. What belongs to a
// platform or a part is told by its name alone:
//
//   - folders and files whose name is the platform's, or begins with it and a "_";
//   - in other Go files the rows of tables, fields, declarations and, outside tests,
//     statements that use what these declare or name the platform in a string;
//   - in other files lines and blocks whose first word begins with the name, rows of
//     documents' tables about this platform alone, and elements of lists.
//
// A cloud's name may stand anywhere in the name of a file or folder. The simulator,
// which is about all platforms and clouds, goes with the first that goes. [Select] only looks;
// [Selection.Apply] changes the tree.
package drop

import (
	"fmt"
	"go/format"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Selection is what goes.
type Selection struct {
	Root string
	Gone []string          // folders and files, by their path from the root
	Cuts map[string][]Span // what goes of other files, in order

	gone, kept []string // all files
}

// whole are the folders and files that need all platforms and clouds.
var whole = []string{"testbed/sim", "mk/sim.mk", "docs/simulator.md"}

// parts are commands that may be dropped, too. Of one named so lines of documents say
// "hooks NAME".
var parts = []string{"doctor"}

// Span is a range of bytes.
type Span struct{ From, To int }

// subject is a platform, a cloud or a part.
type subject struct {
	name, word string // as in routes, and without dashes
	cloud      bool
}

// Platforms lists the platforms of the tree at root: those with samples.
func Platforms(root string) (names []string) {
	samples, _ := filepath.Glob(filepath.Join(root, "events", "*", "*.json")) // the pattern is well formed
	for _, sample := range samples {
		names = append(names, filepath.Base(filepath.Dir(sample)))
	}
	return slices.Compact(names)
}

// Select finds what the named platforms and clouds own in the tree at root.
func Select(root string, names ...string) (*Selection, error) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	all := slices.Concat(Platforms(root), slices.Sorted(maps.Keys(cloudWords)), parts)
	var subjects, rest []subject
	for _, name := range names {
		if !slices.Contains(all, name) {
			return nil, fmt.Errorf("no platform, cloud or part %s here: there are %s", name, strings.Join(all, ", "))
		}
		subjects = append(subjects, subject{name, spelled(name), cloudWords[name] != nil})
	}
	for _, name := range all {
		other := subject{name, spelled(name), cloudWords[name] != nil}
		if !slices.Contains(subjects, other) && slices.ContainsFunc(subjects, func(s subject) bool { return s.cloud == other.cloud }) {
			rest = append(rest, other)
		}
	}
	s := &Selection{Root: root, Cuts: map[string][]Span{}}
	if err := s.divide(subjects); err != nil {
		return nil, err
	}
	if err := s.cutGo(strings.Fields(string(mod))[1], subjects); err != nil {
		return nil, err
	}
	return s, s.cutText(subjects, rest)
}

// spelled gives a name without what its spellings differ in: G_TATETH is gtateth.
func spelled(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

// divide parts the files of the tree into those that go and those that are kept.
func (s *Selection) divide(subjects []subject) error {
	return filepath.WalkDir(s.Root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == s.Root {
			return err
		}
		if d.IsDir() && (slices.Contains([]string{".git", ".tools", ".terraform", "build"}, d.Name()) || isTree(name)) {
			return fs.SkipDir
		}
		rel, _ := filepath.Rel(s.Root, name)
		rel = filepath.ToSlash(rel)
		inGone := len(s.Gone) > 0 && strings.HasPrefix(rel, s.Gone[len(s.Gone)-1]+"/")
		if !inGone && (breaks(subjects) && slices.Contains(whole, rel) || slices.ContainsFunc(subjects, func(sub subject) bool { return sub.owns(rel) })) {
			s.Gone, inGone = append(s.Gone, rel), true
		}
		switch {
		case !d.Type().IsRegular():
		case inGone:
			s.gone = append(s.gone, rel)
		case !strings.Contains(rel, "testdata/"): // a fixture goes by its name or stays as it is
			s.kept = append(s.kept, rel)
		}
		return nil
	})
}

// breaks says whether what needs all platforms and clouds goes.
func breaks(subjects []subject) bool {
	return slices.ContainsFunc(subjects, func(s subject) bool { return !s.isPart() })
}

func (s subject) isPart() bool { return slices.Contains(parts, s.name) }

// isTree: a fixture that is a source tree, whose platforms are its own.
func isTree(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "shared"))
	return filepath.Base(filepath.Dir(dir)) == "testdata" && err == nil
}

// owns says whether a file or folder is the subject's.
func (s subject) owns(file string) bool {
	name := path.Base(file)
	if s.cloud {
		parts := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("-_.", r) })
		ours := slices.Contains(parts, s.word) || s.word == "aws" && slices.Contains([]string{"template.yaml", "samconfig.toml"}, file)
		return ours && !strings.Contains(file, "testdata/")
	}
	first, _, _ := strings.Cut(name, "_")
	return slices.ContainsFunc(append(strings.Split(name, "."), first), func(part string) bool { return spelled(part) == s.word })
}

// names says whether a string is the platform's name, a type of its events or the
// name of a variable.
func (s subject) names(text string) bool {
	variable := strings.ToUpper(strings.ReplaceAll(s.name, "-", "_")) + "_"
	return text == s.name || strings.HasPrefix(text, s.name+".") || strings.HasPrefix(text, variable)
}

// Lines gives what is cut from other files, each as file:line: text.
func (s *Selection) Lines() (lines []string, err error) {
	for _, file := range slices.Sorted(maps.Keys(s.Cuts)) {
		data, err := os.ReadFile(filepath.Join(s.Root, file))
		if err != nil {
			return nil, err
		}
		text := string(data)
		for _, cut := range s.Cuts[file] {
			first, _, more := strings.Cut(strings.TrimSpace(text[cut.From:cut.To]), "\n")
			if more {
				first += " …"
			}
			lines = append(lines, fmt.Sprintf("%s:%d: %s", file, 1+strings.Count(text[:cut.From], "\n"), first))
		}
	}
	return lines, nil
}

// Apply removes the selection from the tree.
func (s *Selection) Apply() error {
	for _, name := range s.Gone {
		if err := os.RemoveAll(filepath.Join(s.Root, name)); err != nil {
			return err
		}
	}
	for file, cuts := range s.Cuts {
		name := filepath.Join(s.Root, file)
		before, err := os.ReadFile(name)
		if err != nil || len(cuts) == 0 {
			return err
		}
		after := without(before, cuts)
		if path.Ext(file) == ".go" {
			if after, err = withoutIdleImports(before, after); err == nil {
				after, err = format.Source(after)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		if err := os.WriteFile(name, after, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// without gives a text that lacks some spans.
func without(text []byte, cuts []Span) (rest []byte) {
	at := 0
	for _, cut := range cuts {
		rest = append(rest, text[at:max(at, cut.From)]...)
		at = max(at, cut.To)
	}
	return append(rest, text[at:]...)
}
