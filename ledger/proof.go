package ledger

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that one entry is in the log, to anyone who has the log's public
// key and nothing else of the log. Its text form is c2sp.org/tlog-proof@v1.
type Proof struct {
	Extra      []byte // unsigned, whatever its writer wanted to say; nil if nothing
	Index      int64  // of the entry, from 0 on
	Path       []Hash // from the leaf's sibling up to the root's child
	Checkpoint []byte // the signed note, as the log issued it
}

// maxPath is more than the proof in any tree of 2^63 leaves needs.
const maxPath = 64

const proofHeader = "c2sp.org/tlog-proof@v1"

// Marshal is the text of the proof.
func (p Proof) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString(proofHeader + "\n")
	if p.Extra != nil {
		b.WriteString("extra " + base64.StdEncoding.EncodeToString(p.Extra) + "\n")
	}
	fmt.Fprintf(&b, "index %d\n", p.Index)
	writePath(&b, p.Path)
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// ParseProof reads the text of a proof, strictly: what it accepts, Marshal
// writes back byte for byte. It proves nothing yet; Verify does.
func ParseProof(text []byte) (Proof, error) {
	head, checkpoint, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return Proof{}, errors.New("parse proof: no empty line before the checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	if lines[0] != proofHeader {
		return Proof{}, errors.New("parse proof: first line is not " + proofHeader)
	}
	lines = lines[1:]
	var p Proof
	var err error
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if p.Extra, err = base64.StdEncoding.DecodeString(lines[0][len("extra "):]); err != nil {
			return Proof{}, errors.New("parse proof: extra is not base64")
		}
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return Proof{}, errors.New("parse proof: no index")
	}
	if p.Index, err = parseLine(lines[0], "index "); err != nil {
		return Proof{}, fmt.Errorf("parse proof: %w", err)
	}
	if p.Path, err = parsePath(lines[1:]); err != nil {
		return Proof{}, fmt.Errorf("parse proof: %w", err)
	}
	p.Checkpoint = bytes.Clone(checkpoint)
	if !bytes.Equal(p.Marshal(), text) {
		return Proof{}, errors.New("parse proof: not in canonical form")
	}
	return p, nil
}

// Verify checks that the log signed by v's key contains entry, given as
// canonical bytes, at the proof's index, and returns the checkpoint that says
// so.
func (p Proof) Verify(entry []byte, v note.Verifier) (Checkpoint, error) {
	c, err := OpenCheckpoint(p.Checkpoint, v)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("verify proof: %w", err)
	}
	if p.Index < 0 || p.Index >= c.Size {
		return Checkpoint{}, fmt.Errorf("verify proof: entry %d is not among the %d of the checkpoint", p.Index, c.Size)
	}
	if err := tlog.CheckRecord(p.Path, c.Size, c.Root, p.Index, LeafHash(entry)); err != nil {
		return Checkpoint{}, fmt.Errorf("verify proof: the entry does not lead to the signed root: %w", err)
	}
	return c, nil
}

// Prove makes the proof for the entry at index in the tree of a signed
// checkpoint. Only the tree's own hashes are read; the signature is the
// business of whoever verifies.
func Prove(index int64, checkpoint []byte, hashes tlog.HashReader) (Proof, error) {
	c, err := checkpointText(checkpoint)
	if err != nil {
		return Proof{}, fmt.Errorf("prove entry %d: %w", index, err)
	}
	if index < 0 || index >= c.Size {
		return Proof{}, fmt.Errorf("prove entry %d: the checkpoint covers %d", index, c.Size)
	}
	path, err := tlog.ProveRecord(c.Size, index, hashes)
	if err != nil {
		return Proof{}, fmt.Errorf("prove entry %d: %w", index, err)
	}
	return Proof{Index: index, Path: path, Checkpoint: checkpoint}, nil
}

// Consistency shows that a log of an older size is the beginning of a newer
// one: nothing was taken away or altered, only added. Its text is what a C2SP
// tlog-witness accepts as the body of add-checkpoint.
type Consistency struct {
	Old        int64  // size of the older tree
	Path       []Hash // as in RFC 6962; empty if Old is zero or nothing was added
	Checkpoint []byte // the newer signed note
}

// Marshal is the text of the proof.
func (c Consistency) Marshal() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", c.Old)
	writePath(&b, c.Path)
	b.WriteString("\n")
	b.Write(c.Checkpoint)
	return b.Bytes()
}

// ParseConsistency reads what Marshal wrote, and nothing else.
func ParseConsistency(text []byte) (Consistency, error) {
	head, checkpoint, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return Consistency{}, errors.New("parse consistency proof: no empty line before the checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	var c Consistency
	var err error
	if c.Old, err = parseLine(lines[0], "old "); err != nil {
		return Consistency{}, fmt.Errorf("parse consistency proof: %w", err)
	}
	if c.Path, err = parsePath(lines[1:]); err != nil {
		return Consistency{}, fmt.Errorf("parse consistency proof: %w", err)
	}
	c.Checkpoint = bytes.Clone(checkpoint)
	if !bytes.Equal(c.Marshal(), text) {
		return Consistency{}, errors.New("parse consistency proof: not in canonical form")
	}
	return c, nil
}

// Verify checks that the tree of the older checkpoint is the beginning of that
// of the newer one, which it returns. Both must be signed with v's key.
func (c Consistency) Verify(older []byte, v note.Verifier) (Checkpoint, error) {
	was, err := OpenCheckpoint(older, v)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("verify consistency: older: %w", err)
	}
	is, err := OpenCheckpoint(c.Checkpoint, v)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("verify consistency: newer: %w", err)
	}
	switch {
	case was.Size != c.Old:
		return Checkpoint{}, fmt.Errorf("verify consistency: the proof starts at %d, the older checkpoint at %d", c.Old, was.Size)
	case was.Size > is.Size:
		return Checkpoint{}, fmt.Errorf("verify consistency: the newer log has %d entries, the older had %d", is.Size, was.Size)
	case was.Size == 0:
		// Everything begins with nothing. The root of nothing is still to be right.
		if empty := new(Frontier).Root(); len(c.Path) > 0 || was.Root != empty || is.Size == 0 && is.Root != empty {
			return Checkpoint{}, errors.New("verify consistency: the empty log has another root")
		}
		return is, nil
	}
	if err := tlog.CheckTree(c.Path, is.Size, is.Root, was.Size, was.Root); err != nil {
		return Checkpoint{}, fmt.Errorf("verify consistency: the older log is not the beginning of the newer one: %w", err)
	}
	return is, nil
}

// ProveConsistency makes the proof that the tree of the given older size is
// the beginning of that of a signed checkpoint.
func ProveConsistency(old int64, checkpoint []byte, hashes tlog.HashReader) (Consistency, error) {
	c, err := checkpointText(checkpoint)
	if err != nil {
		return Consistency{}, fmt.Errorf("prove consistency from %d: %w", old, err)
	}
	if old < 0 || old > c.Size {
		return Consistency{}, fmt.Errorf("prove consistency from %d: the checkpoint covers %d", old, c.Size)
	}
	if old == 0 {
		return Consistency{Checkpoint: checkpoint}, nil
	}
	path, err := tlog.ProveTree(c.Size, old, hashes)
	if err != nil {
		return Consistency{}, fmt.Errorf("prove consistency from %d: %w", old, err)
	}
	return Consistency{Old: old, Path: path, Checkpoint: checkpoint}, nil
}

// checkpointText reads a signed note without looking at its signatures.
func checkpointText(msg []byte) (Checkpoint, error) {
	text, _, found := bytes.Cut(msg, []byte("\n\n"))
	if !found {
		return Checkpoint{}, errors.New("checkpoint is not a signed note")
	}
	return ParseCheckpoint(string(text) + "\n")
}

func writePath(b *bytes.Buffer, path []Hash) {
	for _, h := range path {
		b.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
}

func parsePath(lines []string) ([]Hash, error) {
	if len(lines) > maxPath {
		return nil, errors.New("more hashes than a tree has levels")
	}
	var path []Hash
	for _, line := range lines {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return nil, errors.New("a line is not a hash")
		}
		path = append(path, h)
	}
	return path, nil
}

func parseLine(line, word string) (int64, error) {
	digits, ok := strings.CutPrefix(line, word)
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n < 0 {
		return 0, fmt.Errorf("no line %q with a number", strings.TrimSpace(word))
	}
	return n, nil
}

// TileHashes reads the hashes of the tree of a checkpoint out of its tiles,
// and checks every tile that it uses against the root: with a wrong tile Prove
// and ProveConsistency fail, they never prove something else. read returns the
// content of one hash tile, Width × 32 bytes.
func TileHashes(c Checkpoint, read func(Tile) ([]byte, error)) tlog.HashReader {
	return tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: c.Root}, tileReader(read))
}

// tileReader asks for tiles the way tlog does.
type tileReader func(Tile) ([]byte, error)

func (read tileReader) Height() int { return tileHeight }

func (read tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		b, err := read(Tile{t.L, t.N, t.W})
		if err != nil {
			return nil, err
		}
		if len(b) != t.W*tlog.HashSize {
			return nil, fmt.Errorf("read tile %s: %d bytes", Tile{t.L, t.N, t.W}.Path(), len(b))
		}
		data[i] = b
	}
	return data, nil
}

func (read tileReader) SaveTiles([]tlog.Tile, [][]byte) {}
