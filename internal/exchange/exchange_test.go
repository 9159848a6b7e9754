package exchange_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"castellan/internal/actor"
	"castellan/internal/crm/crmtest"
	"castellan/internal/exchange"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/sheet/sheettest"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// desk opens imports over a house, whose people are known by the names of
// crmtest, and lets the test change how.
func desk(t testing.TB, h *crmtest.House, change ...func(*exchange.Options)) *exchange.Imports {
	t.Helper()
	o := exchange.Options{DB: h.DB, Scribe: h.Scribe, Vault: h.Vault, Rights: h, Book: h.Book, Region: h.Workspace.Region,
		Language: func() string { return h.Workspace.Settings().Language },
		Person: func(_ context.Context, name string) (actor.PersonID, bool) {
			p, ok := map[string]actor.PersonID{"Ana": crmtest.Ana, "Ben": crmtest.Ben}[name]
			return p, ok
		}}
	for _, c := range change {
		c(&o)
	}
	m := exchange.Open(o)
	t.Cleanup(m.Close)
	return m
}

// upload brings a file and decides about it.
func upload(t testing.TB, m *exchange.Imports, p actor.PersonID, name string, content []byte, adjust func(*exchange.Settings)) *exchange.Import {
	t.Helper()
	ctx, who := context.Background(), crmtest.As(p)
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
	return i
}

// run starts an import and waits for its end, whatever that is.
func run(t testing.TB, m *exchange.Imports, p actor.PersonID, id int64) *exchange.Import {
	t.Helper()
	if err := m.Start(context.Background(), crmtest.As(p), id); err != nil {
		t.Fatalf("start: %v", err)
	}
	return ended(t, m, p, id)
}

func ended(t testing.TB, m *exchange.Imports, p actor.PersonID, id int64) *exchange.Import {
	t.Helper()
	m.Wait()
	i, err := m.Status(context.Background(), crmtest.As(p), id)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// foretold previews an import, lets it happen, and holds one against the other.
func foretold(t testing.TB, m *exchange.Imports, p actor.PersonID, i *exchange.Import) (*exchange.Preview, *exchange.Import) {
	t.Helper()
	before, err := m.Preview(context.Background(), crmtest.As(p), i.ID)
	if err != nil {
		t.Fatalf("preview %s: %v", i.Name, err)
	}
	i = run(t, m, p, i.ID)
	if i.State != exchange.Done {
		t.Fatalf("%s ended as %s: %s", i.Name, i.State, i.Problem)
	}
	if before.Create != i.Created || before.Update != i.Updated || before.Skipped != i.Skipped || before.Refused != i.Refused {
		t.Errorf("%s: foretold %d new, %d changed, %d skipped, %d refused; came %d, %d, %d, %d", i.Name, before.Create, before.Update, before.Skipped, before.Refused, i.Created, i.Updated, i.Skipped, i.Refused)
	}
	return before, i
}

func undo(t testing.TB, m *exchange.Imports, p actor.PersonID, id int64) *exchange.Import {
	t.Helper()
	if err := m.Undo(context.Background(), crmtest.As(p), id); err != nil {
		t.Fatalf("undo: %v", err)
	}
	return ended(t, m, p, id)
}

// refusedRows is the file of refused rows.
func refusedRows(t testing.TB, m *exchange.Imports, p actor.PersonID, id int64) string {
	t.Helper()
	var out strings.Builder
	if err := m.Refused(context.Background(), crmtest.As(p), id, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// shown are the fields of the owner's clients, by name.
func shown(t testing.TB, h *crmtest.House, kind string, fields ...string) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for after := ""; ; {
		page, err := h.Book.List(context.Background(), crmtest.As(crmtest.Owner), kind, policy.List, records.Query{Fields: append([]string{"name"}, fields...), Limit: 100, Cursor: after})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Rows {
			one := map[string]any{"id": r.ID}
			for n, f := range page.Fields {
				one[f.Name] = r.Values[n]
			}
			all[one["name"].(string)] = one
		}
		if after = page.Next; after == "" {
			return all
		}
	}
}

// bring imports a file as the owner and waits for the end.
func bring(t testing.TB, h *crmtest.House, m *exchange.Imports, name string, content []byte, adjust func(*exchange.Settings)) *exchange.Import {
	t.Helper()
	_, i := foretold(t, m, crmtest.Owner, upload(t, m, crmtest.Owner, name, content, adjust))
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
	for _, name := range sheettest.Files(t) {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(filepath.Dir(filepath.Dir(name)))+" "+filepath.Base(name)] = content
	}
	return all
}

func TestEveryFileOfRealShapeComesInOnceAndGoesBackAsOneStep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		// A firm's next file of the same source begins with what was said of the last
		// one, and the files come in any order: so it is said of each.
		skipping := func(s *exchange.Settings) { s.Duplicates = exchange.Skip }
		for name, content := range files(t) {
			before := clients(t, h)
			i := bring(t, h, m, name, content, skipping)
			t.Logf("%s: %s %s, %d new, %d changed, %d skipped, %d refused", name, i.Settings.Guess.Source, i.Settings.Guess.Encoding, i.Created, i.Updated, i.Skipped, i.Refused)
			if i.Created == 0 {
				t.Errorf("%s brought nobody", name)
			}
			if n := clients(t, h); n != before+i.Created {
				t.Errorf("%s: %d clients, want %d", name, n, before+i.Created)
			}
			again := bring(t, h, m, name, content, skipping)
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

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
