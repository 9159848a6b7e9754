package scribe

import (
	"errors"
	"os"
	"unsafe"
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
	d, err := direct(f.Name())
	if err != nil {
		return buffered{f}, nil
	}
	if err := d.put(page, 2*halfJournal-pageJournal); err != nil {
		return buffered{f}, d.Close()
	}
	return d, f.Close()
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
// system asks for.
func aligned(n int) []byte {
	b := make([]byte, n+pageJournal)
	skip := (pageJournal - int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))%pageJournal)) % pageJournal
	return b[skip : skip+n : skip+n]
}
