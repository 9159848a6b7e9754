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
