package parity_test

import (
	"slices"
	"testing"

	"github.com/webhook-functions/template/terraform/tftest"
)

// The same platforms have an alarm of their own on both clouds.
func TestPlatforms(t *testing.T) {
	aws, gcp := tftest.Parse(t, "../../terraform/aws").Platforms(), tftest.Parse(t, "../../terraform/gcp").Platforms()
	if len(aws) == 0 || !slices.Equal(aws, gcp) {
		t.Errorf("AWS %q, Google Cloud %q", aws, gcp)
	}
}
