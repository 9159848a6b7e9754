package records_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"castellan/internal/crm/crmtest"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// A record that is made in a group opens to the group what its maker holds of what
// will lie on it, through the group, too: nothing lies there yet.
func TestARecordMadeInAGroupOpensWhatItsMakerHoldsThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), store.Text("INSERT INTO workgroup (id, version, name, name_key) VALUES (7, 1, 'North', 'north')"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		message := h.Workspace.Catalog().Kind("message")
		for _, c := range []struct {
			view   policy.Grade
			groups []policy.Membership
			file   policy.Grade
		}{
			{policy.All, nil, policy.All},
			{policy.Group, []policy.Membership{{Group: 7}}, policy.All},
			{policy.Group, nil, policy.Own},
			{policy.Own, []policy.Membership{{Group: 7}}, policy.Own},
			{policy.Denied, []policy.Membership{{Group: 7}}, policy.Denied},
		} {
			h.Give(crmtest.Ben, "administrator", func(in *policy.StandingInput) {
				role := in.Role.Clone()
				role.Grades = maps.Clone(role.Grades)
				role.Grades["file"] = map[policy.Action]policy.Grade{policy.View: c.view, policy.Edit: c.view}
				in.Role, in.Memberships = &role, c.groups
			})
			var id schema.RecordID
			err := h.Book.Desk(t.Context(), crmtest.As(crmtest.Ben), func(d *records.Desk) error {
				_, made, err := d.Write("contact", 0, []records.Write{{Values: records.Values{"name": "Anna"}, Group: 7}})
				if err == nil {
					id, err = made[0].ID, made[0].Err
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			shares, err := h.Book.Shares(t.Context(), crmtest.As(crmtest.Owner), "contact", id)
			if err != nil || len(shares) != 1 || shares[0].Group != 7 {
				t.Fatalf("shared %+v, %v", shares, err)
			}
			opened := map[string]policy.Grade{}
			for _, o := range shares[0].Opens {
				opened[o.Kind] = o.Grade
			}
			if opened["file"] != c.file || opened["comment"] != policy.All || opened[message.Name] != policy.All {
				t.Errorf("with files %s and groups %v it opens %v; want files %s", c.view, c.groups, opened, c.file)
			}
		}
		if _, err := h.Book.Shares(t.Context(), crmtest.As(crmtest.Ana), "contact", 1); !fault.Is(err, fault.Missing) {
			t.Errorf("shares of nothing: %v", err)
		}
	})
}

// What a share opened can be proven long after it has ended.
func TestTheLedgerSaysWhatAShareOpens(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		people(t, h)
		client := h.Create(crmtest.Owner, "contact", records.Values{"name": "Anna"})
		h.Give(crmtest.Ben, "manager", func(in *policy.StandingInput) {
			role := in.Role.Clone()
			role.Grades["file"], role.Grades["message"] = map[policy.Action]policy.Grade{policy.View: policy.Own}, nil
			in.Role = &role
		})
		if err := h.Book.Share(t.Context(), crmtest.As(crmtest.Ben), "contact", client, records.Share{Person: crmtest.Ana, Level: records.ShareView}); err != nil {
			t.Fatal(err)
		}
		if err := h.Scribe.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		told, _, err := h.Scribe.Read(t.Context(), scribe.Question{Events: []scribe.Event{"record.shared"}, Limit: 1})
		if err != nil || len(told) != 1 {
			t.Fatalf("%+v, %v", told, err)
		}
		var details struct{ Opens map[string]string }
		if err := json.Unmarshal(told[0].Details, &details); err != nil || !maps.Equal(details.Opens, map[string]string{"comment": "all", "file": "own", "message": "denied"}) {
			t.Errorf("%s, %v", told[0].Details, err)
		}
	})
}

// Many records shared at once open what each of them would open by itself, whoever
// they belong to and whoever they are shared with already.
func TestManySharesOpenWhatEachWould(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		people(t, h)
		h.Give(crmtest.Ben, "manager", func(in *policy.StandingInput) {
			role := in.Role.Clone()
			role.Grades["file"] = map[policy.Action]policy.Grade{policy.View: policy.Own}
			role.Grades["message"] = map[policy.Action]policy.Grade{policy.View: policy.Own}
			role.Abilities[policy.ChangeInBulk] = true
			in.Role = &role
		})
		var made [2][]schema.RecordID
		for i := range made {
			for _, v := range []records.Values{{"name": "Anna"}, {"name": "Bea", "responsible": crmtest.Ben}, {"name": "Carla"}, {"name": "Dora", "responsible": crmtest.Ben}} {
				made[i] = append(made[i], h.Create(crmtest.Owner, "contact", v))
			}
			for _, shared := range made[i][2:] { // by somebody who holds all
				if err := h.Book.Share(t.Context(), crmtest.As(crmtest.Owner), "contact", shared, records.Share{Person: crmtest.Ben, Level: records.ShareEdit}); err != nil {
					t.Fatal(err)
				}
			}
		}
		with := records.Share{Person: crmtest.Ana, Level: records.ShareEdit}
		for _, id := range made[0] {
			if err := h.Book.Share(t.Context(), crmtest.As(crmtest.Ben), "contact", id, with); err != nil {
				t.Fatal(err)
			}
		}
		op, err := h.Book.Bulk(t.Context(), crmtest.As(crmtest.Ben), "contact", records.Selection{IDs: made[1]}, records.BulkShare, nil, with)
		if err != nil || op.Done != 4 {
			t.Fatalf("%+v, %v", op, err)
		}
		opens := func(id schema.RecordID) string {
			shares, err := h.Book.Shares(t.Context(), crmtest.As(crmtest.Owner), "contact", id)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range shares {
				if s.Person == crmtest.Ana {
					return fmt.Sprint(s.Opens)
				}
			}
			return "not shared"
		}
		seen := map[string]bool{}
		for i := range made[0] {
			alone, among := opens(made[0][i]), opens(made[1][i])
			if alone != among {
				t.Errorf("client %d: by itself it opens %s, among many %s", i, alone, among)
			}
			seen[alone] = true
		}
		if len(seen) != 3 {
			t.Errorf("shares of so different clients open %d different things: %v", len(seen), seen)
		}
	})
}
