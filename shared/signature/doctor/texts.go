package doctor

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/webhook-functions/template/shared/signature"
)

// given is a text of the delivery that may be a signature.
type given struct {
	source string // "header:N", "query:N", "json:N", "form:N"
	list   string // what separates the items of the list it is in
	name   string // of the item
	assign string
	prefix string // known text before the digest
	coding string // of the digest
	text   string
	digest []byte
	cost   int
	causes []Cause
}

// cut are the codings of texts that lack something.
var cut = map[string]string{"hex": "hex with a digit missing", "base64": "base64 that is cut"}

// codings are ways to write bytes as text.
var codings = []struct {
	name   string
	decode func(string) ([]byte, error)
}{
	{"hex", hex.DecodeString},
	{"base64", base64.StdEncoding.DecodeString},
	{"base64url", base64.URLEncoding.DecodeString},
	{"base64 without padding", base64.RawStdEncoding.DecodeString},
	{"base64url without padding", base64.RawURLEncoding.DecodeString},
	{"base64 of hex", func(s string) ([]byte, error) {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return nil, err
		}
		return hex.DecodeString(string(b))
	}},
	{"base64 with blanks in the place of +", func(s string) ([]byte, error) {
		return base64.StdEncoding.DecodeString(strings.ReplaceAll(s, " ", "+"))
	}},
	{cut["hex"], func(s string) ([]byte, error) { return hex.DecodeString(s[:len(s)-len(s)%2]) }},
	{cut["base64"], func(s string) ([]byte, error) {
		s = strings.TrimRight(s, "=")
		return base64.StdEncoding.DecodeString(s[:len(s)-len(s)%4])
	}},
}

// prefixes stand before digests; reports may quote them and nothing else of a value.
var prefixes = []string{
	"sha256=", "sha1=", "sha512=", "md5=", "hmac-sha256=", "hmac-sha1=", "hmac-sha512=", "hmac=", "sha256:", "sha1:", "sha512:", "v0=", "v1=", "v2=", "v1,", "v0,", "t=", "s=", "sig=", "signature=",
	"Bearer ", "Basic ", "HMAC ", "HMAC-SHA256 ", "SHA256 ", "Signature ", "Token ", "sha256 ", "hmac ", "hmac:", "sha-256=", "SHA-256=",
}

// itemNames are names of items that reports may quote.
var itemNames = []string{"t", "ts", "v", "v0", "v1", "v1a", "v2", "s", "d", "h", "h1", "h2", "sig", "signature", "sha256", "sha1", "sha512", "md5", "hmac", "timestamp", "hmac-sha256", "digest", "mac"}

// texts lists what may be a signature, the scheme's place first.
func (c Case) texts() (all []given) {
	s := c.Platform.Scheme
	for _, name := range c.headerNames() {
		if strings.EqualFold(name, s.Header) {
			name = s.Header
		} else if slices.Contains(ordinary, strings.ToLower(name)) {
			continue
		}
		for _, value := range c.Request.Header.Values(name) {
			all = append(all, c.pieces("header:"+name, value)...)
		}
	}
	for _, form := range []struct{ kind, text string }{{"query", c.Request.Query}, {"form", string(c.Request.Body)}} {
		values, err := url.ParseQuery(form.text)
		if form.kind == "form" && (err != nil || len(form.text) == 0 || strings.ContainsAny(form.text[:1], "{[")) {
			continue
		}
		for name, value := range values {
			all = append(all, c.pieces(form.kind+":"+name, value[0])...)
		}
	}
	if path, ok := strings.CutPrefix(s.From, "json:"); ok {
		if text, ok := member(c.Request.Body, path); ok {
			all = append(all, c.pieces(s.From, text)...)
		}
	}
	for i := range all {
		all[i].cost, all[i].causes = all[i].against(s)
	}
	slices.SortStableFunc(all, func(a, b given) int { return a.cost - b.cost })
	return all[:min(len(all), 400)]
}

// pieces cuts a value in every way in which a signature may be in it.
func (c Case) pieces(source, value string) (all []given) {
	s := c.Platform.Scheme
	if len(value) > 8<<10 {
		return nil
	}
	if i := strings.LastIndexAny(value, " :-_"); i > 0 && i < len(value)-20 { // an unknown prefix
		for _, g := range decoded("", given{source: source, text: value[i+1:]}) {
			if g.prefix == "" {
				g.prefix = value[:i+1]
				all = append(all, g)
			}
		}
	}
	for _, list := range unique("", s.List, ",", ";", " ", "&") {
		items := []string{value}
		if list != "" {
			if items = strings.Split(value, list); len(items) == 1 && list != s.List {
				continue
			}
		}
		for _, item := range items[:min(len(items), 16)] {
			item = strings.Trim(item, " \t")
			all = append(all, decoded(s.Prefix, given{source: source, list: list, text: item})...)
			for _, assign := range unique(s.Assign, "=", ",", ":") {
				if name, text, ok := strings.Cut(item, assign); assign != "" && ok && name != "" && text != "" && len(name) <= 24 {
					all = append(all, decoded(s.Prefix, given{source: source, list: list, name: strings.Trim(name, " \t"), assign: assign, text: strings.Trim(text, " \t")})...)
				}
			}
		}
	}
	return all
}

func unique(texts ...string) (all []string) {
	for _, text := range texts {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// decoded reads a text in every coding, with and without a prefix, quotes and escapes.
func decoded(own string, g given) (all []given) {
	add := func(g given) {
		if len(g.text) < 10 || len(g.text) > 1400 {
			return
		}
		for _, coding := range codings {
			if b, err := coding.decode(g.text); err == nil && len(b) >= minDigest {
				g.coding, g.digest = coding.name, b
				all = append(all, g)
			}
		}
		if g.digest == nil { // a character of it may have been changed
			all = append(all, g)
		}
	}
	add(g)
	for _, prefix := range unique(append([]string{own}, prefixes...)...) {
		if prefix != "" && len(g.text) > len(prefix) && strings.EqualFold(g.text[:len(prefix)], prefix) {
			more := g
			more.prefix, more.text = g.text[:len(prefix)], strings.Trim(g.text[len(prefix):], " \t")
			add(more)
		}
	}
	if plain, err := url.QueryUnescape(g.text); err == nil && plain != g.text && strings.Contains(g.text, "%") {
		more := g
		more.prefix, more.text = "", plain
		for _, m := range decoded(own, more) {
			m.coding += ", percent-encoded"
			all = append(all, m)
		}
	}
	if plain := strings.Trim(g.text, quotes); plain != g.text {
		more := g
		more.text = plain
		for _, m := range decoded(own, more) {
			m.coding += " in quotes"
			all = append(all, m)
		}
	}
	return all
}

// minDigest is in bytes: what is shorter is no cut signature that proves itself.
const minDigest = 8

// against says how the place of a signature differs from the scheme's.
func (g *given) against(s signature.Scheme) (cost int, causes []Cause) {
	differs := func(by int, code, text string) { cost, causes = cost+by, append(causes, Cause{code, text}) }
	own := s.From
	if s.Header != "" {
		own = "header:" + s.Header
	}
	if !strings.EqualFold(g.source, own) {
		differs(1, "header", "The signature is in "+place(g.source)+"; the scheme reads "+place(own)+".")
	}
	isPrefix := g.list == "" && s.List == "" && s.Prefix != "" && strings.HasPrefix(s.Prefix, g.name+g.assign)
	switch {
	case s.List != "" && g.list == s.List && g.name == s.Field && (g.name == "" || g.assign == assignOf(s)):
	case s.List != "" && g.list == "" && g.name == s.Field && (g.name == "" || g.assign == assignOf(s)): // a list of one
		cost = cost + 0
	case s.List == "" && g.list == "" && (g.name == "" || isPrefix):
	case s.List == "" && g.list == "":
		differs(1, "prefix", "Before the digest stands "+quoteKnown(g.name+g.assign)+"; the scheme says "+quotePrefix(s.Prefix)+".")
	case s.Field != "" && (g.list == s.List || g.list == "") && g.name != "" && g.assign == assignOf(s):
		differs(1, "list", "The signature is item "+quoteItem(g.name)+" of the list; the scheme reads item "+s.Field+".")
	case g.list == "" && g.name == "":
		differs(1, "list", "The signature stands alone; the scheme reads a list.")
	case s.List == "":
		differs(1, "list", "The signature is item "+quoteItem(g.name)+" of a list separated by "+quoteMark(g.list)+"; the scheme says no list.")
	default:
		differs(1, "list", "The signature is item "+quoteItem(g.name)+" of a list separated by "+quoteMark(g.list)+"; the scheme says another list.")
	}
	if g.prefix != "" && g.prefix != s.Prefix {
		differs(1, "prefix", "Before the digest stands "+quoteKnown(g.prefix)+"; the scheme says "+quotePrefix(s.Prefix)+".")
	}
	if want := string(s.Encoding); want != "" && g.coding != want && g.coding != cut[want] && g.coding != "" && !isJWT(s.Algorithm) {
		differs(1, "encoding", "The signature is written in "+g.coding+"; the scheme says "+want+".")
	}
	return cost, causes
}

func assignOf(s signature.Scheme) string {
	if s.Assign == "" {
		return "="
	}
	return s.Assign
}

func quotePrefix(prefix string) string {
	if prefix == "" {
		return "no prefix"
	}
	return `"` + prefix + `"`
}

const notShown = "a text that is not shown"

func quoteKnown(prefix string) string {
	for _, known := range prefixes {
		if strings.EqualFold(known, prefix) {
			return `"` + prefix + `"`
		}
	}
	return notShown
}

// quotesUnknown says whether a scheme for this place would repeat a text of the delivery
// that is neither usual nor the scheme's.
func (g *given) quotesUnknown(s signature.Scheme) bool {
	item := g.name != "" && g.name != s.Field && quoteItem(g.name) != g.name && quoteKnown(g.name+g.assign) == notShown && g.name+g.assign != s.Prefix
	return item || g.prefix != "" && g.prefix != s.Prefix && quoteKnown(g.prefix) == notShown
}

func quoteItem(name string) string {
	if slices.Contains(itemNames, strings.ToLower(name)) {
		return name
	}
	if name == "" {
		return "without a name"
	}
	return "with a name that is not shown"
}

func quoteMark(mark string) string {
	if mark == "" {
		return "nothing"
	}
	return `"` + mark + `"`
}
