package signature

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"net/url"
	"strings"
)

// Sources in the request beside its headers.
func init() {
	sources["json:"] = &source{isNamed: true, read: func(_ *Keyring, p *part, q Request, _ string) (string, int) { return member(q.Body, p.name) }}
	sources["query:"] = &source{isNamed: true, isLoose: true, read: func(_ *Keyring, p *part, q Request, _ string) (string, int) { return only(parse(q.Query), p.name) }}
	sources["method"] = &source{read: func(_ *Keyring, _ *part, q Request, _ string) (string, int) { return q.Method, 1 }}
	sources["query"] = &source{read: func(_ *Keyring, _ *part, q Request, _ string) (string, int) { return parse(q.Query).Encode(), 1 }}
	for name, hash := range map[string]func([]byte) string{"body-md5": md5Text, "body-sha256": sha256Hex, "body-sha256-raw": sha256Raw} {
		sources[name] = &source{isBody: true, read: func(_ *Keyring, _ *part, q Request, _ string) (string, int) { return hash(q.Body), 1 }}
	}
}

func md5Text(body []byte) string {
	sum := md5.Sum(body)
	return base64.StdEncoding.EncodeToString(sum[:])
}

func sha256Hex(body []byte) string { return hex.EncodeToString([]byte(sha256Raw(body))) }

func sha256Raw(body []byte) string {
	sum := sha256.Sum256(body)
	return string(sum[:])
}

// places are where a signature is that is in no header.
var places = map[string]func(q Request, name string) (text string, n int){
	"json":  func(q Request, name string) (string, int) { return member(q.Body, name) },
	"form":  func(q Request, name string) (string, int) { return only(parse(string(q.Body)), name) },
	"query": func(q Request, name string) (string, int) { return only(parse(q.Query), name) },
	"body":  func(q Request, _ string) (string, int) { return string(q.Body), 1 },
}

// Value reads what the request has at "query:NAME", "form:NAME" or "json:a.b", decoded
// once, and says how often it is there; "body" is the body. An unknown place holds nothing.
func (q Request) Value(from string) (text string, n int) {
	kind, name, _ := strings.Cut(from, ":")
	if read := places[kind]; read != nil {
		return read(q, name)
	}
	return "", 0
}

// parse reads a form or a query. What is no pair is left out, as platforms do.
func parse(text string) url.Values {
	all, _ := url.ParseQuery(text)
	return all
}

func only(all url.Values, name string) (string, int) {
	return all.Get(name), len(all[name])
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
