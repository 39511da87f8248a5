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

// Body gives the exact bytes of a sample: Body("gabber", "usage.tracked").
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
