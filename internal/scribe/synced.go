package scribe

import (
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
