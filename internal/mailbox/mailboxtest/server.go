// Package mailboxtest is a mailbox for tests: the machine's own Dovecot on loopback, into which mails are put as files.
package mailboxtest

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"castellan/internal/mailbox"
)

// What the server takes for its user.
const (
	User     = "firm@example.com"
	Password = "the password of the mailbox"
)

// Server is a running IMAP server with one mailbox.
type Server struct {
	Port, TLSPort int
	Roots         *x509.CertPool

	t   testing.TB
	dir string
	n   int
}

// Serve runs Dovecot until the test ends. A machine without it fails the test.
func Serve(t testing.TB) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "castellan-mailbox-")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, dir: dir, Port: freePort(t), TLSPort: freePort(t), Roots: x509.NewCertPool()}
	_, file, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(file), "..", "..", "..", "scripts", "dovecot")
	cmd := exec.Command(script, dir, strconv.Itoa(s.Port), strconv.Itoa(s.TLSPort)) //nolint:gosec,noctx // our own script; it ends with its standard input
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // that is how it is told
		_ = cmd.Wait() // it was told to end
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("the mail server says: %s", log)
		}
		_ = os.RemoveAll(dir)
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		_ = cmd.Wait() // it has ended
		t.Fatalf("no IMAP server: %s %s", line, said.String())
	}
	pem, err := os.ReadFile(filepath.Join(dir, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	s.Roots.AppendCertsFromPEM(pem)
	return s
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// Settings are those by which the mailbox is read.
func (s *Server) Settings() mailbox.Settings {
	password := Password
	return mailbox.Settings{Host: "127.0.0.1", Port: s.TLSPort, Security: mailbox.TLS, User: User, Password: &password, Active: true, Since: time.Now().Add(-48 * time.Hour)}
}

// Certificate is the file with the certificate that the server shows, for a
// program that is told whom to believe.
func (s *Server) Certificate() string { return filepath.Join(s.dir, "cert.pem") }

// Visits is how often somebody has come as far as saying something to the server:
// every session is in its log, whether or not anybody signed in.
func (s *Server) Visits() int {
	s.t.Helper()
	log, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return bytes.Count(log, []byte("imap-login:"))
}

// Deliver puts a mail into the mailbox as it is written: lines end as they end.
func (s *Server) Deliver(raw string) {
	s.t.Helper()
	s.DeliverAt(raw, time.Now())
}

// DeliverAt puts a mail into the mailbox that the server received at a time.
func (s *Server) DeliverAt(raw string, at time.Time) {
	s.t.Helper()
	s.n++
	name := fmt.Sprintf("%d.%06d.test", time.Now().Unix(), s.n)
	made := filepath.Join(s.dir, "made")
	if err := os.WriteFile(made, []byte(raw), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Chmod(made, 0o644); err != nil { //nolint:gosec // the mail server reads as another user
		s.t.Fatal(err)
	}
	if err := os.Chtimes(made, at, at); err != nil { // that is what Dovecot goes by
		s.t.Fatal(err)
	}
	if err := os.Rename(made, filepath.Join(s.dir, "mail", "new", name)); err != nil {
		s.t.Fatal(err)
	}
}

// Mail is a simple mail with its headers in order.
func Mail(from, subject, body string, more ...string) string {
	head := []string{"From: " + from, "To: crm@example.com", "Subject: " + subject, "Date: Fri, 27 Nov 2026 10:00:00 +0000", "MIME-Version: 1.0"}
	return strings.Join(append(head, more...), "\r\n") + "\r\n\r\n" + body
}

// Renumber makes the server number its mails anew, as it does when a mailbox is
// restored from a copy.
func (s *Server) Renumber() {
	s.t.Helper()
	s.rest()
	old, err := filepath.Glob(filepath.Join(s.dir, "mail", "dovecot*"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			s.t.Fatal(err)
		}
	}
}

var sessionProcess = regexp.MustCompile(`, mpid=(\d+),`)

// rest waits until no process of a session is left: one that has said goodbye
// still writes what it knows of the mailbox, and mails would have new numbers in
// an old numbering.
func (s *Server) rest() {
	s.t.Helper()
	log, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
	end := time.Now().Add(20 * time.Second)
	for _, found := range sessionProcess.FindAllSubmatch(log, -1) {
		pid, err := strconv.Atoi(string(found[1]))
		if err != nil {
			s.t.Fatal(err)
		}
		for ; !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				s.t.Fatalf("session %d of the mail server does not end", pid)
			}
		}
	}
}

// Untouched tells whether no mail was marked as read or moved by whoever reads.
func (s *Server) Untouched() bool {
	s.t.Helper()
	seen, err := filepath.Glob(filepath.Join(s.dir, "mail", "cur", "*:2,*S*"))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(seen) == 0
}
