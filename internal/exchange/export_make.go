package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// watchEvery is how often it is asked whether an export may go on: several times
// in the second within which it must have ended.
const watchEvery = 200 * time.Millisecond

// errStopped says that the export is no longer for this worker to make: it was
// cancelled, or another worker has begun it anew.
var errStopped = errors.New("the export was stopped, or is made elsewhere")

// make is the job that makes one file.
func (m *Exports) make(ctx context.Context, j jobs.Job) error {
	var args exportArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return fmt.Errorf("read the arguments of an export: %w", err)
	}
	e, err := m.find(ctx, args.Export)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	if e.State != Asked && e.State != Making {
		return nil
	}
	if err := m.begin(ctx, e); err != nil {
		if errors.Is(err, errStopped) {
			return nil
		}
		return err
	}
	work, stop := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() { defer close(watched); m.watch(work, stop, e) }()
	err = m.goOn(work, e)
	if err == nil {
		err = m.fill(work, e, j)
	}
	if met := context.Cause(work); err != nil && met != nil && ctx.Err() == nil {
		err = met
	}
	stop(nil)
	<-watched
	after := context.WithoutCancel(ctx)
	switch f, told := fault.As(err); {
	case err == nil, errors.Is(err, errStopped), errors.Is(err, jobs.ErrLost):
		return nil
	case told:
		_, err := m.end(after, e.By, e, whyEnded(f), &j)
		return err
	case ctx.Err() == nil && j.Attempt >= j.Attempts:
		_, failed := m.end(after, e.By, e, "fault", nil)
		return errors.Join(err, failed)
	}
	return err // it is made anew, by the next attempt
}

// whyEnded is why an export may not go on, in a word of the house.
func whyEnded(f *fault.Fault) string {
	switch {
	case f.Kind == fault.Unknown, strings.HasPrefix(f.Code, "session."):
		return "session"
	case f.Code == "entry.hour", f.Code == "entry.network":
		return "entry"
	}
	return "rights"
}

// begin makes an export this worker's, and throws away what another one left.
func (m *Exports) begin(ctx context.Context, e *Export) error {
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text("UPDATE export SET state = 'making', run = run + 1, records = 0, size = 0, version = version + 1 WHERE id = ? AND run = ? AND state IN ('asked', 'making')"), e.ID, e.run)
		if err != nil {
			return fmt.Errorf("begin an export: %w", err)
		}
		if n == 0 {
			return errStopped
		}
		if _, err := tx.Exec(ctx, store.Text("DELETE FROM export_piece WHERE export = ?"), e.ID); err != nil {
			return fmt.Errorf("begin an export: %w", err)
		}
		tx.AfterCommit(func() { e.run, e.State, e.Records, e.Size = e.run+1, Making, 0, 0 })
		return nil
	})
}

// goOn tells whether the export may go on: nil, a fault, or errStopped.
func (m *Exports) goOn(ctx context.Context, e *Export) error {
	var run int64
	var state ExportState
	if err := m.DB.QueryRow(ctx, store.Text("SELECT run, state FROM export WHERE id = ?"), e.ID).Scan(&run, &state); err != nil {
		return fmt.Errorf("look after an export: %w", err)
	}
	if run != e.run || state != Making {
		return errStopped
	}
	if err := m.Stands(ctx, e.By); err != nil {
		return err
	}
	now, err := m.Book.ExportRights(ctx, e.By, e.Kind)
	if err == nil && now != e.rights {
		err = fault.New(fault.Denied, "export.rights", "What you may export has changed since. Ask for the file again.")
	}
	return err
}

// watch stops the work as soon as it may not go on, whatever it is doing then.
func (m *Exports) watch(ctx context.Context, stop context.CancelCauseFunc, e *Export) {
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		err := m.goOn(ctx, e)
		if _, told := fault.As(err); told || errors.Is(err, errStopped) {
			stop(err)
			return
		}
	}
}

// fill makes the file, slice by slice. The last piece, the state and the end of
// the job are one transaction.
func (m *Exports) fill(ctx context.Context, e *Export, j jobs.Job) error {
	which, err := e.which()
	if err != nil {
		return err
	}
	ids, err := m.Book.Choose(ctx, e.By, e.Kind, which, mostRecords)
	if err != nil {
		return err
	}
	people, err := m.People(ctx, e.By)
	if err != nil {
		return err
	}
	keep := &keeper{m: m, ctx: ctx, e: e, hash: sha256.New()}
	write := writerOf(e.Format, keep)
	r := renderer{people: people, steps: m.Steps(), zone: m.Zone(), language: spoken(e.By.Language)}
	headed := false
	for some := range slices.Chunk(ids, records.MostCarried) {
		p, err := m.Book.Carry(ctx, e.By, e.Kind, some, e.Fields, e.rights, e.ID)
		if err != nil {
			return err
		}
		if !headed {
			if err := write.row(r.headings(p.Fields)); err != nil {
				return err
			}
			headed = true
		}
		for i := range p.Rows {
			if err := write.row(r.row(p, &p.Rows[i])); err != nil {
				return err
			}
			keep.met(p.Rows[i].ID)
		}
		keep.records += len(p.Rows)
		if err := keep.progress(); err != nil {
			return err
		}
		// Between slices nothing is left to chance: the watch may be late.
		if err := m.goOn(ctx, e); err != nil {
			return err
		}
	}
	if !headed {
		return fault.New(fault.Invalid, "export.none", "There is nothing to export any more.")
	}
	if err := write.close(); err != nil {
		return err
	}
	return keep.finish(j)
}

// keeper keeps what is written into it as sealed pieces: neither memory nor a
// transaction grows with the file, and nowhere does it lie in the open.
type keeper struct {
	m       *Exports
	ctx     context.Context // of the work
	e       *Export
	part    []byte
	place   int
	ids     []byte
	idPlace int
	size    int64
	records int
	hash    hash.Hash
}

// Write is io.Writer.
func (k *keeper) Write(b []byte) (int, error) {
	for left := b; len(left) > 0; {
		n := min(len(left), exportPieces-len(k.part))
		k.part = append(k.part, left[:n]...)
		left = left[n:]
		if len(k.part) == exportPieces {
			if err := k.m.DB.Write(k.ctx, k.put); err != nil {
				return 0, err
			}
			k.done()
		}
	}
	return len(b), nil
}

// met remembers that a record is in the file.
func (k *keeper) met(id schema.RecordID) { k.ids = binary.BigEndian.AppendUint64(k.ids, uint64(id)) }

// put keeps the piece at hand, if the export is still this worker's.
func (k *keeper) put(tx *store.Tx) error {
	if err := k.mine(tx); err != nil {
		return err
	}
	return k.keep(tx, k.place, k.part)
}

func (k *keeper) keep(tx *store.Tx, place int, part []byte) error {
	_, err := tx.Exec(k.ctx, store.Text("INSERT INTO export_piece (export, place, data) VALUES (?, ?, ?)"), k.e.ID, int64(place), k.m.Vault.Seal(exportPieceOf(k.e.ID, place), part))
	if err != nil {
		return fmt.Errorf("keep a piece of an export: %w", err)
	}
	return nil
}

// done goes on to the next piece.
func (k *keeper) done() {
	k.hash.Write(k.part)
	k.size += int64(len(k.part))
	k.part = k.part[:0]
	k.place++
}

// mine writes down how far the export has come, or says that it is another's.
func (k *keeper) mine(tx *store.Tx) error {
	n, err := tx.Exec(k.ctx, store.Text("UPDATE export SET records = ?, size = ? WHERE id = ? AND run = ? AND state = 'making'"), k.records, k.size, k.e.ID, k.e.run)
	if err != nil {
		return fmt.Errorf("write down how far an export has come: %w", err)
	}
	if n == 0 {
		return errStopped
	}
	return nil
}

func (k *keeper) progress() error {
	err := k.m.DB.Write(k.ctx, func(tx *store.Tx) error {
		if err := k.mine(tx); err != nil {
			return err
		}
		if len(k.ids) < exportPieces {
			return nil
		}
		return k.keep(tx, -1-k.idPlace, k.ids)
	})
	if err == nil && len(k.ids) >= exportPieces {
		k.ids, k.idPlace = k.ids[:0], k.idPlace+1
	}
	k.e.Records = k.records
	return err
}

// finish keeps the last piece and says that the file is made.
func (k *keeper) finish(j jobs.Job) error {
	k.hash.Write(k.part)
	k.size += int64(len(k.part))
	sum := k.hash.Sum(nil)
	return k.m.DB.Write(k.ctx, func(tx *store.Tx) error {
		if err := k.mine(tx); err != nil {
			return err
		}
		if len(k.part) > 0 {
			if err := k.keep(tx, k.place, k.part); err != nil {
				return err
			}
		}
		if len(k.ids) > 0 {
			if err := k.keep(tx, -1-k.idPlace, k.ids); err != nil {
				return err
			}
		}
		_, err := tx.Exec(k.ctx, store.Text("UPDATE export SET state = 'made', hash = ?, made_at = ?, ends_at = ?, version = version + 1 WHERE id = ? AND run = ? AND state = 'making'"),
			sum, tx.Now(), tx.Now().Add(linkLasts), k.e.ID, k.e.run)
		if err != nil {
			return fmt.Errorf("finish an export: %w", err)
		}
		err = k.m.Scribe.Write(k.ctx, tx, scribe.Entry{Event: "export.made", Who: k.e.By, Kind: "export", Records: []schema.RecordID{schema.RecordID(k.e.ID)}, Surface: string(policy.ExportFile),
			Details: map[string]any{"kind": k.e.Kind, "format": k.e.Format, "records": k.records, "size": k.size, "sha256": fmt.Sprintf("%x", sum)}})
		if err != nil {
			return err
		}
		return j.Finish(k.ctx, tx)
	})
}

// takenIn tells of each record in a file that somebody has it now, who fetched
// what another asked for.
func (m *Exports) takenIn(ctx context.Context, who actor.Actor, e *Export) error {
	var shown []schema.Class
	for _, k := range m.Book.Kinds() {
		for _, f := range k.Fields {
			if k.Name == e.Kind && f.Class != schema.Open && slices.Contains(e.Fields, f.Name) && !slices.Contains(e.Masked, f.Name) && !slices.Contains(shown, f.Class) {
				shown = append(shown, f.Class)
			}
		}
	}
	for place := -1; ; place-- {
		var sealed []byte
		err := m.DB.QueryRow(ctx, store.Text("SELECT data FROM export_piece WHERE export = ? AND place = ?"), e.ID, int64(place)).Scan(&sealed)
		if errors.Is(err, store.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read what is in an export: %w", err)
		}
		text, err := m.Vault.Open(exportPieceOf(e.ID, place), sealed)
		if err != nil {
			return fmt.Errorf("open what is in an export: %w", err)
		}
		var ids []schema.RecordID
		for ; len(text) >= 8; text = text[8:] {
			ids = append(ids, schema.RecordID(binary.BigEndian.Uint64(text)))
		}
		for some := range slices.Chunk(ids, 1000) {
			if err := m.Scribe.Note(ctx, scribe.Entry{Event: "export.seen", Who: who, Kind: e.Kind, Records: some, Surface: string(policy.ExportFile), Shown: shown, Details: map[string]any{"export": e.ID}}); err != nil {
				return err
			}
		}
	}
}
