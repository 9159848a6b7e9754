package identity

import "sync"

// memory keeps who the bearers of tokens are, by the hash of the token. All
// that it holds was read under one epoch.
type memory[T any] struct {
	mu    sync.RWMutex
	epoch int64
	held  map[[32]byte]T
}

// mostRemembered bounds the memory; whoever falls out is read again.
const mostRemembered = 100_000

func newMemory[T any]() *memory[T] { return &memory[T]{held: map[[32]byte]T{}} }

// find looks the hash up, if nothing has changed since it was kept.
func (m *memory[T]) find(hash [32]byte, epoch int64) (T, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.epoch != epoch {
		var none T
		return none, false
	}
	v, ok := m.held[hash]
	return v, ok
}

// keep remembers what was read under an epoch. What belongs to another epoch
// than the newest is dropped. If somebody else was faster, theirs is given back:
// all callers share one.
func (m *memory[T]) keep(hash [32]byte, v T, epoch int64) T {
	m.mu.Lock()
	defer m.mu.Unlock()
	if epoch < m.epoch {
		return v
	}
	if epoch > m.epoch || len(m.held) >= mostRemembered {
		m.epoch, m.held = epoch, map[[32]byte]T{}
	}
	if first, ok := m.held[hash]; ok {
		return first
	}
	m.held[hash] = v
	return v
}

// drop forgets one.
func (m *memory[T]) drop(hash [32]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.held, hash)
}
