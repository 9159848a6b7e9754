package policy_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"castellan/internal/policy"
	"castellan/internal/policy/policytest"
	"castellan/internal/schema"
)

// TestNobodyOpensMoreByAShareThanTheyHold is attack 27 for what is shared with a
// record: whatever people share with whom, nobody comes by it to do what the giver
// may not do, or to see more of a field than the giver sees of it. Both are asked of
// the promise, about things that lie on the record (remarks) and about some that
// follow it (notes), which have shares of their own.
func TestNobodyOpensMoreByAShareThanTheyHold(t *testing.T) {
	chance := rand.New(rand.NewPCG(*seed, 27))
	gained, kept := 0, 0
	for n := range max(*cases/100, 1000) {
		w := policytest.NewWorld(chance, policytest.Catalog().Kind([]string{"remark", "note"}[n%2]))
		var ins []policy.StandingInput
		var everyone []*policy.Standing
		for _, p := range w.People {
			ins = append(ins, w.Standing(p))
			everyone = append(everyone, policy.NewStanding(ins[len(ins)-1]))
		}
		giver := ins[0]
		above := w.Record(99) // the record that is shared; who is responsible for it counts
		was := w.Loans()
		fresh := w.Loan(w.People[1+chance.IntN(3)], 0)
		if chance.IntN(2) == 0 {
			fresh = w.Loan(0, w.Groups[chance.IntN(4)])
		}
		fresh.By = giver.Person
		loan := policytest.Record{On: []policytest.Loan{fresh}}.Loans(w.Kind)[0]
		loan.Lends = everyone[0].Lend([]*schema.Kind{w.Kind}, above.Responsible, policytest.Record{On: was}.Loans(w.Kind), loan, everyone, w.Now)
		fresh.Gives = map[policy.Action]policy.Grade{}
		for _, a := range policy.Actions() {
			fresh.Gives[a] = loan.Lends.Grade(w.Kind, a)
		}
		whole := fresh
		whole.Gives = map[policy.Action]policy.Grade{policy.View: policy.All, policy.Edit: policy.All, policy.Delete: policy.All, policy.Export: policy.All}
		for i := range 6 {
			r := w.Record(schema.RecordID(i + 1))
			r.Groups, r.Shares = nil, nil
			if !w.Kind.Within {
				r.Responsible = above.Responsible
			}
			before, after, most := lying(w.Kind, r, was), lying(w.Kind, r, append(slices.Clone(was), fresh)), lying(w.Kind, r, append(slices.Clone(was), whole))
			for j, in := range ins {
				for _, a := range []policy.Action{policy.View, policy.Edit, policy.Delete, policy.Export} {
					ask := func(who policy.StandingInput, on policy.Surface, r policytest.Record) policytest.Answer {
						return policytest.Ask(policytest.Question{Who: who, Kind: w.Kind, Action: a, On: on, Now: w.Now, Record: r})
					}
					then := ask(in, policy.Card, after)
					if then.Allowed && !ask(in, policy.Card, before).Allowed {
						gained++
						if !ask(giver, policy.Card, before).Allowed {
							t.Fatalf("seed %d case %d: person %d comes to %s a %s by a share of person 1, who may not\nshare: %+v\nof: %+v\ngiver: %+v %+v\nreceiver: %+v %+v", *seed, n, j+1, a, w.Kind.Name, fresh, after, giver, giver.Role, in, in.Role)
						}
					} else if ask(in, policy.Card, most).Allowed && !then.Allowed {
						kept++
					}
					if a != policy.View {
						continue
					}
					most := func(who policy.StandingInput, r policytest.Record) map[string]policy.Sight {
						all := map[string]policy.Sight{}
						for _, on := range policy.Surfaces() {
							for f, s := range ask(who, on, r).Sights {
								all[f] = max(all[f], s)
							}
						}
						return all
					}
					seen, was := most(giver, before), most(in, before)
					for f, s := range most(in, after) {
						if s > was[f] && s > seen[f] {
							t.Fatalf("seed %d case %d: person %d comes to see %s of a %s as %s by a share of person 1, who sees it as %s\nshare: %+v\nof: %+v", *seed, n, j+1, f, w.Kind.Name, s, seen[f], fresh, after)
						}
					}
				}
			}
		}
	}
	if gained < 50 || kept < 50 {
		t.Fatalf("the cases are lopsided: %d times something was opened, %d times it stayed closed for the giver's sake", gained, kept)
	}
}

// lying is the record as it lies on one that is shared so, or as it follows one: then
// it has those shares itself.
func lying(kind *schema.Kind, r policytest.Record, on []policytest.Loan) policytest.Record {
	if kind.Within {
		r.On = on
		return r
	}
	for i, l := range (policytest.Record{On: on}).Loans(kind) {
		level, ok := l.Follows(kind, r.Responsible)
		switch {
		case !ok:
		case on[i].Person != 0:
			r.Shares = append(slices.Clone(r.Shares), policy.Share{Person: on[i].Person, Level: level})
		default:
			r.Groups = append(slices.Clone(r.Groups), on[i].Group)
		}
	}
	return r
}

func TestWhatIsSharedOnIsWholeOrNothing(t *testing.T) {
	chance := rand.New(rand.NewPCG(*seed, 28))
	kinds := []*schema.Kind{policytest.Catalog().Kind("note"), policytest.Catalog().Kind("remark")}
	for range 1000 {
		l := policy.Lends(chance.Int64()) & policy.Everything
		for _, kind := range kinds {
			for _, a := range policy.Actions() {
				if was, is := l.Grade(kind, a), l.Whole().Grade(kind, a); is != policy.Denied && is != policy.All || (is == policy.All) != (was == policy.All) {
					t.Fatalf("%b: to %s a %s: %s, shared on %s", l, a, kind.Name, was, is)
				}
			}
		}
	}
}

// What a share opens, in the cases that owners meet.
func TestAShareLendsWhatItsGiverHolds(t *testing.T) {
	kind := policytest.Catalog().Kind("remark")
	kinds := []*schema.Kind{kind}
	role := func(view, edit policy.Grade) *policy.Role {
		return &policy.Role{Grades: map[string]map[policy.Action]policy.Grade{"remark": {policy.View: view, policy.Edit: edit}},
			Sights: []policy.SightRule{{Class: schema.Open, All: policy.Plain}}, Abilities: map[policy.Ability]bool{policy.ShareRecords: true}}
	}
	stand := func(role *policy.Role, days int, groups ...policy.Membership) *policy.Standing {
		if days > 0 {
			role.DaysBack = map[string]map[policy.Action]int{"remark": {policy.View: days}}
		}
		return policy.NewStanding(policy.StandingInput{Person: 1, Role: role, Memberships: groups})
	}
	north := policy.Membership{Group: 7}
	friend := policy.NewStanding(policy.StandingInput{Person: 2, Role: role(policy.Own, policy.Own)})
	brighter := policy.NewStanding(policy.StandingInput{Person: 2, Role: func() *policy.Role {
		r := role(policy.Own, policy.Own)
		r.Sights = append(r.Sights, policy.SightRule{Class: schema.Contact, Group: policy.Plain})
		return r
	}()})
	group := policy.Loan{With: schema.GroupPrincipal(7), Level: policy.ShareEdit, Lends: policy.Everything, By: 3}
	withFriend := policy.Loan{With: schema.SharePrincipal(2), Level: policy.ShareEdit}
	toSee := policy.Loan{With: schema.SharePrincipal(2), Level: policy.ShareView}
	for _, c := range []struct {
		name       string
		giver      *policy.Standing
		loans      []policy.Loan
		with       policy.Loan
		to         *policy.Standing
		view, edit policy.Grade
	}{
		{"who holds all gives all", stand(role(policy.All, policy.All), 0), nil, withFriend, friend, policy.All, policy.All},
		{"a share to view gives viewing", stand(role(policy.All, policy.All), 0), nil, toSee, friend, policy.All, policy.Denied},
		{"who edits their own gives that to edit", stand(role(policy.All, policy.Own), 0), nil, withFriend, friend, policy.All, policy.Own},
		{"who holds their own gives their own", stand(role(policy.Own, policy.Own), 0), nil, withFriend, friend, policy.Own, policy.Own},
		{"who holds nothing gives nothing", stand(role(policy.Denied, policy.Denied), 0), nil, withFriend, friend, policy.Denied, policy.Denied},
		{"what is held of a few days is not all", stand(role(policy.All, policy.All), 30), nil, withFriend, friend, policy.Denied, policy.Denied},
		{"the group that one shares with is not held through yet", stand(role(policy.Group, policy.Group), 0, north), nil, policy.Loan{With: schema.GroupPrincipal(7), Level: policy.ShareEdit}, friend, policy.Own, policy.Own},
		{"a group of one's own holds it already", stand(role(policy.Group, policy.Group), 0, north), []policy.Loan{group}, withFriend, friend, policy.All, policy.All},
		{"what was lent may be lent on", stand(role(policy.Own, policy.Own), 0), []policy.Loan{{With: schema.SharePrincipal(1), Level: policy.ShareView, Lends: policy.Everything, By: 3}}, withFriend, friend, policy.All, policy.Own},
		{"who sees less gives nothing", stand(role(policy.All, policy.All), 0), nil, withFriend, brighter, policy.Denied, policy.Denied},
	} {
		t.Run(c.name, func(t *testing.T) {
			lends := c.giver.Lend(kinds, 0, c.loans, c.with, []*policy.Standing{c.giver, c.to}, policytest.NewWorld(nil, kind).Now)
			if view, edit := lends.Grade(kind, policy.View), lends.Grade(kind, policy.Edit); view != c.view || edit != c.edit {
				t.Errorf("to view %s, to edit %s; want %s and %s", view, edit, c.view, c.edit)
			}
			if lends.Grade(kind, policy.Delete) != policy.Denied || lends.Grade(policytest.Catalog().Kind("note"), policy.View) != policy.Denied {
				t.Errorf("%b opens more than it was asked for", lends)
			}
		})
	}
}
