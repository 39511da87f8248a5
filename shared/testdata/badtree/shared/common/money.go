// Package money is part of the bad tree.
package money
