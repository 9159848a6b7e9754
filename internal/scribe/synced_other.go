//go:build !linux

package scribe

import (
	"errors"
	"os"
)

func openDirect(string) (syncedFile, error) { return nil, errors.ErrUnsupported }

func syncData(f *os.File) error { return f.Sync() }
