package exchange_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"castellan/internal/actor"
	"castellan/internal/crm/crmtest"
	"castellan/internal/exchange"
	"castellan/internal/records"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

func desk(t testing.TB, h *crmtest.House) *exchange.Imports {
	t.Helper()
	m := exchange.Open(exchange.Options{DB: h.DB, Scribe: h.Scribe, Vault: h.Vault, Rights: h, Book: h.Book, Region: h.Workspace.Region,
		Language: func() string { return h.Workspace.Settings().Language },
		Person:   func(context.Context, string) (actor.PersonID, bool) { return 0, false }})
	t.Cleanup(m.Close)
	return m
}

// bring imports a file as the owner and waits for the end.
func bring(t testing.TB, h *crmtest.House, m *exchange.Imports, name string, content []byte, adjust func(*exchange.Settings)) *exchange.Import {
	t.Helper()
	ctx, who := context.Background(), crmtest.As(crmtest.Owner)
	i, err := m.Upload(ctx, who, name, bytes.NewReader(content))
	if err != nil {
		t.Fatalf("bring %s: %v", name, err)
	}
	if adjust != nil {
		s := i.Settings
		adjust(&s)
		if i, err = m.Adjust(ctx, who, i.ID, s); err != nil {
			t.Fatalf("adjust %s: %v", name, err)
		}
	}
	p, err := m.Preview(ctx, who, i.ID)
	if err != nil {
		t.Fatalf("preview %s: %v", name, err)
	}
	if err := m.Start(ctx, who, i.ID); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	m.Wait()
	if i, err = m.Status(ctx, who, i.ID); err != nil {
		t.Fatal(err)
	}
	if i.State != exchange.Done {
		t.Fatalf("%s ended as %s: %s", name, i.State, i.Problem)
	}
	if p.Create != i.Created || p.Update != i.Updated || p.Skipped != i.Skipped || p.Refused != i.Refused {
		t.Errorf("%s: foretold %d new, %d changed, %d skipped, %d refused; came %d, %d, %d, %d", name, p.Create, p.Update, p.Skipped, p.Refused, i.Created, i.Updated, i.Skipped, i.Refused)
	}
	return i
}

func clients(t testing.TB, h *crmtest.House) int {
	t.Helper()
	n, err := h.Book.CountOf(context.Background(), crmtest.As(crmtest.Owner), "contact", "list", records.Query{Count: records.Exact})
	if err != nil {
		t.Fatal(err)
	}
	return n.N
}

// files are the files that new users come with.
func files(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, pattern := range []string{"csv/*.csv", "vcard/*.vcf"} {
		names, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all[filepath.Base(name)] = content
		}
	}
	if len(all) != 11 {
		t.Fatalf("found %d files of real shape, want 11", len(all))
	}
	return all
}

func TestEveryFileOfRealShapeComesInOnceAndGoesBackAsOneStep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		for name, content := range files(t) {
			before := clients(t, h)
			i := bring(t, h, m, name, content, nil)
			t.Logf("%s: %s %s, %d new, %d changed, %d skipped, %d refused", name, i.Settings.Guess.Source, i.Settings.Guess.Encoding, i.Created, i.Updated, i.Skipped, i.Refused)
			if i.Created == 0 {
				t.Errorf("%s brought nobody", name)
			}
			if n := clients(t, h); n != before+i.Created {
				t.Errorf("%s: %d clients, want %d", name, n, before+i.Created)
			}
			again := bring(t, h, m, name, content, nil)
			if again.Created != 0 || again.Updated != 0 {
				t.Errorf("%s brought again makes %d and changes %d", name, again.Created, again.Updated)
			}
			again = bring(t, h, m, name, content, func(s *exchange.Settings) { s.Duplicates = exchange.Update })
			if again.Created != 0 {
				t.Errorf("%s brought again to update makes %d", name, again.Created)
			}
			if err := m.Undo(context.Background(), crmtest.As(crmtest.Owner), again.ID); err != nil {
				t.Fatal(err)
			}
			m.Wait()
			if err := m.Undo(context.Background(), crmtest.As(crmtest.Owner), i.ID); err != nil {
				t.Fatal(err)
			}
			m.Wait()
			if n := clients(t, h); n != before {
				t.Errorf("%s taken back leaves %d clients, want %d", name, n, before)
			}
			var out strings.Builder
			if err := m.Refused(context.Background(), crmtest.As(crmtest.Owner), i.ID, &out); err != nil {
				t.Fatal(err)
			}
			if i.Refused > 0 && strings.Count(out.String(), "\n") < i.Refused {
				t.Errorf("%s: the file of refused rows has fewer rows than were refused", name)
			}
		}
	})
}
