package doctor_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/signature/doctor"
)

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

const sample = `{"type":"usage.tracked","id":"evt_test_1","name":"Zoë <test> & co","path":"a/b","amount":12.50,"items":[{"n":1},{"n":2}],"none":null}`

// schemes are those of the mutations.
var schemes = map[string]struct{ text, secret string }{
	"hex":      {"header=X-Signature; prefix='sha256='", "test-secret-of-plain-hex"},
	"base64":   {"header=X-Signature; encoding=base64", "test-secret-of-plain-base64"},
	"list":     {"signed={timestamp}.{body}; header=X-Signature; list=','; field=v1; time=field:t s 300", "whsec_test-secret-of-a-list"},
	"standard": {"signed={id}.{timestamp}.{body}; header=webhook-signature; encoding=base64; list=' '; assign=','; field=v1; time=header:webhook-timestamp s 300; id=header:webhook-id; key=whsec", "whsec_dGVzdC1rZXktb2YtdGhlLWRvY3Rvci10ZXN0cyEh"},
	"token":    {"header=Authorization; algorithm=jwt-hs256; bodyhash=claim:sha256 base64; leeway=60; demand=exp", "test-secret-of-a-token"},
	"time":     {"signed={body}{timestamp}; header=X-Signature; time=header:X-Timestamp s 300", "test-secret-of-body-and-time"},
}

func scheme(t fataler, text string) signature.Scheme {
	t.Helper()
	s, err := signature.ParseScheme(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// delivery is what a mutation changes: what the platform signs with, and what is then
// given to the doctor.
type delivery struct {
	signs        signature.Scheme
	secret, body string
	at           time.Time
	received     func(*signature.Request) // changes the request on its way
	doctor.Case
}

func newDelivery(t fataler, name string) *delivery {
	row := schemes[name]
	d := &delivery{signs: scheme(t, row.text), secret: row.secret, body: sample, at: now, received: func(*signature.Request) {}}
	d.Case = doctor.Case{Platform: doctor.Platform{Name: "acme", Scheme: d.signs, Secrets: []signature.Secret{{ID: "key 1", Value: row.secret}}}, Now: now}
	return d
}

// fataler is a test, or a drawn case of one.
type fataler interface {
	Helper()
	Fatal(...any)
}

// deliver signs and hands the delivery over.
func (d *delivery) deliver(t fataler) doctor.Case {
	t.Helper()
	ring, err := signature.NewKeyring(d.signs, signature.Secret{ID: "platform", Value: d.secret})
	if err != nil {
		t.Fatal(err)
	}
	q := signature.Request{Method: "POST", Body: []byte(d.body)}
	if err := ring.Sign(&q, d.at, "msg_test_1"); err != nil {
		t.Fatal(err)
	}
	d.received(&q)
	d.Request = q
	return d.Case
}

func (d *delivery) onBody(change func(string) string) {
	d.received = func(q *signature.Request) { q.Body = []byte(change(string(q.Body))) }
}

func (d *delivery) onSignature(change func(string) string) {
	d.received = func(q *signature.Request) {
		for name := range q.Header {
			if strings.HasSuffix(strings.ToLower(name), "signature") {
				q.Header[name][0] = change(q.Header[name][0])
			}
		}
	}
}

func (d *delivery) has(secret string) { d.Platform.Secrets[0].Value = secret }

// remarshalled is a body as a program writes it that read it into a map.
func remarshalled(t fataler, body, indent string, html bool) string {
	t.Helper()
	var value map[string]any
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(html)
	enc.SetIndent("", indent)
	if err := enc.Encode(value); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

const (
	python   = `{"type": "usage.tracked", "id": "evt_test_1", "name": "Zo\u00eb <test> & co", "path": "a/b", "amount": 12.50, "items": [{"n": 1}, {"n": 2}], "none": null}`
	php      = `{"type":"usage.tracked","id":"evt_test_1","name":"Zo\u00eb <test> & co","path":"a\/b","amount":12.50,"items":[{"n":1},{"n":2}],"none":null}`
	windows  = "{\r\n  \"type\": \"usage.tracked\"\r\n}\r\n"
	anyOther = "test-secret-of-another-platform"
)

// mutations are what can go wrong, with the codes that must be named, all of them and no
// other. only names the schemes a mutation is possible with.
var mutations = map[string]struct {
	only   []string
	change func(t fataler, d *delivery)
	want   []string
}{
	"another platform's secret": {change: func(t fataler, d *delivery) {
		d.Others = []doctor.Platform{{Name: "other", Scheme: schemeOf(t, "hex"), Secrets: []signature.Secret{{ID: "key of other", Value: d.secret}}}}
		d.has("test-secret-that-is-none-of-these!")
		if d.signs.Key == signature.KeyWhsec {
			d.has("whsec_" + base64.StdEncoding.EncodeToString([]byte("another test key of 32 bytes....")))
		}
	}, want: []string{"secret-other-platform"}},
	"newline at the end added": {change: func(_ fataler, d *delivery) { d.onBody(func(b string) string { return b + "\n" }) }, want: []string{"body-newline"}},
	"newline at the end lost":  {change: func(_ fataler, d *delivery) { d.body += "\n"; d.onBody(strings.TrimSpace) }, want: []string{"body-newline"}},
	"CR LF becomes LF": {change: func(_ fataler, d *delivery) {
		d.body = windows
		d.onBody(func(b string) string { return strings.ReplaceAll(b, "\r\n", "\n") })
	}, want: []string{"body-crlf"}},
	"LF becomes CR LF": {change: func(_ fataler, d *delivery) {
		d.body = strings.ReplaceAll(windows, "\r\n", "\n")
		d.onBody(func(b string) string { return strings.ReplaceAll(b, "\n", "\r\n") })
	}, want: []string{"body-crlf"}},
	"BOM added": {change: func(_ fataler, d *delivery) { d.onBody(func(b string) string { return "\ufeff" + b }) }, want: []string{"body-bom"}},
	"BOM lost": {change: func(_ fataler, d *delivery) {
		d.body = "\ufeff" + d.body
		d.onBody(func(b string) string { return strings.TrimPrefix(b, "\ufeff") })
	}, want: []string{"body-bom"}},
	"charset": {change: func(_ fataler, d *delivery) {
		d.body = "{\"name\":\"Zo\xeb\"}"
		d.onBody(func(string) string { return `{"name":"Zoë"}` })
	}, want: []string{"body-charset"}},
	"body read in another charset": {change: func(_ fataler, d *delivery) {
		d.onBody(func(b string) string { return strings.ReplaceAll(b, "ë", "Ã«") })
	}, want: []string{"body-charset"}},
	"body in base64": {change: func(_ fataler, d *delivery) {
		d.onBody(func(b string) string { return base64.StdEncoding.EncodeToString([]byte(b)) })
	}, want: []string{"body-base64"}},
	"body as a JSON text": {change: func(_ fataler, d *delivery) {
		d.onBody(func(b string) string { text, _ := json.Marshal(b); return string(text) })
	}, want: []string{"body-quoted"}},
	"python to compact":   {change: func(_ fataler, d *delivery) { d.body = python; d.onBody(func(string) string { return sample }) }, want: []string{"body-json"}},
	"compact to python":   {change: func(_ fataler, d *delivery) { d.onBody(func(string) string { return python }) }, want: []string{"body-json"}},
	"PHP's escapes lost":  {change: func(_ fataler, d *delivery) { d.body = php; d.onBody(func(string) string { return sample }) }, want: []string{"body-json"}},
	"PHP's escapes added": {change: func(_ fataler, d *delivery) { d.onBody(func(string) string { return php }) }, want: []string{"body-json"}},
	"pretty-printed": {change: func(t fataler, d *delivery) {
		d.body = remarshalled(t, d.body, "", false)
		d.onBody(func(b string) string { return remarshalled(t, b, "    ", false) })
	}, want: []string{"body-json"}},
	"pretty print lost": {change: func(t fataler, d *delivery) {
		d.body = remarshalled(t, d.body, "  ", false)
		d.onBody(func(b string) string { return remarshalled(t, b, "", false) })
	}, want: []string{"body-json"}},
	"members no longer sorted": {change: func(t fataler, d *delivery) {
		d.body = remarshalled(t, d.body, "", false)
		d.onBody(func(string) string { return sample })
	}, want: []string{"body-json"}},
	"Go's escapes added": {change: func(t fataler, d *delivery) {
		d.body = remarshalled(t, d.body, "", false)
		d.onBody(func(b string) string { return remarshalled(t, b, "", true) })
	}, want: []string{"body-json"}},
	"secret with a newline":           {change: func(_ fataler, d *delivery) { d.has(d.secret + "\n") }, want: []string{"secret-space"}},
	"secret with a blank":             {change: func(_ fataler, d *delivery) { d.has(" " + d.secret) }, want: []string{"secret-space"}},
	"secret in quotes":                {change: func(_ fataler, d *delivery) { d.has(`"` + d.secret + `"`) }, want: []string{"secret-quotes"}},
	"secret with its variable":        {change: func(_ fataler, d *delivery) { d.has("ACME_WEBHOOK_SECRET=" + d.secret) }, want: []string{"secret-name"}},
	"secret with an invisible letter": {change: func(_ fataler, d *delivery) { d.has(d.secret[:5] + "\u200b" + d.secret[5:]) }, want: []string{"secret-space"}},
	"secret in capitals":              {only: []string{"hex", "base64", "time"}, change: func(_ fataler, d *delivery) { d.has(strings.ToUpper(d.secret)) }, want: []string{"secret-case"}},
	"secret cut at its end":           {only: []string{"hex", "base64", "time", "list"}, change: func(_ fataler, d *delivery) { d.has(d.secret[:len(d.secret)-1]) }, want: []string{"secret-slip"}},
	"secret without whsec_":           {only: []string{"list"}, change: func(_ fataler, d *delivery) { d.has(strings.TrimPrefix(d.secret, "whsec_")) }, want: []string{"secret-form"}},
	"key without whsec_":              {only: []string{"standard"}, change: func(_ fataler, d *delivery) { d.has(strings.TrimPrefix(d.secret, "whsec_")) }, want: []string{"secret-form"}},
	"key decoded although it is text": {only: []string{"standard"}, change: func(_ fataler, d *delivery) { d.signs.Key = signature.KeyText }, want: []string{"secret-form"}},
	"key base64 not decoded": {only: []string{"hex", "base64", "time"}, change: func(_ fataler, d *delivery) {
		d.secret = "dGVzdC1rZXktb2YtdGhlLWRvY3Rvci10ZXN0cyEh"
		d.has(d.secret)
		d.signs.Key = signature.KeyBase64
	}, want: []string{"secret-form"}},
	"key hex not decoded": {only: []string{"hex", "base64", "time"}, change: func(_ fataler, d *delivery) {
		d.secret = "00112233445566778899aabbccddeeff"
		d.has(d.secret)
		d.signs.Key = signature.KeyHex
	}, want: []string{"secret-form"}},
	"another algorithm": {change: func(_ fataler, d *delivery) { d.signs.Algorithm = signature.SHA1 }, want: []string{"algorithm"}},
	"a longer hash":     {change: func(_ fataler, d *delivery) { d.signs.Algorithm = signature.SHA512 }, want: []string{"algorithm"}},
	"the other encoding": {change: func(_ fataler, d *delivery) {
		d.signs.Encoding = map[signature.Encoding]signature.Encoding{signature.Hex: signature.Base64, signature.Base64: signature.Hex}[d.signs.Encoding]
	}, want: []string{"encoding"}},
	"base64url": {only: []string{"base64"}, change: func(_ fataler, d *delivery) {
		d.body = "{\"n\":2}"
		d.onSignature(func(s string) string { return strings.NewReplacer("+", "-", "/", "_").Replace(s) })
	}, want: []string{"encoding"}},
	"padding lost": {only: []string{"base64", "standard"}, change: func(_ fataler, d *delivery) {
		d.onSignature(func(s string) string { return strings.TrimRight(s, "=") })
	}, want: []string{"encoding"}},
	"a prefix that is not said": {only: []string{"base64", "time"}, change: func(_ fataler, d *delivery) { d.onSignature(func(s string) string { return "sha256=" + s }) }, want: []string{"prefix"}},
	"another prefix":            {only: []string{"hex"}, change: func(_ fataler, d *delivery) { d.onSignature(func(s string) string { return "v0=" + s }) }, want: []string{"prefix"}},
	"signature in quotes":       {only: []string{"hex", "base64", "time"}, change: func(_ fataler, d *delivery) { d.onSignature(func(s string) string { return `"` + s + `"` }) }, want: []string{"encoding"}},
	"body alone": {only: []string{"time"}, change: func(_ fataler, d *delivery) {
		ts := "1793534400"
		d.signs = schemeOf(nil, "hex")
		d.received = func(q *signature.Request) { q.Header["X-Timestamp"] = []string{ts} }
	}, want: []string{"template"}},
	"time is signed, too": {only: []string{"hex"}, change: func(t fataler, d *delivery) {
		d.signs = scheme(t, "signed={timestamp}.{body}; header=X-Signature; time=header:X-Timestamp s 300")
	}, want: []string{"template"}},
	"another separator":       {only: []string{"list", "time"}, change: func(_ fataler, d *delivery) { d.signs.Signed = "{timestamp}:{body}" }, want: []string{"template"}},
	"as Slack signs":          {only: []string{"list", "time"}, change: func(_ fataler, d *delivery) { d.signs.Signed = "v0:{timestamp}:{body}" }, want: []string{"template"}},
	"body first":              {only: []string{"list"}, change: func(_ fataler, d *delivery) { d.signs.Signed = "{body}.{timestamp}" }, want: []string{"template"}},
	"another header":          {only: []string{"hex", "base64", "time", "list"}, change: func(_ fataler, d *delivery) { d.signs.Header = "X-Hub-Signature-256" }, want: []string{"header"}},
	"a list that is not said": {only: []string{"time"}, change: func(_ fataler, d *delivery) { d.onSignature(func(s string) string { return "t=1,v1=" + s }) }, want: []string{"list"}},
	"another item":            {only: []string{"list"}, change: func(_ fataler, d *delivery) { d.signs.Field = "v0" }, want: []string{"list"}},
	"time in another header":  {only: []string{"time"}, change: func(_ fataler, d *delivery) { d.signs.Time.From = "header:X-Request-Timestamp" }, want: []string{"time-source"}},
	"time in milliseconds":    {only: []string{"list", "standard", "time"}, change: func(_ fataler, d *delivery) { d.signs.Time.Unit = signature.Millis }, want: []string{"time-unit"}},
	"time as a date":          {only: []string{"list", "time"}, change: func(_ fataler, d *delivery) { d.signs.Time.Unit = signature.RFC3339 }, want: []string{"time-unit"}},
	"too old":                 {only: []string{"list", "standard", "time"}, change: func(_ fataler, d *delivery) { d.at = now.Add(-time.Hour) }, want: []string{"stale"}},
	"in the future":           {only: []string{"list", "standard", "time"}, change: func(_ fataler, d *delivery) { d.at = now.Add(time.Hour) }, want: []string{"stale"}},
	"time header changed": {only: []string{"time"}, change: func(_ fataler, d *delivery) {
		d.received = func(q *signature.Request) { q.Header["X-Timestamp"][0] = "1793544437" }
	}, want: []string{"time-changed"}},
	"time header lost": {only: []string{"time"}, change: func(_ fataler, d *delivery) {
		d.received = func(q *signature.Request) { delete(q.Header, "X-Timestamp") }
	}, want: []string{"time-changed"}},
	"signature cut": {only: []string{"hex", "base64", "time", "list"}, change: func(_ fataler, d *delivery) { d.onSignature(func(s string) string { return s[:len(s)-9] }) }, want: []string{"cut"}},
	"signature with one character off": {only: []string{"hex", "time", "list"}, change: func(_ fataler, d *delivery) {
		d.onSignature(func(s string) string { return s[:len(s)-9] + "g" + s[len(s)-8:] })
	}, want: []string{"altered"}},
	"signature in small letters": {only: []string{"base64"}, change: func(_ fataler, d *delivery) { d.onSignature(strings.ToLower) }, want: []string{"altered"}},
	"signature missing":          {change: func(_ fataler, d *delivery) { d.received = func(q *signature.Request) { clear(q.Header) } }, want: []string{"missing"}},
	"the secret comes along": {only: []string{"hex", "base64", "time"}, change: func(t fataler, d *delivery) {
		d.signs = scheme(t, "header=X-Signature; algorithm=static; covers=nothing")
	}, want: []string{"algorithm"}},
	"token expired":              {only: []string{"token"}, change: func(_ fataler, d *delivery) { d.at = now.Add(-time.Hour) }, want: []string{"stale"}},
	"token of another algorithm": {only: []string{"token"}, change: func(_ fataler, d *delivery) { d.signs.Algorithm = signature.JWTHS512 }, want: []string{"algorithm"}},
	"token and a newline":        {only: []string{"token"}, change: func(_ fataler, d *delivery) { d.onBody(func(b string) string { return b + "\n" }) }, want: []string{"body-newline"}},
	"token of another body": {only: []string{"token"}, change: func(_ fataler, d *delivery) {
		d.onBody(func(b string) string { return strings.Replace(b, "12.50", "99.50", 1) })
	}, want: []string{"body-hash"}},
	"token behind Bearer": {only: []string{"token"}, change: func(_ fataler, d *delivery) {
		d.received = func(q *signature.Request) { q.Header["Authorization"][0] = "Bearer " + q.Header["Authorization"][0] }
	}, want: []string{"prefix"}},
	"token and secret in quotes": {only: []string{"token"}, change: func(_ fataler, d *delivery) { d.has("'" + d.secret + "'") }, want: []string{"secret-quotes"}},
	"as Svix names its headers": {only: []string{"standard"}, change: func(t fataler, d *delivery) {
		d.signs = scheme(t, strings.ReplaceAll(schemes["standard"].text, "webhook-", "svix-"))
	}, want: []string{"template", "time-source", "header"}},
	"an unknown word before it": {only: []string{"hex", "time"}, change: func(_ fataler, d *delivery) { d.onSignature(func(s string) string { return "acme " + s }) }, want: []string{"prefix"}},
	"HTML's entities": {change: func(_ fataler, d *delivery) {
		d.onBody(func(b string) string { return strings.ReplaceAll(b, "&", "&amp;") })
	}, want: []string{"body-escapes"}},
	"body compressed": {change: func(t fataler, d *delivery) { d.onBody(func(b string) string { return compressed(t, b) }) }, want: []string{"body-compressed"}},
}

// alike is the row that a second explanation fits as well: the bytes are those of
// {body}{lf}{timestamp}.
var alike = [2]string{"newline at the end lost", "time"}

func schemeOf(_ fataler, name string) signature.Scheme {
	s, err := signature.ParseScheme(schemes[name].text)
	if err != nil {
		panic(err)
	}
	return s
}

// The doctor is given request and secret. A seed draws the order, and of each mutation the
// scheme.
func TestExamineNamesTheCause(t *testing.T) {
	seed := rand.Uint64()
	drawn := rand.New(rand.NewPCG(seed, 0))
	var rows [][2]string
	for _, name := range slices.Sorted(maps.Keys(mutations)) {
		possible := mutations[name].only
		if possible == nil {
			possible = []string{"hex", "base64", "list", "standard", "time"}
		}
		rows = append(rows, [2]string{name, possible[drawn.IntN(len(possible))]})
	}
	drawn.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	for _, row := range rows {
		t.Run(row[0]+"/"+row[1], func(t *testing.T) {
			m, d := mutations[row[0]], newDelivery(t, row[1])
			m.change(t, d)
			c := d.deliver(t)
			report := doctor.Examine(c)
			var codes []string
			for _, cause := range report.Causes {
				codes = append(codes, cause.Code)
			}
			if report.Verdict != doctor.Found || !slices.Equal(codes, m.want) || len(report.Or) > 0 && row != alike {
				t.Errorf("seed %d: %s, want %q\n%s", seed, report.Verdict, m.want, shown(report))
			}
		})
	}
}

func shown(r doctor.Report) string {
	text, _ := json.MarshalIndent(r, "", "  ")
	return string(text)
}
