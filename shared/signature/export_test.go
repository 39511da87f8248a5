package signature

import (
	"hash"
	"sync"
)

// Unchecked makes a keyring of one secret that [CheckSecret] may refuse: published
// test vectors have keys of four bytes.
func Unchecked(scheme Scheme, secret []byte) *Keyring {
	ring, err := newKeyring(scheme, []Secret{{ID: "unchecked", Value: string(secret)}})
	if err != nil {
		panic(err)
	}
	return ring
}

// CountDigests calls count with the key's id for every digest that the ring computes.
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
