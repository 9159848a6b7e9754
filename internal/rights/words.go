package rights

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
)

// Rights are what a role gives, in words: so the page shows them, the ledger
// tells of them and the database keeps them. Words that are not known give nothing.
type Rights struct {
	Administrator bool                         `json:"administrator,omitempty"`
	Grades        map[string]map[string]string `json:"grades,omitempty"` // kind, action: grade
	Days          map[string]map[string]int    `json:"days,omitempty"`   // kind, action: only so many days back
	Sights        []Sight                      `json:"sights,omitempty"`
	Abilities     []string                     `json:"abilities,omitempty"`
	Stages        []Stage                      `json:"stages,omitempty"`
}

// Sight is a policy.SightRule in words.
type Sight struct {
	Kind    string `json:"kind,omitempty"`
	Field   string `json:"field,omitempty"`
	Class   string `json:"class,omitempty"`
	Surface string `json:"surface,omitempty"`
	Own     string `json:"own"`
	Group   string `json:"group"`
	All     string `json:"all"`
}

// Stage is a policy.StageRule in words.
type Stage struct {
	Kind     string            `json:"kind"`
	Pipeline schema.RecordID   `json:"pipeline"`
	Stage    schema.RecordID   `json:"stage"`
	Grades   map[string]string `json:"grades"`
}

// Difference is a policy.Difference in words.
type Difference struct {
	Aspect  string `json:"aspect"`
	Remove  bool   `json:"remove,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Action  string `json:"action,omitempty"`
	Grade   string `json:"grade,omitempty"`
	Days    int    `json:"days,omitempty"`
	Sight   *Sight `json:"sight,omitempty"`
	Ability string `json:"ability,omitempty"`
}

// Rails are policy.Rails in words: kind, action: only for administrators.
type Rails map[string]map[string]bool

// RightsOf puts a role into words.
func RightsOf(r policy.Role) Rights {
	w := Rights{Administrator: r.Administrator}
	for kind, actions := range r.Grades {
		for a, g := range actions {
			put(&w.Grades, kind, a.String(), g.String())
		}
	}
	for kind, actions := range r.DaysBack {
		for a, n := range actions {
			put(&w.Days, kind, a.String(), n)
		}
	}
	for _, s := range r.Sights {
		w.Sights = append(w.Sights, sightOf(s))
	}
	for a, held := range r.Abilities {
		if held {
			w.Abilities = append(w.Abilities, string(a))
		}
	}
	slices.Sort(w.Abilities)
	for _, s := range r.Stages {
		grades := map[string]string{}
		for a, g := range s.Grades {
			grades[a.String()] = g.String()
		}
		w.Stages = append(w.Stages, Stage{s.Kind, s.Pipeline, s.Stage, grades})
	}
	return w
}

func put[V any](m *map[string]map[string]V, kind, action string, v V) {
	if *m == nil {
		*m = map[string]map[string]V{}
	}
	if (*m)[kind] == nil {
		(*m)[kind] = map[string]V{}
	}
	(*m)[kind][action] = v
}

// sightOf says what the rule comes to: whoever sees something of all records sees
// it of their own, though the rule need not repeat it.
func sightOf(s policy.SightRule) Sight {
	group := max(s.Group, s.All)
	w := Sight{Kind: s.Kind, Field: s.Field, Surface: string(s.Surface), Own: max(s.Own, group).String(), Group: group.String(), All: s.All.String()}
	if s.Field == "" {
		w.Class = s.Class.String()
	}
	return w
}

func differenceOf(d policy.Difference) Difference {
	w := Difference{Aspect: d.Aspect.String(), Remove: d.Remove}
	switch d.Aspect {
	case policy.GradeAspect:
		w.Kind, w.Action, w.Grade = d.Kind, d.Action.String(), d.Grade.String()
	case policy.DaysAspect:
		w.Kind, w.Action, w.Days = d.Kind, d.Action.String(), d.Days
	case policy.SightAspect:
		s := sightOf(d.Sight)
		w.Sight = &s
	case policy.AbilityAspect:
		w.Ability = string(d.Ability)
	}
	return w
}

func railsOf(r policy.Rails) Rails {
	w := Rails{}
	for kind, actions := range r.OnlyAdministrators {
		for a, on := range actions {
			if on {
				put((*map[string]map[string]bool)(&w), kind, a.String(), true)
			}
		}
	}
	return w
}

// A reader turns words into rights. What it does not know it leaves out and
// writes down: a person who sends such words is told, and words that lie in the
// database since an earlier version just give nothing any more.
type reader struct {
	catalog *schema.Catalog // nil: every name of a kind or field will do
	wrong   []fault.Fault
}

const mostRules = 1000 // sight rules, stage rules or differences of one role or person

func (r *reader) complain(field, code, format string, args ...any) {
	r.wrong = append(r.wrong, *fault.Newf(fault.Invalid, code, format, args...).At(field))
}

func (r *reader) err() error {
	if f := fault.Join(r.wrong); f != nil {
		return f
	}
	return nil
}

// word reads one word of the policy.
func (r *reader) word(field string, into encoding.TextUnmarshaler, w string) bool {
	if err := into.UnmarshalText([]byte(w)); err != nil {
		r.complain(field, "rights.word", "This word is not known here.")
		return false
	}
	return true
}

func (r *reader) kind(field, name string) *schema.Kind {
	if r.catalog == nil {
		return nil
	}
	k := r.catalog.Kind(name)
	if k == nil {
		r.complain(field, "rights.kind", "There is no such kind of record.")
	}
	return k
}

func (r *reader) role(w Rights) policy.Role {
	role := policy.Role{
		Administrator: w.Administrator, Grades: map[string]map[policy.Action]policy.Grade{},
		DaysBack: map[string]map[policy.Action]int{}, Abilities: map[policy.Ability]bool{},
	}
	if len(w.Sights)+len(w.Stages) > mostRules {
		r.complain("sights", "rights.many", "A role has at most %d rules.", mostRules)
		return role
	}
	for _, kind := range slices.Sorted(maps.Keys(w.Grades)) {
		r.kind("grades", kind)
		role.Grades[kind] = r.grades("grades", w.Grades[kind])
	}
	for _, kind := range slices.Sorted(maps.Keys(w.Days)) {
		r.kind("days", kind)
		role.DaysBack[kind] = map[policy.Action]int{}
		for name, n := range w.Days[kind] {
			var a policy.Action
			if r.word("days", &a, name) && r.days("days", n) {
				role.DaysBack[kind][a] = n
			}
		}
	}
	for _, s := range w.Sights {
		if rule, ok := r.sight(s); ok {
			role.Sights = append(role.Sights, rule)
		}
	}
	for _, name := range w.Abilities {
		if a := policy.Ability(name); a.Known() {
			role.Abilities[a] = true
		} else {
			r.complain("abilities", "rights.ability", "There is no such ability.")
		}
	}
	for _, s := range w.Stages {
		r.kind("stages", s.Kind)
		role.Stages = append(role.Stages, policy.StageRule{Kind: s.Kind, Pipeline: s.Pipeline, Stage: s.Stage, Grades: r.grades("stages", s.Grades)})
	}
	return role
}

func (r *reader) grades(field string, words map[string]string) map[policy.Action]policy.Grade {
	grades := map[policy.Action]policy.Grade{}
	for name, word := range words {
		var a policy.Action
		var g policy.Grade
		if r.word(field, &a, name) && r.word(field, &g, word) {
			grades[a] = g
		}
	}
	return grades
}

func (r *reader) days(field string, n int) bool {
	if n < 0 || n > 36500 {
		r.complain(field, "rights.days", "Days are counted from 0 to 36,500.")
		return false
	}
	return true
}

func (r *reader) sight(w Sight) (policy.SightRule, bool) {
	before := len(r.wrong)
	rule := policy.SightRule{Kind: w.Kind, Field: w.Field, Surface: policy.Surface(w.Surface)}
	var kind *schema.Kind
	if w.Kind != "" {
		kind = r.kind("sights", w.Kind)
	}
	if w.Surface != "" && !slices.Contains(policy.Surfaces(), rule.Surface) {
		r.complain("sights", "rights.surface", "There is no such place to show records.")
	}
	if w.Field == "" {
		class, ok := schema.ClassNamed(w.Class)
		if !ok {
			r.complain("sights", "rights.class", "There is no such class of field.")
		}
		rule.Class = class
	} else if r.catalog != nil && !r.hasField(kind, w.Field) {
		r.complain("sights", "rights.field", "There is no such field.")
	}
	r.word("sights", &rule.Own, w.Own)
	r.word("sights", &rule.Group, w.Group)
	r.word("sights", &rule.All, w.All)
	return rule, len(r.wrong) == before
}

// hasField looks in the kind, or in all if the rule is for every kind.
func (r *reader) hasField(kind *schema.Kind, name string) bool {
	if kind != nil {
		return kind.Field(name) != nil
	}
	return slices.ContainsFunc(r.catalog.Kinds(), func(k *schema.Kind) bool { return k.Field(name) != nil })
}

func (r *reader) differences(all []Difference) []policy.Difference {
	if len(all) > mostRules {
		r.complain("differences", "rights.many", "A person has at most %d rights of their own.", mostRules)
		return nil
	}
	var out []policy.Difference
	for _, w := range all {
		before := len(r.wrong)
		d := policy.Difference{Remove: w.Remove}
		if !r.word("aspect", &d.Aspect, w.Aspect) {
			continue
		}
		switch d.Aspect {
		case policy.GradeAspect, policy.DaysAspect:
			r.kind("kind", w.Kind)
			d.Kind = w.Kind
			r.word("action", &d.Action, w.Action)
			if d.Aspect == policy.DaysAspect {
				d.Days = w.Days
				r.days("days", w.Days)
			} else if !w.Remove {
				r.word("grade", &d.Grade, w.Grade)
			}
		case policy.SightAspect:
			if w.Sight == nil {
				r.complain("sight", "rights.sight", "The rule is missing.")
				continue
			}
			d.Sight, _ = r.sight(*w.Sight)
		case policy.AbilityAspect:
			d.Ability = policy.Ability(w.Ability)
			if !d.Ability.Known() {
				r.complain("ability", "rights.ability", "There is no such ability.")
			}
		}
		if len(r.wrong) == before {
			out = append(out, d)
		}
	}
	return out
}

func (r *reader) rails(w Rails) policy.Rails {
	rails := policy.Rails{OnlyAdministrators: map[string]map[policy.Action]bool{}}
	for _, kind := range slices.Sorted(maps.Keys(w)) {
		r.kind("rails", kind)
		actions := map[policy.Action]bool{}
		for name, on := range w[kind] {
			var a policy.Action
			if !r.word("rails", &a, name) {
				continue
			}
			if a != policy.Export && a != policy.Delete {
				r.complain("rails", "rights.rail", "Guard rails are for export and delete.")
				continue
			}
			if on {
				actions[a] = true
			}
		}
		rails.OnlyAdministrators[kind] = actions
	}
	return rails
}

// text is how words lie in the database.
func text(words any) (string, error) {
	b, err := json.Marshal(words)
	if err != nil {
		return "", fmt.Errorf("write rights: %w", err)
	}
	return string(b), nil
}

// fromText reads words as far as they are known.
func fromText[W, M any](s string, into *M, read func(*reader, W) M) error {
	var w W
	if err := json.Unmarshal([]byte(s), &w); err != nil {
		return fmt.Errorf("read rights: %w", err)
	}
	*into = read(&reader{}, w)
	return nil
}

// Meaning is the role that words stand for, or a fault that names the words
// that stand for nothing. It knows no catalog: any kind and field will do.
func Meaning(w Rights) (policy.Role, error) {
	var r reader
	role := r.role(w)
	return role, r.err()
}
