package crm

import (
	"time"

	"github.com/teambition/rrule-go"

	"castellan/internal/fault"
	"castellan/internal/records"
)

// Repeat says when an appointment is made again.
type Repeat struct {
	Every    string    // "day", "week" or "month"
	Interval int       // every second week: 2
	Weekdays []int     // of weeks: 0 is Monday; none: that of the first
	Count    int       // how many in all; 0: until Until
	Until    time.Time // the last day
}

var (
	weekdays = [...]rrule.Weekday{rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU}
	periods  = map[string]rrule.Frequency{"day": rrule.DAILY, "week": rrule.WEEKLY, "month": rrule.MONTHLY}
)

// Times are the beginnings, the first one among them, each at the same time of
// day by the clock of the zone. A day that a month does not have is left out.
func (r Repeat) Times(first time.Time, zone *time.Location) ([]time.Time, error) {
	period, known := periods[r.Every]
	if !known {
		return nil, fault.New(fault.Invalid, "repeat.every", "Repeat every day, week or month.").At("repeat")
	}
	if r.Interval < 0 || r.Interval > 52 || r.Count < 0 || r.Count > records.SeriesMost || r.Count == 0 && r.Until.IsZero() {
		return nil, fault.Newf(fault.Invalid, "repeat.count", "Say how many times, at most %d, or until which day.", records.SeriesMost).At("repeat")
	}
	o := rrule.ROption{Freq: period, Interval: max(r.Interval, 1), Count: r.Count, Dtstart: first.In(zone).Truncate(time.Second)}
	if !r.Until.IsZero() {
		y, m, d := r.Until.Date()
		o.Until = time.Date(y, m, d, 23, 59, 59, 0, zone)
	}
	for _, d := range r.Weekdays {
		if d < 0 || d > 6 {
			return nil, fault.New(fault.Invalid, "repeat.weekdays", "There are seven days in a week: 0 is Monday.").At("repeat")
		}
		if period == rrule.WEEKLY {
			o.Byweekday = append(o.Byweekday, weekdays[d])
		}
	}
	rule, err := rrule.NewRRule(o)
	if err != nil {
		return nil, fault.New(fault.Invalid, "repeat.rule", "This repetition cannot be.").At("repeat").Because(err)
	}
	var all []time.Time
	next := rule.Iterator()
	for at, ok := next(); ok; at, ok = next() {
		if len(all) == records.SeriesMost {
			return nil, fault.Newf(fault.Invalid, "repeat.many", "At most %d appointments are made in one series. Choose an earlier last day.", records.SeriesMost).At("repeat")
		}
		// By the clock on the wall: the library adds days to a moment.
		at = at.In(zone)
		begins := first.In(zone)
		all = append(all, time.Date(at.Year(), at.Month(), at.Day(), begins.Hour(), begins.Minute(), begins.Second(), 0, zone))
	}
	if len(all) == 0 {
		return nil, fault.New(fault.Invalid, "repeat.none", "There is no such day before the last one.").At("repeat")
	}
	return all, nil
}
