// Package signature verifies HMAC signatures over exact bytes.
//
// A [Scheme] is data: header, hash, encoding, optional prefix. A [Keyring] is a
// scheme with one to three secrets. Only a keyring verifies, and none can be made of
// a secret that is empty, short, blank or a placeholder ([CheckSecret]): no
// configuration accepts a forged delivery.
//
//	ring, err := signature.NewKeyring(scheme, signature.Secret{ID: "1", Value: secret})
//	keyID, ok := ring.Verify(header, body)
//
// The exact bytes of the body are hashed, never parsed, trimmed or re-encoded.
package signature

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Algorithm names the hash under the HMAC.
type Algorithm string

const (
	SHA256 Algorithm = "sha256"
	// SHA1 is for platforms that offer no other hash (Chatbase): collisions of SHA-1
	// are practical, forgeries of HMAC-SHA-1 are not known.
	SHA1 Algorithm = "sha1"
)

// Encoding says how the digest is written in the header.
type Encoding string

const (
	Hex    Encoding = "hex"    // upper or lower case
	Base64 Encoding = "base64" // standard alphabet with padding
)

// Scheme says how a platform signs. It is plain data.
type Scheme struct {
	Header    string
	Algorithm Algorithm
	Encoding  Encoding
	Prefix    string // may stand before the digest, for example "sha256="; accepted, not required
}

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

// Keyring verifies with any of its secrets. It is safe for concurrent use.
type Keyring struct {
	scheme Scheme
	size   int // bytes in a digest
	keys   []key
}

type key struct {
	id   string
	macs *sync.Pool // of *mac: reusing one saves hashing the padded key twice per delivery
}

type mac struct {
	hash hash.Hash
	sum  [sha256.Size]byte
}

// NewKeyring makes a keyring of one to three secrets. One invalid secret refuses the
// whole ring, so that the operator sees the mistake.
func NewKeyring(scheme Scheme, secrets ...Secret) (*Keyring, error) {
	if err := scheme.check(); err != nil {
		return nil, err
	}
	if len(secrets) == 0 || len(secrets) > MaxSecrets {
		return nil, fmt.Errorf("a keyring holds 1 to %d secrets, not %d", MaxSecrets, len(secrets))
	}
	for _, s := range secrets {
		if err := CheckSecret(s.Value); err != nil {
			return nil, fmt.Errorf("secret %s: %w", s.ID, err)
		}
	}
	ring := newKeyring(scheme, secrets)
	if err := ring.selfTest(); err != nil {
		return nil, err
	}
	return ring, nil
}

// newKeyring checks nothing.
func newKeyring(scheme Scheme, secrets []Secret) *Keyring {
	newHash, size := sha256.New, sha256.Size
	if scheme.Algorithm == SHA1 {
		newHash, size = sha1.New, sha1.Size
	}
	ring := &Keyring{scheme: scheme, size: size}
	for _, s := range secrets {
		ring.keys = append(ring.keys, key{id: s.ID, macs: &sync.Pool{New: func() any {
			return &mac{hash: hmac.New(newHash, []byte(s.Value))}
		}}})
	}
	return ring
}

func (s Scheme) check() error {
	switch {
	case s.Header == "":
		return errors.New("signature scheme: header is empty")
	case s.Algorithm != SHA256 && s.Algorithm != SHA1:
		return fmt.Errorf("signature scheme: algorithm %q is neither sha256 nor sha1", s.Algorithm)
	case s.Encoding != Hex && s.Encoding != Base64:
		return fmt.Errorf("signature scheme: encoding %q is neither hex nor base64", s.Encoding)
	}
	return nil
}

// selfTest turns a panic of a FIPS-only build (SHA-1, short key) into an error at
// start, which disables one platform's route only.
func (r *Keyring) selfTest() (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("this build cannot compute HMAC-%s", r.scheme.Algorithm)
		}
	}()
	r.Verify(r.Sign(nil), nil)
	return nil
}

// Verify gives the id of the key that made the signature of body. Spaces and tabs
// around the signature are ignored. Every key is evaluated: the time does not depend
// on which one matched.
func (r *Keyring) Verify(signature string, body []byte) (keyID string, ok bool) {
	var given [sha256.Size]byte
	if !r.decode(given[:r.size], strings.Trim(signature, " \t")) {
		return "", false
	}
	for _, k := range slices.Backward(r.keys) { // of equal secrets the first is named
		m := k.macs.Get().(*mac)
		if subtle.ConstantTimeCompare(given[:r.size], r.digest(m, body)) == 1 {
			keyID, ok = k.id, true
		}
		k.macs.Put(m)
	}
	return keyID, ok
}

// digest is valid until m is used again.
func (r *Keyring) digest(m *mac, body []byte) []byte {
	m.hash.Reset()
	m.hash.Write(body)
	return m.hash.Sum(m.sum[:0])
}

// decode fills digest from its text form. It checks the length first: a header of a
// megabyte costs nothing.
func (r *Keyring) decode(digest []byte, text string) bool {
	var buffer [2 * sha256.Size]byte
	if p := r.scheme.Prefix; p != "" {
		text = strings.TrimPrefix(text, p)
	}
	if r.scheme.Encoding == Base64 {
		if len(text) != base64.StdEncoding.EncodedLen(len(digest)) {
			return false
		}
		var decoded [3 * sha256.Size]byte
		n, err := base64.StdEncoding.Strict().Decode(decoded[:], buffer[:copy(buffer[:], text)])
		return err == nil && n == len(digest) && copy(digest, decoded[:n]) == n
	}
	if len(text) != hex.EncodedLen(len(digest)) {
		return false
	}
	n, err := hex.Decode(digest, buffer[:copy(buffer[:], text)])
	return err == nil && n == len(digest)
}

// Sign makes the header value that a platform would send, with the first secret and
// no prefix. It serves tests and the `hooks send` command.
func (r *Keyring) Sign(body []byte) string {
	k := r.keys[0]
	m := k.macs.Get().(*mac)
	defer k.macs.Put(m)
	digest := r.digest(m, body)
	if r.scheme.Encoding == Base64 {
		return base64.StdEncoding.EncodeToString(digest)
	}
	return hex.EncodeToString(digest)
}

// Header is the name of the header the signature is expected in.
func (r *Keyring) Header() string { return r.scheme.Header }
