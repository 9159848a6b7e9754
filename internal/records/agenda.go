package records

import (
	"context"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// Agenda is what people have to do between two moments, as far as the reader may
// see it.
type Agenda struct {
	Page                    // the records, by their beginning, and Clients; no cursor and no count
	People []actor.PersonID // of whom the reader may know anything at all, in the order asked for
	Busy   []Busy           // when else people are busy, for whoever may know that
}

// Busy is time that is taken by what the reader may not see. It has no id and
// no title, and what lies side by side or overlaps is one.
type Busy struct {
	Person   actor.PersonID
	From, To time.Time
}

const (
	agendaSpan = 45 * 24 * time.Hour
	agendaMost = 5_000
	peopleMost = 500
)

// Agenda reads what takes the time of these people between two moments. What the
// reader may not see is not there, or only as busy time for whoever holds SeeBusy
// (attack 23): the grant decides about each record as it does in a list.
func (b *Book) Agenda(ctx context.Context, who actor.Actor, kindName string, on Surface, people []actor.PersonID, from, to time.Time) (*Agenda, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	if kind.Time == nil {
		return nil, fault.NotFound()
	}
	if !to.After(from) || to.Sub(from) > agendaSpan || len(people) > peopleMost {
		return nil, fault.New(fault.Invalid, "agenda.range", "Ask for at most 45 days and 500 people at once.").At("to")
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	g := st.Decide(kind, policy.View, on, b.instant())
	a := &Agenda{Page: Page{Kind: kind}}
	a.May = b.may(st, kind, on)
	ask := store.Ask{}
	if who.ViewAs == 0 && !(a.May.Edit && a.May.Delete) {
		// What does not hold for all is told of each: a specialist changes their own.
		a.Each = true
		ask.Also = []policy.Grant{st.Decide(kind, policy.Edit, on, b.instant()), st.Decide(kind, policy.Delete, on, b.instant())}
	}
	if a.Fields, err = columns(kind, g, nil); err != nil {
		return nil, err
	}
	ask.Columns = a.Fields
	var taken []store.Taken
	seen := map[schema.RecordID]bool{}
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		ids := make([]int64, len(people))
		for i, p := range people {
			ids[i] = int64(p)
		}
		var err error
		taken, err = tx.Taken(ctx, policy.Whole(kind, policy.ForTime), ids, from.UnixMicro(), to.UnixMicro(), agendaMost+1)
		if err != nil || len(taken) > agendaMost {
			return err
		}
		if err := a.rows(ctx, tx, g, ask, taken, seen); err != nil {
			return err
		}
		a.Clients, err = b.clientsOf(ctx, tx, st, &a.Page, on)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(taken) > agendaMost {
		return nil, fault.Newf(fault.Large, "agenda.large", "This is more than %d appointments at once. Ask for fewer days or people.", agendaMost)
	}
	knows, _ := st.Can(policy.SeeBusy)
	a.People = peopleKnown(st, kind, people, taken, seen, knows)
	if knows {
		a.Busy = busy(kind, taken, seen, from, to)
	}
	var met []scribe.Entry
	if a.Titles, met, err = b.titlesBut(ctx, who, st, kind.Field(kind.Time.Client), &a.Page); err != nil {
		return nil, err
	}
	if a.Titles == nil {
		a.Titles = map[schema.RecordID]string{}
	}
	title := slices.Index(a.Clients.Fields, a.Clients.Kind.TitleField())
	for _, r := range a.Clients.Rows {
		if name, ok := r.Values[title].(string); ok && title >= 0 {
			a.Titles[r.ID] = name
		}
	}
	met = append(met, clientsMet(who, a.Clients, on)...)
	return a, b.scribe.NoteAll(ctx, append(met, scribe.Entry{Event: "record.listed", Who: who, Kind: kind.Name, Records: idsOf(a.Rows), Surface: string(on), Shown: shown(&a.Page)}))
}

// rows reads those of the records that the grant permits, in the order of time.
func (a *Agenda) rows(ctx context.Context, tx *store.Tx, g policy.Grant, ask store.Ask, taken []store.Taken, seen map[schema.RecordID]bool) error {
	place := make(map[schema.RecordID]int, len(taken))
	ids := make([]schema.RecordID, len(taken))
	for i, t := range taken {
		ids[i], place[t.ID] = t.ID, i
	}
	for part := range slices.Chunk(ids, manyAtOnce) {
		rows, err := tx.Rows(ctx, g, part, ask)
		if err != nil {
			return err
		}
		a.Rows = append(a.Rows, rows.Rows...)
	}
	for _, r := range a.Rows {
		seen[r.ID] = true
	}
	slices.SortFunc(a.Rows, func(x, y Row) int { return place[x.ID] - place[y.ID] })
	return nil
}

// peopleKnown are those of whom the reader may know something: everybody, for
// who sees more than their own records or when others are busy; else oneself and
// those of whom a record is seen.
func peopleKnown(st *policy.Standing, kind *schema.Kind, people []actor.PersonID, taken []store.Taken, seen map[schema.RecordID]bool, busy bool) []actor.PersonID {
	if busy || st.Grade(kind, policy.View) > policy.Own {
		return people
	}
	known := map[actor.PersonID]bool{st.Person(): st.Grade(kind, policy.View) > policy.Denied}
	for _, t := range taken {
		if seen[t.ID] {
			known[actor.PersonID(t.Person)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(people), func(p actor.PersonID) bool { return !known[p] })
}

// busy is the time that is taken and not seen by what, cut to what was asked for.
func busy(kind *schema.Kind, taken []store.Taken, seen map[schema.RecordID]bool, from, to time.Time) []Busy {
	var all []Busy
	last := map[int64]int{} // by person: the latest of theirs in all, and one
	for _, t := range taken {
		if seen[t.ID] || !takesTime(kind, t.Status) {
			continue
		}
		starts, ends := time.UnixMicro(max(t.Starts, from.UnixMicro())).UTC(), time.UnixMicro(min(t.Ends, to.UnixMicro())).UTC()
		if i := last[t.Person]; i > 0 && !starts.After(all[i-1].To) {
			if ends.After(all[i-1].To) {
				all[i-1].To = ends
			}
			continue
		}
		all = append(all, Busy{actor.PersonID(t.Person), starts, ends})
		last[t.Person] = len(all)
	}
	return all
}

// clientsOf reads whom the records of a page are for, as the surface shows them:
// what they are called and how they are reached.
func (b *Book) clientsOf(ctx context.Context, tx *store.Tx, st *policy.Standing, p *Page, on Surface) (*Page, error) {
	link := p.Kind.Field(p.Kind.Time.Client)
	client := b.catalog().Kind(link.Target)
	all := &Page{Kind: client}
	g := st.Decide(client, policy.View, on, b.instant())
	all.Fields = reachedBy(client, g)
	at := slices.Index(p.Fields, link)
	if at < 0 {
		return all, nil
	}
	var ids []schema.RecordID
	for _, r := range p.Rows {
		if id, ok := r.Values[at].(int64); ok {
			ids = append(ids, schema.RecordID(id))
		}
	}
	slices.Sort(ids)
	for part := range slices.Chunk(slices.Compact(ids), manyAtOnce) {
		rows, err := tx.Rows(ctx, g, part, store.Ask{Columns: all.Fields})
		if err != nil {
			return nil, err
		}
		all.Rows = append(all.Rows, rows.Rows...)
	}
	return all, nil
}

// clientsMet is what is to be noted of clients before they are shown.
func clientsMet(who actor.Actor, clients *Page, on Surface) []scribe.Entry {
	if len(clients.Rows) == 0 {
		return nil
	}
	return []scribe.Entry{{Event: "record.listed", Who: who, Kind: clients.Kind.Name, Records: idsOf(clients.Rows), Surface: string(on), Shown: shown(clients)}}
}

// ClientsOf reads whom the records of a list are for, and notes it.
func (b *Book) ClientsOf(ctx context.Context, who actor.Actor, p *Page, on Surface) (*Page, error) {
	if p.Kind.Time == nil {
		return nil, fault.NotFound()
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	var clients *Page
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		clients, err = b.clientsOf(ctx, tx, st, p, on)
		return err
	})
	if err != nil {
		return nil, err
	}
	return clients, b.scribe.NoteAll(ctx, clientsMet(who, clients, on))
}

// Pick looks for records to choose from, as Query.Search does, and shows no more
// of them than what they are called and how they are reached.
func (b *Book) Pick(ctx context.Context, who actor.Actor, kindName string, on Surface, search string, limit int) (*Page, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	g := st.Decide(kind, policy.View, on, b.instant())
	names := []string{}
	for _, f := range reachedBy(kind, g) {
		names = append(names, f.Name)
	}
	return b.List(ctx, who, kindName, on, Query{Search: search, Fields: names, Limit: limit})
}

// reachedBy are the fields that say what a record is called and how it is reached,
// as far as the grant shows them anywhere.
func reachedBy(kind *schema.Kind, g policy.Grant) []*schema.Field {
	var all []*schema.Field
	for _, f := range kind.Fields {
		if (f == kind.TitleField() || f.Type == schema.Phones || f.Type == schema.Emails) && g.FieldAnywhere(f) != policy.Hidden {
			all = append(all, f)
		}
	}
	return all
}

// Takes is when the records that the reader sees take time, but for one of them.
func (a *Agenda) Takes(except schema.RecordID) []Busy {
	t := a.Kind.Time
	at := func(name string) int { return slices.Index(a.Fields, a.Kind.Field(name)) }
	starts, ends, status, person := at(t.Starts), at(t.Ends), at(t.Status), at(a.Kind.Responsible)
	if starts < 0 || ends < 0 || person < 0 {
		return nil
	}
	var all []Busy
	for _, r := range a.Rows {
		if r.ID == except {
			continue
		}
		from, _ := r.Values[starts].(int64)
		to, _ := r.Values[ends].(int64)
		whose, _ := r.Values[person].(int64)
		if status >= 0 {
			if s, ok := r.Values[status].(string); ok && !takesTime(a.Kind, s) {
				continue
			}
		}
		all = append(all, Busy{actor.PersonID(whose), time.UnixMicro(from).UTC(), time.UnixMicro(to).UTC()})
	}
	return all
}
