package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"strconv"
	"strings"

	mailer "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"castellan/internal/fault"
	"castellan/internal/value"
)

// Security is how the way to the mail server is protected.
type Security string

const (
	StartTLS Security = "starttls" // begins in the clear and must become encrypted before anything is said; the default
	TLS      Security = "tls"      // encrypted from the first byte
	Plain    Security = "plain"    // never encrypted: for a mail server on the same machine
)

// Server is the mail server that takes our messages. The zero Server is none.
type Server struct {
	Host     string
	Port     int
	Security Security       // empty: StartTLS
	User     string         // empty: the server asks for nobody
	Password string         // of the user
	From     mail.Address   // who writes
	Roots    *x509.CertPool // whom to believe; nil: whom the system believes
}

// Problem is why a message was not taken. It holds no address and no word of the
// mail server.
type Problem struct {
	Code  string // unreachable, silent, certificate, starttls, password, sender, recipient, refused, broken, late, files, unsealed
	Reply string // code of the server's answer, such as "550 5.1.1"; empty: it gave none
	Final bool   // to try again is of no use
}

func (p *Problem) String() string { return strings.TrimSpace(p.Code + " " + p.Reply) }

func problemOf(text string) Problem {
	code, reply, _ := strings.Cut(text, " ")
	return Problem{Code: code, Reply: reply}
}

// Reason says it to whoever wrote a letter: unreachable, settings, recipient,
// refused, late, files or broken.
func (p *Problem) Reason() string {
	switch p.Code {
	case "unreachable", "silent":
		return "unreachable"
	case "certificate", "starttls", "password", "sender":
		return "settings"
	case "recipient", "refused", "late", "files":
		return p.Code
	}
	return "broken"
}

// Error says it to the operator.
func (p *Problem) Error() string {
	words := map[string]string{
		"unreachable": "The mail server cannot be reached.",
		"silent":      "The mail server does not answer in time.",
		"certificate": "The certificate of the mail server is not one that this machine believes.",
		"starttls":    "The mail server offers no encryption.",
		"password":    "The mail server does not accept the user and password.",
		"sender":      "The mail server refuses our sender address.",
		"recipient":   "The mail server refuses the recipient's address.",
		"refused":     "The mail server refuses the message.",
		"late":        "The message was of no use any more when it could be sent.",
		"files":       "A file of the message is not there any more.",
		"unsealed":    "The message cannot be read any more.",
	}[p.Code]
	if words == "" {
		words = "The conversation with the mail server broke off."
	}
	if p.Reply != "" {
		words += " It answers " + p.Reply + "."
	}
	return words
}

// send hands one letter to the mail server. A number that stays the same from
// try to try lets the recipient's side see that two are one.
func (o *Outbox) send(ctx context.Context, number string, l letter) *Problem {
	ctx, stop := context.WithTimeout(ctx, o.Patience)
	defer stop()
	msg, err := o.compose(number, l)
	if errors.Is(err, errAddress) {
		return &Problem{Code: "recipient", Final: true}
	}
	if fault.Is(err, fault.Missing) {
		return &Problem{Code: "files", Final: true}
	}
	if err != nil {
		return &Problem{Code: "broken"}
	}
	c, done, failed := o.Server.reach(ctx)
	if failed != nil {
		return failed
	}
	defer done()
	if failed := o.Server.enter(ctx, c); failed != nil {
		return failed
	}
	client, err := mailer.NewClient(o.Server.Host, mailer.WithTimeout(o.Patience), mailer.WithoutNoop())
	if err != nil {
		return &Problem{Code: "broken"}
	}
	if err := client.SendWithSMTPClient(c, msg); err != nil {
		var refused *mailer.SendError
		// What went wrong after the message was taken does not make it untaken.
		if errors.As(err, &refused) && refused.Reason == mailer.ErrSMTPReset {
			return nil
		}
		return sending(ctx, err)
	}
	_ = c.Quit() // the message is taken already
	return nil
}

// reach opens the way to the server; done closes it, and so does the end of the context.
func (s *Server) reach(ctx context.Context) (c *smtp.Client, done func(), failed *Problem) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return nil, nil, broken(ctx, err, "unreachable")
	}
	off := context.AfterFunc(ctx, func() { _ = conn.Close() })
	done = func() {
		off()
		_ = conn.Close() // what is lost by that was not ours
	}
	way := conn
	if s.Security == TLS {
		secure := tls.Client(conn, s.tls())
		if err := secure.HandshakeContext(ctx); err != nil {
			done()
			return nil, nil, broken(ctx, err, "certificate")
		}
		way = secure
	}
	if c, err = smtp.NewClient(way, s.Host); err != nil {
		done()
		return nil, nil, broken(ctx, err, "broken")
	}
	return c, done, nil
}

// enter greets, makes the way secret and says who we are.
func (s *Server) enter(ctx context.Context, c *smtp.Client) *Problem {
	if err := c.Hello("localhost"); err != nil {
		return broken(ctx, err, "broken")
	}
	if s.Security != TLS && s.Security != Plain {
		if offered, _ := c.Extension("STARTTLS"); !offered {
			return &Problem{Code: "starttls"}
		}
		if err := c.StartTLS(s.tls()); err != nil {
			return broken(ctx, err, "certificate")
		}
	}
	if s.User == "" {
		return nil
	}
	_, offered := c.Extension("AUTH")
	plain := s.Security == Plain
	var way smtp.Auth
	switch ways := strings.Fields(offered); {
	case contains(ways, "SCRAM-SHA-256"):
		way = smtp.ScramSHA256Auth(s.User, s.Password)
	case contains(ways, "PLAIN"):
		way = smtp.PlainAuth("", s.User, s.Password, s.Host, plain)
	case contains(ways, "LOGIN"):
		way = smtp.LoginAuth(s.User, s.Password, s.Host, plain)
	default:
		return &Problem{Code: "password"}
	}
	if err := c.Auth(way); err != nil {
		return broken(ctx, err, "password")
	}
	return nil
}

func contains(all []string, one string) bool {
	for _, a := range all {
		if strings.EqualFold(a, one) {
			return true
		}
	}
	return false
}

func (s *Server) tls() *tls.Config {
	return &tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
}

// broken names what went wrong before a message was on its way. None of it is
// the message's fault, so all of it is tried again.
func broken(ctx context.Context, err error, otherwise string) *Problem {
	p := &Problem{Code: otherwise}
	var reply *textproto.Error
	var slow net.Error
	switch {
	case errors.As(err, &reply):
		p.Reply = strconv.Itoa(reply.Code)
		if otherwise != "password" {
			p.Code = "refused"
		}
	case ctx.Err() != nil, errors.As(err, &slow) && slow.Timeout():
		p.Code = "silent"
	}
	return p
}

// sending names what went wrong with a message on its way.
func sending(ctx context.Context, err error) *Problem {
	var refused *mailer.SendError
	if !errors.As(err, &refused) || refused.ErrorCode() == 0 {
		return broken(ctx, err, "broken")
	}
	p := &Problem{Code: "refused", Reply: strings.TrimSpace(fmt.Sprint(refused.ErrorCode(), " ", refused.EnhancedStatusCode()))}
	switch refused.Reason {
	case mailer.ErrSMTPMailFrom:
		p.Code = "sender"
	case mailer.ErrSMTPRcptTo:
		p.Code = "recipient"
	}
	// 530 and 535 ask for a user or for encryption: that is the operator's to
	// mend, and the message waits for it.
	p.Final = refused.ErrorCode() >= 500 && refused.ErrorCode() != 530 && refused.ErrorCode() != 535
	return p
}

var errAddress = errors.New("not one address")

// compose makes the message as it travels.
func (o *Outbox) compose(number string, l letter) (*mailer.Msg, error) {
	m := mailer.NewMsg(mailer.WithCharset(mailer.CharsetUTF8), mailer.WithEncoding(mailer.EncodingQP), mailer.WithNoDefaultUserAgent())
	from := o.Server.From
	m.FromMailAddress(&from)
	to, err := mail.ParseAddress(l.to)
	if err != nil || to.Address != l.to {
		return nil, errAddress
	}
	to.Name = l.name
	m.ToMailAddress(to)
	m.Subject(l.subject)
	m.SetDateWithValue(o.DB.Now())
	_, domain, _ := strings.Cut(from.Address, "@")
	m.SetMessageIDWithValue(number + "@" + domain)
	m.SetBodyString(mailer.TypeTextPlain, l.text)
	if l.html == "" { // a person's letter
		for _, f := range l.files {
			r, err := f.Open()
			if err != nil {
				return nil, err
			}
			if err := m.AttachReader(value.Line(f.Name), r); err != nil {
				return nil, fmt.Errorf("read a file of a letter: %w", err)
			}
		}
		return m, nil
	}
	// Answering machines leave such messages alone.
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.AddAlternativeString(mailer.TypeTextHTML, l.html)
	return m, nil
}
