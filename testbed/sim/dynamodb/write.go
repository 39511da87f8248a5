package dynamodb

import (
	"encoding/json/v2"
	"reflect"
	"slices"
	"time"

	"github.com/webhook-functions/template/testbed/sim/stored"
)

const (
	maxActions      = 100              // of a transaction
	maxPayload      = 4 << 20          // bytes of a transaction's items
	maxToken        = 36               // characters
	tokenRemembered = 10 * time.Minute // after the transaction
)

// writes is a request that writes: a transaction or a single action.
type writes struct {
	TransactItems      []action
	ClientRequestToken string

	single bool
}

// action is one write of a request: exactly one field is set.
type action struct {
	Put, Update *target
}

// target is what an action does to one item.
type target struct {
	TableName                           string
	Item                                item // of a put
	Key                                 item // of an update
	UpdateExpression                    string
	ConditionExpression                 string
	ExpressionAttributeNames            map[string]string
	ExpressionAttributeValues           item
	ReturnValuesOnConditionCheckFailure string

	key               key
	update, condition *expression // nil for none
}

type remembered struct {
	at     time.Time // of the transaction
	writes *writes
}

// decodeWrites reads a request and refuses one that is wrong by itself, without the stored items.
func decodeWrites(operation string, body []byte) (*writes, error) {
	r, one := new(writes), new(target)
	var err error
	switch operation {
	case "TransactWriteItems":
		err = decode(body, r)
	case "PutItem":
		err = decode(body, one)
		r.single, r.TransactItems = true, []action{{Put: one}}
	case "UpdateItem":
		err = decode(body, one)
		r.single, r.TransactItems = true, []action{{Update: one}}
	default:
		err = unknown("the operation %s as a write", operation)
	}
	if err == nil {
		err = r.check()
	}
	return r, err
}

func decode(body []byte, into any) error {
	return json.Unmarshal(body, into, json.RejectUnknownMembers(true))
}

func (w *writes) check() error {
	if n := len(w.TransactItems); n == 0 || n > maxActions {
		return invalid("Member must have length greater than or equal to 1 and less than or equal to %d", maxActions)
	}
	if len(w.ClientRequestToken) > maxToken {
		return invalid("Value at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to %d", maxToken)
	}
	size := 0
	for _, a := range w.TransactItems {
		if (a.Put == nil) == (a.Update == nil) {
			return invalid("TransactItems can only contain one of Check, Put, Update or Delete")
		}
		t := a.target()
		if err := t.check(a.Put != nil); err != nil {
			return err
		}
		size += t.Item.size() + t.Key.size() + t.ExpressionAttributeValues.size()
	}
	if !w.single && size > maxPayload {
		return invalid("Transaction payload size cannot exceed 4MB. Payload Size: %d", size)
	}
	return w.checkSingle()
}

// checkSingle refuses a transaction that names an item twice.
func (w *writes) checkSingle() error {
	keys := w.sortedKeys()
	if len(slices.Compact(keys)) != len(w.TransactItems) {
		return invalid("Transaction request cannot include multiple operations on one item")
	}
	return nil
}

func (a action) target() *target {
	if a.Put != nil {
		return a.Put
	}
	return a.Update
}

func (t *target) name() string { return t.TableName + "\x00" + t.key.String() }

func (w *writes) sortedKeys() []string {
	keys := make([]string, len(w.TransactItems))
	for i, a := range w.TransactItems {
		keys[i] = a.target().name()
	}
	slices.Sort(keys)
	return keys
}

func (w *writes) conflict(keys []string) error {
	reasons := make([]reason, len(w.TransactItems))
	for i, a := range w.TransactItems {
		reasons[i].code = none
		if slices.Contains(keys, a.target().name()) {
			reasons[i] = reason{code: conflicted, message: "Transaction is ongoing for the item"}
		}
	}
	err := canceled(reasons)
	switch {
	case err == nil:
		return unknown("a conflict about other items than the request's")
	case w.single:
		return refuse("TransactionConflictException", reasons[0].message)
	}
	return err
}

func (d *Database) write(operation string, body []byte) ([]byte, error) {
	w, err := decodeWrites(operation, body)
	if err != nil {
		return nil, err
	}
	at := d.now()
	if before, ok := d.tokens[w.ClientRequestToken]; ok && at.Sub(before.at) < tokenRemembered {
		if !reflect.DeepEqual(before.writes, w) {
			return nil, refuse("IdempotentParameterMismatchException", "")
		}
		return []byte("{}"), nil
	}
	items, err := d.plan(w)
	if err != nil {
		return nil, err
	}
	d.commit(w, items, at)
	return []byte("{}"), nil
}

// plan gives the items that the actions make, or why they may not.
func (d *Database) plan(w *writes) ([]item, error) {
	items, reasons := make([]item, len(w.TransactItems)), make([]reason, len(w.TransactItems))
	for i, a := range w.TransactItems {
		t := a.target()
		made, refused := t.plan(d.table(t.TableName))
		switch {
		case refused == nil:
			items[i], reasons[i].code = made, none
		case w.single || refused.status != 400:
			return nil, refused
		case refused.code == "ValidationException":
			reasons[i] = reason{code: validationError, message: refused.message}
		default:
			reasons[i] = reason{conditionFailed, refused.message, refused.item}
		}
	}
	return items, canceled(reasons)
}

func (d *Database) commit(w *writes, items []item, at time.Time) {
	changes := make([]stored.Change, 0, len(items))
	for i, a := range w.TransactItems {
		t := a.target()
		table := d.table(t.TableName)
		if d.OnCommit != nil {
			old := table.item(t.key)
			changes = append(changes, stored.Change{Table: t.TableName, Key: t.key.String(), Old: old.stored(), New: items[i].stored()})
		}
		table.write(t.key, items[i], at, d.IndexLag)
	}
	if w.ClientRequestToken != "" {
		if d.tokens == nil {
			d.tokens = map[string]remembered{}
		}
		d.tokens[w.ClientRequestToken] = remembered{at, w}
	}
	if d.OnCommit != nil {
		d.OnCommit(changes)
	}
}
