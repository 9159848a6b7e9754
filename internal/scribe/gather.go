package scribe

import (
	"context"
	"time"
)

// usualPatience is how long a commit of readings waits for others that are
// under way. A commit costs about as much for twenty as for one, and more than
// a reading does.
const usualPatience = 250 * time.Microsecond

// usualPartPatience is how long a part of the journal waits for as many readings
// as were about a moment ago. With sixteen clients that read cards one after
// another, parts of all of them served a quarter more than parts of half, though
// everybody waits while a part is written: what costs is to wake and to be woken.
// A commit of PostgreSQL takes too long for that.
const usualPartPatience = time.Millisecond

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
	n, err := r.s.noteOf(told)
	r.Leave() // before others can see the note: they would take it for two
	if n == nil || err != nil {
		return err
	}
	if err := r.s.queue(ctx, n); err != nil {
		return err
	}
	return r.s.await(ctx, n)
}

// gather takes the readings that wait, up to a batch. While others are under
// way it is patient; it does not wait for nobody.
func (s *Scribe) gather(from chan *note, got []*note) []*note {
	return s.gatherUntil(from, got, &s.patience, func([]*note) bool { return s.under.Load() == 0 })
}

// gatherPart takes the readings that wait, and is patient while they are fewer
// than those who were about a moment ago: people and programs that read one
// answer after another come again at once.
func (s *Scribe) gatherPart(from chan *note, got []*note, about int) []*note {
	return s.gatherUntil(from, got, &s.partPatience, func(got []*note) bool { return len(got) >= about })
}

func (s *Scribe) gatherUntil(from chan *note, got []*note, patience *time.Duration, enough func([]*note) bool) []*note {
	got = drain(from, got)
	if len(got) == 0 || len(got) >= batch || enough(got) {
		return got
	}
	t := time.NewTimer(*patience)
	defer t.Stop()
	for len(got) < batch && !enough(got) {
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
