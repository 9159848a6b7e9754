package store_test

import (
	"strings"
	"testing"
	"time"

	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// A statement by itself waits for a row that a transaction holds, and then looks
// at what that one has left, also on a server that was told to isolate more.
func TestStatementAloneLooksAgainAtWhatItWaitedFor(t *testing.T) {
	o := storetest.Place(t, store.Postgres)
	if strings.Contains(o.URL, "?") {
		o.URL += "&default_transaction_isolation=serializable"
	} else {
		o.URL += "?default_transaction_isolation=serializable"
	}
	db := storetest.Reopen(t, o)
	table(t, db)
	must(t, db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text("INSERT INTO thing (id, name) VALUES (1, 'first')"))
		return err
	}))
	type answer struct {
		n   int64
		err error
	}
	answers := make(chan answer, 1)
	rename := func() {
		n, err := db.ExecAlone(ctx, store.Text("UPDATE thing SET name = 'mine' WHERE id = 1 AND name = ?"), "first")
		answers <- answer{n, err}
	}
	must(t, db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, store.Text("UPDATE thing SET name = 'theirs' WHERE id = 1")); err != nil {
			return err
		}
		go rename()
		select {
		case a := <-answers:
			t.Errorf("it did not wait: %+v", a)
		case <-time.After(100 * time.Millisecond):
		}
		return nil
	}))
	if a := <-answers; a.n != 0 || a.err != nil {
		t.Errorf("a row that is another now: %+v", a)
	}
	if n, err := db.ExecAlone(ctx, store.Text("UPDATE thing SET name = 'mine' WHERE id = 1 AND name = ?"), "theirs"); n != 1 || err != nil {
		t.Errorf("a row that is free: %d, %v", n, err)
	}
}

func TestStatementAloneIsForPostgreSQL(t *testing.T) {
	db := storetest.Open(t, store.SQLite, nil)
	table(t, db)
	if _, err := db.ExecAlone(ctx, store.Text("INSERT INTO thing (id) VALUES (1)")); err == nil {
		t.Error("SQLite took a statement outside its transactions")
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}
