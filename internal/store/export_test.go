package store

import (
	"context"
	"errors"

	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// The plans, for tests that ask for each: which one is chosen must not matter.
var Plans = map[string]plan{"chosen": anyPlan, "probe": probePlan, "merge": mergePlan, "set": setPlan, "newest": newestPlan, "own": ownPlan}

// PageBy is Page by one plan.
func (db *DB) PageBy(ctx context.Context, g policy.Grant, ask Ask, name string) (*RecordRows, error) {
	return db.page(ctx, db, g, ask, nil, Plans[name])
}

// Counted waits until the plans are chosen by counts.
func (db *DB) Counted() { db.stats.running.Wait() }

// Suppose makes the plans be chosen as if so many records were there, and so
// many of them reached by each principal.
func (db *DB) Suppose(k *schema.Kind, n float64, by map[schema.Principal]float64) {
	db.stats.mu.Lock()
	defer db.stats.mu.Unlock()
	if db.stats.loading == nil {
		db.stats.loading, db.stats.kinds = map[string]bool{}, map[string]*kindStats{}
	}
	db.stats.kinds[k.Name] = &kindStats{at: db.Now(), commits: db.commits.Load(), n: n, by: by, indexes: map[string]string{}}
}

// Chosen names the plan of a page, and how many records its search looks into.
func (db *DB) Chosen(ctx context.Context, g policy.Grant, ask Ask) (name string, window int, err error) {
	r, err := db.newReading(g, ask, nil)
	if err != nil {
		return "", 0, err
	}
	p, err := r.choose(ctx, db)
	for n, o := range Plans {
		if o == p {
			name = n
		}
	}
	return name, r.window, err
}

// StatementBy is the text of a page by one plan.
func (db *DB) StatementBy(g policy.Grant, ask Ask, name string) (string, []any, error) {
	r, err := db.newReading(g, ask, nil)
	if err != nil {
		return "", nil, err
	}
	r.look()
	b := r.statement(Plans[name])
	return db.sql(Text(b.String())), b.Args(), b.Err()
}

// InMarks tells whether values of the field are in marks.
var InMarks = marks

// SumsOver is Sums over what the filter leaves, whatever is the cheapest.
func (db *DB) SumsOver(ctx context.Context, g policy.Grant, filter query.Cond, by []*schema.Field, of *schema.Field, most int) ([]Sum, bool, error) {
	r, err := db.newReading(g, Ask{Filter: filter}, nil)
	if err != nil || r.nothing() || g.Empty() {
		return nil, false, err
	}
	r.limit, r.counting = most+1, true
	return r.addUpOver(ctx, db, by, of, most)
}

// PlannedPages tells how often PostgreSQL has planned statements of pages of
// records for their values, and how often it ran a plan that it had kept, over
// the connection that was used last.
func (db *DB) PlannedPages(ctx context.Context) (anew, kept int64, err error) {
	s, err := db.pages.take(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer db.pages.put(s)
	rows, err := run(ctx, s, `SELECT coalesce(sum(custom_plans), 0)::bigint, coalesce(sum(generic_plans), 0)::bigint FROM pg_prepared_statements WHERE statement LIKE '%"contact"%' AND statement NOT LIKE '%pg_prepared%'`, nil)
	err = (&Row{rows: rows, err: err}).Scan(&anew, &kept)
	return anew, kept, err
}

// Crowd lends sessions that pages are read over until so many are left, and gives
// them back.
func (db *DB) Crowd(ctx context.Context, left int) (back func(), err error) {
	var lent []session
	for cap(db.pages.slots)-len(db.pages.slots) > left {
		s, err := db.pages.take(ctx)
		if err != nil {
			return nil, err
		}
		lent = append(lent, s)
	}
	return func() {
		for _, s := range lent {
			db.pages.put(s)
		}
	}, nil
}

// Beside runs two functions that see one moment, each told how to ask for a
// number, and says whether they had a connection each.
func (db *DB) Beside(ctx context.Context, one, other func(ask func(string) (int64, error)) error) (apart bool, err error) {
	var first, second session
	by := func(s *session, do func(func(string) (int64, error)) error) func(moment) error {
		return func(m moment) error {
			*s = m.s
			return do(func(text string) (int64, error) {
				a, err := m.ask(ctx, text, nil)
				if err != nil {
					return 0, err
				}
				_, err = a.next()
				n, _ := a.integer(0)
				return n, errors.Join(err, a.close())
			})
		}
	}
	err = db.beside(ctx, db.pages, by(&first, one), by(&second, other))
	return first != second, err
}
