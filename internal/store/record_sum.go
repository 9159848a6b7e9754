package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// Sum is what is counted and added up of the records that have the same value
// in each of the fields that divide them.
type Sum struct {
	By    []any // int64, string or nil, in the order of the fields
	N     int
	Total int64 // of the field that is added up; 0 if none was asked for
}

// Sums counts the records that the grant permits and that meet the filter,
// divided by fields, and adds up a field of them, which may be nil. It goes no
// further than most records; capped tells that there are more. Every field must
// be plain on every record that the grant shows: a sum over values that may not
// be seen would tell of them (attack 4).
func (db *DB) Sums(ctx context.Context, g policy.Grant, filter query.Cond, by []*schema.Field, of *schema.Field, most int) (all []Sum, capped bool, err error) {
	return db.sums(ctx, db, g, Summing{filter, by, of, most})
}

func (db *DB) sums(ctx context.Context, from asker, g policy.Grant, ask Summing) (all []Sum, capped bool, err error) {
	by, of, most := ask.By, ask.Of, ask.Most
	for _, f := range by {
		if g.FieldEverywhere(f) != policy.Plain || f.Type.Multi() {
			return nil, false, fault.New(fault.Denied, "sum.field", "You may not divide by this field.").At(f.Name)
		}
	}
	if of != nil && (g.FieldEverywhere(of) != policy.Plain || !of.Type.Numeric()) {
		return nil, false, fault.New(fault.Denied, "sum.field", "You may not add up this field.").At(of.Name)
	}
	if g.Empty() {
		return nil, false, nil
	}
	r, err := db.newReading(g, Ask{Filter: ask.Filter}, nil)
	if err != nil {
		return nil, false, err
	}
	r.limit, r.counting = most+1, true
	// Nobody sees in which order was added up, and this one is at hand.
	r.order = ordering{query.Order{Desc: true}, byUpdated, updatedAt}
	if r.nothing() {
		return nil, false, nil
	}
	p, err := r.choose(ctx, from)
	if err != nil {
		return nil, false, err
	}
	over, err := r.summedOver(ctx, from)
	switch {
	case err != nil:
		return nil, false, err
	case over:
		return r.addUpOver(ctx, from, by, of, most)
	}
	return r.addUp(ctx, from, r.sums(p, by, of), by, most)
}

// addUpOver adds up over what the filter leaves.
func (r *reading) addUpOver(ctx context.Context, from asker, by []*schema.Field, of *schema.Field, most int) ([]Sum, bool, error) {
	if r.db.engine == SQLite && !r.every && len(by) <= len(divided{}) {
		return r.addUpHere(ctx, from, by, of, most)
	}
	return r.addUp(ctx, from, r.sumsOver(by, of), by, most)
}

func (r *reading) addUp(ctx context.Context, from asker, b *query.Builder, by []*schema.Field, most int) (all []Sum, capped bool, err error) {
	n := 0
	err = each(ctx, from, b, func(a answer) bool {
		s := Sum{By: make([]any, len(by))}
		for i := range by {
			s.By[i] = a.value(i)
		}
		count, _ := a.integer(len(by))
		s.Total, _ = a.integer(len(by) + 1)
		s.N = int(count)
		n += s.N
		all = append(all, s)
		return true
	})
	if err != nil {
		return nil, false, fmt.Errorf("add up %s: %w", r.kind.Plural, err)
	}
	return all, n > most, nil
}

// manySummed is from how many records that are reached on it is cheaper to go
// over what the filter leaves than over what is reached.
const manySummed = 1_000

// summedOver picks the way to add up: over what the filter's index leaves, asking
// of each whether it is among all that is reached, or by the plan of a page.
func (r *reading) summedOver(ctx context.Context, from asker) (bool, error) {
	walks := r.walks()
	if r.ask.Filter == nil || r.indexed() == nil || !r.every && slices.ContainsFunc(walks, walk.everyone) {
		return false, nil
	}
	if r.every {
		return true, nil
	}
	n, v, known := r.db.stats.reach(r.db, r.kind, walks)
	if !known || v < manySummed {
		return false, nil
	}
	if err := r.measure(ctx, from); err != nil {
		return false, err
	}
	return r.left <= manyLeft || v >= n/4, nil
}

// divided are values of the fields that divide records.
type divided [3]any

// addUpHere is sumsOver for SQLite, which puts what is reached into a tree before
// it compares: that took two thirds of a board. A map of ours takes a tenth of
// it. Both statements see one moment.
func (r *reading) addUpHere(ctx context.Context, from asker, by []*schema.Field, of *schema.Field, most int) (all []Sum, capped bool, err error) {
	own, left := &query.Builder{}, &query.Builder{}
	r.ownRecords(own, r.walks())
	left.Write(`SELECT r."id"`)
	for _, f := range by {
		left.Write(", ").Column("r", f.Name)
	}
	if of != nil {
		left.Write(", ").Column("r", of.Name)
	}
	left.Write(" FROM ").Name(r.kind.Name).Write(" AS r WHERE ")
	r.alive(left)
	r.filter(left, nil)
	n := 0
	places := map[divided]int{}
	if len(by) == 0 { // the sum of nothing is a sum, as in a statement
		all, places[divided{}] = []Sum{{}}, 0
	}
	err = r.db.together(ctx, from, func(from asker) error {
		reached := map[int64]struct{}{}
		err := each(ctx, from, own, func(a answer) bool {
			id, _ := a.integer(0)
			reached[id] = struct{}{}
			return true
		})
		if err != nil {
			return err
		}
		return each(ctx, from, left, func(a answer) bool {
			if id, _ := a.integer(0); !has(reached, id) {
				return true
			}
			var d divided
			for i := range by {
				d[i] = a.value(1 + i)
			}
			at, ok := places[d]
			if !ok {
				at = len(all)
				places[d] = at
				all = append(all, Sum{By: slices.Clone(d[:len(by)])})
			}
			all[at].N++
			if of != nil {
				amount, _ := a.integer(1 + len(by))
				all[at].Total += amount
			}
			n++
			return n < r.limit
		})
	})
	if err != nil {
		return nil, false, fmt.Errorf("add up %s: %w", r.kind.Plural, err)
	}
	return all, n > most, nil
}

func has(all map[int64]struct{}, id int64) bool {
	_, ok := all[id]
	return ok
}

// each reads an answer until take wants no more of it.
func each(ctx context.Context, from asker, b *query.Builder, take func(answer) bool) error {
	if err := b.Err(); err != nil {
		return err
	}
	a, err := from.ask(ctx, b.String(), b.Args())
	if err != nil {
		return err
	}
	for more := true; more && err == nil; {
		if more, err = a.next(); more && err == nil {
			more = take(a)
		}
	}
	return errors.Join(err, a.close())
}

// sumsOver goes over what the filter leaves.
func (r *reading) sumsOver(by []*schema.Field, of *schema.Field) *query.Builder {
	b := &query.Builder{Dialect: r.db.engine.Dialect()}
	summed(b, by, of)
	b.Write(` FROM (SELECT r."id"`)
	for _, f := range by {
		b.Write(", ").Column("r", f.Name)
	}
	if of != nil && !slices.Contains(by, of) {
		b.Write(", ").Column("r", of.Name)
	}
	b.Write(" FROM ").Name(r.kind.Name).Write(" AS r WHERE ")
	r.alive(b)
	r.filter(b, nil)
	if !r.every {
		r.ownSet(b, r.walks(), "r", "id")
	}
	b.Limit(r.limit).Write(") AS t")
	grouped(b, by)
	return b
}

func (r *reading) sums(p plan, by []*schema.Field, of *schema.Field) *query.Builder {
	b := &query.Builder{Dialect: r.db.engine.Dialect()}
	summed(b, by, of)
	b.Write(" FROM (")
	r.keys(b, p)
	b.Write(") AS k JOIN ").Name(r.kind.Name).Write(` AS t ON t."id" = k.id`)
	grouped(b, by)
	return b
}

// summed writes what is told of each part.
func summed(b *query.Builder, by []*schema.Field, of *schema.Field) {
	b.Write("SELECT ")
	for _, f := range by {
		b.Column("t", f.Name).Write(", ")
	}
	b.Write("count(*), ")
	if of == nil {
		b.Write("0")
	} else {
		// PostgreSQL adds bigints up to a numeric.
		b.Write("CAST(COALESCE(sum(").Column("t", of.Name).Write("), 0) AS BIGINT)")
	}
}

func grouped(b *query.Builder, by []*schema.Field) {
	for i, f := range by {
		if i == 0 {
			b.Write(" GROUP BY ")
		} else {
			b.Write(", ")
		}
		b.Column("t", f.Name)
	}
}
