package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"castellan/internal/actor"
	"castellan/internal/exchange"
	"castellan/internal/records"
	"castellan/ledger"
)

type importContacts struct {
	place
	File       string `arg:"" type:"existingfile" help:"CSV, XLSX or vCard, as other programs export it."`
	As         string `placeholder:"EMAIL" help:"In whose name, and under whose rights. By default the owner's."`
	Duplicates string `default:"skip" enum:"skip,fill,update" help:"What happens to clients who are there already: skip, fill (empty fields only) or update."`
	DryRun     bool   `help:"Only say what would happen."`
}

// Run brings the file in and says what came of it.
func (c *importContacts) Run(w *world) error {
	return c.withRooms(w, func(ctx context.Context, r *rooms) error {
		who, err := r.owner(ctx)
		if err != nil {
			return err
		}
		if c.As != "" {
			p, err := r.person(ctx, c.As)
			if err != nil {
				return err
			}
			who.Person = p.ID
		}
		return c.bring(ctx, w, r, who)
	})
}

func (c *importContacts) bring(ctx context.Context, w *world, r *rooms, who actor.Actor) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	im, err := r.imports.Upload(ctx, who, filepath.Base(c.File), f)
	if err != nil {
		return err
	}
	im.Settings.Duplicates = c.Duplicates
	if im, err = r.imports.Adjust(ctx, who, im.ID, im.Settings); err != nil {
		return err
	}
	p, err := r.imports.Preview(ctx, who, im.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "%s: %d rows; %d to create, %d to update, %d to skip, %d that cannot be read.\n", im.Settings.Guess.Source, p.Rows, p.Create, p.Update, p.Skipped, p.Refused)
	if c.DryRun {
		return nil
	}
	if err := r.imports.Start(ctx, who, im.ID); err != nil {
		return err
	}
	r.imports.Wait()
	if im, err = r.imports.Status(ctx, who, im.ID); err != nil {
		return err
	}
	if im.State != exchange.Done {
		return fmt.Errorf("the import stopped: %s", im.Problem)
	}
	_, err = fmt.Fprintf(w.out, "%d created, %d updated, %d skipped, %d refused.\n", im.Created, im.Updated, im.Skipped, im.Refused)
	return err
}

type explainCommand struct {
	place
	As     string `required:"" placeholder:"EMAIL" help:"Whose rights are meant."`
	Kind   string `arg:"" help:"Kind of record, such as contact."`
	ID     string `arg:"" name:"id" help:"Id of the record, such as contact_…"`
	Action string `default:"view" enum:"view,edit,delete,export" help:"view, edit, delete or export."`
}

// Run tells which rule admits the person to the record, and which shows or
// hides each of its fields.
func (c *explainCommand) Run(w *world) error {
	return c.withRooms(w, func(ctx context.Context, r *rooms) error {
		who, err := r.owner(ctx)
		if err != nil {
			return err
		}
		person, err := r.person(ctx, c.As)
		if err != nil {
			return err
		}
		id, ok := r.records.Record(c.Kind, c.ID)
		if !ok {
			return errors.New("there is no such record")
		}
		var action records.Action
		if err := action.UnmarshalText([]byte(c.Action)); err != nil {
			return err
		}
		answer, err := r.records.Why(ctx, who, c.Kind, id, person.ID, action, records.OnCard, "")
		if err != nil {
			return err
		}
		verdict := "may"
		if !answer.Allowed {
			verdict = "may not"
		}
		fmt.Fprintf(w.out, "%s %s %s this %s.\n", person.Name, verdict, c.Action, c.Kind)
		for _, why := range answer.Reasons {
			fmt.Fprintln(w.out, "  "+why.English())
		}
		if !answer.Allowed {
			return nil
		}
		t := tabwriter.NewWriter(w.out, 0, 4, 2, ' ', 0)
		for _, k := range r.records.Kinds() {
			if k.Name != c.Kind {
				continue
			}
			for _, f := range k.Fields {
				field, err := r.records.Why(ctx, who, c.Kind, id, person.ID, action, records.OnCard, f.Name)
				if err != nil {
					return err
				}
				because := ""
				if len(field.Reasons) > 0 {
					because = field.Reasons[0].English()
				}
				fmt.Fprintf(t, "%s\t%s\t%s\n", f.Name, field.Sight, because)
			}
		}
		return t.Flush()
	})
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// print writes the report of a check.
func print(w *world, r *ledger.Report, machine bool) error {
	if machine {
		b, err := json.MarshalIndent(r, "", "\t")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(w.out, string(b))
		return err
	}
	fmt.Fprintf(w.out, "integrity:    %s\ncompleteness: %s\nentries:      %d, %d of them proved\n", r.Integrity, r.Completeness, r.Entries, r.Proven)
	if r.Erased > 0 {
		fmt.Fprintf(w.out, "erased:       the details of %d entries, which is legal\n", r.Erased)
	}
	for _, l := range r.Losses {
		fmt.Fprintf(w.out, "declared loss: entries %d to %d, accepted on %s\n", l.First, l.Next-1, l.Time.Format("2006-01-02 15:04:05 MST"))
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		fmt.Fprintf(w.out, "%s: %s\n", f.Problem, f.Text)
	}
	if r.More > 0 {
		fmt.Fprintf(w.out, "and %d more findings\n", r.More)
	}
	return nil
}
