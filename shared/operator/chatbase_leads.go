package operator

import (
	"context"
	"time"

	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/records"
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
		rows, err := newest(ctx, in.Records, chatbase.LeadKind, c.Max, leadOf)
		if err != nil {
			return err
		}
		return Table(c.Output, t.Out, rows, "RECEIVED\tNAME\tE-MAIL\tPHONE\tCHATBOT\tCONVERSATION", func(r leadFacts) []any {
			return []any{Stamp(r.Received), r.Name, r.Email, r.Phone, r.Chatbot, r.Conversation}
		})
	})
}

func leadOf(r records.Record) (leadFacts, error) {
	e, err := envelope.As[chatbase.LeadsSubmit](chatbase.Decode(r.Data))
	return leadFacts{r.Time, e.ChatbotID, e.Lead.ConversationID, e.Lead.Name, e.Lead.Email, e.Lead.Phone}, err
}
