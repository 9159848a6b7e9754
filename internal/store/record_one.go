package store

import (
	"slices"
	"strconv"

	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// A card is a question about one record, which is asked more often than any
// other. Its statement looks at the shares of the record once, for all that is
// to be known of them, and at the record once: to be found first and then looked
// at again, and to ask its shares for each of the rights apart, cost as much as
// the columns of the card.

// single tells whether the question is for one record by its id and nothing else.
func (r *reading) single() bool {
	return len(r.ids) == 1 && r.ask.Filter == nil && r.ask.Search == nil
}

// shareLook is something to be known of a record's shares: whether one is with
// any of the groups, or with any of the people at the level at least.
type shareLook struct {
	groups, shares []schema.Principal
	least          policy.ShareLevel
}

// A looking collects what a statement is to know of the shares of its record.
type looking []shareLook

// found writes that a look found a share.
func (l *looking) found(b *query.Builder, look shareLook) {
	i := slices.IndexFunc(*l, func(o shareLook) bool {
		return slices.Equal(o.groups, look.groups) && slices.Equal(o.shares, look.shares) && o.least == look.least
	})
	if i < 0 {
		i, *l = len(*l), append(*l, look)
	}
	b.Column("k", l.name(i)).Write(" <> 0")
}

func (*looking) name(i int) string { return "look" + strconv.Itoa(i) }

// statementOfOne writes the question for one record.
func (r *reading) statementOfOne() *query.Builder {
	r.looked = new(looking)
	b := &query.Builder{Dialect: r.db.engine.Dialect()}
	// What is looked for stands behind what is asked of it and before: it is
	// collected first.
	r.writeBits(&query.Builder{Dialect: b.Dialect})
	r.writeAlso(&query.Builder{Dialect: b.Dialect})

	b.Write(`SELECT r."id", r."id", r."version"`)
	if r.apart() {
		b.Write(", ")
		r.writeBits(b)
	}
	r.writeColumns(b)
	r.writeAlso(b)
	b.Write(" FROM ")
	if len(*r.looked) > 0 {
		r.lookAtShares(b)
		b.Write(" AS k CROSS JOIN ")
	}
	b.Name(r.kind.Name).Write(` AS r WHERE r."id" = `)
	r.put(b, slot{of: slotID}, int64(r.ids[0]))
	b.Write(" AND ")
	r.alive(b)
	if r.guarded {
		b.Write(" AND ")
		r.writeBits(b)
		b.Write(" <> 0")
	}
	return b
}

// lookAtShares writes a row that has what the looks found.
func (r *reading) lookAtShares(b *query.Builder) {
	b.Write("(SELECT ")
	for i, look := range *r.looked {
		if i > 0 {
			b.Write(", ")
		}
		b.Write("coalesce(max(CASE WHEN ")
		with(b, look.groups, look.shares, look.least)
		b.Write(" THEN 1 ELSE 0 END), 0) AS ").Name(r.looked.name(i))
	}
	b.Write(" FROM share AS x WHERE x.kind = ").Arg(int64(r.kind.Number)).Write(" AND x.record = ")
	r.put(b, slot{of: slotID}, int64(r.ids[0]))
	b.Write(" AND ")
	r.lasting(b)
	b.Write(")")
}
