package records

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// A Desk is a transaction in which an import matches and writes many records of
// several kinds, each decided by itself under the rights of whoever imports. All
// of it is kept, or nothing.
type Desk struct {
	p       *pen
	careful bool // each record is written by itself, so that it can fail by itself
	fresh   []*state
	linked  map[schema.RecordID]*schema.Kind // that may be linked to
	groups  map[actor.GroupID]bool           // that exist
}

// errHalf says that a record failed after some of it may have been written. It
// takes the transaction with it, which is then done again with care.
var errHalf = errors.New("a record was written in part")

// Desk opens a transaction for an import; it needs RunImport. do may run more
// than once, each time from the start.
func (b *Book) Desk(ctx context.Context, who actor.Actor, do func(*Desk) error) error {
	// Nearly always every record goes in or is refused before anything of it is
	// written: a savepoint for each would double the work.
	err := b.desk(ctx, who, false, do)
	if errors.Is(err, errHalf) {
		err = b.desk(ctx, who, true, do)
	}
	return err
}

func (b *Book) desk(ctx context.Context, who actor.Actor, careful bool, do func(*Desk) error) error {
	if _, err := b.needs(ctx, who, policy.RunImport); err != nil {
		return err
	}
	return b.write(ctx, who, func(p *pen) error {
		p.quiet = true
		return do(newDesk(p, careful))
	})
}

func newDesk(p *pen, careful bool) *Desk {
	return &Desk{p: p, careful: careful, linked: map[schema.RecordID]*schema.Kind{}, groups: map[actor.GroupID]bool{}}
}

// Tx is the transaction: for what must be kept together with the records. In a
// trial it can only be read.
func (d *Desk) Tx() *store.Tx { return d.p.tx }

// Write is one record that an import writes.
type Write struct {
	ID     schema.RecordID // zero: a new record
	Values Values
	With   With          // for a record that is there already
	Group  actor.GroupID // a new record is shared with it; zero: with none
}

// Write creates and changes at most 50 records, and gives an outcome for each.
// operation is that of an earlier Write of the same import to the same kind, or
// zero to begin one; by it the import is undone.
func (d *Desk) Write(kindName string, operation int64, all []Write) (int64, []Outcome, error) {
	p := d.p
	kind, err := p.b.kind(kindName)
	if err != nil {
		return operation, nil, err
	}
	if len(all) > slice {
		return operation, nil, fmt.Errorf("at most %d records are written at once, not %d", slice, len(all))
	}
	real := p.trial == nil
	if len(all) > 0 && real {
		if operation, err = p.operation(operation, kind, BulkCreate); err != nil {
			return operation, nil, err
		}
	}
	p.desk = d
	defer func() { p.desk = nil }()
	var outcomes []Outcome
	var done []schema.RecordID
	for _, w := range all {
		o := Outcome{ID: w.ID}
		p.touched, p.begun = false, false
		one := func() (err error) {
			if w.ID == 0 {
				o.ID, err = p.createIn(kind, w.Values, w.Group)
			} else {
				err = p.updateWith(kind, w.ID, 0, w.Values, w.With)
			}
			if err == nil && real && (d.careful || w.ID != 0 || kind.Time != nil) {
				err = p.item(operation, kind, o.ID)
			}
			return err
		}
		if d.careful && real {
			err = p.tx.Try(p.ctx, one)
		} else {
			err = one()
		}
		if err = stale(err); err != nil {
			if _, ok := fault.As(err); !ok {
				if !store.Refused(err) {
					return operation, nil, err
				}
				if !d.careful {
					return operation, nil, fmt.Errorf("%w: %w", errHalf, err)
				}
				err = fault.New(fault.Invalid, "record.unsaved", "This record could not be saved.").Because(err)
			}
			if p.begun && !d.careful {
				return operation, nil, errHalf
			}
			o.ID, o.Err = w.ID, err
		} else if o.Changed = p.touched; o.Changed {
			done = append(done, o.ID)
		}
		outcomes = append(outcomes, o)
	}
	if !real {
		return operation, outcomes, nil
	}
	if err := d.flush(kind, operation); err != nil {
		if store.Refused(err) {
			err = fmt.Errorf("%w: %w", errHalf, err)
		}
		return operation, nil, err
	}
	if len(done) > 0 {
		e := scribe.Entry{Event: "import.progressed", Who: p.who, Kind: kind.Name, Records: done, Details: map[string]any{"operation": operation}}
		if err := p.b.scribe.Write(p.ctx, p.tx, e); err != nil {
			return operation, nil, fmt.Errorf("write the ledger entry: %w", err)
		}
	}
	return operation, outcomes, nil
}

// flush writes the new records that wait, together.
func (d *Desk) flush(kind *schema.Kind, operation int64) error {
	if len(d.fresh) == 0 {
		return nil
	}
	p, all := d.p, d.fresh
	d.fresh = nil
	if err := p.insert(p.st.Decide(kind, policy.Create, CardOf(all[0].kind), p.tx.Now()), all...); err != nil {
		return err
	}
	var items []any
	for _, s := range all {
		items = append(items, operation, int64(s.stored.ID), int64(0), s.stored.Version)
	}
	if err := p.tx.Insert(p.ctx, "INSERT INTO operation_item (operation, record, before, version)", "(?, ?, ?, ?)", "", items); err != nil {
		return fmt.Errorf("remember bulk work: %w", err)
	}
	return nil
}

// Match finds records by marks; see Book.Match.
func (d *Desk) Match(kindName string, marks []Mark) (map[Mark]schema.RecordID, error) {
	kind, err := d.p.b.kind(kindName)
	if err != nil {
		return nil, err
	}
	g := d.p.st.Decide(kind, policy.View, ListOf(kind), d.p.tx.Now())
	found, err := d.p.b.bearersOf(d.p.ctx, d.p.tx, kind, marks)
	if err != nil {
		return nil, err
	}
	if t := d.p.trial; t != nil {
		return t.match(d.p, g, kind, marks, found)
	}
	return d.p.b.oldest(d.p.ctx, d.p.tx, g, found)
}

// Visible gives those of the records that whoever imports may view on a list.
func (d *Desk) Visible(kindName string, ids []schema.RecordID) (map[schema.RecordID]bool, error) {
	kind, err := d.p.b.kind(kindName)
	if err != nil {
		return nil, err
	}
	g := d.p.st.Decide(kind, policy.View, ListOf(kind), d.p.tx.Now())
	var base []schema.RecordID
	all := map[schema.RecordID]bool{}
	for _, id := range ids {
		if d.p.trial == nil || d.p.trial.states[id] == nil {
			base = append(base, id)
			continue
		}
		v, err := d.p.b.admit(d.p.ctx, d.p.tx, d.p.st, g, d.p.trial.states[id])
		if err != nil {
			return nil, err
		}
		all[id] = v.Allowed
	}
	return all, d.p.b.seen(d.p.ctx, d.p.tx, g, base, all)
}

// Lives tells whether a record is there and not in the bin, whoever may view it:
// about records that whoever imports brought in themselves.
func (d *Desk) Lives(kindName string, id schema.RecordID) (bool, error) {
	kind, err := d.p.b.kind(kindName)
	if err != nil {
		return false, err
	}
	s, err := d.p.load(kind, id)
	if fault.Is(err, fault.Missing) {
		return false, nil
	}
	return err == nil && !s.stored.Binned, err
}

// Batch is Write on a Desk of its own.
func (b *Book) Batch(ctx context.Context, who actor.Actor, kindName string, operation int64, all []Write) (op int64, outcomes []Outcome, err error) {
	err = b.Desk(ctx, who, func(d *Desk) error {
		var err error
		op, outcomes, err = d.Write(kindName, operation, all)
		return err
	})
	return op, outcomes, err
}

// Fits gives nil if a field takes the value, or a fault that says why not and
// does not repeat it.
func (b *Book) Fits(kindName, field string, v any) error {
	kind, err := b.kind(kindName)
	if err != nil {
		return err
	}
	f := kind.Field(field)
	if f == nil {
		return fault.New(fault.Invalid, "field.unknown", "There is no such field.")
	}
	_, err = b.settings().canonical(f, v)
	return err
}

// A Trial is an import that does not happen. Its desks match, decide and check
// as real ones do, against the base as it is and what the trial itself would
// have made of it so far, and nothing is written.
type Trial struct {
	b      *Book
	who    actor.Actor
	states map[schema.RecordID]*state
	marks  map[*schema.Field]map[string][]schema.RecordID
}

// Trial begins a trial. It belongs to one goroutine.
func (b *Book) Trial(who actor.Actor) *Trial {
	return &Trial{b: b, who: who, states: map[schema.RecordID]*state{}, marks: map[*schema.Field]map[string][]schema.RecordID{}}
}

// Desk is Book.Desk for the trial.
func (t *Trial) Desk(ctx context.Context, do func(*Desk) error) error {
	if _, err := t.b.needs(ctx, t.who, policy.RunImport); err != nil {
		return err
	}
	st, err := t.b.writer(ctx, t.who)
	if err != nil {
		return err
	}
	return t.b.db.Read(ctx, func(tx *store.Tx) error {
		return do(newDesk(&pen{b: t.b, ctx: ctx, tx: tx, who: t.who, st: st, quiet: true, trial: t}, false))
	})
}

// keep remembers what a record would be.
func (t *Trial) keep(s *state) {
	before := t.states[s.stored.ID]
	t.states[s.stored.ID] = s
	for _, c := range s.stored.Cells {
		for _, key := range marksOf(c) {
			if before != nil && before.bears(Mark{c.Field.Name, key}) {
				continue
			}
			if t.marks[c.Field] == nil {
				t.marks[c.Field] = map[string][]schema.RecordID{}
			}
			t.marks[c.Field][key] = append(t.marks[c.Field][key], s.stored.ID)
		}
	}
}

// match is Match over the base and the trial: a record that the trial changed
// counts as it would be.
func (t *Trial) match(p *pen, g policy.Grant, kind *schema.Kind, marks []Mark, found map[Mark][]schema.RecordID) (map[Mark]schema.RecordID, error) {
	base := map[Mark][]schema.RecordID{}
	for m, ids := range found {
		for _, id := range ids {
			if t.states[id] == nil {
				base[m] = append(base[m], id)
			}
		}
	}
	answer, err := t.b.oldest(p.ctx, p.tx, g, base)
	if err != nil {
		return nil, err
	}
	for _, m := range marks {
		for _, id := range t.marks[kind.Field(m.Field)][m.Key] {
			s := t.states[id]
			if held, ok := answer[m]; ok && held < id || !s.bears(m) {
				continue
			}
			v, err := t.b.admit(p.ctx, p.tx, p.st, g, s)
			if err != nil {
				return nil, err
			}
			if v.Allowed {
				answer[m] = id
			}
		}
	}
	return answer, nil
}

// marksOf are the keys by which the cell's record may be the same as another.
func marksOf(c store.Cell) []string {
	switch c.Field.Type {
	case schema.Phones, schema.Emails:
		return c.Multi
	case schema.Text:
		if key, ok := c.Key.(string); ok && c.Field.Keyed {
			return []string{key}
		}
	}
	return nil
}

// bears tells whether the record has the mark.
func (s *state) bears(m Mark) bool {
	return slices.Contains(marksOf(s.stored.Cells[s.kind.Field(m.Field).Index()]), m.Key)
}
