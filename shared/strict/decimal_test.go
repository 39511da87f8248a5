package strict_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/strict"
	"pgregory.net/rapid"
)

// Rows are named after the bad-input catalogue where they are one of its cases.
var decimals = []struct {
	name, token string
	want        string // String, empty if refused
	micros      string // "n", "n rounded", or "range"
	err         error
}{
	{"B149", "30", "30", "30000000", nil},
	{"B150", "0", "0", "0", nil},
	{"B151", "-30", "-30", "-30000000", nil},
	{"B152 -0", "-0", "0", "0", nil},
	{"B152 -0.0", "-0.0", "0", "0", nil},
	{"zero with an exponent", "0e20", "0", "0", nil},
	{"B153 is negative, not 0", "-0.0000001", "-0.0000001", "0 rounded", nil},
	{"B154, B169", "0.1", "0.1", "100000", nil},
	{"B170", "0.000001", "0.000001", "1", nil},
	{"B155", "12.345678", "12.345678", "12345678", nil},
	{"B156 half above even", "12.3456785", "12.3456785", "12345678 rounded", nil},
	{"B156 half above odd", "12.3456775", "12.3456775", "12345678 rounded", nil},
	{"just over half", "12.34567850000000000001", "12.34567850000000000001", "12345679 rounded", nil},
	{"just under half", "12.34567749999999999999", "12.34567749999999999999", "12345677 rounded", nil},
	{"negative half", "-12.3456775", "-12.3456775", "-12345678 rounded", nil},
	{"half a micro", "0.0000005", "0.0000005", "0 rounded", nil},
	{"more than half a micro", "0.00000051", "0.00000051", "1 rounded", nil},
	{"one and a half micro", "0.0000015", "0.0000015", "2 rounded", nil},
	{"nine tenths of a micro's tenth", "0.00000009", "0.00000009", "0 rounded", nil},
	{"rounds over nines", "0.9999999", "0.9999999", "1000000 rounded", nil},
	{"B157", "1e-7", "0.0000001", "0 rounded", nil},
	{"B159", "1e400", "", "", strict.ErrRange},
	{"B160 huge exponent", "1e1000000", "", "", strict.ErrRange},
	{"B160 tiny exponent", "1e-1000000", "", "", strict.ErrRange},
	{"exponent beyond any int", "1e99999999999999999999999", "", "", strict.ErrRange},
	{"largest exponent", "1e20", "100000000000000000000", "range", nil},
	{"exponent one larger", "1e21", "", "", strict.ErrRange},
	{"smallest exponent", "1e-20", "0.00000000000000000001", "0 rounded", nil},
	{"exponent one smaller", "1e-21", "", "", strict.ErrRange},
	{"exponent with zeros and plus", "1E+0020", "100000000000000000000", "range", nil},
	{"zero with too large an exponent", "0e21", "", "", strict.ErrRange},
	{"B161 seven days", "604800", "604800", "604800000000", nil},
	{"B162", "9007199254740993", "9007199254740993", "range", nil},
	{"B163 2^63-1", "9223372036854775807", "9223372036854775807", "range", nil},
	{"B163 2^63", "9223372036854775808", "9223372036854775808", "range", nil},
	{"B163 2^64", "18446744073709551616", "18446744073709551616", "range", nil},
	{"B163 10^100", "1" + strings.Repeat("0", 100), "", "", strict.ErrRange},
	{"a million digits", strings.Repeat("9", 1e6), "", "", strict.ErrRange},
	{"40 characters", strings.Repeat("9", 40), strings.Repeat("9", 40), "range", nil},
	{"41 characters", strings.Repeat("9", 41), "", "", strict.ErrRange},
	{"40 characters behind the point", "-0." + strings.Repeat("3", 37), "-0." + strings.Repeat("3", 37), "-333333 rounded", nil},
	{"largest amount", "9223372036854.775807", "9223372036854.775807", "9223372036854775807", nil},
	{"largest amount, rounded down", "9223372036854.77580749", "9223372036854.77580749", "9223372036854775807 rounded", nil},
	{"rounded up out of range", "9223372036854.7758075", "9223372036854.7758075", "range", nil},
	{"smallest amount", "-9223372036854.775808", "-9223372036854.775808", "-9223372036854775808", nil},
	{"smallest amount, rounded up", "-9223372036854.7758085", "-9223372036854.7758085", "-9223372036854775808 rounded", nil},
	{"one less", "-9223372036854.775809", "-9223372036854.775809", "range", nil},
	{"over 64 bits by a digit", "9999999999999.9999996", "9999999999999.9999996", "range", nil},
	{"over 64 bits by two", "99999999999999.9999999", "99999999999999.9999999", "range", nil},
	{"20 digits in micros", "10000000000000", "10000000000000", "range", nil},
	{"B193 30.0", "30.0", "30", "30000000", nil},
	{"B193 3e1", "3e1", "30", "30000000", nil},
	{"300e-1", "300e-1", "30", "30000000", nil},
	{"trailing zeros", "0.10", "0.1", "100000", nil},
	{"leading zeros behind the point", "0.001", "0.001", "1000", nil},
	{"inner zeros", "100.0010", "100.001", "100001000", nil},
	{"point and exponent", "-1.25E+1", "-12.5", "-12500000", nil},
	{"empty", "", "", "", strict.ErrSyntax},
	{"B165 string", `"30"`, "", "", strict.ErrSyntax},
	{"B165 blanks", " 30 ", "", "", strict.ErrSyntax},
	{"newline", "30\n", "", "", strict.ErrSyntax},
	{"B166 true", "true", "", "", strict.ErrSyntax},
	{"B168 hexadecimal", "0x1E", "", "", strict.ErrSyntax},
	{"B168 leading zero", "030", "", "", strict.ErrSyntax},
	{"B168 negative leading zero", "-01", "", "", strict.ErrSyntax},
	{"B168 plus", "+30", "", "", strict.ErrSyntax},
	{"B168 .5", ".5", "", "", strict.ErrSyntax},
	{"B168 5.", "5.", "", "", strict.ErrSyntax},
	{"B168 underscore", "1_000", "", "", strict.ErrSyntax},
	{"B168 thousands", "1,000", "", "", strict.ErrSyntax},
	{"B168 Arabic digits", "\u0663\u0660", "", "", strict.ErrSyntax},
	{"only a minus", "-", "", "", strict.ErrSyntax},
	{"no exponent", "1e", "", "", strict.ErrSyntax},
	{"fraction in the exponent", "1e1.5", "", "", strict.ErrSyntax},
	{"two signs", "--1", "", "", strict.ErrSyntax},
	{"NaN", "NaN", "", "", strict.ErrSyntax},
	{"Infinity", "-Infinity", "", "", strict.ErrSyntax},
	{"fraction of integers", "1/3", "", "", strict.ErrSyntax},
}

func TestDecimal(t *testing.T) {
	for _, row := range decimals {
		t.Run(row.name, func(t *testing.T) {
			d, err := strict.Number(row.token).Decimal()
			if !errors.Is(err, row.err) {
				t.Fatalf("error %v, want %v", err, row.err)
			}
			if row.err != nil {
				return
			}
			if d.String() != row.want || micros(d) != row.micros {
				t.Fatalf("%s, micros %s; want %s, micros %s", d, micros(d), row.want, row.micros)
			}
		})
	}
}

func micros(d strict.Decimal) string {
	n, exact, err := d.Micros()
	switch {
	case errors.Is(err, strict.ErrRange):
		return "range"
	case exact:
		return fmt.Sprint(n)
	default:
		return fmt.Sprint(n, " rounded")
	}
}

func TestNewDecimal(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 10, 604800, -1200, math.MaxInt64, math.MinInt64} {
		if d := strict.NewDecimal(n); d.String() != fmt.Sprint(n) {
			t.Errorf("%d becomes %s", n, d)
		}
	}
	var zero strict.Decimal
	if zero != strict.NewDecimal(0) || zero.Sign() != 0 || micros(zero) != "0" || zero.Mul(strict.NewDecimal(-3)) != zero {
		t.Errorf("the zero value is %s, micros %s", zero, micros(zero))
	}
}

// B160: the size of a number is known before anything is computed.
func TestParseDecimal_hugeNumbersAreCheap(t *testing.T) {
	for _, token := range []string{"1e1000000", "1e-1000000", "-0.1e999999999", strings.Repeat("9", 1e6)} {
		allocs := testing.AllocsPerRun(10, func() {
			if _, err := strict.ParseDecimal(token); !errors.Is(err, strict.ErrRange) {
				t.Fatal(err)
			}
		})
		if allocs > 3 {
			t.Errorf("%.12s: %v allocations", token, allocs)
		}
	}
}

func TestMarshalJSON_writesWhatWasRead(t *testing.T) {
	in := `{"N":30.0,"R":{"a":[1e2]},"NoN":null,"NoR":null}`
	var v struct {
		N   strict.Number `json:"N"`
		R   strict.Raw    `json:"R"`
		NoN strict.Number `json:"NoN"`
		NoR strict.Raw    `json:"NoR"`
	}
	if err := strict.Unmarshal([]byte(in), &v); err != nil {
		t.Fatal(err)
	}
	if out, err := json.Marshal(v); err != nil || string(out) != in {
		t.Fatalf("%s, %v", out, err)
	}
}

// tokens are numbers as platforms and attackers write them, inside the limits.
var tokens = rapid.Custom(func(t *rapid.T) string {
	for {
		sign := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign")
		token := sign + rapid.StringMatching(`(0|[1-9][0-9]{0,18})(\.[0-9]{1,15})?([eE](0?[0-9]|[+-]?1[0-9]|[+-]20))?`).Draw(t, "token")
		if len(token) <= 40 {
			return token
		}
	}
})

// A tie is met only by numbers made for it.
var ties = rapid.Custom(func(t *rapid.T) string {
	head := rapid.StringMatching(`-?(0|[1-9][0-9]{0,12})\.[0-9]{5,7}`).Draw(t, "head")
	return head + rapid.SampledFrom([]string{"", "0", "5", "50", "500001", "49999", "51", "4", "9"}).Draw(t, "tail")
})

func TestDecimal_computesLikeRat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkDecimals(t, tokens.Draw(t, "a"), tokens.Draw(t, "b"))
		checkDecimals(t, ties.Draw(t, "tie"), "1")
	})
}

type fataler interface{ Fatalf(string, ...any) }

// checkDecimals compares two numbers inside the limits, and what can be done
// with them, to math/big.
func checkDecimals(t fataler, a, b string) {
	x, xr := parseBoth(t, a)
	y, yr := parseBoth(t, b)
	product := new(big.Rat).Mul(xr, yr)
	checkDecimal(t, x, xr)
	checkDecimal(t, x.Mul(y), product)
	checkDecimal(t, x.Mul(y).Mul(x), new(big.Rat).Mul(product, xr))
	if x.Cmp(y) != xr.Cmp(yr) || y.Cmp(x) != yr.Cmp(xr) || x.Cmp(x) != 0 {
		t.Fatalf("%s and %s compare as %d, want %d", a, b, x.Cmp(y), xr.Cmp(yr))
	}
	if same := x.Cmp(y) == 0; same != (x == y) || same != (x.String() == y.String()) {
		t.Fatalf("%s and %s: Cmp, == and String disagree", a, b)
	}
}

func parseBoth(t fataler, token string) (strict.Decimal, *big.Rat) {
	d, err := strict.ParseDecimal(token)
	r, ok := new(big.Rat).SetString(token)
	if err != nil || !ok {
		t.Fatalf("%s: %v, math/big %v", token, err, ok)
	}
	return d, r
}

func checkDecimal(t fataler, d strict.Decimal, want *big.Rat) {
	text := d.String()
	if r, ok := new(big.Rat).SetString(text); !ok || r.Cmp(want) != 0 {
		t.Fatalf("got %s, want %s", text, want)
	}
	if !canonical(text) || d.Sign() != want.Sign() {
		t.Fatalf("%q with sign %d is not canonical", text, d.Sign())
	}
	n, exact := roundMicros(want)
	switch got, gotExact, err := d.Micros(); {
	case (err == nil) != n.IsInt64():
		t.Fatalf("%s in micros: %v, want %s", text, err, n)
	case err == nil && (got != n.Int64() || gotExact != exact):
		t.Fatalf("%s is %d micros, exact %v; want %s, %v", text, got, gotExact, n, exact)
	}
}

func canonical(text string) bool {
	whole, fraction, pointed := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	return text != "-0" && whole != "" && (whole == "0" || whole[0] != '0') &&
		pointed == (fraction != "") && !strings.HasSuffix(fraction, "0")
}

// roundMicros rounds r × 10^6 half-even: the integer below r + 1/2, except that a
// tie goes down if that is odd.
func roundMicros(r *big.Rat) (n *big.Int, exact bool) {
	scaled := new(big.Rat).Mul(r, big.NewRat(1_000_000, 1))
	shifted := new(big.Rat).Add(scaled, big.NewRat(1, 2))
	n = new(big.Int).Div(shifted.Num(), shifted.Denom()) // Euclidean, so the floor
	if shifted.IsInt() && n.Bit(0) == 1 {
		n.Sub(n, big.NewInt(1))
	}
	return n, scaled.IsInt()
}
