package doctor

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/json/jsontext"
	"html"
	"io"
	"net/http/httputil"
	"net/url"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const bom = "\xef\xbb\xbf"

// rewrite is a way in which the bytes that were signed may have become others. It gives
// the bytes that were signed, false if there can be none.
type rewrite struct {
	code, said string
	cost       int
	signed     func([]byte) ([]byte, bool)
}

// ends are about single bytes, mostly at an end.
var ends = []rewrite{
	{"body-newline", "The body ends with a newline that was not signed.", 1, trimmedSuffix("\n")},
	{"body-newline", "A newline at the end of the body was signed and is missing.", 1, always(func(b []byte) []byte { return join(b, "\n") })},
	{"body-newline", "The body ends with CR LF, which was not signed.", 1, trimmedSuffix("\r\n")},
	{"body-newline", "CR LF at the end of the body was signed and is missing.", 1, always(func(b []byte) []byte { return join(b, "\r\n") })},
	{"body-crlf", "The lines of the body end with CR LF; they were signed with LF.", 1, replaced("\r\n", "\n")},
	{"body-crlf", "The lines of the body end with LF; they were signed with CR LF.", 1, always(func(b []byte) []byte {
		return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	})},
	{"body-crlf", "The lines of the body end with LF; they were signed with CR.", 2, replaced("\n", "\r")},
	{"body-crlf", "The lines of the body end with CR; they were signed with LF.", 2, replaced("\r", "\n")},
	{"body-bom", "The body begins with a byte order mark that was not signed.", 1, func(b []byte) ([]byte, bool) { return bytes.CutPrefix(b, []byte(bom)) }},
	{"body-bom", "A byte order mark before the body was signed and is missing.", 1, always(func(b []byte) []byte { return join(nil, bom+string(b)) })},
	{"body-newline", "White space around the body was not signed.", 1, always(bytes.TrimSpace)},
	{"body-newline", "A newline before the body was signed and is missing.", 2, always(func(b []byte) []byte { return join(nil, "\n"+string(b)) })},
	{"body-newline", "A newline before the body was not signed.", 2, func(b []byte) ([]byte, bool) { return bytes.CutPrefix(b, []byte("\n")) }},
	{"body-newline", "Two newlines at the end of the body were signed and are missing.", 2, always(func(b []byte) []byte { return join(b, "\n\n") })},
	{"body-newline", "A blank at the end of the body was signed and is missing.", 2, always(func(b []byte) []byte { return join(b, " ") })},
	{"body-newline", "The body ends with a zero byte that was not signed.", 2, trimmedSuffix("\x00")},
	{"body-newline", "A zero byte at the end of the body was signed and is missing.", 2, always(func(b []byte) []byte { return join(b, "\x00") })},
	{"body-empty", "The signature was made over an empty body.", 1, always(func([]byte) []byte { return nil })},
}

// wraps are encodings of the whole body.
var wraps = []rewrite{
	{"body-base64", "The body is base64 and was signed decoded, as the body of an event with isBase64Encoded is.", 1, func(b []byte) ([]byte, bool) { return decodeBase64(string(bytes.TrimSpace(b))) }},
	{"body-base64", "The body was signed as its base64.", 1, always(func(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) })},
	{"body-base64", "The body was signed as its base64url.", 2, always(func(b []byte) []byte { return []byte(base64.RawURLEncoding.EncodeToString(b)) })},
	{"body-quoted", "The body is a JSON text that holds what was signed: it was serialised twice.", 1, func(b []byte) ([]byte, bool) {
		b = bytes.TrimSpace(b)
		if len(b) == 0 || b[0] != '"' {
			return nil, false
		}
		text, err := jsontext.AppendUnquote(nil, b)
		return text, err == nil
	}},
	{"body-quoted", "The body was signed as a JSON text: it was serialised twice.", 2, func(b []byte) ([]byte, bool) { q, err := jsontext.AppendQuote(nil, b); return q, err == nil }},
	{"body-quoted", "The body lost the backslashes before its quotes.", 2, replaced(`"`, `\"`)},
	{"body-quoted", "The quotes of the body have backslashes before them that were not signed.", 1, replaced(`\"`, `"`)},
	{"body-compressed", "The body is compressed and was signed uncompressed.", 1, func(b []byte) ([]byte, bool) {
		r, err := gzip.NewReader(bytes.NewReader(b))
		return unpacked(r, err)
	}},
	{"body-compressed", "The body is compressed and was signed uncompressed.", 1, func(b []byte) ([]byte, bool) {
		r, err := zlib.NewReader(bytes.NewReader(b))
		return unpacked(r, err)
	}},
	{"body-compressed", "The body was signed compressed and came uncompressed.", 2, always(func(b []byte) []byte { return packed(b, gzip.DefaultCompression) })},
	{"body-compressed", "The body was signed compressed and came uncompressed.", 2, always(func(b []byte) []byte { return packed(b, gzip.BestCompression) })},
	{"body-escapes", "The body holds HTML's entities that were not signed.", 1, always(func(b []byte) []byte { return []byte(html.UnescapeString(string(b))) })},
	{"body-escapes", "The body was signed with HTML's entities.", 2, always(func(b []byte) []byte { return []byte(html.EscapeString(string(b))) })},
	{"body-chunked", "The body still has the chunks of its transfer encoding.", 1, func(b []byte) ([]byte, bool) {
		return unpacked(httputil.NewChunkedReader(bytes.NewReader(b)), nil)
	}},
	{"body-form", "The body is percent-encoded and was signed decoded.", 1, func(b []byte) ([]byte, bool) {
		text, err := url.QueryUnescape(string(b))
		return []byte(text), err == nil
	}},
	{"body-form", "The body is percent-encoded and was signed decoded, plus signs as they are.", 2, func(b []byte) ([]byte, bool) {
		text, err := url.PathUnescape(string(b))
		return []byte(text), err == nil
	}},
	{"body-form", "The body is a form; what was signed is one of its values.", 1, func(b []byte) ([]byte, bool) {
		_, value, ok := strings.Cut(string(b), "=")
		text, err := url.QueryUnescape(value)
		return []byte(text), ok && err == nil
	}},
	{"body-form", "The body is a form whose fields were signed in another order or with other escapes.", 1, func(b []byte) ([]byte, bool) {
		form, err := url.ParseQuery(string(b))
		return []byte(form.Encode()), err == nil && isForm(b)
	}},
	{"body-form", "The body was signed percent-encoded.", 2, always(func(b []byte) []byte { return []byte(url.QueryEscape(string(b))) })},
	{"body-form", "The blanks of the body are written + and were signed as %20.", 2, replaced("+", "%20")},
	{"body-form", "The blanks of the body are written %20 and were signed as +.", 2, replaced("%20", "+")},
	{"body-charset", "The body is UTF-8 and was signed in Latin-1.", 1, toLatin1},
	{"body-charset", "The body is in Latin-1 and was signed in UTF-8.", 1, fromLatin1},
	{"body-charset", "The body is UTF-8 that was read in another charset, such as Latin-1, and written as UTF-8 again.", 1, twice(bytewise)},
	{"body-charset", "The body is UTF-8 that was read as Windows-1252 and written as UTF-8 again.", 1, twice(to1252)},
	{"body-charset", "The body was signed after its UTF-8 was read as Latin-1 and written as UTF-8 again.", 2, twice(widened)},
	{"body-charset", "The body was signed after its UTF-8 was read as Windows-1252 and written as UTF-8 again.", 2, twice(from1252)},
	{"body-charset", "The body is UTF-8 and was signed in Windows-1252.", 2, func(b []byte) ([]byte, bool) { out, ok := to1252(b); return out, ok && !utf8.Valid(out) }},
	{"body-charset", "The body is in Windows-1252 and was signed in UTF-8.", 2, func(b []byte) ([]byte, bool) { out, ok := from1252(b); return out, ok && !utf8.Valid(b) }},
	{"body-charset", "Characters other than ASCII of the body were signed as question marks.", 2, toASCII("?")},
	{"body-charset", "Characters other than ASCII of the body were not signed.", 2, toASCII("")},
	{"body-charset", "The body is UTF-8 and was signed in UTF-16, little endian.", 2, toUTF16(binary.LittleEndian, "")},
	{"body-charset", "The body is UTF-8 and was signed in UTF-16, little endian with a byte order mark.", 2, toUTF16(binary.LittleEndian, "\ufeff")},
	{"body-charset", "The body is UTF-8 and was signed in UTF-16, big endian.", 2, toUTF16(binary.BigEndian, "")},
	{"body-charset", "The body is UTF-8 and was signed in UTF-16, big endian with a byte order mark.", 2, toUTF16(binary.BigEndian, "\ufeff")},
	{"body-charset", "The body is in UTF-16 and was signed in UTF-8.", 1, fromUTF16(binary.LittleEndian)},
	{"body-charset", "The body is in UTF-16 and was signed in UTF-8.", 1, fromUTF16(binary.BigEndian)},
}

// bodies lists the bytes that may have been signed.
func bodies(body []byte) []option[[]byte] {
	var all options[[]byte]
	all.add(string(body), body, 0)
	rewritten(&all, body, ends, 0, nil)
	inner := rewritten(&all, body, wraps, 0, nil)
	serialised(&all, body, 0, nil)
	for _, o := range inner {
		rewritten(&all, o.value, ends, o.cost, o.causes)
		serialised(&all, o.value, o.cost, o.causes)
	}
	for _, e := range ends { // a byte order mark and a newline, CR LF and a newline
		if signed, ok := e.signed(body); ok && !bytes.Equal(signed, body) && e.code != "body-empty" {
			causes := []Cause{{e.code, e.said}}
			rewritten(&all, signed, ends, e.cost, causes)
			if e.code == "body-bom" {
				serialised(&all, signed, e.cost, causes)
			}
		}
	}
	return all.all
}

// rewritten adds each rewrite of a body, and gives what was added.
func rewritten(all *options[[]byte], body []byte, by []rewrite, cost int, causes []Cause) (added []option[[]byte]) {
	for _, r := range by {
		signed, ok := r.signed(body)
		if !ok || bytes.Equal(signed, body) || len(signed) > 4*len(body)+1<<16 {
			continue
		}
		o := option[[]byte]{signed, cost + r.cost, with(causes, Cause{r.code, r.said})}
		all.add(string(signed), o.value, o.cost, o.causes...)
		if r.cost == 1 {
			added = append(added, o)
		}
	}
	return added
}

func join(b []byte, text string) []byte { return append(bytes.Clone(b), text...) }

func always(change func([]byte) []byte) func([]byte) ([]byte, bool) {
	return func(b []byte) ([]byte, bool) { return change(b), true }
}

func trimmedSuffix(suffix string) func([]byte) ([]byte, bool) {
	return func(b []byte) ([]byte, bool) { return bytes.CutSuffix(b, []byte(suffix)) }
}

func replaced(old, new string) func([]byte) ([]byte, bool) {
	return always(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(old), []byte(new)) })
}

// maxUnpacked bounds what a compressed body may become.
const maxUnpacked = 8 << 20

func unpacked(r io.Reader, err error) ([]byte, bool) {
	if err != nil {
		return nil, false
	}
	b, err := io.ReadAll(io.LimitReader(r, maxUnpacked))
	return b, err == nil
}

func packed(b []byte, level int) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, level) // a level that there is
	w.Write(b)                               //nolint:errcheck // a buffer takes all
	w.Close()                                //nolint:errcheck // likewise
	return out.Bytes()
}

func toLatin1(b []byte) ([]byte, bool) {
	out, ok := bytewise(b)
	return out, ok && utf8.Valid(b) && !utf8.Valid(out)
}

func fromLatin1(b []byte) ([]byte, bool) {
	out, ok := widened(b)
	return out, ok && !utf8.Valid(b)
}

func widened(b []byte) (out []byte, ok bool) {
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out, true
}

// twice keeps a change of a charset where both sides are UTF-8.
func twice(change func([]byte) ([]byte, bool)) func([]byte) ([]byte, bool) {
	return func(b []byte) ([]byte, bool) {
		out, ok := change(b)
		return out, ok && utf8.Valid(b) && utf8.Valid(out)
	}
}

func bytewise(b []byte) (out []byte, ok bool) {
	for _, r := range string(b) {
		if r > 0xff {
			return nil, false
		}
		out = append(out, byte(r))
	}
	return out, true
}

// windows1252 is what differs from Latin-1, from 0x80 on.
var windows1252 = []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")

func to1252(b []byte) (out []byte, ok bool) {
	for _, r := range string(b) {
		switch i := strings.IndexRune(string(windows1252), r); {
		case i >= 0:
			out = append(out, byte(0x80+utf8.RuneCountInString(string(windows1252)[:i])))
		case r <= 0xff:
			out = append(out, byte(r))
		default:
			return nil, false
		}
	}
	return out, true
}

func from1252(b []byte) (out []byte, ok bool) {
	for _, c := range b {
		if r := rune(c); 0x80 <= c && c < 0xa0 {
			out = utf8.AppendRune(out, windows1252[c-0x80])
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out, true
}

func toASCII(mark string) func([]byte) ([]byte, bool) {
	return always(func(b []byte) []byte {
		var out strings.Builder
		for _, r := range string(b) {
			if r < utf8.RuneSelf {
				out.WriteRune(r)
			} else {
				out.WriteString(mark)
			}
		}
		return []byte(out.String())
	})
}

func toUTF16(order binary.AppendByteOrder, before string) func([]byte) ([]byte, bool) {
	return func(b []byte) (out []byte, ok bool) {
		for _, unit := range utf16.Encode([]rune(before + string(b))) {
			out = order.AppendUint16(out, unit)
		}
		return out, utf8.Valid(b)
	}
}

func fromUTF16(order binary.ByteOrder) func([]byte) ([]byte, bool) {
	return func(b []byte) ([]byte, bool) {
		if len(b)%2 != 0 || bytes.IndexByte(b, 0) < 0 {
			return nil, false
		}
		var units []uint16
		for i := 0; i < len(b); i += 2 {
			units = append(units, order.Uint16(b[i:]))
		}
		return []byte(strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")), true
	}
}
