package scribe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"castellan/internal/actor"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/vault"
	"castellan/ledger"
)

var errPulled = errors.New("the plug was pulled")

func TestChangeAndEntryCommitAsOne(t *testing.T) {
	each(t, func(o *office) {
		refused := errors.New("refused")
		err := o.db.Write(o.ctx, func(tx *store.Tx) error {
			if err := o.s.Write(o.ctx, tx, Entry{Event: "record.changed", Who: ana, Kind: "contact", Records: []schema.RecordID{1}}); err != nil {
				return err
			}
			return refused
		})
		if !errors.Is(err, refused) {
			t.Fatal(err)
		}
		o.change(2)
		o.flush()
		if n := o.told("contact"); n[1] != 0 || n[2] != 1 {
			t.Errorf("told of %v, want of record 2 once and never of 1", n)
		}
		o.proved()
	})
}

func TestEntryIsOnDiskWhenNoteReturns(t *testing.T) {
	each(t, func(o *office) {
		for id := range schema.RecordID(50) {
			o.see(id + 1)
		}
		o.crash()
		o.open()
		o.flush()
		n := o.told("contact")
		for id := range schema.RecordID(50) {
			if n[id+1] != 1 {
				t.Errorf("record %d is told of %d times", id+1, n[id+1])
			}
		}
		o.proved()
	})
}

func TestReadingsThatWaitShareOneCommit(t *testing.T) {
	each(t, func(o *office) {
		const readers = 100
		var commits atomic.Int64
		held, let := make(chan struct{}), make(chan struct{})
		once := sync.OnceFunc(func() { close(held); <-let })
		o.watch(func(what step, do func() error) error {
			if what == stepAppend || what == stepJournal {
				once()
				commits.Add(1)
			}
			return do()
		})
		under := o.s.Enter() // or the first would go past the journal
		defer under.Leave()
		var wg sync.WaitGroup
		wg.Go(func() { o.see(1) })
		<-held
		for i := range readers {
			wg.Go(func() { o.see(schema.RecordID(i + 2)) })
		}
		o.until("all readers queue", func() bool { return len(o.s.notes) == readers })
		close(let)
		wg.Wait()
		if n := commits.Load(); n > 3 {
			t.Errorf("%d readings took %d commits", readers+1, n)
		}
	})
}

// Nobody waits until a change is moved out of the outbox: the sequencer takes
// many at once, and still takes all of them.
func TestSequencerTakesManyAtOnceOnPostgreSQL(t *testing.T) {
	o := newOffice(t, store.Postgres)
	o.open()
	var begun []time.Time // the sequencer's alone until the end
	o.watch(func(what step, do func() error) error {
		if what == stepAppend {
			begun = append(begun, time.Now())
		}
		return do()
	})
	const writers, each = 4, 40
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := range each {
				o.change(schema.RecordID(i*each + j + 1))
			}
		})
	}
	wg.Wait()
	o.until("all are moved without a flush", func() bool { return len(o.told("contact")) == writers*each })
	o.close()
	if len(begun) < 2 {
		t.Fatalf("%d commits", len(begun))
	}
	for i, at := range begun[1 : len(begun)-1] { // the last is that of the end
		if apart := at.Sub(begun[i]); apart < pace/2 {
			t.Errorf("two commits begin %s apart", apart)
		}
	}
	o.open()
	o.proved()
}

// A commit waits for readings that are under way, but not for ever, and not
// where there are none.
func TestReadingsUnderWayShareTheCommitOnPostgreSQL(t *testing.T) {
	o := newOffice(t, store.Postgres)
	o.open()
	commits := o.times(stepAppend)
	o.s.patience = time.Hour
	o.see(1) // nobody is under way: it would wait for an hour otherwise
	if n := commits.Load(); n != 1 {
		t.Fatalf("%d commits for one reading", n)
	}

	under := o.s.Enter()
	first := o.queue(2)
	time.Sleep(30 * time.Millisecond) // long enough for it to be on disk, if it did not wait
	if n := commits.Load(); n != 1 {
		t.Errorf("the first of two did not wait")
	}
	if err := under.NoteAll(o.ctx, opened(3)); err != nil {
		t.Fatal(err)
	}
	if err := o.s.await(o.ctx, first); err != nil {
		t.Fatal(err)
	}
	if n := commits.Load(); n != 2 {
		t.Errorf("two readings took %d commits", n-1)
	}
	under.Leave() // a second time, which is nothing
	if n := o.s.under.Load(); n != 0 {
		t.Errorf("%d readings are under way", n)
	}

	o.s.patience = 10 * time.Millisecond
	slow := o.s.Enter()
	o.see(4) // in spite of one that never comes
	slow.Leave()
	if n := o.s.under.Load(); n != 0 {
		t.Errorf("%d readings are under way", n)
	}
	o.flush()
	o.proved()
}

func opened(id schema.RecordID) []Entry {
	return []Entry{{Event: "record.opened", Who: ana, Kind: "contact", Records: []schema.RecordID{id}, Surface: "card"}}
}

// queue hands a reading over without waiting for it.
func (o *office) queue(id schema.RecordID) *note {
	o.Helper()
	n, err := o.s.noteOf(opened(id))
	if err == nil {
		err = o.s.queue(o.ctx, n)
	}
	if err != nil {
		o.Fatal(err)
	}
	return n
}

func TestMoreRecordsThanFitAreWrittenAsSeveralEntries(t *testing.T) {
	each(t, func(o *office) {
		const n = 2*maxRecords + 17
		ids := make([]schema.RecordID, n)
		for i := range ids {
			ids[i] = schema.RecordID(uint64(i+1) * 0x9e3779b97f4a7c15 >> 1) // far apart: the longest encoding
		}
		if err := o.s.Note(o.ctx, Entry{Event: "record.exported", Who: ana, Kind: "contact", Records: ids, Details: map[string]any{"kind": "contact"}}); err != nil {
			t.Fatal(err)
		}
		o.flush()
		told, _, err := o.s.Read(o.ctx, Question{Events: []Event{"record.exported"}})
		if err != nil {
			t.Fatal(err)
		}
		var got []schema.RecordID
		for _, e := range slices.Backward(told) {
			if e.Details == nil {
				t.Error("a part does not tell the details")
			}
			for _, id := range e.Entry.Records {
				got = append(got, schema.RecordID(id))
			}
		}
		if len(told) != 3 || !slices.Equal(got, ids) {
			t.Errorf("%d records came back as %d in %d entries", n, len(got), len(told))
		}
		o.proved()
	})
}

func TestUnknownEventIsRefused(t *testing.T) {
	each(t, func(o *office) {
		e := Entry{Event: "record.vanished", Who: ana}
		if err := o.s.Note(o.ctx, e); err == nil || !strings.Contains(err.Error(), "record.vanished") {
			t.Errorf("note: %v", err)
		}
		if err := o.db.Write(o.ctx, func(tx *store.Tx) error { return o.s.Write(o.ctx, tx, e) }); err == nil {
			t.Error("a change with an event that nobody described was written")
		}
	})
}

func TestActorIsTheOneWhoActed(t *testing.T) {
	for _, c := range []struct {
		is   actor.Actor
		want ledger.Actor
	}{
		{actor.Actor{Kind: actor.Person, Person: 7, Session: 9, ViewAs: 8}, ledger.Actor{Kind: ledger.Person, ID: 7, Session: 9, OnBehalf: 8}},
		{actor.Actor{Kind: actor.Program, Person: 7, Key: 5}, ledger.Actor{Kind: ledger.Program, ID: 5, Key: 5, OnBehalf: 7}},
		{actor.House(), ledger.Actor{Kind: ledger.System}},
		{actor.Actor{}, ledger.Actor{}},
	} {
		if got := actorOf(c.is); got != c.want {
			t.Errorf("%+v became %+v", c.is, got)
		}
	}
}

func TestCloseServesThoseWhoWereLetIn(t *testing.T) {
	each(t, func(o *office) {
		for round := range schema.RecordID(5) {
			var wg sync.WaitGroup
			var acknowledged sync.Map
			for reader := range schema.RecordID(16) {
				wg.Go(func() {
					for n := schema.RecordID(0); ; n++ {
						id := round<<32 | reader<<16 | n + 1
						err := o.trySee(id)
						if errors.Is(err, ErrClosed) {
							return
						}
						if err != nil {
							t.Errorf("note: %v", err)
							return
						}
						acknowledged.Store(id, true)
					}
				})
			}
			time.Sleep(20 * time.Millisecond)
			if err := o.s.Close(o.ctx); err != nil {
				t.Fatal(err)
			}
			wg.Wait()
			if err := o.s.Close(o.ctx); err != nil {
				t.Errorf("closing twice: %v", err)
			}
			if err := o.s.Flush(o.ctx); !errors.Is(err, ErrClosed) {
				t.Errorf("flush after close: %v", err)
			}
			told := o.told("contact")
			for id := range acknowledged.Range {
				if told[id.(schema.RecordID)] != 1 {
					t.Fatalf("an acknowledged reading is told of %d times", told[id.(schema.RecordID)])
				}
			}
			if c := o.covered(); c != int64(len(o.all())) {
				t.Errorf("the head outside covers %d of %d entries", c, len(o.all()))
			}
			o.s = nil
			o.open()
		}
		o.proved()
	})
}

// A reading may be let in at the very moment at which the last one is served.
func TestReadingThatComesTooLateIsToldSo(t *testing.T) {
	keys, err := vault.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &Scribe{vault: keys, opts: Options{Now: time.Now}, notes: make(chan *note, 1), life: context.Background(), ended: make(chan struct{})}
	close(s.ended)
	if err := s.Note(t.Context(), Entry{Event: "record.opened"}); !errors.Is(err, ErrClosed) {
		t.Errorf("note: %v", err)
	}
}

func TestWhatIsWrittenAfterCloseIsTakenInByTheNextOpen(t *testing.T) {
	each(t, func(o *office) {
		s := o.s
		if err := s.Close(o.ctx); err != nil {
			t.Fatal(err)
		}
		const late = 3 * batch
		for id := range schema.RecordID(late) {
			o.change(id + 1)
		}
		o.s = nil
		o.open()
		// Without a flush: nothing new may come before it.
		all := o.all()
		if len(all) < late+1 || all[0].Event != ledger.EventHeartbeat || all[late].Event != "record.changed" {
			t.Errorf("%d entries after opening, the outbox was not taken in first", len(all))
		}
		o.flush()
		o.proved()
	})
}

func TestTimeRunsAsPromised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, store.SQLite)
		o.open()
		defer o.close() // inside the bubble: it waits for every goroutine
		for range 20 {
			time.Sleep(1700 * time.Millisecond)
			o.see(1)
			o.change(2)
			time.Sleep(time.Second)
			synctest.Wait()
			c, err := ledger.OpenCheckpoint(o.s.Checkpoint(), o.keys.LedgerVerifier())
			if err != nil {
				t.Fatal(err)
			}
			if n := int64(len(o.all())); c.Size != n || o.covered() != n {
				t.Fatalf("a second later %d of %d entries are sealed, %d outside", c.Size, n, o.covered())
			}
		}
		// A stream of readings is sealed all the same, and not more often than
		// that asks for.
		before := o.checkpoints()
		for range 500 {
			o.see(3)
			time.Sleep(20 * time.Millisecond)
		}
		if n := o.checkpoints() - before; n < 10 || n > 15 {
			t.Errorf("ten seconds of readings made %d checkpoints", n)
		}
		beats := o.count(ledger.EventHeartbeat)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := o.count(ledger.EventHeartbeat) - beats; n != 6 {
			t.Errorf("%d heartbeats in an hour", n)
		}
		o.flush()
		r, err := ledger.Verify(o.ctx, o.s.Source(), o.keys.LedgerVerifier(), ledger.Options{Heartbeat: 15 * time.Minute, Now: time.Now()})
		if err != nil || !r.OK() {
			t.Errorf("%v, %+v", err, r.Findings)
		}
	})
}

func (o *office) checkpoints() (n int) {
	o.Helper()
	if err := o.db.Ledger().QueryRow(o.ctx, store.Text("SELECT count(*) FROM checkpoint")).Scan(&n); err != nil {
		o.Fatal(err)
	}
	return n
}

func (o *office) count(e Event) (n int) {
	o.Helper()
	for _, one := range o.all() {
		if one.Event == string(e) {
			n++
		}
	}
	return n
}

func TestCallerWhoGivesUpIsNotKeptWaiting(t *testing.T) {
	each(t, func(o *office) {
		let := make(chan struct{})
		o.watch(func(what step, do func() error) error {
			if what == stepAppend {
				<-let
			}
			return do()
		})
		ctx, cancel := context.WithTimeout(o.ctx, 20*time.Millisecond)
		defer cancel()
		if err := o.s.Note(ctx, Entry{Event: "record.opened", Who: ana}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("note: %v", err)
		}
		if err := o.s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close: %v", err)
		}
		close(let)
	})
}

// On SQLite the records' file is not written because of the ledger, and the
// outbox does not grow either.
func TestOutboxIsSweptByThoseWhoWrite(t *testing.T) {
	o := newOffice(t, store.SQLite)
	o.open()
	sweeps := 0
	o.watch(func(what step, do func() error) error {
		if what == stepSweep {
			sweeps++
		}
		return do()
	})
	waiting := func() (n int) {
		if err := o.db.QueryRow(o.ctx, store.Text("SELECT count(*) FROM outbox")).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for round := range schema.RecordID(4) {
		for id := range schema.RecordID(sweepEvery) {
			o.change(round<<16 | id + 1)
		}
		if n := waiting(); n > 2*sweepEvery {
			t.Errorf("%d rows lie in the outbox", n)
		}
		o.flush()
	}
	if sweeps != 0 {
		t.Errorf("%d commits for nothing but sweeping", sweeps)
	}
	if err := o.s.Close(o.ctx); err != nil {
		t.Fatal(err)
	}
	if n := waiting(); n != 0 {
		t.Errorf("%d rows lie in the outbox after closing", n)
	}
	o.proved()
}

// What the ledger has taken could still be lost with its file, until a head
// outside says that it was there.
func TestOutboxIsKeptUntilTheHeadOutsideCoversIt(t *testing.T) {
	o := newOffice(t, store.SQLite)
	o.open()
	o.watch(func(what step, do func() error) error {
		if what == stepHead {
			return errPulled
		}
		return do()
	})
	const n = 3 * sweepEvery
	for id := range schema.RecordID(n) {
		o.change(id + 1)
	}
	if err := o.s.Flush(o.ctx); !errors.Is(err, errPulled) {
		t.Fatal(err)
	}
	o.change(n + 1)
	if err := o.s.sweep(o.ctx); err != nil {
		t.Fatal(err)
	}
	var waiting int
	if err := o.db.QueryRow(o.ctx, store.Text("SELECT count(*) FROM outbox")).Scan(&waiting); err != nil {
		t.Fatal(err)
	}
	if waiting != n+1 {
		t.Errorf("%d of %d rows are left", waiting, n+1)
	}
	o.crash()
}

func TestSeveralProcessesWriteOneLedger(t *testing.T) {
	o := newOffice(t, store.Postgres)
	o.open()
	const processes, each = 3, 40
	var wg sync.WaitGroup
	for p := range schema.RecordID(processes) {
		other := &office{T: t, ctx: o.ctx, place: o.place, keys: o.keys, opts: Options{HeadFile: fmt.Sprintf("%s-%d", o.opts.HeadFile, p)}}
		// A process that joins finds a ledger whose head it has not kept.
		other.openStore()
		if _, err := Accept(o.ctx, other.db, other.keys, other.opts); err != nil {
			t.Fatal(err)
		}
		other.open()
		t.Cleanup(other.close)
		for i := range schema.RecordID(each) {
			wg.Go(func() { other.see(p<<32 | i<<1 | 1) })
			wg.Go(func() { other.change(p<<32 | i<<1 + 2) })
		}
	}
	wg.Wait()
	o.flush()
	told := o.told("contact")
	if len(told) != 2*processes*each {
		t.Errorf("%d records are told of, not %d", len(told), 2*processes*each)
	}
	for id, n := range told {
		if n != 1 {
			t.Errorf("record %d is told of %d times", id, n)
		}
	}
	if r := o.verify(o.head()); !r.OK() || r.Unsealed != 0 {
		t.Errorf("%+v", r)
	}
}

func TestOpenNeedsAPlaceForTheHead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		keys, err := vault.Open(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), db, keys, Options{}); err == nil {
			t.Error("opened without a place for the head outside the database")
		}
	})
}

func TestHeadThatCannotBeKeptIsTriedAgain(t *testing.T) {
	each(t, func(o *office) {
		o.opts.Interval = 10 * time.Millisecond
		var broken atomic.Bool
		o.watch(func(what step, do func() error) error {
			if what == stepHead && broken.Load() {
				return errPulled
			}
			return do()
		})
		o.flush()
		broken.Store(true)
		before := o.covered()
		o.see(1)
		if err := o.s.Flush(o.ctx); !errors.Is(err, errPulled) {
			t.Errorf("flush without a head outside: %v", err)
		}
		broken.Store(false)
		o.until("the head is kept after all", func() bool { return o.covered() > before })
	})
}

func TestUnfinishedHeadFilesAreCleared(t *testing.T) {
	o := newOffice(t, store.SQLite)
	o.open()
	o.close()
	left := o.opts.HeadFile + ".new-123"
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.open()
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", left, err)
	}
}
