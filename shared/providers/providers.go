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

// Schemes gives how each signs, by name, and where handshakes have a verify token
// ([webhook.VerifyToken]).
func (e Entries) Schemes() map[string]signature.Scheme {
	all := make(map[string]signature.Scheme, len(e))
	for _, entry := range e {
		all[entry.Name] = entry.Scheme
		for _, h := range entry.Handshakes {
			if h.Token != "" {
				all[webhook.VerifyToken(entry.Name)] = h.TokenScheme()
			}
		}
	}
	return all
}

// EnvName is how a platform is spelled in the names of environment variables:
// "g-tateth" is G_TATETH.
func EnvName(provider string) string {
	return strings.ToUpper(strings.ReplaceAll(provider, "-", "_"))
}

// Configured is Table with the signature schemes that environment variables set, for
// vendors whose docs turn out to be wrong and for platforms that sign as you choose:
//
//	G_TATETH_SIGNATURE   the whole scheme as one text, see [signature.ParseScheme]
//	SIGNATURE_SCHEMES    the same for several platforms: platform=g-tateth; header=…; platform=…
//
// or one item of a text each, laid over the scheme of the platform:
//
//	G_TATETH_SIGNATURE_HEADER, _ALGORITHM, _ENCODING, _PREFIX, _SIGNED, _TIME …
//
// Unset and empty change nothing. The error names every variable that is wrong,
// and quotes none: a secret may have been put into one by mistake. A handshake that does
// not go with the scheme is an error, too.
func Configured(env func(string) string) (Entries, error) { return Table().Configured(env) }

// Configured is [Configured] of another table.
func (e Entries) Configured(env func(string) string) (Entries, error) {
	table := slices.Clone(e)
	schemes, err := signature.ParseSchemes(env(Schemes), func(name string) (header string, known bool) {
		p, known := table.Named(name)
		return p.SignatureHeader, known
	})
	var faults []error
	if err != nil {
		faults = append(faults, fmt.Errorf("%s: %w", Schemes, err))
	}
	for i := range table {
		if scheme, ok := schemes[table[i].Name]; ok {
			table[i].Scheme = scheme
		}
		faults = append(faults, override(&table[i], env))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return table, nil
}

// Schemes is the variable that holds the schemes of several platforms.
const Schemes = "SIGNATURE_SCHEMES"

func override(e *Entry, env func(string) string) error {
	name := EnvName(e.Name) + "_SIGNATURE"
	if text := env(name); text != "" {
		scheme, err := signature.ParsePlatform(text, e.SignatureHeader)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		e.Scheme = scheme
	}
	var faults []error
	for _, item := range signature.ItemNames {
		variable := name + "_" + strings.ToUpper(item)
		value := env(variable)
		if value == "" {
			continue
		}
		if err := e.Scheme.Set(item, value); err != nil {
			faults = append(faults, fmt.Errorf("%s %w", variable, err))
		}
	}
	if faults == nil {
		if err := e.Scheme.Check(); err != nil {
			faults = append(faults, fmt.Errorf("%s…: %w", name, err))
		}
	}
	for _, h := range e.Handshakes {
		if err := h.Check(e.Scheme); err != nil && faults == nil {
			faults = append(faults, fmt.Errorf("%s: %w", e.Name, err))
		}
	}
	e.SignatureHeader = e.Scheme.Header
	return errors.Join(faults...)
}
