package tftest

import (
	"testing"

	"github.com/webhook-functions/template/shared/signature"
)

// What a plan takes, ingest takes; what it refuses, ingest would refuse at start.
func TestSchemes(t *testing.T) {
	for _, s := range Schemes {
		_, err := signature.ParsePlatform(s.Text, "X-Signature")
		if (err == nil) != (s.Refused == Taken) {
			t.Errorf("%s: ingest says %v", s.Name, err)
		}
	}
}
