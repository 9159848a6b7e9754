package policy_test

import (
	"flag"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"castellan/internal/policy"
	"castellan/internal/policy/policytest"
	"castellan/internal/query"
	"castellan/internal/schema"
)

var (
	cases = flag.Int("cases", 100_000, "random cases held against the oracle")
	seed  = flag.Uint64("seed", 1, "seed of the random cases")
)

// listed answers "what does the person list" as a database would: from an
// index of access by principal, arm by arm, with the union of the arms.
func listed(g policy.Grant, records []policytest.Record) []schema.RecordID {
	access, facts := map[schema.Principal][]int{}, make([]policy.Facts, len(records))
	for i, r := range records {
		facts[i] = r.Facts(g.Kind()).On(r.Loans(g.Kind()), g.Kind(), g.Action())
		for _, p := range facts[i].Principals {
			access[p] = append(access[p], i)
		}
	}
	found := map[schema.RecordID]bool{}
	take := func(arm policy.Arm, i int) {
		if arm.Cond == nil || query.Eval(arm.Cond, records[i].Facts(g.Kind()).Row) == query.Yes {
			found[records[i].ID] = true
		}
	}
	for _, arm := range g.Arms() {
		switch arm.Scope {
		case policy.Everyone:
			for i := range records {
				take(arm, i)
			}
		case policy.Through:
			for _, p := range arm.Principals {
				for _, i := range access[p] {
					if p.Role() != schema.ByShare || shared(facts[i], p) >= arm.Least {
						take(arm, i)
					}
				}
			}
		}
	}
	var all []schema.RecordID
	for _, r := range records {
		if found[r.ID] {
			all = append(all, r.ID)
		}
	}
	return all
}

func shared(f policy.Facts, p schema.Principal) (most policy.ShareLevel) {
	for _, s := range f.Shares {
		if schema.SharePrincipal(int64(s.Person)) == p {
			most = max(most, s.Level)
		}
	}
	return most
}

func TestDecisionAgreesWithThePromise(t *testing.T) {
	kinds := policytest.Catalog().Kinds()
	chance := rand.New(rand.NewPCG(*seed, 7))
	allowed, refused, partial := 0, 0, 0
	for n := 0; n < *cases; {
		w := policytest.NewWorld(chance, kinds[n%len(kinds)])
		who := w.Standing(w.People[chance.IntN(len(w.People))])
		s := policy.NewStanding(who)
		var records []policytest.Record
		for i := range 10 {
			r := w.Record(schema.RecordID(i + 1))
			r.On = w.Loans()
			records = append(records, r)
		}
		question := w.Question(who, records[0])
		g := s.Decide(w.Kind, question.Action, question.On, w.Now)
		list := listed(g, records)
		for _, r := range records {
			n++
			question.Record = r
			want := policytest.Ask(question)
			got := g.AdmitOn(r.Facts(w.Kind), r.Loans(w.Kind))
			if got.Allowed != want.Allowed || slices.Contains(list, r.ID) != want.Allowed {
				t.Fatalf("seed %d case %d: %s on %s: promise says %v, decide-one %v, list %v\nwho: %+v\nrole: %+v\nrecord: %+v\narms: %+v",
					*seed, n, question.Action, question.On, want.Allowed, got.Allowed, slices.Contains(list, r.ID), who, who.Role, r, g.Arms())
			}
			if len(got.Reasons()) == 0 {
				t.Fatalf("seed %d case %d: a verdict (%v) without a reason", *seed, n, got.Allowed)
			}
			if !want.Allowed {
				refused++
				continue
			}
			allowed++
			if got.Contact != want.Contact {
				t.Fatalf("seed %d case %d: contact data in free text: promise says %s, decision %s", *seed, n, want.Contact, got.Contact)
			}
			for _, f := range w.Kind.Fields {
				sees := got.Sees(f)
				if sees != want.Sights[f.Name] {
					t.Fatalf("seed %d case %d: %s of %s: promise says %s, decision %s\nwho: %+v\nrole: %+v\nrecord: %+v",
						*seed, n, question.Action, f.Name, want.Sights[f.Name], sees, who, who.Role, r)
				}
				if sees < g.FieldEverywhere(f) || sees > g.FieldAnywhere(f) {
					t.Fatalf("seed %d case %d: %s is %s, outside %s to %s", *seed, n, f.Name, sees, g.FieldEverywhere(f), g.FieldAnywhere(f))
				}
				if g.FieldEverywhere(f) != g.FieldAnywhere(f) {
					partial++
				}
				if sight, why := got.WhySees(f); sight != sees || sight > policy.Hidden && why.Rule == nil {
					t.Fatalf("seed %d case %d: %s is %s, explained as %s by %+v", *seed, n, f.Name, sees, sight, why)
				}
			}
		}
	}
	// A generator that never permits, or never shows one record more than another, proves nothing.
	if allowed < *cases/10 || refused < *cases/10 || partial == 0 {
		t.Fatalf("the cases are lopsided: %d allowed, %d refused, %d fields whose sight depends on the record", allowed, refused, partial)
	}
}

// gains tells in what the second standing may do or see more of the records.
func gains(w *policytest.World, before, after policy.StandingInput, records []policytest.Record) (string, bool) {
	a, b := policy.NewStanding(before), policy.NewStanding(after)
	for _, act := range policy.Actions() {
		for _, on := range []policy.Surface{policy.List, policy.Card} {
			ga, gb := a.Decide(w.Kind, act, on, w.Now), b.Decide(w.Kind, act, on, w.Now)
			for _, r := range records {
				va, vb := ga.Admit(r.Facts(w.Kind)), gb.Admit(r.Facts(w.Kind))
				if vb.Allowed && !va.Allowed {
					return act.String(), true
				}
				for _, f := range w.Kind.Fields {
					if va.Allowed && vb.Sees(f) > va.Sees(f) {
						return "sight of " + f.Name, true
					}
				}
			}
		}
	}
	return "", false
}

func random(t *testing.T, rounds int, each func(w *policytest.World, who policy.StandingInput, records []policytest.Record)) {
	t.Helper()
	kind := policytest.Catalog().Kind("deal")
	chance := rand.New(rand.NewPCG(*seed, 11))
	for range rounds {
		w := policytest.NewWorld(chance, kind)
		var records []policytest.Record
		for i := range 12 {
			records = append(records, w.Record(schema.RecordID(i+1)))
		}
		each(w, w.Standing(w.People[0]), records)
	}
}

func TestNobodyGainsByARail(t *testing.T) {
	random(t, 1000, func(w *policytest.World, who policy.StandingInput, records []policytest.Record) {
		railed := who
		railed.Rails = policy.Rails{OnlyAdministrators: map[string]map[policy.Action]bool{
			w.Kind.Name: {policy.Export: true, policy.Delete: true}}}
		if what, more := gains(w, who, railed, records); more {
			t.Fatalf("a rail gave %s to %+v", what, who)
		}
	})
}

func TestJoiningAGroupTakesNothing(t *testing.T) {
	random(t, 1000, func(w *policytest.World, who policy.StandingInput, records []policytest.Record) {
		if len(who.Memberships) == 0 {
			return
		}
		without := who
		without.Memberships = who.Memberships[1:]
		if what, less := gains(w, who, without, records); less {
			t.Fatalf("joining a group took %s from %+v", what, who)
		}
	})
}

func TestAShareTakesNothing(t *testing.T) {
	random(t, 1000, func(w *policytest.World, who policy.StandingInput, records []policytest.Record) {
		s := policy.NewStanding(who)
		for _, r := range records {
			with := r
			with.Shares = append(slices.Clone(r.Shares), policy.Share{Person: who.Person, Level: policy.ShareEdit})
			for _, a := range policy.Actions() {
				g := s.Decide(w.Kind, a, policy.Card, w.Now)
				if g.Admit(r.Facts(w.Kind)).Allowed && !g.Admit(with.Facts(w.Kind)).Allowed {
					t.Fatalf("a share took %s of %+v from %+v", a, r, who)
				}
			}
		}
	})
}

// TestAShareGivesItsLevelAndNoMore: whoever may not delete, export, or edit
// beyond the share's level does not come to it by a share.
func TestAShareGivesItsLevelAndNoMore(t *testing.T) {
	random(t, 1000, func(w *policytest.World, who policy.StandingInput, records []policytest.Record) {
		s := policy.NewStanding(who)
		for _, r := range records {
			r.Shares = nil
			with := r
			with.Shares = []policy.Share{{Person: who.Person, Level: policy.ShareView}}
			for _, a := range []policy.Action{policy.Create, policy.Edit, policy.Delete, policy.Export} {
				g := s.Decide(w.Kind, a, policy.Card, w.Now)
				if !g.Admit(r.Facts(w.Kind)).Allowed && g.Admit(with.Facts(w.Kind)).Allowed {
					t.Fatalf("a share to view gave %s of %+v to %+v", a, r, who)
				}
			}
		}
	})
}

func TestStandingIsACopy(t *testing.T) {
	random(t, 200, func(w *policytest.World, who policy.StandingInput, records []policytest.Record) {
		s := policy.NewStanding(who)
		before := s.Decide(w.Kind, policy.View, policy.List, w.Now).Arms()
		if who.Role != nil {
			clear(who.Role.Grades[w.Kind.Name])
			clear(who.Role.Sights)
		}
		for _, m := range who.Memberships {
			if m.Role != nil {
				clear(m.Role.Grades[w.Kind.Name])
			}
		}
		clear(who.Rails.OnlyAdministrators)
		// Another day, so that the grant is decided anew.
		after := s.Decide(w.Kind, policy.View, policy.List, w.Now.AddDate(0, 0, 1)).Arms()
		if len(before) != len(after) {
			t.Fatalf("changing the input changed the standing: %d arms, then %d", len(before), len(after))
		}
		for i := range before {
			if !reflect.DeepEqual(before[i].Sights, after[i].Sights) {
				t.Fatalf("changing the input changed sights")
			}
		}
	})
}

func TestArmsAreAHandful(t *testing.T) {
	random(t, 1000, func(w *policytest.World, who policy.StandingInput, _ []policytest.Record) {
		arms := policy.NewStanding(who).Decide(w.Kind, policy.View, policy.List, w.Now).Arms()
		if most := 4 + 2*len(who.Memberships); len(arms) > most {
			t.Fatalf("%d arms for %d groups", len(arms), len(who.Memberships))
		}
	})
}
