package store

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
)

// maps keeps what the sessions of SQLite map of their files within bounds. Each
// maps what it reads for itself, and every page counts as memory of the process
// until the system wants it back, which it may never do.
type maps struct {
	pools []*pool
	again []string // what makes a session let go of its map and begin anew
	uses  atomic.Int64

	mu     sync.Mutex // whoever does not get it at once leaves the work to who has it
	shaped int64      // how much was mapped when the system was last told how it is read
}

const (
	// lookEvery is after how many uses of a session that is looked at.
	lookEvery = 16
	// shapeFrom is from how many bytes on, and after how many more, the system is
	// told that pages are wanted one by one.
	shapeFrom, shapeStep = 48 << 20, 8 << 20
	// mostMapped is how many bytes of files the process may have in memory, with
	// its own program, before maps are let go of: what is needed is mapped again.
	mostMapped = 128 << 20
)

func (m *maps) look() {
	if m.uses.Add(1)%lookEvery != 0 {
		return
	}
	held := mapped()
	if held < shapeFrom || !m.mu.TryLock() {
		return
	}
	defer m.mu.Unlock()
	if held > m.shaped+shapeStep {
		// Around each page that is looked at the system would map fifteen more.
		oneByOne()
		m.shaped = held
	}
	if held > mostMapped {
		m.letGo()
		m.shaped = 0 // they map anew
	}
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
