package dynamodb

import (
	"regexp"
	"strconv"
	"strings"
)

const (
	maxDigits    = 38  // significant ones of a number
	maxMagnitude = 125 // exponent of a number's first digit
)

var decimal = regexp.MustCompile(`^[+-]?([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,9}))?$`)

// parseNumber reads an integer of 64 bits. Of other numbers it knows only which
// DynamoDB refuses.
func parseNumber(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return n, nil
	}
	parts := decimal.FindStringSubmatch(text)
	if parts == nil || parts[1]+parts[2] == "" {
		return 0, invalid("A value provided cannot be converted into a number")
	}
	exponent, _ := strconv.Atoi(parts[3]) // "" is 0
	digits := strings.TrimLeft(parts[1]+parts[2], "0")
	magnitude := exponent + len(digits) - len(parts[2]) - 1
	switch {
	case len(strings.TrimRight(digits, "0")) > maxDigits:
		return 0, invalid("DynamoDB only supports precision up to 38 digits")
	case digits != "" && magnitude > maxMagnitude:
		return 0, invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
	}
	return 0, unknown("numbers that are not 64-bit integers: %q", text)
}
