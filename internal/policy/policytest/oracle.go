// Package policytest holds a second meaning of the rights, written from the promise alone, and makes random cases to hold the first against it.
//
// The oracle asks about one record of one person at a time, rule by rule, in
// the words of the design. It shares no code with policy and has none of its
// arms, cuts or sets: where policy intersects, it asks again. It is slow, and
// plain enough to be read beside the promise.
//
// Rooms with a database use the same cases: they store the records, run the
// statements that the store builds from a Grant, and compare the rows that
// come back with Ask.
package policytest

import (
	"time"

	"castellan/internal/actor"
	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// Record is what rights depend on in one record.
type Record struct {
	ID              schema.RecordID
	Responsible     actor.PersonID // zero: nobody
	Groups          []actor.GroupID
	Shares          []policy.Share  // live ones
	Pipeline, Stage schema.RecordID // zero: none
	Date            time.Time       // of the kind's Days field; zero: none

	// On are the live shares of the record that it lies on, if it lies on one.
	On []Loan
}

// Loan is a share of the record that another one lies on, with a person or with a
// group, and how much of what lies there it gives for each action: Own is what By,
// who shared, is responsible for.
type Loan struct {
	Person actor.PersonID
	Group  actor.GroupID
	Level  policy.ShareLevel
	Gives  map[policy.Action]policy.Grade
	By     actor.PersonID
}

// Loans are the same as policy wants them.
func (r Record) Loans(kind *schema.Kind) []policy.Loan {
	var all []policy.Loan
	for _, l := range r.On {
		one := policy.Loan{With: schema.GroupPrincipal(int64(l.Group)), Level: policy.ShareEdit, By: l.By}
		if l.Person != 0 {
			one.With, one.Level = schema.SharePrincipal(int64(l.Person)), l.Level
		}
		for a, g := range l.Gives {
			one.Lends |= policy.Lending(kind, a, g)
		}
		all = append(all, one)
	}
	return all
}

// gives tells whether the loan opens the record for an action, and so for all that
// the action takes.
func (l Loan) gives(r Record, action policy.Action) bool {
	takes := map[policy.Action][]policy.Action{policy.View: {policy.View}, policy.Edit: {policy.View, policy.Edit},
		policy.Delete: {policy.View, policy.Edit, policy.Delete}, policy.Export: {policy.View, policy.Export}}[action]
	for _, a := range takes {
		all := l.Gives[a] == policy.All
		its := l.Gives[a] == policy.Own && l.By != 0 && r.Responsible == l.By
		if !all && !its {
			return false
		}
	}
	return len(takes) > 0
}

// Facts are the same as policy wants them.
func (r Record) Facts(kind *schema.Kind) policy.Facts {
	f := policy.Facts{Record: r.ID, Responsible: r.Responsible, Shares: r.Shares, Principals: r.Principals(), Row: row{r, kind}}
	return f
}

// Principals are the record's rows in the table access.
func (r Record) Principals() []schema.Principal {
	var all []schema.Principal
	if r.Responsible != 0 {
		all = append(all, schema.ResponsiblePrincipal(int64(r.Responsible)))
	}
	for _, g := range r.Groups {
		all = append(all, schema.GroupPrincipal(int64(g)))
	}
	for _, s := range r.Shares {
		all = append(all, schema.SharePrincipal(int64(s.Person)))
	}
	return all
}

// row is the record as conditions read it.
type row struct {
	record Record
	kind   *schema.Kind
}

func (r row) Value(f *schema.Field) query.Value {
	switch f.Name {
	case r.kind.Responsible:
		return number(int64(r.record.Responsible))
	case r.kind.Pipeline:
		return number(int64(r.record.Pipeline))
	case r.kind.Stage:
		return number(int64(r.record.Stage))
	case r.kind.Days:
		if !r.record.Date.IsZero() {
			return query.Time(r.record.Date)
		}
	}
	return query.Null()
}

func (r row) Key(*schema.Field) query.Value { return query.Null() }
func (r row) Keys(*schema.Field) []string   { return nil }

func number(n int64) query.Value {
	if n == 0 {
		return query.Null()
	}
	return query.Int(n)
}

// Question is what one person wants to do with one record.
type Question struct {
	Who    policy.StandingInput
	Kind   *schema.Kind
	Action policy.Action
	On     policy.Surface
	Now    time.Time
	Record Record
}

// Answer is what the promise says to it.
type Answer struct {
	Allowed bool
	Sights  map[string]policy.Sight // by field; empty if refused
	Contact policy.Sight            // of contact data typed into free text
}

// Ask answers from the promise.
func Ask(q Question) Answer {
	allowed := false
	acting := lent(q, q.Action)
	for _, s := range sources(acting) {
		if s.lets(acting, q.Action) {
			allowed = true
		}
	}
	if !allowed {
		return Answer{}
	}
	a := Answer{Allowed: true, Sights: map[string]policy.Sight{}}
	for _, f := range q.Kind.Fields {
		a.Sights[f.Name] = policy.Hidden
	}
	// Sight: the most that any source shows which itself lets the record be viewed.
	q = lent(q, policy.View)
	for _, s := range sources(q) {
		if !s.lets(q, policy.View) {
			continue
		}
		for _, f := range q.Kind.Fields {
			shown, _ := s.shows(q, q.Kind.Name, f.Name, f.Class, f.Custom)
			// A copy shows no more than a rule lets be seen that names its original.
			for _, of := range f.Originals() {
				if there, named := s.shows(q, of.Kind().Name, of.Name, of.Class, of.Custom); named {
					shown = min(shown, there)
				}
			}
			a.Sights[f.Name] = max(a.Sights[f.Name], shown)
		}
		contact, _ := s.shows(q, q.Kind.Name, "", schema.Contact, false)
		a.Contact = max(a.Contact, contact)
	}
	return a
}

// lent is the question about the record as if it were shared itself with those with
// whom the record is that it lies on, as far as those shares open it for the action.
func lent(q Question, action policy.Action) Question {
	r := q.Record
	r.Groups = append([]actor.GroupID(nil), r.Groups...)
	r.Shares = append([]policy.Share(nil), r.Shares...)
	for _, l := range r.On {
		switch {
		case !l.gives(r, action):
		case l.Person != 0:
			r.Shares = append(r.Shares, policy.Share{Person: l.Person, Level: l.Level})
		default:
			r.Groups = append(r.Groups, l.Group)
		}
	}
	q.Record = r
	return q
}

// source is one reason to be let in.
type source struct {
	role  *policy.Role
	group actor.GroupID     // the role is held in this group; zero: in the workspace
	share policy.ShareLevel // instead of the role's grades: a share of this level
}

// sources lists them for the person and the record.
func sources(q Question) []source {
	if q.Who.Person <= 0 {
		return nil
	}
	var all []source
	workspace := differing(q.Who.Role, q.Who.Differences)
	if workspace != nil {
		all = append(all, source{role: workspace})
		for _, s := range q.Record.Shares {
			if s.Person == q.Who.Person {
				all = append(all, source{role: workspace, share: s.Level})
			}
		}
	}
	for _, m := range q.Who.Memberships {
		if m.Role != nil && in(q.Record.Groups, m.Group) {
			all = append(all, source{role: m.Role, group: m.Group})
		}
	}
	return all
}

// lets tells whether the source alone lets the person do it.
func (s source) lets(q Question, action policy.Action) bool {
	if s.share != policy.NoShare {
		// Of what is shared with another record nothing is opened to whom all of its kind is closed.
		if q.Kind.Lent != 0 && !hasAny(q, action) {
			return false
		}
		return action == policy.View || action == policy.Edit && s.share == policy.ShareEdit
	}
	// A guard rail leaves export and deletion to administrators.
	if action == policy.Export || action == policy.Delete {
		administrator := q.Who.Role != nil && q.Who.Role.Administrator
		if q.Who.Rails.OnlyAdministrators[q.Kind.Name][action] && !administrator {
			return false
		}
	}
	// Nobody edits or exports what they do not view, nor deletes what they do not edit.
	switch action {
	case policy.Edit, policy.Export:
		if !s.lets(q, policy.View) {
			return false
		}
	case policy.Delete:
		if !s.lets(q, policy.Edit) {
			return false
		}
	}
	grade := s.role.Grades[q.Kind.Name][action]
	if q.Kind.Stage != "" && q.Record.Stage != 0 {
		for _, rule := range s.role.Stages {
			if rule.Kind == q.Kind.Name && rule.Stage == q.Record.Stage {
				if g, ok := rule.Grades[action]; ok {
					grade = g
				}
			}
		}
	}
	if action == policy.Create {
		return grade == policy.All
	}
	// Only the last N days: today is day 0, and days begin at midnight UTC.
	if n, limited := s.role.DaysBack[q.Kind.Name][action]; limited {
		y, m, d := q.Now.UTC().Date()
		first := time.Date(y, m, d-n, 0, 0, 0, 0, time.UTC)
		if q.Record.Date.IsZero() || q.Record.Date.Before(first) {
			return false
		}
	}
	switch grade {
	case policy.Own:
		return own(q)
	case policy.Group:
		return s.group != 0 || own(q) || grouped(q)
	case policy.All:
		return true
	}
	return false
}

// hasAny: some role of the person, in the workspace or in whatever group, reaches
// further than nothing, for the action and for those that it takes. Stages and
// days are for records.
func hasAny(q Question, action policy.Action) bool {
	roles := []*policy.Role{differing(q.Who.Role, q.Who.Differences)}
	for _, m := range q.Who.Memberships {
		roles = append(roles, m.Role)
	}
	takes := map[policy.Action][]policy.Action{policy.View: {policy.View}, policy.Edit: {policy.View, policy.Edit}}[action]
	for _, role := range roles {
		has := role != nil && len(takes) > 0
		for _, a := range takes {
			has = has && role.Grades[q.Kind.Name][a] != policy.Denied
		}
		if has {
			return true
		}
	}
	return false
}

// own: the person is responsible for the record.
func own(q Question) bool { return q.Record.Responsible == q.Who.Person }

// grouped: the record is shared with a group of the person.
func grouped(q Question) bool {
	for _, m := range q.Who.Memberships {
		if in(q.Record.Groups, m.Group) {
			return true
		}
	}
	return false
}

// shows tells how much of a field of a kind the source shows, by the role's most
// specific rule, and whether that rule names the field.
func (s source) shows(q Question, kind, field string, class schema.Class, custom bool) (policy.Sight, bool) {
	closest := func(r policy.SightRule) policy.Sight {
		switch {
		case s.share != policy.NoShare:
			return max(r.Group, r.All)
		case own(q):
			return max(r.Own, r.Group, r.All)
		case s.group != 0 || grouped(q):
			return max(r.Group, r.All)
		}
		return r.All
	}
	for _, named := range []struct{ field, kind, surface bool }{
		{true, true, true}, {true, true, false}, {true, false, true}, {true, false, false},
		{false, true, true}, {false, true, false}, {false, false, true}, {false, false, false},
	} {
		for i := len(s.role.Sights) - 1; i >= 0; i-- {
			r := s.role.Sights[i]
			if (r.Field != "") != named.field || (r.Kind != "") != named.kind || (r.Surface != "") != named.surface {
				continue
			}
			if named.field && (r.Field != field || !named.kind && custom) || !named.field && r.Class != class {
				continue
			}
			if named.kind && r.Kind != kind || named.surface && r.Surface != q.On {
				continue
			}
			return closest(r), named.field
		}
	}
	return policy.Hidden, false
}

// differing lays the personal differences over the role; no role stays none.
func differing(role *policy.Role, differences []policy.Difference) *policy.Role {
	if role == nil {
		return nil
	}
	r := *role
	r.Grades, r.DaysBack = copied(role.Grades), copied(role.DaysBack)
	r.Sights = append([]policy.SightRule(nil), role.Sights...)
	for _, d := range differences {
		switch d.Aspect {
		case policy.GradeAspect:
			set(r.Grades, d.Kind, d.Action, d.Grade, d.Remove)
		case policy.DaysAspect:
			set(r.DaysBack, d.Kind, d.Action, d.Days, d.Remove)
		case policy.SightAspect:
			var rest []policy.SightRule
			for _, have := range r.Sights {
				same := have.Kind == d.Sight.Kind && have.Field == d.Sight.Field && have.Surface == d.Sight.Surface &&
					(have.Field != "" || have.Class == d.Sight.Class)
				if !same {
					rest = append(rest, have)
				}
			}
			if !d.Remove {
				rest = append(rest, d.Sight)
			}
			r.Sights = rest
		}
	}
	return &r
}

func copied[V any](m map[string]map[policy.Action]V) map[string]map[policy.Action]V {
	c := map[string]map[policy.Action]V{}
	for kind, inner := range m {
		c[kind] = map[policy.Action]V{}
		for a, v := range inner {
			c[kind][a] = v
		}
	}
	return c
}

func set[V any](m map[string]map[policy.Action]V, kind string, a policy.Action, v V, remove bool) {
	if m[kind] == nil {
		m[kind] = map[policy.Action]V{}
	}
	if m[kind][a] = v; remove {
		delete(m[kind], a)
	}
}

func in[T comparable](all []T, x T) bool {
	for _, y := range all {
		if x == y {
			return true
		}
	}
	return false
}
