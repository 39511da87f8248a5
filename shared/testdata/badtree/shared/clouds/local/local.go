// Package local breaks no rule: a cloud has a clock and goroutines.
package local

import _ "bad.example/tree/shared/ledger"
import _ "modernc.org/sqlite"

import "time"

func sweep() {
	go time.Now()
}
