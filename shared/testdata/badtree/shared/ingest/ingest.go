// Package ingest is part of the bad tree.
package ingest

import _ "bad.example/tree/shared/strict"
