package blob_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"

	"castellan/internal/blob"
	"castellan/internal/crm"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/vault"
)

func shelf(t *testing.T, db *store.DB) *blob.Shelf {
	t.Helper()
	v, err := vault.Open(t.TempDir(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return blob.Open(db, v)
}

// broken breaks off after some bytes.
type broken struct{ left int }

func (b *broken) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("the line is dead")
	}
	n := min(b.left, len(p))
	b.left -= n
	return n, nil
}

func TestContentIsSealedAndDoesNotOpenElsewhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s := shelf(t, db)
		content := []byte(strings.Repeat("a passport of somebody. ", 40_000))
		c, err := s.Put(ctx, bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		give := func(c blob.Content, part blob.Part) error {
			return db.Write(ctx, func(tx *store.Tx) error { return s.Give(ctx, tx, c, 7, part) })
		}
		if _, err := s.Of(ctx, 7, blob.Whole); err == nil {
			t.Error("content that belongs to nothing is read")
		}
		if err := give(c, blob.Whole); err != nil {
			t.Fatal(err)
		}
		if err := give(c, blob.Picture); err == nil {
			t.Error("the same content was given twice")
		}
		if err := s.Drop(ctx, c.ID); err != nil {
			t.Fatal(err)
		}
		read := func() ([]byte, error) {
			r, err := s.Of(ctx, 7, blob.Whole)
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		}
		if got, err := read(); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes came back of %d, %v", len(got), len(content), err)
		}
		var lying []byte
		if err := db.QueryRow(ctx, store.Text("SELECT data FROM blob_piece WHERE place = 0")).Scan(&lying); err != nil || bytes.Contains(lying, []byte("passport")) {
			t.Errorf("a piece lies open in the database, %v", err)
		}
		exec := func(q string) {
			t.Helper()
			if err := db.Write(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, store.Text(q)); return err }); err != nil {
				t.Fatal(err)
			}
		}
		exec("UPDATE blob_piece SET place = place + 10")
		exec("UPDATE blob_piece SET place = CASE place WHEN 10 THEN 1 WHEN 11 THEN 0 ELSE place - 10 END")
		if _, err := read(); err == nil {
			t.Error("pieces in another order are read")
		}
		exec("DELETE FROM blob_piece WHERE place = 0")
		if _, err := read(); err == nil {
			t.Error("a file without its first piece is read")
		}
	})
}

func TestWhatDoesNotArriveWholeIsThrownAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if _, err := shelf(t, db).Put(context.Background(), &broken{left: 600_000}); err == nil {
			t.Fatal("half a file was taken for a whole one")
		}
		var left int64
		if err := db.QueryRow(context.Background(), store.Text("SELECT COUNT(*) FROM blob_piece")).Scan(&left); err != nil || left != 0 {
			t.Errorf("%d pieces of it were kept, %v", left, err)
		}
	})
}

func TestEveryFormThatIsRecognisedIsOneThatRecordsKnow(t *testing.T) {
	for _, k := range crm.Kinds() {
		if k.Content == nil {
			continue
		}
		for _, f := range k.Fields {
			for _, form := range blob.Forms() {
				if f.Name != k.Content.Form {
					break
				}
				if _, known := f.Option(form); !known {
					t.Errorf("%s.%s has no choice %q", k.Name, f.Name, form)
				}
			}
		}
	}
}
