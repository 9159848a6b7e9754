//go:build !linux

package scribe

import "os"

func openSynced(f *os.File) (syncedFile, error) { return buffered{f}, nil }

func syncData(f *os.File) error { return f.Sync() }
