// Package acme is part of the bad tree.
package acme

import _ "bad.example/tree/shared/ledger"
