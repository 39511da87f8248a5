package gcp

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// query is the part of Firestore's structured queries we use.
type query struct {
	From    []collection `json:"from"`
	Where   filter       `json:"where,omitzero"`
	OrderBy []order      `json:"orderBy"`
	StartAt *cursor      `json:"startAt,omitempty"`
	Limit   int          `json:"limit,omitempty"`
}

type collection struct {
	ID string `json:"collectionId"`
}

// filter holds one of its fields.
type filter struct {
	Field *fieldFilter     `json:"fieldFilter,omitempty"`
	All   *compositeFilter `json:"compositeFilter,omitempty"`
}

type fieldFilter struct {
	Field field  `json:"field"`
	Op    string `json:"op"`
	Value value  `json:"value"`
}

type compositeFilter struct {
	Op      string   `json:"op"`
	Filters []filter `json:"filters"`
}

type field struct {
	Path string `json:"fieldPath"`
}

type order struct {
	Field     field  `json:"field"`
	Direction string `json:"direction"`
}

// cursor holds one value per OrderBy; the query goes on behind it.
type cursor struct {
	Values []value `json:"values"`
}

func where(path, op string, v value) filter {
	return filter{Field: &fieldFilter{field{path}, op, v}}
}

func both(one, other filter) filter {
	return filter{All: &compositeFilter{"AND", []filter{one, other}}}
}

// by orders by a field and, for documents of the same value, by name.
func by(path, direction string) []order {
	return []order{{field{path}, direction}, {field{"__name__"}, direction}}
}

// query reads the documents that match, as of one moment.
func (d database) query(ctx context.Context, q query) ([]*document, error) {
	in := struct {
		Query query `json:"structuredQuery"`
	}{q}
	var answer []struct {
		refusal
		Document *document
	}
	err := d.client.call(ctx, d.client.firestore, "/v1/"+d.root+":runQuery", in, &answer)
	if refused, ok := errors.AsType[*Error](err); ok && refused.Code == "FAILED_PRECONDITION" {
		return nil, fmt.Errorf("%w: %s", err, refused.message) // an index is missing, and this is how to make it
	}
	if err != nil {
		return nil, err
	}
	var documents []*document
	for _, line := range answer {
		if line.Error != nil {
			return nil, &Error{Code: line.Error.Status, Status: line.Error.Code, message: line.Error.Message}
		}
		if line.Document != nil {
			documents = append(documents, line.Document)
		}
	}
	return documents, nil
}

// queryAll is query, each document read.
func queryAll[T any](ctx context.Context, d database, q query, read func(*document) (T, error)) ([]T, error) {
	documents, err := d.query(ctx, q)
	if err != nil {
		return nil, err
	}
	all := make([]T, len(documents))
	for i, stored := range documents {
		if all[i], err = read(stored); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// wrap says what failed, if anything did.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// moment keeps nanoseconds, in the years 1678 to 2262. Firestore's own
// timestamps end at microseconds.
func moment(t time.Time) value { return number(t.UnixNano()) }

func fromNanos(n int64) time.Time { return time.Unix(0, n).UTC() }
