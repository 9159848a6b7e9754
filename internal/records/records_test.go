package records_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"castellan/internal/actor"
	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/vault"
)

// house is a workspace with people in ready roles, over a real database.
type house struct {
	t         testing.TB
	db        *store.DB
	scribe    *scribe.Scribe
	vault     *vault.Vault
	workspace *crm.Workspace
	book      *records.Book
	standings map[actor.PersonID]*policy.Standing
}

// The people of the tests, each with the ready role that the name says. Ana and
// Ben are two specialists.
const (
	owner actor.PersonID = iota + 1
	administrator
	manager
	ana
	ben
	callCentre
	accountant
)

var roles = map[actor.PersonID]string{owner: policy.Owner, administrator: "administrator", manager: "manager", ana: "specialist", ben: "specialist", callCentre: "call_centre", accountant: "accountant"}

// Standing and Standings make the house the keeper of its own rights.
func (h *house) Standing(_ context.Context, who actor.Actor) (*policy.Standing, error) {
	if who.ViewAs != 0 {
		return h.standings[who.ViewAs], nil
	}
	return h.standings[who.Person], nil
}

func (h *house) Standings(context.Context) ([]*policy.Standing, error) {
	var all []*policy.Standing
	for p := owner; p <= accountant; p++ {
		all = append(all, h.standings[p])
	}
	return all, nil
}

func (h *house) Need(_ context.Context, who actor.Actor, a policy.Ability) error {
	if may, why := h.standings[who.Person].Can(a); !may {
		return fault.New(fault.Denied, "ability", why.English())
	}
	return nil
}

func (h *house) ForgetField(context.Context, *store.Tx, string, string) error { return nil }

// open makes a house over a database.
func open(t testing.TB, db *store.DB) *house {
	t.Helper()
	h := &house{t: t, db: db, standings: map[actor.PersonID]*policy.Standing{}}
	dir := t.TempDir()
	var err error
	if h.vault, err = vault.Open(dir, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if h.scribe, err = scribe.Open(context.Background(), db, h.vault, scribe.Options{HeadFile: filepath.Join(dir, "head", "ledger.head")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.scribe.Close(context.Background()); err != nil {
			t.Errorf("close the scribe: %v", err)
		}
	})
	if h.workspace, err = crm.OpenWorkspace(context.Background(), db); err != nil {
		t.Fatal(err)
	}
	h.workspace.Join(h.scribe, h)
	err = db.Write(context.Background(), func(tx *store.Tx) error {
		s := crm.Settings{Name: "Test", Region: "PL", Language: "en", TimeZone: "Europe/Warsaw", Currency: "PLN"}
		return h.workspace.Found(context.Background(), tx, s)
	})
	if err != nil {
		t.Fatal(err)
	}
	for p, built := range roles {
		h.give(p, built)
	}
	h.book = records.Open(records.Options{DB: db, Scribe: h.scribe, Rights: h, Vault: h.vault, Catalog: h.workspace.Catalog, Region: h.workspace.Region, Prepare: h.workspace.Prepare()})
	return h
}

// give gives a person a ready role, with differences and groups.
func (h *house) give(p actor.PersonID, built string, more ...func(*policy.StandingInput)) {
	h.t.Helper()
	i := slices.IndexFunc(policy.ReadyRoles(), func(r policy.Role) bool { return r.Built == built })
	if i < 0 {
		h.t.Fatalf("no ready role %q", built)
	}
	role := policy.ReadyRoles()[i]
	role.ID = actor.RoleID(i + 1)
	in := policy.StandingInput{Person: p, Role: &role}
	for _, m := range more {
		m(&in)
	}
	h.standings[p] = policy.NewStanding(in)
}

func as(p actor.PersonID) actor.Actor { return actor.Actor{Kind: actor.Person, Person: p} }

// create makes a record or ends the test.
func (h *house) create(p actor.PersonID, kind string, v records.Values) schema.RecordID {
	h.t.Helper()
	id, err := h.book.Create(context.Background(), as(p), kind, v)
	if err != nil {
		h.t.Fatalf("person %d creates a %s: %v", p, kind, err)
	}
	return id
}

// list gives the ids that a person lists.
func (h *house) list(p actor.PersonID, kind string, q records.Query) []schema.RecordID {
	h.t.Helper()
	page, err := h.book.List(context.Background(), as(p), kind, policy.List, q)
	if err != nil {
		h.t.Fatalf("person %d lists %s with %+v: %v", p, kind, q, err)
	}
	var ids []schema.RecordID
	for _, r := range page.Rows {
		ids = append(ids, r.ID)
	}
	return ids
}

// read opens a card or ends the test.
func (h *house) read(p actor.PersonID, kind string, id schema.RecordID) *records.Record {
	h.t.Helper()
	r, err := h.book.Read(context.Background(), as(p), kind, id, policy.Card)
	if err != nil {
		h.t.Fatalf("person %d reads: %v", p, err)
	}
	return r
}

// field gives a value of a record with its sight; Hidden if it is not there.
func field(r *records.Record, name string) (any, policy.Sight) {
	for i, f := range r.Fields {
		if f.Name == name {
			return r.Rows[0].Values[i], r.Rows[0].Sights[i]
		}
	}
	return nil, policy.Hidden
}

// refuses demands a fault of a kind.
func refuses(t testing.TB, err error, kind fault.Kind, what string) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: got %v, want %s", what, err, kind)
	}
}

func client(name, phone string) records.Values {
	return records.Values{"name": name, "phones": []any{phone}, "emails": []any{strings.ToLower(strings.Fields(name)[0]) + "@example.com"}}
}

func TestClientIsMadeFoundChangedBinnedAndBroughtBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		ctx := context.Background()
		id := h.create(ana, "contact", client("Ola Nowak", "+48 500 555 001"))
		other := h.create(ben, "contact", client("Piotr Zieliński", "+48 500 555 002"))
		if got := h.list(ana, "contact", records.Query{}); !slices.Equal(got, []schema.RecordID{id}) {
			t.Fatalf("Ana lists %v, want her own %v", got, id)
		}
		if got := h.list(owner, "contact", records.Query{}); !slices.Equal(got, []schema.RecordID{other, id}) {
			t.Fatalf("the owner lists %v", got)
		}
		for search, want := range map[string][]schema.RecordID{"now": {id}, "ziel": {other}, "500555002": {other}, "ola@example.com": {id}, "nobody": nil} {
			if got := h.list(owner, "contact", records.Query{Search: search}); !slices.Equal(got, want) {
				t.Errorf("the owner searches %q: %v, want %v", search, got, want)
			}
		}
		r := h.read(owner, "contact", id)
		if v, s := field(r, "family_name"); v != "Nowak" || s != policy.Plain {
			t.Errorf("family name %v %v", v, s)
		}
		if err := h.book.Update(ctx, as(ana), "contact", id, 1, records.Values{"city": "Kraków", "note": "call +48 500 555 777 after six"}); err != nil {
			t.Fatal(err)
		}
		refuses(t, h.book.Update(ctx, as(ana), "contact", id, 1, records.Values{"city": "Łódź"}), fault.Conflict, "an update of an old version")
		if got := h.list(ana, "contact", records.Query{Filter: `city = "kraków"`}); !slices.Equal(got, []schema.RecordID{id}) {
			t.Errorf("filter by city: %v", got)
		}
		steps, err := h.book.History(ctx, as(owner), "contact", id)
		if err != nil || len(steps) != 2 || steps[0].What != "changed" || steps[1].What != "created" {
			t.Fatalf("history: %+v, %v", steps, err)
		}
		was, err := h.book.State(ctx, as(owner), "contact", id, 1)
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := field(was, "city"); v != nil {
			t.Errorf("the first state has a city: %v", v)
		}
		if err := h.book.Revert(ctx, as(owner), "contact", id, 1); err != nil {
			t.Fatal(err)
		}
		if v, _ := field(h.read(owner, "contact", id), "city"); v != nil {
			t.Errorf("after going back the city is %v", v)
		}
		if err := h.book.Delete(ctx, as(owner), "contact", id, 0); err != nil {
			t.Fatal(err)
		}
		if got := h.list(owner, "contact", records.Query{}); !slices.Equal(got, []schema.RecordID{other}) {
			t.Errorf("after deletion the owner lists %v", got)
		}
		if got := h.list(owner, "contact", records.Query{Search: "now"}); got != nil {
			t.Errorf("after deletion the search finds %v", got)
		}
		if got := h.list(owner, "contact", records.Query{Bin: true}); !slices.Equal(got, []schema.RecordID{id}) {
			t.Errorf("the bin holds %v", got)
		}
		_, err = h.book.Read(ctx, as(ana), "contact", id, policy.Card)
		refuses(t, err, fault.Missing, "Ana reads what is in the bin")
		if err := h.book.Restore(ctx, as(owner), "contact", id); err != nil {
			t.Fatal(err)
		}
		if got := h.list(ana, "contact", records.Query{Search: "now"}); !slices.Equal(got, []schema.RecordID{id}) {
			t.Errorf("after restoring Ana finds %v", got)
		}
		if err := h.scribe.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		seen, err := h.book.Seen(ctx, as(owner), "contact", id)
		if err != nil || len(seen) != 2 {
			t.Errorf("seen by %+v, %v; want Ana and the owner", seen, err)
		}
	})
}
