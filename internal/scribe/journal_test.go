package scribe

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

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
	o.s.partPatience = 0
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

// toldOnce fails unless each of the records 1 to n is told of once.
func (o *office) toldOnce(n schema.RecordID) {
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
		o.toldOnce(20)
		o.proved()
		o.crash()
	}
	// What comes next does not pass for what was there.
	o.open()
	o.s.partPatience = 0
	o.s.Enter()
	o.strand(21, 22)
	o.open()
	o.flush()
	o.toldOnce(22)
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
	o.toldOnce(2)
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
	parts := o.times(stepJournal)
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
	o.toldOnce(2)
	o.proved()
}

// The journal is written over as soon as the ledger has what was there, and no
// sooner: a reading that finds no room waits for the ledger.
func TestJournalGoesRound(t *testing.T) {
	o := crowded(t)
	parts := o.times(stepJournal)
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
	o.toldOnce(n)
	if parts.Load() == 0 {
		t.Error("nothing went into the journal")
	}
	if o.s.journal.holds() {
		t.Error("what was moved is still held")
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

// Who is alone goes into the ledger straight; who has company goes into the
// journal, in one part with as many as were about when the last was written.
// Nobody waits for ever for those who do not come again.
func TestPartWaitsForThoseWhoWereAbout(t *testing.T) {
	o := newOffice(t, store.SQLite)
	o.open()
	o.flush()
	var commits, parts atomic.Int64
	held, let := make(chan struct{}), make(chan struct{})
	once := sync.OnceFunc(func() { close(held); <-let })
	o.watch(func(what step, do func() error) error {
		switch what {
		case stepAppend:
			commits.Add(1)
		case stepJournal:
			parts.Add(1)
			once()
		}
		return do()
	})
	o.s.partPatience = time.Hour
	o.see(1)
	if c, p := commits.Load(), parts.Load(); c != 1 || p != 0 {
		t.Errorf("a reading that was alone took %d commits and %d parts of the journal", c, p)
	}

	other := o.s.Enter()
	first := o.queue(2)
	<-held
	other.Leave()
	second := o.queue(3)
	close(let)
	if err := o.s.await(o.ctx, first); err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Millisecond) // long enough for the second to be on disk, if it did not wait
	if n := parts.Load(); n != 1 {
		t.Errorf("one of two who were about went alone")
	}
	o.see(4)
	if err := o.s.await(o.ctx, second); err != nil {
		t.Fatal(err)
	}
	if n := parts.Load(); n != 2 {
		t.Errorf("two readings took %d parts", n-1)
	}
	o.flush()
	o.toldOnce(4)
	o.close()

	o = crowded(t)
	o.s.partPatience = 10 * time.Millisecond
	o.see(1)
	o.see(2) // the one who is said to be under way never comes
	o.flush()
	o.toldOnce(2)
}

// A clean stop leaves nothing in the journal, not even of those who are just
// being noted.
func TestNothingIsLeftInTheJournalWhenItIsClosed(t *testing.T) {
	o := crowded(t)
	held, let := make(chan struct{}), make(chan struct{})
	o.watch(func(what step, do func() error) error {
		if what == stepJournal {
			close(held)
			<-let
		}
		return do()
	})
	n := o.queue(1)
	<-held
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		if err := o.s.Close(o.ctx); err != nil {
			t.Error(err)
		}
	}()
	<-o.s.life.Done()
	select {
	case <-closed:
		t.Error("it closed while a reading was being noted")
	case <-time.After(50 * time.Millisecond):
	}
	close(let)
	<-closed
	if err := o.s.await(o.ctx, n); err != nil {
		t.Fatal(err)
	}
	o.toldOnce(1)
	o.proved()
}

// While the ledger cannot be written, the journal does not fill up with what
// nobody can look into: those who note are told.
func TestReadingsFailWhileTheLedgerCannotBeWritten(t *testing.T) {
	o := crowded(t)
	var failing atomic.Bool
	var failed atomic.Int64
	o.watch(func(what step, do func() error) error {
		if what == stepAppend && failing.Load() {
			defer failed.Add(1)
			return errPulled
		}
		return do()
	})
	failing.Store(true)
	o.see(1) // into the journal, for nobody knows yet
	o.until("the ledger fails", func() bool { return failed.Load() > 0 && o.s.hampered.Load() })
	if err := o.trySee(2); err == nil {
		t.Error("a reading went into the journal of a ledger that cannot be written")
	}
	failing.Store(false)
	o.until("the ledger is well again", func() bool { return !o.s.hampered.Load() })
	o.see(3)
	o.flush()
	told := o.told("contact")
	if told[1] != 1 || told[2] != 0 || told[3] != 1 {
		t.Errorf("told of: %v", told)
	}
	o.proved()
}

// What is moved is moved at a pace, and without being asked for.
func TestJournalIsMovedAtAPace(t *testing.T) {
	o := crowded(t)
	var begun []time.Time // the sequencer's alone until the end
	o.watch(func(what step, do func() error) error {
		if what == stepAppend {
			begun = append(begun, time.Now())
		}
		return do()
	})
	const n = 200
	for id := range schema.RecordID(n) {
		o.see(id + 1)
	}
	o.until("all are moved without a flush", func() bool { return len(o.told("contact")) == n })
	o.close()
	if len(begun) < 2 || len(begun) > n/4 {
		t.Errorf("%d readings were moved in %d commits", n, len(begun))
	}
	for i, at := range begun[1:max(1, len(begun)-1)] { // the last may be that of the end
		if apart := at.Sub(begun[i]); apart < pace/2 {
			t.Errorf("two commits begin %s apart", apart)
		}
	}
}

// A journal that cannot be made is no reason to turn anybody away: readings go
// into the ledger straight.
func TestJournalThatCannotBeMadeIsPassedBy(t *testing.T) {
	o := crowded(t)
	var said bytes.Buffer
	o.s.log = slog.New(slog.NewTextHandler(&said, nil))
	if err := os.Mkdir(filepath.Join(o.place.Dir, journalName), 0o700); err != nil {
		t.Fatal(err)
	}
	for id := range schema.RecordID(5) {
		o.see(id + 1)
	}
	o.toldOnce(5) // without a flush
	o.proved()
	o.close()
	if n := strings.Count(said.String(), "journal of readings"); n != 1 {
		t.Errorf("it was said %d times: %s", n, said.String())
	}
}

// Where a file system refuses to write past the memory of the system, which some
// say only at the first write, parts go through it.
func TestFileIsWrittenPastTheMemoryOfTheSystemWhereThatCanBe(t *testing.T) {
	whole := bytes.Repeat([]byte("readings"), 2*halfJournal/8)
	page := aligned(pageJournal)
	copy(page, bytes.Repeat([]byte{7}, pageJournal))
	for name, test := range map[string]struct {
		open     func(path string) (syncedFile, error)
		buffered bool
	}{
		"as here":            {openDirect, runtime.GOOS != "linux"},
		"cannot be opened":   {func(string) (syncedFile, error) { return nil, errPulled }, true},
		"refuses each write": {func(string) (syncedFile, error) { return refusing{}, nil }, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), journalName)
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			s, err := openSynced(f, test.open)
			if err != nil {
				t.Fatal(err)
			}
			if _, is := s.(buffered); is != test.buffered {
				t.Errorf("it is written by %T", s)
			}
			if text, err := os.ReadFile(path); err != nil || !bytes.Equal(text, whole) {
				t.Fatalf("to open it changed it, or %v", err)
			}
			if err := s.put(page, 3*pageJournal); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			copy(whole[3*pageJournal:], page)
			if text, err := os.ReadFile(path); err != nil || !bytes.Equal(text, whole) {
				t.Errorf("the file is not what was put, or %v", err)
			}
		})
	}
}

// refusing is a file of a file system that says at the first write that it
// cannot do it.
type refusing struct{}

func (refusing) put([]byte, int64) error { return syscall.EINVAL }
func (refusing) Close() error            { return nil }
