package ledger

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// files collects a bundle in memory.
type files fstest.MapFS

type file struct {
	bytes.Buffer
	close func([]byte)
}

func (f *file) Close() error {
	f.close(f.Bytes())
	return nil
}

func (fs files) create(name string) (io.WriteCloser, error) {
	return &file{close: func(b []byte) { fs[name] = &fstest.MapFile{Data: b} }}, nil
}

func (fs files) copy() files {
	c := files{}
	for name, f := range fs {
		c[name] = &fstest.MapFile{Data: bytes.Clone(f.Data)}
	}
	return c
}

func (l *testLog) bundle() files {
	l.t.Helper()
	fs := files{}
	c, err := WriteBundle(l.t.Context(), l, l.key, fs.create)
	if err != nil {
		l.t.Fatal(err)
	}
	if c.Size != l.tree.Size() {
		l.t.Fatalf("bundle of %d entries, want %d", c.Size, l.tree.Size())
	}
	return fs
}

func (l *testLog) verifyFiles(fs files) Report {
	l.t.Helper()
	b, err := OpenBundle(fstest.MapFS(fs))
	if err != nil {
		l.t.Fatal(err)
	}
	r, err := Verify(l.t.Context(), b, l.key, Options{})
	if err != nil {
		l.t.Fatal(err)
	}
	return r
}

func TestBundleVerifiesLikeItsLog(t *testing.T) {
	for _, n := range []int{1, 2, 255, 256, 257, 600} {
		l := newLog(t).fill(n)
		fs := l.bundle()
		r, want := l.verifyFiles(fs), l.verify(Options{})
		if !r.OK() || r.Proven != int64(n) || r.WithDetails != want.WithDetails || r.Checkpoints != want.Checkpoints {
			t.Errorf("%d entries: %+v", n, r)
		}
		for tile := range Tiles(int64(n)) {
			if fs[tile.Path()] == nil {
				t.Errorf("%d entries: no %s", n, tile.Path())
			}
		}
	}
}

func TestBundleOfEmptyLogVerifies(t *testing.T) {
	l := newLog(t)
	l.seal()
	if r := l.verifyFiles(l.bundle()); !r.OK() {
		t.Errorf("found %+v", r.Findings)
	}
}

func TestBundleLeavesOutWhatIsNotSealed(t *testing.T) {
	l := newLog(t).fill(300)
	fs := l.bundle()
	l.write(Entry{}, "new")
	later := files{}
	if _, err := WriteBundle(t.Context(), l, l.key, later.create); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(slices.Sorted(maps.Keys(fs)), slices.Sorted(maps.Keys(later))) {
		t.Error("an entry that no checkpoint covers is in the bundle")
	}
}

func TestBundleOfABrokenLogIsNotWritten(t *testing.T) {
	for name, damage := range map[string]func(*testLog){
		"changed": func(l *testLog) { l.edit(3, func(e *Entry) { e.Actor.ID++ }) },
		"deleted": func(l *testLog) { l.rows = slices.Delete(l.rows, 3, 4) },
		"cut":     func(l *testLog) { l.rows = l.rows[:20] },
		"foreign": func(l *testLog) { l.signer, _ = testKey(t, l.key.Name(), 2); l.seal() },
	} {
		l := newLog(t).fill(30)
		damage(l)
		if _, err := WriteBundle(t.Context(), l, l.key, files{}.create); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestDamagedBundleIsFound(t *testing.T) {
	l := newLog(t).fill(600)
	whole := l.bundle()
	wants := func(name string, problem Problem, first, last int64, damage func(fs files)) {
		t.Run(name, func(t *testing.T) {
			fs := whole.copy()
			damage(fs)
			l := l.copy()
			l.t = t
			r := l.verifyFiles(fs)
			if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Problem == problem && f.First == first && f.Last == last }) {
				t.Errorf("found %+v", r.Findings)
			}
			if len(r.Findings) > 2 {
				t.Errorf("found too much: %+v", r.Findings)
			}
		})
	}
	second := Tile{Entries, 1, TileWidth}.Path()
	wants("entry changed", Changed, 256, 256, func(fs files) {
		fs[second].Data[2+30] ^= 1
	})
	wants("file missing", Deleted, 256, 511, func(fs files) { delete(fs, second) })
	wants("first file missing", Deleted, 0, 255, func(fs files) { delete(fs, Tile{Entries, 0, TileWidth}.Path()) })
	wants("last file missing", CutTail, 512, 599, func(fs files) { delete(fs, Tile{Entries, 2, 88}.Path()) })
	wants("entry taken out", Deleted, 300, 300, func(fs files) {
		entries, err := SplitBundle(fs[second].Data)
		if err != nil {
			t.Fatal(err)
		}
		var b []byte
		for i, e := range entries {
			if i != 44 {
				b, _ = AppendToBundle(b, e)
			}
		}
		fs[second].Data = b
	})
	wants("file broken off", Unreadable, 511, 511, func(fs files) {
		fs[second].Data = fs[second].Data[:len(fs[second].Data)-1]
	})
	wants("all but the head cut off", CutTail, 512, 599, func(fs files) {
		delete(fs, Tile{Entries, 2, 88}.Path())
		delete(fs, checkpointsFile)
	})
	wants("details changed", BadDetails, 0, 0, func(fs files) {
		fs["details/000"].Data = bytes.Replace(fs["details/000"].Data, []byte(`"details":"e`), []byte(`"details":"f`), 1)
	})
	wants("checkpoint forged", Forged, -1, -1, func(fs files) {
		fs[checkpointsFile].Data = bytes.Replace(fs[checkpointsFile].Data, []byte("\n20\n"), []byte("\n21\n"), 1)
	})

	t.Run("details erased", func(t *testing.T) {
		fs := whole.copy()
		delete(fs, "details/001")
		if r := l.verifyFiles(fs); !r.OK() || r.Erased == 0 {
			t.Errorf("found %+v, %d erased", r.Findings, r.Erased)
		}
	})
	t.Run("hash tiles gone", func(t *testing.T) {
		fs := whole.copy()
		for name := range fs {
			if strings.HasPrefix(name, "tile/") && !strings.HasPrefix(name, "tile/entries/") {
				delete(fs, name)
			}
		}
		if r := l.verifyFiles(fs); !r.OK() {
			t.Errorf("found %+v", r.Findings)
		}
	})
}

func TestProofsCanBeMadeFromABundle(t *testing.T) {
	l := newLog(t).fill(600)
	fs := l.bundle()
	b, err := OpenBundle(fstest.MapFS(fs))
	if err != nil {
		t.Fatal(err)
	}
	head, err := b.Head()
	if err != nil {
		t.Fatal(err)
	}
	c, err := OpenCheckpoint(head, l.key)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int64{0, 255, 256, 511, 599} {
		p, err := Prove(i, head, b.Hashes(c))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Verify(l.rows[i].Entry, l.key); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
	}
	fs["tile/0/001"].Data[40] ^= 1
	if _, err := Prove(300, head, b.Hashes(c)); err == nil {
		t.Error("a proof was made from a wrong tile")
	}
}

// Names of tiles sort otherwise than their numbers; what is read must be in
// the order of the numbers.
func TestTilesAreReadInTheOrderOfTheirNumbers(t *testing.T) {
	fs := fstest.MapFS{"checkpoint": {}, "tile/entries/junk": {}, "tile/entries/1000": {}, "tile/entries/x00z/001": {}}
	var want []int64
	for _, tile := range []Tile{
		{Entries, 0, TileWidth}, {Entries, 2, 7}, {Entries, 999, TileWidth}, {Entries, 1000, TileWidth}, {Entries, 1001, 255},
		{Entries, 999_999, TileWidth}, {Entries, 1_000_000, TileWidth}, {Entries, 1_234_067, 1}, {Entries, 999_999_999_999, 3},
	} {
		entry := Entry{Time: morning, Event: "x"}
		b, err := AppendToBundle(nil, entry.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		fs[tile.Path()] = &fstest.MapFile{Data: b}
		want = append(want, tile.Index*TileWidth)
	}
	fs["tile/entries/002.p/6"] = &fstest.MapFile{Data: []byte("narrower")}
	fs["tile/entries/999.p/200"] = &fstest.MapFile{Data: []byte("of an older tree")}
	b, err := OpenBundle(fs)
	if err != nil {
		t.Fatal(err)
	}
	for from := range want {
		var got []int64
		for s, err := range b.Entries(t.Context(), want[from]) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, s.Seq)
		}
		if !slices.Equal(got, want[from:]) {
			t.Errorf("from %d: read %v, want %v", want[from], got, want[from:])
		}
	}
}

// Whatever strangers put into the files, reading ends and does not panic. Which
// goroutine runs first differs between runs, so fuzz with -fuzzminimizetime 10x.
func FuzzBundle(f *testing.F) {
	l := newLog(f).fill(5)
	fs := files{}
	if _, err := WriteBundle(f.Context(), l, l.key, fs.create); err != nil {
		f.Fatal(err)
	}
	f.Add(fs["checkpoint"].Data, fs["checkpoints"].Data, fs["tile/entries/000.p/5"].Data, fs["details/000"].Data)
	f.Fuzz(func(t *testing.T, head, checkpoints, entries, details []byte) {
		b, err := OpenBundle(fstest.MapFS{
			"checkpoint":           {Data: head},
			"checkpoints":          {Data: checkpoints},
			"tile/entries/000.p/5": {Data: entries},
			"details/000":          {Data: details},
		})
		if err != nil {
			return
		}
		r, err := Verify(t.Context(), b, l.key, Options{})
		if err == nil && r.OK() && r.Proven > 0 && !bytes.Equal(entries, fs["tile/entries/000.p/5"].Data) {
			t.Fatalf("other entries are proved: %+v", r)
		}
	})
}

// PublishedLog publishes a log of n entries and its public key for tests that
// must not use this package's own reading.
func PublishedLog(t testing.TB, n int) (fstest.MapFS, string) {
	t.Helper()
	seed := steady(1)
	_, public, err := NewKey("castellan.example/demo", &seed)
	if err != nil {
		t.Fatal(err)
	}
	l := newLog(t)
	l.fill(n)
	return fstest.MapFS(l.bundle()), public
}
