package query

import (
	"time"

	"castellan/internal/actor"
	"castellan/internal/schema"
)

// Anchor is what a Relative compares with. A saved view keeps it, so that
// "today" stays today and "me" is whoever looks.
type Anchor struct {
	Word  Word
	Day   string // for OnDay: "2006-01-02"
	Shift int    // for Now and Today: how many units later; negative is earlier
	Unit  Unit
}

// Word says what an Anchor starts from.
type Word uint8

const (
	Now   Word = iota + 1 // the moment
	Today                 // the whole day, where the reader is
	OnDay                 // the whole of a given day, where the reader is
	Me                    // the reader
)

// Unit is what an Anchor is shifted by.
type Unit uint8

const (
	Minute Unit = iota + 1
	Hour
	Day
	Week
	Month // the last day of the month where it has no such day
	Year
)

// Here is the place and the moment at which a condition is asked.
type Here struct {
	Now  time.Time
	Zone *time.Location // nil: UTC
	Me   actor.PersonID // zero: nobody, and "me" stays unknown
}

// Bind replaces every Relative by what it means here. A day compared with a
// DateTime is the whole day: "= today" is from midnight to midnight, and
// "> today" is from tomorrow's midnight on.
func Bind(c Cond, here Here) Cond {
	if here.Zone == nil {
		here.Zone = time.UTC
	}
	return here.bind(c)
}

func (h Here) bind(c Cond) Cond {
	switch c := c.(type) {
	case And:
		return And(h.bindAll(c))
	case Or:
		return Or(h.bindAll(c))
	case Not:
		return Not{h.bind(c.Cond)}
	case Relative:
		return h.bindRelative(c)
	}
	return c
}

func (h Here) bindAll(parts []Cond) []Cond {
	bound := make([]Cond, len(parts))
	for i, part := range parts {
		bound[i] = h.bind(part)
	}
	return bound
}

func (h Here) bindRelative(c Relative) Cond {
	if c.Field == nil {
		return c
	}
	switch {
	case c.To.Word == Me && c.Field.Type == schema.Person && h.Me != 0:
		return Compare{c.Field, c.Op, Person(h.Me)}
	case c.To.Word != Me && c.Field.Type == schema.Date:
		if t, ok := h.moment(c.To); ok {
			return Compare{c.Field, c.Op, Text(t.Format(time.DateOnly))}
		}
	case c.To.Word == Now && c.Field.Type == schema.DateTime:
		if t, ok := h.moment(c.To); ok {
			return Compare{c.Field, c.Op, Time(t)}
		}
	case c.Field.Type == schema.DateTime:
		if t, ok := h.moment(c.To); ok {
			return wholeDay(c, t)
		}
	}
	return c
}

// wholeDay compares with the day that begins at t in t's own zone.
func wholeDay(c Relative, t time.Time) Cond {
	year, month, day := t.Date()
	start := Time(t)
	end := Time(time.Date(year, month, day+1, 0, 0, 0, 0, t.Location()))
	switch c.Op {
	case Equal:
		return And{Compare{c.Field, AtLeast, start}, Compare{c.Field, Less, end}}
	case NotEqual:
		return Or{Compare{c.Field, Less, start}, Compare{c.Field, AtLeast, end}}
	case AtMost:
		return Compare{c.Field, Less, end}
	case More:
		return Compare{c.Field, AtLeast, end}
	}
	return Compare{c.Field, c.Op, start} // before the day, or from it on
}

// moment is the instant that the anchor means; for a day, its midnight.
func (h Here) moment(a Anchor) (time.Time, bool) {
	now := h.Now.In(h.Zone)
	year, month, day := now.Date()
	switch a.Word {
	case Now:
		return shift(now, a), true
	case Today:
		return shift(time.Date(year, month, day, 0, 0, 0, 0, h.Zone), a), true
	case OnDay:
		t, err := time.ParseInLocation(time.DateOnly, a.Day, h.Zone)
		return t, err == nil
	}
	return time.Time{}, false
}

func shift(t time.Time, a Anchor) time.Time {
	switch a.Unit {
	case Minute:
		return t.Add(time.Duration(a.Shift) * time.Minute)
	case Hour:
		return t.Add(time.Duration(a.Shift) * time.Hour)
	case Day:
		return t.AddDate(0, 0, a.Shift)
	case Week:
		return t.AddDate(0, 0, 7*a.Shift)
	case Month:
		return addMonths(t, a.Shift)
	case Year:
		return addMonths(t, 12*a.Shift)
	}
	return t
}

// addMonths keeps the day of the month where it exists: a month after the 31st
// of January is the last of February, not the 3rd of March.
func addMonths(t time.Time, n int) time.Time {
	moved := t.AddDate(0, n, 0)
	if moved.Day() != t.Day() {
		moved = moved.AddDate(0, 0, -moved.Day())
	}
	return moved
}
