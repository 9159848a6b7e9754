package records

import (
	"context"
	"slices"

	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// A Draft is a record as a write is about to leave it, in the form of the
// database: what the writer named has been checked, links included.
type Draft struct {
	kind   *schema.Kind
	before *store.Stored
	cells  []store.Cell
	st     *policy.Standing // of the writer
	id     schema.RecordID  // known once it is written
}

// Record is the id of what was written; Follow alone is told.
func (d *Draft) Record() schema.RecordID { return d.id }

// Needs refuses the write unless its writer holds the ability, which the field
// asks for.
func (d *Draft) Needs(a Ability, field string) error {
	if may, why := d.st.Can(a); !may {
		return lacks(a, why).At(field)
	}
	return nil
}

// Settle is what a kind does with a draft: it gives what else the record is to
// hold, or a fault that refuses it. It may read in the transaction, and must not
// tell of anything that it reads there.
type Settle func(ctx context.Context, tx *store.Tx, d *Draft) (Values, error)

// Guard is what a kind says before a record of it is changed or goes to the bin,
// in whatever way: by hand, in bulk, by going back to an earlier state, by an
// undo. A fault refuses it. It is not asked about what Keep does.
type Guard func(ctx context.Context, tx *store.Tx, d *Draft, bin bool) error

// Follow is what a kind does when a record of it has been written, in the same
// transaction. It is not asked about previews, nor about what comes in from files.
type Follow func(ctx context.Context, tx *store.Tx, d *Draft) error

func (p *pen) followed(kind *schema.Kind, id schema.RecordID, before *store.Stored, cells []store.Cell) error {
	follow := p.b.follow[kind.Name]
	if follow == nil {
		return nil
	}
	return follow(p.ctx, p.tx, &Draft{kind, before, cells, p.st, id})
}

// Touches are the names of the fields that will hold something else.
func (d *Draft) Touches() []string {
	var all []string
	for _, c := range d.cells {
		if d.before == nil || d.before.Cells[c.Field.Index()].Column != c.Column {
			all = append(all, c.Field.Name)
		}
	}
	return all
}

// guarded asks the kind before a record is changed.
func (p *pen) guarded(s *state, cells []store.Cell, bin bool) error {
	guard := p.b.guard[s.kind.Name]
	if guard == nil || p.own {
		return nil
	}
	return guard(p.ctx, p.tx, &Draft{s.kind, s.stored, cells, p.st, 0}, bin)
}

// New tells whether there was no such record before.
func (d *Draft) New() bool { return d.before == nil }

// Names tells whether the writer named the field.
func (d *Draft) Names(field string) bool {
	return slices.ContainsFunc(d.cells, func(c store.Cell) bool { return c.Field.Name == field })
}

// Held is what the field held before: nil, string or int64.
func (d *Draft) Held(field string) any {
	if f := d.kind.Field(field); f != nil && d.before != nil {
		return d.before.Cells[f.Index()].Column
	}
	return nil
}

// Holds is what the field will hold.
func (d *Draft) Holds(field string) any {
	if i := slices.IndexFunc(d.cells, func(c store.Cell) bool { return c.Field.Name == field }); i >= 0 {
		return d.cells[i].Column
	}
	return d.Held(field)
}

// settled are the cells with what the kind makes of them.
func (p *pen) settled(kind *schema.Kind, before *store.Stored, cells []store.Cell) ([]store.Cell, error) {
	settle := p.b.settle[kind.Name]
	if settle == nil {
		return cells, nil
	}
	more, err := settle(p.ctx, p.tx, &Draft{kind, before, cells, p.st, 0})
	if err != nil {
		return nil, err
	}
	settings := p.b.settings()
	for _, f := range kind.Fields {
		v, given := more[f.Name]
		if !given {
			continue
		}
		c, err := settings.canonical(f, v)
		if err != nil {
			return nil, err
		}
		cells = slices.DeleteFunc(cells, func(c store.Cell) bool { return c.Field == f })
		cells = append(cells, c)
	}
	return cells, nil
}
