package scribe

import (
	"context"
	"fmt"
	"math/bits"
	"strings"

	"castellan/internal/store"
)

// asker is what can be asked: a database or a transaction.
type asker interface {
	Query(ctx context.Context, s store.Statement, args ...any) (*store.Rows, error)
	QueryRow(ctx context.Context, s store.Statement, args ...any) *store.Row
}

// outboxPut lets entries wait in a transaction.
func outboxPut(ctx context.Context, tx *store.Tx, all []item) error {
	for len(all) > 0 {
		k := chunk(len(all))
		args := make([]any, 0, 3*k)
		for i := range all[:k] {
			args = append(args, all[i].entry, orNull(all[i].salt), orNull(all[i].details))
		}
		if _, err := tx.Exec(ctx, insertOutbox.of(k), args...); err != nil {
			return fmt.Errorf("put entries into the outbox: %w", err)
		}
		all = all[k:]
	}
	return nil
}

// outboxAfter reads a batch of what waits, oldest first.
func outboxAfter(ctx context.Context, from asker, id int64) ([]item, error) {
	rows, err := from.Query(ctx, store.Text("SELECT id, entry, salt, details FROM outbox WHERE id > ? ORDER BY id LIMIT ?"), id, int64(batch))
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	defer rows.Close()
	var all []item
	for rows.Next() {
		var it item
		if err := rows.Scan(&it.src, &it.entry, &it.salt, &it.details); err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
		if err := it.decode(); err != nil {
			return nil, fmt.Errorf("read row %d of the outbox: %w", it.src, err)
		}
		all = append(all, it)
	}
	if err := rows.Close(); err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	return all, nil
}

// sweepEvery is how many rows lie in the outbox of SQLite at most for no other
// reason than that nobody has swept.
const sweepEvery = 256

// sweepAlong deletes what is under a signed head from the outbox of SQLite in
// somebody's transaction. A transaction of its own would cost the records a
// disk write for every batch of the ledger.
func (s *Scribe) sweepAlong(ctx context.Context, tx *store.Tx) error {
	covered := s.covered.Load()
	if s.shared() || covered < s.swept.Load()+sweepEvery {
		return nil
	}
	return s.sweepUpTo(ctx, tx, covered)
}

func (s *Scribe) sweepUpTo(ctx context.Context, tx *store.Tx, id int64) error {
	if _, err := tx.Exec(ctx, store.Text("DELETE FROM outbox WHERE id <= ?"), id); err != nil {
		return fmt.Errorf("sweep the outbox: %w", err)
	}
	tx.AfterCommit(func() { s.swept.Store(id) })
	return nil
}

// sweep deletes all that is under a signed head.
func (s *Scribe) sweep(ctx context.Context) error {
	covered := s.covered.Load()
	if s.shared() || covered <= s.swept.Load() {
		return nil
	}
	return s.commit(ctx, s.db, stepSweep, func(tx *store.Tx) error { return s.sweepUpTo(ctx, tx, covered) })
}

func orNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// shapes is one statement for each number of rows that are written at once.
type shapes [7]store.Text // for 1, 2, 4 … 64 rows

func (s *shapes) of(k int) store.Text { return s[bits.TrailingZeros(uint(k))] }

// chunk is the largest power of two up to n and 64: few statement texts, each
// prepared once.
func chunk(n int) int {
	k := 1
	for k*2 <= n && k < 64 {
		k *= 2
	}
	return k
}

// rowsOf writes an INSERT of k rows of some width, for each k.
func rowsOf(insert string, width int) (s shapes) {
	one := "(?" + strings.Repeat(", ?", width-1) + ")"
	for i := range s {
		s[i] = store.Text(insert + one + strings.Repeat(", "+one, 1<<i-1))
	}
	return s
}

var (
	insertOutbox = rowsOf("INSERT INTO outbox (entry, salt, details) VALUES ", 3)
	insertLedger = rowsOf("INSERT INTO ledger (seq, src, ts, actor_kind, actor, event, entry, leaf) VALUES ", 8)
	insertDetail = rowsOf("INSERT INTO detail (seq, salt, data) VALUES ", 3)
)
