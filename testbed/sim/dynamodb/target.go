package dynamodb

const (
	maxPK   = 2048       // bytes
	maxSK   = 1024       // bytes
	maxItem = 400 * 1024 // bytes
)

// check refuses an action that is wrong by itself, without the stored item, and parses it.
func (t *target) check(put bool) error {
	if t.TableName == "" {
		return invalid("The parameter 'TableName' is required but was not present in the request")
	}
	if put == (t.Item == nil) || put != (t.Key == nil) || put != (t.UpdateExpression == "") {
		return unknown("an action with these members")
	}
	if on := t.ReturnValuesOnConditionCheckFailure; on != "" && on != "ALL_OLD" && on != "NONE" {
		return invalid("Value at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, NONE]")
	}
	if err := t.parse(); err != nil {
		return err
	}
	if put {
		return t.checkItem()
	}
	if len(t.Key) != 2 {
		return invalid("The number of conditions on the keys is invalid")
	}
	return t.readKey(t.Key)
}

func (t *target) parse() (err error) {
	var expressions []*expression
	if t.UpdateExpression != "" {
		if t.update, err = parseUpdate(t.UpdateExpression); err != nil {
			return err
		}
		expressions = append(expressions, t.update)
	}
	if t.ConditionExpression != "" {
		if t.condition, err = parseCondition(t.ConditionExpression); err != nil {
			return err
		}
		expressions = append(expressions, t.condition)
	}
	if err = t.placeholders().check(expressions...); err == nil && t.update != nil {
		err = t.update.checkSteps(t.placeholders())
	}
	return err
}

func (t *target) placeholders() placeholders {
	return placeholders{t.ExpressionAttributeNames, t.ExpressionAttributeValues}
}

func (t *target) checkItem() error {
	if err := t.readKey(t.Item); err != nil {
		return err
	}
	if t.Item.size() > maxItem {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	return checkIndexKey(t.Item.get(indexed(t.TableName)))
}

func (t *target) readKey(from item) (err error) {
	t.key, err = readKey(from)
	return err
}

// readKey reads a primary key. Its length is another matter: see checkLength.
func readKey(from item) (key, error) {
	pk, sk := from.get("pk"), from.get("sk")
	switch {
	case pk.kind == 0 || sk.kind == 0:
		return key{}, invalid("One of the required keys was not given a value")
	case pk.kind != 'S' || sk.kind != 'S':
		return key{}, invalid("One or more parameter values were invalid: Type mismatch for key")
	case pk.text == "" || sk.text == "":
		return key{}, invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value")
	}
	return key{pk.text, sk.text}, nil
}

func (k key) checkLength() error {
	if len(k.pk) > maxPK || len(k.sk) > maxSK {
		return invalid("Hash primary key values must be under %d bytes, and range primary key values must be under %d bytes", maxPK, maxSK)
	}
	return nil
}

// checkIndexKey refuses a partition that no index can have.
func checkIndexKey(partition value) error {
	switch {
	case partition.kind == 'S' && partition.text == "":
		return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value")
	case len(partition.text) > maxPK:
		return invalid("One or more parameter values were invalid: Size limit exceeded")
	}
	return nil
}

// checkIndexTypes refuses attributes of another type than the index declares.
func (t *table) checkIndexTypes(i item) error {
	partition, sort := i.get(t.index), i.get("time")
	if partition.kind != 0 && partition.kind != 'S' || sort.kind != 0 && sort.kind != 'N' {
		return invalid("One or more parameter values were invalid: Type mismatch for Index Key")
	}
	return nil
}

// plan gives the item that the action makes of the one that is stored.
func (t *target) plan(in *table) (item, *refusal) {
	if err := t.key.checkLength(); err != nil {
		return nil, refusalOf(err)
	}
	old := in.item(t.key)
	if t.condition != nil && !t.condition.condition.holds(old, t.placeholders()) {
		failed := refuse("ConditionalCheckFailedException", "The conditional request failed")
		if t.ReturnValuesOnConditionCheckFailure == "ALL_OLD" {
			failed.item = old
		}
		return nil, failed
	}
	made, err := t.Item, in.checkIndexTypes(t.Item)
	if t.update != nil {
		made, err = t.updated(in, old)
	}
	if err != nil {
		return nil, refusalOf(err)
	}
	return made, nil
}

func (t *target) updated(in *table, old item) (item, error) {
	made, err := t.update.update(t.key, old, t.placeholders())
	if err == nil && made.size() > maxItem {
		err = invalid("Item size to update has exceeded the maximum allowed size")
	}
	if err == nil {
		err = checkIndexKey(made.get(in.index))
	}
	if err == nil {
		err = in.checkIndexTypes(made)
	}
	return made, err
}
