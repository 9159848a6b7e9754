package policy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/policy"
	"castellan/internal/policy/policytest"
	"castellan/internal/schema"
)

// A case file tells a small story of rights and asks about it. Its sections:
//
//	-- kind NAME --     fields, one a line: NAME CLASS [free] [custom]; "stages" for a kind with stages,
//	                    "lent" for one that is shared with other records
//	-- roles --         "role NAME [administrator]", then indented lines:
//	                      grade KIND ACTION GRADE
//	                      days KIND ACTION N
//	                      sight CLASS|KIND.FIELD|.FIELD [kind=K] [on=SURFACE] SIGHT | own=S group=S all=S
//	                      ability NAME
//	                      stage KIND STAGE ACTION=GRADE …
//	-- rails --         KIND ACTION
//	-- people --        NAME [ROLE|none] [GROUP[/ROLE] …] [+grade:KIND:ACTION:GRADE] [+days:KIND:ACTION:N]
//	-- rows --          ID [responsible=NAME] [groups=A,B] [share=NAME:LEVEL,…] [stage=N] [age=DAYS]
//	                    [on=NAME:LEVEL:BY:ACTION-GRADE:…] and [on=@GROUP:BY:ACTION-GRADE:…]: with whom the record is
//	                    shared that this one lies on, by whom, and how much of what lies there that gives
//	-- ACTION SURFACE --  NAME: the rows that the person may; every person must be named
//	-- sees SURFACE --  NAME ROW FIELD=SIGHT …; the word "contact" is contact data in free text
//	-- why --           NAME ACTION ROW CODE: the first reason
//
// Each ACTION section is asked three ways: may this person do it to row N;
// which rows does the person list; who may do it to N. All three must agree
// with the file, and so must the oracle.
type story struct {
	t      *testing.T
	kind   *schema.Kind
	roles  map[string]*policy.Role
	rails  policy.Rails
	people []person
	groups []string
	rows   []policytest.Record
	now    time.Time
}

type person struct {
	name string
	in   policy.StandingInput
	*policy.Standing
}

func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no case files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tell(t, sections(string(text)))
		})
	}
}

// section is one part of a case file.
type section struct{ name, text string }

// sections parts a txtar archive; what stands before the first part is a comment.
func sections(text string) []section {
	var all []section
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(name, " --") {
			all = append(all, section{name: strings.TrimSuffix(name, " --")})
		} else if len(all) > 0 {
			all[len(all)-1].text += line
		}
	}
	return all
}

func tell(t *testing.T, archive []section) {
	s := &story{t: t, roles: map[string]*policy.Role{}, now: time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)}
	asked := 0
	for _, f := range archive {
		words := strings.Fields(f.name)
		lines := lines(f.text)
		switch {
		case words[0] == "kind":
			s.readKind(words[1], lines)
		case words[0] == "roles":
			s.readRoles(lines)
		case words[0] == "rails":
			for _, l := range lines {
				w := strings.Fields(l)
				s.rails.OnlyAdministrators = map[string]map[policy.Action]bool{w[0]: {s.action(w[1]): true}}
			}
		case words[0] == "people":
			s.readPeople(lines)
		case words[0] == "rows":
			s.readRows(lines)
		case words[0] == "sees":
			asked += s.sees(policy.Surface(words[1]), lines)
		case words[0] == "why":
			asked += s.why(lines)
		default:
			asked += s.three(s.action(words[0]), policy.Surface(words[1]), lines)
		}
	}
	if asked == 0 {
		t.Fatal("the file asks nothing")
	}
}

// three asks each question in its three ways.
func (s *story) three(a policy.Action, on policy.Surface, lines []string) int {
	want := map[string][]schema.RecordID{}
	for _, l := range lines {
		name, ids, ok := strings.Cut(l, ":")
		if !ok {
			s.t.Fatalf("%q: want NAME: rows", l)
		}
		want[name] = nil
		for _, id := range strings.Fields(ids) {
			want[name] = append(want[name], schema.RecordID(s.number(id)))
		}
	}
	if len(want) != len(s.people) {
		s.t.Fatalf("%s %s: %d people are named, there are %d", a, on, len(want), len(s.people))
	}
	var everyone []*policy.Standing
	for _, p := range s.people {
		everyone = append(everyone, p.Standing)
	}
	for _, p := range s.people {
		expected, ok := want[p.name]
		if !ok {
			s.t.Fatalf("%s %s: %s is not named", a, on, p.name)
		}
		g := p.Decide(s.kind, a, on, s.now)
		if list := listed(g, s.rows); !slices.Equal(list, expected) {
			s.t.Errorf("%s lists %v to %s on %s, want %v", p.name, list, a, on, expected)
		}
		for _, r := range s.rows {
			yes := slices.Contains(expected, r.ID)
			if v := g.AdmitOn(r.Facts(s.kind), r.Loans(s.kind)); v.Allowed != yes {
				s.t.Errorf("may %s %s %d on %s: %v, want %v: %s", p.name, a, r.ID, on, v.Allowed, yes, v.Reasons()[0].English())
			}
			if o := policytest.Ask(policytest.Question{Who: p.in, Kind: s.kind, Action: a, On: on, Now: s.now, Record: r}); o.Allowed != yes {
				s.t.Errorf("the oracle on %s %s %d: %v, want %v", p.name, a, r.ID, o.Allowed, yes)
			}
			who := policy.WhoCan(s.kind, r.Facts(s.kind).On(r.Loans(s.kind), s.kind, a), a, on, everyone, s.now)
			if among := slices.ContainsFunc(who, func(v policy.PersonVerdict) bool { return v.Person == p.Person() }); among != yes {
				s.t.Errorf("among those who may %s %d is %s: %v, want %v", a, r.ID, p.name, among, yes)
			}
		}
	}
	return len(lines)
}

func (s *story) sees(on policy.Surface, lines []string) int {
	for _, l := range lines {
		w := strings.Fields(l)
		p, r := s.person(w[0]), s.row(w[1])
		v := p.Decide(s.kind, policy.View, on, s.now).AdmitOn(r.Facts(s.kind), r.Loans(s.kind))
		oracle := policytest.Ask(policytest.Question{Who: p.in, Kind: s.kind, Action: policy.View, On: on, Now: s.now, Record: r})
		for _, pair := range w[2:] {
			field, want, _ := strings.Cut(pair, "=")
			got, second := v.Contact, oracle.Contact
			if field != "contact" {
				f := s.kind.Field(field)
				if f == nil {
					s.t.Fatalf("%q: no field %s", l, field)
				}
				got, second = v.Sees(f), oracle.Sights[field]
			}
			if got.String() != want || second.String() != want {
				s.t.Errorf("%s sees %s of %d on %s: %s, oracle %s, want %s", p.name, field, r.ID, on, got, second, want)
			}
		}
	}
	return len(lines)
}

func (s *story) why(lines []string) int {
	for _, l := range lines {
		w := strings.Fields(l)
		p, r := s.person(w[0]), s.row(w[2])
		why := p.Decide(s.kind, s.action(w[1]), policy.Card, s.now).AdmitOn(r.Facts(s.kind), r.Loans(s.kind)).Reasons()[0]
		if string(why.Code) != w[3] {
			s.t.Errorf("why %s %s %s: %s (%s), want %s", w[0], w[1], w[2], why.Code, why.English(), w[3])
		}
	}
	return len(lines)
}

// readKind makes the kind of a list of fields; those that every kind needs come by themselves.
func (s *story) readKind(name string, lines []string) {
	k := schema.Kind{Number: 1, Name: name, Plural: name + "s", Title: "title", Responsible: "responsible", Days: "created_at", Fields: []*schema.Field{
		{Name: "responsible", Type: schema.Person, Class: schema.Open},
		{Name: "created_at", Type: schema.DateTime, Class: schema.Open},
	}}
	for _, l := range lines {
		if l == "lent" {
			k.Lent = 1
			continue
		}
		if l == "stages" {
			k.Pipeline, k.Stage = "pipeline", "stage"
			k.Fields = append(k.Fields, &schema.Field{Name: "pipeline", Type: schema.Pipeline, Class: schema.Open}, &schema.Field{Name: "stage", Type: schema.Stage, Class: schema.Open})
			continue
		}
		w := strings.Fields(l)
		class, ok := schema.ClassNamed(w[1])
		if !ok {
			s.t.Fatalf("%q: no such class", l)
		}
		k.Fields = append(k.Fields, &schema.Field{Name: w[0], Class: class, Free: slices.Contains(w, "free"), Custom: slices.Contains(w, "custom")})
	}
	c, err := schema.New(k)
	if err != nil {
		s.t.Fatal(err)
	}
	s.kind = c.Kind(name)
}

func (s *story) readRoles(lines []string) {
	var role *policy.Role
	for _, l := range lines {
		w := strings.Fields(l)
		switch w[0] {
		case "role":
			role = &policy.Role{ID: actor.RoleID(len(s.roles) + 1), Name: w[1], Administrator: slices.Contains(w, "administrator"),
				Grades: map[string]map[policy.Action]policy.Grade{}, DaysBack: map[string]map[policy.Action]int{}, Abilities: map[policy.Ability]bool{}}
			s.roles[w[1]] = role
		case "grade":
			if role.Grades[w[1]] == nil {
				role.Grades[w[1]] = map[policy.Action]policy.Grade{}
			}
			role.Grades[w[1]][s.action(w[2])] = s.grade(w[3])
		case "days":
			role.DaysBack[w[1]] = map[policy.Action]int{s.action(w[2]): s.number(w[3])}
		case "sight":
			role.Sights = append(role.Sights, s.sight(w[1:]))
		case "ability":
			role.Abilities[policy.Ability(w[1])] = true
		case "stage":
			rule := policy.StageRule{Kind: w[1], Pipeline: 1, Stage: schema.RecordID(s.number(w[2])), Grades: map[policy.Action]policy.Grade{}}
			for _, pair := range w[3:] {
				a, g, _ := strings.Cut(pair, "=")
				rule.Grades[s.action(a)] = s.grade(g)
			}
			role.Stages = append(role.Stages, rule)
		default:
			s.t.Fatalf("%q is no line of a role", l)
		}
	}
}

func (s *story) sight(words []string) policy.SightRule {
	var r policy.SightRule
	if class, ok := schema.ClassNamed(words[0]); ok {
		r.Class = class
	} else if kind, field, ok := strings.Cut(words[0], "."); ok {
		r.Kind, r.Field = kind, field
	} else {
		s.t.Fatalf("%q is neither a class nor a field", words[0])
	}
	for _, w := range words[1:] {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			r.All = s.sightNamed(w)
			continue
		}
		switch key {
		case "kind":
			r.Kind = value
		case "on":
			r.Surface = policy.Surface(value)
		case "own":
			r.Own = s.sightNamed(value)
		case "group":
			r.Group = s.sightNamed(value)
		case "all":
			r.All = s.sightNamed(value)
		default:
			s.t.Fatalf("%q is no part of a sight rule", w)
		}
	}
	return r
}

func (s *story) readPeople(lines []string) {
	for i, l := range lines {
		w := strings.Fields(l)
		in := policy.StandingInput{Person: actor.PersonID(i + 1), Rails: s.rails, Role: s.role(w[1])}
		for _, word := range w[2:] {
			if rest, ok := strings.CutPrefix(word, "+"); ok {
				in.Differences = append(in.Differences, s.difference(strings.Split(rest, ":")))
				continue
			}
			group, role, _ := strings.Cut(word, "/")
			in.Memberships = append(in.Memberships, policy.Membership{Group: s.group(group), Name: group, Role: s.role(role)})
		}
		s.people = append(s.people, person{w[0], in, policy.NewStanding(in)})
	}
}

func (s *story) difference(w []string) policy.Difference {
	d := policy.Difference{Kind: w[1], Action: s.action(w[2])}
	switch w[0] {
	case "grade":
		d.Aspect, d.Grade = policy.GradeAspect, s.grade(w[3])
	case "days":
		d.Aspect, d.Days = policy.DaysAspect, s.number(w[3])
	default:
		s.t.Fatalf("%q is no difference", w[0])
	}
	return d
}

func (s *story) readRows(lines []string) {
	for _, l := range lines {
		w := strings.Fields(l)
		r := policytest.Record{ID: schema.RecordID(s.number(w[0])), Date: s.now}
		for _, pair := range w[1:] {
			key, value, _ := strings.Cut(pair, "=")
			switch key {
			case "responsible":
				r.Responsible = s.person(value).Person()
			case "groups":
				for _, g := range strings.Split(value, ",") {
					r.Groups = append(r.Groups, s.group(g))
				}
			case "share":
				for _, one := range strings.Split(value, ",") {
					name, level, _ := strings.Cut(one, ":")
					var l policy.ShareLevel
					s.must(l.UnmarshalText([]byte(level)))
					r.Shares = append(r.Shares, policy.Share{Person: s.person(name).Person(), Level: l})
				}
			case "on":
				for _, one := range strings.Split(value, ",") {
					r.On = append(r.On, s.loan(strings.Split(one, ":")))
				}
			case "stage":
				r.Pipeline, r.Stage = 1, schema.RecordID(s.number(value))
			case "age":
				r.Date = s.now.AddDate(0, 0, -s.number(value))
			default:
				s.t.Fatalf("%q is no part of a row", pair)
			}
		}
		s.rows = append(s.rows, r)
	}
}

func (s *story) loan(w []string) policytest.Loan {
	l := policytest.Loan{Gives: map[policy.Action]policy.Grade{}}
	if group, ok := strings.CutPrefix(w[0], "@"); ok {
		l.Group = s.group(group)
	} else {
		l.Person = s.person(w[0]).Person()
		s.must(l.Level.UnmarshalText([]byte(w[1])))
		w = w[1:]
	}
	l.By = s.person(w[1]).Person()
	for _, pair := range w[2:] {
		a, g, _ := strings.Cut(pair, "-")
		l.Gives[s.action(a)] = s.grade(g)
	}
	return l
}

func (s *story) person(name string) person {
	i := slices.IndexFunc(s.people, func(p person) bool { return p.name == name })
	if i < 0 {
		s.t.Fatalf("nobody is called %s", name)
	}
	return s.people[i]
}

func (s *story) row(id string) policytest.Record {
	i := slices.IndexFunc(s.rows, func(r policytest.Record) bool { return r.ID == schema.RecordID(s.number(id)) })
	if i < 0 {
		s.t.Fatalf("there is no row %s", id)
	}
	return s.rows[i]
}

func (s *story) role(name string) *policy.Role {
	if name == "" || name == "none" {
		return nil
	}
	if s.roles[name] == nil {
		s.t.Fatalf("there is no role %s", name)
	}
	return s.roles[name]
}

func (s *story) group(name string) actor.GroupID {
	i := slices.Index(s.groups, name)
	if i < 0 {
		s.groups = append(s.groups, name)
		i = len(s.groups) - 1
	}
	return actor.GroupID(i + 1)
}

func (s *story) action(word string) (a policy.Action) {
	s.must(a.UnmarshalText([]byte(word)))
	return a
}
func (s *story) grade(word string) (g policy.Grade) { s.must(g.UnmarshalText([]byte(word))); return g }
func (s *story) sightNamed(word string) (v policy.Sight) {
	s.must(v.UnmarshalText([]byte(word)))
	return v
}

func (s *story) number(word string) int {
	n, err := strconv.Atoi(word)
	s.must(err)
	return n
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// lines are those that say something.
func lines(text string) []string {
	var all []string
	for _, l := range strings.Split(text, "\n") {
		l, _, _ = strings.Cut(l, "#")
		if l = strings.TrimSpace(l); l != "" {
			all = append(all, l)
		}
	}
	return all
}
