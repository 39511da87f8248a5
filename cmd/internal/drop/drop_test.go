package drop

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// repository is the root of this module.
const repository = "../../.."

func TestApply(t *testing.T) {
	for name, row := range map[string]struct{ drop, want string }{
		"a platform": {"acme-co", "testdata/without-acme-co"},
		"a cloud":    {"aws", "testdata/without-aws"},
	} {
		t.Run(name, func(t *testing.T) {
			got := t.TempDir()
			if err := os.CopyFS(got, os.DirFS("testdata/tree")); err != nil {
				t.Fatal(err)
			}
			dropFrom(t, got, row.drop)
			is, want := read(t, got), read(t, row.want)
			for _, file := range slices.Sorted(maps.Keys(want)) {
				if is[file] != want[file] {
					t.Errorf("%s:\n%s\nwant\n%s", file, is[file], want[file])
				}
				delete(is, file)
			}
			if len(is) != 0 {
				t.Errorf("left: %q", slices.Sorted(maps.Keys(is)))
			}
		})
	}
}

func TestSelectKnowsWhatThereIs(t *testing.T) {
	if _, err := Select("testdata/tree", "acme"); err == nil || !strings.Contains(err.Error(), "aws, gcp") {
		t.Errorf("error %v", err)
	}
}

// The tree without one of its platforms builds as it stands.
func TestApplyLeavesATreeThatBuilds(t *testing.T) {
	platforms := Platforms(repository)
	if len(platforms) < 2 {
		t.Skip("there is one platform")
	}
	vetWithout(t, platforms[0], "./...")
}

// A part goes with its files, its row in the command and its lines of documents, and
// nothing else does.
func TestApplyTakesAPartOut(t *testing.T) {
	for _, name := range parts {
		before, after := vetWithout(t, name, "./cmd/...", "./shared/")
		for file, text := range before {
			left, kept := after[file]
			own := slices.ContainsFunc(strings.FieldsFunc(file, func(r rune) bool { return strings.ContainsRune("/._", r) }), func(part string) bool { return part == name })
			switch {
			case kept == own:
				t.Errorf("%s: of the part %t, left %t", file, own, kept)
			case kept && path.Ext(file) == ".md" && strings.Contains(left, "hooks "+name):
				t.Errorf("%s names it", file)
			case kept && strings.Count(text, "\n")-strings.Count(left, "\n") > 3:
				t.Errorf("%s lost more than its lines", file)
			case kept && path.Ext(file) == ".go":
				left = strings.Join(strings.Fields(left), " ") // columns move
				for line := range strings.Lines(text) {
					if !strings.Contains(left, strings.Join(strings.Fields(line), " ")) && !strings.Contains(strings.ToLower(line), name) {
						t.Errorf("%s lost %q", file, line)
					}
				}
			}
		}
	}
}

// vetWithout vets the tree without a platform or a part, and gives it before and after: the
// go command is shown what changes instead of a copy, which it would compile from scratch.
func vetWithout(t *testing.T, name string, packages ...string) (before, after map[string]string) {
	t.Helper()
	tree := copyTree(t)
	before = read(t, tree)
	dropFrom(t, tree, name)
	after, changed := read(t, tree), map[string]string{}
	root, err := filepath.Abs(repository)
	for name, text := range before {
		if left, kept := after[name]; !kept {
			changed[filepath.Join(root, name)] = ""
		} else if left != text {
			changed[filepath.Join(root, name)] = filepath.Join(tree, name)
		}
	}
	overlay, encodeErr := json.Marshal(map[string]any{"Replace": changed})
	file := filepath.Join(t.TempDir(), "overlay.json")
	if err := cmp.Or(err, encodeErr, os.WriteFile(file, overlay, 0o600)); err != nil {
		t.Fatal(err)
	}
	run(t, root, nil, "go", append([]string{"vet", "-overlay", file}, packages...)...)
	return before, after
}

func dropFrom(t *testing.T, tree string, names ...string) {
	t.Helper()
	selection, err := Select(tree, names...)
	if err == nil {
		err = selection.Apply()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a program there that must succeed.
func run(t *testing.T, dir string, env []string, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}

// copyTree copies what belongs to the repository, with its times: results of tests
// are kept by them.
func copyTree(t *testing.T) string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = repository
	names, err := list.Output()
	if err != nil {
		t.Skip("no git, or no clone")
	}
	tree := t.TempDir()
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		from, to := filepath.Join(repository, name), filepath.Join(tree, name)
		info, err := os.Lstat(from)
		if err != nil || !info.Mode().IsRegular() {
			continue // deleted, or a link
		}
		content, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o755)
		}
		if err == nil {
			err = os.WriteFile(to, content, info.Mode())
		}
		if err == nil {
			err = os.Chtimes(to, info.ModTime(), info.ModTime())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return tree
}

// read gives the files of a tree.
func read(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
