// Package handlers is a table.
package handlers

import (
	"fmt"
	"strings"

	"example.test/tree/shared/providers/acmeco"
)

// Platforms are their names.
var Platforms = []string{"acme-co", "other"}

// Mirrored are types of events.
var Mirrored = []string{
	"acme-co.made",
	"other.made",
}

func (s *settings) names() string {
	return fmt.Sprint(
		s.Other,
		s.Orders.keep(),
	)
}

type settings struct {
	// Orders are those of one platform.
	Orders orders
	First  string // and more
	More   orders
	Other  string
}

var _ = strings.ToUpper(acmeco.Provider)

func table() map[string]string {
	(&settings{}).acmeco()
	orders := &orders{}
	all := map[string]string{
		"acme-co.made":  orders.keep(),
		"acme-co.again": orders.keep(), // twice
		"other.made":    "kept",
	}
	all["acme-co.late"] = orders.keep()
	return all
}
