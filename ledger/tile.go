package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// TileWidth is how many hashes a full tile holds, and how many entries a full
// entry bundle.
const TileWidth = 1 << tileHeight

const tileHeight = 8

// Entries is the level of entry bundles, which are not hashes but what the
// hashes of level 0 are hashes of.
const Entries = -1

// Tile names one file of a log in C2SP tlog-tiles layout. Level 0 holds leaf
// hashes; a hash of level n+1 is the root of a full tile of level n.
type Tile struct {
	Level int   // 0 to 63, or Entries
	Index int64 // from 0 on, within the level
	Width int   // 1 to TileWidth; less than TileWidth only at the right edge
}

// Path is where the tile lies: tile/0/x001/x234/067, tile/entries/000.p/17.
func (t Tile) Path() string {
	level := "entries"
	if t.Level != Entries {
		level = strconv.Itoa(t.Level)
	}
	path := fmt.Sprintf("%03d", t.Index%1000)
	for n := t.Index / 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if t.Width < TileWidth {
		path += ".p/" + strconv.Itoa(t.Width)
	}
	return "tile/" + level + "/" + path
}

// ParseTilePath reads what Path wrote, and nothing else.
func ParseTilePath(path string) (Tile, error) {
	bad := fmt.Errorf("parse tile path: %q names no tile", path)
	rest, ok := strings.CutPrefix(path, "tile/")
	level, rest, found := strings.Cut(rest, "/")
	if !ok || !found {
		return Tile{}, bad
	}
	t := Tile{Level: Entries, Width: TileWidth}
	var err error
	if level != "entries" {
		if t.Level, err = strconv.Atoi(level); err != nil || t.Level < 0 || t.Level > 63 {
			return Tile{}, bad
		}
	}
	if before, width, partial := strings.Cut(rest, ".p/"); partial {
		rest = before
		if t.Width, err = strconv.Atoi(width); err != nil || t.Width < 1 || t.Width >= TileWidth {
			return Tile{}, bad
		}
	}
	for digits := range strings.SplitSeq(rest, "/") {
		n, err := strconv.Atoi(strings.TrimPrefix(digits, "x"))
		if err != nil || n < 0 || n > 999 || t.Index > (1<<63-1-int64(n))/1000 {
			return Tile{}, bad
		}
		t.Index = t.Index*1000 + int64(n)
	}
	if t.Path() != path {
		return Tile{}, bad
	}
	return t, nil
}

// Tiles lists the files that a tree of the given size needs: entry bundles
// first, then the hash tiles from the leaves up. Partial tiles of smaller
// trees are not among them.
func Tiles(size int64) iter.Seq[Tile] {
	return func(yield func(Tile) bool) {
		for level := Entries; level < 64; level++ {
			n := size // how many entries or hashes the level has
			for range level {
				n >>= tileHeight
			}
			if n == 0 {
				return
			}
			for i := range n / TileWidth {
				if !yield(Tile{level, i, TileWidth}) {
					return
				}
			}
			if w := n % TileWidth; w > 0 && !yield(Tile{level, n / TileWidth, int(w)}) {
				return
			}
		}
	}
}

// Tiler turns leaves, one after the other, into hash tiles. The zero Tiler
// starts at the empty tree. It holds one unfinished tile a level, 8 KiB each.
type Tiler struct {
	size   int64
	levels [8]tileEdge // 256^8 leaves are more than there can be
}

// tileEdge is the unfinished tile at the right of a level.
type tileEdge struct {
	index  int64
	hashes []byte
}

// Append adds a leaf and hands every tile that it fills to put, lower levels
// first. The bytes are put's only until it returns.
func (t *Tiler) Append(leaf Hash, put func(Tile, []byte) error) error {
	h := leaf
	for l := range t.levels {
		edge := &t.levels[l]
		edge.hashes = append(edge.hashes, h[:]...)
		if len(edge.hashes) < TileWidth*tlog.HashSize {
			break
		}
		if err := put(Tile{l, edge.index, TileWidth}, edge.hashes); err != nil {
			return err
		}
		var subtree Frontier
		for i := range TileWidth {
			subtree.Append(Hash(edge.hashes[i*tlog.HashSize:]))
		}
		h = subtree.Root()
		edge.index++
		edge.hashes = edge.hashes[:0]
	}
	t.size++
	return nil
}

// Size is the number of leaves appended.
func (t *Tiler) Size() int64 { return t.size }

// Partial hands the unfinished tiles of the right edge to put, those of lower
// levels first. Appending may go on afterwards.
func (t *Tiler) Partial(put func(Tile, []byte) error) error {
	for l, edge := range t.levels {
		if len(edge.hashes) == 0 {
			continue
		}
		if err := put(Tile{l, edge.index, len(edge.hashes) / tlog.HashSize}, edge.hashes); err != nil {
			return err
		}
	}
	return nil
}

// AppendToBundle appends a canonical entry to an entry bundle: its length in
// two bytes, big endian, and itself.
func AppendToBundle(b, entry []byte) ([]byte, error) {
	if len(entry) > MaxEntrySize {
		return b, fmt.Errorf("append to entry bundle: entry of %d bytes, at most %d fit", len(entry), MaxEntrySize)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(entry)))
	return append(b, entry...), nil
}

// SplitBundle takes an entry bundle apart. When the bundle is cut off within
// an entry it returns the whole entries together with an error.
func SplitBundle(b []byte) ([][]byte, error) {
	var entries [][]byte
	for len(b) > 0 {
		if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
			return entries, errors.New("split entry bundle: ends within an entry")
		}
		n := 2 + int(binary.BigEndian.Uint16(b))
		entries = append(entries, b[2:n:n])
		b = b[n:]
	}
	return entries, nil
}
