package field

import (
	"math/bits"
	"strings"
)

// text is a JSON value that stands for an id or a name.
type text struct {
	json  string // "" for a member that is absent
	value string
	bad   bool // makes the body unusable
}

func words(values ...string) []text {
	all := make([]text, len(values))
	for i, value := range values {
		all[i] = text{`"` + value + `"`, value, false}
	}
	return all
}

var (
	noText  = []text{{"", "", false}, {`""`, "", false}, {"null", "", false}}
	oddText = []text{
		{"7", "", true},
		{`{"$oid":"7"}`, "", true},
		{`"a\nlevel=INFO"`, "", true},
		{`"\u0000"`, "", true},
		{`"` + strings.Repeat("x", 257) + `"`, "", true},
		{`"` + strings.Repeat("x", 256) + `"`, strings.Repeat("x", 256), false},
		{`"users/../ann"`, "users/../ann", false},
		{`"__ann__"`, "__ann__", false},
		{`"."`, ".", false},
		{`"Ann"`, "Ann", false},
		{`"ann "`, "ann ", false},
		{`"Zo\u00eb"`, "Zoë", false},
		{`"🙂"`, "🙂", false},
	}

	humans    = append(words("ann", "bob", "cyd"), text{`"\u0061nn"`, "ann", false})
	usageIDs  = words("u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8")
	sessions  = words("s1", "s2")
	objectIDs = words("o1", "o2", "o3")
	batches   = words("b1", "b2")
)

// number is a JSON value that stands for an amount: units × 10^-scale.
type number struct {
	json      string // "" for a member that is absent
	canonical string // as a fingerprint has it; "" for what is no usable number
	units     int64
	scale     int
}

var (
	numbers = []number{
		{"30", "30", 30, 0}, {"30.0", "30", 30, 0}, {"3e1", "30", 30, 0}, {"9", "9", 9, 0}, {"1", "1", 1, 0},
		{"0", "0", 0, 0}, {"0.1", "0.1", 1, 1}, {"12.345678", "12.345678", 12345678, 6},
	}
	oddNumbers = []number{
		{"-0", "0", 0, 0}, {"-0.0", "0", 0, 0}, {"1e-7", "0.0000001", 1, 7}, {"0.0000005", "0.0000005", 5, 7}, {"0.0000015", "0.0000015", 15, 7},
		{"12.3456785", "12.3456785", 123456785, 7}, {"12.3456775", "12.3456775", 123456775, 7},
		{"604800", "604800", 604800, 0}, {"604801", "604801", 604801, 0}, {"604800.0000001", "604800.0000001", 6048000000001, 7},
		{"9007199254740993", "9007199254740993", 9007199254740993, 0},
		{"-30", "", 0, 0}, {"-0.0000001", "", 0, 0}, {`"30"`, "", 0, 0}, {`""`, "", 0, 0}, {"null", "", 0, 0}, {"true", "", 0, 0}, {"[30]", "", 0, 0},
		{`{"$numberLong":"30"}`, "", 0, 0}, {"", "", 0, 0}, {"1e400", "", 0, 0}, {"1e1000000", "", 0, 0}, {"18446744073709551616", "", 0, 0},
	}
	// noNumbers make the whole body no JSON.
	noNumbers = []string{"0x1E", "030", "+30", ".5", "5.", "1_000", "NaN", "Infinity", "1,000"}
)

// usable reports whether one event may report this much.
func (n number) usable(most int64) bool {
	return n.canonical != "" && n.units/pow10[n.scale] <= most && (n.units/pow10[n.scale] < most || n.units%pow10[n.scale] == 0)
}

var pow10 = [...]int64{1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000}

// cost gives what a number of units costs at a price in micro-credits, halves rounded
// to the even neighbour.
func (n number) cost(price int64) int64 {
	high, low := bits.Mul64(uint64(n.units), uint64(price))
	whole, rest := bits.Div64(high, low, uint64(pow10[n.scale]))
	if twice := 2 * rest; twice > uint64(pow10[n.scale]) || twice == uint64(pow10[n.scale]) && whole%2 == 1 {
		whole++
	}
	return int64(whole)
}

// object writes a JSON object of names and values; a value "" is left out.
func object(members ...string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := 0; i < len(members); i += 2 {
		if members[i+1] == "" {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(members[i])
		b.WriteString(`":`)
		b.WriteString(members[i+1])
	}
	b.WriteByte('}')
	return b.String()
}

// spaces are the ways to serialise: what follows a comma or a colon.
var spaces = []string{"", " ", "\n\t"}

// spaced writes JSON with white space. It looks at one byte after the other, so a
// value within a body is written as by itself.
func (s style) spaced(json string) string {
	if spaces[s] == "" {
		return json
	}
	var b strings.Builder
	b.Grow(2 * len(json))
	inside := false
	for i := 0; i < len(json); i++ {
		c := json[i]
		b.WriteByte(c)
		if c == '"' && (i == 0 || json[i-1] != '\\') {
			inside = !inside
		}
		if !inside && (c == ',' || c == ':') {
			b.WriteString(spaces[s])
		}
	}
	return b.String()
}

// style is an index of spaces.
type style int

// other gives another style.
func (s style) other() style { return (s + 1) % style(len(spaces)) }
