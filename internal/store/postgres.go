package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"runtime"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// oldestPostgres is the oldest major release that is tested.
const oldestPostgres = 14

// schemaName keeps the schema to names that need no quoting.
var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

func openPostgres(ctx context.Context, o Options) (_ *DB, err error) {
	if o.Schema == "" {
		o.Schema = "castellan"
	}
	if !schemaName.MatchString(o.Schema) {
		return nil, errors.New("open store: a schema is named by small letters, digits and underscores")
	}
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", err)
	}
	config.RuntimeParams["search_path"] = o.Schema + ",public"
	config.RuntimeParams["application_name"] = "castellan"
	config.RuntimeParams["timezone"] = "UTC"
	// What begins without a word of ours (ExecAlone) looks again at a row that
	// it has waited for, whatever the server was told to do.
	config.RuntimeParams["default_transaction_isolation"] = "read committed"
	// A list under rights is many short index scans: compiling it costs more
	// than running it.
	config.RuntimeParams["jit"] = "off"
	// Every statement has an index. A plan made while a table was empty would
	// read it from end to end ever after, since plans are kept: a first import
	// would slow down with each of its rows.
	config.RuntimeParams["enable_seqscan"] = "off"
	// Nor is any so long that other processes should be woken for a part of it.
	config.RuntimeParams["max_parallel_workers_per_gather"] = "0"
	connectTo := func(config *pgx.ConnConfig) func(context.Context) (session, error) {
		return func(ctx context.Context) (session, error) {
			c, err := pgx.ConnectConfig(ctx, config.Copy())
			if err != nil {
				return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
			}
			return &postgresSession{conn: c}, nil
		}
	}
	connect := connectTo(config)
	// Which way a page of records is found is chosen here, by what is known of
	// the reader, and is written into its statement. PostgreSQL takes longer to
	// think of it anew for each page than a page takes, and comes to the same.
	settled := config.Copy()
	settled.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	size := o.Readers
	if size <= 0 {
		size = max(4, 2*runtime.GOMAXPROCS(0))
	}
	g := &ids{now: o.Now}
	db := &DB{engine: Postgres, dir: o.Dir, schema: o.Schema, now: o.Now, stale: o.Stale, ids: g}
	db.ledger = db
	db.readers = newPool(size, connect)
	db.pages = newPool(size, connectTo(settled))
	writers := newPool(size, connect)
	db.writer = &postgresWriter{pool: writers}
	db.close = append(db.close, db.readers.shut, db.pages.shut, db.writer.close)
	defer func() {
		if err != nil {
			db.Close()
		}
	}()

	s, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	// This connection holds the node, and with it ends.
	db.close = append(db.close, s.close)
	var version int
	if err := one(ctx, s, `SELECT current_setting('server_version_num')::bigint`, &version); err != nil {
		return nil, err
	}
	if version/10000 < oldestPostgres {
		return nil, fmt.Errorf("PostgreSQL %d is too old: %d is needed", version/10000, oldestPostgres)
	}
	if g.node, err = takeNode(ctx, s, o.Schema); err != nil {
		return nil, err
	}
	if err := db.prepareSchema(ctx, s); err != nil {
		return nil, err
	}
	if err := g.load(ctx, db); err != nil {
		return nil, err
	}
	db.close = append(db.close, func() error { return g.settle(context.WithoutCancel(ctx), db) })
	return db, nil
}

// one reads a single value outside any transaction of ours.
func one(ctx context.Context, s session, ask string, to any) error {
	rows, err := run(ctx, s, ask, nil)
	if err := (&Row{rows: rows, err: err}).Scan(to); err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	return nil
}

// lockNumber is the number of an advisory lock of the workspace.
func lockNumber(schema, what string) int64 {
	h := fnv.New64a()
	h.Write([]byte("castellan " + what + " " + schema))
	return int64(h.Sum64())
}

// takeNode finds a number that no other process on the same workspace has, and
// holds it as long as the connection lives: ids made by two processes at the
// same moment differ by it.
func takeNode(ctx context.Context, s session, schema string) (int64, error) {
	base := lockNumber(schema, "node") &^ maxNode
	for n := range int64(maxNode + 1) {
		var taken bool
		if err := one(ctx, s, fmt.Sprintf(`SELECT pg_try_advisory_lock(%d)`, base|n), &taken); err != nil {
			return 0, err
		}
		if taken {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%d processes already serve this workspace", maxNode+1)
}

// prepareSchema makes the schema and applies migrations, one process at a time.
func (db *DB) prepareSchema(ctx context.Context, s session) error {
	number := lockNumber(db.schema, "migrate")
	if err := s.script(ctx, fmt.Sprintf(`SELECT pg_advisory_lock(%d)`, number)); err != nil {
		return fmt.Errorf("wait for another migration: %w", err)
	}
	defer func() {
		// Should it fail, the connection is lost and its locks with it.
		_ = s.script(context.WithoutCancel(ctx), fmt.Sprintf(`SELECT pg_advisory_unlock(%d)`, number))
	}()
	if err := s.script(ctx, "CREATE SCHEMA IF NOT EXISTS "+db.schema); err != nil {
		return fmt.Errorf("make schema: %w", err)
	}
	if err := db.migrate(ctx, "main"); err != nil {
		return err
	}
	return db.migrate(ctx, "ledger")
}

// postgresSession is a connection to PostgreSQL.
type postgresSession struct {
	conn *pgx.Conn
}

func (s *postgresSession) query(ctx context.Context, text string, args []any) (cursor, error) {
	rows, err := s.conn.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return &postgresCursor{rows: rows, n: len(rows.FieldDescriptions())}, nil
}

func (s *postgresSession) exec(ctx context.Context, text string, args []any) (int64, error) {
	tag, err := s.conn.Exec(ctx, text, args...)
	return tag.RowsAffected(), err
}

func (s *postgresSession) script(ctx context.Context, text string) error {
	_, err := s.conn.PgConn().Exec(ctx, text).ReadAll()
	return err
}

func (s *postgresSession) lost() bool {
	return s.conn.IsClosed() || s.conn.PgConn().TxStatus() != 'I'
}

func (s *postgresSession) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return s.conn.Close(ctx)
}

type postgresCursor struct {
	rows pgx.Rows
	n    int
}

func (c *postgresCursor) width() int { return c.n }

func (c *postgresCursor) next(into []any) (bool, error) {
	if !c.rows.Next() {
		return false, c.rows.Err()
	}
	vals, err := c.rows.Values()
	if err != nil {
		return false, err
	}
	for i, v := range vals {
		if into[i], err = ordinary(v); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (c *postgresCursor) close() error {
	c.rows.Close()
	return c.rows.Err()
}

// columns reads the same answer column by column, as PostgreSQL has sent it.
func (c *postgresCursor) columns() answer {
	p := &postgresAnswer{postgresCursor: c}
	for _, f := range c.rows.FieldDescriptions() {
		p.forms = append(p.forms, formOf(f))
	}
	p.last = make([]any, len(p.forms))
	return p
}

type postgresAnswer struct {
	*postgresCursor
	forms []form
	raw   [][]byte
	last  []any // by column: the value that was looked at last
	texts pieces
	err   error
}

// form is how a column is sent.
type form uint8

const (
	otherForm form = iota
	textForm
	int8Form
	int4Form
	boolForm
	blobForm
)

func formOf(f pgconn.FieldDescription) form {
	binary := f.Format == pgtype.BinaryFormatCode
	switch {
	case f.DataTypeOID == pgtype.TextOID || f.DataTypeOID == pgtype.VarcharOID:
		return textForm // the same bytes either way
	case binary && f.DataTypeOID == pgtype.Int8OID:
		return int8Form
	case binary && f.DataTypeOID == pgtype.Int4OID:
		return int4Form
	case binary && f.DataTypeOID == pgtype.BoolOID:
		return boolForm
	case binary && f.DataTypeOID == pgtype.ByteaOID:
		return blobForm
	}
	return otherForm
}

func (p *postgresAnswer) next() (bool, error) {
	if p.err != nil {
		return false, p.err
	}
	if !p.rows.Next() {
		return false, p.rows.Err()
	}
	p.raw = p.rows.RawValues()
	return true, nil
}

func (p *postgresAnswer) close() error { return errors.Join(p.err, p.postgresCursor.close()) }

func (p *postgresAnswer) integer(i int) (int64, bool) {
	if p.forms[i] == int8Form && p.raw[i] != nil {
		return int64(binary.BigEndian.Uint64(p.raw[i])), true
	}
	n, ok := p.value(i).(int64)
	return n, ok
}

func (p *postgresAnswer) bytes(i int) []byte {
	if p.forms[i] == blobForm {
		return p.raw[i]
	}
	b, _ := p.value(i).([]byte)
	return b
}

// value of a column. What the row before had as well is kept once.
func (p *postgresAnswer) value(i int) any {
	raw := p.raw[i]
	if raw == nil {
		return nil
	}
	last := &p.last[i]
	switch p.forms[i] {
	case textForm:
		if old, ok := (*last).(string); !ok || old != string(raw) {
			*last = p.texts.keep(raw)
		}
		return *last
	case int8Form:
		n := int64(binary.BigEndian.Uint64(raw))
		if old, ok := (*last).(int64); !ok || old != n {
			*last = n
		}
		return *last
	case int4Form:
		return int64(int32(binary.BigEndian.Uint32(raw)))
	case boolForm:
		return int64(raw[0])
	case blobForm:
		return bytes.Clone(raw)
	}
	// Seldom: all of the row, for one of its columns.
	all, err := p.rows.Values()
	if err == nil {
		var v any
		if v, err = ordinary(all[i]); err == nil {
			return v
		}
	}
	p.err = err
	return nil
}

// ordinary gives a value in the types that SQLite has.
func ordinary(v any) (any, error) {
	switch x := v.(type) {
	case nil, int64, float64, string, []byte:
		return v, nil
	case int32:
		return int64(x), nil
	case int16:
		return int64(x), nil
	case bool:
		if x {
			return int64(1), nil
		}
		return int64(0), nil
	case float32:
		return float64(x), nil
	case pgtype.Numeric: // a sum of integers
		if n, err := x.Int64Value(); err == nil && n.Valid {
			return n.Int64, nil
		}
		f, err := x.Float64Value()
		return f.Float64, err
	}
	return nil, fmt.Errorf("a column of %T is not used here", v)
}

// postgresWriter runs write transactions side by side. Each sees the database
// as if it were alone; one that another got in the way of is run again, and the
// third time it is alone, so that it ends.
type postgresWriter struct {
	pool *pool
	lone sync.RWMutex
}

// tries is how often a transaction is run before the caller is told to come
// back. From the third on only other processes can be in the way.
const tries = 12

func (w *postgresWriter) write(ctx context.Context, db *DB, do func(*Tx) error) error {
	for n := 1; ; n++ {
		err := w.once(ctx, db, do, n >= 3)
		if n == tries || !collided(err) {
			return err
		}
		select {
		case <-time.After(time.Duration(n*n) * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *postgresWriter) once(ctx context.Context, db *DB, do func(*Tx) error, alone bool) (err error) {
	if alone {
		w.lone.Lock()
		defer w.lone.Unlock()
	} else {
		w.lone.RLock()
		defer w.lone.RUnlock()
	}
	s, err := w.pool.take(ctx)
	if err != nil {
		return err
	}
	defer w.pool.put(s)
	clean := context.WithoutCancel(ctx)
	if _, err := s.exec(clean, `BEGIN ISOLATION LEVEL SERIALIZABLE`, nil); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	tx := &Tx{db: db, s: s, now: db.Now(), write: true}
	kept := false
	defer func() { // also when the function panics or ends its goroutine
		if !kept {
			// If it cannot be rolled back the connection is lost, and so the transaction.
			_, _ = s.exec(clean, `ROLLBACK`, nil)
		}
	}()
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.finish(ctx); err != nil {
		return err
	}
	tag, err := s.(*postgresSession).conn.Exec(clean, `COMMIT`)
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if tag.String() != "COMMIT" {
		// The function swallowed the error of a statement: everything was undone.
		kept = true
		return fmt.Errorf("commit: %w", errLost)
	}
	kept = true
	tx.committed()
	return nil
}

// ExecAlone runs one writing statement of PostgreSQL that is a transaction by
// itself, and says how many rows it changed. It is for the head of the ledger,
// which every reading waits for, and writes no records. A row that another
// transaction holds is waited for, and then looked at as that one has left it.
// When it returns nil the change is on disk; after an error it may be there all
// the same. It is never run twice.
func (db *DB) ExecAlone(ctx context.Context, s Statement, args ...any) (int64, error) {
	w, ok := db.writer.(*postgresWriter)
	if !ok {
		return 0, errors.New("a statement by itself is for PostgreSQL")
	}
	if err := plain(args); err != nil {
		return 0, err
	}
	c, err := w.pool.take(ctx)
	if err != nil {
		return 0, err
	}
	defer w.pool.put(c)
	n, err := c.exec(context.WithoutCancel(ctx), db.sql(s), args)
	if err != nil {
		return 0, spaceless(fmt.Errorf("exec: %w", err))
	}
	return n, nil
}

func (w *postgresWriter) close() error { return w.pool.shut() }

// collided tells whether the transaction may succeed when it is run again.
func collided(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// postgresUnique tells whether PostgreSQL refused a second row with the same key.
func postgresUnique(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "23505"
}
