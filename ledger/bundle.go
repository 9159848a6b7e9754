package ledger

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// readme tells whoever opens a bundle what it is and how to check it.
//
//go:embed README.txt
var readme []byte

// Names of files in a bundle. Entry bundles and hash tiles lie where
// Tile.Path says.
const (
	headFile        = "checkpoint"
	checkpointsFile = "checkpoints"
	readmeFile      = "README.txt"
)

// detailsPath is where the details of the entries of one entry bundle lie.
func detailsPath(index int64) string {
	return "details/" + strings.TrimPrefix(Tile{Entries, index, TileWidth}.Path(), "tile/entries/")
}

// detail is one line of a details file.
type detail struct {
	Seq     int64  `json:"seq"`
	Salt    []byte `json:"salt"`    // base64
	Details []byte `json:"details"` // base64
}

// Create makes a file of a bundle. Names are slash-separated; folders are
// made as needed. Only one file is open at a time, so that an archive can be
// written as well as a folder.
type Create func(name string) (io.WriteCloser, error)

// WriteBundle writes everything that src holds up to its newest checkpoint
// signed by v, in C2SP tlog-tiles layout with what a verifier needs besides.
// It returns that checkpoint. It refuses to publish a log whose entries do not
// lead to it: such a log is to be verified, not passed on.
func WriteBundle(ctx context.Context, src Source, v note.Verifier, create Create) (Checkpoint, error) {
	head, err := writeCheckpoints(ctx, src, v, create)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("write bundle: %w", err)
	}
	if err := writeEntries(ctx, src, head, create); err != nil {
		return Checkpoint{}, fmt.Errorf("write bundle: %w", err)
	}
	if err := writeFile(create, readmeFile, readme); err != nil {
		return Checkpoint{}, fmt.Errorf("write bundle: %w", err)
	}
	return head, nil
}

// writeCheckpoints copies all checkpoints, then the newest once more alone.
func writeCheckpoints(ctx context.Context, src Source, v note.Verifier, create Create) (Checkpoint, error) {
	w, err := create(checkpointsFile)
	if err != nil {
		return Checkpoint{}, err
	}
	out := bufio.NewWriter(w)
	var newest mark
	between := ""
	for o, err := range opened(src.Checkpoints(ctx, 0), v) {
		if err == nil {
			err = o.err
		}
		if err == nil {
			_, err = out.WriteString(between + string(o.msg))
			between = "\n"
		}
		if err != nil {
			return Checkpoint{}, errors.Join(err, w.Close())
		}
		// After a restore the newest is not the largest: a checkpoint of the
		// lost branch may be larger.
		if newest.msg == nil || o.Incarnation > newest.Incarnation || o.Incarnation == newest.Incarnation && o.Size >= newest.Size {
			newest = o.mark
		}
	}
	if err := errors.Join(out.Flush(), w.Close()); err != nil {
		return Checkpoint{}, err
	}
	if newest.msg == nil {
		return Checkpoint{}, errors.New("the log has no checkpoint")
	}
	return newest.Checkpoint, writeFile(create, headFile, newest.msg)
}

// writeEntries writes entry bundles, details and hash tiles.
func writeEntries(ctx context.Context, src Source, head Checkpoint, create Create) error {
	var entries, details []byte
	var tree Frontier
	var tiler Tiler
	put := func(t Tile, b []byte) error { return writeFile(create, t.Path(), b) }
	flush := func() error {
		last := tree.Size() - 1
		t := Tile{Entries, last / TileWidth, int(last%TileWidth) + 1}
		if err := put(t, entries); err != nil {
			return err
		}
		if len(details) > 0 {
			if err := writeFile(create, detailsPath(t.Index), details); err != nil {
				return err
			}
		}
		entries, details = entries[:0], details[:0]
		return nil
	}
	for s, err := range src.Entries(ctx, 0) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if tree.Size() == head.Size {
			break
		}
		if s.Seq != tree.Size() {
			return fmt.Errorf("entry %d stands where entry %d should", s.Seq, tree.Size())
		}
		if entries, err = AppendToBundle(entries, s.Entry); err != nil {
			return err
		}
		if s.Details != nil {
			line, err := json.Marshal(detail{s.Seq, s.Salt[:], s.Details})
			if err != nil {
				return err
			}
			details = append(append(details, line...), '\n')
		}
		leaf := LeafHash(s.Entry)
		tree.Append(leaf)
		if err := tiler.Append(leaf, put); err != nil {
			return err
		}
		if tree.Size()%TileWidth == 0 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(entries) > 0 {
		if err := flush(); err != nil {
			return err
		}
	}
	if err := tiler.Partial(put); err != nil {
		return err
	}
	if tree.Size() != head.Size || tree.Root() != head.Root {
		return fmt.Errorf("the entries do not lead to the newest checkpoint, over %d", head.Size)
	}
	return nil
}

func writeFile(create Create, name string, content []byte) error {
	w, err := create(name)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	return errors.Join(err, w.Close())
}

// Bundle is a log in files, as WriteBundle leaves it; a Source.
type Bundle struct {
	files fs.FS
}

// Bounds on what a reader takes into memory at once. Files of a bundle come
// from strangers.
const (
	maxNote    = 1 << 20 // one checkpoint with its signatures
	maxEntries = TileWidth * (2 + MaxEntrySize)
	maxDetails = 1 << 28 // the details of one entry bundle
)

// OpenBundle looks into files for a bundle. A folder, a zip and a tar archive
// can all be seen as an fs.FS.
func OpenBundle(files fs.FS) (*Bundle, error) {
	b := &Bundle{files}
	if _, err := b.Head(); err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	return b, nil
}

// Head is the newest signed checkpoint, as it lies in the bundle.
func (b *Bundle) Head() ([]byte, error) {
	return readFile(b.files, headFile, maxNote)
}

// Hashes reads the hash tiles for proofs in the tree of c.
func (b *Bundle) Hashes(c Checkpoint) tlog.HashReader {
	return TileHashes(c, func(t Tile) ([]byte, error) {
		return readFile(b.files, t.Path(), TileWidth*tlog.HashSize)
	})
}

// Checkpoints is for Source. A bundle whose list of checkpoints is missing
// still has its head.
func (b *Bundle) Checkpoints(ctx context.Context, from int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		head, err := b.Head()
		if err != nil {
			yield(nil, err)
			return
		}
		list := func(yield func([]byte, error) bool) {}
		if file, err := b.files.Open(checkpointsFile); err == nil {
			defer file.Close()
			list = splitNotes(file)
		} else if !errors.Is(err, fs.ErrNotExist) {
			yield(nil, err)
			return
		}
		listed := false
		for msg, err := range list {
			if err != nil {
				yield(nil, err)
				return
			}
			listed = listed || bytes.Equal(msg, head)
			if sizeLine(msg) >= from && !yield(msg, nil) {
				return
			}
		}
		if !listed && sizeLine(head) >= from {
			yield(head, nil)
		}
	}
}

// sizeLine is the size that a note claims, or the largest number if it claims
// none: such a note is passed on to be found out.
func sizeLine(msg []byte) int64 {
	_, rest, _ := bytes.Cut(msg, []byte("\n"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	n, err := strconv.ParseInt(string(line), 10, 64)
	if err != nil {
		return 1<<63 - 1
	}
	return n
}

// splitNotes takes apart signed notes that follow each other with an empty
// line between them. A note is text without empty lines, an empty line and
// signature lines.
func splitNotes(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxNote)
		var msg []byte
		empty := 0
		for lines.Scan() {
			line := lines.Bytes()
			if len(line) == 0 {
				if empty++; empty == 2 {
					if !yield(msg, nil) {
						return
					}
					msg, empty = nil, 0
					continue
				}
			}
			if len(msg)+len(line) >= maxNote {
				yield(nil, errors.New("read checkpoints: one is longer than any can be"))
				return
			}
			msg = append(append(msg, line...), '\n')
		}
		if err := lines.Err(); err != nil {
			yield(nil, fmt.Errorf("read checkpoints: %w", err))
			return
		}
		if len(msg) > 0 {
			yield(msg, nil)
		}
	}
}

// Entries is for Source. A file that is missing is a gap in the numbering; a
// file that breaks off within an entry ends with the broken entry.
func (b *Bundle) Entries(ctx context.Context, from int64) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		for t, content := range b.tiles(Entries, from/TileWidth, maxEntries) {
			if content.err != nil {
				yield(Stored{}, content.err)
				return
			}
			details, err := b.details(t.Index)
			if err != nil {
				yield(Stored{}, err)
				return
			}
			entries, err := SplitBundle(content.bytes)
			if err != nil {
				whole := 0
				for _, e := range entries {
					whole += 2 + len(e)
				}
				entries = append(entries, content.bytes[whole:])
			}
			for i, e := range entries {
				s := Stored{Seq: t.Index*TileWidth + int64(i), Entry: e}
				if s.Seq < from {
					continue
				}
				if d, ok := details[s.Seq]; ok {
					s.Salt, s.Details = [32]byte(d.Salt), d.Details
				}
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}

// details reads the details of the entries of one entry bundle.
func (b *Bundle) details(index int64) (map[int64]detail, error) {
	name := detailsPath(index)
	content, err := readFile(b.files, name, maxDetails)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := map[int64]detail{}
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.DisallowUnknownFields()
	for dec.More() {
		var d detail
		if err := dec.Decode(&d); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if _, twice := all[d.Seq]; twice || len(d.Salt) != 32 || d.Seq/TileWidth != index {
			return nil, fmt.Errorf("read %s: the details of entry %d are not in order", name, d.Seq)
		}
		all[d.Seq] = d
	}
	return all, nil
}

// Leaves is for Source: the hash tiles of level 0.
func (b *Bundle) Leaves(ctx context.Context, from int64) iter.Seq2[Hash, error] {
	return b.hashes(0, from)
}

// Blocks is for BlockSource: the hash tiles of level 1.
func (b *Bundle) Blocks(ctx context.Context, from int64) iter.Seq2[Hash, error] {
	return b.hashes(1, from)
}

// hashes reads the hash tiles of a level. Hashes of a missing tile are zero.
func (b *Bundle) hashes(level int, from int64) iter.Seq2[Hash, error] {
	return func(yield func(Hash, error) bool) {
		next := from
		for t, content := range b.tiles(level, from/TileWidth, TileWidth*tlog.HashSize) {
			if content.err != nil {
				yield(Hash{}, content.err)
				return
			}
			for ; next < t.Index*TileWidth; next++ {
				if !yield(Hash{}, nil) {
					return
				}
			}
			hashes := content.bytes
			for i := next - t.Index*TileWidth; (i+1)*tlog.HashSize <= int64(len(hashes)); i++ {
				if !yield(Hash(hashes[i*tlog.HashSize:]), nil) {
					return
				}
				next++
			}
		}
	}
}

// content is what a file holds, or why it could not be read.
type content struct {
	bytes []byte
	err   error
}

// tiles reads the tiles of a level in order, from an index on, skipping those
// that are not there. Of a full tile and partial ones only the widest is read.
func (b *Bundle) tiles(level int, from int64, limit int64) iter.Seq2[Tile, content] {
	return func(yield func(Tile, content) bool) {
		root, _, _ := strings.Cut(Tile{level, 0, TileWidth}.Path(), "/000")
		visit := func(t Tile, err error) bool {
			c := content{err: err}
			if err == nil {
				c.bytes, c.err = readFile(b.files, t.Path(), limit)
			}
			return yield(t, c) && c.err == nil
		}
		// Tiles with longer numbers lie deeper.
		for depth, deeper := 1, true; deeper && depth <= maxDepth; depth++ {
			var ok bool
			if deeper, ok = b.walk(root, level, 0, depth, from, visit); !ok {
				return
			}
		}
	}
}

// walk visits the tiles of a level in folder dir whose numbers have depth more
// groups of digits, the groups so far being index. It says whether there are
// folders below, and whether to go on.
func (b *Bundle) walk(dir string, level int, index int64, depth int, from int64, visit func(Tile, error) bool) (deeper, ok bool) {
	entries, err := fs.ReadDir(b.files, dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, true
		}
		return false, visit(Tile{}, err)
	}
	full := int64(-1)
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".p")
		n, err := strconv.ParseUint(strings.TrimPrefix(name, "x"), 10, 64)
		if err != nil || n > 999 {
			continue // no tile; none of our business
		}
		next := index*1000 + int64(n)
		switch {
		case strings.HasPrefix(name, "x"):
			if depth == 1 {
				deeper = true
				continue
			}
			more, ok := b.walk(dir+"/"+name, level, next, depth-1, from, visit)
			if deeper = deeper || more; !ok {
				return deeper, false
			}
		case depth > 1 || next < from:
		case name == e.Name():
			full = next
			if !visit(Tile{level, next, TileWidth}, nil) {
				return deeper, false
			}
		case next != full:
			if w, err := b.widest(dir + "/" + e.Name()); (w > 0 || err != nil) && !visit(Tile{level, next, w}, err) {
				return deeper, false
			}
		}
	}
	return deeper, true
}

// maxDepth is how many groups of digits the number of a tile has at most. Six
// are enough for a thousand entries a second since the beginning of the world.
const maxDepth = 6

// widest is the width of the widest partial tile in a folder.
func (b *Bundle) widest(dir string) (int, error) {
	parts, err := fs.ReadDir(b.files, dir)
	if err != nil {
		return 0, err
	}
	width := 0
	for _, part := range parts {
		if w, err := strconv.Atoi(part.Name()); err == nil && w < TileWidth && strconv.Itoa(w) == part.Name() {
			width = max(width, w)
		}
	}
	return width, nil
}

// readFile reads a file of at most limit bytes.
func readFile(files fs.FS, name string, limit int64) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = errors.New("longer than it can be")
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}
