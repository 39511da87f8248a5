package operator

import (
	"context"
	"errors"
	"fmt"

	"github.com/webhook-functions/template/shared/handlers"
)

// CallerCmd fills the table of callers.
type CallerCmd struct {
	Number string `arg:"" help:"A telephone number; spaces, dots, dashes and brackets do not count."`
	Human  string `arg:"" help:"The platform's human id."`
}

// Run keeps one row; the latest one of a number counts.
func (c *CallerCmd) Run(ctx context.Context, t *Terminal) error {
	if c.Number == "" || c.Human == "" {
		return errors.New("a number and a human are needed")
	}
	return t.change(ctx, func(in Stores) error {
		if _, err := in.Records.Put(ctx, handlers.Caller(c.Number, c.Human, t.Now())); err != nil {
			return err
		}
		fmt.Fprintln(t.Out, "kept")
		return nil
	})
}
