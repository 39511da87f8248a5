package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"time"
)

type recordsCmd struct {
	Kind string `arg:"" help:"For example chatbase.lead, cribbly.message or g-tateth.call."`
	Max  int    `default:"100" help:"At most so many, newest first."`
	database
	output
}

// recordFacts is a record as other programs read it.
type recordFacts struct {
	ID   string          `json:"id"`
	Time time.Time       `json:"time"`
	Data json.RawMessage `json:"data"`
}

func (c *recordsCmd) Run(ctx context.Context) error {
	db, err := c.existing(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	page, _, err := db.Records().List(ctx, c.Kind, "", c.Max)
	if err != nil {
		return err
	}
	rows := []recordFacts{}
	for _, r := range page {
		rows = append(rows, recordFacts{r.ID, r.Time, r.Data})
	}
	return c.print(os.Stdout, rows, func(w io.Writer) {
		columns(w, "TIME\tID\tDATA", func(row func(...any)) {
			for _, r := range rows {
				row(r.Time.Local().Format(time.DateTime), r.ID, string(r.Data))
			}
		})
	})
}
