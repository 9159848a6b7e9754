package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// Staff is somebody who takes appointments: a column of the journal.
type Staff struct {
	Person   actor.PersonID `json:"-"`
	Version  int64          `json:"-"`
	Position string         `json:"position"` // "Stylist"
	Colour   string         `json:"colour"`   // one of the colours of services, or empty
	Week     [7][]Span      `json:"week"`     // Monday first; an empty day is a day off
	Days     []Day          `json:"days"`     // that differ from the week, by date

	// Except are the services that the person does not give; a service that is
	// added later is given by everybody until somebody says otherwise. It is
	// advice to whoever books: an appointment is not refused for it.
	Except []schema.RecordID `json:"except,omitempty"`
}

// Span is a part of a day, in minutes from midnight by the clock on the wall of
// the workspace's time zone.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Day is one date with hours of its own; without any it is a day off.
type Day struct {
	Date  string `json:"date"` // 2006-01-02
	Spans []Span `json:"spans"`
	Note  string `json:"note,omitempty"` // "Holiday"
}

// Stretch is time from one moment to another.
type Stretch struct{ From, To time.Time }

const (
	minutesADay = 24 * 60
	maxSpans    = 8
	maxDays     = 1000
	maxStaff    = 500
	maxExcept   = 1000
)

// Staff lists who takes appointments, in the order of the journal's columns.
func (w *Workspace) Staff() []Staff { return w.latest().staff }

// Works gives the working hours between two moments, by the clock of the zone:
// a day on which the clock is changed is as long as it is.
func (s Staff) Works(from, to time.Time, zone *time.Location) []Stretch {
	var all []Stretch
	from, to = from.In(zone), to.In(zone)
	for day := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, zone); day.Before(to); {
		y, m, d := day.Date()
		for _, span := range s.on(day) {
			one := Stretch{time.Date(y, m, d, 0, span.From, 0, 0, zone), time.Date(y, m, d, 0, span.To, 0, 0, zone)}
			if one.From.Before(from) {
				one.From = from
			}
			if one.To.After(to) {
				one.To = to
			}
			if one.From.Before(one.To) {
				all = append(all, one)
			}
		}
		day = time.Date(y, m, d+1, 0, 0, 0, 0, zone)
	}
	return all
}

// on gives the hours of one day.
func (s Staff) on(day time.Time) []Span {
	date := day.Format(time.DateOnly)
	if i, found := slices.BinarySearchFunc(s.Days, date, func(d Day, date string) int { return compare(d.Date, date) }); found {
		return s.Days[i].Spans
	}
	return s.Week[(int(day.Weekday())+6)%7]
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// check says what is wrong with somebody's hours, and puts them in order.
func (s *Staff) check() error {
	if len([]rune(s.Position)) > 100 {
		return fault.New(fault.Invalid, "staff.position", "A position has at most 100 characters.").At("position")
	}
	if s.Colour != "" && !slices.ContainsFunc(colours(), func(o schema.Option) bool { return o.Key == s.Colour }) {
		return fault.New(fault.Invalid, "staff.colour", "There is no such colour.").At("colour")
	}
	for i := range s.Week {
		if err := ordered(s.Week[i], fmt.Sprintf("week.%d", i)); err != nil {
			return err
		}
	}
	if len(s.Except) > maxExcept {
		return fault.Newf(fault.Large, "staff.except", "At most %d services can be left out.", maxExcept).At("except")
	}
	slices.Sort(s.Except)
	s.Except = slices.Compact(s.Except)
	if len(s.Days) > maxDays {
		return fault.Newf(fault.Large, "staff.days", "At most %d days can differ from the week.", maxDays).At("days")
	}
	slices.SortFunc(s.Days, func(a, b Day) int { return compare(a.Date, b.Date) })
	for i, d := range s.Days {
		at := fmt.Sprintf("days.%d", i)
		if _, err := time.Parse(time.DateOnly, d.Date); err != nil {
			return fault.New(fault.Invalid, "staff.date", "A day must be a date such as 2026-12-24.").At(at)
		}
		if i > 0 && s.Days[i-1].Date == d.Date {
			return fault.New(fault.Invalid, "staff.date", "A day is named once.").At(at)
		}
		if len([]rune(d.Note)) > 100 {
			return fault.New(fault.Invalid, "staff.note", "The name of a day has at most 100 characters.").At(at)
		}
		if err := ordered(d.Spans, at); err != nil {
			return err
		}
	}
	return nil
}

// ordered puts the parts of a day in order, and refuses those that overlap.
func ordered(all []Span, at string) error {
	if len(all) > maxSpans {
		return fault.Newf(fault.Invalid, "staff.hours", "A day has at most %d parts.", maxSpans).At(at)
	}
	slices.SortFunc(all, func(a, b Span) int { return a.From - b.From })
	for i, s := range all {
		if s.From < 0 || s.To > minutesADay || s.From >= s.To || i > 0 && all[i-1].To > s.From {
			return fault.New(fault.Invalid, "staff.hours", "Hours begin before they end, lie within one day, and do not overlap.").At(at)
		}
	}
	return nil
}

func readStaff(ctx context.Context, tx *store.Tx) ([]Staff, error) {
	rows, err := tx.Query(ctx, store.Text("SELECT person, version, position, colour, week, days, except_services FROM staff ORDER BY place, person"))
	if err != nil {
		return nil, fmt.Errorf("read staff: %w", err)
	}
	defer rows.Close()
	var all []Staff
	for rows.Next() {
		var s Staff
		var week, days, except string
		if err := rows.Scan(&s.Person, &s.Version, &s.Position, &s.Colour, &week, &days, &except); err != nil {
			return nil, fmt.Errorf("read staff: %w", err)
		}
		if err := json.Unmarshal([]byte(week), &s.Week); err != nil {
			return nil, fmt.Errorf("read hours of person %d: %w", s.Person, err)
		}
		if err := json.Unmarshal([]byte(days), &s.Days); err != nil {
			return nil, fmt.Errorf("read days of person %d: %w", s.Person, err)
		}
		if err := json.Unmarshal([]byte(except), &s.Except); err != nil {
			return nil, fmt.Errorf("read services that person %d does not give: %w", s.Person, err)
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// SaveStaff lets somebody take appointments, or changes when they work. A version
// of zero is whatever it is now. It needs ManageSchedule.
func (w *Workspace) SaveStaff(ctx context.Context, who actor.Actor, next Staff) error {
	if err := next.check(); err != nil {
		return err
	}
	return w.change(ctx, who, policy.ManageSchedule, func(tx *store.Tx, is *remembered) (*scribe.Entry, error) {
		var active int64
		err := tx.QueryRow(ctx, store.Text("SELECT count(*) FROM person WHERE id = ? AND state = 'active'"), int64(next.Person)).Scan(&active)
		if err != nil {
			return nil, fmt.Errorf("look for the person: %w", err)
		}
		if active == 0 {
			return nil, errGone("person")
		}
		details := map[string]any{"after": next}
		place := int64(0)
		for i, s := range is.staff {
			place = max(place, int64(i)+1)
			if s.Person != next.Person {
				continue
			}
			if next.Version != 0 && next.Version != s.Version {
				return nil, fault.New(fault.Conflict, "staff.changed", "Somebody has changed these hours meanwhile. Look at them again before you save.")
			}
			details["before"] = s
		}
		if _, known := details["before"]; !known && len(is.staff) >= maxStaff {
			return nil, fault.Newf(fault.Large, "staff.many", "At most %d people can take appointments.", maxStaff)
		}
		week, days, except, err := next.texts()
		if err != nil {
			return nil, err
		}
		_, err = tx.Exec(ctx, store.Text(`INSERT INTO staff (person, version, place, position, colour, week, days, except_services) VALUES (?, 1, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (person) DO UPDATE SET version = staff.version + 1, position = excluded.position, colour = excluded.colour, week = excluded.week, days = excluded.days,
			except_services = excluded.except_services`),
			int64(next.Person), place, next.Position, next.Colour, week, days, except)
		if err != nil {
			return nil, fmt.Errorf("write hours: %w", err)
		}
		return &scribe.Entry{Event: "staff.changed", Kind: "person", Records: []schema.RecordID{schema.RecordID(next.Person)}, Details: details}, nil
	})
}

func (s Staff) texts() (week, days, except string, err error) {
	for i := range s.Week {
		if s.Week[i] == nil {
			s.Week[i] = []Span{}
		}
	}
	a, err := json.Marshal(s.Week)
	if err != nil {
		return "", "", "", fmt.Errorf("encode hours: %w", err)
	}
	if s.Days == nil {
		s.Days = []Day{}
	}
	b, err := json.Marshal(s.Days)
	if err != nil {
		return "", "", "", fmt.Errorf("encode days: %w", err)
	}
	if s.Except == nil {
		s.Except = []schema.RecordID{}
	}
	c, err := json.Marshal(s.Except)
	if err != nil {
		return "", "", "", fmt.Errorf("encode services: %w", err)
	}
	return string(a), string(b), string(c), nil
}

// RemoveStaff lets somebody take no more appointments. Those that they have stay
// theirs. It needs ManageSchedule.
func (w *Workspace) RemoveStaff(ctx context.Context, who actor.Actor, person actor.PersonID) error {
	return w.change(ctx, who, policy.ManageSchedule, func(tx *store.Tx, is *remembered) (*scribe.Entry, error) {
		i := slices.IndexFunc(is.staff, func(s Staff) bool { return s.Person == person })
		if i < 0 {
			return nil, errGone("person")
		}
		if _, err := tx.Exec(ctx, store.Text("DELETE FROM staff WHERE person = ?"), int64(person)); err != nil {
			return nil, fmt.Errorf("forget hours: %w", err)
		}
		return &scribe.Entry{Event: "staff.removed", Kind: "person", Records: []schema.RecordID{schema.RecordID(person)}, Details: map[string]any{"before": is.staff[i]}}, nil
	})
}

// OrderStaff puts the columns of the journal in order; who is not named comes
// after those who are. It needs ManageSchedule.
func (w *Workspace) OrderStaff(ctx context.Context, who actor.Actor, order []actor.PersonID) error {
	return w.change(ctx, who, policy.ManageSchedule, func(tx *store.Tx, is *remembered) (*scribe.Entry, error) {
		all := slices.Clone(is.staff)
		rank := func(s Staff) int {
			if i := slices.Index(order, s.Person); i >= 0 {
				return i
			}
			return len(order)
		}
		slices.SortStableFunc(all, func(a, b Staff) int { return rank(a) - rank(b) })
		var ids []schema.RecordID
		for i, s := range all {
			ids = append(ids, schema.RecordID(s.Person))
			if _, err := tx.Exec(ctx, store.Text("UPDATE staff SET place = ? WHERE person = ?"), int64(i), int64(s.Person)); err != nil {
				return nil, fmt.Errorf("order columns: %w", err)
			}
		}
		if len(ids) == 0 {
			return nil, nil
		}
		return &scribe.Entry{Event: "staff.ordered", Kind: "person", Records: ids}, nil
	})
}
