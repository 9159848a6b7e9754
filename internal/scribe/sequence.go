package scribe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"castellan/internal/store"
	"castellan/ledger"
)

const (
	batch     = 256 // entries of the outbox in one commit, and readings, at most
	spanWidth = 1024

	// pollOutbox bounds how long an entry of a process that has ended waits on
	// PostgreSQL, and of a missed signal anywhere.
	pollOutbox = 250 * time.Millisecond

	// rest is how long the sequencer leaves a disk in trouble alone. Those who
	// note meanwhile wait so long.
	rest = 50 * time.Millisecond
)

// pace is how far apart the sequencer on PostgreSQL looks into the outbox while
// entries keep coming, so that it moves many at once: nobody waits for it, and
// each look and commit takes processors and disk from those who do wait. What
// comes after a pause is moved at once.
const pace = 20 * time.Millisecond

// sequence is the one that numbers entries. Readings come straight; those that
// queue up while one commit is under way share the next. While the ledger cannot
// be written, those who note get an error and their answers do not go out; what
// is in the outbox waits.
func (s *Scribe) sequence() {
	straight, end, news := s.notes, s.life.Done(), (chan struct{})(nil)
	if s.journal != nil {
		straight, end, news = s.straight, s.received, s.journal.news
	}
	poll := time.NewTicker(pollOutbox)
	defer poll.Stop()
	ctx := context.Background() // a commit that has begun is finished
	var flushes []chan error
	var trouble error
	var ready <-chan time.Time    // when the outbox may be looked into; nil: at once
	var resting <-chan time.Time  // until what waits in the journal is moved again; nil: at once
	look, stopping := true, false // whether the outbox may hold something; whether this is the end
	for {
		var got []*note
		move := false // whether the journal may hold something
		if (!look || ready != nil) && !stopping {
			select {
			case n := <-straight:
				got = append(got, n)
			case <-news:
				move = resting == nil
			case <-resting:
				resting, move = nil, s.journal.holds()
			case <-s.wake:
				look = true
			case <-poll.C:
				look = true
			case <-ready:
				ready = nil
			case f := <-s.flushes:
				flushes, look, ready = append(flushes, f), true, nil
			case <-end:
				stopping, look = true, true
			}
		}
		select { // a stream of readings must not keep changes waiting
		case <-s.wake:
			look = true
		case <-ready:
			ready = nil
		default:
		}
		if s.journal == nil {
			got = s.gather(straight, got)
		} else {
			got = drain(straight, got)
		}
		now := stopping || look && ready == nil
		if len(got) == 0 && !now && !move {
			continue
		}
		moves := s.journal != nil && s.journal.holds()
		if now {
			look = false
		}
		left, err := s.advance(ctx, got, now)
		// Not before it is done: what it took is no part of the rest.
		if now && s.shared() {
			ready = time.After(pace)
		}
		if moves {
			resting = time.After(pace)
		}
		s.hampered.Store(err != nil)
		for _, n := range got {
			n.done <- err
		}
		switch {
		case err != nil:
			if trouble == nil || trouble.Error() != err.Error() {
				s.log.Error("write the ledger", "error", err)
			}
			flushes = answer(flushes, err)
			if stopping {
				return
			}
			s.pause(rest)
		case left:
			look, ready = true, nil // there is more: it goes on
		default:
			if now {
				flushes = answer(flushes, nil)
			}
			if stopping && len(got) == 0 {
				return
			}
		}
		trouble = err
	}
}

func answer(flushes []chan error, err error) []chan error {
	for _, f := range flushes {
		f <- err
	}
	return nil
}

// pause waits, but not for long once the end has come.
func (s *Scribe) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.life.Done():
	}
}

// drain takes what waits, up to a batch.
func drain(from chan *note, got []*note) []*note {
	for len(got) < batch {
		select {
		case n := <-from:
			got = append(got, n)
		default:
			return got
		}
	}
	return got
}

// advance puts readings that came straight, and a batch of the outbox if that
// is to be looked into, into the ledger in one commit. It says whether the
// outbox may have more.
func (s *Scribe) advance(ctx context.Context, got []*note, look bool) (left bool, err error) {
	var grown bool
	if s.shared() {
		left, grown, err = s.advanceShared(ctx, got, look)
	} else {
		left, grown, err = s.advanceOwn(ctx, got, look)
	}
	if err == nil && grown {
		signal(s.moved)
	}
	return left, err
}

// advanceOwn is advance where the ledger is a file of its own, and this process
// the only one that has it.
func (s *Scribe) advanceOwn(ctx context.Context, got []*note, look bool) (left, grown bool, err error) {
	if s.at == nil {
		h, err := readHead(ctx, s.ledger)
		if err != nil {
			return false, false, fmt.Errorf("read the head of the ledger: %w", err)
		}
		s.at = &h
	}
	var all []item
	if look {
		if all, err = outboxAfter(ctx, s.db, s.at.outbox); err != nil {
			return false, false, err
		}
		left = len(all) == batch
	}
	held := s.journal.waiting()
	done := s.at.readings
	for _, p := range held {
		if p.number > s.at.readings { // else it was kept after all
			all, done = append(all, p.items...), p.number
		}
	}
	for _, n := range got {
		all = append(all, n.items...)
	}
	if len(all) == 0 && done == s.at.readings {
		s.journal.release(len(held), done)
		return false, false, nil
	}
	next := *s.at
	err = s.commit(ctx, s.ledger, stepAppend, func(tx *store.Tx) error {
		next = *s.at
		next.readings = done
		return next.append(ctx, tx, all)
	})
	if err != nil {
		s.at = nil // whether it was kept after all is to be read
		return false, false, err
	}
	*s.at = next
	s.journal.release(len(held), done)
	return left, len(all) > 0, nil
}

// head is how far the log has come.
type head struct {
	size        int64
	frontier    ledger.Frontier
	outbox      int64 // SQLite: rows of the outbox up to this one were taken
	readings    int64 // SQLite: parts of the journal up to this one were taken
	incarnation uint32
}

const selectHead = "SELECT size, frontier, outbox_done, readings_done, incarnation FROM head WHERE id = 1"

func readHead(ctx context.Context, from asker) (head, error) {
	return scanHead(from.QueryRow(ctx, store.Text(selectHead)))
}

func scanHead(row *store.Row) (head, error) {
	var h head
	var frontier []byte
	if err := row.Scan(&h.size, &frontier, &h.outbox, &h.readings, &h.incarnation); err != nil {
		return head{}, err
	}
	var err error
	if h.frontier, err = ledger.ParseFrontier(frontier); err != nil {
		return head{}, err
	}
	if h.frontier.Size() != h.size {
		return head{}, errors.New("the head of the ledger contradicts itself")
	}
	return h, nil
}

// append numbers entries and writes them with everything that follows from
// them: details, subtrees, head.
func (h *head) append(ctx context.Context, tx *store.Tx, all []item) error {
	first := h.size
	for rest := all; len(rest) > 0; {
		k := chunk(len(rest))
		args := make([]any, 0, 8*k)
		var details []any
		for i := range rest[:k] {
			it := &rest[i]
			if it.incarnation != h.incarnation {
				if err := it.move(h.incarnation); err != nil {
					return fmt.Errorf("take an entry: %w", err)
				}
			}
			var src any
			if it.src != 0 {
				src = it.src
				h.outbox = max(h.outbox, it.src)
			}
			leaf := ledger.LeafHash(it.entry)
			args = append(args, h.size, src, it.at, int64(it.kind), it.actor, it.event, it.entry, leaf[:])
			if it.details != nil {
				details = append(details, h.size, it.salt, it.details)
			}
			h.frontier.Append(leaf)
			h.size++
		}
		if _, err := tx.Exec(ctx, insertLedger.of(k), args...); err != nil {
			return fmt.Errorf("append to the ledger: %w", err)
		}
		for len(details) > 0 {
			k := chunk(len(details) / 3)
			if _, err := tx.Exec(ctx, insertDetail.of(k), details[:3*k]...); err != nil {
				return fmt.Errorf("keep the details of entries: %w", err)
			}
			details = details[3*k:]
		}
		rest = rest[k:]
	}
	for place := first / ledger.TileWidth; place < h.size/ledger.TileWidth; place++ {
		if err := subtree(ctx, tx, 1, place); err != nil {
			return err
		}
	}
	n, err := tx.Exec(ctx, store.Text("UPDATE head SET size = ?, frontier = ?, outbox_done = ?, readings_done = ?, incarnation = ? WHERE id = 1 AND size = ?"),
		h.size, h.frontier.Marshal(), h.outbox, h.readings, int64(h.incarnation), first)
	if err != nil {
		return fmt.Errorf("move the head of the ledger: %w", err)
	}
	if n != 1 {
		return errors.New("move the head of the ledger: it is not where it was left")
	}
	return nil
}

// subtree writes the root of the subtree that has become full, and those above
// that have become full with it.
func subtree(ctx context.Context, tx *store.Tx, level int, place int64) error {
	var f ledger.Frontier
	err := hashesAt(ctx, tx, level-1, place*ledger.TileWidth, ledger.TileWidth, func(h ledger.Hash) { f.Append(h) })
	if err != nil {
		return err
	}
	if f.Size() != ledger.TileWidth {
		return fmt.Errorf("the ledger has a gap below subtree %d of level %d", place, level)
	}
	root := f.Root()
	if _, err := tx.Exec(ctx, store.Text("INSERT INTO subtree (level, place, hash) VALUES (?, ?, ?)"), int64(level), place, root[:]); err != nil {
		return fmt.Errorf("keep a subtree: %w", err)
	}
	if (place+1)%ledger.TileWidth == 0 {
		return subtree(ctx, tx, level+1, place/ledger.TileWidth)
	}
	return nil
}

// hashesAt reads hashes of a level from a place on.
func hashesAt(ctx context.Context, from asker, level int, place int64, n int, use func(ledger.Hash)) error {
	text, args := store.Text("SELECT leaf FROM ledger WHERE seq >= ? AND seq < ? ORDER BY seq"), []any{place, place + int64(n)}
	if level > 0 {
		text, args = "SELECT hash FROM subtree WHERE level = ? AND place >= ? AND place < ? ORDER BY place", []any{int64(level), place, place + int64(n)}
	}
	rows, err := from.Query(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("read the tree: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h ledger.Hash
		b, ok := rows.Values()[0].([]byte)
		if !ok || copy(h[:], b) != len(h) {
			return errors.New("read the tree: a hash has the wrong length")
		}
		use(h)
	}
	return rows.Err()
}
