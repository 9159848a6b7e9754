package web_test

import (
	"testing"

	"castellan/internal/mail/mailtest"
	"castellan/internal/mailbox/mailboxtest"
)

// Attack 27: the mails of a client come with a share of the client, which the
// house sees to. Nobody has shared a mail: to a role without messages they stay
// closed, in whatever way it is asked for.
func TestAttack27_ShareOfAClientOpensNoMailsToARoleWithoutMessages(t *testing.T) {
	withBox(t, func(t *town, _ *mailtest.Server, in *mailboxtest.Server) {
		a, _, _ := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		in.Deliver(mailboxtest.Mail(email, "Quartz matter", "About quartz.", "Message-ID: <a@example.com>", "Content-Type: multipart/mixed; boundary=x") + "\r\n--x\r\n\r\nsee them" +
			"\r\n--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"quartz note.txt\"\r\n\r\na quiet note\r\n--x--\r\n")
		t.look().has(`"taken":1`)
		message := a.get("/api/v1/messages").is(200).items()[0]["id"].(string)
		enclosed := a.get("/api/v1/files" + query("filter", `about = "`+message+`"`)).is(200).items()[0]["id"].(string)

		of := func(grades object) object {
			role := sales()
			role["grades"].(object)["file"] = object{"view": "own"}
			if grades != nil {
				role["grades"].(object)["message"] = grades
			}
			return role
		}
		without, with := t.hire("Dora", of(nil)), t.hire("Edith", of(object{"view": "own"}))
		for _, level := range []string{"view", "edit"} {
			for _, p := range []*person{without, with} {
				t.olga.post("/api/v1/contacts/"+own+"/shares", object{"person": p.id, "level": level}).is(201)
			}
			without.get("/api/v1/contacts/" + own).is(200).has("Anna Ember")
			without.get("/api/v1/contacts/"+own+"/timeline").is(200).lacks("Quartz", "quartz")
			for _, path := range []string{"", "/timeline", "/history", "/access", "/shares"} {
				without.get("/api/v1/messages/"+message+path).is(403, 404).lacks("Quartz", "quartz")
			}
			without.patch("/api/v1/messages/"+message, object{"subject": "Mine"}).is(403, 404)
			without.get("/api/v1/messages").is(200).lacks("Quartz", "quartz", message)
			without.get("/api/v1/messages/count").is(200).has(`"n":0`)
			without.get("/api/v1/messages"+query("search", "Quartz")).is(200).lacks("Quartz", message)
			without.get("/api/v1/search"+query("q", "Quartz")).is(200).lacks("Quartz", message)
			without.get("/api/v1/files/" + enclosed).is(404)
			without.get("/api/v1/files/" + enclosed + "/content").is(404)
			t.olga.get("/api/v1/messages/" + message + "/access").is(200).lacks(without.id).has(with.id)

			with.get("/api/v1/messages/" + message).is(200).has("Quartz matter")
			with.get("/api/v1/messages").is(200).has("Quartz matter")
			with.get("/api/v1/messages/count").is(200).has(`"n":1`)
			with.get("/api/v1/search" + query("q", "Quartz")).is(200).has("Quartz matter")
			with.get("/api/v1/contacts/" + own + "/timeline").is(200).has("Quartz matter")
			// A share to edit lets edit the client, not the mails that a role only views.
			with.patch("/api/v1/messages/"+message, object{"subject": "Mine"}).is(403, 404)
		}
	})
}

// Attack 27: a share with oneself would only outlast the right by which one
// reaches the record, so there is none, one by one or many at once.
func TestAttack27_NobodySharesWithThemselves(t *testing.T) {
	everywhere(t, func(t *town) {
		role := sales()
		role["abilities"] = []string{"records.share", "records.bulk"}
		a, b := t.hire("Anton", role), t.hire("Berta", role)
		own := a.create("contacts", object{"name": "Anna Ember"})
		for _, level := range []string{"view", "edit"} {
			a.post("/api/v1/contacts/"+own+"/shares", object{"person": a.id, "level": level}).is(400, 422).has("share.self", `"field":"person"`)
		}
		a.post("/api/v1/contacts/bulk", object{"ids": []string{own}, "action": "share", "patch": object{"person": a.id, "level": "edit"}}).is(200).has("share.self")
		a.get("/api/v1/contacts/" + own + "/shares").is(200).lacks(a.id)
		t.olga.patch("/api/v1/contacts/"+own, object{"responsible": b.id}).is(200)
		a.get("/api/v1/contacts/" + own).is(404)
	})
}

// A share of a message that would open nothing says so, instead of standing
// there as if it did.
func TestAShareThatOpensNothingIsRefused(t *testing.T) {
	everywhere(t, func(t *town) {
		role := sales()
		role["grades"].(object)["message"] = object{"create": "all", "view": "own", "edit": "own"}
		role["abilities"] = []string{"records.share"}
		a, b, without := t.hire("Anton", role), t.hire("Berta", role), t.hire("Dora", sales())
		own := a.create("messages", object{"subject": "Quartz", "channel": "chat"})
		a.post("/api/v1/messages/"+own+"/shares", object{"person": without.id, "level": "view"}).is(400, 422).has("share.closed", `"field":"person"`)
		a.get("/api/v1/messages/" + own + "/shares").is(200).lacks(without.id)
		a.post("/api/v1/messages/"+own+"/shares", object{"person": b.id, "level": "view"}).is(201)
		b.get("/api/v1/messages/" + own).is(200).has("Quartz")
	})
}

// keeper is a role that may share and hold of comments and files what is given.
func keeper(grade string) object {
	role := sales()
	grades := role["grades"].(object)
	for _, kind := range []string{"comment", "file"} {
		grades[kind] = object{"create": "all", "view": grade, "edit": grade, "delete": grade}
	}
	grades["contact"] = object{"create": "all", "view": "all", "edit": "all"}
	role["abilities"] = []string{"records.share", "records.merge", "records.bulk", "records.assign"}
	return role
}

// laid puts a file and a comment on a client and gives what each is asked by.
func laid(p *person, contact, word string) (file, comment string) {
	return p.upload(contact, word+".pdf", []byte(pdfText)).is(201).at("id"),
		p.create("comments", object{"about": contact, "about_kind": "contact", "text": word + " remark"})
}

// finds tells that the person reads the file and the comment, in whatever way, and
// changes them; or none of it.
func (p *person) finds(sees, edits bool, contact, word, file, comment string) {
	p.Helper()
	timeline := p.get("/api/v1/contacts/" + contact + "/timeline").is(200)
	files := p.get("/api/v1/files" + query("filter", `about = "`+contact+`"`)).is(200)
	remarks := p.get("/api/v1/comments" + query("filter", `about = "`+contact+`"`)).is(200)
	status := 404
	if sees {
		status = 200
		timeline.has(word+".pdf", word+" remark")
		files.has(word + ".pdf")
		remarks.has(word + " remark")
	} else {
		timeline.lacks(word)
		files.lacks(word)
		remarks.lacks(word)
	}
	p.get("/api/v1/files/" + file).is(status)
	p.get("/api/v1/files/" + file + "/content").is(status)
	p.get("/api/v1/comments/" + comment).is(status)
	changed := []int{404, 403}
	if edits {
		changed = []int{200}
	}
	p.patch("/api/v1/files/"+file, object{"name": word + ".pdf"}).is(changed...)
	p.patch("/api/v1/comments/"+comment, object{"text": word + " remark"}).is(changed...)
}

// Attack 27: whoever has comments and files of their own only opens by a share of
// a client no others: not to a friend, not to a group, their own among them, not by
// a friend who shares on, by many at once, by handing over or by merging. Their own
// they give.
func TestAttack27_ShareOpensNoMoreOnTheClientThanItsGiverHolds(t *testing.T) {
	everywhere(t, func(t *town) {
		a, friend, third := t.hire("Anton", keeper("own")), t.hire("Berta", keeper("own")), t.hire("Carl", keeper("own"))
		client := t.olga.create("contacts", object{"name": "Anna Ember"})
		file, comment := laid(t.olga, client, "quartz")
		hers, remark := laid(a, client, "amber")
		share := func(who *person, with object) *answer {
			t.Helper()
			return who.post("/api/v1/contacts/"+client+"/shares", with)
		}
		for _, level := range []string{"view", "edit"} {
			share(a, object{"person": friend.id, "level": level}).is(201).has(`{"kind":"comment","grade":"own"}`, `{"kind":"file","grade":"own"}`, `{"kind":"message","grade":"denied"}`)
			friend.finds(false, false, client, "quartz", file, comment)
			friend.finds(true, level == "edit", client, "amber", hers, remark)
			share(friend, object{"person": third.id, "level": level}).is(201)
			third.finds(false, false, client, "quartz", file, comment)
			third.finds(false, false, client, "amber", hers, remark)
		}
		a.post("/api/v1/contacts/bulk", object{"ids": []string{client}, "action": "share", "patch": object{"person": friend.id, "level": "edit"}}).is(200)
		friend.finds(false, false, client, "quartz", file, comment)

		// Who holds all gives all, also onwards, and whoever shares less over it takes it back.
		share(t.olga, object{"person": friend.id, "level": "view"}).is(201)
		friend.finds(true, false, client, "quartz", file, comment)
		a.get("/api/v1/contacts/"+client+"/shares").is(200).has(`{"kind":"comment","grade":"all"}`, `{"kind":"file","grade":"all"}`, `{"kind":"message","grade":"all"}`)
		share(friend, object{"person": third.id, "level": "view"}).is(201)
		third.finds(true, false, client, "quartz", file, comment)
		share(a, object{"person": friend.id, "level": "edit"}).is(201)
		friend.finds(false, false, client, "quartz", file, comment)
		friend.finds(true, true, client, "amber", hers, remark)
		a.delete("/api/v1/contacts/" + client + "/shares/" + friend.id).is(204)
		friend.finds(false, false, client, "amber", hers, remark)
	})
}

// Attack 27: a group of one's own is no way around it.
func TestAttack27_ShareWithOnesOwnGroupOpensNothingToOneself(t *testing.T) {
	everywhere(t, func(t *town) {
		a, b := t.hire("Anton", keeper("group")), t.hire("Berta", keeper("group"))
		north := t.olga.post("/api/v1/groups", object{"name": "North"}).is(201).at("id")
		t.olga.put("/api/v1/groups/"+north+"/members", object{"items": []object{{"person": a.id}, {"person": b.id}}}).is(200, 204)
		client := t.olga.create("contacts", object{"name": "Anna Ember"})
		file, comment := laid(t.olga, client, "quartz")
		hers, remark := laid(a, client, "amber")
		a.post("/api/v1/contacts/"+client+"/shares", object{"group": north}).is(201)
		a.finds(false, false, client, "quartz", file, comment)
		a.finds(true, true, client, "amber", hers, remark)
		b.finds(false, false, client, "quartz", file, comment)
		b.finds(true, true, client, "amber", hers, remark)
		t.olga.post("/api/v1/contacts/"+client+"/shares", object{"group": north}).is(201)
		a.finds(true, true, client, "quartz", file, comment)
		b.finds(true, true, client, "quartz", file, comment)
		// What is held through the group already is held, and may be given.
		c := t.hire("Carl", keeper("own"))
		a.post("/api/v1/contacts/"+client+"/shares", object{"person": c.id, "level": "view"}).is(201)
		c.finds(true, false, client, "quartz", file, comment)
	})
}

// Attack 27: the mails of a client come with a share as far as its giver holds them.
func TestAttack27_ShareOpensNoMailsThatItsGiverDoesNotSee(t *testing.T) {
	withBox(t, func(t *town, _ *mailtest.Server, in *mailboxtest.Server) {
		of := func(grade string) object {
			role := keeper("own")
			role["grades"].(object)["message"] = object{"view": grade, "edit": grade}
			return role
		}
		a, friend, boss := t.hire("Anton", of("own")), t.hire("Berta", of("own")), t.hire("Dora", of("all"))
		his := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		others := t.olga.create("contacts", object{"name": "Cecilia Quartz", "emails": []string{"cecilia@example.com"}})
		in.Deliver(mailboxtest.Mail(email, "Amber matter", "one", "Message-ID: <a@example.com>", "Content-Type: text/plain"))
		in.Deliver(mailboxtest.Mail("cecilia@example.com", "Quartz matter", "two", "Message-ID: <b@example.com>", "Content-Type: text/plain"))
		t.look().has(`"taken":2`)
		reads := func(p *person, has, lacks []string) {
			t.Helper()
			for _, path := range []string{"/api/v1/messages", "/api/v1/search" + query("q", "matter")} {
				p.get(path).is(200).has(has...).lacks(lacks...)
			}
		}
		for _, client := range []string{his, others} {
			a.post("/api/v1/contacts/"+client+"/shares", object{"person": friend.id, "level": "edit"}).is(201)
		}
		// He is responsible for the one, so that its mails are his to give; the other's are not.
		reads(friend, []string{"Amber matter"}, []string{"Quartz matter"})
		friend.get("/api/v1/contacts/" + others + "/timeline").is(200).lacks("Quartz matter")
		// Mails that come later have the same shares.
		in.Deliver(mailboxtest.Mail("cecilia@example.com", "Garnet matter", "three", "Message-ID: <c@example.com>", "Content-Type: text/plain"))
		in.Deliver(mailboxtest.Mail(email, "Opal matter", "four", "Message-ID: <d@example.com>", "Content-Type: text/plain"))
		t.look().has(`"taken":4`)
		reads(friend, []string{"Amber matter", "Opal matter"}, []string{"Quartz matter", "Garnet matter"})
		boss.post("/api/v1/contacts/"+others+"/shares", object{"person": friend.id, "level": "view"}).is(201)
		reads(friend, []string{"Amber matter", "Quartz matter", "Garnet matter"}, nil)
		boss.delete("/api/v1/contacts/" + others + "/shares/" + friend.id).is(204)
		reads(friend, []string{"Amber matter"}, []string{"Quartz matter", "Garnet matter"})
	})
}

// Attack 27: merging puts what lies on one client on another, and with its shares
// opens that to others: no more than was open, and than whoever merges holds.
func TestAttack27_MergingOpensNoMoreThanWasOpen(t *testing.T) {
	everywhere(t, func(t *town) {
		a, friend := t.hire("Anton", keeper("group")), t.hire("Berta", keeper("own"))
		north := t.olga.post("/api/v1/groups", object{"name": "North"}).is(201).at("id")
		t.olga.put("/api/v1/groups/"+north+"/members", object{"items": []object{{"person": a.id}}}).is(200, 204)
		pair := func() (stays, goes, file, comment string) {
			stays, goes = t.olga.create("contacts", object{"name": "Anna Ember"}), t.olga.create("contacts", object{"name": "Anna Ember"})
			file, comment = laid(t.olga, goes, "quartz")
			return stays, goes, file, comment
		}
		absorbs := keeper("group")
		absorbs["abilities"] = append(absorbs["abilities"].([]string), "records.absorb")
		m := t.hire("Mila", absorbs)
		t.olga.put("/api/v1/groups/"+north+"/members", object{"items": []object{{"person": a.id}, {"person": m.id}}}).is(200, 204)

		// Into a client of one's own group, where one would see it.
		stays, goes, _, _ := pair()
		t.olga.post("/api/v1/contacts/"+stays+"/shares", object{"group": north}).is(201)
		m.post("/api/v1/contacts/"+stays+"/merge", object{"other": goes}).is(403).has("merge.sight")
		// Into one that oneself has put there: then one sees it no more than before.
		stays, goes, file, comment := pair()
		m.post("/api/v1/contacts/"+stays+"/shares", object{"group": north}).is(201)
		m.post("/api/v1/contacts/"+stays+"/merge", object{"other": goes}).is(200)
		for _, p := range []*person{m, a} {
			p.finds(false, false, stays, "quartz", file, comment)
		}
		// With the shares: a share that opened nothing of others opens nothing more.
		stays, goes, file, comment = pair()
		a.post("/api/v1/contacts/"+goes+"/shares", object{"person": friend.id, "level": "view"}).is(201)
		friend.finds(false, false, goes, "quartz", file, comment)
		t.olga.post("/api/v1/contacts/"+stays+"/merge", object{"other": goes, "shares": true}).is(200)
		t.olga.get("/api/v1/contacts/" + stays + "/shares").is(200).has(friend.id)
		friend.finds(false, false, stays, "quartz", file, comment)
	})
}

// Attack 27: who takes over what was shared with somebody opens no more by it.
func TestAttack27_HandingOverOpensNoMoreThanWasOpen(t *testing.T) {
	everywhere(t, func(t *town) {
		t.withMail()
		a, b, c := t.hire("Anton", keeper("own")), t.hire("Berta", keeper("own")), t.hire("Carl", keeper("own"))
		one, other := t.olga.create("contacts", object{"name": "Anna Ember"}), t.olga.create("contacts", object{"name": "Cecilia Opal"})
		file, comment := laid(t.olga, one, "quartz")
		whole, said := laid(t.olga, other, "garnet")
		a.post("/api/v1/contacts/"+one+"/shares", object{"person": b.id, "level": "view"}).is(201)
		t.olga.post("/api/v1/contacts/"+other+"/shares", object{"person": b.id, "level": "view"}).is(201)
		t.olga.post("/api/v1/people/"+b.id+"/hand-over", object{"to": c.id}).is(201)
		t.olga.until(b.id, "done").has(`"refused":0`)
		t.olga.get("/api/v1/contacts/" + one + "/shares").is(200).has(c.id)
		c.finds(false, false, one, "quartz", file, comment)
		c.finds(true, false, other, "garnet", whole, said)
		// Whoever takes over themselves reaches it already, and shares nothing with themselves.
		t.olga.post("/api/v1/people/"+c.id+"/hand-over", object{"to": t.olga.id}).is(201)
		t.olga.until(c.id, "done").has(`"refused":0`)
		t.olga.get("/api/v1/contacts/" + one + "/shares").is(200).lacks(`"person":{"id":"` + t.olga.id)
	})
}
