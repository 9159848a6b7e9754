package ledger

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// stored is a tree kept the long way, with every hash of it.
type stored []tlog.Hash

func (s *stored) add(t testing.TB, n int64, leaf Hash) {
	hashes, err := tlog.StoredHashesForRecordHash(n, leaf, *s)
	if err != nil {
		t.Fatal(err)
	}
	*s = append(*s, hashes...)
}

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(s)) {
			return nil, fmt.Errorf("hash %d of %d", x, len(s))
		}
		out[i] = s[x]
	}
	return out, nil
}

func leafNumber(i int64) Hash { return LeafHash(fmt.Appendf(nil, "entry %d", i)) }

// edges are the sizes at which trees and tiles change their shape.
var edges = []int64{0, 1, 2, 3, 4, 7, 8, 9, 255, 256, 257, 511, 512, 513, 1000, 65535, 65536, 65537}

func TestFrontierAgreesWithTheWholeTree(t *testing.T) {
	var f Frontier
	var all stored
	for _, size := range edges {
		for f.Size() < size {
			leaf := leafNumber(f.Size())
			all.add(t, f.Size(), leaf)
			f.Append(leaf)
		}
		want, err := tlog.TreeHash(size, all)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Root(); got != want {
			t.Errorf("%d leaves: root %v, want %v", size, got, want)
		}
		back, err := ParseFrontier(f.Marshal())
		if err != nil || back != f {
			t.Errorf("%d leaves: not the same after writing and reading: %v", size, err)
		}
	}
}

// The inputs and roots are those that Certificate Transparency logs test with.
func TestFrontierAgreesWithCertificateTransparency(t *testing.T) {
	var f Frontier
	for _, step := range [][2]string{
		{"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
		{"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
		{"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
		{"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
		{"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
		{"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
		{"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
		{"606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
	} {
		entry, err := hex.DecodeString(step[0])
		if err != nil {
			t.Fatal(err)
		}
		f.Append(LeafHash(entry))
		root := f.Root()
		if got := hex.EncodeToString(root[:]); got != step[1] {
			t.Errorf("%d leaves: root %s, want %s", f.Size(), got, step[1])
		}
	}
}

func TestDamagedFrontierIsRefused(t *testing.T) {
	var f Frontier
	for i := range int64(7) {
		f.Append(leafNumber(i))
	}
	b := f.Marshal()
	for n := range b {
		if _, err := ParseFrontier(b[:n]); err == nil {
			t.Errorf("taken when cut to %d bytes", n)
		}
	}
	if _, err := ParseFrontier(append(b, 0)); err == nil {
		t.Error("taken with a byte too many")
	}
	if _, err := ParseFrontier(slices.Repeat([]byte{255}, 8+63*32)); err == nil {
		t.Error("taken with a negative size")
	}
}

func TestTilePathsAreThoseOfTheStandard(t *testing.T) {
	for _, c := range []struct {
		tile Tile
		path string
	}{
		{Tile{0, 1234067, 256}, "tile/0/x001/x234/067"},
		{Tile{0, 0, 256}, "tile/0/000"},
		{Tile{63, 999, 1}, "tile/63/999.p/1"},
		{Tile{1, 1000, 255}, "tile/1/x001/000.p/255"},
		{Tile{Entries, 273, 112}, "tile/entries/273.p/112"},
		{Tile{Entries, 1<<63 - 1, 256}, "tile/entries/x009/x223/x372/x036/x854/x775/807"},
	} {
		if got := c.tile.Path(); got != c.path {
			t.Errorf("%+v lies at %s, want %s", c.tile, got, c.path)
		}
		if got, err := ParseTilePath(c.path); err != nil || got != c.tile {
			t.Errorf("%s is %+v, %v", c.path, got, err)
		}
	}
	for _, path := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/1", "tile/0/0001", "tile/0/x000/001", "tile/0/001/002", "tile/0/x001",
		"tile/64/000", "tile/-1/000", "tile/00/000", "tile/+1/000", "tile/data/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
		"tile/0/000.p/1/2", "tile/0/../000", "/tile/0/000", "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
	} {
		if tile, err := ParseTilePath(path); err == nil {
			t.Errorf("%q is taken for %+v", path, tile)
		}
	}
}

func FuzzTilePath(f *testing.F) {
	f.Add("tile/0/x001/x234/067")
	f.Add("tile/entries/273.p/112")
	f.Fuzz(func(t *testing.T, path string) {
		if tile, err := ParseTilePath(path); err == nil && tile.Path() != path {
			t.Fatalf("%q is written back as %q", path, tile.Path())
		}
	})
}

// The standard's own example.
func TestTreeOf70000HasTheTilesOfTheStandard(t *testing.T) {
	count := map[string]int{}
	for tile := range Tiles(70000) {
		if tile.Width == TileWidth {
			count[fmt.Sprintf("%d full", tile.Level)]++
		} else {
			count[fmt.Sprintf("%d of %d", tile.Level, tile.Width)]++
		}
	}
	want := map[string]int{"-1 full": 273, "-1 of 112": 1, "0 full": 273, "0 of 112": 1, "1 full": 1, "1 of 17": 1, "2 of 1": 1}
	if fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("tiles %v, want %v", count, want)
	}
}

func TestTilerMakesTheTilesOfTheTree(t *testing.T) {
	var all stored
	var tiler Tiler
	got := map[Tile][]byte{}
	for _, size := range edges {
		partial := map[Tile][]byte{}
		keep := func(into map[Tile][]byte) func(Tile, []byte) error {
			return func(t Tile, b []byte) error {
				into[t] = bytes.Clone(b)
				return nil
			}
		}
		for tiler.Size() < size {
			leaf := leafNumber(tiler.Size())
			all.add(t, tiler.Size(), leaf)
			if err := tiler.Append(leaf, keep(got)); err != nil {
				t.Fatal(err)
			}
		}
		if err := tiler.Partial(keep(partial)); err != nil {
			t.Fatal(err)
		}
		n := 0
		for tile := range Tiles(size) {
			if tile.Level == Entries {
				continue
			}
			n++
			want, err := tlog.ReadTileData(tlog.Tile{H: 8, L: tile.Level, N: tile.Index, W: tile.Width}, all)
			if err != nil {
				t.Fatal(err)
			}
			have := got[tile]
			if tile.Width < TileWidth {
				have = partial[tile]
			}
			if !bytes.Equal(have, want) {
				t.Fatalf("%d leaves: tile %s is wrong or missing", size, tile.Path())
			}
		}
		if n != len(got)+len(partial) {
			t.Errorf("%d leaves: %d tiles made, %d wanted", size, len(got)+len(partial), n)
		}
	}
}

func TestEntryBundlesComeApartAsTheyWerePut(t *testing.T) {
	entries := [][]byte{[]byte("a"), {}, bytes.Repeat([]byte("b"), MaxEntrySize)}
	var b []byte
	var err error
	for _, e := range entries {
		if b, err = AppendToBundle(b, e); err != nil {
			t.Fatal(err)
		}
	}
	got, err := SplitBundle(b)
	if err != nil || len(got) != 3 || !slices.EqualFunc(got, entries, bytes.Equal) {
		t.Errorf("%d entries, %v", len(got), err)
	}
	if got, err := SplitBundle(b[:len(b)-1]); err == nil || len(got) != 2 {
		t.Errorf("cut off: %d entries, %v", len(got), err)
	}
	if _, err := AppendToBundle(nil, make([]byte, MaxEntrySize+1)); err == nil {
		t.Error("an entry too long was taken")
	}
}

// goldenLines reads a table of testdata.
func goldenLines(t testing.TB, name string, atLeast int) [][]string {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all [][]string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := strings.Fields(lines.Text()); len(line) > 0 && line[0] != "#" {
			all = append(all, line)
		}
	}
	if len(all) < atLeast {
		t.Fatalf("only %d lines in %s", len(all), name)
	}
	return all
}

func TestProofsAreThoseOfRFC6962(t *testing.T) {
	signer, key := testKey(t, "castellan.example/demo", 1)
	roots := map[int64]Checkpoint{}
	signed := map[int64][]byte{}
	var all stored
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, line := range goldenLines(t, "proofs.txt", 80) {
		var want []Hash
		for _, h := range line[min(3, len(line)):] {
			hash, err := tlog.ParseHash(h)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, hash)
		}
		switch line[0] {
		case "root":
			n := number(line[1])
			for i := int64(0); i < n; i++ {
				if tlog.StoredHashCount(i+1) > int64(len(all)) {
					all.add(t, i, leafNumber(i))
				}
			}
			root, err := tlog.ParseHash(line[2])
			if err != nil {
				t.Fatal(err)
			}
			roots[n] = Checkpoint{key.Name(), n, root, morning, 1}
			if signed[n], err = roots[n].Sign(signer); err != nil {
				t.Fatal(err)
			}
		case "inclusion":
			i, n := number(line[1]), number(line[2])
			p, err := Prove(i, signed[n], all)
			if err != nil || !slices.Equal(p.Path, want) {
				t.Errorf("%v: %v, %v", line[:3], p.Path, err)
			}
			if _, err := p.Verify(fmt.Appendf(nil, "entry %d", i), key); err != nil {
				t.Errorf("%v: %v", line[:3], err)
			}
		case "consistency":
			m, n := number(line[1]), number(line[2])
			p, err := ProveConsistency(m, signed[n], all)
			if err != nil || !slices.Equal(p.Path, want) {
				t.Errorf("%v: %v, %v", line[:3], p.Path, err)
			}
			if older, ok := signed[m]; ok {
				if _, err := p.Verify(older, key); err != nil {
					t.Errorf("%v: %v", line[:3], err)
				}
			}
		}
	}
}
