// Package doctor says why the signature of a captured delivery does not match.
//
// [Examine] computes the signature again with one thing changed, then with two and
// three: the secret, the body, what is signed, the algorithm. It compares the result with
// each text of the delivery that can be a signature, in every usual encoding. A [Cause]
// is named only where one of them then matches: the secret's owner has made it, so the
// cause is proven. The explanation of the fewest and most usual changes is given. What
// cannot be proven stands in [Report.Next] as something to look at.
//
//	report := doctor.Examine(doctor.Case{Platform: p, Others: others, Request: q, Now: now})
//
// No report holds a secret, a computed signature or a value of the request. It may hold
// names of header fields and the lengths and alphabets of values.
package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/signature"
)

// Platform is a way to sign, with secrets as they are set: they may be unusable.
type Platform struct {
	Name    string // as reports show it
	Scheme  signature.Scheme
	Secrets []signature.Secret // the ID is what reports call a secret
}

// Case is a delivery and what is known of its sender.
type Case struct {
	Platform Platform
	Others   []Platform // whose secrets the signature may have been made with
	Request  signature.Request
	Address  string    // where it was posted to, without query; "" if not known
	Now      time.Time // when it arrived
}

// Verdict sums a report up.
type Verdict string

const (
	Right   Verdict = "right"   // the delivery is accepted
	Found   Verdict = "cause"   // it is not, and the report says why
	Unknown Verdict = "unknown" // it is not, and no change that was tried makes it so
)

// Cause is one reason. Code is stable, Text is a sentence for people.
type Cause struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// Report is what an examination has found.
type Report struct {
	Verdict  Verdict   `json:"verdict"`
	Key      string    `json:"key,omitempty"`      // the secret that made the signature
	Causes   []Cause   `json:"causes,omitempty"`   // all of them together explain it
	Or       [][]Cause `json:"or,omitempty"`       // others that explain it as well
	Scheme   string    `json:"scheme,omitempty"`   // a scheme that accepts the delivery
	Expected string    `json:"expected,omitempty"` // the shape of the signature, and the one that came
	Got      string    `json:"got,omitempty"`
	Tried    string    `json:"tried,omitempty"`
	Next     []string  `json:"next,omitempty"` // what to look at: nothing of it is proven
}

// Examine says whether a delivery is accepted, and why not. The work is bounded: some
// seconds for a body of the greatest size.
func Examine(c Case) Report {
	report, done := c.verify()
	if done {
		return report
	}
	for _, look := range []func(Case) []hit{stranger, searchTokens, searchStatic, searchPublic, searchDigests, searchWhole, incomplete} {
		if hits := look(c); len(hits) > 0 {
			return c.explain(hits)
		}
	}
	report.Verdict = Unknown
	report.Expected, report.Got = c.shapes()
	report.Tried = tried
	report.Next = c.hints()
	return report
}

const tried = "the secrets of the settings and other forms of them, the body written in other ways, templates, times, addresses, algorithms, encodings and places of the signature"

// hit is a signature of the delivery that fits once things are changed.
type hit struct {
	key    string
	cost   int
	causes []Cause
	scheme *signature.Scheme // accepts the delivery where only the scheme was wrong
	time   string            // the signed time as the delivery carries it, "" if there is none
}

// explain reports the cheapest hits.
func (c Case) explain(hits []hit) Report {
	usual := func(h hit) int { // a body is changed more often than a platform's template
		return b2i(slices.ContainsFunc(h.causes, func(c Cause) bool { return c.Code == "template" }))
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Or(a.cost-b.cost, usual(a)-usual(b)) })
	first := hits[0]
	r := Report{Verdict: Found, Key: first.key, Causes: first.causes}
	for _, h := range hits[1:] {
		same := func(or []Cause) bool { return slices.Equal(or, h.causes) }
		if h.cost == first.cost && !same(r.Causes) && !slices.ContainsFunc(r.Or, same) {
			r.Or = append(r.Or, h.causes)
		}
	}
	if len(r.Causes) == 0 {
		r.Causes = c.refused(first)
	}
	r.Causes = with(r.Causes, c.age(first)...)
	if len(r.Causes) == 0 {
		r.Causes = []Cause{{"value", "The signature is right, and a value that it covers is written in a way that is refused."}}
	}
	if first.scheme == nil && len(first.causes) == 0 {
		first.scheme = c.inItsUnit()
	}
	if first.scheme != nil && c.accepts(*first.scheme) {
		r.Scheme = first.scheme.Text()
	}
	return r
}

// refused says why a right signature is refused beside its age.
func (c Case) refused(h hit) (causes []Cause) {
	for _, secret := range c.Platform.Secrets {
		if _, err := signature.NewKeyring(c.Platform.Scheme, secret); err != nil && secret.ID == h.key {
			causes = append(causes, Cause{"secret-refused", "The signature is right, and the secret is refused: " + err.Error() + "."})
		}
	}
	for _, name := range c.headerNames() {
		if n := len(c.Request.Header.Values(name)); n > 1 && c.reads("header:"+name) {
			causes = append(causes, Cause{"twice", fmt.Sprintf("Header %s is there %d times: the delivery is refused, since fronts differ in which one counts.", safeName(name), n)})
		}
	}
	seen := map[string]bool{}
	for _, item := range c.items() {
		if seen[item.source] && c.reads(item.source) {
			causes = append(causes, Cause{"twice", strings.ToUpper(place(item.source)[:1]) + place(item.source)[1:] + " is there twice, and it is not said which one counts."})
		}
		seen[item.source] = true
	}
	if s := c.Platform.Scheme; strings.HasPrefix(s.BodyHash.From, "query:") {
		text, _ := c.value(s.BodyHash.From)
		causes = append(causes, c.hashCauses(map[string]string{s.BodyHash.From: text}, s.BodyHash.From)...)
	}
	return causes
}

// reads says whether the scheme reads a source.
func (c Case) reads(source string) bool {
	s := c.Platform.Scheme
	return slices.ContainsFunc([]string{"header:" + s.Header, s.Time.From, s.ID}, func(own string) bool { return strings.EqualFold(own, source) }) ||
		strings.Contains(strings.ToLower(s.Signed), "{"+strings.ToLower(source)+"}")
}

// accepts says whether a scheme accepts the delivery with a secret as it is set.
func (c Case) accepts(s signature.Scheme) bool {
	for _, secret := range c.Platform.Secrets {
		ring, err := signature.NewKeyring(s, secret)
		if err != nil {
			continue
		}
		if _, err := ring.Verify(c.Request, c.Now); err == nil || errors.Is(err, signature.ErrStale) {
			return true
		}
	}
	return false
}

// verify asks the keyring itself. Where a secret is refused as it stands, none decides.
func (c Case) verify() (r Report, done bool) {
	for _, secret := range c.Platform.Secrets {
		ring, err := signature.NewKeyring(c.Platform.Scheme, secret)
		if err != nil {
			continue
		}
		_, err = ring.Verify(c.Request, c.Now)
		switch {
		case err == nil:
			return Report{Verdict: Right, Key: secret.ID}, true
		case errors.Is(err, signature.ErrStale) && !isJWT(c.Platform.Scheme.Algorithm):
			return c.explain([]hit{{key: secret.ID}}), true
		}
	}
	return Report{}, false
}

// stranger finds the delivery of another platform.
func stranger(c Case) (hits []hit) {
	for _, p := range c.Others {
		for _, secret := range p.Secrets {
			ring, err := signature.NewKeyring(p.Scheme, secret)
			if err != nil || p.Name == c.Platform.Name || p.Scheme.Algorithm == signature.Static {
				continue
			}
			if _, err := ring.Verify(c.Request, c.Now); err == nil || errors.Is(err, signature.ErrStale) {
				hits = append(hits, hit{key: secret.ID, causes: []Cause{c.anotherSecret(p.Name)}})
			}
		}
	}
	return hits
}

// anotherSecret is the cause where a secret made the signature that is not the given one.
func (c Case) anotherSecret(of string) Cause {
	if of == c.Platform.Name {
		return Cause{"secret-old", fmt.Sprintf("Another secret of %s made the signature: the one that was given is older, newer or of another account.", of)}
	}
	return Cause{"secret-other-platform", fmt.Sprintf("The secret of %s made the signature: it is set for the wrong platform, or %s posts to the wrong route.", of, of)}
}

// incomplete finds what the scheme reads and the delivery does not have. It comes last:
// the value may be elsewhere.
func incomplete(c Case) []hit {
	s := c.Platform.Scheme
	missing := func(what string) []hit { return []hit{{causes: []Cause{{"missing", what}}}} }
	if s.Header != "" {
		if all := c.Request.Header.Values(s.Header); len(all) == 0 {
			return missing("Header " + s.Header + " with the signature is not there, and no other part of the delivery holds a signature that fits.")
		} else if strings.TrimSpace(all[0]) == "" {
			return missing("Header " + s.Header + " with the signature is empty.")
		} else if _, ok := c.value("field:" + s.Field); !ok && s.Field != "" {
			return missing("The list in header " + s.Header + " has no item " + s.Field + ", and nothing else in the delivery is a signature that fits.")
		}
	}
	for source, isSource := range sources(s.Signed + "{" + s.Time.From + "}") {
		if strings.Contains(source, ":") && isSource {
			if _, ok := c.value(source); !ok {
				return missing("The signature covers " + place(source) + ", which is not there.")
			}
		}
	}
	if length, ok := c.value("header:Content-Length"); ok && length != "0" && len(c.Request.Body) == 0 && s.Covers == signature.CoversBody {
		return []hit{{causes: []Cause{{"body-empty", "The body is empty, and Content-Length says that it was not: it was lost before the signature was looked at."}}}}
	}
	return nil
}

// shapes are the expected shape of the signature and the one that came.
func (c Case) shapes() (expected, got string) {
	for _, secret := range append(slices.Clone(c.Platform.Secrets), signature.Secret{ID: "none", Value: strings.Repeat("doctor ", 6) + "!"}) {
		if ring, err := signature.NewKeyring(c.Platform.Scheme, secret); err == nil {
			return ring.Explain(c.Request)
		}
	}
	return "", ""
}
