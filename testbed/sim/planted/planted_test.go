package planted

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../../.."

// laid gives the text of a file with the fault in it.
func laid(t *testing.T, f fault) string {
	data, err := os.ReadFile(filepath.Join(root, f.file))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, e := range f.edits {
		if n := strings.Count(text, e.old); n != 1 {
			t.Fatalf("%d times in %s, want once:\n%s", n, f.file, e.old)
		}
		text = strings.Replace(text, e.old, e.new, 1)
	}
	return text
}

func TestFaults_apply(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) { laid(t, f) })
	}
}
