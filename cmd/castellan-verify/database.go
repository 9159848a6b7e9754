package main

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"

	"castellan/internal/store"
	"castellan/ledger"
)

// ledgerFile is where a server on SQLite keeps its ledger within its data
// directory.
const ledgerFile = "ledger.db"

// isData says whether dir is the data directory of a server on SQLite.
func isData(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, ledgerFile))
	return err == nil
}

// withDatabase opens a ledger file for reading, and only that: the server may be
// running, and the records are none of a verifier's business.
func withDatabase(ctx context.Context, path string, use func(ledger.Source) error) error {
	db, err := store.OpenLedger(ctx, path)
	if err != nil {
		return err
	}
	err = db.Read(ctx, func(tx *store.Tx) error { return use(tables{tx}) })
	return errors.Join(err, db.Close())
}

// tables is a ledger in its database, seen at one moment. It reads the tables
// itself instead of asking the code that writes them.
type tables struct{ tx *store.Tx }

// Checkpoints is for ledger.Source.
func (t tables) Checkpoints(ctx context.Context, from int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		t.each(ctx, `SELECT note FROM checkpoint WHERE size >= ? ORDER BY size, incarnation`, from, func(row []any) bool {
			return yield(blob(row[0]), nil)
		}, func(err error) { yield(nil, err) })
	}
}

// Entries is for ledger.Source.
func (t tables) Entries(ctx context.Context, from int64) iter.Seq2[ledger.Stored, error] {
	return func(yield func(ledger.Stored, error) bool) {
		t.each(ctx, `SELECT l.seq, l.entry, d.salt, d.data FROM ledger l LEFT JOIN detail d ON d.seq = l.seq WHERE l.seq >= ? ORDER BY l.seq`, from, func(row []any) bool {
			seq, _ := row[0].(int64)
			s := ledger.Stored{Seq: seq, Entry: blob(row[1])}
			if row[2] != nil {
				s.Details = append([]byte{}, blob(row[3])...) // not nil: there are details, if empty ones
				copy(s.Salt[:], blob(row[2]))
			}
			return yield(s, nil)
		}, func(err error) { yield(ledger.Stored{}, err) })
	}
}

// Leaves is for ledger.Source. The leaf of a row that is gone is gone with it.
func (t tables) Leaves(ctx context.Context, from int64) iter.Seq2[ledger.Hash, error] {
	return func(yield func(ledger.Hash, error) bool) {
		t.hashes(ctx, `SELECT seq, leaf FROM ledger WHERE seq >= ? ORDER BY seq`, from, yield)
	}
}

// Blocks is for ledger.BlockSource.
func (t tables) Blocks(ctx context.Context, from int64) iter.Seq2[ledger.Hash, error] {
	return func(yield func(ledger.Hash, error) bool) {
		t.hashes(ctx, `SELECT place, hash FROM subtree WHERE level = 1 AND place >= ? ORDER BY place`, from, yield)
	}
}

// hashes yields numbered hashes from a number on, and zero for those that are
// not there.
func (t tables) hashes(ctx context.Context, text store.Text, from int64, yield func(ledger.Hash, error) bool) {
	next := from
	t.each(ctx, text, from, func(row []any) bool {
		number, _ := row[0].(int64)
		for ; next < number; next++ {
			if !yield(ledger.Hash{}, nil) {
				return false
			}
		}
		next++
		var h ledger.Hash
		copy(h[:], blob(row[1]))
		return yield(h, nil)
	}, func(err error) { yield(ledger.Hash{}, err) })
}

// each asks for rows from a number on and hands them over until row says no.
func (t tables) each(ctx context.Context, text store.Text, from int64, row func([]any) bool, fail func(error)) {
	rows, err := t.tx.Query(ctx, text, from)
	if err != nil {
		fail(err)
		return
	}
	for rows.Next() {
		if !row(rows.Values()) {
			rows.Close()
			return
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		fail(err)
	}
}

// blob is the bytes of a value. A forger may have stored text instead; its
// bytes are as good as any.
func blob(v any) []byte {
	switch v := v.(type) {
	case []byte:
		return v
	case string:
		return []byte(v)
	}
	return nil
}
