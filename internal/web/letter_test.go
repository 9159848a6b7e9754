package web_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

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
	for _, kind := range []string{"message", "file"} {
		role["grades"].(object)[kind] = role["grades"].(object)["deal"]
	}
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

// as waits until a message has a state of delivery, and gives it.
func (p *person) as(state, message string) *answer {
	p.Helper()
	for range 2000 {
		a := p.get("/api/v1/messages/" + message).is(200)
		if a.at("delivery") == state {
			return a
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.Fatalf("the letter is not %s: %s", state, p.get("/api/v1/messages/"+message).body)
	return nil
}

func TestALetterThatCouldNotBeDeliveredSaysWhyAndIsSentAgain(t *testing.T) {
	withPost(t, func(t *town, server *mailtest.Server) {
		const words = "mailbox of <" + email + "> unavailable at mx7.internal"
		server.Answer(func(to string) error {
			if to == email {
				return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: words}
			}
			return nil
		})
		a, b, _ := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		word := a.post("/api/v1/contacts/"+own+"/letter", object{"subject": "Hello", "body": "A text."}).is(201).at("message")
		a.as("failed", word).has(`"problem":"recipient"`).lacks(email, "mx7", "550", "unavailable")
		for _, path := range []string{"/api/v1/messages", "/api/v1/contacts/" + own + "/timeline", "/api/v1/messages/" + word + "/history", "/api/v1/messages" + query("filter", "delivery = failed")} {
			a.get(path).is(200).has("failed").lacks(email, "mx7")
		}
		if a.get("/api/v1/messages" + query("filter", "delivery = sent")).is(200).has(`"items":[]`); len(server.Inbox()) != 0 {
			t.Error("a letter came that was refused")
		}

		// Nobody else sends it again, and nobody says by hand how it stands.
		b.post("/api/v1/messages/"+word+"/again", nil).is(404)
		a.patch("/api/v1/messages/"+word, object{"delivery": "sent"}).is(400, 422).has("field.kept")
		a.patch("/api/v1/contacts/"+own, object{"emails": []string{"anna.new@example.com"}}).is(200)
		a.post("/api/v1/messages/"+word+"/again", nil).is(204)
		got := server.Wait(1)[0]
		if got.To != "anna.new@example.com" || got.Subject != "Hello" || got.Text != "A text.\n" {
			t.Errorf("what came the second time: %+v", got)
		}
		a.as("sent", word).lacks("problem\":\"", "anna.new")
		a.post("/api/v1/messages/"+word+"/again", nil).is(409).has("letter.under_way")
		if n := len(server.Inbox()); n != 1 {
			t.Errorf("%d mails came", n)
		}
	})
}

func TestUnderOneKeyOneLetterIsSent(t *testing.T) {
	withPost(t, func(t *town, server *mailtest.Server) {
		a, b, _ := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		letter := object{"subject": "Once", "body": "and for all"}
		var together sync.WaitGroup
		words := make([]string, 8)
		for i := range words {
			twin := *a
			twin.headers = nil
			together.Go(func() {
				words[i] = twin.with("Idempotency-Key", "a click").post("/api/v1/contacts/"+own+"/letter", letter).is(201).at("message")
			})
		}
		together.Wait()
		server.Wait(1)
		for _, w := range words {
			if w != words[0] {
				t.Errorf("two messages were made: %v", words)
			}
		}
		a.with("Idempotency-Key", "a click").post("/api/v1/contacts/"+own+"/letter", object{"subject": "Other", "body": "words"}).is(422).has("idempotency.other")
		other := b.create("contacts", object{"name": "Other", "emails": []string{"other@example.com"}})
		b.with("Idempotency-Key", "a click").post("/api/v1/contacts/"+other+"/letter", letter).is(201) // another's key is another key
		server.Wait(2)
		a.with("Idempotency-Key", "another click").post("/api/v1/contacts/"+own+"/letter", letter).is(201)
		if n := len(server.Wait(3)); n != 3 {
			t.Errorf("%d mails came, not 3", n)
		}
		if n := len(a.get("/api/v1/messages").is(200).items()); n != 2 {
			t.Errorf("there are %d messages, not 2", n)
		}
	})
}

func TestNobodySendsMoreThanAHundredLettersInAnHour(t *testing.T) {
	withPost(t, func(t *town, _ *mailtest.Server) {
		a, b, _ := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		send := func(p *person, to string) *answer {
			return p.post("/api/v1/contacts/"+to+"/letter", object{"subject": "Hello", "body": "A text."})
		}
		for range 100 {
			send(a, own).is(201)
		}
		refused := send(a, own).is(429).has("letter.often")
		if wait, err := strconv.Atoi(refused.header.Get("Retry-After")); err != nil || wait < 3000 || wait > 3600 {
			t.Errorf("Retry-After is %q", refused.header.Get("Retry-After"))
		}
		if n := a.get("/api/v1/messages/count" + query("exact", "1")).is(200).json()["n"]; n != 100.0 {
			t.Errorf("a letter that was refused left a message: %v", n)
		}
		other := b.create("contacts", object{"name": "Other", "emails": []string{"other@example.com"}})
		send(b, other).is(201) // each person by themselves
		t.change(store.Text("UPDATE letter SET sent_at = sent_at - 3600000000"))
		send(a, own).is(201)
	})
}

func TestWithoutAMailServerALetterIsRefused(t *testing.T) {
	everywhere(t, func(t *town) {
		id := t.olga.create("contacts", object{"name": "Anna", "emails": []string{email}})
		t.olga.post("/api/v1/contacts/"+id+"/letter", object{"subject": "x", "body": "y"}).is(409).has("mail.none")
		t.olga.post("/api/v1/contacts/"+id+"/letter/preview", object{"subject": "x", "body": "y {name}"}).is(200).has("y Anna")
	})
}

func TestAStoredLetterIsUsedByThoseItIsForAndTellsNothing(t *testing.T) {
	everywhere(t, func(t *town) {
		const at = "/api/v1/letter-templates"
		a, b, _ := writers(t)
		none := t.hire("Nora", object{"grades": object{"contact": object{"view": "all"}}, "sights": []object{}, "abilities": []string{}})
		letter := func(more object) object {
			o := object{"name": "Reminder", "subject": "Dear {name}", "body": "We miss you in {city}."}
			for k, v := range more {
				o[k] = v
			}
			return o
		}
		own := a.post(at, letter(nil)).is(201).at("id")
		a.get(at).is(200).has("We miss you")
		for _, other := range []*person{b, t.olga, none} {
			other.get(at).is(200).lacks("Reminder", "We miss")
			other.put(at+"/"+own, letter(nil)).is(404)
			other.delete(at + "/" + own).is(404)
		}
		none.post(at, letter(nil)).is(404) // writes to nobody

		// Sharing is a right of its own, and what is shared holds no way to anybody.
		a.post(at, letter(object{"audience": "everyone"})).is(403)
		t.olga.post(at, letter(object{"audience": "everyone", "body": "Call +1 212 555 0123"})).is(400, 422).has("template.contact", `"field":"body"`)
		a.post(at, letter(object{"body": "Call +1 212 555 0123"})).is(201)
		t.olga.post(at, letter(object{"name": "anna@example.com"})).is(400, 422).has("template.contact", `"field":"name"`)
		shared := t.olga.post(at, letter(object{"name": "For all", "audience": "everyone"})).is(201).at("id")
		b.get(at).is(200).has("For all", "We miss you")
		b.put(at+"/"+shared, letter(nil)).is(403)
		b.delete(at + "/" + shared).is(403)

		// A field that the reader may not see takes the text with it.
		t.olga.post(at, letter(object{"name": "With an address", "audience": "everyone", "body": "You live at {address}, we know."})).is(201)
		b.get(at).is(200).has("With an address", `"barred":true`).lacks("You live at")
		b.post(at, letter(object{"body": "{address}"})).is(400, 422).has("letter.place")
		b.post(at, letter(object{"body": "{nonsense}"})).is(400, 422).has("letter.place")

		// Changes: the version that was seen, and nothing half.
		a.put(at+"/"+own, letter(object{"name": "Second", "version": 1})).is(200).has(`"version":2`)
		a.put(at+"/"+own, letter(object{"name": "Third", "version": 1})).is(409)
		a.put(at+"/"+own, letter(object{"name": " "})).is(400, 422).has("template.empty")
		a.get(at).is(200).has("Second").lacks("Third")
		a.delete(at + "/" + own).is(204)
		a.get(at).is(200).lacks("Second")
		t.olga.get("/api/v1/ledger"+query("limit", "200")).is(200).has("template.saved", "template.deleted").lacks("miss you")
	})
}

// What goes out with a letter is what its writer may fetch, of this client alone;
// the message keeps it, whatever becomes of the file.
func TestALetterTakesFilesOfItsClientAndOfNobodyElse(t *testing.T) {
	withPost(t, func(t *town, server *mailtest.Server) {
		a, b, bens := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		other := a.create("contacts", object{"name": "Another", "emails": []string{"another@example.com"}})
		deal := a.create("deals", object{"title": "A deal", "contact": own})
		offer := a.upload(own, "Договор №1.pdf", []byte(pdfText)).is(201).at("id")
		plan := a.upload(deal, "plan.txt", []byte("the plan of the deal")).is(201).at("id")
		foreign := a.upload(other, "foreign.txt", []byte("of another client")).is(201).at("id")
		closed := b.upload(bens, "closed.txt", []byte("of a client whom the writer does not see")).is(201).at("id")
		gone := a.upload(own, "gone.txt", []byte("thrown away")).is(201).at("id")
		a.delete("/api/v1/files/"+gone).is(200, 204)
		at := "/api/v1/contacts/" + own + "/letter"
		letter := func(files ...string) object {
			return object{"subject": "Papers", "body": "They are enclosed.", "files": files}
		}
		before := len(a.get("/api/v1/messages").is(200).items())
		for _, one := range []string{foreign, closed, gone, "file_0000000000000", plan} { // the deal is not named
			a.post(at, letter(offer, one)).is(400, 422).has("letter.file", `"field":"files"`).lacks("closed.txt", "foreign.txt")
		}
		a.post(at, letter(offer, offer)).is(400, 422).has("letter.files_twice")
		a.post(at, letter(slices.Repeat([]string{offer}, 11)...)).is(400, 422).has("letter.files_many")
		big := bytes.Repeat([]byte("0123456789abcde\n"), 1<<19) // 8 MiB
		one, two := a.upload(own, "one.txt", big).is(201).at("id"), a.upload(own, "two.txt", big).is(201).at("id")
		a.post(at, letter(one, two)).is(400, 422).has("letter.files_large")
		if n := len(a.get("/api/v1/messages").is(200).items()); n != before || len(server.Inbox()) != 0 {
			t.Fatalf("a refusal left %d messages and %d mails", n-before, len(server.Inbox()))
		}

		whole := letter(offer, plan)
		whole["deal"] = deal
		message := a.with("Idempotency-Key", "papers").post(at, whole).is(201).at("message")
		a.with("Idempotency-Key", "papers").post(at, whole).is(201).has(message)
		got := server.Wait(1)[0]
		if got.To != email || !strings.Contains(got.Text, "They are enclosed.") {
			t.Errorf("what arrives: %+v", got)
		}
		for name, held := range map[string]string{"Договор №1.pdf": pdfText, "plan.txt": "the plan of the deal"} {
			if string(got.Files[name]) != held {
				t.Errorf("%s arrives as %q", name, got.Files[name])
			}
		}
		if len(got.Files) != 2 {
			t.Errorf("%d files arrive", len(got.Files))
		}
		// The message keeps what was sent.
		a.delete("/api/v1/files/"+offer).is(200, 204)
		files := a.get("/api/v1/files"+query("filter", "about = "+message)).is(200).has("Договор №1.pdf", "plan.txt").items()
		if len(files) != 2 {
			t.Fatalf("the message has %d files", len(files))
		}
		a.get("/api/v1/contacts/" + own + "/timeline").is(200).has("plan.txt")
		b.get("/api/v1/files/" + files[0]["id"].(string) + "/content").is(404)
		t.olga.get("/api/v1/ledger"+query("limit", "200")).is(200).has("file.fetched", offer)
		time.Sleep(100 * time.Millisecond)
		if n := len(server.Inbox()); n != 1 {
			t.Errorf("under one key %d letters were sent", n)
		}
		var loose int64
		if err := t.db.QueryRow(t.Context(), store.Text("SELECT COUNT(*) FROM blob WHERE record IS NULL")).Scan(&loose); err != nil || loose != 0 {
			t.Errorf("%d contents belong to nothing: %v", loose, err)
		}
	})
}

// A letter that says "enclosed" does not go without what it encloses, and nothing
// goes with it that was put on the message later.
func TestALetterWhoseFileIsGoneIsNotSent(t *testing.T) {
	withPost(t, func(t *town, server *mailtest.Server) {
		a, _, _ := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		offer := a.upload(own, "offer.pdf", []byte(pdfText)).is(201).at("id")
		server.Answer(func(string) error {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no"}
		})
		message := a.post("/api/v1/contacts/"+own+"/letter", object{"subject": "Papers", "body": "Enclosed.", "files": []string{offer}}).is(201).at("message")
		stands := func(want string) {
			t.Helper()
			for began := time.Now(); !strings.Contains(a.get("/api/v1/messages/"+message).is(200).body, want); time.Sleep(20 * time.Millisecond) {
				if time.Since(began) > 20*time.Second {
					t.Fatalf("it never stands at %s: %s", want, a.get("/api/v1/messages/"+message).body)
				}
			}
		}
		stands(`"problem":"recipient"`)
		server.Answer(nil)
		a.upload(message, "later.txt", []byte("not part of it")).is(201)
		a.post("/api/v1/messages/"+message+"/again", nil).is(200, 204)
		if got := server.Wait(1)[0]; len(got.Files) != 1 || string(got.Files["offer.pdf"]) != pdfText {
			t.Errorf("sent again it brings %v", got.Files)
		}

		server.Answer(func(string) error {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no"}
		})
		message = a.post("/api/v1/contacts/"+own+"/letter", object{"subject": "Papers", "body": "Enclosed.", "files": []string{offer}}).is(201).at("message")
		stands(`"problem":"recipient"`)
		server.Answer(nil)
		copied := a.get("/api/v1/files" + query("filter", "about = "+message)).is(200).items()[0]["id"].(string)
		a.delete("/api/v1/files/"+copied).is(200, 204)
		a.post("/api/v1/messages/"+message+"/again", nil).is(200, 204)
		stands(`"problem":"files"`)
		if n := len(server.Inbox()); n != 1 {
			t.Errorf("it was sent without its file: %d mails", n)
		}
	})
}
