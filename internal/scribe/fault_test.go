package scribe

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/schema"
	"castellan/internal/store"
)

// Everything that the scribe puts on disk fails once or from then on, at its
// first, second or third time, and is on disk in spite of the error or is not.
// After every step the independent verifier looks at the whole; at the end the
// process dies, and the next one must find everything that was acknowledged
// once, and nothing twice.
func TestAttack62EveryWriteMayFail(t *testing.T) {
	steps := map[store.Engine][]step{
		store.SQLite:   {stepAppend, stepJournal, stepCheckpoint, stepHead, stepIndex},
		store.Postgres: {stepAppend, stepCheckpoint, stepHead, stepIndex},
	}
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		for _, broken := range steps[engine] {
			for _, persisted := range []bool{false, true} {
				for _, forGood := range []bool{false, true} {
					for nth := 1; nth <= 3; nth++ {
						if broken == stepIndex && nth > 1 {
							continue // there is one span to be indexed
						}
						name := fmt.Sprintf("%s/%s persisted=%t forever=%t %d", strings.ToLower(engine.String()), broken, persisted, forGood, nth)
						t.Run(name, func(t *testing.T) {
							t.Parallel()
							everyWriteMayFail(t, engine, broken, persisted, forGood, nth)
						})
					}
				}
			}
		}
	}
}

func everyWriteMayFail(t *testing.T, engine store.Engine, broken step, persisted, forGood bool, nth int) {
	o := newOffice(t, engine)
	o.opts.Interval = 2 * time.Millisecond
	o.open()
	o.flush() // there is a first head
	var mu sync.Mutex
	seen := 0
	o.watch(func(what step, do func() error) error {
		mu.Lock()
		defer mu.Unlock()
		if what == broken {
			seen++
		}
		if what != broken || seen < nth || seen > nth && !forGood {
			return do()
		}
		if persisted {
			if err := do(); err != nil {
				return err
			}
		}
		return errPulled
	})
	if broken == stepJournal {
		o.s.Enter() // who is alone goes past the journal
	}
	if broken == stepIndex {
		var wg sync.WaitGroup
		for range spanWidth {
			wg.Go(func() { o.see(1 << 40) })
		}
		wg.Wait()
	}
	acknowledged := map[schema.RecordID]bool{}
	for id := schema.RecordID(1); id <= 12; id++ {
		var err error
		if id%3 == 0 {
			err = o.tryChange(id)
		} else {
			err = o.trySee(id)
		}
		acknowledged[id] = err == nil
		if id%4 == 0 {
			_ = o.s.Flush(o.ctx) // may fail, like everything else
		}
		if r := o.verify(); !r.OK() {
			t.Fatalf("after step %d: %+v", id, r.Findings)
		}
	}
	mu.Lock()
	if seen < nth {
		t.Errorf("only %d times %s: nothing failed", seen, broken)
	}
	mu.Unlock()
	o.crash()
	o.openStore()
	if r := o.verify(o.head()); !r.OK() {
		t.Fatalf("after the crash: %+v", r.Findings)
	}
	o.open()
	o.flush()
	o.proved()
	told := o.told("contact")
	for id, was := range acknowledged {
		if n := told[id]; n > 1 || was && n == 0 {
			t.Errorf("record %d, acknowledged %t, is told of %d times", id, was, n)
		}
	}
}
