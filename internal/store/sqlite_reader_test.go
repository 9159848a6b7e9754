package store

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func reader(t *testing.T) *sqliteReader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.db")
	w, err := openSQLiteSession(t.Context(), dsn(path, Options{}, true))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.script(t.Context(), `CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT, part BLOB) STRICT;
		INSERT INTO thing VALUES (1, 'one', x'00ff'), (2, '', NULL), (3, 'тр' || char(0) || 'и', x'')`); err != nil {
		t.Fatal(err)
	}
	s, err := openSQLiteReader(path, pragmas(Options{}, false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.close(), w.close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func all(t *testing.T, s *sqliteReader, text string, args ...any) [][]any {
	t.Helper()
	a, err := answerOf(t.Context(), s, text, args)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]any
	for {
		more, err := a.next()
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
		rows = append(rows, []any{a.value(0), a.value(1), a.value(2)})
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// What is read stays what it was when the connection reads something else.
func TestReaderGivesValuesThatStay(t *testing.T) {
	s := reader(t)
	const text = "SELECT id, name, part FROM thing WHERE id >= ? AND name <> ? ORDER BY id"
	first := all(t, s, text, int64(1), "none")
	all(t, s, text, int64(2), "one")
	if len(first) != 3 || first[0][0] != int64(1) || first[0][1] != "one" || string(first[0][2].([]byte)) != "\x00\xff" ||
		first[1][1] != "" || first[1][2] != nil || first[2][1] != "тр\x00и" {
		t.Errorf("the reader gave %#v", first)
	}
}

// Values are read where SQLite keeps them: the places must be those of the library.
func TestReaderFindsEveryKindOfValueInItsPlace(t *testing.T) {
	for _, at := range []int{atRow, atNumber, atText, atLength, atFlags} {
		if at < 0 {
			t.Fatal("the library has no such field any more")
		}
	}
	s := reader(t)
	rows := all(t, s, "SELECT -7, 1.5, NULL UNION ALL SELECT 9223372036854775807, 'zażółć', x'' UNION ALL SELECT '', 2.0, count(*) FROM thing")
	want := [][]any{{int64(-7), 1.5, nil}, {int64(9223372036854775807), "zażółć", []byte{}}, {"", 2.0, int64(3)}}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("the reader gave %#v", rows)
	}
}

func TestReaderCannotWrite(t *testing.T) {
	s := reader(t)
	if _, err := s.exec(t.Context(), "DELETE FROM thing", nil); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("deleting through the reader gave %v", err)
	}
	if rows := all(t, s, "SELECT id, name, part FROM thing"); len(rows) != 3 {
		t.Errorf("%d rows are left", len(rows))
	}
}

func TestReaderRefusesWhatItCannotSend(t *testing.T) {
	s := reader(t)
	for text, args := range map[string][]any{"SELECT ?": {}, "SELECT ?, 1": {true}, "SELECT no_such_column FROM thing": {}, `SELECT "no such text"`: {}} {
		if _, err := s.query(t.Context(), text, args); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
	if rows := all(t, s, "SELECT id, name, part FROM thing"); len(rows) != 3 {
		t.Errorf("after refusals the reader gave %v", rows)
	}
}

// Whoever leaves stops the work that was begun for them, and nobody else's.
func TestReaderStopsForWhoeverLeaves(t *testing.T) {
	s := reader(t)
	const long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
	ctx, leave := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer leave()
	if _, err := s.exec(ctx, long, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("an endless statement ended with %v", err)
	}
	for range 200 {
		ctx, leave := context.WithCancel(t.Context())
		a, err := answerOf(ctx, s, "SELECT id, name, part FROM thing", nil)
		if err != nil {
			t.Fatal(err)
		}
		go leave()
		if err := a.close(); err != nil {
			t.Fatal(err)
		}
		if rows := all(t, s, "SELECT id, name, part FROM thing"); len(rows) != 3 {
			t.Fatalf("the next one got %d rows", len(rows))
		}
	}
}

// Two connections know whether they see the same moment, also when the log has
// just been emptied; when nothing was ever written to it they do not know.
func TestReadersTellWhetherTheySeeOneMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some.db")
	open := func() *sqliteReader {
		s, err := openSQLiteReader(path, pragmas(Options{}, false))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	w, err := openSQLiteSession(t.Context(), dsn(path, Options{}, true))
	if err != nil {
		t.Fatal(err)
	}
	run := func(s session, text string) {
		t.Helper()
		if err := s.script(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	run(w, `CREATE TABLE thing (id INTEGER PRIMARY KEY) STRICT`)
	a, b := open(), open()
	told := func(between string, same, known bool) {
		t.Helper()
		run(a, `BEGIN`)
		if between != "" {
			all(t, a, `SELECT 1, 2, id FROM thing`)
			run(w, between)
		}
		run(b, `BEGIN`)
		if s, k := a.sameMoment(b); s != same || k != known {
			t.Errorf("after %q: the same %v, known %v", between, s, k)
		}
		run(a, `COMMIT`)
		run(b, `COMMIT`)
	}
	told("", true, true)
	told(`INSERT INTO thing VALUES (1)`, false, true)
	told("", true, true)
	run(w, `PRAGMA wal_checkpoint(TRUNCATE)`)
	told("", true, true)
	told(`INSERT INTO thing VALUES (2)`, false, true)
	// The last one to leave takes the log along.
	if err := errors.Join(a.close(), b.close(), w.close()); err != nil {
		t.Fatal(err)
	}
	a, b = open(), open()
	told("", false, false)
	if err := errors.Join(a.close(), b.close()); err != nil {
		t.Error(err)
	}
}
