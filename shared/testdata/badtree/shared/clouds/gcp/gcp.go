// Package gcp is part of the bad tree.
package gcp

import _ "bad.example/tree/functions/gcp-ingest"
