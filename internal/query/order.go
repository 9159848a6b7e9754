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

// SQL writes what follows ORDER BY.
func (o Order) SQL(b *Builder, alias string) {
	if o.keyed() {
		o.column(b, alias)
		b.Write(o.pick(" ASC NULLS FIRST, ", " DESC NULLS LAST, "))
	}
	b.Column(alias, "id").Write(o.pick(" ASC", " DESC"))
}

// AfterSQL writes the condition that a row comes after the one with this value
// and id.
func (o Order) AfterSQL(b *Builder, alias string, value Value, id schema.RecordID) {
	beyond := func() { b.Column(alias, "id").Write(o.pick(">", "<")).Arg(int64(id)) }
	switch {
	case !o.keyed():
		beyond()
	case value.IsNull() && o.Desc:
		b.Write("(")
		o.column(b, alias)
		b.Write(" IS NULL AND ")
		beyond()
		b.Write(")")
	case value.IsNull():
		b.Write("(")
		o.column(b, alias)
		b.Write(" IS NOT NULL OR ")
		beyond()
		b.Write(")")
	default:
		b.Write("((")
		o.column(b, alias)
		b.Write(", ").Column(alias, "id").Write(o.pick(")>(", ")<(")).Arg(value.Any()).Write(", ").Arg(int64(id)).Write(")")
		if o.Desc {
			b.Write(" OR ")
			o.column(b, alias)
			b.Write(" IS NULL")
		}
		b.Write(")")
	}
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

func (o Order) column(b *Builder, alias string) {
	name, _ := o.Column()
	if o.Field.Type.Numeric() {
		b.Column(alias, name)
		return
	}
	b.TextColumn(alias, name)
}

func (o Order) pick(up, down constant) constant {
	if o.Desc {
		return down
	}
	return up
}
