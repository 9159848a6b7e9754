package demo_test

import (
	"castellan/internal/blob"
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"castellan/internal/actor"
	"castellan/internal/crm"
	"castellan/internal/demo"
	"castellan/internal/identity"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/rights"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/vault"
)

// rooms are the real ones, joined as the program joins them.
func rooms(t *testing.T, db *store.DB) demo.Rooms {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	v, err := vault.Open(dir, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w, err := crm.OpenWorkspace(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	r := rights.Open(rights.Options{DB: db, Scribe: nil, Catalog: w.Catalog})
	s, err := scribe.Open(ctx, db, v, scribe.Options{HeadFile: filepath.Join(dir, "head", "ledger.head")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(ctx); err != nil {
			t.Errorf("close the scribe: %v", err)
		}
	})
	r.Scribe = s
	w.Join(s, r)
	accounts := identity.Open(identity.Options{DB: db, Vault: v, Rights: r, Scribe: s, Cost: identity.Cost{MemoryKiB: 1 << 10, Passes: 1, Lanes: 1},
		Founding: func(ctx context.Context, tx *store.Tx, _ actor.Actor, f identity.Founding) error {
			return w.Found(ctx, tx, crm.Settings{Name: f.Workspace, Region: f.Region, Language: f.Language, TimeZone: f.TimeZone, Currency: "EUR"})
		}})
	book := records.Open(records.Options{DB: db, Scribe: s, Rights: r, Vault: v, Catalog: w.Catalog, Region: w.Region, Prepare: w.Prepare(), Settle: w.Settle(), Guard: w.Guard(), Shelf: blob.Open(db, v)})
	return demo.Rooms{Accounts: accounts, Rights: r, Book: book, Workspace: w, Vault: v, Now: db.Now}
}

func TestDemoTellsItsStoriesOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		r := rooms(t, db)
		people, err := demo.Fill(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		if len(people) != 7 || people[0].Password == "" {
			t.Fatalf("%d people can sign in", len(people))
		}
		if _, err := demo.Fill(ctx, r); !errors.Is(err, demo.ErrNotEmpty) {
			t.Errorf("a second demo in the same workspace: %v", err)
		}
		shown := map[string][2]int{} // clients, numbers seen in the list
		for _, p := range people {
			started, err := r.Accounts.SignIn(ctx, identity.Attempt{Email: p.Email, Password: p.Password})
			if err != nil {
				t.Fatalf("%s signs in: %v", p.Email, err)
			}
			page, err := r.Book.List(ctx, started.Actor, "contact", policy.List, records.Query{Limit: 200, Count: records.Exact})
			if err != nil {
				t.Fatalf("%s lists clients: %v", p.Email, err)
			}
			numbers := 0
			for i, f := range page.Fields {
				for _, row := range page.Rows {
					if text, ok := row.Values[i].(string); ok && strings.Contains(text, "555") && f.Name == "phones" {
						numbers++
					}
				}
			}
			shown[p.Email] = [2]int{page.Count.N, numbers}
		}
		t.Log(shown)
		// Every kind has something to show.
		owner, err := r.Accounts.SignIn(ctx, identity.Attempt{Email: people[0].Email, Password: people[0].Password})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range r.Workspace.Catalog().Kinds() {
			if k.Within {
				continue
			}
			page, err := r.Book.List(ctx, owner.Actor, k.Name, policy.List, records.Query{Limit: 1})
			if err != nil {
				t.Fatalf("list %s: %v", k.Plural, err)
			}
			if len(page.Rows) == 0 {
				t.Errorf("the demo has no %s", k.Plural)
			}
		}
		if all := shown["olga@example.com"]; all[0] != 240 || all[1] != 200 {
			t.Errorf("the owner sees %v", all)
		}
		if a := shown["ana@example.com"]; a[0] != 60 || a[1] != 0 {
			t.Errorf("Ana sees %v, want her 60 clients and no number", a)
		}
		if b := shown["ben@example.com"]; b[0] <= 60 || b[1] == 0 || b[1] >= b[0] {
			t.Errorf("Ben sees %v, want his own and the region's clients, the region's with numbers", b)
		}
		if p := shown["piotr@example.com"]; p[0] != 0 {
			t.Errorf("Piotr sees %v clients", p)
		}
	})
}

// A CRM gave people the mail of whoever's address they took for their own.
func TestAttack31ChangingOnesOwnAddressAttachesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		r := rooms(t, db)
		people, err := demo.Fill(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		ana, err := r.Accounts.SignIn(ctx, identity.Attempt{Email: "ana@example.com", Password: people[0].Password})
		if err != nil {
			t.Fatal(err)
		}
		sees := func() string {
			var all []string
			for _, kind := range []string{"contact", "company", "deal", "task"} {
				page, err := r.Book.List(ctx, ana.Actor, kind, policy.List, records.Query{Limit: 200})
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range page.Rows {
					all = append(all, r.Book.RecordWord(kind, row.ID))
				}
			}
			return strings.Join(all, " ")
		}
		before := sees()
		taken := "client2@example.com" // of a client who is Ben's
		self, err := r.Accounts.Person(ctx, ana.Actor, ana.Actor.Person)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Accounts.UpdatePerson(ctx, ana.Actor, self.ID, self.Version, identity.Patch{Email: &taken}); err == nil {
			t.Log("Ana may change her own address")
		}
		owner, err := r.Accounts.SignIn(ctx, identity.Attempt{Email: "olga@example.com", Password: people[0].Password})
		if err != nil {
			t.Fatal(err)
		}
		if self, err = r.Accounts.Person(ctx, owner.Actor, ana.Actor.Person); err != nil {
			t.Fatal(err)
		}
		if self.Email != taken {
			if _, err := r.Accounts.UpdatePerson(ctx, owner.Actor, self.ID, self.Version, identity.Patch{Email: &taken}); err != nil {
				t.Fatal(err)
			}
		}
		if after := sees(); after != before {
			t.Errorf("with a client's address Ana sees\n%s\nand without\n%s", after, before)
		}
	})
}
