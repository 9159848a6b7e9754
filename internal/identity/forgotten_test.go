package identity

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/mail/mailtest"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

func tokenIn(h *house, m mailtest.Mail) string {
	h.Helper()
	u, err := url.Parse(m.Link())
	h.fine(err)
	if u.Scheme+"://"+u.Host+u.Path != "https://crm.example.com"+linkPath && u.Path != "/email" || u.RawQuery != "" {
		h.Errorf("the link leads to %s", m.Link())
	}
	return u.Fragment
}

// Attack 44: a link for a forgotten password goes to the address of the account
// and nowhere else, works once, and never for whoever is deactivated. Attack 46:
// whether there is an account is told by neither words nor work.
func TestForgottenPasswordIsMailedToWhoeverHasExactlyThisAddress(t *testing.T) {
	each(t, func(h *house) {
		post := h.withMail()
		ana := h.person("mike@example.com", h.role("manager"))
		gone := h.person("gone@example.com", h.role("manager"))
		h.fine(h.Deactivate(h.ctx, h.owner.Actor, gone.Person.ID))
		post.To("gone@example.com", "closed")
		hashed := h.hasher.count.Load()
		before := h.jobs()
		for _, typed := range []string{"gone@example.com", "nobody@example.com", "m\u0131ke@example.com", "mi\u212ae@example.com", "mike@example.com\u0000", "mike@example.com, thief@example.com", "ｍike@example.com", "", strings.Repeat("x", 5000)} {
			h.fine(h.Forgotten(h.ctx, typed, home, "test"))
			h.clock.pass(time.Minute)
		}
		h.until("all jobs are done", func() bool { return h.jobs() == before })
		if got := post.Inbox(); len(got) != 1 {
			h.Fatalf("there came %+v", got[1:])
		}
		h.fine(h.Forgotten(h.ctx, " Mike@EXAMPLE.com ", home, "test"))
		token := tokenIn(h, post.To("mike@example.com", "new password"))
		if h.hasher.count.Load() != hashed {
			h.Error("one of them costs a hash")
		}
		// A link that comes later ends the one before it; what was there goes on until it is used.
		h.mailed()
		h.clock.pass(time.Minute)
		h.fine(h.Forgotten(h.ctx, "mike@example.com", home, "test"))
		h.mailed()
		if n := len(post.Inbox()); n != 3 {
			h.Fatalf("%d mails came", n)
		}
		_, err := h.Redeem(h.ctx, Redeeming{Token: token, Password: good, Address: home})
		h.refused(fault.Unknown, "session.missing", err)
		token = tokenIn(h, post.To("mike@example.com", "new password"))
		if !h.lets(ana) {
			h.Error("to ask for a link ended a session")
		}
		s, err := h.Redeem(h.ctx, Redeeming{Token: token, Password: good, Address: home})
		h.fine(err)
		if h.lets(ana) || !h.lets(s) {
			h.Error("a new password must end the old sessions and begin one")
		}
		_, err = h.Redeem(h.ctx, Redeeming{Token: token, Password: better, Address: home})
		h.refused(fault.Unknown, "session.missing", err)

		// Dead when the account is closed meanwhile.
		h.mailed()
		h.clock.pass(time.Hour)
		h.fine(h.Forgotten(h.ctx, "mike@example.com", home, "test"))
		h.until("one more came", func() bool { return len(post.Inbox()) == 5 }) // and word of the new password
		token = tokenIn(h, post.To("mike@example.com", "new password"))
		h.fine(h.Deactivate(h.ctx, h.owner.Actor, ana.Person.ID))
		_, err = h.Redeem(h.ctx, Redeeming{Token: token, Password: better, Address: home})
		h.refused(fault.Unknown, "session.missing", err)
		h.tells("reset.requested", "link.created", "link.refused")
		h.ledgerHolds("mike@example.com", "m\u0131ke", "thief", token)
	})
}

func (h *house) jobs() (n int64) {
	h.Helper()
	h.fine(h.DB.QueryRow(h.ctx, store.Text(`SELECT COUNT(*) FROM job WHERE kind = ?`), forgottenKind).Scan(&n))
	return n
}

// mailed waits until every letter is with the mail server and its job is done.
// A job that still runs when the clock is moved by more than its lease is taken
// for that of a dead process, and its letter comes twice.
func (h *house) mailed() {
	h.Helper()
	h.until("every letter is on its way", func() bool {
		var n int64
		h.fine(h.DB.QueryRow(h.ctx, store.Text(`SELECT COUNT(*) FROM job WHERE kind IN (?, ?)`), forgottenKind, "mail.send").Scan(&n))
		return n == 0
	})
}

func (h *house) until(what string, is func() bool) {
	h.Helper()
	for round := range 6000 {
		if is() {
			return
		}
		// What failed once waits on the clock of the house before it is tried again.
		if round%200 == 199 {
			h.clock.pass(3 * time.Second)
		}
		time.Sleep(5 * time.Millisecond)
	}
	h.Fatalf("it does not come to pass that %s", what)
}

// ledgerHolds looks for words in what the ledger keeps of links and resets.
func (h *house) ledgerHolds(words ...string) {
	h.Helper()
	h.fine(h.Scribe.Flush(h.ctx))
	all, _, err := h.Scribe.Read(h.ctx, scribe.Question{Limit: 500})
	h.fine(err)
	for i := range all {
		if e := all[i].Entry.Event; !strings.HasPrefix(e, "link.") && !strings.HasPrefix(e, "reset.") && !strings.HasPrefix(e, "email.") {
			continue
		}
		for _, w := range words {
			if strings.Contains(string(all[i].Details), w) {
				h.Errorf("the ledger tells %q in %s: %s", w, all[i].Entry.Event, all[i].Details)
			}
		}
	}
}

func TestStrangersCannotFloodAMailbox(t *testing.T) {
	each(t, func(h *house) {
		post := h.withMail()
		h.person("ana@example.com", h.role("manager"))
		for range 20 {
			h.fine(h.Forgotten(h.ctx, "ana@example.com", home, "test"))
			h.clock.pass(4 * time.Second)
		}
		h.until("all jobs are done", func() bool { return h.jobs() == 0 })
		time.Sleep(50 * time.Millisecond)
		if n := len(post.Wait(1)); n > 3 {
			h.Errorf("%d mails came", n)
		}
		h.Mail = nil
		h.refused(fault.Conflict, "mail.none", h.Forgotten(h.ctx, "ana@example.com", home, "test"))
	})
}

func TestAdministratorStartsAResetAndLearnsNothing(t *testing.T) {
	each(t, func(h *house) {
		post := h.withMail()
		ana := h.person("ana@example.com", h.role("manager"))
		token, _, err := h.Link(h.ctx, h.owner.Actor, ana.Person.ID, Reset)
		h.fine(err)
		if token != "" {
			h.Error("the administrator is shown the link though it is mailed")
		}
		if !h.lets(ana) {
			h.Error("a reset that nobody used ended a session")
		}
		got := post.To("ana@example.com", "new password")
		if !strings.Contains(got.Text, "Olga Owner") {
			h.Errorf("the mail does not say who started it: %s", got.Text)
		}
		// Nor by way of an invitation, which may be handed over.
		_, _, err = h.LinkToHand(h.ctx, h.owner.Actor, ana.Person.ID)
		h.refused(fault.Conflict, "person.joined", err)
		_, err = h.Redeem(h.ctx, Redeeming{Token: tokenIn(h, got), Password: good, Address: home})
		h.fine(err)
		_, _, err = h.Link(h.ctx, h.owner.Actor, ana.Person.ID, Reset)
		h.fine(err)
		h.until("it came", func() bool {
			links := 0
			for _, m := range post.Inbox() {
				if strings.Contains(m.Subject, "new password") { // and not word of what has happened
					links++
				}
			}
			return links == 2
		})
		h.fine(h.Revoke(h.ctx, h.owner.Actor, ana.Person.ID))
		_, err = h.Redeem(h.ctx, Redeeming{Token: tokenIn(h, post.To("ana@example.com", "new password")), Password: better, Address: home})
		h.refused(fault.Unknown, "session.missing", err)
		h.tells("link.revoked")
	})
}

func TestInvitedPersonSaysWhoTheyAreOnce(t *testing.T) {
	each(t, func(h *house) {
		post := h.withMail()
		p, err := h.CreatePerson(h.ctx, h.owner.Actor, Draft{Email: "ivan@example.com", Name: "ivan", Role: h.role("manager"), Language: "en"})
		h.fine(err)
		_, ends, err := h.Link(h.ctx, h.owner.Actor, p.ID, Invite)
		h.fine(err)
		token := tokenIn(h, post.To("ivan@example.com", "Olga Owner invites you"))
		if w, err := h.Look(h.ctx, token, home, "test"); err != nil || w != (Awaited{Invite, "ivan@example.com", "ivan", "en", "UTC"}) {
			h.Errorf("the link is for %+v, %v", w, err)
		}
		if again, err := h.Person(h.ctx, h.owner.Actor, p.ID); err != nil || !again.LinkEnds.Equal(ends) {
			h.Errorf("the link is said to end at %v, %v", again.LinkEnds, err)
		}
		_, err = h.Look(h.ctx, "guess", home, "test")
		h.refused(fault.Unknown, "session.missing", err)
		_, err = h.Redeem(h.ctx, Redeeming{Token: token, Password: good, Name: "Ivan", TimeZone: "Moon/Base", Address: home})
		h.refused(fault.Invalid, "time_zone.unknown", err)
		s, err := h.Redeem(h.ctx, Redeeming{Token: token, Password: good, Name: "Иван Белов", Language: "ru", TimeZone: "Europe/Warsaw", Address: home})
		h.fine(err)
		if s.Person.Name != "Иван Белов" || s.Person.Language != "ru" || s.Person.TimeZone != "Europe/Warsaw" {
			h.Errorf("they came in as %+v", s.Person)
		}
		// A reset is no occasion to take another name.
		_, _, err = h.Link(h.ctx, h.owner.Actor, p.ID, Reset)
		h.fine(err)
		s, err = h.Redeem(h.ctx, Redeeming{Token: tokenIn(h, post.To("ivan@example.com", "Новый пароль")), Password: better, Name: "Olga Owner", Address: home})
		h.fine(err)
		if s.Person.Name != "Иван Белов" {
			h.Errorf("a reset changed the name to %s", s.Person.Name)
		}
	})
}

func TestOwnAddressChangesWhenTheNewOneIsConfirmed(t *testing.T) {
	each(t, func(h *house) {
		post := h.withMail()
		ana := h.person("ana@example.com", h.role("manager"))
		h.refused(fault.Invalid, "password.wrong", h.ChangeEmail(h.ctx, ana.Actor, "anna@example.com", "not it at all"))
		taken := ownerMail
		h.fine(h.ChangeEmail(h.ctx, ana.Actor, taken, better))
		post.To("ana@example.com", "is to be changed")
		h.fine(h.ChangeEmail(h.ctx, ana.Actor, "anna@example.com", better))
		token := tokenIn(h, post.To("anna@example.com", "Confirm"))
		for _, m := range post.Inbox() {
			if m.To == taken {
				h.Error("somebody else was asked to confirm their own address")
			}
		}
		h.signIn("ana@example.com", better)
		h.refused(fault.Unknown, "session.missing", h.ConfirmEmail(h.ctx, "guess", home, "test"))
		h.fine(h.ConfirmEmail(h.ctx, token, home, "test"))
		post.To("ana@example.com", "was changed")
		h.signIn("anna@example.com", better)
		h.refused(fault.Unknown, "signin.refused", h.ask("ana@example.com", better, home))
		h.refused(fault.Unknown, "session.missing", h.ConfirmEmail(h.ctx, token, home, "test"))

		// Not once it is late, and not for a closed account.
		h.fine(h.ChangeEmail(h.ctx, ana.Actor, "late@example.com", better))
		late := tokenIn(h, post.To("late@example.com", "Confirm"))
		h.clock.pass(emailLasts)
		h.refused(fault.Unknown, "session.missing", h.ConfirmEmail(h.ctx, late, home, "test"))
		h.fine(h.ChangeEmail(h.ctx, ana.Actor, "gone@example.com", better))
		gone := tokenIn(h, post.To("gone@example.com", "Confirm"))
		h.fine(h.Deactivate(h.ctx, h.owner.Actor, ana.Person.ID))
		h.refused(fault.Unknown, "session.missing", h.ConfirmEmail(h.ctx, gone, home, "test"))
		// Whoever manages people does not get round it for themselves.
		mine := "thief@example.com"
		_, err := h.UpdatePerson(h.ctx, h.owner.Actor, h.owner.Person.ID, h.owner.Person.Version, Patch{Email: &mine})
		h.refused(fault.Conflict, "email.confirm", err)
		h.refused(fault.Denied, "email.own", h.ChangeEmail(h.ctx, actor.Actor{Kind: actor.Program, Person: h.owner.Person.ID}, mine, good))
		h.tells("email.change_requested", "person.changed")
		h.ledgerHolds("late@example.com", "gone@example.com")
	})
}

func TestPasswordIsWeighedAsItWouldBeTaken(t *testing.T) {
	each(t, func(h *house) {
		p, err := h.CreatePerson(h.ctx, h.owner.Actor, Draft{Email: "zebulon@example.com", Name: "Zebulon Quackenbush", Role: h.role("manager")})
		h.fine(err)
		token, _, err := h.Link(h.ctx, h.owner.Actor, p.ID, Invite)
		h.fine(err)
		for typed, want := range map[string]string{"": "password.short", "short": "password.short", strings.Repeat("long ", 100): "password.long",
			"passwordpassword": "password.guessable", "zebulonquackenbush": "password.guessable", good: ""} {
			w, err := h.Weigh(h.ctx, stranger(home, "test"), typed, token)
			if err != nil || w.Why != want || (w.Score >= 2) != (want == "") {
				h.Errorf("%q weighs %+v, %v; want %q", typed, w, err, want)
			}
		}
		for range 100 {
			if _, err = h.Weigh(h.ctx, stranger(abroad, "test"), "x", ""); err != nil {
				break
			}
		}
		h.refused(fault.Often, "signin.often", err)
	})
}
