package signature_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A fork can be made without the kinds of signatures that it does not use: each has a
// file of its own, which no other one needs.
func TestEachKindOfSignatureCanBeLeftOut(t *testing.T) {
	optional := []string{"form.go", "hash.go", "public.go", "static.go", "token.go"}
	for _, names := range [][]string{optional, optional[:1], optional[1:2], optional[2:3], optional[3:4], optional[4:]} {
		replace := map[string]string{}
		for _, name := range names {
			path, err := filepath.Abs(name)
			if err != nil {
				t.Fatal(err)
			}
			replace[path] = ""
		}
		overlay := filepath.Join(t.TempDir(), "overlay.json")
		text, err := json.Marshal(map[string]any{"Replace": replace})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(overlay, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "build", "-overlay", overlay, ".").CombinedOutput(); err != nil {
			t.Errorf("without %v: %v\n%s", names, err, out)
		}
	}
}
