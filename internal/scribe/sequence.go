package scribe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"castellan/internal/store"
	"castellan/ledger"
)

const (
	batch     = 256 // entries in one commit, at most
	tileWidth = 256
	spanWidth = 1024
	maxWait   = 30 * time.Second // between tries when the disk is in trouble
)

// sequence is the one that numbers entries. It never drops one: while the
// database cannot be written, those who note wait, and nothing is answered
// that is not on disk.
func (s *Scribe) sequence() {
	defer s.done.Done()
	direct := s.notes // on SQLite readings come straight here
	if s.db == s.ledger {
		direct = nil
	}
	beat := time.NewTicker(s.opts.Heartbeat)
	defer beat.Stop()
	poll := time.NewTicker(pollOutbox)
	defer poll.Stop()
	ctx := context.Background() // a commit that has begun is finished
	more := true                // what an earlier run left behind
	for {
		var got []*pending
		stopping := false
		if !more {
			select {
			case p := <-direct:
				got = append(got, p)
			case <-s.wake:
			case <-poll.C:
			case <-beat.C:
				go s.heartbeat(ctx)
				continue
			case <-s.stop:
				stopping = true
			}
		}
		got = drain(direct, got)
		n, err := s.advance(ctx, got)
		if err != nil {
			s.trouble(err, got)
		}
		more = n == batch
		if stopping && !more {
			// Those who were let in before the stop are served.
			if last := drain(direct, nil); len(last) > 0 {
				if _, err := s.advance(ctx, last); err != nil {
					s.trouble(err, last)
				}
			}
			return
		}
	}
}

// pollOutbox bounds how long an entry of another process waits on PostgreSQL,
// and of a missed signal anywhere.
const pollOutbox = 250 * time.Millisecond

// drain takes what waits, up to a batch.
func drain(from chan *pending, got []*pending) []*pending {
	for len(got) < batch {
		select {
		case p := <-from:
			got = append(got, p)
		default:
			return got
		}
	}
	return got
}

// trouble tells those who wait that their entries are not on disk: their
// answers do not go out.
func (s *Scribe) trouble(err error, got []*pending) {
	s.log.Error("write the ledger", "error", err)
	for _, p := range got {
		p.done <- err
	}
	select {
	case <-time.After(50 * time.Millisecond):
	case <-s.stop:
	}
}

// advance puts entries that came straight, and a batch of the outbox, into the
// ledger in one commit. It says how many of the outbox it took.
func (s *Scribe) advance(ctx context.Context, direct []*pending) (int, error) {
	if s.db == s.ledger {
		return s.advanceShared(ctx)
	}
	h, err := s.head(ctx)
	if err != nil {
		return 0, err
	}
	waiting, err := outboxAfter(ctx, s.db, h.outbox)
	if err != nil {
		return 0, err
	}
	if len(waiting)+len(direct) == 0 {
		return 0, nil
	}
	err = s.ledger.Write(ctx, func(tx *store.Tx) error {
		h, err := readHead(ctx, tx)
		if err != nil {
			return err
		}
		for _, p := range waiting {
			h.outbox = max(h.outbox, p.src.(int64))
		}
		return h.append(ctx, tx, append(waiting, direct...))
	})
	if err != nil {
		return 0, err
	}
	for _, p := range direct {
		p.done <- nil
	}
	if len(waiting) > 0 {
		// What the ledger has need not wait here. Should this be lost, the rows
		// are below the head's mark and are never taken twice.
		done := waiting[len(waiting)-1].src.(int64)
		err = s.db.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, store.Text("DELETE FROM outbox WHERE id <= ?"), done)
			return err
		})
	}
	return len(waiting), err
}

// advanceShared moves a batch of the outbox where it lies in the same database.
// Only the process that gets the lock does; the others' entries are moved by it.
func (s *Scribe) advanceShared(ctx context.Context) (n int, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		n = 0
		var mine bool
		if err := tx.QueryRow(ctx, store.Text("SELECT pg_try_advisory_xact_lock(hashtext(current_schema()), 7261)")).Scan(&mine); err != nil || !mine {
			return err
		}
		waiting, err := outboxAfter(ctx, tx, -1)
		if err != nil || len(waiting) == 0 {
			return err
		}
		h, err := readHead(ctx, tx)
		if err != nil {
			return err
		}
		args := make([]any, len(waiting))
		for i, p := range waiting {
			args[i] = p.src
			h.outbox = max(h.outbox, p.src.(int64))
		}
		if err := h.append(ctx, tx, waiting); err != nil {
			return err
		}
		for len(args) > 0 {
			k := chunk(len(args))
			if _, err := tx.Exec(ctx, store.Text("DELETE FROM outbox WHERE id IN (?"+strings.Repeat(", ?", k-1)+")"), args[:k]...); err != nil {
				return err
			}
			args = args[k:]
		}
		n = len(waiting)
		return nil
	})
	return n, err
}

// collect is the group commit of readings on PostgreSQL: those that queue up
// while one commit is under way share the next.
func (s *Scribe) collect() {
	defer s.done.Done()
	ctx := context.Background()
	write := func(got []*pending) {
		err := s.db.Write(ctx, func(tx *store.Tx) error { return outboxPut(ctx, tx, got) })
		for _, p := range got {
			p.done <- err
		}
		s.stir()
	}
	for {
		select {
		case p := <-s.notes:
			write(drain(s.notes, []*pending{p}))
		case <-s.stop:
			for {
				got := drain(s.notes, nil)
				if len(got) == 0 {
					return
				}
				write(got)
			}
		}
	}
}

func outboxPut(ctx context.Context, tx *store.Tx, all []*pending) error {
	for len(all) > 0 {
		k := chunk(len(all))
		args := make([]any, 0, 3*k)
		for _, p := range all[:k] {
			args = append(args, p.entry, nilIfEmpty(p.salt), nilIfEmpty(p.details))
		}
		if _, err := tx.Exec(ctx, store.Text("INSERT INTO outbox (entry, salt, details) VALUES "+tuples(3, k)), args...); err != nil {
			return fmt.Errorf("put readings into the outbox: %w", err)
		}
		all = all[k:]
	}
	return nil
}

// asker is what can be asked: a database or a transaction.
type asker interface {
	Query(ctx context.Context, s store.Statement, args ...any) (*store.Rows, error)
	QueryRow(ctx context.Context, s store.Statement, args ...any) *store.Row
}

func outboxAfter(ctx context.Context, from asker, id int64) ([]*pending, error) {
	rows, err := from.Query(ctx, store.Text("SELECT id, entry, salt, details FROM outbox WHERE id > ? ORDER BY id LIMIT 256"), id)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	defer rows.Close()
	var all []*pending
	for rows.Next() {
		var id int64
		p := &pending{}
		if err := rows.Scan(&id, &p.entry, &p.salt, &p.details); err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
		p.src = id
		all = append(all, p)
	}
	return all, rows.Err()
}

// head is how far the log has come.
type head struct {
	size        int64
	frontier    ledger.Frontier
	outbox      int64
	incarnation uint32
}

func readHead(ctx context.Context, from asker) (head, error) {
	var h head
	var frontier []byte
	var incarnation int64
	err := from.QueryRow(ctx, store.Text("SELECT size, frontier, outbox_done, incarnation FROM head WHERE id = 1")).Scan(&h.size, &frontier, &h.outbox, &incarnation)
	if err != nil {
		return h, err
	}
	h.incarnation = uint32(incarnation)
	if h.frontier, err = ledger.ParseFrontier(frontier); err != nil {
		return h, err
	}
	if h.frontier.Size() != h.size {
		return h, errors.New("the head of the ledger contradicts itself")
	}
	return h, nil
}

func (s *Scribe) head(ctx context.Context) (head, error) { return readHead(ctx, s.ledger) }

func (h *head) insert(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Exec(ctx, store.Text("INSERT INTO head (id, size, frontier, outbox_done, incarnation) VALUES (1, ?, ?, ?, ?)"), h.size, h.frontier.Marshal(), h.outbox, int64(h.incarnation))
	return err
}

func (h *head) update(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Exec(ctx, store.Text("UPDATE head SET size = ?, frontier = ?, outbox_done = ?, incarnation = ? WHERE id = 1"), h.size, h.frontier.Marshal(), h.outbox, int64(h.incarnation))
	return err
}

// append numbers entries and writes them with everything that follows from
// them: details, subtrees, spans, head.
func (h *head) append(ctx context.Context, tx *store.Tx, all []*pending) error {
	first := h.size
	for rest := all; len(rest) > 0; {
		k := chunk(len(rest))
		args := make([]any, 0, 8*k)
		var details []any
		for _, p := range rest[:k] {
			e, err := ledger.ParseEntry(p.entry)
			if err != nil {
				return fmt.Errorf("take an entry: %w", err)
			}
			if e.Incarnation != h.incarnation {
				// It waited while the operator accepted a loss.
				e.Incarnation = h.incarnation
				p.entry = e.Append(nil)
			}
			leaf := ledger.LeafHash(p.entry)
			args = append(args, h.size, p.src, e.Time.UnixMicro(), int64(e.Actor.Kind), e.Actor.ID, e.Event, p.entry, leaf[:])
			if len(p.details) > 0 {
				details = append(details, h.size, p.salt, p.details)
			}
			h.frontier.Append(leaf)
			h.size++
		}
		if _, err := tx.Exec(ctx, store.Text("INSERT INTO ledger (seq, src, ts, actor_kind, actor, event, entry, leaf) VALUES "+tuples(8, k)), args...); err != nil {
			return fmt.Errorf("append to the ledger: %w", err)
		}
		for len(details) > 0 {
			k := chunk(len(details) / 3)
			if _, err := tx.Exec(ctx, store.Text("INSERT INTO detail (seq, salt, data) VALUES "+tuples(3, k)), details[:3*k]...); err != nil {
				return fmt.Errorf("keep the details of entries: %w", err)
			}
			details = details[3*k:]
		}
		rest = rest[k:]
	}
	for place := first / tileWidth; place < h.size/tileWidth; place++ {
		if err := subtree(ctx, tx, 1, place); err != nil {
			return err
		}
	}
	for place := first / spanWidth; place < h.size/spanWidth; place++ {
		if err := putSpan(ctx, tx, place*spanWidth, (place+1)*spanWidth-1); err != nil {
			return err
		}
	}
	if err := h.update(ctx, tx); err != nil {
		return fmt.Errorf("move the head of the ledger: %w", err)
	}
	return nil
}

// subtree writes the root of the subtree that has become full, and those above
// that have become full with it.
func subtree(ctx context.Context, tx *store.Tx, level int, place int64) error {
	var f ledger.Frontier
	err := hashesAt(ctx, tx, level-1, place*tileWidth, tileWidth, func(h ledger.Hash) { f.Append(h) })
	if err != nil {
		return err
	}
	if f.Size() != tileWidth {
		return fmt.Errorf("the ledger has a gap below subtree %d of level %d", place, level)
	}
	root := f.Root()
	if _, err := tx.Exec(ctx, store.Text("INSERT INTO subtree (level, place, hash) VALUES (?, ?, ?)"), int64(level), place, root[:]); err != nil {
		return fmt.Errorf("keep a subtree: %w", err)
	}
	if (place+1)%tileWidth == 0 {
		return subtree(ctx, tx, level+1, place/tileWidth)
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

// chunk is the largest power of two up to n and 64: few statement texts, each
// prepared once.
func chunk(n int) int {
	k := 1
	for k*2 <= n && k < 64 {
		k *= 2
	}
	return k
}

// tuples writes "(?, ?), (?, ?)".
func tuples(width, n int) string {
	one := "(?" + strings.Repeat(", ?", width-1) + ")"
	return one + strings.Repeat(", "+one, n-1)
}
