package doctor

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/signature/catalogue"
)

// frame is what is signed, but for the body: texts and what is made of the body.
type frame struct {
	parts    []part
	template string // with {timestamp} and {id}
	time, id bound
	near     bool // the time is another than that of the delivery
}

type part struct {
	text string
	made func(body []byte) []byte // of the body; nil for a text
}

// bound is a text of the delivery that stands for a source.
type bound struct{ source, text, signed string } // signed is the text in another form

func (f frame) writeTo(h hash.Hash, body []byte) {
	for _, p := range f.parts {
		if p.made != nil {
			h.Write(p.made(body))
		} else {
			h.Write([]byte(p.text))
		}
	}
}

// ofBody are the sources that are made of the body.
var ofBody = map[string]func([]byte) []byte{
	"body":            func(b []byte) []byte { return b },
	"body-md5":        func(b []byte) []byte { h := md5.Sum(b); return []byte(base64.StdEncoding.EncodeToString(h[:])) },
	"body-sha256":     func(b []byte) []byte { h := sha256.Sum256(b); return []byte(hex.EncodeToString(h[:])) },
	"body-sha256-raw": func(b []byte) []byte { h := sha256.Sum256(b); return h[:] },
	"body-md5-hex":    func(b []byte) []byte { h := md5.Sum(b); return []byte(hex.EncodeToString(h[:])) },
	"body-sha256-b64": func(b []byte) []byte { h := sha256.Sum256(b); return []byte(base64.StdEncoding.EncodeToString(h[:])) },
	"params":          func(b []byte) []byte { return params(string(b)) },
}

func isForm(body []byte) bool {
	return bytes.IndexByte(body, '=') > 0 && !bytes.ContainsAny(body[:1], "{[")
}

func params(body string) (out []byte) {
	form, _ := url.ParseQuery(body)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(form[name]))) {
			out = append(out, name+value...)
		}
	}
	return out
}

// usual templates, beside those of the catalogue.
var usual = []string{
	"{body}", "{timestamp}.{body}", "{body}.{timestamp}", "{timestamp}{body}", "{body}{timestamp}", "{timestamp}:{body}", "{body}:{timestamp}",
	"v0:{timestamp}:{body}", "v1:{timestamp}:{body}", "v0.{timestamp}.{body}", "v1.{timestamp}.{body}", "{timestamp}|{body}", "{body}|{timestamp}", "{timestamp}_{body}", "{body}_{timestamp}", "{timestamp}-{body}", "{timestamp}{lf}{body}",
	"{body}{lf}{timestamp}", "{timestamp},{body}", "{timestamp};{body}", "{timestamp} {body}", "[{timestamp};{body}]", "t={timestamp}.{body}", "{timestamp}&{body}",
	"{id}.{timestamp}.{body}", "{timestamp}.{id}.{body}", "{id}.{body}", "{id}{body}", "{body}{id}", "{body}.{id}", "{id}:{body}", "{id}:{timestamp}:{body}", "{timestamp}:{id}:{body}", "{id}{timestamp}{body}", "{timestamp}{id}{body}",
	"{id}|{timestamp}|{body}", "{timestamp}|{id}|{body}", "{id}{lf}{timestamp}{lf}{body}", "{timestamp}{lf}{id}{lf}{body}", "{body}.{id}.{timestamp}", "{body}.{timestamp}.{id}", "{id}.{timestamp}", "{timestamp}{id}", "{id}", "{timestamp}", "",
	"{body-sha256}", "{timestamp}.{body-sha256}", "{body-sha256-raw}", "{body-sha256-b64}", "{body-md5}", "{body-md5-hex}", "{timestamp}.{body-md5-hex}", "{timestamp}{body-sha256}", "{timestamp}:{body-sha256}",
	"{url}", "{url}{body}", "{url}.{body}", "{body}{url}", "{url}{timestamp}{body}", "{timestamp}{url}{body}", "{timestamp}.{url}.{body}", "{url}|{body}", "{url}:{body}", "{url}{params}", "{params}",
	"{method}{url}{body}", "{method}{url}{body}{timestamp}", "{method}.{url}.{body}", "{timestamp}{method}{path}{body}", "{timestamp}.{method}.{path}.{body}", "{method}{path}{body}", "{path}{body}", "{path}.{body}", "{timestamp}.{path}.{body}",
	"{method}{lf}{path}{lf}{body}", "{method}{lf}{path}{lf}{timestamp}{lf}{body}", "{timestamp}{lf}{method}{lf}{path}{lf}{body}", "{timestamp}.{url}.{body-sha256}",
}

// abstract writes a scheme's template with {timestamp} and {id}: the first header or item
// that is no time is the id.
func abstract(s signature.Scheme) (template, id string) {
	template, id = cmp.Or(s.Signed, "{body}"), s.ID
	if s.Time.From != "" {
		template = strings.ReplaceAll(template, "{"+s.Time.From+"}", "{timestamp}")
	}
	if id == "" {
		for text, found := range sources(template) {
			if found && (strings.HasPrefix(text, "header:") || strings.HasPrefix(text, "field:")) {
				id = text
				break
			}
		}
	}
	if id != "" {
		template = strings.ReplaceAll(template, "{"+id+"}", "{id}")
	}
	return template, id
}

// sources cuts a template into texts and, where the second value is true, sources.
func sources(template string) func(yield func(string, bool) bool) {
	return func(yield func(string, bool) bool) {
		for rest := template; rest != ""; {
			text, after, found := strings.Cut(rest, "{")
			if text != "" && !yield(text, false) {
				return
			}
			if !found {
				return
			}
			source, after, _ := strings.Cut(after, "}")
			if !yield(source, true) {
				return
			}
			rest = after
		}
	}
}

// frames lists what may have been signed.
func frames(c Case) []option[frame] {
	var all options[frame]
	s := c.Platform.Scheme
	own, ownID := abstract(s)
	times, ids, addresses := c.times(), c.ids(), c.addresses()
	templates := append([]string{own}, usual...)
	for _, e := range catalogue.All() {
		if scheme, err := signature.ParseScheme(e.Scheme); err == nil {
			template, _ := abstract(scheme)
			templates = append(templates, template)
		}
	}
	seen := map[string]bool{}
	for _, template := range templates {
		if seen[template] || template != own && strings.Contains(template, "{params}") && !isForm(c.Request.Body) {
			continue
		}
		seen[template] = true
		cost, causes := 0, []Cause(nil)
		if template != own {
			cost = 1 + b2i(strings.Contains(template, "{url}") || strings.Contains(template, "{path}") || !strings.Contains(template, "{body"))
			if !strings.Contains(own, "{id}") && strings.Contains(template, "{id}") {
				cost = 2
			}
		}
		for _, t := range pick(template, "{timestamp}", times) {
			for _, id := range pick(template, "{id}", ids) {
				for _, address := range pick(template, "{url", addresses) {
					if cost+t.cost+id.cost+address.cost > maxCost+1 {
						continue
					}
					f, ok := c.frame(template, t.value, id.value, address.value)
					if !ok {
						continue
					}
					more := t.cost + address.cost + b2i(id.cost > 0 && ownID != "")
					if t.cost > 0 && s.Time.From == "" {
						more -= t.cost - b2i(t.value.signed != t.value.text)
					}
					causes = nil
					if template != own {
						causes = []Cause{templateCause(template, own, t.value, id.value)}
					} else if ownID != "" && id.cost > 0 {
						causes = append(causes, Cause{"template", "The id that is signed is in " + place(id.value.source) + "; the scheme reads " + place(ownID) + "."})
					}
					all.add(f.identity(), f, cost+more, with(with(causes, t.causes...), address.causes...)...)
				}
			}
		}
	}
	return all.all
}

func pick[T any](template, source string, from []option[T]) []option[T] {
	if strings.Contains(template, source) || source == "{url" && strings.Contains(template, "{path}") {
		return from
	}
	return []option[T]{{}}
}

func templateCause(template, own string, t, id bound) Cause {
	where := ""
	if t.source != "" {
		where += ", {timestamp} from " + place(t.source)
	}
	if id.source != "" {
		where += ", {id} from " + place(id.source)
	}
	return Cause{"template", fmt.Sprintf("What is signed is %s%s; the scheme says %s.", nothing(template), where, nothing(own))}
}

func nothing(template string) string { return cmp.Or(template, "nothing") }

// place says a source in words.
func place(source string) string {
	kind, name, _ := strings.Cut(source, ":")
	switch kind {
	case "header":
		return "header " + safeName(name)
	case "field":
		return "item " + safeName(name) + " of the list"
	case "json":
		return "member " + safeName(name) + " of the body"
	case "query":
		return "parameter " + safeName(name) + " of the query"
	}
	return "the delivery"
}

// safeName gives a name of the request, or that there is one: it could hold anything.
func safeName(name string) string {
	if name == "" || len(name) > 60 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "of a name that is not shown"
	}
	return name
}

func (f frame) identity() string {
	var text strings.Builder
	for _, p := range f.parts {
		if p.made != nil {
			fmt.Fprintf(&text, "\x00%s\x00", p.text)
		} else {
			text.WriteString(p.text)
		}
	}
	return text.String()
}

// frame fills a template in, false if the delivery lacks a value.
func (c Case) frame(template string, t, id bound, address string) (frame, bool) {
	f := frame{template: template, time: t, id: id}
	q := c.Request
	for text, isSource := range sources(template) {
		if !isSource {
			f.parts = append(f.parts, part{text: text})
			continue
		}
		value, ok := "", true
		switch text {
		case "timestamp":
			value = t.signed
		case "id":
			value = id.signed
		case "lf":
			value = "\n"
		case "method":
			value = cmp.Or(q.Method, "POST")
		case "url":
			value, ok = address+optional("?", q.Query), address != ""
		case "url-noquery":
			value, ok = address, address != ""
		case "path":
			u, err := url.Parse(address)
			ok = err == nil && address != ""
			if ok {
				value = u.EscapedPath()
			}
		case "query":
			form, _ := url.ParseQuery(q.Query)
			value = form.Encode()
		default:
			if made := ofBody[text]; made != nil {
				f.parts = append(f.parts, part{text: text, made: made})
				continue
			}
			value, ok = c.value(text)
		}
		if !ok {
			return frame{}, false
		}
		f.parts = append(f.parts, part{text: value})
	}
	return f, true
}

func optional(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// value is the text of a source that is there once.
func (c Case) value(source string) (string, bool) {
	kind, name, _ := strings.Cut(source, ":")
	switch kind {
	case "header":
		if all := c.Request.Header.Values(name); len(all) > 0 {
			return strings.Trim(all[0], " \t"), true
		}
	case "field":
		for _, item := range c.items() {
			if item.source == source {
				return item.text, true
			}
		}
	case "query":
		if form, _ := url.ParseQuery(c.Request.Query); len(form[name]) == 1 {
			return form.Get(name), true
		}
	case "json":
		return member(c.Request.Body, name)
	}
	return "", false
}

func member(body []byte, path string) (string, bool) {
	n, ok := parse(bytes.TrimPrefix(body, []byte(bom)))
	for name := range strings.SplitSeq(path, ".") {
		i := slices.Index(n.names, strconv.Quote(name))
		if !ok || i < 0 {
			return "", false
		}
		n = n.items[i]
	}
	return strings.Trim(n.raw, `"`), n.raw != ""
}

// items are the named items of the lists in headers that have one, as "field:NAME".
func (c Case) items() (all []bound) {
	s := c.Platform.Scheme
	assign := cmp.Or(s.Assign, "=")
	for name, values := range c.Request.Header {
		if s.Header != "" && len(c.Request.Header.Values(s.Header)) > 0 && !strings.EqualFold(name, s.Header) || len(values) != 1 {
			continue
		}
		marks := s.List
		if marks == "" || !strings.Contains(values[0], marks) {
			marks = ",; &"
		}
		isMark := func(r rune) bool { return strings.ContainsRune(marks, r) && !strings.ContainsRune(assign, r) }
		for item := range strings.FieldsFuncSeq(values[0], isMark) {
			for _, mark := range []string{assign, "=", ":"} {
				if name, value, ok := strings.Cut(item, mark); ok && (slices.Contains(itemNames, strings.ToLower(strings.TrimSpace(name))) || c.reads("field:"+strings.TrimSpace(name))) {
					all = append(all, bound{"field:" + strings.Trim(name, " \t"), strings.Trim(value, " \t\""), ""})
					break
				}
			}
		}
	}
	return all
}

// addresses are where the platform may have posted to.
func (c Case) addresses() []option[string] {
	var all options[string]
	own := c.Platform.Scheme.URL
	add := func(address string) {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			cost := b2i(own != "" && address != own)
			var causes []Cause
			if cost > 0 {
				causes = []Cause{{"url", "The address that is signed is another than the scheme's url."}}
			}
			all.add(address, address, cost, causes...)
		}
	}
	for _, address := range []string{own, c.Address} {
		add(address)
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			continue
		}
		for _, path := range []string{u.Path, strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.Path, "/") + "/"} {
			for _, scheme := range []string{"https", "http"} {
				for _, host := range []string{u.Host, u.Hostname(), u.Hostname() + ":443", u.Hostname() + ":80"} {
					add(scheme + "://" + host + path)
				}
			}
		}
	}
	a, errA := url.Parse(own)
	b, errB := url.Parse(c.Address)
	if own != "" && c.Address != "" && errA == nil && errB == nil {
		add(a.Scheme + "://" + a.Host + b.Path)
		add(a.Scheme + "://" + b.Host + a.Path)
	}
	if len(all.all) == 0 {
		return []option[string]{{}}
	}
	return all.all
}

// ids are the texts that may identify the delivery.
func (c Case) ids() []option[bound] {
	_, own := abstract(c.Platform.Scheme)
	var all options[bound]
	add := func(source, text string) {
		if text != "" && len(text) <= 256 && len(all.all) < 40 {
			all.add(source, bound{source, text, text}, b2i(source != own))
		}
	}
	if text, ok := c.value(own); ok {
		add(own, text)
	}
	for _, name := range c.headerNames() {
		text, _ := c.value("header:" + name)
		if !slices.Contains(ordinary, strings.ToLower(name)) {
			add("header:"+name, text)
		}
	}
	for _, item := range c.items() {
		add(item.source, item.text)
	}
	for _, name := range []string{"id", "event_id", "eventId", "delivery_id", "call_id", "data.id", "call.call_id", "webhook_id"} {
		if text, ok := member(c.Request.Body, name); ok {
			add("json:"+name, text)
		}
	}
	return all.all
}

// ordinary header fields identify no delivery.
var ordinary = []string{
	"accept", "accept-encoding", "accept-language", "cache-control", "connection", "content-length", "content-type", "content-encoding", "date", "forwarded", "host", "pragma",
	"transfer-encoding", "user-agent", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto",
}

// headerNames are in order.
func (c Case) headerNames() (names []string) {
	for name := range c.Request.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	return names[:min(len(names), 100)]
}

// times are the texts that may be the signed time, in the form they came and in others.
func (c Case) times() []option[bound] {
	s := c.Platform.Scheme
	var found []bound
	add := func(source, text string) {
		if _, ok := readTime(text); ok || source == s.Time.From {
			found = append(found, bound{source, text, text})
		}
	}
	if text, ok := c.value(s.Time.From); ok {
		add(s.Time.From, text)
	}
	for _, name := range c.headerNames() {
		if text, ok := c.value("header:" + name); ok && !strings.EqualFold("header:"+name, s.Time.From) {
			add("header:"+name, text)
		}
	}
	for _, item := range c.items() {
		if item.source != s.Time.From {
			add(item.source, item.text)
		}
	}
	for _, name := range []string{"timestamp", "time", "ts", "created", "created_at", "createdAt", "event_time", "webhookTimestamp", "sent_at", "date"} {
		if text, ok := member(c.Request.Body, name); ok && "json:"+name != s.Time.From {
			add("json:"+name, text)
		}
	}
	form, _ := url.ParseQuery(c.Request.Query)
	for name := range form {
		if text, ok := c.value("query:" + name); ok && "query:"+name != s.Time.From {
			add("query:"+name, text)
		}
	}
	var all options[bound]
	for _, b := range found {
		all.add(b.text, b, b2i(b.source != s.Time.From), c.otherTime(b.source)...)
	}
	for _, b := range found {
		cost, causes := b2i(b.source != s.Time.From), c.otherTime(b.source)
		at, _ := readTime(b.text)
		for _, other := range rewritings(b.text, at) {
			all.add(other.text, bound{b.source, b.text, other.text}, cost+1, with(causes, Cause{"time-unit", fmt.Sprintf("The time in %s was signed %s.", place(b.source), other.said)})...)
		}
	}
	return all.all
}

// otherTime says that the signed time is that of another source than the scheme's. A member
// of the body may hold the same time by chance.
func (c Case) otherTime(source string) []Cause {
	own := c.Platform.Scheme.Time.From
	_, has := c.value(own)
	switch member := strings.HasPrefix(source, "json:"); {
	case own == "" || source == own:
		return nil
	case has && member:
		return []Cause{{"time-changed", fmt.Sprintf("The time in %s was changed: the signature covers the one that %s holds, too.", place(own), place(source))}}
	case has:
		return []Cause{{"time-source", fmt.Sprintf("The signature covers the time in %s, not the one in %s: the scheme names the wrong one, or it was changed.", place(source), place(own))}}
	case member:
		return []Cause{{"missing", fmt.Sprintf("The time that is signed is missing: %s is not there. The signature covers the one that %s holds, too.", place(own), place(source))}}
	}
	return []Cause{{"time-source", fmt.Sprintf("The time that is signed is in %s; the scheme reads %s, which is not there.", place(source), place(own))}}
}

type rewriting struct{ text, said string }

// rewritings are other ways to write a time.
func rewritings(text string, at time.Time) (all []rewriting) {
	trimmed := strings.TrimSpace(text)
	all = append(all, rewriting{trimmed, "without white space"}, rewriting{strings.TrimLeft(trimmed, "0"), "without the zeros before it"}, rewriting{strings.Trim(trimmed, `"`), "without quotes"})
	if at.IsZero() {
		return all
	}
	unix := at.Unix()
	all = append(all, rewriting{strconv.FormatInt(unix, 10), "in seconds"},
		rewriting{strconv.FormatInt(at.UnixMilli(), 10), "in milliseconds"},
		rewriting{strconv.FormatInt(at.UnixMicro(), 10), "in microseconds"},
		rewriting{strconv.FormatInt(at.UnixNano(), 10), "in nanoseconds"},
		rewriting{strconv.FormatInt(unix, 10) + ".0", "in seconds with a fraction"},
		rewriting{fmt.Sprintf("%.3f", float64(at.UnixMilli())/1000), "in seconds with a fraction"})
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.000Z07:00", "2006-01-02T15:04:05+00:00", "2006-01-02T15:04:05.000000Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", http.TimeFormat, time.RFC3339Nano} {
		all = append(all, rewriting{at.UTC().Format(layout), "as a date in another form"})
	}
	return all
}

// readTime reads any usual way to write a time of this century.
func readTime(text string) (time.Time, bool) {
	text = strings.Trim(text, " \t\"")
	for _, layout := range []string{time.RFC3339, http.TimeFormat, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	whole, fraction, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.Trim(fraction, "0123456789") != "" {
		return time.Time{}, false
	}
	for _, at := range []time.Time{time.Unix(n, 0), time.UnixMilli(n), time.UnixMicro(n), time.Unix(0, n)} {
		if 2001 <= at.UTC().Year() && at.UTC().Year() <= 2100 {
			return at, true
		}
	}
	return time.Time{}, false
}

// nearby is how far from a time others are tried.
const nearby = 6 * time.Hour

// near lists the scheme's own template with the seconds around the times of the
// delivery, and around now.
func (c Case) near() (all []option[frame]) {
	t := c.Platform.Scheme.Time
	own, ownID := abstract(c.Platform.Scheme)
	if !strings.Contains(own, "{timestamp}") {
		return nil
	}
	id, around := bound{source: ownID}, []time.Time(nil)
	id.signed, _ = c.value(ownID)
	for _, b := range c.times() {
		if at, ok := readTime(b.value.text); ok && b.value.text == b.value.signed {
			around = append(around, at)
		}
	}
	text, _ := c.value(t.From)
	for _, at := range append(around[:min(len(around), 1)], c.Now) {
		for off := -nearby; off <= nearby; off += time.Second {
			signed := written(t.Unit, at.Add(off), text)
			if f, ok := c.frame(own, bound{t.From, signed, signed}, id, c.Platform.Scheme.URL); ok {
				f.near = true
				all = append(all, option[frame]{value: f, cost: maxCost})
			}
		}
	}
	return all
}

// timeChanged is the cause where another time was signed.
func (c Case) timeChanged(signed string) Cause {
	from := c.Platform.Scheme.Time.From
	text, has := c.value(from)
	given, readable := readTime(text)
	at, _ := readTime(signed)
	switch {
	case !has:
		return Cause{"time-changed", "The time that is signed is missing: " + place(from) + " is not there."}
	case readable:
		return Cause{"time-changed", fmt.Sprintf("The time in %s was changed: the signature covers one %s.", place(from), apart(at.Sub(given)))}
	}
	return Cause{"time-changed", "The time in " + place(from) + " was changed: the signature covers another one."}
}

// apart says how far a moment is from another.
func apart(d time.Duration) string {
	if d < 0 {
		return fmt.Sprintf("%d seconds earlier", -d/time.Second)
	}
	return fmt.Sprintf("%d seconds later", d/time.Second)
}

func written(u signature.Unit, at time.Time, like string) string {
	switch u {
	case signature.Millis:
		return strconv.FormatInt(at.UnixMilli(), 10)
	case signature.RFC3339:
		if strings.Contains(like, ".") {
			return at.UTC().Format("2006-01-02T15:04:05.000Z07:00")
		}
		return at.UTC().Format(time.RFC3339)
	}
	return strconv.FormatInt(at.Unix(), 10)
}
