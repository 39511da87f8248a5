package ingest

import (
	"slices"
	"strings"

	"github.com/webhook-functions/template/shared/webhook"
)

// codings are those of IANA's registry but for identity, and others in use: what
// was signed may be the body before or after. Without "x-", which may stand before
// any of them.
var codings = []string{
	"aes128gcm", "br", "compress", "dcb", "dcz", "deflate", "exi", "gzip", "pack200-gzip", "zstd",
	"aws-chunked", "brotli", "bzip2", "lz4", "lzma", "sdch", "snappy", "xz",
}

// isEncoded says whether Content-Encoding names a coding. Any other token (a
// charset, a transfer encoding, none) changes nothing: what is verified are the
// bytes as sent.
func isEncoded(header webhook.Header) bool {
	for _, value := range header.Values("Content-Encoding") {
		for item := range strings.SplitSeq(value, ",") {
			tokens, _, _ := strings.Cut(item, ";") // what follows are parameters
			for token := range strings.FieldsFuncSeq(tokens, separates) {
				if slices.ContainsFunc(codings, func(c string) bool { return strings.EqualFold(c, token) || strings.EqualFold("x-"+c, token) }) {
					return true
				}
			}
		}
	}
	return false
}
