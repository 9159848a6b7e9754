package records_test

import (
	"fmt"
	"testing"
	"time"

	"castellan/internal/crm/crmtest"
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
			moments, err := h.Book.Timeline(t.Context(), crmtest.As(crmtest.Ben), "contact", client, before)
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
