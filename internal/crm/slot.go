package crm

import (
	"slices"
	"time"
)

// Slots are the moments at which something of that length can begin: within the
// open hours, and beside nothing that is taken. They lie a step apart, counted
// from the beginning of each part of the open hours, at most most of them.
func Slots(open, taken []Stretch, length, step time.Duration, most int) []time.Time {
	var all []time.Time
	if length <= 0 || step <= 0 {
		return nil
	}
	taken = slices.Clone(taken)
	slices.SortFunc(taken, func(a, b Stretch) int { return a.From.Compare(b.From) })
	for _, o := range open {
		for at := o.From; !at.Add(length).After(o.To) && len(all) < most; {
			end := at.Add(length)
			i := slices.IndexFunc(taken, func(t Stretch) bool { return t.From.Before(end) && at.Before(t.To) })
			if i < 0 {
				all = append(all, at)
				at = at.Add(step)
				continue
			}
			// To the first step at or after the end of what is in the way.
			behind := taken[i].To.Sub(o.From)
			at = o.From.Add((behind + step - 1) / step * step) //nolint:durationcheck // whole steps, times the length of one
		}
	}
	return all
}
