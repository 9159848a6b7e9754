package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"castellan/internal/fault"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// With a full disk people were told that something had gone wrong, and tried
// again until somebody read the log of the server.
func TestFullDiskIsToldInPlainWordsAndLosesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		keep := func(key string, size int) error {
			return db.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, store.Text("INSERT INTO once (mark, asked, record, made_at) VALUES (?, ?, 1, 1)"), []byte(key), make([]byte, size))
				return err
			})
		}
		if err := keep("before", 10); err != nil {
			t.Fatal(err)
		}
		var err error
		if db.Engine() == store.SQLite {
			pages := func(text string) {
				if err := db.Write(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, store.Text(text)); return err }); err != nil {
					t.Fatal(err)
				}
			}
			pages("PRAGMA max_page_count = 1") // it takes what is used already
			err = keep("full", 1<<20)
			pages("PRAGMA max_page_count = 1000000")
		} else {
			err = db.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, store.Text("DO $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$"))
				return err
			})
		}
		if f, ok := fault.As(err); !ok || f.Kind != fault.Busy || f.Code != "store.full" {
			t.Errorf("a full disk is told as %v", err)
		}
		if err := keep("after", 10); err != nil {
			t.Errorf("with space again: %v", err)
		}
		var n int64
		if err := db.QueryRow(ctx, store.Text("SELECT count(*) FROM once")).Scan(&n); err != nil || n != 2 {
			t.Errorf("%d rows are kept, want 2: %v", n, err)
		}
	})
}

// A server with a full disk said that it was ready, and was sent work that it
// had to refuse.
func TestRoomIsMissedWhenNothingCanBeWritten(t *testing.T) {
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		db := storetest.Open(t, engine, func() time.Time { return at })
		if err := db.Room(t.Context()); err != nil {
			t.Errorf("%s: %v", engine, err)
		}
		if engine == store.Postgres {
			continue // its disk is full when the server says so
		}
		if left, err := os.Stat(filepath.Join(db.Dir(), "room")); err != nil || left.Size() != 0 {
			t.Errorf("what was tried stays: %v, %v", left, err)
		}
		// /dev/full takes nothing, as a full disk; elsewhere a directory does.
		file := filepath.Join(db.Dir(), "room")
		full := os.Remove(file) == nil
		if _, err := os.Stat("/dev/full"); err == nil {
			full = full && os.Symlink("/dev/full", file) == nil
		} else {
			full = full && os.Mkdir(file, 0o700) == nil
		}
		if !full {
			t.Fatal("the disk cannot be filled")
		}
		if err := db.Room(t.Context()); err != nil {
			t.Errorf("the disk is asked again within a second: %v", err)
		}
		at = at.Add(time.Second)
		if err := db.Room(t.Context()); err == nil {
			t.Error("there is room on a full disk")
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Second)
		if err := db.Room(t.Context()); err != nil {
			t.Errorf("with space again: %v", err)
		}
	}
}
