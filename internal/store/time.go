package store

import (
	"context"
	"fmt"

	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// Taken is a stretch of somebody's time that a record takes.
type Taken struct {
	ID           schema.RecordID
	Person       int64
	Starts, Ends int64 // microseconds
	Status       string
}

// Taken lists what takes the time of these people between two moments, cancelled
// records included, by its beginning; no more than most. It takes a grant of the
// house: who may know of it is for the caller to ask.
func (tx *Tx) Taken(ctx context.Context, g policy.Grant, people []int64, from, to int64, most int) ([]Taken, error) {
	if g.House() == 0 || g.Kind().Time == nil {
		return nil, errGrant
	}
	if len(people) == 0 {
		return nil, nil
	}
	kind := g.Kind()
	b := &query.Builder{Dialect: tx.db.engine.Dialect()}
	tx.timed(b, kind)
	b.Write(" AND ").Column("r", kind.Responsible).Write(" IN (")
	list(b, people, func(p int64) int64 { return p })
	b.Write(") AND ").Column("r", kind.Time.Starts).Write(" > ").Arg(from - schema.Longest.Microseconds())
	b.Write(" AND ").Column("r", kind.Time.Starts).Write(" < ").Arg(to)
	b.Write(" AND ").Column("r", kind.Time.Ends).Write(" > ").Arg(from)
	return tx.collectTaken(ctx, b, kind, most)
}

// Series lists the records of one series that begin at a moment or later, by
// their beginning; no more than most. It takes a grant of the house.
func (tx *Tx) Series(ctx context.Context, g policy.Grant, key string, from int64, most int) ([]Taken, error) {
	if g.House() == 0 || g.Kind().Time == nil {
		return nil, errGrant
	}
	kind := g.Kind()
	b := &query.Builder{Dialect: tx.db.engine.Dialect()}
	tx.timed(b, kind)
	b.Write(" AND ").Column("r", kind.Field(kind.Time.Series).KeyColumn()).Write(" = ").Arg(key)
	b.Write(" AND ").Column("r", kind.Time.Starts).Write(" >= ").Arg(from)
	return tx.collectTaken(ctx, b, kind, most)
}

func (tx *Tx) timed(b *query.Builder, kind *schema.Kind) {
	b.Write("SELECT ").Column("r", "id").Write(", ").Column("r", kind.Responsible).Write(", ").Column("r", kind.Time.Starts)
	b.Write(", ").Column("r", kind.Time.Ends).Write(", ").Column("r", kind.Time.Status)
	b.Write(" FROM ").Name(kind.Name).Write(" AS r WHERE ").Column("r", "deleted_at").Write(" IS NULL")
}

func (tx *Tx) collectTaken(ctx context.Context, b *query.Builder, kind *schema.Kind, most int) ([]Taken, error) {
	b.Write(" ORDER BY ").Column("r", kind.Time.Starts).Write(", ").Column("r", "id").Limit(most)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("write the question when time is taken: %w", err)
	}
	rows, err := tx.Query(ctx, Text(b.String()), b.Args()...)
	if err != nil {
		return nil, fmt.Errorf("ask when time is taken: %w", err)
	}
	defer rows.Close()
	var all []Taken
	for rows.Next() {
		v := rows.Values()
		t := Taken{ID: schema.RecordID(v[0].(int64))}
		t.Person, _ = v[1].(int64)
		t.Starts, _ = v[2].(int64)
		t.Ends, _ = v[3].(int64)
		t.Status, _ = v[4].(string)
		all = append(all, t)
	}
	return all, rows.Close()
}
