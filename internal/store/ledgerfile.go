package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// errReadOnly refuses a write to what was opened for reading.
var errReadOnly = errors.New("the database was opened for reading only")

type noWriter struct{}

func (noWriter) write(context.Context, *DB, func(*Tx) error) error { return errReadOnly }

func (noWriter) close() error { return nil }

// OpenLedger opens the ledger file of a workspace on SQLite for reading, and
// needs nothing else of the workspace: no lock, no other file, no right to
// write. It may be open in a running house, or be a copy that lies on its own;
// then nothing is made beside it. Whatever is in it is not believed.
func OpenLedger(ctx context.Context, path string) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find ledger file: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("find ledger file: %w", err)
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)", "query_only(ON)", "trusted_schema(OFF)", "cache_size(-8000)"},
		"_defensive": {"1"}, "_dqs": {"0"}, "_error_rc": {"1"}}
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		// Nobody has it open. SQLite would otherwise make files for those
		// who might come.
		q.Set("immutable", "1")
	}
	dsn := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode()
	db := &DB{engine: SQLite, dir: filepath.Dir(path), now: time.Now, writer: noWriter{}, readers: newPool(2, func(ctx context.Context) (session, error) {
		return openSQLiteSession(ctx, dsn)
	})}
	db.close = append(db.close, db.readers.shut)
	var n int64
	if err := db.QueryRow(ctx, Text("SELECT count(*) FROM sqlite_schema WHERE name IN ('ledger', 'detail', 'checkpoint')")).Scan(&n); err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger file: %w", err), db.Close())
	}
	if n != 3 {
		return nil, errors.Join(errors.New("open ledger file: there is no ledger in it"), db.Close())
	}
	return db, nil
}
