package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"castellan/internal/fault"
)

// oldestSQLite is the first release without a fault in WAL files that could
// lose committed data.
const oldestSQLite = "3.51.3"

func openSQLite(ctx context.Context, o Options) (_ *DB, err error) {
	unlock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	g := &ids{now: o.Now}
	db := &DB{engine: SQLite, dir: o.Dir, now: o.Now, stale: o.Stale, ids: g, close: []func() error{unlock}}
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	if err := db.openFile(ctx, o, "castellan.db"); err != nil {
		return nil, err
	}
	if err := db.migrate(ctx, "main"); err != nil {
		return nil, err
	}
	ledger := &DB{engine: SQLite, dir: o.Dir, now: o.Now, ids: g}
	if err := ledger.openFile(ctx, o, "ledger.db"); err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	db.ledger = ledger
	if err := ledger.migrate(ctx, "ledger"); err != nil {
		return nil, err
	}
	if err := g.load(ctx, db); err != nil {
		return nil, err
	}
	db.close = append(db.close, func() error { return g.settle(context.WithoutCancel(ctx), db) })
	return db, nil
}

// lockDir keeps a second process away from the directory. Two would not harm
// the files, but each would sign a ledger of its own.
func lockDir(dir string) (unlock func() error, err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock of data directory: %w", err)
	}
	taken, err := lock(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if !taken {
		f.Close()
		return nil, fault.Newf(fault.Busy, "store.locked",
			"Another Castellan is already running on %s. Stop it first, or choose another directory.", dir)
	}
	return f.Close, nil
}

// openFile opens one SQLite file: a connection that writes and a pool that reads.
func (db *DB) openFile(ctx context.Context, o Options, name string) error {
	path := filepath.Join(o.Dir, name)
	// SQLite gives the files beside it the mode of this one.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open database file: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("open database file: %w", err)
	}
	w, err := openSQLiteSession(ctx, dsn(path, o, true))
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	db.writer = newSQLiteWriter(w)
	db.close = append(db.close, db.writer.close)
	if err := checkSQLite(ctx, w); err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	size := o.Readers
	if size <= 0 {
		size = max(2, 2*runtime.GOMAXPROCS(0))
		if o.NoMMap {
			size = max(2, runtime.GOMAXPROCS(0)) // more would halve the throughput: they share a lock over their page caches
		}
	}
	db.readers = newPool(size, func(ctx context.Context) (session, error) {
		return openSQLiteSession(ctx, dsn(path, o, false))
	})
	db.close = append(db.close, db.readers.shut)
	// Pages have connections of their own, no more than can work at a time: each
	// maps what it reads, and a page that is mapped twice counts twice.
	db.pages = newPool(max(2, runtime.GOMAXPROCS(0)), func(context.Context) (session, error) {
		return openSQLiteReader(path, pragmas(o, false))
	})
	db.close = append(db.close, db.pages.shut)
	db.unmapped = func() (session, error) {
		return openSQLiteReader(path, pragmas(Options{NoMMap: true}, false))
	}

	c, err := openSQLiteSession(ctx, dsn(path, o, true))
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	db.close = append(db.close, db.checkpoints(c, path+"-wal"))
	return nil
}

// dsn lists what every connection is told, in the order in which it is told.
// busy_timeout comes first, or several connections opened at once refuse each
// other.
func dsn(path string, o Options, writes bool) string {
	q := url.Values{"_pragma": pragmas(o, writes), "_defensive": {"1"}, "_dqs": {"0"}, "_error_rc": {"1"}}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode()
}

func pragmas(o Options, writes bool) []string {
	mmap, cache := mapSize(), "-8000" // bytes; pages of 1 KiB: with memory mapping the system's cache does the work
	if o.NoMMap {
		mmap, cache = "0", "-16000"
	}
	if writes {
		// One writer has a cache of its own that nobody shares. Mapped, an import
		// would draw the whole file into the memory of the process.
		mmap, cache = "0", "-65536"
	}
	all := []string{
		"busy_timeout(10000)",
		"journal_mode(WAL)",
		"synchronous(FULL)", // what was acknowledged survives a power cut
		"foreign_keys(ON)",
		"temp_store(MEMORY)",
		"mmap_size(" + mmap + ")",
		"cache_size(" + cache + ")",
		"journal_size_limit(67108864)",
		// The background checkpointer does the work; this is for when it
		// does not keep up.
		"wal_autocheckpoint(16000)",
		"trusted_schema(OFF)",
	}
	if !writes {
		all = append(all, "query_only(ON)")
	}
	return all
}

// mapSize is how many bytes of its file a session maps.
func mapSize() string {
	if strconv.IntSize == 32 {
		return "1073741824"
	}
	return "4000000000"
}

// checkSQLite reads back what must hold for nothing to be lost.
func checkSQLite(ctx context.Context, s session) error {
	var version, journal string
	var synchronous, keys int64
	for _, c := range []struct {
		ask string
		to  any
	}{
		{`SELECT sqlite_version()`, &version}, {`PRAGMA journal_mode`, &journal},
		{`PRAGMA synchronous`, &synchronous}, {`PRAGMA foreign_keys`, &keys},
	} {
		rows, err := run(ctx, s, c.ask, nil)
		if err := (&Row{rows: rows, err: err}).Scan(c.to); err != nil {
			return fmt.Errorf("check settings: %w", err)
		}
	}
	if older(version, oldestSQLite) {
		return fmt.Errorf("SQLite %s is too old: %s is needed", version, oldestSQLite)
	}
	if journal != "wal" || synchronous != 2 || keys != 1 {
		return fmt.Errorf("settings did not hold: journal %s, synchronous %d, foreign keys %d", journal, synchronous, keys)
	}
	return nil
}

// older compares dotted versions number by number.
func older(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x < y
		}
	}
	return len(as) < len(bs)
}

// checkpoints moves committed pages from the log into the file, so that no
// writer has to: soon after a commit as far as readers allow, and wholly once
// nothing was written for a while. The function returned ends it.
func (db *DB) checkpoints(s session, wal string) (stop func() error) {
	const tick, idle = 250 * time.Millisecond, 5 * time.Second
	const worth = 4 << 20 // bytes of log
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(tick)
		defer t.Stop()
		var seen int64
		var quiet time.Duration
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			n := db.commits.Load()
			if n != seen {
				seen, quiet = n, 0
				if info, err := os.Stat(wal); err == nil && info.Size() > worth {
					// A checkpoint that meets a reader stops early and goes on
					// the next time; an error shows again at the next commit.
					_ = s.script(ctx, `PRAGMA wal_checkpoint(PASSIVE)`)
				}
			} else if quiet < idle {
				if quiet += tick; quiet >= idle {
					_ = s.script(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
				}
			}
		}
	}()
	return func() error {
		cancel()
		<-done
		return s.close()
	}
}

// sqliteSession is a connection of the driver itself. database/sql above it
// would take as long as the engine does for a page of a list.
type sqliteSession struct {
	conn interface {
		driver.Conn
		driver.ConnPrepareContext
		driver.ExecerContext
		driver.Validator
	}
	kept map[string]*sqliteStmt
}

// keptStatements bounds the statements that a connection keeps prepared.
const keptStatements = 512

type sqliteStmt struct {
	driver.Stmt
	driver.StmtQueryContext
	driver.StmtExecContext
	busy bool // an answer of it is being read
	kept bool
}

func openSQLiteSession(ctx context.Context, dsn string) (*sqliteSession, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	conn, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	s := &sqliteSession{kept: map[string]*sqliteStmt{}}
	var ok bool
	s.conn, ok = conn.(interface {
		driver.Conn
		driver.ConnPrepareContext
		driver.ExecerContext
		driver.Validator
	})
	if !ok {
		return nil, errors.Join(errors.New("the SQLite driver lacks a needed interface"), conn.Close())
	}
	return s, nil
}

func (s *sqliteSession) prepare(ctx context.Context, text string) (*sqliteStmt, error) {
	kept, ok := s.kept[text]
	if ok && !kept.busy {
		return kept, nil
	}
	if !ok && len(s.kept) >= keptStatements {
		for t, old := range s.kept {
			if !old.busy {
				delete(s.kept, t)
				old.Close()
			}
		}
	}
	p, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	st := &sqliteStmt{Stmt: p, kept: !ok}
	var q, x bool
	st.StmtQueryContext, q = p.(driver.StmtQueryContext)
	st.StmtExecContext, x = p.(driver.StmtExecContext)
	if !q || !x {
		return nil, errors.Join(errors.New("the SQLite driver lacks a needed interface"), p.Close())
	}
	if st.kept {
		s.kept[text] = st
	}
	return st, nil
}

func named(args []any) []driver.NamedValue {
	if len(args) == 0 {
		return nil
	}
	out := make([]driver.NamedValue, len(args))
	for i, a := range args {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return out
}

func (s *sqliteSession) query(ctx context.Context, text string, args []any) (cursor, error) {
	st, err := s.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(ctx, named(args))
	if err != nil {
		return nil, errors.Join(err, st.release())
	}
	st.busy = true
	return &sqliteCursor{rows: rows, st: st, vals: make([]driver.Value, len(rows.Columns()))}, nil
}

func (s *sqliteSession) exec(ctx context.Context, text string, args []any) (int64, error) {
	st, err := s.prepare(ctx, text)
	if err != nil {
		return 0, err
	}
	st.busy = true
	r, err := st.ExecContext(ctx, named(args))
	st.busy = false
	if e := st.release(); err == nil {
		err = e
	}
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (s *sqliteSession) script(ctx context.Context, text string) error {
	_, err := s.conn.ExecContext(ctx, text, nil)
	return err
}

func (s *sqliteSession) lost() bool { return !s.conn.IsValid() }

func (s *sqliteSession) close() error {
	var all []error
	for _, st := range s.kept {
		all = append(all, st.Close())
	}
	return errors.Join(append(all, s.conn.Close())...)
}

// release closes a statement that is not kept.
func (st *sqliteStmt) release() error {
	if st.kept {
		return nil
	}
	return st.Close()
}

type sqliteCursor struct {
	rows driver.Rows
	st   *sqliteStmt
	vals []driver.Value
}

func (c *sqliteCursor) width() int { return len(c.vals) }

func (c *sqliteCursor) next(into []any) (bool, error) {
	err := c.rows.Next(c.vals)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for i, v := range c.vals {
		into[i] = v
	}
	return true, nil
}

func (c *sqliteCursor) close() error {
	err := c.rows.Close()
	c.st.busy = false
	return errors.Join(err, c.st.release())
}

// sqliteWriter runs write transactions one after the other on one connection.
// Transactions that wait for each other share a commit, and so the one wait for
// the disk: each is a savepoint of its own, so that one that fails takes only
// itself back.
type sqliteWriter struct {
	turn    chan struct{} // holds one token while somebody uses what follows
	s       *sqliteSession
	open    *batch // a transaction left open for the next in line; nil: none
	waiting chan struct{}
	closed  bool
}

// batch is one transaction of SQLite in which several of ours are joined.
type batch struct {
	began time.Time
	n     int           // how many are in it
	done  chan struct{} // closed once it is committed or lost
	err   error         // why it was lost; read after done
}

// A batch ends when this many are in it or it is this old, so that the first
// does not wait long for the last.
const (
	fullBatch = 256
	oldBatch  = 10 * time.Millisecond
)

func newSQLiteWriter(s *sqliteSession) *sqliteWriter {
	return &sqliteWriter{turn: make(chan struct{}, 1), waiting: make(chan struct{}, 1<<16), s: s}
}

// errLost is the end of a transaction in which SQLite gave up by itself, as it
// does when the disk is full.
var errLost = errors.New("the database undid the transaction")

func (w *sqliteWriter) write(ctx context.Context, db *DB, do func(*Tx) error) error {
	if err := w.queue(ctx); err != nil {
		return err
	}
	b, tx, err := w.part(ctx, db, do)
	if err != nil {
		return err
	}
	for ended := false; !ended; {
		select {
		case <-b.done:
			ended = true
		case w.turn <- struct{}{}:
			// Nobody else took the open transaction to its end.
			if w.open == b {
				w.commit(b)
			}
			<-w.turn
		}
	}
	if b.err != nil {
		return fmt.Errorf("commit: %w", b.err)
	}
	tx.committed()
	return nil
}

// queue waits for the turn.
func (w *sqliteWriter) queue(ctx context.Context) error {
	select {
	case w.waiting <- struct{}{}:
		defer func() { <-w.waiting }()
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case w.turn <- struct{}{}:
		if w.closed {
			<-w.turn
			return errClosed
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// part runs one of our transactions inside the open one, and gives the turn
// away. It returns an error if the part was undone; else the part is in the
// batch and waits for its commit.
func (w *sqliteWriter) part(ctx context.Context, db *DB, do func(*Tx) error) (_ *batch, tx *Tx, err error) {
	defer func() { <-w.turn }()
	clean := context.WithoutCancel(ctx)
	b := w.open
	if b == nil {
		if _, err := w.s.exec(clean, `BEGIN IMMEDIATE`, nil); err != nil {
			return nil, nil, fmt.Errorf("begin: %w", err)
		}
		b = &batch{began: time.Now(), done: make(chan struct{})}
		w.open = b
	} else if _, err := w.s.exec(clean, `SAVEPOINT part`, nil); err != nil {
		w.lose(b, err)
		return nil, nil, fmt.Errorf("begin: %w", err)
	}
	tx = &Tx{db: db, s: w.s, now: db.Now(), write: true}
	kept := false
	defer func() { // also when the function panics or ends its goroutine
		if !kept {
			w.undo(b)
		}
	}()
	if err := do(tx); err != nil {
		return nil, nil, err
	}
	if err := tx.finish(ctx); err != nil {
		return nil, nil, err
	}
	if b.n > 0 {
		if _, err := w.s.exec(clean, `RELEASE part`, nil); err != nil {
			return nil, nil, fmt.Errorf("end a part: %w", errors.Join(errLost, err))
		}
	}
	kept = true
	b.n++
	if len(w.waiting) == 0 || b.n >= fullBatch || time.Since(b.began) >= oldBatch {
		w.commit(b)
	}
	return b, tx, nil
}

// undo takes the part back that is running, and what came before it stays.
func (w *sqliteWriter) undo(b *batch) {
	ctx := context.Background()
	if b.n == 0 {
		_, err := w.s.exec(ctx, `ROLLBACK`, nil)
		w.end(b, errors.Join(errLost, err))
		return
	}
	if err := w.s.script(ctx, `ROLLBACK TO part; RELEASE part`); err != nil {
		w.lose(b, err)
		return
	}
	if len(w.waiting) == 0 {
		w.commit(b)
	}
}

// commit ends the open transaction.
func (w *sqliteWriter) commit(b *batch) {
	if _, err := w.s.exec(context.Background(), `COMMIT`, nil); err != nil {
		w.lose(b, err)
		return
	}
	w.end(b, nil)
}

// lose ends the open transaction without keeping any of it.
func (w *sqliteWriter) lose(b *batch, cause error) {
	// It may be gone already, and then there is nothing to roll back.
	_, _ = w.s.exec(context.Background(), `ROLLBACK`, nil)
	w.end(b, errors.Join(errLost, cause))
}

func (w *sqliteWriter) end(b *batch, err error) {
	w.open = nil
	b.err = err
	close(b.done)
}

func (w *sqliteWriter) close() error {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	w.closed = true
	if w.open != nil {
		w.commit(w.open)
	}
	return w.s.close()
}

// sqliteUnique tells whether SQLite refused a second row with the same key.
func sqliteUnique(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) &&
		(e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}
