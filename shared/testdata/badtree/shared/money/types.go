// Package types is part of the bad tree.
package types
