package signature

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"
)

// A static secret is the signature itself.
func init() {
	methods[Static] = &method{
		keys: []KeyForm{KeyText}, isAlone: true, covers: CoversNothing,
		check: func(s Scheme, t template) error {
			if s.ID != "" {
				return errors.New("a static secret signs no id")
			}
			return s.checkNoToken(t)
		},
		newKey: func(_ Scheme, secret Secret) (key, error) { return key{}, nil },
		verify: (*Keyring).verifyStatic,
		sign: func(r *Keyring, _ *Request, _ string, _ time.Time, _ string) (string, error) {
			text := r.keys[0].text()
			if r.scheme.Encoding != "" {
				text = base64.StdEncoding.EncodeToString([]byte(text))
			}
			return r.scheme.Prefix + text, nil
		},
	}
}

// verifyStatic compares the secret itself, as hashes: its length is a secret, too.
func (r *Keyring) verifyStatic(given string, _ Request, _ time.Time) (Verified, error) {
	given = strings.TrimPrefix(given, r.scheme.Prefix)
	if r.scheme.Encoding != "" {
		decoded, err := base64.StdEncoding.DecodeString(given)
		if err != nil {
			return Verified{}, ErrMalformed
		}
		given = string(decoded)
	}
	keyID, ok := "", false
	for _, k := range slices.Backward(r.keys) {
		if equalTexts(k.text(), given) {
			keyID, ok = k.id, true
		}
	}
	if !ok {
		return Verified{}, ErrMismatch
	}
	return Verified{KeyID: keyID, Covers: CoversNothing}, nil
}

func equalTexts(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(sha256Raw([]byte(a))), []byte(sha256Raw([]byte(b)))) == 1
}
