package crm_test

import (
	"testing"

	"castellan/internal/crm"
	"castellan/internal/crm/crmtest"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

func prospectOf(h *crmtest.House, note string) schema.RecordID {
	list := h.Create(crmtest.Owner, "prospect_list", records.Values{"name": "Fair in May"})
	return h.Create(crmtest.Owner, "prospect", records.Values{"name": "Ola Nowak", "list": list, "phones": []any{"+48 500 555 001"}, "emails": []any{"ola@example.com"},
		"tags": []any{"fair"}, "city": "Kraków", "note": note, "responsible": crmtest.Ben})
}

func TestProspectBecomesAClientAndADealInOneStep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		ctx, owner := t.Context(), crmtest.As(crmtest.Owner)
		id := prospectOf(h, "Met at the fair")
		made, err := crm.Convert(ctx, h.Book, owner, id, "First order")
		if err != nil {
			t.Fatal(err)
		}
		for field, want := range map[string]any{"name": "Ola Nowak", "family_name": "Nowak", "city": "Kraków", "tags": `["fair"]`, "note": "Met at the fair", "responsible": int64(crmtest.Ben)} {
			if got := held(t, h, "contact", made.Contact, field); got != want {
				t.Errorf("the client's %s is %v, want %v", field, got, want)
			}
		}
		if found := h.List(crmtest.Owner, "contact", records.Query{Search: "500555001"}); len(found) != 1 || found[0] != made.Contact {
			t.Errorf("by the number one finds %v", found)
		}
		if got := held(t, h, "deal", made.Deal, "contact"); got != int64(made.Contact) {
			t.Errorf("the deal is with %v", got)
		}
		if held(t, h, "prospect", id, "status") != "converted" || held(t, h, "prospect", id, "contact") != int64(made.Contact) || held(t, h, "prospect", id, "deal") != int64(made.Deal) {
			t.Error("the prospect does not lead to what became of it")
		}
		if _, err := crm.Convert(ctx, h.Book, owner, id, ""); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second time: %v", err)
		}
	})
}

// Attack 15: what is masked on the prospect must not become plain by becoming a
// client of the one who converts it.
func TestProspectIsNotConvertedByWhoeverMayNotSeeItsNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		masked := func(in *policy.StandingInput) {
			in.Role.Sights = []policy.SightRule{{Class: schema.Open, All: policy.Plain}, {Class: schema.Personal, All: policy.Plain},
				{Class: schema.Contact, All: policy.Masked}, {Kind: "contact", Class: schema.Contact, All: policy.Plain}}
		}
		h.Give(crmtest.Ana, "manager", masked)
		before := len(h.List(crmtest.Owner, "contact", records.Query{}))
		id := prospectOf(h, "")
		if _, err := crm.Convert(t.Context(), h.Book, crmtest.As(crmtest.Ana), id, "Mine"); !fault.Is(err, fault.Denied) {
			t.Errorf("Ana converts it: %v", err)
		}
		// A number typed into the note is no way round, either.
		list := h.Create(crmtest.Owner, "prospect_list", records.Values{"name": "Notes"})
		noted := h.Create(crmtest.Owner, "prospect", records.Values{"name": "Jan Lis", "list": list, "note": "call +48 500 555 002"})
		if _, err := crm.Convert(t.Context(), h.Book, crmtest.As(crmtest.Ana), noted, ""); !fault.Is(err, fault.Denied) {
			t.Errorf("Ana converts one with a number in its note: %v", err)
		}
		if after := len(h.List(crmtest.Owner, "contact", records.Query{})); after != before || held(t, h, "prospect", id, "status") != "new" {
			t.Errorf("a refused conversion left %d clients more, and the status %v", after-before, held(t, h, "prospect", id, "status"))
		}
		if _, err := crm.Convert(t.Context(), h.Book, crmtest.As(crmtest.Ana), 12345, ""); !fault.Is(err, fault.Missing) {
			t.Errorf("what is not there: %v", err)
		}
	})
}
