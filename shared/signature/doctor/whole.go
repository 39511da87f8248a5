package doctor

import (
	"bytes"
	"encoding/hex"
	"errors"

	"github.com/webhook-functions/template/shared/signature"
)

// searchWhole is for a scheme that signs what no frame can say: the keyring itself is
// asked, with another secret, body, address or algorithm.
func searchWhole(c Case) (hits []hit) {
	s := c.Platform.Scheme
	if len(byCost(frames(c))[0]) > 0 || isJWT(s.Algorithm) || s.Algorithm == signature.Static || c.Platform.isPublic() {
		return nil
	}
	bodies, addresses, algorithms := byCost(bodies(c.Request.Body)), c.addresses(), byCost(algorithms(s))
	for _, k := range keys(c) {
		for cost := range 3 {
			for _, b := range bodies[cost] {
				for _, address := range addresses {
					for _, a := range append(algorithms[0], algorithms[1]...) {
						total := k.cost + cost + address.cost + a.cost
						if total > 2 || a.value.name == "" {
							continue
						}
						q := c.Request
						q.Body = b.value
						s.URL, s.Algorithm = address.value, a.value.name
						if c.verifies(s, k.value, q) {
							hits = append(hits, hit{key: k.value.id, cost: total, causes: with(with(with(k.causes, b.causes...), address.causes...), a.causes...)})
						}
					}
				}
			}
		}
	}
	return hits
}

// verifies asks a keyring of the key, written in hex and padded with zeros, as HMAC does
// itself.
func (c Case) verifies(s signature.Scheme, k key, q signature.Request) bool {
	value := k.text
	if s.Algorithm != signature.SortedSHA1 && s.Algorithm != signature.HashSHA256 {
		s.Key, value = signature.KeyHex, hex.EncodeToString(append(bytes.Clone(k.bytes), make([]byte, max(0, 16-len(k.bytes)))...))
	}
	ring, err := signature.NewKeyring(s, signature.Secret{ID: k.id, Value: value})
	if err != nil {
		return false
	}
	_, err = ring.Verify(q, c.Now)
	return err == nil || errors.Is(err, signature.ErrStale)
}
