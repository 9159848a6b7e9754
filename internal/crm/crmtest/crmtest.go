// Package crmtest makes workspaces for tests: people in ready roles, over a real database.
//
// Nothing in it is pretended but the keeper of rights: a test gives standings
// directly, so that it says in one line who may do what.
package crmtest

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"castellan/internal/actor"
	"castellan/internal/blob"
	"castellan/internal/crm"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/vault"
)

// House is a workspace with people in ready roles, over a real database.
type House struct {
	t         testing.TB
	DB        *store.DB
	Scribe    *scribe.Scribe
	Vault     *vault.Vault
	Workspace *crm.Workspace
	Book      *records.Book
	Held      map[actor.PersonID]*policy.Standing // to be changed by Give while others are at work
	held      sync.RWMutex
}

// The people of the tests, each with the ready role that the name says. Ana and
// Ben are two specialists.
const (
	Owner actor.PersonID = iota + 1
	Administrator
	Manager
	Ana
	Ben
	CallCentre
	Accountant
)

var roles = map[actor.PersonID]string{Owner: policy.Owner, Administrator: "administrator", Manager: "manager", Ana: "specialist", Ben: "specialist", CallCentre: "call_centre", Accountant: "accountant"}

// Standing and Standings make the house the keeper of its own rights.
func (h *House) Standing(_ context.Context, who actor.Actor) (*policy.Standing, error) {
	h.held.RLock()
	defer h.held.RUnlock()
	if who.ViewAs != 0 {
		return h.Held[who.ViewAs], nil
	}
	return h.Held[who.Person], nil
}

func (h *House) Standings(context.Context) ([]*policy.Standing, error) {
	h.held.RLock()
	defer h.held.RUnlock()
	var all []*policy.Standing
	for p := Owner; p <= Accountant; p++ {
		all = append(all, h.Held[p])
	}
	return all, nil
}

// Need tells whether the actor holds an ability.
func (h *House) Need(_ context.Context, who actor.Actor, a policy.Ability) error {
	h.held.RLock()
	defer h.held.RUnlock()
	if may, why := h.Held[who.Person].Can(a); !may {
		return fault.New(fault.Denied, "ability", why.English())
	}
	return nil
}

// May is Need: nobody looks through another's eyes at a workspace's settings.
func (h *House) May(ctx context.Context, who actor.Actor, a policy.Ability) error {
	return h.Need(ctx, who, a)
}

// KeepsIn has no hours to hold against.
func (h *House) KeepsIn(context.Context, *store.Tx, actor.Actor, string) error { return nil }

// ForgetField has nothing to forget: standings are given anew by each test.
func (h *House) ForgetField(context.Context, *store.Tx, string, string) error { return nil }

// Open makes a house over a database.
func Open(t testing.TB, db *store.DB) *House {
	t.Helper()
	h := &House{t: t, DB: db, Held: map[actor.PersonID]*policy.Standing{}}
	dir := t.TempDir()
	var err error
	if h.Vault, err = vault.Open(dir, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if h.Scribe, err = scribe.Open(context.Background(), db, h.Vault, scribe.Options{HeadFile: filepath.Join(dir, "head", "ledger.head")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Scribe.Close(context.Background()); err != nil {
			t.Errorf("close the scribe: %v", err)
		}
	})
	if h.Workspace, err = crm.OpenWorkspace(context.Background(), db); err != nil {
		t.Fatal(err)
	}
	h.Workspace.Join(h.Scribe, h)
	err = db.Write(context.Background(), func(tx *store.Tx) error {
		s := crm.Settings{Name: "Test", Region: "PL", Language: "en", TimeZone: "Europe/Warsaw", Currency: "PLN"}
		return h.Workspace.Found(context.Background(), tx, s)
	})
	if err != nil {
		t.Fatal(err)
	}
	for p, built := range roles {
		h.Give(p, built)
	}
	h.Book = records.Open(records.Options{DB: db, Scribe: h.Scribe, Rights: h, Vault: h.Vault, Catalog: h.Workspace.Catalog, Region: h.Workspace.Region, Prepare: h.Workspace.Prepare(), Settle: h.Workspace.Settle(), Guard: h.Workspace.Guard(), Shelf: blob.Open(db, h.Vault)})
	return h
}

// Give gives a person a ready role, with differences and groups.
func (h *House) Give(p actor.PersonID, built string, more ...func(*policy.StandingInput)) {
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
	h.held.Lock()
	defer h.held.Unlock()
	h.Held[p] = policy.NewStanding(in)
}

// As is the person at work.
func As(p actor.PersonID) actor.Actor { return actor.Actor{Kind: actor.Person, Person: p} }

// Create makes a record or ends the test.
func (h *House) Create(p actor.PersonID, kind string, v records.Values) schema.RecordID {
	h.t.Helper()
	id, err := h.Book.Create(context.Background(), As(p), kind, v)
	if err != nil {
		h.t.Fatalf("person %d creates a %s: %v", p, kind, err)
	}
	return id
}

// List gives the ids that a person lists.
func (h *House) List(p actor.PersonID, kind string, q records.Query) []schema.RecordID {
	h.t.Helper()
	page, err := h.Book.List(context.Background(), As(p), kind, policy.List, q)
	if err != nil {
		h.t.Fatalf("person %d lists %s with %+v: %v", p, kind, q, err)
	}
	var ids []schema.RecordID
	for _, r := range page.Rows {
		ids = append(ids, r.ID)
	}
	return ids
}

// Read opens a card or ends the test.
func (h *House) Read(p actor.PersonID, kind string, id schema.RecordID) *records.Record {
	h.t.Helper()
	r, err := h.Book.Read(context.Background(), As(p), kind, id, policy.Card)
	if err != nil {
		h.t.Fatalf("person %d reads: %v", p, err)
	}
	return r
}
