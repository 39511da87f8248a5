package doctor

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"hash"
	"strings"

	"github.com/webhook-functions/template/shared/signature"
)

// algorithm computes a digest. Where hmac is false the key is hashed before or behind
// the message, or not at all.
type algorithm struct {
	name          signature.Algorithm // "" where no scheme can say it
	text          string
	hash          func() hash.Hash
	hmac          bool
	before, after bool
	swapped       bool // what is signed is the key of the HMAC, and the secret its message
}

var hashes = []struct {
	name signature.Algorithm
	text string
	hash func() hash.Hash
	cost int
}{
	{signature.SHA256, "SHA-256", sha256.New, 1},
	{signature.SHA1, "SHA-1", sha1.New, 1},
	{signature.SHA512, "SHA-512", sha512.New, 1},
	{signature.MD5, "MD5", md5.New, 1},
	{"", "SHA-384", sha512.New384, 1},
	{"", "SHA-224", sha256.New224, 2},
	{"", "SHA-512/256", sha512.New512_256, 2},
	{"", "SHA3-256", func() hash.Hash { return sha3.New256() }, 2},
}

// algorithms lists the scheme's own first.
func algorithms(s signature.Scheme) (all []option[algorithm]) {
	add := func(cost int, a algorithm) {
		o := option[algorithm]{value: a, cost: cost}
		if a.name != "" && a.name == s.Algorithm {
			all = append([]option[algorithm]{o}, all...)
			all[0].cost = 0
			return
		}
		o.causes = []Cause{{"algorithm", "The signature is " + a.text + "; the scheme says " + string(s.Algorithm) + "."}}
		all = append(all, o)
	}
	for _, h := range hashes {
		add(h.cost, algorithm{name: h.name, text: "HMAC with " + h.text, hash: h.hash, hmac: true})
	}
	for _, h := range hashes[:4] {
		name := map[bool]signature.Algorithm{true: signature.HashSHA256}[h.name == signature.SHA256]
		add(2, algorithm{name: name, text: "the plain " + h.text + " of the secret and what is signed, no HMAC", hash: h.hash, before: true})
		add(2, algorithm{text: "the plain " + h.text + " of what is signed and the secret, no HMAC", hash: h.hash, after: true})
		add(2, algorithm{text: "the plain " + h.text + " of what is signed, without a secret", hash: h.hash})
		add(2, algorithm{text: "HMAC with " + h.text + " where secret and body are exchanged", hash: h.hash, swapped: true})
	}
	return all
}

func (a algorithm) start(key []byte) hash.Hash {
	if a.hmac {
		return hmac.New(a.hash, key)
	}
	return a.hash()
}

// sum is the digest of a frame around a body.
func (a algorithm) sum(h hash.Hash, key []byte, f frame, body []byte) []byte {
	h.Reset()
	if a.swapped {
		h = hmac.New(a.hash, f.message(body))
		h.Write(key)
		return h.Sum(nil)
	}
	if a.before {
		h.Write(key)
	}
	f.writeTo(h, body)
	if a.after {
		h.Write(key)
	}
	return h.Sum(nil)
}

func isJWT(a signature.Algorithm) bool { return strings.HasPrefix(string(a), "jwt-") }
