package operator

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/records"
)

// RecordsCmd lists records of one kind, or the kinds.
type RecordsCmd struct {
	Kind string `arg:"" optional:"" help:"For example chatbase.lead, cribbly.message or g-tateth.call. Default: list the kinds."`
	Max  int    `default:"100" help:"At most so many, newest first."`
	Output
}

// recordFacts is a record as other programs read it.
type recordFacts struct {
	ID   string          `json:"id"`
	Time time.Time       `json:"time"`
	Data json.RawMessage `json:"data"`
}

// Run lists them. A kind that the handlers do not keep and that has no records is
// a mistake.
func (c *RecordsCmd) Run(ctx context.Context, t *Terminal) error {
	return t.look(ctx, func(in Stores) error {
		if c.Kind == "" {
			return c.kinds(ctx, t, in.Records)
		}
		rows, err := newest(ctx, in.Records, c.Kind, c.Max, func(r records.Record) (recordFacts, error) {
			return recordFacts{r.ID, r.Time, r.Data}, nil
		})
		if err == nil && len(rows) == 0 && !slices.Contains(handlers.Kinds(), c.Kind) {
			err = fmt.Errorf("no records of that kind; there are %s", strings.Join(handlers.Kinds(), ", "))
		}
		if err != nil {
			return err
		}
		return showRecords(c.Output, t.Out, rows)
	})
}

// newest reads the newest records of a kind, at most so many.
func newest[T any](ctx context.Context, store records.Store, kind string, most int, read func(records.Record) (T, error)) ([]T, error) {
	page, _, err := store.List(ctx, kind, "", most)
	rows := make([]T, len(page))
	for i := 0; i < len(page) && err == nil; i++ {
		rows[i], err = read(page[i])
	}
	return rows, err
}

// kindFacts says how many records of a kind there are, as far as --max counts.
type kindFacts struct {
	Kind    string `json:"kind"`
	Records int    `json:"records"`
	More    bool   `json:"more"`
	IDs     string `json:"ids,omitempty"` // the command that shows what <id> can be
}

// kinds counts, by a list per kind: no place has a cheaper way.
func (c *RecordsCmd) kinds(ctx context.Context, t *Terminal, store records.Store) error {
	var rows []kindFacts
	for _, kind := range handlers.Kinds() {
		row := kindFacts{Kind: kind}
		if model, _, perID := strings.Cut(kind, "/"); perID {
			row.IDs = idsOf(model)
		} else {
			page, next, err := store.List(ctx, kind, "", c.Max)
			if err != nil {
				return err
			}
			row.Records, row.More = len(page), next != ""
		}
		rows = append(rows, row)
	}
	return Table(c.Output, t.Out, rows, "KIND\tRECORDS", func(r kindFacts) []any {
		switch {
		case r.IDs != "":
			return []any{r.Kind, "ids: " + r.IDs}
		case r.More:
			return []any{r.Kind, fmt.Sprint(r.Records, " and more")}
		}
		return []any{r.Kind, r.Records}
	})
}

// idsOf names the command that lists the ids of a kind with one per conversation
// or session.
func idsOf(model string) string {
	ofKind := map[string]string{
		gabberMessages: "sessions",
	}
	return cmp.Or(ofKind[model], "messages "+strings.TrimSuffix(model, ".message"))
}

func showRecords(o Output, w io.Writer, rows []recordFacts) error {
	return Table(o, w, rows, "TIME\tID\tDATA", func(r recordFacts) []any { return []any{Stamp(r.Time), r.ID, compact(r.Data)} })
}

// compact puts a record on one line.
func compact(data []byte) string {
	var line bytes.Buffer
	if json.Compact(&line, data) != nil {
		return string(data)
	}
	return line.String()
}
