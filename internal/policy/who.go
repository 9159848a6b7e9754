package policy

import (
	"cmp"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/schema"
)

// PersonVerdict is the decision about one person and one record.
type PersonVerdict struct {
	Person actor.PersonID
	Verdict
}

// WhoCan lists those who may do the action to the record, in order of id, each
// with the verdict that says how much they see and why.
func WhoCan(kind *schema.Kind, f Facts, a Action, on Surface, everyone []*Standing, now time.Time) []PersonVerdict {
	var all []PersonVerdict
	for _, s := range everyone {
		if v := s.Decide(kind, a, on, now).Admit(f); v.Allowed {
			all = append(all, PersonVerdict{s.Person(), v})
		}
	}
	slices.SortStableFunc(all, func(a, b PersonVerdict) int { return cmp.Compare(a.Person, b.Person) })
	return all
}

// Taking is what a person could take away of one kind of record.
type Taking struct {
	Kind   string
	View   Reach
	Export Reach

	// Contact is how much of phone numbers and mail addresses is seen where
	// clients are looked at, and in files. Click and Plain can be copied out.
	Contact map[Surface]Span

	// Shown and Exported are the grants by which records counts how many.
	Shown, Exported Grant
}

// Reach is how far an action reaches, as grades of the workspace role and of
// the roles in groups.
type Reach struct {
	Workspace Grade                   // after differences, prerequisites and rails; stages apart
	Groups    map[actor.GroupID]Grade // only those above Denied
	Days      int                     // of the workspace role, if Limited
	Limited   bool
}

// Span is the least and the most that is seen, over all records that are seen at all.
type Span struct{ Least, Most Sight }

// Take answers "what can this person take" for one kind.
func (s *Standing) Take(kind *schema.Kind, now time.Time) Taking {
	t := Taking{
		Kind: kind.Name, View: s.reach(kind, View), Export: s.reach(kind, Export), Contact: map[Surface]Span{},
		Shown: s.Decide(kind, View, List, now), Exported: s.Decide(kind, Export, ExportFile, now),
	}
	for _, on := range []Surface{List, Card, ExportFile} {
		t.Contact[on] = s.Decide(kind, View, on, now).contact()
	}
	t.Contact[ExportFile] = t.Exported.contact()
	return t
}

// contact is the span of sights of contact data over the permitted records.
func (g Grant) contact() Span {
	if g.Empty() {
		return Span{}
	}
	span := Span{Least: g.ContactEverywhere()}
	for _, arm := range g.ViewArms() {
		span.Most = max(span.Most, arm.Contact)
	}
	return span
}

// Grade is the widest grade that the person holds for an action on a kind, in
// the workspace role or in a group, stages apart: what a page offers. It decides
// about no record: that is for Decide.
func (s *Standing) Grade(kind *schema.Kind, a Action) Grade {
	r := s.reach(kind, a)
	widest := r.Workspace
	for _, g := range r.Groups {
		widest = max(widest, min(g, Group))
	}
	return widest
}

func (s *Standing) reach(kind *schema.Kind, a Action) Reach {
	r := Reach{Groups: map[actor.GroupID]Grade{}}
	if s == nil || s.person == 0 || s.rails.stop(kind.Name, a) && !s.Administrator() {
		return r
	}
	if s.role != nil {
		r.Workspace = s.role.cut(kind.Name, a, 0)
		r.Days, r.Limited = s.role.days(kind.Name, a)
	}
	for _, m := range s.memberships {
		if m.Role == nil {
			continue
		}
		if g := m.Role.cut(kind.Name, a, 0); g > r.Groups[m.Group] {
			r.Groups[m.Group] = g
		}
	}
	return r
}
