package records

import (
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
)

// errTaken is the answer to whoever asks for time that is taken. It says nothing
// of what takes it: that may be somebody else's client (attack 23).
func errTaken(kind *schema.Kind) error {
	return fault.New(fault.Conflict, "time.taken", "This person is not free then. Choose another time, or say that it may stand beside the other one.").At(kind.Time.Starts)
}

// clash refuses a record that takes time which its person has given to another
// one. Two writers who ask for the same time at once are told apart by the
// database: a transaction sees it as if it were alone (see store.DB.Write), so
// one of them is run again and finds it taken. before is nil for a record that
// was not there, or was in the bin.
func (p *pen) clash(before, after *state) error {
	t := after.kind.Time
	if t == nil || after.stored.Binned {
		return nil
	}
	s, takes := after.stretch()
	if !takes || after.beside() {
		return nil
	}
	if before != nil {
		if was, took := before.stretch(); took && was == s && !before.beside() {
			return nil // as it was, so nothing new is asked for
		}
	}
	taken, err := p.tx.Taken(p.ctx, policy.Whole(after.kind, policy.ForTime), []int64{s.person}, s.from, s.to, takenAtMost)
	if err != nil {
		return err
	}
	for _, o := range taken {
		if o.ID != after.stored.ID && !p.trial.knows(o.ID) && takesTime(after.kind, o.Status) {
			return errTaken(after.kind)
		}
	}
	if p.trial != nil {
		for id, other := range p.trial.states {
			if o, takes := other.stretch(); id != after.stored.ID && other.kind == after.kind && takes && o.overlaps(s) {
				return errTaken(after.kind)
			}
		}
	}
	return nil
}

// takenAtMost bounds how many records one question about taken time reads: more
// than anybody has in a day.
const takenAtMost = 2000

// stretch is a person's time from one moment to another.
type stretch struct {
	person   int64
	from, to int64
}

func (s stretch) overlaps(o stretch) bool {
	return s.person == o.person && s.from < o.to && o.from < s.to
}

// stretch is the time that the record takes, if it takes any.
func (s *state) stretch() (stretch, bool) {
	t := s.kind.Time
	if t == nil || s.stored.Binned {
		return stretch{}, false
	}
	number := func(name string) int64 {
		n, _ := s.stored.Cells[s.kind.Field(name).Index()].Column.(int64)
		return n
	}
	status, _ := s.stored.Cells[s.kind.Field(t.Status).Index()].Column.(string)
	w := stretch{person: number(s.kind.Responsible), from: number(t.Starts), to: number(t.Ends)}
	return w, w.person != 0 && takesTime(s.kind, status)
}

// beside tells whether the record may stand beside another one.
func (s *state) beside() bool {
	return s.stored.Cells[s.kind.Field(s.kind.Time.Beside).Index()].Column == int64(1)
}

// takesTime tells whether a record in this state takes anybody's time.
func takesTime(kind *schema.Kind, status string) bool {
	for _, free := range kind.Time.Frees {
		if status == free {
			return false
		}
	}
	return true
}

// knows tells whether a trial has its own state of a record.
func (t *Trial) knows(id schema.RecordID) bool { return t != nil && t.states[id] != nil }
