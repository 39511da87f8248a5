package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// privateKey makes the signature of a message.
type privateKey func(message []byte) ([]byte, error)

// errInBody: the platform's program puts the signature into the body.
var errInBody = errors.New("the signature is a member of the body: send a body that holds it")

// NewSigner makes a keyring that signs and does not verify, for the algorithms with a
// pair of keys: pkcs8 is the private one, base64 of PKCS #8.
func NewSigner(scheme Scheme, pkcs8 string) (*Keyring, error) {
	if err := scheme.Check(); err != nil {
		return nil, err
	}
	der, err := base64.StdEncoding.DecodeString(pkcs8)
	if err != nil {
		return nil, errPrivate
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	private, ok := parsed.(crypto.Signer)
	if err != nil || !ok {
		return nil, errPrivate
	}
	signed, err := scheme.parse()
	return &Keyring{scheme: scheme, signed: signed, header: newField(scheme.Header), urls: variants(scheme.URL),
		keys: []key{{private: sign(private)}}}, err
}

var errPrivate = errors.New("the signing key is not base64 of PKCS #8")

func sign(key crypto.Signer) privateKey {
	return func(message []byte) ([]byte, error) {
		sum := sha256.Sum256(message)
		switch key := key.(type) {
		case ed25519.PrivateKey:
			return ed25519.Sign(key, message), nil
		case *ecdsa.PrivateKey:
			return key.Sign(nil, sum[:], crypto.SHA256) // without randomness: RFC 6979
		case *rsa.PrivateKey:
			return rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		}
		return nil, errPrivate
	}
}

// Sign makes of a request the delivery that a platform would send: it adds headers, a
// parameter of the query or a field of the form, with the first secret and no prefix but
// that of a token or of a static secret. Values that the signature covers are added
// where the request has none: the time is now, the id is id.
func (r *Keyring) Sign(q *Request, now time.Time, id string) error {
	if q.Header == nil {
		q.Header = Header{}
	}
	if name, ok := strings.CutPrefix(r.scheme.BodyHash.From, "query:"); ok {
		q.addQuery(name, r.scheme.BodyHash.of(q.Body))
	}
	list := r.fill(q, now, id)
	text, err := r.made(q, list, now, id)
	if err != nil {
		return err
	}
	return r.put(q, list+text)
}

// Headers gives the headers that a platform would send with a body, nil if the signature
// is in none.
func (r *Keyring) Headers(body []byte, now time.Time) Header {
	q := Request{Method: "POST", Body: body}
	if err := r.Sign(&q, now, ""); err != nil {
		return nil
	}
	return q.Header
}

// fill adds the values that the template asks for, and gives the items of the list that
// stand before the signature.
func (r *Keyring) fill(q *Request, now time.Time, id string) (list string) {
	for _, p := range r.signed {
		text := "1" // a nonce
		switch {
		case p.isTime:
			text = r.scheme.Time.write(now)
		case p.isID:
			text = id
		}
		switch _, n := p.header.of(q.Header); {
		case p.kind == fromHeader && n == 0:
			q.Header[p.header.canonical] = []string{text}
		case p.kind == fromField && !strings.Contains(list, p.name+string(r.scheme.assign())):
			list += p.name + string(r.scheme.assign()) + text + r.scheme.List
		}
	}
	return list
}

// write is the time as text.
func (t Time) write(at time.Time) string {
	switch t.Unit {
	case Millis:
		return strconv.FormatInt(at.UnixMilli(), 10)
	case RFC3339:
		return at.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return strconv.FormatInt(at.Unix(), 10)
}

// made is the text of the signature. list holds the items before it.
func (r *Keyring) made(q *Request, list string, now time.Time, id string) (string, error) {
	switch {
	case r.scheme.isToken():
		return r.token(q, now, id), nil
	case r.scheme.Algorithm == Static && r.scheme.Encoding != "":
		return r.scheme.Prefix + base64.StdEncoding.EncodeToString([]byte(r.keys[0].text())), nil
	case r.scheme.Algorithm == Static:
		return r.scheme.Prefix + r.keys[0].text(), nil
	}
	var signed values
	for more := list != ""; more; {
		var name, text string
		name, text, list, more = r.scheme.cut(list)
		r.take(&signed, name, text)
	}
	if err := r.resolve(&signed, q, r.urls[0]); err != nil {
		return "", err
	}
	raw, err := r.raw(q, &signed)
	text := hex.EncodeToString(raw)
	if r.scheme.Encoding == Base64 {
		text = base64.StdEncoding.EncodeToString(raw)
	}
	if r.scheme.Field != "" {
		text = r.scheme.Field + string(r.scheme.assign()) + text
	}
	return text, err
}

func (r *Keyring) raw(q *Request, signed *values) ([]byte, error) {
	k := &r.keys[0]
	switch {
	case k.private != nil:
		return k.private(r.message(q.Body, signed))
	case k.public != nil:
		return nil, errors.New("the secret is a public key, which signs nothing: a pair of keys of your own does")
	}
	return k.sum(r, q.Body, signed), nil
}

func (k *key) sum(r *Keyring, body []byte, signed *values) []byte {
	m := k.macs.Get().(*mac)
	defer k.macs.Put(m)
	return append([]byte(nil), r.digest(m, k, body, signed)...)
}

// put puts the signature where it belongs.
func (r *Keyring) put(q *Request, text string) error {
	kind, name, _ := strings.Cut(r.scheme.From, ":")
	switch kind {
	case "":
		q.Header[r.header.canonical] = []string{text}
	case "body":
		q.Body = []byte(text)
	case "query":
		q.addQuery(name, text)
	case "form":
		q.Body = append(append(q.Body, '&'), name+"="+url.QueryEscape(text)...)
	default:
		return errInBody
	}
	return nil
}

func (q *Request) addQuery(name, value string) {
	if q.Query != "" {
		q.Query += "&"
	}
	q.Query += name + "=" + url.QueryEscape(value)
}

// of is the hash of data as text.
func (h Hash) of(data []byte) string {
	sum := sha256.Sum256(data)
	if h.Encoding == Base64 {
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	return hex.EncodeToString(sum[:])
}

// token makes a token that says what the scheme wants to read, for five minutes. Where
// the body is the token its claims are the body's members.
func (r *Keyring) token(q *Request, now time.Time, id string) string {
	c := claims{}
	set := func(name, text string) { c[name], _ = jsontext.AppendQuote(nil, text) }
	if r.scheme.From == "body" {
		_ = json.Unmarshal(q.Body, &c) // no object: a token of times alone
	}
	if r.scheme.From != "body" || (r.scheme.Token != Token{}) {
		for name, at := range map[string]time.Time{"iat": now, "nbf": now, "exp": now.Add(DefaultTolerance)} {
			c[name] = strconv.AppendInt(nil, at.Unix(), 10)
		}
	}
	if name, ok := strings.CutPrefix(r.scheme.BodyHash.From, "claim:"); ok {
		set(name, r.scheme.BodyHash.of(q.Body))
	}
	if name, ok := strings.CutPrefix(r.scheme.URLHash.From, "claim:"); ok {
		set(name, r.scheme.URLHash.of([]byte(withQuery(r.urls[0], q.Query))))
	}
	if name, ok := strings.CutPrefix(r.scheme.ID, "claim:"); ok {
		set(name, id)
	}
	payload, _ := json.Marshal(c, json.Deterministic(true)) // valid values only
	head := `{"alg":"` + strings.ToUpper(strings.TrimPrefix(string(r.scheme.Algorithm), "jwt-")) + `","typ":"JWT"}`
	text := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	m := r.keys[0].macs.Get().(*mac)
	defer r.keys[0].macs.Put(m)
	m.hash.Reset()
	m.write(text)
	m.flush()
	return r.scheme.Prefix + text + "." + base64.RawURLEncoding.EncodeToString(m.hash.Sum(m.sum[:0]))
}

// Answer is the HMAC of a handshake's challenge, with the key of an id, else with the
// first. It answers only what a bound of the caller lets pass: an answer to any text
// would sign events for strangers.
func (r *Keyring) Answer(keyID, challenge string, encoding Encoding) string {
	k := r.keys[0]
	for _, other := range r.keys {
		if other.id == keyID {
			k = other
		}
	}
	if k.macs == nil {
		return ""
	}
	m := k.macs.Get().(*mac)
	defer k.macs.Put(m)
	m.hash.Reset()
	m.write(challenge)
	m.flush()
	sum := m.hash.Sum(m.sum[:0])
	if encoding == Base64 {
		return base64.StdEncoding.EncodeToString(sum)
	}
	return hex.EncodeToString(sum)
}
