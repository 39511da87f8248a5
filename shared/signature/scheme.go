package signature

import (
	"cmp"
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

// method is how the signatures of an algorithm are verified and made. Each file adds its
// own to methods: a fork can be made without the file.
type method struct {
	keys     []KeyForm
	size     int                          // bytes in a digest
	isPublic bool                         // the secret is a public key
	isAlone  bool                         // there is no template
	covers   Coverage                     // at most
	check    func(Scheme, template) error // may be nil
	newKey   func(Scheme, Secret) (key, error)
	looks    func(r *Keyring, text string) bool // like a signature, for a log; may be nil
	verify   func(r *Keyring, given string, q Request, now time.Time) (Verified, error)
	// sign makes the text of a signature. list holds the items that stand before it.
	sign func(r *Keyring, q *Request, list string, now time.Time, id string) (string, error)
}

var methods = map[Algorithm]*method{}

// IsPublic says whether the secret is the public half of the platform's pair of keys.
func (s Scheme) IsPublic() bool { return methods[s.Algorithm] != nil && methods[s.Algorithm].isPublic }

// Check finds the mistakes of a scheme: what it names must exist, and time, id and body
// must be covered by the signature.
func (s Scheme) Check() error {
	if err := s.check(); err != nil {
		return fmt.Errorf("signature scheme: %w", err)
	}
	return nil
}

func (s Scheme) check() error {
	t, err := s.parse()
	if err != nil {
		return err
	}
	for _, check := range []func(template) error{s.checkWords, s.checkPlace, s.checkList, s.checkTime, s.checkID, s.checkSeparator, s.checkURL, s.checkCovers} {
		if err := check(t); err != nil {
			return err
		}
	}
	return nil
}

func (s Scheme) checkWords(t template) error {
	m := methods[s.Algorithm]
	isEncoded := s.Encoding == Hex || s.Encoding == Base64
	switch {
	case m == nil:
		return errors.New("algorithm is unknown")
	case !isEncoded && (s.Encoding != "" || !m.isAlone):
		return errors.New("encoding is neither hex nor base64")
	case !slices.Contains(m.keys, s.Key):
		return errors.New("the form of the key does not go with the algorithm")
	case m.isAlone && (s.Signed != "" || s.Time != Time{} || s.List != ""):
		return errors.New("the algorithm has no template, no list and no time but its own")
	case m.check != nil:
		return m.check(s, t)
	}
	return s.checkNoToken(t)
}

// checkNoToken refuses what only tokens have.
func (s Scheme) checkNoToken(t template) error {
	switch {
	case s.Token != Token{} || s.URLHash != Hash{}:
		return errors.New("leeway, maxage, exp and urlhash are for tokens")
	case s.From == "body":
		return errors.New("from=body is for tokens")
	case s.BodyHash != Hash{} && !(strings.HasPrefix(s.BodyHash.From, "query:") && s.BodyHash.isEncoded() && t.any(func(p *source) bool { return p == sources["url"] })):
		return errors.New("a hash of the body is in the query: of a signed {url}, in hex or base64")
	}
	return nil
}

func (h Hash) isEncoded() bool { return h.Encoding == Hex || h.Encoding == Base64 }

func (s Scheme) checkPlace(t template) error {
	place, _, _ := strings.Cut(s.From, ":")
	own, _ := parseSource(cmp.Or(s.From, "header:"+s.Header))
	switch {
	case s.Header == "" && s.From == "":
		return errors.New("header is empty")
	case s.Header != "" && s.From != "":
		return errors.New("the signature is in a header or elsewhere, not both")
	case s.Header != "" && !isToken(s.Header):
		return errors.New("header is no name of a header")
	case s.From != "" && places[place] == nil:
		return errors.New("from is neither json:, form:, query: nor body")
	case slices.ContainsFunc(around[place], func(name string) bool { return t.any(func(s *source) bool { return s == sources[name] }) }), own.from != nil && t.covers(own):
		return errors.New("the signature cannot sign itself")
	}
	return nil
}

// around are the sources that hold a signature which is in no header.
var around = map[string][]string{
	"json":  {"body", "body-md5", "body-sha256", "body-sha256-raw"},
	"form":  {"body", "body-md5", "body-sha256", "body-sha256-raw", "params", "plivo"},
	"query": {"url", "query", "plivo"},
}

func (s Scheme) checkList(t template) error {
	isField := func(s *source) bool { return s == fieldSource }
	switch {
	case len(s.List) > 1 || len(s.Assign) > 1:
		return errors.New("list and assign are one character each")
	case s.Field != "" && s.List == string(s.assign()):
		return errors.New("list and assign are one character")
	case s.List == "" && (s.Field != "" || s.Assign != ""):
		return errors.New("field or assign without a list")
	case s.Field == "" && t.any(isField):
		return errors.New("{field:…} without the field of the signatures")
	case s.Field != "" && t.covers(part{from: fieldSource, name: s.Field}):
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
	p, known := parseSource(s.Time.From)
	switch {
	case !known || !p.from.isNamed:
		return errors.New("time is from none of header:, field:, query: and json:NAME")
	case s.Time.Unit != Seconds && s.Time.Unit != Millis && s.Time.Unit != RFC3339:
		return errors.New("the unit of time is neither s, ms nor rfc3339")
	case s.Time.Tolerance <= 0 || s.Time.Tolerance > maxTolerance:
		return errors.New("the tolerance of time is not between a second and a week")
	case !t.covers(p) && (p.from.isLoose || s.coverage(t) != CoversBody):
		return errors.New("the time is not signed")
	}
	return nil
}

func (s Scheme) checkID(t template) error {
	p, known := parseSource(s.ID)
	switch {
	case s.ID == "" || methods[s.Algorithm].isAlone:
		return nil
	case !known || p.from != headerSource && p.from != fieldSource:
		return errors.New("id is neither from header: or field:NAME nor, of a token, from claim:NAME")
	case !t.covers(p):
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
	for i := range max(len(t)-1, 0) {
		a, b := &t[i], &t[i+1]
		switch {
		case a.from == nil || b.from == nil:
		case a.isID || b.isID:
			return errors.New("no separator stands between the id and what is next to it")
		case (a.isTime || b.isTime) && s.Time.PastOnly:
			return errors.New("no separator stands next to the time, and past lets a changed one through")
		case (s.Time == Time{}) && (a.from == bodySource && b.isLoose() || a.isLoose() && b.from == bodySource):
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
	covers := s.coverage(t)
	switch {
	case !slices.Contains([]Coverage{CoversBody, CoversPart, CoversNothing}, s.Covers):
		return errors.New("covers is neither part nor nothing")
	case covers != CoversBody && s.Covers == CoversBody:
		return errors.New("the body is not signed; covers=" + string(covers) + " says so on purpose")
	}
	return nil
}

// coverage is what a scheme covers; it may declare less.
func (s Scheme) coverage(t template) Coverage {
	switch m := methods[s.Algorithm]; {
	case m.isAlone && (s.BodyHash.From != "" || s.From == "body"):
		return CoversBody
	case m.covers != CoversBody:
		return m.covers
	case s.BodyHash.From != "" || t.any(func(s *source) bool { return s.isBody }):
		return CoversBody
	}
	return CoversPart
}

// isToken: a token of RFC 9110.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) })
}
