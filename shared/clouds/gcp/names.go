package gcp

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// maxID in bytes: two ids and a separator fit into the 1,500 that Firestore
// allows.
const maxID = 700

// documentID encodes any text as a document id; no two texts share one. What
// Firestore refuses (a slash, ".", "..", "__x__", bytes that are not UTF-8,
// nothing at all) comes out escaped. A text that gets too long is replaced by
// its hash behind "%%", which no escape looks like.
func documentID(name string) string {
	if name == "" {
		return "%"
	}
	var id strings.Builder
	for i := range len(name) {
		if c := name[i]; isPlain(c) && (i > 0 || c != '.' && c != '_') {
			id.WriteByte(c)
		} else {
			fmt.Fprintf(&id, "%%%02X", c)
		}
	}
	if id.Len() > maxID {
		return fmt.Sprintf("%%%%%x", sha256.Sum256([]byte(name)))
	}
	return id.String()
}

// isPlain leaves "~" to us: it joins the parts of an id made of two.
func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.:@", c) >= 0
}
