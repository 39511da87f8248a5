package firestore

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/webhook-functions/template/testbed/sim/answer"
)

// batchGet reads documents, each once, in the order of a hash of their names.
func (d *Database) batchGet(root string, body []byte) ([]byte, error) {
	var in struct {
		Documents []string `json:"documents"`
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	slices.SortFunc(in.Documents, func(a, b string) int {
		return cmp.Or(cmp.Compare(hash(a), hash(b)), strings.Compare(a, b))
	})
	names := make([]name, 0, len(in.Documents))
	for _, text := range slices.Compact(in.Documents) {
		n, err := parseName(root, text)
		if err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	at := timestamp(d.instant())
	return answer.AppendList(make([]byte, 0, 1024), names, func(body []byte, n name) []byte {
		if found := d.document(n); found != nil {
			body = appendDocument(append(body, `{"found":`...), found)
		} else {
			body = answer.AppendText(append(body, `{"missing":`...), n.String())
		}
		return appendReadTime(body, at)
	}), nil
}

// appendReadTime ends a line of an answer.
func appendReadTime(body []byte, at string) []byte {
	return append(append(append(body, `,"readTime":"`...), at...), `"}`...)
}

func hash(text string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text))
	return h.Sum32()
}
