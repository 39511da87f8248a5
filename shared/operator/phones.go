package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/webhook-functions/template/shared/accounts"
)

// CallerCmd fills the table of callers.
type CallerCmd struct {
	Number string `arg:"" help:"A telephone number; spaces, dots, dashes and brackets do not count."`
	Human  string `arg:"" help:"The platform's human id."`
}

// Run keeps one row; the latest one of a number counts.
func (c *CallerCmd) Run(ctx context.Context, t *Terminal) error {
	if err := checkName(c.Human); err != nil {
		return err
	}
	if !strings.ContainsFunc(c.Number, unicode.IsDigit) || strings.ContainsFunc(c.Number, unicode.IsLetter) {
		return errors.New("that is no telephone number")
	}
	return t.change(ctx, func(in Stores) error {
		if _, err := in.Records.Put(ctx, accounts.PhoneOwner(c.Number, c.Human, t.Now())); err != nil {
			return err
		}
		fmt.Fprintln(t.Out, "kept")
		return nil
	})
}
