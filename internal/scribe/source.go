package scribe

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"castellan/internal/store"
	"castellan/ledger"
)

// Source gives the whole log, as it is when it is first read from, to
// ledger.Verify and ledger.WriteBundle.
func (s *Scribe) Source() ledger.Source { return &source{db: s.ledger} }

// SourceOf is the log in an open database, for whoever has the database and not
// the house.
func SourceOf(db *store.DB) ledger.Source { return &source{db: db.Ledger()} }

// source reads a log page by page, so that it never holds a connection long. It
// stands still though the log goes on: it ends where the log ended when it was
// first read from. Details that are erased meanwhile are gone.
type source struct {
	db *store.DB

	mu    sync.Mutex
	fixed bool
	size  int64
}

const sourcePage = 1000

func (s *source) end(ctx context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fixed {
		return s.size, nil
	}
	// Not what the head says: a source is not believed, and shows what it has.
	err := s.db.QueryRow(ctx, store.Text("SELECT seq + 1 FROM ledger ORDER BY seq DESC LIMIT 1")).Scan(&s.size)
	if err != nil && !errors.Is(err, store.ErrNoRows) {
		return 0, fmt.Errorf("read the end of the ledger: %w", err)
	}
	// A head that was signed over more than there is must be seen.
	var signed int64
	err = s.db.QueryRow(ctx, store.Text("SELECT size FROM checkpoint ORDER BY size DESC LIMIT 1")).Scan(&signed)
	if err != nil && !errors.Is(err, store.ErrNoRows) {
		return 0, fmt.Errorf("read checkpoints: %w", err)
	}
	s.size, s.fixed = max(s.size, signed), true
	return s.size, nil
}

// Checkpoints is for ledger.Source.
func (s *source) Checkpoints(ctx context.Context, from int64) iter.Seq2[[]byte, error] {
	type place struct{ size, incarnation int64 }
	return pages(ctx, s, "SELECT size, incarnation, note FROM checkpoint WHERE (size, incarnation) > (?, ?) AND size <= ? ORDER BY size, incarnation LIMIT ?", place{from, -1},
		func(p place, end int64) []any { return []any{p.size, p.incarnation, end} },
		func(v []any) (p place, signed []byte) {
			p.size, _ = v[0].(int64)
			p.incarnation, _ = v[1].(int64)
			signed, _ = v[2].([]byte)
			return p, signed
		})
}

// Entries is for ledger.Source.
func (s *source) Entries(ctx context.Context, from int64) iter.Seq2[ledger.Stored, error] {
	return pages(ctx, s, "SELECT l.seq, l.entry, d.salt, d.data FROM ledger l LEFT JOIN detail d ON d.seq = l.seq WHERE l.seq > ? AND l.seq < ? ORDER BY l.seq LIMIT ?", from-1, bySeq,
		func(v []any) (int64, ledger.Stored) {
			var st ledger.Stored
			st.Seq, _ = v[0].(int64)
			st.Entry, _ = v[1].([]byte)
			if salt, ok := v[2].([]byte); ok {
				copy(st.Salt[:], salt)
			}
			st.Details, _ = v[3].([]byte)
			return st.Seq, st
		})
}

// Leaves is for ledger.Source.
func (s *source) Leaves(ctx context.Context, from int64) iter.Seq2[ledger.Hash, error] {
	return whole(from, pages(ctx, s, "SELECT seq, leaf FROM ledger WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?", from-1, bySeq, readHash))
}

// Blocks is for ledger.BlockSource.
func (s *source) Blocks(ctx context.Context, from int64) iter.Seq2[ledger.Hash, error] {
	return whole(from, pages(ctx, s, "SELECT place, hash FROM subtree WHERE level = 1 AND place > ? AND place < ? ORDER BY place LIMIT ?", from-1, bySeq, readHash))
}

// placed is a hash with its number.
type placed struct {
	at   int64
	hash ledger.Hash
}

func readHash(v []any) (int64, placed) {
	var p placed
	p.at, _ = v[0].(int64)
	if b, ok := v[1].([]byte); ok {
		copy(p.hash[:], b)
	}
	return p.at, p
}

// whole yields hashes from a number on, and zero for those that are missing.
func whole(next int64, all iter.Seq2[placed, error]) iter.Seq2[ledger.Hash, error] {
	return func(yield func(ledger.Hash, error) bool) {
		next := next
		for p, err := range all {
			if err != nil {
				yield(ledger.Hash{}, err)
				return
			}
			for ; next < p.at; next++ {
				if !yield(ledger.Hash{}, nil) {
					return
				}
			}
			next++
			if !yield(p.hash, nil) {
				return
			}
		}
	}
}

func bySeq(after, end int64) []any { return []any{after, end} }

// pages walks over a table in slices, each after the place where the one before
// it ended.
func pages[P, T any](ctx context.Context, s *source, text store.Text, after P, args func(after P, end int64) []any, read func([]any) (P, T)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		end, err := s.end(ctx)
		if err != nil {
			yield(none, err)
			return
		}
		after := after // the sequence may be walked again
		for n := sourcePage; n == sourcePage; {
			rows, err := s.db.Query(ctx, text, append(args(after, end), int64(sourcePage))...)
			if err != nil {
				yield(none, fmt.Errorf("read the ledger: %w", err))
				return
			}
			n = 0
			for rows.Next() {
				var one T
				after, one = read(rows.Values())
				n++
				if !yield(one, nil) {
					rows.Close()
					return
				}
			}
			if err := rows.Close(); err != nil {
				yield(none, fmt.Errorf("read the ledger: %w", err))
				return
			}
		}
	}
}

// Raw is the canonical entry that a proof is about, with salt and details. It
// gives store.ErrNoRows if there is no such entry.
func (s *Scribe) Raw(ctx context.Context, seq int64) (ledger.Stored, error) {
	st := ledger.Stored{Seq: seq}
	var salt []byte
	err := s.ledger.QueryRow(ctx, store.Text("SELECT l.entry, d.salt, d.data FROM ledger l LEFT JOIN detail d ON d.seq = l.seq WHERE l.seq = ?"), seq).Scan(&st.Entry, &salt, &st.Details)
	if err != nil {
		return ledger.Stored{}, fmt.Errorf("read entry %d: %w", seq, err)
	}
	copy(st.Salt[:], salt)
	return st, nil
}
