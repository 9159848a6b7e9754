package scribe

import (
	"errors"
	"os"
)

// syncedFile is a file of a fixed size in which a part is on disk when its put
// returns. What is put begins at a page of its own and is whole pages, in memory
// of aligned.
type syncedFile interface {
	put(b []byte, at int64) error
	Close() error
}

// openSynced takes over a file that is whole. It is written past the memory of
// the system where that can be: its last page is written over with what is
// there, for some file systems say at the first write only that they cannot.
func openSynced(f *os.File, direct func(path string) (syncedFile, error)) (syncedFile, error) {
	page := aligned(pageJournal)
	if _, err := f.ReadAt(page, 2*halfJournal-pageJournal); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if d, err := direct(f.Name()); err == nil {
		if err := d.put(page, 2*halfJournal-pageJournal); err == nil {
			return d, f.Close()
		}
		return buffered{f}, d.Close()
	}
	return buffered{f}, nil
}

// buffered goes through the memory of the system, which every file system can.
type buffered struct{ *os.File }

func (f buffered) put(b []byte, at int64) error {
	if _, err := f.WriteAt(b, at); err != nil {
		return err
	}
	return syncData(f.File)
}

// aligned gives memory that begins at a page, as a write past the memory of the
// system asks for: what is larger than 32 KiB has pages of its own. Were that to
// change, the first write would be refused, and parts go through that memory.
func aligned(n int) []byte { return make([]byte, max(n, 64<<10))[:n] }
