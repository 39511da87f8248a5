package strict_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/toolstest"
)

// suite is JSONTestSuite's folder, beside the project.
const suite = "../../../shared/vectors/json/test_parsing"

// Files every parser should accept and this one refuses.
var refusedOnPurpose = map[string]string{
	"y_object_duplicated_key.json":           "duplicate key",
	"y_object_duplicated_key_and_value.json": "duplicate key",
}

// What a parser does with these is its own choice. This is ours: refused for the
// reason given or, for numbers, accepted as a token, which is then read as money
// ("exact") or not.
var choices = map[string]string{
	"i_number_double_huge_neg_exp.json":                   "number: out of range",
	"i_number_huge_exp.json":                              "number: out of range",
	"i_number_neg_int_huge_exp.json":                      "number: out of range",
	"i_number_pos_double_huge_exp.json":                   "number: out of range",
	"i_number_real_neg_overflow.json":                     "number: out of range",
	"i_number_real_pos_overflow.json":                     "number: out of range",
	"i_number_real_underflow.json":                        "number: out of range",
	"i_number_too_big_neg_int.json":                       "number: exact, too large for an amount",
	"i_number_too_big_pos_int.json":                       "number: exact, too large for an amount",
	"i_number_very_big_negative_int.json":                 "number: out of range",
	"i_object_key_lone_2nd_surrogate.json":                "lone surrogate",
	"i_string_1st_surrogate_but_2nd_missing.json":         "lone surrogate",
	"i_string_1st_valid_surrogate_2nd_invalid.json":       "lone surrogate",
	"i_string_UTF-16LE_with_BOM.json":                     "no value begins like this",
	"i_string_UTF-8_invalid_sequence.json":                "invalid UTF-8",
	"i_string_UTF8_surrogate_U+D800.json":                 "invalid UTF-8",
	"i_string_incomplete_surrogate_and_escape_valid.json": "lone surrogate",
	"i_string_incomplete_surrogate_pair.json":             "lone surrogate",
	"i_string_incomplete_surrogates_escape_valid.json":    "lone surrogate",
	"i_string_invalid_lonely_surrogate.json":              "lone surrogate",
	"i_string_invalid_surrogate.json":                     "lone surrogate",
	"i_string_invalid_utf-8.json":                         "invalid UTF-8",
	"i_string_inverted_surrogates_U+1D11E.json":           "lone surrogate",
	"i_string_iso_latin_1.json":                           "invalid UTF-8",
	"i_string_lone_second_surrogate.json":                 "lone surrogate",
	"i_string_lone_utf8_continuation_byte.json":           "invalid UTF-8",
	"i_string_not_in_unicode_range.json":                  "invalid UTF-8",
	"i_string_overlong_sequence_2_bytes.json":             "invalid UTF-8",
	"i_string_overlong_sequence_6_bytes.json":             "invalid UTF-8",
	"i_string_overlong_sequence_6_bytes_null.json":        "invalid UTF-8",
	"i_string_truncated-utf-8.json":                       "invalid UTF-8",
	"i_string_utf16BE_no_BOM.json":                        "no value begins like this",
	"i_string_utf16LE_no_BOM.json":                        "no value begins like this",
	"i_structure_500_nested_arrays.json":                  "nested too deep",
	"i_structure_UTF-8_BOM_empty_object.json":             "no value begins like this",
}

// Each file is read twice: as a document and, as row B148 asks, as the value of
// a payload.
func TestJSONTestSuite(t *testing.T) {
	files := suiteFiles(t)
	for name := range choices {
		if files[name] == nil {
			t.Errorf("%s: decided and not there", name)
		}
	}
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			if _, decided := choices[name]; strings.HasPrefix(name, "i_") != decided {
				t.Error("no decision, or one too many")
			}
			want := wanted(name)
			if got := verdict(t, data); got != want && (want != "refused" || got == "accepted") {
				t.Errorf("as a document: %s, want %s", got, want)
			}
			payload := append(append([]byte(`{"type":"t","payload":`), data...), '}')
			err := strict.Unmarshal(payload, new(struct {
				Payload strict.Raw `json:"payload"`
			}))
			if accepted := want == "accepted" || strings.HasPrefix(want, "number"); accepted != (err == nil) {
				t.Errorf("as a payload: %v, want %s", err, want)
			}
		})
	}
}

func wanted(name string) string {
	if why, ok := choices[name]; ok {
		return why
	}
	if why, ok := refusedOnPurpose[name]; ok {
		return why
	}
	if strings.HasPrefix(name, "y_") {
		return "accepted"
	}
	return "refused"
}

func verdict(t *testing.T, data []byte) string {
	var raw strict.Raw
	err := strict.Unmarshal(data, &raw)
	var e *strict.Error
	if errors.As(err, &e) {
		if !e.NotJSON() || raw != nil {
			t.Errorf("refused with %v and value %q", err, raw)
		}
		return strings.TrimPrefix(e.Problem, "not JSON: ")
	}
	if !json.Valid(data) {
		t.Errorf("accepted what encoding/json refuses")
	}
	if !strings.HasPrefix(t.Name(), "TestJSONTestSuite/i_number") {
		return "accepted"
	}
	var numbers []strict.Number
	if err := strict.Unmarshal(data, &numbers); err != nil || len(numbers) != 1 {
		t.Fatalf("not a list with one number: %v", err)
	}
	d, err := numbers[0].Decimal()
	if err != nil {
		return "number: " + strings.TrimPrefix(err.Error(), "is ")
	}
	if _, _, err := d.Micros(); errors.Is(err, strict.ErrRange) {
		return "number: exact, too large for an amount"
	}
	return "number: exact"
}

func suiteFiles(t testing.TB) map[string][]byte {
	paths, _ := filepath.Glob(filepath.Join(suite, "*.json"))
	if len(paths) == 0 {
		toolstest.Missing(t, "JSONTestSuite is missing: ../shared/vectors/json/test_parsing, beside the project")
	}
	files := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = data
	}
	if len(files) != 318 {
		t.Errorf("JSONTestSuite has %d files, want 318", len(files))
	}
	return files
}
