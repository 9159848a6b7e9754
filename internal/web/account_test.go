package web_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	post "castellan/internal/mail"
	"castellan/internal/mail/mailtest"
)

// withMail gives the town a mail server, and somebody who carries mails to it.
func (w *town) withMail() *mailtest.Server {
	w.Helper()
	server := mailtest.Serve(w.T, post.StartTLS)
	out := post.Open(post.Options{DB: w.db, Vault: w.vault, Scribe: w.scribe, Runner: w.runner, Server: server.Settings(), URL: w.server.URL})
	w.server.Mail, w.server.Accounts.Mail = out, out
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.runner.Run(ctx) }()
	w.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			w.Error(err)
		}
	})
	return server
}

// secretOf is what a link in a mail carries behind #.
func secretOf(t *town, m mailtest.Mail) string {
	t.Helper()
	u, err := url.Parse(m.Link())
	if err != nil || u.Host != "crm.example.com" || u.Scheme != "https" || u.RawQuery != "" || u.Fragment == "" || strings.Contains(u.Path, u.Fragment) {
		t.Fatalf("the link leads to %q: %v", m.Link(), err)
	}
	return u.Fragment
}

const another = "quiet lantern under bridges"

func TestAttack44_ResetLinkIsMadeOfTheSettingsAndLetsTheRightOneInOnce(t *testing.T) {
	everywhere(t, func(t *town) {
		inbox := t.withMail()
		a := t.hire("Mike", sales())
		forged := func(email string) {
			t.guest().with("Host", "evil.example").with("X-Forwarded-Host", "evil.example").with("Forwarded", "host=evil.example").
				post("/api/v1/session/forgotten", object{"email": email}).is(204).lacks("evil")
		}
		for _, email := range []string{"m\u0131ke@example.com", "mi\u212ae@example.com", "mike@example.com,eve@example.com", "nobody@example.com"} {
			forged(email)
		}
		forged("mike@example.com")
		got := inbox.To("mike@example.com", "new password")
		if all := inbox.Inbox(); len(all) != 1 || strings.Contains(got.Raw, "evil") {
			t.Errorf("there came %d mails; the one says\n%s", len(all), got.Raw)
		}
		token := secretOf(t, got)
		a.get("/api/v1/session").is(200) // nothing has ended by asking
		t.guest().post("/api/v1/session/link", object{"token": token, "password": another}).is(200)
		t.guest().post("/api/v1/session/link", object{"token": token, "password": another}).is(401)
		a.get("/api/v1/session").is(401)

		// Made by an administrator, mailed and not shown; dead once the account is closed.
		t.olga.with("X-Forwarded-Host", "evil.example").post("/api/v1/people/"+a.id+"/link", object{"purpose": "reset", "by": "link"}).is(201).has(`"mailed":true`).lacks("url", "#")
		dead := secretOf(t, inbox.To("mike@example.com", "new password"))
		t.olga.post("/api/v1/people/"+a.id+"/deactivate", nil).is(204)
		t.guest().post("/api/v1/session/link", object{"token": dead, "password": another}).is(401)
		t.guest().post("/api/v1/session/link/look", object{"token": dead}).is(401)
	})
}

func TestAttack45_NobodyChoosesThePasswordOfAnother(t *testing.T) {
	everywhere(t, func(t *town) {
		a := t.hire("Anton", sales())
		clerk := t.hire("Clara", object{"abilities": []string{"people.manage"}})
		t.olga.do("PUT", "/api/v1/people/"+a.id+"/password", object{"password": another}).is(404, 405)
		for _, body := range []any{
			object{"email": "x@example.com", "name": "X", "role": t.ready("specialist"), "password": another},
			object{"email": "x@example.com", "name": "X", "role": t.ready("specialist"), "state": "active"},
		} {
			t.olga.post("/api/v1/people", body).is(400, 422)
		}
		for _, body := range []any{object{"password": another}, object{"role": []string{t.ready("owner")}}, object{"Role": t.ready("owner")}, object{"role": object{"id": t.ready("owner")}}} {
			a.patch("/api/v1/people/"+a.id, body).is(400, 403, 422)
		}
		a.patch("/api/v1/people/"+a.id, object{"role": t.ready("owner")}).is(403)
		for _, who := range []*person{a, clerk} {
			who.post("/api/v1/people/"+t.olga.id+"/link", object{"purpose": "reset"}).is(403).lacks("url")
			who.delete("/api/v1/people/" + t.olga.id + "/link").is(403)
			who.patch("/api/v1/people/"+t.olga.id, object{"email": "thief@example.com"}).is(403)
			who.post("/api/v1/people/"+t.olga.id+"/deactivate", nil).is(403)
		}
		// Nor does whoever holds a session make themselves a link for it.
		t.olga.post("/api/v1/people/"+t.olga.id+"/link", object{"purpose": "reset"}).is(403).has("password.own")
		t.olga.get("/api/v1/session").is(200)
		t.olga.get("/api/v1/people").is(200).lacks("thief", "x@example.com")
	})
}

func TestAttack46_UnknownWrongAndDeactivatedLookTheSame(t *testing.T) {
	everywhere(t, func(t *town) {
		t.withMail()
		t.hire("Anton", sales())
		gone := t.hire("Gina", sales())
		t.olga.post("/api/v1/people/"+gone.id+"/deactivate", nil).is(204)
		emails := map[string]string{"known": "anton@example.com", "deactivated": "gina@example.com", "unknown": "nobody@example.com"}
		bodies, took := map[string]string{}, map[string]map[string]time.Duration{"sign in": {}, "forgotten": {}}
		for name, email := range emails {
			for range 3 {
				began := time.Now()
				got := t.guest().post("/api/v1/session", object{"email": email, "password": "not the right one at all"}).is(401)
				took["sign in"][name] = shortest(took["sign in"][name], time.Since(began))
				bodies[got.body] = name
				began = time.Now()
				got = t.guest().post("/api/v1/session/forgotten", object{"email": email}).is(204)
				took["forgotten"][name] = shortest(took["forgotten"][name], time.Since(began))
				if got.body != "" || len(got.header.Values("Set-Cookie")) != 0 {
					t.Errorf("to have forgotten a password is answered with %q", got.body)
				}
			}
		}
		if len(bodies) != 1 {
			t.Errorf("sign-in tells accounts apart: %v", bodies)
		}
		// The work is counted in identity; here it is enough that no one is a
		// whole password hash, or a mail, ahead of the others.
		for what, times := range took {
			for one, d := range times {
				for other, e := range times {
					if d > 4*e+20*time.Millisecond {
						t.Errorf("%s: %s takes %s, %s %s", what, one, d, other, e)
					}
				}
			}
		}
	})
}

func shortest(a, b time.Duration) time.Duration {
	if a == 0 || b < a {
		return b
	}
	return a
}

func TestAttack49_SecretsStandInNoAddressAndNoLog(t *testing.T) {
	everywhere(t, func(t *town) {
		inbox := t.withMail()
		made := t.olga.post("/api/v1/people", object{"email": "nina@example.com", "name": "Nina", "role": t.ready("specialist"), "invite": "link"}).is(201)
		u, err := url.Parse(made.at("link", "url"))
		if err != nil || u.RawQuery != "" || u.Path != "/link" || u.Fragment == "" {
			t.Fatalf("the link is %s: %v", made.at("link", "url"), err)
		}
		secrets := []string{u.Fragment, another, goodPassword}
		n := &person{town: t}
		t.guest().post("/api/v1/session/link/look", object{"token": u.Fragment}).is(200).has("nina@example.com", `"purpose":"invite"`).lacks(u.Fragment)
		t.guest().post("/api/v1/session/password/weigh", object{"token": u.Fragment, "password": another}).is(200).lacks(another)
		n.post("/api/v1/session/link", object{"token": u.Fragment, "password": another, "name": "Nina Petrova", "language": "it", "time_zone": "Europe/Rome"}).is(200).has("Nina Petrova").lacks(u.Fragment, another)
		n.post("/api/v1/session/email", object{"email": "nina.p@example.com", "password": another}).is(204)
		confirm := secretOf(t, inbox.To("nina.p@example.com", ""))
		t.guest().post("/api/v1/session/email/confirm", object{"token": confirm}).is(204)
		t.guest().post("/api/v1/session/forgotten", object{"email": "nina.p@example.com"}).is(204)
		reset := secretOf(t, inbox.To("nina.p@example.com", "password"))
		// A secret in the place of an address is an address like any other.
		t.guest().get("/link?token=" + reset)
		t.guest().get("/api/v1/session/link/" + reset).is(404).lacks(reset)
		for _, secret := range append(secrets, confirm, reset, n.cookies["castellan"], mailtest.Password) {
			if secret == "" {
				continue
			}
			if strings.Contains(t.log.String(), secret) {
				t.Errorf("the log holds the secret %q", secret)
			}
			t.olga.get("/api/v1/ledger").is(200).lacks(secret)
		}
		for _, rt := range strings.Split(t.log.String(), "\n") {
			if strings.Contains(rt, "nina") {
				t.Errorf("the log names somebody: %s", rt)
			}
		}
		// What was sent lies nowhere any more.
		t.olga.get("/api/v1/settings/mail").is(200).has(`"configured":true`, `"given_up":0`).lacks("nina", reset, mailtest.Password)
	})
}

// until waits for the newest hand-over of a person to come to a state.
func (p *person) until(person, state string) *answer {
	p.Helper()
	var a *answer
	for range 1000 {
		if a = p.get("/api/v1/people/" + person + "/hand-overs").is(200); a.items()[0]["state"] == state {
			return a
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.Fatalf("the hand-over does not come to %s: %s", state, a.body)
	return a
}

func TestWhoeverGoesLeavesNothingBehindAndItCanBeTakenBack(t *testing.T) {
	everywhere(t, func(t *town) {
		t.withMail()
		a, b := t.hire("Anton", sales()), t.hire("Berta", sales())
		var ids []string
		for range 120 {
			ids = append(ids, a.create("contacts", object{"name": "Anna"}))
		}
		task := a.create("tasks", object{"title": "Call Anna"})
		company := t.olga.create("companies", object{"name": "Quartz"})
		t.olga.post("/api/v1/companies/"+company+"/shares", object{"person": a.id, "level": "edit"}).is(200, 201, 204)
		t.olga.get("/api/v1/people/"+a.id+"/holdings").is(200).has(`{"kind":"contact","number":120}`, `{"kind":"task","number":1}`, `"shared":1`)
		b.get("/api/v1/contacts/" + ids[7]).is(404)
		b.get("/api/v1/companies/" + company).is(404)

		// Neither by those who may not, nor to nobody.
		for _, who := range []*person{a, b} {
			who.post("/api/v1/people/"+a.id+"/hand-over", object{"to": b.id, "deactivate": true}).is(403)
			who.get("/api/v1/people/" + a.id + "/holdings").is(403)
		}
		t.olga.post("/api/v1/people/"+a.id+"/hand-over", object{"to": a.id, "deactivate": true}).is(400, 422)
		t.olga.post("/api/v1/people/"+a.id+"/hand-over", object{"to": "person_0000000000000"}).is(400, 422)
		clerk := t.hire("Clara", object{"abilities": []string{"people.manage"}})
		clerk.post("/api/v1/people/"+a.id+"/hand-over", object{"to": b.id, "deactivate": true}).is(403)
		a.get("/api/v1/session").is(200)

		made := t.olga.post("/api/v1/people/"+a.id+"/hand-over", object{"to": b.id, "deactivate": true}).is(201)
		a.get("/api/v1/contacts").is(401)
		t.olga.until(a.id, "done").has(`"done":122`, `"refused":0`)
		b.get("/api/v1/contacts/" + ids[7]).is(200)
		b.get("/api/v1/tasks/" + task).is(200)
		b.get("/api/v1/companies/" + company).is(200)
		t.olga.get("/api/v1/people/" + a.id + "/holdings").is(200).has(`"items":[]`)
		t.olga.get("/api/v1/contacts/" + ids[7] + "/history").is(200).has("Berta")
		t.olga.get("/api/v1/ledger" + query("event", "handover.finished")).is(200).has("handover.finished")

		// Taken back, but for what was changed since.
		b.patch("/api/v1/contacts/"+ids[3], object{"name": "Anna Nova"}).is(200)
		undo := "/api/v1/hand-overs/" + made.at("id") + "/undo"
		b.post(undo, nil).is(403, 404)
		t.olga.post(undo, nil).is(204)
		t.olga.until(a.id, "undone").has(`"done":121`, `"refused":1`)
		t.olga.post(undo, nil).is(409)
		b.get("/api/v1/contacts/" + ids[7]).is(404)
		b.get("/api/v1/contacts/" + ids[3]).is(200)
		b.get("/api/v1/companies/" + company).is(404)
		t.olga.get("/api/v1/people/"+a.id+"/holdings").is(200).has(`{"kind":"contact","number":119}`, `{"kind":"task","number":1}`)
	})
}

// A leaked key must not open accounts, whatever its role holds: people are made by
// people, or by the key of the directory, which an owner has made for that.
func TestProgramsLetNobodyIn(t *testing.T) {
	everywhere(t, func(t *town) {
		a := t.hire("Anton", sales())
		gone := t.hire("Gosia", sales())
		t.olga.post("/api/v1/people/"+gone.id+"/deactivate", nil).is(204)
		program := &person{town: t, key: t.olga.post("/api/v1/keys", object{"name": "Robot", "role": t.ready("owner")}).is(201).at("token")}
		before := t.olga.get("/api/v1/people").is(200).body
		program.get("/api/v1/people").is(200).has("Anton") // it does hold the ability
		for _, invite := range []string{"", "link", "none"} {
			body := object{"email": "eve@example.com", "name": "Eve", "role": t.ready("specialist")}
			if invite != "" {
				body["invite"] = invite
			}
			program.post("/api/v1/people", body).is(403).lacks("link#")
		}
		one := "/api/v1/people/" + a.id
		program.post(one+"/link", object{"purpose": "reset"}).is(403).lacks("link#")
		program.post(one+"/link", object{"purpose": "invite"}).is(403).lacks("link#")
		program.patch(one, object{"email": "eve@example.com"}).is(403)
		program.patch(one, object{"role": t.ready("owner")}).is(403)
		program.put(one+"/rights", object{"abilities": object{"people.manage": true}}).is(403)
		program.post(one+"/factors/reset", nil).is(403)
		program.post("/api/v1/people/"+gone.id+"/reactivate", nil).is(403)
		program.post("/api/v1/keys", object{"name": "Another", "role": t.ready("owner")}).is(403)
		if after := t.olga.get("/api/v1/people").is(200).body; after != before {
			t.Errorf("people were\n%s\nand are\n%s", before, after)
		}
	})
}
