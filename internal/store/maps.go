package store

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"sync/atomic"
)

// maps keeps what the sessions of SQLite map of their files within bounds. Each
// maps what it reads for itself, and the system maps fifteen pages more around
// each; all of them count as memory of the process until the system wants them
// back, which it may never do.
type maps struct {
	pools []*pool
	again []string // what makes a session let go of its map and begin anew
	uses  atomic.Int64
	busy  atomic.Bool
}

const (
	// mostMapped is how many bytes of files the process may have in memory, with
	// its own program, before maps are let go of: what is needed is mapped again,
	// which makes a page of a list a few tenths of a millisecond dearer.
	mostMapped = 180 << 20
	// lookEvery is after how many uses of a session that is looked at.
	lookEvery = 16
)

// look lets go of maps if there is too much.
func (m *maps) look() {
	if m.uses.Add(1)%lookEvery != 0 || mapped() <= mostMapped || !m.busy.CompareAndSwap(false, true) {
		return
	}
	defer m.busy.Store(false)
	m.letGo()
}

// letGo lets every session that rests begin its map anew.
func (m *maps) letGo() {
	for _, p := range m.pools {
		p.resting(func(s session) {
			for _, text := range m.again {
				// A session that cannot let go keeps its map, which is no fault.
				_ = s.script(context.Background(), text)
			}
		})
	}
}

// mapped is how many bytes of files the process has in memory, or zero where
// the system does not tell.
func mapped() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	all := bytes.Fields(text)
	if len(all) < 3 {
		return 0
	}
	pages, err := strconv.ParseInt(string(all[2]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
