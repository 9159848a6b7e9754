// Package blob keeps what files hold: sealed, in pieces, beside the records that they belong to.
//
// Content lies in the database, so that a copy of the database holds the files
// that its records speak of, and several processes need no common disk. It is
// sealed piece by piece, each for its own place: whoever has the database and
// not the keys reads nothing, and a piece that is moved does not open.
//
// Nothing here decides who may read: a room that does asks for the content of a
// record that it has admitted.
package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"castellan/internal/fault"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/vault"
)

// Most is how many bytes a file may have.
const Most = 25 << 20

// Part tells apart what is kept for one file.
type Part int64

const (
	Whole   Part = iota // what was brought
	Picture             // a small picture of it, made by the house
)

const (
	piece = 256 << 10
	loose = 24 * time.Hour // how long what belongs to nothing is kept
)

// Content is something that was kept.
type Content struct {
	ID   int64
	Size int64
	Hash [sha256.Size]byte
	Head []byte // its first bytes, by which it is recognised
}

// Shelf keeps contents. It is safe for concurrent use.
type Shelf struct {
	db    *store.DB
	vault *vault.Vault
	hands chan struct{} // pictures are made one at a time: they take memory
}

// Open makes a shelf over an open database.
func Open(db *store.DB, v *vault.Vault) *Shelf {
	return &Shelf{db: db, vault: v, hands: make(chan struct{}, 1)}
}

func placeOf(id int64, place int) string { return fmt.Sprintf("blob:%d:%d", id, place) }

// Put keeps what arrives, piece by piece, so that neither memory nor a
// transaction grows with it. It belongs to nothing until Give; what fails is
// thrown away.
func (s *Shelf) Put(ctx context.Context, r io.Reader) (Content, error) {
	c, err := s.put(ctx, r)
	if err != nil {
		return Content{}, errors.Join(err, s.Drop(context.WithoutCancel(ctx), c.ID))
	}
	return c, nil
}

func (s *Shelf) put(ctx context.Context, r io.Reader) (c Content, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		c.ID = int64(tx.NewID())
		// What others left unfinished goes in passing.
		if _, err := tx.Exec(ctx, store.Text("DELETE FROM blob WHERE record IS NULL AND made_at < ?"), tx.Now().Add(-loose).UnixMicro()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, store.Text("INSERT INTO blob (id, made_at, part, size, hash) VALUES (?, ?, 0, 0, ?)"), c.ID, tx.Now().UnixMicro(), c.Hash[:])
		return err
	})
	if err != nil {
		return c, fmt.Errorf("keep a file: %w", err)
	}
	hash := sha256.New()
	part := make([]byte, piece)
	for place, last := 0, false; !last; place++ {
		n, err := io.ReadFull(r, part)
		last = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return c, fault.New(fault.Invalid, "file.broken", "The file did not arrive whole. Try again.").Because(err)
		}
		if place == 0 {
			c.Head = bytes.Clone(part[:min(n, headLength)])
		}
		if n == 0 {
			break
		}
		if c.Size += int64(n); c.Size > Most {
			return c, TooLarge()
		}
		hash.Write(part[:n])
		err = s.db.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, store.Text("INSERT INTO blob_piece (blob, place, data) VALUES (?, ?, ?)"), c.ID, int64(place), s.vault.Seal(placeOf(c.ID, place), part[:n]))
			return err
		})
		if err != nil {
			return c, fmt.Errorf("keep a piece of a file: %w", err)
		}
	}
	if c.Size == 0 {
		return c, fault.New(fault.Invalid, "file.empty", "The file is empty.")
	}
	hash.Sum(c.Hash[:0])
	return c, nil
}

// TooLarge is the answer to a file that is.
func TooLarge() error {
	return fault.Newf(fault.Large, "file.large", "A file has at most %d megabytes.", Most>>20)
}

// Give makes content a part of a record's, in the transaction that makes the record.
func (s *Shelf) Give(ctx context.Context, tx *store.Tx, c Content, to schema.RecordID, part Part) error {
	n, err := tx.Exec(ctx, store.Text("UPDATE blob SET record = ?, part = ?, size = ?, hash = ? WHERE id = ? AND record IS NULL"), int64(to), int64(part), c.Size, c.Hash[:], c.ID)
	if err != nil {
		return fmt.Errorf("give a file its content: %w", err)
	}
	if n != 1 {
		return errors.New("the content of a file is gone, or another's")
	}
	return nil
}

// Drop throws away content that belongs to nothing.
func (s *Shelf) Drop(ctx context.Context, id int64) error {
	if id == 0 {
		return nil
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text("DELETE FROM blob WHERE id = ? AND record IS NULL"), id)
		return err
	})
}

// Of opens a part of what a record holds. It is read piece by piece, as it is wanted.
func (s *Shelf) Of(ctx context.Context, record schema.RecordID, part Part) (*Reader, error) {
	r := &Reader{shelf: s, ctx: ctx}
	err := s.db.QueryRow(ctx, store.Text("SELECT id, size FROM blob WHERE record = ? AND part = ?"), int64(record), int64(part)).Scan(&r.id, &r.Size)
	if errors.Is(err, store.ErrNoRows) {
		return nil, fault.NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("find the content of a file: %w", err)
	}
	return r, nil
}

// Reader reads one content from its beginning to its end.
type Reader struct {
	Size int64

	shelf *Shelf
	ctx   context.Context // of the work for which it was opened
	id    int64
	place int
	read  int64
	open  []byte
}

// Read is io.Reader. A piece that is missing or was changed is an error, never a
// shorter file.
func (r *Reader) Read(b []byte) (int, error) {
	if len(r.open) == 0 {
		if r.read >= r.Size {
			return 0, io.EOF
		}
		var sealed []byte
		err := r.shelf.db.QueryRow(r.ctx, store.Text("SELECT data FROM blob_piece WHERE blob = ? AND place = ?"), r.id, int64(r.place)).Scan(&sealed)
		if err != nil {
			return 0, fmt.Errorf("read a piece of a file: %w", err)
		}
		if r.open, err = r.shelf.vault.Open(placeOf(r.id, r.place), sealed); err != nil {
			return 0, fmt.Errorf("open a piece of a file: %w", err)
		}
		r.place++
		r.read += int64(len(r.open))
	}
	n := copy(b, r.open)
	r.open = r.open[n:]
	return n, nil
}
