package ingest_test

import _ "bad.example/tree/shared/ledger"
import _ "bad.example/tree/cmd/hooks"
import _ "example.org/assert"
import _ "pgregory.net/rapid"

import "time"

var Started = time.Now()
