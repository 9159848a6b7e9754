package policy

import (
	"slices"

	"castellan/internal/actor"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// Facts are what a decision about one record needs to know. They are read by
// the house; nothing in them is for the eyes of the person decided about.
type Facts struct {
	Record      schema.RecordID
	Responsible actor.PersonID     // zero: nobody
	Principals  []schema.Principal // the record's rows in access: its groups, its live shares; the responsible person may be left out
	Shares      []Share            // its live shares with their levels
	Row         query.Row          // the fields that conditions compare: responsible, stage, date; nil: none is known
}

// Share is a live share of the record with one person. A share that has ended
// is not among the facts.
type Share struct {
	Person actor.PersonID
	Level  ShareLevel
}

// level is the share that the person has in the record. A share that is known
// only by its principal is to view.
func (f *Facts) level(p actor.PersonID) ShareLevel {
	level := NoShare
	if slices.Contains(f.Principals, schema.SharePrincipal(int64(p))) {
		level = ShareView
	}
	for _, s := range f.Shares {
		if s.Person == p && s.Level <= ShareEdit {
			level = max(level, s.Level)
		}
	}
	return level
}

// reached tells whether a principal reaches the record, by a share of at least
// the level if by a share.
func (f *Facts) reached(p schema.Principal, least ShareLevel) bool {
	switch p.Role() {
	case schema.ByResponsibility:
		return f.Responsible != 0 && p.Ref() == int64(f.Responsible) || slices.Contains(f.Principals, p)
	case schema.ByShare:
		return f.level(actor.PersonID(p.Ref())) >= max(least, ShareView)
	}
	return slices.Contains(f.Principals, p)
}

// Verdict is the decision about one record. The zero Verdict refuses.
type Verdict struct {
	Allowed bool
	Sights  []Sight // by index of the kind's Fields; nil if refused
	Contact Sight   // of phone numbers and mail addresses typed into free text

	grant *grant
	facts Facts // for the action
	view  Facts // for what is seen
}

// Sees is what is seen of a field; Hidden for a field of another kind.
func (v Verdict) Sees(f *schema.Field) Sight {
	if !v.Allowed || f == nil || f.Kind() != v.grant.kind {
		return Hidden
	}
	return v.Sights[f.Index()]
}

// Admit decides about one record. It means in Go what the arms mean in SQL.
func (g Grant) Admit(f Facts) Verdict { return g.admit(f, f) }

// AdmitOn decides about one that is shared with another record, by the live shares
// of that other.
func (g Grant) AdmitOn(f Facts, loans []Loan) Verdict {
	return g.admit(f.On(loans, g.Kind(), g.Action()), f.On(loans, g.Kind(), View))
}

func (g Grant) admit(f, view Facts) Verdict {
	v := Verdict{grant: g.g, facts: f, view: view}
	if g.g == nil || !slices.ContainsFunc(g.g.arms, func(a Arm) bool { return a.admits(g.g.kind, &f) }) {
		return v
	}
	v.Allowed = true
	seen := newSights(g.g.kind)
	for i := range g.g.view {
		arm := &g.g.view[i]
		if !arm.admits(g.g.kind, &view) {
			continue
		}
		for j, s := range arm.sights {
			seen[j] = max(seen[j], s)
		}
	}
	n := len(seen) - 1
	v.Sights, v.Contact = seen[:n:n], seen[n]
	return v
}

// admits tells whether the arm reaches the record.
func (a *Arm) admits(kind *schema.Kind, f *Facts) bool {
	switch a.Scope {
	case Everyone:
	case Through:
		if !slices.ContainsFunc(a.Principals, func(p schema.Principal) bool { return f.reached(p, a.Least) }) {
			return false
		}
	default:
		return false
	}
	return a.Cond == nil || query.Eval(a.Cond, factsRow{kind, f}) == query.Yes
}

// factsRow answers conditions from the facts: the responsible person is known
// even where no row is.
type factsRow struct {
	kind  *schema.Kind
	facts *Facts
}

func (r factsRow) Value(f *schema.Field) query.Value {
	switch {
	case r.facts.Row != nil:
		return r.facts.Row.Value(f)
	case f == r.kind.ResponsibleField() && r.facts.Responsible != 0:
		return query.Person(r.facts.Responsible)
	}
	return query.Null()
}

func (r factsRow) Key(f *schema.Field) query.Value {
	if r.facts.Row == nil {
		return query.Null()
	}
	return r.facts.Row.Key(f)
}

func (r factsRow) Keys(f *schema.Field) []string {
	if r.facts.Row == nil {
		return nil
	}
	return r.facts.Row.Keys(f)
}
