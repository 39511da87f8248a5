// Package events holds one sample body per platform and event type, with
// invented data. Tests, `hooks send` and the demo deliver them.
package events

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed */*.json
var bodies embed.FS

//go:embed SIGNATURES.tsv
var signatures string

// Signature is what a platform sends along with a sample.
type Signature struct {
	Platform, Event string // as for [Body]
	Header          string
	Secret          string // public: fine on a loopback address, worth nothing elsewhere
	Hex             string // of the sample's exact bytes
}

// Signatures lists the samples with their signatures, which other programs made.
func Signatures() (all []Signature) {
	for row := range strings.Lines(signatures) {
		cells := strings.Split(strings.TrimSpace(row), "\t")
		if file, ok := strings.CutSuffix(cells[0], ".json"); ok {
			platform, event, _ := strings.Cut(file, "/")
			all = append(all, Signature{platform, event, cells[1], cells[3], cells[4]})
		}
	}
	return all
}

// Secrets gives the secret of each platform's samples.
func Secrets() map[string]string {
	secrets := map[string]string{}
	for _, s := range Signatures() {
		secrets[s.Platform] = s.Secret
	}
	return secrets
}

// Body gives the exact bytes of a sample: Body("acme", "order.paid").
func Body(provider, event string) ([]byte, error) {
	body, err := bodies.ReadFile(provider + "/" + event + ".json")
	if err != nil {
		return nil, fmt.Errorf("no sample %s of %s: there are %s", event, provider, strings.Join(Names(provider), ", "))
	}
	return body, nil
}

// Names lists the samples of a platform, in alphabetical order.
func Names(provider string) []string {
	files, _ := fs.Glob(bodies, provider+"/*.json") // the pattern is well formed
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(file, provider+"/"), ".json")
	}
	return names
}
