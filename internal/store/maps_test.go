package store

import (
	"testing"
)

// What sessions have mapped is let go of while they rest, and they read on.
func TestMapsAreLetGoOf(t *testing.T) {
	if mapped() == 0 {
		t.Log("the system does not tell how much is mapped")
		return
	}
	db, err := Open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Write(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec(t.Context(), Text(`WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 20000)
			INSERT INTO setting (name, value) SELECT 'a' || i, hex(zeroblob(1000)) FROM s`))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// From the log into the file, which is what is mapped.
	if err := db.writer.(*sqliteWriter).s.script(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	read := func() {
		t.Helper()
		var n int64
		if err := db.QueryRow(t.Context(), Text("SELECT sum(length(value)) FROM setting WHERE name LIKE 'a%'")).Scan(&n); err != nil || n != 20000*2000 {
			t.Fatalf("read %d, %v", n, err)
		}
	}
	before := mapped()
	read()
	held := mapped()
	if held < before+30<<20 {
		t.Fatalf("reading 40 MB mapped %d bytes", held-before)
	}
	db.readers.maps.letGo()
	if left := mapped(); left > held-30<<20 {
		t.Errorf("%d bytes were mapped, and %d still are", held-before, left-before)
	}
	read()
}
