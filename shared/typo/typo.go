// Package typo finds the known name that a name in a configuration was meant to be. A
// misspelt name would silently leave out a platform's secret or a price.
package typo

import (
	"slices"
	"strings"
	"unicode"
)

// Closest gives the known name that an unknown one may have been meant to be, "" if
// none. Only letters and digits count, in any case. It is near if up to two of them are
// wrong, missing, too many or swapped. It is not near if the known name has something
// before or behind it, or words between: the variable may be another program's.
func Closest(name string, known []string) (meant string, near bool) {
	least := unlike
	for _, candidate := range known {
		if d := distance(name, candidate); d < least {
			meant, least = candidate, d
		}
	}
	return meant, least <= maxEdits
}

const (
	maxEdits = 2
	unlike   = 1000 // the distance of unrelated names
)

func distance(name, candidate string) int {
	a, b := fold(name), fold(candidate)
	switch off := edits(a, b); {
	case off <= maxEdits && 2*off < len(b):
		return off
	case strings.HasPrefix(a, b) || strings.HasSuffix(a, b):
		return maxEdits + 1
	case shortens(words(name), words(candidate)):
		return maxEdits + 2
	}
	return unlike
}

// shortens reports whether two or more words are all words of a longer name that
// begins with the same one.
func shortens(some, all []string) bool {
	if len(some) < 2 || some[0] != all[0] {
		return false
	}
	for _, word := range some {
		if !slices.Contains(all, word) {
			return false
		}
	}
	return true
}

func separates(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

func words(name string) []string { return strings.FieldsFunc(strings.ToLower(name), separates) }

func fold(name string) string { return strings.Join(words(name), "") }

// edits counts letters to change, insert, delete or swap with the next one, unless the
// lengths differ too much.
func edits(a, b string) int {
	if len(a) > len(b)+maxEdits || len(b) > len(a)+maxEdits {
		return unlike
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
				continue
			}
			rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], 1+rows[i-2][j-2])
			}
		}
	}
	return rows[len(a)][len(b)]
}
