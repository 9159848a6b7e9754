package rights_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/rights"
	"castellan/internal/store"
)

var (
	office = netip.MustParseAddr("192.0.2.10")
	abroad = netip.MustParseAddr("198.51.100.7")
)

// set sets terms in the name of somebody, whatever the version is.
func (h *house) set(who actor.Actor, scope rights.Scope, id int64, t rights.Terms) error {
	h.Helper()
	is, err := h.book.TermsOf(h.ctx, actor.House(), scope, id)
	if err != nil {
		h.Fatal(err)
	}
	_, err = h.book.SetTerms(h.ctx, who, scope, id, is.Version, t)
	return err
}

func (h *house) terms(who actor.Actor) policy.Terms {
	h.Helper()
	t, err := h.book.Terms(h.ctx, who)
	if err != nil {
		h.Fatal(err)
	}
	return t
}

func (h *house) refusal(who actor.Actor) policy.Refusal {
	h.Helper()
	why, err := h.book.Admit(h.ctx, who)
	if err != nil {
		h.Fatal(err)
	}
	return why
}

func at(who actor.Actor, from netip.Addr) actor.Actor {
	who.Address = from
	return who
}

func (h *house) code(err error, want string) {
	h.Helper()
	if f, ok := fault.As(err); !ok || f.Code != want {
		h.Errorf("got %v, want the fault %s", err, want)
	}
}

func TestTermsOfWorkspaceRoleAndPersonBindTogether(t *testing.T) {
	each(t, func(h *house) {
		owner, ana, ben := h.person(h.built("owner")), h.person(h.built("manager")), h.person(h.built("specialist"))
		owner.Address = office
		if !h.terms(ana).Empty() || h.refusal(at(ana, abroad)) != "" {
			h.Error("terms that nobody set bind somebody")
		}
		manager := int64(h.built("manager"))
		for _, err := range []error{
			h.set(owner, rights.ForWorkspace, 0, rights.Terms{Absolute: 600, Networks: []string{"192.0.2.0/24", "198.51.100.0/24"}}),
			h.set(owner, rights.ForRole, manager, rights.Terms{Factor: true, Idle: 30, Networks: []string{"::ffff:198.51.100.0/120"}}),
			h.set(owner, rights.ForPerson, int64(ana.Person), rights.Terms{Idle: 20, Absolute: 900}),
		} {
			if err != nil {
				h.Fatal(err)
			}
		}
		if t := h.terms(ana); !t.Factor || t.Idle != 20*time.Minute || t.Absolute != 600*time.Minute {
			h.Errorf("ana: %+v", t)
		}
		if t := h.terms(ben); t.Factor || t.Idle != 0 || t.Absolute != 600*time.Minute {
			h.Errorf("ben: %+v", t)
		}
		key := actor.Actor{Kind: actor.Program, Person: ben.Person, Role: actor.RoleID(manager)}
		for _, c := range []struct {
			who  actor.Actor
			from string
			want policy.Refusal
		}{
			{ana, "198.51.100.7", ""}, {ana, "::ffff:198.51.100.7", ""}, {ana, "192.0.2.10", policy.WrongNetwork}, {ana, "203.0.113.1", policy.WrongNetwork},
			{ben, "198.51.100.7", ""}, {ben, "192.0.2.10", ""}, {ben, "203.0.113.1", policy.WrongNetwork}, {ben, "::1", policy.WrongNetwork},
			{key, "198.51.100.7", ""}, {key, "192.0.2.10", policy.WrongNetwork},
			{actor.Actor{}, "203.0.113.1", policy.WrongNetwork}, // a stranger is bound by the workspace
			{actor.House(), "203.0.113.1", ""},
		} {
			if got := h.refusal(at(c.who, netip.MustParseAddr(c.from))); got != c.want {
				h.Errorf("%v from %s: %q, want %q", c.who.Kind, c.from, got, c.want)
			}
		}
		// Looking through somebody's eyes does not loosen what binds the viewer.
		looking := at(ana, office)
		looking.ViewAs = ben.Person
		if h.refusal(looking) != policy.WrongNetwork {
			h.Error("a viewer is bound by the terms of whom they view")
		}
		all, err := h.book.AllTerms(h.ctx, owner)
		if err != nil || len(all) != 3 || all[0].Scope != rights.ForWorkspace || all[1].Scope != rights.ForRole || all[2].Scope != rights.ForPerson {
			h.Fatalf("%+v, %v", all, err)
		}
		if got := all[1].Terms; !slices.Equal(got.Networks, []string{"198.51.100.0/24"}) || got.Idle != 30 || !got.Factor {
			h.Errorf("terms of the role came back as %+v", got)
		}
		h.code(func() error {
			_, err := h.book.SetTerms(h.ctx, owner, rights.ForWorkspace, 0, 0, rights.Terms{})
			return err
		}(), "terms.version")
	})
}

func TestNobodySetsTermsOverThoseWhoHoldMore(t *testing.T) {
	each(t, func(h *house) {
		owner, admin, ana := h.person(h.built("owner")), h.person(h.built("administrator")), h.person(h.built("manager"))
		owner.Address, admin.Address, ana.Address = office, office, office
		strict := rights.Terms{Networks: []string{"192.0.2.0/24"}}
		admins := int64(h.built("administrator"))
		h.code(h.set(ana, rights.ForPerson, int64(ana.Person), strict), "ability.missing")
		h.code(h.set(admin, rights.ForRole, int64(h.built("owner")), strict), "rights.more_than_held")
		h.code(h.set(admin, rights.ForPerson, int64(owner.Person), strict), "rights.more_than_held")
		h.code(h.set(admin, rights.ForWorkspace, 0, strict), "terms.owner")
		h.code(h.set(admin, rights.ForWorkspace, 0, rights.Terms{Hours: []rights.Hours{{Days: []string{"monday"}, From: "00:00", To: "24:00"}}}), "terms.owner")
		// Somebody with a role that the administrator covers, and a right besides that they do not.
		chief := h.person(h.built("specialist"))
		if _, err := h.book.SetDifferences(h.ctx, owner, chief.Person, 0, []rights.Difference{{Aspect: "grade", Kind: "contact", Action: "export", Grade: "all"}, {Aspect: "grade", Kind: "contact", Action: "view", Grade: "all"}}); err != nil {
			h.Fatal(err)
		}
		h.code(h.set(admin, rights.ForRole, int64(h.built("specialist")), strict), "rights.more_than_held")
		for what, err := range map[string]error{
			"a person": h.set(admin, rights.ForPerson, int64(ana.Person), strict),
			"a role":   h.set(admin, rights.ForRole, int64(h.built("manager")), strict),
			"oneself":  h.set(admin, rights.ForRole, admins, rights.Terms{Factor: true, Networks: []string{"192.0.2.0/24"}}),
			"limits":   h.set(admin, rights.ForWorkspace, 0, rights.Terms{Factor: true, Idle: 60}),
		} {
			if err != nil {
				h.Errorf("an administrator does not set the terms of %s: %v", what, err)
			}
		}
		// What binds an administrator is not theirs to loosen.
		h.code(h.set(admin, rights.ForRole, admins, rights.Terms{Factor: true}), "terms.loosen")
		h.code(h.set(admin, rights.ForRole, admins, rights.Terms{Networks: []string{"192.0.2.0/24"}}), "terms.loosen")
		h.code(h.set(admin, rights.ForWorkspace, 0, rights.Terms{Idle: 60}), "terms.loosen")
		h.code(h.set(admin, rights.ForWorkspace, 0, rights.Terms{Factor: true, Idle: 90}), "terms.loosen")
		if err := h.set(admin, rights.ForRole, admins, rights.Terms{Factor: true, Networks: []string{"192.0.2.10"}}); err != nil {
			h.Error(err)
		}
		if err := h.set(owner, rights.ForRole, admins, rights.Terms{}); err != nil {
			h.Error(err)
		}
		program := actor.Actor{Kind: actor.Program, Person: owner.Person, Role: h.built("owner"), Address: office}
		h.code(h.set(program, rights.ForRole, admins, strict), "terms.program")
		looking := owner
		looking.ViewAs = ana.Person
		h.code(h.set(looking, rights.ForRole, admins, strict), "viewas.reads_only")
	})
}

func TestNobodyLocksThemselvesOut(t *testing.T) {
	each(t, func(h *house) {
		owner := h.person(h.built("owner"))
		owner.Address = netip.MustParseAddr("::ffff:192.0.2.10")
		now := time.Now().UTC()
		yesterday := strings.ToLower(now.AddDate(0, 0, -2).Weekday().String())
		today := []string{strings.ToLower(now.Weekday().String()), strings.ToLower(now.AddDate(0, 0, 1).Weekday().String())}
		mine := int64(owner.Person)
		for _, scope := range []struct {
			of rights.Scope
			id int64
		}{{rights.ForWorkspace, 0}, {rights.ForRole, int64(h.built("owner"))}, {rights.ForPerson, mine}} {
			h.code(h.set(owner, scope.of, scope.id, rights.Terms{Networks: []string{"198.51.100.0/24"}}), "terms.lockout_network")
			h.code(h.set(owner, scope.of, scope.id, rights.Terms{Hours: []rights.Hours{{Days: []string{yesterday}, From: "00:00", To: "24:00"}}}), "terms.lockout_hour")
			if t := h.terms(owner); !t.Empty() {
				h.Errorf("refused terms of %s hold: %+v", scope.of, t)
			}
			if err := h.set(owner, scope.of, scope.id, rights.Terms{Networks: []string{"192.0.2.0/28"}, Hours: []rights.Hours{{Days: today, From: "00:00", To: "24:00"}}}); err != nil {
				h.Error(err)
			}
			if err := h.set(owner, scope.of, scope.id, rights.Terms{}); err != nil {
				h.Error(err)
			}
		}
		// What binds others only may keep the maker out.
		if err := h.set(owner, rights.ForRole, int64(h.built("manager")), rights.Terms{Networks: []string{"198.51.100.0/24"}}); err != nil {
			h.Error(err)
		}
	})
}

func TestTermsThatMeanNothingAreRefused(t *testing.T) {
	each(t, func(h *house) {
		owner := h.person(h.built("owner"))
		owner.Address = office
		many := make([]string, 101)
		for i := range many {
			many[i] = "192.0.2.0/24"
		}
		day := []string{"monday"}
		for code, terms := range map[string]rights.Terms{
			"terms.network":    {Networks: []string{"office"}},
			"terms.networks":   {Networks: many},
			"terms.minutes":    {Idle: 1},
			"terms.hour":       {Hours: []rights.Hours{{Days: day, From: "9:00", To: "18:00"}}},
			"terms.days":       {Hours: []rights.Hours{{From: "09:00", To: "18:00"}}},
			"terms.day":        {Hours: []rights.Hours{{Days: []string{"Monday"}, From: "09:00", To: "18:00"}}},
			"timezone.unknown": {Hours: []rights.Hours{{Days: day, From: "09:00", To: "18:00"}}, Zone: "Mars/Base"},
		} {
			h.code(h.set(owner, rights.ForRole, int64(h.built("manager")), terms), code)
		}
		for _, wrong := range []string{"", "192.0.2.1/33", "::ffff:192.0.2.0/90", "fe80::1%eth0", "192.0.2.0/-1"} {
			if n, ok := rights.Network(wrong); ok {
				h.Errorf("%q is read as %s", wrong, n)
			}
		}
		for right, want := range map[string]string{" 192.0.2.77/24 ": "192.0.2.0/24", "::ffff:192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.0/120": "192.0.2.0/24", "2001:db8::5/48": "2001:db8::/48"} {
			if n, ok := rights.Network(right); !ok || n.String() != want {
				h.Errorf("%q is read as %s", right, n)
			}
		}
		if _, err := h.book.TermsOf(h.ctx, owner, rights.ForRole, 999); !fault.Is(err, fault.Missing) {
			h.Errorf("a role that is not there: %v", err)
		}
		if _, err := h.book.TermsOf(h.ctx, owner, "galaxy", 1); !fault.Is(err, fault.Missing) {
			h.Errorf("a scope that is not there: %v", err)
		}
	})
}

// A word that a later version does not know must not turn into "anywhere".
func TestTermsThatCannotBeReadLetNobodyIn(t *testing.T) {
	each(t, func(h *house) {
		ana := h.person(h.built("manager"))
		for _, words := range []string{`{"networks":["burg"]}`, `{"hours":[{"days":["mardi"],"from":"09:00","to":"18:00"}]}`, `{"hours":[{"days":["monday"],"from":"00:00","to":"24:00"}],"time_zone":"Mars/Base"}`} {
			h.write(func(tx *store.Tx) error {
				if _, err := tx.Exec(h.ctx, store.Text(`DELETE FROM terms`)); err != nil {
					return err
				}
				if _, err := tx.Exec(h.ctx, store.Text(`INSERT INTO terms (scope, subject, version, terms) VALUES ('person', ?, 1, ?)`), ana.Person, words); err != nil {
					return err
				}
				return h.book.Changed(h.ctx, tx)
			})
			if h.refusal(at(ana, office)) == "" {
				h.Errorf("%s lets in", words)
			}
		}
	})
}

func TestLiftedTermsLetEverybodyInAndDemandTheRestStill(t *testing.T) {
	each(t, func(h *house) {
		owner, ana := h.person(h.built("owner")), h.person(h.built("manager"))
		owner.Address = office
		if err := h.set(owner, rights.ForWorkspace, 0, rights.Terms{Factor: true, Networks: []string{"192.0.2.0/24"}}); err != nil {
			h.Fatal(err)
		}
		if err := h.set(owner, rights.ForPerson, int64(ana.Person), rights.Terms{Hours: []rights.Hours{{Days: []string{"monday"}, From: "09:00", To: "09:01"}}}); err != nil {
			h.Fatal(err)
		}
		if _, err := h.book.LiftTerms(h.ctx, owner); !fault.Is(err, fault.Denied) {
			h.Errorf("an owner lifts terms from afar: %v", err)
		}
		lifted, err := h.book.LiftTerms(h.ctx, actor.House())
		if err != nil || len(lifted) != 2 || lifted[0].Scope != rights.ForWorkspace || len(lifted[1].Terms.Hours) != 1 {
			h.Fatalf("%+v, %v", lifted, err)
		}
		if h.refusal(at(ana, abroad)) != "" || !h.terms(ana).Factor {
			h.Error("networks and hours still bind, or the factor does no more")
		}
		if lifted, err := h.book.LiftTerms(h.ctx, actor.House()); err != nil || len(lifted) != 0 {
			h.Errorf("lifted again: %+v, %v", lifted, err)
		}
	})
}

func TestTermsOfARoleGoWithIt(t *testing.T) {
	each(t, func(h *house) {
		owner := h.person(h.built("owner"))
		role, err := h.book.CreateRole(h.ctx, owner, rights.Role{Name: "Guest"})
		if err != nil {
			h.Fatal(err)
		}
		if err := h.set(owner, rights.ForRole, int64(role.ID), rights.Terms{Factor: true}); err != nil {
			h.Fatal(err)
		}
		if err := h.book.DeleteRole(h.ctx, owner, role.ID, role.Version); err != nil {
			h.Fatal(err)
		}
		var n int
		if err := h.db.QueryRow(h.ctx, store.Text(`SELECT COUNT(*) FROM terms`)).Scan(&n); err != nil || n != 0 {
			h.Errorf("%d rows are left, %v", n, err)
		}
	})
}
