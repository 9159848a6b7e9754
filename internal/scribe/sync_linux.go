package scribe

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncData returns when what was written into a file whose size stays is on disk.
func syncData(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); err != unix.EINTR {
			return err
		}
	}
}
