package records

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// Listening follows the ledger as it grows and tells each listener which
// records have changed, no more of it than they may see at that moment: an id
// of a record that they may view, or that something of a kind has changed of
// which they see, or have just ceased to see, a record. No value, no field and
// no doer is ever told; whoever wants to see more reads the record, and that
// reading is noted as any other.
//
// The log is looked at once a second while somebody listens, by one goroutine
// for all of them. What has changed is read once; whether a listener may see it
// is then decided in memory, so that many listeners cost no more questions to
// the database than one.

const (
	// lookEvery is how often the log is looked at while somebody listens.
	lookEvery = time.Second

	// Of one look at most so many entries are taken and so many records are
	// read; what is beyond is told as "something of this kind".
	lookEntries = 2000
	lookRecords = 64

	// longestGap is how many entries a listener may have missed and still be
	// told what they were about. Beyond it everything may have changed.
	longestGap = 20_000
)

// News is what has changed for one listener. The zero News is nothing.
type News struct {
	All   bool // anything may have changed: too much, too long ago, or what they may see
	Kinds []KindNews
	Mark  string // the place up to which this tells, for Listen
}

// KindNews is what has changed of one kind.
type KindNews struct {
	Kind  *schema.Kind
	IDs   []schema.RecordID // records that the listener may view now
	About []RecordWord      // records that the listener may view, on which something of this kind was written
	More  bool              // and others, which are not named
}

// RecordWord names a record of any kind.
type RecordWord struct {
	Kind *schema.Kind
	ID   schema.RecordID
}

// Empty tells whether there is nothing to tell.
func (n *News) Empty() bool { return !n.All && len(n.Kinds) == 0 }

// Ear is one listener. It is not safe for concurrent use.
type Ear struct {
	b    *Book
	at   *turn // the last one that was heard
	gap  *turn // what was missed before this ear was opened; nil: nothing
	held int64 // version of the rights under which was heard
	shut bool
}

// turn is one look at the log in which something had changed. Turns hang
// together as a list whose end waits for the next; one that nobody waits at any
// more is let go.
type turn struct {
	to    atomic.Int64 // the log was looked at up to this number
	all   bool         // too much has happened to be told
	items []item
	more  map[*schema.Kind]bool // something that is not among the items has changed

	ready chan struct{} // closed once next is there
	next  *turn
}

// item is a record that has changed, with all that decides who may know.
type item struct {
	now    *state
	parent *state   // for one that lives on another
	was    []*state // as it was before, if it was there
}

// feed is the one who looks at the log for all ears of a process.
type feed struct {
	mu   sync.Mutex
	ears int
	last *turn
	stop context.CancelFunc
}

// Listen opens an ear for whoever may see anything. With the mark of earlier
// news it goes on from there; without one, or with one that means nothing here,
// it begins now. It must be closed.
func (b *Book) Listen(ctx context.Context, who actor.Actor, mark string) (*Ear, error) {
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	e := &Ear{b: b, held: st.Version()}
	if e.at, err = b.feed.join(ctx, b); err != nil {
		return nil, err
	}
	if mark == "" {
		return e, nil
	}
	from, ok := b.vault.ID(markPrefix, mark)
	from--
	to := e.at.to.Load()
	switch {
	case !ok || from > to:
		e.gap = &turn{all: true}
	case from < to:
		if e.gap, err = b.look(ctx, from, to); err != nil {
			e.Close()
			return nil, err
		}
	}
	return e, nil
}

// Close lets go of the ear. It may be called twice.
func (e *Ear) Close() {
	if !e.shut {
		e.shut = true
		e.b.feed.leave()
	}
}

// Ready is closed when something may have changed for the listener.
func (e *Ear) Ready() <-chan struct{} { return e.at.ready }

// Hear gives what has changed since it was last called, as far as the listener
// may know of it now. It does not wait. who may have come to hold other rights
// since the ear was opened: then everything may have changed.
func (e *Ear) Hear(ctx context.Context, who actor.Actor) (News, error) {
	st, err := e.b.standing(ctx, who)
	if err != nil {
		return News{}, err
	}
	all := st.Version() != e.held
	e.held = st.Version()
	told := gathered{}
	if e.gap != nil {
		all = all || e.gap.all
		if err := told.take(ctx, e.b, st, e.gap); err != nil {
			return News{}, err
		}
		e.gap = nil
	}
	for heard := 0; ; heard++ {
		select {
		case <-e.at.ready:
		default:
			return told.news(all, e.b.mark(e.at)), nil
		}
		e.at = e.at.next
		// What was read for an earlier turn is too old to decide by.
		late := false
		select {
		case <-e.at.ready:
			late = true
		default:
		}
		if all = all || late || e.at.all; !all {
			if err := told.take(ctx, e.b, st, e.at); err != nil {
				return News{}, err
			}
		}
	}
}

const markPrefix = "moment"

// mark is the word for a place in the log. It says nothing of how much there is.
func (b *Book) mark(t *turn) string { return b.vault.Public(markPrefix, t.to.Load()+1) }

// gathered collects what one listener is told, by kind.
type gathered map[*schema.Kind]*KindNews

func (g gathered) of(kind *schema.Kind) *KindNews {
	if g[kind] == nil {
		g[kind] = &KindNews{Kind: kind}
	}
	return g[kind]
}

func (g gathered) news(all bool, mark string) News {
	n := News{All: all, Mark: mark}
	if all {
		return n
	}
	for _, k := range slices.SortedFunc(maps.Keys(g), func(a, b *schema.Kind) int { return a.Number - b.Number }) {
		n.Kinds = append(n.Kinds, *g[k])
	}
	return n
}

// take adds of a turn what the standing may know.
func (g gathered) take(ctx context.Context, b *Book, st *policy.Standing, t *turn) error {
	now := b.instant()
	sees := func(s, parent *state) bool {
		return admitOn(st, st.Decide(s.kind, policy.View, CardOf(s.kind), now), s, parent, now).Allowed
	}
	for _, it := range t.items {
		kind := it.now.kind
		switch {
		case !it.now.stored.Binned && sees(it.now, it.parent):
			n := g.of(kind)
			if !slices.Contains(n.IDs, it.now.stored.ID) {
				n.IDs = append(n.IDs, it.now.stored.ID)
			}
			if it.parent != nil {
				if about := (RecordWord{it.parent.kind, it.parent.stored.ID}); !slices.Contains(n.About, about) {
					n.About = append(n.About, about)
				}
			}
		// It is gone from their sight, or in the bin: it is not named.
		case it.now.stored.Binned && sees(it.now, it.parent), slices.ContainsFunc(it.was, func(was *state) bool { return sees(was, it.parent) }):
			g.of(kind).More = true
		case kind.Time != nil:
			if knows, _ := st.Can(policy.SeeBusy); knows {
				g.of(kind).More = true
			}
		}
	}
	for kind := range t.more {
		knows, err := b.sightOf(ctx, st, kind, now)
		if err != nil {
			return err
		}
		if knows {
			g.of(kind).More = true
		}
	}
	return nil
}

// sightOf tells whether somebody sees any record of a kind: their role or a group
// lets them, or a record is shared with them.
func (b *Book) sightOf(ctx context.Context, st *policy.Standing, kind *schema.Kind, now time.Time) (bool, error) {
	mine := schema.SharePrincipal(int64(st.Person()))
	shared := false
	for _, arm := range st.Decide(kind, policy.View, CardOf(kind), now).Arms() {
		if arm.Scope == policy.Everyone || slices.ContainsFunc(arm.Principals, func(p schema.Principal) bool { return p != mine }) {
			return true, nil
		}
		shared = shared || len(arm.Principals) > 0
	}
	if !shared || kind.Within {
		return false, nil
	}
	var n int64
	err := b.db.QueryRow(ctx, store.Text("SELECT count(*) FROM (SELECT 1 FROM share WHERE principal = ? AND kind = ? LIMIT 1) AS one"), int64(mine), int64(kind.Number)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for shares: %w", err)
	}
	return n > 0, nil
}

// join begins to look if nobody has listened so far, and gives the place from
// which the newcomer hears everything.
func (f *feed) join(ctx context.Context, b *Book) (*turn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ears == 0 {
		size, err := b.scribe.Size(ctx)
		if err != nil {
			return nil, err
		}
		f.last = &turn{ready: make(chan struct{})}
		f.last.to.Store(size)
		life, stop := context.WithCancel(context.WithoutCancel(ctx)) // it is for all who listen, not for the one who came first
		f.stop = stop
		go f.follow(life, b, size)
	}
	f.ears++
	return f.last, nil
}

func (f *feed) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ears--; f.ears == 0 {
		f.stop()
		f.last = nil
	}
}

// follow looks at the log until nobody listens any more.
func (f *feed) follow(life context.Context, b *Book, from int64) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-life.Done():
			return
		case <-tick.C:
		}
		to, err := b.scribe.Size(life)
		if err != nil || to == from {
			continue // a database in trouble is met by whoever asks it for records; here it is looked at again
		}
		t, err := b.look(life, from, to)
		if err != nil {
			continue
		}
		from = to
		if !t.all && len(t.items) == 0 && len(t.more) == 0 {
			f.pass(life, to)
			continue
		}
		t.ready = make(chan struct{})
		f.mu.Lock()
		if life.Err() == nil {
			f.last.next = t
			close(f.last.ready)
			f.last = t
		}
		f.mu.Unlock()
	}
}

// pass notes that nothing has changed up to a number, so that newcomers begin
// there. Those who wait already have an own place, further back and as good.
func (f *feed) pass(life context.Context, to int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if life.Err() == nil {
		f.last.to.Store(to)
	}
}

// look reads what has changed between two places in the log.
func (b *Book) look(ctx context.Context, from, to int64) (*turn, error) {
	t := &turn{more: map[*schema.Kind]bool{}}
	t.to.Store(to)
	if to-from > longestGap {
		t.all = true
		return t, nil
	}
	told, err := b.scribe.Since(ctx, from, to, lookEntries+1)
	if err != nil {
		return nil, err
	}
	if len(told) > lookEntries {
		t.all = true
		return t, nil
	}
	type key struct {
		kind *schema.Kind
		id   schema.RecordID
	}
	var order []key
	since := map[key]int64{}
	var ended []scribe.Told // shares that were taken away
	catalog := b.catalog()
	for _, e := range told {
		if e.Entry.Event == "import.undone" {
			t.all = true // tells only which import, and is of several kinds
			return t, nil
		}
		kind := catalog.Kind(e.Entry.Kind)
		if kind == nil || len(e.Entry.Records) == 0 {
			continue
		}
		if e.Entry.Event == "record.unshared" || e.Entry.Event == "record.share_ended" {
			ended = append(ended, e)
		}
		for _, id := range e.Entry.Records {
			k := key{kind, schema.RecordID(id)}
			if _, known := since[k]; known {
				continue
			}
			if len(order) == lookRecords {
				t.more[kind] = true
				break
			}
			order = append(order, k)
			since[k] = e.Entry.Time.UnixMicro()
		}
	}
	if len(order) == 0 {
		return t, nil
	}
	lost, err := b.unshared(ctx, ended)
	if err != nil {
		return nil, err
	}
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		t.items = t.items[:0]
		for _, k := range order {
			s, err := b.load(ctx, tx, k.kind, k.id)
			if fault.Is(err, fault.Missing) {
				t.more[k.kind] = true // it is gone for good, or its kind is kept elsewhere
				continue
			}
			if err != nil {
				return err
			}
			it := item{now: s}
			if k.kind.Within {
				if it.parent, err = b.parent(ctx, tx, s); err != nil {
					return err
				}
			}
			if it.was, err = b.before(ctx, tx, s, since[k]); err != nil {
				return err
			}
			if gone := lost[k.id]; gone != nil {
				was := *s
				was.shares = append(slices.Clone(s.shares), gone...)
				it.was = append(it.was, &was)
			}
			t.items = append(t.items, it)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what has changed: %w", err)
	}
	return t, nil
}

// shareOf is with whom a share was that an entry tells of.
func shareOf(details []byte) schema.Principal {
	var with struct{ Person, Group int64 }
	if err := json.Unmarshal(details, &with); err != nil {
		return 0
	}
	switch {
	case with.Group != 0:
		return schema.GroupPrincipal(with.Group)
	case with.Person != 0:
		return schema.SharePrincipal(with.Person)
	}
	return 0
}

// before gives the states that a record has had since a moment and has no more.
func (b *Book) before(ctx context.Context, tx *store.Tx, s *state, since int64) ([]*state, error) {
	past, err := readPast(ctx, tx, "SELECT version, at, actor_kind, actor, state FROM history WHERE kind = ? AND record = ? AND at >= ? ORDER BY version LIMIT 8", s.kind, s.stored.ID, since)
	if err != nil {
		return nil, err
	}
	var all []*state
	for _, e := range past {
		was, err := s.at(e)
		if err != nil {
			return nil, err
		}
		all = append(all, was)
	}
	return all, nil
}

// unshared gives the shares that entries say were taken away, by record.
func (b *Book) unshared(ctx context.Context, ended []scribe.Told) (map[schema.RecordID][]share, error) {
	if len(ended) == 0 {
		return nil, nil
	}
	if err := b.scribe.Recall(ctx, ended); err != nil {
		return nil, err
	}
	all := map[schema.RecordID][]share{}
	for _, e := range ended {
		p := shareOf(e.Details)
		if p == 0 {
			continue // erased by law: whoever had it finds the record gone when they read again
		}
		for _, id := range e.Entry.Records {
			all[schema.RecordID(id)] = append(all[schema.RecordID(id)], share{principal: p, level: policy.ShareEdit})
		}
	}
	return all, nil
}
