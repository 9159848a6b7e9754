package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/fault"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

var ctx = context.Background()

// table makes a table to play with.
func table(t *testing.T, db *store.DB) {
	t.Helper()
	must(t, db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Twin{
			SQLite:   `CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT, data BLOB) STRICT`,
			Postgres: `CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT COLLATE "C", data BYTEA)`,
		})
		return err
	}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	must(t, db.QueryRow(ctx, store.Text(`SELECT count(*) FROM thing`)).Scan(&n))
	return n
}

func put(id int64, name string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text(`INSERT INTO thing(id, name) VALUES (?, ?)`), id, name)
		return err
	}
}

func TestWriteKeepsAllOrNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		must(t, db.Write(ctx, put(1, "kept")))
		told := errors.New("told to stop")
		called := false
		err := db.Write(ctx, func(tx *store.Tx) error {
			tx.AfterCommit(func() { called = true })
			must(t, put(2, "undone")(tx))
			return told
		})
		if !errors.Is(err, told) {
			t.Errorf("Write gave %v", err)
		}
		if called {
			t.Error("AfterCommit ran although the transaction was undone")
		}
		if n := count(t, db); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
	})
}

func TestPanicUndoesTheTransactionAndTheStoreGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = db.Write(ctx, func(tx *store.Tx) error {
				must(t, put(1, "")(tx))
				panic("a bug")
			})
		}()
		must(t, db.Write(ctx, put(2, "")))
		if n := count(t, db); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
	})
}

// Writers that queue share a commit on SQLite: one that fails must take back
// its own changes and nobody else's.
func TestConcurrentWritersFailAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		stop := errors.New("stop")
		var wg sync.WaitGroup
		for i := range int64(40) {
			wg.Go(func() {
				err := db.Write(ctx, func(tx *store.Tx) error {
					if err := put(i, "")(tx); err != nil {
						return err
					}
					if i%3 == 0 {
						return stop
					}
					return nil
				})
				if i%3 == 0 && !errors.Is(err, stop) || i%3 != 0 && err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		rows, err := db.Query(ctx, store.Text(`SELECT id FROM thing ORDER BY id`))
		must(t, err)
		defer rows.Close()
		n := 0
		for rows.Next() {
			var id int64
			must(t, rows.Scan(&id))
			if id%3 == 0 {
				t.Errorf("row %d of a failed transaction was kept", id)
			}
			n++
		}
		must(t, rows.Err())
		if n != 26 {
			t.Errorf("%d rows, want 26", n)
		}
	})
}

// Two transactions that each read a number and write it back larger must not
// lose one of the two.
func TestWritersDoNotOverwriteWhatTheyRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		must(t, db.Write(ctx, put(0, "x")))
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				if err := db.Write(ctx, func(tx *store.Tx) error {
					var name string
					if err := tx.QueryRow(ctx, store.Text(`SELECT name FROM thing WHERE id = 0`)).Scan(&name); err != nil {
						return err
					}
					_, err := tx.Exec(ctx, store.Text(`UPDATE thing SET name = ? WHERE id = 0`), name+"x")
					return err
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var name string
		must(t, db.QueryRow(ctx, store.Text(`SELECT name FROM thing`)).Scan(&name))
		if name != strings.Repeat("x", 13) {
			t.Errorf("%d updates were kept, want 12", len(name)-1)
		}
	})
}

func TestReadSeesOneMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		must(t, db.Write(ctx, put(1, "")))
		must(t, db.Read(ctx, func(tx *store.Tx) error {
			ask := func() (n int) {
				must(t, tx.QueryRow(ctx, store.Text(`SELECT count(*) FROM thing`)).Scan(&n))
				return n
			}
			before := ask()
			must(t, db.Write(ctx, put(2, "")))
			if after := ask(); after != before {
				t.Errorf("the answer changed from %d to %d", before, after)
			}
			return nil
		}))
	})
}

func TestReadCannotWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		if err := db.Read(ctx, put(1, "")); err == nil {
			t.Error("a reading transaction wrote")
		}
		must(t, db.Write(ctx, put(2, "")))
	})
}

func TestTryUndoesAPartAndGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		must(t, db.Write(ctx, func(tx *store.Tx) error {
			if err := put(1, "")(tx); err != nil {
				return err
			}
			err := tx.Try(ctx, func() error { return put(1, "")(tx) })
			if !store.IsConflict(err) {
				t.Errorf("a second row with the same key gave %v", err)
			}
			return put(2, "")(tx)
		}))
		if n := count(t, db); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
	})
}

func TestValuesComeBackAlikeOnBothEngines(t *testing.T) {
	type name string
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		must(t, db.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, store.Text(`INSERT INTO thing(id, name, data) VALUES (?, ?, ?), (?, ?, ?)`),
				schema.RecordID(7), name("Ёж's ?"), [2]byte{1, 2}, true, nil, nil)
			return err
		}))
		rows, err := db.Query(ctx, store.Text(`SELECT id, name, data, id = 7 AND name <> '?', (SELECT sum(id) FROM thing) FROM thing ORDER BY id DESC`))
		must(t, err)
		defer rows.Close()
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		var id schema.RecordID
		var n name
		var data [2]byte
		var both bool
		var sum int
		must(t, rows.Scan(&id, &n, &data, &both, &sum))
		if id != 7 || n != "Ёж's ?" || data != [2]byte{1, 2} || !both || sum != 8 {
			t.Errorf("read back %d %q %v %v %d", id, n, data, both, sum)
		}
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		var null *string
		must(t, rows.Scan(&id, &null, new([]byte), new(bool), &sum))
		if null != nil {
			t.Error("NULL was read as a text")
		}
		if err := rows.Scan(&id, &n, new([]byte), new(bool), &sum); err == nil {
			t.Error("NULL went into a plain string")
		}
	})
}

// A statement may be run again while its own answer is still being read.
func TestSameStatementInsideItself(t *testing.T) {
	db := storetest.Open(t, store.SQLite, nil)
	table(t, db)
	must(t, db.Write(ctx, put(1, "")))
	must(t, db.Write(ctx, put(2, "")))
	must(t, db.Read(ctx, func(tx *store.Tx) error {
		all := store.Text(`SELECT id FROM thing`)
		outer, err := tx.Query(ctx, all)
		must(t, err)
		defer outer.Close()
		n := 0
		for outer.Next() {
			inner, err := tx.Query(ctx, all)
			must(t, err)
			for inner.Next() {
				n++
			}
			must(t, inner.Close())
		}
		if n != 4 {
			t.Errorf("%d pairs, want 4", n)
		}
		return outer.Err()
	}))
}

func TestIdsGrowWhenTheClockIsSetBackAndAfterRestart(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(engine.String(), func(t *testing.T) {
			clock := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
			o := storetest.Place(t, engine)
			o.Now = func() time.Time { return clock }
			var last schema.RecordID
			ask := func(db *store.DB) {
				t.Helper()
				must(t, db.Write(ctx, func(tx *store.Tx) error {
					for range 40000 { // more than one millisecond has
						id := tx.NewID()
						if id <= last {
							t.Fatalf("id %d came after %d", id, last)
						}
						last = id
					}
					return nil
				}))
			}
			db := storetest.Reopen(t, o)
			ask(db)
			clock = clock.Add(-time.Hour)
			ask(db)
			must(t, db.Close())
			clock = clock.Add(-24 * time.Hour)
			db = storetest.Reopen(t, o)
			ask(db)
			clock = clock.Add(72 * time.Hour)
			ask(db)
			if ms := int64(last) >> 20; ms < clock.UnixMilli() || ms > clock.UnixMilli()+10 {
				t.Errorf("the id says %d ms, the clock %d", ms, clock.UnixMilli())
			}
		})
	}
}

func TestTransactionHasOneTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		must(t, db.Write(ctx, func(tx *store.Tx) error {
			a := tx.Now()
			time.Sleep(time.Millisecond)
			if b := tx.Now(); !a.Equal(b) || a.Location() != time.UTC || a.Nanosecond()%1000 != 0 {
				t.Errorf("first %v, then %v", a, b)
			}
			return nil
		}))
	})
}

func TestSmallIdsCountFromOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for want := int64(1); want < 4; want++ {
			must(t, db.Write(ctx, func(tx *store.Tx) error {
				n, err := tx.NextSmall(ctx, "person")
				if n != want {
					t.Errorf("got %d, want %d", n, want)
				}
				return err
			}))
		}
	})
}

func TestSecondProcessIsRefusedInPlainWords(t *testing.T) {
	o := storetest.Place(t, store.SQLite)
	db := storetest.Reopen(t, o)
	_, err := store.Open(ctx, o)
	if f, ok := fault.As(err); !ok || f.Code != "store.locked" {
		t.Fatalf("a second Open gave %v", err)
	}
	must(t, db.Close())
	storetest.Reopen(t, o)
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	o := storetest.Place(t, store.SQLite)
	o.Dir = filepath.Join(o.Dir, "fresh")
	db := storetest.Reopen(t, o)
	table(t, db)
	must(t, db.Write(ctx, put(1, "")))
	info, err := os.Stat(o.Dir)
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %o", info.Mode().Perm())
	}
	files, err := os.ReadDir(o.Dir)
	must(t, err)
	if len(files) < 3 {
		t.Errorf("only %d files", len(files))
	}
	for _, f := range files {
		info, err := f.Info()
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", f.Name(), info.Mode().Perm())
		}
	}
}

func TestGivingUpWaitingForTheWriter(t *testing.T) {
	db := storetest.Open(t, store.SQLite, nil)
	table(t, db)
	inside, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := db.Write(ctx, func(tx *store.Tx) error {
			close(inside)
			<-leave
			return put(1, "")(tx)
		}); err != nil {
			t.Error(err)
		}
	})
	<-inside
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := db.Write(short, put(2, "")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("gave %v", err)
	}
	close(leave)
	wg.Wait()
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestClosedStoreSaysSo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		must(t, db.Close())
		if err := db.Write(ctx, func(*store.Tx) error { return nil }); err == nil {
			t.Error("Write on a closed store gave no error")
		}
		if _, err := db.Query(ctx, store.Text(`SELECT 1`)); err == nil {
			t.Error("Query on a closed store gave no error")
		}
	})
}
