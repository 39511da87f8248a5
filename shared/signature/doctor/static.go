package doctor

import (
	"encoding/base64"
	"strings"

	"github.com/webhook-functions/template/shared/signature"
)

// searchStatic finds the secret itself in the delivery.
func searchStatic(c Case) (hits []hit) {
	static := c.Platform.Scheme.Algorithm == signature.Static
	for _, k := range keys(c) {
		if len(k.value.bytes) < minDigest || k.cost >= maxCost {
			continue
		}
		for _, g := range c.plain() {
			if g.text != string(k.value.bytes) {
				continue
			}
			causes := with(k.causes, g.causes...)
			if !static {
				causes = with(k.causes, Cause{"algorithm", "The secret itself comes in " + place(g.source) + ": nothing is signed; the scheme says " + string(c.Platform.Scheme.Algorithm) + "."})
			}
			hits = append(hits, hit{key: k.value.id, cost: k.cost + g.cost, causes: causes})
		}
	}
	return hits
}

// plain are the texts of the delivery that may be the secret.
func (c Case) plain() (all []given) {
	s := c.Platform.Scheme
	add := func(source, value string) {
		value = strings.Trim(value, " \t")
		for _, prefix := range append([]string{"", s.Prefix}, prefixes...) {
			if len(value) < len(prefix) || !strings.EqualFold(value[:len(prefix)], prefix) || prefix != "" && len(all) > 1000 {
				continue
			}
			g := given{source: source, prefix: value[:len(prefix)], coding: "text", text: strings.Trim(value[len(prefix):], " ")}
			all = append(all, g)
			if b, err := base64.StdEncoding.DecodeString(g.text); err == nil {
				g.coding, g.text = "base64", string(b)
				all = append(all, g)
			}
			if plain := strings.Trim(g.text, quotes); plain != g.text {
				g.coding, g.text = "text in quotes", plain
				all = append(all, g)
			}
		}
	}
	for _, name := range c.headerNames() {
		source := "header:" + name
		if strings.EqualFold(name, s.Header) {
			source = "header:" + s.Header
		}
		text, _ := c.value(source)
		add(source, text)
	}
	if path, ok := strings.CutPrefix(s.From, "json:"); ok {
		text, _ := member(c.Request.Body, path)
		add(s.From, text)
	}
	if kind, _, _ := strings.Cut(s.From, ":"); kind == "query" {
		text, _ := c.value(s.From)
		add(s.From, text)
	}
	want := "text"
	if s.Encoding != "" {
		want = string(s.Encoding)
	}
	s.Encoding = ""
	for i := range all {
		all[i].cost, all[i].causes = all[i].against(s)
		if all[i].coding != want {
			all[i].cost++
			all[i].causes = append(all[i].causes, Cause{"encoding", "The secret comes as " + all[i].coding + "; the scheme says " + want + "."})
		}
	}
	return all
}
