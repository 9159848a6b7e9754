package policy

import (
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// Lends is what a share of a record opens of what is shared with the record: of
// each kind that has a place (schema.Kind.Lent) and for each action all of it, or
// only what its giver is responsible for, or nothing. It is as much as the giver
// held when they shared. The zero Lends opens nothing.
//
// Every grade stands in two bits, Denied 00, Own 01 and All 11, so that what two
// of them open is their bitwise and. Shares are stored with it: places and bits
// stay as they are.
type Lends int64

// Everything opens all that is shared with a record.
const Everything Lends = 1<<(8*schema.LentMost) - 1

func lentAt(kind *schema.Kind, a Action) int { return 8*(kind.Lent-1) + 2*int(a-View) }

// Grade is how much is opened of a kind for an action: Denied, Own (of whoever
// shared) or All, and no more than for the actions that it takes.
func (l Lends) Grade(kind *schema.Kind, a Action) Grade {
	if kind == nil || kind.Lent == 0 || a < View || a > Export {
		return Denied
	}
	g := Denied
	switch l >> lentAt(kind, a) & 3 {
	case 1:
		g = Own
	case 3:
		g = All
	}
	if before := a.before(); before != 0 {
		g = min(g, l.Grade(kind, before))
	}
	return g
}

// Lending opens one kind for one action, as far as the grade.
func Lending(kind *schema.Kind, a Action, g Grade) Lends {
	if kind == nil || kind.Lent == 0 || a < View || a > Export {
		return 0
	}
	return [...]Lends{Denied: 0, Own: 1, Group: 1, All: 3}[g] << lentAt(kind, a)
}

// Whole is what of it opens all that there is of a kind: what is left where somebody
// else shares on.
func (l Lends) Whole() Lends {
	const ones = Everything / 3
	all := l & (l >> 1) & ones
	return all | all<<1
}

// Loan is a live share of a record, as it is asked by what is shared with the record.
type Loan struct {
	With  schema.Principal
	Level ShareLevel     // where it is with a person
	Lends Lends          // what it opens of what is shared with the record
	By    actor.PersonID // who shared
}

// opens tells whether the loan opens one of the kind for an action, by who is
// responsible for that one.
func (l *Loan) opens(kind *schema.Kind, a Action, responsible actor.PersonID) bool {
	switch l.Lends.Grade(kind, a) {
	case All:
		return true
	case Own:
		return l.By != 0 && responsible == l.By
	}
	return false
}

// On is the facts for an action of something that is shared with another record:
// it is reached through the shares of that other as far as they open it.
func (f Facts) On(loans []Loan, kind *schema.Kind, a Action) Facts {
	f.Principals, f.Shares = slices.Clone(f.Principals), slices.Clone(f.Shares)
	for i := range loans {
		l := &loans[i]
		if !l.opens(kind, a, f.Responsible) {
			continue
		}
		f.Principals = append(f.Principals, l.With)
		if l.With.Role() == schema.ByShare {
			f.Shares = append(f.Shares, Share{Person: actor.PersonID(l.With.Ref()), Level: l.Level})
		}
	}
	return f
}

// Follows is the share that something has by following the record that is shared
// by the loan, as a mail follows its client: ok is false where it has none.
func (l Loan) Follows(kind *schema.Kind, responsible actor.PersonID) (level ShareLevel, ok bool) {
	if !l.opens(kind, View, responsible) {
		return NoShare, false
	}
	if l.Level == ShareEdit && l.With.Role() == schema.ByShare && !l.opens(kind, Edit, responsible) {
		return ShareView, true
	}
	return l.Level, true
}

// with is the facts for an action of something that lies on a shared record, or
// follows it.
func (f Facts) with(loans []Loan, kind *schema.Kind, a Action) Facts {
	if kind.Within {
		return f.On(loans, kind, a)
	}
	f.Principals, f.Shares = slices.Clone(f.Principals), slices.Clone(f.Shares)
	for i := range loans {
		level, ok := loans[i].Follows(kind, f.Responsible)
		if !ok {
			continue
		}
		f.Principals = append(f.Principals, loans[i].With)
		if loans[i].With.Role() == schema.ByShare {
			f.Shares = append(f.Shares, Share{Person: actor.PersonID(loans[i].With.Ref()), Level: level})
		}
	}
	return f
}

// Lend tells what a share that the person makes opens of what is shared with the
// record: nobody gives more than they hold (attack 27). Of each kind and for each
// action it is all if the person holds all that there is of it, by their roles or
// through the loans that there are; else what they are responsible for themselves,
// if they hold that. Where a receiver would come to see more of a field than the
// person sees, it is nothing. responsible is who is responsible for the record; what
// with says that it lends does not matter.
func (s *Standing) Lend(kinds []*schema.Kind, responsible actor.PersonID, loans []Loan, with Loan, receivers []*Standing, now time.Time) Lends {
	var concerned []*Standing
	for _, r := range receivers {
		if with.With == schema.SharePrincipal(int64(r.Person())) || slices.Contains(r.groupPrincipals(), with.With) {
			concerned = append(concerned, r)
		}
	}
	var lends Lends
	for _, kind := range kinds {
		if kind.Lent == 0 {
			continue
		}
		for _, a := range []Action{View, Edit, Delete, Export} {
			if needed := shareNeeded(a); with.With.Role() == schema.ByShare && (needed == NoShare || needed > with.Level) {
				continue
			}
			for _, g := range []Grade{All, Own} {
				if s.mayLend(kind, a, g, responsible, loans, with, concerned, now) {
					lends |= Lending(kind, a, g)
					break
				}
			}
		}
	}
	return lends
}

// mayLend asks of one that stands for all of the kind: one of nobody's, or the
// person's own. What follows a record is of whoever the record is.
func (s *Standing) mayLend(kind *schema.Kind, a Action, g Grade, responsible actor.PersonID, loans []Loan, with Loan, concerned []*Standing, now time.Time) bool {
	var one Facts // of no date: what is held of some days is not all of it
	switch {
	case g == Own:
		one.Responsible = s.Person()
	case !kind.Within:
		one.Responsible = responsible
	}
	if !s.Decide(kind, a, Card, now).Admit(one.with(loans, kind, a)).Allowed {
		return false
	}
	if a != View {
		return true
	}
	with.Lends, with.By = Everything, s.Person()
	var actions []Action
	if !kind.Within && with.With.Role() == schema.ByGroup {
		// What follows has the share itself, which cannot be for one action only.
		actions = []Action{Edit, Delete, Export}
	}
	after := append(slices.Clone(loans), with)
	outdone := func(by []*Standing) bool {
		// What a receiver sees of a few days only, they see by the share of every day.
		fresh := one
		fresh.Row = ofToday{kind, one.Responsible, now}
		_, more := s.outdone(kind, one.with(loans, kind, View), one.with(loans, kind, View), fresh.with(after, kind, View), actions, by, now)
		return more
	}
	if outdone(concerned) {
		return false
	}
	if !kind.Within || g == Own {
		return true
	}
	// Of what is their own some would see more by a role that they hold in the group.
	for _, r := range concerned {
		if !r.roleIn(with.With) {
			continue
		}
		if one.Responsible = r.Person(); outdone([]*Standing{r}) {
			return false
		}
	}
	return true
}

// roleIn tells whether the person holds a role in the group.
func (s *Standing) roleIn(group schema.Principal) bool {
	return slices.ContainsFunc(s.memberships, func(m Membership) bool { return m.Role != nil && schema.GroupPrincipal(int64(m.Group)) == group })
}

// ofToday is a record that is not there, of today.
type ofToday struct {
	kind        *schema.Kind
	responsible actor.PersonID
	now         time.Time
}

func (r ofToday) Value(f *schema.Field) query.Value {
	switch {
	case f == r.kind.DaysField():
		return query.Time(r.now)
	case f == r.kind.ResponsibleField() && r.responsible != 0:
		return query.Person(r.responsible)
	}
	return query.Null()
}

func (ofToday) Key(*schema.Field) query.Value { return query.Null() }
func (ofToday) Keys(*schema.Field) []string   { return nil }
