package ledger

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/mod/sumdb/note"
)

// window is how far apart an entry and its place may lie and still be brought
// together. Beyond, a moved entry counts as deleted here and inserted there.
const window = 1 << 16

// locate names the entries that do not fit. If the source has leaf hashes that
// lead to a signed root, they are what the entries were, and a comparison of
// the two sequences tells what was done to each. Without them only the range
// between two checkpoints is known, and what the numbering shows.
func (p *passage) locate(ctx context.Context, src Source, v note.Verifier) error {
	from := p.good.Frontier.Size()
	p.report.Sound = from
	signed, err := p.signedLeaves(ctx, src, v)
	if err != nil {
		return err
	}
	if signed.size <= from {
		p.report.Findings = append(p.report.Findings, p.order...)
		if at := p.tornAt; len(p.order) == 0 {
			p.report.add(Altered, from, at.Size-1, "%s", altered(from, at.Size-1))
		}
		if p.tail.msg != nil {
			p.cut(p.next, p.tail)
		}
		return nil
	}
	end, err := p.align(ctx, src, from, signed)
	if err != nil {
		return err
	}
	p.report.Sound = signed.size
	for _, block := range signed.lost {
		first, last := max(from, block*TileWidth), min(signed.size, (block+1)*TileWidth)-1
		if at := p.tornAt; len(p.order) == 0 && at.Size <= last && at.Size > first {
			p.report.add(Altered, first, at.Size-1, "%s What follows, up to entry %d, cannot be proved any more.", altered(first, at.Size-1), last)
			continue
		}
		p.report.add(Altered, first, last, "%s", altered(first, last))
	}
	if p.tail.Size > signed.size {
		p.cut(signed.size, p.tail)
	} else if end < signed.size {
		p.cut(end, mark{Checkpoint: Checkpoint{Size: signed.size, Time: p.sealedTime}})
	}
	return nil
}

func altered(first, last int64) string {
	if first == last {
		return fmt.Sprintf("Entry %d is not the one that was signed: it was changed, or another stands in its place.", first)
	}
	return fmt.Sprintf("Among the entries %d to %d something was changed, deleted, inserted or reordered: they do not lead to the signed root.", first, last)
}

// signedLeaves is what the source's own leaf hashes prove.
type signedLeaves struct {
	size int64   // at which they lead to a signed root, the largest such
	lost []int64 // blocks below it whose leaves are wrong or missing, so that only the root of the block is known
}

// signedLeaves follows the leaf hashes that the source keeps, from the last
// checkpoint that fits on. Where the leaves of a block do not lead to the root
// that is kept of it, the root takes their place: then whatever comes after the
// block can still be compared with checkpoints, and only the block is lost.
func (p *passage) signedLeaves(ctx context.Context, src Source, v note.Verifier) (signedLeaves, error) {
	var proved signedLeaves
	tree := p.good.Frontier
	from := tree.Size()
	nextMark, stopMarks := iter.Pull2(opened(src.Checkpoints(ctx, from+1), v))
	defer stopMarks()
	nextLeaf, stopLeaves := iter.Pull2(src.Leaves(ctx, from))
	defer stopLeaves()
	nextBlock := func() (Hash, error, bool) { return Hash{}, nil, false }
	if src, ok := src.(BlockSource); ok {
		var stopBlocks func()
		nextBlock, stopBlocks = iter.Pull2(src.Blocks(ctx, from/TileWidth))
		defer stopBlocks()
	}

	m, err, more := nextMark()
	var lost []int64
	compare := func() error {
		for ; more && err == nil && (m.err != nil || m.Size <= tree.Size()); m, err, more = nextMark() {
			if m.err == nil && m.Size == tree.Size() && m.Root == tree.Root() {
				proved = signedLeaves{m.Size, slices.Clone(lost)}
			}
		}
		return err
	}
	leaves := make([]Hash, 0, TileWidth)
	for more && err == nil {
		if err := ctx.Err(); err != nil {
			return proved, err
		}
		missing := int(TileWidth - tree.Size()%TileWidth)
		for leaves = leaves[:0]; len(leaves) < missing; {
			leaf, err, more := nextLeaf()
			if err != nil {
				return proved, err
			}
			if !more {
				break
			}
			leaves = append(leaves, leaf)
		}
		root, err, kept := nextBlock()
		if err != nil {
			return proved, err
		}
		block := tree.block()
		for _, leaf := range leaves {
			block.Append(leaf)
		}
		if kept && root != (Hash{}) && (len(leaves) < missing || block.Root() != root) {
			lost = append(lost, tree.Size()/TileWidth)
			tree.replaceBlock(root)
			leaves = leaves[:0]
		} else if len(leaves) == 0 {
			break
		}
		for _, leaf := range leaves {
			tree.Append(leaf)
			if err := compare(); err != nil {
				return proved, err
			}
		}
		if err := compare(); err != nil {
			return proved, err
		}
		if tree.Size()%TileWidth != 0 {
			break // the leaves end here
		}
	}
	return proved, err
}

// row is the hash of a stored entry and the number it bears.
type row struct {
	hash Hash
	seq  int64
}

// align walks along the signed leaves from one size to another and along the
// stored entries, and reports where they part. It returns the index of the
// first leaf for which there was no entry left.
func (p *passage) align(ctx context.Context, src Source, from int64, signed signedLeaves) (int64, error) {
	to := signed.size
	leaves := newAhead(ctx, signed.known(src.Leaves(ctx, from), from), to-from, func(h Hash) Hash { return h })
	defer leaves.stop()
	rows := newAhead(ctx, hashes(src.Entries(ctx, from)), 1<<62, func(r row) Hash { return r.hash })
	defer rows.stop()

	// Leaves whose entry came elsewhere, and entries whose leaf did.
	movedLeaf, movedRow := map[Hash]bool{}, map[Hash]bool{}
	var found trail
	i := from
	due := from // number of the next stored entry, if the numbering goes on as it did
	for ; i < to; i++ {
		if err := leaves.fill(); err != nil {
			return 0, err
		}
		if err := rows.fill(); err != nil {
			return 0, err
		}
		if len(rows.items) == 0 || len(leaves.items) == 0 {
			break
		}
		if found.ranges > maxFindings {
			break
		}
		leaf, stored := leaves.items[0], rows.items[0]
		if leaf == (Hash{}) {
			// Nothing is known here but the numbering.
			switch {
			case stored.seq > due:
				found.add(Deleted, i)
				leaves.pop()
				due++
			case stored.seq < due:
				found.add(Inserted, stored.seq)
				rows.pop()
				i--
			default:
				leaves.pop()
				rows.pop()
				due++
			}
			continue
		}
		due = stored.seq + 1
		switch {
		case leaf == stored.hash:
			leaves.pop()
			rows.pop()
		case movedRow[leaf]:
			delete(movedRow, leaf)
			found.add(Reordered, i)
			leaves.pop()
		case movedLeaf[stored.hash]:
			delete(movedLeaf, stored.hash)
			rows.pop()
			i--
		case leaves.has(stored.hash) && rows.has(leaf):
			movedRow[stored.hash], movedLeaf[leaf] = true, true
			found.add(Reordered, i)
			leaves.pop()
			rows.pop()
		case leaves.has(stored.hash):
			found.add(Deleted, i)
			leaves.pop()
		case rows.has(leaf):
			found.add(Inserted, stored.seq)
			rows.pop()
			i--
		default:
			found.add(Changed, i)
			leaves.pop()
			rows.pop()
		}
	}
	for _, f := range found.findings() {
		p.report.add(f.Problem, f.First, f.Last, "%s", f.Text)
	}
	if len(rows.items) > 0 {
		return to, nil
	}
	return i, nil
}

// known replaces the leaves of lost blocks, and those that there are not, by
// zero.
func (s signedLeaves) known(leaves iter.Seq2[Hash, error], from int64) iter.Seq2[Hash, error] {
	return func(yield func(Hash, error) bool) {
		at, lost := from, s.lost
		for leaf, err := range leaves {
			for len(lost) > 0 && lost[0] < at/TileWidth {
				lost = lost[1:]
			}
			if len(lost) > 0 && lost[0] == at/TileWidth {
				leaf = Hash{}
			}
			if at++; !yield(leaf, err) {
				return
			}
		}
		for ; at < s.size; at++ {
			if !yield(Hash{}, nil) {
				return
			}
		}
	}
}

// hashes is the stored entries as rows.
func hashes(entries iter.Seq2[Stored, error]) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for s, err := range entries {
			if !yield(row{LeafHash(s.Entry), s.Seq}, err) {
				return
			}
		}
	}
}

// ahead looks up to a window ahead into a sequence.
type ahead[T any] struct {
	ctx   context.Context
	next  func() (T, error, bool)
	stop  func()
	left  int64 // to be read at most
	hash  func(T) Hash
	items []T
	count map[Hash]int // of the hashes in items
}

func newAhead[T any](ctx context.Context, seq iter.Seq2[T, error], limit int64, hash func(T) Hash) *ahead[T] {
	next, stop := iter.Pull2(seq)
	return &ahead[T]{ctx: ctx, next: next, stop: stop, left: limit, hash: hash, count: map[Hash]int{}}
}

func (a *ahead[T]) fill() error {
	if len(a.items) > window/2 || a.left == 0 {
		return nil
	}
	a.items = slices.Clone(a.items)
	for ; a.left > 0 && len(a.items) < window; a.left-- {
		item, err, more := a.next()
		if err == nil {
			err = a.ctx.Err()
		}
		if err != nil {
			return err
		}
		if !more {
			a.left = 0
			return nil
		}
		a.items = append(a.items, item)
		a.count[a.hash(item)]++
	}
	return nil
}

func (a *ahead[T]) pop() {
	h := a.hash(a.items[0])
	if a.count[h]--; a.count[h] == 0 {
		delete(a.count, h)
	}
	a.items = a.items[1:]
}

func (a *ahead[T]) has(h Hash) bool { return a.count[h] > 0 }

// trail gathers places into ranges, so that a thousand neighbours make one
// finding.
type trail struct {
	list   []Finding
	ranges int
}

func (t *trail) add(p Problem, at int64) {
	if n := len(t.list); n > 0 && t.list[n-1].Problem == p && t.list[n-1].Last == at-1 {
		t.list[n-1].Last = at
		return
	}
	t.list = append(t.list, Finding{Problem: p, First: at, Last: at})
	t.ranges++
}

func (t *trail) findings() []Finding {
	for i := range t.list {
		f := &t.list[i]
		one := f.First == f.Last
		switch {
		case f.Problem == Deleted:
			*f = deleted(f.First, f.Last)
		case f.Problem == Changed && one:
			f.Text = fmt.Sprintf("Entry %d was changed after it was signed.", f.First)
		case f.Problem == Changed:
			f.Text = fmt.Sprintf("The entries %d to %d were changed after they were signed.", f.First, f.Last)
		case f.Problem == Inserted && one:
			f.Text = fmt.Sprintf("Entry %d was inserted: it was never signed there.", f.First)
		case f.Problem == Inserted:
			f.Text = fmt.Sprintf("The entries %d to %d were inserted: they were never signed there.", f.First, f.Last)
		case one:
			f.Text = fmt.Sprintf("Entry %d does not stand where it was signed.", f.First)
		default:
			f.Text = fmt.Sprintf("The entries %d to %d do not stand in the order in which they were signed.", f.First, f.Last)
		}
	}
	return t.list
}
