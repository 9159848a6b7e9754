package query

import (
	"cmp"
	"strings"

	"castellan/internal/schema"
)

// Order sorts rows by one field and, where that is equal, by id, so that it is
// total. NULL is below every value. With no Field it is the order of creation.
//
// Text is sorted by its folded twin where it has one. An index that serves an
// Order is (column, id), on PostgreSQL with NULLS FIRST.
type Order struct {
	Field *schema.Field
	Desc  bool
}

// Column is the column that is sorted by: "id" without a field. It is false
// for a field that has no order: several values, or long text without a key.
func (o Order) Column() (string, bool) {
	switch f := o.Field; {
	case f == nil:
		return "id", true
	case f.Keyed:
		return f.KeyColumn(), true
	case f.Type.Multi() || f.Type == schema.LongText:
		return "", false
	default:
		return f.Name, true
	}
}

// Columns says where a statement has the two columns of an Order.
type Columns struct {
	Alias string
	Sort  string // not read by the order of creation
	ID    string
	Full  bool // Sort is never NULL: an ordinary index serves it on PostgreSQL, and every page is a seek
}

// In gives the columns in the kind's own table.
func (o Order) In(alias string) Columns {
	name, _ := o.Column()
	return Columns{Alias: alias, Sort: name, ID: "id"}
}

// SQL writes what follows ORDER BY.
func (o Order) SQL(b *Builder, in Columns) {
	if o.keyed() {
		o.sort(b, in)
		switch {
		case in.Full:
			b.Write(o.pick(" ASC, ", " DESC, "))
		default:
			b.Write(o.pick(" ASC NULLS FIRST, ", " DESC NULLS LAST, "))
		}
	}
	b.Column(in.Alias, in.ID).Write(o.pick(" ASC", " DESC"))
}

// AfterSQL writes the condition that a row comes after the one with this value
// and id. Unless the column is Full, pages far down a descending order cost a
// scan of those before them, for the rows with NULL come last.
func (o Order) AfterSQL(b *Builder, in Columns, value Value, id schema.RecordID) {
	beyond := func() { b.Column(in.Alias, in.ID).Write(o.pick(">", "<")).Arg(int64(id)) }
	if !o.keyed() {
		beyond()
		return
	}
	b.Write("(")
	switch {
	case value.IsNull():
		o.sort(b, in)
		b.Write(o.pick(" IS NOT NULL OR ", " IS NULL AND "))
		beyond()
	default:
		b.Write("(")
		o.sort(b, in)
		b.Write(", ").Column(in.Alias, in.ID).Write(o.pick(")>(", ")<(")).Arg(value.Any()).Write(", ").Arg(int64(id)).Write(")")
		if o.Desc && !in.Full {
			b.Write(" OR ")
			o.sort(b, in)
			b.Write(" IS NULL")
		}
	}
	b.Write(")")
}

// Compare is negative where the row with value a and id i comes before the one
// with value b and id j.
func (o Order) Compare(a Value, i schema.RecordID, b Value, j schema.RecordID) int {
	sign := cmp.Compare(i, j)
	if o.keyed() {
		sign = cmp.Or(cmp.Compare(a.form, b.form), cmp.Compare(a.number, b.number), strings.Compare(a.text, b.text), sign)
	}
	if o.Desc {
		return -sign
	}
	return sign
}

// keyed tells whether a field takes part; one without an order does not.
func (o Order) keyed() bool {
	_, ok := o.Column()
	return ok && o.Field != nil
}

func (o Order) sort(b *Builder, in Columns) {
	if o.Field.Type.Numeric() {
		b.Column(in.Alias, in.Sort)
		return
	}
	b.TextColumn(in.Alias, in.Sort)
}

func (o Order) pick(up, down constant) constant {
	if o.Desc {
		return down
	}
	return up
}
