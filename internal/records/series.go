package records

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
)

// SeriesMost bounds how many records one series has.
const SeriesMost = 120

// Series makes records of a kind that takes time as one series, in one step that
// Undo takes back: all of them, or none. With skipTaken those whose time is taken
// are left out and named by their place.
func (b *Book) Series(ctx context.Context, who actor.Actor, kindName string, all []Values, skipTaken bool) (*Operation, []schema.RecordID, error) {
	kind, err := b.timed(kindName)
	if err != nil {
		return nil, nil, err
	}
	if len(all) == 0 || len(all) > SeriesMost {
		return nil, nil, fault.Newf(fault.Invalid, "series.length", "A series has from 1 to %d appointments.", SeriesMost).At("repeat")
	}
	op := &Operation{}
	var made []schema.RecordID
	err = b.write(ctx, who, func(p *pen) error {
		*op, made = Operation{}, nil
		p.quiet = true
		p.series = b.vault.Public("series", int64(p.tx.NewID()))
		var err error
		if op.ID, err = p.operation(0, kind, BulkCreate); err != nil {
			return err
		}
		var taken []fault.Fault
		for i, v := range all {
			var id schema.RecordID
			err := p.tx.Try(p.ctx, func() error {
				var err error
				if id, err = p.create(kind, v); err != nil {
					return err
				}
				return p.item(op.ID, kind, id)
			})
			if isTaken(err) {
				op.Refused = append(op.Refused, Outcome{Err: err})
				taken = append(taken, *fault.New(fault.Conflict, "time.taken", "This time is taken.").At("occurrences." + strconv.Itoa(i)))
				continue
			}
			if err != nil {
				return err
			}
			made = append(made, id)
		}
		if len(taken) > 0 && (!skipTaken || len(made) == 0) {
			return severalTaken(taken)
		}
		op.Done = len(made)
		return p.tell("bulk.done", kind, made, map[string]any{"operation": op.ID, "action": BulkCreate, "refused": len(taken)})
	})
	return op, made, err
}

// severalTaken is the refusal of a series: which of its times, by place, and
// nothing of what takes them.
func severalTaken(taken []fault.Fault) error {
	f := fault.Newf(fault.Conflict, "time.taken", "%d of these times are taken. Choose other times, or leave these out.", len(taken))
	f.Fields = taken
	return f
}

func isTaken(err error) bool {
	f, ok := fault.As(err)
	return ok && f.Code == "time.taken"
}

// ChangeSeries changes a record and those of its series that come after it, in
// one step that Undo takes back. What is named is given to each; a new beginning
// moves each by as many days and to the same time of day in the zone. Those that
// the writer does not see are not there; if any other is refused, so is all.
func (b *Book) ChangeSeries(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, version int64, v Values, zone *time.Location) (*Operation, error) {
	op, err := b.following(ctx, who, kindName, id, version, BulkUpdate, func(p *pen, s *state) (func(*pen, *state) error, bool, error) {
		shift, err := shiftOf(s, v, zone)
		if err != nil {
			return nil, false, err
		}
		return func(p *pen, one *state) error {
			return p.update(one.kind, one.stored.ID, 0, shift.apply(one, v))
		}, shift.later, nil
	})
	return op, err
}

// DeleteSeries moves a record and those of its series that come after it to the
// bin, in one step that Undo takes back.
func (b *Book) DeleteSeries(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, version int64) (*Operation, error) {
	return b.following(ctx, who, kindName, id, version, BulkDelete, func(*pen, *state) (func(*pen, *state) error, bool, error) {
		return func(p *pen, one *state) error { return p.bin(one.kind, one.stored.ID, 0) }, false, nil
	})
}

// timed finds a kind whose records take time.
func (b *Book) timed(kindName string) (*schema.Kind, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	if kind.Time == nil {
		return nil, fault.NotFound()
	}
	return kind, nil
}

// following does something to a record and to those of its series after it, the
// last one first if they move forward, so that none is in the way of another.
func (b *Book) following(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, version int64, what string,
	plan func(*pen, *state) (do func(*pen, *state) error, backwards bool, err error)) (*Operation, error) {
	kind, err := b.timed(kindName)
	if err != nil {
		return nil, err
	}
	action := policy.Edit
	if what == BulkDelete {
		action = policy.Delete
	}
	op := &Operation{}
	err = b.write(ctx, who, func(p *pen) error {
		*op = Operation{}
		p.quiet = true
		s, _, err := p.reach(kind, id, action)
		if err != nil {
			return err
		}
		if s.stored.Binned {
			return fault.NotFound()
		}
		if version != 0 && version != s.stored.Version {
			return store.ErrStale
		}
		do, backwards, err := plan(p, s)
		if err != nil {
			return err
		}
		ids, err := p.ofSeries(s)
		if err != nil {
			return err
		}
		if backwards {
			slices.Reverse(ids)
		}
		if op.ID, err = p.operation(0, kind, what); err != nil {
			return err
		}
		var done []schema.RecordID
		for _, one := range ids {
			s, _, err := p.reach(kind, one, action)
			if fault.Is(err, fault.Missing) {
				continue // one that the writer does not see
			}
			p.touched = false
			if err == nil {
				err = do(p, s)
			}
			if err == nil {
				err = p.item(op.ID, kind, one)
			}
			if err != nil {
				return err
			}
			if p.touched {
				done = append(done, one)
			}
		}
		op.Done = len(done)
		return p.tell("bulk.done", kind, done, map[string]any{"operation": op.ID, "action": what, "refused": 0})
	})
	return op, err
}

// ofSeries are the record and those of its series that begin after it.
func (p *pen) ofSeries(s *state) ([]schema.RecordID, error) {
	c := s.stored.Cells[s.kind.Field(s.kind.Time.Series).Index()]
	word, ok := c.Column.(string)
	if !ok {
		return []schema.RecordID{s.stored.ID}, nil
	}
	w, _ := s.stretch()
	all, err := p.tx.Series(p.ctx, policy.Whole(s.kind, policy.ForTime), value.TextKey(word), w.from, SeriesMost)
	if err != nil {
		return nil, err
	}
	ids := []schema.RecordID{s.stored.ID}
	for _, t := range all {
		if t.ID != s.stored.ID {
			ids = append(ids, t.ID)
		}
	}
	return ids, nil
}

// tell writes one entry for many records.
func (p *pen) tell(event scribe.Event, kind *schema.Kind, ids []schema.RecordID, details map[string]any) error {
	if len(ids) == 0 {
		return nil
	}
	if err := p.b.scribe.Write(p.ctx, p.tx, scribe.Entry{Event: event, Who: p.who, Kind: kind.Name, Records: ids, Surface: string(policy.Card), Details: details}); err != nil {
		return fmt.Errorf("write the ledger entry: %w", err)
	}
	return nil
}

// shift is how a change of one record's time moves the others of its series.
type shift struct {
	zone   *time.Location
	days   int
	clock  [2]int        // hour and minute at which each begins
	starts bool          // the beginning is named
	lasts  time.Duration // how long each lasts, if it is named
	later  bool
}

func shiftOf(s *state, v Values, zone *time.Location) (shift, error) {
	t := s.kind.Time
	sh := shift{zone: zone}
	was, _ := s.stretch()
	starts := time.UnixMicro(was.from).In(zone)
	if given, named := v[t.Starts]; named {
		at, err := moment(s.kind.Field(t.Starts), given)
		if err != nil {
			return sh, err
		}
		at = at.In(zone)
		sh.starts, sh.later = true, at.After(starts)
		sh.days = int(midday(at).Sub(midday(starts)).Hours() / 24)
		sh.clock = [2]int{at.Hour(), at.Minute()}
		starts = at
	}
	if given, named := v[t.Ends]; named {
		at, err := moment(s.kind.Field(t.Ends), given)
		if err != nil {
			return sh, err
		}
		sh.lasts = at.Sub(starts)
	}
	return sh, nil
}

// midday of a date, in a zone without changes of the clock.
func midday(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC)
}

func moment(f *schema.Field, v any) (time.Time, error) {
	text, _ := v.(string)
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, refuse(f, "datetime", "%s must be a time such as 2026-03-01T09:30:00Z.")
	}
	return at, nil
}

// apply is the change for one record of the series.
func (sh shift) apply(s *state, v Values) Values {
	v = maps.Clone(v)
	t := s.kind.Time
	was, _ := s.stretch()
	starts := time.UnixMicro(was.from).In(sh.zone)
	if sh.starts {
		starts = time.Date(starts.Year(), starts.Month(), starts.Day()+sh.days, sh.clock[0], sh.clock[1], 0, 0, sh.zone)
		v[t.Starts] = starts.UTC().Format(time.RFC3339Nano)
	}
	if sh.lasts != 0 {
		v[t.Ends] = starts.Add(sh.lasts).UTC().Format(time.RFC3339Nano)
	}
	return v
}

// unmake takes back that a record was made. Who may not delete what takes time
// may still say that it will not be.
func (p *pen) unmake(kind *schema.Kind, id schema.RecordID) error {
	err := p.bin(kind, id, 0)
	if kind.Time != nil && fault.Is(err, fault.Denied) {
		return p.update(kind, id, 0, Values{kind.Time.Status: kind.Time.Cancelled})
	}
	return err
}
