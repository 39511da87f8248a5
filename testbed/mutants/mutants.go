// Package mutants tests the tests: it damages a copy of the tree on purpose and wants
// the damage found, changes what a fork may change and wants nothing found.
//
// It is no part of `make test`. `make mutants` runs it, and CI does.
package mutants
