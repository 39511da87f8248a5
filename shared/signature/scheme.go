package signature

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Algorithm says how a signature is made.
type Algorithm string

const (
	SHA256 Algorithm = "sha256" // HMAC-SHA-256
	// SHA1 is for platforms that offer no other hash (Chatbase): collisions of SHA-1
	// are practical, forgeries of HMAC-SHA-1 are not known. The same is true of MD5.
	SHA1   Algorithm = "sha1"
	SHA512 Algorithm = "sha512"
	MD5    Algorithm = "md5"

	Ed25519 Algorithm = "ed25519"      // the secret is the platform's public key, as with the next two
	ECDSA   Algorithm = "ecdsa-sha256" // P-256, signatures in DER
	RSA     Algorithm = "rsa-sha256"   // PKCS #1 v1.5

	JWTHS256 Algorithm = "jwt-hs256" // a token; see [Scheme.BodyHash]
	JWTHS384 Algorithm = "jwt-hs384"
	JWTHS512 Algorithm = "jwt-hs512"

	Static Algorithm = "static" // the secret itself comes along: nothing is covered

	// HashSHA256 is SHA-256 of the secret and what is signed, without HMAC: bytes can be
	// appended to the body, so it is not covered. SortedSHA1 hashes secret and sources in
	// the order of their bytes.
	HashSHA256 Algorithm = "hash-sha256"
	SortedSHA1 Algorithm = "sorted-sha1"
)

// Encoding says how bytes are written as text.
type Encoding string

const (
	Hex    Encoding = "hex"    // upper or lower case
	Base64 Encoding = "base64" // standard alphabet with padding
)

// Unit is how a time is written.
type Unit string

const (
	Seconds Unit = "s"       // since 1970, digits only
	Millis  Unit = "ms"      // since 1970, digits only
	RFC3339 Unit = "rfc3339" // 2026-09-21T14:13:20.123Z
)

// KeyForm says what the key is that a secret's text stands for.
type KeyForm string

const (
	KeyText    KeyForm = ""               // the text itself
	KeyBase64  KeyForm = "base64"         // also of a public key of 32 bytes
	KeyLenient KeyForm = "base64-lenient" // as Node.js decodes it: characters of no alphabet are skipped
	KeyHex     KeyForm = "hex"            // also of a public key of 32 bytes
	KeyWhsec   KeyForm = "whsec"          // "whsec_" and base64 of 24 to 64 bytes, as Standard Webhooks say
	KeyWhpk    KeyForm = "whpk"           // "whpk_" and base64 of a public key of 32 bytes
	KeySPKI    KeyForm = "spki"           // base64 of a SubjectPublicKeyInfo, with or without PEM's lines
)

// Coverage says what of a delivery only the key's owner can have written.
type Coverage string

const (
	CoversBody    Coverage = ""        // every byte of the body but a signature in it; of a form every name and value
	CoversPart    Coverage = "part"    // some members of the body, or the address alone
	CoversNothing Coverage = "nothing" // the secret came along, and that is all
)

// Time is the signed moment of a delivery. The zero value: there is none.
type Time struct {
	From      string // a source, as in [Scheme.Signed]
	Unit      Unit
	Tolerance time.Duration // how far it may be from our clock, before and after
	PastOnly  bool          // a moment to come is accepted, however far
}

// Hash is where a delivery carries a hash of something, to be compared: "claim:NAME" of
// a token or "query:NAME". The zero value: nowhere.
type Hash struct {
	From     string
	Encoding Encoding
}

// Token is what a token must say of its own time.
type Token struct {
	Leeway  time.Duration // for exp and nbf
	MaxAge  time.Duration // of iat, before and after; 0: any
	Expires bool          // exp is demanded
}

// Scheme says how a platform signs. It is plain data; [ParseScheme] reads its text form.
type Scheme struct {
	Header    string // the field with the signature
	From      string // where it is if in no header: "json:PATH", "form:NAME", "query:NAME"; "body": the body is a token
	Algorithm Algorithm
	Encoding  Encoding // of the digest; of a static secret base64 means basic authentication
	Prefix    string   // may stand before the digest, for example "sha256="; accepted, not required

	// A list in the header, "t=1,v1=2": List separates items, Assign name and value, and
	// the values named Field are signatures. Without Field each item is one.
	List, Assign, Field string

	// Signed is the template of what is signed, "" for "{body}". Its sources:
	//
	//	{body}           the exact bytes
	//	{header:N}       a header field, which must be there once
	//	{field:N}        an item of the list, which must be there once
	//	{json:a.b}       a member of the body, a text or a number
	//	{query:N}        a parameter of the query
	//	{method} {query} the request's method; its query, sorted by name
	//	{url} {url-noquery} {path}          the public address, with the request's query
	//	{params} {params-amp}               the body's form: Twilio's way, Vonage's way
	//	{plivo}                             address, query and form: Plivo's third version
	//	{body-md5} {body-sha256} {body-sha256-raw}  hashes of the body, in base64, in hex and as bytes
	//	{timestamp} {id}                    the sources of Time and ID
	//	{lf}                                a line's end
	Signed string
	Time   Time
	Key    KeyForm
	ID     string // the source that identifies the delivery; must be signed

	// URL is the address that the platform posts to, without query: what arrives may
	// name another one. It is tried with and without its port.
	URL string

	BodyHash, URLHash Hash // in hex or base64, SHA-256
	Token             Token

	// Covers is declared where the body is not covered, on purpose.
	Covers Coverage
}

// digestSizes of the algorithms whose signature is a digest, in bytes.
var digestSizes = map[Algorithm]int{SHA256: 32, SHA1: 20, SHA512: 64, MD5: 16, HashSHA256: 32, SortedSHA1: 20}

// IsPublic says whether the secret is the public half of the platform's pair of keys.
func (s Scheme) IsPublic() bool {
	return s.Algorithm == Ed25519 || s.Algorithm == ECDSA || s.Algorithm == RSA
}

func (s Scheme) isToken() bool { return strings.HasPrefix(string(s.Algorithm), "jwt-") }

// Check finds the mistakes of a scheme: what it names must exist, and time, id and body
// must be covered by the signature.
func (s Scheme) Check() error {
	_, err := s.compile()
	return err
}

// compile checks a scheme and cuts its template.
func (s Scheme) compile() (template, error) {
	t, err := s.parse()
	for _, check := range []func(template) error{s.checkPlace, s.checkWords, s.checkList, s.checkTime, s.checkID, s.checkSeparator, s.checkURL, s.checkCovers} {
		if err != nil {
			break
		}
		err = check(t)
	}
	if err != nil {
		return nil, fmt.Errorf("signature scheme: %w", err)
	}
	return t, nil
}

func (s Scheme) checkPlace(t template) error {
	kind, _, _ := strings.Cut(s.From, ":")
	switch {
	case s.Header == "" && s.From == "":
		return errors.New("header is empty")
	case s.Header != "" && s.From != "":
		return errors.New("the signature is in a header or elsewhere, not both")
	case s.Header != "" && !isToken(s.Header):
		return errors.New("header is no name of a header")
	case s.From != "" && s.From != "body" && !slices.Contains([]string{"json", "form", "query"}, kind):
		return errors.New("from is neither json:, form:, query: nor body")
	case s.From == "body" && !s.isToken():
		return errors.New("from=body is for tokens")
	case slices.ContainsFunc(t, func(p part) bool { return slices.Contains(around[kind], p.kind) }):
		return errors.New("the signature cannot sign itself")
	}
	return nil
}

// around are the sources that hold a signature which is in no header.
var around = map[string][]kind{
	"json":  {fromBody, fromBodyMD5, fromBodySHA256, fromBodyRaw},
	"form":  {fromBody, fromBodyMD5, fromBodySHA256, fromBodyRaw, fromParams, fromPlivo},
	"query": {fromURL, fromWholeQuery, fromPlivo},
}

func (s Scheme) checkWords(template) error {
	keys := []KeyForm{KeyText, KeyBase64, KeyLenient, KeyHex, KeyWhsec}
	switch s.Algorithm {
	case Ed25519:
		keys = []KeyForm{KeyBase64, KeyHex, KeyWhpk, KeySPKI}
	case ECDSA, RSA:
		keys = []KeyForm{KeySPKI}
	case Static, HashSHA256, SortedSHA1:
		keys = []KeyForm{KeyText}
	}
	_, hashed := digestSizes[s.Algorithm]
	encoded := s.Encoding == Hex || s.Encoding == Base64
	switch {
	case !hashed && !s.IsPublic() && s.Algorithm != Static && !slices.Contains([]Algorithm{JWTHS256, JWTHS384, JWTHS512}, s.Algorithm):
		return errors.New("algorithm is unknown")
	case (hashed || s.IsPublic()) && !encoded, s.Encoding != "" && !encoded:
		return errors.New("encoding is neither hex nor base64")
	case !slices.Contains(keys, s.Key):
		return errors.New("the form of the key does not go with the algorithm")
	case s.Algorithm == Static && (s.Signed != "" || s.Time != Time{} || s.ID != "" || s.List != ""):
		return errors.New("a static secret signs nothing and stands alone")
	case s.isToken() && (s.Signed != "" || s.Time != Time{} || s.List != ""):
		return errors.New("a token has its own time, and no template")
	case !s.isToken() && (s.Token != Token{} || s.URLHash != Hash{}):
		return errors.New("leeway, maxage, exp and urlhash are for tokens")
	}
	return nil
}

func (s Scheme) checkList(t template) error {
	switch {
	case len(s.List) > 1 || len(s.Assign) > 1:
		return errors.New("list and assign are one character each")
	case s.List == "" && (s.Field != "" || s.Assign != ""):
		return errors.New("field or assign without a list")
	case s.Field != "" && s.List == string(s.assign()):
		return errors.New("list and assign are one character")
	case s.Field == "" && t.has(fromField, ""):
		return errors.New("{field:…} without the field of the signatures")
	case s.Field != "" && t.has(fromField, s.Field):
		return errors.New("the signature cannot sign itself")
	case s.List != "" && s.Header == "":
		return errors.New("a list is in a header")
	}
	return nil
}

// maxTolerance keeps a slip of the unit from turning the time off.
const maxTolerance = 7 * 24 * time.Hour

func (s Scheme) checkTime(t template) error {
	if (s.Time == Time{}) {
		return nil
	}
	kind, _, known := parseSource(s.Time.From)
	switch {
	case !known || kind != fromHeader && kind != fromField && kind != fromJSON && kind != fromQuery:
		return errors.New("time is from none of header:, field:, query: and json:NAME")
	case s.Time.Unit != Seconds && s.Time.Unit != Millis && s.Time.Unit != RFC3339:
		return errors.New("the unit of time is neither s, ms nor rfc3339")
	case s.Time.Tolerance <= 0 || s.Time.Tolerance > maxTolerance:
		return errors.New("the tolerance of time is not between a second and a week")
	case !t.covers(s.Time.From) && (kind != fromJSON || s.coverage(t) != CoversBody):
		return errors.New("the time is not signed")
	}
	return nil
}

func (s Scheme) checkID(t template) error {
	switch kind, _, known := parseSource(s.ID); {
	case s.ID == "" || s.isToken() && strings.HasPrefix(s.ID, "claim:"):
		return nil
	case !known || kind != fromHeader && kind != fromField:
		return errors.New("id is neither from header: or field:NAME nor, of a token, from claim:NAME")
	case !t.covers(s.ID):
		return errors.New("the id is not signed")
	case sameSource(s.ID, s.Time.From):
		return errors.New("the time is no id")
	}
	return nil
}

// checkSeparator: where a value stands next to another or to the body, characters could
// move from one to the other and what is signed stays the same. A signed time closes that
// where it may not be one to come, and where the value is no id.
func (s Scheme) checkSeparator(t template) error {
	loose := func(p part) bool { return p.kind == fromHeader || p.kind == fromField || p.kind == fromQuery }
	for i := range max(len(t)-1, 0) {
		a, b := t[i], t[i+1]
		switch {
		case a.kind == fromLiteral || b.kind == fromLiteral:
		case a.isID || b.isID:
			return errors.New("no separator stands between the id and what is next to it")
		case (a.isTime || b.isTime) && s.Time.PastOnly:
			return errors.New("no separator stands next to the time, and past lets a changed one through")
		case (s.Time == Time{}) && (a.kind == fromBody && loose(b) || loose(a) && b.kind == fromBody):
			return errors.New("no separator stands between the body and a value, and no time is signed")
		}
	}
	return nil
}

func (s Scheme) checkURL(t template) error {
	if s.URL == "" {
		if t.needsURL() || s.URLHash.From != "" {
			return errors.New("url is not set")
		}
		return nil
	}
	if u, err := url.Parse(s.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("url is no address without query")
	}
	return nil
}

func (s Scheme) checkCovers(t template) error {
	for _, h := range []Hash{s.BodyHash, s.URLHash} {
		kind, _, _ := strings.Cut(h.From, ":")
		if (h != Hash{}) && (h.Encoding != Hex && h.Encoding != Base64 || kind != "claim" && kind != "query" || (kind == "claim") != s.isToken() || kind == "query" && !t.has(fromURL, "")) {
			return errors.New("a hash is in a token's claim:, or in the query: of a signed {url}, in hex or base64")
		}
	}
	covers := s.coverage(t)
	switch {
	case !slices.Contains([]Coverage{CoversBody, CoversPart, CoversNothing}, s.Covers):
		return errors.New("covers is neither part nor nothing")
	case covers != CoversBody && s.Covers == CoversBody:
		return errors.New("the body is not signed; covers=" + string(covers) + " says so on purpose")
	}
	return nil
}

// coverage is what a scheme covers, whatever it declares.
func (s Scheme) coverage(t template) Coverage {
	switch {
	case s.BodyHash.From != "" || s.From == "body":
		return CoversBody
	case s.Algorithm == Static || s.isToken():
		return CoversNothing
	case s.Algorithm == HashSHA256 || s.Algorithm == SortedSHA1:
		return CoversPart
	}
	for _, p := range t {
		switch p.kind {
		case fromBody, fromParams, fromParamsAmp, fromPlivo, fromBodyMD5, fromBodySHA256, fromBodyRaw:
			return CoversBody
		}
	}
	return CoversPart
}

// isToken: a token of RFC 9110.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) })
}
