package scribe

import (
	"context"
	"time"
)

// usualPatience is how long a commit of readings waits for others that are
// under way. A commit costs about as much for twenty as for one, and more than
// a reading does.
const usualPatience = 250 * time.Microsecond

// Reading is a reading under way, for one goroutine. See Enter.
type Reading struct {
	s    *Scribe
	over bool
}

// Enter says that a reading is under way which is going to be noted, so that
// those who are noted a moment earlier share its commit. Nobody has to say so;
// whoever does and has nothing to note in the end delays others by no more than
// a moment. Leave must follow, whatever comes of it.
func (s *Scribe) Enter() Reading {
	s.under.Add(1)
	return Reading{s: s}
}

// Leave says that nothing more is going to be noted.
func (r *Reading) Leave() {
	if !r.over {
		r.over = true
		r.s.under.Add(-1)
	}
}

// NoteAll is that of the scribe, and ends the reading.
func (r *Reading) NoteAll(ctx context.Context, told []Entry) error {
	n, err := r.s.queue(ctx, told, 1)
	r.Leave()
	if n == nil || err != nil {
		return err
	}
	return r.s.await(ctx, n)
}

// crowd is how many readings a part of the journal waits for at most, when the
// one before had as many.
const crowd = 8

// gather takes the readings that wait, up to a batch. While others are under
// way it is patient; it does not wait for nobody.
func (s *Scribe) gather(from chan *note, got []*note) []*note { return s.gatherLike(from, got, 1) }

// gatherLike is gather that is patient also while it has fewer than so many, the
// number that came together a moment ago: those who read one after another are
// on their way here without having said so, and a part for each of a few costs
// more than the moment.
func (s *Scribe) gatherLike(from chan *note, got []*note, many int) []*note {
	got = drain(from, got)
	enough := func() bool {
		return len(got) == 0 || len(got) >= batch || len(got) >= many && s.under.Load() == 0
	}
	if enough() {
		return got
	}
	t := time.NewTimer(s.patience)
	defer t.Stop()
	for !enough() {
		select {
		case n := <-from:
			got = drain(from, append(got, n))
		case <-t.C:
			return got
		case <-s.life.Done():
			return got
		}
	}
	return got
}
