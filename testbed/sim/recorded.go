package sim

import (
	"net/url"
	"strings"

	"github.com/webhook-functions/template/testbed/sim/field"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

// recorded follows the writes of records.
type recorded struct {
	stand map[string]field.Record // by kind, NUL and id
}

func (r *recorded) commit(changes []stored.Change) {
	for _, c := range changes {
		if c.Table != "records" {
			continue
		}
		kind, id, _ := strings.Cut(c.Key, "\x00") // DynamoDB
		if name, ok := c.New["id"].(string); ok { // Firestore: a tombstone names its kind in the key only
			kind, _, _ = strings.Cut(c.Key, "~")
			kind, _ = url.PathUnescape(kind)
			id = name
		}
		version, _ := c.New["version"].(int64)
		data, _ := c.New["data"].([]byte)
		_, alive := c.New["kind"]
		r.stand[kind+"\x00"+id] = field.Record{Version: version, Data: data, Deleted: !alive}
	}
}
