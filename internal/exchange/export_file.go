package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// ExportFile is a file on its way out. Close must be called: a file that broke
// off may be taken again.
type ExportFile struct {
	Name  string
	Media string
	Size  int64

	m       *Exports
	ctx     context.Context // of the request
	e       *Export
	who     actor.Actor
	taking  bool // it leaves for the first time
	taken   time.Time
	place   int
	read    int64
	open    []byte
	whole   bool
	checked time.Time
}

// Fetch opens the file of an export: for whoever asked for it once, in the
// session in which they asked and until its time is over; and from the archive
// for those who may read that, each time noted with every record that is in it.
func (m *Exports) Fetch(ctx context.Context, who actor.Actor, id int64) (*ExportFile, error) {
	if who.ViewAs != 0 {
		return nil, fault.New(fault.Denied, "viewas.readonly", "While viewing as somebody else nothing can be changed or revealed.")
	}
	e, err := m.Status(ctx, who, id)
	if err != nil {
		return nil, err
	}
	f := &ExportFile{m: m, ctx: ctx, e: e, who: who, Size: e.Size, checked: m.DB.Now(),
		Name: m.fileName(e), Media: "text/csv; charset=utf-8"}
	if e.Format == XLSX {
		f.Media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	switch {
	case e.Open:
		return f, f.take()
	case e.Archive:
		if e.By.Person != who.Person {
			if err := m.takenIn(ctx, who, e); err != nil {
				return nil, err
			}
		}
		return f, m.Scribe.Note(ctx, scribe.Entry{Event: "export.fetched", Who: who, Kind: "export", Records: []schema.RecordID{schema.RecordID(e.ID)}, Surface: string(policy.ExportFile)})
	case e.State == Asked || e.State == Making:
		return nil, fault.New(fault.Conflict, "export.making", "The file is not made yet.")
	case e.State == Taken && same(who, e.By):
		return nil, fault.New(fault.Conflict, "export.taken", "This file was fetched already. It can be fetched once; ask for it again.")
	}
	return nil, fault.New(fault.Missing, "export.gone", "This file cannot be fetched any more: its time is over, or the session in which it was asked for. Ask for it again.")
}

// fileName is what the file of an export is called.
func (m *Exports) fileName(e *Export) string {
	return fmt.Sprintf("%s %s.%s", e.Kind, e.Made.In(m.Zone()).Format("2006-01-02 15-04"), e.Format)
}

// take lets the file leave, if nobody was faster.
func (f *ExportFile) take() error {
	m := f.m
	if err := m.Stands(f.ctx, f.who); err != nil {
		return err
	}
	now, err := m.Book.ExportRights(f.ctx, f.who, f.e.Kind)
	if err != nil {
		return err
	}
	if now != f.e.rights {
		return fault.New(fault.Denied, "export.rights", "What you may export has changed since. Ask for the file again.")
	}
	f.taking = true
	return m.DB.Write(f.ctx, func(tx *store.Tx) error {
		f.taken = tx.Now()
		n, err := tx.Exec(f.ctx, store.Text("UPDATE export SET state = 'taken', taken_at = ?, version = version + 1 WHERE id = ? AND state = 'made' AND ends_at > ?"), f.taken, f.e.ID, tx.Now())
		if err != nil {
			return fmt.Errorf("let a file leave: %w", err)
		}
		if n == 0 {
			return fault.New(fault.Conflict, "export.taken", "This file was fetched already. It can be fetched once; ask for it again.")
		}
		return m.Scribe.Write(f.ctx, tx, scribe.Entry{Event: "export.taken", Who: f.who, Kind: "export", Records: []schema.RecordID{schema.RecordID(f.e.ID)}, Surface: string(policy.ExportFile),
			Details: map[string]any{"kind": f.e.Kind, "records": f.e.Records, "size": f.e.Size}})
	})
}

// Read is io.Reader. A file that leaves is watched like one that is made: it
// breaks off when whoever takes it may not any more.
func (f *ExportFile) Read(b []byte) (int, error) {
	if now := f.m.DB.Now(); now.Sub(f.checked) >= watchEvery {
		if err := f.m.Stands(f.ctx, f.who); err != nil {
			return 0, err
		}
		f.checked = now
	}
	if len(f.open) == 0 {
		if f.read >= f.Size {
			f.whole = true
			return 0, io.EOF
		}
		var sealed []byte
		err := f.m.DB.QueryRow(f.ctx, store.Text("SELECT data FROM export_piece WHERE export = ? AND place = ?"), f.e.ID, int64(f.place)).Scan(&sealed)
		if err != nil {
			return 0, fmt.Errorf("read a piece of an export: %w", err)
		}
		if f.open, err = f.m.Vault.Open(exportPieceOf(f.e.ID, f.place), sealed); err != nil {
			return 0, fmt.Errorf("open a piece of an export: %w", err)
		}
		f.place++
		f.read += int64(len(f.open))
	}
	n := copy(b, f.open)
	f.open = f.open[n:]
	return n, nil
}

// Close ends the way out. What did not arrive whole may be fetched again, while
// its time lasts.
func (f *ExportFile) Close() error {
	if !f.taking || f.whole {
		return nil
	}
	ctx := context.WithoutCancel(f.ctx)
	err := f.m.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text("UPDATE export SET state = 'made', taken_at = NULL, version = version + 1 WHERE id = ? AND state = 'taken' AND taken_at = ?"), f.e.ID, f.taken)
		return err
	})
	if err != nil {
		return errors.Join(errors.New("a file that broke off cannot be fetched again"), err)
	}
	return nil
}
