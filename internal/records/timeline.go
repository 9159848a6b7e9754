package records

import (
	"context"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// Moment is one entry of a record's timeline.
type Moment struct {
	At     time.Time
	ByKind actor.Kind
	By     actor.PersonID
	Step   *Revision // what was done to the record itself,
	Linked *Record   // or what was written on it or linked to it
	Files  []*Record // that a linked message brings
}

// timelineLimit bounds what one look at a timeline brings of each kind.
const timelineLimit = 100

// OnlyChanges narrows a timeline to what was done to the record itself.
const OnlyChanges = "changes"

// Timeline tells what happened to a record and what is linked to it, newest
// first: its own steps, what is written on it, and records of other kinds that
// lead to it, each only as far as the reader may see it by itself (attack 16,
// 29). before narrows it to older moments; zero begins at the newest. only narrows
// it to one kind of record or to OnlyChanges; empty is all.
func (b *Book) Timeline(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, before time.Time, only string) ([]Moment, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	if only != "" && only != OnlyChanges && b.catalog().Kind(only) == nil {
		return nil, fault.New(fault.Invalid, "timeline.only", "A timeline is narrowed to changes, or to a kind of record.").At("only")
	}
	wanted := func(what string) bool { return only == "" || only == what }
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	var all []Moment
	var met []scribe.Entry
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		s, v, err := b.visible(ctx, tx, st, kind, id, CardOf(kind))
		if err != nil {
			return err
		}
		if wanted(OnlyChanges) {
			past, err := pastOf(ctx, tx, kind, id)
			if err != nil {
				return err
			}
			for _, step := range revisions(s, v, past) {
				all = append(all, Moment{At: step.At, ByKind: step.ByKind, By: step.By, Step: &step})
			}
			met = append(met, scribe.Entry{Event: "record.history_read", Who: who, Kind: kind.Name, Records: []schema.RecordID{id}, Surface: string(CardOf(kind)), Shown: classesShown(kind, v.Sights)})
		}
		for _, other := range b.catalog().Kinds() {
			if !wanted(other.Name) {
				continue
			}
			linked, err := b.linked(ctx, tx, st, kind, other, id, before)
			if err != nil {
				return err
			}
			for _, r := range linked {
				m := Moment{Linked: r}
				m.At, m.By = made(r)
				m.ByKind = actor.Person
				if m.By == 0 {
					m.ByKind = actor.System
				}
				all = append(all, m)
			}
		}
		all = onePage(all, before)
		return b.enclosed(ctx, tx, st, all)
	})
	if err != nil {
		return nil, err
	}
	for _, other := range b.catalog().Kinds() {
		e := scribe.Entry{Event: "record.listed", Who: who, Kind: other.Name, Surface: string(CardOf(other))}
		for _, m := range all {
			for _, r := range append(m.Files[:len(m.Files):len(m.Files)], m.Linked) {
				if r == nil || r.Kind.Name != other.Name {
					continue
				}
				e.Records = append(e.Records, r.Rows[0].ID)
				for _, c := range shown(&r.Page) {
					if !slices.Contains(e.Shown, c) {
						e.Shown = append(e.Shown, c)
					}
				}
			}
		}
		if len(e.Records) > 0 {
			met = append(met, e)
		}
	}
	return all, b.scribe.NoteAll(ctx, met)
}

// onePage is as much of what happened before a moment as one look brings. What
// happened at one moment stays together: the next page begins before it.
func onePage(all []Moment, before time.Time) []Moment {
	if !before.IsZero() {
		all = slices.DeleteFunc(all, func(m Moment) bool { return !m.At.Before(before) })
	}
	slices.SortStableFunc(all, func(a, b Moment) int { return b.At.Compare(a.At) })
	end := min(len(all), timelineLimit)
	for end > 0 && end < len(all) && all[end].At.Equal(all[end-1].At) {
		end++
	}
	return all[:end]
}

// enclosed puts the files of messages beside them, as far as the reader sees files.
func (b *Book) enclosed(ctx context.Context, tx *store.Tx, st *policy.Standing, all []Moment) error {
	file := b.catalog().Kind("file")
	if file == nil {
		return nil
	}
	at := map[schema.RecordID]int{}
	var messages []query.Value
	for i, m := range all {
		if m.Linked != nil && m.Linked.Kind.Name == "message" {
			id := m.Linked.Rows[0].ID
			at[id] = i
			messages = append(messages, query.Record(id))
		}
	}
	if len(messages) == 0 {
		return nil
	}
	about := file.Field("about")
	found, err := b.under(ctx, tx, st, file, query.In{Field: about, Values: messages}, CardOf(file), false, mostAtOnce)
	if err != nil {
		return err
	}
	for _, f := range slices.Backward(found) { // as they lay in the mail
		of, _ := f.Rows[0].Values[about.Index()].(int64)
		if i, there := at[schema.RecordID(of)]; there {
			all[i].Files = append(all[i].Files, f)
		}
	}
	return nil
}

// linked are the records of a kind that live on a record or lead to it, newest
// first and before a moment (zero: whenever), as far as the reader may see
// them; no more than a timeline shows.
func (b *Book) linked(ctx context.Context, tx *store.Tx, st *policy.Standing, kind, other *schema.Kind, id schema.RecordID, before time.Time) ([]*Record, error) {
	born := other.MomentField()
	var older query.Cond
	if !before.IsZero() {
		older = query.Compare{Field: born, Op: query.Less, Value: query.Int(before.UnixMicro())}
	}
	if other.Within {
		return b.within(ctx, tx, st, other, id, CardOf(other), false, older, timelineLimit)
	}
	g := st.Decide(other, policy.View, CardOf(other), tx.Now())
	ask := store.Ask{Order: query.Order{Field: born, Desc: true}, Limit: timelineLimit}
	if g.FieldEverywhere(born) != policy.Plain {
		ask.Order.Field, older = nil, nil // an order would tell of it: that of their making then
	}
	var all []*Record
	for _, f := range other.Fields {
		if f.Type != schema.Relation || f.Target != kind.Name || g.FieldAnywhere(f) != policy.Plain {
			continue
		}
		if ask.Columns == nil {
			var err error
			if ask.Columns, err = columns(other, g, nil); err != nil {
				return nil, err
			}
		}
		ask.Filter = query.Compare{Field: f, Op: query.Equal, Value: query.RecordOf(kind.Name, id)}
		if older != nil {
			ask.Filter = query.And{ask.Filter, older}
		}
		rows, err := tx.Page(ctx, g, ask)
		if err != nil {
			return nil, err
		}
		for _, row := range rows.Rows {
			all = append(all, &Record{Page: Page{Kind: other, Fields: rows.Fields, Rows: []Row{row}}})
		}
		if len(rows.Rows) < timelineLimit || ask.Order.Field == nil {
			continue
		}
		// The limit may have torn a moment apart, and the next page begins before it.
		at, _ := made(all[len(all)-1])
		same := ask
		same.Filter = query.And{ask.Filter, query.Compare{Field: born, Op: query.Equal, Value: query.Int(at.UnixMicro())}}
		same.Limit = mostAtOnce
		rest, err := tx.Page(ctx, g, same)
		if err != nil {
			return nil, err
		}
		for _, row := range rest.Rows {
			if !slices.ContainsFunc(rows.Rows, func(r Row) bool { return r.ID == row.ID }) {
				all = append(all, &Record{Page: Page{Kind: other, Fields: rest.Fields, Rows: []Row{row}}})
			}
		}
	}
	return all, nil
}

// mostAtOnce bounds how many records of one kind at one moment a timeline brings.
const mostAtOnce = 500

// made is when a record happened and by whom it was made, as far as its reader
// sees that; where its moment is not seen, it is that of its making.
func made(r *Record) (at time.Time, by actor.PersonID) {
	moment := r.Kind.MomentField().Name
	for i, f := range r.Fields {
		n, seen := r.Rows[0].Values[i].(int64)
		switch f.Name {
		case moment:
			if seen {
				at = time.UnixMicro(n).UTC()
			}
		case "created_at":
			if at.IsZero() && seen {
				at = time.UnixMicro(n).UTC()
			}
		case "created_by":
			by = actor.PersonID(n)
		}
	}
	return at, by
}
