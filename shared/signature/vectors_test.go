package signature_test

import (
	"encoding/hex"
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

// RFC 2202 and RFC 4231. RFC 4231 prints its case 5 truncated to 128 bits,
// which no scheme of ours accepts.
func TestRFCVectors(t *testing.T) {
	for _, row := range tsv(t, "testdata/rfc.tsv") {
		name, algorithm, key, message, digest := row[0], row[1], unhex(t, row[2]), unhex(t, row[3]), row[4]
		t.Run(name, func(t *testing.T) {
			ring := signature.Unchecked(hexScheme(algorithm), key)
			truncated := name == "RFC 4231 case 5"
			if _, ok := ring.Verify(digest, message); ok == truncated {
				t.Errorf("Verify = %v", ok)
			}
			if signed := ring.Sign(message); !strings.HasPrefix(signed, digest) || (signed == digest) == truncated {
				t.Errorf("Sign = %s", signed)
			}
		})
	}
}

type wycheproof struct {
	NumberOfTests int
	TestGroups    []struct {
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
func TestWycheproof(t *testing.T) {
	for algorithm, bits := range map[string]int{"sha1": 160, "sha256": 256} {
		t.Run(algorithm, func(t *testing.T) {
			var vectors wycheproof
			if err := json.Unmarshal(besides(t, "vectors/wycheproof/hmac_"+algorithm+"_test.json"), &vectors); err != nil {
				t.Fatal(err)
			}
			ran, accepted := 0, 0
			for _, group := range vectors.TestGroups {
				for _, test := range group.Tests {
					ran++
					ring := signature.Unchecked(hexScheme(algorithm), unhex(t, test.Key))
					_, ok := ring.Verify(test.Tag, unhex(t, test.Msg))
					if want := test.Result == "valid" && group.TagSize == bits; ok != want {
						t.Errorf("tcId %d (%s): Verify = %v", test.TcID, test.Comment, ok)
					}
					if ok {
						accepted++
					}
				}
			}
			if ran != vectors.NumberOfTests || accepted == 0 {
				t.Errorf("ran %d of %d tests, accepted %d", ran, vectors.NumberOfTests, accepted)
			}
		})
	}
}

// Every sample body in events/ was signed by other code than ours.
func TestSampleSignatures(t *testing.T) {
	rows := tsv(t, filepath.Join(repository, "events/SIGNATURES.tsv"))
	if len(rows) == 0 {
		t.Error("no sample is signed")
	}
	for _, row := range rows {
		file, header, algorithm, secret, digest := row[0], row[1], row[2], row[3], row[4]
		t.Run(file, func(t *testing.T) {
			body := read(t, filepath.Join(repository, "events", file))
			scheme := hexScheme(strings.TrimPrefix(algorithm, "hmac-"))
			scheme.Header = header
			ring := ringOf(t, scheme, signature.Secret{ID: "test", Value: secret})
			if id, ok := ring.Verify(digest, body); !ok || id != "test" {
				t.Errorf("Verify = %q, %v", id, ok)
			}
			if signed := ring.Sign(body); signed != digest {
				t.Errorf("Sign = %s", signed)
			}
		})
	}
}

// The samples are copies; they may not drift from what was signed. A fork may have
// more of them, or fewer: what both have is compared.
func TestSamplesAreTheOriginals(t *testing.T) {
	besides(t, "events/MANIFEST.tsv")
	for _, list := range []string{"MANIFEST.tsv", "SIGNATURES.tsv"} {
		originals := byFile(tsv(t, filepath.Join(repository, "../shared/events", list)))
		compared := 0
		for _, row := range tsv(t, filepath.Join(repository, "events", list)) {
			original, both := originals[row[0]]
			if !both {
				continue
			}
			compared++
			if !slices.Equal(row, original) {
				t.Errorf("events/%s: the row of %s differs from the original", list, row[0])
			}
			if string(besides(t, "events/"+row[0])) != string(read(t, filepath.Join(repository, "events", row[0]))) {
				t.Errorf("events/%s differs from the original", row[0])
			}
		}
		if compared == 0 {
			toolstest.Missing(t, "none of the samples has an original in ../shared/events")
		}
	}
}

func byFile(rows [][]string) map[string][]string {
	all := make(map[string][]string, len(rows))
	for _, row := range rows {
		all[row[0]] = row
	}
	return all
}

func hexScheme(algorithm string) signature.Scheme {
	return signature.Scheme{Header: "X-Signature", Algorithm: signature.Algorithm(algorithm), Encoding: signature.Hex}
}

// besides reads a file of the folder beside the repository, which a fork may
// not have.
func besides(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, "../shared", name))
	if errors.Is(err, fs.ErrNotExist) {
		toolstest.Missing(t, "missing: ../shared/"+name+", beside the project")
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tsv gives the rows of a table without its heading.
func tsv(t *testing.T, path string) [][]string {
	t.Helper()
	var rows [][]string
	for line := range strings.Lines(string(read(t, path))) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows[1:]
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
