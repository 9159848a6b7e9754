package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Frontier is all that must be remembered of a tree to append to it and to
// know its root: the roots of the perfect subtrees that the leaves so far
// divide into, at most one a level. The zero Frontier is the empty tree.
// Copying it copies the tree; it allocates nothing.
type Frontier struct {
	size  int64
	roots [63]Hash // roots[l] is in use if bit l of size is set; otherwise zero
}

// Size is the number of leaves.
func (f *Frontier) Size() int64 { return f.size }

// Append adds a leaf. It costs one hash on average.
func (f *Frontier) Append(leaf Hash) {
	h := leaf
	l := 0
	for ; f.size>>l&1 == 1; l++ {
		h = tlog.NodeHash(f.roots[l], h)
		f.roots[l] = Hash{}
	}
	f.roots[l] = h
	f.size++
}

// Root is the Merkle tree hash of RFC 6962 over all leaves; that of no leaves
// is the SHA-256 of nothing.
func (f *Frontier) Root() Hash {
	if f.size == 0 {
		h, _ := tlog.TreeHash(0, nil)
		return h
	}
	low := bits.TrailingZeros64(uint64(f.size))
	h := f.roots[low]
	for l := low + 1; f.size>>l > 0; l++ {
		if f.size>>l&1 == 1 {
			h = tlog.NodeHash(f.roots[l], h)
		}
	}
	return h
}

// block is the part of the tree after its last full block of TileWidth leaves,
// as a tree of its own.
func (f *Frontier) block() Frontier {
	b := Frontier{size: f.size % TileWidth}
	copy(b.roots[:tileHeight], f.roots[:tileHeight])
	return b
}

// replaceBlock forgets the leaves after the last full block and appends a full
// block of which only the root is known.
func (f *Frontier) replaceBlock(root Hash) {
	f.size -= f.size % TileWidth
	clear(f.roots[:tileHeight])
	l := tileHeight
	for ; f.size>>l&1 == 1; l++ {
		root = tlog.NodeHash(f.roots[l], root)
		f.roots[l] = Hash{}
	}
	f.roots[l] = root
	f.size += TileWidth
}

// Marshal is the size, eight bytes big endian, and the subtree roots from the
// smallest to the largest.
func (f *Frontier) Marshal() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(f.roots)*tlog.HashSize/2), uint64(f.size))
	for l := range f.roots {
		if f.size>>l&1 == 1 {
			b = append(b, f.roots[l][:]...)
		}
	}
	return b
}

// ParseFrontier reads what Marshal wrote. The roots are taken as they are:
// compare Root with a signed checkpoint before trusting them.
func ParseFrontier(b []byte) (Frontier, error) {
	var f Frontier
	if len(b) < 8 {
		return Frontier{}, errors.New("parse frontier: ends early")
	}
	f.size, b = int64(binary.BigEndian.Uint64(b)), b[8:]
	if f.size < 0 {
		return Frontier{}, errors.New("parse frontier: size out of range")
	}
	if want := bits.OnesCount64(uint64(f.size)) * tlog.HashSize; len(b) != want {
		return Frontier{}, fmt.Errorf("parse frontier: %d bytes of roots where %d are needed", len(b), want)
	}
	for l := range f.roots {
		if f.size>>l&1 == 1 {
			b = b[copy(f.roots[l][:], b):]
		}
	}
	return f, nil
}
