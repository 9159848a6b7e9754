package store_test

import (
	"context"
	"testing"
	"time"

	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// Whoever reads over two connections sees on both what was there when the first
// began, whatever is written before the second asks anything.
func TestTwoConnectionsSeeOneMoment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		add := func() error {
			return db.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, store.Text("INSERT INTO thing (id, name) SELECT count(*) + 1, 'one' FROM thing"))
				return err
			})
		}
		must(t, add())
		const count = "SELECT count(*) FROM thing"
		for range 20 {
			begun, written := make(chan int64, 1), make(chan error, 1)
			apart, err := db.Beside(ctx, func(ask func(string) (int64, error)) error {
				n, err := ask(count)
				begun <- n
				if err == nil {
					err = add()
				}
				written <- err
				return err
			}, func(ask func(string) (int64, error)) error {
				n := <-begun
				if err := <-written; err != nil {
					return err
				}
				if m, err := ask(count); err != nil || m != n {
					t.Errorf("one connection sees %d, the other %d: %v", n, m, err)
				}
				return nil
			})
			if err != nil || !apart {
				t.Fatalf("beside each other: %v, %v", apart, err)
			}
		}
	})
}

// Two that hold one connection each and wait for the other's would wait for ever.
func TestWithoutASecondConnectionOneServesBoth(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		table(t, db)
		back, err := db.Crowd(ctx, 1)
		must(t, err)
		defer back()
		soon, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		ended := make(chan error)
		for range 4 {
			go func() {
				asked := func(ask func(string) (int64, error)) error {
					_, err := ask("SELECT count(*) FROM thing")
					return err
				}
				apart, err := db.Beside(soon, asked, asked)
				if apart && db.Engine() == store.SQLite {
					t.Error("there was one connection")
				}
				ended <- err
			}()
		}
		for range 4 {
			must(t, <-ended)
		}
	})
}
