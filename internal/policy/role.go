package policy

import (
	"maps"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/schema"
)

// Role is a named set of rights. A person has one in the workspace, and may
// have one in each group. The zero Role gives nothing.
type Role struct {
	ID            actor.RoleID
	Name          string
	Built         string // key of the ready role that it was made from and still is ("owner", …), else empty
	Administrator bool   // the guard rails do not concern this role

	Grades    map[string]map[Action]Grade // by kind and action; absent: Denied
	DaysBack  map[string]map[Action]int   // by kind and action: only records of the last N days; absent: no limit, 0: today
	Sights    []SightRule
	Abilities map[Ability]bool
	Stages    []StageRule
}

// SightRule says how much of a field, or of a class of fields, is seen at each
// relation of the record to the person. What is seen of a farther record is
// also seen of a closer one.
type SightRule struct {
	Kind    string       // empty: every kind
	Field   string       // empty: every field of the class
	Class   schema.Class // used when Field is empty
	Surface Surface      // empty: every surface

	Own, Group, All Sight
}

// at is the sight that the rule gives at a relation; no rule gives none.
func (r *SightRule) at(rel relation) Sight {
	switch {
	case r == nil:
		return Hidden
	case rel == relOwn:
		return max(r.Own, r.Group, r.All)
	case rel == relGroup:
		return max(r.Group, r.All)
	}
	return r.All
}

// sameTarget tells whether two rules speak of exactly the same thing.
func (r SightRule) sameTarget(o SightRule) bool {
	return r.Kind == o.Kind && r.Field == o.Field && (r.Field != "" || r.Class == o.Class) && r.Surface == o.Surface
}

// weight orders rules by how specific they are.
func (r *SightRule) weight() int {
	w := 0
	if r.Field != "" {
		w += 4
	}
	if r.Kind != "" {
		w += 2
	}
	if r.Surface != "" {
		w++
	}
	return w
}

// speaksOf tells whether the rule applies to a field on a surface. The field
// is given by name, class and whether it is custom; an empty name asks for the
// class alone.
func (r *SightRule) speaksOf(kind, field string, class schema.Class, custom bool, on Surface) bool {
	if r.Kind != "" && r.Kind != kind || r.Surface != "" && r.Surface != on {
		return false
	}
	if r.Field == "" {
		return r.Class == class
	}
	return r.Field == field && (r.Kind != "" || !custom)
}

// StageRule replaces the general grades of the actions that it names for
// records in one stage. A stage belongs to one pipeline, so the stage alone
// decides; the pipeline is kept for whoever shows the rule.
type StageRule struct {
	Kind            string
	Pipeline, Stage schema.RecordID
	Grades          map[Action]Grade
}

// rule finds the one sight rule that decides about a field, or nil. Of several
// rules with the same target the last one counts.
func (r *Role) rule(kind, field string, class schema.Class, custom bool, on Surface) *SightRule {
	var best *SightRule
	for i := range r.Sights {
		rule := &r.Sights[i]
		if rule.speaksOf(kind, field, class, custom, on) && (best == nil || rule.weight() >= best.weight()) {
			best = rule
		}
	}
	return best
}

// decides finds the rule by which a field is seen at a relation, and how much.
// What a field copies is seen no more here than where it comes from: a rule that
// names an original cuts the copy, too.
func (r *Role) decides(f *schema.Field, on Surface, rel relation) (*SightRule, Sight) {
	rule := r.rule(f.Kind().Name, f.Name, f.Class, f.Custom, on)
	s := rule.at(rel)
	for _, of := range f.Originals() {
		if its := r.rule(of.Kind().Name, of.Name, of.Class, of.Custom, on); its != nil && its.Field != "" && its.at(rel) < s {
			rule, s = its, its.at(rel)
		}
	}
	return rule, s
}

// sights is how much of every field of a kind the role shows at a relation.
func (r *Role) sights(k *schema.Kind, on Surface, rel relation) sights {
	all := newSights(k)
	for i, f := range k.Fields {
		_, all[i] = r.decides(f, on, rel)
	}
	all[len(k.Fields)] = r.rule(k.Name, "", schema.Contact, false, on).at(rel)
	return all
}

// grade is the role's word on an action in a stage (0: none that a rule names),
// before prerequisites.
func (r *Role) grade(kind string, a Action, stage schema.RecordID) Grade {
	g := r.Grades[kind][a]
	if stage != 0 {
		for _, rule := range r.Stages {
			if rule.Kind == kind && rule.Stage == stage {
				if replaced, ok := rule.Grades[a]; ok {
					g = replaced
				}
			}
		}
	}
	if a == Create && g != All {
		return Denied
	}
	return min(g, All)
}

// cut is the grade after prerequisites.
func (r *Role) cut(kind string, a Action, stage schema.RecordID) Grade {
	g := r.grade(kind, a, stage)
	if need := a.before(); need != 0 {
		g = min(g, r.cut(kind, need, stage))
	}
	return g
}

// days is the limit on an action and its prerequisites; ok is false for none.
func (r *Role) days(kind string, a Action) (n int, ok bool) {
	for ; a != 0 && a != Create; a = a.before() {
		if d, limited := r.DaysBack[kind][a]; limited && (!ok || d < n) {
			n, ok = d, true
		}
	}
	return n, ok
}

// stagesOf lists the stages of a kind that the role names, in order, once each.
func (r *Role) stagesOf(kind string) []schema.RecordID {
	var all []schema.RecordID
	for _, rule := range r.Stages {
		if rule.Kind == kind && rule.Stage != 0 {
			all = append(all, rule.Stage)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Clone is a copy that shares nothing with the role.
func (r Role) Clone() Role {
	r.Grades = cloneDeep(r.Grades)
	r.DaysBack = cloneDeep(r.DaysBack)
	r.Sights = slices.Clone(r.Sights)
	r.Abilities = maps.Clone(r.Abilities)
	r.Stages = slices.Clone(r.Stages)
	for i := range r.Stages {
		r.Stages[i].Grades = maps.Clone(r.Stages[i].Grades)
	}
	return r
}

func cloneDeep[V any](m map[string]map[Action]V) map[string]map[Action]V {
	c := make(map[string]map[Action]V, len(m))
	for k, inner := range m {
		c[k] = maps.Clone(inner)
	}
	return c
}

// WithoutField is the role without the sight rules that name a field of a
// kind. Whoever removes a custom field applies it to every role, so that a
// later field of the same name does not inherit them.
func (r Role) WithoutField(kind, field string) Role {
	r = r.Clone()
	r.Sights = slices.DeleteFunc(r.Sights, func(s SightRule) bool { return s.Kind == kind && s.Field == field })
	return r
}

// Aspect is what a personal difference is about.
type Aspect uint8

const (
	GradeAspect   Aspect = iota + 1 // Kind, Action, Grade
	DaysAspect                      // Kind, Action, Days
	SightAspect                     // Sight
	AbilityAspect                   // Ability
)

var aspectNames = [...]string{GradeAspect: "grade", DaysAspect: "days", SightAspect: "sight", AbilityAspect: "ability"}

// String gives the name that the API and the ledger use.
func (a Aspect) String() string { return name(aspectNames[:], int(a)) }

// MarshalText gives the name.
func (a Aspect) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText accepts the name only; unknown words are errors.
func (a *Aspect) UnmarshalText(text []byte) error {
	i, err := named("aspect", aspectNames[:], text)
	*a = Aspect(i)
	return err
}

// Difference is one right of a person that differs from the workspace role.
// It is laid over the role before anything else is asked.
type Difference struct {
	Aspect Aspect
	Remove bool // take away: the grade, the limit, the rule of the same target, the ability

	Kind    string
	Action  Action
	Grade   Grade
	Days    int
	Sight   SightRule // replaces the role's rule of the same target, or joins the others
	Ability Ability
}

// With is the role with differences laid over it, in order. A difference whose
// aspect is unknown changes nothing.
func (r Role) With(all ...Difference) Role {
	if len(all) == 0 {
		return r
	}
	r = r.Clone()
	if r.Abilities == nil {
		r.Abilities = map[Ability]bool{}
	}
	for _, d := range all {
		switch d.Aspect {
		case GradeAspect:
			lay(r.Grades, d.Kind, d.Action, d.Grade, d.Remove)
		case DaysAspect:
			lay(r.DaysBack, d.Kind, d.Action, d.Days, d.Remove)
		case SightAspect:
			r.Sights = slices.DeleteFunc(r.Sights, d.Sight.sameTarget)
			if !d.Remove {
				r.Sights = append(r.Sights, d.Sight)
			}
		case AbilityAspect:
			if d.Remove {
				delete(r.Abilities, d.Ability)
			} else {
				r.Abilities[d.Ability] = true
			}
		}
	}
	return r
}

func lay[V any](m map[string]map[Action]V, kind string, a Action, v V, remove bool) {
	if remove {
		delete(m[kind], a)
		return
	}
	if m[kind] == nil {
		m[kind] = map[Action]V{}
	}
	m[kind][a] = v
}

// Rails are ceilings over all roles: an action on a kind that they name is
// left to administrators. Only Export and Delete can be named; the rest is ignored.
type Rails struct {
	OnlyAdministrators map[string]map[Action]bool
}

// stop tells whether the rails take an action from whoever is no administrator.
func (r Rails) stop(kind string, a Action) bool {
	return (a == Export || a == Delete) && r.OnlyAdministrators[kind][a]
}

// Membership is a person's place in a group.
type Membership struct {
	Group actor.GroupID
	Name  string
	Role  *Role // the role held in that group; nil for a plain member
}
