// Package scribe writes ledger entries inside the transaction that they describe, and seals them.
//
// A change and its entry commit as one: Write puts the entry into the outbox in
// the caller's transaction. A reading has no transaction: Note returns once its
// entry is on disk, and only then may the answer go out. Entries that wait at
// the same time share one commit, so that noting costs a disk write for many
// and not for each. On SQLite, where there are many of them, what is committed
// is a part of a journal, from which they are moved into the ledger.
//
// One sequencer at a time gives entries their numbers and extends the tree; its
// head is signed within a second. On SQLite that is the one process that has
// the files; on PostgreSQL whichever process finds the row of the head as it
// left it, or gets it. On SQLite the ledger is a file of its own, fed from the
// outbox exactly once: an entry carries the number of its outbox row, and the
// ledger's head remembers the last one taken. Rows that were taken stay in the
// outbox until a signed head covers them, and are then swept by whoever writes
// next, so that no commit is spent on it.
//
// The newest signed head is also kept in a file outside the database. Open
// compares the two, and refuses with a LossError when the database is older
// than the head, or another: a copy was put back, a log file was deleted. The
// operator may Accept the loss, which is then part of the log for good. What
// this cannot see is the loss of readings noted in the last second before the
// process died, whose head had not been signed yet.
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
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"castellan/internal/actor"
	"castellan/internal/store"
	"castellan/internal/vault"
	"castellan/ledger"
)

// Options of a scribe. The zero value of every field but HeadFile is good.
type Options struct {
	HeadFile  string           // where the newest signed head is kept, outside the database; a process that joins others on PostgreSQL begins with a copy of theirs
	Interval  time.Duration    // within which new entries are sealed; 0: one second
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

	// Everything that the scribe puts on disk by itself goes through these,
	// so that a test can make any of it fail.
	commit func(ctx context.Context, db *store.DB, what step, do func(*store.Tx) error) error
	keep   func(path string, signed []byte) error
	single func(what step, do func() error) error // a statement without a transaction around it (PostgreSQL)
	put    func(b []byte, at int64) error         // into the journal

	incarnation uint32 // fixed while the scribe is open

	under        atomic.Int64  // readings under way that said so
	patience     time.Duration // how long a commit waits for them
	partPatience time.Duration // how long a part of the journal waits for as many as the last

	notes    chan *note      // readings that wait to be on disk
	straight chan *note      // SQLite: those of them that go past the journal
	received chan struct{}   // SQLite: the last of them are in the journal or went past it
	wake     chan struct{}   // the outbox has something
	moved    chan struct{}   // the log has grown
	flushes  chan chan error // wait until the outbox has nothing
	ended    chan struct{}   // every goroutine has ended
	running  sync.WaitGroup
	life     context.Context // ends with Close
	die      context.CancelFunc

	journal  *journal    // SQLite: readings that wait to be moved into the ledger; nil on PostgreSQL
	hampered atomic.Bool // the ledger could not be written the last time

	at *head // how far the log has come, in this process; nil: to be read. The sequencer's alone.

	// sealing is held while a head is signed and put away. It guards kept, the
	// checkpoint that the head file is known to hold.
	sealing sync.Mutex
	kept    []byte

	signed  atomic.Pointer[[]byte] // the newest checkpoint
	covered atomic.Int64           // outbox rows up to this one are under the head outside
	swept   atomic.Int64           // outbox rows up to this one were deleted
}

// step names a thing that is put on disk.
type step string

const (
	stepAppend     step = "append"     // entries into the ledger
	stepJournal    step = "journal"    // readings into the journal (SQLite)
	stepCheckpoint step = "checkpoint" // a signed head into the database
	stepIndex      step = "index"      // filters of spans
	stepSweep      step = "sweep"      // what is done out of the outbox
	stepErase      step = "erase"      // details, for good
	stepAccept     step = "accept"     // a new incarnation
	stepHead       step = "head"       // the head outside the database
)

// note is a reading that waits to be on disk.
type note struct {
	items []item
	done  chan error // has room for the one answer, so that nobody waits to give it
}

// ErrClosed is given to those who note after Close.
var ErrClosed = errors.New("the scribe is closed")

// Open compares the ledger with the head kept outside, takes in what an earlier
// run left in the outbox, and begins to write. It gives a *LossError if
// something is missing; nothing is to be served then.
func Open(ctx context.Context, db *store.DB, v *vault.Vault, o Options) (*Scribe, error) {
	s, err := prepare(ctx, db, v, o)
	if err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Scribe) open(ctx context.Context) error {
	if err := s.compare(ctx); err != nil {
		return err
	}
	// Before anything new: what is older comes first.
	if s.journal != nil {
		h, err := readHead(ctx, s.ledger)
		if err != nil {
			return fmt.Errorf("read the head of the ledger: %w", err)
		}
		if err := s.journal.recover(h.readings); err != nil {
			return err
		}
	}
	for left := true; left; {
		var err error
		if left, err = s.advance(ctx, nil, true); err != nil {
			return fmt.Errorf("take in what was left in the outbox: %w", err)
		}
	}
	s.start()
	if err := s.heartbeat(ctx); err != nil {
		return errors.Join(fmt.Errorf("begin to write: %w", err), s.Close(ctx))
	}
	return nil
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
	s := &Scribe{db: db, ledger: db.Ledger(), vault: v, opts: o, log: o.Log, keep: keepHead, patience: usualPatience, partPatience: usualPartPatience,
		notes: make(chan *note, 4*batch), wake: make(chan struct{}, 1), moved: make(chan struct{}, 1), flushes: make(chan chan error),
		straight: make(chan *note, batch), received: make(chan struct{}), ended: make(chan struct{})}
	if !s.shared() {
		s.journal = &journal{path: filepath.Join(db.Dir(), journalName), news: make(chan struct{}, 1),
			check: func(content []byte) [32]byte { return v.Fingerprint("readings", content) }}
		s.put = s.journal.write
	}
	s.life, s.die = context.WithCancel(context.Background())
	s.commit = func(ctx context.Context, db *store.DB, _ step, do func(*store.Tx) error) error {
		return db.Write(ctx, do)
	}
	s.single = func(_ step, do func() error) error { return do() }
	err := s.ledger.Write(ctx, func(tx *store.Tx) error {
		h, err := readHead(ctx, tx)
		if errors.Is(err, store.ErrNoRows) { // not asked for without need: others may be moving it
			if _, err := tx.Exec(ctx, store.Text("INSERT INTO head (id, size, frontier, outbox_done, incarnation) VALUES (1, 0, ?, 0, 1) ON CONFLICT (id) DO NOTHING"), new(ledger.Frontier).Marshal()); err != nil {
				return err
			}
			h, err = readHead(ctx, tx)
		}
		s.incarnation = h.incarnation
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the head of the ledger: %w", err)
	}
	return s, nil
}

// shared says that records and ledger are one database, which other processes
// may serve, too.
func (s *Scribe) shared() bool { return s.db == s.ledger }

func (s *Scribe) start() {
	s.running.Go(s.sequence)
	s.running.Go(s.seal)
	s.running.Go(s.beat)
	if s.journal != nil {
		s.running.Go(s.receive)
	}
	go func() {
		s.running.Wait()
		close(s.ended)
	}()
}

// Close writes what waits, seals it, and stops. Whoever notes afterwards gets
// ErrClosed; what is written afterwards is taken in by the next Open. It may be
// called twice.
func (s *Scribe) Close(ctx context.Context) error {
	s.die()
	select {
	case <-s.ended:
	case <-ctx.Done():
		return fmt.Errorf("close the scribe: %w", ctx.Err())
	}
	return errors.Join(s.sealNow(ctx), s.index(ctx), s.sweep(ctx))
}

// Write puts an entry into the transaction that it describes.
func (s *Scribe) Write(ctx context.Context, tx *store.Tx, e Entry) error {
	all, err := s.encode(e, tx.Now())
	if err != nil {
		return err
	}
	if err := outboxPut(ctx, tx, all); err != nil {
		return err
	}
	if err := s.sweepAlong(ctx, tx); err != nil {
		return err
	}
	tx.AfterCommit(s.stir)
	return nil
}

// Note puts an entry on disk. The answer that it tells of may go out when Note
// has returned nil, and must not otherwise. After an error the entry may be in
// the ledger all the same: it then tells of an answer that nobody got. Note is
// not to be called inside a transaction or while rows are being read: it waits
// for others who may be waiting for that connection.
func (s *Scribe) Note(ctx context.Context, e Entry) error { return s.NoteAll(ctx, []Entry{e}) }

// NoteAll is Note for several entries that tell of one answer: all of them are
// on disk when it has returned nil.
func (s *Scribe) NoteAll(ctx context.Context, told []Entry) error {
	n, err := s.noteOf(told)
	if n == nil || err != nil {
		return err
	}
	if err := s.queue(ctx, n); err != nil {
		return err
	}
	return s.await(ctx, n)
}

// noteOf encodes entries that tell of one answer; nil is given for none.
func (s *Scribe) noteOf(told []Entry) (*note, error) {
	var all []item
	for _, e := range told {
		items, err := s.encode(e, s.opts.Now())
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return &note{items: all, done: make(chan error, 1)}, nil
}

// queue hands a note over to be written.
func (s *Scribe) queue(ctx context.Context, n *note) error {
	select {
	case <-s.life.Done():
		return ErrClosed
	default:
	}
	select {
	case s.notes <- n:
		return nil
	case <-s.life.Done():
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// await returns when a note is on disk.
func (s *Scribe) await(ctx context.Context, n *note) error {
	select {
	case err := <-n.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ended:
	}
	// It may have been the last that was served, or have come a moment too late.
	select {
	case err := <-n.done:
		return err
	default:
		return ErrClosed
	}
}

// stir wakes the sequencer.
func (s *Scribe) stir() { signal(s.wake) }

// signal leaves word for whoever waits, unless it is there already.
func signal(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// Checkpoint is the newest signed head of the log: a signed note (C2SP
// tlog-checkpoint). It is empty before the first sealing.
func (s *Scribe) Checkpoint() []byte {
	if p := s.signed.Load(); p != nil {
		return bytes.Clone(*p)
	}
	return nil
}

// Flush returns when all that was written before is in the ledger and sealed.
func (s *Scribe) Flush(ctx context.Context) error {
	reply := make(chan error, 1)
	select {
	case s.flushes <- reply:
	case <-s.ended:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-reply:
		if err != nil {
			return fmt.Errorf("flush the outbox: %w", err)
		}
	case <-s.ended:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	return errors.Join(s.sealNow(ctx), s.index(ctx))
}

// beat says at a steady pace that the house is awake, so that a silence means
// something.
func (s *Scribe) beat() {
	tick := time.NewTicker(s.opts.Heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.heartbeat(s.life); err != nil && s.life.Err() == nil {
				s.log.Error("ledger heartbeat", "error", err)
			}
		case <-s.life.Done():
			return
		}
	}
}

func (s *Scribe) heartbeat(ctx context.Context) error {
	return s.Note(ctx, Entry{Event: ledger.EventHeartbeat, Who: actor.House()})
}
