package e2e_test

import (
	"os"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
)

func TestMain(m *testing.M) {
	toolstest.SideBySide(5)
	os.Exit(m.Run())
}
