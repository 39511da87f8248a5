package signature

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// NewSigner makes a keyring that signs and does not verify, for the algorithms with a
// pair of keys: sign makes the signature of a message with the private one.
func NewSigner(scheme Scheme, sign func(message []byte) (signature []byte, err error)) (*Keyring, error) {
	if err := scheme.Check(); err != nil {
		return nil, err
	}
	if !scheme.IsPublic() {
		return nil, errors.New("the algorithm has no pair of keys")
	}
	ring, err := newKeyring(scheme, nil)
	if err != nil {
		return nil, err
	}
	ring.keys = []key{{private: sign}}
	return ring, nil
}

// errInBody: the platform's program puts the signature into the body.
var errInBody = errors.New("the signature is a member of the body: send a body that holds it")

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
	text, err := r.method.sign(r, q, list, now, id)
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
		case p.from == headerSource && n == 0:
			q.Header[p.header.canonical] = []string{text}
		case p.from == fieldSource && !strings.Contains(list, p.name+string(r.scheme.assign())):
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

// signedBy gives the values that a signature covers. list holds the items before it.
func (r *Keyring) signedBy(q *Request, list string) (signed values, err error) {
	for more := list != ""; more; {
		var name, text string
		name, text, list, more = r.scheme.cut(list)
		r.take(&signed, name, text)
	}
	return signed, r.resolve(&signed, *q, r.urls[0])
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
