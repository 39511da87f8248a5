package signature_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/toolstest"
)

const repository = "../.."

var hmacs = map[string]signature.Scheme{"sha1": inSHA1, "sha256": inHex}

// RFC 2202 and RFC 4231. RFC 4231 prints its case 5 truncated to 128 bits,
// which no scheme of ours accepts.
func TestVerifyRFCVectors(t *testing.T) {
	for _, row := range tsv(t, "shared/signature/testdata", "rfc.tsv") {
		name, algorithm, key, message, digest := row[0], row[1], bytesOf(row[2]), bytesOf(row[3]), row[4]
		t.Run(name, func(t *testing.T) {
			ring := signature.Unchecked(hmacs[algorithm], key)
			truncated := name == "RFC 4231 case 5"
			if _, ok := verify(ring, digest, message); ok == truncated {
				t.Errorf("Verify = %v", ok)
			}
			if signed := signed(ring, message); !strings.HasPrefix(signed, digest) || (signed == digest) == truncated {
				t.Errorf("Sign = %s", signed)
			}
		})
	}
}

type wycheproof struct {
	TestGroups []struct {
		TagSize int // bits
		Tests   []struct {
			TcID                   int
			Comment, Key, Msg, Tag string
			Result                 string
		}
	}
}

// Project Wycheproof. A valid tag that was truncated is refused like an invalid
// one: a shorter signature is easier to guess.
func TestVerifyWycheproof(t *testing.T) {
	for algorithm, bits := range map[string]int{"sha1": 160, "sha256": 256} {
		t.Run(algorithm, func(t *testing.T) {
			var vectors wycheproof
			if err := json.Unmarshal([]byte(file(t, "../shared/vectors/wycheproof", "hmac_"+algorithm+"_test.json")), &vectors); err != nil {
				t.Fatal(err)
			}
			accepted := 0
			for _, group := range vectors.TestGroups {
				for _, test := range group.Tests {
					ring := signature.Unchecked(hmacs[algorithm], bytesOf(test.Key))
					_, ok := verify(ring, test.Tag, bytesOf(test.Msg))
					if want := test.Result == "valid" && group.TagSize == bits; ok != want {
						t.Errorf("tcId %d (%s): Verify = %v", test.TcID, test.Comment, ok)
					}
					if ok {
						accepted++
					}
				}
			}
			if accepted == 0 {
				t.Error("no tag was accepted")
			}
		})
	}
}

// A fork may have more samples than the originals, or fewer: what both have is compared.
func TestSamplesAreTheOriginals(t *testing.T) {
	for _, list := range []string{"MANIFEST.tsv", "SIGNATURES.tsv"} {
		originals := map[string][]string{}
		for _, row := range tsv(t, "../shared/events", list) {
			originals[row[0]] = row
		}
		compared := 0
		for _, row := range tsv(t, "events", list) {
			original, both := originals[row[0]]
			if !both {
				continue
			}
			compared++
			if !slices.Equal(row, original) {
				t.Errorf("events/%s: the row of %s differs from the original", list, row[0])
			}
			if file(t, "../shared/events", row[0]) != file(t, "events", row[0]) {
				t.Errorf("events/%s differs from the original", row[0])
			}
		}
		if compared == 0 {
			toolstest.Missing(t, "none of the samples has an original in ../shared/events")
		}
	}
}

// file reads a file below the repository, or beside it: a fork may not have that one.
func file(t *testing.T, folder, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, folder, name))
	if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(folder, "..") {
		toolstest.Missing(t, "missing: "+folder+"/"+name+", beside the project")
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// tsv gives the rows of a table without its heading.
func tsv(t *testing.T, folder, name string) [][]string {
	t.Helper()
	var rows [][]string
	for line := range strings.Lines(file(t, folder, name)) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows[1:]
}
