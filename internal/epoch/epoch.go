// Package epoch tells a process when what it remembers has grown old.
//
// Sessions, rights and custom fields are asked for with every request, so they
// are kept in memory. Whoever changes them advances their epoch, a number in
// the database, in the same transaction. What was remembered under another
// number is forgotten: at once in the process that made the change, and within
// Lag in every other process that serves the same database.
//
// A newcomer would get wrong the order of reading: first the epoch, then what
// is remembered under it. The other way round, a change that falls between the
// two is never noticed. Under is that order.
package epoch

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"castellan/internal/store"
)

// Lag is how long a process may go without noticing a change that another
// process has made.
const Lag = 500 * time.Millisecond

// Epoch is a number that only grows. It is safe for concurrent use.
type Epoch struct {
	db   *store.DB
	name string

	known   atomic.Int64 // the largest number that was read or advanced to here
	checked atomic.Int64 // when it was last read from the database, in nanoseconds

	mu sync.Mutex // held by the one who asks the database
}

// New opens the epoch of the given name. Whoever uses the same name on the same
// database shares it.
func New(db *store.DB, name string) *Epoch { return &Epoch{db: db, name: name} }

// Advance counts up, in the transaction of the change. Once that is committed
// this process answers the new number; then each of the functions is called
// with it.
func (e *Epoch) Advance(ctx context.Context, tx *store.Tx, then ...func(n int64)) error {
	var n int64
	err := tx.QueryRow(ctx, store.Text(`INSERT INTO epoch(name, n) VALUES (?, 1)
		ON CONFLICT (name) DO UPDATE SET n = epoch.n + 1 RETURNING n`), e.name).Scan(&n)
	if err != nil {
		return fmt.Errorf("advance the epoch of %s: %w", e.name, err)
	}
	tx.AfterCommit(func() {
		e.learn(n)
		for _, do := range then {
			do(n)
		}
	})
	return nil
}

// Current is the number, at most Lag behind what other processes did and never
// behind what this one did. It asks the database at most once in Lag.
func (e *Epoch) Current(ctx context.Context) (int64, error) {
	if e.fresh() {
		return e.known.Load(), nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fresh() {
		return e.known.Load(), nil
	}
	at := e.db.Now().UnixNano()
	if err := e.read(ctx); err != nil {
		return 0, err
	}
	e.checked.Store(at)
	return e.known.Load(), nil
}

// Under reads the number as the transaction sees it. What is then read in the
// same transaction may be remembered under it.
func (e *Epoch) Under(ctx context.Context, tx *store.Tx) (int64, error) {
	var n int64
	err := tx.QueryRow(ctx, current, e.name).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("read the epoch of %s: %w", e.name, err)
	}
	return n, nil
}

const current = store.Text(`SELECT COALESCE(MAX(n), 0) FROM epoch WHERE name = ?`)

func (e *Epoch) fresh() bool {
	checked := e.checked.Load()
	since := e.db.Now().UnixNano() - checked
	// A clock that was set back says nothing about the age: ask.
	return checked != 0 && since >= 0 && since < int64(Lag)
}

func (e *Epoch) read(ctx context.Context) error {
	var n int64
	if err := e.db.QueryRow(ctx, current, e.name).Scan(&n); err != nil {
		return fmt.Errorf("read the epoch of %s: %w", e.name, err)
	}
	e.learn(n)
	return nil
}

// learn never goes back: a read that began before a change may end after it.
func (e *Epoch) learn(n int64) {
	for {
		known := e.known.Load()
		if n <= known || e.known.CompareAndSwap(known, n) {
			return
		}
	}
}
