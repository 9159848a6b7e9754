//go:build !linux

package scribe

import "os"

// syncData returns when what was written into a file whose size stays is on disk.
func syncData(f *os.File) error { return f.Sync() }
