package scribe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"castellan/internal/actor"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/vault"
	"castellan/ledger"
)

// seal signs the head of the log at every interval in which it has moved.
func (s *Scribe) seal() {
	defer s.done.Done()
	tick := time.NewTicker(s.opts.Interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.sealNow(context.Background()); err != nil {
				s.log.Error("seal the ledger", "error", err)
			}
		case <-s.stop:
			return
		}
	}
}

// sealNow signs the head if it has moved, keeps the checkpoint in the database
// and then the head outside. In this order: a head outside that the database
// does not have would be a false alarm after a crash.
func (s *Scribe) sealNow(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.head(ctx)
	if err != nil {
		return err
	}
	if h.size == 0 {
		return nil
	}
	var known []byte
	err = s.ledger.QueryRow(ctx, store.Text("SELECT note FROM checkpoint WHERE incarnation = ? AND size = ?"), int64(h.incarnation), h.size).Scan(&known)
	switch {
	case err == nil:
		// Another process has sealed it, or an earlier try got this far.
		if bytes.Equal(known, s.signed) {
			return nil
		}
		s.signed = known
		return s.keepHead(known)
	case !errors.Is(err, store.ErrNoRows):
		return fmt.Errorf("read checkpoints: %w", err)
	}
	c := ledger.Checkpoint{Origin: s.vault.LedgerVerifier().Name(), Size: h.size, Root: h.frontier.Root(), Time: s.opts.Now().UTC().Truncate(time.Microsecond), Incarnation: h.incarnation}
	signed, err := c.Sign(s.vault.LedgerSigner())
	if err != nil {
		return fmt.Errorf("sign the head: %w", err)
	}
	err = s.ledger.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, store.Text("INSERT INTO checkpoint (incarnation, size, note) VALUES (?, ?, ?) ON CONFLICT (incarnation, size) DO NOTHING"), int64(h.incarnation), h.size, signed); err != nil {
			return err
		}
		return tx.QueryRow(ctx, store.Text("SELECT note FROM checkpoint WHERE incarnation = ? AND size = ?"), int64(h.incarnation), h.size).Scan(&signed)
	})
	if err != nil {
		return fmt.Errorf("keep the checkpoint: %w", err)
	}
	s.signed = signed
	return s.keepHead(signed)
}

// LossError says that the database is not the one that the head outside was
// signed for: it was put back to an older state, or exchanged, or damaged.
type LossError struct {
	First, Last int64     // the entries that are missing; Last < First if none is
	Writes      int64     // changes that the ledger tells of and the records no longer hold (SQLite)
	Known       int64     // how many entries the head outside speaks of
	Held        int64     // how many the database holds
	At          time.Time // of the head outside
	Why         string    // in plain words
}

// Error says what is missing.
func (e *LossError) Error() string {
	text := e.Why
	if e.Last >= e.First {
		text += fmt.Sprintf(" Entries %d to %d are missing.", e.First, e.Last)
	}
	if e.Writes > 0 {
		text += fmt.Sprintf(" The last %d changes that the ledger tells of are not in the records.", e.Writes)
	}
	return text
}

// compare holds the database against the head that is kept outside.
func (s *Scribe) compare(ctx context.Context) error {
	h, err := s.head(ctx)
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(s.opts.HeadFile)
	if errors.Is(err, os.ErrNotExist) {
		var n int64
		if err := s.ledger.QueryRow(ctx, store.Text("SELECT count(*) FROM checkpoint")).Scan(&n); err != nil {
			return fmt.Errorf("read checkpoints: %w", err)
		}
		if n > 0 {
			return &LossError{First: 0, Last: -1, Held: h.size, Why: "The head that is kept outside the database is gone, so nothing shows whether the database is whole."}
		}
		return s.compareWrites(ctx, h)
	}
	if err != nil {
		return fmt.Errorf("read the head outside the database: %w", err)
	}
	c, err := ledger.OpenCheckpoint(signed, s.vault.LedgerVerifier())
	if err != nil {
		return &LossError{First: 0, Last: -1, Held: h.size, Why: "The head that is kept outside the database was not signed with this workspace's key: the key, the head or the database was exchanged."}
	}
	loss := &LossError{First: 0, Last: -1, Known: c.Size, Held: h.size, At: c.Time}
	switch {
	case h.size < c.Size:
		loss.First, loss.Last = h.size, c.Size-1
		loss.Why = fmt.Sprintf("The database is older than the head signed at %s.", c.Time.UTC().Format("2006-01-02 15:04:05 UTC"))
		return loss
	case h.incarnation < c.Incarnation:
		loss.Why = "The database is from before a loss that was accepted."
		return loss
	}
	root, err := tlog.TreeHash(c.Size, s.hashes(ctx, c))
	if err != nil || root != c.Root {
		loss.Why = fmt.Sprintf("The first %d entries of the database are not those that were signed at %s.", c.Size, c.Time.UTC().Format("2006-01-02 15:04:05 UTC"))
		return loss
	}
	s.signed = signed
	return s.compareWrites(ctx, h)
}

// compareWrites finds records that are older than the ledger. On PostgreSQL both
// are one database and cannot be.
func (s *Scribe) compareWrites(ctx context.Context, h head) error {
	if s.db == s.ledger || h.outbox == 0 {
		return nil
	}
	last, err := lastOutbox(ctx, s.db)
	if err != nil {
		return err
	}
	if last < h.outbox {
		return &LossError{First: 0, Last: -1, Known: h.size, Held: h.size, Writes: h.outbox - last, Why: "The records are older than the ledger."}
	}
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
// entry names what is missing. It does nothing if nothing is.
func Accept(ctx context.Context, db *store.DB, v *vault.Vault, o Options) (*LossError, error) {
	s, err := prepare(ctx, db, v, o)
	if err != nil {
		return nil, err
	}
	var loss *LossError
	if err := s.compare(ctx); err == nil {
		return nil, nil
	} else if !errors.As(err, &loss) {
		return nil, err
	}
	if s.db != s.ledger && loss.Writes > 0 {
		// Numbers that the ledger has already must not be given again.
		h, err := s.head(ctx)
		if err != nil {
			return nil, err
		}
		err = s.db.Write(ctx, func(tx *store.Tx) error {
			n, err := tx.Exec(ctx, store.Text("UPDATE sqlite_sequence SET seq = ? WHERE name = 'outbox'"), h.outbox)
			if err == nil && n == 0 {
				_, err = tx.Exec(ctx, store.Text("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)"), h.outbox)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("move the mark of the outbox: %w", err)
		}
	}
	err = s.ledger.Write(ctx, func(tx *store.Tx) error {
		h, err := readHead(ctx, tx)
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
		p, err := s.encode(Entry{Event: ledger.EventIncarnated, Who: actor.House(),
			Records: []schema.RecordID{schema.RecordID(h.size), schema.RecordID(max(h.size, loss.Known))},
			Details: map[string]any{"why": loss.Why, "first": loss.First, "last": loss.Last, "writes": loss.Writes}}, s.opts.Now())
		if err != nil {
			return err
		}
		return h.append(ctx, tx, []*pending{p})
	})
	if err != nil {
		return nil, fmt.Errorf("begin a new incarnation: %w", err)
	}
	return loss, s.sealNow(ctx)
}
