package store

import (
	"slices"
	"sync"

	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// A blank is a question that is asked again and again, written once: the
// statement of a page without filter and search, and what of its columns can be
// seen by whom. Between two times it is asked only the moment, the place in the
// list and the ids differ. To write it anew took a tenth of the time that a
// card takes.
type blank struct {
	asked   []*schema.Field
	text    string
	args    []any // with slots
	columns []column
	classes []class
	guarded bool
	hinted  bool
}

// blankKey is what a blank was written for. A grant stands for the rights of one
// person on one day: whoever's rights change has others.
type blankKey struct {
	grant   policy.Grant
	also    [3]policy.Grant
	order   ordering
	after   bool
	deleted bool
	ids     int // how many there is room for
	limit   int
	plan    plan
	few     bool
}

// slot is an argument of a blank that is told each time. It is no value that a
// database takes, so that one left open is an error and nothing else.
type slot struct{ of, n int }

const (
	slotNow = iota
	slotAfterSort
	slotAfterID
	slotID
)

// blanks are kept for the whole database; when there are too many of them, all go.
type blanks struct {
	mu   sync.RWMutex
	kept map[blankKey][]*blank
	n    int
}

const (
	maxBlanks    = 1024
	maxBlanksKey = 8
)

// key says which blank of a question is meant; ok is false where every question
// is another.
func (r *reading) key(p plan) (k blankKey, ok bool) {
	if r.g.House() != 0 || r.ask.Filter != nil || r.ask.Search != nil || len(r.ask.Also) > len(k.also) || r.ask.After != nil && r.order.by == byOther {
		return k, false
	}
	k = blankKey{grant: r.g, order: r.order, after: r.ask.After != nil, deleted: r.ask.Deleted, limit: r.limit, plan: p, few: r.few}
	copy(k.also[:], r.ask.Also)
	if r.ids != nil {
		k.ids, k.limit = rounded(len(r.ids)), rounded(len(r.ids))
	}
	return k, true
}

// rounded is how many places a list of n has, so that lists of every length
// share few statements.
func rounded(n int) int {
	m := 1
	for m < n {
		m *= 2
	}
	return m
}

// blank gives the statement of the page by a plan, and its arguments.
func (r *reading) blank(p plan) (text string, args []any, err error) {
	k, ok := r.key(p)
	if !ok {
		r.look()
		b := r.statement(p)
		return b.String(), b.Args(), b.Err()
	}
	all := &r.db.blanks
	all.mu.RLock()
	i := slices.IndexFunc(all.kept[k], func(f *blank) bool { return slices.Equal(f.asked, r.ask.Columns) })
	var f *blank
	if i >= 0 {
		f = all.kept[k][i]
	}
	all.mu.RUnlock()
	if f == nil {
		if f, err = r.write(p); err != nil {
			return "", nil, err
		}
		all.mu.Lock()
		if all.kept == nil || all.n >= maxBlanks {
			all.kept, all.n = map[blankKey][]*blank{}, 0
		}
		if len(all.kept[k]) < maxBlanksKey {
			all.kept[k] = append(all.kept[k], f)
			all.n++
		}
		all.mu.Unlock()
	}
	r.columns, r.classes, r.guarded, r.hinted = f.columns, f.classes, f.guarded, f.hinted
	return f.text, f.fill(r), nil
}

// write makes the blank of a reading.
func (r *reading) write(p plan) (*blank, error) {
	w := *r
	w.open = true
	if w.ids != nil {
		w.limit = rounded(len(w.ids))
	}
	w.look()
	b := w.statement(p)
	return &blank{slices.Clone(r.ask.Columns), b.String(), b.Args(), w.columns, w.classes, w.guarded, w.hinted}, b.Err()
}

// fill gives the arguments for one reading.
func (f *blank) fill(r *reading) []any {
	args := slices.Clone(f.args)
	for i, a := range args {
		s, ok := a.(slot)
		if !ok {
			continue
		}
		switch s.of {
		case slotNow:
			args[i] = r.now
		case slotAfterSort:
			args[i] = r.ask.After.Sort
		case slotAfterID:
			args[i] = int64(r.ask.After.ID)
		case slotID:
			args[i] = int64(r.ids[min(s.n, len(r.ids)-1)])
		}
	}
	return args
}

// put puts an argument that differs from one time to the next.
func (r *reading) put(b *query.Builder, s slot, v any) {
	if r.open {
		v = s
	}
	b.Arg(v)
}
