package signature

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultTolerance is how far a signed time may be from our clock where a scheme's text
// names no other tolerance: what most platforms' own libraries take.
const DefaultTolerance = 5 * time.Minute

// ParseScheme reads a scheme from items "name=value" separated by ";":
//
//	signed={timestamp}.{body}; header=X-Sig; list=","; field=v1; time=field:t s 300
//
// Blanks around items and values do not count; a value with a blank at an end or a ";"
// stands in quotes. The names are those of [Scheme]'s fields in lower case, but
//
//	time=SOURCE UNIT [SECONDS] [past]   bodyhash=SOURCE ENCODING   urlhash=SOURCE ENCODING
//	leeway=SECONDS   maxage=SECONDS   demand=exp   covers=part, covers=nothing
//
// What is left out is SHA-256 in hex over the body. The error names the item and quotes
// no value: a secret may have been put there by mistake.
func ParseScheme(text string) (Scheme, error) {
	s, err := parseText(text)
	if err != nil {
		return Scheme{}, err
	}
	return s, s.Check()
}

// ParseSchemes reads the schemes of several platforms: the item platform=NAME begins the
// text of each. Schemes without a header or another place of the signature take the
// header that header gives for the platform.
func ParseSchemes(text string, header func(platform string) (name string, known bool)) (map[string]Scheme, error) {
	all := map[string]Scheme{}
	for name, text := range platforms(text) {
		of, known := header(name)
		switch _, twice := all[name]; {
		case name == "":
			return nil, errors.New("the first item is not platform=NAME")
		case !known:
			return nil, errors.New("platform= names no platform")
		case twice:
			return nil, fmt.Errorf("platform %s is there twice", name)
		}
		s, err := ParsePlatform(text, of)
		if err != nil {
			return nil, fmt.Errorf("platform %s: %w", name, err)
		}
		all[name] = s
	}
	return all, nil
}

// ParsePlatform is [ParseScheme] for a platform whose header is known.
func ParsePlatform(text, header string) (Scheme, error) {
	s, err := parseText(text)
	if err != nil {
		return Scheme{}, err
	}
	if s.From == "" {
		s.Header = cmp.Or(s.Header, header)
	}
	return s, s.Check()
}

// platforms cuts a text at its items platform=NAME.
func platforms(text string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		name, of, begun := "", "", false
		for item := range items(text) {
			key, value, _ := strings.Cut(item, "=")
			if strings.TrimSpace(key) != "platform" {
				of, begun = of+item+";", true
				continue
			}
			if begun && !yield(name, of) {
				return
			}
			name, of, begun = strings.TrimSpace(value), "", true
		}
		if begun {
			yield(name, of)
		}
	}
}

// items cuts a text at each ";" outside quotes. Empty items are left out.
func items(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := text; rest != ""; {
			end, quote := 0, byte(0)
			for ; end < len(rest) && (quote != 0 || rest[end] != ';'); end++ {
				switch c := rest[end]; {
				case c == quote:
					quote = 0
				case quote == 0 && (c == '"' || c == '\'') && strings.IndexByte(rest, '=') == len(strings.TrimRight(rest[:end], " \t"))-1:
					quote = c
				}
			}
			if strings.TrimSpace(rest[:end]) != "" && !yield(rest[:end]) {
				return
			}
			rest = rest[min(end+1, len(rest)):]
		}
	}
}

// ItemNames are the names of the items of a scheme's text.
var ItemNames = []string{
	"header", "from", "algorithm", "encoding", "prefix", "list", "assign", "field", "signed", "time", "key", "id", "url",
	"bodyhash", "urlhash", "leeway", "maxage", "demand", "covers",
}

// fields gives the items that are a text of the scheme as it stands.
func (s *Scheme) fields() map[string]*string {
	return map[string]*string{
		"header": &s.Header, "from": &s.From, "algorithm": (*string)(&s.Algorithm), "encoding": (*string)(&s.Encoding),
		"prefix": &s.Prefix, "list": &s.List, "assign": &s.Assign, "field": &s.Field, "signed": &s.Signed,
		"key": (*string)(&s.Key), "id": &s.ID, "url": &s.URL, "covers": (*string)(&s.Covers),
	}
}

// words are the values of the items that take one of a few.
var words = map[string][]string{
	"algorithm": {"sha256", "sha1", "sha512", "md5", "ed25519", "ecdsa-sha256", "rsa-sha256", "jwt-hs256", "jwt-hs384", "jwt-hs512", "static", "hash-sha256", "sorted-sha1"},
	"encoding":  {"hex", "base64"},
	"key":       {"text", "base64", "base64-lenient", "hex", "whsec", "whpk", "spki"},
	"demand":    {"exp"},
	"covers":    {"part", "nothing"},
}

// Set sets one item of a scheme's text; [Scheme.Check] judges the whole. The error
// quotes nothing.
func (s *Scheme) Set(item, value string) (err error) {
	if allowed := words[item]; allowed != nil && !slices.Contains(allowed, value) {
		return errors.New("is none of " + strings.Join(allowed, ", "))
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		return errors.New("is not printable ASCII")
	}
	if strings.Contains(value, `"`) && strings.Contains(value, "'") {
		return errors.New("holds both kinds of quotes")
	}
	if item == "header" && !isToken(value) {
		return errors.New("is not a header name")
	}
	switch item {
	case "key":
		s.Key = KeyForm(strings.TrimPrefix(value, "text"))
	case "time":
		s.Time, err = parseTime(value)
	case "bodyhash":
		s.BodyHash, err = parseHash(value)
	case "urlhash":
		s.URLHash, err = parseHash(value)
	case "leeway":
		s.Token.Leeway, err = seconds(value)
	case "maxage":
		s.Token.MaxAge, err = seconds(value)
	case "demand":
		s.Token.Expires = true
	default:
		field, known := s.fields()[item]
		if !known {
			return errors.New("is no name of an item")
		}
		*field = value
	}
	return err
}

func parseText(text string) (Scheme, error) {
	var s Scheme
	seen, number := map[string]bool{}, 0
	for item := range items(text) {
		number++
		name, value, ok := strings.Cut(item, "=")
		if !ok {
			return Scheme{}, fmt.Errorf("item %d is not name=value", number)
		}
		name = strings.TrimSpace(name)
		value, err := unquoted(strings.TrimSpace(value))
		if err == nil {
			err = s.Set(name, value)
		}
		if err == nil && (value == "" || seen[name]) {
			err = errors.New("is empty or there twice")
		}
		if err != nil {
			return Scheme{}, fmt.Errorf("%s %w", itemName(name, number), err)
		}
		seen[name] = true
	}
	if len(seen) == 0 {
		return Scheme{}, errors.New("the scheme says nothing")
	}
	s.Algorithm = cmp.Or(s.Algorithm, SHA256)
	if m := methods[s.Algorithm]; m != nil && !m.isAlone {
		s.Encoding = cmp.Or(s.Encoding, Hex)
	}
	return s, nil
}

// itemName is an item's name as an error may show it, or its place in the text.
func itemName(name string, number int) string {
	if slices.Contains(ItemNames, name) {
		return name
	}
	return fmt.Sprint("item ", number)
}

// unquoted takes the quotes off a value.
func unquoted(value string) (string, error) {
	if value == "" || value[0] != '"' && value[0] != '\'' {
		return value, nil
	}
	inner, closed := strings.CutSuffix(value[1:], value[:1])
	if !closed || strings.Contains(inner, value[:1]) {
		return "", errors.New("has quotes that do not end where the value does")
	}
	return inner, nil
}

func parseTime(value string) (Time, error) {
	words := strings.Fields(value)
	t := Time{Tolerance: DefaultTolerance}
	if n := len(words); n > 2 && words[n-1] == "past" {
		t.PastOnly, words = true, words[:n-1]
	}
	if len(words) < 2 || len(words) > 3 {
		return Time{}, errors.New("is not SOURCE UNIT [SECONDS] [past]")
	}
	t.From, t.Unit = words[0], Unit(words[1])
	if len(words) == 2 {
		return t, nil
	}
	var err error
	t.Tolerance, err = seconds(words[2])
	return t, err
}

func parseHash(value string) (Hash, error) {
	from, encoding, ok := strings.Cut(value, " ")
	if !ok {
		return Hash{}, errors.New("is not SOURCE ENCODING")
	}
	return Hash{from, Encoding(strings.TrimSpace(encoding))}, nil
}

func seconds(text string) (time.Duration, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, errors.New("is no number of seconds")
	}
	return time.Duration(n) * time.Second, nil
}

// Text is the text form of a scheme, the inverse of [ParseScheme].
func (s Scheme) Text() string {
	fields := s.fields()
	hash := func(h Hash) string { return strings.TrimSpace(h.From + " " + string(h.Encoding)) }
	var all []string
	for _, name := range ItemNames {
		value := ""
		switch name {
		case "time":
			value = s.Time.text()
		case "bodyhash":
			value = hash(s.BodyHash)
		case "urlhash":
			value = hash(s.URLHash)
		case "leeway":
			value = inSeconds(s.Token.Leeway)
		case "maxage":
			value = inSeconds(s.Token.MaxAge)
		case "demand":
			value = map[bool]string{true: "exp"}[s.Token.Expires]
		default:
			value = *fields[name]
		}
		if value != "" {
			all = append(all, name+"="+quoted(value))
		}
	}
	return strings.Join(all, "; ")
}

func (t Time) text() string {
	if t.From == "" {
		return ""
	}
	text := t.From + " " + string(t.Unit) + " " + inSeconds(t.Tolerance)
	if t.PastOnly {
		text += " past"
	}
	return text
}

func inSeconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return strconv.Itoa(int(d.Seconds()))
}

// quoted puts quotes around a value that needs them.
func quoted(value string) string {
	if !strings.ContainsAny(value, ";") && strings.TrimSpace(value) == value && !strings.ContainsAny(value[:1], "\"'") {
		return value
	}
	if strings.Contains(value, `"`) {
		return "'" + value + "'"
	}
	return `"` + value + `"`
}
