package ingesttest

import (
	"crypto/sha1"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/webhook-functions/template/shared/providers"
)

func TestEveryNumberIsSomewhere(t *testing.T) {
	var names []string
	for _, r := range rows(t) {
		names = append(names, r.name)
	}
	for _, r := range usageRows() {
		names = append(names, r.name)
	}
	for _, s := range stories {
		names = append(names, s.name)
	}
	found := map[int]bool{148: true} // its rows are files that may be missing
	for _, name := range names {
		if match := regexp.MustCompile(`^B(\d+) `).FindStringSubmatch(name); match != nil {
			n, _ := strconv.Atoi(match[1])
			found[n] = true
		}
	}
	for _, numbers := range elsewhere {
		for n := numbers[0]; n <= numbers[1]; n++ {
			if found[n] {
				t.Errorf("B%d is here and elsewhere", n)
			}
			found[n] = true
		}
	}
	for n := 1; n <= 213; n++ {
		if !found[n] {
			t.Errorf("B%d is nowhere", n)
		}
	}
	slices.Sort(names)
	if unique := len(slices.Compact(slices.Clone(names))); unique != len(names) {
		t.Errorf("%d names for %d rows", unique, len(names))
	}
}

// The tables write down what a platform is a second time. Here the two meet.
func TestPlatformsAreThoseOfTheTable(t *testing.T) {
	table := providers.Table()
	if len(table) != len(platforms) {
		t.Fatalf("%d platforms, the table has %d", len(platforms), len(table))
	}
	for i, entry := range table {
		p := platforms[i]
		if p.name != entry.Name || p.header != entry.SignatureHeader || p.missing != entry.MissingStatus ||
			p.mismatch != entry.MismatchStatus || p.prefix != entry.Scheme.Prefix {
			t.Errorf("%s differs from the table", p.name)
		}
		parsed, err := entry.Decode(newDraft(p, "").body)
		if err != nil || !parsed.Known || parsed.Type != p.event {
			t.Errorf("%s: the good body is read as %q, known: %v, error: %v", p.name, parsed.Type, parsed.Known, err)
		}
	}
}

// A forgery that could not work would prove nothing by being refused.
func TestTheExtensionForgesPlainSHA1(t *testing.T) {
	secret := "a secret of some length"
	for n := range 200 {
		body := make([]byte, n)
		captured := sha1.Sum(append([]byte(secret), body...))
		longer, digest := extend(captured, len(secret), body, []byte("more"))
		if want := sha1.Sum(append([]byte(secret), longer...)); string(digest) != string(want[:]) {
			t.Fatalf("%d bytes: the forged digest is not that of the forged body", n)
		}
	}
}
