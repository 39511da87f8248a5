package ingest

import (
	"net/url"
	"strings"

	"github.com/webhook-functions/template/shared/webhook"
)

// unrouted takes the platform's place in the line of a delivery that has a
// platform's signature header and reached no route of that header: platforms
// share headers, and no acceptance may hide it.
const unrouted = "unrouted"

// longestNear bounds, in bytes, the paths that are compared with routes loosely.
const longestNear = 512

// Route gives the provider of a path. One slash behind the route is the route.
func (in *Ingest) Route(path string) (webhook.Provider, bool) {
	p, ok := in.Providers[path]
	if !ok {
		p, ok = in.Providers[strings.TrimSuffix(path, "/")]
	}
	return p, ok
}

// missed says whose delivery a refused request looks like, and whether it looks
// like one that a platform in use has lost. It asks no store: probes come here.
func (in *Ingest) missed(d webhook.Delivery) (provider string, missed bool) {
	p, near := in.near(d.Path)
	switch {
	case near && isSigned(d, p):
		return p.Name, true
	case in.isSignedElsewhere(d):
		return unrouted, true
	}
	return p.Name, near && d.Method == "POST" && !in.isUnused(p)
}

func isSigned(d webhook.Delivery, p webhook.Provider) bool {
	return len(d.Header.Values(p.SignatureHeader)) > 0
}

func (in *Ingest) isSignedElsewhere(d webhook.Delivery) bool {
	for _, p := range in.Providers {
		if isSigned(d, p) && !in.isUnused(p) {
			return true
		}
	}
	return false
}

// isUnused: the platform is known to have no secret. Keyrings may have the method
// Unused; what is not known counts as in use.
func (in *Ingest) isUnused(p webhook.Provider) bool {
	known, ok := in.Keyrings.(interface{ Unused(provider string) bool })
	return ok && known.Unused(p.Name)
}

// near gives the provider of a route, or of what was meant for one: it differs in
// case, slashes, percent-encoding or stray characters, or has segments around it.
func (in *Ingest) near(path string) (webhook.Provider, bool) {
	if p, ok := in.Route(path); ok || len(path) > longestNear {
		return p, ok
	}
	for range 2 { // an address is sometimes encoded twice
		if plain, err := url.PathUnescape(path); err == nil {
			path = plain
		}
	}
	for word := range strings.FieldsFuncSeq(path, separates) {
		for _, p := range in.Providers {
			if strings.EqualFold(strings.Trim(word, "."), p.Name) {
				return p, true
			}
		}
	}
	return webhook.Provider{}, false
}

// separates: no name of a provider or a coding has such a character. A dot does not
// separate: "/name.php" is a probe.
func separates(r rune) bool {
	isName := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.", r)
	return !isName
}
