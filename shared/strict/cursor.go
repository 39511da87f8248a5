package strict

import (
	"bytes"
	"encoding/json/jsontext"
)

// cursor walks over text that [check] has passed, so that nothing here can fail.
type cursor struct {
	data []byte
	pos  int
}

// next steps to the next token and gives its first byte.
func (c *cursor) next() byte {
	i := c.pos
	for c.data[i] <= ' ' || c.data[i] == ',' || c.data[i] == ':' {
		i++
	}
	c.pos = i
	return c.data[i]
}

// skip steps over the value at pos and gives how deep it nests.
func (c *cursor) skip() (deepest int) {
	if first := c.data[c.pos]; first != '{' && first != '[' {
		c.scalar()
		return 0
	}
	i, depth := c.pos, 0
	for ; ; i++ {
		switch c.data[i] {
		case '"':
			i = closing(c.data, i)
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
			if depth == 0 {
				c.pos = i + 1
				return deepest
			}
		}
	}
}

// raw steps over the value at pos and gives its bytes.
func (c *cursor) raw() []byte {
	start := c.pos
	c.skip()
	return c.data[start:c.pos]
}

// scalar steps over a string, a number, true, false or null and gives its token.
func (c *cursor) scalar() []byte {
	start := c.pos
	if c.data[start] == '"' {
		c.pos = closing(c.data, start) + 1
	} else {
		for c.pos < len(c.data) && !endsToken(c.data[c.pos]) {
			c.pos++
		}
	}
	return c.data[start:c.pos]
}

func endsToken(b byte) bool { return b <= ' ' || b == ',' || b == ']' || b == '}' }

// string reads a string. Without an escape that is part of the data.
func (c *cursor) string() []byte {
	token := c.scalar()
	if bytes.IndexByte(token, '\\') < 0 {
		return token[1 : len(token)-1]
	}
	value, _ := jsontext.AppendUnquote(nil, token)
	return value
}

// closing finds the quote that ends the string which begins at the one at i.
func closing(data []byte, i int) int {
	for {
		i++
		i += bytes.IndexByte(data[i:], '"')
		first := i
		for data[first-1] == '\\' {
			first--
		}
		if (i-first)%2 == 0 {
			return i
		}
	}
}
