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
		if i := strings.IndexByte(list, s.List[0]); i >= 0 {
			value, rest, more = list[:i], list[i+1:], true
		}
	}
	if s.Field == "" {
		return "", trim(value), rest, more
	}
	i := strings.IndexByte(value, s.assign())
	if i < 0 {
		return "", "", rest, more
	}
	return trim(value[:i]), trim(value[i+1:]), rest, more
}

// assign is the mark between name and value.
func (s *Scheme) assign() byte {
	if s.Assign == "" {
		return '='
	}
	return s.Assign[0]
}

var strict = base64.StdEncoding.Strict()

// digests are the signatures of a delivery that can be read, as text and, where their
// size is known, as bytes. There are as many MACs to compute for eight as for one.
type digests struct {
	n     int
	texts [maxSignatures]string
	all   [maxSignatures][64]byte
}

// read cuts the value of the signature's header: signatures into d, the items that the
// template names into signed. An unreadable signature beside others is skipped: a
// platform may send versions that are unknown here.
func (r *Keyring) read(d *digests, signed *values, list string) error {
	named := 0
	for more := true; more; {
		var name, text string
		name, text, list, more = r.scheme.cut(list)
		if name != r.scheme.Field {
			if !r.take(signed, name, text) {
				return ErrMalformed
			}
			continue
		}
		if named++; named > maxSignatures {
			return ErrMalformed
		}
		if r.size > 0 && r.decode(d.all[d.n][:r.size], text) || r.size == 0 {
			d.texts[d.n] = text
			d.n++
		}
	}
	if named == 0 {
		return ErrMalformed
	}
	return nil
}

// take keeps an item that the template names. Which one counts of two is open, so none
// does.
func (r *Keyring) take(signed *values, name, text string) bool {
	for i := range r.signed {
		if p := &r.signed[i]; p.from == fieldSource && p.name == name {
			if signed.found[i] {
				return false
			}
			signed.texts[i], signed.found[i] = text, true
		}
	}
	return true
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
		n, err := strict.Decode(decoded[:], buffer[:copy(buffer[:], text)])
		return err == nil && n == len(digest) && copy(digest, decoded[:n]) == n
	}
	if len(text) != hex.EncodedLen(len(digest)) {
		return false
	}
	n, err := hex.Decode(digest, buffer[:copy(buffer[:], text)])
	return err == nil && n == len(digest)
}
