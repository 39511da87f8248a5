package dynamodb

func (d *Database) getItem(body []byte) ([]byte, error) {
	var r struct {
		TableName      string
		Key            item
		ConsistentRead bool
	}
	if err := decode(body, &r); err != nil {
		return nil, err
	}
	if len(r.Key) != 2 {
		return nil, invalid("The number of conditions on the keys is invalid")
	}
	k, err := readKey(r.Key)
	if err == nil {
		err = k.checkLength()
	}
	if err != nil {
		return nil, err
	}
	var i item
	if row := d.table(r.TableName).rows[k]; row != nil {
		i = d.view(row, r.ConsistentRead)
	}
	if i == nil {
		return []byte("{}"), nil
	}
	return append(appendItem([]byte(`{"Item":`), i), '}'), nil
}

// view is the item that a read sees; nil for none.
func (d *Database) view(r *row, consistent bool) item {
	if consistent || d.IndexLag == 0 {
		return r.last.item
	}
	return r.asOf(d.now().Add(-d.IndexLag))
}

func (d *Database) scan(body []byte) ([]byte, error) {
	var r struct {
		read
		FilterExpression string
	}
	if err := decode(body, &r); err != nil {
		return nil, err
	}
	filter, err := r.parse(r.FilterExpression)
	if err != nil {
		return nil, err
	}
	all, err := d.find(&r.read, d.table(r.TableName).ordered(), primary, nil, true)
	if err != nil {
		return nil, err
	}
	return r.page(all, primary, filter), nil
}

func (d *Database) query(body []byte) ([]byte, error) {
	var r struct {
		read
		IndexName              string
		KeyConditionExpression string
		ScanIndexForward       *bool
	}
	if err := decode(body, &r); err != nil {
		return nil, err
	}
	t := d.table(r.TableName)
	s, err := t.schema(r.IndexName, r.ConsistentRead)
	if err != nil {
		return nil, err
	}
	keys, err := r.parse(r.KeyConditionExpression)
	if err != nil {
		return nil, err
	}
	pk, err := s.partition(keys, r.placeholders())
	if err != nil {
		return nil, err
	}
	rows := t.ordered()
	if !s.index {
		rows = t.partition(pk)
	}
	all, err := d.find(&r.read, rows, s, keys, r.ScanIndexForward == nil || *r.ScanIndexForward)
	if err != nil {
		return nil, err
	}
	return r.page(all, s, nil), nil
}

// parse reads the only expression of the request, and checks the rest.
func (r *read) parse(text string) (*node, error) {
	if r.TableName == "" {
		return nil, invalid("The parameter 'TableName' is required but was not present in the request")
	}
	if r.Limit != nil && *r.Limit < 1 {
		return nil, invalid("Limit must be greater than or equal to 1")
	}
	e := new(expression)
	if text != "" {
		var err error
		if e, err = parseCondition(text); err != nil {
			return nil, err
		}
	}
	return e.condition, r.placeholders().check(e)
}
