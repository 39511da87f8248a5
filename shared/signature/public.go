package signature

import (
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

	"crypto"
)

// publicKey says whether it made the signature of a message.
type publicKey func(message, signature []byte) bool

var errPublic = errors.New("secret is not the platform's public key in the form that the scheme names")

// publicKey reads the key that a secret's text stands for. Labels of PEM are not read:
// one platform labels them wrongly.
func (s Scheme) publicKey(text string) (publicKey, error) {
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
		if s.Algorithm == Ed25519 && len(key) == ed25519.PublicKeySize {
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

// matchPublic finds the key that made one of the signatures.
func (r *Keyring) matchPublic(found *digests, q *Request, signed *values) (keyID string, ok bool) {
	for i, address := range r.urls {
		if i > 0 {
			if !r.signed.needsURL() {
				break
			}
			r.moveTo(signed, q, address)
		}
		message := r.message(q.Body, signed)
		for _, text := range found.texts[:found.n] {
			signature, decoded := r.decodeAny(text)
			for _, k := range slices.Backward(r.keys) {
				if decoded && k.public != nil && k.public(message, signature) { // nil: of a signer
					keyID, ok = k.id, true
				}
			}
		}
	}
	return keyID, ok
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
