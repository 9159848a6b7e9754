// Package mailbox reads the mailbox of the firm, and puts what clients write on their cards.
//
// The mailbox stays as it is: it is opened for reading alone, and no mail is
// marked, moved or deleted. Of each mail the header is looked at first. Only one
// from a client, or in answer to a letter of ours, is fetched whole; what matches
// nobody is counted and left where it lies, so that Castellan holds nothing of
// people who are no clients, and makes nobody a client who was not asked.
//
// How far it was read is written down in the transaction that keeps a mail, and
// so is a keyed hash of the mail itself: whatever dies in between, and however the
// server numbers its mails anew, none is lost and none comes twice.
//
// The way to the server is always encrypted, and its certificate is believed
// before a word is said. The password lies sealed for one server and one user,
// and opens for no other. Whoever sets a mailbox names a host: inside the house
// it is only reached where the operator has named its network.
//
// A newcomer would get wrong that a mail says who wrote it: anybody can write any
// sender. It counts as proven only if the server that received it says so, by a
// name that was set (RFC 8601); every other one is marked, comes in a bounded
// number, and nothing is done because of it. It stands at the time at which that
// server took it, not at the one that it claims.
package mailbox

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/records"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
	"castellan/internal/vault"
)

// Options are what a Box needs. The first five must be given.
type Options struct {
	DB     *store.DB
	Vault  *vault.Vault
	Scribe *scribe.Scribe
	Runner *jobs.Runner
	Book   *records.Book

	Letter   func(messageID string) (int64, bool) // which letter of ours a Message-ID names; nil: none
	Own      func() string                        // the address that the house writes from; nil: it does not
	Language func() string                        // of the firm; nil: English
	Roots    *x509.CertPool                       // whom to believe; nil: whom the system believes
	Log      *slog.Logger                         // nil: nowhere
	Patience time.Duration                        // with the server, for one look; 0: a minute
	Internal []netip.Prefix                       // networks of the operator's own in which the server may be; nil: none
}

// Box is the mailbox. It is safe for concurrent use.
type Box struct {
	Options
	one sync.Mutex // one look at a time in this process
}

// Security is how the way to the server is protected. There is no third way.
const (
	TLS      = "tls"
	StartTLS = "starttls"
)

// Settings say which mailbox is read.
type Settings struct {
	Version  int64 // of a change: the one that was read; 0: whatever it is now
	Host     string
	Port     int
	Security string
	User     string
	Password *string // nil: the one that is kept. It is never given out.
	Folder   string
	Since    time.Time // mails that came before that day are left alone
	Active   bool
	AuthServ string // the name with which the receiving server signs what it found of a sender (RFC 8601); *.example.com: any of that domain; empty: none is believed
}

// State is how the mailbox stands: never a word of a mail.
type State struct {
	Settings
	Taken     int64  // mails that were put on cards
	Strangers int64  // mails that matched nobody and were left
	Excess    int64  // mails of unproven senders that were too many and were left
	Problem   string // unreachable, silent, certificate, starttls, password, folder, broken; empty: none
	Tried     time.Time
	Read      time.Time // when all that was there had been read
}

// lookKind is the job that reads the mailbox.
const lookKind = "mailbox.look"

// Open makes the room and tells the runner to look once a minute. It must be
// called before the runner runs.
func Open(o Options) *Box {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Patience == 0 {
		o.Patience = time.Minute
	}
	b := &Box{Options: o}
	o.Runner.Regular(lookKind, time.Minute, func(ctx context.Context, _ jobs.Job) error { return b.Look(ctx) })
	return b
}

// box is the row of the database.
type box struct {
	State
	sealed   []byte
	validity int64
	uid      int64
}

func place(s *Settings) string { return fmt.Sprintf("mailbox.sealed/%s:%d/%s", s.Host, s.Port, s.User) }

const boxColumns = `SELECT version, host, port, security, user_name, sealed, folder, since, active, validity, uid, taken, strangers, excess, COALESCE(authserv, ''),
	COALESCE(problem, ''), COALESCE(tried_at, 0), COALESCE(read_at, 0) FROM mailbox WHERE id = 1`

// row is one that can be asked: the database, or a transaction.
type row interface {
	QueryRow(ctx context.Context, s store.Statement, args ...any) *store.Row
}

// load gives the mailbox, or nil if there is none.
func load(ctx context.Context, from row) (*box, error) {
	var b box
	var since, active, tried, read int64
	err := from.QueryRow(ctx, store.Text(boxColumns)).Scan(&b.Version, &b.Host, &b.Port, &b.Security, &b.User, &b.sealed, &b.Folder, &since, &active,
		&b.validity, &b.uid, &b.Taken, &b.Strangers, &b.Excess, &b.AuthServ, &b.Problem, &tried, &read)
	if errors.Is(err, store.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the mailbox: %w", err)
	}
	b.Since, b.Active = time.UnixMicro(since).UTC(), active != 0
	if tried != 0 {
		b.Tried = time.UnixMicro(tried).UTC()
	}
	if read != 0 {
		b.Read = time.UnixMicro(read).UTC()
	}
	return &b, nil
}

// State tells how the mailbox stands; nil if none is set. Who may know it is for
// the caller to say.
func (b *Box) State(ctx context.Context) (*State, error) {
	if b == nil {
		return nil, nil
	}
	held, err := load(ctx, b.DB)
	if held == nil || err != nil {
		return nil, err
	}
	return &held.State, nil
}

const (
	longestHost = 253
	longestWord = 255
	longestKey  = 1024
)

// sound checks settings and brings them into one form.
func sound(s *Settings, now time.Time) error {
	var wrong []fault.Fault
	complain := func(field, code, text string) {
		wrong = append(wrong, *fault.New(fault.Invalid, "mailbox."+code, text).At(field))
	}
	s.Host = strings.ToLower(strings.TrimSpace(s.Host))
	if !hostName(s.Host) {
		complain("host", "host", "The server is a name such as imap.example.com, without a path.")
	}
	if s.Port < 1 || s.Port > 65535 {
		complain("port", "port", "The port is a number from 1 to 65535, mostly 993.")
	}
	if s.Security != TLS && s.Security != StartTLS {
		complain("security", "security", "The way to the server is encrypted from the first byte (tls), or becomes so before anything is said (starttls).")
	}
	line := func(field string, text *string) {
		*text = strings.TrimSpace(*text)
		if *text == "" || len(*text) > longestWord || value.Line(*text) != *text {
			complain(field, "word", "This must be one line of at most 255 characters.")
		}
	}
	line("user", &s.User)
	if s.Folder == "" {
		s.Folder = "INBOX"
	}
	line("folder", &s.Folder)
	if s.Password != nil && (*s.Password == "" || len(*s.Password) > longestKey || strings.ContainsAny(*s.Password, "\r\n\x00")) {
		complain("password", "password_form", "The password is one line of at most 1024 characters.")
	}
	s.AuthServ = strings.ToLower(strings.TrimSpace(s.AuthServ))
	if s.AuthServ != "" && !hostName(strings.TrimPrefix(s.AuthServ, "*.")) {
		complain("authserv", "authserv", "The name with which your mail server signs its checks looks like mx.example.com, or *.example.com for all servers of that domain.")
	}
	if s.Since.IsZero() {
		s.Since = now
	}
	s.Since = s.Since.UTC().Truncate(24 * time.Hour)
	if s.Since.After(now.Add(24 * time.Hour)) {
		complain("since", "since", "The day from which mails are read cannot be in the future.")
	}
	if err := fault.Join(wrong); err != nil {
		return err
	}
	return nil
}

func hostName(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	if s == "" || len(s) > longestHost || s[0] == '-' || s[0] == '.' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}

// Set says which mailbox is read from now on. A password goes to the server and
// the user that it was given for: with another of them it must be given anew. Who
// may set it is for the caller to say.
func (b *Box) Set(ctx context.Context, who actor.Actor, s Settings) (*State, error) {
	if err := sound(&s, b.DB.Now()); err != nil {
		return nil, err
	}
	err := b.DB.Write(ctx, func(tx *store.Tx) error {
		was, err := load(ctx, tx)
		if err != nil {
			return err
		}
		same := was != nil && was.Host == s.Host && was.Port == s.Port && was.Security == s.Security && was.User == s.User
		if s.Password == nil && !same {
			return fault.New(fault.Invalid, "mailbox.password_needed", "Type the password: it is only ever given to the server and for the user that it was typed for.").At("password")
		}
		if was != nil && s.Version != 0 && s.Version != was.Version {
			return fault.New(fault.Conflict, "mailbox.meanwhile", "Somebody has changed the mailbox meanwhile. Look at it again before you save.")
		}
		next := box{State: State{Settings: s}}
		if was != nil {
			next.sealed, next.validity, next.uid = was.sealed, was.validity, was.uid
		}
		if s.Password != nil {
			next.sealed = b.Vault.Seal(place(&s), []byte(*s.Password))
		}
		if was == nil || !same || was.Folder != s.Folder || s.Since.Before(was.Since) {
			next.validity, next.uid = 0, 0 // begin anew; what was taken is known
		}
		if was == nil {
			_, err = tx.Exec(ctx, store.Text(`INSERT INTO mailbox (id, version, host, port, security, user_name, sealed, folder, since, active, authserv, validity, uid, taken, strangers, excess, set_by, updated_at)
				VALUES (1, 1, ?, ?, ?, ?, ?, ?, ?, ?, NULLIF(?, ''), 0, 0, 0, 0, 0, ?, ?)`),
				s.Host, s.Port, s.Security, s.User, next.sealed, s.Folder, s.Since.UnixMicro(), number(s.Active), s.AuthServ, int64(who.Person), tx.Now())
		} else {
			strangers, excess := was.Strangers, was.Excess
			if next.uid == 0 {
				strangers, excess = 0, 0
			}
			_, err = tx.Exec(ctx, store.Text(`UPDATE mailbox SET version = version + 1, host = ?, port = ?, security = ?, user_name = ?, sealed = ?, folder = ?, since = ?, active = ?, authserv = NULLIF(?, ''),
				validity = ?, uid = ?, strangers = ?, excess = ?, problem = NULL, set_by = ?, updated_at = ? WHERE id = 1`),
				s.Host, s.Port, s.Security, s.User, next.sealed, s.Folder, s.Since.UnixMicro(), number(s.Active), s.AuthServ, next.validity, next.uid, strangers, excess, int64(who.Person), tx.Now())
		}
		if err != nil {
			return fmt.Errorf("set the mailbox: %w", err)
		}
		return b.Scribe.Write(ctx, tx, scribe.Entry{Event: "mailbox.set", Who: who, Details: map[string]any{
			"host": s.Host, "port": s.Port, "security": s.Security, "folder": s.Folder, "since": s.Since.Format(time.DateOnly), "active": s.Active, "authserv": s.AuthServ, "password": s.Password != nil,
		}})
	})
	if err != nil {
		return nil, err
	}
	return b.State(ctx)
}

func number(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// Remove forgets the mailbox and its password. What was taken stays on the cards.
func (b *Box) Remove(ctx context.Context, who actor.Actor) error {
	return b.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text("DELETE FROM mailbox WHERE id = 1"))
		if err != nil {
			return fmt.Errorf("remove the mailbox: %w", err)
		}
		if n == 0 {
			return nil
		}
		return b.Scribe.Write(ctx, tx, scribe.Entry{Event: "mailbox.removed", Who: who})
	})
}
