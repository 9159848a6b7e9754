package web_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"castellan/internal/mail"
	"castellan/internal/mail/mailtest"
	"castellan/internal/mailbox/mailboxtest"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// withBox runs a test on a workspace that sends by a real SMTP server and reads a
// mailbox of a real IMAP server (Dovecot).
func withBox(t *testing.T, test func(t *town, out *mailtest.Server, in *mailboxtest.Server)) {
	t.Helper()
	withPost(t, func(w *town, out *mailtest.Server) {
		in := mailboxtest.Serve(w.T)
		w.box.Roots = in.Roots
		s := in.Settings()
		w.olga.put("/api/v1/settings/mailbox", object{"host": s.Host, "port": s.Port, "security": s.Security, "user": s.User, "password": *s.Password, "since": s.Since.Format(time.DateOnly), "active": true}).is(200).lacks(mailboxtest.Password)
		test(w, out, in)
	})
}

// look reads the mailbox now, and wants it to have gone well.
func (w *town) look() *answer {
	w.Helper()
	return w.olga.post("/api/v1/settings/mailbox/look", nil).is(200).lacks("problem")
}

func TestAMailOfAClientStandsOnTheirCardAndOnNoOther(t *testing.T) {
	withBox(t, func(t *town, _ *mailtest.Server, in *mailboxtest.Server) {
		a, b, bens := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}, "city": "Emberton"})
		in.Deliver(mailboxtest.Mail("Anna <"+strings.ToUpper(email)+">", "=?utf-8?q?About_Tuesday?=", "Could we meet at noon?\r\nCall 212-555-0177.", "Message-ID: <one@example.com>", "Content-Type: text/plain; charset=utf-8"))
		in.Deliver(mailboxtest.Mail("stranger@example.com", "Buy this", "A secret of a stranger.", "Message-ID: <two@example.com>"))
		t.look().has(`"taken":1`, `"strangers":1`)
		t.look().has(`"taken":1`, `"strangers":1`)
		if !in.Untouched() {
			t.Error("a mail was marked as read")
		}
		at := "/api/v1/contacts/" + own + "/timeline"
		a.get(at).is(200).has("About Tuesday", "Could we meet at noon?").lacks(email, "0177")
		a.get("/api/v1/messages").is(200).has("About Tuesday").lacks(email, "0177")
		b.get("/api/v1/contacts/"+bens+"/timeline").is(200).lacks("Tuesday", "noon")
		b.get("/api/v1/messages").is(200).lacks("Tuesday", "noon", own)
		t.olga.get("/api/v1/messages").is(200).lacks("Buy this", "stranger")
		if n := len(t.olga.get("/api/v1/contacts").is(200).items()); n != 2 {
			t.Errorf("a mail made a client: there are %d", n)
		}
	})
}

func TestAnAnswerFindsWhomWeWroteTo(t *testing.T) {
	withBox(t, func(t *town, out *mailtest.Server, in *mailboxtest.Server) {
		a, b, bens := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		a.post("/api/v1/contacts/"+own+"/letter", object{"subject": "Hello", "body": "A text."}).is(201)
		number := out.Wait(1)[0].Number
		in.Deliver(mailboxtest.Mail("anna.private@example.com", "Re: Hello", "From my other address.", "Message-ID: <a@example.com>", "In-Reply-To: "+number, "References: <x@example.com>\r\n "+number))
		// A number that nobody was given answers nothing.
		in.Deliver(mailboxtest.Mail("eve@example.com", "Re: guess", "Let me in.", "Message-ID: <b@example.com>", "In-Reply-To: <mail_0000000000000@example.com>"))
		// A client answers a letter to another one: it is theirs.
		in.Deliver(mailboxtest.Mail("cecilia.secret@example.com", "Re: forwarded", "I was shown this.", "Message-ID: <c@example.com>", "References: "+number))
		t.look().has(`"taken":2`, `"strangers":1`)
		a.get("/api/v1/contacts/"+own+"/timeline").is(200).has("From my other address.").lacks("anna.private", "I was shown", "Let me in")
		b.get("/api/v1/contacts/" + bens + "/timeline").is(200).has("I was shown this.").lacks("other address")
		t.olga.get("/api/v1/messages").is(200).lacks("Let me in")
	})
}

func TestMailsOfAClientAreSeenByWhoSeesTheClientAndNobodyElse(t *testing.T) {
	withBox(t, func(t *town, _ *mailtest.Server, in *mailboxtest.Server) {
		a, b, _ := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		in.Deliver(mailboxtest.Mail(email, "Private matter", "Between us.", "Message-ID: <a@example.com>", "Content-Type: multipart/mixed; boundary=x") + "\r\n--x\r\n\r\nBetween us.\r\n--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=note.txt\r\n\r\nA quiet note\r\n--x--\r\n")
		t.look().has(`"taken":1`)
		message := a.get("/api/v1/messages").is(200).items()[0]["id"].(string)
		file := a.get("/api/v1/files" + query("filter", "about = "+message)).is(200).has("note.txt").items()[0]["id"].(string)
		a.get("/api/v1/files/" + file + "/content").is(200).has("A quiet note")
		sees := func(p *person, yes bool) {
			t.Helper()
			for _, path := range []string{"/api/v1/messages", "/api/v1/search" + query("q", "private matter")} {
				if yes {
					p.get(path).is(200).has("Private matter")
				} else {
					p.get(path).is(200).lacks("Private", "Between", "note", message)
				}
			}
			for _, path := range []string{"/api/v1/messages/" + message, "/api/v1/contacts/" + own + "/timeline", "/api/v1/files/" + file, "/api/v1/files/" + file + "/content", "/api/v1/messages/" + message + "/history"} {
				if yes {
					p.get(path).is(200)
				} else {
					p.get(path).is(404).lacks("Private", "Between", "note", "quiet")
				}
			}
		}
		sees(a, true)
		sees(b, false)
		t.olga.post("/api/v1/contacts/"+own+"/shares", object{"person": b.id, "level": "view"}).is(200, 201, 204)
		sees(b, true)
		t.olga.delete("/api/v1/contacts/"+own+"/shares/"+b.id).is(200, 204)
		sees(b, false)
		t.olga.patch("/api/v1/contacts/"+own, object{"responsible": b.id}).is(200)
		sees(b, true)
		sees(a, false)
		t.olga.get("/api/v1/ledger"+query("limit", "200")).is(200).has("letter.followed", "letter.received")
	})
}

func TestNoMailComesTwiceWhateverItsNumber(t *testing.T) {
	withBox(t, func(t *town, _ *mailtest.Server, in *mailboxtest.Server) {
		t.olga.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		for i := range 7 {
			in.Deliver(mailboxtest.Mail(email, fmt.Sprintf("Mail %d", i), "Text.", fmt.Sprintf("Message-ID: <%d@example.com>", i)))
		}
		in.Deliver(mailboxtest.Mail(email, "Without a number", "Text."))
		in.Deliver(mailboxtest.Mail(email, "Mail 3", "Text.", "Message-ID: <3@example.com>")) // came by two ways
		t.look().has(`"taken":8`)
		in.Renumber()
		in.Deliver(mailboxtest.Mail(email, "Mail 8", "Text.", "Message-ID: <8@example.com>"))
		t.look().has(`"taken":9`)
		// Set anew, it is read from the beginning: what is here is known.
		s := in.Settings()
		t.olga.delete("/api/v1/settings/mailbox").is(204)
		t.olga.put("/api/v1/settings/mailbox", object{"host": "localhost", "port": in.Port, "security": "starttls", "user": s.User, "password": *s.Password, "since": s.Since.Format(time.DateOnly), "active": true}).is(200)
		t.look().has(`"taken":0`)
		if n := len(t.olga.get("/api/v1/messages").is(200).items()); n != 9 {
			t.Errorf("there are %d messages, not 9", n)
		}
	})
}

// Whatever ends a look, at whatever moment, what was kept is kept once and what
// was not comes the next time.
func TestALookThatIsBrokenOffLosesNothingAndDoublesNothing(t *testing.T) {
	withBox(t, func(t *town, _ *mailtest.Server, in *mailboxtest.Server) {
		t.olga.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		const mails = 40
		for i := range mails {
			in.Deliver(mailboxtest.Mail(email, fmt.Sprintf("Mail %d", i), "", fmt.Sprintf("Message-ID: <%d@example.com>", i), "Content-Type: multipart/mixed; boundary=x") +
				fmt.Sprintf("\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nfile %d\r\n--x--\r\n", i))
		}
		broken := 0
		for i := range 60 {
			ctx, stop := context.WithTimeout(t.Context(), time.Duration(10+7*i)*time.Millisecond)
			if err := t.box.Look(ctx); err != nil {
				t.Fatal(err)
			}
			if ctx.Err() != nil {
				broken++
			}
			stop()
		}
		if broken < 5 {
			t.Errorf("only %d looks were broken off", broken)
		}
		t.look().has(`"taken":40`)
		if n := t.olga.get("/api/v1/messages/count" + query("exact", "1")).is(200).json()["n"]; n != 40.0 {
			t.Errorf("there are %v messages, not 40", n)
		}
		for _, m := range t.olga.get("/api/v1/messages?limit=100").is(200).items() {
			if n := len(t.olga.get("/api/v1/files" + query("filter", "about = "+m["id"].(string))).is(200).items()); n != 1 {
				t.Errorf("a mail has %d files, not 1", n)
			}
		}
	})
}

func TestWhatRunsOrFetchesDoesNotComeInWithAMail(t *testing.T) {
	withBox(t, func(t *town, _ *mailtest.Server, in *mailboxtest.Server) {
		t.olga.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		part := func(kind, name, body string) string {
			return "\r\n--x\r\nContent-Type: " + kind + "\r\nContent-Disposition: attachment; filename=\"" + name + "\"\r\n\r\n" + body
		}
		in.Deliver(mailboxtest.Mail(email, "Hello\r\nX-Eve: 1", "", "Message-ID: <a@example.com>", "Content-Type: multipart/mixed; boundary=x") +
			"\r\n--x\r\nContent-Type: text/html\r\n\r\n<style>p{}</style><p>Dear <b>you</b></p><script>alert(1)</script><img src=\"https://eve.example.com/seen.png\" onerror=alert(2)><p>yours</p>" +
			part("text/html", "page.html", "<html><script>alert(3)</script></html>") +
			part("image/svg+xml", "picture.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(4)</script></svg>") +
			part("application/pdf", "../../../etc/run.exe", "MZ\x90\x00\x03 a program") +
			part("application/octet-stream", "offer.pdf", "%PDF-1.4\n1 0 obj\n") +
			"\r\n--x--\r\n")
		t.look().has(`"taken":1`)
		m := t.olga.get("/api/v1/messages").is(200).has("Dear you", "yours", "3]").lacks("alert", "script", "eve.example.com", "onerror").items()[0]["id"].(string)
		files := t.olga.get("/api/v1/files" + query("filter", "about = "+m)).is(200)
		if all := files.has("offer.pdf").lacks("html", "svg", "exe").items(); len(all) != 1 {
			t.Errorf("%d files came in: %s", len(all), files.body)
		}
	})
}

func TestManyFilesAndHugeMailsAreLeftInTheMailbox(t *testing.T) {
	withBox(t, func(t *town, _ *mailtest.Server, in *mailboxtest.Server) {
		t.olga.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		var many strings.Builder
		for i := range 25 {
			fmt.Fprintf(&many, "\r\n--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=%d.txt\r\n\r\nfile %d", i, i)
		}
		in.Deliver(mailboxtest.Mail(email, "Many", "", "Message-ID: <a@example.com>", "Content-Type: multipart/mixed; boundary=x") + many.String() + "\r\n--x--\r\n")
		in.Deliver(mailboxtest.Mail(email, "Huge", strings.Repeat("a line that says nothing, again and again and again and again\r\n", 600_000), "Message-ID: <b@example.com>"))
		in.Deliver(mailboxtest.Mail(email, "After", "still read", "Message-ID: <c@example.com>"))
		t.look().has(`"taken":3`)
		all := t.olga.get("/api/v1/messages"+query("sort", "created_at")).is(200).has("not taken and lie in the mailbox: 5", "too large", "still read").items()
		if n := len(t.olga.get("/api/v1/files" + query("filter", "about = "+all[0]["id"].(string))).is(200).items()); n != 20 {
			t.Errorf("%d files came in, not 20", n)
		}
	})
}

func TestOurOwnMailsDoNotComeBackAsIfClientsHadWrittenThem(t *testing.T) {
	withBox(t, func(t *town, out *mailtest.Server, in *mailboxtest.Server) {
		a, _, _ := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email, "crm@example.com"}})
		word := a.post("/api/v1/contacts/"+own+"/letter", object{"subject": "Hello", "body": "A text."}).is(201).at("message")
		sent := out.Wait(1)[0]
		a.as("sent", word)
		in.Deliver(sent.Raw)
		in.Deliver(mailboxtest.Mail("The house <crm@example.com>", "Round and round", "Text.", "Message-ID: <a@example.com>"))
		t.look().has(`"taken":0`)

		// It comes back: only a report that names it is believed.
		report := func(id, about, action string) string {
			return mailboxtest.Mail("MAILER-DAEMON@mx.example.com", "Undelivered Mail Returned to Sender", "", "Message-ID: "+id, "Content-Type: multipart/report; report-type=delivery-status; boundary=r") +
				"\r\n--r\r\n\r\nI am sorry.\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; " + email + "\r\nAction: " + action + "\r\nStatus: 5.1.1\r\n" +
				"\r\n--r\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: crm@example.com\r\nMessage-ID: " + about + "\r\nSubject: Hello\r\n\r\n--r--\r\n"
		}
		in.Deliver(report("<b@example.com>", "<mail_0000000000000@example.com>", "failed"))
		in.Deliver(report("<c@example.com>", sent.Number, "delayed"))
		t.look().has(`"taken":0`)
		a.as("sent", word)
		in.Deliver(report("<d@example.com>", sent.Number, "failed"))
		t.look()
		a.as("failed", word).has(`"problem":"returned"`)
		a.get("/api/v1/contacts/"+own+"/timeline").is(200).lacks("I am sorry", "Undelivered", email)

		// What is said of a try that was followed by another says nothing any more.
		a.post("/api/v1/messages/"+word+"/again", nil).is(204)
		out.Wait(2)
		a.as("sent", word)
		in.Deliver(report("<e@example.com>", sent.Number, "failed"))
		t.look()
		a.as("sent", word).lacks(`"problem":"returned"`)
	})
}

func TestThePasswordOfTheMailboxGoesToNoOtherServerAndToNobody(t *testing.T) {
	withBox(t, func(t *town, _ *mailtest.Server, in *mailboxtest.Server) {
		s := in.Settings()
		at := "/api/v1/settings/mailbox"
		whole := object{"host": s.Host, "port": s.Port, "security": s.Security, "user": s.User, "active": true}
		with := func(name string, value any) object {
			o := object{}
			for k, v := range whole {
				o[k] = v
			}
			o[name] = value
			return o
		}
		t.olga.put(at, whole).is(200).lacks(mailboxtest.Password)
		for name, value := range map[string]any{"host": "imap.example.com", "port": 993, "security": "starttls", "user": "eve@example.com"} {
			t.olga.put(at, with(name, value)).is(400, 422).has("mailbox.password_needed")
		}
		for name, value := range map[string]any{"host": "https://imap.example.com/x", "port": 70000, "user": "a\r\nb LOGOUT", "folder": "x\ny", "since": "2999-01-01", "password": ""} {
			t.olga.put(at, with(name, value)).is(400, 422).has(`"field":"` + name + `"`)
		}
		t.look()
		a, _, _ := writers(t)
		a.get(at).is(403).lacks(s.User)
		a.put(at, whole).is(403)
		a.post(at+"/look", nil).is(403)
		a.delete(at).is(403)
		t.olga.get(at).is(200).lacks(mailboxtest.Password)
		t.olga.get("/api/v1/ledger"+query("limit", "200")).is(200).has("mailbox.set").lacks(mailboxtest.Password, s.User)
		var sealed []byte
		if err := t.db.QueryRow(t.Context(), store.Text("SELECT sealed FROM mailbox")).Scan(&sealed); err != nil || strings.Contains(string(sealed), mailboxtest.Password) {
			t.Errorf("the password lies open: %v", err)
		}
		if strings.Contains(t.log.String(), mailboxtest.Password) {
			t.Error("the log holds the password")
		}
		// A row that was turned to another server opens no password.
		t.change(store.Text("UPDATE mailbox SET host = 'localhost'"))
		t.olga.post(at+"/look", nil).is(200).has(`"problem":"password"`)

		for want, o := range map[string]object{
			"password":    with("password", "another password"),
			"unreachable": object{"host": s.Host, "port": 1, "security": "tls", "user": s.User, "password": "x", "active": true},
			"folder":      object{"host": s.Host, "port": s.Port, "security": "tls", "user": s.User, "password": *s.Password, "folder": "Nowhere", "active": true},
			"broken":      object{"host": s.Host, "port": in.Port, "security": "tls", "user": s.User, "password": *s.Password, "active": true},
		} {
			t.olga.put(at, o).is(200)
			t.olga.post(at+"/look", nil).is(200).has(`"problem":"` + want + `"`)
		}
		t.box.Roots = x509.NewCertPool()
		t.olga.put(at, with("password", *s.Password)).is(200)
		t.olga.post(at+"/look", nil).is(200).has(`"problem":"certificate"`)
	})
}

// change changes the database behind the program's back.
func (w *town) change(how store.Text) {
	w.Helper()
	err := w.db.Write(w.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(w.Context(), how)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// withPostAt is withPost for one engine.
func withPostAt(t *testing.T, engine store.Engine, test func(t *town, server *mailtest.Server)) {
	t.Helper()
	server := mailtest.Serve(t, mail.StartTLS)
	w := found(t, storetest.Open(t, engine, time.Now), func(o mail.Options) *mail.Outbox {
		o.Server, o.Patience = server.Settings(), 5*time.Second
		return mail.Open(o)
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.runner.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	test(w, server)
}

// believed sets the name of the server whose word on senders is heard.
func (w *town) believed(in *mailboxtest.Server, name string) {
	w.Helper()
	s := in.Settings()
	w.olga.put("/api/v1/settings/mailbox", object{"host": s.Host, "port": s.Port, "security": s.Security, "user": s.User, "since": s.Since.Format(time.DateOnly), "active": true, "authserv": name}).is(200)
}

// Anybody can write any sender. A mail whose sender the receiving server has not
// proven says so wherever it is shown.
func TestForgedSenderIsNotShownAsProven(t *testing.T) {
	withBox(t, func(t *town, out *mailtest.Server, in *mailboxtest.Server) {
		a, _, _ := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		a.post("/api/v1/contacts/"+own+"/letter", object{"subject": "Hello", "body": "A text."}).is(201)
		number := out.Wait(1)[0].Number
		_, domain, _ := strings.Cut(email, "@")
		mail := func(from, subject, by, results string) {
			in.Deliver("Authentication-Results: " + by + "; " + results + "\r\n" + mailboxtest.Mail(from, subject, "Pay me.", "Message-ID: <"+subject+"@example.com>"))
		}
		results := "dmarc=pass header.from=" + domain
		mail(email, "before", "mx.example.net", results) // nobody has said yet whom to believe
		t.look().has(`"taken":1`)
		t.believed(in, "MX.example.net")
		mail(email, "true", "mx.example.net", results)
		mail(email, "foreign", "mx.eve.example", results)
		mail(email, "failed", "mx.example.net", "dmarc=fail header.from="+domain)
		mail(email, "silent", "mx.example.net", "none")
		in.Deliver(mailboxtest.Mail("eve@eve.example", "answer", "Pay me.", "Message-ID: <answer@example.com>", "In-Reply-To: "+number))
		t.look().has(`"taken":6`, `"authserv":"mx.example.net"`)
		want := map[string]any{"before": "unproven", "true": "proven", "foreign": "unproven", "failed": "unproven", "silent": "unproven", "answer": "other", "Hello": nil}
		seen := 0
		for _, m := range a.get("/api/v1/messages").is(200).items() {
			subject, _ := m["subject"].(string)
			if held, there := want[subject]; !there || m["sender"] != held {
				t.Errorf("%s is %v, not %v", subject, m["sender"], held)
			}
			seen++
		}
		for _, m := range a.get("/api/v1/contacts/" + own + "/timeline").is(200).items() {
			if record, is := m["record"].(map[string]any); is && m["type"] == "message" {
				if record["sender"] != want[record["subject"].(string)] {
					t.Errorf("on the timeline %v is %v", record["subject"], record["sender"])
				}
				seen++
			}
		}
		if seen != 2*len(want) {
			t.Errorf("%d messages were looked at", seen)
		}
		// Nobody proves a sender by hand.
		one := a.get("/api/v1/messages" + query("filter", "sender = unproven")).is(200).items()[0]["id"].(string)
		t.olga.patch("/api/v1/messages/"+one, object{"sender": "proven"}).is(400, 422).has("field.kept")
		for _, wrong := range []string{"mx example", "mx.example.net; x", "*", "*.*.example", "mx\r\n.example"} {
			s := in.Settings()
			t.olga.put("/api/v1/settings/mailbox", object{"host": s.Host, "port": s.Port, "security": s.Security, "user": s.User, "active": true, "authserv": wrong}).is(400, 422).has(`"field":"authserv"`)
		}
	})
}

// A mail stands where it was received, whenever it was fetched and whatever date it
// claims; that one is told beside it.
func TestMailStandsAtTheTimeAtWhichItWasReceived(t *testing.T) {
	withBox(t, func(t *town, _ *mailtest.Server, in *mailboxtest.Server) {
		own := t.olga.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		now := time.Now().Truncate(time.Second)
		t.olga.post("/api/v1/comments", object{"text": "a comment", "about_kind": "contact", "about": own}).is(201)
		in.DeliverAt(mailboxtest.Mail(email, "Last", "Text.", "Message-ID: <c@example.com>"), now.Add(-time.Hour))
		in.DeliverAt(mailboxtest.Mail(email, "First", "Text.", "Message-ID: <a@example.com>"), now.Add(-20*time.Hour))
		in.DeliverAt(mailboxtest.Mail(email, "Second", "Text.", "Message-ID: <b@example.com>"), now.Add(-20*time.Hour))
		t.look().has(`"taken":3`)
		var order []string
		for _, m := range t.olga.get("/api/v1/contacts/" + own + "/timeline").is(200).items() {
			switch m["type"] {
			case "comment":
				order = append(order, "comment")
			case "message":
				record := m["record"].(map[string]any)
				order = append(order, m["title"].(string))
				at, err := time.Parse(time.RFC3339, record["at"].(string))
				want := now.Add(-20 * time.Hour)
				if m["title"] == "Last" {
					want = now.Add(-time.Hour)
				}
				if err != nil || !at.Truncate(time.Second).Equal(want) || m["at"] != record["at"] {
					t.Errorf("%s stands at %v, and was received at %v, not %v", m["title"], m["at"], record["at"], want)
				}
				if record["claimed_at"] != "2026-11-27T10:00:00.000000Z" {
					t.Errorf("%s claims %v", m["title"], record["claimed_at"])
				}
			}
		}
		if strings.Join(order, " ") != "comment Last Second First" {
			t.Errorf("they stand as %v", order)
		}
		// Without a time of its own a message would stand nowhere.
		one := t.olga.get("/api/v1/messages" + query("filter", `subject = "First"`)).is(200).items()[0]["id"].(string)
		t.olga.patch("/api/v1/messages/"+one, object{"at": nil}).is(200)
		t.olga.get("/api/v1/messages/" + one).is(200).lacks(`"at":null`)
	})
}

// Who reads a timeline page by page misses nothing that happened at one moment.
func TestPagesOfATimelineTearNoMomentApart(t *testing.T) {
	everywhere(t, func(t *town) {
		own := t.olga.create("contacts", object{"name": "Anna Ember"})
		at := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
		for i := range 90 {
			t.olga.create("messages", object{"subject": fmt.Sprintf("Old %d", i), "channel": "sms", "at": at, "contact": own})
		}
		for i := range 50 {
			t.olga.create("messages", object{"subject": fmt.Sprintf("New %d", i), "channel": "sms", "contact": own})
		}
		seen := map[string]int{}
		for path := "/api/v1/contacts/" + own + "/timeline"; path != ""; {
			page := t.olga.get(path).is(200)
			for _, m := range page.items() {
				if m["type"] == "message" {
					seen[m["title"].(string)]++
				}
			}
			path = ""
			if next, more := page.json()["next"].(string); more {
				path = "/api/v1/contacts/" + own + "/timeline" + query("cursor", next)
			}
		}
		if len(seen) != 140 {
			t.Errorf("of 140 messages %d are shown", len(seen))
		}
	})
}

// A flood of mails that claim to be from clients stays where it is, but for a
// bounded part, and keeps nobody's proven mail out.
func TestFloodOfUnprovenSendersStaysInTheMailbox(t *testing.T) {
	withBox(t, func(t *town, out *mailtest.Server, in *mailboxtest.Server) {
		a, _, _ := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		a.post("/api/v1/contacts/"+own+"/letter", object{"subject": "Hello", "body": "A text."}).is(201)
		number := out.Wait(1)[0].Number
		t.believed(in, "mx.example.net")
		_, domain, _ := strings.Cut(email, "@")
		now := time.Now().Truncate(time.Second)
		for i := range 70 {
			in.DeliverAt(mailboxtest.Mail(email, fmt.Sprintf("Forged %d", i), "Text.", fmt.Sprintf("Message-ID: <%d@eve.example>", i)), now.Add(-30*time.Minute))
		}
		for i := range 25 {
			in.DeliverAt(mailboxtest.Mail(fmt.Sprintf("eve%d@eve.example", i), fmt.Sprintf("Re: %d", i), "Text.", fmt.Sprintf("Message-ID: <re%d@eve.example>", i), "In-Reply-To: "+number), now.Add(-20*time.Minute))
		}
		in.DeliverAt("Authentication-Results: mx.example.net; dmarc=pass header.from="+domain+"\r\n"+mailboxtest.Mail(email, "True", "Text.", "Message-ID: <true@example.com>"), now.Add(-10*time.Minute))
		t.look().has(`"taken":81`, `"excess":15`)
		// What came before or after that hour is not kept out by it.
		in.DeliverAt(mailboxtest.Mail(email, "Yesterday", "Text.", "Message-ID: <old@example.com>"), now.Add(-20*time.Hour))
		t.look().has(`"taken":82`, `"excess":15`)
		// Read anew, what is here is here, and what was too much is too much again.
		in.Renumber()
		t.look().has(`"taken":82`, `"excess":15`)
		n := 0
		for _, m := range a.get("/api/v1/messages?limit=200").is(200).items() {
			if s := m["subject"].(string); strings.HasPrefix(s, "Forged") || strings.HasPrefix(s, "Re:") {
				n++
			} else if s != "True" && s != "Hello" && s != "Yesterday" {
				t.Errorf("there is %q", s)
			}
		}
		if n != 80 {
			t.Errorf("%d mails of unproven senders came in", n)
		}
	})
}

// What came with a mail stands beside it on the client's timeline, for whoever sees
// files, and is fetched like every other file.
func TestFilesOfAMailStandBesideItOnTheTimeline(t *testing.T) {
	withBox(t, func(t *town, _ *mailtest.Server, in *mailboxtest.Server) {
		a, b, _ := writers(t)
		blind := sales()
		blind["grades"] = object{"contact": object{"view": "all"}, "message": object{"view": "all"}}
		c := t.hire("Carla", blind) // sees messages, and no files
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		part := func(kind, disposition, body string) string {
			return "\r\n--x\r\nContent-Type: " + kind + "\r\nContent-Disposition: " + disposition + "\r\n\r\n" + body
		}
		in.Deliver(mailboxtest.Mail(email, "Papers", "", "Message-ID: <a@example.com>", "Content-Type: multipart/mixed; boundary=x") + "\r\n--x\r\n\r\nsee them" +
			part("application/pdf", "attachment; filename*=windows-1251'ru'%D1%F7%B8%F2.pdf", "%PDF-1.4\n1 0 obj\n") +
			part("text/plain", `attachment; filename="=?utf-8?Q?caff=C3=A8.txt?="`, "a quiet note") + "\r\n--x--\r\n")
		in.Deliver(mailboxtest.Mail(email, "Bare", "Text.", "Message-ID: <b@example.com>"))
		t.look().has(`"taken":2`)
		at := "/api/v1/contacts/" + own + "/timeline"
		found := 0
		for _, m := range a.get(at).is(200).items() {
			files, _ := m["files"].([]any)
			if m["title"] != "Papers" {
				if len(files) > 0 {
					t.Errorf("%v has %v", m["title"], files)
				}
				continue
			}
			for i, want := range []string{"Счёт.pdf", "caffè.txt"} {
				if len(files) != 2 || files[i].(map[string]any)["name"] != want {
					t.Fatalf("the files are %v", files)
				}
				found++
			}
			id := files[1].(map[string]any)["id"].(string)
			got := a.get("/api/v1/files/" + id + "/content").is(200).has("a quiet note")
			if d := got.header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment;") || got.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("it comes as %q", d)
			}
			for _, p := range []*person{b, c} {
				p.get("/api/v1/files/" + id + "/content").is(404)
			}
			t.olga.get("/api/v1/ledger" + query("limit", "200")).is(200).has(id)
		}
		if found != 2 {
			t.Error("the mail is not on the timeline")
		}
		c.get(at).is(200).has("Papers").lacks("Счёт", "caff", `"files"`)
		b.get(at).is(404)
	})
}

// Attack 27: whoever shares a client, or is given one, opens by it no file that
// their role keeps from them: neither on the client nor on a mail of the client.
// For everybody else what lives on a record is shared with it.
func TestAttack27_ShareOpensNoFilesToARoleWithoutFiles(t *testing.T) {
	withBox(t, func(t *town, _ *mailtest.Server, in *mailboxtest.Server) {
		a, _, _ := writers(t)
		own := a.create("contacts", object{"name": "Anna Ember", "emails": []string{email}})
		in.Deliver(mailboxtest.Mail(email, "Papers", "", "Message-ID: <a@example.com>", "Content-Type: multipart/mixed; boundary=x") + "\r\n--x\r\n\r\nsee them" +
			"\r\n--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"quartz note.txt\"\r\n\r\na quiet note\r\n--x--\r\n")
		t.look().has(`"taken":1`)
		card := a.upload(own, "quartz contract.pdf", []byte(pdfText)).is(201).at("id")
		said := a.create("comments", object{"about": own, "about_kind": "contact", "text": "Quartz remark"})
		message := a.get("/api/v1/messages").is(200).items()[0]["id"].(string)
		enclosed := a.get("/api/v1/files" + query("filter", `about = "`+message+`"`)).is(200).items()[0]["id"].(string)

		of := func(file string) object {
			role := sales()
			grades := role["grades"].(object)
			grades["contact"] = object{"view": "all", "edit": "all"}
			grades["message"] = object{"view": "own"}
			delete(grades, "comment")
			if file != "" {
				grades["file"], grades["comment"] = object{"view": file}, object{"view": file}
			}
			role["abilities"] = []string{"records.share"}
			return role
		}
		without, with, herself := t.hire("Dora", of("")), t.hire("Edith", of("own")), t.hire("Flora", of(""))
		for _, level := range []string{"view", "edit"} {
			share := func(who, receiver *person) {
				who.post("/api/v1/contacts/"+own+"/shares", object{"person": receiver.id, "level": level}).is(200, 201, 204)
			}
			share(t.olga, without)
			share(t.olga, with)
			herself.post("/api/v1/contacts/"+own+"/shares", object{"person": herself.id, "level": level}).is(400, 422).has("share.self")
			share(t.olga, herself)
			for _, p := range []*person{without, herself} {
				// The mail is the client's, and comes with the client. Its files do not.
				p.get("/api/v1/messages/" + message).is(200).has("Papers")
				p.get("/api/v1/contacts/"+own+"/timeline").is(200).has("Papers").lacks("quartz", "Quartz", `"files"`)
				for _, f := range []string{card, enclosed} {
					p.get("/api/v1/files/" + f).is(404)
					p.get("/api/v1/files/" + f + "/content").is(404)
					p.patch("/api/v1/files/"+f, object{"name": "mine.txt"}).is(404)
				}
				p.get("/api/v1/comments/" + said).is(404)
				for _, about := range []string{own, message} {
					p.get("/api/v1/files"+query("filter", `about = "`+about+`"`)).is(200, 403, 404).lacks(card, enclosed, "quartz")
				}
				p.get("/api/v1/files/" + card + "/picture").is(404)
			}
			for _, f := range []string{card, enclosed} {
				with.get("/api/v1/files/" + f + "/content").is(200)
				with.patch("/api/v1/files/"+f, object{"name": "mine.txt"}).is(403)
			}
			with.get("/api/v1/comments/" + said).is(200)
			with.get("/api/v1/contacts/"+own+"/timeline").is(200).has("quartz note.txt", "Quartz remark")
		}
	})
}
