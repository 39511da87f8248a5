package signature_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/signature"
)

const body = `{"type":"usage.tracked","payload":{"id":"u-1","human":"h-1","value":30}}`

var good = sign(current.Value, body)

// inStd ends in "w=" and holds a "+": the cases below need both.
const inStd = "wKIDuya6MUTA1ruwqoDNpYBOOtl+F6tnKqQkb5mym3w="

// Names begin with the number of the case in our catalogue of bad inputs.
func TestRefusedHeader(t *testing.T) {
	ring := ringOf(t, gabber, current)
	cases := []struct{ name, body, header string }{
		{"B36 empty", body, ""},
		{"B37 blanks only", body, " \t "},
		{"B39 inner space", body, good[:32] + " " + good[32:]},
		{"B39 inner space, same length", body, good[:32] + " " + good[33:]},
		{"B41 prefix that is not declared", body, "sha256=" + good},
		{"B42 0x before it", body, "0x" + good},
		{"B42 0x instead of two digits", body, "0x" + good[2:]},
		{"B43 63 characters", body, good[:63]},
		{"B43 65 characters", body, good + "0"},
		{"B45 HMAC-SHA-1 with the right key", body, mac(sha1.New, current.Value, body)},
		{"B45 HMAC-SHA-1, padded to the right length", body, mac(sha1.New, current.Value, body) + strings.Repeat("0", 24)},
		{"B47 HMAC-MD5 with the right key", body, mac(md5.New, current.Value, body)},
		{"B48 base64", body, base64.StdEncoding.EncodeToString(bytesOf(good))},
		{"B48 base64url", body, base64.URLEncoding.EncodeToString(bytesOf(good))},
		{"B48 base64 without padding", body, base64.RawStdEncoding.EncodeToString(bytesOf(good))},
		{"B49 first half", body, good[:32]},
		{"B51 all zeros", body, strings.Repeat("0", 64)},
		{"B51 all f", body, strings.Repeat("f", 64)},
		{"B52 plain SHA-256 of the body", body, plain(body)},
		{"B52 plain SHA-256 of secret and body", body, plain(current.Value + body)},
		{"B55 empty key", body, sign("", body)},
		{"B56 key undefined", body, sign("undefined", body)},
		{"B56 key null", body, sign("null", body)},
		{"B56 key changeme", body, sign("changeme", body)},
		{"B56 key secret", body, sign("secret", body)},
		{"B56 key 0", body, sign("0", body)},
		{"B57 secret decoded from hex", body, sign(string(bytesOf(current.Value)), body)},
		{"B57 secret decoded from base64", body, sign(string(unbase64(current.Value)), body)},
		{"B58 secret and a newline", body, sign(current.Value+"\n", body)},
		{"B58 secret in upper case", body, sign(strings.ToUpper(current.Value), body)},
		{"B61 the key of somebody else", body, sign(previous.Value, body)},
		{"B62 over JSON in another key order", body, sign(current.Value, `{"payload":{"human":"h-1","id":"u-1","value":30},"type":"usage.tracked"}`)},
		{"B62 over JSON with other spacing", body, sign(current.Value, strings.ReplaceAll(body, ":", ": "))},
		{"B62 over JSON with another number form", body, sign(current.Value, strings.Replace(body, "30", "30.0", 1))},
		{"B63 final newline added", body + "\n", good},
		{"B63 final newline removed", body, sign(current.Value, body+"\n")},
		{"B64 over LF, sent CRLF", "{\r\n}", sign(current.Value, "{\n}")},
		{"B64 over CRLF, sent LF", "{\n}", sign(current.Value, "{\r\n}")},
		{"B66 over the body without its BOM", "\ufeff" + body, good},
		{"B67 over timestamp.body", body, sign(current.Value, "1767225600."+body)},
		{"B68 over the payload member only", body, sign(current.Value, `{"id":"u-1","human":"h-1","value":30}`)},
		{"B72 good,good", body, good + "," + good},
		{"B72 bad, good", body, strings.Repeat("0", 64) + ", " + good},
		{"B73 bad good", body, strings.Repeat("0", 64) + " " + good},
		{"B73 good good", body, good + " " + good},
		{"B77 full-width digits", body, fullWidth(good)},
		{"B77 a full-width digit, same length", body, "\uff11" + good[3:]},
		{"B77 Cyrillic а, same length", body, "\u0430" + good[2:]},
		{"B77 NUL at the end", body, good + "\x00"},
		{"B77 NUL inside, same length", body, good[:63] + "\x00"},
		{"B77 DEL inside, same length", body, good[:63] + "\x7f"},
		{"B77 newline at the end", body, good + "\n"},
		{"B78 one megabyte of a", body, strings.Repeat("a", 1<<20)},
		{"body empty, signature of another", "", good},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if id, ok := ring.Verify(c.header, []byte(c.body)); ok || id != "" {
				t.Errorf("Verify = %q, %v", id, ok)
			}
		})
	}
}

func TestAcceptedHeader(t *testing.T) {
	cases := []struct {
		name   string
		scheme signature.Scheme
		body   string
		header string
	}{
		{"as sent", gabber, body, good},
		{"B38 outer spaces and tabs", gabber, body, " \t" + good + "\t "},
		{"upper case", gabber, body, strings.ToUpper(good)},
		{"body empty", gabber, "", sign(current.Value, "")},
		{"body that is not text", gabber, "\x00\xff\xfe", sign(current.Value, "\x00\xff\xfe")},
		{"B66 over the body with its BOM", gabber, "\ufeff" + body, sign(current.Value, "\ufeff"+body)},
		{"B41 prefix that is declared", prefixed, body, "sha256=" + good},
		{"declared prefix left out", prefixed, body, good},
		{"base64", inBase64, body, inStd},
		{"SHA-1", chatbase, body, mac(sha1.New, current.Value, body)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if id, ok := ringOf(t, c.scheme, current).Verify(c.header, []byte(c.body)); !ok || id != "current" {
				t.Errorf("Verify = %q, %v", id, ok)
			}
		})
	}
}

func TestHeaderRefusedByScheme(t *testing.T) {
	cases := []struct {
		name   string
		scheme signature.Scheme
		header string
	}{
		{"B46 HMAC-SHA-256 where SHA-1 is expected", chatbase, good},
		{"B46 HMAC-SHA-256 cut to the length of SHA-1", chatbase, good[:40]},
		{"prefix twice", prefixed, "sha256=sha256=" + good},
		{"prefix in another case", prefixed, "SHA256=" + good},
		{"prefix of another scheme", prefixed, "sha1=" + good},
		{"prefix alone", prefixed, "sha256="},
		{"space after the prefix", prefixed, "sha256= " + good},
		{"hex where base64 is expected", inBase64, good},
		{"base64 of one byte more", inBase64, base64.StdEncoding.EncodeToString(append(bytesOf(good), '='))},
		{"base64url", inBase64, base64.URLEncoding.EncodeToString(bytesOf(good))},
		{"base64 without padding", inBase64, base64.RawStdEncoding.EncodeToString(bytesOf(good))},
		{"base64 with bits left over", inBase64, strings.Replace(inStd, "w=", "x=", 1)},
		{"base64 with a newline for the padding", inBase64, inStd[:43] + "\n"},
		{"base64 with a newline inside", inBase64, inStd[:20] + "\n" + inStd[20:43]},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, ok := ringOf(t, c.scheme, current).Verify(c.header, []byte(body)); ok {
				t.Error("accepted")
			}
		})
	}
}

func TestB50OneNibbleWrong(t *testing.T) {
	ring := ringOf(t, gabber, current)
	for i := range good {
		for _, digit := range "0123456789abcdef" {
			bad := good[:i] + string(digit) + good[i+1:]
			if _, ok := ring.Verify(bad, []byte(body)); ok != (bad == good) {
				t.Errorf("position %d, digit %c: Verify = %v", i, digit, ok)
			}
		}
	}
}

// B54: whoever saw SHA-1(secret‖body) can compute SHA-1(secret‖body‖padding‖
// suffix) without the secret. The test makes the forgery, proves that it is
// one, and shows that HMAC is not open to it.
func TestB54LengthExtension(t *testing.T) {
	const suffix = `{"eventType":"leads.submit"}`
	ring := ringOf(t, chatbase, current)

	naive := sha1.Sum([]byte(current.Value + body))
	longer, forged := extendSHA1(t, naive[:], len(current.Value)+len(body), suffix)
	longer = body + longer
	if real := sha1.Sum([]byte(current.Value + longer)); string(forged) != string(real[:]) {
		t.Fatal("the forgery is not one: the test proves nothing")
	}
	if _, ok := ring.Verify(hex.EncodeToString(forged), []byte(longer)); ok {
		t.Error("extension of SHA-1(secret‖body) accepted")
	}

	seen := bytesOf(mac(sha1.New, current.Value, body))
	longer, forged = extendSHA1(t, seen, sha1.BlockSize+len(body), suffix)
	if _, ok := ring.Verify(hex.EncodeToString(forged), []byte(body+longer)); ok {
		t.Error("extension of the HMAC accepted")
	}
}

// extendSHA1 continues a digest of length bytes: it gives what was appended
// (the padding and the suffix) and the new digest.
func extendSHA1(t *testing.T, digest []byte, length int, suffix string) (appended string, extended []byte) {
	t.Helper()
	padding := append([]byte{0x80}, make([]byte, (119-length%64)%64)...)
	padding = binary.BigEndian.AppendUint64(padding, uint64(length)*8)

	state := append([]byte("sha\x01"), digest...)
	state = append(state, make([]byte, sha1.BlockSize)...)
	state = binary.BigEndian.AppendUint64(state, uint64(length+len(padding)))
	h := sha1.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		t.Fatal(err)
	}
	h.Write([]byte(suffix))
	return string(padding) + suffix, h.Sum(nil)
}

func sign(secret, body string) string { return mac(sha256.New, secret, body) }

func mac(newHash func() hash.Hash, secret, body string) string {
	m := hmac.New(newHash, []byte(secret))
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

func plain(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func bytesOf(text string) []byte {
	data, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return data
}

func unbase64(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return data
}

func fullWidth(text string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r - '0' + '０'
		}
		return r
	}, text)
}
