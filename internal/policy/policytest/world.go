package policytest

import (
	"time"

	"castellan/internal/actor"
	"castellan/internal/policy"
	"castellan/internal/schema"
)

// Chance is where random cases come from; *rand.Rand of math/rand/v2 is one.
type Chance interface{ IntN(n int) int }

// World makes random people and records that have something to do with each
// other: few people, few groups, few stages, dates around the moment.
type World struct {
	Chance   Chance
	Kind     *schema.Kind
	Others   []string // names of other kinds that rules speak of; rights on them must not matter
	People   []actor.PersonID
	Groups   []actor.GroupID
	Pipeline schema.RecordID
	Stages   []schema.RecordID
	Now      time.Time
}

// NewWorld is a small one, with four people, four groups and three stages.
func NewWorld(chance Chance, kind *schema.Kind) *World {
	return &World{
		Chance: chance, Kind: kind, Others: []string{"other"},
		People: []actor.PersonID{1, 2, 3, 4}, Groups: []actor.GroupID{1, 2, 3, 4},
		Pipeline: 70, Stages: []schema.RecordID{71, 72, 73},
		Now: time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC),
	}
}

func (w *World) often(oneIn int) bool { return w.Chance.IntN(oneIn) != 0 }

func pick[T any](w *World, all []T) T { return all[w.Chance.IntN(len(all))] }

// Standing makes a person's roles, differences, groups and rails.
func (w *World) Standing(person actor.PersonID) policy.StandingInput {
	in := policy.StandingInput{Person: person, Rails: w.Rails()}
	if w.often(8) {
		in.Role = w.Role()
		for range w.Chance.IntN(3) {
			in.Differences = append(in.Differences, w.Difference())
		}
	}
	for _, g := range w.Groups {
		if w.often(2) {
			continue
		}
		m := policy.Membership{Group: g, Name: "group"}
		if w.often(3) {
			m.Role = w.Role()
		}
		in.Memberships = append(in.Memberships, m)
	}
	return in
}

// Role makes a role.
func (w *World) Role() *policy.Role {
	r := &policy.Role{
		ID: actor.RoleID(1 + w.Chance.IntN(9)), Name: "role", Administrator: !w.often(4),
		Grades: map[string]map[policy.Action]policy.Grade{}, DaysBack: map[string]map[policy.Action]int{},
	}
	for _, k := range []string{w.Kind.Name, w.Others[0]} {
		r.Grades[k], r.DaysBack[k] = w.grades(6), map[policy.Action]int{}
		for _, a := range policy.Actions() {
			if !w.often(6) {
				r.DaysBack[k][a] = w.Chance.IntN(4)
			}
		}
	}
	for range w.Chance.IntN(7) {
		r.Sights = append(r.Sights, w.Sight())
	}
	for _, s := range w.Stages {
		if !w.often(3) {
			r.Stages = append(r.Stages, policy.StageRule{Kind: w.kind(), Pipeline: w.Pipeline, Stage: s, Grades: w.grades(2)})
		}
	}
	return r
}

// grades names most actions if oneIn is large.
func (w *World) grades(oneIn int) map[policy.Action]policy.Grade {
	m := map[policy.Action]policy.Grade{}
	for _, a := range policy.Actions() {
		if w.often(oneIn) {
			m[a] = policy.Grade(w.Chance.IntN(4))
		}
	}
	return m
}

func (w *World) kind() string {
	if w.often(5) {
		return w.Kind.Name
	}
	return pick(w, w.Others)
}

// Sight makes a sight rule.
func (w *World) Sight() policy.SightRule {
	s := policy.SightRule{
		Class: pick(w, schema.Classes()),
		Own:   policy.Sight(w.Chance.IntN(4)), Group: policy.Sight(w.Chance.IntN(4)), All: policy.Sight(w.Chance.IntN(4)),
	}
	if !w.often(2) {
		s.Kind = w.kind()
	}
	if !w.often(3) {
		s.Field = pick(w, w.Kind.Fields).Name
	}
	if !w.often(2) {
		s.Surface = pick(w, []policy.Surface{policy.List, policy.Card, policy.ExportFile})
	}
	return s
}

// Difference makes a personal difference.
func (w *World) Difference() policy.Difference {
	return policy.Difference{
		Aspect: policy.Aspect(1 + w.Chance.IntN(4)), Remove: !w.often(3), Kind: w.kind(), Action: pick(w, policy.Actions()),
		Grade: policy.Grade(w.Chance.IntN(4)), Days: w.Chance.IntN(4), Sight: w.Sight(), Ability: policy.ShareRecords,
	}
}

// Rails makes guard rails; most often none.
func (w *World) Rails() policy.Rails {
	r := policy.Rails{OnlyAdministrators: map[string]map[policy.Action]bool{}}
	for _, a := range []policy.Action{policy.Export, policy.Delete} {
		if !w.often(4) {
			set(r.OnlyAdministrators, w.kind(), a, true, false)
		}
	}
	return r
}

// Record makes a record.
func (w *World) Record(id schema.RecordID) Record {
	r := Record{ID: id}
	if w.often(6) {
		r.Responsible = pick(w, w.People)
	}
	for _, g := range w.Groups {
		if !w.often(3) {
			r.Groups = append(r.Groups, g)
		}
	}
	for _, p := range w.People {
		if !w.often(5) {
			r.Shares = append(r.Shares, policy.Share{Person: p, Level: policy.ShareLevel(1 + w.Chance.IntN(2))})
		}
	}
	if w.Kind.Stage != "" && w.often(5) {
		r.Pipeline, r.Stage = w.Pipeline, pick(w, w.Stages)
	}
	if w.often(6) {
		// Around midnight on the edge of a limit, one microsecond to each side.
		y, m, d := w.Now.Date()
		r.Date = time.Date(y, m, d-w.Chance.IntN(5), 0, 0, 0, 1000*(w.Chance.IntN(3)-1), time.UTC)
	}
	return r
}

// Loans makes shares of the record that one of the world's kind lies on; none where
// the kind is not shared with others.
func (w *World) Loans() (all []Loan) {
	if w.Kind.Lent == 0 {
		return nil
	}
	for _, p := range w.People {
		if !w.often(3) {
			all = append(all, w.Loan(p, 0))
		}
	}
	for _, g := range w.Groups {
		if !w.often(4) {
			all = append(all, w.Loan(0, g))
		}
	}
	return all
}

// Loan makes a share with a person or with a group.
func (w *World) Loan(p actor.PersonID, g actor.GroupID) Loan {
	l := Loan{Person: p, Group: g, Level: policy.ShareLevel(1 + w.Chance.IntN(2)), By: pick(w, w.People), Gives: map[policy.Action]policy.Grade{}}
	for _, a := range []policy.Action{policy.View, policy.Edit, policy.Delete, policy.Export} {
		l.Gives[a] = pick(w, []policy.Grade{policy.Denied, policy.Own, policy.All, policy.All})
	}
	return l
}

// Question makes a question of the person about the record.
func (w *World) Question(who policy.StandingInput, r Record) Question {
	return Question{
		Who: who, Kind: w.Kind, Action: pick(w, policy.Actions()),
		On: pick(w, []policy.Surface{policy.List, policy.Card, policy.ExportFile}), Now: w.Now, Record: r,
	}
}

// Catalog has one kind with every sort of field that rights tell apart, with
// stages, one without stages called "other", a "note", which follows another record,
// and a "remark", which lies on one.
func Catalog() *schema.Catalog {
	fields := func() []*schema.Field {
		return []*schema.Field{
			{Name: "title", Type: schema.Text, Class: schema.Open, Keyed: true},
			{Name: "person", Type: schema.Text, Class: schema.Personal},
			{Name: "phones", Type: schema.Phones, Class: schema.Contact},
			{Name: "emails", Type: schema.Emails, Class: schema.Contact},
			{Name: "note", Type: schema.LongText, Class: schema.Open, Free: true},
			{Name: "health", Type: schema.Text},
			{Name: "mark", Type: schema.Text, Class: schema.Open, Custom: true},
			{Name: "kept", Type: schema.Text, Class: schema.Open, Copies: []string{"other.person", "other.health"}},
			{Name: "responsible", Type: schema.Person, Class: schema.Open},
			{Name: "created_at", Type: schema.DateTime, Class: schema.Open},
		}
	}
	c, err := schema.New(
		schema.Kind{Number: 1, Name: "deal", Plural: "deals", Title: "title", Responsible: "responsible", Days: "created_at",
			Pipeline: "pipeline", Stage: "stage", Fields: append(fields(),
				&schema.Field{Name: "pipeline", Type: schema.Pipeline, Class: schema.Open},
				&schema.Field{Name: "stage", Type: schema.Stage, Class: schema.Open})},
		schema.Kind{Number: 2, Name: "other", Plural: "others", Title: "title", Responsible: "responsible", Days: "created_at", Fields: fields()},
		schema.Kind{Number: 3, Name: "note", Plural: "notes", Title: "title", Responsible: "responsible", Days: "created_at", Lent: 1, Fields: fields()},
		schema.Kind{Number: 4, Name: "remark", Plural: "remarks", Title: "title", Responsible: "responsible", Days: "created_at", Within: true, Lent: 2, Fields: append(fields(),
			&schema.Field{Name: "about_kind", Type: schema.Text, Class: schema.Open},
			&schema.Field{Name: "about", Type: schema.Relation, Target: schema.AnyKind, Class: schema.Open})},
	)
	if err != nil {
		panic("the kinds of the test are wrong: " + err.Error())
	}
	return c
}
