package scribe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"castellan/internal/store"
	"castellan/ledger"
)

// seal signs the head of the log soon after it has moved: so that within the
// interval the newest entry is covered, and no more often than that asks for.
func (s *Scribe) seal() {
	ctx := context.Background() // a head that is being put away is put away
	// The rest of the interval is for signing and for the disk.
	gather := s.opts.Interval * 3 / 4
	var elsewhere <-chan time.Time // another process may have moved it
	if s.shared() {
		tick := time.NewTicker(s.opts.Interval)
		defer tick.Stop()
		elsewhere = tick.C
	}
	var again <-chan time.Time // after an error
	var trouble error
	for {
		select {
		case <-s.moved:
			s.pause(gather)
		case <-elsewhere:
		case <-again:
		case <-s.life.Done():
			return
		}
		again = nil
		err := errors.Join(s.sealNow(ctx), s.index(ctx))
		if err != nil {
			if trouble == nil || trouble.Error() != err.Error() {
				s.log.Error("seal the ledger", "error", err)
			}
			again = time.After(s.opts.Interval)
		}
		trouble = err
	}
}

// sealNow signs the head if it has moved, keeps the checkpoint in the database
// and then the head outside. In this order: what has left the house once must
// not be signed again, at another time, after a crash.
func (s *Scribe) sealNow(ctx context.Context) error {
	s.sealing.Lock()
	defer s.sealing.Unlock()
	h, err := readHead(ctx, s.ledger)
	if err != nil {
		return fmt.Errorf("read the head of the ledger: %w", err)
	}
	if h.size == 0 {
		return nil
	}
	signed, err := s.checkpoint(ctx, h)
	if err != nil {
		return err
	}
	s.signed.Store(&signed)
	if !bytes.Equal(signed, s.kept) {
		if err := s.keep(s.opts.HeadFile, signed); err != nil {
			return err
		}
		s.kept = signed
	}
	s.covered.Store(h.outbox)
	return nil
}

// checkpoint gives the signed note over a head, which is in the database when
// it returns. There is one for each size, whichever process was first.
func (s *Scribe) checkpoint(ctx context.Context, h head) (signed []byte, err error) {
	known := store.Text("SELECT note FROM checkpoint WHERE size = ? AND incarnation = ?")
	err = s.ledger.QueryRow(ctx, known, h.size, int64(h.incarnation)).Scan(&signed)
	if err == nil {
		return signed, nil
	}
	if !errors.Is(err, store.ErrNoRows) {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	c := ledger.Checkpoint{Origin: s.vault.LedgerVerifier().Name(), Size: h.size, Root: h.frontier.Root(), Time: s.opts.Now().UTC().Truncate(time.Microsecond), Incarnation: h.incarnation}
	ours, err := c.Sign(s.vault.LedgerSigner())
	if err != nil {
		return nil, fmt.Errorf("sign the head: %w", err)
	}
	err = s.commit(ctx, s.ledger, stepCheckpoint, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, store.Text("INSERT INTO checkpoint (incarnation, size, note) VALUES (?, ?, ?) ON CONFLICT (size, incarnation) DO NOTHING"), int64(h.incarnation), h.size, ours); err != nil {
			return err
		}
		return tx.QueryRow(ctx, known, h.size, int64(h.incarnation)).Scan(&signed)
	})
	if err != nil {
		return nil, fmt.Errorf("keep the checkpoint: %w", err)
	}
	return signed, nil
}

// keepHead puts the signed head into its file, so that either the old one or
// the new one is there whatever happens.
func keepHead(path string, signed []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the place of the head: %w", err)
	}
	f, err := os.CreateTemp(dir, filepath.Base(path)+".new-*")
	if err != nil {
		return fmt.Errorf("keep the head outside: %w", err)
	}
	_, err = f.Write(signed)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("keep the head outside: %w", errors.Join(err, os.Remove(f.Name())))
	}
	if err := syncDir(dir); err != nil {
		return fmt.Errorf("keep the head outside: %w", err)
	}
	return nil
}

// forgetUnfinished removes what keepHead leaves when the process dies in it.
func forgetUnfinished(path string) error {
	dir, name := filepath.Split(path)
	left, err := os.ReadDir(filepath.Clean(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, f := range left {
		if strings.HasPrefix(f.Name(), name+".new-") {
			err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name())))
		}
	}
	return err
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // has no such thing
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
