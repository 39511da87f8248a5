// Package strict is part of the bad tree.
package strict

import _ "example.org/decimal"
