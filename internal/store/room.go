package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"castellan/internal/fault"
)

// Whoever asks for room more often than this is answered as before: the question
// is open to strangers, and each answer waits for the disk.
const roomAgain = time.Second

const roomSize = 256 << 10

type room struct {
	mu    sync.Mutex
	asked time.Time
	err   error
}

// Room tells whether something new can be kept now: it writes to where the
// database writes, waits until it is on disk, and takes it away again. Reading
// alone is no proof of work: whoever reads a client leaves an entry in the ledger.
func (db *DB) Room(ctx context.Context) error {
	db.room.mu.Lock()
	defer db.room.mu.Unlock()
	if now := db.Now(); db.room.asked.IsZero() || now.Before(db.room.asked) || now.Sub(db.room.asked) >= roomAgain {
		db.room.asked, db.room.err = now, db.tryRoom(ctx)
	}
	return db.room.err
}

func (db *DB) tryRoom(ctx context.Context) error {
	if db.engine == Postgres {
		// It goes through the log of the server and nowhere else.
		return db.Write(ctx, func(tx *Tx) error {
			_, err := tx.Exec(ctx, Text(`SELECT pg_logical_emit_message(true, 'castellan.room', '')`))
			return err
		})
	}
	f, err := os.OpenFile(filepath.Join(db.dir, "room"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = f.Write(make([]byte, roomSize))
		if err == nil {
			err = f.Sync()
		}
		err = errors.Join(err, f.Truncate(0), f.Close())
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return full(err)
	}
	if err != nil {
		return fmt.Errorf("write to the data directory: %w", err)
	}
	var one int64
	return db.QueryRow(ctx, Text("SELECT 1")).Scan(&one)
}

func full(err error) error {
	return fault.New(fault.Busy, "store.full", "The disk of the server is full, so this was not done. What was saved before is safe. Tell the administrator of the server.").Because(err)
}
