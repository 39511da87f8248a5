package strict

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The two-character escapes, and at the same place what each stands for.
const (
	escapes  = `"\/bfnrt`
	meanings = "\"\\/\b\f\n\r\t"
)

// text checks a string and gives what is between the quotes, still escaped.
func (s *scanner) text() ([]byte, error) {
	s.pos++
	start := s.pos
	for {
		switch c := s.peek(); {
		case c == '"':
			s.pos++
			return s.data[start : s.pos-1], nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return nil, err
			}
		case c < ' ':
			return nil, s.fail("control character in a string")
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, size := utf8.DecodeRune(s.data[s.pos:])
			if r == utf8.RuneError && size == 1 {
				return nil, s.fail("invalid UTF-8")
			}
			s.pos += size
		}
	}
}

func (s *scanner) escape() error {
	rest := s.data[s.pos:]
	if len(rest) > 1 && strings.IndexByte(escapes, rest[1]) >= 0 {
		s.pos += 2
		return nil
	}
	r, size := codePoint(rest)
	switch {
	case size == 0:
		return s.fail("invalid escape")
	case utf16.IsSurrogate(r):
		return s.fail("lone surrogate")
	}
	s.pos += size
	return nil
}

// codePoint reads the \uXXXX, or the pair of them, that b begins with and gives
// its length: 0 if there is none. Half a pair is given as the surrogate it is.
func codePoint(b []byte) (r rune, size int) {
	high, ok := codeUnit(b)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(high) {
		low, _ := codeUnit(b[6:])
		if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
			return r, 12
		}
	}
	return high, 6
}

func codeUnit(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// unescape gives the value of a string that text has checked. Without an escape
// that is raw itself.
func unescape(raw []byte) []byte {
	i := bytes.IndexByte(raw, '\\')
	if i < 0 {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for ; i >= 0; i = bytes.IndexByte(raw, '\\') {
		out = append(out, raw[:i]...)
		size := 2
		if raw[i+1] == 'u' {
			var r rune
			r, size = codePoint(raw[i:])
			out = utf8.AppendRune(out, r)
		} else {
			out = append(out, meanings[strings.IndexByte(escapes, raw[i+1])])
		}
		raw = raw[i+size:]
	}
	return append(out, raw...)
}
