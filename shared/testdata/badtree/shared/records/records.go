// Package records is part of the bad tree.
package records

import _ "bad.example/tree/shared/webhook"
