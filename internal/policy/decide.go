package policy

import (
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// Decide answers what the person may do to records of a kind, as shown on a
// surface, at a moment. The Grant holds for the UTC day of now, apart from
// shares, whose end the store or the giver of Facts watches.
//
// A nil kind, an unknown action or surface, or a standing that holds nothing
// gives a Grant that permits nothing and still explains itself.
func (s *Standing) Decide(kind *schema.Kind, a Action, on Surface, now time.Time) Grant {
	if s == nil || s.person == 0 || kind == nil || !on.known() || a < Create || a > Export {
		return Grant{&grant{standing: s, kind: kind, action: a, surface: on, now: now}}
	}
	q := question{kind, a, on}
	day := dayOf(now)
	if g, ok := s.memo.load(day, q); ok {
		return g
	}
	g := &grant{standing: s, kind: kind, action: a, surface: on, now: now}
	view := normal(s.reaches(kind, View, on, now))
	g.view, g.arms = view, view
	if a != View {
		g.arms = normal(s.reaches(kind, a, on, now))
	}
	for i := range g.view {
		g.view[i].finish(kind, s.person)
	}
	if a != View {
		for i := range g.arms {
			g.arms[i].finish(kind, s.person)
		}
	}
	s.memo.store(day, q, Grant{g})
	return Grant{g}
}

// dayOf numbers the UTC days.
func dayOf(now time.Time) int64 { return floorDiv(now.Unix(), 24*60*60) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// reaches lists, source by source, the arms that let do an action. It is the
// one place where sources, stages, days, prerequisites and rails meet.
func (s *Standing) reaches(kind *schema.Kind, a Action, on Surface, now time.Time) []Arm {
	var all []Arm
	if s.rails.stop(kind.Name, a) && !s.Administrator() {
		return nil
	}
	add := func(role *Role, g Grade, rel relation, arm Arm) {
		arm.where.stages = stagesAt(role, kind, a, g)
		if arm.where.stages.none() {
			return
		}
		if n, limited := role.days(kind.Name, a); limited && a != Create {
			arm.where.limited, arm.where.since = true, since(now, n)
		}
		arm.show(role, kind, a, on, rel)
		all = append(all, arm)
	}
	me := schema.ResponsiblePrincipal(int64(s.person))
	if s.role != nil {
		why := Reason{Kind: kind.Name, Plural: kind.Plural, Action: a, Role: s.role.ID, RoleName: s.role.Name, Built: s.role.Built, Personal: s.personal[personal{kind.Name, a}]}
		add(s.role, All, relAll, Arm{Scope: Everyone, Why: because(why, RoleAdmits, All)})
		if a != Create {
			if groups := s.groupPrincipals(); len(groups) > 0 {
				add(s.role, Group, relGroup, Arm{Scope: Through, Principals: groups, Why: because(why, RoleAdmits, Group)})
			}
			add(s.role, Own, relOwn, Arm{Scope: Through, Principals: []schema.Principal{me}, Why: because(why, RoleAdmits, Own)})
		}
	}
	for _, m := range s.memberships {
		if m.Role == nil {
			continue
		}
		why := Reason{Kind: kind.Name, Plural: kind.Plural, Action: a, Role: m.Role.ID, RoleName: m.Role.Name, Built: m.Role.Built, Group: m.Group, GroupName: m.Name}
		through := []schema.Principal{schema.GroupPrincipal(int64(m.Group))}
		if a == Create {
			add(m.Role, All, relGroup, Arm{Scope: Through, Principals: through, Why: because(why, GroupAdmits, All)})
			continue
		}
		add(m.Role, Group, relGroup, Arm{Scope: Through, Principals: through, Why: because(why, GroupAdmits, Group)})
		own := Arm{Scope: Through, Principals: through, Why: because(why, GroupAdmits, Own)}
		own.where.own = true
		add(m.Role, Own, relOwn, own)
	}
	if level := shareNeeded(a); level != NoShare && s.role != nil && (kind.Lent == 0 || s.Grade(kind, a) != Denied) {
		arm := Arm{Scope: Through, Principals: []schema.Principal{schema.SharePrincipal(int64(s.person))}, Least: level,
			Why: []Reason{{Code: ShareAdmits, Kind: kind.Name, Plural: kind.Plural, Action: a, Level: level}}}
		arm.where.stages.except = true
		arm.show(s.role, kind, a, on, relGroup)
		all = append(all, arm)
	}
	return all
}

// shareNeeded is the least level of a share that lets do the action.
func shareNeeded(a Action) ShareLevel {
	switch a {
	case View:
		return ShareView
	case Edit:
		return ShareEdit
	}
	return NoShare
}

func because(why Reason, code Code, g Grade) []Reason {
	why.Code, why.Grade = code, g
	return []Reason{why}
}

// groupPrincipals are the groups that the person belongs to.
func (s *Standing) groupPrincipals() []schema.Principal {
	var all []schema.Principal
	for _, m := range s.memberships {
		all = append(all, schema.GroupPrincipal(int64(m.Group)))
	}
	return slices.Compact(all)
}

// show sets what the arm's own source shows. An arm of Create shows nothing by
// itself: whether the new record is seen is for viewing to say.
func (a *Arm) show(role *Role, kind *schema.Kind, act Action, on Surface, rel relation) {
	a.role, a.rel, a.sights = role, rel, newSights(kind)
	if act != Create {
		a.sights = role.sights(kind, on, rel)
	}
}

// stagesAt is the set of stages in which the role's grade, after prerequisites,
// reaches g.
func stagesAt(role *Role, kind *schema.Kind, a Action, g Grade) stageSet {
	general := role.cut(kind.Name, a, 0) >= g
	set := stageSet{except: general}
	if kind.StageField() == nil {
		return set
	}
	for _, stage := range role.stagesOf(kind.Name) {
		if (role.cut(kind.Name, a, stage) >= g) != general {
			set.stages = append(set.stages, stage)
		}
	}
	return set
}

// stageSet is a set of stages: those listed, or with except all but those
// listed, records without a stage among them. The zero set is empty.
type stageSet struct {
	except bool
	stages []schema.RecordID // in order, once each
}

func (s stageSet) none() bool { return !s.except && len(s.stages) == 0 }

// covers tells whether every stage of t is in s.
func (s stageSet) covers(t stageSet) bool {
	switch {
	case s.except && t.except:
		return subset(s.stages, t.stages)
	case s.except:
		return !slices.ContainsFunc(t.stages, func(x schema.RecordID) bool { return slices.Contains(s.stages, x) })
	case t.except:
		return false
	}
	return subset(t.stages, s.stages)
}

// subset tells whether every element of a is in b.
func subset[T comparable](a, b []T) bool {
	return !slices.ContainsFunc(a, func(x T) bool { return !slices.Contains(b, x) })
}

// daysMost bounds a limit of days, so that no arithmetic on dates overflows.
const daysMost = 100_000

// since is the start of the UTC day n days before now, in microseconds since
// 1970. A negative n asks for the future only.
func since(now time.Time, n int) int64 {
	n = max(min(n, daysMost), -daysMost)
	return (dayOf(now) - int64(n)) * int64(24*time.Hour/time.Microsecond)
}

// where is the part of an arm's condition that compares; Cond is made of it.
type where struct {
	own     bool // the person is responsible
	stages  stageSet
	limited bool
	since   int64 // µs since 1970 UTC; counts if limited
}

// covers tells whether every record that meets t meets w.
func (w where) covers(t where) bool {
	return (!w.own || t.own) && w.stages.covers(t.stages) && (!w.limited || t.limited && w.since <= t.since)
}

// cond writes the condition for the store and for Admit; nil if there is none.
func (w where) cond(kind *schema.Kind, person actor.PersonID) query.Cond {
	var all query.And
	if w.own {
		all = append(all, query.Compare{Field: kind.ResponsibleField(), Op: query.Equal, Value: query.Person(person)})
	}
	if len(w.stages.stages) > 0 {
		in := query.In{Field: kind.StageField()}
		for _, stage := range w.stages.stages {
			in.Values = append(in.Values, query.Record(stage))
		}
		if w.stages.except {
			all = append(all, query.Or{query.Empty{Field: in.Field}, query.Not{Cond: in}})
		} else {
			all = append(all, in)
		}
	}
	if w.limited {
		all = append(all, query.Compare{Field: kind.DaysField(), Op: query.AtLeast, Value: query.Int(w.since)})
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}
