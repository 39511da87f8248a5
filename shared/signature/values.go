package signature

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"net/url"
	"slices"
	"strings"
	"time"
)

// values are what of a delivery is signed beside the body.
type values struct {
	texts [maxParts]string // of a template's sources, by the index of their part
	found [maxParts]bool   // of the items of a list
	time  time.Time        // zero if it is not in the template
	id    string
}

// resolve reads the sources of the template, but for the body and the items of a list,
// and judges all of them.
func (r *Keyring) resolve(to *values, q *Request, address string) error {
	for i := range r.signed {
		p := &r.signed[i]
		if p.kind == fromLiteral || p.kind == fromBody {
			continue
		}
		text, n := to.texts[i], 1
		if p.kind != fromField {
			text, n = r.valueOf(p, q, address)
		} else if !to.found[i] {
			n = 0
		}
		switch {
		case n == 0:
			return ErrMissing
		case n > 1 || !p.allows(text):
			return ErrMalformed
		case p.isID:
			to.id = text
		case p.isTime:
			if to.time = r.scheme.Time.read(text); to.time.IsZero() {
				return ErrMalformed
			}
		}
		to.texts[i] = text
	}
	return nil
}

// moveTo resolves what depends on the address for another one.
func (r *Keyring) moveTo(signed *values, q *Request, address string) {
	for i := range r.signed {
		if p := &r.signed[i]; p.kind >= fromURL && p.kind <= fromPlivo {
			signed.texts[i], _ = r.valueOf(p, q, address)
		}
	}
}

// maxID bounds the signed id of a delivery, printable ASCII, in bytes.
const maxID = 256

// allows refuses a value that what is signed could be cut elsewhere with: one that holds
// the character beside it, and an id that is none.
func (p *part) allows(text string) bool {
	loose := p.kind == fromHeader || p.kind == fromField || p.kind == fromQuery
	if loose && p.mark != 0 && strings.IndexByte(text, p.mark) >= 0 {
		return false
	}
	return !p.isID || isID(text)
}

func isID(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return text != "" && len(text) <= maxID
}

// valueOf gives the text of a source and how often the delivery has it.
func (r *Keyring) valueOf(p *part, q *Request, address string) (text string, n int) {
	if p.kind >= fromParams && p.kind <= fromPlivo && !isForm(string(q.Body)) {
		return "", 2
	}
	switch p.kind {
	case fromHeader:
		return p.header.of(q.Header)
	case fromJSON:
		return member(q.Body, p.name)
	case fromQuery:
		return only(parse(q.Query), p.name)
	case fromMethod:
		return q.Method, 1
	case fromURL:
		return withQuery(address, q.Query), 1
	case fromURLNoQuery:
		return address, 1
	case fromPath:
		u, _ := url.Parse(address) // checked with the scheme
		return u.EscapedPath(), 1
	case fromWholeQuery:
		return parse(q.Query).Encode(), 1
	case fromParams:
		return params(parse(string(q.Body)), "", ""), 1
	case fromParamsAmp:
		return r.paramsAmp(q), 1
	case fromPlivo:
		return plivo(address, q)
	}
	return hashed(p.kind, q.Body), 1
}

// hashed gives a hash of the body as a template writes it.
func hashed(k kind, body []byte) string {
	if k == fromBodyMD5 {
		sum := md5.Sum(body)
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(body)
	if k == fromBodySHA256 {
		return hex.EncodeToString(sum[:])
	}
	return string(sum[:])
}

// place reads the signature from outside the headers.
func (q *Request) place(from string) (text string, n int) {
	kind, name, _ := strings.Cut(from, ":")
	switch kind {
	case "json":
		return member(q.Body, name)
	case "form":
		return only(parse(string(q.Body)), name)
	case "query":
		return only(parse(q.Query), name)
	}
	return string(q.Body), 1 // the body is a token
}

// parse reads a form or a query. What is no pair is left out, as platforms do.
func parse(text string) url.Values {
	all, _ := url.ParseQuery(text)
	return all
}

// isForm says whether every byte of a text is in a pair of a form. A body that is none
// would be signed as if it were empty.
func isForm(text string) bool {
	_, err := url.ParseQuery(text)
	return text == "" || err == nil && !strings.Contains("&"+text+"&", "&&")
}

func only(all url.Values, name string) (string, int) {
	return all.Get(name), len(all[name])
}

func withQuery(address, query string) string {
	if query == "" {
		return address
	}
	return address + "?" + query
}

// member gives a text or a number of a JSON body by its path, "call.id".
func member(body []byte, path string) (text string, n int) {
	raw := jsontext.Value(body)
	for name := range strings.SplitSeq(path, ".") {
		var object map[string]jsontext.Value
		if json.Unmarshal(raw, &object) != nil || object[name] == nil {
			return "", 0
		}
		raw = object[name]
	}
	switch raw.Kind() {
	case '"':
		return text, countOf(json.Unmarshal(raw, &text))
	case '0':
		return string(raw), 1
	}
	return "", 0
}

func countOf(err error) int {
	if err != nil {
		return 0
	}
	return 1
}

// params writes a form as Twilio signs it: names in order, of each the values in order
// and once each. before and between are put before each name and its value.
func params(form url.Values, before, between string) string {
	var out strings.Builder
	for _, name := range slices.Sorted(mapKeys(form)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(form[name]))) {
			out.WriteString(before + name + between + value)
		}
	}
	return out.String()
}

func mapKeys(form url.Values) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range form {
			if !yield(name) {
				return
			}
		}
	}
}

// paramsAmp writes a form as Vonage signs it: "&name=value" without the signature, with
// "_" for the marks within values.
func (r *Keyring) paramsAmp(q *Request) string {
	form, marks := parse(string(q.Body)), strings.NewReplacer("&", "_", "=", "_")
	_, signature, _ := strings.Cut(r.scheme.From, ":")
	delete(form, signature)
	for _, all := range form {
		for i := range all {
			all[i] = marks.Replace(all[i])
		}
	}
	return params(form, "&", "=")
}

// plivo writes address, query and form as Plivo's third version signs them: the query in
// order as "name=value&…", then a dot if there is a form, then its names and values.
// A dot in the query of a POST could be the one that stands before the form.
func plivo(address string, q *Request) (text string, n int) {
	query := strings.TrimPrefix(params(parse(q.Query), "&", "="), "&")
	if q.Method == "POST" && strings.Contains(query, ".") {
		return "", 2
	}
	text = address
	if q.Query != "" || q.Method == "POST" && len(q.Body) > 0 {
		text += "?"
	}
	text += query
	if form := params(parse(string(q.Body)), "", ""); q.Method == "POST" && form != "" {
		if q.Query != "" {
			text += "."
		}
		text += form
	}
	return text, 1
}

// hashesMatch compares the hash of the body that a signed address carries.
func (r *Keyring) hashesMatch(q *Request) bool {
	if r.scheme.BodyHash.From == "" {
		return true
	}
	text, n := q.place(r.scheme.BodyHash.From)
	return n == 1 && r.scheme.BodyHash.matches(text, q.Body)
}

// matches compares a hash as text with that of data.
func (h Hash) matches(text string, data []byte) bool {
	sum := sha256.Sum256(data)
	want := hex.EncodeToString(sum[:])
	if h.Encoding == Base64 {
		want = base64.StdEncoding.EncodeToString(sum[:])
	} else {
		text = strings.ToLower(text)
	}
	return subtle.ConstantTimeCompare([]byte(text), []byte(want)) == 1
}
