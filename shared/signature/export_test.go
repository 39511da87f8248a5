package signature

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"sync"
)

// Unchecked makes a keyring of one secret that [CheckSecret] may refuse:
// published test vectors have keys of four bytes. Tests only.
func Unchecked(scheme Scheme, secret []byte) *Keyring {
	newHash, size := sha256.New, sha256.Size
	if scheme.Algorithm == SHA1 {
		newHash, size = sha1.New, sha1.Size
	}
	pool := &sync.Pool{New: func() any { return &mac{hash: hmac.New(newHash, secret)} }}
	return &Keyring{scheme: scheme, size: size, keys: []key{{id: "unchecked", macs: pool}}}
}

// CountDigests makes the ring report every digest it computes to count, with
// the id of the key.
func (r *Keyring) CountDigests(count func(keyID string)) {
	for i, k := range r.keys {
		fresh := k.macs.New
		r.keys[i].macs = &sync.Pool{New: func() any {
			m := fresh().(*mac)
			m.hash = counted{m.hash, func() { count(k.id) }}
			return m
		}}
	}
}

type counted struct {
	hash.Hash
	count func()
}

func (c counted) Sum(in []byte) []byte {
	c.count()
	return c.Hash.Sum(in)
}
