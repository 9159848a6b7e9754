package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime/debug"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

const (
	// lease is how long after the death of a process another one goes on with its
	// imports. Who works on one renews it.
	lease = 20 * time.Second
	// look is how often a process looks whether another one's lease has run out.
	look = time.Second
)

// Start lets an import happen, or go on that failed. It returns at once.
func (m *Imports) Start(ctx context.Context, who actor.Actor, id int64) error {
	i, err := m.mine(ctx, who, id)
	if err != nil {
		return err
	}
	if i.State != Ready && i.State != Failed {
		return errStarted()
	}
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text("UPDATE import SET state = ?, problem = NULL, version = version + 1 WHERE id = ? AND state IN ('ready', 'failed')"), Running, id)
		if err != nil {
			return fmt.Errorf("start an import: %w", err)
		}
		if n == 0 {
			return errStarted()
		}
		return m.Scribe.Write(ctx, tx, scribe.Entry{Event: "import.started", Who: who, Kind: "import", Records: []schema.RecordID{schema.RecordID(id)},
			Details: map[string]any{"duplicates": i.Settings.Duplicates, "responsible": i.Settings.Responsible, "group": i.Settings.Group}})
	})
	if err != nil {
		return err
	}
	m.begin(id)
	return nil
}

// Undo takes an import back, in the background: clients that it made go to the
// bin, clients that it changed are brought back, unless somebody has changed
// them since or whoever undoes it may not. What was left can be tried again.
// Besides whoever imported, those may who read the log and may bring records back.
func (m *Imports) Undo(ctx context.Context, who actor.Actor, id int64) error {
	if err := m.need(ctx, who); err != nil {
		return err
	}
	i, err := m.Status(ctx, who, id)
	if err != nil {
		return err
	}
	if i.By != who.Person {
		if err := m.Rights.Need(ctx, who, policy.RevertRecords); err != nil {
			return err
		}
	}
	notDone := fault.New(fault.Conflict, "import.notdone", "Only an import that has ended can be undone.")
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text("UPDATE import SET state = ?, problem = NULL, undoer = ?, version = version + 1 WHERE id = ? AND (state IN ('done', 'failed') OR state = 'undone' AND problem IS NOT NULL)"),
			Undoing, int64(who.Person), id)
		if err == nil && n == 0 {
			err = notDone
		}
		return err
	})
	if err != nil {
		return err
	}
	m.begin(id)
	return nil
}

// Resume goes on with what is under way and nobody works on: when the house
// starts, and now and then, for another process may have died.
func (m *Imports) Resume(ctx context.Context) error {
	rows, err := m.DB.Query(ctx, store.Text("SELECT id FROM import WHERE state IN ('running', 'undoing') ORDER BY id"))
	if err != nil {
		return fmt.Errorf("find imports under way: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return fmt.Errorf("find imports under way: %w", err)
		}
		m.begin(id)
	}
	if err := rows.Close(); err != nil {
		return fmt.Errorf("find imports under way: %w", err)
	}
	return nil
}

// Wait returns when nothing runs in this process, and nothing that it waits for
// runs in another.
func (m *Imports) Wait() { m.work.Wait() }

// begin works on an import in the background, once.
func (m *Imports) begin(id int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running[id] || m.life.Err() != nil {
		return
	}
	m.running[id] = true
	m.work.Add(1)
	go func() {
		defer m.work.Done()
		defer func() {
			m.mu.Lock()
			delete(m.running, id)
			m.mu.Unlock()
		}()
		for m.life.Err() == nil {
			worker, wanted, err := m.claim(m.life, id)
			switch {
			case err != nil && m.life.Err() == nil:
				m.Log.Error("claim an import", "import", id, "error", err)
			case err == nil && !wanted:
				return
			case worker != 0:
				if m.hold(id, worker) {
					return
				}
			}
			select {
			case <-m.life.Done():
			case <-time.After(look):
			}
		}
	}()
}

// claim takes an import that is under way and that nobody holds. wanted is false
// if there is nothing to do, and worker is zero if another process does it.
func (m *Imports) claim(ctx context.Context, id int64) (worker int64, wanted bool, err error) {
	err = m.DB.Write(ctx, func(tx *store.Tx) error {
		worker = int64(tx.NewID())
		now := tx.Now().UnixMicro()
		expired := now
		if tx.Engine() == store.SQLite {
			expired = math.MaxInt64 // there is no other process
		}
		n, err := tx.Exec(ctx, store.Text("UPDATE import SET worker = ?, lease = ? WHERE id = ? AND state IN ('running', 'undoing') AND lease < ?"),
			worker, now+lease.Microseconds(), id, expired)
		if err != nil || n == 1 {
			wanted = true
			return err
		}
		worker = 0
		var left int64
		err = tx.QueryRow(ctx, store.Text("SELECT count(*) FROM import WHERE id = ? AND state IN ('running', 'undoing')"), id).Scan(&left)
		wanted = left > 0
		return err
	})
	if err != nil {
		return 0, true, fmt.Errorf("claim an import: %w", err)
	}
	return worker, wanted, nil
}

// hold works on an import for as long as the lease is held, and tells whether
// it came to an end.
func (m *Imports) hold(id, worker int64) (ended bool) {
	ctx, stop := context.WithCancelCause(m.life)
	defer stop(nil)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(lease / 3):
			}
			err := m.DB.Write(ctx, func(tx *store.Tx) error {
				n, err := tx.Exec(ctx, store.Text("UPDATE import SET lease = ? WHERE id = ? AND worker = ?"), tx.Now().Add(lease).UnixMicro(), id, worker)
				if err == nil && n == 0 {
					err = errElsewhere
				}
				return err
			})
			if errors.Is(err, errElsewhere) {
				stop(errElsewhere)
			}
		}
	}()
	err := m.do(ctx, id, worker)
	switch {
	case errors.Is(err, errElsewhere) || errors.Is(context.Cause(ctx), errElsewhere):
		return false
	case m.life.Err() != nil:
		m.finish(id, worker, "UPDATE import SET worker = 0, lease = 0 WHERE id = ? AND worker = ?")
	case err != nil:
		m.fail(id, worker, err)
	}
	return true
}

// panicked tells of our own mistake without what it was about: that may be a
// client's data.
func (m *Imports) panicked(id int64, p any) {
	m.Log.Error("panic in an import", "import", id, "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
}

// fail stops an import and says why in words that may be shown.
func (m *Imports) fail(id, worker int64, cause error) {
	m.Log.Error("import stopped", "import", id, "error", cause)
	run := "The import has stopped because of a fault of the house. It can be started again and goes on where it stopped."
	undo := "The undoing has stopped because of a fault of the house. It can be asked for again and goes on where it stopped."
	if f, ok := fault.As(cause); ok {
		run, undo = f.Public, f.Public
	}
	// What is half undone must not be started again.
	m.finish(id, worker, "UPDATE import SET problem = CASE state WHEN 'undoing' THEN ? ELSE ? END, state = CASE state WHEN 'undoing' THEN 'undone' ELSE 'failed' END, worker = 0, lease = 0, version = version + 1 WHERE id = ? AND worker = ? AND state IN ('running', 'undoing')", undo, run)
}

// finish lets go of an import, whatever becomes of the work that asked for it.
func (m *Imports) finish(id, worker int64, text store.Text, args ...any) {
	ctx := context.WithoutCancel(m.life)
	err := m.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, text, append(args, id, worker)...)
		return err
	})
	if err != nil {
		m.Log.Error("let go of an import", "import", id, "error", err)
	}
}

// errElsewhere says that the import goes on in another process.
var errElsewhere = errors.New("the import goes on elsewhere")

// errPanic stands for our own mistake, which the log has.
var errPanic = errors.New("the work has panicked")

func (m *Imports) do(ctx context.Context, id, worker int64) (err error) {
	defer func() {
		// What brings the work down must not take the house with it (attack 56).
		if p := recover(); p != nil {
			m.panicked(id, p)
			err = errPanic
		}
	}()
	i, err := m.find(ctx, id)
	if err != nil {
		return err
	}
	// The rights are those of whoever started it, as they are now for each row.
	if i.State == Undoing {
		return m.undo(ctx, actor.Actor{Kind: actor.Person, Person: i.undoer}, i, worker)
	}
	return m.run(ctx, actor.Actor{Kind: actor.Person, Person: i.By}, i, worker)
}

func (m *Imports) run(ctx context.Context, who actor.Actor, i *Import, worker int64) error {
	r, err := m.lines(ctx, who, i)
	if err != nil {
		return err
	}
	var waiting *line
	for end := false; !end; {
		all, next, err := r.slice(waiting)
		if end = errors.Is(err, io.EOF); err != nil && !end {
			return err
		}
		waiting = next
		if len(all) > 0 {
			r.assign(all)
			if err := r.bring(all, worker); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text("UPDATE import SET state = 'done', finished_at = ?, total = created + updated + skipped + refused, worker = 0, lease = 0, version = version + 1 WHERE id = ? AND worker = ? AND state = 'running'"), tx.Now().UnixMicro(), i.ID, worker)
		if err != nil {
			return fmt.Errorf("finish an import: %w", err)
		}
		if n == 0 {
			return errElsewhere
		}
		return m.Scribe.Write(ctx, tx, scribe.Entry{Event: "import.finished", Who: who, Kind: "import", Records: []schema.RecordID{schema.RecordID(i.ID)},
			Details: map[string]any{"created": i.Created, "updated": i.Updated, "skipped": i.Skipped, "refused": i.Refused}})
	})
}

// bring puts one slice of lines into the base, with the companies that they
// name and the progress, in one transaction.
func (r *reader) bring(all []*line, worker int64) error {
	i, ctx := r.i, r.ctx
	return r.m.Book.Desk(ctx, r.who, func(d *records.Desk) error {
		t, err := r.put(d, all, nil)
		if err != nil {
			return err
		}
		tx := d.Tx()
		last := all[len(all)-1].place
		n, err := tx.Exec(ctx, store.Text("UPDATE import SET line = ?, created = created + ?, updated = updated + ?, skipped = skipped + ?, refused = refused + ?, operation = ?, company_operation = ? WHERE id = ? AND line = ? AND worker = ? AND state = 'running'"),
			last, int64(t.count[created]), int64(t.count[updated]), int64(t.count[skipped]), int64(t.count[refused]), t.operation, t.companies, i.ID, i.place, worker)
		if err != nil {
			return fmt.Errorf("note the progress of an import: %w", err)
		}
		if n != 1 {
			// Another process works on it: what was done here is undone with the transaction.
			return errElsewhere
		}
		if err := r.remember(tx, all, t); err != nil {
			return err
		}
		tx.AfterCommit(func() {
			i.place, i.operation, i.companies = last, t.operation, t.companies
			i.Created, i.Updated, i.Skipped, i.Refused = i.Created+t.count[created], i.Updated+t.count[updated], i.Skipped+t.count[skipped], i.Refused+t.count[refused]
		})
		return nil
	})
}

// remember keeps which clients the lines became, and what is told of them.
func (r *reader) remember(tx *store.Tx, all []*line, t *tally) error {
	var lines, told []any
	for n, l := range all {
		if id := t.became[n]; id != 0 {
			lines = append(lines, l.hash[:], r.i.ID, int64(id))
		}
		sealed, err := r.m.sealTold(r.i.ID, l, t.more[n])
		if err != nil {
			return err
		}
		if sealed != nil {
			no := int64(0)
			if t.what[n] == refused {
				no = 1
			}
			told = append(told, r.i.ID, l.place, no, sealed)
		}
	}
	if err := tx.Insert(r.ctx, "INSERT INTO import_line (hash, import, record)", "(?, ?, ?)", "ON CONFLICT (hash) DO UPDATE SET import = excluded.import, record = excluded.record", lines); err != nil {
		return fmt.Errorf("remember lines: %w", err)
	}
	if err := tx.Insert(r.ctx, "INSERT INTO import_refused (import, line, refused, data)", "(?, ?, ?, ?)", "", told); err != nil {
		return fmt.Errorf("keep refused lines: %w", err)
	}
	return nil
}

func (m *Imports) undo(ctx context.Context, who actor.Actor, i *Import, worker int64) error {
	left, done := 0, 0
	for _, operation := range []int64{i.operation, i.companies} {
		if operation == 0 {
			continue
		}
		op, err := m.Book.Undo(ctx, who, operation)
		if f, ok := fault.As(err); ok && f.Code == "operation.undone" {
			continue // an undoing that was interrupted had got this far
		}
		if err != nil {
			return err
		}
		left, done = left+len(op.Refused), done+op.Done
	}
	state, problem := Undone, any(nil)
	if left > 0 {
		problem = fmt.Sprintf("%d records were left as they are: somebody has changed them since, or you may not take them back.", left)
		if done == 0 { // it is as it was
			if state = Done; i.Finished.IsZero() {
				state = Failed
			}
		}
	}
	return m.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text("UPDATE import SET state = ?, problem = ?, finished_at = ?, worker = 0, lease = 0, version = version + 1 WHERE id = ? AND worker = ?"), state, problem, tx.Now().UnixMicro(), i.ID, worker)
		if err != nil {
			return fmt.Errorf("finish the undoing of an import: %w", err)
		}
		if n == 0 {
			return errElsewhere
		}
		return m.Scribe.Write(ctx, tx, scribe.Entry{Event: "import.undone", Who: who, Kind: "import", Records: []schema.RecordID{schema.RecordID(i.ID)},
			Details: map[string]any{"undone": done, "left": left}})
	})
}
