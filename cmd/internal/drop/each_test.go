//go:build drop

package drop

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Whatever a fork drops, the rest builds and its quick tests are green. Results of
// packages that stayed the same come from the go command's cache, which -trimpath
// makes know the files of all copies.
func TestApplyLeavesTheRestGreen(t *testing.T) {
	platforms := Platforms(repository)
	rows := map[string][]string{"aws": {"aws"}, "gcp": {"gcp"}}
	for _, name := range platforms {
		rows[name] = []string{name}
		rows["all but "+name] = slices.DeleteFunc(slices.Clone(platforms), func(p string) bool { return p == name })
	}
	for name, drop := range rows {
		t.Run(name, func(t *testing.T) {
			tree := copyTree(t)
			dropFrom(t, tree, drop...)
			env := []string{"GOFLAGS=-trimpath", "REQUIRE_ALL="}
			run(t, tree, env, "go", "build", "./...")
			run(t, tree, env, "go", "vet", "./...")
			run(t, tree, env, "make", "test-go")
		})
	}
}

// The tree without one of its platforms builds as it stands: the go command is
// shown what changes instead of a copy, which it would compile from scratch.
func TestApplyLeavesATreeThatBuilds(t *testing.T) {
	tree, platforms := copyTree(t), Platforms(repository)
	if len(platforms) < 2 {
		t.Skip("there is one platform")
	}
	before := read(t, tree)
	dropFrom(t, tree, platforms[0])
	after := read(t, tree)
	changed := map[string]string{}
	for name, text := range before {
		at, err := filepath.Abs(filepath.Join(repository, name))
		if err != nil {
			t.Fatal(err)
		}
		if left, kept := after[name]; !kept {
			changed[at] = ""
		} else if left != text {
			changed[at] = filepath.Join(tree, name)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": changed})
	if err == nil {
		err = os.WriteFile(filepath.Join(tree, "overlay.json"), overlay, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	run(t, repository, nil, "go", "vet", "-overlay", filepath.Join(tree, "overlay.json"), "./...")
}
