package mail

import (
	"net/mail"
	"strings"
	"testing"
	"time"
)

// written is an outbox that only writes.
func written() *Outbox {
	return &Outbox{Options{URL: "https://crm.example.com", Workspace: func() string { return "Lumen" }, Server: Server{From: mail.Address{Address: "crm@example.com"}}}}
}

// What is not a message of the house is refused where it is put, and not when it
// is sent: one without its link is of no use, one with a link too many opens an
// account to whoever was meant to be told of something.
func TestMessageThatIsNotWholeIsNotWritten(t *testing.T) {
	o := written()
	whole := Message{Template: Invite, To: "anna@example.com", Name: "Anna", Values: map[string]string{"by": "Olga"}, Path: "/link", Token: "secret"}
	if l, err := o.write(whole); err != nil || !strings.Contains(l.text, "https://crm.example.com/link#secret") {
		t.Fatalf("a whole message: %v %+v", err, l)
	}
	if l, err := o.write(Message{Template: Letter, To: "anna@example.com", Subject: "Hello\r\nBcc: eve@example.com", Text: "Text."}); err != nil || strings.ContainsAny(l.subject, "\r\n") {
		t.Fatalf("a letter: %v %q", err, l.subject)
	}
	for name, change := range map[string]func(*Message){
		"without its link":         func(m *Message) { m.Token = "" },
		"with a link too many":     func(m *Message) { m.Template = PasswordChanged },
		"of an unknown template":   func(m *Message) { m.Template = "nothing" },
		"of no template":           func(m *Message) { m.Template = "" },
		"to two":                   func(m *Message) { m.To = "anna@example.com, eve@example.com" },
		"to a name":                func(m *Message) { m.To = "Anna <anna@example.com>" },
		"to a second line":         func(m *Message) { m.To = "anna@example.com\r\nBcc: eve@example.com" },
		"to nobody":                func(m *Message) { m.To = "" },
		"a letter with a link":     func(m *Message) { m.Template = Letter },
		"a letter to two":          func(m *Message) { m.Template, m.Token, m.To = Letter, "", "anna@example.com, eve@example.com" },
		"a letter to a name":       func(m *Message) { m.Template, m.Token, m.To = Letter, "", "Anna <anna@example.com>" },
		"a letter to nobody":       func(m *Message) { m.Template, m.Token, m.To = Letter, "", "" },
		"a letter to another line": func(m *Message) { m.Template, m.Token, m.To = Letter, "", "anna@example.com\nBcc: eve@example.com" },
	} {
		m := whole
		change(&m)
		if l, err := o.write(m); err == nil {
			t.Errorf("%s: it is written: %+v", name, l)
		}
	}
}

// Values stand where they belong: in one line, short, never taken for a place of
// another and never for HTML.
func TestValuesOfAMessageStayValues(t *testing.T) {
	o := written()
	l, err := o.write(Message{Template: Invite, Language: "klingon", To: "anna@example.com", Name: "A\nnna", Path: "/link", Token: "secret", At: time.Now(),
		Values: map[string]string{"by": "Eve {workspace}\r\n\r\n<b>\"x\"</b> " + strings.Repeat("ж", 300)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{l.text, l.html, l.subject} {
		if !strings.Contains(text, "Eve {workspace}") || strings.Count(text, "ж") == 0 || strings.Count(text, "ж")%(longest-len(`Eve {workspace} <b>"x"</b> `)) != 0 {
			t.Errorf("a value is not what it was: %q", text)
		}
	}
	if strings.Contains(l.html, "<b>") || !strings.Contains(l.html, "&lt;b&gt;") {
		t.Errorf("a value is HTML:\n%s", l.html)
	}
	if !strings.Contains(l.text, `Eve {workspace} <b>"x"</b> `) || strings.ContainsAny(l.subject+l.name, "\r\n") {
		t.Errorf("a value has lines: %q", l.subject)
	}
	if !strings.Contains(l.html, `<html lang="en">`) {
		t.Error("an unknown language is not English")
	}
	for _, zone := range []string{"", "Local"} {
		if got := moment(time.Date(2026, 5, 3, 22, 30, 0, 0, time.UTC), "en", zone); got != "3 May 2026, 22:30 (UTC)" {
			t.Errorf("the zone %q gives %q", zone, got)
		}
	}
	// What goes out has one recipient, whatever was put.
	if _, err := o.compose("n", letter{to: "Anna <anna@example.com>", subject: "x", text: "y"}); err == nil {
		t.Error("a recipient with a name of its own is composed")
	}
}
