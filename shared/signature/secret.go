package signature

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Secret is one signing secret and the name it goes by in logs and metrics.
type Secret struct {
	ID    string
	Value string `json:"-"`
}

// String never shows the value.
func (s Secret) String() string { return "secret " + s.ID }

// GoString never shows the value.
func (s Secret) GoString() string { return s.String() }

// LogValue never shows the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MaxSecrets bounds a keyring: the current secret, the previous, the next.
const MaxSecrets = 3

// minSecret is in bytes: a secret below 128 bits can be guessed offline from one
// captured delivery.
const minSecret = 16

// placeholders are texts of templates, in lower case.
var placeholders = []string{
	"changeme", "change-me", "change_me", "placeholder", "replaceme", "replace-me", "replace_me", "replace-with", "replace_with",
	"your-secret", "your_secret", "yoursecret", "your-webhook", "your_webhook", "your-api", "your_api", "your-key", "your_key",
	"insert-", "insert_", "example-secret", "example_secret", "undefined",
}

// brackets mark a whole value as a placeholder: "<your secret>", "${SECRET}".
var brackets = [][2]string{{"<", ">"}, {"${", "}"}, {"{{", "}}"}}

// quotes are put around a text by editors, or left there by readers of settings.
const quotes = "\"'`“”„‟‘’‚‛«»‹›「」『』＂＇"

// CheckCopied refuses a value with traces of copying: white space at an end (a
// newline from a file), quotes around the whole or, anywhere, an invisible character,
// U+FFFD or bytes that are not UTF-8. The error names that character and quotes
// nothing else of the value.
func CheckCopied(value string) error {
	first, size := utf8.DecodeRuneInString(value)
	last, _ := utf8.DecodeLastRuneInString(value)
	switch {
	case strings.TrimSpace(value) != value:
		return errors.New("begins or ends with white space")
	case len(value) > size && strings.ContainsRune(quotes, first) && strings.ContainsRune(quotes, last) && (first == last || min(first, last) >= utf8.RuneSelf):
		return errors.New("is in quotes")
	}
	if i := strings.IndexFunc(value, invisible); i >= 0 {
		r, _ := utf8.DecodeRuneInString(value[i:])
		return fmt.Errorf("holds %U, a character that does not show or was not read", r)
	}
	return nil
}

// invisible reports spaces other than ASCII's, control and format characters, fillers
// and the replacement character.
func invisible(r rune) bool {
	return !unicode.IsPrint(r) || r == utf8.RuneError || r == '\u2800' || // a Braille pattern without dots
		unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// CheckSecret refuses a value that cannot be a signing secret: blank, too short, a
// placeholder, one character repeated, or refused by [CheckCopied]. The error quotes
// no more than that of CheckCopied.
func CheckSecret(value string) error {
	copied := CheckCopied(value)
	switch {
	case strings.TrimSpace(value) == "":
		return errors.New("secret is empty or blank")
	case copied != nil:
		return fmt.Errorf("secret %w", copied)
	case len(value) < minSecret:
		return fmt.Errorf("secret is shorter than %d bytes", minSecret)
	case strings.Count(value, value[:1]) == len(value):
		return errors.New("secret is one character repeated")
	}
	folded := strings.ToLower(value)
	for _, p := range placeholders {
		if strings.Contains(folded, p) {
			return errPlaceholder
		}
	}
	for _, b := range brackets {
		if strings.HasPrefix(value, b[0]) && strings.HasSuffix(value, b[1]) {
			return errPlaceholder
		}
	}
	return nil
}

var errPlaceholder = errors.New("secret is a placeholder")

// bytes gives the key that a secret's text stands for. The error quotes nothing.
func (f KeyForm) bytes(text string) ([]byte, error) {
	prefix := map[KeyForm]string{KeyWhsec: "whsec_", KeyWhpk: "whpk_"}[f]
	text, prefixed := strings.CutPrefix(text, prefix)
	if !prefixed {
		return nil, fmt.Errorf("secret does not begin with %s", prefix)
	}
	switch f {
	case KeyText:
		return []byte(text), nil
	case KeyHex:
		key, err := hex.DecodeString(text)
		if err != nil {
			err = errors.New("secret is not hex")
		}
		return key, err
	case KeyLenient:
		key, _ := base64.RawStdEncoding.DecodeString(lenient(text))
		return key, nil
	case KeySPKI:
		text = unarmored(text)
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		err = errors.New("secret is not base64")
	}
	return key, err
}

// lenient keeps of a text what Node.js decodes as base64.
func lenient(text string) string {
	text, _, _ = strings.Cut(text, "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune(letters+"+/", r) {
			return r
		}
		return -1
	}, text)
	if len(text)%4 == 1 { // six bits are no byte
		text = text[:len(text)-1]
	}
	return text
}

// unarmored takes PEM's lines off.
func unarmored(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// checkKey refuses a secret whose key is too short for its form, and what [CheckSecret]
// refuses.
func (s Scheme) checkKey(value string) error {
	if s.IsPublic() {
		_, err := methods[s.Algorithm].newKey(s, Secret{Value: value})
		return err
	}
	if err := CheckSecret(value); err != nil {
		return err
	}
	key, err := s.Key.bytes(value)
	switch {
	case err != nil:
		return err
	case len(key) < minSecret:
		return fmt.Errorf("secret is shorter than %d bytes when decoded", minSecret)
	case bytes.Count(key, key[:1]) == len(key):
		return errors.New("secret is one byte repeated when decoded")
	case s.Key == KeyWhsec && (len(key) < 24 || len(key) > 64):
		return errors.New("secret is not 24 to 64 bytes when decoded")
	}
	return nil
}
