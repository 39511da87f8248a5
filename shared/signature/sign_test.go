package signature_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/signature"
)

type platform struct{ name, text, secret string }

// field has a scheme of each kind that covers every byte of the body.
var field = []platform{
	{"plain", "header=X-Sig", current.Value},
	{"plain, base64, prefix", `header=Authorization; encoding=base64; prefix="HMAC "`, current.Value},
	{"key in base64", "header=X-Sig; key=base64", "a2V5LW9mLWEtdGVzdC1ub3QtcmVhbC0wMDAx"},
	{"key in hex", "header=X-Sig; key=hex; algorithm=sha512", current.Value},
	{"time in a list", `header=X-Sig; signed={timestamp}.{body}; list=","; field=v1; time=field:t s 300`, current.Value},
	{"body and milliseconds", `header=X-Sig; signed={body}{timestamp}; list=","; field=d; time=field:v ms 300`, current.Value},
	{"id, time and body", `header=Webhook-Signature; encoding=base64; list=" "; assign=","; field=v1; key=whsec; signed={id}.{timestamp}.{body}; id=header:Webhook-Id; time=header:Webhook-Timestamp s 300`,
		"whsec_a2V5LW9mLWEtdGVzdC1ub3QtcmVhbC0wMDAx"},
	{"time in a header", "header=X-Sig; prefix=v0=; signed=v0:{timestamp}:{body}; time=header:X-Time s 300", current.Value},
	{"body and RFC 3339, a list of signatures", `header=X-Sig; signed={body}{timestamp}; list=","; time=header:X-Time rfc3339 60`, current.Value},
	{"nonce", "header=X-Sig; encoding=base64; signed={body}.{header:X-Nonce}.{timestamp}; time=header:X-Time s 300", current.Value},
	{"time in the body", "header=X-Sig; time=json:at ms 60", current.Value},
	{"address and body", "header=X-Sig; encoding=base64; signed={url}{body}; url=https://hooks.example.com/made-up", current.Value},
	{"method, address, body, time", "header=X-Sig; encoding=base64; signed={method}{url}{body}{timestamp}; time=header:X-Time ms 300; url=https://hooks.example.com/made-up", current.Value},
	{"address with the hash of the body", "header=X-Sig; algorithm=sha1; encoding=base64; signed={url}; url=https://hooks.example.com/made-up; bodyhash=query:bodySHA256 hex", current.Value},
	{"hash of the body", "header=X-Sig; signed={timestamp}.{url}.{body-sha256}; time=header:X-Time s 300; url=https://hooks.example.com/made-up", current.Value},
	{"Ed25519", "header=X-Sig; algorithm=ed25519; key=base64; encoding=base64; signed={timestamp}|{body}; time=header:X-Time s 300", ""},
	{"Ed25519 in hex, no separator", "header=X-Sig; algorithm=ed25519; key=hex; signed={timestamp}{body}; time=header:X-Time s 300", ""},
	{"ECDSA", "header=X-Sig; algorithm=ecdsa-sha256; key=spki; encoding=base64; signed={timestamp}{body}; time=header:X-Time s 300", ""},
	{"RSA", "header=X-Sig; algorithm=rsa-sha256; key=spki; encoding=base64", ""},
	{"token", "header=Authorization; algorithm=jwt-hs256; bodyhash=claim:sha256 base64; leeway=60; demand=exp", current.Value},
	{"token of an address", `header=Authorization; algorithm=jwt-hs512; prefix="Bearer "; bodyhash=claim:payload_hash hex; urlhash=claim:url_hash hex; url=https://hooks.example.com/made-up; maxage=300; id=claim:jti`, current.Value},
}

// loose are the schemes of which the body may change: forms say the same in several ways.
var loose = []platform{
	{"form", "header=X-Sig; algorithm=sha1; encoding=base64; signed={url}{params}; url=https://hooks.example.com/made-up", current.Value},
	{"signature in the form", "from=form:sig; signed={params-amp}", current.Value},
	{"query and form", "header=X-Sig; encoding=base64; signed={plivo}.{header:X-Nonce}; url=https://hooks.example.com/made-up", current.Value},
	{"static", "header=X-Secret; algorithm=static; covers=nothing", current.Value},
	{"basic", `header=Authorization; prefix="Basic "; algorithm=static; encoding=base64; covers=nothing`, "hooks:" + current.Value},
	{"bearer", `header=Authorization; prefix="Bearer "; algorithm=static; covers=nothing`, current.Value},
	{"token that covers nothing", "header=Authorization; algorithm=jwt-hs256; covers=nothing; demand=exp", current.Value},
	{"a member of the body", "header=X-Sig; signed={json:call.id}; covers=part", current.Value},
}

// pairs makes a pair of keys for each algorithm with public keys, once.
var pairs = sync.OnceValue(func() map[signature.Algorithm]crypto.Signer {
	return map[signature.Algorithm]crypto.Signer{
		signature.Ed25519: ed25519.NewKeyFromSeed(bytes.Repeat([]byte("not real"), 4)),
		signature.ECDSA:   made(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		signature.RSA:     made(rsa.GenerateKey(rand.Reader, 2048)),
	}
})

// signWith signs as a platform does.
func signWith(key crypto.Signer) func(message []byte) ([]byte, error) {
	return func(message []byte) ([]byte, error) {
		if _, ok := key.(ed25519.PrivateKey); ok {
			return key.Sign(rand.Reader, message, crypto.Hash(0))
		}
		sum := sha256.Sum256(message)
		return key.Sign(rand.Reader, sum[:], crypto.SHA256)
	}
}

func made[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// platformOf gives the keyring that a platform signs with, and ours.
func platformOf(t rapid.TB, text, secret string) (scheme signature.Scheme, signer, ring *signature.Keyring) {
	scheme, err := signature.ParseScheme(text)
	if err != nil {
		t.Fatal(err)
	}
	pair, ok := pairs()[scheme.Algorithm]
	if !ok {
		ring = ringOf(t, scheme, signature.Secret{ID: "current", Value: secret})
		return scheme, ring, ring
	}
	public := base64.StdEncoding.EncodeToString(made(x509.MarshalPKIXPublicKey(pair.Public())))
	if scheme.Algorithm == signature.Ed25519 {
		raw := pair.Public().(ed25519.PublicKey)
		if public = base64.StdEncoding.EncodeToString(raw); scheme.Key == signature.KeyHex {
			public = hex.EncodeToString(raw)
		}
	}
	signer, err = signature.NewSigner(scheme, signWith(pair))
	if err != nil {
		t.Fatal(err)
	}
	return scheme, signer, ringOf(t, scheme, signature.Secret{ID: "current", Value: public})
}

var sentAt = time.Unix(1790000000, 0)

// deliveries are made once: a keyring is safe for concurrent use, and a change copies.
var deliveries sync.Map

type delivery struct {
	scheme signature.Scheme
	ring   *signature.Keyring
	q      signature.Request
}

// delivered gives a delivery of a platform.
func delivered(t rapid.TB, p platform) (signature.Scheme, *signature.Keyring, signature.Request) {
	made, ok := deliveries.Load(p)
	if !ok {
		scheme, ring, q := newDelivery(t, p)
		made, _ = deliveries.LoadOrStore(p, delivery{scheme, ring, q})
	}
	d := made.(delivery)
	return d.scheme, d.ring, d.q
}

func newDelivery(t rapid.TB, p platform) (scheme signature.Scheme, ring *signature.Keyring, q signature.Request) {
	scheme, signer, ring := platformOf(t, p.text, p.secret)
	q = signature.Request{Method: "POST", Query: "a=1&b=2", Body: []byte(`{"at":1790000000000,"call":{"id":"c-1"},"value":30}`)}
	if scheme.Signed == "{url}{params}" || scheme.From != "" || scheme.Signed[:min(7, len(scheme.Signed))] == "{plivo}" {
		q.Body = []byte("CallSid=CA1&Digits=12&From=%2B1")
	}
	if err := signer.Sign(&q, sentAt, "msg_1"); err != nil {
		t.Fatal(err)
	}
	return scheme, ring, q
}

func TestSignIsVerified(t *testing.T) {
	for _, p := range slices.Concat(field, loose) {
		t.Run(p.name, func(t *testing.T) {
			scheme, ring, q := delivered(t, p)
			verified, err := ring.Verify(q, sentAt)
			if err != nil || verified.KeyID != "current" || (verified.ID == "msg_1") != (scheme.ID != "") || verified.Covers != scheme.Covers {
				t.Fatalf("%+v, %v", verified.KeyID, err)
			}
			if scheme.Time.From != "" && !verified.Time.Equal(sentAt) {
				t.Errorf("signed time %v", verified.Time)
			}
		})
	}
}

// Of a pair's private key the public one is not known to the keyring.
func TestVerifyOfASignerRefuses(t *testing.T) {
	for _, p := range field {
		if scheme, signer, ring := platformOf(t, p.text, p.secret); signer != ring {
			_, _, q := newDelivery(t, p)
			if _, err := signer.Verify(q, sentAt); err == nil {
				t.Errorf("%s (%s): verified", p.name, scheme.Algorithm)
			}
		}
	}
}

// A delivery is stale on either side of the tolerance, and only then.
func TestVerifyTolerance(t *testing.T) {
	for _, p := range field {
		scheme, ring, q := delivered(t, p)
		if scheme.Time.From == "" {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			for _, c := range []struct {
				after time.Duration
				want  error
			}{{scheme.Time.Tolerance, nil}, {-scheme.Time.Tolerance, nil}, {scheme.Time.Tolerance + time.Millisecond, signature.ErrStale}, {-scheme.Time.Tolerance - time.Millisecond, signature.ErrStale}, {400 * 24 * time.Hour, signature.ErrStale}} {
				if _, err := ring.Verify(q, sentAt.Add(c.after)); !errors.Is(err, c.want) {
					t.Errorf("%v later: %v, want %v", c.after, err, c.want)
				}
			}
		})
	}
}

func TestVerifyPastOnly(t *testing.T) {
	_, ring, q := delivered(t, platform{text: "header=X-Sig; signed={timestamp}.{body}; time=header:X-Time s 300 past", secret: current.Value})
	for after, want := range map[time.Duration]error{-time.Hour: nil, 300 * time.Second: nil, 301 * time.Second: signature.ErrStale} {
		if _, err := ring.Verify(q, sentAt.Add(after)); !errors.Is(err, want) {
			t.Errorf("%v later: %v, want %v", after, err, want)
		}
	}
}

// The zone of a time may be left out where nothing stands behind the time.
func TestVerifyTimeWithoutZone(t *testing.T) {
	for text, want := range map[string]error{
		"header=X-Sig; signed={body}{timestamp}; time=header:X-Time rfc3339 60":  nil,
		"header=X-Sig; signed={timestamp}.{body}; time=header:X-Time rfc3339 60": signature.ErrMalformed,
	} {
		scheme, signer, ring := platformOf(t, text, current.Value)
		q := signature.Request{Body: []byte("{}"), Header: signature.Header{"X-Time": {sentAt.UTC().Format("2006-01-02T15:04:05.000000")}}}
		err := signer.Sign(&q, sentAt, "")
		if err == nil {
			_, err = ring.Verify(q, sentAt)
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", scheme.Signed, err, want)
		}
	}
}

// Before the signature is known to be right its time says nothing: a forgery is a
// mismatch, however old it says it is.
func TestVerifyStaleOnlyIfRight(t *testing.T) {
	for _, p := range field {
		t.Run(p.name, func(t *testing.T) {
			_, ring, q := delivered(t, p)
			q.Body = append(bytes.Clone(q.Body), ' ')
			if _, err := ring.Verify(q, sentAt.Add(400*24*time.Hour)); err == nil || errors.Is(err, signature.ErrStale) {
				t.Errorf("%v", err)
			}
		})
	}
}

// change is one alteration of a delivery on its way.
type change struct {
	where     uint8 // a header, body, query or method
	at        uint16
	cut       uint8 // bytes taken out
	put       string
	toTheBody uint8 // characters moved from a header's begin to the body's end
}

func (c change) of(q signature.Request) signature.Request {
	names := slices.Sorted(maps.Keys(q.Header))
	header := signature.Header{}
	for name, values := range q.Header {
		header[name] = slices.Clone(values)
	}
	q.Header, q.Body = header, bytes.Clone(q.Body)
	edit := func(text string) string {
		at := int(c.at) % (len(text) + 1)
		end := min(at+int(c.cut%8), len(text))
		return text[:at] + c.put + text[end:]
	}
	switch where := int(c.where) % (len(names) + 3); {
	case where < len(names) && c.toTheBody > 0 && len(q.Header[names[where]]) > 0:
		value := q.Header[names[where]][0]
		n := min(int(c.toTheBody), len(value))
		q.Header[names[where]][0], q.Body = value[n:], append(q.Body, value[:n]...)
	case where < len(names) && len(q.Header[names[where]]) > 0:
		q.Header[names[where]][0] = edit(q.Header[names[where]][0])
	case where == len(names):
		q.Body = []byte(edit(string(q.Body)))
	case where == len(names)+1:
		q.Query = edit(q.Query)
	default:
		q.Method = edit(q.Method)
	}
	return q
}

// verifyChanged: what is accepted in spite of a change says what the platform said.
func verifyChanged(t rapid.TB, p platform, changes ...change) {
	scheme, ring, sent := delivered(t, p)
	original, err := ring.Verify(sent, sentAt)
	if err != nil {
		t.Fatal(err)
	}
	q := sent
	for _, c := range changes {
		q = c.of(q)
	}
	verified, err := ring.Verify(q, sentAt)
	ring.Explain(q)
	if err != nil {
		if verified != (signature.Verified{}) {
			t.Errorf("a refusal (%v) says what was signed", err)
		}
		return
	}
	if verified.ID != original.ID || !verified.Time.Equal(original.Time) {
		t.Errorf("%s: id or time changed, and it was accepted", p.text)
	}
	if verified.Covers != original.Covers || scheme.Covers == signature.CoversBody && slices.Contains(field, p) && !bytes.Equal(q.Body, sent.Body) {
		t.Errorf("%s: the body is %q and was accepted", p.text, q.Body)
	}
}

func drawnChange(t *rapid.T) change {
	return change{rapid.Uint8().Draw(t, "where"), rapid.Uint16().Draw(t, "at"), rapid.Uint8().Draw(t, "cut"),
		rapid.OneOf(rapid.SampledFrom([]string{"", "0", ",", ";", " ", ".", "=", "v1=", ",t=1", "&sig=0", "\n", "}"}), rapid.String()).Draw(t, "put"), rapid.SampledFrom([]uint8{0, 0, 1, 4, 20}).Draw(t, "moved")}
}

func TestVerifyOfAChangedDelivery(t *testing.T) {
	for _, p := range slices.Concat(field, loose) {
		t.Run(p.name, rapid.MakeCheck(func(t *rapid.T) {
			verifyChanged(t, p, drawnChange(t), drawnChange(t))
		}))
	}
}

func FuzzVerifyChanged(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint16(0), uint8(0), "", uint8(1))
	f.Add(uint8(5), uint8(1), uint16(3), uint8(1), "v1=", uint8(0))
	f.Fuzz(func(t *testing.T, which, where uint8, at uint16, cut uint8, put string, moved uint8) {
		all := slices.Concat(field, loose)
		verifyChanged(t, all[int(which)%len(all)], change{where, at, cut, put, moved})
	})
}

// FuzzVerifyForged: without the key no request is accepted.
func FuzzVerifyForged(f *testing.F) {
	f.Add(uint8(0), "POST", "a=1", "t=1790000000,v1=00", "1790000000", "msg_1", []byte("{}"))
	f.Add(uint8(19), "POST", "", "eyJhbGciOiJub25lIn0.e30.", "1", "1", []byte("{}"))
	f.Fuzz(func(t *testing.T, which uint8, method, query, first, second, third string, body []byte) {
		all := slices.Concat(field, loose)
		p := all[int(which)%len(all)]
		_, ring, sent := delivered(t, p)
		q := signature.Request{Method: method, Query: query, Header: signature.Header{}, Body: body}
		for i, name := range slices.Sorted(maps.Keys(sent.Header)) {
			q.Header[name] = []string{[]string{first, second, third}[i%3]}
		}
		if verified, err := ring.Verify(q, sentAt); err == nil {
			t.Errorf("%s: accepted as %v", p.text, verified)
		}
		ring.Explain(q)
	})
}

// A signature is right whichever of the keys made it, and whichever of its place in the
// list.
func TestVerifyTriesEveryKeyAndEverySignature(t *testing.T) {
	scheme := templated["time and body in a list"]
	q := signature.Request{Body: []byte(body)}
	if err := ringOf(t, scheme, previous).Sign(&q, sentAt, ""); err != nil {
		t.Fatal(err)
	}
	list := q.Header["X-Signature"][0]
	zeros := ",v1=" + "0000000000000000000000000000000000000000000000000000000000000000"
	for name, value := range map[string]string{
		"alone": list, "first of two": list + zeros, "last of eight": list[:12] + zeros + zeros + zeros + zeros + zeros + zeros + zeros + list[12:],
		"beside another version": list + ",v9=1", "beside one that cannot be read": list + ",v1=zz", "blanks": list[:13] + " " + list[13:] + " ",
	} {
		q.Header["X-Signature"] = []string{value}
		if verified, err := ringOf(t, scheme, current, previous).Verify(q, sentAt); err != nil || verified.KeyID != "previous" {
			t.Errorf("%s: %v, %v", name, verified.KeyID, err)
		}
	}
	q.Header["X-Signature"] = []string{list + zeros + zeros + zeros + zeros + zeros + zeros + zeros + zeros}
	if _, err := ringOf(t, scheme, current, previous).Verify(q, sentAt); !errors.Is(err, signature.ErrMalformed) {
		t.Errorf("nine signatures: %v", err)
	}
}

func TestAnswerSignsWithTheKeyOfTheRequest(t *testing.T) {
	ring := ringOf(t, inHex, current, previous)
	for id, secret := range map[string]string{"current": current.Value, "previous": previous.Value, "": current.Value} {
		if got := ring.Answer(id, "challenge", signature.Hex); got != sign(secret, "challenge") {
			t.Errorf("key %q: %s", id, got)
		}
	}
}
