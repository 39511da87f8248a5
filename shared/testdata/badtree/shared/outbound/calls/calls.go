// Package calls is part of the bad tree.
package calls
