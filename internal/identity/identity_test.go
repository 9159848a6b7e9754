package identity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/rights"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/vault"
)

// house is a workspace with its owner, on a clock that the test moves.
type house struct {
	*testing.T
	*Accounts
	ctx   context.Context
	clock *clock
	owner Started
}

type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time       { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) pass(d time.Duration) { c.ahead.Add(int64(d)) }

var (
	home   = netip.MustParseAddr("192.0.2.10")
	abroad = netip.MustParseAddr("198.51.100.7")
	cheap  = Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}
)

const (
	ownerMail = "olga@example.com"
	good      = "four unrelated words sing"
	better    = "seven green lamps whisper"
)

func each(t *testing.T, test func(h *house)) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			h := empty(t, engine)
			token, err := h.SetupLink(h.ctx)
			h.fine(err)
			h.owner, err = h.Setup(h.ctx, founding(token))
			h.fine(err)
			test(h)
		})
	}
}

func founding(token string) Founding {
	return Founding{Token: token, Email: ownerMail, Name: "Olga Owner", Password: good, Language: "ru", Workspace: "Studio", TimeZone: "Europe/Warsaw", Address: home, Device: "test"}
}

func empty(t *testing.T, engine store.Engine) *house {
	h := &house{T: t, ctx: t.Context(), clock: &clock{}}
	h.Accounts = open(t, storetest.Open(t, engine, h.clock.now))
	return h
}

// open is a house of its own on a database, with keys of its own: a second one on
// the same database finds a ledger that is signed with another key (see beside).
func open(t testing.TB, db *store.DB) *Accounts {
	t.Helper()
	keys, err := vault.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	writer, err := scribe.Open(context.Background(), db, keys, scribe.Options{HeadFile: filepath.Join(t.TempDir(), "head")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := writer.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	kinds, err := schema.New()
	if err != nil {
		t.Fatal(err)
	}
	book := rights.Open(rights.Options{DB: db, Scribe: writer, Catalog: func() *schema.Catalog { return kinds }})
	return Open(Options{DB: db, Vault: keys, Rights: book, Scribe: writer, Cost: cheap})
}

// beside is another process on the same database: of the same house, and so with
// the same keys. What it remembers is its own.
func (h *house) beside() *Accounts {
	return Open(Options{DB: h.DB, Vault: h.Vault, Scribe: h.Scribe, Cost: cheap,
		Rights: rights.Open(rights.Options{DB: h.DB, Scribe: h.Scribe, Catalog: h.Rights.Catalog})})
}

func (h *house) fine(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) refused(kind fault.Kind, code string, err error) {
	h.Helper()
	f, ok := fault.As(err)
	if !ok || f.Kind != kind || f.Code != code {
		h.Errorf("got %v, want a fault %s %s", err, kind, code)
	}
}

// role finds a ready role.
func (h *house) role(built string) actor.RoleID {
	h.Helper()
	roles, err := h.Rights.Roles(h.ctx, actor.House())
	h.fine(err)
	for _, r := range roles {
		if r.Built == built {
			return r.ID
		}
	}
	h.Fatalf("there is no role %s", built)
	return 0
}

// newRole makes a role with abilities and nothing else.
func (h *house) newRole(name string, abilities ...string) actor.RoleID {
	h.Helper()
	r, err := h.Rights.CreateRole(h.ctx, actor.House(), rights.Role{Name: name, Rights: rights.Rights{Abilities: abilities}})
	h.fine(err)
	return r.ID
}

// person makes an account whose password is better, and signs it in.
func (h *house) person(mail string, role actor.RoleID) Started {
	h.Helper()
	_, err := h.CreatePerson(h.ctx, actor.House(), Draft{Email: mail, Name: "Somebody", Role: role, Password: better})
	h.fine(err)
	return h.signIn(mail, better)
}

func (h *house) signIn(mail, password string) Started {
	h.Helper()
	s, err := h.SignIn(h.ctx, Attempt{Email: mail, Password: password, Address: home, Device: "test"})
	h.fine(err)
	return s
}

func (h *house) lets(s Started) bool {
	h.Helper()
	who, err := h.Resolve(h.ctx, s.Token, home, "test")
	if err == nil && who.Person != s.Person.ID {
		h.Errorf("the token of person %d resolves to %d", s.Person.ID, who.Person)
	}
	if err != nil && !fault.Is(err, fault.Unknown) {
		h.Errorf("resolve: %v", err)
	}
	return err == nil
}

// reset is a reset that somebody starts, followed to its end.
func (h *house) reset(by actor.Actor, person actor.PersonID, password string) error {
	token, _, err := h.Link(h.ctx, by, person, Reset)
	if err == nil {
		_, err = h.Redeem(h.ctx, Redeeming{Token: token, Password: password, Address: home})
	}
	return err
}

func (h *house) ask(email, password string, from netip.Addr) error {
	_, err := h.SignIn(h.ctx, Attempt{Email: email, Password: password, Address: from, Device: "test"})
	return err
}

// told lists the events in the ledger, oldest first.
func (h *house) told() []scribe.Event {
	h.Helper()
	h.fine(h.Scribe.Flush(h.ctx))
	all, _, err := h.Scribe.Read(h.ctx, scribe.Question{Limit: 500})
	h.fine(err)
	var events []scribe.Event
	for i := len(all) - 1; i >= 0; i-- {
		events = append(events, scribe.Event(all[i].Entry.Event))
	}
	return events
}

func (h *house) tells(events ...scribe.Event) {
	h.Helper()
	told := h.told()
	for _, want := range events {
		found := false
		for _, e := range told {
			found = found || e == want
		}
		if !found {
			h.Errorf("the ledger does not tell of %s; it tells of %v", want, told)
		}
	}
}

func TestOwnerSetsTheWorkspaceUpAndIsSignedIn(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			h := empty(t, engine)
			needed, err := h.SetupNeeded(h.ctx)
			h.fine(err)
			if !needed {
				h.Fatal("an empty workspace does not wait for its owner")
			}
			var told Founding
			h.Founding = func(_ context.Context, _ *store.Tx, who actor.Actor, f Founding) error {
				told = f
				return nil
			}
			token, err := h.SetupLink(h.ctx)
			h.fine(err)
			s, err := h.Setup(h.ctx, founding(token))
			h.fine(err)
			who, err := h.Resolve(h.ctx, s.Token, abroad, "phone")
			h.fine(err)
			want := actor.Actor{Kind: actor.Person, Person: 1, Session: s.Actor.Session, Language: "ru", Address: abroad, Device: "phone", Proved: s.Actor.Proved}
			if who != want {
				h.Errorf("the owner resolves to %+v, want %+v", who, want)
			}
			if err := h.Rights.Need(h.ctx, who, policy.ManageRoles); err != nil {
				h.Errorf("the owner may not manage roles: %v", err)
			}
			if told.Workspace != "Studio" {
				h.Error("other rooms were not told of the founding")
			}
			h.tells("workspace.founded", "session.started")
		})
	}
}

// Attack 58: setup is closed without the owner's key, and afterwards for ever.
func TestNobodyElseSetsTheWorkspaceUp(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			h := empty(t, engine)
			_, err := h.Setup(h.ctx, founding(""))
			h.refused(fault.Unknown, "session.missing", err)
			old, err := h.SetupLink(h.ctx)
			h.fine(err)
			token, err := h.SetupLink(h.ctx)
			h.fine(err)
			for _, wrong := range []string{"", "x", old, token + "x", token[1:], strings.ToUpper(token)} {
				_, err := h.Setup(h.ctx, founding(wrong))
				h.refused(fault.Unknown, "session.missing", err)
			}
			weak := founding(token)
			weak.Password = "short"
			_, err = h.Setup(h.ctx, weak)
			h.refused(fault.Invalid, "password.short", err)
			if needed, _ := h.SetupNeeded(h.ctx); !needed {
				h.Fatal("a refused setup left somebody behind")
			}
			broken := errors.New("broken")
			h.Founding = func(context.Context, *store.Tx, actor.Actor, Founding) error { return broken }
			if _, err := h.Setup(h.ctx, founding(token)); !errors.Is(err, broken) {
				h.Errorf("got %v", err)
			}
			h.Founding = nil
			if roles, _ := h.Rights.Roles(h.ctx, actor.House()); len(roles) != 0 {
				h.Error("a setup that failed left roles behind")
			}
			_, err = h.Setup(h.ctx, founding(token))
			h.fine(err)

			again, err := h.SetupLink(h.ctx)
			h.fine(err)
			if again != "" {
				h.Error("a workspace with an owner made a setup link")
			}
			h.clock.pass(time.Hour)
			for _, late := range []string{token, old, ""} {
				f := founding(late)
				f.Email = "eve@example.com"
				_, err := h.Setup(h.ctx, f)
				h.refused(fault.Unknown, "session.missing", err)
			}
			people, err := h.People(h.ctx, actor.House())
			h.fine(err)
			if len(people) != 1 {
				h.Errorf("there are %d people", len(people))
			}
			h.tells("setup.refused")
		})
	}
}

func TestTwoWhoFoundAtTheSameTimeMakeOneOwner(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			h := empty(t, engine)
			token, err := h.SetupLink(h.ctx)
			h.fine(err)
			var made atomic.Int32
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					f := founding(token)
					f.Email = fmt.Sprintf("p%d@example.com", i)
					if _, err := h.Setup(h.ctx, f); err == nil {
						made.Add(1)
					}
				})
			}
			wg.Wait()
			people, err := h.People(h.ctx, actor.House())
			h.fine(err)
			if made.Load() != 1 || len(people) != 1 {
				h.Errorf("%d setups succeeded, %d people exist", made.Load(), len(people))
			}
		})
	}
}

// Attack 46: unknown, wrong and blocked are the same words and the same work.
func TestEveryRefusalIsTheSameWordsAndTheSameWork(t *testing.T) {
	each(t, func(h *house) {
		gone := h.person("gone@example.com", h.role("specialist"))
		h.fine(h.Deactivate(h.ctx, h.owner.Actor, gone.Person.ID))
		_, err := h.CreatePerson(h.ctx, actor.House(), Draft{Email: "new@example.com", Name: "New", Role: h.role("specialist")})
		h.fine(err)
		var first string
		for name, try := range map[string][2]string{
			"unknown":            {"nobody@example.com", good},
			"no address at all":  {"", good},
			"wrong password":     {ownerMail, better},
			"empty password":     {ownerMail, ""},
			"very long password": {ownerMail, strings.Repeat("x", 100_000)},
			"deactivated":        {"gone@example.com", better},
			"without a password": {"new@example.com", ""},
			"odd text":           {"\x00\xff@example.com", "\x00\xff"},
		} {
			before := h.hasher.count.Load()
			err := h.ask(try[0], try[1], abroad)
			h.refused(fault.Unknown, "signin.refused", err)
			if n := h.hasher.count.Load() - before; n != 1 {
				h.Errorf("%s: %d hashes were made, want 1", name, n)
			}
			f, _ := fault.As(err)
			said := fmt.Sprintf("%+v", *f)
			if first == "" {
				first = said
			}
			if said != first {
				h.Errorf("%s is refused with %s, others with %s", name, said, first)
			}
			h.clock.pass(time.Minute)
		}
		h.tells("session.refused")
	})
}

func TestDummyWorkCostsWhatARealHashCosts(t *testing.T) {
	h := &house{T: t, Accounts: &Accounts{}}
	keys, err := vault.Open(t.TempDir(), nil)
	h.fine(err)
	hasher := newHasher(keys, Cost{MemoryKiB: 32 << 10, Passes: 2, Lanes: 1}, 1)
	stored, err := hasher.hash(t.Context(), good)
	h.fine(err)
	// The least of several, taken by turns: the machine may have other work.
	least := map[string]time.Duration{stored: time.Hour, "": time.Hour}
	for range 60 {
		for against := range least {
			start := time.Now()
			if right, _, err := hasher.check(t.Context(), "not it", against); right || err != nil {
				t.Fatalf("right %v, %v", right, err)
			}
			least[against] = min(least[against], time.Since(start))
		}
		wrong, nobody := least[stored], least[""]
		if nobody > wrong*3/4 && nobody < wrong*4/3 {
			return
		}
	}
	t.Errorf("a wrong password takes %v, an unknown person %v", least[stored], least[""])
}

// Attack 48: a token that was there before is not taken over.
func TestSignInAlwaysMakesANewToken(t *testing.T) {
	each(t, func(h *house) {
		seen := map[string]bool{h.owner.Token: true}
		for range 5 {
			s := h.signIn(ownerMail, good)
			if seen[s.Token] || len(s.Token) < 43 {
				h.Fatalf("the token was there before, or is short: %d characters", len(s.Token))
			}
			seen[s.Token] = true
		}
		for _, foreign := range []string{"", "chosen-by-somebody-else", strings.Repeat("A", 43), h.owner.Token + "A"} {
			_, err := h.Resolve(h.ctx, foreign, abroad, "test")
			h.refused(fault.Unknown, "session.missing", err)
		}
	})
}

// Attack 49, and a stolen database: nothing in it lets anybody in.
func TestNoTokenAndNoPasswordLiesInTheDatabase(t *testing.T) {
	each(t, func(h *house) {
		key, plain, err := h.CreateKey(h.ctx, h.owner.Actor, KeyDraft{Name: "Site", Role: h.role("specialist")})
		h.fine(err)
		p, err := h.CreatePerson(h.ctx, h.owner.Actor, Draft{Email: "ivan@example.com", Name: "Ivan", Role: h.role("specialist"), Password: better})
		h.fine(err)
		link, _, err := h.Link(h.ctx, h.owner.Actor, p.ID, Reset)
		h.fine(err)
		h.refused(fault.Unknown, "signin.refused", h.ask("typed-into-the-wrong-field@example.com", "another secret of mine", abroad))
		h.fine(h.Scribe.Flush(h.ctx))
		for _, secret := range []string{h.owner.Token, good, better, plain, link, "typed-into-the-wrong-field", "another secret of mine"} {
			for _, where := range []struct {
				db  *store.DB
				sql store.Text
			}{
				{h.DB, `SELECT email, email_key, name, password FROM person`},
				{h.DB, `SELECT hash, how, address, network, device, ended_why FROM session`},
				{h.DB, `SELECT hash, hint, name, networks FROM program_key`},
				{h.DB, `SELECT hash, purpose FROM one_time_link`},
				{h.DB, `SELECT entry, salt, details FROM outbox`},
				{h.DB.Ledger(), `SELECT entry, '' FROM ledger`},
				{h.DB.Ledger(), `SELECT data, '' FROM detail`},
			} {
				rows, err := where.db.Query(h.ctx, where.sql)
				h.fine(err)
				for rows.Next() {
					if bytes.Contains(fmt.Appendf(nil, "%s", rows.Values()), []byte(secret)) {
						h.Errorf("a secret lies where %s finds it", where.sql)
					}
				}
				h.fine(rows.Close())
			}
		}
		if !strings.HasSuffix(plain, key.Hint) || len(key.Hint) != 4 {
			h.Errorf("the hint is %q", key.Hint)
		}
	})
}

// Attack 40: deactivation ends sessions, keys and links at once, here and in
// every other process, and nobody undoes it for themselves.
func TestDeactivationEndsEverythingAtOnce(t *testing.T) {
	each(t, func(h *house) {
		there := h.beside()
		admin := h.person("adam@example.com", h.role("administrator"))
		second := h.signIn("adam@example.com", better)
		_, plain, err := h.CreateKey(h.ctx, admin.Actor, KeyDraft{Name: "Site", Role: h.role("specialist")})
		h.fine(err)
		link, _, err := h.Link(h.ctx, h.owner.Actor, admin.Person.ID, Reset)
		h.fine(err)
		_, err = h.ResolveKey(h.ctx, plain, home, "")
		h.fine(err)
		for _, a := range []*Accounts{h.Accounts, there} {
			for _, s := range []Started{admin, second} {
				_, err := a.Resolve(h.ctx, s.Token, home, "")
				h.fine(err)
			}
		}

		h.fine(h.Deactivate(h.ctx, h.owner.Actor, admin.Person.ID))
		if h.lets(admin) || h.lets(second) {
			h.Error("a session outlived the account")
		}
		_, err = h.ResolveKey(h.ctx, plain, home, "")
		h.refused(fault.Unknown, "session.missing", err)
		_, err = h.Redeem(h.ctx, Redeeming{Token: link, Password: good, Address: home})
		h.refused(fault.Unknown, "session.missing", err)
		h.refused(fault.Unknown, "signin.refused", h.ask("adam@example.com", better, home))
		// Whoever still holds his actor, a job or an open stream, does nothing with it.
		h.refused(fault.Denied, "ability.missing", h.Reactivate(h.ctx, admin.Actor, admin.Person.ID))
		h.refused(fault.Denied, "ability.missing", h.Rights.Need(h.ctx, admin.Actor, policy.ManagePeople))
		for end := time.Now().Add(time.Second); ; time.Sleep(10 * time.Millisecond) {
			if _, err := there.Resolve(h.ctx, admin.Token, home, ""); err != nil {
				h.refused(fault.Unknown, "session.missing", err)
				break
			}
			if time.Now().After(end) {
				h.Fatal("another process let him in for more than a second")
			}
		}

		h.fine(h.Reactivate(h.ctx, h.owner.Actor, admin.Person.ID))
		_, err = h.ResolveKey(h.ctx, plain, home, "")
		if h.lets(admin) || err == nil {
			h.Error("reactivation brought an ended session or key back")
		}
		h.signIn("adam@example.com", better)
		h.tells("person.deactivated", "sessions.ended", "person.reactivated")
	})
}

// Attack 41: a new password or role ends the other sessions.
func TestNewPasswordOrRoleEndsOtherSessions(t *testing.T) {
	each(t, func(h *house) {
		ana := h.person("ana@example.com", h.role("manager"))
		other := h.signIn("ana@example.com", better)
		h.fine(h.ChangePassword(h.ctx, ana.Actor, better, good))
		if !h.lets(ana) || h.lets(other) {
			h.Errorf("after a change of password: own session %v, other %v", h.lets(ana), h.lets(other))
		}
		h.refused(fault.Unknown, "signin.refused", h.ask("ana@example.com", better, home))

		h.fine(h.reset(h.owner.Actor, ana.Person.ID, better))
		if h.lets(ana) {
			h.Error("a session outlived a password set by somebody else")
		}
		ana = h.signIn("ana@example.com", better)
		h.fine(h.SetRole(h.ctx, h.owner.Actor, ana.Person.ID, h.role("specialist")))
		if h.lets(ana) {
			h.Error("a session outlived a change of role")
		}
		h.tells("person.password_changed", "person.role_changed")
	})
}

func TestOldPasswordIsAskedForAndGuessesAtItAreSlowed(t *testing.T) {
	each(t, func(h *house) {
		h.refused(fault.Denied, "password.own", h.reset(h.owner.Actor, h.owner.Person.ID, better))
		for range 5 {
			h.refused(fault.Invalid, "password.wrong", h.ChangePassword(h.ctx, h.owner.Actor, "not it at all", better))
		}
		h.refused(fault.Often, "signin.often", h.ChangePassword(h.ctx, h.owner.Actor, good, better))
		h.clock.pass(time.Minute)
		h.fine(h.ChangePassword(h.ctx, h.owner.Actor, good, better))
	})
}

// Attack 45: nobody of a lower role changes another person's account.
func TestLowerRoleChangesNobody(t *testing.T) {
	each(t, func(h *house) {
		// May manage people, but holds less than the owner and the manager.
		clerk := h.person("clerk@example.com", h.newRole("Clerk", "people.manage", "keys.manage"))
		low := h.person("low@example.com", h.role("specialist"))
		manager := h.person("max@example.com", h.role("manager"))
		name := "Mallory"
		mail := "mallory@example.com"
		for _, by := range []struct {
			who  actor.Actor
			code string
		}{{clerk.Actor, "rights.more_than_held"}, {low.Actor, "ability.missing"}, {actor.Actor{}, "ability.missing"}} {
			for _, on := range []Person{h.owner.Person, manager.Person} {
				_, err := h.UpdatePerson(h.ctx, by.who, on.ID, 1, Patch{Name: &name, Email: &mail})
				h.refused(fault.Denied, by.code, err)
				h.refused(fault.Denied, by.code, h.reset(by.who, on.ID, good))
				h.refused(fault.Denied, by.code, h.SetRole(h.ctx, by.who, on.ID, h.newRole(fmt.Sprint("R", by.who.Person, on.ID))))
				h.refused(fault.Denied, by.code, h.Deactivate(h.ctx, by.who, on.ID))
				h.refused(fault.Denied, by.code, h.EndAllOf(h.ctx, by.who, on.ID))
				h.refused(fault.Denied, by.code, h.EndSession(h.ctx, by.who, h.owner.Actor.Session))
				_, _, err = h.LinkToHand(h.ctx, by.who, on.ID)
				h.refused(fault.Denied, by.code, err)
				h.refused(fault.Denied, by.code, h.Revoke(h.ctx, by.who, on.ID))
			}
			_, err := h.CreatePerson(h.ctx, by.who, Draft{Email: mail, Name: name, Role: h.role(policy.Owner)})
			h.refused(fault.Denied, by.code, err)
			_, _, err = h.CreateKey(h.ctx, by.who, KeyDraft{Name: name, Role: h.role("manager")})
			if by.who.Kind == actor.Person {
				h.refused(fault.Denied, by.code, err)
			}
		}
		// Nor themselves.
		for _, who := range []Started{clerk, low} {
			if err := h.SetRole(h.ctx, who.Actor, who.Person.ID, h.role(policy.Owner)); !fault.Is(err, fault.Denied) {
				h.Errorf("somebody made themselves an owner: %v", err)
			}
			if err := h.Reactivate(h.ctx, low.Actor, who.Person.ID); !fault.Is(err, fault.Denied) {
				h.Errorf("got %v", err)
			}
		}
		_, err := h.UpdatePerson(h.ctx, low.Actor, low.Person.ID, 1, Patch{Email: &mail})
		h.refused(fault.Denied, "ability.missing", err)
		_, err = h.People(h.ctx, low.Actor)
		h.refused(fault.Denied, "ability.missing", err)
		_, err = h.Person(h.ctx, low.Actor, h.owner.Person.ID)
		h.refused(fault.Denied, "ability.missing", err)
		_, err = h.Sessions(h.ctx, low.Actor, h.owner.Person.ID)
		h.refused(fault.Denied, "ability.missing", err)

		people, err := h.People(h.ctx, h.owner.Actor)
		h.fine(err)
		for _, p := range people {
			if p.Version != 1 || p.Name == name || p.State != Active {
				h.Errorf("a refused change left a trace: %+v", p)
			}
		}
		if !h.lets(h.owner) || !h.lets(manager) || h.signIn("max@example.com", better).Token == "" {
			h.Error("a refused change ended a session")
		}
	})
}

// A role may be low and what is laid over it high.
func TestPersonWithMoreThanTheirRoleIsGuardedByAllThatTheyHold(t *testing.T) {
	each(t, func(h *house) {
		clerk := h.person("clerk@example.com", h.newRole("Clerk", "people.manage"))
		ana := h.person("ana@example.com", h.newRole("Plain"))
		h.fine(h.reset(clerk.Actor, ana.Person.ID, good))
		_, err := h.Rights.SetDifferences(h.ctx, h.owner.Actor, ana.Person.ID, 0, []rights.Difference{{Aspect: "ability", Ability: "ledger.read"}})
		h.fine(err)
		h.refused(fault.Denied, "rights.more_than_held", h.reset(clerk.Actor, ana.Person.ID, good))
		h.refused(fault.Denied, "rights.more_than_held", h.SetRole(h.ctx, clerk.Actor, ana.Person.ID, h.newRole("Plainer")))
	})
}

func TestLastOwnerStays(t *testing.T) {
	each(t, func(h *house) {
		h.refused(fault.Conflict, "person.last_owner", h.Deactivate(h.ctx, actor.House(), h.owner.Person.ID))
		h.refused(fault.Conflict, "person.last_owner", h.SetRole(h.ctx, h.owner.Actor, h.owner.Person.ID, h.role("manager")))
		second := h.person("second@example.com", h.role(policy.Owner))
		h.refused(fault.Denied, "person.self", h.Deactivate(h.ctx, second.Actor, second.Person.ID))
		h.fine(h.Deactivate(h.ctx, second.Actor, h.owner.Person.ID))
		h.refused(fault.Conflict, "person.last_owner", h.Deactivate(h.ctx, actor.House(), second.Person.ID))
	})
}

// The harm: two owners remove each other at the same moment, and nobody is left.
func TestTwoOwnersCannotRemoveEachOther(t *testing.T) {
	each(t, func(h *house) {
		second := h.person("second@example.com", h.role(policy.Owner))
		manager := h.role("manager")
		var one, other error
		var wg sync.WaitGroup
		wg.Go(func() { one = h.SetRole(h.ctx, actor.House(), h.owner.Person.ID, manager) })
		wg.Go(func() { other = h.Deactivate(h.ctx, actor.House(), second.Person.ID) })
		wg.Wait()
		if (one == nil) == (other == nil) {
			h.Errorf("one of two should be refused: %v, %v", one, other)
		}
		h.refused(fault.Conflict, "person.last_owner", errors.Join(one, other))
		h.fine(h.DB.Read(h.ctx, func(tx *store.Tx) error {
			look, err := h.Rights.Look(h.ctx, tx)
			if n := len(look.Owners()); err == nil && n != 1 {
				h.Errorf("%d owners are left", n)
			}
			return err
		}))
	})
}

// Attack 44, as far as links go: used once, dead for the deactivated, replaced
// by the next one, ended by a new password.
func TestLinkLetsInOnce(t *testing.T) {
	each(t, func(h *house) {
		p, err := h.CreatePerson(h.ctx, h.owner.Actor, Draft{Email: "ivan@example.com", Name: "Ivan", Role: h.role("specialist")})
		h.fine(err)
		old, _, err := h.Link(h.ctx, h.owner.Actor, p.ID, Invite)
		h.fine(err)
		link, ends, err := h.Link(h.ctx, h.owner.Actor, p.ID, Invite)
		h.fine(err)
		if d := ends.Sub(h.DB.Now()); d < 6*24*time.Hour || d > 8*24*time.Hour {
			h.Errorf("an invitation holds for %v", d)
		}
		dead := func(token string) {
			h.Helper()
			_, err := h.Redeem(h.ctx, Redeeming{Token: token, Password: good, Address: home})
			h.refused(fault.Unknown, "session.missing", err)
		}
		dead(old)
		dead("")
		_, err = h.Redeem(h.ctx, Redeeming{Token: link, Password: "ivan", Address: home})
		h.refused(fault.Invalid, "password.short", err)
		s, err := h.Redeem(h.ctx, Redeeming{Token: link, Password: good, Address: home})
		h.fine(err)
		if s.Person.ID != p.ID || !h.lets(s) {
			h.Error("the invited person is not signed in")
		}
		dead(link)

		reset, _, err := h.Link(h.ctx, h.owner.Actor, p.ID, Reset)
		h.fine(err)
		h.fine(h.ChangePassword(h.ctx, s.Actor, good, better))
		dead(reset)
		reset, _, err = h.Link(h.ctx, h.owner.Actor, p.ID, Reset)
		h.fine(err)
		h.clock.pass(time.Hour)
		dead(reset)
		h.fine(h.Deactivate(h.ctx, h.owner.Actor, p.ID))
		_, _, err = h.Link(h.ctx, h.owner.Actor, p.ID, Reset)
		h.refused(fault.Conflict, "person.deactivated", err)
		h.tells("link.created", "link.refused")
	})
}

// Redeeming must not leave a session of whoever knew the old password.
func TestLinkEndsTheSessionsBeforeIt(t *testing.T) {
	each(t, func(h *house) {
		ana := h.person("ana@example.com", h.role("manager"))
		link, _, err := h.Link(h.ctx, h.owner.Actor, ana.Person.ID, Reset)
		h.fine(err)
		s, err := h.Redeem(h.ctx, Redeeming{Token: link, Password: good, Address: home})
		h.fine(err)
		if h.lets(ana) || !h.lets(s) {
			h.Errorf("old session %v, new session %v", h.lets(ana), h.lets(s))
		}
	})
}

func TestSessionEndsWhenIdleAndWhenOld(t *testing.T) {
	each(t, func(h *house) {
		idle := h.signIn(ownerMail, good)
		for range 14 { // in use every 11 hours, for a little less than a week
			h.clock.pass(11 * time.Hour)
			if !h.lets(h.owner) {
				h.Fatal("a session in use has ended")
			}
		}
		if h.lets(idle) {
			h.Error("a session that nobody used for a week lets in")
		}
		h.clock.pass(11 * time.Hour)
		h.lets(h.owner)
		h.clock.pass(4 * time.Hour)
		if h.lets(h.owner) {
			h.Error("a session older than a week lets in")
		}
		all, err := h.Sessions(h.ctx, actor.House(), h.owner.Person.ID)
		h.fine(err)
		if len(all) != 2 || all[0].Why != "idle" || all[1].Why != "old" {
			h.Errorf("the sessions are shown as %+v", all)
		}
	})
}

func TestUseIsWrittenDownAtMostOnceAMinute(t *testing.T) {
	each(t, func(h *house) {
		used := func() time.Time {
			all, err := h.Sessions(h.ctx, h.owner.Actor, h.owner.Person.ID)
			h.fine(err)
			return all[0].Used
		}
		began := used()
		h.clock.pass(50 * time.Second)
		h.lets(h.owner)
		if !used().Equal(began) {
			h.Error("a use within a minute was written down")
		}
		h.clock.pass(20 * time.Second)
		_, err := h.Resolve(h.ctx, h.owner.Token, abroad, "")
		h.fine(err)
		all, err := h.Sessions(h.ctx, h.owner.Actor, h.owner.Person.ID)
		h.fine(err)
		if s := all[0]; !s.Used.After(began) || s.UsedFrom != abroad.String() || s.Address != home.String() || !s.Current {
			h.Errorf("the session is shown as %+v", s)
		}
	})
}

func TestSignOutEndsThisSessionAndEndAllTheOthers(t *testing.T) {
	each(t, func(h *house) {
		a, b, c := h.signIn(ownerMail, good), h.signIn(ownerMail, good), h.signIn(ownerMail, good)
		h.fine(h.SignOut(h.ctx, a.Actor))
		if h.lets(a) || !h.lets(b) {
			h.Error("signing out did not end exactly this session")
		}
		h.fine(h.EndSession(h.ctx, c.Actor, b.Actor.Session))
		if h.lets(b) || !h.lets(c) {
			h.Error("ending one session did not end exactly that")
		}
		h.fine(h.EndAllOf(h.ctx, c.Actor, h.owner.Person.ID))
		if h.lets(h.owner) || !h.lets(c) {
			h.Error("ending the others did not leave this one alone")
		}
		h.refused(fault.Missing, "session.unknown", h.EndSession(h.ctx, c.Actor, 12345))
		h.tells("session.ended", "sessions.ended")
	})
}

func TestGuesserIsSlowedAndThePersonIsNot(t *testing.T) {
	each(t, func(h *house) {
		for i := range 5 {
			h.refused(fault.Unknown, "signin.refused", h.ask(ownerMail, fmt.Sprint("guess ", i), abroad))
		}
		err := h.ask(ownerMail, good, abroad)
		h.refused(fault.Often, "signin.often", err)
		if f, _ := fault.As(err); f.Wait <= 0 || f.Wait > time.Second {
			h.Errorf("the wait is %v", f.Wait)
		}
		before := h.hasher.count.Load()
		h.refused(fault.Often, "signin.often", h.ask(ownerMail, good, netip.MustParseAddr("198.51.100.200")))
		if h.hasher.count.Load() != before {
			h.Error("whoever must wait made the house hash")
		}
		h.signIn(ownerMail, good) // from home
		h.clock.pass(2 * time.Second)
		h.fine(h.ask(ownerMail, good, abroad))
	})
}

// The harm: somebody tries the account from everywhere, and its person is
// locked out; or is not slowed at all, since each network is new.
func TestAccountUnderFireIsOpenToFamiliarNetworksOnly(t *testing.T) {
	each(t, func(h *house) {
		slowed := 0
		for i := range 150 {
			from := netip.AddrFrom4([4]byte{203, byte(i), 113, 1})
			if err := h.ask(ownerMail, "guess", from); fault.Is(err, fault.Often) {
				slowed++
			}
		}
		if slowed < 45 {
			h.Errorf("only %d of 150 guesses from everywhere were slowed", slowed)
		}
		h.signIn(ownerMail, good)
		h.refused(fault.Often, "signin.often", h.ask(ownerMail, good, abroad))
		h.refused(fault.Unknown, "signin.refused", h.ask("nobody@example.com", good, abroad))
	})
}

func TestGuessesAtTokensAreSlowed(t *testing.T) {
	each(t, func(h *house) {
		var err error
		for i := range 61 {
			_, err = h.Resolve(h.ctx, fmt.Sprint("guess ", i), abroad, "")
		}
		h.refused(fault.Often, "signin.often", err)
		_, err = h.ResolveKey(h.ctx, "ck_guess", abroad, "")
		h.refused(fault.Often, "signin.often", err)
		if !h.lets(h.owner) {
			h.Error("a good token had to wait")
		}
	})
}

func TestAddressesOfPeopleAreTakenOnce(t *testing.T) {
	each(t, func(h *house) {
		_, err := h.CreatePerson(h.ctx, h.owner.Actor, Draft{Email: "OLGA@Example.com", Name: "Other", Role: h.role("manager")})
		h.refused(fault.Invalid, "email.taken", err)
		ana := h.person("ana@example.com", h.role("manager"))
		mail := "Olga@example.com"
		_, err = h.UpdatePerson(h.ctx, h.owner.Actor, ana.Person.ID, 1, Patch{Email: &mail})
		h.refused(fault.Invalid, "email.taken", err)
		h.signIn(" Olga@EXAMPLE.com ", good)
		_, err = h.CreatePerson(h.ctx, h.owner.Actor, Draft{Email: "not a mail", Name: " ", Role: h.role("manager"), Language: "xx", TimeZone: "Mars/Base", Password: "x"})
		f, ok := fault.As(err)
		if !ok || len(f.Fields) != 5 {
			h.Errorf("five things are wrong, and the answer is %v", err)
		}
	})
}

func TestPersonChangesTheirOwnLanguageAndItIsSpokenAtOnce(t *testing.T) {
	each(t, func(h *house) {
		ana := h.person("ana@example.com", h.role("specialist"))
		language := "pl"
		p, err := h.UpdatePerson(h.ctx, ana.Actor, ana.Person.ID, 1, Patch{Language: &language})
		h.fine(err)
		who, err := h.Resolve(h.ctx, ana.Token, home, "")
		h.fine(err)
		if p.Version != 2 || who.Language != "pl" {
			h.Errorf("version %d, language %s", p.Version, who.Language)
		}
		_, err = h.UpdatePerson(h.ctx, ana.Actor, ana.Person.ID, 1, Patch{Language: &language})
		h.refused(fault.Conflict, "person.version", err)
		looking := h.owner.Actor
		looking.ViewAs = ana.Person.ID
		_, err = h.UpdatePerson(h.ctx, looking, h.owner.Person.ID, 1, Patch{Language: &language})
		h.refused(fault.Denied, "viewas.reads_only", err)
		names, err := h.Names(h.ctx, ana.Actor)
		h.fine(err)
		if len(names) != 2 || names[0].Name != "Olga Owner" || !names[0].Active {
			h.Errorf("the names are %v", names)
		}
		_, err = h.Names(h.ctx, actor.Actor{})
		h.refused(fault.Unknown, "session.missing", err)
		h.tells("person.created", "person.changed")
	})
}

func TestKeyIsAProgramWithItsRole(t *testing.T) {
	each(t, func(h *house) {
		network := netip.MustParsePrefix("192.0.2.0/24")
		k, plain, err := h.CreateKey(h.ctx, h.owner.Actor, KeyDraft{Name: "Site", Role: h.role("manager"), Networks: []netip.Prefix{network}, Ends: h.DB.Now().Add(time.Hour)})
		h.fine(err)
		who, err := h.ResolveKey(h.ctx, plain, home, "bot")
		h.fine(err)
		if who.Kind != actor.Program || who.Key != k.ID || who.Role != h.role("manager") || who.Person != h.owner.Person.ID || who.Session != 0 {
			h.Errorf("the key resolves to %+v", who)
		}
		_, err = h.Resolve(h.ctx, plain, home, "")
		h.refused(fault.Unknown, "session.missing", err) // a key is no cookie
		_, err = h.ResolveKey(h.ctx, h.owner.Token, home, "")
		h.refused(fault.Unknown, "session.missing", err) // nor the other way round
		_, _, err = h.CreateKey(h.ctx, who, KeyDraft{Name: "Child", Role: h.role("manager")})
		h.refused(fault.Denied, "ability.missing", err)

		// Attack 50: an answer for one address is none for another.
		_, err = h.ResolveKey(h.ctx, plain, abroad, "")
		h.refused(fault.Unknown, "session.missing", err)
		_, err = h.ResolveKey(h.ctx, plain, netip.MustParseAddr("::ffff:192.0.2.9"), "")
		h.fine(err)

		h.clock.pass(time.Hour)
		_, err = h.ResolveKey(h.ctx, plain, home, "")
		h.refused(fault.Unknown, "session.missing", err)

		k, plain, err = h.CreateKey(h.ctx, h.signIn(ownerMail, good).Actor, KeyDraft{Name: "Site", Role: h.role("manager")})
		h.fine(err)
		ana := h.person("ana@example.com", h.role("specialist"))
		h.refused(fault.Denied, "ability.missing", h.EndKey(h.ctx, ana.Actor, k.ID))
		_, err = h.ResolveKey(h.ctx, plain, home, "")
		h.fine(err)
		h.fine(h.EndKey(h.ctx, h.owner.Actor, k.ID))
		_, err = h.ResolveKey(h.ctx, plain, home, "")
		h.refused(fault.Unknown, "session.missing", err)
		mine, err := h.Keys(h.ctx, ana.Actor)
		h.fine(err)
		all, err := h.Keys(h.ctx, h.owner.Actor)
		h.fine(err)
		if len(mine) != 0 || len(all) != 2 || all[0].Ended.IsZero() || all[1].Used.IsZero() || all[1].Networks[0] != network {
			h.Errorf("ana sees %d keys; all are %+v", len(mine), all)
		}
		h.tells("key.created", "key.ended", "key.refused")
	})
}

func TestTidyForgetsWhatIsLongPast(t *testing.T) {
	each(t, func(h *house) {
		h.fine(h.SignOut(h.ctx, h.owner.Actor))
		h.clock.pass(Past - time.Hour)
		h.fine(h.Tidy(h.ctx))
		all, err := h.Sessions(h.ctx, actor.House(), h.owner.Person.ID)
		h.fine(err)
		h.clock.pass(2 * time.Hour)
		h.fine(h.Tidy(h.ctx))
		later, err := h.Sessions(h.ctx, actor.House(), h.owner.Person.ID)
		h.fine(err)
		if len(all) != 1 || len(later) != 0 {
			h.Errorf("%d sessions before, %d after", len(all), len(later))
		}
	})
}

// Whoever calls the room by another way than the routes meets the same refusal.
func TestProgramMakesNeitherPersonNorLink(t *testing.T) {
	each(t, func(h *house) {
		ana := h.person("ana@example.com", h.role("specialist"))
		_, plain, err := h.CreateKey(h.ctx, h.owner.Actor, KeyDraft{Name: "Robot", Role: h.role(policy.Owner)})
		h.fine(err)
		program, err := h.ResolveKey(h.ctx, plain, home, "test")
		h.fine(err)
		_, err = h.CreatePerson(h.ctx, program, Draft{Email: "eve@example.com", Name: "Eve", Role: h.role("specialist")})
		h.refused(fault.Denied, "person.program", err)
		_, _, err = h.Link(h.ctx, program, ana.Person.ID, Reset)
		h.refused(fault.Denied, "person.program", err)
		_, _, err = h.LinkToHand(h.ctx, program, ana.Person.ID)
		h.refused(fault.Denied, "person.program", err)
		if n := h.count("link.created"); n != 0 {
			h.Errorf("%d links were made", n)
		}
	})
}
