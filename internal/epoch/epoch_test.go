package epoch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"castellan/internal/epoch"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

func current(t *testing.T, e *epoch.Epoch) int64 {
	t.Helper()
	n, err := e.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func advance(t *testing.T, db *store.DB, e *epoch.Epoch) {
	t.Helper()
	if err := db.Write(t.Context(), func(tx *store.Tx) error { return e.Advance(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func TestOwnChangeIsNoticedAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		e, other := epoch.New(db, "a"), epoch.New(db, "b")
		if current(t, e) != 0 || current(t, other) != 0 {
			t.Fatal("a new epoch is not 0")
		}
		for want := range int64(5) {
			advance(t, db, e)
			if got := current(t, e); got != want+1 {
				t.Fatalf("after change %d the epoch is %d", want+1, got)
			}
		}
		if current(t, other) != 0 {
			t.Fatal("a change of one epoch advanced another")
		}
	})
}

func TestChangeElsewhereIsNoticedWithinASecond(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		here, there := epoch.New(db, "a"), epoch.New(db, "a")
		current(t, here)
		advance(t, db, there)
		for end := time.Now().Add(time.Second); current(t, here) != 1; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("not noticed after a second")
			}
		}
	})
}

func TestChangeThatIsUndoneAdvancesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		e := epoch.New(db, "a")
		undone := errors.New("undone")
		called := false
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			if err := e.Advance(t.Context(), tx, func(int64) { called = true }); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) || called || current(t, e) != 0 {
			t.Fatalf("err %v, called %v, epoch %d", err, called, current(t, e))
		}
	})
}

// The harm: a change between reading the data and reading its number would
// never be noticed.
func TestNumberBelongsToTheMomentOfTheTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		e := epoch.New(db, "a")
		advance(t, db, e)
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			before, err := e.Under(t.Context(), tx)
			if err != nil {
				return err
			}
			advance(t, db, e)
			after, err := e.Under(t.Context(), tx)
			if err != nil {
				return err
			}
			if before != 1 || after != 1 {
				t.Errorf("the transaction saw %d and then %d", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if current(t, e) != 2 {
			t.Errorf("the change is lost")
		}
	})
}

func BenchmarkCurrent(b *testing.B) {
	db, err := store.Open(context.Background(), store.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	e := epoch.New(db, "a")
	for b.Loop() {
		if _, err := e.Current(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
