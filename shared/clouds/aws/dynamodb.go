package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// item is one item of a table, by attribute name.
type item map[string]attribute

// attribute is one value in DynamoDB's JSON: exactly one field is set. Numbers
// travel as decimal text, up to 38 digits and exact.
type attribute struct {
	S *string `json:",omitempty"`
	N string  `json:",omitempty"`
	B []byte  `json:",omitempty"`
}

func text(s string) attribute { return attribute{S: &s} }

func number[T ~int64](n T) attribute { return attribute{N: strconv.FormatInt(int64(n), 10)} }

// moment keeps nanoseconds, in the years 1678 to 2262.
func moment(t time.Time) attribute { return number(t.UnixNano()) }

// key is the primary key both tables have.
func key(partition, sort string) item { return item{"pk": text(partition), "sk": text(sort)} }

// text gives "" for an attribute that is not there.
func (i item) text(name string) string {
	if s := i[name].S; s != nil {
		return *s
	}
	return ""
}

// numbers reads several attributes at once; one that is not there is 0.
func (i item) numbers(into map[string]*int64) error {
	for name, n := range into {
		stored, ok := i[name]
		if !ok {
			continue
		}
		var err error
		if *n, err = strconv.ParseInt(stored.N, 10, 64); err != nil {
			return errors.New("attribute " + name + " is not a 64-bit integer")
		}
	}
	return nil
}

// condition makes a write depend on the item as it is. A refusal may give the item.
type condition struct {
	Expression string            `json:"ConditionExpression,omitempty"`
	Names      map[string]string `json:"ExpressionAttributeNames,omitempty"`
	Values     item              `json:"ExpressionAttributeValues,omitempty"`
	OnFailure  string            `json:"ReturnValuesOnConditionCheckFailure,omitempty"`
}

const oldItem = "ALL_OLD"

type put struct {
	Table string `json:"TableName"`
	Item  item
	condition
}

type update struct {
	Table  string `json:"TableName"`
	Key    item
	Update string `json:"UpdateExpression"`
	condition
}

// write is one of a transaction's.
type write struct {
	Put    *put    `json:",omitempty"`
	Update *update `json:",omitempty"`
}

type transaction struct {
	Writes []write `json:"TransactItems"`
	// Token makes a repeated request harmless for ten minutes: our own first try, whose
	// answer was lost, is no conflict. Beyond that the conditions keep entries single.
	Token string `json:"ClientRequestToken"`
}

// cancellation says what one write of a canceled transaction had to do with it;
// Code is "None" for nothing.
type cancellation struct {
	Code string
	Item item // as stored, where a condition failed and the write asked for it
}

type getItem struct {
	Table      string `json:"TableName"`
	Key        item
	Consistent bool `json:"ConsistentRead"`
}

type query struct {
	Table      string            `json:"TableName"`
	Index      string            `json:"IndexName,omitempty"`
	Condition  string            `json:"KeyConditionExpression"`
	Names      map[string]string `json:"ExpressionAttributeNames,omitempty"`
	Values     item              `json:"ExpressionAttributeValues"`
	After      item              `json:"ExclusiveStartKey,omitempty"`
	Limit      int               `json:"Limit,omitempty"`
	Forward    bool              `json:"ScanIndexForward"`
	Consistent bool              `json:"ConsistentRead"`
}

type scan struct {
	Table      string `json:"TableName"`
	Filter     string `json:"FilterExpression"`
	Values     item   `json:"ExpressionAttributeValues"`
	After      item   `json:"ExclusiveStartKey,omitempty"`
	Consistent bool   `json:"ConsistentRead"`
}

// get reads one item as of now; it is nil if there is none.
func (c *Client) get(ctx context.Context, table string, key item) (item, error) {
	var answer struct{ Item item }
	err := c.call(ctx, dynamoDB, "DynamoDB_20120810.GetItem", getItem{table, key, true}, &answer)
	return answer.Item, err
}

// query reads up to q.Limit items, all if it is 0.
func (c *Client) query(ctx context.Context, q query) ([]item, error) {
	return c.pages(ctx, "Query", &q, &q.After, q.Limit)
}

// queryAll is query, each item read.
func queryAll[T any](ctx context.Context, c *Client, q query, read func(item) (T, error)) ([]T, error) {
	items, err := c.query(ctx, q)
	if err != nil {
		return nil, err
	}
	all := make([]T, len(items))
	for i, stored := range items {
		if all[i], err = read(stored); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// scan reads the table from s.After until there are at least so many items that
// pass the filter, or no more.
func (c *Client) scan(ctx context.Context, s scan, atLeast int) ([]item, error) {
	return c.pages(ctx, "Scan", &s, &s.After, atLeast)
}

// pages repeats a request, each time after the last page, until it has enough
// items or, if that is 0, all. after points into the request.
func (c *Client) pages(ctx context.Context, operation string, request any, after *item, enough int) (items []item, err error) {
	for {
		var page struct {
			Items            []item
			LastEvaluatedKey item
		}
		if err := c.call(ctx, dynamoDB, "DynamoDB_20120810."+operation, request, &page); err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if page.LastEvaluatedKey == nil || enough > 0 && len(items) >= enough {
			return items, nil
		}
		*after = page.LastEvaluatedKey
	}
}

// wrap says what failed, if anything did.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// invalid says whether DynamoDB can never store what was written.
func invalid(err error) bool {
	refusal, ok := errors.AsType[*Error](err)
	return ok && (refusal.Code == "ValidationException" || slices.ContainsFunc(refusal.canceled, func(c cancellation) bool {
		return c.Code == "ValidationError" || c.Code == "ItemCollectionSizeLimitExceeded"
	}))
}
