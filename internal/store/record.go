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

// Ask is what is asked of a kind of record, before rights.
type Ask struct {
	Columns []*schema.Field // which fields; Hidden ones may be among them and stay nil
	Filter  query.Cond      // nil: every record; Relatives must be bound
	Search  *Search         // nil: none; with it the order is newest created first
	Order   query.Order     // the zero Order is oldest created first
	After   *Position       // nil: from the start
	Limit   int             // rows of a page; 0: 50
	Deleted bool            // the records in the bin instead, latest first; Order does not count
	Also    []policy.Grant  // of each row it is told which of these grants of the same kind reach it, too
}

// Position is where a page ended: the next one begins after it, at the cost of
// a first page. Sort is the value that was sorted by (nil, int64 or string) and
// may be what a reader may not see, so that a Position goes out sealed only.
type Position struct {
	Sort any
	ID   schema.RecordID
}

// RecordRows is one page.
type RecordRows struct {
	Fields []*schema.Field // as asked for
	Rows   []RecordRow
	Next   *Position // nil at the end
}

// RecordRow is a record as far as the grant lets it be seen. Its slices are in
// the order of RecordRows.Fields and are shared between rows: do not change them.
type RecordRow struct {
	ID      schema.RecordID
	Version int64
	Values  []any          // int64, string or nil; nil wherever the sight is not Plain
	Sights  []policy.Sight // of each field on this record
	Present []int          // where the sight is Masked or Click: how many values there are, else 0
	Contact policy.Sight   // of contact data typed into free text: where it is not Plain, free texts are masked; at least this, if no free text is asked for
	Also    int64          // bit by bit: the grants of Ask.Also that reach it
}

const (
	pageSize = 50
	maxPage  = 1000
	// maxIDs bounds what Rows takes at once.
	maxIDs = 1000
)

// asker is what a page is asked of: the database or a transaction.
type asker interface {
	ask(ctx context.Context, text string, args []any) (answer, error)
}

// An answer is rows of records being read, column by column: a page has more
// than a thousand values, and what is not looked at costs nothing.
type answer interface {
	next() (bool, error)
	integer(column int) (n int64, ok bool) // not ok: NULL
	value(column int) any                  // as of a cursor
	bytes(column int) []byte               // a blob as it lies there, until the next row
	close() error
}

func (db *DB) ask(ctx context.Context, text string, args []any) (answer, error) {
	from := db.pages
	if from == nil || db.engine == Postgres {
		from = db.readers
	}
	return db.askOf(ctx, from, text, args)
}

// settled asks for pages whose statement says how they are found: on PostgreSQL
// over connections that do not plan a statement anew for each of its values.
type settled struct{ *DB }

func (db settled) ask(ctx context.Context, text string, args []any) (answer, error) {
	return db.askOf(ctx, db.pages, text, args)
}

func (db *DB) askOf(ctx context.Context, from *pool, text string, args []any) (answer, error) {
	s, err := from.take(ctx)
	if err != nil {
		return nil, err
	}
	a, err := answerOf(ctx, s, db.sql(Text(text)), args)
	if err != nil {
		from.put(s)
		return nil, err
	}
	return &lent{a, from, s}, nil
}

// lent is an answer that gives its connection back.
type lent struct {
	answer
	from *pool
	s    session
}

func (l *lent) close() error {
	if l.s == nil {
		return nil
	}
	err := l.answer.close()
	l.from.put(l.s)
	l.s = nil
	return err
}

func (tx *Tx) ask(ctx context.Context, text string, args []any) (answer, error) {
	ctx, err := tx.bound(ctx)
	if err != nil {
		return nil, err
	}
	return answerOf(ctx, tx.s, tx.db.sql(Text(text)), args)
}

func answerOf(ctx context.Context, s session, text string, args []any) (answer, error) {
	if err := plain(args); err != nil {
		return nil, err
	}
	c, err := s.query(ctx, text, args)
	if err != nil {
		return nil, err
	}
	if by, ok := c.(interface{ columns() answer }); ok {
		return by.columns(), nil
	}
	return &wholeRows{c, make([]any, c.width())}, nil
}

// wholeRows reads an answer whose cursor gives whole rows.
type wholeRows struct {
	c    cursor
	vals []any
}

func (w *wholeRows) next() (bool, error) { return w.c.next(w.vals) }
func (w *wholeRows) value(i int) any     { return w.vals[i] }
func (w *wholeRows) close() error        { return w.c.close() }

func (w *wholeRows) bytes(i int) []byte {
	b, _ := w.vals[i].([]byte)
	return b
}

func (w *wholeRows) integer(i int) (int64, bool) {
	n, ok := w.vals[i].(int64)
	return n, ok
}

// single reads an answer of one number.
func single(ctx context.Context, from asker, b *query.Builder) (n int, err error) {
	a, err := from.ask(ctx, b.String(), b.Args())
	if err != nil {
		return 0, err
	}
	more, err := a.next()
	if err == nil && !more {
		err = ErrNoRows
	}
	if err == nil {
		found, _ := a.integer(0)
		n = int(found)
	}
	return n, errors.Join(err, a.close())
}

// Page gives one page of the records that the grant permits, with what it lets
// be seen of them. Filter and order may use only fields that the grant shows: a
// field that is plain on some records only counts on those.
func (db *DB) Page(ctx context.Context, g policy.Grant, ask Ask) (*RecordRows, error) {
	return db.page(ctx, db, g, ask, nil, anyPlan)
}

// Page is DB.Page inside the transaction.
func (tx *Tx) Page(ctx context.Context, g policy.Grant, ask Ask) (*RecordRows, error) {
	return tx.db.page(ctx, tx, g, ask, nil, anyPlan)
}

// Rows gives those of the records that the grant permits, newest created first.
// Columns and Deleted of the Ask count, and Filter.
func (db *DB) Rows(ctx context.Context, g policy.Grant, ids []schema.RecordID, ask Ask) (*RecordRows, error) {
	return db.rows(ctx, db, g, ids, ask)
}

// Rows is DB.Rows inside the transaction.
func (tx *Tx) Rows(ctx context.Context, g policy.Grant, ids []schema.RecordID, ask Ask) (*RecordRows, error) {
	return tx.db.rows(ctx, tx, g, ids, ask)
}

// Row gives one record, or ErrNoRows if there is none that the grant permits.
func (db *DB) Row(ctx context.Context, g policy.Grant, id schema.RecordID, ask Ask) (*RecordRow, error) {
	return db.row(ctx, db, g, id, ask)
}

// Row is DB.Row inside the transaction.
func (tx *Tx) Row(ctx context.Context, g policy.Grant, id schema.RecordID, ask Ask) (*RecordRow, error) {
	return tx.db.row(ctx, tx, g, id, ask)
}

func (db *DB) row(ctx context.Context, from asker, g policy.Grant, id schema.RecordID, ask Ask) (*RecordRow, error) {
	rows, err := db.rows(ctx, from, g, []schema.RecordID{id}, ask)
	if err != nil {
		return nil, err
	}
	if len(rows.Rows) == 0 {
		return nil, ErrNoRows
	}
	return &rows.Rows[0], nil
}

func (db *DB) rows(ctx context.Context, from asker, g policy.Grant, ids []schema.RecordID, ask Ask) (*RecordRows, error) {
	if len(ids) > maxIDs {
		return nil, fault.Newf(fault.Large, "page.large", "No more than %d records can be asked for at once.", maxIDs)
	}
	if len(ids) == 0 {
		return &RecordRows{Fields: ask.Columns}, nil
	}
	ask.Search, ask.After, ask.Order, ask.Limit = nil, nil, query.Order{Desc: true}, len(ids)
	return db.page(ctx, from, g, ask, ids, probePlan)
}

func (db *DB) page(ctx context.Context, from asker, g policy.Grant, ask Ask, ids []schema.RecordID, p plan) (*RecordRows, error) {
	out := &RecordRows{Fields: ask.Columns}
	if g.Empty() {
		return out, nil
	}
	r, err := db.newReading(g, ask, ids)
	if err != nil {
		return nil, err
	}
	if r.nothing() {
		return out, nil
	}
	if unheard, err := r.unheard(ctx, from); unheard || err != nil {
		return out, err
	}
	if p == anyPlan {
		if p, err = r.choose(ctx, from); err != nil {
			return nil, err
		}
	}
	if err := r.read(ctx, from, p, out); err != nil {
		return nil, err
	}
	if p == newestPlan && out.Next == nil {
		*out = RecordRows{Fields: ask.Columns}
		return out, r.read(ctx, from, r.then, out)
	}
	return out, nil
}

func (r *reading) read(ctx context.Context, from asker, p plan, out *RecordRows) error {
	text, args, err := r.blank(p)
	if err != nil {
		return fmt.Errorf("write statement on %s: %w", r.kind.Name, err)
	}
	if db, ok := from.(*DB); ok && r.ask.Search == nil {
		from = settled{db} // how many a word finds is told by the word
	}
	rows, err := from.ask(ctx, text, args)
	if err == nil {
		err = errors.Join(r.collect(rows, out), rows.close())
	}
	if err != nil {
		return fmt.Errorf("list %s: %w", r.kind.Plural, err)
	}
	return nil
}

// Count says how many records that the grant permits meet the filter, but
// counts no further than most; capped tells that there are more.
func (db *DB) Count(ctx context.Context, g policy.Grant, filter query.Cond, most int) (n int, capped bool, err error) {
	return db.CountFound(ctx, g, Ask{Filter: filter}, most)
}

// CountFound is Count for the records that a Page would list, page by page.
func (db *DB) CountFound(ctx context.Context, g policy.Grant, ask Ask, most int) (n int, capped bool, err error) {
	if g.Empty() || most < 0 {
		return 0, false, nil
	}
	ask.After, ask.Columns, ask.Limit, ask.Order = nil, nil, 0, query.Order{}
	r, err := db.newReading(g, ask, nil)
	if err != nil {
		return 0, false, err
	}
	r.limit, r.counting = most+1, true
	if r.ask.Search == nil && !r.ask.Deleted {
		// Nobody sees in which order was counted, and this one is at hand.
		r.order = ordering{query.Order{Desc: true}, byUpdated, updatedAt}
	}
	if r.nothing() {
		return 0, false, nil
	}
	if much, ok := r.much(); ok {
		n, err := r.count(ctx, func(b *query.Builder) {
			b.Write("SELECT 1 FROM access AS a WHERE a.kind = ").Arg(int64(r.kind.Number)).Write(" AND a.principal = ").Arg(int64(much)).Limit(r.limit)
		})
		if err != nil {
			return 0, false, err
		}
		if n > most {
			return most, true, nil
		}
	}
	p, err := r.choose(ctx, db)
	if err != nil {
		return 0, false, err
	}
	if n, err = r.count(ctx, func(b *query.Builder) { r.keys(b, p) }); err != nil {
		return 0, false, err
	}
	if n > most {
		return most, true, nil
	}
	return n, false, nil
}

// count counts what the keys find.
func (r *reading) count(ctx context.Context, keys func(*query.Builder)) (int, error) {
	b := &query.Builder{Dialect: r.db.engine.Dialect()}
	b.Write("SELECT count(*) FROM (")
	keys(b)
	b.Write(") AS k")
	if err := b.Err(); err != nil {
		return 0, fmt.Errorf("write count of %s: %w", r.kind.Name, err)
	}
	n, err := single(ctx, r.db, b)
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", r.kind.Plural, err)
	}
	return n, nil
}

// collect reads the page. All rows of it share three arrays.
func (r *reading) collect(rows answer, out *RecordRows) error {
	width := len(r.columns)
	var values []any
	var present []int
	size := min(r.limit, maxPage)
	seen := 0
	var before schema.RecordID
	var last Position
	apart := r.apart()
	for {
		more, err := rows.next()
		if !more || err != nil {
			return err
		}
		id, ok := rows.integer(0)
		if !ok {
			return errors.New("a record's id is not a number")
		}
		if r.hinted && seen > 0 && schema.RecordID(id) == before {
			continue // by another principal
		}
		before = schema.RecordID(id)
		seen++
		if seen > r.page {
			out.Next = &last
			return nil
		}
		if seen == r.page {
			last = Position{Sort: rows.value(1), ID: schema.RecordID(id)}
		}
		version, reached := rows.integer(2)
		bits, at := int64(0), 3
		switch {
		case apart:
			bits, _ = rows.integer(3)
			at = 4
		case reached:
			bits = 1
		}
		if bits == 0 {
			// A row of access that the record itself does not bear out.
			if r.db.stale != nil {
				r.db.stale(r.kind.Name, schema.RecordID(id))
			}
			continue
		}
		if out.Rows == nil {
			out.Rows = make([]RecordRow, 0, min(size, pageSize))
			values = make([]any, 0, width*cap(out.Rows))
			present = make([]int, 0, width*cap(out.Rows))
		}
		from := len(values)
		sights, contact := r.sightsFor(bits)
		// Both are as long as the row by then, and empty: only what is there is written.
		values, present = slices.Grow(values, width)[:from+width], slices.Grow(present, width)[:from+width]
		row, count := values[from:], present[from:]
		for i := range r.columns {
			c := &r.columns[i]
			if c.value {
				if sights[i] == policy.Plain {
					row[i] = rows.value(at)
				}
				at++
			}
			if c.presence {
				if sights[i] == policy.Masked || sights[i] == policy.Click {
					n, _ := rows.integer(at)
					count[i] = int(n)
				}
				at++
			}
		}
		to := len(values)
		also := int64(0)
		if len(r.ask.Also) > 0 {
			also, _ = rows.integer(at)
		}
		out.Rows = append(out.Rows, RecordRow{
			ID: schema.RecordID(id), Version: version, Also: also,
			Values: values[from:to:to], Present: present[from:to:to], Sights: sights, Contact: contact,
		})
	}
}
