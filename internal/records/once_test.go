package records_test

import (
	"sync"
	"testing"
	"time"

	"castellan/internal/crm/crmtest"
	"castellan/internal/fault"
	"castellan/internal/records"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// A program that got no answer, because the house was stopped in the middle,
// sends its request again: it must not have two clients then.
func TestRequestSentAgainMakesNothingNewEvenInAnotherProcess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		ctx, olga := t.Context(), crmtest.As(crmtest.Owner)
		once := records.Once{Key: "k1", Asked: []byte("Anna")}
		v := func() records.Values { return records.Values{"name": "Anna"} }
		first, err := h.Book.CreateOnce(ctx, olga, "contact", v(), once)
		if err != nil {
			t.Fatal(err)
		}
		other := records.Open(records.Options{DB: db, Scribe: h.Scribe, Rights: h, Vault: h.Vault, Catalog: h.Workspace.Catalog, Region: h.Workspace.Region, Prepare: h.Workspace.Prepare()})
		if again, err := other.CreateOnce(ctx, olga, "contact", v(), once); err != nil || again != first {
			t.Errorf("sent again it makes %d, not %d: %v", again, first, err)
		}
		if _, err := other.CreateOnce(ctx, olga, "contact", v(), records.Once{Key: "k1", Asked: []byte("Ben")}); !fault.Is(err, fault.Invalid) {
			t.Errorf("a key that was used for something else: %v", err)
		}

		if his, err := h.Book.CreateOnce(ctx, crmtest.As(crmtest.Manager), "contact", v(), once); err != nil || his == first {
			t.Errorf("the key of one is that of another: %d, %v", his, err)
		}
		// What failed may be tried again under the same key.
		failed := records.Once{Key: "k2", Asked: []byte("x")}
		if _, err := h.Book.CreateOnce(ctx, olga, "contact", records.Values{"emails": "no"}, failed); err == nil {
			t.Error("nonsense is a client")
		}
		if _, err := h.Book.CreateOnce(ctx, olga, "contact", v(), failed); err != nil {
			t.Errorf("after a failure: %v", err)
		}
		// A day later the key is free.
		err = db.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, store.Text("UPDATE once SET made_at = made_at - ?"), (25 * time.Hour).Microseconds())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if late, err := h.Book.CreateOnce(ctx, olga, "contact", v(), once); err != nil || late == first {
			t.Errorf("a day later: %d, %v", late, err)
		}
	})
}

func TestRequestsThatComeTogetherUnderOneKeyMakeOneRecord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		ids := make([]any, 8)
		var wait sync.WaitGroup
		for n := range ids {
			wait.Go(func() {
				id, err := h.Book.CreateOnce(t.Context(), crmtest.As(crmtest.Owner), "contact", records.Values{"name": "Anna"}, records.Once{Key: "k", Asked: []byte("Anna")})
				if ids[n] = id; err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Errorf("made %v", ids)
				break
			}
		}
	})
}
