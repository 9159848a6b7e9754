package web_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// The attacks that these tests are named after happened to other programs; see
// the numbers. Every refusal is followed by a look at what it left behind.

const (
	phone  = "+12125550123"
	digits = "2125550123"
	email  = "anna.secret@example.com"
)

// bystanders: A and B sell, each to their own clients; C is a client of B.
func bystanders(t *town) (a, b *person, c string) {
	a, b = t.hire("Anton", sales()), t.hire("Berta", sales())
	c = b.create("contacts", object{"name": "Cecilia Quartz", "phones": []string{"(212) 555-0199"}, "emails": []string{"cecilia.secret@example.com"}, "city": "Quartzville"})
	return a, b, c
}

func query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return "?" + v.Encode()
}

func TestAttack1_MaskedFieldCannotBeFiltered(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		a.create("contacts", object{"name": "Anna", "phones": []string{"(212) 555-0123"}, "emails": []string{email}})
		for _, filter := range []string{`phones has "` + phone + `"`, `emails has "` + email + `"`, `not phones has "` + phone + `"`, `phones is empty`, `name = "Anna" or phones has "` + phone + `"`,
			`{"field":"phones","op":"has","value":"` + phone + `"}`, `{"not":{"field":"phones","op":"empty"}}`} {
			for _, path := range []string{"/api/v1/contacts", "/api/v1/contacts/count"} {
				a.get(path+query("filter", filter)).is(400, 403).lacks("Anna", phone, digits, email)
			}
		}
		if n := len(a.get("/api/v1/contacts" + query("filter", `name = "Anna"`)).items()); n != 1 {
			t.Errorf("an open field finds %d", n)
		}
	})
}

func TestAttack2_MaskedFieldCannotBeSorted(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		for _, sort := range []string{"phones", "-phones", "emails", "address", "phones_key", "id;drop table contact", "phones asc"} {
			a.get("/api/v1/contacts"+query("sort", sort)).is(400, 403).lacks("drop", "items")
		}
		// A cursor that was sorted by something is good for that order alone,
		// and tells nothing of what was sorted by.
		for _, name := range []string{"Abel Zirkon", "Bert Zirkon", "Carl Zirkon"} {
			a.create("contacts", object{"name": name})
		}
		first := a.get("/api/v1/contacts" + query("sort", "name", "limit", "1")).is(200)
		next := first.at("next")
		if strings.Contains(next, "Abel") || strings.Contains(next, "abel") {
			t.Errorf("the cursor shows what is sorted by: %s", next)
		}
		a.get("/api/v1/contacts" + query("sort", "-updated_at", "limit", "1", "cursor", next)).is(400)
		a.get("/api/v1/deals" + query("limit", "1", "cursor", next)).is(400)
		a.get("/api/v1/contacts" + query("sort", "name", "limit", "1", "cursor", next)).is(200).has("Bert Zirkon")
	})
}

func TestAttack3_SearchDoesNotLookIntoUnreadableFields(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		a.create("contacts", object{"name": "Anna", "phones": []string{"(212) 555-0123"}, "emails": []string{email}})
		for _, typed := range []string{"5550123", digits, "0123", email, "anna.secret@"} {
			if got := a.get("/api/v1/contacts" + query("search", typed, "count", "exact")).lacks("Anna").items(); len(got) != 0 {
				t.Errorf("search %q finds %d", typed, len(got))
			}
			a.get("/api/v1/search" + query("q", typed)).is(200).lacks("Anna")
		}
		if got := t.olga.get("/api/v1/contacts" + query("search", "5550123")).items(); len(got) != 1 {
			t.Errorf("the owner's search finds %d", len(got))
		}
	})
}

func TestAttack5_AliasDoesNotUnmask(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		a.create("contacts", object{"name": "Anna", "phones": []string{"(212) 555-0123"}})
		for _, fields := range []string{"phones as x", "x:phones", "contact.phones", "phones_key", "PHONES", "name,phones as name", "*"} {
			a.get("/api/v1/contacts"+query("fields", fields)).is(400).lacks(phone, digits)
		}
		a.get("/api/v1/contacts"+query("fields", "phones")).is(200).has("XXXX").lacks(phone, digits)
		a.get("/api/v1/contacts"+query("fields", "phones,phones,name")).is(200).lacks(phone, digits)
	})
}

func TestAttack6_BeginningOfAMaskedValueCannotBeProbed(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		a.create("contacts", object{"name": "Anna", "phones": []string{"(212) 555-0123"}})
		for _, filter := range []string{`phones starts "+1212"`, `phones contains "555"`, `phones > "+1"`, `phones in ("` + phone + `")`} {
			a.get("/api/v1/contacts"+query("filter", filter)).is(400, 403).lacks("Anna")
		}
		a.post("/api/v1/contacts/find", object{"phone": phone}).is(403).lacks("Anna")
		a.post("/api/v1/contacts/bulk", object{"action": "update", "filter": `phones starts "+1212"`, "patch": object{"city": "x"}}).is(403)
	})
}

func TestAttack7_FilterDoesNotReachThroughARelation(t *testing.T) {
	everywhere(t, func(t *town) {
		a, b, _ := bystanders(t)
		company := b.create("companies", object{"name": "Quartz Ltd"})
		for _, filter := range []string{`company.name = "Quartz Ltd"`, `company.phones is empty`, `contact.company = "` + company + `"`, `responsible.email = "berta@example.com"`, `"company"."name" = "x"`} {
			a.get("/api/v1/contacts"+query("filter", filter)).is(400, 403).lacks("Quartz")
		}
		// Nor does a link to what one cannot see tell that it exists.
		a.post("/api/v1/contacts", object{"name": "Anna", "company": company}).is(422).lacks("Quartz")
		a.post("/api/v1/contacts", object{"name": "Anna", "company": "company_0000000000000"}).is(422)
	})
}

func TestAttack8_QuestionsOfYesOrNoAreNoOracles(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		// A number that somebody else's client has is taken like any other.
		known := a.post("/api/v1/contacts", object{"name": "Twin", "phones": []string{"(212) 555-0199"}}).is(201)
		fresh := a.post("/api/v1/contacts", object{"name": "Twin", "phones": []string{"(212) 555-0188"}}).is(201)
		known.lacks("Cecilia", "duplicate")
		if len(known.json()) != len(fresh.json()) {
			t.Errorf("a known number is answered differently:\n%s\n%s", known.body, fresh.body)
		}
		// An address that somebody signs in with is answered like one that nobody has.
		g := t.guest()
		one := g.post("/api/v1/session", object{"email": "berta@example.com", "password": "not the right one at all"}).is(401)
		other := g.post("/api/v1/session", object{"email": "nobody@example.com", "password": "not the right one at all"}).is(401)
		if one.body != other.body {
			t.Errorf("sign-in tells accounts apart:\n%s\n%s", one.body, other.body)
		}
		a.get("/api/v1/contacts/count" + query("filter", `name = "Cecilia Quartz"`)).is(200).has(`"n":0`)
	})
}

func TestAttack10_NotYoursLooksLikeNotThere(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, c := bystanders(t)
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			for _, rest := range []string{"", "/history", "/history/1", "/timeline", "/shares", "/restore", "/reveal"} {
				var body any
				if method == "PATCH" {
					body = object{"city": "elsewhere"}
				}
				m := method
				switch {
				case rest == "/restore" || rest == "/reveal":
					m = "POST"
					if body = any(nil); rest == "/reveal" {
						body = object{"fields": []string{"phones"}}
					}
				case rest != "":
					m = "GET"
					body = nil
				}
				theirs := a.do(m, "/api/v1/contacts/"+c+rest, body).is(404)
				for _, nobody := range []string{"contact_0000000000000", "contact_zzzzzzzzzzzzz", strings.Replace(c, "contact_", "deal_", 1), "1", "..%2F", strings.Repeat("x", 300)} {
					missing := a.do(m, "/api/v1/contacts/"+nobody+rest, body).is(404)
					if theirs.body != missing.body {
						t.Errorf("%s: not yours and not there differ:\n%s\n%s", theirs.asked, theirs.body, missing.body)
					}
					theirs.header.Del("Date")
					if len(theirs.header) != len(missing.header) {
						t.Errorf("%s: headers differ", theirs.asked)
					}
				}
			}
		}
	})
}

func TestAttack14_MaskIsNeverStored(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		id := a.create("contacts", object{"name": "Anna", "phones": []string{"(212) 555-0123"}, "emails": []string{email}, "note": "Call 212-555-0123 after noon"})
		shown := a.get("/api/v1/contacts/"+id).is(200).lacks(phone, digits, "555-0123", email)
		seen := shown.json()
		// The form sends back what it showed.
		a.patch("/api/v1/contacts/"+id, object{"phones": seen["phones"]}).is(422).lacks(phone)
		a.patch("/api/v1/contacts/"+id, object{"note": seen["note"]}).is(422)
		a.patch("/api/v1/contacts/"+id, object{"name": "Anna B", "phones": seen["phones"]}).is(422)
		after := t.olga.get("/api/v1/contacts/"+id).is(200).has(phone, email, "212-555-0123", `"name":"Anna"`)
		after.lacks("XXXX")
		// A new number can be set unseen, and leaves the others alone.
		a.patch("/api/v1/contacts/"+id, object{"phones": []string{"(212) 555-0145"}}).is(200).lacks("5550145", email)
		t.olga.get("/api/v1/contacts/"+id).is(200).has("+12125550145", email)
	})
}

func TestAttack16_PastIsMaskedLikeThePresent(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		id := a.create("contacts", object{"name": "Anna", "phones": []string{"(212) 555-0123"}, "emails": []string{email}})
		t.olga.patch("/api/v1/contacts/"+id, object{"phones": []string{"(212) 555-0145"}, "emails": []string{"other.secret@example.com"}}).is(200)
		a.create("comments", object{"about": id, "about_kind": "contact", "text": "Spoke on 212-555-0123"})
		for _, rest := range []string{"/history", "/history/1", "/history/2", "/timeline", "/timeline?only=changes", "/timeline?only=comment", ""} {
			a.get("/api/v1/contacts/"+id+rest).is(200).lacks(phone, digits, "5550145", "555-0123", email, "other.secret")
		}
		a.get("/api/v1/comments"+query("filter", `about = "`+id+`"`)).is(200).lacks(digits, "555-0123")
	})
}

func TestAttack18_SeveralMaskedColumnsStayMaskedInAnyOrder(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		a.create("contacts", object{"name": "Anna", "phones": []string{"(212) 555-0123", "(212) 555-0124"}, "emails": []string{email}, "address": "Secret street 5"})
		for _, fields := range []string{"phones,emails,address", "address,emails,phones", "emails,name,phones", "name,phones,emails,address,city", "phones"} {
			a.get("/api/v1/contacts"+query("fields", fields)).is(200).lacks(digits, "5550124", email, "Secret street")
		}
		// Two numbers are two masks; an address is nothing at all.
		got := a.get("/api/v1/contacts" + query("fields", "phones,emails")).items()
		if n := len(got[0]["phones"].([]any)); n != 2 || got[0]["emails"] != nil {
			t.Errorf("shown: %v", got[0])
		}
	})
}

func TestAttack20_RecordsOfOthersAreClosedByEveryDoor(t *testing.T) {
	everywhere(t, func(t *town) {
		a, b, c := bystanders(t)
		pipelines := b.get("/api/v1/pipelines").items()
		theirs := map[string]string{
			"contacts":  c,
			"companies": b.create("companies", object{"name": "Quartz Ltd", "phones": []string{"(212) 555-0177"}}),
			"deals":     b.create("deals", object{"title": "Quartz deal", "contact": c, "pipeline": pipelines[0]["id"]}),
			"tasks":     b.create("tasks", object{"title": "Quartz task", "contact": c}),
			"comments":  b.create("comments", object{"text": "Quartz comment", "about": c, "about_kind": "contact"}),
		}
		for plural, id := range theirs {
			before := b.get("/api/v1/" + plural + "/" + id).is(200)
			one := "/api/v1/" + plural + "/" + id
			for _, try := range []func() *answer{
				func() *answer { return a.get(one) },
				func() *answer { return a.patch(one, object{"note": "mine now"}) },
				func() *answer { return a.patch(one, object{"responsible": a.id}) },
				func() *answer { return a.delete(one) },
				func() *answer { return a.post(one+"/restore", nil) },
				func() *answer { return a.post(one+"/reveal", object{"fields": []string{"phones"}}) },
				func() *answer { return a.get(one + "/history") },
				func() *answer { return a.get(one + "/timeline") },
				func() *answer { return a.get(one + "/timeline?only=comment") },
				func() *answer { return a.post(one+"/history/1/restore", nil) },
				func() *answer { return a.get(one + "/seen") },
				func() *answer { return a.get(one + "/access") },
				func() *answer { return a.get(one + "/why") },
				func() *answer {
					return a.post("/api/v1/"+plural+"/bulk", object{"ids": []string{id}, "action": "delete"})
				},
			} {
				try().is(403, 404).lacks("Quartz", "secret", "5550199", "5550177")
			}
			if plural != "comments" {
				a.get("/api/v1/" + plural + query("count", "exact")).is(200).has(`"n":0`).lacks("Quartz")
				a.post(one+"/shares", object{"person": a.id, "level": "edit"}).is(403, 404)
			} else {
				a.get("/api/v1/comments"+query("filter", `about = "`+c+`"`)).is(200, 404).lacks("Quartz")
			}
			if after := b.get(one).is(200); after.body != before.body {
				t.Errorf("%s changed:\n%s\n%s", plural, before.body, after.body)
			}
		}
		a.get("/api/v1/search" + query("q", "Quartz")).is(200).lacks("Quartz")
		// A deal or task of one's own does not open the client that it names.
		a.post("/api/v1/deals", object{"title": "Trojan", "contact": c}).is(422)
	})
}

func TestAttack21_RefusedRequestsLeaveNoTraceInTheData(t *testing.T) {
	everywhere(t, func(t *town) {
		a, b, c := bystanders(t)
		count := func() int {
			return len(t.olga.get("/api/v1/ledger" + query("event", "record.changed,record.deleted,record.shared,record.created,role.changed,person.role_changed,settings.changed,field.declared")).items())
		}
		before, entries := b.get("/api/v1/contacts/"+c).is(200), count()
		a.patch("/api/v1/contacts/"+c, object{"city": "Nowhere"}).is(404)
		a.delete("/api/v1/contacts/" + c).is(404)
		a.post("/api/v1/contacts", object{"name": "Half", "phones": []string{"no number"}}).is(422)
		a.post("/api/v1/contacts", object{"name": "Given away", "responsible": b.id}).is(403)
		a.patch("/api/v1/people/"+a.id, object{"role": t.ready("owner")}).is(403, 422)
		a.put("/api/v1/roles/"+t.ready("specialist"), object{"name": "Mine", "grades": object{}, "sights": []any{}, "abilities": []any{}}).is(403)
		a.patch("/api/v1/settings", object{"workspace": "Mine"}).is(403)
		a.post("/api/v1/kinds/contact/fields", object{"label": "Mine", "type": "text", "class": "open"}).is(403)
		if after := b.get("/api/v1/contacts/" + c).is(200); after.body != before.body {
			t.Errorf("the record changed:\n%s\n%s", before.body, after.body)
		}
		if n := count(); n != entries {
			t.Errorf("%d entries of changes, before %d", n, entries)
		}
		t.olga.get("/api/v1/contacts"+query("filter", `name = "Half" or name = "Given away"`)).is(200).lacks("Half", "Given")
	})
}

func TestAttack32_BinNeedsRightsOnTheRecord(t *testing.T) {
	everywhere(t, func(t *town) {
		a, b, c := bystanders(t)
		b.delete("/api/v1/contacts/" + c).is(204)
		a.post("/api/v1/contacts/"+c+"/restore", nil).is(404)
		a.get("/api/v1/contacts" + query("bin", "1")).is(200).lacks("Cecilia")
		a.get("/api/v1/contacts/" + c).is(404)
		b.get("/api/v1/contacts").is(200).lacks("Cecilia")
		b.get("/api/v1/contacts" + query("bin", "1")).is(200).has("Cecilia")
		b.post("/api/v1/contacts/"+c+"/restore", nil).is(200).has("Cecilia")
		// Whoever may not use the bin does not look into it.
		role := sales()
		role["abilities"] = []string{}
		t.hire("Dora", role).get("/api/v1/contacts" + query("bin", "1")).is(403)
	})
}

func TestAttack45_BodiesAreHeldToTheListOfMembers(t *testing.T) {
	once(t, func(t *town) {
		a, _, _ := bystanders(t)
		role := t.ready("owner")
		for _, body := range []string{
			`{"language":"en","Role":"` + role + `"}`, `{"language":"en","ROLE":"` + role + `"}`, `{"language":"en","role_id":1}`, `{"language":"en","administrator":true}`,
			`{"language":"en","language":"ru"}`, `{"language":{"$ne":""}}`, `{"language":["en"]}`, `[{"language":"en"}]`, `{"language":"en"} {"role":"x"}`, `{"language":"en"`,
		} {
			a.do("PATCH", "/api/v1/people/"+a.id, body).is(400)
		}
		if got := a.get("/api/v1/session").is(200).at("person", "role", "name"); got != "Role of Anton" {
			t.Errorf("role is now %q", got)
		}
		a.do("PATCH", "/api/v1/people/"+a.id, `{"language":"ru"}`).is(200)
	})
}

func TestAttack44_LinksAreMadeOfTheSettingsAndNotOfTheRequest(t *testing.T) {
	once(t, func(t *town) {
		role := t.ready("specialist")
		link := t.olga.with("X-Forwarded-Host", "evil.example").with("Forwarded", "host=evil.example").with("Origin", "http://localhost:8080").
			post("/api/v1/people", object{"email": "new@example.com", "name": "New", "role": role}).is(201).lacks("evil")
		if got := link.at("link", "url"); !strings.HasPrefix(got, "https://crm.example.com/link#") {
			t.Errorf("link: %s", got)
		}
		// By another name the session is not known at all, and stays what it is.
		t.olga.with("Host", "evil.example").post("/api/v1/people", object{"email": "newer@example.com", "name": "Newer", "role": role}).is(401)
		t.olga.get("/api/v1/session").is(200)
	})
}

// Everybody's own words are looked for in what they get back: an error that
// repeats its input carries a client's data into logs and tickets.
func TestAttack55_ErrorsRepeatNothingAndTellNothingOfTheInside(t *testing.T) {
	everywhere(t, func(t *town) {
		mark := "zqxmarked"
		inside := []string{mark, "SELECT", "sql", "SQL", "sqlite", "pq:", "pgx", "goroutine", ".go:", "internal/", "panic", "CASTELLAN_", "/tmp", "json:", "strconv", "invalid character", "cannot unmarshal"}
		id := t.olga.create("contacts", object{"name": "Anna"})
		for _, tried := range []*answer{
			t.olga.get("/api/v1/contacts" + query("filter", mark+" = 1")),
			t.olga.get("/api/v1/contacts" + query("filter", `name ~~ "`+mark+`"`)),
			t.olga.get("/api/v1/contacts" + query("filter", `birthday = "`+mark+`"`)),
			t.olga.get("/api/v1/contacts" + query("filter", `{"field":"`+mark+`"}`)),
			t.olga.get("/api/v1/contacts" + query("sort", mark)),
			t.olga.get("/api/v1/contacts" + query("fields", mark)),
			t.olga.get("/api/v1/contacts" + query("cursor", mark)),
			t.olga.get("/api/v1/contacts" + query("limit", mark)),
			t.olga.get("/api/v1/contacts" + query("count", mark)),
			t.olga.get("/api/v1/contacts" + query("zone", mark)),
			t.olga.get("/api/v1/contacts" + query(mark, mark)),
			t.olga.get("/api/v1/contacts/" + mark),
			t.olga.get("/api/v1/" + mark),
			t.olga.get("/" + mark + ".html"),
			t.olga.get("/api/v1/contacts/" + id + "/why" + query("person", mark)),
			t.olga.get("/api/v1/contacts/" + id + "/why" + query("field", mark)),
			t.olga.get("/api/v1/ledger" + query("event", mark)),
			t.olga.get("/api/v1/ledger" + query("from", mark)),
			t.olga.post("/api/v1/contacts", object{"name": "x", mark + " 1": mark}),
			t.olga.post("/api/v1/contacts", object{"name": "x", "unheard_of": mark}),
			t.olga.post("/api/v1/contacts", object{"name": "x", "phones": []string{mark}}),
			t.olga.post("/api/v1/contacts", object{"name": "x", "emails": []string{mark}}),
			t.olga.post("/api/v1/contacts", object{"name": "x", "birthday": mark}),
			t.olga.post("/api/v1/contacts", object{"name": "x", "gender": mark}),
			t.olga.post("/api/v1/contacts", object{"name": "x", "company": mark}),
			t.olga.post("/api/v1/contacts", object{"name": "x", "discount": mark}),
			t.olga.post("/api/v1/contacts", object{"name": "x", "website": "javascript:" + mark}),
			t.olga.post("/api/v1/contacts", object{"name": strings.Repeat(mark, 100)}),
			t.olga.post("/api/v1/contacts", object{"name": mark + "\x00"}),
			t.olga.post("/api/v1/contacts", `{"name":"`+mark+`"`),
			t.olga.post("/api/v1/contacts", `"`+mark+`"`),
			t.olga.post("/api/v1/deals", object{"title": "x", "stage": mark, "amount": mark}),
			t.olga.post("/api/v1/people", object{"email": mark, "name": mark, "role": mark}),
			t.olga.post("/api/v1/people", object{"email": "x@example.com", "name": mark, "role": t.ready("manager"), "invite": mark}),
			t.olga.post("/api/v1/roles", object{"name": "x", "grades": object{mark: object{mark: mark}}, "sights": []any{}, "abilities": []string{mark}}),
			t.olga.post("/api/v1/keys", object{"name": "x", "role": mark, "networks": []string{mark}}),
			t.olga.patch("/api/v1/settings", object{"region": mark}),
			t.olga.patch("/api/v1/settings", object{mark + " 1": mark}),
			t.olga.patch("/api/v1/settings", object{"unheard_of": mark}),
			t.olga.post("/api/v1/kinds/contact/fields", object{"label": "x", "type": mark}),
			t.olga.post("/api/v1/kinds/"+mark+"/fields", object{"label": "x", "type": "text", "class": "open"}),
			t.olga.with("If-Match", mark).patch("/api/v1/contacts/"+id, object{"city": "x"}),
			t.olga.with("Castellan-View-As", mark).get("/api/v1/contacts"),
			t.guest().with("Authorization", "Bearer "+mark).get("/api/v1/contacts"),
			t.guest().with("Authorization", mark).get("/api/v1/contacts"),
			t.guest().with("Cookie", "castellan="+mark).get("/api/v1/contacts"),
			t.guest().post("/api/v1/session", object{"email": mark, "password": mark}),
			t.guest().post("/api/v1/setup", object{"token": mark, "email": mark, "name": mark, "password": mark, "language": mark, "workspace": mark, "region": mark, "time_zone": mark}),
			t.olga.patch("/api/v1/imports/"+mark, object{"duplicates": mark}),
			t.olga.with("Castellan-File-Name", "%zz"+mark).post("/api/v1/imports", mark),
		} {
			if tried.status < 400 || tried.status >= 500 {
				t.Errorf("%s: status %d: %s", tried.asked, tried.status, tried.body)
			}
			tried.lacks(inside...)
			var p struct {
				Title, Detail string
				Status        int
			}
			if err := json.Unmarshal([]byte(tried.body), &p); err != nil || p.Status != tried.status || p.Detail == "" || tried.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: no problem document: %s", tried.asked, tried.body)
			}
		}
		if strings.Contains(t.log.String(), mark) {
			t.Errorf("the log repeats what was sent:\n%s", t.log)
		}
	})
}
