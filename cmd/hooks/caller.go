package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
)

type callerCmd struct {
	Number string `arg:"" help:"A telephone number; spaces, dots, dashes and brackets do not count."`
	Human  string `arg:"" help:"The platform's human id."`
	database
}

func (c *callerCmd) Run(ctx context.Context) error {
	if c.Number == "" || c.Human == "" {
		return errors.New("a number and a human are needed")
	}
	db, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Records().Put(ctx, handlers.Caller(c.Number, c.Human, time.Now())); err != nil {
		return err
	}
	fmt.Println("kept")
	return nil
}
