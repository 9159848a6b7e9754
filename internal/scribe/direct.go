package scribe

import (
	"context"
	"errors"
	"fmt"

	"castellan/internal/store"
	"castellan/ledger"
)

// lost is how often the head may have been moved by another process before this
// one waits for its turn.
const lost = 2

// advanceShared is advance where the ledger lies in the database of the records,
// which other processes may serve, too. Mostly the head is where this process
// left it, and one statement does all. Where it is not, nothing was written, and
// it is tried again from where the head is now.
func (s *Scribe) advanceShared(ctx context.Context, got []*note, look bool) (left, grown bool, err error) {
	defer func() {
		if err != nil {
			s.at = nil // whether it was kept after all is to be read
		}
	}()
	for range lost {
		if s.at == nil {
			h, err := readHead(ctx, s.db)
			if err != nil {
				return false, false, fmt.Errorf("read the head of the ledger: %w", err)
			}
			s.at = &h
		}
		// After the head, and on disk with every move of it: as long as the head
		// stays there, nobody else has taken what is seen here.
		all, left, err := s.waiting(ctx, s.db, got, look)
		if err != nil || len(all) == 0 {
			return false, false, err
		}
		next := *s.at
		done, err := s.appendAtOnce(ctx, s.at, &next, all)
		if err != nil {
			return false, false, err
		}
		if done {
			s.at = &next
			return left, true, nil
		}
		s.at = nil
	}
	return s.advanceInTurn(ctx, got, look)
}

// waiting is a batch of the outbox, if that is to be looked into, and then the
// readings.
func (s *Scribe) waiting(ctx context.Context, from asker, got []*note, look bool) (all []item, left bool, err error) {
	if look {
		// Transactions end in another order than their rows were numbered, so
		// that a mark cannot tell what was taken; being there tells it.
		if all, err = outboxAfter(ctx, from, 0); err != nil {
			return nil, false, err
		}
		left = len(all) == batch
	}
	for _, n := range got {
		all = append(all, n.items...)
	}
	return all, left, nil
}

// advanceInTurn waits until the row of the head is free, and moves on from
// there. It is slower than one statement, and cannot come too late.
func (s *Scribe) advanceInTurn(ctx context.Context, got []*note, look bool) (left, grown bool, err error) {
	var h head
	err = s.commit(ctx, s.db, stepAppend, func(tx *store.Tx) error {
		left, grown = false, false
		var all []item
		var err error
		if h, err = lockHead(ctx, tx); err != nil {
			return fmt.Errorf("read the head of the ledger: %w", err)
		}
		if all, left, err = s.waiting(ctx, tx, got, look); err != nil || len(all) == 0 {
			return err
		}
		if err := h.append(ctx, tx, all); err != nil {
			return err
		}
		if ids := sources(all); len(ids) > 0 {
			if _, err := tx.Exec(ctx, store.Text("DELETE FROM outbox WHERE id = ANY (?)"), ids); err != nil {
				return fmt.Errorf("empty the outbox: %w", err)
			}
		}
		grown = true
		return nil
	})
	if err == nil {
		s.at = &h
	}
	return left, grown, err
}

// lockHead reads the head for the process that moves it, and keeps others from
// moving it until the transaction has ended.
func lockHead(ctx context.Context, tx *store.Tx) (head, error) {
	if tx.Engine() == store.SQLite {
		return readHead(ctx, tx)
	}
	// The row of the head is all the isolation that is needed, for nobody
	// deletes from the outbox without it. Were this transaction serializable,
	// its look over the outbox would conflict with every change that is being
	// written, and waiting for the head would end in an error.
	if _, err := tx.Exec(ctx, store.Text("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")); err != nil {
		return head{}, err
	}
	return scanHead(tx.QueryRow(ctx, store.Text(selectHead+" FOR UPDATE")))
}

// sources are the rows of the outbox that entries came from.
func sources(all []item) (ids []int64) {
	for i := range all {
		if all[i].src != 0 {
			ids = append(ids, all[i].src)
		}
	}
	return ids
}

// appendAtOnce numbers entries that follow a head and writes them with all that
// follows from them, in one statement that is a transaction by itself. It says
// whether the head was there: otherwise nothing was written.
func (s *Scribe) appendAtOnce(ctx context.Context, at, next *head, all []item) (done bool, err error) {
	n := len(all)
	var (
		src, when, kinds, actors = make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
		events                   = make([]string, n)
		entries, leaves          = make([][]byte, n), make([][]byte, n)
		hashes                   = make([]ledger.Hash, n)
		detailed                 []int64
		salts, details           [][]byte
	)
	for i := range all {
		it := &all[i]
		if it.incarnation != at.incarnation {
			if err := it.move(at.incarnation); err != nil {
				return false, fmt.Errorf("take an entry: %w", err)
			}
		}
		hashes[i] = ledger.LeafHash(it.entry)
		src[i], when[i], kinds[i], actors[i], events[i], entries[i], leaves[i] = it.src, it.at, int64(it.kind), it.actor, it.event, it.entry, hashes[i][:]
		if it.details != nil {
			detailed, salts, details = append(detailed, next.size), append(salts, it.salt), append(details, it.details)
		}
		next.outbox = max(next.outbox, it.src)
		next.frontier.Append(hashes[i])
		next.size++
	}
	// The frontier is the whole history up to here: no other can be meant.
	args := []any{next.size, next.frontier.Marshal(), next.outbox, at.frontier.Marshal(), int64(at.incarnation)}
	text := `WITH moved AS (UPDATE head SET size = ?, frontier = ?, outbox_done = ? WHERE id = 1 AND frontier = ? AND incarnation = ? RETURNING 1)`
	if len(detailed) > 0 {
		text += `, kept AS (INSERT INTO detail (seq, salt, data) SELECT u.seq, u.salt, u.data
			FROM moved, unnest(?::bigint[], ?::bytea[], ?::bytea[]) AS u (seq, salt, data))`
		args = append(args, detailed, salts, details)
	}
	if ids := sources(all); len(ids) > 0 {
		text += `, taken AS (DELETE FROM outbox USING moved WHERE id = ANY (?::bigint[]))`
		args = append(args, ids)
	}
	full, err := filled(ctx, s.db, at.size, hashes)
	if err != nil {
		return false, err
	}
	if len(full.hash) > 0 {
		text += `, filled AS (INSERT INTO subtree (level, place, hash) SELECT u.level, u.place, u.hash
			FROM moved, unnest(?::bigint[], ?::bigint[], ?::bytea[]) AS u (level, place, hash))`
		args = append(args, full.level, full.place, full.hash)
	}
	text += ` INSERT INTO ledger (seq, src, ts, actor_kind, actor, event, entry, leaf)
		SELECT ? + u.nth - 1, NULLIF(u.src, 0), u.ts, u.actor_kind, u.actor, u.event, u.entry, u.leaf
		FROM moved, unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::bytea[], ?::bytea[])
		WITH ORDINALITY AS u (src, ts, actor_kind, actor, event, entry, leaf, nth)`
	args = append(args, at.size, src, when, kinds, actors, events, entries, leaves)
	var written int64
	err = s.single(stepAppend, func() (err error) {
		written, err = s.db.ExecAlone(ctx, store.Text(text), args...)
		return err
	})
	switch {
	case err != nil:
		return false, fmt.Errorf("append to the ledger: %w", err)
	case written != 0 && written != int64(n):
		return false, errors.New("append to the ledger: some of the entries were not written")
	}
	return written != 0, nil
}

// subtrees are roots to be kept, each with its level and its place there.
type subtrees struct {
	level, place []int64
	hash         [][]byte
}

// filled gives the roots of all subtrees that become full with leaves which
// follow the first so many. What they lack is read: it never changes.
func filled(ctx context.Context, from asker, first int64, fresh []ledger.Hash) (all subtrees, err error) {
	for level := 1; ; level++ {
		var roots []ledger.Hash
		begin := first / ledger.TileWidth
		for place := begin; place < (first+int64(len(fresh)))/ledger.TileWidth; place++ {
			var f ledger.Frontier
			start := place * ledger.TileWidth
			known := max(0, first-start)
			if known > 0 {
				if err := hashesAt(ctx, from, level-1, start, int(known), f.Append); err != nil {
					return subtrees{}, err
				}
				if f.Size() != known {
					return subtrees{}, fmt.Errorf("the ledger has a gap below subtree %d of level %d", place, level)
				}
			}
			for f.Size() < ledger.TileWidth {
				f.Append(fresh[start+f.Size()-first])
			}
			root := f.Root()
			roots = append(roots, root)
			all.level, all.place, all.hash = append(all.level, int64(level)), append(all.place, place), append(all.hash, root[:])
		}
		if len(roots) == 0 {
			return all, nil
		}
		first, fresh = begin, roots
	}
}
