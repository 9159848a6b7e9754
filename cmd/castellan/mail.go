package main

import (
	"context"
	"errors"
	"fmt"

	"castellan/internal/actor"
)

type mailCommand struct {
	Test mailTest `cmd:"" help:"Send a test mail now, with the settings that serve would use."`
}

type mailTest struct {
	place
	doorway
	posting
	To       string `arg:"" help:"Mail address to send it to."`
	Language string `help:"Language of the mail: en, ru, it or pl." default:"en" enum:"en,ru,it,pl"`
}

// Run sends the mail and says what came of it.
func (c *mailTest) Run(ctx context.Context, out output) error {
	if err := c.doorway.check(); err != nil {
		return err
	}
	server, err := c.server(c.doorway)
	if err != nil {
		return err
	}
	if server.Host == "" {
		return errors.New("no mail server is set: --mail-server smtp://user@host:587")
	}
	return withMail(ctx, out, c.place, carrier{server: server, url: c.base("")}, func(r *rooms) error {
		if err := r.mail.Try(ctx, actor.House(), c.To, c.To, c.Language); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out.out, "The mail server has taken a test mail.")
		return err
	})
}
