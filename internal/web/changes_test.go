package web_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"castellan/internal/crm"
	"castellan/internal/mail/mailtest"
	"castellan/internal/mailbox/mailboxtest"
	"castellan/internal/schema"

	"github.com/emersion/go-smtp"
)

// onlooker is somebody who sees every record, and of it no more than the sights say.
type onlooker struct {
	name   string
	built  string // of a ready role; empty: one with the sights
	sights map[string]string
}

// onlookers are people in every ready role but the owner's, and in roles with each
// way in which a class can be closed.
func onlookers() []onlooker {
	all := []onlooker{{name: "ContactMasked", sights: map[string]string{"personal": "plain", "contact": "masked", "special": "hidden"}}}
	for _, sight := range []string{"hidden", "masked", "click"} {
		all = append(all, onlooker{name: "All" + sight, sights: map[string]string{"personal": sight, "contact": sight, "special": sight}})
	}
	for _, built := range []string{"administrator", "manager", "specialist", "call_centre", "accountant"} {
		all = append(all, onlooker{name: "Ready" + strings.ReplaceAll(built, "_", ""), built: built})
	}
	return all
}

// arrives signs an onlooker in.
func (o onlooker) arrives(t *town) *person {
	t.Helper()
	if o.built != "" {
		return t.employ(o.name, t.ready(o.built))
	}
	role := blindRole()
	sights := []object{{"class": "open", "own": "plain", "group": "plain", "all": "plain"}}
	for _, class := range slices.Sorted(maps.Keys(o.sights)) {
		sights = append(sights, object{"class": class, "own": o.sights[class], "group": o.sights[class], "all": o.sights[class]})
	}
	role["sights"] = sights
	role["abilities"] = append(role["abilities"].([]string), "records.merge", "records.find_exact")
	return t.hire(o.name, role)
}

// secretsOf are those that an onlooker must not be told.
func (o onlooker) secretsOf(s *secretary) []string {
	if o.built != "" || o.sights["personal"] == "plain" {
		return s.contact
	}
	return s.closed
}

// history makes records of every kind with secrets in them, and a past with others:
// changed, deleted and brought back, merged, written to in vain, written by.
func history(t *town, s *secretary, out *mailtest.Server, in *mailboxtest.Server) map[string]string {
	t.Helper()
	out.Answer(func(string) error { return &smtp.SMTPError{Code: 550, Message: "no"} })
	ids := map[string]string{"{version}": "1"}
	for _, name := range []string{"company", "folder", "contact", "service", "appointment", "deal", "process", "legal_entity", "prospect_list", "prospect", "call", "message", "task", "comment", "file", "invoice"} {
		k := kindCalled(name)
		at := k.Plural + "{id}"
		if s.class = schema.Personal; k.Content != nil {
			ids[at] = t.olga.upload(ids["contacts{id}"], s.word(true)+".txt", []byte(s.word(true))).is(201).at("id")
		} else {
			ids[at] = t.olga.create(k.Plural, s.plant(t, k, ids))
		}
		t.olga.patch("/api/v1/"+k.Plural+"/"+ids[at], s.plant(t, k, nil)).is(200)
		if !k.Within && k.Time == nil {
			t.olga.delete("/api/v1/"+k.Plural+"/"+ids[at]).is(200, 204)
			t.olga.post("/api/v1/"+k.Plural+"/"+ids[at]+"/restore", nil).is(200, 204)
		}
	}
	contact := ids["contacts{id}"]
	twin := t.olga.create("contacts", s.plant(t, kindCalled("contact"), nil))
	t.olga.post("/api/v1/contacts/"+contact+"/merge", object{"other": twin}).is(200, 201)

	// A letter that was refused, and one that came in, each with numbers in it.
	s.class = schema.Personal
	subject, body, answer := s.word(true), s.word(true), s.word(true)
	s.class = schema.Contact
	for _, number := range []string{"212-555-0198", "212-555-0199"} {
		s.keep(number, true)
	}
	client := t.olga.create("contacts", object{"name": "Open Name", "emails": []string{email}})
	s.keep(email, true)
	word := t.olga.post("/api/v1/contacts/"+client+"/letter", object{"subject": subject, "body": body + " 212-555-0198"}).is(201).at("message")
	t.olga.as("failed", word)
	in.Deliver(mailboxtest.Mail(email, answer, answer+"\r\n212-555-0199 "+email, "Message-ID: <a@example.com>"))
	t.look().has(`"taken":1`)
	ids["written{id}"] = client
	return ids
}

func kindCalled(name string) *schema.Kind {
	for _, k := range crm.Kinds() {
		if k.Name == name {
			return &k
		}
	}
	return nil
}

// changesOf are the surfaces that tell what happened or was changed, and those on
// which records of others are named beside.
func changesOf(t *town, ids map[string]string) []string {
	all := []string{"/api/v1/session/notices", "/api/v1/dashboard", "/api/v1/dashboard/appointments?from=2026-03-02", "/api/v1/journal?from=2026-03-02", "/api/v1/journal?from=2026-03-02&days=7",
		"/api/v1/ledger?limit=200", "/api/v1/letter-templates", "/api/v1/exports", "/api/v1/booking/clients?search=sec", "/api/v1/booking/clients?search=open", "/api/v1/tasks?sort=due_at", "/api/v1/contacts/" + ids["written{id}"] + "/timeline",
		"/api/v1/messages?sort=-at&limit=100", "/api/v1/messages?sort=-at&filter=" + "delivery+%3D+failed"}
	for _, k := range crm.Kinds() {
		one := "/api/v1/" + k.Plural + "/" + ids[k.Plural+"{id}"]
		all = append(all, one, one+"/timeline", one+"/history", one+"/history/1", one+"/history/2", one+"/seen", one+"/access", one+"/shares", "/api/v1/"+k.Plural+"?bin=1", "/api/v1/"+k.Plural+"?clients=1",
			"/api/v1/files?filter=about+%3D+"+ids[k.Plural+"{id}"], "/api/v1/comments?filter=about+%3D+"+ids[k.Plural+"{id}"])
	}
	for path, methods := range description(t) {
		if _, reads := methods["get"]; reads {
			all = append(all, filled(path, ids))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestAttack16_WhatHappenedIsToldWithoutWhatIsHidden(t *testing.T) {
	withBox(t, func(t *town, out *mailtest.Server, in *mailboxtest.Server) {
		s := &secretary{}
		ids := history(t, s, out, in)
		paths := changesOf(t, ids)
		if len(s.closed) < 80 || len(s.contact) < 20 || len(paths) < 200 {
			t.Fatalf("only %d secrets, %d of them ways to reach somebody, on %d surfaces", len(s.closed), len(s.contact), len(paths))
		}
		for _, o := range onlookers() {
			p, told := o.arrives(t), 0
			ids["people{id}"] = p.id
			for _, path := range paths {
				if a := p.get(path); a.lacks(o.secretsOf(s)...).status == 200 {
					told++
				}
			}
			if told < 30 {
				t.Errorf("%s was answered on %d surfaces only: nothing is shown by that", o.name, told)
			}
		}
		// The secrets are there: their owner finds them on the same surfaces.
		t.olga.get("/api/v1/contacts/"+ids["written{id}"]+"/timeline").is(200).has("212-555-0198", "212-555-0199")
	})
}

func TestAttack15_WhatIsOfferedWhileWritingKeepsTheMask(t *testing.T) {
	withBox(t, func(t *town, out *mailtest.Server, in *mailboxtest.Server) {
		s := &secretary{}
		ids := history(t, s, out, in)
		contact := ids["contacts{id}"]
		other := t.olga.create("contacts", s.plant(t, kindCalled("contact"), nil))
		// A letter that others may use names fields, some of which not everybody sees.
		for _, f := range kindCalled("contact").Fields {
			t.olga.post("/api/v1/letter-templates", object{"name": "With " + f.Name, "subject": "x", "body": "{" + f.Name + "}", "audience": "everyone"})
		}
		for _, o := range onlookers() {
			p, closed := o.arrives(t), o.secretsOf(s)
			for _, f := range kindCalled("contact").Fields {
				for _, body := range []string{"{" + f.Name + "}", "{ " + f.Name + " }{name}", "{{" + f.Name + "}}"} {
					p.post("/api/v1/contacts/"+contact+"/letter/preview", object{"subject": "For {name}", "body": body}).lacks(closed...)
				}
			}
			for _, secret := range s.all { // what is typed is answered with more of the same
				for _, path := range []string{"/api/v1/search?q=", "/api/v1/booking/clients?search=", "/api/v1/contacts?fields=name&search="} {
					a := p.get(path + query("x", secret[:len(secret)/2+1])[3:])
					a.lacks(closed...)
				}
			}
			for _, path := range []string{"/api/v1/booking/clients/" + contact, "/api/v1/deals?fields=title,contact,company", "/api/v1/tasks?fields=title,contact,deal", "/api/v1/letter-templates", "/api/v1/contacts/" + contact + "?fields=company"} {
				p.get(path).lacks(closed...)
			}
			for path, body := range map[string]object{
				"/api/v1/contacts/find":                  {"email": email},
				"/api/v1/contacts/ask":                   {"email": email},
				"/api/v1/contacts/alike":                 {"fields": object{"name": "Open Name", "emails": []string{email}}},
				"/api/v1/preview":                        {"kind": "contact", "role": object{"name": "x", "grades": object{"contact": object{"view": "all"}}, "sights": []object{}, "abilities": []string{}}},
				"/api/v1/contacts/" + contact + "/merge": {"other": other, "take": object{"phones": "both", "emails": "other", "name": "other"}},
			} {
				a := p.post(path, body)
				for _, secret := range closed {
					if secret != email && strings.Contains(a.body, secret) { // the address was typed
						t.Errorf("%s: %s tells %s: %s", o.name, path, secret, a.body)
					}
				}
			}
			if o.sights["personal"] == "plain" {
				p.post("/api/v1/contacts/"+ids["written{id}"]+"/letter/preview", object{"subject": "For {name}", "body": "x"}).is(200).has("Open Name")
			}
		}
		if n := len(out.Inbox()); n != 0 {
			t.Errorf("%d mails went out", n)
		}
	})
}
