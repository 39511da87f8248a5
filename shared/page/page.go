// Package page cuts lists into pages. A cursor is the (time, id) of the last item
// of a page: "1762160400000000000 id", the time in Unix nanoseconds.
//
//	at, id, err := page.Parse(cursor)        // unless cursor is ""
//	items := …                               // up to page.Limit(limit)+1 of them after (at, id)
//	items, next := page.Cut(items, limit, func(e Entry) string { return page.Cursor(e.Time, e.ID) })
package page

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Cursor gives the cursor of an item, in the years 1678 to 2262.
func Cursor(at time.Time, id string) string {
	return strconv.FormatInt(at.UnixNano(), 10) + " " + id
}

// Parse gives the time and the id of a cursor.
func Parse(cursor string) (at time.Time, id string, err error) {
	digits, id, ok := strings.Cut(cursor, " ")
	nanos, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil {
		return time.Time{}, "", errors.New("cursor is not one of this store")
	}
	return time.Unix(0, nanos).UTC(), id, nil
}

// Limit gives the number of items on a page: at least one.
func Limit(limit int) int { return max(limit, 1) }

// Cut gives the first limit items and the cursor of the last of them, "" if there
// is no other item.
func Cut[T any](items []T, limit int, cursor func(T) string) (page []T, next string) {
	if limit = Limit(limit); len(items) <= limit {
		return items, ""
	}
	return items[:limit], cursor(items[limit-1])
}

// Name is the cursor of a list of names.
func Name(name string) string { return name }

// Each calls do with the items of every page, until an error.
func Each[T any](read func(cursor string) (items []T, next string, err error), do func(T) error) error {
	for cursor := ""; ; {
		items, next, err := read(cursor)
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := do(item); err != nil {
				return err
			}
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}
