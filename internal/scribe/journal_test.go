package scribe

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/vault"
)

// crowded opens an office on SQLite in which every reading has company, so that
// it goes into the journal.
func crowded(t *testing.T) *office {
	t.Helper()
	o := newOffice(t, store.SQLite)
	o.open()
	o.flush()
	o.s.patience = 0
	o.s.Enter() // and never leaves
	return o
}

func (o *office) journal() []byte {
	o.Helper()
	text, err := os.ReadFile(filepath.Join(o.place.Dir, journalName))
	if err != nil {
		o.Fatal(err)
	}
	return text
}

// once fails unless each of the records 1 to n is told of once.
func (o *office) once(n schema.RecordID) {
	o.Helper()
	told := o.told("contact")
	for id := range n {
		if told[id+1] != 1 {
			o.Errorf("record %d is told of %d times", id+1, told[id+1])
		}
	}
}

// strand puts readings of records into the journal, one by one, and dies before
// the ledger has them.
func (o *office) strand(first, last schema.RecordID) {
	o.Helper()
	let := make(chan struct{})
	var parts atomic.Int64
	o.watch(func(what step, do func() error) error {
		switch what {
		case stepJournal:
			parts.Add(1)
		case stepAppend:
			<-let
			return errPulled
		}
		return do()
	})
	for id := first; id <= last; id++ {
		o.see(id)
	}
	if got := parts.Load(); got != int64(last-first+1) {
		o.Errorf("%d readings went into the journal", got)
	}
	close(let)
	o.crash()
}

func TestReadingsInTheJournalAreTakenInOnce(t *testing.T) {
	o := crowded(t)
	o.strand(1, 20)
	o.openStore()
	if told := o.told("contact"); len(told) != 0 {
		t.Fatalf("the ledger told of %d records before it was opened again: nothing was tried", len(told))
	}
	for range 3 { // the parts stay in the file, and none is taken a second time
		o.open()
		o.flush()
		o.once(20)
		o.proved()
		o.crash()
	}
	// What comes next does not pass for what was there.
	o.open()
	o.s.patience = 0
	o.s.Enter()
	o.strand(21, 22)
	o.open()
	o.flush()
	o.once(22)
	o.proved()
}

// A part that was being written when the process died was acknowledged to
// nobody; one of another workspace is none of ours.
func TestPartsThatDoNotHoldAreNotTaken(t *testing.T) {
	o := crowded(t)
	o.strand(1, 3)
	path := filepath.Join(o.place.Dir, journalName)
	whole := o.journal()
	at := bytes.LastIndex(whole, []byte(markOfPart))
	torn := bytes.Clone(whole)
	torn[at+headOfPart+3] ^= 1
	if err := os.WriteFile(path, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	o.open()
	o.once(2)
	if told := o.told("contact"); told[3] != 0 {
		t.Error("a part was taken whose checksum does not hold")
	}
	o.crash()

	others, err := vault.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	j := journal{check: func(b []byte) [32]byte { return others.Fingerprint("readings", b) }}
	p, ok, err := o.journalOf().decodePart(whole[at-sumOfPart:])
	if err != nil || !ok {
		t.Fatalf("the part that was not torn: %t, %v", ok, err)
	}
	foreign := bytes.Clone(whole)
	copy(foreign[at-sumOfPart:], j.encodePart(nil, part{p.number + 1, p.items}))
	if err := os.WriteFile(path, foreign, 0o600); err != nil {
		t.Fatal(err)
	}
	o.open()
	if told := o.told("contact"); told[3] != 0 {
		t.Error("a part of another workspace was taken")
	}
	o.proved()
}

func (o *office) journalOf() *journal {
	return &journal{check: func(b []byte) [32]byte { return o.keys.Fingerprint("readings", b) }}
}

// What may have to be erased is never in the journal.
func TestDetailsGoPastTheJournal(t *testing.T) {
	o := crowded(t)
	var parts atomic.Int64
	o.watch(func(what step, do func() error) error {
		if what == stepJournal {
			parts.Add(1)
		}
		return do()
	})
	o.see(1)
	if err := o.s.Note(o.ctx, Entry{Event: "record.searched", Who: ana, Kind: "contact", Records: []schema.RecordID{2}, Details: "looked for"}); err != nil {
		t.Fatal(err)
	}
	if n := parts.Load(); n != 1 {
		t.Errorf("%d readings went into the journal, not the one without details", n)
	}
	if bytes.Contains(o.journal(), []byte("looked for")) || bytes.Contains(o.journal(), []byte("record.searched")) {
		t.Error("details are in the journal")
	}
	o.flush()
	o.once(2)
	o.proved()
}

// The journal is written over as soon as the ledger has what was there, and no
// sooner: a reading that finds no room waits for the ledger.
func TestJournalGoesRound(t *testing.T) {
	o := crowded(t)
	var parts atomic.Int64
	o.watch(func(what step, do func() error) error {
		if what == stepJournal {
			parts.Add(1)
		}
		return do()
	})
	const n = 3 * 2 * halfJournal / pageJournal
	var wg sync.WaitGroup
	var last atomic.Int64
	for range 8 {
		wg.Go(func() {
			for id := last.Add(1); id <= n; id = last.Add(1) {
				o.see(schema.RecordID(id))
			}
		})
	}
	wg.Wait()
	o.flush()
	o.once(n)
	if parts.Load() == 0 {
		t.Error("nothing went into the journal")
	}
	if size := len(o.journal()); size != 2*halfJournal {
		t.Errorf("the journal has %d bytes", size)
	}
	o.proved()

	j := o.journalOf()
	j.moved.Store(0)
	j.next = 1
	put := func([]byte, int64) error { return nil }
	items := []item{{entry: []byte("an entry")}}
	for range 2 * halfJournal / pageJournal {
		if err := j.put(items, put); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.put(items, put); !errors.Is(err, errRoom) {
		t.Fatalf("what the ledger does not have was written over: %v", err)
	}
	j.moved.Store(halfJournal/pageJournal - 1)
	if err := j.put(items, put); !errors.Is(err, errRoom) {
		t.Fatalf("what the ledger does not have was written over: %v", err)
	}
	j.moved.Store(halfJournal / pageJournal)
	if err := j.put(items, put); err != nil {
		t.Errorf("there is room again: %v", err)
	}
}
