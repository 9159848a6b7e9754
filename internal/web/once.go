package web

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/schema"
)

// once makes a record at most once for an Idempotency-Key, however often the
// request is sent. It keeps which record was made and never the answer: whoever
// asks again sees the record as it is now and as far as they may.
//
// It is memory of this process and lasts a day; a restart forgets it.
type once struct {
	now  func() time.Time
	mu   sync.Mutex
	made map[onceKey]*onceMade
}

type onceKey struct {
	kind   actor.Kind
	person actor.PersonID
	key    actor.KeyID
	word   [32]byte
}

type onceMade struct {
	asked  [32]byte
	at     time.Time
	done   chan struct{} // closed when the outcome is known
	record schema.RecordID
	err    error
}

const (
	onceLasts = 24 * time.Hour
	onceMost  = 100_000
)

func newOnce(now func() time.Time) *once { return &once{now: now, made: map[onceKey]*onceMade{}} }

// create runs do unless the same was asked under the same key. Two that come
// together get one outcome; one that failed may be tried again.
func (o *once) create(ctx context.Context, who actor.Actor, word string, asked []byte, do func() (schema.RecordID, error)) (schema.RecordID, error) {
	if word == "" {
		return do()
	}
	if len(word) > 255 {
		return 0, fault.New(fault.Invalid, "idempotency.long", "An Idempotency-Key has at most 255 characters.")
	}
	k := onceKey{who.Kind, who.Person, who.Key, sha256.Sum256([]byte(word))}
	body := sha256.Sum256(asked)
	for {
		m, first := o.begin(k, body)
		if first {
			m.record, m.err = do()
			if m.err != nil {
				o.forget(k)
			}
			close(m.done)
			return m.record, m.err
		}
		if m.asked != body {
			return 0, fault.New(fault.Invalid, "idempotency.other", "This Idempotency-Key was used for another request. Take a new one for a new record.")
		}
		select {
		case <-m.done:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		if m.err == nil {
			return m.record, nil
		}
	}
}

func (o *once) begin(k onceKey, body [32]byte) (m *onceMade, first bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	if m := o.made[k]; m != nil && now.Sub(m.at) < onceLasts {
		return m, false
	}
	if len(o.made) >= onceMost {
		for k, m := range o.made {
			if now.Sub(m.at) >= onceLasts || len(o.made) >= onceMost {
				delete(o.made, k)
			}
		}
	}
	m = &onceMade{asked: body, at: now, done: make(chan struct{})}
	o.made[k] = m
	return m, true
}

func (o *once) forget(k onceKey) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.made, k)
}
