// Package handlers is part of the bad tree.
package handlers

import _ "bad.example/tree/shared/ingest"
import _ "bad.example/tree/shared/outbound"
