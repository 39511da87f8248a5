package signature_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/signature"
)

const body = `{"type":"usage.tracked","payload":{"id":"u-1","human":"h-1","value":30}}`

var good = sign(current.Value, body)

// inStd is good in base64. It ends in "w=" and holds a "+": rows below need both.
const inStd = "wKIDuya6MUTA1ruwqoDNpYBOOtl+F6tnKqQkb5mym3w="

func TestVerifyAccepts(t *testing.T) {
	for _, c := range []struct {
		name         string
		scheme       signature.Scheme
		body, header string
	}{
		{"as sent", inHex, body, good},
		{"outer spaces and tabs", inHex, body, " \t" + good + "\t "},
		{"upper case", inHex, body, strings.ToUpper(good)},
		{"body empty", inHex, "", sign(current.Value, "")},
		{"body that is not text", inHex, "\x00\xff\xfe", sign(current.Value, "\x00\xff\xfe")},
		{"over the body with its BOM", inHex, "\ufeff" + body, sign(current.Value, "\ufeff"+body)},
		{"declared prefix", prefixed, body, "sha256=" + good},
		{"declared prefix left out", prefixed, body, good},
		{"base64", inBase64, body, inStd},
		{"SHA-1", inSHA1, body, mac(sha1.New, current.Value, body)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if id, ok := verify(ringOf(t, c.scheme, current), c.header, []byte(c.body)); !ok || id != "current" {
				t.Errorf("Verify = %q, %v", id, ok)
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	for _, c := range []struct {
		name         string
		scheme       signature.Scheme
		body, header string
	}{
		{"empty", inHex, body, ""},
		{"blanks only", inHex, body, " \t "},
		{"inner space", inHex, body, good[:32] + " " + good[32:]},
		{"inner space, same length", inHex, body, good[:32] + " " + good[33:]},
		{"0x before it", inHex, body, "0x" + good},
		{"63 characters", inHex, body, good[:63]},
		{"65 characters", inHex, body, good + "0"},
		{"all zeros", inHex, body, strings.Repeat("0", 64)},
		{"two signatures, comma", inHex, body, good + "," + good},
		{"bad signature before the good one", inHex, body, strings.Repeat("0", 64) + " " + good},
		{"full-width digit, same length", inHex, body, "\uff11" + good[3:]},
		{"Cyrillic а, same length", inHex, body, "\u0430" + good[2:]},
		{"NUL inside, same length", inHex, body, good[:63] + "\x00"},
		{"newline at the end", inHex, body, good + "\n"},
		{"one megabyte", inHex, body, strings.Repeat("a", 1<<20)},

		{"HMAC-SHA-1 for SHA-256", inHex, body, mac(sha1.New, current.Value, body)},
		{"HMAC-SHA-1 padded to the length", inHex, body, mac(sha1.New, current.Value, body) + strings.Repeat("0", 24)},
		{"HMAC-MD5", inHex, body, mac(md5.New, current.Value, body)},
		{"HMAC-SHA-256 for SHA-1", inSHA1, body, good},
		{"plain SHA-256 of the body", inHex, body, plain(body)},
		{"plain SHA-256 of secret and body", inHex, body, plain(current.Value + body)},

		{"empty key", inHex, body, sign("", body)},
		{"secret decoded from hex", inHex, body, sign(string(bytesOf(current.Value)), body)},
		{"secret decoded from base64", inHex, body, sign(string(unbase64(current.Value)), body)},
		{"secret and a newline", inHex, body, sign(current.Value+"\n", body)},
		{"secret in upper case", inHex, body, sign(strings.ToUpper(current.Value), body)},

		{"over JSON in another key order", inHex, body, sign(current.Value, `{"payload":{"human":"h-1","id":"u-1","value":30},"type":"usage.tracked"}`)},
		{"final newline added", inHex, body + "\n", good},
		{"final newline removed", inHex, body, sign(current.Value, body+"\n")},
		{"over CRLF, sent LF", inHex, "{\n}", sign(current.Value, "{\r\n}")},
		{"over the body without its BOM", inHex, "\ufeff" + body, good},
		{"over timestamp.body", inHex, body, sign(current.Value, "1767225600."+body)},
		{"body empty, signature of another", inHex, "", good},

		{"prefix that is not declared", inHex, body, "sha256=" + good},
		{"prefix twice", prefixed, body, "sha256=sha256=" + good},
		{"prefix in another case", prefixed, body, "SHA256=" + good},
		{"prefix of another scheme", prefixed, body, "sha1=" + good},
		{"prefix alone", prefixed, body, "sha256="},
		{"space after the prefix", prefixed, body, "sha256= " + good},

		{"base64 for hex", inHex, body, inStd},
		{"hex for base64", inBase64, body, good},
		{"base64 of one byte more", inBase64, body, base64.StdEncoding.EncodeToString(append(bytesOf(good), '='))},
		{"base64url", inBase64, body, base64.URLEncoding.EncodeToString(bytesOf(good))},
		{"base64 without padding", inBase64, body, base64.RawStdEncoding.EncodeToString(bytesOf(good))},
		{"base64 with bits left over", inBase64, body, strings.Replace(inStd, "w=", "x=", 1)},
		{"base64 with a newline for the padding", inBase64, body, inStd[:43] + "\n"},
		{"base64 with a newline inside", inBase64, body, inStd[:20] + "\n" + inStd[20:43]},
	} {
		t.Run(c.name, func(t *testing.T) {
			if id, ok := verify(ringOf(t, c.scheme, current), c.header, []byte(c.body)); ok || id != "" {
				t.Errorf("Verify = %q, %v", id, ok)
			}
		})
	}
}

func sign(secret, body string) string { return mac(sha256.New, secret, body) }

func mac(newHash func() hash.Hash, secret, body string) string {
	m := hmac.New(newHash, []byte(secret))
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

func plain(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

func bytesOf(text string) []byte { return must(hex.DecodeString(text)) }

func unbase64(text string) []byte { return must(base64.StdEncoding.DecodeString(text)) }

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}
