package e2e_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../../.." // of the repository

// sample is one signed body of events/.
type sample struct {
	file      string // "gabber/usage.tracked.json"
	platform  string
	header    string
	secret    string
	signature string
	body      []byte
}

// samples reads events/SIGNATURES.tsv and the bodies it lists.
func samples(t testing.TB) []sample {
	t.Helper()
	table, err := os.ReadFile(filepath.Join(root, "events/SIGNATURES.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(table)), "\n")
	var all []sample
	for _, line := range lines[1:] {
		f := strings.Split(line, "\t")
		if len(f) != 5 {
			t.Fatalf("SIGNATURES.tsv: %d fields in %q", len(f), line)
		}
		body, err := os.ReadFile(filepath.Join(root, "events", f[0]))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := hex.DecodeString(f[4]); err != nil {
			t.Fatalf("SIGNATURES.tsv: %s: %v", f[0], err)
		}
		platform, _, _ := strings.Cut(f[0], "/")
		all = append(all, sample{file: f[0], platform: platform, header: f[1], secret: f[3], signature: f[4], body: body})
	}
	return all
}

// sampleOf gives the sample of one file.
func sampleOf(t testing.TB, file string) sample {
	t.Helper()
	for _, s := range samples(t) {
		if s.file == file {
			return s
		}
	}
	t.Fatalf("no sample %s", file)
	return sample{}
}
