package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"castellan/internal/exchange"
	"castellan/internal/policy"
)

type importCommand struct {
	Contacts importContacts `cmd:"" help:"Clients: CSV, XLSX or vCard, whatever wrote it."`
}

type importContacts struct {
	place
	File       string `arg:"" help:"The file." type:"existingfile"`
	As         string `help:"Mail address of whoever imports; the new clients are theirs. Default: the first owner." placeholder:"EMAIL"`
	Duplicates string `help:"What happens to clients who are there already: skip leaves them, fill writes only into empty fields, update lets the file count." default:"skip" enum:"skip,fill,update"`
	DryRun     bool   `help:"Only say what would happen."`
	Refused    string `help:"Where to write the rows that did not come in whole, and why: a new file." type:"path" placeholder:"FILE"`
}

// Run imports a file under the rights of one person.
func (c *importContacts) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		in, err := r.owner(ctx)
		if c.As != "" {
			in, err = r.active(ctx, c.As)
		}
		if err != nil {
			return err
		}
		who := as(in)
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("open the file: %w", err)
		}
		defer f.Close()
		refused, err := c.refused()
		if err != nil {
			return err
		}
		told := false
		defer func() {
			if refused != nil && !told {
				_ = errors.Join(refused.Close(), os.Remove(c.Refused)) // it is empty
			}
		}()
		i, err := r.imports.Upload(ctx, who, filepath.Base(c.File), f)
		if err != nil {
			return err
		}
		s := i.Settings
		s.Duplicates = c.Duplicates
		if i, err = r.imports.Adjust(ctx, who, i.ID, s); err != nil {
			return err
		}
		p, err := r.imports.Preview(ctx, who, i.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(out.out, "Recognised as %s. %d new, %d changed, %d skipped, %d refused, %d with something left out.\n", i.Settings.Guess.Source, p.Create, p.Update, p.Skipped, p.Refused, p.Warnings)
		if c.DryRun {
			return nil
		}
		if err := r.imports.Start(ctx, who, i.ID); err != nil {
			return err
		}
		ended := make(chan struct{})
		go func() { r.imports.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-ctx.Done():
			return errors.New("stopped in the middle. The import goes on when the workspace is served next")
		}
		if i, err = r.imports.Status(ctx, who, i.ID); err != nil {
			return err
		}
		if i.State != exchange.Done {
			return fmt.Errorf("the import is %s: %s", i.State, i.Problem)
		}
		fmt.Fprintf(out.out, "Done: %d new, %d changed, %d skipped, %d refused.\n", i.Created, i.Updated, i.Skipped, i.Refused)
		if refused == nil {
			if i.Told > 0 {
				fmt.Fprintln(out.out, "Some rows did not come in whole. The same import with --refused FILE doubles nothing and writes them, with the reasons.")
			}
			return nil
		}
		told = true
		return errors.Join(r.imports.Refused(ctx, who, i.ID, refused), refused.Close())
	})
}

// refused makes the file of refused rows before anything happens: it would be
// late to learn afterwards that it cannot be written. It is nil if none is wanted.
func (c *importContacts) refused() (*os.File, error) {
	if c.Refused == "" || c.DryRun {
		return nil, nil
	}
	f, err := os.OpenFile(c.Refused, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s is there already. Name a new file with --refused", c.Refused)
	}
	if err != nil {
		return nil, fmt.Errorf("write the refused rows: %w", err)
	}
	return f, nil
}

type explainCommand struct {
	place
	As     string `required:"" help:"Mail address of the person asked about." placeholder:"EMAIL"`
	Kind   string `arg:"" help:"Kind of record, such as contact."`
	ID     string `arg:"" name:"id" help:"Id of the record, as in its address: contact_…"`
	Action string `help:"What is done: view, edit, delete or export." default:"view" enum:"view,edit,delete,export"`
}

// Run tells, in the name of the first owner, what lets the person reach the
// record, and how much of each of its fields they see there, and why.
func (c *explainCommand) Run(ctx context.Context, out output) error {
	return quietly(ctx, out, c.place, func(r *rooms) error {
		owner, err := r.owner(ctx)
		if err != nil {
			return err
		}
		person, err := r.active(ctx, c.As)
		if err != nil {
			return err
		}
		id, ok := r.book.Record(c.Kind, c.ID)
		if !ok {
			return errors.New("this is not the id of such a record. It stands at the end of the record's address, as in contact_…")
		}
		var a policy.Action
		if err := a.UnmarshalText([]byte(c.Action)); err != nil {
			return err
		}
		verdict, err := r.book.Why(ctx, as(owner), c.Kind, id, person.ID, a, policy.Card, "")
		if err != nil {
			return err
		}
		word := "may"
		if !verdict.Allowed {
			word = "may not"
		}
		fmt.Fprintf(out.out, "%s %s %s this %s.\n", person.Name, word, c.Action, c.Kind)
		for _, why := range verdict.Reasons {
			fmt.Fprintln(out.out, "  "+why.English())
		}
		if !verdict.Allowed {
			return nil
		}
		fmt.Fprintln(out.out)
		t := table(out)
		for _, k := range r.book.Kinds() {
			if k.Name != c.Kind {
				continue
			}
			for _, f := range k.Fields {
				of, err := r.book.Why(ctx, as(owner), c.Kind, id, person.ID, a, policy.Card, f.Name)
				if err != nil {
					return err
				}
				because := ""
				if len(of.Reasons) > 0 {
					because = of.Reasons[0].English()
				}
				fmt.Fprintf(t, "%s\t%s\t%s\n", f.Name, of.Sight, because)
			}
		}
		return t.Flush()
	})
}
