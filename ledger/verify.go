package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Options of Verify. The zero Options verify everything there is from the
// beginning, with the usual tolerances.
type Options struct {
	// State, if not nil, is where an earlier verification ended. When what
	// follows does not fit it, everything is verified from the beginning to
	// find out why.
	State *State

	// Heads are signed checkpoints that reached the verifier by another way
	// than the log: mailed, printed, kept by a witness. They alone can show
	// that the end of a log, its checkpoints included, was cut off.
	Heads [][]byte

	// Skew is how far a time may lie before an earlier one: transactions that
	// began in one order may end in another. Zero means ten seconds.
	Skew time.Duration

	// Heartbeat is how often the event "heartbeat" is due. Zero: never.
	Heartbeat time.Duration

	// Now is the present, if the verifier wants times compared with it.
	Now time.Time
}

// sealDelay is how long entries may go without a checkpoint. Checkpoints
// follow within a second; a minute forgives a busy machine.
const sealDelay = time.Minute

// Verify reads a log once, in order and in constant memory, and reports what
// is proved about it under v, the public key of the log, and what is wrong. It
// fails only when src cannot be read or ctx ends. A log with problems is
// partly read a second time to name the entries concerned.
func Verify(ctx context.Context, src Source, v note.Verifier, opts Options) (Report, error) {
	if opts.Skew == 0 {
		opts.Skew = 10 * time.Second
	}
	heads, foreign := openHeads(opts.Heads, v)
	if opts.State != nil {
		r, err := verify(ctx, src, v, opts, heads, foreign)
		if err == nil && r.extends(opts.State, heads) || err != nil && !errors.Is(err, errAdrift) {
			return r, err
		}
		// Either something is wrong, or a head is older than the state and can
		// only be compared on the way from the beginning.
		if head, err := OpenCheckpoint(opts.State.Head, v); err == nil {
			heads = append(heads, mark{Checkpoint: head, msg: opts.State.Head, outside: true})
			slices.SortStableFunc(heads, bySize)
		}
		opts.State = nil
	}
	return verify(ctx, src, v, opts, heads, foreign)
}

// errAdrift says that the log no longer reaches to, or differs at, the last
// entry before a State.
var errAdrift = errors.New("the log does not continue the state")

// extends says whether going on from s was enough.
func (r *Report) extends(s *State, heads []mark) bool {
	for _, f := range r.Findings {
		if f.Problem != HeartbeatGap {
			return false
		}
	}
	for _, h := range heads {
		if h.Size < s.Frontier.Size() {
			return false
		}
	}
	return true
}

// mark is a checkpoint on the way through the log.
type mark struct {
	Checkpoint
	msg     []byte
	outside bool // given by the verifier, not by the log
}

func bySize(a, b mark) int { return int(max(-1, min(1, a.Size-b.Size))) }

// openHeads opens the heads from outside, ordered by size, and counts those
// that the key did not sign.
func openHeads(msgs [][]byte, v note.Verifier) (heads []mark, foreign int) {
	for _, msg := range msgs {
		c, err := OpenCheckpoint(msg, v)
		if err != nil {
			foreign++
			continue
		}
		heads = append(heads, mark{Checkpoint: c, msg: msg, outside: true})
	}
	slices.SortStableFunc(heads, bySize)
	return heads, foreign
}

// passage is one way through a log.
type passage struct {
	opts   Options
	report Report
	course course
	tree   Frontier
	next   int64 // number that the next entry should bear
	begun  bool  // an entry was read, here or before the state: course is known

	leaf Hash  // of the last entry read
	good State // at the last checkpoint that matched

	// torn is set once the tree can no longer agree with any checkpoint. The
	// cause lies at or after good; tornAt is the first size that did not
	// match, or where the numbering jumped.
	torn   bool
	tornAt Checkpoint
	order  []Finding // what the stored numbers show, if the leaves do not show better

	misfits []int64 // entries whose details do not open their commitment

	sealed     int64     // size of the newest checkpoint passed
	sealedTime time.Time // when it was signed
	loose      time.Time // time of the first entry after it
	forks      []mark    // heads from outside that do not match
	tail       mark      // the largest checkpoint beyond the end
}

func verify(ctx context.Context, src Source, v note.Verifier, opts Options, heads []mark, foreign int) (Report, error) {
	p := &passage{opts: opts, report: Report{Origin: v.Name(), Findings: []Finding{}, Losses: []Loss{}}}
	for range foreign {
		p.report.add(Swapped, -1, -1, "A head given from outside was not signed with this key: either it or the key belongs to another log.")
	}
	if s := opts.State; s != nil {
		p.tree, p.leaf, p.course, p.good = s.Frontier, s.leaf, s.course, *s
		p.next, p.sealed = s.Frontier.Size(), s.Frontier.Size()
		p.begun = p.next > 0
		p.report.Start, p.report.Proven, p.report.Anchored = p.next, p.next, p.next
		if c, err := OpenCheckpoint(s.Head, v); err == nil {
			p.sealedTime, p.report.HeadSigned = c.Time, c.Time
		}
	}

	nextMark, stop := iter.Pull2(p.marks(ctx, src, v, heads))
	defer stop()
	m, err, more := nextMark()
	pass := func() error {
		for more && err == nil && m.Size <= p.next {
			p.judge(m)
			m, err, more = nextMark()
		}
		return err
	}
	if err := pass(); err != nil {
		return Report{}, fmt.Errorf("verify: %w", err)
	}
	// The last entry before the state is looked at again: if the log was cut
	// or exchanged, it is not there.
	again := opts.State != nil && p.next > 0
	from := p.next
	if again {
		from--
	}
	for stored, err := range src.Entries(ctx, from) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && again {
			if stored.Seq != from || LeafHash(stored.Entry) != opts.State.leaf {
				err = errAdrift
			}
			again = false
		} else if err == nil {
			p.read(stored)
			err = pass()
		}
		if err != nil {
			return Report{}, fmt.Errorf("verify: %w", err)
		}
	}
	if again {
		return Report{}, fmt.Errorf("verify: %w", errAdrift)
	}
	for more && err == nil {
		p.beyond(m)
		m, err, more = nextMark()
	}
	if err == nil {
		err = p.finish(ctx, src, v)
	}
	if err != nil {
		return Report{}, fmt.Errorf("verify: %w", err)
	}
	return p.report, nil
}

// read takes in the next entry.
func (p *passage) read(s Stored) {
	r := &p.report
	r.Entries++
	switch {
	case s.Seq > p.next:
		p.order = append(p.order, deleted(p.next, s.Seq-1))
		p.tear(Checkpoint{Size: p.next})
	case s.Seq < p.next:
		p.order = append(p.order, Finding{Reordered, s.Seq, s.Seq,
			fmt.Sprintf("An entry numbered %d stands where entry %d should be: it was inserted or moved.", s.Seq, p.next)})
		p.tear(Checkpoint{Size: p.next})
	}
	p.next = max(p.next, s.Seq+1)
	p.leaf = LeafHash(s.Entry)
	p.tree.Append(p.leaf)

	e, err := ParseEntry(s.Entry)
	if err != nil {
		r.add(Unreadable, s.Seq, s.Seq, "Entry %d cannot be read: it is not an entry in canonical form.", s.Seq)
		return
	}
	if r.Entries == 1 {
		r.First = e.Time
	}
	if e.Time.After(r.Newest) {
		r.Newest = e.Time
	}
	if p.loose.IsZero() {
		p.loose = e.Time
	}
	p.incarnation(s.Seq, &e)
	p.clock(s.Seq, e.Time, fmt.Sprintf("entry %d", s.Seq))
	p.heartbeat(s.Seq, &e)
	p.details(&s, &e)
}

// tear gives up comparing roots from here on.
func (p *passage) tear(at Checkpoint) {
	if !p.torn {
		p.torn, p.tornAt = true, at
	}
}

func deleted(first, last int64) Finding {
	if first == last {
		return Finding{Deleted, first, last, fmt.Sprintf("Entry %d was deleted.", first)}
	}
	return Finding{Deleted, first, last, fmt.Sprintf("The entries %d to %d were deleted.", first, last)}
}

func (p *passage) details(s *Stored, e *Entry) {
	switch {
	case s.Details != nil && Commit(s.Salt, s.Details) == e.Commitment:
		p.report.WithDetails++
	case s.Details != nil:
		if len(p.misfits) < maxFindings {
			p.misfits = append(p.misfits, s.Seq)
		} else {
			p.report.More++
		}
	case e.Commitment != [32]byte{}:
		p.report.Erased++
	}
}

// reportMisfits names the entries whose details are wrong. Where entries were
// taken out or put in and the rest renumbered, all details that follow lie
// beside the wrong entry; that is one finding, not one for each.
func (p *passage) reportMisfits() {
	shifted := int64(1<<63 - 1)
	for _, f := range p.report.Findings {
		switch f.Problem {
		case Deleted, Inserted, Reordered, Altered:
			shifted = min(shifted, f.First)
		}
	}
	for i, seq := range p.misfits {
		if last := p.misfits[len(p.misfits)-1]; seq >= shifted && last > seq {
			p.report.add(BadDetails, seq, last, "The details of %d entries from %d to %d lie beside entries to which they do not belong.", len(p.misfits)-i, seq, last)
			return
		}
		p.report.add(BadDetails, seq, seq, "The details of entry %d are not those that were signed.", seq)
	}
}

// clock compares a time with the latest so far. After a step back it goes on
// from the new time, so that one step is one finding.
func (p *passage) clock(seq int64, at time.Time, what string) {
	switch c := &p.course; {
	case at.Before(c.newest.Add(-p.opts.Skew)):
		p.report.add(ClockBack, seq, seq, "The clock was set back by %s: %s is from %s, though %s had been written before it.",
			c.newest.Sub(at).Round(time.Second), what, date(at), date(c.newest))
		c.newest = at
	case at.After(c.newest):
		c.newest = at
	}
	if now := p.opts.Now; !now.IsZero() && at.After(now.Add(p.opts.Skew)) {
		p.report.add(Future, seq, seq, "The time of %s, %s, has not come yet.", what, date(at))
	}
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// incarnation follows the log's own account of being continued from an older
// state.
func (p *passage) incarnation(seq int64, e *Entry) {
	c := &p.course
	first := !p.begun
	p.begun = true
	declares := e.Event == EventIncarnated
	switch {
	case declares && (first || e.Incarnation > c.incarnation):
		if len(e.Records) != 2 || e.Records[0] != seq || e.Records[1] < seq {
			p.report.add(Incarnation, seq, seq, "Entry %d begins incarnation %d without saying rightly what was lost.", seq, e.Incarnation)
			break
		}
		p.report.Losses = append(p.report.Losses, Loss{e.Incarnation, e.Time, seq, e.Records[1]})
	case declares:
		p.report.add(Incarnation, seq, seq, "Entry %d begins incarnation %d, which is not a new one.", seq, e.Incarnation)
	case first && seq == 0 && e.Incarnation > 1, !first && e.Incarnation != c.incarnation:
		p.report.add(Incarnation, seq, seq, "Entry %d belongs to incarnation %d, which nothing declared.", seq, e.Incarnation)
	}
	c.incarnation = e.Incarnation
}

// heartbeat looks for entries that have no heartbeat near them, neither before
// nor after. A server that stands still writes nothing: such silences are only
// counted.
func (p *passage) heartbeat(seq int64, e *Entry) {
	c, every := &p.course, p.opts.Heartbeat
	if every <= 0 {
		return
	}
	if !c.last.IsZero() {
		if silence := e.Time.Sub(c.last); silence > every {
			p.report.Silences++
			p.report.LongestSilence = max(p.report.LongestSilence, silence)
		}
	}
	c.last = e.Time
	if c.beat.IsZero() {
		c.beat = e.Time
	}
	if e.Event == EventHeartbeat {
		p.stray(e.Time)
		c.beat, c.stray, c.straySeq = e.Time, time.Time{}, 0
	} else if c.stray.IsZero() && e.Time.Sub(c.beat) > every {
		c.stray, c.straySeq = e.Time, seq
	}
}

// stray reports the stray entry, if there is one and no heartbeat came in time
// to excuse it.
func (p *passage) stray(next time.Time) {
	c := &p.course
	if !c.stray.IsZero() && next.Sub(c.stray) > p.opts.Heartbeat {
		p.report.add(HeartbeatGap, c.straySeq, c.straySeq,
			"The heartbeat stood still from %s to %s, though entries were written from number %d on: others may have been kept out.",
			date(c.beat), date(next), c.straySeq)
	}
}

// judge compares a checkpoint with the tree as far as it was read.
func (p *passage) judge(m mark) {
	r := &p.report
	if m.Size < p.tree.Size() && !p.torn {
		r.add(Forged, -1, -1, "The checkpoint over %d entries stands out of order.", m.Size)
		return
	}
	r.Checkpoints++
	if p.lost(m) {
		return
	}
	if !m.outside {
		p.sealed, p.sealedTime, p.loose = m.Size, m.Time, time.Time{}
	}
	switch {
	case p.torn:
	case p.tree.Root() == m.Root:
		if m.Size > 0 && m.Incarnation != p.course.incarnation {
			r.add(Incarnation, m.Size-1, m.Size-1, "The checkpoint over %d entries claims incarnation %d, its newest entry %d.",
				m.Size, m.Incarnation, p.course.incarnation)
		}
		p.clock(m.Size-1, m.Time, fmt.Sprintf("the checkpoint over %d entries", m.Size))
		p.good = State{m.msg, p.tree, p.leaf, p.course}
		if m.outside {
			r.Anchored = m.Size
		}
		r.HeadSigned = m.Time
	case m.outside:
		p.forks = append(p.forks, m)
	default:
		p.tear(m.Checkpoint)
	}
}

// lost says whether m was signed in an earlier incarnation over entries that
// are no longer there, and reports it unless the log declares that loss.
func (p *passage) lost(m mark) bool {
	if m.Incarnation >= p.course.incarnation {
		return false
	}
	var declared int64
	for _, l := range p.report.Losses {
		if l.Incarnation > m.Incarnation && l.First < m.Size {
			declared = max(declared, l.Next)
		}
	}
	if declared == 0 {
		return false
	}
	if declared < m.Size {
		p.report.add(HiddenLoss, declared, m.Size-1,
			"The log admits to have lost entries up to number %d, but a checkpoint signed at %s covers %d entries.", declared-1, date(m.Time), m.Size)
	}
	return true
}

// beyond takes note of a checkpoint over more entries than there are.
func (p *passage) beyond(m mark) {
	p.report.Checkpoints++
	if !p.lost(m) && m.Size > p.tail.Size {
		p.tail = m
	}
}

// finish draws the conclusions that need the whole.
func (p *passage) finish(ctx context.Context, src Source, v note.Verifier) error {
	r := &p.report
	p.stray(p.course.last)
	if p.sealed > p.next {
		p.sealed = p.next
	}
	switch {
	case p.sealedTime.IsZero() && p.tail.msg == nil:
		r.add(Unsealed, -1, -1, "There is no checkpoint signed with this key: nothing is proved.")
	case p.tail.msg == nil || p.tail.outside:
		r.Unsealed = p.next - p.sealed
		waited := p.course.newest.Sub(p.loose)
		if !p.opts.Now.IsZero() {
			waited = p.opts.Now.Sub(p.loose)
		}
		if r.Unsealed > 0 && !p.loose.IsZero() && waited > sealDelay {
			r.add(Unsealed, p.sealed, p.next-1, "The entries from number %d on have waited longer than a minute for a checkpoint: they are not proved.", p.sealed)
		}
	}
	if p.torn {
		if err := p.locate(ctx, src, v); err != nil {
			return err
		}
	} else if p.tail.msg != nil {
		p.cut(p.next, p.tail)
	}
	p.reportMisfits()
	for _, m := range p.forks {
		// A head that only fails to match because entries below it were
		// tampered with is no news.
		if !p.torn || m.Size <= p.good.Frontier.Size() {
			r.add(Swapped, -1, -1, "The log is not the one of the head signed at %s over %d entries: its history was exchanged.", date(m.Time), m.Size)
		}
	}
	r.Proven = p.good.Frontier.Size()
	r.Sound = max(r.Sound, r.Proven)
	r.conclude()
	if r.Integrity == Proved && p.good.Head != nil && (r.OK() || r.onlyGaps()) {
		state := p.good
		r.State = &state
	}
	return nil
}

func (r *Report) onlyGaps() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Problem != HeartbeatGap })
}

// cut reports that the log ends at size though m covers more.
func (p *passage) cut(size int64, m mark) {
	whose := "A checkpoint"
	if m.outside {
		whose = "The head given from outside,"
	}
	entries := fmt.Sprintf("the entries %d to %d are", size, m.Size-1)
	if size == m.Size-1 {
		entries = fmt.Sprintf("entry %d is", size)
	}
	p.report.add(CutTail, size, m.Size-1, "%s signed at %s covers %d entries, but %s missing: the end was cut off.", whose, date(m.Time), m.Size, entries)
}

// marks yields the checkpoints of the source and the heads from outside,
// ordered by size, all of them signed by v.
func (p *passage) marks(ctx context.Context, src Source, v note.Verifier, heads []mark) iter.Seq2[mark, error] {
	return func(yield func(mark, error) bool) {
		heads := slices.DeleteFunc(slices.Clone(heads), func(h mark) bool { return h.Size < p.next })
		strangers := 0
		for o, err := range opened(src.Checkpoints(ctx, p.next), v) {
			if err != nil {
				yield(mark{}, err)
				return
			}
			if o.err != nil {
				var unverified *note.UnverifiedNoteError
				if !errors.As(o.err, &unverified) {
					p.report.add(Forged, -1, -1, "A checkpoint is forged or damaged: %v.", o.err)
				} else if strangers++; strangers == 1 {
					p.report.add(Swapped, -1, -1, "The log has checkpoints that another key signed: it may have been exchanged for another log.")
				}
				continue
			}
			for len(heads) > 0 && heads[0].Size < o.Size {
				if !yield(heads[0], nil) {
					return
				}
				heads = heads[1:]
			}
			if !yield(o.mark, nil) {
				return
			}
		}
		for _, h := range heads {
			if !yield(h, nil) {
				return
			}
		}
	}
}

// openedMark is a signed note after looking at its signature.
type openedMark struct {
	mark
	err error
}

// opened checks signatures on all processors: a signature costs as much as
// fifty entries.
func opened(msgs iter.Seq2[[]byte, error], v note.Verifier) iter.Seq2[openedMark, error] {
	const batchSize = 256
	return func(yield func(openedMark, error) bool) {
		batch := make([]openedMark, 0, batchSize)
		flush := func() bool {
			var wg sync.WaitGroup
			workers := min(runtime.GOMAXPROCS(0), len(batch))
			for w := range workers {
				wg.Go(func() {
					for i := w; i < len(batch); i += workers {
						batch[i].Checkpoint, batch[i].err = OpenCheckpoint(batch[i].msg, v)
					}
				})
			}
			wg.Wait()
			for _, o := range batch {
				if !yield(o, nil) {
					return false
				}
			}
			batch = batch[:0]
			return true
		}
		for msg, err := range msgs {
			if err != nil {
				yield(openedMark{}, err)
				return
			}
			batch = append(batch, openedMark{mark: mark{msg: slices.Clone(msg)}})
			if len(batch) == batchSize && !flush() {
				return
			}
		}
		flush()
	}
}
