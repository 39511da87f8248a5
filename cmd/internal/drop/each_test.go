//go:build drop

package drop

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Results of packages that stayed the same come from the go command's cache, which
// -trimpath makes know the files of all copies.
var inCopies = []string{"GOFLAGS=-trimpath", "REQUIRE_ALL="}

// The rest builds and its quick tests are green, whichever platform, cloud or part is
// dropped, and with one platform alone.
func TestApplyLeavesTheRestGreen(t *testing.T) {
	platforms := Platforms(repository)
	rows := map[string][]string{"aws": {"aws"}, "gcp": {"gcp"}}
	for _, name := range parts {
		rows[name] = []string{name}
	}
	for _, name := range platforms {
		rows[name] = []string{name}
		rows["all but "+name] = slices.DeleteFunc(slices.Clone(platforms), func(p string) bool { return p == name })
	}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		t.Run(name, func(t *testing.T) {
			tree := copyTree(t)
			dropFrom(t, tree, rows[name]...)
			checkTree(t, tree)
		})
	}
}

// added is where a line goes for a new platform, by file: after a text.
var added = map[string][2]string{
	"shared/providers/providers.go": {"\t\"strings\"\n", "\n\t\"github.com/webhook-functions/template/shared/providers/bazaar\"\n"},
	"shared/handlers/handlers.go":   {"var platforms = []platform{", "\n\tbazaarPlatform,"},
}

// A platform with a reaction is six files or fewer; without it the tree is as it was.
func TestApplyTakesBackAPlatformThatWasAdded(t *testing.T) {
	tree := copyTree(t)
	before := read(t, tree)
	if err := os.CopyFS(tree, os.DirFS("testdata/bazaar")); err != nil {
		t.Fatal(err)
	}
	for file, line := range added {
		insert(t, tree, file, line[0], line[1])
	}
	insert(t, tree, "shared/providers/providers.go", "return Entries{", "\n\t\tbazaar.Platform,")
	sample, secret := read(t, "testdata/bazaar")["events/bazaar/order.paid.json"], "bazaar-test-secret-not-real"
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(sample))
	insert(t, tree, "events/SIGNATURES.tsv", "bytes\n", fmt.Sprintf("bazaar/order.paid.json\tX-Bazaar-Hmac\thmac-sha256\t%s\t%x\n", secret, mac.Sum(nil)))

	changed := 0
	for name, text := range read(t, tree) {
		if before[name] != text {
			changed++
		}
	}
	if changed > 6 {
		t.Errorf("a platform is %d files", changed)
	}
	checkTree(t, tree)
	dropFrom(t, tree, "bazaar")
	for name, text := range read(t, tree) {
		if before[name] != text {
			t.Errorf("%s differs:\n%s", name, text)
		}
	}
}

func insert(t *testing.T, tree, file, after, text string) {
	t.Helper()
	name := filepath.Join(tree, file)
	content, err := os.ReadFile(name)
	front, back, found := strings.Cut(string(content), after)
	if err == nil && found {
		err = os.WriteFile(name, []byte(front+after+text+back), 0o644)
	}
	if err != nil || !found {
		t.Fatalf("%s: %v, found %t", file, err, found)
	}
}

func checkTree(t *testing.T, tree string) {
	t.Helper()
	run(t, tree, inCopies, "go", "build", "./...")
	run(t, tree, inCopies, "go", "vet", "./...")
	run(t, tree, inCopies, "make", "test-go")
}
