package records_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"castellan/internal/actor"
	"castellan/internal/crm/crmtest"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// viewers is a house with a group of which Ana is a member and Ben is not.
func viewers(t *testing.T, do func(t *testing.T, h *crmtest.House)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		people(t, h)
		err := db.Write(context.Background(), func(tx *store.Tx) error {
			_, err := tx.Exec(context.Background(), store.Text("INSERT INTO workgroup (id, version, name, name_key) VALUES (7, 1, 'North', 'north')"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		member := func(in *policy.StandingInput) {
			in.Memberships = append(in.Memberships, policy.Membership{Group: 7, Role: in.Role})
		}
		h.Give(crmtest.Ana, "specialist", member)
		h.Give(crmtest.Manager, "manager", member)
		do(t, h)
	})
}

func save(t *testing.T, h *crmtest.House, p actor.PersonID, v records.View) records.View {
	t.Helper()
	v.Kind = "contact"
	kept, err := h.Book.SaveView(context.Background(), crmtest.As(p), v)
	if err != nil {
		t.Fatalf("person %d saves %q: %v", p, v.Name, err)
	}
	return kept
}

func viewNames(t *testing.T, h *crmtest.House, who actor.Actor) []string {
	t.Helper()
	all, err := h.Book.Views(context.Background(), who, "contact")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range all {
		names = append(names, v.Name)
	}
	return names
}

func TestViewIsSeenByThoseForWhomItIs(t *testing.T) {
	viewers(t, func(t *testing.T, h *crmtest.House) {
		ctx := context.Background()
		save(t, h, crmtest.Ana, records.View{Name: "Mine", Look: records.Look{Filter: `responsible = me`, Sort: "-created_at", Columns: []records.Column{{Field: "name", Width: 240, Pinned: true}, {Field: "city"}}}})
		north := save(t, h, crmtest.Manager, records.View{Name: "North", Audience: records.AudienceGroup, Group: 7})
		all := save(t, h, crmtest.Owner, records.View{Name: "All", Audience: records.AudienceEveryone})
		for who, want := range map[actor.PersonID][]string{crmtest.Ana: {"Mine", "North", "All"}, crmtest.Ben: {"All"}, crmtest.Manager: {"North", "All"}, crmtest.Owner: {"All"}, crmtest.Accountant: nil} {
			if got := viewNames(t, h, crmtest.As(who)); !slices.Equal(got, want) {
				t.Errorf("person %d knows of %v, want %v", who, got, want)
			}
		}
		through := crmtest.As(crmtest.Owner)
		through.ViewAs = crmtest.Ana
		if got := viewNames(t, h, through); !slices.Equal(got, []string{"North", "All"}) {
			t.Errorf("through Ana's eyes the owner knows of %v", got)
		}
		_, err := h.Book.SaveView(ctx, through, records.View{Kind: "contact", Name: "x"})
		refuses(t, err, fault.Denied, "a view saved through another's eyes")
		_, err = h.Book.SaveView(ctx, crmtest.As(crmtest.Ana), records.View{Kind: "contact", Name: "For all", Audience: records.AudienceEveryone})
		refuses(t, err, fault.Denied, "Ana shares a view without the ability")
		_, err = h.Book.SaveView(ctx, crmtest.As(crmtest.Manager), records.View{Kind: "contact", Name: "For others", Audience: records.AudienceGroup, Group: 8})
		refuses(t, err, fault.Invalid, "the manager shares with a group of others")
		// Nobody changes what is not theirs, nor learns that it is there.
		north.Name = "South"
		_, err = h.Book.SaveView(ctx, crmtest.As(crmtest.Ana), north)
		refuses(t, err, fault.Denied, "Ana changes a shared view")
		_, err = h.Book.SaveView(ctx, crmtest.As(crmtest.Ben), records.View{ID: north.ID, Kind: "contact", Name: "x"})
		refuses(t, err, fault.Missing, "Ben changes a view that he may not know of")
		refuses(t, h.Book.DropView(ctx, crmtest.As(crmtest.Ben), north.ID), fault.Missing, "Ben deletes it")
		refuses(t, h.Book.DropView(ctx, crmtest.As(crmtest.Ben), all.ID), fault.Denied, "Ben deletes a view for everyone")
		if north, err = h.Book.SaveView(ctx, crmtest.As(crmtest.Manager), north); err != nil || north.Version != 2 {
			t.Fatalf("the manager changes their view: %+v, %v", north, err)
		}
		north.Version = 1
		_, err = h.Book.SaveView(ctx, crmtest.As(crmtest.Manager), north)
		refuses(t, err, fault.Conflict, "an old version")
		// A group that is no more leaves the view to whoever made it.
		err = h.DB.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, store.Text("DELETE FROM workgroup WHERE id = 7"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := viewNames(t, h, crmtest.As(crmtest.Ana)); !slices.Equal(got, []string{"Mine", "All"}) {
			t.Errorf("after the group has gone Ana knows of %v", got)
		}
		if got := viewNames(t, h, crmtest.As(crmtest.Manager)); !slices.Equal(got, []string{"South", "All"}) {
			t.Errorf("after the group has gone its maker knows of %v", got)
		}
		if err := h.Book.DropView(ctx, crmtest.As(crmtest.Manager), north.ID); err != nil {
			t.Error(err)
		}
	})
}

// A shared view gives no right: what it filters and sorts by is not even told to
// whoever may not ask so, and columns that they may not see are not named.
func TestAttack1SharedViewShowsNoFilterThatItsReaderMayNotUse(t *testing.T) {
	viewers(t, func(t *testing.T, h *crmtest.House) {
		ctx := context.Background()
		h.Give(crmtest.Ben, "specialist", func(in *policy.StandingInput) {
			role := in.Role.Clone()
			role.Sights = append(role.Sights, policy.SightRule{Kind: "contact", Field: "city", All: policy.Hidden})
			in.Role = &role
		})
		h.Create(crmtest.Owner, "contact", records.Values{"name": "Celina Wrona", "phones": []any{secret}, "city": "Gdynia", "responsible": crmtest.Ben})
		for _, look := range []records.Look{
			{Filter: `phones has "` + secret + `"`}, {Filter: `city = Gdynia or phones is empty`}, {Filter: `not emails is empty`},
		} {
			made := save(t, h, crmtest.Owner, records.View{Name: "Look", Audience: records.AudienceEveryone, Look: look})
			for _, p := range []actor.PersonID{crmtest.Ana, crmtest.Ben} {
				all, err := h.Book.Views(ctx, crmtest.As(p), "contact")
				if err != nil || len(all) != 1 || !all[0].Barred || all[0].Look.Filter != "" || all[0].Look.Sort != "" {
					t.Errorf("person %d is told %+v, %v", p, all, err)
				}
				_, err = h.Book.SaveView(ctx, crmtest.As(p), records.View{Kind: "contact", Name: "Copy", Look: look})
				refuses(t, err, fault.Denied, fmt.Sprintf("person %d saves the filter as their own", p))
			}
			if all, err := h.Book.Views(ctx, crmtest.As(crmtest.Owner), "contact"); err != nil || all[0].Barred || all[0].Look.Filter != look.Filter {
				t.Errorf("the owner, who may ask so, is told %+v, %v", all, err)
			}
			if err := h.Book.DropView(ctx, crmtest.As(crmtest.Owner), made.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestViewHoldsOnlyWhatItsMakerMayAskFor(t *testing.T) {
	viewers(t, func(t *testing.T, h *crmtest.House) {
		for what, v := range map[string]records.View{
			"no name":                  {Name: "  "},
			"a long name":              {Name: strings.Repeat("a", 81)},
			"a number in it":           {Name: "Call +48 500 555 099"},
			"no such column":           {Name: "x", Look: records.Look{Columns: []records.Column{{Field: "nothing"}}}},
			"a column twice":           {Name: "x", Look: records.Look{Columns: []records.Column{{Field: "name"}, {Field: "name"}}}},
			"a column too wide":        {Name: "x", Look: records.Look{Columns: []records.Column{{Field: "name", Width: 9000}}}},
			"a filter that is none":    {Name: "x", Look: records.Look{Filter: "name ="}},
			"an audience that is none": {Name: "x", Audience: "the world"},
		} {
			v.Kind = "contact"
			_, err := h.Book.SaveView(context.Background(), crmtest.As(crmtest.Owner), v)
			refuses(t, err, fault.Invalid, what)
		}
		_, err := h.Book.SaveView(context.Background(), crmtest.As(crmtest.Ana), records.View{Kind: "contact", Name: "x", Look: records.Look{Filter: "phones is empty"}})
		refuses(t, err, fault.Denied, "a filter by what is masked")
		_, err = h.Book.SaveView(context.Background(), crmtest.As(crmtest.Accountant), records.View{Kind: "contact", Name: "x"})
		refuses(t, err, fault.Missing, "a view of a kind that may not be seen")
		if got := rowsOf(t, h, "SELECT id FROM saved_view"); len(got) != 0 {
			t.Errorf("refused views are kept: %v", got)
		}
	})
}
