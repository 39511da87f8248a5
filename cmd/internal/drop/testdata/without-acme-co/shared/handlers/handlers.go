// Package handlers is a table.
package handlers

import (
	"fmt"
)

// Platforms are their names.
var Platforms = []string{"other"}

// Mirrored are types of events.
var Mirrored = []string{
	"other.made",
}

func (s *settings) names() string {
	return fmt.Sprint(
		s.Other,
	)
}

type settings struct {
	First string // and more
	Other string
}

func table() map[string]string {
	all := map[string]string{
		"other.made": "kept",
	}
	return all
}
