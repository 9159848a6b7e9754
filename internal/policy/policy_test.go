package policy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/policy/policytest"
	"castellan/internal/schema"
)

var (
	now  = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	deal = policytest.Catalog().Kind("deal")
)

// everything is a role that holds all there is on a kind, as an owner does.
func everything(kinds ...string) *policy.Role {
	r := &policy.Role{ID: 1, Name: "Everything", Grades: map[string]map[policy.Action]policy.Grade{}, Abilities: map[policy.Ability]bool{}}
	for _, k := range kinds {
		r.Grades[k] = map[policy.Action]policy.Grade{}
		for _, a := range policy.Actions() {
			r.Grades[k][a] = policy.All
		}
	}
	for _, c := range schema.Classes() {
		r.Sights = append(r.Sights, policy.SightRule{Class: c, All: policy.Plain})
	}
	for _, a := range policy.Abilities() {
		r.Abilities[a.Name] = true
	}
	return r
}

func standing(p actor.PersonID, r *policy.Role) *policy.Standing {
	return policy.NewStanding(policy.StandingInput{Person: p, Role: r})
}

func TestWhatIsNotGivenIsDenied(t *testing.T) {
	full := standing(1, everything("deal"))
	other := policytest.Catalog().Kind("other")
	facts := policytest.Record{ID: 1, Responsible: 1}
	for name, g := range map[string]policy.Grant{
		"the zero grant":          {},
		"no standing":             (*policy.Standing)(nil).Decide(deal, policy.View, policy.List, now),
		"the zero standing":       (&policy.Standing{}).Decide(deal, policy.View, policy.List, now),
		"nobody with a role":      standing(0, everything("deal")).Decide(deal, policy.View, policy.List, now),
		"a negative person":       standing(-1, everything("deal")).Decide(deal, policy.View, policy.List, now),
		"the zero role":           standing(1, &policy.Role{}).Decide(other, policy.Delete, policy.List, now),
		"no kind":                 full.Decide(nil, policy.View, policy.List, now),
		"a kind without rights":   full.Decide(other, policy.Export, policy.List, now),
		"no action":               full.Decide(deal, 0, policy.List, now),
		"an unknown action":       full.Decide(deal, 99, policy.List, now),
		"no surface":              full.Decide(deal, policy.View, "", now),
		"an unknown surface":      full.Decide(deal, policy.View, "wall", now),
		"the house for no reason": policy.Whole(deal, 0),
		"an unknown reason":       policy.Whole(deal, 200),
		"the house on no kind":    policy.Whole(nil, policy.ForBin),
	} {
		t.Run(name, func(t *testing.T) {
			kind := g.Kind()
			if kind == nil {
				kind = deal
			}
			v := g.Admit(facts.Facts(kind))
			if !g.Empty() || v.Allowed || v.Sights != nil {
				t.Errorf("permits: %+v", v)
			}
			for _, f := range kind.Fields {
				if v.Sees(f) != policy.Hidden || g.FieldAnywhere(f) != policy.Hidden || g.FieldEverywhere(f) != policy.Hidden {
					t.Errorf("shows %s", f.Name)
				}
			}
			if g.Lets(kind, policy.View) || len(g.Reasons()) == 0 || g.Reasons()[0].English() == "" {
				t.Errorf("does not explain itself: %+v", g.Reasons())
			}
		})
	}
}

func TestFieldOfAnotherCatalogIsHidden(t *testing.T) {
	g := standing(1, everything("deal")).Decide(deal, policy.View, policy.List, now)
	older := policytest.Catalog().Kind("deal").Field("title")
	v := g.Admit(policy.Facts{Record: 1})
	for name, f := range map[string]*schema.Field{"nil": nil, "another catalog's": older} {
		if v.Sees(f) != policy.Hidden || g.FieldAnywhere(f) != policy.Hidden || g.FieldEverywhere(f) != policy.Hidden {
			t.Errorf("%s field is shown", name)
		}
	}
	if v.Sees(deal.Field("title")) != policy.Plain {
		t.Error("the field itself is not shown")
	}
}

// Attack 11: a new custom field with an old name starts with no rights.
func TestNewFieldWithAnOldNameHasNoRights(t *testing.T) {
	role := policy.Role{ID: 1, Name: "Sales", Grades: map[string]map[policy.Action]policy.Grade{"deal": {policy.View: policy.All}}}
	role.Sights = []policy.SightRule{
		{Field: "mark", All: policy.Plain},               // for every kind
		{Kind: "deal", Field: "mark", All: policy.Plain}, // for the field that was removed
	}
	sees := func(r policy.Role) policy.Sight {
		return standing(1, &r).Decide(deal, policy.View, policy.Card, now).FieldAnywhere(deal.Field("mark"))
	}
	if sees(role) != policy.Plain {
		t.Fatal("the rule for the field itself does not hold")
	}
	if got := sees(role.WithoutField("deal", "mark")); got != policy.Hidden {
		t.Errorf("after the field was removed, a new one of its name is %s", got)
	}
	if len(role.Sights) != 2 {
		t.Error("WithoutField changed the role itself")
	}
}

func TestRightsOnUnknownNamesGiveNothing(t *testing.T) {
	role := &policy.Role{ID: 1, Grades: map[string]map[policy.Action]policy.Grade{"deal": {policy.View: 200, policy.Edit: policy.All}},
		Sights:    []policy.SightRule{{Kind: "dael", Class: schema.Open, All: policy.Plain}, {Field: "titel", All: policy.Plain}},
		Abilities: map[policy.Ability]bool{"everything": true}}
	s := standing(1, role)
	g := s.Decide(deal, policy.View, policy.List, now)
	for _, f := range deal.Fields {
		if g.FieldAnywhere(f) != policy.Hidden {
			t.Errorf("%s is shown", f.Name)
		}
	}
	if ok, _ := s.Can("everything"); ok {
		t.Error("an ability that is not in the list is held")
	}
}

func TestAbilitiesComeFromTheWorkspaceRoleAlone(t *testing.T) {
	s := policy.NewStanding(policy.StandingInput{Person: 1, Role: &policy.Role{Name: "Guest"},
		Memberships: []policy.Membership{{Group: 1, Role: everything("deal")}},
		Differences: []policy.Difference{{Aspect: policy.AbilityAspect, Ability: policy.FindExact}}})
	if ok, why := s.Can(policy.ManageRoles); ok || why.Code != policy.AbilityMissing || len(why.Givers) == 0 {
		t.Errorf("a role in a group gave an ability: %v", why)
	}
	if ok, _ := s.Can(policy.FindExact); !ok {
		t.Error("the person's own ability is not held")
	}
	if ok, why := standing(1, nil).Can(policy.Explain); ok || why.Code != policy.NoRole {
		t.Errorf("without a role: %v %v", ok, why)
	}
	if got := s.Abilities(); len(got) != 1 || got[0] != policy.FindExact {
		t.Errorf("abilities: %v", got)
	}
}

func TestGrantOfTheHouseIsForEveryActionAndSaysWhy(t *testing.T) {
	g := policy.Whole(deal, policy.ForIndex)
	v := g.Admit(policy.Facts{Record: 7})
	for _, f := range deal.Fields {
		if v.Sees(f) != policy.Plain || g.FieldEverywhere(f) != policy.Plain {
			t.Errorf("%s is not plain", f.Name)
		}
	}
	for _, a := range policy.Actions() {
		if !g.Lets(deal, a) {
			t.Errorf("is not for %s", a)
		}
	}
	if g.House() != policy.ForIndex || g.Person() != 0 || v.Reasons()[0].Code != policy.HouseAdmits {
		t.Errorf("does not say why: %v", v.Reasons())
	}
	if other := policytest.Catalog().Kind("other"); g.Lets(other, policy.View) {
		t.Error("is for another kind")
	}
}

// Attack 27: a share cannot give more than the sharer holds.
func TestSharingCannotGiveMoreThanTheSharerHolds(t *testing.T) {
	role := func(view, edit policy.Grade, phones policy.Sight, abilities ...policy.Ability) *policy.Role {
		r := &policy.Role{ID: 2, Name: "Sales", Grades: map[string]map[policy.Action]policy.Grade{"deal": {policy.View: view, policy.Edit: edit}},
			Sights: []policy.SightRule{{Class: schema.Contact, All: phones}}, Abilities: map[policy.Ability]bool{}}
		for _, a := range abilities {
			r.Abilities[a] = true
		}
		return r
	}
	viewer := standing(1, role(policy.All, policy.Denied, policy.Masked, policy.ShareRecords))
	editor := standing(1, role(policy.All, policy.All, policy.Plain, policy.ShareRecords))
	cannot := standing(1, role(policy.All, policy.All, policy.Plain))
	blind := standing(1, role(policy.Own, policy.Own, policy.Plain, policy.ShareRecords))
	masked := standing(2, role(policy.Denied, policy.Denied, policy.Masked))
	plain := standing(2, role(policy.Denied, policy.Denied, policy.Plain))
	already := standing(2, role(policy.All, policy.All, policy.Plain))

	before := policy.Facts{Record: 7, Responsible: 9}
	share := func(level policy.ShareLevel) policy.Facts {
		f := before
		f.Shares = []policy.Share{{Person: 2, Level: level}}
		return f
	}
	taken := share(policy.ShareView)
	taken.Responsible = 1
	for name, c := range map[string]struct {
		sharer   *policy.Standing
		after    policy.Facts
		receiver *policy.Standing
		want     bool
		code     policy.Code
	}{
		"to view what one views":               {viewer, share(policy.ShareView), masked, true, policy.AbilityHeld},
		"to edit what one only views":          {viewer, share(policy.ShareEdit), masked, false, policy.MoreThanHeld},
		"phones plain that one sees masked":    {viewer, share(policy.ShareView), plain, false, policy.MoreThanHeld},
		"with whoever had it all before":       {viewer, share(policy.ShareEdit), already, true, policy.AbilityHeld},
		"to edit what one edits":               {editor, share(policy.ShareEdit), plain, true, policy.AbilityHeld},
		"without the ability":                  {cannot, share(policy.ShareView), masked, false, policy.AbilityMissing},
		"what one does not see":                {blind, share(policy.ShareView), masked, false, policy.OnlyOwn},
		"and make oneself responsible with it": {editor, taken, masked, false, policy.AbilityMissing},
	} {
		t.Run(name, func(t *testing.T) {
			ok, why := c.sharer.MayShare(deal, before, c.after, []*policy.Standing{c.receiver}, now)
			if ok != c.want || why.Code != c.code {
				t.Errorf("%v: %s (%s), want %v: %s", ok, why.Code, why.English(), c.want, c.code)
			}
		})
	}
}

// Sharing a record with oneself, or with one's own group, is sharing too.
func TestNobodySharesWithThemselvesToSeeMore(t *testing.T) {
	role := &policy.Role{ID: 2, Name: "Sales", Grades: map[string]map[policy.Action]policy.Grade{"deal": {policy.View: policy.All, policy.Edit: policy.Group}},
		Sights: []policy.SightRule{{Class: schema.Contact, Group: policy.Plain, All: policy.Masked}}, Abilities: map[policy.Ability]bool{policy.ShareRecords: true}}
	s := policy.NewStanding(policy.StandingInput{Person: 1, Role: role, Memberships: []policy.Membership{{Group: 3, Name: "North"}}})
	before := policy.Facts{Record: 7, Responsible: 9}
	alone, group := before, before
	alone.Shares = []policy.Share{{Person: 1, Level: policy.ShareView}}
	group.Principals = []schema.Principal{schema.GroupPrincipal(3)}
	for name, after := range map[string]policy.Facts{"alone": alone, "with one's group": group} {
		if ok, why := s.MayShare(deal, before, after, []*policy.Standing{s}, now); ok || why.Code != policy.MoreThanHeld {
			t.Errorf("%s: %v %s", name, ok, why.Code)
		}
	}
}

// Attack 30: assigning cannot route records out of scope, nor into one's own.
func TestEditingDoesNotLetAssign(t *testing.T) {
	role := func(edit policy.Grade, abilities ...policy.Ability) *policy.Standing {
		r := &policy.Role{ID: 2, Name: "Sales", Grades: map[string]map[policy.Action]policy.Grade{"deal": {policy.View: policy.All, policy.Edit: edit}}, Abilities: map[policy.Ability]bool{}}
		for _, a := range abilities {
			r.Abilities[a] = true
		}
		return standing(1, r)
	}
	foreign, own, fresh := policy.Facts{Record: 7, Responsible: 9}, policy.Facts{Record: 8, Responsible: 1}, policy.Facts{}
	for name, c := range map[string]struct {
		who    *policy.Standing
		before policy.Facts
		to     actor.PersonID
		want   bool
	}{
		"take over what one edits":             {role(policy.All), foreign, 1, false},
		"hand one's own to another":            {role(policy.Own), own, 9, false},
		"hand one's own to nobody":             {role(policy.Own), own, 0, false},
		"with the ability":                     {role(policy.All, policy.AssignRecords), foreign, 1, true},
		"with the ability, but not the record": {role(policy.Own, policy.AssignRecords), foreign, 1, false},
		"leave as it is":                       {role(policy.Denied), foreign, 9, true},
		"create for oneself":                   {role(policy.Denied), fresh, 1, true},
		"create for another":                   {role(policy.All), fresh, 9, false},
		"nobody creates for nobody":            {&policy.Standing{}, fresh, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			if ok, why := c.who.MayAssign(deal, c.before, c.to, now); ok != c.want {
				t.Errorf("%v: %s", ok, why.English())
			}
		})
	}
}

func TestNobodyGivesMoreThanTheyHold(t *testing.T) {
	giver := policy.Role{ID: 3, Name: "Head",
		Grades:    map[string]map[policy.Action]policy.Grade{"deal": {policy.View: policy.All, policy.Edit: policy.Group, policy.Delete: policy.All, policy.Export: policy.Own}},
		DaysBack:  map[string]map[policy.Action]int{"deal": {policy.View: 30}},
		Sights:    []policy.SightRule{{Class: schema.Open, All: policy.Plain}, {Class: schema.Contact, Own: policy.Plain, All: policy.Click}, {Kind: "deal", Field: "phones", Surface: policy.List, All: policy.Masked}},
		Abilities: map[policy.Ability]bool{policy.ManageRoles: true},
		Stages:    []policy.StageRule{{Kind: "deal", Stage: 7, Grades: map[policy.Action]policy.Grade{policy.View: policy.Own}}}}
	s := standing(1, &giver)
	with := func(change func(*policy.Role)) policy.Role {
		// The same, with the delete that its own edit cuts.
		r := giver.Clone()
		r.Grades["deal"][policy.Delete] = policy.Denied
		r.Stages[0].Grades = map[policy.Action]policy.Grade{policy.View: policy.Own, policy.Edit: policy.Own}
		change(&r)
		return r
	}
	if err := s.Covers(with(func(*policy.Role) {})); err != nil {
		t.Fatalf("does not cover what it holds: %v", err)
	}
	for name, c := range map[string]struct {
		role policy.Role
		item string
	}{
		"a wider grade":            {with(func(r *policy.Role) { r.Grades["deal"][policy.Edit] = policy.All }), "edit deal"},
		"a grade that is cut":      {with(func(r *policy.Role) { r.Grades["deal"][policy.Delete] = policy.All }), "delete deal"},
		"another kind":             {with(func(r *policy.Role) { r.Grades["task"] = map[policy.Action]policy.Grade{policy.View: policy.Own} }), "view task"},
		"no limit of days":         {with(func(r *policy.Role) { r.DaysBack = nil }), "30 days"},
		"more days":                {with(func(r *policy.Role) { r.DaysBack["deal"][policy.View] = 31 }), "30 days"},
		"without the stage's rule": {with(func(r *policy.Role) { r.Stages = nil }), "view deal"},
		"a wider stage": {with(func(r *policy.Role) {
			r.Stages = append(r.Stages, policy.StageRule{Kind: "deal", Stage: 8, Grades: map[policy.Action]policy.Grade{policy.Export: policy.All}})
		}), "export deal"},
		"an ability": {with(func(r *policy.Role) { r.Abilities[policy.ManagePeople] = true }), "people.manage"},
		"a class": {with(func(r *policy.Role) {
			r.Sights = append(r.Sights, policy.SightRule{Class: schema.Special, Own: policy.Masked})
		}), "special data"},
		"plain for click": {with(func(r *policy.Role) { r.Sights[1].All = policy.Plain }), "contact data"},
		"one field": {with(func(r *policy.Role) {
			r.Sights = append(r.Sights, policy.SightRule{Kind: "deal", Field: "health", Surface: policy.Calls, All: policy.Masked})
		}), "health"},
		"the exception removed": {with(func(r *policy.Role) { r.Sights = r.Sights[:2] }), "phones"},
		"an administrator":      {with(func(r *policy.Role) { r.Administrator = true }), "administrator"},
		"the owner":             {policy.Role{Built: policy.Owner}, "owner"},
	} {
		t.Run(name, func(t *testing.T) {
			err := s.Covers(c.role)
			if !fault.Is(err, fault.Denied) || !strings.Contains(err.Error(), c.item) {
				t.Errorf("%v, want a refusal that names %q", err, c.item)
			}
			if owner := standing(9, &policy.Role{Built: policy.Owner}); owner.Covers(c.role) != nil {
				t.Error("the owner may not give it either")
			}
			if nobody := (&policy.Standing{}); nobody.Covers(c.role) == nil {
				t.Error("nobody may give it")
			}
		})
	}
}

// A rule for every kind does not reach a custom field, so there the class
// decides, which the giver's own rule for that kind keeps closed.
func TestNobodyGivesACustomFieldByAWiderRule(t *testing.T) {
	role := func(rule policy.SightRule) policy.Role {
		return policy.Role{ID: 3, Sights: []policy.SightRule{{Class: schema.Open, All: policy.Plain}, rule}}
	}
	mine, theirs := role(policy.SightRule{Kind: "deal", Field: "mark"}), role(policy.SightRule{Field: "mark"})
	if err := standing(1, &mine).Covers(theirs); err == nil || !strings.Contains(err.Error(), "mark") {
		t.Errorf("%v", err)
	}
}

func TestReasonNamesASourceOnce(t *testing.T) {
	s := policy.NewStanding(policy.StandingInput{Person: 1, Role: everything("deal"), Memberships: []policy.Membership{{Group: 2, Role: everything("deal")}}})
	r := policytest.Record{ID: 1, Responsible: 1, Groups: []actor.GroupID{2}}
	all := s.Decide(deal, policy.View, policy.Card, now).Admit(r.Facts(deal)).Reasons()
	if len(all) != 2 || all[0].Code != policy.RoleAdmits || all[0].Grade != policy.All || all[1].Code != policy.GroupAdmits {
		t.Errorf("%+v", all)
	}
}

// The store joins the table of shares only for such an arm.
func TestArmOfAShareToEditStandsAlone(t *testing.T) {
	role := &policy.Role{ID: 1, Grades: map[string]map[policy.Action]policy.Grade{"deal": {policy.View: policy.Group, policy.Edit: policy.Group}}}
	s := policy.NewStanding(policy.StandingInput{Person: 1, Role: role, Memberships: []policy.Membership{{Group: 2}}})
	arms := s.Decide(deal, policy.Edit, policy.Card, now).Arms()
	if len(arms) != 2 || arms[0].Least != policy.NoShare || arms[1].Least != policy.ShareEdit || len(arms[1].Principals) != 1 {
		t.Errorf("%+v", arms)
	}
	if view := s.Decide(deal, policy.View, policy.Card, now).Arms(); len(view) != 1 || len(view[0].Principals) != 3 || view[0].Least != policy.ShareView {
		t.Errorf("%+v", view)
	}
}

func TestRailedRightCannotBeGiven(t *testing.T) {
	s := policy.NewStanding(policy.StandingInput{Person: 1, Role: everything("deal"),
		Rails: policy.Rails{OnlyAdministrators: map[string]map[policy.Action]bool{"deal": {policy.Export: true}}}})
	if err := s.Covers(*everything("deal")); err == nil || !strings.Contains(err.Error(), "export") {
		t.Errorf("%v", err)
	}
}

func TestReadyRolesAreSafe(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range policy.Readies() {
		seen[r.Built] = true
		if r.Name == "" || r.ID != 0 {
			t.Errorf("%s: name %q, id %d", r.Built, r.Name, r.ID)
		}
		for _, language := range []string{"en", "ru", "it", "pl"} {
			if r.Labels[language] == "" || r.About[language] == "" {
				t.Errorf("%s has no words in %s", r.Built, language)
			}
		}
		for a := range r.Abilities {
			if !a.Known() {
				t.Errorf("%s holds %s, which does not exist", r.Built, a)
			}
		}
		if r.Built == policy.Owner {
			continue
		}
		for kind, actions := range r.Grades {
			if actions[policy.Export] != policy.Denied {
				t.Errorf("%s exports %s", r.Built, kind)
			}
		}
		for _, rule := range r.Sights {
			if rule.Class == schema.Contact && rule.All > policy.Click {
				t.Errorf("%s sees contact data of everybody without a click", r.Built)
			}
		}
		if r.Abilities[policy.ManageRails] || r.Abilities[policy.ReadExports] {
			t.Errorf("%s sets rails or fetches exports", r.Built)
		}
		if again, ok := policy.ReadyNamed(r.Built); !ok || again.Name != r.Name {
			t.Errorf("%s is not found by its key", r.Built)
		}
	}
	for _, built := range []string{"owner", "administrator", "manager", "specialist", "call_centre", "accountant"} {
		if !seen[built] {
			t.Errorf("there is no %s", built)
		}
	}
	if _, ok := policy.ReadyNamed("king"); ok {
		t.Error("there is a king")
	}
}

func TestOwnerHoldsEverything(t *testing.T) {
	r, _ := policy.ReadyNamed(policy.Owner)
	s := standing(1, &r.Role)
	for _, a := range policy.Actions() {
		for _, on := range policy.Surfaces() {
			g := s.Decide(deal, a, on, now)
			arms := g.Arms()
			if len(arms) != 1 || arms[0].Scope != policy.Everyone || arms[0].Cond != nil {
				t.Fatalf("%s on %s: %+v", a, on, arms)
			}
			v := g.Admit(policy.Facts{Record: 1})
			for _, f := range deal.Fields {
				if v.Sees(f) != policy.Plain || a != policy.Create && g.FieldEverywhere(f) != policy.Plain {
					t.Errorf("%s of %s on %s is %s", f.Name, a, on, v.Sees(f))
				}
			}
		}
	}
	if len(s.Abilities()) != len(policy.Abilities()) || !s.Administrator() {
		t.Error("an ability or the standing of an administrator is missing")
	}
}

func TestTakeSaysWhatCanLeave(t *testing.T) {
	r, _ := policy.ReadyNamed("manager")
	s := policy.NewStanding(policy.StandingInput{Person: 1, Role: &r.Role, Memberships: []policy.Membership{{Group: 4, Role: everything("deal")}}})
	take := s.Take(deal, now)
	if take.View.Workspace != policy.All || take.Export.Workspace != policy.Denied || take.Export.Groups[4] != policy.All {
		t.Errorf("%+v", take)
	}
	if take.Contact[policy.List] != (policy.Span{Least: policy.Click, Most: policy.Plain}) {
		t.Errorf("contact data in the list: %+v", take.Contact[policy.List])
	}
	if take.Exported.Empty() || take.Shown.Empty() {
		t.Error("no grant to count by")
	}
	if none := standing(1, nil).Take(deal, now); none.Contact[policy.Card] != (policy.Span{}) || !none.Shown.Empty() {
		t.Errorf("without a role: %+v", none)
	}
}

func TestReasonsAreSentences(t *testing.T) {
	role := &policy.Role{ID: 5, Name: "Specialist", Grades: map[string]map[policy.Action]policy.Grade{"deal": {policy.View: policy.Own, policy.Export: policy.All, policy.Edit: policy.All}},
		DaysBack: map[string]map[policy.Action]int{"deal": {policy.Edit: 3}},
		Sights:   []policy.SightRule{{Class: schema.Contact, Surface: policy.Card, Own: policy.Click}},
		Stages:   []policy.StageRule{{Kind: "deal", Stage: 7, Grades: map[policy.Action]policy.Grade{policy.View: policy.Denied}}}}
	s := policy.NewStanding(policy.StandingInput{Person: 1, Role: role,
		Rails: policy.Rails{OnlyAdministrators: map[string]map[policy.Action]bool{"deal": {policy.Export: true}}}})
	ask := func(a policy.Action, r policytest.Record) policy.Verdict {
		return s.Decide(deal, a, policy.Card, now).Admit(r.Facts(deal))
	}
	for want, v := range map[string]policy.Verdict{
		"Role Specialist lets view deals only if responsible.":          ask(policy.View, policytest.Record{ID: 1, Responsible: 2}),
		"Role Specialist lets view deals if responsible.":               ask(policy.View, policytest.Record{ID: 1, Responsible: 1}),
		"Guard rail: only administrators may export deals.":             ask(policy.Export, policytest.Record{ID: 1, Responsible: 1}),
		"Role Specialist does not let view deals in this stage.":        ask(policy.View, policytest.Record{ID: 1, Responsible: 1, Stage: 7}),
		"Role Specialist lets edit deals only 3 days back.":             ask(policy.Edit, policytest.Record{ID: 1, Responsible: 1, Date: now.AddDate(0, 0, -4)}),
		"Role Specialist does not let delete deals.":                    ask(policy.Delete, policytest.Record{ID: 1, Responsible: 1}),
		"Role Specialist lets edit deals only where it lets view them.": ask(policy.Edit, policytest.Record{ID: 1, Responsible: 2}),
	} {
		if got := v.Reasons()[0].English(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	sight, why := ask(policy.View, policytest.Record{ID: 1, Responsible: 1}).WhySees(deal.Field("phones"))
	if sight != policy.Click || why.Role != 5 || why.Rule == nil || why.Rule.Surface != policy.Card {
		t.Errorf("phones are %s by %+v", sight, why)
	}
	if sight, why := ask(policy.View, policytest.Record{ID: 1, Responsible: 1}).WhySees(deal.Field("health")); sight != policy.Hidden || why.Code != policy.NoRule {
		t.Errorf("health is %s by %+v", sight, why)
	}
}

func TestWordsAreReadBackAndOthersRefused(t *testing.T) {
	role := everything("deal")
	text, err := json.Marshal(role)
	if err != nil {
		t.Fatal(err)
	}
	var back policy.Role
	if err := json.Unmarshal(text, &back); err != nil || back.Grades["deal"][policy.Export] != policy.All || back.Sights[0].All != policy.Plain {
		t.Fatalf("%v: %s", err, text)
	}
	for _, bad := range []string{`{"Grades":{"deal":{"view":"ALL"}}}`, `{"Grades":{"deal":{"look":"all"}}}`, `{"Sights":[{"All":"clear"}]}`} {
		if json.Unmarshal([]byte(bad), &policy.Role{}) == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

func TestDaysAreOfTheMomentAsked(t *testing.T) {
	role := &policy.Role{ID: 1, Grades: map[string]map[policy.Action]policy.Grade{"deal": {policy.View: policy.All}}, DaysBack: map[string]map[policy.Action]int{"deal": {policy.View: 0}}}
	s := standing(1, role)
	r := policytest.Record{ID: 1, Date: now}
	late := time.Date(2026, 3, 14, 23, 59, 59, 0, time.UTC)
	for at, want := range map[time.Time]bool{now: true, late: true, late.Add(time.Second): false, now.AddDate(0, 0, -1): true, late.In(time.FixedZone("", 5*3600)): true} {
		if got := s.Decide(deal, policy.View, policy.List, at).Admit(r.Facts(deal)).Allowed; got != want {
			t.Errorf("at %s: %v", at, got)
		}
	}
	for _, n := range []int{1 << 62, -1 << 62} {
		role.DaysBack["deal"][policy.View] = n
		if got := standing(1, role).Decide(deal, policy.View, policy.List, now).Admit(r.Facts(deal)).Allowed; got != (n > 0) {
			t.Errorf("%d days back: %v", n, got)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	in := policy.StandingInput{Person: 1}
	ready, _ := policy.ReadyNamed("specialist")
	in.Role = &ready.Role
	for g := range 5 {
		in.Memberships = append(in.Memberships, policy.Membership{Group: actor.GroupID(g + 1), Role: &ready.Role})
	}
	s := policy.NewStanding(in)
	facts := policytest.Record{ID: 1, Responsible: 1, Groups: []actor.GroupID{3}}.Facts(deal)
	b.Run("again", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Decide(deal, policy.View, policy.List, now).Arms()
		}
	})
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		day := now
		for b.Loop() {
			day = day.AddDate(0, 0, 1)
			s.Decide(deal, policy.View, policy.List, day).Arms()
		}
	})
	g := s.Decide(deal, policy.View, policy.List, now)
	b.Run("admit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			g.Admit(facts)
		}
	})
}
