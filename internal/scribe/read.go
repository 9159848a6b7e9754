package scribe

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"castellan/internal/actor"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/ledger"
)

// Question asks for entries. Zero fields do not narrow it.
type Question struct {
	Actor  *actor.Actor // a person or a program
	Kind   string       // with Record: its kind
	Record schema.RecordID
	Events []Event
	Rare   bool      // the events are few in any log: with Record, it is gone through by them
	From   time.Time // at or after
	To     time.Time // before
	Before int64     // entries with smaller numbers only: the page after; 0: from the newest
	Limit  int       // 0: 50
}

// Told is one entry as it is told to those who may read the log.
type Told struct {
	Seq     int64
	Entry   ledger.Entry
	Details json.RawMessage // nil if there were none, or none any more
}

// Read answers newest first. Who may ask is for the caller to decide. more says
// that there may be older entries.
func (s *Scribe) Read(ctx context.Context, q Question) (all []Told, more bool, err error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	h, err := readHead(ctx, s.ledger)
	if err != nil {
		return nil, false, err
	}
	below := h.size
	if q.Before > 0 {
		below = min(below, q.Before)
	}
	if !q.To.IsZero() {
		at, err := s.firstAt(ctx, h.size, q.To.Add(clockSlack))
		if err != nil {
			return nil, false, err
		}
		below = min(below, at)
	}
	floor := int64(0)
	if !q.From.IsZero() {
		if floor, err = s.firstAt(ctx, h.size, q.From.Add(-clockSlack)); err != nil {
			return nil, false, err
		}
	}
	take := func(t Told) bool {
		if !q.admits(&t.Entry) {
			return true
		}
		all = append(all, t)
		return len(all) <= q.Limit
	}
	if q.Record != 0 && !q.Rare {
		err = s.walkRecord(ctx, q, h.size, floor, below, take)
	} else {
		err = s.walk(ctx, q, floor, below, take)
	}
	if err != nil {
		return nil, false, err
	}
	if more = len(all) > q.Limit; more {
		all = all[:q.Limit]
	}
	return all, more, s.tell(ctx, all)
}

// clockSlack is how far the times of entries may lie out of the order of their
// numbers: transactions end in another order than they began.
const clockSlack = 30 * time.Second

// firstAt is the number of the first entry that is not before a time, or the
// size of the log. Numbers and times grow together.
func (s *Scribe) firstAt(ctx context.Context, size int64, at time.Time) (int64, error) {
	lo, hi := int64(0), size
	for lo < hi {
		mid := lo + (hi-lo)/2
		var ts int64
		err := s.ledger.QueryRow(ctx, store.Text("SELECT ts FROM ledger WHERE seq = ?"), mid).Scan(&ts)
		if err != nil && !errors.Is(err, store.ErrNoRows) {
			return 0, fmt.Errorf("find a time in the ledger: %w", err)
		}
		if err != nil || ts < at.UnixMicro() {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, nil
}

// admits narrows by what the index does not.
func (q *Question) admits(e *ledger.Entry) bool {
	switch {
	case !q.From.IsZero() && e.Time.Before(q.From), !q.To.IsZero() && !e.Time.Before(q.To):
		return false
	case q.Actor != nil && (e.Actor.Kind != actorOf(*q.Actor).Kind || e.Actor.ID != actorOf(*q.Actor).ID):
		return false
	case len(q.Events) > 0 && !slices.Contains(q.Events, Event(e.Event)):
		return false
	case q.Record != 0 && (e.Kind != q.Kind || !slices.Contains(e.Records, int64(q.Record))):
		return false
	}
	return true
}

// walk goes through entries from the newest down, by the best index.
func (s *Scribe) walk(ctx context.Context, q Question, floor, below int64, take func(Told) bool) error {
	// One arm for each event, so that each is an ordered walk along an index
	// however rare the event is.
	var arm strings.Builder
	arm.WriteString("SELECT seq, entry FROM ledger WHERE seq < ? AND seq >= ?")
	if q.Actor != nil {
		arm.WriteString(" AND actor_kind = ? AND actor = ?")
	}
	events := slices.Compact(slices.Sorted(slices.Values(q.Events)))
	if len(events) > 0 {
		arm.WriteString(" AND event = ?")
	}
	arm.WriteString(" ORDER BY seq DESC LIMIT ?")
	text := arm.String()
	if len(events) > 1 {
		arms := "SELECT seq, entry FROM (" + text + ") AS one"
		text = arms + strings.Repeat(" UNION ALL "+arms, len(events)-1) + " ORDER BY seq DESC LIMIT ?"
	}
	var want func([]byte) bool
	if q.Record != 0 {
		want = func(entry []byte) bool { return naming(entry, q.Kind, int64(q.Record)) }
	}
	page := int64(max(q.Limit+1, 200))
	for below > floor {
		var args []any
		for i := range max(1, len(events)) {
			args = append(args, below, floor)
			if q.Actor != nil {
				a := actorOf(*q.Actor)
				args = append(args, int64(a.Kind), a.ID)
			}
			if len(events) > 0 {
				args = append(args, string(events[i]))
			}
			args = append(args, page)
		}
		if len(events) > 1 {
			args = append(args, page)
		}
		n, last, more, err := s.scan(ctx, store.Text(text), args, want, take)
		if err != nil || !more || n < page {
			return err
		}
		below = last
	}
	return nil
}

// walkRecord is walk for entries that name a record.
func (s *Scribe) walkRecord(ctx context.Context, q Question, size, floor, below int64, take func(Told) bool) error {
	for st, err := range s.likely(ctx, size, floor, below, q.Kind, q.Record) {
		if err != nil {
			return err
		}
		if more, err := s.naming(ctx, st, q.Kind, q.Record, take); err != nil || !more {
			return err
		}
	}
	return nil
}

// scan reads entries of a statement into take, until it wants no more. Those
// that want refuses are passed over, unparsed; nil wants all.
func (s *Scribe) scan(ctx context.Context, text store.Text, args []any, want func([]byte) bool, take func(Told) bool) (n, last int64, more bool, err error) {
	more = true
	err = s.ledger.Scan(ctx, text, args, func(seq int64, entry []byte) (bool, error) {
		n, last = n+1, seq
		if want != nil && !want(entry) {
			return true, nil
		}
		e, err := ledger.ParseEntry(entry)
		if err != nil {
			return false, fmt.Errorf("read entry %d: %w", seq, err)
		}
		more = take(Told{Seq: seq, Entry: e})
		return more, nil
	})
	if err != nil {
		return n, last, false, fmt.Errorf("read the ledger: %w", err)
	}
	return n, last, more, nil
}

// tell adds the details.
func (s *Scribe) tell(ctx context.Context, all []Told) error {
	at := make(map[int64]int, len(all))
	var args []any
	for i, t := range all {
		if t.Entry.Commitment != [32]byte{} {
			at[t.Seq] = i
			args = append(args, t.Seq)
		}
	}
	for len(args) > 0 {
		k := chunk(len(args))
		rows, err := s.ledger.Query(ctx, store.Text("SELECT seq, data FROM detail WHERE seq IN (?"+strings.Repeat(", ?", k-1)+")"), args[:k]...)
		if err != nil {
			return fmt.Errorf("read details: %w", err)
		}
		for rows.Next() {
			v := rows.Values()
			seq, _ := v[0].(int64)
			data, _ := v[1].([]byte)
			all[at[seq]].Details = slices.Clone(data)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return fmt.Errorf("read details: %w", err)
		}
		args = args[k:]
	}
	return nil
}

// Sighting is how one actor has met a record.
type Sighting struct {
	Kind        actor.Kind
	ID          int64 // the person or program
	First, Last time.Time
	Times       int
	Shown       []string // classes that were ever shown unmasked
	Changed     bool     // wrote it, too
}

// sightings collects how actors have met a record.
type sightings map[ledger.Actor]*Sighting

func (all sightings) add(e *ledger.Entry) {
	who := ledger.Actor{Kind: e.Actor.Kind, ID: e.Actor.ID}
	g := all[who]
	if g == nil {
		g = &Sighting{Kind: actor.Kind(who.Kind), ID: who.ID, First: e.Time, Last: e.Time}
		all[who] = g
	}
	d, known := Describe(Event(e.Event))
	g.merge(&Sighting{First: e.Time, Last: e.Time, Times: 1, Shown: e.Shown, Changed: known && !d.Read})
}

func (g *Sighting) merge(o *Sighting) {
	g.Times += o.Times
	if o.First.Before(g.First) {
		g.First = o.First
	}
	if o.Last.After(g.Last) {
		g.Last = o.Last
	}
	for _, c := range o.Shown {
		if !slices.Contains(g.Shown, c) {
			g.Shown = append(g.Shown, c)
		}
	}
	g.Changed = g.Changed || o.Changed
}

// Seen tells who has ever met a record, the latest first. What is kept of spans
// that name it often is taken as it is; the other stretches of the log that may
// name it are gone through side by side.
func (s *Scribe) Seen(ctx context.Context, kind string, id schema.RecordID) ([]Sighting, error) {
	h, err := readHead(ctx, s.ledger)
	if err != nil {
		return nil, fmt.Errorf("read the head of the ledger: %w", err)
	}
	// Before the spans themselves, so that what is kept is of spans only that
	// are then given one by one.
	met, kept, err := s.metOften(ctx, kind, id)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan stretch)
	found := make([]sightings, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range found {
		found[i] = sightings{}
		wg.Go(func() {
			for st := range work {
				if _, err := s.naming(ctx, st, kind, id, func(t Told) bool {
					found[i].add(&t.Entry)
					return true
				}); err != nil {
					cancel(err)
				}
			}
		})
	}
	for st, err := range s.likely(ctx, h.size, 0, h.size, kind, id) {
		if err != nil {
			cancel(err)
			break
		}
		if !kept[st.first] {
			work <- st
		}
	}
	close(work)
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	for _, more := range found {
		for who, g := range more {
			met.join(who, g)
		}
	}
	all := make([]Sighting, 0, len(met))
	for _, g := range met {
		slices.Sort(g.Shown)
		all = append(all, *g)
	}
	slices.SortFunc(all, func(a, b Sighting) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// Proof is that the entry is in the log: c2sp.org/tlog-proof@v1, which anybody
// checks with the public key. It is made against the newest checkpoint.
func (s *Scribe) Proof(ctx context.Context, seq int64) ([]byte, error) {
	signed := s.Checkpoint()
	if len(signed) == 0 {
		return nil, errNotSealed
	}
	c, err := ledger.OpenCheckpoint(signed, s.vault.LedgerVerifier())
	if err != nil {
		return nil, fmt.Errorf("open our own checkpoint: %w", err)
	}
	if seq < 0 || seq >= c.Size {
		return nil, errNotSealed
	}
	p, err := ledger.Prove(seq, signed, s.hashes(ctx, c))
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", seq, err)
	}
	return p.Marshal(), nil
}

var errNotSealed = errors.New("the entry is not sealed yet")

// hashes reads the tree of a checkpoint.
func (s *Scribe) hashes(ctx context.Context, c ledger.Checkpoint) tlog.HashReader {
	return ledger.TileHashes(c, func(t ledger.Tile) ([]byte, error) {
		content := make([]byte, 0, t.Width*tlog.HashSize)
		err := hashesAt(ctx, s.ledger, t.Level, t.Index*ledger.TileWidth, t.Width, func(h ledger.Hash) { content = append(content, h[:]...) })
		return content, err
	})
}
