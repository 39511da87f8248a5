package strict

import (
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
)

// MaxDepth is how deep arrays and objects may nest. The platforms' own events
// stay below ten.
const MaxDepth = 64

// check gives the reason why data is not one JSON value, nil if it is.
func check(data []byte) error {
	if jsontext.Value(data).IsValid() && depth(data) <= MaxDepth {
		return nil
	}
	return fault(data)
}

// depth is how deep valid data nests, or more where that is few anyway.
func depth(data []byte) int {
	brackets := bytes.Count(data, []byte("{")) + bytes.Count(data, []byte("["))
	if brackets <= MaxDepth {
		return brackets
	}
	c := cursor{data: data}
	c.next()
	return c.skip()
}

// fault finds the first byte that cannot stand.
func fault(data []byte) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(data))
	for {
		_, err := d.ReadToken()
		switch end := int(d.InputOffset()); {
		case err != nil:
			return refusal(d, data, err)
		case d.StackDepth() > MaxDepth:
			return notJSON(data, end-1, "nested too deep")
		case d.StackDepth() == 0:
			return notJSON(data, space(data, end), "more than one value")
		}
	}
}

// refusal puts into our words why the decoder cannot go on: its own quote the
// data.
func refusal(d *jsontext.Decoder, data []byte, err error) error {
	pos := space(data, int(d.InputOffset()))
	in, length := d.StackIndex(d.StackDepth())
	key := in == '{' && length%2 == 0
	delimiter, problem := due(in, length)
	if !bytes.HasPrefix(data[pos:], []byte(delimiter)) {
		return notJSON(data, pos, problem)
	}
	pos = space(data, pos+len(delimiter))
	first := string(data[pos:min(pos+1, len(data))])
	switch syntax, _ := errors.AsType[*jsontext.SyntacticError](err); {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return notJSON(data, pos, "duplicate key")
	case first == `"`:
		return notJSON(data, int(syntax.ByteOffset), inString(data[syntax.ByteOffset:]))
	case key:
		return notJSON(data, pos, "key expected")
	case !strings.Contains("-0123456789", first) || first == "":
		return notJSON(data, pos, "no value begins like this")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return notJSON(data, len(data), "")
	default:
		return notJSON(data, int(syntax.ByteOffset), "digit expected")
	}
}

// due is what stands before the next key or value.
func due(in jsontext.Kind, length int64) (delimiter, problem string) {
	switch {
	case in == '{' && length%2 == 1:
		return ":", "colon expected"
	case in == '{' && length > 0:
		return ",", "comma or end of object expected"
	case in == '[' && length > 0:
		return ",", "comma or end of array expected"
	}
	return "", ""
}

// inString says what is wrong in a string where rest begins.
func inString(rest []byte) string {
	if !bytes.HasPrefix(rest, []byte(`\`)) {
		if len(rest) > 0 && rest[0] < ' ' {
			return "control character in a string"
		}
		return "invalid UTF-8"
	}
	if len(rest) >= 6 && rest[1] == 'u' {
		unit, err := strconv.ParseUint(string(rest[2:6]), 16, 16)
		if err == nil && utf16.IsSurrogate(rune(unit)) {
			return "lone surrogate"
		}
	}
	return "invalid escape"
}

// space is where the white space at pos ends.
func space(data []byte, pos int) int {
	return len(data) - len(bytes.TrimLeft(data[pos:], " \t\r\n"))
}

const refused = "not JSON: "

func notJSON(data []byte, pos int, problem string) error {
	if pos == len(data) {
		problem = "ends too early"
	}
	return &Error{Problem: refused + problem, Offset: pos}
}
