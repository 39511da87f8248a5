package sim

import (
	"strings"

	"github.com/webhook-functions/template/testbed/sim/field"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

// recorded follows the writes of records.
type recorded struct {
	kinds map[string]string       // by the key of the item: a tombstone does not name its kind
	stand map[string]field.Record // by kind, NUL and id
}

func (r *recorded) commit(changes []stored.Change) {
	for _, c := range changes {
		if c.Table != "records" {
			continue
		}
		kind, id, _ := strings.Cut(c.Key, "\x00") // DynamoDB
		if name, ok := c.New["id"].(string); ok { // Firestore
			if kind, ok = c.New["kind"].(string); ok {
				r.kinds[c.Key] = kind
			}
			kind, id = r.kinds[c.Key], name
		}
		version, _ := c.New["version"].(int64)
		data, _ := c.New["data"].([]byte)
		_, alive := c.New["kind"]
		r.stand[kind+"\x00"+id] = field.Record{Version: version, Data: data, Deleted: !alive}
	}
}
