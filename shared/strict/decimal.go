package strict

import (
	"cmp"
	"errors"
	"math/big"
	"strconv"
	"strings"
)

var (
	// ErrSyntax: the text is not a JSON number.
	ErrSyntax = errors.New("is not a number")
	// ErrRange: the number is longer, larger or smaller than any honest one.
	ErrRange = errors.New("is out of range")
)

// Limits of a number worth computing with. They are looked at before anything
// is computed, so that 1e1000000 costs nothing.
const (
	maxLength   = 40 // characters of the token, sign, point and exponent included
	maxExponent = 20 // either way
)

// Decimal is an exact decimal number. The zero value is 0. Equal numbers are
// equal with == and have the same [Decimal.String], however they were written.
type Decimal struct {
	negative bool
	digits   string // without zeros at either end: "" is 0
	exponent int    // the value is digits × 10^exponent
}

// ParseDecimal reads a JSON number of at most 40 characters whose exponent is at
// most 20 either way. It fails with [ErrSyntax] or [ErrRange].
func ParseDecimal(token string) (Decimal, error) {
	if len(token) > maxLength {
		return Decimal{}, ErrRange
	}
	significand, power := token, "0"
	if i := strings.IndexAny(token, "eE"); i >= 0 {
		significand, power = token[:i], token[i+1:]
	}
	whole, fraction, pointed := strings.Cut(significand, ".")
	exponent, err := strconv.Atoi(power)
	switch {
	case !isInteger(whole) || pointed && !isDigits(fraction) || errors.Is(err, strconv.ErrSyntax):
		return Decimal{}, ErrSyntax
	case err != nil || exponent < -maxExponent || exponent > maxExponent:
		return Decimal{}, ErrRange
	}
	return newDecimal(whole+fraction, exponent-len(fraction)), nil
}

func isInteger(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return isDigits(s) && (s == "0" || s[0] != '0')
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// NewDecimal gives n.
func NewDecimal(n int64) Decimal { return newDecimal(strconv.FormatInt(n, 10), 0) }

// newDecimal makes the one form every number has.
func newDecimal(digits string, exponent int) Decimal {
	digits, negative := strings.CutPrefix(digits, "-")
	digits = strings.TrimLeft(digits, "0")
	trimmed := strings.TrimRight(digits, "0")
	if trimmed == "" {
		return Decimal{}
	}
	return Decimal{negative, trimmed, exponent + len(digits) - len(trimmed)}
}

// Sign gives -1, 0 or 1. -0 is 0.
func (d Decimal) Sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	default:
		return 1
	}
}

// point is how many digits stand before the decimal point; it may be negative.
func (d Decimal) point() int { return len(d.digits) + d.exponent }

// String writes the number without exponent and without needless zeros: 30, 30.0
// and 3e1 are "30", 0.10 is "0.1", -0 is "0".
func (d Decimal) String() string {
	sign := ""
	if d.negative {
		sign = "-"
	}
	switch point := d.point(); {
	case d.digits == "":
		return "0"
	case point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + d.digits
	case d.exponent < 0:
		return sign + d.digits[:point] + "." + d.digits[point:]
	default:
		return sign + d.digits + strings.Repeat("0", d.exponent)
	}
}

// Cmp gives -1, 0 or 1 as d is less than, equal to or greater than e.
func (d Decimal) Cmp(e Decimal) int {
	sign := d.Sign()
	if sign == 0 || sign != e.Sign() {
		return cmp.Compare(sign, e.Sign())
	}
	// Digits begin with no zero, so the point decides; after that they compare as
	// text, because they end with no zero either.
	return sign * cmp.Or(cmp.Compare(d.point(), e.point()), strings.Compare(d.digits, e.digits))
}

// Mul gives d × e, exactly.
func (d Decimal) Mul(e Decimal) Decimal {
	a, _ := new(big.Int).SetString("0"+d.digits, 10)
	b, _ := new(big.Int).SetString("0"+e.digits, 10)
	product := newDecimal(a.Mul(a, b).String(), d.exponent+e.exponent)
	product.negative = product.digits != "" && d.negative != e.negative
	return product
}

// Micros gives the number in millionths, halves rounded to the even neighbour,
// and whether that is exact. It fails with [ErrRange] if it leaves int64.
func (d Decimal) Micros() (n int64, exact bool, err error) {
	d.exponent += 6
	whole, rest := d.digits+strings.Repeat("0", max(d.exponent, 0)), ""
	if d.exponent < 0 {
		point := max(d.point(), 0)
		whole, rest = d.digits[:point], strings.Repeat("0", -min(d.point(), 0))+d.digits[point:]
	}
	sign, away := "", int64(1)
	if d.negative {
		sign, away = "-", -1
	}
	n, err = strconv.ParseInt(sign+"0"+whole, 10, 64)
	if rest > "5" || rest == "5" && n%2 != 0 { // rest ends with no zero
		n += away
	}
	if err != nil || n != 0 && n < 0 != d.negative { // the sum left int64
		return 0, false, ErrRange
	}
	return n, rest == "", nil
}
