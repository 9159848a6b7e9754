package exchange

import (
	"context"
	"fmt"
	"time"

	"castellan/internal/store"
)

// How long what a file brought is kept.
const (
	keptArriving = 24 * time.Hour      // of a file that never arrived whole
	keptFile     = 7 * 24 * time.Hour  // after the import has ended
	keptIdle     = 30 * 24 * time.Hour // of an import that was not started, or failed
	keptRefused  = 30 * 24 * time.Hour // after the import has ended
)

// Tidy throws away what is no longer needed: the files of imports that have
// ended, their refused rows, and files that nobody has imported. What the lines
// became stays known, so that a file that is brought again doubles nothing.
func (m *Imports) Tidy(ctx context.Context) error {
	now := m.DB.Now()
	before := func(kept time.Duration) int64 { return now.Add(-kept).UnixMicro() }
	for _, what := range []struct {
		ask   store.Text
		args  []any
		clear store.Text
	}{
		{"SELECT id FROM import WHERE state = 'arriving' AND made_at < ? OR state = 'ready' AND made_at < ?", []any{before(keptArriving), before(keptIdle)}, "DELETE FROM import WHERE id = ? AND state IN ('arriving', 'ready')"},
		{"SELECT id FROM import i WHERE (state IN ('done', 'undone') AND finished_at < ? OR state = 'failed' AND made_at < ?) AND EXISTS (SELECT 1 FROM import_piece p WHERE p.import = i.id)", []any{before(keptFile), before(keptIdle)}, ""},
		{"SELECT id FROM import i WHERE (state IN ('done', 'undone') AND finished_at < ? OR state = 'failed' AND made_at < ?) AND EXISTS (SELECT 1 FROM import_refused r WHERE r.import = i.id)", []any{before(keptRefused), before(keptRefused)}, "DELETE FROM import_refused WHERE import = ?"},
	} {
		ids, err := m.ids(ctx, what.ask, what.args...)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := m.clear(ctx, id, what.clear); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *Imports) ids(ctx context.Context, ask store.Text, args ...any) ([]int64, error) {
	rows, err := m.DB.Query(ctx, ask, args...)
	if err != nil {
		return nil, fmt.Errorf("find what is no longer needed: %w", err)
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		all = append(all, rows.Values()[0].(int64))
	}
	if err := rows.Close(); err != nil {
		return nil, fmt.Errorf("find what is no longer needed: %w", err)
	}
	return all, nil
}

// clear throws the file of an import away, a few megabytes at a time so that
// nobody waits, and then what else the statement says.
func (m *Imports) clear(ctx context.Context, id int64, last store.Text) error {
	const pieces = 16
	for from := int64(0); from*piece < MaxFile; from += pieces {
		left := int64(0)
		err := m.DB.Write(ctx, func(tx *store.Tx) error {
			if _, err := tx.Exec(ctx, store.Text("DELETE FROM import_piece WHERE import = ? AND place < ?"), id, from+pieces); err != nil {
				return err
			}
			return tx.QueryRow(ctx, store.Text("SELECT count(*) FROM import_piece WHERE import = ?"), id).Scan(&left)
		})
		if err != nil {
			return fmt.Errorf("throw a file away: %w", err)
		}
		if left == 0 {
			break
		}
	}
	if last == "" {
		return nil
	}
	err := m.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, last, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("throw an import away: %w", err)
	}
	return nil
}
