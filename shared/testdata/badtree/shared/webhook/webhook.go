// Package webhook is part of the bad tree.
package webhook

import _ "bad.example/tree/shared/ledger"
