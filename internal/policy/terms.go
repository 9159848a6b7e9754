package policy

import (
	"net/netip"
	"slices"
	"time"
)

// Terms are the conditions on which somebody is let in: how surely they must be
// known, for how long, from where and at what hour. They are set for the
// workspace, for a role and for a person, and joined by Join. The zero Terms
// demand nothing and narrow nothing.
type Terms struct {
	Factor   bool           // a second factor is demanded
	Idle     time.Duration  // a session unused so long is over; 0: no word on it
	Absolute time.Duration  // no session is older; 0: no word on it
	Networks []netip.Prefix // from where; none: from anywhere
	Hours    Hours          // when; none: at any hour

	// joined are places and hours that must be satisfied besides, each by itself.
	joined []narrow
}

type narrow struct {
	networks []netip.Prefix
	hours    Hours
}

// Hours are the hours at which somebody is let in, by the clock on the wall:
// where that is set forward or back, the hours move with it. The zero Hours are
// all hours.
type Hours struct {
	Zone  *time.Location // nil: that of the workspace
	Parts []DayPart
}

// DayPart is a part of a day. One that ends when it begins, or earlier, ends on
// the day after.
type DayPart struct {
	Days     Days // on which it begins
	From, To int  // in minutes after midnight, From below 1440, To at most 1440; To itself is outside
}

// Days is a set of days of the week.
type Days uint8

// DaysOf makes a set.
func DaysOf(all ...time.Weekday) Days {
	var d Days
	for _, day := range all {
		d |= 1 << (day % 7)
	}
	return d
}

// Has tells whether the day is in the set.
func (d Days) Has(day time.Weekday) bool { return d&(1<<(day%7)) != 0 }

// Refusal is why somebody is not let in; empty if they are.
type Refusal string

const (
	WrongNetwork Refusal = "network" // not from there
	WrongHour    Refusal = "hour"    // not at this hour
)

// Join makes one of several: a factor is demanded if any demands it, the
// shortest limits count, and an address and a moment must satisfy every one that
// says something about them. Networks and Hours of the result are empty: what
// they were stands, each for itself, behind Admit.
func Join(all ...Terms) Terms {
	var t Terms
	for _, one := range all {
		t.Factor = t.Factor || one.Factor
		t.Idle, t.Absolute = shorter(t.Idle, one.Idle), shorter(t.Absolute, one.Absolute)
		t.joined = append(t.joined, one.joined...)
		if len(one.Networks) > 0 || len(one.Hours.Parts) > 0 {
			t.joined = append(t.joined, narrow{one.Networks, one.Hours})
		}
	}
	return t
}

// shorter is the shorter of two limits of which zero is none.
func shorter(a, b time.Duration) time.Duration {
	if a <= 0 || b > 0 && b < a {
		return max(b, 0)
	}
	return a
}

// Admit tells whether somebody is let in from an address at a moment, or why
// not. The zone is that of the workspace; nil: UTC. The answer is for that
// address and moment and none other.
func (t Terms) Admit(from netip.Addr, now time.Time, zone *time.Location) Refusal {
	from = from.Unmap().WithZone("")
	if why := (narrow{t.Networks, t.Hours}).admit(from, now, zone); why != "" {
		return why
	}
	for i := range t.joined {
		if why := t.joined[i].admit(from, now, zone); why != "" {
			return why
		}
	}
	return ""
}

func (n narrow) admit(from netip.Addr, now time.Time, zone *time.Location) Refusal {
	if len(n.networks) > 0 && !slices.ContainsFunc(n.networks, func(p netip.Prefix) bool { return p.Contains(from) }) {
		return WrongNetwork
	}
	if !n.hours.admit(now, zone) {
		return WrongHour
	}
	return ""
}

func (h Hours) admit(now time.Time, zone *time.Location) bool {
	if len(h.Parts) == 0 {
		return true
	}
	if h.Zone != nil {
		zone = h.Zone
	}
	if zone == nil {
		zone = time.UTC
	}
	wall := now.In(zone)
	day, minute := wall.Weekday(), 60*wall.Hour()+wall.Minute()
	return slices.ContainsFunc(h.Parts, func(s DayPart) bool { return s.holds(day, minute) })
}

// holds tells whether the span holds a minute of a day.
func (s DayPart) holds(day time.Weekday, minute int) bool {
	if s.From < s.To {
		return s.Days.Has(day) && s.From <= minute && minute < s.To
	}
	return s.Days.Has(day) && s.From <= minute || s.Days.Has(day+6) && minute < s.To
}

// Empty tells whether the terms say nothing at all.
func (t Terms) Empty() bool {
	return !t.Factor && t.Idle == 0 && t.Absolute == 0 && len(t.Networks)+len(t.Hours.Parts)+len(t.joined) == 0
}

// AsStrict tells whether the terms let in nobody whom the others keep out, and
// demand no less. Terms that were joined are not compared: the answer is no.
func (t Terms) AsStrict(other Terms) bool {
	return len(t.joined)+len(other.joined) == 0 && (t.Factor || !other.Factor) &&
		within(t.Idle, other.Idle) && within(t.Absolute, other.Absolute) && t.placed(other) && t.Hours.within(other.Hours)
}

// SameEntry tells whether places and hours of both are the same, as far as who is let in goes.
func (t Terms) SameEntry(other Terms) bool {
	return t.placed(other) && other.placed(t) && t.Hours.within(other.Hours) && other.Hours.within(t.Hours)
}

func within(limit, other time.Duration) bool { return other == 0 || limit != 0 && limit <= other }

// placed tells whether every address that the terms let in is one that the others let in.
func (t Terms) placed(other Terms) bool {
	if len(other.Networks) == 0 {
		return true
	}
	return len(t.Networks) > 0 && !slices.ContainsFunc(t.Networks, func(p netip.Prefix) bool {
		return !slices.ContainsFunc(other.Networks, func(o netip.Prefix) bool { return o.Bits() <= p.Bits() && o.Contains(p.Addr()) })
	})
}

// within tells whether every hour is one of the others. Hours of different
// zones are not compared: they move against each other.
func (h Hours) within(other Hours) bool {
	if len(other.Parts) == 0 {
		return true
	}
	if len(h.Parts) == 0 || h.zone() != other.zone() {
		return false
	}
	for day := time.Sunday; day <= time.Saturday; day++ {
		for minute := range 24 * 60 {
			is := func(s DayPart) bool { return s.holds(day, minute) }
			if slices.ContainsFunc(h.Parts, is) && !slices.ContainsFunc(other.Parts, is) {
				return false
			}
		}
	}
	return true
}

func (h Hours) zone() string {
	if h.Zone == nil {
		return ""
	}
	return h.Zone.String()
}
