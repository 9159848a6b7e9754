package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteReader is a connection that only reads, over the functions of SQLite
// itself. The driver of database/sql asks for the name and the declared type of
// each column with every statement, takes a lock for each look at a value and
// starts a goroutine for each statement that may be cancelled; a page of a list
// has fifteen hundred values.
type sqliteReader struct {
	tls  *libc.TLS
	db   uintptr
	kept map[string]*readerStmt
}

// readerStmt is a prepared statement.
type readerStmt struct {
	handle uintptr
	width  int
	texts  []uintptr // what is bound, to be freed when it no longer is
	busy   bool      // an answer of it is being read
	kept   bool
}

// pragmas of a reader beside those that belong to the file.
func openSQLiteReader(path string, pragmas []string) (_ *sqliteReader, err error) {
	s := &sqliteReader{tls: libc.NewTLS(), kept: map[string]*readerStmt{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	name, err := libc.CString(path)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(s.tls, name)
	place := s.tls.Alloc(8)
	defer s.tls.Free(8)
	clear(libc.GoBytes(place, 8))
	// One goroutine at a time has a session, so that SQLite need not take a
	// lock of its own for each column.
	rc := sqlite3.Xsqlite3_open_v2(s.tls, name, place, sqlite3.SQLITE_OPEN_READWRITE|sqlite3.SQLITE_OPEN_NOMUTEX, 0)
	s.db = pointer(place)
	if rc != sqlite3.SQLITE_OK {
		return nil, s.failed(rc)
	}
	if rc := sqlite3.Xsqlite3_extended_result_codes(s.tls, s.db, 1); rc != sqlite3.SQLITE_OK {
		return nil, s.failed(rc)
	}
	for op, on := range map[int32]int32{sqlite3.SQLITE_DBCONFIG_DEFENSIVE: 1, sqlite3.SQLITE_DBCONFIG_DQS_DDL: 0, sqlite3.SQLITE_DBCONFIG_DQS_DML: 0} {
		if err := s.configure(op, on); err != nil {
			return nil, err
		}
	}
	for _, p := range pragmas {
		name, value, _ := strings.Cut(strings.TrimSuffix(p, ")"), "(")
		if err := s.script(context.Background(), "PRAGMA "+name+" = "+value); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// pointer reads what SQLite has put at a place.
func pointer(place uintptr) uintptr {
	if strconv.IntSize == 32 {
		return uintptr(binary.NativeEndian.Uint32(libc.GoBytes(place, 4)))
	}
	return uintptr(binary.NativeEndian.Uint64(libc.GoBytes(place, 8)))
}

func (s *sqliteReader) configure(op, on int32) error {
	place := s.tls.Alloc(16)
	defer s.tls.Free(16)
	if rc := sqlite3.Xsqlite3_db_config(s.tls, s.db, op, libc.VaList(place, on, uintptr(0))); rc != sqlite3.SQLITE_OK {
		return s.failed(rc)
	}
	return nil
}

// failed is what SQLite says of its last error.
func (s *sqliteReader) failed(rc int32) error {
	text := libc.GoString(sqlite3.Xsqlite3_errstr(s.tls, rc))
	if s.db != 0 {
		text = libc.GoString(sqlite3.Xsqlite3_errmsg(s.tls, s.db))
	}
	return fmt.Errorf("%s (%d)", text, rc)
}

func (s *sqliteReader) prepare(text string) (*readerStmt, error) {
	kept, ok := s.kept[text]
	if ok && !kept.busy {
		return kept, nil
	}
	if !ok && len(s.kept) >= keptStatements {
		for t, old := range s.kept {
			if !old.busy {
				delete(s.kept, t)
				s.finalize(old)
			}
		}
	}
	c, err := libc.CString(text)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(s.tls, c)
	place := s.tls.Alloc(8)
	defer s.tls.Free(8)
	clear(libc.GoBytes(place, 8))
	rc := sqlite3.Xsqlite3_prepare_v3(s.tls, s.db, c, int32(len(text))+1, sqlite3.SQLITE_PREPARE_PERSISTENT, place, 0)
	st := &readerStmt{handle: pointer(place), kept: !ok}
	if rc != sqlite3.SQLITE_OK {
		return nil, s.failed(rc)
	}
	st.width = int(sqlite3.Xsqlite3_column_count(s.tls, st.handle))
	if st.kept {
		s.kept[text] = st
	}
	return st, nil
}

func (s *sqliteReader) finalize(st *readerStmt) {
	sqlite3.Xsqlite3_finalize(s.tls, st.handle)
	s.free(st)
}

func (s *sqliteReader) free(st *readerStmt) {
	for _, p := range st.texts {
		libc.Xfree(s.tls, p)
	}
	st.texts = st.texts[:0]
}

// rest brings a statement back to its beginning.
func (s *sqliteReader) rest(st *readerStmt) {
	// Its answer is the error that the last step gave, which was told.
	sqlite3.Xsqlite3_reset(s.tls, st.handle)
	if len(st.texts) > 0 {
		sqlite3.Xsqlite3_clear_bindings(s.tls, st.handle)
	}
	s.free(st)
	st.busy = false
	if !st.kept {
		s.finalize(st)
	}
}

func (s *sqliteReader) bind(st *readerStmt, args []any) error {
	if n := int(sqlite3.Xsqlite3_bind_parameter_count(s.tls, st.handle)); n != len(args) {
		return fmt.Errorf("the statement takes %d arguments, not %d", n, len(args))
	}
	for i, a := range args {
		var rc int32
		at := int32(i + 1)
		switch v := a.(type) {
		case nil:
			rc = sqlite3.Xsqlite3_bind_null(s.tls, st.handle, at)
		case int64:
			rc = sqlite3.Xsqlite3_bind_int64(s.tls, st.handle, at, v)
		case float64:
			rc = sqlite3.Xsqlite3_bind_double(s.tls, st.handle, at, v)
		case string:
			p, err := libc.CString(v)
			if err != nil {
				return err
			}
			st.texts = append(st.texts, p)
			rc = sqlite3.Xsqlite3_bind_text(s.tls, st.handle, at, p, int32(len(v)), 0)
		case []byte:
			p, err := libc.CString(string(v))
			if err != nil {
				return err
			}
			st.texts = append(st.texts, p)
			rc = sqlite3.Xsqlite3_bind_blob(s.tls, st.handle, at, p, int32(len(v)), 0)
		default:
			return fmt.Errorf("argument %d: a value of %T cannot be sent to SQLite", i+1, a)
		}
		if rc != sqlite3.SQLITE_OK {
			return s.failed(rc)
		}
	}
	return nil
}

func (s *sqliteReader) query(ctx context.Context, text string, args []any) (cursor, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	st, err := s.prepare(text)
	if err != nil {
		return nil, err
	}
	st.busy = true
	if err := s.bind(st, args); err != nil {
		s.rest(st)
		return nil, err
	}
	c := &readerCursor{s: s, st: st, ctx: ctx}
	if ctx.Done() != nil {
		c.live = true
		c.stop = context.AfterFunc(ctx, c.interrupt)
	}
	return c, nil
}

func (s *sqliteReader) exec(ctx context.Context, text string, args []any) (int64, error) {
	c, err := s.query(ctx, text, args)
	if err != nil {
		return 0, err
	}
	for more := true; more && err == nil; {
		more, err = c.(*readerCursor).step()
	}
	return 0, errors.Join(err, c.close())
}

func (s *sqliteReader) script(_ context.Context, text string) error {
	c, err := libc.CString(text)
	if err != nil {
		return err
	}
	defer libc.Xfree(s.tls, c)
	if rc := sqlite3.Xsqlite3_exec(s.tls, s.db, c, 0, 0, 0); rc != sqlite3.SQLITE_OK {
		return s.failed(rc)
	}
	return nil
}

// sameMoment tells whether two connections that have begun see the same moment,
// whatever is written from now on. It is not known as long as nothing was written
// to the log since its file was made.
func (s *sqliteReader) sameMoment(other *sqliteReader) (same, known bool) {
	a, b := s.moment(), other.moment()
	if known = a != 0 && b != 0; known {
		same = sqlite3.Xsqlite3_snapshot_cmp(s.tls, a, b) == 0
	}
	for _, p := range []uintptr{a, b} {
		if p != 0 {
			sqlite3.Xsqlite3_snapshot_free(s.tls, p)
		}
	}
	return same, known
}

// moment begins to read and gives what tells its moment, which must be freed; 0
// if SQLite does not say.
func (s *sqliteReader) moment() uintptr {
	name, err := libc.CString("main")
	if err != nil {
		return 0
	}
	defer libc.Xfree(s.tls, name)
	place := s.tls.Alloc(8)
	defer s.tls.Free(8)
	clear(libc.GoBytes(place, 8))
	if rc := sqlite3.Xsqlite3_snapshot_get(s.tls, s.db, name, place); rc != sqlite3.SQLITE_OK {
		return 0
	}
	return pointer(place)
}

func (s *sqliteReader) lost() bool { return false }

func (s *sqliteReader) close() error {
	for _, st := range s.kept {
		s.finalize(st)
	}
	s.kept = nil
	var err error
	if s.db != 0 {
		if rc := sqlite3.Xsqlite3_close_v2(s.tls, s.db); rc != sqlite3.SQLITE_OK {
			err = s.failed(rc)
		}
	}
	s.tls.Close()
	return err
}

// readerCursor walks over an answer.
type readerCursor struct {
	s     *sqliteReader
	st    *readerStmt
	ctx   context.Context
	texts pieces
	row   []byte // the row that it has come to, where SQLite keeps it; nil: not looked at yet
	last  []any  // by column: the value that was looked at last
	stop  func() bool

	mu   sync.Mutex // guards live
	live bool       // the statement runs, and may be interrupted
}

// interrupt ends the statement early, if it still runs: a word that comes too
// late would end the next one.
func (c *readerCursor) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.live {
		sqlite3.Xsqlite3_interrupt(c.s.tls, c.s.db)
	}
}

func (c *readerCursor) step() (bool, error) {
	c.row = nil
	switch rc := sqlite3.Xsqlite3_step(c.s.tls, c.st.handle); rc {
	case sqlite3.SQLITE_ROW:
		return true, nil
	case sqlite3.SQLITE_DONE:
		return false, nil
	default:
		if err := c.ctx.Err(); err != nil && rc&0xff == sqlite3.SQLITE_INTERRUPT {
			return false, err
		}
		return false, c.s.failed(rc)
	}
}

func (c *readerCursor) width() int { return c.st.width }

func (c *readerCursor) next(into []any) (bool, error) {
	more, err := c.step()
	if !more || err != nil {
		return false, err
	}
	for i := range into {
		into[i] = c.value(i)
	}
	return true, nil
}

// columns reads the same answer column by column.
func (c *readerCursor) columns() answer { return readerAnswer{c} }

type readerAnswer struct{ *readerCursor }

func (a readerAnswer) next() (bool, error) { return a.step() }

// Where SQLite keeps the row that a statement has come to: an array of values,
// each with its kind. Read in place, a value costs a few instructions; by the
// functions of SQLite it takes three calls, and a page has fifteen hundred values.
// The places are those of the types of the library that is compiled in.
var (
	atRow    = fieldAt[sqlite3.TVdbe]("FpResultRow")
	atNumber = fieldAt[sqlite3.TMem]("Fu")
	atText   = fieldAt[sqlite3.TMem]("Fz")
	atLength = fieldAt[sqlite3.TMem]("Fn")
	atFlags  = fieldAt[sqlite3.TMem]("Fflags")
	cellSize = int(reflect.TypeFor[sqlite3.TMem]().Size())
)

func fieldAt[T any](name string) int {
	f, ok := reflect.TypeFor[T]().FieldByName(name)
	if !ok {
		return -1 // a test says so
	}
	return int(f.Offset)
}

// cell is a value of the row as it lies there.
func (c *readerCursor) cell(i int) (cell []byte, flags uint16) {
	if c.row == nil {
		c.row = libc.GoBytes(pointer(c.st.handle+uintptr(atRow)), c.st.width*cellSize)
	}
	cell = c.row[i*cellSize : (i+1)*cellSize]
	return cell, binary.NativeEndian.Uint16(cell[atFlags:])
}

// text is what a cell of text leads to.
func text(cell []byte) []byte {
	n := int(int32(binary.NativeEndian.Uint32(cell[atLength:])))
	if strconv.IntSize == 32 {
		return libc.GoBytes(uintptr(binary.NativeEndian.Uint32(cell[atText:])), n)
	}
	return libc.GoBytes(uintptr(binary.NativeEndian.Uint64(cell[atText:])), n)
}

func (c *readerCursor) integer(i int) (n int64, ok bool) {
	cell, flags := c.cell(i)
	switch {
	case flags&sqlite3.MEM_Null != 0:
		return 0, false
	case flags&sqlite3.MEM_Int != 0:
		return int64(binary.NativeEndian.Uint64(cell[atNumber:])), true
	}
	return sqlite3.Xsqlite3_column_int64(c.s.tls, c.st.handle, int32(i)), true
}

// value of a column. What the row before had as well is kept once: sources,
// languages and people come again and again.
func (c *readerCursor) value(i int) any {
	cell, flags := c.cell(i)
	if c.last == nil {
		c.last = make([]any, c.st.width)
	}
	last := &c.last[i]
	switch {
	case flags&sqlite3.MEM_Null != 0:
		return nil
	case flags&sqlite3.MEM_Int != 0:
		n := int64(binary.NativeEndian.Uint64(cell[atNumber:]))
		if old, ok := (*last).(int64); !ok || old != n {
			*last = n
		}
		return *last
	case flags&sqlite3.MEM_Str != 0 && flags&(sqlite3.MEM_Real|sqlite3.MEM_IntReal) == 0:
		held := text(cell)
		if old, ok := (*last).(string); !ok || old != string(held) {
			*last = c.texts.keep(held)
		}
		return *last
	}
	// What is left is rare: numbers that are no integers, and blobs.
	tls, st, at := c.s.tls, c.st.handle, int32(i)
	switch sqlite3.Xsqlite3_column_type(tls, st, at) {
	case sqlite3.SQLITE_FLOAT:
		return sqlite3.Xsqlite3_column_double(tls, st, at)
	case sqlite3.SQLITE_BLOB:
		p := sqlite3.Xsqlite3_column_blob(tls, st, at)
		return append([]byte{}, libc.GoBytes(p, int(sqlite3.Xsqlite3_column_bytes(tls, st, at)))...)
	}
	return nil
}

func (c *readerCursor) bytes(i int) []byte {
	tls, st, at := c.s.tls, c.st.handle, int32(i)
	if sqlite3.Xsqlite3_column_type(tls, st, at) != sqlite3.SQLITE_BLOB {
		return nil
	}
	p := sqlite3.Xsqlite3_column_blob(tls, st, at)
	return libc.GoBytes(p, int(sqlite3.Xsqlite3_column_bytes(tls, st, at)))
}

func (c *readerCursor) close() error {
	if c.stop != nil && !c.stop() {
		c.mu.Lock()
		c.live = false
		c.mu.Unlock()
	}
	c.s.rest(c.st)
	return nil
}

// pieces keeps the texts of an answer in few pieces of memory.
type pieces struct {
	b    strings.Builder
	size int
}

func (t *pieces) keep(p []byte) string {
	if len(p) == 0 {
		return ""
	}
	if t.b.Cap()-t.b.Len() < len(p) {
		t.size = min(max(512, 2*t.size), 16<<10)
		t.b = strings.Builder{}
		t.b.Grow(max(t.size, len(p)))
	}
	from := t.b.Len()
	t.b.Write(p)
	return t.b.String()[from:]
}
