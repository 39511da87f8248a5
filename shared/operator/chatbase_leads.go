package operator

import (
	"context"
	"io"
	"time"

	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/providers/envelope"
)

// LeadsCmd lists what visitors left with chatbots.
type LeadsCmd struct {
	Max int `default:"100" help:"At most so many, newest first."`
	Output
}

// leadFacts is a lead as other programs read it.
type leadFacts struct {
	Received     time.Time `json:"received"`
	Chatbot      string    `json:"chatbot"`
	Conversation string    `json:"conversation"`
	Name         string    `json:"name"`
	Email        string    `json:"email"`
	Phone        string    `json:"phone"`
}

// Run lists them.
func (c *LeadsCmd) Run(ctx context.Context, t *Terminal) error {
	return t.look(ctx, func(in Stores) error {
		page, _, err := in.Records.List(ctx, chatbase.LeadKind, "", c.Max)
		if err != nil {
			return err
		}
		rows := make([]leadFacts, len(page))
		for i, r := range page {
			e, err := envelope.As[chatbase.LeadsSubmit](chatbase.Decode(r.Data))
			if err != nil {
				return err
			}
			rows[i] = leadFacts{r.Time, e.ChatbotID, e.Lead.ConversationID, e.Lead.Name, e.Lead.Email, e.Lead.Phone}
		}
		return c.Print(t.Out, rows, func(w io.Writer) {
			Columns(w, "RECEIVED\tNAME\tE-MAIL\tPHONE\tCHATBOT\tCONVERSATION", func(row func(...any)) {
				for _, r := range rows {
					row(Stamp(r.Received), r.Name, r.Email, r.Phone, r.Chatbot, r.Conversation)
				}
			})
		})
	})
}
