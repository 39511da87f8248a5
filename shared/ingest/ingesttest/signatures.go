package ingesttest

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"strings"
)

// signatures: the header that decides. Bodies are good unless the row says so.
var signatures = []row{
	{"the signature as it should be", unchanged, 200, queued},
	{"the signature in upper case", where(isHex, sign(strings.ToUpper)), 200, queued},

	{"B35 absent", unsigned, M, nothing},
	{"B36 empty", literally(""), M, nothing},
	{"B37 blanks", literally(" \t "), M, nothing},
	{"B38 right, blanks around it", sign(func(good string) string { return " \t" + good + "\t " }), 200, queued},
	{"B39 right, a space within", sign(func(good string) string { return good[:8] + " " + good[8:] }), X, nothing},
	{"B40 right, a tab within", sign(func(good string) string { return good[:8] + "\t" + good[8:] }), X, nothing},
	{"B41 sha256= before it, where no prefix is declared", where(hasNoPrefix, sign(after("sha256="))), X, nothing},
	{"B41 a declared prefix before it", where(hasPrefix, prefixed(func(prefix string) string { return prefix })), 200, queued},
	{"B41 declared, but in another case", where(hasPrefix, prefixed(strings.ToUpper)), X, nothing},
	{"B41 declared, but twice", where(hasPrefix, prefixed(func(prefix string) string { return prefix + prefix })), X, nothing},
	{"B41 the prefix and nothing else", literally("sha256="), X, nothing},
	{"B41 another scheme's prefix", sign(after("v1=")), X, nothing},
	{"B42 0x before it", sign(after("0x")), X, nothing},
	{"B43 one character less", sign(func(good string) string { return good[1:] }), X, nothing},
	{"B44 one character more", sign(func(good string) string { return good + "0" }), X, nothing},
	{"B45, B46 the HMAC of another hash", by(func(p platform) func() hash.Hash { return p.otherHash }), X, nothing},
	{"B47 HMAC-MD5", by(func(platform) func() hash.Hash { return md5.New }), X, nothing},
	{"B48 base64 of the right bytes", where(isHex, sign(inBase64(base64.StdEncoding))), X, nothing},
	{"B48 base64url of the right bytes", where(isHex, sign(inBase64(base64.RawURLEncoding))), X, nothing},
	{"B49 the first half", sign(func(good string) string { return good[:len(good)/2] }), X, nothing},
	{"B51 zeros", sign(all0), X, nothing},
	{"B51 all f", sign(func(good string) string { return strings.Repeat("f", len(good)) }), X, nothing},
	{"B52 a hash of the body without a key", computed(func(d *draft) string { return plainHash(d, d.body) }), X, nothing},
	{"B53, B54 a hash of secret and body, which a forger could extend", computed(func(d *draft) string { return plainHash(d, []byte(Secret(d.Name)), d.body) }), X, nothing},
	{"B55 the empty key", withKey(""), X, nothing},
	{"B56 the key undefined", withKey("undefined"), X, nothing},
	{"B56 the key null", withKey("null"), X, nothing},
	{"B56 the key changeme", withKey("changeme"), X, nothing},
	{"B56 the key secret", withKey("secret"), X, nothing},
	{"B56 the key 0", withKey("0"), X, nothing},
	{"B56 the key is the platform's name", with(func(d *draft) string { return d.Name }), X, nothing},
	{"B57 the secret, decoded from hex", with(func(d *draft) string { return decoded(hex.DecodeString(Secret(d.Name))) }), X, nothing},
	{"B57 the secret, decoded from base64", with(func(d *draft) string { return decoded(base64.StdEncoding.DecodeString(Secret(d.Name))) }), X, nothing},
	{"B58 the secret and a newline", with(func(d *draft) string { return Secret(d.Name) + "\n" }), X, nothing},
	{"B59 the previous secret, while both are valid", func(d *draft) { secrets(secretNamed("new"), Secret(d.Name))(d) }, 200, queued},
	{"B59 the next secret, while both are valid", func(d *draft) { secrets(secretNamed("old"), secretNamed("older"), Secret(d.Name))(d) }, 200, queued},
	{"B60 the previous secret, when it is no longer valid", secrets(secretNamed("new")), X, nothing},
	{"B61 another platform's secret", with(func(d *draft) string { return Secret(other(d.platform).Name) }), X, nothing},
	{"B61 another tenant's secret", withKey(secretNamed("another tenant")), X, nothing},

	{"B62 over the JSON written anew", over(rewritten), X, nothing},
	{"B62 over the JSON without spaces", over(compacted), X, nothing},
	{"B63 over the body without its last newline", all(edit(func(b string) string { return b + "\n" }), over(func(d *draft) []byte { return bytes.TrimSpace(d.body) })), X, nothing},
	{"B63 over the body and a newline", over(func(d *draft) []byte { return append(bytes.Clone(d.body), '\n') }), X, nothing},
	{"B64 over LF, where CRLF is sent", all(edit(func(b string) string { return strings.ReplaceAll(b, ", ", ",\r\n") }),
		over(func(d *draft) []byte { return bytes.ReplaceAll(d.body, []byte("\r\n"), []byte("\n")) })), X, nothing},
	{"B65 over CRLF, where LF is sent", all(edit(func(b string) string { return strings.ReplaceAll(b, ", ", ",\n") }),
		over(func(d *draft) []byte { return bytes.ReplaceAll(d.body, []byte("\n"), []byte("\r\n")) })), X, nothing},
	{"B66 over the body without its BOM", all(edit(after("\ufeff")), over(func(d *draft) []byte { return bytes.TrimPrefix(d.body, []byte("\ufeff")) })), X, nothing},
	{"B67 over a timestamp and the body", over(func(d *draft) []byte { return append([]byte("1700000000."), d.body...) }), X, nothing},
	{"B68 over the payload alone", over(func(d *draft) []byte { return d.write(d.object, d.trap) }), X, nothing},
	{"B68 over path and body", over(func(d *draft) []byte { return append([]byte(d.target), d.body...) }), X, nothing},

	{"B69 two headers, bad then good", signed(func(_ *draft, good string) []string { return []string{all0(good), good} }), X, nothing},
	{"B70 two headers, good then bad", signed(func(_ *draft, good string) []string { return []string{good, all0(good)} }), X, nothing},
	{"B71 two headers, both good", signed(func(_ *draft, good string) []string { return []string{good, good} }), X, nothing},
	{"B71 two headers, good and empty", signed(func(_ *draft, good string) []string { return []string{good, ""} }), X, nothing},
	{"B71 two headers whose names differ in case", func(d *draft) { header(strings.ToUpper(d.SignatureHeader), d.good())(d) }, X, nothing},
	{"B72 one header: good,good", sign(func(good string) string { return good + "," + good }), X, nothing},
	{"B72 one header: bad, good", sign(func(good string) string { return all0(good) + ", " + good }), X, nothing},
	{"B73 one header: bad good", sign(func(good string) string { return all0(good) + " " + good }), X, nothing},
	{"B74 the header's name in upper case", named(strings.ToUpper), 200, queued},
	{"B74 the header's name in lower case", named(strings.ToLower), 200, queued},
	{"B75 the header's name in a case of its own", named(func(name string) string { return strings.ToUpper(name[:4]) + strings.ToLower(name[4:]) }), 200, queued},
	{"B76 in the query", all(unsigned, func(d *draft) { d.target += "?signature=" + d.good() + "&" + d.SignatureHeader + "=" + d.good() }), M, nothing},
	{"B76 in a cookie", all(unsigned, func(d *draft) { header("Cookie", d.SignatureHeader+"="+d.good())(d) }), M, nothing},
	{"B76 in Authorization", all(unsigned, func(d *draft) { header("Authorization", "Bearer "+d.good())(d) }), M, nothing},
	{"B76 in the body", all(unsigned, body(`{"$type": "$event", "$payload": $object, "signature": "0000000000000000"$more}`)), M, nothing},
	{"B77 full-width digits", sign(func(good string) string { return "\uff10" + good[1:] }), X, nothing},
	{"B77 a Cyrillic a", sign(func(good string) string { return "\u0430" + good[1:] }), X, nothing},
	{"B77 NUL at the end", all(sign(func(good string) string { return good + "\x00" }), orServer(400)), X, nothing},
	{"B77 DEL at the end", all(sign(func(good string) string { return good + "\x7f" }), orServer(400)), X, nothing},
	{"B77 a no-break space around it", sign(after("\u00a0")), X, nothing},
	{"B78 a megabyte of a", all(literally(strings.Repeat("a", 1<<20)), orServer(431)), X, nothing},
	{"B78 as many a as the server lets through", literally(strings.Repeat("a", 32<<10)), X, nothing},
	{"B80 under another platform's header", func(d *draft) { d.SignatureHeader = other(d.platform).SignatureHeader }, M, nothing},

	{"B81 no secret is set here", secrets(), 503, nothing},
	{"B82 the secret here is empty, and so is the sender's", all(secrets(""), withKey("")), 503, nothing},
	{"B83 the secret here is blank", secrets("                    "), 503, nothing},
	{"B83 the secret here has eight bytes", all(secrets("8bytes!!"), withKey("8bytes!!")), 503, nothing},
	{"B83 the secret here ends with a newline", func(d *draft) { all(secrets(Secret(d.Name)+"\n"), withKey(Secret(d.Name)+"\n"))(d) }, 503, nothing},
	{"B83 the secret here stands for one", all(secrets("changeme-changeme"), withKey("changeme-changeme")), 503, nothing},
	{"B83 the second secret here is empty", func(d *draft) { secrets(Secret(d.Name), "")(d) }, 503, nothing},
	{"B81 no secret is set here, and no signature sent", all(secrets(), unsigned), M, nothing},
	{"B81 no secret is set for another platform", func(d *draft) { given(Secrets(other(d.platform).Name))(d) }, 200, queued},
	{"B84 one secret for two platforms", func(d *draft) {
		shared := Secret(other(d.platform).Name)
		all(secrets(shared), withKey(shared))(d)
	}, 200, queued},
}

// nibbles: one wrong digit, at each place.
func nibbles() (rows []row) {
	for i := range hex.EncodedLen(sha256.Size) {
		rows = append(rows, row{fmt.Sprintf("B50 digit %d is wrong", i), func(d *draft) {
			d.skip = !isHex(d.platform) || i >= hex.EncodedLen(d.hash().Size())
			sign(func(good string) string { return good[:i] + otherDigit(good[i]) + good[i+1:] })(d)
		}, X, nothing})
	}
	return rows
}

func otherDigit(digit byte) string {
	if digit == '0' {
		return "1"
	}
	return "0"
}

func after(prefix string) func(string) string {
	return func(s string) string { return prefix + s }
}

func all0(good string) string { return strings.Repeat("0", len(good)) }

func inBase64(encoding *base64.Encoding) func(string) string {
	return func(good string) string { return encoding.EncodeToString([]byte(decoded(hex.DecodeString(good)))) }
}

// decoded must have been possible: the secrets and signatures here are hex.
func decoded(data []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(data)
}

func plainHash(d *draft, parts ...[]byte) string {
	h := d.hash()
	for _, part := range parts {
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func rewritten(d *draft) []byte {
	var parsed any
	if err := json.Unmarshal(d.body, &parsed); err != nil {
		panic(err)
	}
	out, err := json.Marshal(parsed) // sorts the keys, too
	if err != nil {
		panic(err)
	}
	return out
}

func compacted(d *draft) []byte {
	var out bytes.Buffer
	if err := json.Compact(&out, d.body); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// named sends the right signature under another name.
func named(f func(name string) string) change {
	return func(d *draft) { d.SignatureHeader = f(d.SignatureHeader) }
}

// prefixed sends the right signature behind what f makes of the declared prefix.
func prefixed(f func(prefix string) string) change {
	return signed(func(d *draft, good string) []string { return []string{f(d.Scheme.Prefix) + good} })
}

// other is another platform, in use and with another header.
func other(p platform) platform {
	for _, o := range platforms {
		if o.SignatureHeader != p.SignatureHeader {
			return o
		}
	}
	return madeUp
}
