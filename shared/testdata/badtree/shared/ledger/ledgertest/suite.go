// Package ledgertest breaks no rule: a suite for tests is a test.
package ledgertest

import _ "bad.example/tree/shared/ledger"
import _ "pgregory.net/rapid"

import (
	"testing"
	"time"
)

func Run(t *testing.T) {
	go time.Now()
}
