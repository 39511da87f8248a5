package doctor

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/webhook-functions/template/shared/signature"
)

// key is what a secret may stand for. text is the secret after it was cleaned.
type key struct {
	id, text string
	bytes    []byte
	form     signature.KeyForm
	plain    bool // the text is the secret as it is set
}

// form is a way to make a key of a text.
type form struct {
	name signature.KeyForm
	said string // "the secret is …"
	key  func(text string) ([]byte, bool)
	more int // cost, where it is rare
}

const formless = signature.KeyForm("none") // no scheme can say it

var forms = []form{
	{signature.KeyText, "text, and is used as it stands", func(s string) ([]byte, bool) { return []byte(s), true }, 0},
	{signature.KeyWhsec, "base64 behind whsec_, and is decoded", func(s string) ([]byte, bool) {
		rest, ok := strings.CutPrefix(s, "whsec_")
		if !ok {
			return nil, false
		}
		return decodeBase64(rest)
	}, 0},
	{signature.KeyBase64, "base64, and is decoded", decodeBase64, 0},
	{signature.KeyHex, "hex, and is decoded", func(s string) ([]byte, bool) { b, err := hex.DecodeString(s); return b, err == nil }, 0},
	{signature.KeyLenient, "base64, and is decoded as Node.js does", func(s string) ([]byte, bool) { return decodeBase64(keepBase64(s)) }, 0},
	{formless, "text without the prefix that stands before it", func(s string) ([]byte, bool) {
		rest, ok := withoutPrefix(s)
		return []byte(rest), ok
	}, 0},
	{formless, "base64 behind a prefix, and is decoded", func(s string) ([]byte, bool) {
		rest, ok := withoutPrefix(s)
		b, decoded := decodeBase64(rest)
		return b, ok && decoded
	}, 1},
	{formless, "base64 behind a prefix, and is decoded without its other characters", func(s string) ([]byte, bool) {
		i := strings.IndexByte(s, '_')
		b, ok := decodeBase64(keepBase64(strings.NewReplacer("-", "", "_", "").Replace(s[i+1:])))
		return b, ok && i > 0
	}, 1},
	{formless, "text with whsec_ before it: the prefix was taken off", func(s string) ([]byte, bool) { return []byte("whsec_" + s), !strings.HasPrefix(s, "whsec_") }, 0},
	{formless, "not the text but its base64: it was decoded before it was set", func(s string) ([]byte, bool) { return []byte(base64.StdEncoding.EncodeToString([]byte(s))), true }, 0},
	{formless, "not the text but its base64 without padding", func(s string) ([]byte, bool) { return []byte(base64.RawStdEncoding.EncodeToString([]byte(s))), true }, 0},
	{formless, "not the text but its hex digits: it was decoded before it was set", func(s string) ([]byte, bool) { return []byte(hex.EncodeToString([]byte(s))), true }, 0},
	{formless, "not the text but its SHA-256", func(s string) ([]byte, bool) { h := sha256.Sum256([]byte(s)); return h[:], true }, 1},
	{formless, "not the text but its SHA-256 in hex", func(s string) ([]byte, bool) {
		h := sha256.Sum256([]byte(s))
		return []byte(hex.EncodeToString(h[:])), true
	}, 1},
}

// decodeBase64 takes both alphabets, with and without padding.
func decodeBase64(s string) ([]byte, bool) {
	s = strings.TrimRight(s, "=")
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(s); err == nil && len(b) > 0 && !strings.ContainsAny(s, "\r\n") {
			return b, true
		}
	}
	return nil, false
}

// withoutPrefix takes off what stands before a secret, such as "whsec_" or "sk_live_".
func withoutPrefix(s string) (rest string, ok bool) {
	if rest, ok = strings.CutPrefix(s, "whsec_"); ok {
		return rest, true
	}
	i := strings.LastIndexAny(s, "_,:")
	return s[i+1:], i > 0 && i < len(s)-8
}

// keepBase64 keeps of a text what Node.js decodes.
func keepBase64(s string) string {
	s, _, _ = strings.Cut(s, "=")
	var kept []byte
	for _, c := range []byte(s) {
		switch {
		case c == '-':
			kept = append(kept, '+')
		case c == '_':
			kept = append(kept, '/')
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '+', c == '/':
			kept = append(kept, c)
		}
	}
	if len(kept)%4 == 1 { // six bits are no byte
		kept = kept[:len(kept)-1]
	}
	return string(kept)
}

func b2i(b bool) int { return map[bool]int{true: 1}[b] }

// cleaning is a way in which a secret was set wrongly.
type cleaning struct {
	code, said string
	text       func(string) string
}

var (
	assigned = regexp.MustCompile(`^\s*(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*[=:]\s*`)
	variable = regexp.MustCompile(`\$\{?[A-Za-z_][A-Za-z0-9_]*\}?`)
	scheme   = regexp.MustCompile(`(?i)^(bearer|basic|hmac|token)\s+`)
)

const quotes = "\"'`“”‘’«»"

var cleanings = []cleaning{
	{"secret-space", "The secret begins or ends with white space that does not belong to it.", strings.TrimSpace},
	{"secret-quotes", "The secret is in quotes that do not belong to it.", func(s string) string { return strings.Trim(strings.TrimSpace(s), quotes) }},
	{"secret-space", "The secret holds white space that does not belong to it.", func(s string) string { return strings.Join(strings.Fields(s), "") }},
	{"secret-space", "The secret holds characters that do not show.", func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) && r != '\u2800' && r != '\u3164' {
				return r
			}
			return -1
		}, s)
	}},
	{"secret-space", "The secret was signed with a newline at its end, which is missing here.", func(s string) string { return s + "\n" }},
	{"secret-space", "The secret was signed with CR LF at its end, which is missing here.", func(s string) string { return s + "\r\n" }},
	{"secret-space", "The secret was signed with a blank at its end, which is missing here.", func(s string) string { return s + " " }},
	{"secret-space", "The secret was signed with a blank before it, which is missing here.", func(s string) string { return " " + s }},
	{"secret-quotes", "The secret was signed with double quotes around it, which are missing here.", func(s string) string { return `"` + s + `"` }},
	{"secret-quotes", "The secret was signed with single quotes around it, which are missing here.", func(s string) string { return "'" + s + "'" }},
	{"secret-name", "The secret has the name of a variable before it.", func(s string) string {
		return strings.Trim(strings.TrimSpace(assigned.ReplaceAllString(s, "")), quotes)
	}},
	{"secret-name", "The secret has a word such as Bearer before it.", func(s string) string { return scheme.ReplaceAllString(s, "") }},
	{"secret-case", "The secret is in another case: its letters are all small.", strings.ToLower},
	{"secret-case", "The secret is in another case: its letters are all capitals.", strings.ToUpper},
	{"secret-case", "The secret is in another case: small letters and capitals are exchanged.", func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsUpper(r) {
				return unicode.ToLower(r)
			}
			return unicode.ToUpper(r)
		}, s)
	}},
	{"secret-escapes", "The secret holds backslashes that do not belong to it.", func(s string) string { return strings.ReplaceAll(s, `\`, "") }},
	{"secret-escapes", "The secret is percent-encoded.", func(s string) string { t, _ := url.PathUnescape(s); return t }},
	{"secret-escapes", "The secret has blanks in the place of plus signs.", func(s string) string { return strings.ReplaceAll(s, " ", "+") }},
	{"secret-escapes", "The secret was signed percent-encoded.", url.QueryEscape},
	{"secret-escapes", "The secret holds HTML's entities.", html.UnescapeString},
	{"secret-escapes", "The secret holds a $ with a name, which was read as a variable where it was signed.", func(s string) string { return variable.ReplaceAllString(s, "") }},
	{"secret-cut", "Only what stands before the # of the secret was signed with: the rest was read as a comment.", before("#")},
	{"secret-cut", "Only what stands before the first comma of the secret was signed with: these are two secrets.", before(",")},
	{"secret-cut", "Only what stands behind the first comma of the secret was signed with: these are two secrets.", func(s string) string { _, rest, _ := strings.Cut(s, ","); return rest }},
	{"secret-cut", "The secret has a character too many at its end.", func(s string) string { return s[:max(len(s)-1, 0)] }},
	{"secret-cut", "The secret has a character too many at its beginning.", func(s string) string { return s[min(len(s), 1):] }},
}

func before(mark string) func(string) string {
	return func(s string) string { s, _, _ = strings.Cut(s, mark); return strings.TrimSpace(s) }
}

// keys lists what the secrets may stand for.
func keys(c Case) []option[key] {
	var all options[key]
	own := c.Platform.Scheme.Key
	add := func(id, text string, f form, plain bool, cost int, causes ...Cause) {
		b, ok := f.key(text)
		if !ok || strings.TrimSpace(text) == "" {
			return
		}
		all.add(string(b), key{id, text, b, f.name, plain}, cost, causes...)
	}
	formed := func(id, text string, plain bool, cost int, causes ...Cause) {
		for _, f := range forms {
			if f.name == own {
				add(id, text, f, plain, cost, causes...)
				continue
			}
			add(id, text, f, plain, cost+1+f.more, with(causes, Cause{"secret-form", "The secret is " + f.said + "; the scheme says " + formName(own) + "."})...)
		}
	}
	for _, secret := range c.Platform.Secrets {
		formed(secret.ID, secret.Value, true, 0)
	}
	for _, secret := range c.Platform.Secrets {
		for _, clean := range cleanings {
			if text := clean.text(secret.Value); text != secret.Value {
				formed(secret.ID, text, false, 1, Cause{clean.code, clean.said})
				if again := strings.Trim(strings.TrimSpace(text), quotes); again != text && len(again) < len(secret.Value)-1 {
					formed(secret.ID, again, false, 2, Cause{clean.code, clean.said}, Cause{"secret-space", "It has white space or quotes around it, too."})
				}
			}
		}
	}
	for _, p := range c.Others {
		for _, secret := range p.Secrets {
			for _, f := range forms[:5] {
				text := strings.Trim(strings.TrimSpace(secret.Value), quotes)
				add(secret.ID, text, f, false, 1+b2i(f.name != own && f.name != p.Scheme.Key), c.anotherSecret(p.Name))
			}
		}
	}
	all.add("", key{}, 2, Cause{"secret-empty", "The signature was made with an empty secret."})
	return all.all
}

// slips lists the keys of secrets that differ in one character.
func (c Case) slips() []option[key] {
	var all options[key]
	for _, secret := range c.Platform.Secrets {
		for _, text := range slips(secret.Value) {
			for _, f := range forms {
				if b, ok := f.key(text); ok && f.name == c.Platform.Scheme.Key {
					all.add(string(b), key{secret.ID, text, b, f.name, false}, maxCost, Cause{"secret-slip", "The secret differs in one character from the one that signed."})
				}
			}
		}
	}
	return all.all
}

func formName(k signature.KeyForm) string {
	if k == signature.KeyText {
		return "text"
	}
	return string(k)
}

// slips gives the texts that differ from one in one character: it is missing, doubled or
// another.
func slips(s string) (all []string) {
	const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/=-_.:!@#$%^&*,;?~ "
	if len(s) > 128 {
		return nil
	}
	for i := range len(s) + 1 {
		if i < len(s) {
			all = append(all, s[:i]+s[i+1:])
		}
		for _, r := range alphabet {
			all = append(all, s[:i]+string(r)+s[i:])
			if i < len(s) {
				all = append(all, s[:i]+string(r)+s[i+1:])
			}
		}
	}
	return all
}
