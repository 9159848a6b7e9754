package store

import (
	"context"
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
	r, err := db.newReading(g, Ask{Filter: filter}, nil)
	if err != nil {
		return nil, false, err
	}
	r.limit, r.counting = most+1, true
	// Nobody sees in which order was added up, and this one is at hand.
	r.order = ordering{query.Order{Desc: true}, byUpdated, updatedAt}
	if r.nothing() {
		return nil, false, nil
	}
	p, err := r.choose(ctx, db)
	if err != nil {
		return nil, false, err
	}
	at, err := r.summedAt(ctx, p)
	if err != nil {
		return nil, false, err
	}
	return r.addUp(ctx, at(by, of), by, most)
}

func (r *reading) addUp(ctx context.Context, b *query.Builder, by []*schema.Field, most int) (all []Sum, capped bool, err error) {
	if err := b.Err(); err != nil {
		return nil, false, fmt.Errorf("write sums of %s: %w", r.kind.Name, err)
	}
	rows, err := r.db.Query(ctx, Text(b.String()), b.Args()...)
	if err != nil {
		return nil, false, fmt.Errorf("add up %s: %w", r.kind.Plural, err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		raw := rows.Values()
		s := Sum{By: append([]any(nil), raw[:len(by)]...)}
		count, _ := raw[len(by)].(int64)
		s.Total, _ = raw[len(by)+1].(int64)
		s.N = int(count)
		n += s.N
		all = append(all, s)
	}
	return all, n > most, rows.Err()
}

// manySummed is from how many records that are reached on it is cheaper to go
// over what the filter leaves than over what is reached.
const manySummed = 1_000

// summedAt picks the way to add up: over what the filter's index leaves, asking
// of each whether it is among all that is reached, or by the plan of a page.
func (r *reading) summedAt(ctx context.Context, p plan) (func([]*schema.Field, *schema.Field) *query.Builder, error) {
	byPlan := func(by []*schema.Field, of *schema.Field) *query.Builder { return r.sums(p, by, of) }
	walks := r.walks()
	if r.ask.Filter == nil || r.indexed() == nil || !r.every && slices.ContainsFunc(walks, walk.everyone) {
		return byPlan, nil
	}
	if r.every {
		return r.sumsOver, nil
	}
	n, v, known := r.db.stats.reach(r.db, r.kind, walks)
	if !known || v < manySummed {
		return byPlan, nil
	}
	if err := r.measure(ctx, r.db); err != nil {
		return nil, err
	}
	if r.left > manyLeft && v < n/4 {
		return byPlan, nil
	}
	return r.sumsOver, nil
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
