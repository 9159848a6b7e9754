package scribe

import (
	"bytes"
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/vault"
	"castellan/ledger"
)

// put appends entries at made-up times, without waiting for a disk.
func (o *office) put(all []item) {
	o.Helper()
	err := o.db.Ledger().Write(o.ctx, func(tx *store.Tx) error {
		h, err := readHead(o.ctx, tx)
		if err != nil {
			return err
		}
		for i := range all {
			all[i].src = 0
		}
		return h.append(o.ctx, tx, all)
	})
	if err != nil {
		o.Fatal(err)
	}
}

// quiet opens the workspace without anybody who writes on their own.
func (o *office) quiet() {
	o.Helper()
	o.close()
	o.openStore()
	var err error
	if o.s, err = prepare(o.ctx, o.db, o.keys, o.opts); err != nil {
		o.Fatal(err)
	}
	o.s.die()
	close(o.s.ended)
}

var events = []Event{"record.listed", "record.opened", "record.changed", "record.revealed", "session.started", "bulk.done"}

// random makes an entry of a busy house: what it is about is often the same few
// records, people and events.
func random(r *rand.Rand) Entry {
	few := func(n int) int { return int(float64(n) * r.Float64() * r.Float64() * r.Float64()) }
	e := Entry{Event: events[few(len(events))], Kind: []string{"contact", "deal"}[r.IntN(2)]}
	if r.IntN(5) == 0 {
		e.Who = actor.Actor{Kind: actor.Program, Person: 1, Key: actor.KeyID(few(5) + 1)}
	} else {
		e.Who = actor.Actor{Kind: actor.Person, Person: actor.PersonID(few(12) + 1), Address: netip.MustParseAddr("192.0.2.9")}
	}
	for range few(60) {
		e.Records = append(e.Records, schema.RecordID(few(3000)+1))
	}
	for _, c := range schema.Classes() {
		if r.IntN(3) == 0 {
			e.Shown = append(e.Shown, c)
		}
	}
	if r.IntN(4) == 0 {
		e.Details = map[string]int{"n": r.IntN(1000)}
	}
	return e
}

// fill writes n random entries some seconds apart, with times a little out of
// order, as transactions of different length make them.
func (o *office) fill(r *rand.Rand, n int) {
	o.Helper()
	at := o.s.opts.Now().Add(10 * time.Second)
	var all []item
	for range n {
		at = at.Add(time.Duration(r.IntN(4000)) * time.Millisecond)
		items, err := o.s.encode(random(r), at.Add(-time.Duration(r.IntN(8000))*time.Millisecond))
		if err != nil {
			o.Fatal(err)
		}
		all = append(all, items...)
	}
	for part := range slices.Chunk(all, 1000) {
		o.put(part)
	}
	o.s.opts.Now = func() time.Time { return at.Add(time.Second) }
	if err := errors.Join(o.s.sealNow(o.ctx), o.s.index(o.ctx)); err != nil {
		o.Fatal(err)
	}
}

// Every question is asked in pages and must give what reading the whole ledger
// and leaving out what does not fit gives.
func TestAnswersAreThoseOfReadingEverything(t *testing.T) {
	each(t, func(o *office) {
		const n = 5*spanWidth + 77
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 1))
		o.quiet()
		o.fill(r, n)
		all := o.all()
		for try := range 200 {
			var q Question
			if r.IntN(2) == 0 {
				q.Actor = &actor.Actor{Kind: actor.Person, Person: actor.PersonID(r.IntN(13) + 1)}
				if r.IntN(3) == 0 {
					q.Actor = &actor.Actor{Kind: actor.Program, Person: 1, Key: actor.KeyID(r.IntN(5) + 1)}
				}
			}
			if r.IntN(2) == 0 {
				q.Kind, q.Record = []string{"contact", "deal"}[r.IntN(2)], schema.RecordID(r.IntN(3001)+1)
			}
			for range max(0, r.IntN(5)-1) {
				q.Events = append(q.Events, events[r.IntN(len(events))])
			}
			if r.IntN(2) == 0 {
				q.From = all[0].Time.Add(time.Duration(r.IntN(n*2)) * time.Second)
			}
			if r.IntN(2) == 0 {
				q.To = all[0].Time.Add(time.Duration(r.IntN(n*2)) * time.Second)
			}
			if r.IntN(3) == 0 { // at the very moment of an entry
				q.From, q.To = all[r.IntN(n/2)].Time, all[n/2+r.IntN(n/2)].Time
			}
			q.Limit = []int{0, 1, 7, 1000}[r.IntN(4)]
			var want []int64
			for seq, e := range slices.Backward(all) {
				ts := e.Time.UnixMicro()
				if q.Record != 0 && (e.Kind != q.Kind || !slices.Contains(e.Records, int64(q.Record))) ||
					len(q.Events) > 0 && !slices.Contains(q.Events, Event(e.Event)) ||
					q.Actor != nil && (e.Actor.Kind != actorOf(*q.Actor).Kind || e.Actor.ID != actorOf(*q.Actor).ID) ||
					!q.From.IsZero() && ts < q.From.UnixMicro() || !q.To.IsZero() && ts >= q.To.UnixMicro() {
					continue
				}
				want = append(want, int64(seq))
			}
			var got []int64
			for pages, more := 0, true; more && len(got) < 60; pages++ {
				var told []Told
				var err error
				if told, more, err = o.s.Read(o.ctx, q); err != nil {
					t.Fatal(err)
				}
				if more && len(told) == 0 {
					t.Fatal("an empty page says that there is more")
				}
				for _, e := range told {
					got = append(got, e.Seq)
					q.Before = e.Seq
					if has := e.Entry.Commitment != [32]byte{}; has != (e.Details != nil) {
						t.Fatalf("entry %d: details %s", e.Seq, e.Details)
					}
				}
			}
			if cut := min(len(want), len(got)); !slices.Equal(got, want[:cut]) || cut < min(len(want), 60) {
				q.Before = 0
				t.Fatalf("seed %d, try %d: %+v gives %d entries, want %d", seed, try, q, len(got), len(want))
			}
		}
		var kept int64
		if err := o.s.ledger.QueryRow(o.ctx, store.Text("SELECT count(*) FROM span_often")).Scan(&kept); err != nil || kept < 100 {
			t.Errorf("of only %d records of spans is kept who met them: %v", kept, err)
		}
		o.seenAgree(r, all)
	})
}

// seenAgree compares Seen with going through everything.
func (o *office) seenAgree(r *rand.Rand, all []ledger.Entry) {
	o.Helper()
	for range 100 {
		kind, id := []string{"contact", "deal"}[r.IntN(2)], int64(r.IntN(3001)+1)
		if r.IntN(2) == 0 {
			id = int64(r.IntN(40) + 1) // such as every span names
		}
		type who struct {
			kind ledger.ActorKind
			id   int64
		}
		times, first, last, changed, shown := map[who]int{}, map[who]time.Time{}, map[who]time.Time{}, map[who]bool{}, map[who][]string{}
		for _, e := range all {
			if e.Kind == kind && slices.Contains(e.Records, id) {
				w := who{e.Actor.Kind, e.Actor.ID}
				times[w]++
				if times[w] == 1 || e.Time.Before(first[w]) {
					first[w] = e.Time
				}
				shown[w] = append(shown[w], e.Shown...)
				if e.Time.After(last[w]) {
					last[w] = e.Time
				}
				if e.Event == "record.changed" || e.Event == "bulk.done" || e.Event == "session.started" {
					changed[w] = true
				}
			}
		}
		got, err := o.s.Seen(o.ctx, kind, schema.RecordID(id))
		if err != nil {
			o.Fatal(err)
		}
		if len(got) != len(times) {
			o.Fatalf("%d have seen it, not %d", len(got), len(times))
		}
		for i, g := range got {
			w := who{ledger.ActorKind(g.Kind), g.ID}
			if g.Times != times[w] || !g.First.Equal(first[w]) || !g.Last.Equal(last[w]) || g.Changed != changed[w] || !slices.Equal(g.Shown, slices.Compact(slices.Sorted(slices.Values(shown[w])))) {
				o.Errorf("%+v, want %d times from %v until %v, changed %t, shown %v", g, times[w], first[w], last[w], changed[w], shown[w])
			}
			if i > 0 && got[i-1].Last.Before(g.Last) {
				o.Error("not the latest first")
			}
		}
	}
}

// A filter that has lost a record would hide who saw it.
func TestFilterNeverHidesARecord(t *testing.T) {
	o := newOffice(t, store.SQLite)
	o.open()
	o.quiet()
	o.fill(rand.New(rand.NewPCG(1, 2)), 2*spanWidth)
	all := o.all()
	for place := range int64(2) {
		filter, _, err := o.s.filterOf(o.ctx, place*spanWidth, (place+1)*spanWidth-1)
		if err != nil {
			t.Fatal(err)
		}
		alarms := 0
		for _, e := range all[place*spanWidth : (place+1)*spanWidth] {
			for _, id := range e.Records {
				if !mayName(filter, mix(uint64(id)^kindSalt(e.Kind))) {
					t.Fatalf("record %d is in the span and not in its filter", id)
				}
			}
		}
		const strangers = 20000
		for id := range uint64(strangers) {
			if mayName(filter, mix((1<<40+id)^kindSalt("contact"))) {
				alarms++
			}
		}
		if alarms > strangers/50 {
			t.Errorf("%d false alarms in %d", alarms, strangers)
		}
	}
}

// The short way over the bytes of an entry agrees with taking it apart.
func TestNamingIsWhatTheParserSays(t *testing.T) {
	keys, err := vault.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &Scribe{vault: keys, incarnation: 1 << 20}
	r := rand.New(rand.NewPCG(7, 8))
	yes := 0
	for range 20000 {
		e := random(r)
		for i := range e.Records {
			if r.IntN(2) == 0 {
				e.Records[i] = schema.RecordID(r.Uint64()) // of any sign and size
			}
		}
		items, err := s.encode(e, time.UnixMicro(r.Int64N(1<<50)))
		if err != nil {
			t.Fatal(err)
		}
		b := items[0].entry
		id := int64(r.IntN(40))
		if len(e.Records) > 0 && r.IntN(2) == 0 {
			id = int64(e.Records[r.IntN(len(e.Records))])
		}
		want := e.Kind == "contact" && slices.Contains(e.Records, schema.RecordID(id))
		if naming(b, "contact", id) != want {
			t.Fatalf("naming(%x, %d) is not %t", b, id, want)
		}
		if want {
			yes++
		}
		// Cut or damaged, it neither breaks nor hides what is still an entry.
		b = slices.Clone(b[:r.IntN(len(b)+1)])
		if len(b) > 0 {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		p, err := ledger.ParseEntry(b)
		if got := naming(b, "contact", id); err == nil && got != (p.Kind == "contact" && slices.Contains(p.Records, id)) {
			t.Fatalf("naming(%x, %d) of a damaged entry", b, id)
		}
	}
	if yes < 1000 {
		t.Errorf("only %d entries named the record", yes)
	}
}

func TestProofConvincesWhoHasTheKeyAlone(t *testing.T) {
	each(t, func(o *office) {
		o.quiet()
		o.fill(rand.New(rand.NewPCG(3, 4)), 700)
		for _, seq := range []int64{0, 1, 255, 256, 511, 699, 700} {
			text, err := o.s.Proof(o.ctx, seq)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := o.s.Raw(o.ctx, seq)
			if err != nil {
				t.Fatal(err)
			}
			p, err := ledger.ParseProof(text)
			if err != nil {
				t.Fatal(err)
			}
			if c, err := p.Verify(raw.Entry, o.keys.LedgerVerifier()); err != nil || p.Index != seq || c.Size != 701 {
				t.Errorf("entry %d: %v", seq, err)
			}
			e, err := ledger.ParseEntry(raw.Entry)
			if err != nil {
				t.Fatal(err)
			}
			if raw.Details != nil && ledger.Commit(raw.Salt, raw.Details) != e.Commitment {
				t.Errorf("the details of entry %d do not open its commitment", seq)
			}
			raw.Entry[len(raw.Entry)/2] ^= 1
			if _, err := p.Verify(raw.Entry, o.keys.LedgerVerifier()); err == nil {
				t.Errorf("an altered entry %d is proved", seq)
			}
		}
		if _, err := o.s.Proof(o.ctx, 701); err == nil {
			t.Error("an entry that is not there was proved")
		}
		if _, err := o.s.Raw(o.ctx, 701); !errors.Is(err, store.ErrNoRows) {
			t.Error(err)
		}
	})
}

func TestBundleIsVerifiedWithoutTheHouse(t *testing.T) {
	each(t, func(o *office) {
		o.quiet()
		o.fill(rand.New(rand.NewPCG(5, 6)), 700)
		dir := t.TempDir()
		if _, err := ledger.WriteBundle(o.ctx, o.s.Source(), o.keys.LedgerVerifier(), func(name string) (io.WriteCloser, error) {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return nil, err
			}
			return os.Create(path)
		}); err != nil {
			t.Fatal(err)
		}
		b, err := ledger.OpenBundle(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		r, err := ledger.Verify(o.ctx, b, o.keys.LedgerVerifier(), ledger.Options{Heads: [][]byte{o.s.Checkpoint()}})
		if err != nil || !r.OK() || r.Proven != 701 || r.WithDetails == 0 {
			t.Errorf("%v, %+v", err, r)
		}
	})
}

// Attack 61: what the law wants forgotten is gone from the ledger, and the
// ledger verifies as before.
func TestAttack61ErasedDetailsAreGoneAndTheTreeVerifies(t *testing.T) {
	each(t, func(o *office) {
		const secret = "+39 011 555 0142"
		var seqs []int64
		for id := range schema.RecordID(5) {
			err := o.db.Write(o.ctx, func(tx *store.Tx) error {
				return o.s.Write(o.ctx, tx, Entry{Event: "record.changed", Who: ana, Kind: "contact", Records: []schema.RecordID{id + 1}, Details: map[string]string{"phone": secret}})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		o.flush()
		before := o.s.Checkpoint()
		told, _, err := o.s.Read(o.ctx, Question{Kind: "contact", Record: 3})
		if err != nil || len(told) != 1 || !strings.Contains(string(told[0].Details), secret) {
			t.Fatalf("%v, %v", told, err)
		}
		for seq, e := range o.all() {
			if e.Event == "record.changed" {
				seqs = append(seqs, int64(seq))
			}
		}
		n, err := o.s.Erase(o.ctx, ana, append(seqs, 0, 1<<40)...) // two that have none
		if err != nil || n != 5 {
			t.Fatalf("%d erased, %v", n, err)
		}
		o.flush()
		if told, _, err = o.s.Read(o.ctx, Question{Kind: "contact", Record: 3}); err != nil || len(told) != 1 || told[0].Details != nil {
			t.Errorf("%v, %v", told, err)
		}
		if told, _, err = o.s.Read(o.ctx, Question{Events: []Event{"ledger.erased"}}); err != nil || len(told) != 1 || len(told[0].Entry.Records) != 7 {
			t.Errorf("the erasure is told as %v, %v", told, err)
		}
		if r := o.proved(); r.Erased != 5 {
			t.Errorf("%d entries without their details", r.Erased)
		}
		if r := o.verify(before); !r.OK() {
			t.Errorf("the head from before the erasure: %+v", r.Findings)
		}
		for _, table := range []string{"SELECT data FROM detail", "SELECT details FROM outbox WHERE details IS NOT NULL"} {
			for _, db := range []*store.DB{o.db, o.db.Ledger()} {
				rows, err := db.Query(o.ctx, store.Text(table))
				if err != nil {
					continue // that table is in the other file
				}
				for rows.Next() {
					if b, _ := rows.Values()[0].([]byte); bytes.Contains(b, []byte(secret)) {
						t.Errorf("%s still gives it", table)
					}
				}
				if err := rows.Close(); err != nil {
					t.Error(err)
				}
			}
		}
		if n, err := o.s.Erase(o.ctx, ana, seqs...); n != 0 || err != nil {
			t.Errorf("erased %d a second time, %v", n, err)
		}
		if n, err := o.s.Erase(o.ctx, ana); n != 0 || err != nil {
			t.Errorf("erased %d of nothing, %v", n, err)
		}
		if o.db.Engine() == store.SQLite {
			o.close()
			for name, content := range o.image() {
				if bytes.Contains(content, []byte(secret)) && strings.HasPrefix(name, "ledger.db") {
					t.Errorf("the bytes are still in %s", name)
				}
			}
		}
	})
}

func TestLedgerIsAppendOnlyForWhoeverHasTheDatabase(t *testing.T) {
	each(t, func(o *office) {
		o.work(2)
		for _, s := range []string{"UPDATE ledger SET event = 'x'", "DELETE FROM ledger", "UPDATE checkpoint SET size = 1", "DELETE FROM checkpoint"} {
			err := o.db.Ledger().Write(o.ctx, func(tx *store.Tx) error {
				_, err := tx.Exec(o.ctx, store.Text(s))
				return err
			})
			if err == nil {
				t.Errorf("%s went through", s)
			}
		}
		o.proved()
	})
}

// A source is read page by page while the log goes on.
func TestVerifyingWhileTheHouseWorks(t *testing.T) {
	each(t, func(o *office) {
		o.opts.Interval = time.Millisecond
		o.close()
		o.open()
		ctx, stop := context.WithCancel(o.ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for id := schema.RecordID(1); ctx.Err() == nil; id++ {
				o.see(id)
				if id%10 == 0 {
					o.change(id)
				}
			}
		}()
		for range 30 {
			r, err := ledger.Verify(o.ctx, o.s.Source(), o.keys.LedgerVerifier(), ledger.Options{Heads: [][]byte{o.s.Checkpoint()}, Now: o.s.opts.Now().Add(time.Second)})
			if err != nil || !r.OK() {
				t.Fatalf("%v, %+v", err, r.Findings)
			}
		}
		stop()
		<-ended
	})
}

func TestSourceStandsStillWhileTheLogGoesOn(t *testing.T) {
	each(t, func(o *office) {
		r := rand.New(rand.NewPCG(9, 9))
		o.quiet()
		o.fill(r, 2*sourcePage)
		size := o.size()
		src, n := o.s.Source(), int64(0)
		for _, err := range src.Entries(o.ctx, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 1 {
				o.fill(r, 10)
			}
		}
		leaves := int64(0)
		for _, err := range src.Leaves(o.ctx, 5) {
			if err != nil {
				t.Fatal(err)
			}
			leaves++
		}
		if n != size || leaves != size-5 {
			t.Errorf("%d entries and %d leaves after entry 5, of a log of %d", n, leaves, size)
		}
		for signed, err := range src.Checkpoints(o.ctx, 0) {
			if c, e := ledger.OpenCheckpoint(signed, o.keys.LedgerVerifier()); err != nil || e != nil || c.Size > size {
				t.Errorf("a checkpoint over %d entries: %v %v", c.Size, err, e)
			}
		}
	})
}

// What somebody has cut out of the middle is named, and doubt stays with its
// block.
func TestAttack62EntryCutOutIsNamed(t *testing.T) {
	o := newOffice(t, store.SQLite)
	o.open()
	o.quiet()
	o.fill(rand.New(rand.NewPCG(10, 10)), 600)
	o.sql(o.db.Ledger(), "DROP TRIGGER ledger_kept", "DELETE FROM ledger WHERE seq = 300")
	var hashes []ledger.Hash
	for h, err := range SourceOf(o.db).Leaves(o.ctx, 298) {
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, h)
	}
	if len(hashes) != 601-298 || hashes[2] != (ledger.Hash{}) || hashes[3] == (ledger.Hash{}) {
		t.Errorf("%d leaves from 298 on, that of entry 300 is %v", len(hashes), hashes[2])
	}
	r := o.verify()
	// Entry and leaf are gone together, so that the rest of its block stands
	// on the block's root alone; all other blocks are proved.
	found := false
	for _, f := range r.Findings {
		found = found || f.Problem == ledger.Deleted && f.First == 300 && f.Last == 300
		if f.First < 256 || f.Last > 511 {
			t.Errorf("%+v", f)
		}
	}
	if !found {
		t.Errorf("%+v", r.Findings)
	}
}

func TestCatalogueTellsEveryEventOnce(t *testing.T) {
	seen := map[Event]bool{}
	name := regexp.MustCompile(`^[a-z]+(\.[a-z_]+)?$`)
	placeholder := regexp.MustCompile(`\{[^}]*\}`)
	abilities := map[policy.Ability]bool{}
	for _, a := range policy.Abilities() {
		abilities[a.Name] = true
	}
	for _, d := range Catalogue() {
		if seen[d.Event] || !name.MatchString(string(d.Event)) {
			t.Errorf("%s is there twice, or is no name", d.Event)
		}
		seen[d.Event] = true
		if d.Sentence == "" || strings.HasSuffix(d.Sentence, ".") || strings.HasPrefix(d.Sentence, " ") {
			t.Errorf("%s has no sentence: %q", d.Event, d.Sentence)
		}
		for _, p := range placeholder.FindAllString(d.Sentence, -1) {
			if p != "{who}" && p != "{record}" {
				t.Errorf("%s: nobody fills in %s", d.Event, p)
			}
		}
		if !abilities[d.Reader] {
			t.Errorf("%s: nobody may read it", d.Event)
		}
		if got, known := Describe(d.Event); !known || got != d {
			t.Errorf("%s is described as %+v", d.Event, got)
		}
		e := ledger.Entry{Time: time.Unix(0, 0).UTC(), Event: string(d.Event)}
		if err := e.Check(); err != nil {
			t.Errorf("%s: %v", d.Event, err)
		}
	}
	if _, known := Describe("record.vanished"); known {
		t.Error("an event that is not there is described")
	}
	for _, e := range []Event{ledger.EventHeartbeat, ledger.EventIncarnated} {
		if !seen[e] {
			t.Errorf("the catalogue lacks %s", e)
		}
	}
}

// emitted finds what looks like the name of an event in the rooms that write
// any.
func emitted(t *testing.T, root string) map[Event][]string {
	t.Helper()
	found := map[Event][]string{
		ledger.EventHeartbeat:  {"heartbeat"}, // by the verifier's own words for them
		ledger.EventIncarnated: {"accept"},
	}
	fset := token.NewFileSet()
	rooms := map[string][]*ast.File{}
	writes := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || d.Name() == "catalogue.go" {
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		room := filepath.Dir(path)
		rooms[room] = append(rooms[room], f)
		writes[room] = writes[room] || f.Name.Name == "scribe" ||
			slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return strings.HasSuffix(i.Path.Value, `/internal/scribe"`) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	event := regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)
	look := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr: // codes of faults have names of the same form
			if s, ok := n.Fun.(*ast.SelectorExpr); ok {
				if of, ok := s.X.(*ast.Ident); ok && of.Name == "fault" {
					return false
				}
			}
		case *ast.AssignStmt:
			if to, ok := n.Lhs[len(n.Lhs)-1].(*ast.Ident); ok && to.Name == "code" {
				return false
			}
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if n.Kind == token.STRING && err == nil && event.MatchString(text) {
				found[Event(text)] = append(found[Event(text)], fset.Position(n.Pos()).String())
			}
		}
		return true
	}
	for room, files := range rooms {
		for _, f := range files {
			if writes[room] {
				ast.Inspect(f, look)
			}
		}
	}
	return found
}

// A name of an event that is misspelt fails only when it happens, which may be
// never in a test. So the tree is read for what looks like one: "noun.verb" by
// the nouns of the catalogue.
func TestEveryEventThatIsWrittenIsInTheCatalogue(t *testing.T) {
	nouns := map[string]bool{}
	for _, d := range Catalogue() {
		noun, _, _ := strings.Cut(string(d.Event), ".")
		nouns[noun] = true
	}
	found := emitted(t, filepath.Join("..", ".."))
	known := 0
	for _, e := range slices.Sorted(maps.Keys(found)) {
		if _, ok := Describe(e); ok {
			known++
			continue
		}
		// A past participle: abilities and counters have none.
		noun, verb, _ := strings.Cut(string(e), ".")
		if nouns[noun] && regexp.MustCompile(`(ed|read|begun|given_up)$`).MatchString(verb) {
			t.Errorf("%s at %s is not in the catalogue", e, strings.Join(found[e], ", "))
		}
	}
	for _, d := range Catalogue() {
		if len(found[d.Event]) == 0 {
			t.Errorf("%s is in the catalogue and never written", d.Event)
		}
	}
	if known < 10 {
		t.Errorf("only %d events are written in the whole tree: this test reads the wrong place", known)
	}
	t.Logf("%d events of the catalogue are written", known)
}
