package records

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// What is done to many records at once.
const (
	BulkUpdate  = "update"
	BulkAdd     = "add"  // lists get what they do not hold yet, such as a tag
	BulkTake    = "take" // lists lose what is named, such as a tag
	BulkDelete  = "delete"
	BulkRestore = "restore"
	BulkShare   = "share"  // with a group
	BulkCreate  = "create" // by a Desk, a series or CreateRows
)

const (
	// slice is how many records one transaction takes, so that a colleague who
	// saves meanwhile waits a few milliseconds and not for the whole work.
	slice = 50
	// bulkAtOnce is how many records are changed while the asker waits; more are
	// changed by a job.
	bulkAtOnce = 500
	// bulkLimit bounds one piece of bulk work.
	bulkLimit = 50_000
)

// Selection is which records are meant: those named, or all that the question
// finds.
type Selection struct {
	IDs   []schema.RecordID
	Query *Query
}

// Outcome tells what became of one record.
type Outcome struct {
	ID      schema.RecordID
	Err     error // a fault that says why not, or nil
	Changed bool  // by a Desk: it is new, or other than it was
	Row     int   // of CreateRows: the place of the row, from 0
}

// Operation is a piece of bulk work, by which it can be undone.
type Operation struct {
	ID      int64
	Running bool // it is large, and a job does it; see Book.BulkProgress
	Total   int  // of one that runs
	Done    int
	Refused []Outcome
}

// Bulk does the same to many records. Each is decided by itself when its turn
// comes, as if it were changed alone (attack 33); those that are refused are
// named, and the others are done. It may be undone as one step.
func (b *Book) Bulk(ctx context.Context, who actor.Actor, kindName string, which Selection, what string, v Values, with Share) (*Operation, error) {
	st, err := b.needs(ctx, who, policy.ChangeInBulk)
	if err != nil {
		return nil, err
	}
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	var everyone []*policy.Standing
	switch what {
	case BulkUpdate, BulkAdd, BulkTake, BulkDelete, BulkRestore:
	case BulkShare:
		if may, why := st.Can(policy.ShareRecords); !may {
			return nil, lacks(policy.ShareRecords, why).At("action")
		}
		if everyone, err = b.rights.Standings(ctx); err != nil {
			return nil, err
		}
	default:
		return nil, fault.New(fault.Invalid, "bulk.action", "Many records at once can be updated, shared, deleted or restored.").At("action")
	}
	ids := which.IDs
	if which.Query != nil {
		if ids, err = b.ids(ctx, st, who, kind, *which.Query); err != nil {
			return nil, err
		}
	}
	if len(ids) > bulkLimit {
		return nil, fault.Newf(fault.Large, "bulk.many", "At most %d records can be changed at once.", bulkLimit)
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if b.runner != nil && len(ids) > bulkAtOnce && who.Kind == actor.Person {
		return b.bulkLater(ctx, who, kind, ids, what, v, with)
	}
	return b.operate(ctx, who, kind, 0, what, len(ids), func(p *pen, i int) (schema.RecordID, error) {
		return ids[i], p.bulkOne(kind, ids[i], what, v, with, everyone)
	}, nil)
}

// bulkOne does to one record what is done to many.
func (p *pen) bulkOne(kind *schema.Kind, id schema.RecordID, what string, v Values, with Share, everyone []*policy.Standing) error {
	switch what {
	case BulkDelete:
		return p.bin(kind, id, 0)
	case BulkRestore:
		return p.unbin(kind, id, 0)
	case BulkAdd:
		return p.updateWith(kind, id, 0, v, Unite)
	case BulkTake:
		return p.updateWith(kind, id, 0, v, Lessen)
	case BulkShare:
		s, _, err := p.reach(kind, id, policy.Edit)
		if err == nil && s.stored.Binned {
			err = fault.NotFound()
		}
		if err != nil {
			return err
		}
		return p.share(s, with, policy.Everything, everyone)
	}
	return p.update(kind, id, 0, maps.Clone(v))
}

// operate does n things in slices, each slice in a transaction of its own, in
// which then, unless it is nil, writes down how far the work has come.
func (b *Book) operate(ctx context.Context, who actor.Actor, kind *schema.Kind, operation int64, what string, n int, do func(*pen, int) (schema.RecordID, error), then func(p *pen, from, to, refused int) error) (*Operation, error) {
	op := &Operation{ID: operation}
	for from := 0; from < n; from += slice {
		var done []schema.RecordID
		var refused []Outcome
		err := b.write(ctx, who, func(p *pen) error {
			p.quiet = true
			done, refused = done[:0], refused[:0]
			var err error
			if op.ID, err = p.operation(operation, kind, what); err != nil {
				return err
			}
			for i := from; i < min(n, from+slice); i++ {
				var id schema.RecordID
				p.touched = false
				err := p.tx.Try(p.ctx, func() error {
					var err error
					if id, err = do(p, i); err != nil {
						return err
					}
					return p.item(op.ID, kind, id)
				})
				if err = stale(err); err != nil {
					if _, ok := fault.As(err); !ok {
						return err
					}
					refused = append(refused, Outcome{ID: id, Err: err, Row: i})
					continue
				}
				done = append(done, id)
			}
			if then != nil {
				if err := then(p, from, min(n, from+slice), len(refused)); err != nil {
					return err
				}
			}
			if len(done) == 0 {
				return nil
			}
			return b.scribe.Write(p.ctx, p.tx, scribe.Entry{Event: "bulk.done", Who: who, Kind: kind.Name, Records: done, Surface: string(ListOf(kind)),
				Details: map[string]any{"operation": op.ID, "action": what, "refused": len(refused)}})
		})
		if err != nil {
			return op, err
		}
		operation = op.ID
		op.Done += len(done)
		op.Refused = append(op.Refused, refused...)
	}
	return op, nil
}

// operation begins a piece of bulk work, unless it has begun.
func (p *pen) operation(id int64, kind *schema.Kind, what string) (int64, error) {
	if id != 0 {
		return id, nil
	}
	id = int64(p.tx.NewID())
	_, err := p.tx.Exec(p.ctx, store.Text("INSERT INTO operation (id, at, actor_kind, actor, kind, what) VALUES (?, ?, ?, ?, ?, ?)"),
		id, p.tx.Now().UnixMicro(), int64(p.who.Kind), int64(p.who.Person), int64(kind.Number), what)
	if err != nil {
		return 0, fmt.Errorf("begin bulk work: %w", err)
	}
	return id, nil
}

// item remembers that a record was part of the work, and which version it made.
// A record that already was as the work wanted it has nothing to undo.
func (p *pen) item(operation int64, kind *schema.Kind, id schema.RecordID) error {
	if !p.touched {
		return nil
	}
	_, err := p.tx.Exec(p.ctx, store.Text("INSERT INTO operation_item (operation, record, before, version) SELECT ?, id, version - 1, version FROM "+kind.Name+" WHERE id = ? ON CONFLICT (operation, record) DO UPDATE SET version = excluded.version"), operation, int64(id))
	if err != nil {
		return fmt.Errorf("remember bulk work: %w", err)
	}
	return nil
}

// Undo takes a piece of bulk work back: what it made goes to the bin, what it
// changed is brought back to what it held, what it deleted is restored. Records
// that somebody has changed since, or that the actor may not bring back, are left
// as they are and named; what is left can be tried again. Only who did the work,
// or who may bring records back to earlier states, may undo it.
func (b *Book) Undo(ctx context.Context, who actor.Actor, operation int64) (*Operation, error) {
	st, err := b.writer(ctx, who)
	if err != nil {
		return nil, err
	}
	var kindNumber, by, byKind int64
	var what string
	var undone any
	err = b.db.QueryRow(ctx, store.Text("SELECT kind, actor_kind, actor, what, undone_at FROM operation WHERE id = ?"), operation).Scan(&kindNumber, &byKind, &by, &what, &undone)
	if errors.Is(err, store.ErrNoRows) {
		return nil, fault.NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("find bulk work: %w", err)
	}
	if may, _ := st.Can(policy.RevertRecords); !may && (by != int64(who.Person) || byKind != int64(who.Kind)) {
		return nil, fault.NotFound()
	}
	kind := b.catalog().Numbered(int(kindNumber))
	if kind == nil || undone != nil {
		return nil, fault.New(fault.Conflict, "operation.undone", "This has been undone already.")
	}
	if p, err := b.BulkProgress(ctx, actor.Actor{Kind: actor.Person, Person: actor.PersonID(by)}, operation); err == nil && p.State == "running" {
		return nil, fault.New(fault.Conflict, "operation.running", "This is still being done. Undo it when it is.")
	}
	if what == mergeWhat {
		return b.unmerge(ctx, who, kind, operation)
	}
	type item struct {
		id              schema.RecordID
		before, version int64
	}
	var items []item
	rows, err := b.db.Query(ctx, store.Text("SELECT record, before, version FROM operation_item WHERE operation = ? ORDER BY record"), operation)
	if err != nil {
		return nil, fmt.Errorf("read bulk work: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		v := rows.Values()
		items = append(items, item{schema.RecordID(v[0].(int64)), v[1].(int64), v[2].(int64)})
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	op := &Operation{ID: operation}
	for part := range slices.Chunk(items, slice) {
		var done []schema.RecordID
		var refused []Outcome
		err := b.write(ctx, who, func(p *pen) error {
			p.quiet = true
			done, refused = done[:0], refused[:0]
			for _, it := range part {
				err := p.tx.Try(p.ctx, func() error {
					switch {
					case what == BulkShare:
						return fault.New(fault.Invalid, "operation.share", "Sharing is taken back by ending the share.")
					case what == BulkDelete:
						return p.unbin(kind, it.id, it.version)
					}
					if err := p.still(kind, it.id, it.version); err != nil {
						return err
					}
					if it.before == 0 {
						return p.unmake(kind, it.id)
					}
					if what == BulkRestore {
						return p.bin(kind, it.id, 0)
					}
					return p.revert(kind, it.id, it.before, "record.reverted")
				})
				if err = stale(err); err != nil {
					if _, ok := fault.As(err); !ok {
						return err
					}
					refused = append(refused, Outcome{ID: it.id, Err: err})
					continue
				}
				done = append(done, it.id)
			}
			if len(done) == 0 {
				return nil
			}
			// What is undone is no longer part of the work: an undoing that was
			// interrupted goes on with the rest.
			for _, id := range done {
				if _, err := p.tx.Exec(p.ctx, store.Text("DELETE FROM operation_item WHERE operation = ? AND record = ?"), operation, int64(id)); err != nil {
					return fmt.Errorf("forget bulk work: %w", err)
				}
			}
			return b.scribe.Write(p.ctx, p.tx, scribe.Entry{Event: "bulk.undone", Who: who, Kind: kind.Name, Records: done,
				Details: map[string]any{"operation": operation, "refused": len(refused)}})
		})
		if err != nil {
			return op, err
		}
		op.Done += len(done)
		op.Refused = append(op.Refused, refused...)
	}
	if len(op.Refused) > 0 {
		return op, nil
	}
	return op, b.write(ctx, who, func(p *pen) error {
		_, err := p.tx.Exec(p.ctx, store.Text("UPDATE operation SET undone_at = ? WHERE id = ?"), p.tx.Now().UnixMicro(), operation)
		return err
	})
}

// still gives ErrStale unless the record holds what it held at a version. It may
// have been changed and brought back since, by work that was undone.
func (p *pen) still(kind *schema.Kind, id schema.RecordID, version int64) error {
	s, err := p.b.load(p.ctx, p.tx, kind, id)
	if err != nil || s.stored.Version == version {
		return err
	}
	past, err := pastOf(p.ctx, p.tx, kind, id)
	if err != nil {
		return err
	}
	for _, e := range past {
		if e.version != version {
			continue
		}
		was, err := s.at(e)
		if err != nil {
			return err
		}
		for i, c := range was.stored.Cells {
			if name := c.Field.Name; name != "updated_at" && name != "updated_by" && c.Column != s.stored.Cells[i].Column {
				return store.ErrStale
			}
		}
		return nil
	}
	return store.ErrStale
}
