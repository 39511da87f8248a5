package doctor

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/webhook-functions/template/shared/signature"
)

// maxCost bounds the changes that are tried together.
const maxCost = 3

// budget bounds the work: bytes that are hashed, and so many for a digest.
const (
	budget    = 1 << 30
	perDigest = 400
)

// search holds what the signatures of a delivery are compared with.
type search struct {
	Case
	texts []given
	exact map[string][]int // digests to indexes of texts
	spent int
	hits  []hit
	best  int
}

// searchDigests tries digests, those of the fewest changes first.
func searchDigests(c Case) []hit {
	if c.Platform.Scheme.Algorithm == "" {
		return nil
	}
	s := &search{Case: c, texts: c.texts(), exact: map[string][]int{}, best: 1 << 20}
	for i, g := range s.texts {
		s.exact[string(g.digest)] = append(s.exact[string(g.digest)], i)
	}
	if len(s.texts) == 0 {
		return nil
	}
	own := frames(c)
	k, b, f, a := byCost(keys(c)), byCost(bodies(c.Request.Body)), byCost(own), byCost(algorithms(c.Platform.Scheme))
	for total := range maxCost + 1 {
		if total == maxCost && s.best > total { // alone, and many
			s.try(c.slips(), b[0], f[0], a[0], total)
			s.try(k[0], b[0], c.near(), a[0], total)
		}
		if s.best <= total {
			break
		}
		for parts := 0; parts <= 4; parts++ { // one change alone before several together
			each(total, func(ki, bi, fi, ai int) {
				if b2i(ki > 0)+b2i(bi > 0)+b2i(fi > 0)+b2i(ai > 0) == parts && s.spent < budget {
					s.try(k[ki], b[bi], f[fi], a[ai], total)
				}
			})
		}
	}
	return s.hits
}

// each calls do with all ways to part a cost.
func each(total int, do func(k, b, f, a int)) {
	for k := range total + 1 {
		for b := range total - k + 1 {
			for f := range total - k - b + 1 {
				do(k, b, f, total-k-b-f)
			}
		}
	}
}

func (s *search) try(keys []option[key], bodies []option[[]byte], frames []option[frame], algorithms []option[algorithm], cost int) {
	for _, a := range algorithms {
		for _, k := range keys {
			h := a.value.start(k.value.bytes)
			for _, b := range bodies {
				for _, f := range frames {
					if s.spent += len(b.value) + perDigest; s.spent > budget {
						return
					}
					sum := a.value.sum(h, k.value.bytes, f.value, b.value)
					for _, m := range s.matches(sum, cost) {
						s.hit(k, b, f, a, m, cost)
					}
				}
			}
		}
	}
}

// match is a text that is the digest, or is so near to it that no other digest is meant.
type match struct {
	given
	cost   int
	causes []Cause
}

func (s *search) matches(sum []byte, cost int) (all []match) {
	if found := s.exact[string(sum)]; len(found) > 0 {
		return []match{{given: s.texts[found[0]]}} // the cheapest: it is one digest
	}
	for _, g := range s.texts {
		if cost > 1 {
			break
		}
		if cause, coding, ok := near(g, sum); ok {
			g.coding = coding
			g.cost, g.causes = g.against(s.Platform.Scheme)
			return []match{{g, 2, []Cause{cause}}}
		}
	}
	return nil
}

// near finds a signature that was cut or changed on its way: eight bytes of it are right
// at least, or most of it is. It gives the coding of the signature.
func near(g given, sum []byte) (cause Cause, coding string, ok bool) {
	d := g.digest
	switch {
	case len(d) < len(sum) && len(d) >= minDigest && bytes.HasPrefix(sum, d):
		return Cause{"cut", "The signature is cut: its end is missing."}, g.coding, true
	case len(d) < len(sum) && len(d) >= minDigest && bytes.HasSuffix(sum, d):
		return Cause{"cut", "The signature is cut: its beginning is missing."}, g.coding, true
	case len(d) > len(sum) && bytes.HasPrefix(d, sum):
		return Cause{"altered", "The signature has characters behind it that do not belong to it."}, g.coding, true
	case mostly(hex.EncodeToString(sum), strings.ToLower(g.text)):
		return Cause{"altered", altered}, "hex", true
	}
	want := base64.StdEncoding.EncodeToString(sum)
	if len(want) == len(g.text) && strings.EqualFold(want, g.text) {
		return Cause{"altered", "Letters of the signature are in another case, which base64 does not allow."}, "base64", true
	}
	return Cause{"altered", altered}, "base64", mostly(want, g.text)
}

const altered = "The signature was changed on its way: most of it is right, and a few characters are not."

// mostly says whether a text is another but for some characters in one place.
func mostly(want, text string) bool {
	if off := len(want) - len(text); off < -4 || off > 8 {
		return false
	}
	before, behind, n := 0, 0, min(len(want), len(text))
	for before < n && want[before] == text[before] {
		before++
	}
	for behind < n-before && want[len(want)-1-behind] == text[len(text)-1-behind] {
		behind++
	}
	return 4*(before+behind) >= 3*len(want)
}

func (s *search) hit(k option[key], b option[[]byte], f option[frame], a option[algorithm], m match, cost int) {
	total := cost + m.given.cost + m.cost
	s.best = min(s.best, total)
	causes := with(k.causes, b.causes...)
	if f.value.near {
		causes = append(causes, s.timeChanged(f.value.time.signed))
	}
	causes = append(append(append(append(causes, f.causes...), a.causes...), m.given.causes...), m.causes...)
	found := hit{key: k.value.id, cost: total, causes: causes, time: f.value.time.text}
	if b.cost == 0 && m.cost == 0 && k.value.plain && k.value.form != formless && a.value.name != "" {
		found.scheme = s.repaired(k.value, f.value, a.value, m.given)
	}
	s.hits = append(s.hits, found)
}

// repaired is the scheme that accepts the delivery.
func (s *search) repaired(k key, f frame, a algorithm, g given) *signature.Scheme {
	old := s.Platform.Scheme
	fixed := old
	fixed.Algorithm, fixed.Key = a.name, k.form
	fixed.Encoding = map[string]signature.Encoding{"hex": signature.Hex, "base64": signature.Base64}[g.coding]
	kind, name, _ := strings.Cut(g.source, ":")
	fixed.Header, fixed.From = "", g.source
	if kind == "header" {
		fixed.Header, fixed.From = name, ""
	}
	fixed.List, fixed.Assign, fixed.Field, fixed.Prefix = g.list, "", g.name, g.prefix
	switch {
	case g.list == "" && old.List != "" && (old.Field == "") == (g.name == "") && (g.name == "" || g.assign == assignOf(old)):
		fixed.List, fixed.Assign, fixed.Field = old.List, old.Assign, g.name
	case g.list == "":
		fixed.Field, fixed.Prefix = "", g.name+g.assign+g.prefix
	case g.assign != "=":
		fixed.Assign = g.assign
	}
	fixed.Signed, fixed.ID = f.template, ""
	if strings.Contains(f.template, "{id}") {
		fixed.ID = f.id.source
	}
	fixed.Time = signature.Time{}
	if g.quotesUnknown(old) {
		return nil
	}
	if strings.HasPrefix(f.time.source, "json:") && f.time.source != old.Time.From {
		return nil // the time may be there by chance
	}
	if at, ok := readTime(f.time.text); ok && f.time.signed == f.time.text && strings.Contains(f.template, "{timestamp}") {
		fixed.Time = old.Time
		fixed.Time.From = f.time.source
		if fixed.Time.Tolerance == 0 {
			fixed.Time.Tolerance = signature.DefaultTolerance
		}
		fixed.Time.Unit = unitOf(f.time.text, at)
	} else if old.Time.From != "" && !strings.Contains(f.template, "{timestamp}") && strings.HasPrefix(old.Time.From, "json:") {
		fixed.Time = old.Time
	}
	if fixed.Signed == "{body}" {
		fixed.Signed = ""
	}
	return &fixed
}
