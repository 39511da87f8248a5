// Package typo finds what a name in a configuration was meant to be. A name that
// is not known is skipped, and with it a platform's secret or a price: one line
// must say so.
package typo

import (
	"strings"
	"unicode"
)

// Closest gives the known name that an unknown one may have been meant to be, ""
// if there is none. Only letters and digits count, in any case. Up to two of them
// are wrong, missing, too many or swapped; or the known name has something before
// or behind it; or both begin with a word that several known names begin with.
func Closest(name string, known []string) string {
	best, least := "", 1000
	for _, candidate := range known {
		if d := distance(name, candidate, known); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance gives 1000 for names that have nothing to do with one another.
func distance(name, candidate string, known []string) int {
	a, b := fold(name), fold(candidate)
	word, _, _ := strings.Cut(candidate, "_")
	switch off := edits(a, b); {
	case off <= 2 && 2*off < len(b):
		return off
	case strings.HasPrefix(a, b) || strings.HasSuffix(a, b):
		return 3
	case len(word) > 4 && beginning(known, word+"_") > 1 && strings.HasPrefix(a, fold(word)):
		return 999 - commonEnd(a, b)
	}
	return 1000
}

func beginning(names []string, with string) (n int) {
	for _, name := range names {
		if strings.HasPrefix(name, with) {
			n++
		}
	}
	return n
}

func separates(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

func fold(name string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(name, separates), ""))
}

func commonEnd(a, b string) (n int) {
	for n < min(len(a), len(b)) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// edits counts letters to change, insert, delete or swap with the next one. Of
// names that differ much in length it does not.
func edits(a, b string) int {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return 1000
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
