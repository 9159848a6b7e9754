package identity

import (
	"context"
	"strings"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/mail"
	"castellan/internal/mail/mailtest"
	"castellan/internal/store"
)

// withMail gives the house a mail server, and somebody who carries mails to it.
func (h *house) withMail() *mailtest.Server {
	h.Helper()
	server := mailtest.Serve(h.T, mail.StartTLS)
	runner := jobs.New(jobs.Options{DB: h.DB, Scribe: h.Scribe, Vault: h.Vault, Poll: 5 * time.Millisecond})
	h.Runner = runner
	runner.Handle(forgottenKind, h.mailForgotten)
	h.Mail = mail.Open(mail.Options{DB: h.DB, Vault: h.Vault, Scribe: h.Scribe, Runner: runner, Server: server.Settings(), URL: "https://crm.example.com",
		Workspace: func() string { return "Studio" }})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	h.Cleanup(func() { stop(); h.fine(<-done) })
	return server
}

func TestPersonIsToldOfANewPasswordInThePageAndByMail(t *testing.T) {
	each(t, func(h *house) {
		post := h.withMail()
		ana := h.person("ana@example.com", h.role("specialist"))
		who, err := h.Resolve(h.ctx, ana.Token, home, chrome)
		h.fine(err)
		h.fine(h.ChangePassword(h.ctx, who, better, good))
		got := post.To("ana@example.com", "password")
		if !strings.Contains(got.Text, home.String()) || !strings.Contains(got.Text, "Chrome, Windows") || strings.Contains(got.Raw, good) {
			h.Errorf("the mail says %s", got.Text)
		}
		notices, err := h.Notices(h.ctx, who)
		h.fine(err)
		if len(notices) != 1 || notices[0].Kind != mail.PasswordChanged || notices[0].Words["address"] != home.String() || !notices[0].Seen.IsZero() {
			h.Fatalf("the page tells %+v", notices)
		}
		// A notice is its person's alone: neither others nor programs nor whoever looks through their eyes sees it.
		if others, err := h.Notices(h.ctx, h.owner.Actor); err != nil || len(others) != 0 {
			h.Errorf("somebody else is told %+v, %v", others, err)
		}
		h.fine(h.SeeNotices(h.ctx, h.owner.Actor, notices[0].ID))
		for _, other := range []actor.Actor{{Kind: actor.Program, Person: who.Person}, {Kind: actor.Person, Person: who.Person, ViewAs: h.owner.Person.ID}, {}} {
			_, err := h.Notices(h.ctx, other)
			h.refused(fault.Denied, "notice.own", err)
			h.refused(fault.Denied, "notice.own", h.SeeNotices(h.ctx, other, notices[0].ID))
		}
		if again, err := h.Notices(h.ctx, who); err != nil || !again[0].Seen.IsZero() {
			h.Errorf("somebody else has seen it for them: %+v, %v", again, err)
		}
		h.fine(h.SeeNotices(h.ctx, who, notices[0].ID))
		if again, err := h.Notices(h.ctx, who); err != nil || again[0].Seen.IsZero() {
			h.Errorf("what was seen is not: %+v, %v", again, err)
		}
		h.clock.pass(Past + time.Hour)
		h.fine(h.Tidy(h.ctx))
		var left int
		h.fine(h.DB.QueryRow(h.ctx, store.Text(`SELECT COUNT(*) FROM notice`)).Scan(&left))
		if left != 0 {
			h.Error("notices are kept for ever")
		}
	})
}
