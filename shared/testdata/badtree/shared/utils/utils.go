// Package utils is part of the bad tree.
package utils
