package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/strict"
)

type leadsCmd struct {
	Max int `default:"100" help:"At most so many, newest first."`
	database
	output
}

// leadFacts is a lead as other programs read it.
type leadFacts struct {
	Received     time.Time `json:"received"`
	Conversation string    `json:"conversation"`
	Name         string    `json:"name"`
	Email        string    `json:"email"`
	Phone        string    `json:"phone"`
}

func (c *leadsCmd) Run(ctx context.Context) error {
	db, err := c.existing(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	page, _, err := db.Records().List(ctx, handlers.LeadKind, "", c.Max)
	if err != nil {
		return err
	}
	rows := make([]leadFacts, len(page))
	for i, r := range page {
		var lead chatbase.Lead
		if err := strict.Unmarshal(r.Data, &lead); err != nil {
			return err
		}
		rows[i] = leadFacts{r.Time, r.ID, lead.Name, lead.Email, lead.Phone}
	}
	return c.print(os.Stdout, rows, func(w io.Writer) {
		columns(w, "RECEIVED\tNAME\tE-MAIL\tPHONE\tCONVERSATION", func(row func(...any)) {
			for _, r := range rows {
				row(r.Received.Local().Format(time.DateTime), r.Name, r.Email, r.Phone, r.Conversation)
			}
		})
	})
}
