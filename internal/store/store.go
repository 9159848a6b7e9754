// Package store opens the database, runs transactions, applies migrations.
//
// A workspace is one database: a directory with two SQLite files, or one schema
// of a PostgreSQL server. No statement names a tenant, so none can forget it.
//
// Statements of the rooms are texts with "?" for arguments (Text, or Twin where
// the engines differ). They are prepared once for each connection and kept. All
// values come back as int64, float64, string, []byte or nil on both engines, so
// that a room cannot depend on one of them by accident.
//
// Records are different: no room may write a statement that reads them. The
// methods Page, Count, Row and Rows build it from a policy.Grant, and the zero
// Grant yields nothing.
//
// A newcomer would get wrong that a function given to Write may run more than
// once: PostgreSQL asks to repeat a transaction that met another one. It must
// keep its effects inside the transaction, or in AfterCommit.
package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"castellan/internal/query"
	"castellan/internal/schema"
)

// Engine is the kind of database.
type Engine uint8

const (
	SQLite Engine = iota
	Postgres
)

// String names the engine in words for people.
func (e Engine) String() string {
	if e == Postgres {
		return "PostgreSQL"
	}
	return "SQLite"
}

// Dialect is how conditions are written for the engine.
func (e Engine) Dialect() query.Dialect {
	if e == Postgres {
		return query.Postgres
	}
	return query.SQLite
}

// Options say where the data is. The zero value of every field but Dir and URL
// is good; one of those two is needed.
type Options struct {
	Dir     string           // directory of the workspace; made with mode 0700 if missing
	URL     string           // "postgres://…" for PostgreSQL; empty for SQLite in Dir
	Schema  string           // schema on PostgreSQL; empty: "castellan"
	NoMMap  bool             // read SQLite files without memory mapping: slower, but an I/O error is then an error and not a signal
	Readers int              // connections that read at the same time; 0: twice the processors, at least 2
	Now     func() time.Time // the clock of transactions; nil: time.Now

	// Stale is told of a record that a derived table offered to somebody whom
	// the record itself does not let see it. It was not shown. Such a row is a
	// fault of ours, or the end of a share that nobody has cleaned up yet.
	Stale func(kind string, record schema.RecordID)
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine  Engine
	dir     string
	schema  string
	now     func() time.Time
	ids     *ids
	writer  writer
	readers *pool
	pages   *pool // for reading records
	// unmapped opens a connection for reading all of a table now and then, which
	// would leave all of it in the memory of the process. SQLite.
	unmapped func() (session, error)

	ledger *DB // on PostgreSQL the DB itself; nil in the ledger of SQLite
	texts  texts
	blanks blanks
	stale  func(kind string, record schema.RecordID)
	stats  stats

	// commits counts write transactions, for the checkpointer of SQLite.
	commits atomic.Int64
	close   []func() error
	room    room
	once    sync.Once
	closed  error
}

// A writer runs write transactions.
type writer interface {
	write(ctx context.Context, db *DB, do func(*Tx) error) error
	close() error
}

// Open opens the database, makes it if it does not exist, and applies what
// migrations are missing. A second process on the same directory is refused.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Dir == "" && o.URL == "" {
		return nil, errors.New("open store: neither a directory nor a server was named")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Dir != "" {
		if err := os.MkdirAll(o.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("make data directory: %w", err)
		}
		abs, err := filepath.Abs(o.Dir)
		if err != nil {
			return nil, fmt.Errorf("find data directory: %w", err)
		}
		o.Dir = abs
	}
	if o.URL != "" {
		return openPostgres(ctx, o)
	}
	return openSQLite(ctx, o)
}

// Close waits for the running transaction, ends every connection and lets go of
// the directory. A second Close does nothing.
func (db *DB) Close() error {
	db.once.Do(func() {
		var all []error
		db.stats.stop()
		if db.ledger != nil && db.ledger != db {
			all = append(all, db.ledger.Close())
		}
		for i := len(db.close) - 1; i >= 0; i-- {
			all = append(all, db.close[i]())
		}
		db.closed = errors.Join(all...)
	})
	return db.closed
}

// Engine says which kind of database it is.
func (db *DB) Engine() Engine { return db.engine }

// Dir is the directory of the workspace; it may be empty on PostgreSQL.
func (db *DB) Dir() string { return db.dir }

// Schema is the schema on PostgreSQL, and empty on SQLite.
func (db *DB) Schema() string { return db.schema }

// Ledger is the database that the ledger is kept in: a file of its own on
// SQLite, so that a long write to the records never delays the noting of a
// read, and the same database on PostgreSQL.
func (db *DB) Ledger() *DB {
	if db.ledger == nil {
		return db
	}
	return db.ledger
}

// Now is the clock of the database, in UTC with microseconds.
func (db *DB) Now() time.Time { return db.now().UTC().Truncate(time.Microsecond) }

// Query runs one reading statement outside any transaction: it sees one moment,
// and nothing ties it to the next statement. The rows must be closed.
func (db *DB) Query(ctx context.Context, s Statement, args ...any) (*Rows, error) {
	c, err := db.readers.take(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := run(ctx, c, db.sql(s), args)
	if err != nil {
		db.readers.put(c)
		return nil, err
	}
	rows.done = func() { db.readers.put(c) }
	return rows, nil
}

// QueryRow is Query for a statement that answers at most one row.
func (db *DB) QueryRow(ctx context.Context, s Statement, args ...any) *Row {
	rows, err := db.Query(ctx, s, args...)
	return &Row{rows: rows, err: err}
}

// Scan runs one reading statement that answers a number and a blob in each row,
// for whoever goes through a great many of them. The blob is valid only until
// use returns; use says whether it wants more.
func (db *DB) Scan(ctx context.Context, s Statement, args []any, use func(n int64, blob []byte) (more bool, err error)) error {
	rows, err := db.ask(ctx, s.text(db.engine), args)
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	for more := true; more && err == nil; {
		if more, err = rows.next(); more && err == nil {
			n, _ := rows.integer(0)
			more, err = use(n, rows.bytes(1))
		}
	}
	return errors.Join(err, rows.close())
}
