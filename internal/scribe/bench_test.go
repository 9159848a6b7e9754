package scribe

import (
	"context"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/vault"
	"castellan/ledger"
)

var entries = flag.Int("entries", 20_000, "how many entries the ledger of the benchmarks has")

// page is an entry of somebody who saw a list of fifty records. Of all lists a
// tenth begin with the same record, as the first page of a busy house does.
func page(r *rand.Rand) Entry {
	e := Entry{Event: "record.listed", Kind: "contact", Surface: "list", Shown: []schema.Class{schema.Personal, schema.Open},
		Who: actor.Actor{Kind: actor.Person, Person: actor.PersonID(r.IntN(40) + 1), Session: actor.SessionID(r.Int64N(1 << 50)), Address: ana.Address}}
	if r.IntN(10) == 0 {
		e.Records = append(e.Records, hot)
	}
	// Neighbours in time, as pages in the order of their making are.
	first := r.IntN(1_000_000)
	for i := range 50 {
		e.Records = append(e.Records, record(first+i))
	}
	return e
}

const hot = schema.RecordID(1 << 62)

// record has an id as the store makes them: milliseconds and a counter.
func record(n int) schema.RecordID {
	return schema.RecordID((1_750_000_000_000+int64(n)*40_000)<<20 | int64(n)&0xfffff)
}

// large makes a ledger of many entries by direct batches, with a checkpoint for
// each hundred.
func large(b *testing.B, engine store.Engine) *office {
	b.Helper()
	place := storetest.Place(b, engine)
	keys, err := vault.Open(place.Dir, nil)
	if err != nil {
		b.Fatal(err)
	}
	db := storetest.Reopen(b, place)
	o := &office{ctx: b.Context(), place: place, keys: keys, db: db, opts: Options{HeadFile: filepath.Join(place.Dir, "head")}}
	if o.s, err = prepare(b.Context(), db, keys, o.opts); err != nil {
		b.Fatal(err)
	}
	o.s.keep = func(string, []byte) error { return nil }
	r := rand.New(rand.NewPCG(1, 1))
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	o.s.opts.Now = func() time.Time { return at }
	began := time.Now()
	for done := 0; done < *entries; {
		err := db.Ledger().Write(o.ctx, func(tx *store.Tx) error {
			h, err := readHead(o.ctx, tx)
			if err != nil {
				return err
			}
			for range 50 {
				n := min(100, *entries-done)
				var all []item
				for range n {
					at = at.Add(300 * time.Millisecond)
					items, err := o.s.encode(page(r), at)
					if err != nil {
						return err
					}
					all = append(all, items...)
				}
				if len(all) == 0 {
					return nil
				}
				if err := h.append(o.ctx, tx, all); err != nil {
					return err
				}
				done += n
				c := ledger.Checkpoint{Origin: keys.LedgerVerifier().Name(), Size: h.size, Root: h.frontier.Root(), Time: at, Incarnation: 1}
				signed, err := c.Sign(keys.LedgerSigner())
				if err != nil {
					return err
				}
				if _, err := tx.Exec(o.ctx, store.Text("INSERT INTO checkpoint (incarnation, size, note) VALUES (1, ?, ?)"), h.size, signed); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := o.s.index(o.ctx); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d entries made in %v", *entries, time.Since(began).Round(time.Millisecond))
	return o
}

func engines(b *testing.B, run func(b *testing.B, engine store.Engine)) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		b.Run(strings.ToLower(engine.String()), func(b *testing.B) { run(b, engine) })
	}
}

// BenchmarkLedger asks a large ledger what people wait for. Run it with
// -entries 1000000.
func BenchmarkLedger(b *testing.B) {
	engines(b, func(b *testing.B, engine store.Engine) {
		o := large(b, engine)
		seen := func(id func(i int) schema.RecordID) func(b *testing.B) {
			return func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					if _, err := o.s.Seen(o.ctx, "contact", id(i)); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		b.Run("seen by some", seen(func(i int) schema.RecordID { return record(i * 7919 % 1_000_000) }))
		b.Run("seen by nobody", seen(func(i int) schema.RecordID { return schema.RecordID(i + 1) }))
		b.Run("seen a hundred thousand times", seen(func(i int) schema.RecordID { return hot }))
		read := func(q func(i int) Question) func(b *testing.B) {
			return func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					if _, _, err := o.s.Read(o.ctx, q(i)); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		b.Run("read newest", read(func(i int) Question { return Question{} }))
		b.Run("read of a person in an hour", read(func(i int) Question {
			from := time.Date(2026, 1, 1, i%80, 0, 0, 0, time.UTC)
			return Question{Actor: &actor.Actor{Kind: actor.Person, Person: 7}, From: from, To: from.Add(time.Hour)}
		}))
		b.Run("read rare events of a person", read(func(i int) Question {
			return Question{Actor: &actor.Actor{Kind: actor.Person, Person: 7}, Events: []Event{"record.changed", "record.exported"}}
		}))
		b.Run("read of a record", read(func(i int) Question {
			return Question{Kind: "contact", Record: record(i * 7919 % 1_000_000)}
		}))
		b.Run("proof", func(b *testing.B) {
			if err := o.s.sealNow(o.ctx); err != nil {
				b.Fatal(err)
			}
			for i := 0; b.Loop(); i++ {
				if _, err := o.s.Proof(o.ctx, int64(i*7919%*entries)); err != nil {
					b.Fatal(err)
				}
			}
		})
		var state *ledger.State
		verify := func(b *testing.B) {
			r, err := ledger.Verify(o.ctx, o.s.Source(), o.keys.LedgerVerifier(), ledger.Options{State: state})
			if err != nil || !r.OK() {
				b.Fatal(err, r.Findings)
			}
			state = r.State
		}
		b.Run("verify all", func(b *testing.B) {
			for b.Loop() {
				state = nil
				verify(b)
			}
		})
		if state == nil {
			verify(b)
		}
		b.Run("verify what was added", func(b *testing.B) {
			for b.Loop() {
				verify(b)
			}
		})
	})
}

// BenchmarkNote measures durable readings by sixteen clients, against a
// transaction for each.
func BenchmarkNote(b *testing.B) {
	const clients = 16
	engines(b, func(b *testing.B, engine store.Engine) {
		rate := map[string]float64{}
		spread := func(b *testing.B, name string, one func() error) {
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ResetTimer()
			for range clients {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if err := one(); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			rate[name] = float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(rate[name], "entries/s")
		}
		open := func(b *testing.B) *Scribe {
			place := storetest.Place(b, engine)
			keys, err := vault.Open(place.Dir, nil)
			if err != nil {
				b.Fatal(err)
			}
			db := storetest.Reopen(b, place)
			s, err := Open(b.Context(), db, keys, Options{HeadFile: filepath.Join(place.Dir, "head")})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() {
				if err := s.Close(context.Background()); err != nil {
					b.Error(err)
				}
			})
			return s
		}
		r := rand.New(rand.NewPCG(1, 1))
		e := page(r)
		b.Run("a transaction for each", func(b *testing.B) {
			s := open(b)
			if err := s.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
			spread(b, "each", func() error { return appendAlone(b.Context(), s, e) })
		})
		b.Run("together", func(b *testing.B) {
			s := open(b)
			spread(b, "together", func() error { return s.Note(b.Context(), e) })
			b.StopTimer()
			if err := s.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
			if rate["each"] > 0 {
				b.ReportMetric(rate["together"]/rate["each"], "times")
			}
		})
	})
}

// appendAlone is what noting would be without sharing: a transaction that moves
// the head for each reading, one after the other.
var alone sync.Mutex

func appendAlone(ctx context.Context, s *Scribe, e Entry) error {
	items, err := s.encode(e, s.opts.Now())
	if err != nil {
		return err
	}
	alone.Lock() // or the store would share commits among them
	defer alone.Unlock()
	return s.ledger.Write(ctx, func(tx *store.Tx) error {
		h, err := readHead(ctx, tx)
		if err != nil {
			return err
		}
		return h.append(ctx, tx, items)
	})
}

func BenchmarkEncode(b *testing.B) {
	keys, err := vault.Open(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	s := &Scribe{vault: keys, incarnation: 1}
	e := page(rand.New(rand.NewPCG(1, 1)))
	at := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.encode(e, at); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNaming(b *testing.B) {
	s := &Scribe{incarnation: 1}
	items, err := s.encode(page(rand.New(rand.NewPCG(1, 1))), time.Now())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		naming(items[0].entry, "contact", int64(hot))
	}
}
