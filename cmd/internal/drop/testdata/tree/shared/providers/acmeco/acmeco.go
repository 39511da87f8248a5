// Package acmeco is a platform.
package acmeco

// Provider is its row.
var Provider = "acme-co"
