package web_test

import (
	"context"
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
func (t *town) look() *answer {
	t.Helper()
	return t.olga.post("/api/v1/settings/mailbox/look", nil).is(200).lacks("problem")
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
