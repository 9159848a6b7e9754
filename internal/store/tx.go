package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"castellan/internal/schema"
)

// yieldEvery is after how many statements a transaction lets others run.
const yieldEvery = 4

// Tx is a running transaction. It belongs to the function that it was given to,
// and to one goroutine.
type Tx struct {
	db    *DB
	s     session
	now   time.Time
	write bool
	after []func()
	named int // savepoints so far
	steps int // statements so far
}

// Write runs a function in a transaction that is committed if it returns nil
// and undone otherwise. When Write returns nil the change is on disk. The
// function may be run again from the start on PostgreSQL, and sees the database
// as if it were alone on both engines. It must not call Write.
func (db *DB) Write(ctx context.Context, do func(*Tx) error) error {
	return spaceless(db.writer.write(ctx, db, do))
}

// spaceless says in plain words that the disk is full: whoever is told only that
// something went wrong tries again all day.
func spaceless(err error) error {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	if errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_FULL || errors.As(err, &pg) && pg.Code == "53100" {
		return full(err)
	}
	return err
}

// Read runs a function that sees one moment of the database, whatever is
// written meanwhile.
func (db *DB) Read(ctx context.Context, do func(*Tx) error) error {
	s, err := db.readers.take(ctx)
	if err != nil {
		return err
	}
	begin := `BEGIN`
	if db.engine == Postgres {
		begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	}
	if _, err := s.exec(ctx, begin, nil); err != nil {
		db.readers.drop(s)
		return fmt.Errorf("begin reading: %w", err)
	}
	defer func() {
		// Nothing was changed, so that the end matters only to the connection.
		if _, err := s.exec(context.WithoutCancel(ctx), `COMMIT`, nil); err != nil {
			db.readers.drop(s)
			return
		}
		db.readers.put(s)
	}()
	return do(&Tx{db: db, s: s, now: db.Now()})
}

// Now is the time of the transaction: one moment for everything in it, in UTC
// with microseconds.
func (tx *Tx) Now() time.Time { return tx.now }

// Engine says which kind of database it is.
func (tx *Tx) Engine() Engine { return tx.db.engine }

// DB is the database of the transaction.
func (tx *Tx) DB() *DB { return tx.db }

// NewID gives an id for a new record, larger than every one before it.
func (tx *Tx) NewID() schema.RecordID { return tx.db.ids.next() }

// NextSmall counts up the named counter and gives its new value; the first is 1.
// People, groups and roles have such ids.
func (tx *Tx) NextSmall(ctx context.Context, counter string) (int64, error) {
	var n int64
	err := tx.QueryRow(ctx, Text(`INSERT INTO counter(name, n) VALUES (?, 1)
		ON CONFLICT (name) DO UPDATE SET n = counter.n + 1 RETURNING n`), counter).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count up %s: %w", counter, err)
	}
	return n, nil
}

// AfterCommit keeps a function that runs once the change is on disk, and never
// if the transaction is undone.
func (tx *Tx) AfterCommit(do func()) { tx.after = append(tx.after, do) }

// Exec runs a statement and says how many rows it changed.
func (tx *Tx) Exec(ctx context.Context, s Statement, args ...any) (int64, error) {
	ctx, err := tx.bound(ctx)
	if err != nil {
		return 0, err
	}
	if err := plain(args); err != nil {
		return 0, err
	}
	// SQLite runs in our own process: a long transaction would keep a processor
	// for ten milliseconds at a time, and an answer to somebody else waits for
	// one at each of its steps. So it steps aside now and then.
	if tx.steps++; tx.steps%yieldEvery == 0 && tx.db.engine == SQLite {
		runtime.Gosched()
	}
	n, err := tx.s.exec(ctx, tx.db.sql(s), args)
	if err != nil {
		return 0, fmt.Errorf("exec: %w", err)
	}
	return n, nil
}

// Query runs a statement that answers rows. They must be closed before the
// function returns, and on PostgreSQL before the next statement.
func (tx *Tx) Query(ctx context.Context, s Statement, args ...any) (*Rows, error) {
	ctx, err := tx.bound(ctx)
	if err != nil {
		return nil, err
	}
	return run(ctx, tx.s, tx.db.sql(s), args)
}

// QueryRow is Query for a statement that answers at most one row.
func (tx *Tx) QueryRow(ctx context.Context, s Statement, args ...any) *Row {
	rows, err := tx.Query(ctx, s, args...)
	return &Row{rows: rows, err: err}
}

// Try runs a part of the transaction that may fail alone: if the function
// returns an error, what it changed is undone and the transaction goes on.
// Without it a refused statement ends the whole transaction on PostgreSQL.
func (tx *Tx) Try(ctx context.Context, do func() error) error {
	tx.named++
	name := fmt.Sprintf("try%d", tx.named)
	if _, err := tx.Exec(ctx, Text("SAVEPOINT "+name)); err != nil {
		return err
	}
	after := len(tx.after)
	if err := do(); err != nil {
		tx.after = tx.after[:after]
		clean := context.WithoutCancel(ctx)
		if _, e := tx.s.exec(clean, "ROLLBACK TO SAVEPOINT "+name, nil); e != nil {
			return errors.Join(err, fmt.Errorf("undo a part: %w", e))
		}
		if _, e := tx.s.exec(clean, "RELEASE SAVEPOINT "+name, nil); e != nil {
			return errors.Join(err, fmt.Errorf("undo a part: %w", e))
		}
		return err
	}
	_, err := tx.Exec(ctx, Text("RELEASE SAVEPOINT "+name))
	return err
}

// bound refuses to go on when the caller has given up, and otherwise lets a
// writing statement finish: SQLite would undo the whole transaction, and those
// of others that share its commit, if it were interrupted in the middle.
func (tx *Tx) bound(ctx context.Context) (context.Context, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if tx.write {
		return context.WithoutCancel(ctx), nil
	}
	return ctx, nil
}

// finish runs what must come last in a writing transaction.
func (tx *Tx) finish(ctx context.Context) error {
	return tx.db.ids.keep(context.WithoutCancel(ctx), tx)
}

func (tx *Tx) committed() {
	tx.db.commits.Add(1)
	for _, do := range tx.after {
		do()
	}
}
