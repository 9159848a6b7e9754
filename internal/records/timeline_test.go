package records_test

import (
	"fmt"
	"testing"
	"time"

	"castellan/internal/crm/crmtest"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// A timeline is read to its end page by page, however much of one kind there is.
func TestTimelineIsReadToItsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		client := h.Create(crmtest.Ben, "contact", records.Values{"name": "Anna Ember"})
		word := h.Book.RecordWord("contact", client)
		const each = 120
		for i := range each {
			h.Create(crmtest.Ben, "comment", records.Values{"text": fmt.Sprintf("Remark %d", i), "about_kind": "contact", "about": word})
			h.Create(crmtest.Ben, "task", records.Values{"title": fmt.Sprintf("Call %d", i), "contact": word})
		}
		seen := map[string]int{}
		var before time.Time
		for range 10 {
			moments, err := h.Book.Timeline(t.Context(), crmtest.As(crmtest.Ben), "contact", client, before, "")
			if err != nil {
				t.Fatal(err)
			}
			if len(moments) == 0 {
				break
			}
			for _, m := range moments {
				if !before.IsZero() && !m.At.Before(before) {
					t.Fatalf("a moment of %s came before one of %s", before, m.At)
				}
				before = m.At
				if m.Linked == nil {
					seen["step"]++
					continue
				}
				seen[h.Book.RecordWord(m.Linked.Kind.Name, m.Linked.Rows[0].ID)]++
			}
		}
		if len(seen) != 2*each+1 || seen["step"] != 1 {
			t.Errorf("%d different things were told, of %d", len(seen), 2*each+1)
		}
		for what, n := range seen {
			if n != 1 {
				t.Errorf("%s was told %d times", what, n)
			}
		}
	})
}

// A timeline of one sort is of that sort whatever else there is, from its newest to
// its end, and of what the reader may not see it holds nothing, also when asked for by name.
func TestTimelineIsNarrowedToOneSort(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		client := h.Create(crmtest.Ben, "contact", records.Values{"name": "Anna Ember"})
		word := h.Book.RecordWord("contact", client)
		for i := range 3 {
			h.Create(crmtest.Ben, "task", records.Values{"title": fmt.Sprintf("Call %d", i), "contact": word})
		}
		h.Create(crmtest.Owner, "deal", records.Values{"title": "Quartz", "contact": word})
		const remarks = 130 // more than one look brings
		for i := range remarks {
			h.Create(crmtest.Ben, "comment", records.Values{"text": fmt.Sprintf("Remark %d", i), "about_kind": "contact", "about": word})
		}
		if err := h.Book.Update(t.Context(), crmtest.As(crmtest.Ben), "contact", client, 0, records.Values{"city": "Gdynia"}); err != nil {
			t.Fatal(err)
		}
		read := func(only string) (n int) {
			var before time.Time
			for {
				moments, err := h.Book.Timeline(t.Context(), crmtest.As(crmtest.Ben), "contact", client, before, only)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range moments {
					sort := records.OnlyChanges
					if m.Linked != nil {
						sort = m.Linked.Kind.Name
					}
					if sort != only {
						t.Errorf("among %s there is one of %s", only, sort)
					}
					before = m.At
				}
				if n += len(moments); len(moments) == 0 {
					return n
				}
			}
		}
		for only, want := range map[string]int{"task": 3, "comment": remarks, records.OnlyChanges: 2, "call": 0, "deal": 0} {
			if n := read(only); n != want {
				t.Errorf("%d of %s, want %d", n, only, want)
			}
		}
		if moments, err := h.Book.Timeline(t.Context(), crmtest.As(crmtest.Owner), "contact", client, time.Time{}, "deal"); err != nil || len(moments) != 1 {
			t.Errorf("the owner is told of %d deals, %v", len(moments), err)
		}
		_, err := h.Book.Timeline(t.Context(), crmtest.As(crmtest.Ben), "contact", client, time.Time{}, "secrets")
		refuses(t, err, fault.Invalid, "a sort that there is not")
	})
}
