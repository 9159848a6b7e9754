package mail_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/mail"
	"castellan/internal/mail/mailtest"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/vault"
)

// post is an outbox, a mail server and a clock that the test moves.
type post struct {
	*testing.T
	db     *store.DB
	out    *mail.Outbox
	writer *scribe.Scribe
	server *mailtest.Server
	runner *jobs.Runner
	ahead  atomic.Int64
	mu     sync.Mutex
	log    bytes.Buffer
}

func (p *post) now() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) }

func (p *post) pass(d time.Duration) { p.ahead.Add(int64(d)) }

func (p *post) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *post) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func (p *post) fine(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

const home = "https://crm.example.com"

func each(t *testing.T, way mail.Security, change func(*mail.Options), test func(p *post)) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			p := &post{T: t, server: mailtest.Serve(t, way)}
			p.db = storetest.Open(t, engine, p.now)
			keys, err := vault.Open(t.TempDir(), nil)
			p.fine(err)
			p.writer, err = scribe.Open(t.Context(), p.db, keys, scribe.Options{HeadFile: filepath.Join(t.TempDir(), "head")})
			p.fine(err)
			t.Cleanup(func() { p.fine(p.writer.Close(context.Background())) })
			log := slog.New(slog.NewTextHandler(p, nil))
			p.runner = jobs.New(jobs.Options{DB: p.db, Scribe: p.writer, Vault: keys, Log: log, Poll: 5 * time.Millisecond})
			o := mail.Options{DB: p.db, Vault: keys, Scribe: p.writer, Runner: p.runner, Server: p.server.Settings(), URL: home,
				Workspace: func() string { return "Студия «Люмен»" }, Log: log, Patience: 5 * time.Second}
			if change != nil {
				change(&o)
			}
			p.out = mail.Open(o)
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- p.runner.Run(ctx) }()
			t.Cleanup(func() { stop(); p.fine(<-done) })
			test(p)
		})
	}
}

func (p *post) put(m mail.Message) {
	p.Helper()
	p.fine(p.db.Write(p.Context(), func(tx *store.Tx) error { return p.out.Put(p.Context(), tx, m) }))
}

// until waits for a state of the outbox.
func (p *post) until(what string, is func(mail.State) bool) mail.State {
	p.Helper()
	for range 2000 {
		s, err := p.out.State(p.Context())
		p.fine(err)
		if is(s) {
			return s
		}
		time.Sleep(5 * time.Millisecond)
	}
	s, _ := p.out.State(p.Context())
	p.Fatalf("it does not come to pass that %s: %+v\n%s", what, s, p.logged())
	return s
}

func invitation() mail.Message {
	return mail.Message{Template: mail.Invite, Language: "ru", Zone: "Europe/Warsaw", To: "anna@example.com", Name: "Анна Ёлкина", Values: map[string]string{"by": "Ольга"},
		Path: "/link", Token: "the-secret-token", Ends: time.Date(2099, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func TestMailArrivesAsItWasMeantThroughEncryptionAndPassword(t *testing.T) {
	for _, way := range []mail.Security{mail.StartTLS, mail.TLS, mail.Plain} {
		t.Run(string(way), func(t *testing.T) {
			each(t, way, nil, func(p *post) {
				p.put(invitation())
				got := p.server.Wait(1)[0]
				if got.To != "anna@example.com" || got.Name != "Анна Ёлкина" || got.From != "crm@example.com" || !strings.Contains(got.Sender, "crm@example.com") {
					p.Errorf("it went from %q (%q) to %q (%q)", got.From, got.Sender, got.To, got.Name)
				}
				if got.Subject != "Ольга приглашает вас в «Студия «Люмен»»" {
					p.Errorf("the subject is %q", got.Subject)
				}
				link := home + "/link#the-secret-token"
				for _, want := range []string{"Здравствуйте, Анна Ёлкина!", link, "1 марта 2099, 13:00 (Europe/Warsaw)"} {
					if !strings.Contains(got.Text, want) {
						p.Errorf("the text lacks %q:\n%s", want, got.Text)
					}
				}
				if !strings.Contains(got.HTML, `href="`+link+`"`) || strings.Contains(got.HTML, "<img") || strings.Contains(got.HTML, "<script") {
					p.Errorf("the HTML is not what it should be:\n%s", got.HTML)
				}
				if !strings.Contains(got.Raw, "Auto-Submitted: auto-generated") || !strings.Contains(got.Number, "@example.com") {
					p.Errorf("a header is missing:\n%s", got.Raw)
				}
				p.until("it is sent", func(s mail.State) bool { return s.Sent == 1 && s.Waiting == 0 })
				p.holdsNothing()
			})
		})
	}
}

// holdsNothing looks for what a message says in the database and the log.
func (p *post) holdsNothing() {
	p.Helper()
	for table, columns := range map[string]string{"mail": "template || state || COALESCE(problem, '')", "job": "kind || args || COALESCE(error, '')"} {
		rows, err := p.db.Query(p.Context(), store.Text("SELECT "+columns+" FROM "+table))
		p.fine(err)
		for rows.Next() {
			var text string
			p.fine(rows.Scan(&text))
			p.secretFree(table, text)
		}
		p.fine(rows.Close())
	}
	p.secretFree("the log", p.logged())
}

func (p *post) secretFree(where, text string) {
	p.Helper()
	for _, secret := range []string{"the-secret-token", "anna", "Анна", "Ольга", mailtest.Password} {
		if strings.Contains(text, secret) {
			p.Errorf("%s holds %q: %s", where, secret, text)
		}
	}
}

func TestMessageLiesSealedUntilItIsSentAndIsWipedThen(t *testing.T) {
	each(t, mail.StartTLS, nil, func(p *post) {
		p.server.Stop()
		p.put(invitation())
		s := p.until("a try failed", func(s mail.State) bool { return len(s.Trouble) == 1 })
		if s.Trouble[0].Problem.Code != "unreachable" || s.Trouble[0].GivenUp || s.Waiting != 1 {
			p.Errorf("the outbox stands as %+v", s)
		}
		var sealed []byte
		p.fine(p.db.QueryRow(p.Context(), store.Text(`SELECT sealed FROM mail`)).Scan(&sealed))
		p.secretFree("the row", string(sealed))
		p.holdsNothing()

		// The server comes back, and so does the mail.
		p.server.Start()
		p.pass(time.Minute)
		p.server.Wait(1)
		p.until("it is sent", func(s mail.State) bool { return s.Sent == 1 && len(s.Trouble) == 0 })
		var left int
		p.fine(p.db.QueryRow(p.Context(), store.Text(`SELECT COUNT(*) FROM mail WHERE sealed IS NOT NULL`)).Scan(&left))
		if left != 0 {
			p.Error("what was sent is still kept")
		}
	})
}

func TestServerThatSaysLaterIsTriedAgainAndOneThatSaysNeverIsBelieved(t *testing.T) {
	each(t, mail.StartTLS, nil, func(p *post) {
		p.server.Answer(func(string) error {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted, anna@example.com"}
		})
		p.put(invitation())
		s := p.until("it was put off", func(s mail.State) bool { return len(s.Trouble) == 1 })
		if got := s.Trouble[0]; got.GivenUp || got.Problem != (mail.Problem{Code: "recipient", Reply: "451 4.7.1"}) {
			p.Errorf("a server that says later gives %+v", got)
		}
		p.server.Answer(func(string) error {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user anna@example.com"}
		})
		p.pass(time.Minute)
		s = p.until("it is given up", func(s mail.State) bool { return s.GivenUp == 1 })
		if got := s.Trouble[0]; !got.GivenUp || got.Attempts != 2 || got.Problem != (mail.Problem{Code: "recipient", Reply: "550 5.1.1"}) {
			p.Errorf("a server that says never gives %+v", got)
		}
		tries := p.server.Tries()
		p.pass(24 * time.Hour)
		time.Sleep(50 * time.Millisecond)
		if p.server.Tries() != tries {
			p.Error("what was refused for good is tried again")
		}
		p.holdsNothing()
		p.tells("mail.given_up")
	})
}

func (p *post) tells(event string) {
	p.Helper()
	p.fine(p.writer.Flush(p.Context()))
	all, _, err := p.writer.Read(p.Context(), scribe.Question{Limit: 100})
	p.fine(err)
	var told []string
	for i := range all {
		told = append(told, all[i].Entry.Event)
		p.secretFree("the ledger", string(all[i].Details))
	}
	if !slices.Contains(told, event) {
		p.Errorf("the ledger tells %v, and not %s", told, event)
	}
}

func TestMailIsGivenUpWhenItsAttemptsAreUsedOrItIsTooLate(t *testing.T) {
	each(t, mail.Plain, nil, func(p *post) {
		p.server.Stop()
		p.put(invitation())
		late := invitation()
		late.Ends = p.now().Add(time.Hour)
		p.put(late)
		s := p.until("both are given up", func(s mail.State) bool { p.toTheNextTry(); return s.GivenUp == 2 })
		codes := []string{s.Trouble[0].Problem.Code, s.Trouble[1].Problem.Code}
		if codes[0] != "late" || codes[1] != "unreachable" || s.Trouble[1].Attempts != 16 {
			p.Errorf("they are given up for %v: %+v", codes, s.Trouble)
		}
		p.holdsNothing()
	})
}

// toTheNextTry moves the clock to when a job is due, if none is at work.
func (p *post) toTheNextTry() {
	p.Helper()
	var due int64
	p.fine(p.db.QueryRow(p.Context(), store.Text(`SELECT COALESCE(MIN(due_at), 0) FROM job WHERE kind = 'mail.send' AND state = 'waiting'`)).Scan(&due))
	if wait := time.UnixMicro(due).Sub(p.now()); wait > 0 {
		p.pass(wait)
	}
}

func TestNothingIsSaidToAServerThatCannotBeTrusted(t *testing.T) {
	for name, c := range map[string]struct {
		way    mail.Security
		change func(*mail.Options)
		code   string
	}{
		"no encryption offered":    {mail.Plain, func(o *mail.Options) { o.Server.Security = mail.StartTLS }, "starttls"},
		"the zero security":        {mail.Plain, func(o *mail.Options) { o.Server.Security = "" }, "starttls"},
		"an unknown certificate":   {mail.StartTLS, func(o *mail.Options) { o.Server.Roots = nil }, "certificate"},
		"the same, from the start": {mail.TLS, func(o *mail.Options) { o.Server.Roots = nil }, "certificate"},
		"a wrong password":         {mail.StartTLS, func(o *mail.Options) { o.Server.Password = "wrong" }, "password"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, c.way, c.change, func(p *post) {
				p.put(invitation())
				s := p.until("a try failed", func(s mail.State) bool { return len(s.Trouble) == 1 })
				if s.Trouble[0].Problem.Code != c.code || s.Trouble[0].GivenUp {
					p.Errorf("it failed with %+v", s.Trouble[0])
				}
				if n := len(p.server.Inbox()) + p.server.Tries(); n != 0 {
					p.Error("the server was told of the message all the same")
				}
				p.holdsNothing()
			})
		})
	}
}

func TestServerThatNeverAnswersIsNotWaitedForForever(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	each(t, mail.Plain, func(o *mail.Options) {
		o.Server.Port, o.Patience = mute.Addr().(*net.TCPAddr).Port, 200*time.Millisecond
	}, func(p *post) {
		p.put(invitation())
		s := p.until("a try failed", func(s mail.State) bool { return len(s.Trouble) == 1 })
		if s.Trouble[0].Problem.Code != "silent" {
			p.Errorf("it failed with %+v", s.Trouble[0])
		}
	})
}

// Attack 44, and headers: what somebody is called ends no line and makes no link.
func TestNamesForgeNeitherHeadersNorLinks(t *testing.T) {
	each(t, mail.StartTLS, nil, func(p *post) {
		m := invitation()
		m.Language = "en"
		m.Name = "Anna\r\nBcc: thief@example.com"
		m.Values = map[string]string{"by": "Eve {name}\r\nSubject: other\r\n\r\n<a href=\"https://evil.example\">x</a>" + strings.Repeat("long", 200), "workspace": "Lumen"}
		p.put(m)
		got := p.server.Wait(1)[0]
		if len(p.server.Inbox()) != 1 || got.To != "anna@example.com" || regexp.MustCompile(`(?m)^(Bcc|Subject: other)`).MatchString(got.Raw) {
			p.Errorf("a name wrote a header:\n%s", got.Raw)
		}
		if strings.Contains(got.HTML, `<a href="https://evil.example"`) || strings.Count(got.HTML, "<a ") != 1 {
			p.Errorf("a name made a link:\n%s", got.HTML)
		}
		if !strings.Contains(got.Subject, "Eve {name}") || len([]rune(got.Subject)) > 300 {
			p.Errorf("a value was taken for a place, or is endless: %q", got.Subject)
		}
		for _, to := range []string{"a@example.com, b@example.com", "a@example.com\r\nRCPT TO:<b@example.com>", "", "Anna <a@example.com>"} {
			m.To = to
			if err := p.db.Write(p.Context(), func(tx *store.Tx) error { return p.out.Put(p.Context(), tx, m) }); err == nil {
				p.Errorf("a mail to %q was put", to)
			}
		}
	})
}

func TestMessageThatIsNotCommittedIsNeverSent(t *testing.T) {
	each(t, mail.Plain, nil, func(p *post) {
		failed := errors.New("failed")
		err := p.db.Write(p.Context(), func(tx *store.Tx) error {
			if err := p.out.Put(p.Context(), tx, invitation()); err != nil {
				return err
			}
			return failed
		})
		if !errors.Is(err, failed) {
			p.Fatal(err)
		}
		m := invitation()
		m.To = "other@example.com"
		p.put(m)
		if got := p.server.Wait(1); len(got) != 1 || got[0].To != "other@example.com" {
			p.Errorf("there came %+v", got)
		}
	})
}

func TestTestMailTellsAtOnceWhatCameOfIt(t *testing.T) {
	each(t, mail.StartTLS, nil, func(p *post) {
		p.fine(p.out.Try(p.Context(), actor.House(), "olga@example.com", "Olga", "pl"))
		if got := p.server.Wait(1)[0]; got.Subject != "Wiadomość próbna od Студия «Люмен»" {
			p.Errorf("the subject is %q", got.Subject)
		}
		p.server.Answer(func(to string) error { return &smtp.SMTPError{Code: 554, Message: "never " + to} })
		err := p.out.Try(p.Context(), actor.House(), "olga@example.com", "Olga", "pl")
		if f, ok := fault.As(err); !ok || f.Code != "mail.recipient" || strings.Contains(f.Public, "olga") {
			p.Errorf("a refused test gives %v", err)
		}
		p.tells("mail.tested")
	})
}

func TestWithoutAServerNothingIsPut(t *testing.T) {
	each(t, mail.Plain, func(o *mail.Options) { o.Server = mail.Server{} }, func(p *post) {
		var none *mail.Outbox
		if p.out.Configured() || none.Configured() {
			p.Error("there seems to be a mail server")
		}
		p.put(invitation())
		if s, err := p.out.State(p.Context()); err != nil || s.Waiting != 0 {
			p.Errorf("the outbox stands as %+v, %v", s, err)
		}
		if f, ok := fault.As(p.out.Try(p.Context(), actor.House(), "olga@example.com", "Olga", "en")); !ok || f.Code != "mail.none" {
			p.Error("a test without a server says nothing")
		}
	})
}
