// Package mailtest is a mail server for tests: it speaks real SMTP on loopback and keeps what it is given.
package mailtest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // names written in other alphabets
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"castellan/internal/mail"
)

// What the server takes for its user.
const (
	User     = "house@example.com"
	Password = "the password of the house"
)

// Mail is a message as its recipient reads it.
type Mail struct {
	From, To   string // of the envelope
	Name       string // of the recipient, as the message says it
	Sender     string
	Subject    string
	Text, HTML string
	Files      map[string][]byte
	Number     string // its Message-ID
	Raw        string
}

// Link is the first link in the text, or empty.
func (m *Mail) Link() string {
	for _, word := range strings.Fields(m.Text) {
		if strings.HasPrefix(word, "http") {
			return word
		}
	}
	return ""
}

// Server takes mails until the test ends.
type Server struct {
	t       testing.TB
	way     mail.Security
	address string
	roots   *x509.CertPool
	secret  *tls.Config
	server  *smtp.Server

	mu      sync.Mutex
	answer  func(to string) error
	tries   int
	inbox   []Mail
	trusted bool // nobody needs to say who they are
}

// Serve begins on a free port.
func Serve(t testing.TB, way mail.Security) *Server {
	t.Helper()
	// The testing server of net/http has a certificate for 127.0.0.1.
	lender := httptest.NewTLSServer(nil)
	certificates, certificate := lender.TLS.Certificates, lender.Certificate()
	lender.Close()
	s := &Server{t: t, way: way, roots: x509.NewCertPool(), secret: &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12}}
	s.roots.AddCert(certificate)
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

// Start listens; after Stop, on the same port as before.
func (s *Server) Start() {
	s.t.Helper()
	at := s.address
	if at == "" {
		at = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", at) //nolint:noctx // ends with Stop
	if err != nil {
		s.t.Fatal(err)
	}
	s.address = l.Addr().String()
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{s: s}, nil }))
	s.server.Domain, s.server.AllowInsecureAuth, s.server.ErrorLog = "mail.example.com", s.way == mail.Plain, quiet{}
	switch s.way {
	case mail.StartTLS:
		s.server.TLSConfig = s.secret
	case mail.TLS:
		l = tls.NewListener(l, s.secret)
	}
	go func(server *smtp.Server) { _ = server.Serve(l) }(s.server) // ends with Stop
}

type quiet struct{}

// Printf says nothing.
func (quiet) Printf(string, ...any) {}

// Println says nothing.
func (quiet) Println(...any) {}

// Stop hangs up.
func (s *Server) Stop() { _ = s.server.Close() } // it may have been stopped before

// Settings are those by which an outbox reaches the server.
func (s *Server) Settings() mail.Server {
	a, _ := netAddress(s.address)
	return mail.Server{Host: a.host, Port: a.port, Security: s.way, User: User, Password: Password, From: netmail.Address{Name: "Студия «Люмен»", Address: "crm@example.com"}, Roots: s.roots}
}

// Address is where it listens.
func (s *Server) Address() string { return s.address }

// Trust lets everybody send.
func (s *Server) Trust() { s.mu.Lock(); defer s.mu.Unlock(); s.trusted = true }

type address struct {
	host string
	port int
}

func netAddress(text string) (address, error) {
	t, err := net.ResolveTCPAddr("tcp", text)
	if err != nil {
		return address{}, fmt.Errorf("read address: %w", err)
	}
	return address{t.IP.String(), t.Port}, nil
}

// Answer decides about each recipient; nil takes everybody.
func (s *Server) Answer(how func(to string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = how
}

// Tries is how often a recipient was named.
func (s *Server) Tries() int { s.mu.Lock(); defer s.mu.Unlock(); return s.tries }

// Inbox is what has come so far.
func (s *Server) Inbox() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.inbox...)
}

// Wait waits for so many mails, and fails the test if they do not come.
func (s *Server) Wait(n int) []Mail {
	s.t.Helper()
	for range 2000 {
		if all := s.Inbox(); len(all) >= n {
			return all
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.t.Fatalf("%d mails came, not %d", len(s.Inbox()), n)
	return nil
}

// To waits for the newest mail to an address whose subject holds some words.
func (s *Server) To(address, words string) Mail {
	s.t.Helper()
	for range 2000 {
		all := s.Inbox()
		for i := len(all) - 1; i >= 0; i-- {
			if all[i].To == address && strings.Contains(all[i].Subject, words) {
				return all[i]
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.t.Fatalf("no mail with %q came to %s; there came %+v", words, address, s.Inbox())
	return Mail{}
}

type session struct {
	s        *Server
	known    bool
	from, to string
}

// AuthMechanisms lists the ways to say who one is.
func (c *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth asks for the user and password.
func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != User || password != Password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no such user " + user}
		}
		c.known = true
		return nil
	}), nil
}

// Mail takes the sender.
func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if !c.known && !c.s.trusted {
		return smtp.ErrAuthRequired
	}
	c.from = from
	return nil
}

// Rcpt takes a recipient, or answers as the test wants.
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.tries++
	c.to = to
	if c.s.answer != nil {
		return c.s.answer(to)
	}
	return nil
}

// Data takes the message.
func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := read(string(raw))
	if err != nil {
		c.s.t.Errorf("a mail cannot be read: %v\n%s", err, raw)
		return err
	}
	m.From, m.To = c.from, c.to
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.inbox = append(c.s.inbox, m)
	return nil
}

// Reset forgets the message at hand.
func (c *session) Reset() { c.from, c.to = "", "" }

// Logout ends the session.
func (c *session) Logout() error { return nil }

func read(raw string) (Mail, error) {
	e, err := message.Read(strings.NewReader(raw))
	if err != nil {
		return Mail{}, fmt.Errorf("read mail: %w", err)
	}
	m := Mail{Raw: raw, Number: e.Header.Get("Message-Id")}
	words := new(mime.WordDecoder)
	if m.Subject, err = words.DecodeHeader(e.Header.Get("Subject")); err != nil {
		return m, fmt.Errorf("read subject: %w", err)
	}
	to, err := netmail.ParseAddressList(e.Header.Get("To"))
	if err != nil || len(to) != 1 {
		return m, fmt.Errorf("read recipients: %d, %w", len(to), err)
	}
	from, err := netmail.ParseAddress(e.Header.Get("From"))
	if err != nil {
		return m, fmt.Errorf("read sender: %w", err)
	}
	m.Name, m.Sender = to[0].Name, from.String()
	parts := e.MultipartReader()
	if kind, _, _ := e.Header.ContentType(); parts == nil && (kind != "text/plain" || e.Header.Get("Auto-Submitted") != "") {
		return m, errors.New("a mail of the house has one part only")
	}
	if parts == nil { // a letter
		text, err := io.ReadAll(e.Body)
		m.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
		return m, err
	}
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return m, fmt.Errorf("read part: %w", err)
		}
		body, err := io.ReadAll(p.Body)
		if err != nil {
			return m, fmt.Errorf("read part: %w", err)
		}
		if disposition, more, _ := p.Header.ContentDisposition(); disposition == "attachment" {
			if m.Files == nil {
				m.Files = map[string][]byte{}
			}
			m.Files[more["filename"]] = body
			continue
		}
		kind, _, _ := p.Header.ContentType()
		if kind == "text/html" {
			m.HTML = string(body)
		} else {
			m.Text = strings.ReplaceAll(string(body), "\r\n", "\n")
		}
	}
}
