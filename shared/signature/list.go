package signature

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// maxSignatures bounds the signatures of one delivery: a header of 8 KB holds a hundred,
// a rotation two.
const maxSignatures = 8

// cut gives the first item of a list, as name and value, and what is left. Without a
// list the text is one item. An item without a name has the name "". It is cut at the
// first mark only: base64 ends in "=".
func (s *Scheme) cut(list string) (name, value, rest string, more bool) {
	value = list
	if s.List != "" {
		value, rest, more = strings.Cut(list, s.List)
	}
	value = trim(value)
	if s.Field != "" {
		assign := s.Assign
		if assign == "" {
			assign = "="
		}
		var named bool
		if name, value, named = strings.Cut(value, assign); !named {
			name = ""
		}
		name, value = trim(name), trim(value)
	}
	return name, value, rest, more
}

// item gives the value of a name and how often it is in the list.
func (s *Scheme) item(list, name string) (value string, n int) {
	for more := true; more; {
		var key, text string
		if key, text, list, more = s.cut(list); key == name {
			value = text
			n++
		}
	}
	return value, n
}

// digests are the signatures of a delivery that can be read. There are as many MACs to
// compute for eight as for one.
type digests struct {
	n   int
	all [maxSignatures][64]byte
}

// read fills d with the signatures of a header's value. An unreadable one beside others
// is skipped: a platform may send versions that are unknown here. More than
// maxSignatures are an error.
func (r *Keyring) read(d *digests, value string) error {
	named := 0
	for more := true; more; {
		var name, text string
		if name, text, value, more = r.scheme.cut(value); name != r.scheme.Field {
			continue
		}
		if named++; named > maxSignatures {
			return ErrMalformed
		}
		if r.decode(d.all[d.n][:r.size], text) {
			d.n++
		}
	}
	if named == 0 {
		return ErrMalformed
	}
	return nil
}

// decode fills digest from its text form. It checks the length first: a header of a
// megabyte costs nothing.
func (r *Keyring) decode(digest []byte, text string) bool {
	var buffer [2 * 64]byte
	if p := r.scheme.Prefix; p != "" {
		text = strings.TrimPrefix(text, p)
	}
	if r.scheme.Encoding == Base64 {
		if len(text) != base64.StdEncoding.EncodedLen(len(digest)) {
			return false
		}
		var decoded [3 * 64]byte
		n, err := base64.StdEncoding.Strict().Decode(decoded[:], buffer[:copy(buffer[:], text)])
		return err == nil && n == len(digest) && copy(digest, decoded[:n]) == n
	}
	if len(text) != hex.EncodedLen(len(digest)) {
		return false
	}
	n, err := hex.Decode(digest, buffer[:copy(buffer[:], text)])
	return err == nil && n == len(digest)
}
