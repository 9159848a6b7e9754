package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// Summing is what is to be counted and added up: what meets the filter, divided
// by fields, of a field, as far as most records.
type Summing struct {
	Filter query.Cond
	By     []*schema.Field
	Of     *schema.Field // nil: only counted
	Most   int
}

// Summary is an answer to a Summing.
type Summary struct {
	Sums   []Sum
	Capped bool // there are more than were to be counted
}

// PagesSummed gives several pages, and what Sums would say of another question if
// there is one, all of one moment of the database: a record that somebody moves
// meanwhile is on one of the pages, and is counted where it is shown. Pages and
// sums are read side by side where a second connection is at hand, and otherwise
// one after the other.
func (db *DB) PagesSummed(ctx context.Context, g policy.Grant, pages []Ask, sums *Summing) ([]*RecordRows, Summary, error) {
	all := make([]*RecordRows, len(pages))
	var of Summary
	from := db.pages
	for _, ask := range pages {
		if ask.Search != nil && db.engine == Postgres {
			from = db.readers // how many a word finds is told by the word; see settled
		}
	}
	turn := func(m moment) error {
		for i, ask := range pages {
			var err error
			if all[i], err = db.page(ctx, m, g, ask, nil, anyPlan); err != nil {
				return err
			}
		}
		return nil
	}
	var err error
	if sums == nil {
		err = db.still(ctx, from, turn)
	} else {
		err = db.beside(ctx, from, turn, func(m moment) (err error) {
			of.Sums, of.Capped, err = db.sums(ctx, m, g, *sums)
			return err
		})
	}
	if err != nil {
		return nil, Summary{}, err
	}
	return all, of, nil
}

// moment is a connection inside a transaction that reads: all that it is asked
// sees the database as it was when the transaction began.
type moment struct {
	db *DB
	s  session
}

func (m moment) ask(ctx context.Context, text string, args []any) (answer, error) {
	return answerOf(ctx, m.s, m.db.sql(Text(text)), args)
}

const (
	beginStill = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	// In one message with the beginning: it costs no further way to the server.
	beginShared = beginStill + `; SELECT pg_export_snapshot()`
	beginJoined = beginStill + `; SET TRANSACTION SNAPSHOT '`
)

// together asks several questions that see one moment, as what asks already does
// if it is one.
func (db *DB) together(ctx context.Context, from asker, do func(asker) error) error {
	if m, ok := from.(moment); ok {
		return do(m)
	}
	return db.still(ctx, db.pages, func(m moment) error { return do(m) })
}

// still runs a function that sees one moment over a connection of the pool.
func (db *DB) still(ctx context.Context, from *pool, do func(moment) error) error {
	s, err := from.take(ctx)
	if err != nil {
		return err
	}
	begin := `BEGIN`
	if db.engine == Postgres {
		begin = beginStill
	}
	if err := s.script(ctx, begin); err != nil {
		from.drop(s)
		return fmt.Errorf("begin reading: %w", err)
	}
	defer endStill(ctx, from, s)
	return do(moment{db, s})
}

// endStill gives a connection back. Nothing was changed, so that the end of its
// transaction matters only to the connection.
func endStill(ctx context.Context, to *pool, s session) {
	if err := s.script(context.WithoutCancel(ctx), `COMMIT`); err != nil {
		to.drop(s)
		return
	}
	to.put(s)
}

// beside runs two functions that see the same moment, each over a connection of
// its own. A second connection is never waited for while the first is held, or
// readers would wait for each other for ever: where none is free, or the moment
// cannot be shared, both run over the first.
func (db *DB) beside(ctx context.Context, from *pool, one, other func(moment) error) error {
	and, begin := db.readers, db.sharePostgres
	if db.engine == SQLite {
		and, begin = db.pages, db.shareSQLite
	}
	b, err := and.spare(ctx)
	if err != nil {
		return err
	}
	both := func(m moment) error {
		if err := one(m); err != nil {
			return err
		}
		return other(m)
	}
	if b == nil {
		return db.still(ctx, from, both)
	}
	a, err := from.spare(ctx)
	if a == nil || err != nil {
		and.put(b)
		if err != nil {
			return err
		}
		return db.still(ctx, from, both)
	}
	join, err := begin(ctx, a, b)
	if err != nil {
		from.drop(a)
		and.drop(b)
		return fmt.Errorf("begin reading: %w", err)
	}
	defer endStill(ctx, from, a)
	if join == nil {
		and.put(b)
		return both(moment{db, a})
	}
	var running sync.WaitGroup
	var second error
	running.Go(func() {
		if second = join(); second != nil {
			and.drop(b)
			return
		}
		defer endStill(ctx, and, b)
		second = other(moment{db, b})
	})
	first := one(moment{db, a})
	running.Wait() // the first ends after the second has joined it
	if first != nil {
		return first
	}
	return second
}

// sharePostgres begins reading over the first connection and says how the second
// comes to see the same moment.
func (db *DB) sharePostgres(ctx context.Context, a, b session) (join func() error, err error) {
	answers, err := a.(*postgresSession).conn.PgConn().Exec(ctx, beginShared).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(answers) != 2 || len(answers[1].Rows) != 1 {
		return nil, errors.New("the server does not name its snapshot")
	}
	name := string(answers[1].Rows[0][0])
	return func() error {
		if err := b.script(ctx, beginJoined+name+"'"); err != nil {
			return fmt.Errorf("join a moment: %w", err)
		}
		return nil
	}, nil
}

// shareTries is how often two connections to SQLite begin until no commit comes
// between them.
const shareTries = 4

// shareSQLite begins reading over both connections at one moment. If it cannot be
// had, join is nil and only the first one has begun.
func (db *DB) shareSQLite(ctx context.Context, a, b session) (join func() error, err error) {
	one, other := a.(*sqliteReader), b.(*sqliteReader)
	for n := 1; ; n++ {
		for _, s := range []*sqliteReader{one, other} {
			if err := s.script(ctx, `BEGIN`); err != nil {
				return nil, err
			}
		}
		same, known := one.sameMoment(other)
		if same {
			return func() error { return nil }, nil
		}
		if err := other.script(ctx, `COMMIT`); err != nil || !known || n == shareTries {
			return nil, err
		}
		if err := one.script(ctx, `COMMIT`); err != nil {
			return nil, err
		}
	}
}
