package rights_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/rights"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/vault"
)

// house is a founded workspace with people made for the test.
type house struct {
	*testing.T
	ctx  context.Context
	db   *store.DB
	book *rights.Book
}

func each(t *testing.T, test func(h *house)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := &house{T: t, ctx: t.Context(), db: db, book: open(t, db)}
		h.write(func(tx *store.Tx) error {
			_, err := h.book.Found(h.ctx, tx)
			return err
		})
		test(h)
	})
}

func open(t *testing.T, db *store.DB) *rights.Book {
	kinds, err := schema.New(kind(1, "contact", "contacts"), kind(2, "company", "companies"), kind(3, "deal", "deals"),
		kind(4, "task", "tasks"), kind(5, "comment", "comments"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := vault.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	writer, err := scribe.Open(t.Context(), db, keys, scribe.Options{HeadFile: filepath.Join(t.TempDir(), "head")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := writer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return rights.Open(rights.Options{DB: db, Scribe: writer, Catalog: func() *schema.Catalog { return kinds }})
}

func kind(n int, name, plural string) schema.Kind {
	return schema.Kind{
		Number: n, Name: name, Plural: plural, Title: "name", Responsible: "responsible", Days: "created_at",
		Fields: []*schema.Field{
			{Name: "name", Type: schema.Text, Class: schema.Personal, Keyed: true},
			{Name: "phones", Type: schema.Phones, Class: schema.Contact},
			{Name: "shoe_size", Type: schema.Integer, Class: schema.Open, Custom: true},
			{Name: "responsible", Type: schema.Person, Class: schema.Open},
			{Name: "created_at", Type: schema.DateTime, Class: schema.Open, House: true},
		},
	}
}

func (h *house) write(do func(*store.Tx) error) {
	h.Helper()
	if err := h.db.Write(h.ctx, do); err != nil {
		h.Fatal(err)
	}
}

func (h *house) built(key string) actor.RoleID {
	h.Helper()
	roles, err := h.book.Roles(h.ctx, actor.House())
	if err != nil {
		h.Fatal(err)
	}
	i := slices.IndexFunc(roles, func(r rights.Role) bool { return r.Built == key })
	if i < 0 {
		h.Fatalf("there is no ready role %s", key)
	}
	return roles[i].ID
}

// person makes an active person with a role, as identity would.
func (h *house) person(role actor.RoleID) actor.Actor {
	h.Helper()
	var id int64
	h.write(func(tx *store.Tx) (err error) {
		if id, err = tx.NextSmall(h.ctx, "person"); err != nil {
			return err
		}
		mail := fmt.Sprintf("p%d@example.com", id)
		_, err = tx.Exec(h.ctx, store.Text(`INSERT INTO person (id, version, email, email_key, name, role, language, time_zone, state, created_at, updated_at)
			VALUES (?, 1, ?, ?, 'Somebody', ?, 'en', 'UTC', 'active', ?, ?)`), id, mail, mail, role, tx.Now(), tx.Now())
		if err != nil {
			return err
		}
		return h.book.Changed(h.ctx, tx)
	})
	return actor.Actor{Kind: actor.Person, Person: actor.PersonID(id)}
}

func (h *house) ready(key string) actor.Actor { h.Helper(); return h.person(h.built(key)) }

func (h *house) standing(who actor.Actor) *policy.Standing {
	h.Helper()
	s, err := h.book.Standing(h.ctx, who)
	if err != nil {
		h.Fatal(err)
	}
	return s
}

func (h *house) can(who actor.Actor, a policy.Ability) bool {
	h.Helper()
	ok, _ := h.standing(who).Can(a)
	return ok
}

func (h *house) role(name string, r rights.Rights) rights.Role {
	h.Helper()
	role, err := h.book.CreateRole(h.ctx, actor.House(), rights.Role{Name: name, Rights: r})
	if err != nil {
		h.Fatal(err)
	}
	return role
}

func (h *house) refused(kind fault.Kind, code string, err error) {
	h.Helper()
	f, ok := fault.As(err)
	if !ok || f.Kind != kind || f.Code != code {
		h.Errorf("got %v, want a fault %s %s", err, kind, code)
	}
}

func (h *house) fine(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func TestNewWorkspaceHasTheReadyRolesAsThePolicyMeansThem(t *testing.T) {
	each(t, func(h *house) {
		for _, want := range policy.ReadyRoles() {
			got, ok := h.standing(h.ready(want.Built)).Role()
			if !ok {
				h.Fatalf("%s holds no role", want.Built)
			}
			want.ID = got.ID
			if a, b := fmt.Sprint(rights.RightsOf(got)), fmt.Sprint(rights.RightsOf(want)); a != b {
				h.Errorf("%s was kept as\n%s\nwant\n%s", want.Built, a, b)
			}
			if got.Name != want.Name || got.Built != want.Built {
				h.Errorf("%s came back as %s %s", want.Built, got.Name, got.Built)
			}
		}
	})
}

func TestNobodyElseHasAStanding(t *testing.T) {
	each(t, func(h *house) {
		owner := h.ready(policy.Owner)
		gone := h.ready("manager")
		h.write(func(tx *store.Tx) error {
			if _, err := tx.Exec(h.ctx, store.Text(`UPDATE person SET state = 'deactivated' WHERE id = ?`), gone.Person); err != nil {
				return err
			}
			return h.book.Changed(h.ctx, tx)
		})
		for name, who := range map[string]actor.Actor{
			"a stranger": {}, "the house": actor.House(), "a deactivated person": gone,
			"a person who never was":   {Kind: actor.Person, Person: 9999},
			"a stranger with a number": {Kind: actor.Stranger, Person: owner.Person},
			"a program without a role": {Kind: actor.Program, Person: owner.Person},
			"a program of nobody":      {Kind: actor.Program, Role: h.built("manager")},
			"a program of one gone":    {Kind: actor.Program, Person: gone.Person, Role: h.built("manager")},
		} {
			s := h.standing(who)
			if s.Person() != 0 || len(s.Abilities()) != 0 || len(s.Groups()) != 0 {
				h.Errorf("%s holds something", name)
			}
		}
		all, err := h.book.Standings(h.ctx)
		h.fine(err)
		if len(all) != 1 || all[0].Person() != owner.Person {
			h.Errorf("%d people have a standing, want the owner alone", len(all))
		}
	})
}

func TestChangeOfRoleReachesItsHoldersAtOnce(t *testing.T) {
	each(t, func(h *house) {
		role := h.role("Clerk", rights.Rights{Abilities: []string{"import.run"}})
		who := h.person(role.ID)
		if !h.can(who, policy.RunImport) {
			h.Fatal("the role gave nothing")
		}
		role.Abilities = nil
		changed, err := h.book.ChangeRole(h.ctx, actor.House(), role)
		h.fine(err)
		if h.can(who, policy.RunImport) {
			h.Error("an ability outlived its role's change")
		}
		_, err = h.book.ChangeRole(h.ctx, actor.House(), role)
		h.refused(fault.Conflict, "role.version", err)
		if changed.Version != role.Version+1 || changed.People != 1 {
			h.Errorf("the changed role is shown as version %d with %d people", changed.Version, changed.People)
		}
	})
}

func TestChangeInAnotherProcessIsSeenWithinASecond(t *testing.T) {
	each(t, func(h *house) {
		role := h.role("Clerk", rights.Rights{Abilities: []string{"import.run"}})
		who := h.person(role.ID)
		if !h.can(who, policy.RunImport) {
			h.Fatal("the role gave nothing")
		}
		role.Abilities = nil
		_, err := open(h.T, h.db).ChangeRole(h.ctx, actor.House(), role)
		h.fine(err)
		for end := time.Now().Add(time.Second); h.can(who, policy.RunImport); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				h.Fatal("the right was still there after a second")
			}
		}
	})
}

// Attack 45 on roles: whoever may make roles makes no role that is more than theirs.
func TestNobodyGivesMoreThanTheyHold(t *testing.T) {
	each(t, func(h *house) {
		maker := h.person(h.role("Role maker", rights.Rights{
			Abilities: []string{"roles.manage", "people.manage", "groups.manage"},
			Grades:    map[string]map[string]string{"contact": {"view": "group"}},
			Sights:    []rights.Sight{{Class: "contact", Own: "plain", Group: "masked", All: "hidden"}},
		}).ID)
		owner := h.ready(policy.Owner)
		const more = "rights.more_than_held"
		for name, r := range map[string]rights.Rights{
			"a grade":       {Grades: map[string]map[string]string{"contact": {"view": "all"}}},
			"an action":     {Grades: map[string]map[string]string{"contact": {"export": "own"}}},
			"a kind":        {Grades: map[string]map[string]string{"deal": {"view": "own"}}},
			"an ability":    {Abilities: []string{"ledger.read"}},
			"a sight":       {Sights: []rights.Sight{{Class: "contact", Own: "plain", Group: "plain", All: "hidden"}}},
			"administrator": {Administrator: true},
			"a stage": {Stages: []rights.Stage{{
				Kind: "contact", Pipeline: 1, Stage: 2, Grades: map[string]string{"view": "all"},
			}}},
		} {
			_, err := h.book.CreateRole(h.ctx, maker, rights.Role{Name: "New " + name, Rights: r})
			h.refused(fault.Denied, more, err)
		}
		own, err := h.book.CreateRole(h.ctx, maker, rights.Role{Name: "Less", Rights: rights.Rights{Abilities: []string{"people.manage"}}})
		h.fine(err)

		own.Abilities = append(own.Abilities, "viewas")
		_, err = h.book.ChangeRole(h.ctx, maker, own)
		h.refused(fault.Denied, more, err)

		// Nor do they take from those who hold more.
		manager, err := h.book.Role(h.ctx, maker, h.built("manager"))
		h.fine(err)
		manager.Rights = rights.Rights{}
		_, err = h.book.ChangeRole(h.ctx, maker, manager)
		h.refused(fault.Denied, more, err)
		h.refused(fault.Denied, more, h.book.DeleteRole(h.ctx, maker, manager.ID, manager.Version))

		_, err = h.book.SetDifferences(h.ctx, maker, maker.Person, 0, []rights.Difference{{Aspect: "ability", Ability: "ledger.read"}})
		h.refused(fault.Denied, more, err)
		_, err = h.book.SetDifferences(h.ctx, maker, owner.Person, 0, []rights.Difference{{Aspect: "ability", Ability: "viewas", Remove: true}})
		h.refused(fault.Denied, more, err)

		g, err := h.book.CreateGroup(h.ctx, maker, "North")
		h.fine(err)
		h.refused(fault.Denied, more, h.book.SetMembers(h.ctx, maker, g.ID, g.Version, []rights.Member{{Person: owner.Person, Role: h.built("manager")}}))
		h.refused(fault.Denied, "members.self", h.book.SetMembers(h.ctx, maker, g.ID, g.Version, []rights.Member{{Person: maker.Person}}))

		if n := len(h.standing(maker).Abilities()); n != 3 {
			h.Errorf("after all refusals the maker holds %d abilities", n)
		}
		if len(h.standing(owner).Abilities()) != len(policy.Abilities()) || len(h.standing(owner).Groups()) != 0 {
			h.Error("a refused change left a trace at the owner")
		}
	})
}

// A role is covered; the same role with what is laid over it for one person is not.
func TestRoleIsNotRaisedThroughSomebodysDifferences(t *testing.T) {
	each(t, func(h *house) {
		maker := h.person(h.role("Role maker", rights.Rights{Abilities: []string{"roles.manage"}}).ID)
		plain := h.role("Plain", rights.Rights{})
		who := h.person(plain.ID)
		_, err := h.book.SetDifferences(h.ctx, actor.House(), who.Person, 0, []rights.Difference{
			{Aspect: "grade", Kind: "contact", Action: "view", Grade: "all"},
		})
		h.fine(err)
		plain.Abilities = []string{"roles.manage"}
		_, err = h.book.ChangeRole(h.ctx, maker, plain)
		h.refused(fault.Denied, "rights.more_than_held", err)
	})
}

func TestWithoutTheAbilityNothingIsChangedNorShown(t *testing.T) {
	each(t, func(h *house) {
		who := h.ready("specialist")
		role := h.role("Free", rights.Rights{})
		_, err := h.book.Roles(h.ctx, who)
		h.refused(fault.Denied, "ability.missing", err)
		_, err = h.book.Role(h.ctx, who, role.ID)
		h.refused(fault.Denied, "ability.missing", err)
		_, _, err = h.book.Differences(h.ctx, who, who.Person)
		h.refused(fault.Denied, "ability.missing", err)
		_, _, err = h.book.Rails(h.ctx, who)
		h.refused(fault.Denied, "ability.missing", err)
		g, err := h.book.CreateGroup(h.ctx, actor.House(), "North")
		h.fine(err)
		_, _, err = h.book.Members(h.ctx, who, g.ID)
		h.refused(fault.Denied, "ability.missing", err)

		for _, who := range []actor.Actor{who, {}, {Kind: actor.Program, Person: who.Person}} {
			for name, err := range map[string]error{
				"create role":  second(h.book.CreateRole(h.ctx, who, rights.Role{Name: "Mine"})),
				"change role":  second(h.book.ChangeRole(h.ctx, who, role)),
				"delete role":  h.book.DeleteRole(h.ctx, who, role.ID, role.Version),
				"create group": second(h.book.CreateGroup(h.ctx, who, "Mine")),
				"rename group": second(h.book.RenameGroup(h.ctx, who, g.ID, g.Version, "Mine")),
				"delete group": h.book.DeleteGroup(h.ctx, who, g.ID, g.Version),
				"members":      h.book.SetMembers(h.ctx, who, g.ID, g.Version, nil),
				"differences":  second(h.book.SetDifferences(h.ctx, who, who.Person, 0, nil)),
				"rails":        second(h.book.SetRails(h.ctx, who, 0, nil)),
			} {
				if !fault.Is(err, fault.Denied) {
					h.Errorf("%s: %v", name, err)
				}
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestOwnersRoleAlwaysHoldsEverything(t *testing.T) {
	each(t, func(h *house) {
		owner := h.ready(policy.Owner)
		role, err := h.book.Role(h.ctx, owner, h.built(policy.Owner))
		h.fine(err)
		role.Rights, role.Name = rights.Rights{}, "Chief"
		role, err = h.book.ChangeRole(h.ctx, owner, role)
		h.fine(err)
		if role.Name != "Chief" || len(h.standing(owner).Abilities()) != len(policy.Abilities()) {
			h.Errorf("the owner's role is now %s with %d abilities", role.Name, len(h.standing(owner).Abilities()))
		}
		h.refused(fault.Conflict, "role.in_use", h.book.DeleteRole(h.ctx, owner, role.ID, role.Version))
		_, err = h.book.SetDifferences(h.ctx, owner, owner.Person, 0, []rights.Difference{{Aspect: "ability", Ability: "viewas", Remove: true}})
		h.refused(fault.Invalid, "differences.owner", err)

		// Also after an update that brings new abilities and kinds.
		h.write(func(tx *store.Tx) error {
			if _, err := tx.Exec(h.ctx, store.Text(`UPDATE role SET rights = '{}' WHERE id = ?`), role.ID); err != nil {
				return err
			}
			return h.book.Changed(h.ctx, tx)
		})
		if len(h.standing(owner).Abilities()) != len(policy.Abilities()) {
			h.Error("the owner holds only what was written down once")
		}
	})
}

func TestRoleInUseIsNotDeleted(t *testing.T) {
	each(t, func(h *house) {
		inWorkspace, inGroup, free := h.role("A", rights.Rights{}), h.role("B", rights.Rights{}), h.role("C", rights.Rights{})
		h.person(inWorkspace.ID)
		who := h.ready("specialist")
		g, err := h.book.CreateGroup(h.ctx, actor.House(), "North")
		h.fine(err)
		h.fine(h.book.SetMembers(h.ctx, actor.House(), g.ID, g.Version, []rights.Member{{Person: who.Person, Role: inGroup.ID}}))
		for _, r := range []rights.Role{inWorkspace, inGroup} {
			h.refused(fault.Conflict, "role.in_use", h.book.DeleteRole(h.ctx, actor.House(), r.ID, r.Version))
		}
		h.fine(h.book.DeleteRole(h.ctx, actor.House(), free.ID, free.Version))
		h.refused(fault.Missing, "role.missing", h.book.DeleteRole(h.ctx, actor.House(), free.ID, free.Version))
	})
}

func TestMembersOfAGroupHoldItsRolesThere(t *testing.T) {
	each(t, func(h *house) {
		plain, lead := h.ready("specialist"), h.ready("specialist")
		role := h.role("Lead", rights.Rights{Grades: map[string]map[string]string{"contact": {"view": "all"}}})
		g, err := h.book.CreateGroup(h.ctx, actor.House(), "  North\n ")
		h.fine(err)
		if g.Name != "North" {
			h.Errorf("the name was kept as %q", g.Name)
		}
		h.fine(h.book.SetMembers(h.ctx, actor.House(), g.ID, g.Version, []rights.Member{{Person: lead.Person, Role: role.ID}, {Person: plain.Person}}))
		if got := h.standing(lead).Groups(); !slices.Equal(got, []actor.GroupID{g.ID}) {
			h.Errorf("the lead is in groups %v", got)
		}
		group, members, err := h.book.Members(h.ctx, actor.House(), g.ID)
		h.fine(err)
		if group.Version != 2 || group.Members != 2 || !slices.Equal(members, []rights.Member{{Person: plain.Person}, {Person: lead.Person, Role: role.ID}}) {
			h.Errorf("the group is %+v with %v", group, members)
		}
		h.refused(fault.Conflict, "group.version", h.book.SetMembers(h.ctx, actor.House(), g.ID, g.Version, nil))
		h.fine(h.book.SetMembers(h.ctx, actor.House(), g.ID, group.Version, nil))
		if len(h.standing(lead).Groups()) != 0 {
			h.Error("a membership outlived its end")
		}
	})
}

func TestGroupIsTakenBackBeforeItIsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := &house{T: t, ctx: t.Context(), db: db, book: open(t, db)}
		var told actor.GroupID
		h.book.GroupGone = func(_ context.Context, tx *store.Tx, g actor.GroupID) error { told = g; return nil }
		g, err := h.book.CreateGroup(h.ctx, actor.House(), "North")
		h.fine(err)
		h.fine(h.book.DeleteGroup(h.ctx, actor.House(), g.ID, g.Version))
		if told != g.ID {
			h.Errorf("told of group %d, want %d", told, g.ID)
		}
		all, err := h.book.Groups(h.ctx, actor.House())
		h.fine(err)
		if len(all) != 0 {
			h.Errorf("%d groups are left", len(all))
		}
	})
}

func TestViewerSeesWithTheOthersRightsAndChangesNothing(t *testing.T) {
	each(t, func(h *house) {
		owner, manager, specialist := h.ready(policy.Owner), h.ready("manager"), h.ready("specialist")
		owner.ViewAs = specialist.Person
		if got := h.standing(owner).Person(); got != specialist.Person {
			h.Errorf("the viewer has the standing of person %d", got)
		}
		_, err := h.book.Roles(h.ctx, owner)
		h.refused(fault.Denied, "ability.missing", err)
		owner.ViewAs = manager.Person
		_, err = h.book.CreateGroup(h.ctx, owner, "North")
		h.refused(fault.Denied, "viewas.reads_only", err)
		h.refused(fault.Denied, "viewas.reads_only", h.book.Need(h.ctx, owner, policy.ManageFields))

		for name, who := range map[string]actor.Actor{
			"somebody without the ability": {Kind: actor.Person, Person: specialist.Person, ViewAs: manager.Person},
			"somebody unknown":             {Kind: actor.Person, Person: 9999, ViewAs: manager.Person},
			"a stranger":                   {ViewAs: manager.Person},
			"a program":                    {Kind: actor.Program, Person: owner.Person, Role: h.built("administrator"), ViewAs: specialist.Person},
		} {
			if s, err := h.book.Standing(h.ctx, who); !fault.Is(err, fault.Denied) {
				h.Errorf("%s looks with the rights of %d (%v)", name, s.Person(), err)
			}
		}
	})
}

// The harm: an administrator who may not see something looks through the eyes
// of somebody who may.
func TestNobodySeesMoreThroughOtherEyes(t *testing.T) {
	each(t, func(h *house) {
		owner, administrator := h.ready(policy.Owner), h.ready("administrator")
		administrator.ViewAs = owner.Person
		_, err := h.book.Standing(h.ctx, administrator)
		h.refused(fault.Denied, "rights.more_than_held", err)

		who := h.ready("specialist")
		group, err := h.book.CreateGroup(h.ctx, actor.House(), "North")
		h.fine(err)
		role := h.role("Exporter", rights.Rights{Grades: map[string]map[string]string{"contact": {"view": "all", "export": "all"}}})
		h.fine(h.book.SetMembers(h.ctx, actor.House(), group.ID, group.Version, []rights.Member{{Person: who.Person, Role: role.ID}}))
		administrator.ViewAs = who.Person
		_, err = h.book.Standing(h.ctx, administrator)
		h.refused(fault.Denied, "rights.more_than_held", err)
	})
}

func TestTriedRoleIsNoMoreThanWhoeverTriesItHolds(t *testing.T) {
	each(t, func(h *house) {
		owner, administrator := h.ready(policy.Owner), h.ready("administrator")
		viewer := rights.Rights{Grades: map[string]map[string]string{"contact": {"view": "all"}}}
		s, err := h.book.Try(h.ctx, administrator, viewer)
		h.fine(err)
		if role, _ := s.Role(); s.Person() != administrator.Person || role.Grades["contact"][policy.View] != policy.All || len(s.Abilities()) != 0 {
			h.Errorf("the tried role is %+v of person %d", role, s.Person())
		}
		exporter := rights.Rights{Grades: map[string]map[string]string{"contact": {"view": "all", "export": "all"}}}
		_, err = h.book.Try(h.ctx, owner, exporter)
		h.fine(err)
		_, err = h.book.Try(h.ctx, administrator, exporter)
		h.refused(fault.Denied, "rights.more_than_held", err)
		_, err = h.book.Try(h.ctx, h.ready("specialist"), viewer)
		h.refused(fault.Denied, "ability.missing", err)
	})
}

func TestEveryChangeIsToldInTheLedgerWithBeforeAndAfter(t *testing.T) {
	each(t, func(h *house) {
		owner, other := h.ready(policy.Owner), h.ready("specialist")
		role, err := h.book.CreateRole(h.ctx, owner, rights.Role{Name: "Clerk", Rights: rights.Rights{Abilities: []string{"import.run"}}})
		h.fine(err)
		role.Abilities = []string{"viewas"}
		role, err = h.book.ChangeRole(h.ctx, owner, role)
		h.fine(err)
		h.fine(h.book.DeleteRole(h.ctx, owner, role.ID, role.Version))
		g, err := h.book.CreateGroup(h.ctx, owner, "North")
		h.fine(err)
		g, err = h.book.RenameGroup(h.ctx, owner, g.ID, g.Version, "South")
		h.fine(err)
		h.fine(h.book.SetMembers(h.ctx, owner, g.ID, g.Version, []rights.Member{{Person: other.Person}}))
		h.fine(h.book.DeleteGroup(h.ctx, owner, g.ID, g.Version+1))
		_, err = h.book.SetDifferences(h.ctx, owner, other.Person, 0, []rights.Difference{{Aspect: "ability", Ability: "import.run"}})
		h.fine(err)
		_, err = h.book.SetRails(h.ctx, owner, 0, rights.Rails{"deal": {"export": true}})
		h.fine(err)

		h.fine(h.book.Scribe.Flush(h.ctx))
		told, _, err := h.book.Scribe.Read(h.ctx, scribe.Question{Limit: 100})
		h.fine(err)
		details := map[string]string{}
		for _, e := range told {
			if e.Entry.Actor.ID == int64(owner.Person) {
				details[e.Entry.Event] = string(e.Details)
			}
		}
		for event, want := range map[string][]string{
			"role.created": {"import.run"}, "role.changed": {"import.run", "viewas"}, "role.deleted": {"viewas"},
			"group.created": {"North"}, "group.changed": {"North", "South"}, "group.members_changed": {fmt.Sprint(other.Person)},
			"group.deleted": {"South"}, "rights.differences_changed": {"import.run"}, "rails.changed": {"deal"},
		} {
			got, ok := details[event]
			if !ok {
				h.Errorf("nothing is told of %s", event)
			}
			for _, w := range want {
				if !strings.Contains(got, w) {
					h.Errorf("%s tells %s, without %s", event, got, w)
				}
			}
		}
	})
}

func TestProgramHoldsItsRoleWhileItsOwnerCouldGiveIt(t *testing.T) {
	each(t, func(h *house) {
		role := h.role("Reader", rights.Rights{Grades: map[string]map[string]string{"contact": {"view": "all"}}})
		boss := h.role("Boss", rights.Rights{Grades: map[string]map[string]string{"contact": {"view": "all"}}, Abilities: []string{"import.run"}})
		owner := h.person(boss.ID)
		program := actor.Actor{Kind: actor.Program, Person: owner.Person, Role: role.ID}
		if got, ok := h.standing(program).Role(); !ok || got.ID != role.ID || h.can(program, policy.RunImport) {
			h.Fatal("the program does not hold exactly its role")
		}
		boss.Rights = rights.Rights{}
		_, err := h.book.ChangeRole(h.ctx, actor.House(), boss)
		h.fine(err)
		if s := h.standing(program); s.Person() != 0 {
			h.Error("a program kept rights that its owner has lost")
		}
	})
}

func TestRailsAreTakenAwayByAdministratorsOnly(t *testing.T) {
	each(t, func(h *house) {
		keeper := h.person(h.role("Keeper", rights.Rights{Abilities: []string{"rails.manage"}}).ID)
		on := rights.Rails{"contact": {"export": true}}
		version, err := h.book.SetRails(h.ctx, keeper, 0, on)
		h.fine(err)
		_, err = h.book.SetRails(h.ctx, keeper, version, rights.Rails{"contact": {"export": false}})
		h.refused(fault.Denied, "rails.loosen", err)
		_, err = h.book.SetRails(h.ctx, keeper, 0, on)
		h.refused(fault.Conflict, "rails.version", err)
		got, n, err := h.book.Rails(h.ctx, keeper)
		h.fine(err)
		if n != version || !got["contact"]["export"] {
			h.Errorf("version %d of the rails is %v", n, got)
		}
		_, err = h.book.SetRails(h.ctx, h.ready(policy.Owner), version, rights.Rails{})
		h.fine(err)
		_, err = h.book.SetRails(h.ctx, keeper, version+1, rights.Rails{"contact": {"view": true}})
		h.refused(fault.Invalid, "rights.rail", err)
	})
}

func TestUnknownWordsAreRefusedWhenSentAndGiveNothingWhenFound(t *testing.T) {
	each(t, func(h *house) {
		for name, r := range map[string]rights.Rights{
			"kind":    {Grades: map[string]map[string]string{"contract": {"view": "all"}}},
			"action":  {Grades: map[string]map[string]string{"contact": {"print": "all"}}},
			"grade":   {Grades: map[string]map[string]string{"contact": {"view": "everything"}}},
			"ability": {Abilities: []string{"fly"}},
			"class":   {Sights: []rights.Sight{{Class: "secret", Own: "plain", Group: "plain", All: "plain"}}},
			"field":   {Sights: []rights.Sight{{Kind: "contact", Field: "salary", Own: "plain", Group: "plain", All: "plain"}}},
			"surface": {Sights: []rights.Sight{{Class: "open", Surface: "wall", Own: "plain", Group: "plain", All: "plain"}}},
			"sight":   {Sights: []rights.Sight{{Class: "open", Own: "clear", Group: "plain", All: "plain"}}},
			"days":    {Days: map[string]map[string]int{"contact": {"view": -1}}},
		} {
			_, err := h.book.CreateRole(h.ctx, actor.House(), rights.Role{Name: "Odd " + name, Rights: r})
			if !fault.Is(err, fault.Invalid) {
				h.Errorf("an unknown %s: %v", name, err)
			}
		}
		for _, name := range []string{"", " \n", strings.Repeat("x", 101)} {
			_, err := h.book.CreateRole(h.ctx, actor.House(), rights.Role{Name: name})
			h.refused(fault.Invalid, "name.length", err)
		}
		role := h.role("Odd", rights.Rights{})
		_, err := h.book.CreateRole(h.ctx, actor.House(), rights.Role{Name: "ODD"})
		h.refused(fault.Invalid, "name.taken", err)

		who := h.person(role.ID)
		h.write(func(tx *store.Tx) error {
			_, err := tx.Exec(h.ctx, store.Text(`UPDATE role SET rights = ? WHERE id = ?`),
				`{"abilities":["fly","import.run"],"grades":{"contact":{"view":"galaxy"}},"sights":[{"class":"aura","own":"plain","group":"plain","all":"plain"}]}`, role.ID)
			if err != nil {
				return err
			}
			return h.book.Changed(h.ctx, tx)
		})
		got, _ := h.standing(who).Role()
		if a := h.standing(who).Abilities(); len(a) != 1 || a[0] != policy.RunImport || len(got.Sights) != 0 || got.Grades["contact"][policy.View] != policy.Denied {
			h.Errorf("unknown words gave %v, %v", a, got)
		}
	})
}

// Attack 11: a new custom field with an old name starts with no rights.
func TestFieldOfAnOldNameInheritsNothing(t *testing.T) {
	each(t, func(h *house) {
		rule := rights.Sight{Kind: "contact", Field: "shoe_size", Own: "plain", Group: "plain", All: "plain"}
		role := h.role("Cobbler", rights.Rights{Sights: []rights.Sight{rule, {Class: "open", Own: "plain", Group: "plain", All: "plain"}}})
		plain := h.role("Plain", rights.Rights{})
		cobbler, other := h.person(role.ID), h.person(plain.ID)
		_, err := h.book.SetDifferences(h.ctx, actor.House(), other.Person, 0, []rights.Difference{{Aspect: "sight", Sight: &rule}, {Aspect: "ability", Ability: "import.run"}})
		h.fine(err)
		h.write(func(tx *store.Tx) error { return h.book.ForgetField(h.ctx, tx, "contact", "shoe_size") })
		for _, who := range []actor.Actor{cobbler, other} {
			got, _ := h.standing(who).Role()
			for _, s := range got.Sights {
				if s.Field == "shoe_size" {
					h.Error("a rule about the removed field is still held")
				}
			}
		}
		if got, _ := h.standing(cobbler).Role(); len(got.Sights) != 1 || !h.can(other, policy.RunImport) {
			h.Error("more than the field's rules went with it")
		}
	})
}

func TestWordsAndRightsAreTheSame(t *testing.T) {
	for _, role := range policy.ReadyRoles() {
		role.DaysBack = map[string]map[policy.Action]int{"deal": {policy.View: 0, policy.Edit: 30}}
		role.Stages = []policy.StageRule{{Kind: "deal", Pipeline: 7, Stage: 8, Grades: map[policy.Action]policy.Grade{policy.View: policy.Denied}}}
		there := rights.RightsOf(role)
		back, err := rights.Meaning(there)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := fmt.Sprintf("%+v", rights.RightsOf(back)), fmt.Sprintf("%+v", there); a != b {
			t.Errorf("%s came back as\n%s\nwas\n%s", role.Name, a, b)
		}
	}
}
