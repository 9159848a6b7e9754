package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"castellan/internal/mailbox/mailboxtest"
)

// mailboxState is how the mailbox stands, as the API tells it.
type mailboxState struct {
	Taken, Strangers int
	Problem          string
}

// The server is killed while it reads a mailbox, again and again. In the end
// every mail is on the card of its client once, with its file, and none is lost.
func TestMailsComeOnceWhenTheServerIsKilledInALook(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		const clients, apiece, kills = 50, 6, 6
		in := mailboxtest.Serve(t)
		h.environment = append(h.environment, "SSL_CERT_FILE="+in.Certificate(), "CASTELLAN_INTERNAL_NETWORKS=127.0.0.0/8")
		h.owner("olga@example.com")
		s := h.serve()
		owner := s.signIn("olga@example.com", password)
		ids := make([]string, clients)
		for c := range ids {
			var made struct{ ID string }
			owner.must("POST", "/api/v1/contacts", object{"name": fmt.Sprintf("Client %d", c), "emails": []string{fmt.Sprintf("client%d@example.com", c)}}, http.StatusCreated, &made)
			ids[c] = made.ID
			for n := range apiece {
				in.Deliver(mailboxtest.Mail(fmt.Sprintf("client%d@example.com", c), fmt.Sprintf("Mail %d of client %d", n, c), "", fmt.Sprintf("Message-ID: <%d.%d@example.com>", c, n), "Content-Type: multipart/mixed; boundary=x") +
					fmt.Sprintf("\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Disposition: attachment; filename=\"%d of %d.txt\"\r\n\r\nfile %d of %d\r\n--x--\r\n", n, c, n, c))
			}
			in.Deliver(mailboxtest.Mail("stranger@example.com", "Buy this", "Text.", fmt.Sprintf("Message-ID: <%d@stranger.example.com>", c)))
		}
		b := in.Settings()
		owner.must("PUT", "/api/v1/settings/mailbox", object{"host": b.Host, "port": b.Port, "security": b.Security, "user": b.User, "password": *b.Password, "since": b.Since.Format(time.DateOnly), "active": true}, http.StatusOK, nil)

		cut := 0 // looks that the death of the server broke off
		for k := range kills {
			asked := make(chan error, 1)
			go func() {
				request, err := http.NewRequestWithContext(t.Context(), "POST", owner.base+"/api/v1/settings/mailbox/look", nil)
				if err != nil {
					asked <- err
					return
				}
				response, err := owner.client.Do(request)
				if err == nil {
					_ = response.Body.Close()
				}
				asked <- err
			}()
			var now mailboxState
			for began := time.Now(); now.Taken < 20+40*k && time.Since(began) < time.Minute; time.Sleep(time.Millisecond) {
				owner.must("GET", "/api/v1/settings/mailbox", nil, http.StatusOK, &now)
			}
			time.Sleep(time.Duration(k) * 3 * time.Millisecond) // not always just after a mail was kept
			s.end(syscall.SIGKILL)
			if err := <-asked; err != nil && now.Taken < clients*apiece {
				cut++
			}
			s = h.serve()
			owner = s.signIn("olga@example.com", password)
		}
		if cut < kills-1 {
			t.Errorf("only %d of %d looks were broken off", cut, kills)
		}
		var end mailboxState
		for range 3 { // one that another look goes before answers at once
			owner.must("POST", "/api/v1/settings/mailbox/look", nil, http.StatusOK, &end)
			if end.Taken+end.Strangers >= clients*(apiece+1) {
				break
			}
			time.Sleep(time.Second)
		}
		if end != (mailboxState{clients * apiece, clients, ""}) {
			t.Errorf("the mailbox stands at %+v", end)
		}
		for c, id := range ids {
			var line struct {
				Items []struct{ Type, ID, Title string }
			}
			owner.must("GET", "/api/v1/contacts/"+id+"/timeline", nil, http.StatusOK, &line)
			seen := map[string]int{}
			for _, m := range line.Items {
				if m.Type != "message" {
					continue
				}
				seen[m.Title]++
				var n, of int
				if _, err := fmt.Sscanf(m.Title, "Mail %d of client %d", &n, &of); err != nil || of != c {
					t.Errorf("client %d has %q", c, m.Title)
				}
				var files struct {
					Items []struct{ ID, Name string }
				}
				owner.must("GET", "/api/v1/files?filter="+url.QueryEscape("about = "+m.ID), nil, http.StatusOK, &files)
				if len(files.Items) != 1 || files.Items[0].Name != fmt.Sprintf("%d of %d.txt", n, c) {
					t.Errorf("%q has %+v", m.Title, files.Items)
					continue
				}
				if held := owner.must("GET", "/api/v1/files/"+files.Items[0].ID+"/content", nil, http.StatusOK, nil).body; strings.TrimSpace(held) != fmt.Sprintf("file %d of %d", n, c) {
					t.Errorf("%q has a file that holds %q", m.Title, held)
				}
			}
			for n := range apiece {
				if title := fmt.Sprintf("Mail %d of client %d", n, c); seen[title] != 1 {
					t.Errorf("%q stands there %d times", title, seen[title])
				}
			}
			if len(seen) != apiece {
				t.Errorf("client %d has %d mails", c, len(seen))
			}
		}
		if status := s.end(syscall.SIGTERM); status != 0 {
			t.Errorf("the process ends with %d", status)
		}
		if said := h.must("verify"); !strings.Contains(said, "Integrity: proved. Completeness: proved.") {
			t.Errorf("after the kills castellan verify says %s", said)
		}
	})
}

// Attack 52: whoever may change settings names a host, and reaches nothing inside
// by it until the operator has named the network.
func TestAttack52_MailboxInsideIsReachedOnlyIfTheOperatorSaysSo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		in := mailboxtest.Serve(t)
		h.environment = append(h.environment, "SSL_CERT_FILE="+in.Certificate())
		h.owner("olga@example.com")
		b := in.Settings()
		look := func(s *served, host string) string {
			t.Helper()
			owner := s.signIn("olga@example.com", password)
			owner.must("PUT", "/api/v1/settings/mailbox", object{"host": host, "port": b.Port, "security": b.Security, "user": b.User, "password": *b.Password, "since": b.Since.Format(time.DateOnly), "active": true}, http.StatusOK, nil)
			var now mailboxState
			owner.must("POST", "/api/v1/settings/mailbox/look", nil, http.StatusOK, &now)
			return now.Problem
		}
		s := h.serve()
		before := in.Visits()
		for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "::1", "::ffff:127.0.0.1", "127.1.1.1", "169.254.169.254"} {
			if why := look(s, host); why != "unreachable" {
				t.Errorf("%s: %q", host, why)
			}
		}
		if n := in.Visits() - before; n != 0 {
			t.Errorf("somebody came %d times to the mail server inside", n)
		}
		s.end(syscall.SIGTERM)
		h.environment = append(h.environment, "CASTELLAN_INTERNAL_NETWORKS=127.0.0.0/8")
		s = h.serve()
		if why := look(s, "127.0.0.1"); why != "" {
			t.Errorf("where the operator has named the network: %q", why)
		}
		if in.Visits() == before {
			t.Error("nobody came to the mail server, which shows that visits are not counted")
		}
	})
}
