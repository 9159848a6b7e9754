package identity

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/rights"
	"castellan/internal/scribe"
)

// terms sets terms in the name of the house, which nobody locks out.
func (h *house) terms(scope rights.Scope, subject int64, t rights.Terms) {
	h.Helper()
	is, err := h.Rights.TermsOf(h.ctx, actor.House(), scope, subject)
	h.fine(err)
	_, err = h.Rights.SetTerms(h.ctx, actor.House(), scope, subject, is.Version, t)
	h.fine(err)
}

// count is how often the ledger tells of an event.
func (h *house) count(event scribe.Event) int {
	h.Helper()
	n := 0
	for _, e := range h.told() {
		if e == event {
			n++
		}
	}
	return n
}

func networksOf(all ...string) rights.Terms { return rights.Terms{Networks: all} }

// The answer is never one that was given for another address (attack 50).
func TestAttack50_SessionIsBoundToAllowedNetworksWithEveryRequest(t *testing.T) {
	each(t, func(h *house) {
		ana := h.person("ana@example.com", h.role("manager"))
		from := func(at netip.Addr) error {
			_, err := h.Resolve(h.ctx, ana.Token, at, "test")
			return err
		}
		h.fine(from(home))
		h.fine(from(abroad))
		h.terms(rights.ForRole, int64(ana.Person.Role), networksOf("192.0.2.0/24", "2001:db8::/48"))
		for range 3 { // in turns, so that an answer that is kept would show
			h.fine(from(home))
			h.fine(from(netip.MustParseAddr("::ffff:192.0.2.99")))
			h.fine(from(netip.MustParseAddr("2001:db8::5%eth0")))
			h.refused(fault.Denied, "entry.network", from(abroad))
			h.refused(fault.Denied, "entry.network", from(netip.MustParseAddr("2001:db8:1::5")))
			h.refused(fault.Denied, "entry.network", from(netip.Addr{}))
		}
		// A refused request is no use of the session.
		h.clock.pass(2 * time.Minute)
		h.refused(fault.Denied, "entry.network", from(abroad))
		sessions, err := h.Sessions(h.ctx, ana.Actor, ana.Person.ID)
		h.fine(err)
		if sessions[0].UsedFrom != home.String() {
			h.Errorf("the session was used from %s", sessions[0].UsedFrom)
		}
		// The owner, whom these terms do not concern, works on.
		if _, err := h.Resolve(h.ctx, h.owner.Token, abroad, "test"); err != nil {
			h.Error(err)
		}
	})
}

func TestAllowedHoursEndWhileASessionLives(t *testing.T) {
	each(t, func(h *house) {
		ana := h.person("ana@example.com", h.role("manager"))
		now := h.clock.now().UTC()
		ends := now.Add(90 * time.Minute)
		h.terms(rights.ForPerson, int64(ana.Person.ID), rights.Terms{Hours: []rights.Hours{{Days: []string{strings.ToLower(now.Weekday().String())}, From: now.Format("15:04"), To: ends.Format("15:04")}}})
		if _, err := h.Resolve(h.ctx, ana.Token, home, "test"); err != nil {
			h.Fatal(err)
		}
		h.clock.pass(91 * time.Minute)
		_, err := h.Resolve(h.ctx, ana.Token, home, "test")
		h.refused(fault.Denied, "entry.hour", err)
		h.refused(fault.Unknown, "signin.refused", h.ask("ana@example.com", better, home))
		h.tells("entry.refused", "session.refused")
	})
}

// Whoever has the password learns from elsewhere no more than whoever guesses.
func TestSignInFromElsewhereIsRefusedInTheWordsOfAWrongPassword(t *testing.T) {
	each(t, func(h *house) {
		ana := h.person("ana@example.com", h.role("manager"))
		h.terms(rights.ForWorkspace, 0, networksOf("192.0.2.0/24"))
		wrong, right, nobody := h.ask("ana@example.com", good, abroad), h.ask("ana@example.com", better, abroad), h.ask("eve@example.com", better, abroad)
		if right == nil || right.Error() != wrong.Error() || right.Error() != nobody.Error() {
			h.Errorf("right: %v, wrong: %v, unknown: %v", right, wrong, nobody)
		}
		h.refused(fault.Unknown, "signin.refused", right)
		token, _, err := h.Link(h.ctx, h.owner.Actor, ana.Person.ID, Reset)
		h.fine(err)
		_, err = h.Redeem(h.ctx, Redeeming{Token: token, Password: "another good sentence here", Address: abroad})
		h.refused(fault.Unknown, "session.missing", err)
		h.fine(h.ask("ana@example.com", better, home))
		_, err = h.Redeem(h.ctx, Redeeming{Token: token, Password: "another good sentence here", Address: home})
		h.fine(err)
		h.tells("session.refused", "link.refused")
	})
}

func TestKeyObeysTheTermsOfWorkspaceAndRoleBesidesItsOwnList(t *testing.T) {
	each(t, func(h *house) {
		role := h.newRole("Robot")
		_, key, err := h.CreateKey(h.ctx, h.owner.Actor, KeyDraft{Name: "shop", Role: role, Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24")}})
		h.fine(err)
		from := func(at netip.Addr) error {
			_, err := h.ResolveKey(h.ctx, key, at, "test")
			return err
		}
		h.fine(from(home))
		h.fine(from(abroad))
		h.terms(rights.ForRole, int64(role), networksOf("192.0.2.0/24", "203.0.113.0/24"))
		for range 3 {
			h.fine(from(home))
			h.refused(fault.Unknown, "session.missing", from(abroad))
			h.refused(fault.Unknown, "session.missing", from(netip.MustParseAddr("203.0.113.9"))) // not in its own list
		}
		h.terms(rights.ForWorkspace, 0, networksOf("203.0.113.0/24"))
		h.refused(fault.Unknown, "session.missing", from(home))
		h.tells("key.refused")
	})
}

func TestRefusedEntriesDoNotFillTheLedger(t *testing.T) {
	each(t, func(h *house) {
		ana := h.person("ana@example.com", h.role("manager"))
		h.terms(rights.ForPerson, int64(ana.Person.ID), networksOf("192.0.2.0/24"))
		for range 50 {
			_, err := h.Resolve(h.ctx, ana.Token, abroad, "test")
			h.refused(fault.Denied, "entry.network", err)
		}
		if n := h.count("entry.refused"); n != 1 {
			h.Errorf("%d entries for one network in a minute", n)
		}
		_, err := h.Resolve(h.ctx, ana.Token, netip.MustParseAddr("203.0.113.9"), "test")
		h.refused(fault.Denied, "entry.network", err)
		h.clock.pass(2 * time.Minute)
		_, err = h.Resolve(h.ctx, ana.Token, abroad, "test")
		h.refused(fault.Denied, "entry.network", err)
		if n := h.count("entry.refused"); n != 3 {
			h.Errorf("%d entries for two networks and two minutes, want 3", n)
		}
	})
}

func TestTermsSetByAnotherProcessHoldWithinASecond(t *testing.T) {
	each(t, func(h *house) {
		ana := h.person("ana@example.com", h.role("manager"))
		other := h.beside()
		if _, err := other.Resolve(h.ctx, ana.Token, abroad, "test"); err != nil {
			h.Fatal(err)
		}
		h.terms(rights.ForWorkspace, 0, networksOf("192.0.2.0/24"))
		set := time.Now()
		for {
			_, err := other.Resolve(h.ctx, ana.Token, abroad, "test")
			if fault.Is(err, fault.Denied) {
				break
			}
			h.fine(err)
			if time.Since(set) > time.Second {
				h.Fatal("another process let her in for more than a second")
			}
			time.Sleep(20 * time.Millisecond)
		}
		if _, err := h.Resolve(h.ctx, ana.Token, abroad, "test"); !fault.Is(err, fault.Denied) {
			h.Errorf("the process that set them: %v", err)
		}
		if !slices.Contains(h.told(), "terms.changed") {
			h.Error("the ledger does not tell of it")
		}
	})
}
