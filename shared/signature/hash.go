package signature

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"hash"
	"slices"
	"strings"
	"sync"
	"time"
)

// Plain hashes of a secret and what is signed. Neither covers the body.
func init() {
	methods[HashSHA256] = &method{keys: []KeyForm{KeyText}, size: sha256.Size, covers: CoversPart, check: checkHash, newKey: newHashKey, verify: (*Keyring).verifyDigest, sign: (*Keyring).signDigest}
	methods[SortedSHA1] = &method{keys: []KeyForm{KeyText}, size: sha1.Size, covers: CoversPart, newKey: newHashKey, verify: (*Keyring).verifySorted, sign: (*Keyring).signSorted}
}

// checkHash: what is appended to a plain hash begins in a source without a bound, and may
// end in another time or id.
func checkHash(s Scheme, t template) error {
	open := false
	for _, p := range t {
		if open && (p.isTime || p.isID) {
			return errors.New("of a plain hash time and id stand before the body")
		}
		open = open || p.from != nil && p.from != headerSource && p.from != fieldSource
	}
	return s.checkNoToken(t)
}

func newHashKey(_ Scheme, secret Secret) (key, error) {
	return key{macs: &sync.Pool{New: func() any { return &mac{hash: &prefixedHash{sha256.New(), []byte(secret.Value)}} }}}, nil
}

// prefixedHash hashes a secret before all else.
type prefixedHash struct {
	hash.Hash
	secret []byte
}

func (h *prefixedHash) Reset() {
	h.Hash.Reset()
	h.Write(h.secret)
}

func (r *Keyring) verifySorted(given string, q Request, now time.Time) (Verified, error) {
	var found digests
	var signed values
	if err := r.receive(&found, &signed, given, q); err != nil {
		return Verified{}, err
	}
	for i := range r.keys {
		if found.n == 1 && subtle.ConstantTimeCompare(found.all[0][:r.size], r.sorted(&r.keys[i], &signed)) == 1 {
			return r.verified(r.keys[i].id, q, &signed, now)
		}
	}
	return Verified{}, ErrMismatch
}

// sorted hashes the secret and the values in the order of their bytes.
func (r *Keyring) sorted(k *key, signed *values) []byte {
	texts := append([]string{k.text()}, signed.texts[:len(r.signed)]...)
	slices.Sort(texts)
	sum := sha1.Sum([]byte(strings.Join(texts, "")))
	return sum[:]
}

func (r *Keyring) signSorted(q *Request, list string, _ time.Time, _ string) (string, error) {
	signed, err := r.signedBy(q, list)
	return r.encoded(r.sorted(&r.keys[0], &signed)), err
}
