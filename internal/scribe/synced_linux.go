package scribe

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// direct goes past the memory of the system: one call writes and synchronises,
// for two thirds of the work of two.
type direct struct{ *os.File }

func (f direct) put(b []byte, at int64) error {
	_, err := f.WriteAt(b, at)
	return err
}

// openSynced takes over a file that is whole. It writes over its last page with
// what is there, for some file systems say at the first write only that they
// cannot do it.
func openSynced(f *os.File) (syncedFile, error) {
	page := aligned(pageJournal)
	if _, err := f.ReadAt(page, 2*halfJournal-pageJournal); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	d, err := os.OpenFile(f.Name(), os.O_RDWR|unix.O_DIRECT|unix.O_DSYNC, 0)
	if err != nil {
		return buffered{f}, nil
	}
	if err := (direct{d}).put(page, 2*halfJournal-pageJournal); err != nil {
		return buffered{f}, d.Close()
	}
	return direct{d}, f.Close()
}

func syncData(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); err != unix.EINTR {
			return err
		}
	}
}
