package identity

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/device"
	"castellan/internal/fault"
	"castellan/internal/mail"
	"castellan/internal/policy"
	"castellan/internal/rights"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

const (
	chrome  = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
	renewed = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
	iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
)

// comes signs somebody in from a place by a device.
func (h *house) comes(mail, password string, from netip.Addr, agent string) Started {
	h.Helper()
	s, err := h.SignIn(h.ctx, Attempt{Email: mail, Password: password, Address: from, Device: agent})
	h.fine(err)
	return s
}

// session finds one session in the list of its person.
func (h *house) session(s Started) Session {
	h.Helper()
	all, err := h.Sessions(h.ctx, s.Actor, s.Person.ID)
	h.fine(err)
	for _, one := range all {
		if one.ID == s.Actor.Session {
			return one
		}
	}
	h.Fatalf("the session is not in the list of its person")
	return Session{}
}

func TestSessionTellsDevicePlaceAndHowLongItLasts(t *testing.T) {
	each(t, func(h *house) {
		s := h.comes(ownerMail, good, abroad, iphone)
		one := h.session(s)
		if one.Device != (device.Device{Browser: "Safari", Version: "18", System: "iOS", Form: device.Phone}) {
			t.Errorf("the device is %+v", one.Device)
		}
		if one.Address != abroad.String() || one.How != "password" || !one.Current || !one.Ended.IsZero() {
			t.Errorf("the session is %+v", one)
		}
		if want := one.Used.Add(h.Idle); !one.Ends.Equal(want) {
			t.Errorf("it ends at %v, want %v: when it has been idle", one.Ends, want)
		}
		h.Idle = 30 * 24 * time.Hour
		one = h.session(s)
		if want := one.Created.Add(h.Absolute); !one.Ends.Equal(want) {
			t.Errorf("it ends at %v, want %v: when it is old", one.Ends, want)
		}
	})
}

func TestUnfamiliarDeviceOrNetworkIsNew(t *testing.T) {
	each(t, func(h *house) {
		role := h.newRole("Sales")
		_, err := h.CreatePerson(h.ctx, actor.House(), Draft{Email: "ann@example.com", Name: "Ann", Role: role, Password: better})
		h.fine(err)
		is := func(what string, from netip.Addr, agent string, want bool) {
			t.Helper()
			if got := h.session(h.comes("ann@example.com", better, from, agent)).New; got != want {
				t.Errorf("%s: new %v, want %v", what, got, want)
			}
		}
		is("the first session of all", home, chrome, false)
		is("the same again", home, chrome, false)
		is("the browser was renewed", home, renewed, false)
		is("a neighbouring address", netip.MustParseAddr("192.0.2.99"), chrome, false)
		is("another device", home, iphone, true)
		is("that device again", home, iphone, false)
		is("another network", abroad, chrome, true)
		is("a known device from a known network, but never together", abroad, iphone, true)
		h.clock.pass(91 * 24 * time.Hour)
		is("the first device, after long", home, chrome, true)
	})
}

func TestLiveSessionsAreForWhoeverWatches(t *testing.T) {
	each(t, func(h *house) {
		sales := h.person("sales@example.com", h.newRole("Sales"))
		people := h.person("people@example.com", h.newRole("People", string(policy.ManagePeople)))
		guard := h.person("guard@example.com", h.newRole("Guard", string(policy.ManageSecurity)))
		_, _, err := h.LiveSessions(h.ctx, sales.Actor, 0, 0)
		h.refused(fault.Denied, "ability.missing", err)
		_, err = h.Sessions(h.ctx, sales.Actor, guard.Person.ID)
		h.refused(fault.Denied, "ability.missing", err)
		for _, who := range []Started{people, guard, h.owner} {
			all, more, err := h.LiveSessions(h.ctx, who.Actor, 0, 0)
			h.fine(err)
			if len(all) != 4 || more {
				t.Errorf("%d sessions live, more %v; want 4", len(all), more)
			}
		}
		h.fine(h.SignOut(h.ctx, sales.Actor))
		var seen []actor.SessionID
		before := actor.SessionID(0)
		for {
			all, more, err := h.LiveSessions(h.ctx, guard.Actor, before, 1)
			h.fine(err)
			for _, s := range all {
				seen, before = append(seen, s.ID), s.ID
			}
			if !more {
				break
			}
		}
		want := []actor.SessionID{guard.Actor.Session, people.Actor.Session, h.owner.Actor.Session}
		if fmt.Sprint(seen) != fmt.Sprint(want) {
			t.Errorf("page by page %v live, want %v", seen, want)
		}
		h.clock.pass(h.Idle)
		all, _, err := h.LiveSessions(h.ctx, h.owner.Actor, 0, 0)
		h.fine(err)
		if len(all) != 0 {
			t.Errorf("%d sessions live though all are idle for too long", len(all))
		}
	})
}

func TestWhoGuardsEndsAnybodysSessionAndTakesNothing(t *testing.T) {
	each(t, func(h *house) {
		guard := h.person("guard@example.com", h.newRole("Guard", string(policy.ManageSecurity)))
		h.fine(h.EndSession(h.ctx, guard.Actor, h.owner.Actor.Session))
		if h.lets(h.owner) {
			t.Error("the session was ended and still lets in")
		}
		again := h.signIn(ownerMail, good)
		h.fine(h.EndAllOf(h.ctx, guard.Actor, again.Person.ID))
		if h.lets(again) {
			t.Error("all sessions were ended and one still lets in")
		}
		h.refused(fault.Denied, "ability.missing", h.reset(guard.Actor, h.owner.Person.ID, better))
		h.refused(fault.Missing, "session.unknown", h.EndSession(h.ctx, h.signIn(ownerMail, good).Actor, 12345))
	})
}

func TestEmergencyBrakeEndsEverybodyButWhoPullsIt(t *testing.T) {
	each(t, func(h *house) {
		sales := h.person("sales@example.com", h.newRole("Sales"))
		people := h.person("people@example.com", h.newRole("People", string(policy.ManagePeople)))
		guard := h.person("guard@example.com", h.newRole("Guard", string(policy.ManageSecurity)))
		for _, who := range []Started{sales, people} {
			_, err := h.EndEveryone(h.ctx, who.Actor)
			h.refused(fault.Denied, "ability.missing", err)
			if !h.lets(h.owner) {
				t.Fatal("whoever may not pull the brake has ended a session")
			}
		}
		n, err := h.EndEveryone(h.ctx, guard.Actor)
		h.fine(err)
		if n != 3 || h.lets(sales) || h.lets(people) || h.lets(h.owner) || !h.lets(guard) {
			t.Errorf("%d sessions ended; sales %v, people %v, owner %v, guard %v", n, h.lets(sales), h.lets(people), h.lets(h.owner), h.lets(guard))
		}
		h.tells("sessions.all_ended")
	})
}

func TestWhoSaysThatItWasNotThemEndsAllButTheirOwn(t *testing.T) {
	each(t, func(h *house) {
		mine := h.comes(ownerMail, good, home, chrome)
		theirs := h.comes(ownerMail, good, abroad, iphone)
		other := h.person("sales@example.com", h.newRole("Sales"))
		h.refused(fault.Missing, "session.unknown", h.Disown(h.ctx, other.Actor, theirs.Actor.Session))
		h.refused(fault.Missing, "session.unknown", h.Disown(h.ctx, mine.Actor, other.Actor.Session))
		h.refused(fault.Conflict, "session.current", h.Disown(h.ctx, mine.Actor, mine.Actor.Session))
		if !h.lets(theirs) || !h.lets(other) {
			t.Fatal("a refused try has ended a session")
		}
		h.fine(h.Disown(h.ctx, mine.Actor, theirs.Actor.Session))
		if h.lets(theirs) || !h.lets(mine) || !h.lets(other) {
			t.Errorf("theirs %v, mine %v, others' %v", h.lets(theirs), h.lets(mine), h.lets(other))
		}
		if why := h.session(theirs).Why; why != "disowned" {
			t.Errorf("the session ended because of %q", why)
		}
		h.tells("session.disowned")
	})
}

// Attack 41: a link that was handed out for a small account must not open it once it has become a great one.
func TestLinkDiesWhenTheRoleChanges(t *testing.T) {
	each(t, func(h *house) {
		sales := h.person("sales@example.com", h.newRole("Sales"))
		token, _, err := h.Link(h.ctx, h.owner.Actor, sales.Person.ID, Reset)
		h.fine(err)
		h.fine(h.SetRole(h.ctx, h.owner.Actor, sales.Person.ID, h.role("administrator")))
		_, err = h.Redeem(h.ctx, Redeeming{Token: token, Password: good, Address: home, Device: "test"})
		h.refused(fault.Unknown, "session.missing", err)
	})
}

// Two processes of the house stand on one database: what one ends, the other
// must not let in a second later (attacks 40, 41).
func TestWhatOneProcessEndsTheOtherRefusesWithinASecond(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(engine.String(), func(t *testing.T) {
			db := storetest.Open(t, engine, nil)
			here, there := &house{T: t, ctx: t.Context(), Accounts: open(t, db)}, &house{T: t, ctx: t.Context()}
			there.Accounts = Open(Options{DB: db, Vault: here.Vault, Rights: here.Rights, Scribe: here.Scribe, Cost: cheap})
			token, err := here.SetupLink(t.Context())
			here.fine(err)
			here.owner, err = here.Setup(t.Context(), founding(token))
			here.fine(err)
			role, other := here.newRole("Sales"), here.newRole("Other")
			for _, one := range []struct {
				name string
				end  func(s Started) error
				keys bool // end, too
			}{
				{"the session is ended", func(s Started) error { return here.EndSession(here.ctx, here.owner.Actor, s.Actor.Session) }, false},
				{"all of the person are", func(s Started) error { return here.EndAllOf(here.ctx, here.owner.Actor, s.Person.ID) }, false},
				{"those of everybody are", func(Started) error { _, err := here.EndEveryone(here.ctx, here.owner.Actor); return err }, false},
				{"the person signs out", func(s Started) error { return here.SignOut(here.ctx, s.Actor) }, false},
				{"the password is new", func(s Started) error { return here.reset(here.owner.Actor, s.Person.ID, good) }, false},
				{"the role is another", func(s Started) error { return here.SetRole(here.ctx, here.owner.Actor, s.Person.ID, other) }, false},
				{"the account is closed", func(s Started) error { return here.Deactivate(here.ctx, here.owner.Actor, s.Person.ID) }, true},
			} {
				t.Run(one.name, func(t *testing.T) {
					mail := fmt.Sprintf("p%d@example.com", time.Now().UnixNano())
					s := here.person(mail, role)
					_, key, err := here.CreateKey(here.ctx, here.owner.Actor, KeyDraft{Name: "sync", Owner: s.Person.ID, Role: role})
					here.fine(err)
					lets := func(a *Accounts) (session, program bool) {
						_, err := a.Resolve(here.ctx, s.Token, home, "test")
						_, kerr := a.ResolveKey(here.ctx, key, home, "test")
						return err == nil, kerr == nil
					}
					if session, program := lets(there.Accounts); !session || !program {
						t.Fatalf("at first the other process lets in session %v, key %v", session, program)
					}
					began := time.Now()
					here.fine(one.end(s))
					if session, program := lets(here.Accounts); session || program == one.keys {
						t.Errorf("the process that ended it lets in session %v, key %v", session, program)
					}
					for {
						session, program := lets(there.Accounts)
						if !session && program != one.keys {
							break
						}
						if time.Since(began) > time.Second {
							t.Fatalf("a second later the other process lets in session %v, key %v", session, program)
						}
						time.Sleep(10 * time.Millisecond)
					}
				})
			}
		})
	}
}

func TestShortestLimitOfWorkspaceRoleAndPersonEndsASession(t *testing.T) {
	each(t, func(h *house) {
		role := h.newRole("Sales")
		s := h.person("ann@example.com", role)
		limit := func(scope rights.Scope, subject int64, idle, absolute time.Duration) {
			t.Helper()
			h.terms(scope, subject, rights.Terms{Idle: int(idle.Minutes()), Absolute: int(absolute.Minutes())})
		}
		ends := func(what string, want time.Time) {
			t.Helper()
			if one := h.session(s); !one.Ends.Equal(want) {
				t.Errorf("%s: it ends at %v, want %v", what, one.Ends, want)
			}
		}
		one := h.session(s)
		limit(rights.ForWorkspace, 0, 3*time.Hour, 0)
		ends("the workspace's", one.Used.Add(3*time.Hour))
		limit(rights.ForRole, int64(role), time.Hour, 0)
		ends("the role's", one.Used.Add(time.Hour))
		limit(rights.ForPerson, int64(s.Person.ID), 0, 40*time.Minute)
		ends("the person's own", one.Created.Add(40*time.Minute))
		limit(rights.ForRole, int64(role), 30*24*time.Hour, 90*24*time.Hour)
		limit(rights.ForPerson, int64(s.Person.ID), 0, 0)
		limit(rights.ForWorkspace, 0, 0, 0)
		ends("none is longer than the house's", one.Used.Add(h.Idle))

		limit(rights.ForRole, int64(role), 10*time.Minute, time.Hour)
		for range 11 { // used again and again, it is not idle
			h.clock.pass(5 * time.Minute)
			if !h.lets(s) {
				t.Fatal("a session that is used was taken to be idle")
			}
		}
		h.clock.pass(5 * time.Minute)
		if h.lets(s) {
			t.Error("the session is older than the role lets it be")
		}
		if one := h.session(s); one.Why != "old" || one.Ended.IsZero() {
			t.Errorf("it ended %v because of %q", one.Ended, one.Why)
		}
		s = h.signIn("ann@example.com", better)
		h.clock.pass(10 * time.Minute)
		if h.lets(s) || h.session(s).Why != "idle" {
			t.Errorf("the session was idle for longer than the role lets it be; it ended because of %q", h.session(s).Why)
		}
		if !h.lets(h.owner) {
			t.Error("the limits of a role have ended the session of somebody else")
		}
		live, _, err := h.LiveSessions(h.ctx, h.owner.Actor, 0, 1)
		h.fine(err)
		if len(live) != 1 || live[0].ID != h.owner.Actor.Session {
			t.Errorf("%d sessions live, want the owner's alone", len(live))
		}
	})
}

func TestPersonIsToldOfASignInByANewDevice(t *testing.T) {
	each(t, func(h *house) {
		post := h.withMail()
		h.Where = func(address netip.Addr, language string) string {
			if address == abroad {
				return "Palermo, IT"
			}
			return ""
		}
		ana := h.person("ana@example.com", h.role("specialist"))
		h.comes("ana@example.com", better, home, "test")
		if notices, err := h.Notices(h.ctx, ana.Actor); err != nil || len(notices) != 0 {
			t.Fatalf("of the same device the person is told %v, %v", notices, err)
		}
		theirs := h.comes("ana@example.com", better, abroad, iphone)
		notices, err := h.Notices(h.ctx, ana.Actor)
		h.fine(err)
		if len(notices) != 1 || notices[0].Kind != mail.DeviceNew || notices[0].Words["device"] != "Safari, iOS" || notices[0].Words["address"] != abroad.String() || notices[0].Words["place"] != "Palermo, IT" {
			t.Errorf("the person is told %+v", notices)
		}
		if got := post.To("ana@example.com", "sign-in"); !strings.Contains(got.Text, "Safari, iOS") || !strings.Contains(got.Text, "Palermo, IT") || strings.Contains(got.Raw, theirs.Token) {
			t.Errorf("the mail says %s", got.Text)
		}
	})
}
