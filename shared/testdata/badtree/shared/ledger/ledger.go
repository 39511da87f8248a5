// Package ledger is part of the bad tree.
package ledger

import _ "bad.example/tree/shared/records"
