package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"time"
)

// RecordsCmd lists records of one kind.
type RecordsCmd struct {
	Kind string `arg:"" help:"For example chatbase.lead, cribbly.message or g-tateth.call."`
	Max  int    `default:"100" help:"At most so many, newest first."`
	Output
}

// recordFacts is a record as other programs read it.
type recordFacts struct {
	ID   string          `json:"id"`
	Time time.Time       `json:"time"`
	Data json.RawMessage `json:"data"`
}

// Run lists them.
func (c *RecordsCmd) Run(ctx context.Context, t *Terminal) error {
	return t.look(ctx, func(in Stores) error {
		page, _, err := in.Records.List(ctx, c.Kind, "", c.Max)
		if err != nil {
			return err
		}
		rows := []recordFacts{}
		for _, r := range page {
			rows = append(rows, recordFacts{r.ID, r.Time, r.Data})
		}
		return c.Print(t.Out, rows, func(w io.Writer) { showRecords(w, rows) })
	})
}

func showRecords(w io.Writer, rows []recordFacts) {
	Columns(w, "TIME\tID\tDATA", func(row func(...any)) {
		for _, r := range rows {
			row(r.Time.Local().Format(time.DateTime), r.ID, compact(r.Data))
		}
	})
}

// compact puts a record on one line.
func compact(data []byte) string {
	var line bytes.Buffer
	if json.Compact(&line, data) != nil {
		return string(data)
	}
	return line.String()
}
