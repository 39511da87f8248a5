package ingesttest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/webhook-functions/template/shared/ingest"
)

// transport: what comes before the signature.
var transport = []row{
	{"B1 GET", method("GET"), 405, nothing},
	{"B2 HEAD", method("HEAD"), 405, nothing},
	{"B3 PUT, signed", method("PUT"), 405, nothing},
	{"B4 PATCH", method("PATCH"), 405, nothing},
	{"B4 DELETE", method("DELETE"), 405, nothing},
	{"B5 TRACE", method("TRACE"), 405, nothing},
	{"B5 CONNECT", method("CONNECT"), 405, nothing},
	{"B5 OPTIONS", method("OPTIONS"), 405, nothing},
	{"B6 post in lower case", method("post"), 405, nothing},
	{"B6 an invented method", method("FOO"), 405, nothing},
	{"B7 an unknown path", target("/nope"), 404, nothing},
	{"B7 the root", target("/"), 404, nothing},
	{"B7 a path below the route", route("$/x"), 404, nothing},
	{"B8 slash behind the route", route("$/"), 200, queued},
	{"B8 slash behind the route, and a query", route("$/?x=/"), 200, queued},
	{"B8 two slashes behind it", route("$//"), 404, nothing},
	{"B8 an encoded slash behind it", route("$%2F"), 404, nothing},
	{"B8 a slash behind it, GET", all(route("$/"), method("GET")), 405, nothing},
	{"B8 a slash behind it, unsigned", all(route("$/"), unsigned), M, nothing},
	{"B8 a slash alone", route("/"), 404, nothing},
	{"B8 a segment before it", route("/webhooks$"), 404, nothing},
	{"B8 two slashes before it", route("/$"), 404, nothing},
	{"B9 upper case", func(d *draft) { d.target = strings.ToUpper(d.target) }, 404, nothing},
	{"B9 percent-encoded", func(d *draft) { d.target = fmt.Sprintf("/%%%x%s", d.target[1], d.target[2:]) }, 404, nothing},
	{"B9 a dot segment", route("/x/..$"), 404, nothing},
	{"B10 another platform in the query", route("$?provider=x&type=x"), 200, queued},
	{"B11 GET that asks to be POST", all(method("GET"), header("X-HTTP-Method-Override", "POST")), 405, nothing},
	{"B12 nothing in the body, unsigned", all(body(""), unsigned), M, nothing},
	{"B13 nothing in the body, signed", body(""), 200, dead},
	{"B14 as large as the cap", sized(ingest.DefaultMaxBody), 200, queued},
	{"B14 as large as another cap", all(sized(100_000), given(MaxBody(100_000))), 200, queued},
	{"B15 one byte more, signed", sized(ingest.DefaultMaxBody + 1), 413, nothing},
	{"B15 one byte more than another cap", all(sized(100_001), given(MaxBody(100_000))), 413, nothing},
	{"B15 one byte more, unsigned", all(sized(ingest.DefaultMaxBody+1), unsigned), 413, nothing},
	{"B20 gzip, signed as sent", all(edit(gzipped), header("Content-Encoding", "gzip")), 415, nothing},
	{"B21 identity and gzip", header("Content-Encoding", "identity, gzip"), 415, nothing},
	{"B21 in another case", header("content-encoding", "GZIP"), 415, nothing},
	{"B21 with a parameter", header("Content-Encoding", "gzip;q=1.0"), 415, nothing},
	{"B21 behind an unknown one", header("Content-Encoding", "utf-8,\tBr"), 415, nothing},
	{"B21 beside an unknown one", header("Content-Encoding", "utf-8 gzip"), 415, nothing},
	{"B21 in quotes", header("Content-Encoding", `"deflate"`), 415, nothing},
	{"B21 as a media type", header("Content-Encoding", "application/gzip"), 415, nothing},
	{"B21 in the second of two headers", all(header("Content-Encoding", "identity"), header("CONTENT-ENCODING", "zstd")), 415, nothing},
	{"B21 not said to be gzip", edit(gzipped), 200, dead},
	{"B21 gzip, said to be a charset", all(edit(gzipped), header("Content-Encoding", "utf-8")), 200, dead},
	{"B23 no Content-Type", withoutHeader("Content-Type"), 200, queued},
	{"B24 text/plain", header("Content-Type", "text/plain"), 200, queued},
	{"B25 application/octet-stream", header("Content-Type", "application/octet-stream"), 200, queued},
	{"B26 UTF-16", all(edit(asUTF16), header("Content-Type", "application/json; charset=utf-16")), 200, dead},
	{"B27 a form", all(body("payload=%7B%7D&note=$email"), header("Content-Type", "application/x-www-form-urlencoded")), 200, dead},
	{"B28 multipart", all(body("--x\r\nContent-Disposition: form-data; name=\"payload\"\r\n\r\n"+good+"\r\n--x--\r\n"),
		header("Content-Type", "multipart/form-data; boundary=x")), 200, dead},
	{"B32 X-Forwarded-For and Forwarded", all(header("X-Forwarded-For", "127.0.0.1"), header("Forwarded", "for=127.0.0.1;proto=https"),
		header("X-Forwarded-Host", "other.example"), header("X-Original-URL", "/nope")), 200, queued},
	{"B33 another Host", header("Host", "other.example"), 200, queued},
	{"B34 Range, If-None-Match, cookies", all(header("Range", "bytes=0-1"), header("If-None-Match", "*")), 200, queued},
}

// encodings: what changes a body is refused, for it might have been signed before;
// of any other token the signature is the judge.
func encodings() (rows []row) {
	for _, coding := range []string{"gzip", "x-gzip", "compress", "x-compress", "deflate", "br", "zstd", "dcb", "dcz", "exi", "pack200-gzip",
		"aes128gcm", "aws-chunked", "X-Deflate", "brotli", "bzip2", "x-bzip2", "lzma", "xz", "snappy", "lz4"} {
		rows = append(rows, row{"B20 Content-Encoding: " + coding, where(isMadeUp, header("Content-Encoding", coding)), 415, nothing})
	}
	for _, token := range []string{"identity", "Identity", "IDENTITY", "UTF-8", "utf8", "us-ascii", "iso-8859-1", "none", "null", "false", "0",
		"binary", "8bit", "7bit", "base64", "quoted-printable", "application/json", "json", "*", "?", ",", ", ,", ";", "gzipped", "no-gzip", "identity;gzip", "g zip", "\u00fctf-8"} {
		rows = append(rows, row{"B22 Content-Encoding: " + token, where(isMadeUp, header("Content-Encoding", token)), 200, queued})
	}
	return append(rows, row{"B22 Content-Encoding and nothing in it", header("Content-Encoding", ""), 200, queued})
}

func gzipped(body string) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write([]byte(body)) // a buffer takes everything
	_ = z.Close()
	return out.String()
}

func asUTF16(body string) string {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(body)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return string(out)
}
