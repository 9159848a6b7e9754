package records_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"castellan/internal/crm/crmtest"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// field gives a value of a record with its sight; Hidden if it is not there.
func field(r *records.Record, name string) (any, policy.Sight) {
	for i, f := range r.Fields {
		if f.Name == name {
			return r.Rows[0].Values[i], r.Rows[0].Sights[i]
		}
	}
	return nil, policy.Hidden
}

// refuses demands a fault of a kind.
func refuses(t testing.TB, err error, kind fault.Kind, what string) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: got %v, want %s", what, err, kind)
	}
}

func client(name, phone string) records.Values {
	return records.Values{"name": name, "phones": []any{phone}, "emails": []any{strings.ToLower(strings.Fields(name)[0]) + "@example.com"}}
}

func TestClientIsMadeFoundChangedBinnedAndBroughtBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		ctx := context.Background()
		id := h.Create(crmtest.Ana, "contact", client("Ola Nowak", "+48 500 555 001"))
		other := h.Create(crmtest.Ben, "contact", client("Piotr Zieliński", "+48 500 555 002"))
		if got := h.List(crmtest.Ana, "contact", records.Query{}); !slices.Equal(got, []schema.RecordID{id}) {
			t.Fatalf("Ana lists %v, want her own %v", got, id)
		}
		if got := h.List(crmtest.Owner, "contact", records.Query{}); !slices.Equal(got, []schema.RecordID{other, id}) {
			t.Fatalf("the owner lists %v", got)
		}
		for search, want := range map[string][]schema.RecordID{"now": {id}, "ziel": {other}, "500555002": {other}, "ola@example.com": {id}, "nobody": nil} {
			if got := h.List(crmtest.Owner, "contact", records.Query{Search: search}); !slices.Equal(got, want) {
				t.Errorf("the owner searches %q: %v, want %v", search, got, want)
			}
		}
		r := h.Read(crmtest.Owner, "contact", id)
		if v, s := field(r, "family_name"); v != "Nowak" || s != policy.Plain {
			t.Errorf("family name %v %v", v, s)
		}
		if err := h.Book.Update(ctx, crmtest.As(crmtest.Ana), "contact", id, 1, records.Values{"city": "Kraków", "note": "call +48 500 555 777 after six"}); err != nil {
			t.Fatal(err)
		}
		refuses(t, h.Book.Update(ctx, crmtest.As(crmtest.Ana), "contact", id, 1, records.Values{"city": "Łódź"}), fault.Conflict, "an update of an old version")
		if got := h.List(crmtest.Ana, "contact", records.Query{Filter: `city = "kraków"`}); !slices.Equal(got, []schema.RecordID{id}) {
			t.Errorf("filter by city: %v", got)
		}
		steps, err := h.Book.History(ctx, crmtest.As(crmtest.Owner), "contact", id)
		if err != nil || len(steps) != 2 || steps[0].What != "changed" || steps[1].What != "created" {
			t.Fatalf("history: %+v, %v", steps, err)
		}
		was, err := h.Book.State(ctx, crmtest.As(crmtest.Owner), "contact", id, 1)
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := field(was, "city"); v != nil {
			t.Errorf("the first state has a city: %v", v)
		}
		if err := h.Book.Revert(ctx, crmtest.As(crmtest.Owner), "contact", id, 1); err != nil {
			t.Fatal(err)
		}
		if v, _ := field(h.Read(crmtest.Owner, "contact", id), "city"); v != nil {
			t.Errorf("after going back the city is %v", v)
		}
		if err := h.Book.Delete(ctx, crmtest.As(crmtest.Owner), "contact", id, 0); err != nil {
			t.Fatal(err)
		}
		if got := h.List(crmtest.Owner, "contact", records.Query{}); !slices.Equal(got, []schema.RecordID{other}) {
			t.Errorf("after deletion the owner lists %v", got)
		}
		if got := h.List(crmtest.Owner, "contact", records.Query{Search: "now"}); got != nil {
			t.Errorf("after deletion the search finds %v", got)
		}
		if got := h.List(crmtest.Owner, "contact", records.Query{Bin: true}); !slices.Equal(got, []schema.RecordID{id}) {
			t.Errorf("the bin holds %v", got)
		}
		_, err = h.Book.Read(ctx, crmtest.As(crmtest.Ana), "contact", id, policy.Card)
		refuses(t, err, fault.Missing, "Ana reads what is in the bin")
		if err := h.Book.Restore(ctx, crmtest.As(crmtest.Owner), "contact", id); err != nil {
			t.Fatal(err)
		}
		if got := h.List(crmtest.Ana, "contact", records.Query{Search: "now"}); !slices.Equal(got, []schema.RecordID{id}) {
			t.Errorf("after restoring Ana finds %v", got)
		}
		if err := h.Scribe.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		seen, err := h.Book.Seen(ctx, crmtest.As(crmtest.Owner), "contact", id)
		if err != nil || len(seen) != 2 {
			t.Errorf("seen by %+v, %v; want Ana and the owner", seen, err)
		}
	})
}
