package scribe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/ledger"
)

// joined is another process on the same schema.
func (o *office) joined(name string) *office {
	o.Helper()
	other := &office{T: o.T, ctx: o.ctx, place: o.place, keys: o.keys, opts: Options{HeadFile: o.opts.HeadFile + "-" + name}}
	other.openStore()
	if _, err := Accept(o.ctx, other.db, other.keys, other.opts); err != nil {
		o.Fatal(err)
	}
	other.open()
	o.Cleanup(other.close)
	return other
}

// once fails unless exactly the records up to n are told of, each once.
func (o *office) once(n int) {
	o.Helper()
	told := o.told("contact")
	for id := range schema.RecordID(n) {
		if told[id+1] != 1 {
			o.Errorf("record %d is told of %d times", id+1, told[id+1])
		}
	}
	if len(told) != n {
		o.Errorf("%d records are told of, not %d", len(told), n)
	}
}

// Another process moves the head between the look at it and the statement: once,
// which costs another try; twice, which costs waiting for one's turn. Changes
// that wait in the outbox meanwhile are taken once, by whichever is first.
func TestHeadMovedElsewhereCostsATry(t *testing.T) {
	for _, times := range []int{1, lost, lost + 1} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			o := newOffice(t, store.Postgres)
			o.open()
			other := o.joined("other")
			o.see(1) // the head is known
			told, tries := 1, 0
			o.watch(func(what step, do func() error) error {
				if what == stepAppend {
					if tries++; tries <= times {
						told++
						other.see(schema.RecordID(told))
						told++
						other.change(schema.RecordID(told))
						other.flush()
					}
				}
				return do()
			})
			o.see(100)
			if want := min(times, lost) + 1; tries != want {
				t.Errorf("%d tries, not %d", tries, want)
			}
			o.watch(func(what step, do func() error) error { return do() })
			told++
			o.see(schema.RecordID(told))
			o.flush()
			n := o.told("contact")
			if n[100] != 1 || len(n) != told+1 {
				t.Errorf("told of %v", n)
			}
			if r := o.verify(o.head(), other.head()); !r.OK() || r.Unsealed != 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// Two processes note and change at the same time, as fast as they can.
func TestTwoProcessesMoveOneHead(t *testing.T) {
	o := newOffice(t, store.Postgres)
	o.open()
	both := []*office{o, o.joined("other")}
	const hands, each = 6, 100
	var wg sync.WaitGroup
	var number atomic.Int64
	for _, p := range both {
		for hand := range hands {
			wg.Go(func() {
				for range each {
					id := schema.RecordID(number.Add(1))
					if hand == 0 {
						p.change(id)
					} else {
						p.see(id)
					}
				}
			})
		}
	}
	wg.Wait()
	both[0].flush()
	both[1].flush()
	o.once(len(both) * hands * each)
	if r := o.verify(both[0].head(), both[1].head()); !r.OK() || r.Unsealed != 0 {
		t.Errorf("%+v", r)
	}
}

func TestReadingFollowsAnIncarnationAcceptedMeanwhile(t *testing.T) {
	o := newOffice(t, store.Postgres)
	o.open()
	o.see(1)
	accept := sync.OnceFunc(func() {
		err := o.db.Write(o.ctx, func(tx *store.Tx) error {
			h, err := lockHead(o.ctx, tx)
			if err != nil {
				return err
			}
			h.incarnation++
			all, err := o.s.encode(Entry{Event: ledger.EventIncarnated, Who: actor.House(), Records: []schema.RecordID{schema.RecordID(h.size), schema.RecordID(h.size)}}, o.s.opts.Now())
			if err != nil {
				return err
			}
			return h.append(o.ctx, tx, all)
		})
		if err != nil {
			t.Error(err)
		}
	})
	o.watch(func(what step, do func() error) error {
		if what == stepAppend {
			accept()
		}
		return do()
	})
	o.see(2)
	o.flush()
	all := o.all()
	if last := all[len(all)-1]; last.Incarnation != 2 || len(last.Records) != 1 || last.Records[0] != 2 {
		t.Errorf("the reading became %+v", last)
	}
	if r := o.verify(o.head()); !r.OK() {
		t.Errorf("%+v", r)
	}
}

// The connection is lost; nobody knows what of the last commit is on disk. The
// next readings are noted all the same, behind whatever is there.
func TestReadingAfterALostConnection(t *testing.T) {
	o := newOffice(t, store.Postgres)
	o.open()
	acknowledged := map[schema.RecordID]bool{}
	for id := range schema.RecordID(6) {
		if id%2 == 1 {
			var number int64
			if err := o.db.Write(o.ctx, func(tx *store.Tx) error {
				return tx.QueryRow(o.ctx, store.Text("SELECT pg_backend_pid()")).Scan(&number)
			}); err != nil {
				t.Fatal(err)
			}
			var ended int64
			if err := o.db.QueryRow(o.ctx, store.Text("SELECT pg_terminate_backend(?::bigint::int, 5000)"), number).Scan(&ended); err != nil || ended != 1 {
				t.Fatal(ended, err)
			}
		}
		acknowledged[id+1] = o.trySee(id+1) == nil
	}
	o.flush()
	told, failed := o.told("contact"), 0
	for id, was := range acknowledged {
		if !was {
			failed++
		}
		if n := told[id]; n > 1 || was && n == 0 {
			t.Errorf("record %d, acknowledged %t, is told of %d times", id, was, n)
		}
	}
	if failed == 0 || failed > 3 {
		t.Errorf("%d of 6 readings failed, with 3 connections lost", failed)
	}
	o.proved()
}

// Readings of many entries fill subtrees, several at once and one in parts.
func TestReadingsFillSubtrees(t *testing.T) {
	o := newOffice(t, store.Postgres)
	o.open()
	n := 0
	for _, many := range []int{1, 100, 3 * ledger.TileWidth, 200, 57, 256} {
		var all []Entry
		for range many {
			n++
			all = append(all, Entry{Event: "record.opened", Who: ana, Kind: "contact", Records: []schema.RecordID{schema.RecordID(n)}, Details: "some"})
		}
		if err := o.s.NoteAll(o.ctx, all); err != nil {
			t.Fatal(err)
		}
	}
	o.flush()
	o.once(n)
	var held, details int
	if err := o.db.QueryRow(o.ctx, store.Text("SELECT (SELECT count(*) FROM subtree), (SELECT count(*) FROM detail)")).Scan(&held, &details); err != nil {
		t.Fatal(err)
	}
	if want := len(o.all()) / ledger.TileWidth; held != want || details != n {
		t.Errorf("%d subtrees and %d details, not %d and %d", held, details, want, n)
	}
	o.proved()
	o.close()
	o.open() // which reads the tree from its subtrees
	o.proved()
}

func TestSubtreesOfSubtrees(t *testing.T) {
	o := newOffice(t, store.Postgres)
	o.openStore()
	made := func(n int) (h ledger.Hash) { return sha256.Sum256(fmt.Append(nil, n)) }
	const first, behind = 254*ledger.TileWidth + 100, 156 + 2*ledger.TileWidth + 5
	var want ledger.Frontier // over the roots of level 1
	for place := range 254 {
		h := made(-place)
		want.Append(h)
		o.plant("INSERT INTO subtree (level, place, hash) VALUES (1, ?, ?)", place, h[:])
	}
	var leaves []ledger.Hash
	var roots []ledger.Hash
	var block ledger.Frontier
	for i := range 100 + behind {
		h := made(i)
		if i < 100 {
			o.plant("INSERT INTO ledger (seq, ts, actor_kind, actor, event, entry, leaf) VALUES (?, 0, 0, 0, '', '', ?)", 254*ledger.TileWidth+i, h[:])
		} else {
			leaves = append(leaves, h)
		}
		if block.Append(h); block.Size() == ledger.TileWidth {
			roots = append(roots, block.Root())
			block = ledger.Frontier{}
		}
	}
	want.Append(roots[0])
	want.Append(roots[1])
	got, err := filled(o.ctx, o.db, first, leaves)
	if err != nil {
		t.Fatal(err)
	}
	roots = append(roots, want.Root())
	if fmt.Sprint(got.level, got.place) != "[1 1 1 2] [254 255 256 0]" {
		t.Fatalf("levels %v, places %v", got.level, got.place)
	}
	for i, root := range roots {
		if !bytes.Equal(got.hash[i], root[:]) {
			t.Errorf("subtree %d of level %d has another root", got.place[i], got.level[i])
		}
	}
	if _, err := filled(o.ctx, o.db, first+1, leaves); err == nil {
		t.Error("a leaf that is missing was not missed")
	}
}

func (o *office) plant(text string, args ...any) {
	o.Helper()
	err := o.db.Write(o.ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(o.ctx, store.Text(text), args...)
		return err
	})
	if err != nil {
		o.Fatal(err)
	}
}

// Readings come one after the other without a pause, and a change is moved out
// of the outbox all the same, without anybody's flush.
func TestChangeIsNotKeptWaitingByReadings(t *testing.T) {
	o := newOffice(t, store.Postgres)
	o.open()
	ctx, stop := context.WithCancel(o.ctx)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := o.s.Note(o.ctx, Entry{Event: "record.opened", Who: ana, Kind: "person", Records: []schema.RecordID{1}}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	o.change(1)
	end := time.Now().Add(2 * time.Second)
	for o.told("contact")[1] == 0 && time.Now().Before(end) {
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	wg.Wait()
	o.once(1)
	o.flush()
	o.proved()
}
