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
	signed, err := p.signedLeaves(ctx, src, v)
	if err != nil {
		return err
	}
	from := p.good.Frontier.Size()
	if signed <= from {
		p.report.Findings = append(p.report.Findings, p.order...)
		if at := p.tornAt; len(p.order) == 0 {
			p.report.add(Altered, from, at.Size-1,
				"Among the entries %d to %d something was changed, deleted, inserted or reordered: they do not lead to the root signed at %s.", from, at.Size-1, date(at.Time))
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
	if p.tail.Size > signed {
		p.cut(signed, p.tail)
	} else if end < signed {
		p.cut(end, mark{Checkpoint: Checkpoint{Size: signed, Time: p.sealedTime}})
	}
	return nil
}

// signedLeaves is the largest size at which the source's own leaf hashes lead
// to a signed root.
func (p *passage) signedLeaves(ctx context.Context, src Source, v note.Verifier) (int64, error) {
	tree := p.good.Frontier
	nextLeaf, stop := iter.Pull2(src.Leaves(ctx, tree.Size()))
	defer stop()
	best := int64(0)
	for o, err := range opened(src.Checkpoints(ctx, tree.Size()), v) {
		if err != nil {
			return 0, err
		}
		if o.err != nil || o.Size < tree.Size() {
			continue
		}
		for tree.Size() < o.Size {
			leaf, err, more := nextLeaf()
			if err != nil {
				return 0, err
			}
			if !more {
				return best, nil
			}
			tree.Append(leaf)
		}
		if tree.Root() == o.Root {
			best = o.Size
		}
	}
	return best, nil
}

// row is the hash of a stored entry and the number it bears.
type row struct {
	hash Hash
	seq  int64
}

// align walks along the signed leaves from one size to another and along the
// stored entries, and reports where they part. It returns the index of the
// first leaf for which there was no entry left.
func (p *passage) align(ctx context.Context, src Source, from, to int64) (int64, error) {
	leaves := newAhead(ctx, src.Leaves(ctx, from), to-from, func(h Hash) Hash { return h })
	defer leaves.stop()
	rows := newAhead(ctx, hashes(src.Entries(ctx, from)), 1<<62, func(r row) Hash { return r.hash })
	defer rows.stop()

	// Leaves whose entry came elsewhere, and entries whose leaf did.
	movedLeaf, movedRow := map[Hash]bool{}, map[Hash]bool{}
	var found trail
	i := from
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
