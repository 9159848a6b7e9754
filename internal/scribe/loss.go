package scribe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"castellan/internal/actor"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/vault"
	"castellan/ledger"
)

// LossError says that the database is not the one that the head outside was
// signed for: it was put back to an older state, or exchanged, or damaged.
type LossError struct {
	First, Last int64     // the entries that are missing; Last < First if none is
	Writes      int64     // changes that the ledger tells of and the records no longer hold (SQLite)
	Untold      int64     // changes in the records that the ledger no longer tells of (SQLite)
	Known       int64     // how many entries the head outside speaks of; 0 if there is none to be read
	Held        int64     // how many the database holds
	At          time.Time // of the head outside
	Why         string    // in plain words

	final   bool // nothing can go on from here
	changed bool // the records were ever changed (SQLite)
}

// Error says what is missing.
func (e *LossError) Error() string {
	parts := []string{e.Why}
	if e.Last >= e.First {
		parts = append(parts, fmt.Sprintf("Entries %d to %d are missing.", e.First, e.Last))
	}
	if e.Writes > 0 {
		parts = append(parts, fmt.Sprintf("The records are older than the ledger: the last %d changes that it tells of are not in them.", e.Writes))
	}
	if e.Untold > 0 {
		parts = append(parts, fmt.Sprintf("The ledger is older than the records: %d changes in them are no longer told of.", e.Untold))
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

// compare holds the database against the head that is kept outside, the ledger
// against its own head, and the records against the ledger. Nobody writes
// meanwhile but, on PostgreSQL, other processes that were let in.
func (s *Scribe) compare(ctx context.Context) error {
	if err := forgetUnfinished(s.opts.HeadFile); err != nil {
		return fmt.Errorf("clear the place of the head: %w", err)
	}
	signed, err := os.ReadFile(s.opts.HeadFile) // before the database, which only grows
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read the head outside the database: %w", err)
	}
	outside := err == nil
	h, err := readHead(ctx, s.ledger)
	if err != nil {
		return fmt.Errorf("read the head of the ledger: %w", err)
	}
	loss := &LossError{First: 0, Last: -1, Held: h.size}
	if err := s.compareWrites(ctx, h, loss); err != nil {
		return err
	}
	checkpoints, ours, err := s.newestCheckpoint(ctx)
	if err != nil {
		return err
	}
	var c ledger.Checkpoint
	verifier := s.vault.LedgerVerifier()
	switch {
	case checkpoints && !ours:
		loss.final = true
		loss.Why = "The ledger was signed with another key: it belongs to another workspace, or this workspace's keys were replaced. Put the right ledger or the right keys back."
		return loss
	case !outside && checkpoints:
		loss.Why = "The head that is kept outside the database is gone, so nothing shows whether the database is whole."
		return loss
	case outside:
		if c, err = ledger.OpenCheckpoint(signed, verifier); err != nil {
			loss.Why = "The head that is kept outside the database was not signed with this workspace's key: the key, the head or the database was exchanged."
			return loss
		}
		loss.Known, loss.At = c.Size, c.Time
	case h.size == 0 && loss.changed:
		// The heartbeat of the first opening is older than any change.
		loss.Why = "The ledger holds nothing, though there were changes to tell of: it was deleted."
		return loss
	}
	at := c.Time.UTC().Format("2006-01-02 15:04:05 UTC")
	switch {
	case h.size < c.Size:
		loss.First, loss.Last = h.size, c.Size-1
		loss.Why = fmt.Sprintf("The ledger is older than the head signed at %s.", at)
		return loss
	case h.incarnation < c.Incarnation:
		loss.Why = "The ledger is from before a loss that was accepted."
		return loss
	}
	whole, err := s.fits(ctx, h)
	if err != nil {
		return err
	}
	if !whole {
		loss.final = true
		loss.Why = "The ledger is damaged: its entries do not lead to its own head. Put a backup back."
		return loss
	}
	if c.Size > 0 {
		if root, err := tlog.TreeHash(c.Size, s.hashes(ctx, ledger.Checkpoint{Size: h.size, Root: h.frontier.Root()})); err != nil {
			return fmt.Errorf("compute the tree of the head outside: %w", err)
		} else if root != c.Root {
			loss.Why = fmt.Sprintf("The first %d entries of the ledger are not those that were signed at %s: it is another ledger, or another history of this one.", c.Size, at)
			return loss
		}
	}
	if loss.Writes > 0 || loss.Untold > 0 {
		return loss
	}
	if outside {
		s.kept = signed
		s.signed.Store(&signed)
	}
	return nil
}

// newestCheckpoint says whether there is any in the database, and whether the
// newest was signed with our key.
func (s *Scribe) newestCheckpoint(ctx context.Context) (some, ours bool, err error) {
	var signed []byte
	err = s.ledger.QueryRow(ctx, store.Text("SELECT note FROM checkpoint ORDER BY size DESC, incarnation DESC LIMIT 1")).Scan(&signed)
	if errors.Is(err, store.ErrNoRows) {
		return false, false, nil
	}
	if err != nil {
		return false, false, fmt.Errorf("read checkpoints: %w", err)
	}
	_, err = ledger.OpenCheckpoint(signed, s.vault.LedgerVerifier())
	return true, err == nil, nil
}

// fits says whether the head is over the entries that are there, by the hashes
// that the tree keeps. Whether these are the entries' own is for Verify.
func (s *Scribe) fits(ctx context.Context, h head) (bool, error) {
	var last int64
	err := s.ledger.QueryRow(ctx, store.Text("SELECT seq FROM ledger ORDER BY seq DESC LIMIT 1")).Scan(&last)
	if errors.Is(err, store.ErrNoRows) {
		return h.size == 0, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the end of the ledger: %w", err)
	}
	if s.shared() && last >= h.size {
		// Another process has gone on since the head was read.
		return true, nil
	}
	if last != h.size-1 {
		return false, nil
	}
	c := ledger.Checkpoint{Size: h.size, Root: h.frontier.Root()}
	root, err := tlog.TreeHash(c.Size, s.hashes(ctx, c))
	// A tile that does not lead to the root is an error, too.
	return err == nil && root == c.Root, nil
}

// compareWrites counts what only one of records and ledger knows. The outbox of
// SQLite numbers its rows without gaps, and keeps what the ledger has not
// taken. On PostgreSQL both are one database and cannot differ.
func (s *Scribe) compareWrites(ctx context.Context, h head, loss *LossError) error {
	if s.shared() {
		return nil
	}
	last, err := lastOutbox(ctx, s.db)
	if err != nil {
		return err
	}
	loss.changed = last > 0
	if last <= h.outbox {
		loss.Writes = h.outbox - last
		return nil
	}
	var waiting int64
	if err := s.db.QueryRow(ctx, store.Text("SELECT count(*) FROM outbox WHERE id > ?"), h.outbox).Scan(&waiting); err != nil {
		return fmt.Errorf("look into the outbox: %w", err)
	}
	loss.Untold = last - h.outbox - waiting
	return nil
}

// lastOutbox is the largest number that the outbox of SQLite ever gave.
func lastOutbox(ctx context.Context, from asker) (int64, error) {
	var n int64
	err := from.QueryRow(ctx, store.Text("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")).Scan(&n)
	if errors.Is(err, store.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the mark of the outbox: %w", err)
	}
	return n, nil
}

// Accept lets the log go on after a loss, in a new incarnation whose first
// entry names what is missing, and gives that loss. It does nothing if nothing
// is missing. A ledger of another workspace, or one that is damaged, cannot go
// on; then the loss is the error. No other process may have the database.
func Accept(ctx context.Context, db *store.DB, v *vault.Vault, o Options) (*LossError, error) {
	s, err := prepare(ctx, db, v, o)
	if err != nil {
		return nil, err
	}
	defer s.die()
	return s.accept(ctx)
}

func (s *Scribe) accept(ctx context.Context) (*LossError, error) {
	var loss *LossError
	if err := s.compare(ctx); err == nil {
		return nil, nil
	} else if !errors.As(err, &loss) || loss.final {
		return nil, err
	}
	// The ledger first: should the process die before the rest is done, the
	// loss is found and told a second time, and never forgotten.
	var mark int64
	err := s.commit(ctx, s.ledger, stepAccept, func(tx *store.Tx) error {
		h, err := lockHead(ctx, tx)
		if err != nil {
			return err
		}
		newest := h.incarnation
		if signed, err := os.ReadFile(s.opts.HeadFile); err == nil {
			if c, err := ledger.OpenCheckpoint(signed, s.vault.LedgerVerifier()); err == nil {
				newest = max(newest, c.Incarnation)
			}
		}
		h.incarnation = newest + 1
		s.incarnation = h.incarnation
		if loss.Untold > 0 {
			if h.outbox, err = beforeWaiting(ctx, s.db, h.outbox); err != nil {
				return err
			}
		}
		mark = h.outbox
		all, err := s.encode(Entry{Event: ledger.EventIncarnated, Who: actor.House(),
			Records: []schema.RecordID{schema.RecordID(h.size), schema.RecordID(max(h.size, loss.Known))},
			Details: map[string]any{"why": loss.Why, "first": loss.First, "last": loss.Last, "writes": loss.Writes, "untold": loss.Untold}}, s.opts.Now())
		if err != nil {
			return err
		}
		return h.append(ctx, tx, all)
	})
	if err != nil {
		return nil, fmt.Errorf("begin a new incarnation: %w", err)
	}
	if loss.Writes > 0 {
		// Numbers that the ledger has already must not be given again.
		err = s.commit(ctx, s.db, stepAccept, func(tx *store.Tx) error {
			n, err := tx.Exec(ctx, store.Text("UPDATE sqlite_sequence SET seq = ? WHERE name = 'outbox'"), mark)
			if err == nil && n == 0 {
				_, err = tx.Exec(ctx, store.Text("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)"), mark)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("move the mark of the outbox: %w", err)
		}
	}
	return loss, s.sealNow(ctx)
}

// beforeWaiting is the mark from which the outbox has no gaps any more.
func beforeWaiting(ctx context.Context, main asker, done int64) (int64, error) {
	var first int64
	err := main.QueryRow(ctx, store.Text("SELECT id FROM outbox WHERE id > ? ORDER BY id LIMIT 1"), done).Scan(&first)
	if errors.Is(err, store.ErrNoRows) {
		return lastOutbox(ctx, main)
	}
	if err != nil {
		return 0, fmt.Errorf("look into the outbox: %w", err)
	}
	return first - 1, nil
}
