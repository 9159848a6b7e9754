package scribe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"castellan/internal/actor"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// Erase deletes the details of entries for good, with their salts, and says how
// many had any. The entries stay and the tree over them verifies as before:
// what it holds of the details is noise without the salt. That somebody erased
// them is noted first. Copies elsewhere are not reached: backups, bundles.
func (s *Scribe) Erase(ctx context.Context, who actor.Actor, entries ...int64) (int, error) {
	if len(entries) == 0 {
		return 0, nil
	}
	named := make([]schema.RecordID, len(entries))
	for i, seq := range entries {
		named[i] = schema.RecordID(seq)
	}
	if err := s.Note(ctx, Entry{Event: "ledger.erased", Who: who, Kind: "entry", Records: named}); err != nil {
		return 0, err
	}
	erased := 0
	var rows []int64 // of the outbox, which has them until it is swept
	err := s.commit(ctx, s.ledger, stepErase, func(tx *store.Tx) error {
		erased, rows = 0, nil
		if tx.Engine() == store.SQLite {
			// Or the bytes stay in the file until something is written over
			// them.
			if _, err := tx.Exec(ctx, store.Text("PRAGMA secure_delete = ON")); err != nil {
				return fmt.Errorf("ask for deletion for good: %w", err)
			}
		}
		for part := range slices.Chunk(entries, 256) {
			marks, args := list(part)
			sources, err := s.sources(ctx, tx, marks, args)
			if err != nil {
				return err
			}
			rows = append(rows, sources...)
			n, err := tx.Exec(ctx, store.Text("DELETE FROM detail WHERE seq IN "+marks), args...)
			if err != nil {
				return err
			}
			erased += int(n)
		}
		return nil
	})
	if err == nil && !s.shared() && len(rows) > 0 {
		err = s.commit(ctx, s.db, stepErase, func(tx *store.Tx) error {
			for part := range slices.Chunk(rows, 256) {
				marks, args := list(part)
				if _, err := tx.Exec(ctx, store.Text("UPDATE outbox SET salt = NULL, details = NULL WHERE id IN "+marks), args...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return 0, fmt.Errorf("erase details: %w", err)
	}
	return erased, nil
}

// sources are the outbox rows that entries came from.
func (s *Scribe) sources(ctx context.Context, tx *store.Tx, marks string, args []any) ([]int64, error) {
	rows, err := tx.Query(ctx, store.Text("SELECT src FROM ledger WHERE src IS NOT NULL AND seq IN "+marks), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// list writes "(?, ?)" and the arguments for it.
func list(ids []int64) (marks string, args []any) {
	args = make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return "(?" + strings.Repeat(", ?", len(ids)-1) + ")", args
}
