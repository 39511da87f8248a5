// Package providers is the table of platforms that may send webhooks.
//
// A platform is one folder: how it signs, its event types with a Go type each,
// what identifies an event, which of them report usage or latest state. To
// add one, copy the folder of the platform that is most like it and add a line to
// [Table]. Platforms that speak one dialect share a package that is in no line, as
// protocol is.
package providers

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/providers/cribbly"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/providers/gtateth"
	"github.com/webhook-functions/template/shared/providers/oblic"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Entry is one platform: what ingest knows of it and how it signs.
type Entry = envelope.Platform

// Entries is a list of platforms.
type Entries []Entry

// Table lists every platform as its vendor documents it.
func Table() Entries {
	return Entries{
		gabber.Platform,
		cribbly.Platform,
		oblic.Platform,
		gtateth.Platform,
		chatbase.Platform,
	}
}

// Named gives the platform of a name, false if there is none.
func (e Entries) Named(name string) (Entry, bool) {
	i := slices.IndexFunc(e, func(entry Entry) bool { return entry.Name == name })
	if i < 0 {
		return Entry{}, false
	}
	return e[i], true
}

// Providers gives what ingest knows of each.
func (e Entries) Providers() []webhook.Provider {
	all := make([]webhook.Provider, len(e))
	for i := range e {
		all[i] = e[i].Provider
	}
	return all
}

// Schemes gives how each signs, by name.
func (e Entries) Schemes() map[string]signature.Scheme {
	all := make(map[string]signature.Scheme, len(e))
	for _, entry := range e {
		all[entry.Name] = entry.Scheme
	}
	return all
}

// EnvName is how a platform is spelled in the names of environment variables:
// "g-tateth" is G_TATETH.
func EnvName(provider string) string {
	return strings.ToUpper(strings.ReplaceAll(provider, "-", "_"))
}

// Configured is Table with the signature schemes changed by environment
// variables, for vendors whose docs turn out to be wrong:
//
//	G_TATETH_SIGNATURE_HEADER     a header name
//	G_TATETH_SIGNATURE_ALGORITHM  sha256 or sha1
//	G_TATETH_SIGNATURE_ENCODING   hex or base64
//	G_TATETH_SIGNATURE_PREFIX     text that may stand before the digest
//
// Unset and empty change nothing. The error names every variable that is wrong,
// and quotes none: a secret may have been put into one by mistake.
func Configured(env func(string) string) (Entries, error) {
	table := Table()
	var faults []error
	for i := range table {
		faults = append(faults, override(&table[i], env))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return table, nil
}

func override(e *Entry, env func(string) string) error {
	prefix := EnvName(e.Name) + "_SIGNATURE_"
	var faults []error
	set := func(name string, field *string, allowed func(string) bool, rule string) {
		value := env(prefix + name)
		switch {
		case value == "":
		case allowed(value):
			*field = value
		default:
			faults = append(faults, fmt.Errorf("%s%s is not %s", prefix, name, rule))
		}
	}
	set("HEADER", &e.Scheme.Header, isHeaderName, "a header name")
	set("ALGORITHM", (*string)(&e.Scheme.Algorithm), oneOf(signature.SHA256, signature.SHA1), "sha256 or sha1")
	set("ENCODING", (*string)(&e.Scheme.Encoding), oneOf(signature.Hex, signature.Base64), "hex or base64")
	set("PREFIX", &e.Scheme.Prefix, isPrintable, "printable ASCII without spaces")
	e.SignatureHeader = e.Scheme.Header
	return errors.Join(faults...)
}

func oneOf[S ~string](allowed ...S) func(string) bool {
	return func(value string) bool { return slices.Contains(allowed, S(value)) }
}

func isPrintable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// isHeaderName: a token of RFC 9110.
func isHeaderName(s string) bool {
	return isPrintable(s) && !strings.ContainsAny(s, `"(),/:;<=>?@[\]{}`)
}
