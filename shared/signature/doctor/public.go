package doctor

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"crypto"

	"github.com/webhook-functions/template/shared/signature"
)

// maxChecks bounds the signatures of public keys that are checked.
const maxChecks = 8000

// searchPublic tries the secrets as public keys.
func searchPublic(c Case) (hits []hit) {
	if !c.Platform.isPublic() {
		return nil
	}
	b, f := byCost(bodies(c.Request.Body)), byCost(frames(c))
	texts := c.texts()
	checks := 0
	for _, k := range c.publicKeys() {
		for total := range 3 {
			if len(hits) > 0 && hits[0].cost <= total+k.cost {
				break
			}
			for bi := range total + 1 {
				for _, body := range b[bi] {
					for _, frame := range f[total-bi] {
						message := frame.value.message(body.value)
						for _, g := range texts {
							if checks++; checks > maxChecks || g.digest == nil || !signs(k.value.public, message, g.digest) {
								continue
							}
							causes := with(with(with(k.causes, body.causes...), frame.causes...), g.causes...)
							hits = append(hits, hit{key: k.value.id, cost: k.cost + total + g.cost, causes: causes, time: frame.value.time.text})
							break // the cheapest coding of it
						}
					}
				}
			}
		}
	}
	return hits
}

func (f frame) message(body []byte) (all []byte) {
	for _, p := range f.parts {
		if p.made != nil {
			all = append(all, p.made(body)...)
		} else {
			all = append(all, p.text...)
		}
	}
	return all
}

type public struct {
	id     string
	public crypto.PublicKey
}

// publicKeys reads the secrets in every form of a public key.
func (c Case) publicKeys() []option[public] {
	var all options[public]
	s := c.Platform.Scheme
	add := func(id, text string, cost int, causes ...Cause) {
		for name, key := range publicForms(text) {
			if key == nil {
				continue
			}
			more, causes := cost, with(causes)
			if name != s.Key {
				more, causes = more+1, append(causes, Cause{"secret-form", "The public key is " + string(name) + "; the scheme says " + formName(s.Key) + "."})
			}
			if algorithmOf(key) != s.Algorithm {
				more, causes = more+1, append(causes, Cause{"algorithm", "The public key is of " + string(algorithmOf(key)) + "; the scheme says " + string(s.Algorithm) + "."})
			}
			all.add(id+string(name), public{id, key}, more, causes...)
		}
	}
	for _, secret := range c.Platform.Secrets {
		text := strings.Trim(strings.TrimSpace(secret.Value), quotes)
		if text == secret.Value {
			add(secret.ID, text, 0)
		} else {
			add(secret.ID, text, 1, Cause{"secret-space", "The public key has white space or quotes around it."})
		}
	}
	for _, p := range c.Others {
		for _, secret := range p.Secrets {
			add(secret.ID, secret.Value, 1, c.anotherSecret(p.Name))
		}
	}
	return all.all
}

func publicForms(text string) map[signature.KeyForm]crypto.PublicKey {
	all := map[signature.KeyForm]crypto.PublicKey{}
	raw := func(name signature.KeyForm, b []byte, err error) {
		if err == nil && len(b) == ed25519.PublicKeySize {
			all[name] = ed25519.PublicKey(b)
		}
	}
	b, err := hex.DecodeString(text)
	raw(signature.KeyHex, b, err)
	b, err = base64.StdEncoding.DecodeString(text)
	raw(signature.KeyBase64, b, err)
	if rest, ok := strings.CutPrefix(text, "whpk_"); ok {
		b, err = base64.StdEncoding.DecodeString(rest)
		raw(signature.KeyWhpk, b, err)
	}
	var der strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") {
			der.WriteString(line)
		}
	}
	if b, err := base64.StdEncoding.DecodeString(der.String()); err == nil {
		if key, err := x509.ParsePKIXPublicKey(b); err == nil {
			all[signature.KeySPKI] = key
		}
	}
	return all
}

func algorithmOf(key crypto.PublicKey) signature.Algorithm {
	switch key.(type) {
	case *ecdsa.PublicKey:
		return signature.ECDSA
	case *rsa.PublicKey:
		return signature.RSA
	}
	return signature.Ed25519
}

func signs(key crypto.PublicKey, message, sum []byte) bool {
	hashed := sha256.Sum256(message)
	switch key := key.(type) {
	case ed25519.PublicKey:
		return len(sum) == ed25519.SignatureSize && ed25519.Verify(key, message, sum)
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, hashed[:], sum)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, hashed[:], sum) == nil
	}
	return false
}
