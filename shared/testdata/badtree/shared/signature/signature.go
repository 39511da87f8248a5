// Package signature is part of the bad tree.
package signature

import _ "bad.example/tree/shared/webhook"
