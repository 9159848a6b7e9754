package scribe

import (
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
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

// office is a workspace that a test can close, damage and open again.
type office struct {
	*testing.T
	ctx   context.Context
	place store.Options
	opts  Options
	keys  *vault.Vault
	db    *store.DB
	s     *Scribe

	// between stands between the scribe and the disk, if there is anything.
	between atomic.Pointer[func(what step, do func() error) error]
}

// each runs a test on every database, with the scribe open.
func each(t *testing.T, test func(o *office)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			o := newOffice(t, engine)
			o.open()
			test(o)
		})
	}
}

func newOffice(t *testing.T, engine store.Engine) *office {
	t.Helper()
	o := &office{T: t, ctx: t.Context(), place: storetest.Place(t, engine)}
	var err error
	if o.keys, err = vault.Open(o.place.Dir, nil); err != nil {
		t.Fatal(err)
	}
	o.opts = Options{HeadFile: filepath.Join(o.place.Dir, "outside", "head")}
	t.Cleanup(o.close)
	return o
}

// open opens database and scribe, which must succeed.
func (o *office) open() {
	o.Helper()
	if err := o.tryOpen(); err != nil {
		o.Fatalf("open: %v", err)
	}
}

func (o *office) tryOpen() error {
	o.Helper()
	o.openStore()
	o.between.Store(nil)
	s, err := prepare(o.ctx, o.db, o.keys, o.opts)
	if err != nil {
		return err
	}
	commit, keep := s.commit, s.keep
	through := func(what step, do func() error) error {
		if between := o.between.Load(); between != nil {
			return (*between)(what, do)
		}
		return do()
	}
	s.commit = func(ctx context.Context, db *store.DB, what step, do func(*store.Tx) error) error {
		return through(what, func() error { return commit(ctx, db, what, do) })
	}
	s.single = through
	s.keep = func(path string, signed []byte) error {
		return through(stepHead, func() error { return keep(path, signed) })
	}
	put := s.put
	s.put = func(b []byte, at int64) error {
		return through(stepJournal, func() error { return put(b, at) })
	}
	if err := s.open(o.ctx); err != nil {
		return err
	}
	o.s = s
	return nil
}

// watch puts something between the scribe and the disk until the scribe is
// opened again.
func (o *office) watch(between func(what step, do func() error) error) { o.between.Store(&between) }

// times counts how often a thing is put on disk, until the scribe is opened again.
func (o *office) times(which step) *atomic.Int64 {
	var n atomic.Int64
	o.watch(func(what step, do func() error) error {
		if what == which {
			n.Add(1)
		}
		return do()
	})
	return &n
}

func (o *office) openStore() {
	o.Helper()
	if o.db != nil {
		return
	}
	db, err := store.Open(o.ctx, o.place)
	if err != nil {
		o.Fatalf("open database: %v", err)
	}
	o.db = db
}

func (o *office) close() {
	o.Helper()
	ctx := context.Background() // also at the end of the test
	if o.s != nil {
		if err := o.s.Close(ctx); err != nil {
			o.Errorf("close scribe: %v", err)
		}
		o.s = nil
	}
	if o.db != nil {
		if err := o.db.Close(); err != nil {
			o.Errorf("close database: %v", err)
		}
		o.db = nil
	}
}

// crash ends the scribe as the end of its process would: nothing that waits is
// written any more. What is on disk is all that is left.
func (o *office) crash() {
	o.Helper()
	o.watch(func(step, func() error) error { return errPulled })
	o.s.die()
	<-o.s.ended
	o.s = nil
	o.close()
}

var ana = actor.Actor{Kind: actor.Person, Person: 7, Session: 3, Address: netip.MustParseAddr("192.0.2.9")}

// change writes a change that has an entry about a record.
func (o *office) change(id schema.RecordID) {
	o.Helper()
	if err := o.tryChange(id); err != nil {
		o.Fatalf("write: %v", err)
	}
}

func (o *office) tryChange(id schema.RecordID) error {
	return o.db.Write(o.ctx, func(tx *store.Tx) error {
		return o.s.Write(o.ctx, tx, Entry{Event: "record.changed", Who: ana, Kind: "contact", Records: []schema.RecordID{id},
			Details: map[string]any{"city": []string{"Turin", "Milan"}}})
	})
}

// see notes a reading of records.
func (o *office) see(ids ...schema.RecordID) {
	o.Helper()
	if err := o.trySee(ids...); err != nil {
		o.Fatalf("note: %v", err)
	}
}

func (o *office) trySee(ids ...schema.RecordID) error {
	return o.s.Note(o.ctx, Entry{Event: "record.opened", Who: ana, Kind: "contact", Records: ids, Surface: "card", Shown: []schema.Class{schema.Contact}})
}

func (o *office) flush() {
	o.Helper()
	if err := o.s.Flush(o.ctx); err != nil {
		o.Fatalf("flush: %v", err)
	}
}

// all reads the whole ledger as it lies in the database.
func (o *office) all() []ledger.Entry {
	o.Helper()
	var all []ledger.Entry
	for st, err := range SourceOf(o.db).Entries(o.ctx, 0) {
		if err != nil {
			o.Fatal(err)
		}
		e, err := ledger.ParseEntry(st.Entry)
		if err != nil {
			o.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// told counts the entries that name a record.
func (o *office) told(kind string) map[schema.RecordID]int {
	o.Helper()
	n := map[schema.RecordID]int{}
	for _, e := range o.all() {
		if e.Kind == kind {
			for _, id := range e.Records {
				n[schema.RecordID(id)]++
			}
		}
	}
	return n
}

// verify asks the independent verifier about the database as it is now.
func (o *office) verify(heads ...[]byte) ledger.Report {
	o.Helper()
	r, err := ledger.Verify(o.ctx, SourceOf(o.db), o.keys.LedgerVerifier(), ledger.Options{Heads: heads})
	if err != nil {
		o.Fatalf("verify: %v", err)
	}
	return r
}

// proved fails the test unless everything is well, against the head outside, too.
func (o *office) proved() ledger.Report {
	o.Helper()
	r := o.verify(o.head())
	if !r.OK() || r.Integrity != ledger.Proved || r.Completeness != ledger.Proved {
		text, _ := json.MarshalIndent(r, "", " ")
		o.Fatalf("not proved: %s", text)
	}
	return r
}

func (o *office) head() []byte {
	o.Helper()
	head, err := os.ReadFile(o.opts.HeadFile)
	if err != nil {
		o.Fatal(err)
	}
	return head
}

// covered is the size of the tree that the head outside speaks of.
func (o *office) covered() int64 {
	o.Helper()
	c, err := ledger.OpenCheckpoint(o.head(), o.keys.LedgerVerifier())
	if err != nil {
		o.Fatal(err)
	}
	return c.Size
}

// until waits for something that the scribe does in the background.
func (o *office) until(what string, is func() bool) {
	o.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			o.Fatalf("waited in vain: %s", what)
		}
	}
}
