package exchange

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/sheet"
	"castellan/internal/store"
)

// Preview is what would happen.
type Preview struct {
	Rows                             int
	Create, Update, Skipped, Refused int
	Warnings                         int  // rows of which a value would be left out
	More                             bool // there are more rows than were looked at
	Sample                           []PreviewRow
}

// PreviewRow is one of the first rows.
type PreviewRow struct {
	Line     int
	What     string // "create", "update", "skip" or "refuse"
	Name     string
	Phones   []string
	Emails   []string
	Problems []sheet.Problem // without values
}

const (
	previewRows   = 20_000
	previewSample = 30
)

// Preview tries the import out, and changes nothing: rows go the same way as
// they will, over a trial of the records.
func (m *Imports) Preview(ctx context.Context, who actor.Actor, id int64) (*Preview, error) {
	i, err := m.mine(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if i.State != Ready {
		return nil, errStarted()
	}
	r, err := m.lines(ctx, who, i)
	if err != nil {
		return nil, err
	}
	p := &Preview{}
	trial := m.Book.Trial(who)
	lately := map[[sha256.Size]byte]schema.RecordID{}
	var waiting *line
	for end := false; !end; {
		all, next, err := r.slice(waiting)
		if end = errors.Is(err, io.EOF); err != nil && !end {
			return nil, err
		}
		waiting = next
		r.assign(all)
		var t *tally
		err = trial.Desk(ctx, func(d *records.Desk) error {
			t, err = r.put(d, all, lately)
			return err
		})
		if err != nil {
			return nil, err
		}
		for n, l := range all {
			if id := t.became[n]; id != 0 {
				lately[l.hash] = id
			}
			p.add(l, t.what[n], t.more[n])
		}
		if p.Rows >= previewRows && !end {
			p.More = true
			break
		}
	}
	return p, m.total(ctx, i, p)
}

func (p *Preview) add(l *line, what string, more []sheet.Problem) {
	p.Rows++
	switch what {
	case created:
		p.Create++
	case updated:
		p.Update++
	case skipped:
		p.Skipped++
	case refused:
		p.Refused++
	}
	problems := slices.Concat(l.problems, more)
	if what != refused && leavesOut(problems) {
		p.Warnings++
	}
	if len(p.Sample) >= previewSample && (what != refused || len(p.Sample) >= 2*previewSample) {
		return
	}
	row := PreviewRow{Line: l.row.Line, What: what, Name: l.draft.Name}
	for _, ph := range l.draft.Phones {
		row.Phones = append(row.Phones, ph.Number)
	}
	for _, e := range l.draft.Emails {
		row.Emails = append(row.Emails, e.Address)
	}
	for _, pr := range problems {
		pr.Value = ""
		row.Problems = append(row.Problems, pr)
	}
	p.Sample = append(p.Sample, row)
}

// total remembers how many rows there are, for the progress.
func (m *Imports) total(ctx context.Context, i *Import, p *Preview) error {
	n := p.Rows
	if p.More {
		n = max(n, i.Settings.Guess.Rows)
	}
	err := m.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text("UPDATE import SET total = ? WHERE id = ? AND state = 'ready'"), int64(n), i.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("remember the size of an import: %w", err)
	}
	return nil
}
