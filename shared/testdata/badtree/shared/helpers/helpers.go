// Package helpers is part of the bad tree.
package helpers
