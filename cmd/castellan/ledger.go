package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"castellan/internal/scribe"
	"castellan/ledger"
)

type verifyCommand struct {
	place
	JSON bool `name:"json" help:"Print the report for programs."`
}

// Run checks the ledger. Whoever trusts this machine less uses castellan-verify
// on another one, with heads that came there by another way.
func (c *verifyCommand) Run(w *world) error {
	log := slog.New(slog.DiscardHandler)
	db, v, err := c.database(w.ctx, w, log)
	if err != nil {
		return err
	}
	o := ledger.Options{Now: w.now()}
	if head, err := os.ReadFile(c.head()); err == nil {
		o.Heads = append(o.Heads, head)
	}
	report, err := ledger.Verify(w.ctx, scribe.SourceOf(db), v.LedgerVerifier(), o)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := print(w, &report, c.JSON); err != nil {
		return err
	}
	if report.Integrity == ledger.Broken || report.Completeness == ledger.Broken {
		return &exit{failed}
	}
	return nil
}

type ledgerKey struct{ place }

// Run prints the public key.
func (c *ledgerKey) Run(w *world) error {
	db, v, err := c.database(w.ctx, w, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.out, v.LedgerKey())
	return errors.Join(err, db.Close())
}

type ledgerAccept struct {
	place
	Yes bool `help:"Do not ask."`
}

// Run shows the loss, asks, and lets the ledger go on.
func (c *ledgerAccept) Run(w *world) error {
	log := slog.New(slog.DiscardHandler)
	db, v, err := c.database(w.ctx, w, log)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // everything is committed by then
	o := scribe.Options{HeadFile: c.head(), Log: log}
	s, err := scribe.Open(w.ctx, db, v, o)
	if err == nil {
		if _, err := fmt.Fprintln(w.out, "Nothing is missing; there is nothing to accept."); err != nil {
			return err
		}
		return s.Close(context.WithoutCancel(w.ctx))
	}
	var loss *scribe.LossError
	if !errors.As(err, &loss) {
		return err
	}
	w.tellLoss(loss)
	if !c.Yes {
		fmt.Fprint(w.out, "The log will go on, and say for ever that this is missing. Type \"accept\": ")
		line, err := bufio.NewReader(w.in).ReadString('\n')
		if err != nil && line == "" || strings.TrimSpace(line) != "accept" {
			return errors.New("nothing was accepted")
		}
	}
	if _, err := scribe.Accept(w.ctx, db, v, o); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.out, "The ledger goes on in a new incarnation.")
	return err
}

// tellLoss says what is missing and what can be done.
func (w *world) tellLoss(l *scribe.LossError) {
	fmt.Fprintf(w.complaints, "castellan: the ledger is not the one that was signed last. %s\n", l.Why)
	if l.Last >= l.First {
		fmt.Fprintf(w.complaints, "  Missing: entries %d to %d, of %d that there were on %s.\n", l.First, l.Last, l.Known, l.At.UTC().Format("2006-01-02 15:04:05 MST"))
	}
	if l.Writes > 0 {
		fmt.Fprintf(w.complaints, "  The ledger tells of %d changes that the records do not hold any more.\n", l.Writes)
	}
	fmt.Fprintln(w.complaints, "  If an older copy was put back, put back the newest one instead. Nothing is served until then.\n"+
		"  If there is none, accept the loss for good: castellan ledger accept, with the same --data, --database and --head-file.")
}
