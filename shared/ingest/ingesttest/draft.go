package ingesttest

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"slices"
	"strings"

	"github.com/webhook-functions/template/shared/signature"
)

// draft is a delivery as it should be, about to be changed by a row.
type draft struct {
	platform
	method, target string
	header         [][2]string
	body           []byte
	signature      func(d *draft) []string // the values of the signature header, computed at last
	trap           string

	given    []Option // how the world is
	skip     bool     // the row is not about this platform
	quiet    []string // must not be logged, beside what never may
	byServer []int    // statuses a front's server may answer before ingest is asked
}

// change is what a row does to a good delivery.
type change func(d *draft)

func newDraft(p platform, trap string) *draft {
	d := &draft{
		platform: p, method: "POST", target: "/" + p.Name, trap: trap,
		header: [][2]string{
			{"Content-Type", "application/json"},
			{"X-Customer", strings.Join(private, " ")},
			{"Cookie", "session=" + Secret(p.Name)},
		},
		signature: func(d *draft) []string { return []string{d.good()} },
	}
	if d.body = p.sample; p.isEnvelope() {
		d.body = p.write(good, trap)
	}
	return d
}

// request is the draft, signed.
func (d *draft) request() Request {
	r := Request{Method: d.method, Target: d.target, Header: slices.Clone(d.header), Body: d.body}
	for _, value := range d.signature(d) {
		r.Header = append(r.Header, [2]string{d.SignatureHeader, value})
	}
	return r
}

// secrets gives every word of the request that must stay unsaid.
func (d *draft) secrets() []string {
	words := append(slices.Concat(private, d.private, d.quiet), Secret(d.Name), d.good())
	for _, value := range d.signature(d) {
		if value = strings.TrimSpace(value); len(value) >= 16 {
			words = append(words, value)
		}
	}
	return words
}

// good is the signature the platform would send.
func (d *draft) good() string { return d.mac(d.hash, Secret(d.Name), d.body) }

func (d *draft) mac(newHash func() hash.Hash, key string, body []byte) string {
	m := hmac.New(newHash, []byte(key))
	m.Write(body)
	if isHex(d.platform) {
		return hex.EncodeToString(m.Sum(nil))
	}
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// all applies several changes.
func all(changes ...change) change {
	return func(d *draft) {
		for _, c := range changes {
			c(d)
		}
	}
}

// where is about some platforms only.
func where(isAbout func(platform) bool, changes ...change) change {
	return func(d *draft) {
		d.skip = d.skip || !isAbout(d.platform)
		all(changes...)(d)
	}
}

func hasPrefix(p platform) bool { return p.Scheme.Prefix != "" }

func hasNoPrefix(p platform) bool { return p.Scheme.Prefix == "" }

func isHex(p platform) bool { return p.Scheme.Encoding == signature.Hex }

// isMadeUp is about madeUp alone: the row is the same for every platform.
func isMadeUp(p platform) bool { return p.Name == MadeUp.Name }

func unchanged(*draft) {}

func method(m string) change { return func(d *draft) { d.method = m } }

func target(t string) change { return func(d *draft) { d.target = t } }

// route sends to a variation of the platform's own path, which is $.
func route(t string) change {
	return func(d *draft) { d.target = strings.Replace(t, "$", d.target, 1) }
}

// header takes the place of a header of that name, if there is one.
func header(name, value string) change {
	return func(d *draft) {
		d.header = slices.DeleteFunc(d.header, func(h [2]string) bool { return h[0] == name })
		d.header = append(d.header, [2]string{name, value})
	}
}

func withoutHeader(name string) change {
	return func(d *draft) {
		d.header = slices.DeleteFunc(d.header, func(h [2]string) bool { return h[0] == name })
	}
}

// body is a template; see write. What is in it is signed.
func body(template string) change {
	return func(d *draft) {
		d.skip = d.skip || strings.Contains(template, "$") && !d.isEnvelope()
		d.body = d.write(template, d.trap)
	}
}

// edit changes the good body.
func edit(f func(body string) string) change {
	return func(d *draft) { d.body = []byte(f(string(d.body))) }
}

// insert adds members to the good body's payload.
func insert(members string) change {
	return body(`{"$type": "$event", "$payload": {` + members + `, $members}$more}`)
}

// sized pads the good body with spaces.
func sized(bytes int) change {
	return edit(func(body string) string { return body + strings.Repeat(" ", bytes-len(body)) })
}

// signed sends these signature headers; good is the right value.
func signed(values func(d *draft, good string) []string) change {
	return func(d *draft) {
		d.signature = func(d *draft) []string { return values(d, d.good()) }
	}
}

func unsigned(d *draft) { d.signature = func(*draft) []string { return nil } }

// sign sends one header with what f makes of the right value.
func sign(f func(good string) string) change {
	return signed(func(_ *draft, good string) []string { return []string{f(good)} })
}

// literally sends text instead of a signature.
func literally(text string) change { return sign(func(string) string { return text }) }

// by makes the signature with another hash.
func by(newHash func(p platform) func() hash.Hash) change {
	return computed(func(d *draft) string { return d.mac(newHash(d.platform), Secret(d.Name), d.body) })
}

// with makes the signature with another key.
func with(key func(d *draft) string) change {
	return computed(func(d *draft) string { return d.mac(d.hash, key(d), d.body) })
}

func withKey(key string) change { return with(func(*draft) string { return key }) }

// over makes the signature over other bytes than are sent.
func over(bytes func(d *draft) []byte) change {
	return computed(func(d *draft) string { return d.mac(d.hash, Secret(d.Name), bytes(d)) })
}

// computed sends what f computes as the signature.
func computed(f func(d *draft) string) change {
	return signed(func(d *draft, _ string) []string { return []string{f(d)} })
}

// given changes the world.
func given(options ...Option) change {
	return func(d *draft) { d.given = append(d.given, options...) }
}

// secrets gives the platform other secrets; the sender's stays [Secret].
func secrets(values ...string) change {
	return func(d *draft) { d.given = append(d.given, Secrets(d.Name, values...)) }
}

func quiet(words ...string) change {
	return func(d *draft) { d.quiet = append(d.quiet, words...) }
}

// orServer: where there is a server before ingest it may know better.
func orServer(statuses ...int) change {
	return func(d *draft) { d.byServer = statuses }
}
