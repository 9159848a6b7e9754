package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/store"
	"castellan/ledger"
)

// data puts the log of an office into the database of a server.
func (o *office) data(name string) string {
	o.t.Helper()
	dir := o.path(name)
	o.database(dir, func(tx *store.Tx) error {
		var block ledger.Frontier
		for i, s := range o.rows {
			leaf := ledger.LeafHash(s.Entry)
			if block.Append(leaf); block.Size() == ledger.TileWidth {
				root := block.Root()
				if _, err := tx.Exec(o.t.Context(), store.Text(`INSERT INTO subtree (level, place, hash) VALUES (1, ?, ?)`), int64(i)/ledger.TileWidth, root[:]); err != nil {
					return err
				}
				block = ledger.Frontier{}
			}
			if _, err := tx.Exec(o.t.Context(), store.Text(`INSERT INTO ledger (seq, ts, actor_kind, actor, event, entry, leaf) VALUES (?, 0, 0, 0, '', ?, ?)`), s.Seq, s.Entry, leaf[:]); err != nil {
				return err
			}
			if s.Details != nil {
				if _, err := tx.Exec(o.t.Context(), store.Text(`INSERT INTO detail (seq, salt, data) VALUES (?, ?, ?)`), s.Seq, s.Salt[:], s.Details); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(o.t.Context(), store.Text(`INSERT INTO checkpoint (incarnation, size, note) VALUES (1, ?, ?)`), int64(i+1), o.heads[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return dir
}

// database opens the database as the server's administrator can.
func (o *office) database(dir string, do func(*store.Tx) error) {
	o.t.Helper()
	db, err := store.Open(o.t.Context(), store.Options{Dir: dir})
	if err != nil {
		o.t.Fatal(err)
	}
	if err := db.Ledger().Write(o.t.Context(), do); err != nil {
		o.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		o.t.Fatal(err)
	}
}

// tamper runs statements with the guards against it taken away.
func (o *office) tamper(dir string, statements ...string) {
	o.t.Helper()
	o.database(dir, func(tx *store.Tx) error {
		for _, s := range append([]string{"DROP TRIGGER ledger_unchanged", "DROP TRIGGER ledger_kept", "DROP TRIGGER checkpoint_unchanged", "DROP TRIGGER checkpoint_kept"}, statements...) {
			if _, err := tx.Exec(o.t.Context(), store.Text(s)); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestDataDirectoryIsProved(t *testing.T) {
	o := newOffice(t).work(300)
	dir := o.data("data")
	o.check(allProved, dir, "--head", o.file("head", o.heads[299]))("Checked 300 entries", "240 entries with the genuine ones", "Completeness: PROVED. Nothing")
	o.check(allProved, filepath.Join(dir, "ledger.db"))
	o.tamper(dir, `DELETE FROM detail WHERE seq < 100`)
	o.check(allProved, dir)("160 entries with the genuine ones, 80 whose details were erased")
}

func TestTamperedDatabaseIsNotProved(t *testing.T) {
	o := newOffice(t).work(300)
	for _, c := range []struct{ statement, says string }{
		{`UPDATE ledger SET entry = (SELECT entry FROM ledger WHERE seq = 43) WHERE seq = 42`, "Entry 42"},
		{`DELETE FROM ledger WHERE seq = 42`, "Entry 42 was deleted."},
		{`DELETE FROM ledger WHERE seq = 42`, "up to entry 299, all that no finding names is as it was signed"},
		{`DELETE FROM ledger WHERE seq >= 290`, "the entries 290 to 299 are missing"},
		{`UPDATE ledger SET seq = CASE seq WHEN 41 THEN -42 ELSE -41 END WHERE seq IN (41, 42); UPDATE ledger SET seq = -seq WHERE seq < 0`, "Entry 41 is not the one that was signed"},
		{`UPDATE detail SET data = x'7b7d' WHERE seq = 42`, "The details of entry 42 are not those that were signed."},
		{`UPDATE checkpoint SET note = CAST(replace(CAST(note AS TEXT), 'incarnation 1', 'incarnation 2') AS BLOB) WHERE size = 42`, "A checkpoint is forged"},
		{`UPDATE ledger SET entry = x'78' WHERE seq = 42`, "Entry 42 cannot be read"},
	} {
		dir := o.data("data")
		o.tamper(dir, strings.Split(c.statement, "; ")...)
		o.check(notProved, dir)(c.says, "NOT PROVED")
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
}

// Verification changes nothing, not even the time of a file, and it works
// while the server runs.
func TestVerifierOnlyReads(t *testing.T) {
	o := newOffice(t).work(30)
	dir := o.data("data")
	before := contents(t, dir)
	o.check(allProved, dir)
	after := contents(t, dir)
	for name, b := range before {
		if !bytes.Equal(b, after[name]) {
			t.Errorf("%s was changed", name)
		}
	}
	db, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	err = db.Ledger().Write(ctx, func(tx *store.Tx) error {
		o.check(allProved, dir)("Checked 30 entries")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.db*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no database in %s: %v", dir, err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if all[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
