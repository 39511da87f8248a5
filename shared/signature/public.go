package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
)

func init() {
	for algorithm, keys := range map[Algorithm][]KeyForm{Ed25519: {KeyBase64, KeyHex, KeyWhpk, KeySPKI}, ECDSA: {KeySPKI}, RSA: {KeySPKI}} {
		methods[algorithm] = &method{keys: keys, isPublic: true, newKey: newPublicKey, looks: (*Keyring).looksPublic, verify: (*Keyring).verifyPublic, sign: (*Keyring).signPrivate}
	}
}

func newPublicKey(s Scheme, secret Secret) (key, error) {
	public, err := s.publicKey(secret.Value)
	return key{public: public}, err
}

var errPublic = errors.New("secret is not the platform's public key in the form that the scheme names")

// publicKey reads the key that a secret's text stands for. Labels of PEM are not read:
// one platform labels them wrongly.
func (s Scheme) publicKey(text string) (func(message, signature []byte) bool, error) {
	raw, err := s.Key.bytes(text)
	if err != nil {
		return nil, err
	}
	var parsed any = ed25519.PublicKey(raw)
	if s.Key == KeySPKI {
		if parsed, err = x509.ParsePKIXPublicKey(raw); err != nil {
			return nil, errPublic
		}
	}
	switch key := parsed.(type) {
	case ed25519.PublicKey:
		if s.Algorithm == Ed25519 && len(key) == ed25519.PublicKeySize && !isWeak(key) {
			return func(message, sig []byte) bool { return ed25519.Verify(key, message, sig) }, nil
		}
	case *ecdsa.PublicKey:
		if s.Algorithm == ECDSA && key.Curve == elliptic.P256() {
			return func(message, sig []byte) bool {
				sum := sha256.Sum256(message)
				return ecdsa.VerifyASN1(key, sum[:], sig)
			}, nil
		}
	case *rsa.PublicKey:
		if s.Algorithm == RSA && key.Size() >= 256 {
			return func(message, sig []byte) bool {
				sum := sha256.Sum256(message)
				return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) == nil
			}, nil
		}
	}
	return nil, errPublic
}

// isWeak finds a key of small order, such as 32 zero bytes: a signature that is made
// without a private key is right for one in eight messages or more.
func isWeak(key ed25519.PublicKey) bool {
	forged := [ed25519.SignatureSize]byte{1}
	for i := range 128 {
		if ed25519.Verify(key, []byte{byte(i)}, forged[:]) {
			return true
		}
	}
	return false
}

func (r *Keyring) verifyPublic(given string, q Request, now time.Time) (Verified, error) {
	var found digests
	var signed values
	if err := r.receive(&found, &signed, given, q); err != nil {
		return Verified{}, err
	}
	keyID, ok := r.matchPublic(&found, r.message(q.Body, &signed))
	for i := 1; i < len(r.urls) && r.needsURL && !ok; i++ { // what is right for one address is public
		r.moveTo(&signed, q, r.urls[i])
		keyID, ok = r.matchPublic(&found, r.message(q.Body, &signed))
	}
	if !ok || !r.hashesMatch(q) {
		return Verified{}, ErrMismatch
	}
	return r.verified(keyID, q, &signed, now)
}

// matchPublic finds the key that made one of the signatures of a message.
func (r *Keyring) matchPublic(found *digests, message []byte) (keyID string, ok bool) {
	for _, text := range found.texts[:found.n] {
		signature, decoded := r.decodeAny(text)
		for _, k := range slices.Backward(r.keys) {
			if decoded && k.public != nil && k.public(message, signature) { // nil: of a signer
				keyID, ok = k.id, true
			}
		}
	}
	return keyID, ok
}

func (r *Keyring) looksPublic(text string) bool {
	raw, ok := r.decodeAny(text)
	return ok && (r.scheme.Algorithm != Ed25519 || len(raw) == ed25519.SignatureSize)
}

// message joins what is signed.
func (r *Keyring) message(body []byte, signed *values) []byte {
	var joined []byte
	for i, p := range r.signed {
		switch p.from {
		case bodySource:
			joined = append(joined, body...)
		case nil:
			joined = append(joined, p.name...)
		default:
			joined = append(joined, signed.texts[i]...)
		}
	}
	return joined
}

// decodeAny decodes a signature of any length up to a bound.
func (r *Keyring) decodeAny(text string) ([]byte, bool) {
	text = strings.TrimPrefix(text, r.scheme.Prefix)
	if len(text) > 2048 || strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	if r.scheme.Encoding == Hex {
		raw, err := hex.DecodeString(text)
		return raw, err == nil
	}
	raw, err := strict.DecodeString(text)
	return raw, err == nil
}

var errNoPrivate = errors.New("the secret is a public key, which signs nothing: a pair of keys of your own does")

func (r *Keyring) signPrivate(q *Request, list string, _ time.Time, _ string) (string, error) {
	signed, err := r.signedBy(q, list)
	if err != nil {
		return "", err
	}
	if r.keys[0].private == nil {
		return "", errNoPrivate
	}
	raw, err := r.keys[0].private(r.message(q.Body, &signed))
	return r.encoded(raw), err
}
