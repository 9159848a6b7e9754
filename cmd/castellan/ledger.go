package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"castellan/internal/scribe"
	"castellan/ledger"
)

type verifyCommand struct{ place }

// Run checks the ledger as it lies in the database, with the workspace's own key
// and the head that is kept outside.
func (c *verifyCommand) Run(ctx context.Context, out output) error {
	db, v, err := c.foundation(ctx, nil)
	if err != nil {
		return err
	}
	options := ledger.Options{Now: time.Now(), Heartbeat: heartbeat + heartbeat/2}
	if head, herr := os.ReadFile(c.head()); herr == nil {
		options.Heads = [][]byte{head}
	}
	report, err := ledger.Verify(ctx, scribe.SourceOf(db), v.LedgerVerifier(), options)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	fmt.Fprintf(out.out, "%d entries. Integrity: %s. Completeness: %s.\n", report.Entries, report.Integrity, report.Completeness)
	for _, l := range report.Losses {
		fmt.Fprintf(out.out, "  Accepted on %s: entries %d to %d are lost.\n", l.Time.UTC().Format(time.DateOnly), l.First, l.Next-1)
	}
	for _, f := range report.Findings {
		fmt.Fprintln(out.out, "  "+f.Text)
	}
	if !report.OK() {
		return errors.New("the ledger is not whole")
	}
	return nil
}

type ledgerCommand struct {
	Accept ledgerAccept `cmd:"" help:"Let the log go on after a loss, which it will tell of for good."`
	Key    ledgerKey    `cmd:"" help:"Print the public key."`
	Bundle ledgerBundle `cmd:"" help:"Write a copy that anybody can check with castellan-verify and the public key."`
}

type ledgerAccept struct {
	place
	Yes bool `help:"Accept without being asked."`
}

// Run shows the loss and, when the operator says so, accepts it.
func (c *ledgerAccept) Run(ctx context.Context, out output) (err error) {
	db, v, err := c.foundation(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	o := c.scribe(nil)
	s, err := scribe.Open(ctx, db, v, o)
	if err == nil {
		fmt.Fprintln(out.out, "The ledger is whole: there is nothing to accept.")
		return s.Close(ctx)
	}
	var loss *scribe.LossError
	if !errors.As(err, &loss) {
		return err
	}
	fmt.Fprintln(out.out, loss.Error())
	if !c.Yes {
		fmt.Fprint(out.out, "Accept it? The log will say so for good. Type yes: ")
		answer, rerr := bufio.NewReader(os.Stdin).ReadString('\n')
		if rerr != nil || strings.TrimSpace(answer) != "yes" {
			return errors.New("nothing was accepted, and nothing has changed")
		}
	}
	if _, err := scribe.Accept(ctx, db, v, o); err != nil {
		return err
	}
	fmt.Fprintln(out.out, "Accepted. The log goes on in a new incarnation.")
	return nil
}

type ledgerKey struct{ place }

// Run prints the public key.
func (c *ledgerKey) Run(ctx context.Context, out output) (err error) {
	db, v, err := c.foundation(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(out.out, v.LedgerKey())
	return db.Close()
}

type ledgerBundle struct {
	place
	Dir string `arg:"" help:"New directory for the copy." type:"path"`
}

// Run writes the bundle.
func (c *ledgerBundle) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		if err := r.scribe.Flush(ctx); err != nil {
			return err
		}
		if err := os.Mkdir(c.Dir, 0o700); err != nil {
			return fmt.Errorf("make the directory: %w", err)
		}
		head, err := ledger.WriteBundle(ctx, r.scribe.Source(), r.vault.LedgerVerifier(), func(name string) (io.WriteCloser, error) {
			path := filepath.Join(c.Dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return nil, err
			}
			return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(out.out, "%d entries, signed at %s.\n", head.Size, head.Time.UTC().Format(time.DateTime))
		return nil
	})
}
