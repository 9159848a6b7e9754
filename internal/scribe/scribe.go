// Package scribe writes ledger entries inside the transaction that they describe, and seals them.
//
// A change and its entry commit as one: Write puts the entry into the outbox in
// the caller's transaction. A reading has no transaction: Note returns once its
// entry is on disk, and only then may the answer go out. Entries that wait at
// the same time share one commit, so that noting costs a disk write for many
// and not for each.
//
// One sequencer at a time gives entries their numbers, extends the tree and
// signs its head, within a second. On SQLite that is the one process that has
// the files; on PostgreSQL the process that gets the lock. On SQLite the ledger
// is a file of its own, fed from the outbox exactly once: an entry carries the
// number of its outbox row, and the ledger's head remembers the last one taken.
//
// The newest signed head is also kept in a file outside the database. Open
// compares the two, and refuses with a LossError when the database is older
// than the head, or another: a copy was put back, a log file was deleted. The
// operator may Accept the loss, which is then part of the log for good.
//
// What a stranger can verify is in package ledger; this room only has to keep
// its side of it.
package scribe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"castellan/internal/actor"
	"castellan/internal/store"
	"castellan/internal/vault"
	"castellan/ledger"
)

// Options of a scribe. The zero value of every field but HeadFile is good.
type Options struct {
	HeadFile  string           // where the newest signed head is kept, outside the database
	Interval  time.Duration    // how soon new entries are sealed; 0: one second
	Heartbeat time.Duration    // how often an entry says that the house is awake; 0: every ten minutes
	Now       func() time.Time // the clock of entries; nil: that of the database
	Log       *slog.Logger     // for what goes wrong in the background; nil: nowhere
}

// Scribe writes and seals. It is safe for concurrent use.
type Scribe struct {
	db     *store.DB // of the records, with the outbox
	ledger *store.DB // of the ledger; the same on PostgreSQL
	vault  *vault.Vault
	opts   Options
	log    *slog.Logger

	incarnation uint32 // fixed while the scribe is open

	notes chan *pending // readings that wait to be on disk
	wake  chan struct{} // the outbox has something
	stop  chan struct{}
	done  sync.WaitGroup
	once  sync.Once

	// mu guards what the sequencer and the readers of the head share.
	mu     sync.Mutex
	signed []byte // the newest checkpoint
	failed error  // why the sequencer cannot go on, or nil
}

// pending is an entry on its way into the ledger.
type pending struct {
	src     any // the outbox row it came from; nil for one that comes straight
	entry   []byte
	salt    []byte
	details []byte
	done    chan error
}

// ErrClosed is given to those who note after Close.
var ErrClosed = errors.New("the scribe is closed")

// Open compares the ledger with the head kept outside and begins to write. It
// gives a *LossError if something is missing; nothing is served then.
func Open(ctx context.Context, db *store.DB, v *vault.Vault, o Options) (*Scribe, error) {
	s, err := prepare(ctx, db, v, o)
	if err != nil {
		return nil, err
	}
	if err := s.compare(ctx); err != nil {
		return nil, err
	}
	s.start()
	return s, nil
}

func prepare(ctx context.Context, db *store.DB, v *vault.Vault, o Options) (*Scribe, error) {
	if o.HeadFile == "" {
		return nil, errors.New("open scribe: no place was named for the head outside the database")
	}
	if o.Interval == 0 {
		o.Interval = time.Second
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 10 * time.Minute
	}
	if o.Now == nil {
		o.Now = db.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Scribe{db: db, ledger: db.Ledger(), vault: v, opts: o, log: o.Log,
		notes: make(chan *pending, 1024), wake: make(chan struct{}, 1), stop: make(chan struct{})}
	err := s.ledger.Write(ctx, func(tx *store.Tx) error {
		h, err := readHead(ctx, tx)
		if errors.Is(err, store.ErrNoRows) {
			h = head{incarnation: 1}
			err = h.insert(ctx, tx)
		}
		s.incarnation = h.incarnation
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the head of the ledger: %w", err)
	}
	return s, nil
}

func (s *Scribe) start() {
	s.done.Add(2)
	go s.sequence()
	go s.seal()
	if s.db != s.ledger {
		return
	}
	s.done.Add(1)
	go s.collect()
}

// Close writes what waits, seals it, and stops. Whoever notes afterwards gets
// ErrClosed.
func (s *Scribe) Close(ctx context.Context) error {
	s.once.Do(func() { close(s.stop) })
	s.done.Wait()
	s.mu.Lock()
	failed := s.failed
	s.mu.Unlock()
	return errors.Join(failed, s.sealNow(ctx))
}

// Write puts an entry into the transaction that it describes.
func (s *Scribe) Write(ctx context.Context, tx *store.Tx, e Entry) error {
	p, err := s.encode(e, tx.Now())
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, store.Text("INSERT INTO outbox (entry, salt, details) VALUES (?, ?, ?)"), p.entry, nilIfEmpty(p.salt), nilIfEmpty(p.details)); err != nil {
		return fmt.Errorf("put an entry into the outbox: %w", err)
	}
	tx.AfterCommit(s.stir)
	return nil
}

// Note puts an entry on disk. The answer that it tells of may go out when Note
// has returned nil, and must not otherwise.
func (s *Scribe) Note(ctx context.Context, e Entry) error {
	p, err := s.encode(e, s.opts.Now())
	if err != nil {
		return err
	}
	p.done = make(chan error, 1)
	select {
	case <-s.stop:
		return ErrClosed
	default:
	}
	select {
	case s.notes <- p:
	case <-s.stop:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	// Not ctx: the entry will be on disk, and whoever gave up is told of
	// something that was read.
	return <-p.done
}

// stir wakes the sequencer.
func (s *Scribe) stir() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Checkpoint is the newest signed head of the log: a signed note (C2SP
// tlog-checkpoint). It is empty before the first sealing.
func (s *Scribe) Checkpoint() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.signed)
}

// Flush returns when all that was written before is in the ledger and sealed.
func (s *Scribe) Flush(ctx context.Context) error {
	for {
		var n int64
		if err := s.db.QueryRow(ctx, store.Text("SELECT count(*) FROM outbox")).Scan(&n); err != nil {
			return fmt.Errorf("look into the outbox: %w", err)
		}
		if n == 0 {
			return s.sealNow(ctx)
		}
		s.mu.Lock()
		failed := s.failed
		s.mu.Unlock()
		if failed != nil {
			return failed
		}
		s.stir()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// heartbeat says that the house is awake.
func (s *Scribe) heartbeat(ctx context.Context) {
	if err := s.Note(ctx, Entry{Event: ledger.EventHeartbeat, Who: actor.House()}); err != nil && !errors.Is(err, ErrClosed) {
		s.log.Error("ledger heartbeat", "error", err)
	}
}

// keepHead puts the signed head into its file, so that either the old one or
// the new one is there whatever happens.
func (s *Scribe) keepHead(signed []byte) error {
	dir := filepath.Dir(s.opts.HeadFile)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the place of the head: %w", err)
	}
	f, err := os.CreateTemp(dir, ".head-*")
	if err != nil {
		return fmt.Errorf("keep the head outside: %w", err)
	}
	defer os.Remove(f.Name()) // gone already if all went well
	_, err = f.Write(signed)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.opts.HeadFile)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("keep the head outside: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
