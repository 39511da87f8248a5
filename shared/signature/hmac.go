package signature

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"sync"
	"time"
)

// textKeys are the forms of a key that platform and receiver share.
var textKeys = []KeyForm{KeyText, KeyBase64, KeyLenient, KeyHex, KeyWhsec}

func init() {
	for algorithm, size := range map[Algorithm]int{SHA256: sha256.Size, SHA1: sha1.Size, SHA512: sha512.Size, MD5: md5.Size} {
		methods[algorithm] = &method{keys: textKeys, size: size, newKey: newHMACKey, verify: (*Keyring).verifyDigest, sign: (*Keyring).signDigest}
	}
}

// newHash gives the constructor of an algorithm's hash.
func (a Algorithm) newHash() func() hash.Hash {
	switch a {
	case SHA1:
		return sha1.New
	case SHA512, JWTHS512:
		return sha512.New
	case JWTHS384:
		return sha512.New384
	case MD5:
		return md5.New
	}
	return sha256.New
}

type mac struct {
	hash    hash.Hash
	sum     [64]byte
	scratch [256]byte // a hash takes bytes: texts are collected here
	held    int       // bytes of scratch
}

func newHMACKey(s Scheme, secret Secret) (key, error) {
	bytes, err := s.Key.bytes(secret.Value)
	newHash := s.Algorithm.newHash()
	return key{macs: &sync.Pool{New: func() any { return &mac{hash: hmac.New(newHash, bytes)} }}}, err
}

func (r *Keyring) verifyDigest(given string, q Request, now time.Time) (Verified, error) {
	if r.isPlain {
		return r.verifyPlain(given, q.Body)
	}
	var found digests
	var signed values
	if err := r.receive(&found, &signed, given, q); err != nil {
		return Verified{}, err
	}
	keyID, ok := r.match(&found, q.Body, &signed)
	if r.needsURL {
		for _, address := range r.urls[1:] {
			r.moveTo(&signed, q, address)
			if id, right := r.match(&found, q.Body, &signed); right {
				keyID, ok = id, true
			}
		}
	}
	if !ok || !r.hashesMatch(q) {
		return Verified{}, ErrMismatch
	}
	return r.verified(keyID, q, &signed, now)
}

// verifyPlain verifies one digest of the body alone: what most platforms sign, and what
// needs no more than this.
func (r *Keyring) verifyPlain(given string, body []byte) (Verified, error) {
	var digest [64]byte
	if !r.decode(digest[:r.size], given) {
		return Verified{}, ErrMismatch
	}
	keyID, ok := "", false
	for i := len(r.keys) - 1; i >= 0; i-- {
		k := &r.keys[i]
		m := k.macs.Get().(*mac)
		m.hash.Reset()
		m.hash.Write(body)
		if subtle.ConstantTimeCompare(digest[:r.size], m.hash.Sum(m.sum[:0])) == 1 {
			keyID, ok = k.id, true
		}
		k.macs.Put(m)
	}
	if !ok {
		return Verified{}, ErrMismatch
	}
	return Verified{KeyID: keyID, Covers: r.covers}, nil
}

// match finds the key that made one of the digests.
func (r *Keyring) match(found *digests, body []byte, signed *values) (keyID string, ok bool) {
	if found.n == 0 {
		return "", false
	}
	for i := len(r.keys) - 1; i >= 0; i-- { // of equal secrets the first is named
		k := &r.keys[i]
		m := k.macs.Get().(*mac)
		sum := r.digest(m, body, signed)
		for i := range found.all[:found.n] {
			if subtle.ConstantTimeCompare(found.all[i][:r.size], sum) == 1 {
				keyID, ok = k.id, true
			}
		}
		k.macs.Put(m)
	}
	return keyID, ok
}

// digest is valid until m is used again.
func (r *Keyring) digest(m *mac, body []byte, signed *values) []byte {
	m.hash.Reset()
	m.held = 0
	for i := range r.signed {
		switch p := &r.signed[i]; p.from {
		case bodySource:
			m.flush()
			m.hash.Write(body)
		case nil:
			m.write(p.name)
		default:
			m.write(signed.texts[i])
		}
	}
	m.flush()
	return m.hash.Sum(m.sum[:0])
}

// write holds texts back until flush, or until there are many.
func (m *mac) write(text string) {
	for text != "" {
		n := copy(m.scratch[m.held:], text)
		m.held += n
		if text = text[n:]; text != "" {
			m.flush()
		}
	}
}

func (m *mac) flush() {
	if m.held > 0 {
		m.hash.Write(m.scratch[:m.held])
		m.held = 0
	}
}

func (r *Keyring) signDigest(q *Request, list string, _ time.Time, _ string) (string, error) {
	signed, err := r.signedBy(q, list)
	if err != nil {
		return "", err
	}
	m := r.keys[0].macs.Get().(*mac)
	defer r.keys[0].macs.Put(m)
	return r.encoded(r.digest(m, q.Body, &signed)), nil
}

// encoded is a signature as its text, with its name if it is an item of a list.
func (r *Keyring) encoded(raw []byte) string {
	text := hex.EncodeToString(raw)
	if r.scheme.Encoding == Base64 {
		text = base64.StdEncoding.EncodeToString(raw)
	}
	if r.scheme.Field != "" {
		text = r.scheme.Field + string(r.scheme.assign()) + text
	}
	return text
}
