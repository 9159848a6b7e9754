package web_test

import (
	"strings"
	"testing"

	"castellan/internal/mail/mailtest"
	"castellan/internal/store"
)

// withPost runs a test on a workspace that sends letters by a real mail server.
func withPost(t *testing.T, test func(t *town, server *mailtest.Server)) {
	t.Helper()
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			withPostAt(t, engine, test)
		})
	}
}

// writers are two who sell and write, and a client of the second.
func writers(t *town) (a, b *person, c string) {
	role := sales()
	role["grades"].(object)["message"] = role["grades"].(object)["deal"]
	a, b = t.hire("Anton", role), t.hire("Berta", role)
	c = b.create("contacts", object{"name": "Cecilia Quartz", "emails": []string{"cecilia.secret@example.com"}, "city": "Quartzville"})
	return a, b, c
}

func TestALetterReachesAClientWhoseAddressItsWriterNeverGets(t *testing.T) {
	withPost(t, func(t *town, server *mailtest.Server) {
		a, b, bens := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}, "city": "Emberton"})
		sent := a.post("/api/v1/contacts/"+own+"/letter", object{"subject": "For {name}\r\nBcc: eve@example.com", "body": "Dear {given_name} of {city},\n<script>alert(1)</script>\nyours"}).is(201).lacks(email)
		got := server.Wait(1)[0]
		if got.To != email || got.Subject != "For Anna Ember Bcc: eve@example.com" || strings.Contains(got.Raw, "\nBcc:") {
			t.Errorf("what arrives: %+v", got)
		}
		for _, want := range []string{"Dear Anna of Emberton,", "<script>alert(1)</script>"} {
			if !strings.Contains(got.Text, want) {
				t.Errorf("the letter lacks %q:\n%s", want, got.Raw)
			}
		}
		if got.HTML != "" || strings.Contains(got.Raw, "text/html") || strings.Contains(got.Raw, "Reply-To") {
			t.Errorf("a letter is plain text that is answered to the house:\n%s", got.Raw) // attack 51
		}
		word := sent.at("message")
		for _, path := range []string{"/api/v1/messages", "/api/v1/messages/" + word, "/api/v1/contacts/" + own + "/timeline", "/api/v1/messages/" + word + "/history", "/api/v1/session/notices"} {
			a.get(path).is(200).lacks(email)
		}
		a.get("/api/v1/contacts/" + own + "/timeline").has("For Anna Ember").lacks(email)

		// Of a client of somebody else there is nothing to be sent or filled in.
		for _, path := range []string{"/letter", "/letter/preview"} {
			a.post("/api/v1/contacts/"+bens+path, object{"subject": "{name}", "body": "{city}"}).is(404).lacks("Quartz", "cecilia")
		}
		if n := len(server.Inbox()); n != 1 {
			t.Errorf("%d mails were sent", n)
		}
		none := b.create("contacts", object{"name": "No Address"})
		b.post("/api/v1/contacts/"+none+"/letter", object{"subject": "x", "body": "y"}).is(400, 422).has("letter.address")
		b.post("/api/v1/contacts/"+none+"/letter", object{"subject": " ", "body": ""}).is(400, 422).has("letter.empty")
		if n := len(b.get("/api/v1/messages").is(200).items()); n != 0 {
			t.Errorf("a letter that was not sent left %d messages", n)
		}
	})
}

func TestAttack17_PreviewOfALetterTellsNothingThatItsWriterMayNotSee(t *testing.T) {
	withPost(t, func(t *town, server *mailtest.Server) {
		a, _, _ := writers(t)
		own := a.create("contacts", object{"name": "Anna +1 212 555 0123", "phones": []string{"(212) 555-0123"}, "emails": []string{email}, "address": "9 Hidden Lane", "city": "Emberton"})
		at := "/api/v1/contacts/" + own + "/letter/preview"
		a.post(at, object{"subject": "{name}", "body": "{ city }"}).is(200).has("Emberton").lacks("555", email)
		refusal := a.post(at, object{"subject": "x", "body": "{nonsense}"}).is(400, 422).has("letter.place").body
		for _, field := range []string{"phones", "emails", "address", "website", "responsible", "id", "{name}", "name", ""} {
			text := "{" + field + "}"
			if field == "name" {
				text = "{name" // not closed
			}
			if got := a.post(at, object{"subject": "x", "body": text}).is(400, 422).lacks("555", email, "Hidden"); got.body != refusal {
				t.Errorf("%s is refused in other words than what is not there: %s", text, got.body)
			}
		}
		if len(server.Inbox()) != 0 {
			t.Error("a preview was sent")
		}
	})
}

func TestWithoutAMailServerALetterIsRefused(t *testing.T) {
	everywhere(t, func(t *town) {
		id := t.olga.create("contacts", object{"name": "Anna", "emails": []string{email}})
		t.olga.post("/api/v1/contacts/"+id+"/letter", object{"subject": "x", "body": "y"}).is(409).has("mail.none")
		t.olga.post("/api/v1/contacts/"+id+"/letter/preview", object{"subject": "x", "body": "y {name}"}).is(200).has("y Anna")
	})
}
