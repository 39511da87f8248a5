package strict

import "bytes"

// MaxDepth is how deep arrays and objects may nest. The platforms' own events
// stay below ten.
const MaxDepth = 64

// scanner walks over JSON text, the grammar of RFC 8259. Every method that reads
// a token or a value starts at its first byte and ends behind its last one.
type scanner struct {
	data  []byte
	pos   int
	depth int
}

func (s *scanner) fail(problem string) error {
	if s.pos >= len(s.data) {
		problem = "ends too early"
	}
	return &Error{Problem: notJSON + problem, Offset: s.pos}
}

// peek gives the next byte, 0 at the end: no token begins with 0.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) space() {
	for {
		switch s.peek() {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// take steps over white space and then over c, if c is there.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

// skip checks a value without reading it.
func (s *scanner) skip() (err error) {
	switch s.peek() {
	case '{':
		var keys keySet
		return s.object(&keys, func([]byte) error { return s.skip() })
	case '[':
		return s.list(func() error { return s.skip() })
	case '"':
		_, err = s.text()
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		_, err = s.number()
	case 't':
		err = s.literal("true")
	case 'f':
		err = s.literal("false")
	case 'n':
		err = s.literal("null")
	default:
		err = s.fail("no value begins like this")
	}
	return err
}

// object calls member at each value and collects the keys.
func (s *scanner) object(keys *keySet, member func(key []byte) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	for first := true; !s.take('}'); first = false {
		if !first && !s.take(',') {
			return s.fail("comma or end of object expected")
		}
		key, err := s.key(keys)
		if err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
	}
	s.depth--
	return nil
}

// key reads a key and its colon and stops at the value.
func (s *scanner) key(seen *keySet) ([]byte, error) {
	s.space()
	start := s.pos
	if s.peek() != '"' {
		return nil, s.fail("key expected")
	}
	raw, err := s.text()
	if err != nil {
		return nil, err
	}
	key := unescape(raw)
	if !seen.add(key) {
		s.pos = start
		return nil, s.fail("duplicate key")
	}
	if !s.take(':') {
		return nil, s.fail("colon expected")
	}
	s.space()
	return key, nil
}

// list calls item at each value.
func (s *scanner) list(item func() error) error {
	if err := s.enter(); err != nil {
		return err
	}
	for first := true; !s.take(']'); first = false {
		if !first && !s.take(',') {
			return s.fail("comma or end of array expected")
		}
		s.space()
		if err := item(); err != nil {
			return err
		}
	}
	s.depth--
	return nil
}

func (s *scanner) enter() error {
	if s.depth == MaxDepth {
		return s.fail("nested too deep")
	}
	s.depth++
	s.pos++
	return nil
}

// number checks a number and gives its token.
func (s *scanner) number() ([]byte, error) {
	start := s.pos
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' { // nothing may follow a leading zero
		s.pos++
	} else if !s.digits() {
		return nil, s.fail("digit expected")
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return nil, s.fail("digit expected")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return nil, s.fail("digit expected")
		}
	}
	return s.data[start:s.pos], nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) literal(word string) error {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return s.fail("no value begins like this")
	}
	s.pos += len(word)
	return nil
}
