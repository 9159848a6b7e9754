// Package mail carries messages of the house to people: an outbox in the database, and SMTP.
//
// A message is put into the transaction that makes it necessary, so that it
// exists if and only if that is committed. What it says and to whom lies sealed,
// since it may hold a link that opens an account; it is wiped once the message
// is sent or given up. Jobs hold its number and nothing else.
//
// A mail server that cannot be reached, or says "later" (4xx), is tried again
// for about half a day. One that says "never" (5xx) is believed at once.
//
// Links begin with the address that the operator has set, never with what a
// request says, and carry their secret behind #, where no log sees it.
//
// A newcomer would get wrong that the words of a mail server are never kept:
// they repeat the address that was tried. What is kept is a word of ours and the
// code of the answer.
package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/vault"
)

// Options are what an Outbox needs. The first four must be given; without a
// server nothing is ever sent.
type Options struct {
	DB     *store.DB
	Vault  *vault.Vault
	Scribe *scribe.Scribe
	Runner *jobs.Runner

	Server    Server
	URL       string        // how people reach Castellan, without a slash at the end: links are made of it
	Workspace func() string // what the firm is called; nil: Castellan
	Log       *slog.Logger  // nil: nowhere
	Patience  time.Duration // with the mail server, for one message; 0: 30 seconds

	// Told is called when it is settled what became of a Letter, in the transaction
	// that writes it down: reason is empty where it was sent. nil: nobody is told.
	Told func(ctx context.Context, tx *store.Tx, number int64, reason string) error
	// Files are those that go with a Letter; nil: none ever do. A fault.Missing says
	// that one is gone, and the letter is given up.
	Files func(ctx context.Context, number int64) ([]File, error)
}

// File is something that goes with a Letter.
type File struct {
	Name string
	Open func() (io.Reader, error)
}

// Outbox is where messages wait. It is safe for concurrent use. A nil Outbox is
// one without a mail server.
type Outbox struct{ Options }

// Message is what somebody is to be told.
type Message struct {
	Template Template
	Language string            // of the recipient; one that is not known is English
	Zone     string            // time zone of the recipient; one that is not known is UTC
	To       string            // one mail address
	Name     string            // how the recipient is called
	Values   map[string]string // of the template
	Path     string            // of the link, such as /link; empty: the message has none
	Token    string            // the secret of the link
	Ends     time.Time         // the message is of no use after; zero: of use forever
	At       time.Time         // when what it tells of happened; zero: when it is put

	Subject string // of a Letter, which has words of its own
	Text    string // of a Letter: plain text
}

// sendKind is the job that sends one message.
const sendKind = "mail.send"

// Open makes the outbox and tells the runner who sends. It must be called before
// the runner runs.
func Open(o Options) *Outbox {
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Patience == 0 {
		o.Patience = 30 * time.Second
	}
	if o.Workspace == nil {
		o.Workspace = func() string { return "Castellan" }
	}
	out := &Outbox{o}
	o.Runner.Handle(sendKind, out.job)
	o.Runner.Regular("mail.tidy", 24*time.Hour, func(ctx context.Context, _ jobs.Job) error { return out.tidy(ctx) })
	return out
}

// Configured tells whether there is a mail server. Without one, links are shown
// to whoever asked for them.
func (o *Outbox) Configured() bool { return o != nil && o.Server.Host != "" }

type jobArgs struct {
	Mail int64 `json:"mail"`
}

// Put puts a message into the transaction that makes it necessary. Without a
// mail server it does nothing: ask Configured where that matters.
func (o *Outbox) Put(ctx context.Context, tx *store.Tx, m Message) error {
	if !o.Configured() {
		return nil
	}
	_, err := o.Post(ctx, tx, m)
	return err
}

// Post is Put for whoever wants to know what becomes of the message: it gives the
// number by which Told tells of it and which Number finds in a Message-ID.
func (o *Outbox) Post(ctx context.Context, tx *store.Tx, m Message) (int64, error) {
	if !o.Configured() {
		return 0, fault.New(fault.Conflict, "mail.none", "No mail server is set. The operator sets one with --mail-server.")
	}
	if m.At.IsZero() {
		m.At = tx.Now()
	}
	// What cannot be written is an error of whoever puts it, not of the mail server.
	if _, err := o.write(m); err != nil {
		return 0, err
	}
	plain, err := json.Marshal(m)
	if err != nil {
		return 0, fmt.Errorf("put mail: %w", err)
	}
	id := int64(tx.NewID())
	_, err = tx.Exec(ctx, store.Text(`INSERT INTO mail (id, template, state, sealed, attempts, created_at, updated_at) VALUES (?, ?, 'waiting', ?, 0, ?, ?)`),
		id, string(m.Template), o.Vault.Seal(place(id), plain), tx.Now(), tx.Now())
	if err != nil {
		return 0, fmt.Errorf("put mail: %w", err)
	}
	return id, o.Runner.Enqueue(ctx, tx, jobs.Order{Kind: sendKind, Args: jobArgs{id}})
}

// Number is which message of ours a Message-ID names, without its brackets: the
// number that Post gave, or false. It cannot be guessed by whoever never got one.
func (o *Outbox) Number(messageID string) (int64, bool) {
	if !o.Configured() {
		return 0, false
	}
	word, domain, _ := strings.Cut(messageID, "@")
	if _, ours, _ := strings.Cut(o.Server.From.Address, "@"); !strings.EqualFold(domain, ours) {
		return 0, false
	}
	return o.Vault.ID("mail", word)
}

// tell says what became of a letter.
func (o *Outbox) tell(ctx context.Context, tx *store.Tx, id int64, reason string) error {
	if o.Told == nil {
		return nil
	}
	var template Template
	if err := tx.QueryRow(ctx, store.Text(`SELECT template FROM mail WHERE id = ?`), id).Scan(&template); err != nil {
		return fmt.Errorf("read mail: %w", err)
	}
	if template != Letter {
		return nil
	}
	return o.Told(ctx, tx, id, reason)
}

func place(id int64) string { return "mail.sealed/" + strconv.FormatInt(id, 10) }

// job sends one message, and says in its row what came of it.
func (o *Outbox) job(ctx context.Context, j jobs.Job) error {
	var args jobArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return fmt.Errorf("read the arguments of a mail: %w", err)
	}
	var sealed []byte
	err := o.DB.QueryRow(ctx, store.Text(`SELECT sealed FROM mail WHERE id = ? AND state = 'waiting'`), args.Mail).Scan(&sealed)
	if errors.Is(err, store.ErrNoRows) {
		return nil // sent by a worker that died before it could say so
	}
	if err != nil {
		return fmt.Errorf("read mail: %w", err)
	}
	if !o.Configured() {
		return errors.New("there is no mail server")
	}
	failed := o.deliver(ctx, args.Mail, sealed)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	err = o.DB.Write(ctx, func(tx *store.Tx) error { return o.settle(ctx, tx, j, args.Mail, failed) })
	if err != nil {
		return err
	}
	if failed != nil && !o.final(j, failed) {
		return failed
	}
	return nil
}

func (o *Outbox) deliver(ctx context.Context, id int64, sealed []byte) *Problem {
	plain, err := o.Vault.Open(place(id), sealed)
	if err != nil {
		return &Problem{Code: "unsealed", Final: true}
	}
	var m Message
	if err := json.Unmarshal(plain, &m); err != nil {
		return &Problem{Code: "unsealed", Final: true}
	}
	if !m.Ends.IsZero() && !o.DB.Now().Before(m.Ends) {
		return &Problem{Code: "late", Final: true}
	}
	l, err := o.write(m)
	if err != nil {
		return &Problem{Code: "unsealed", Final: true}
	}
	if m.Template == Letter && o.Files != nil {
		if l.files, err = o.Files(ctx, id); fault.Is(err, fault.Missing) {
			return &Problem{Code: "files", Final: true}
		} else if err != nil {
			return &Problem{Code: "broken"}
		}
	}
	return o.send(ctx, o.Vault.Public("mail", id), l)
}

// final tells whether nothing more is tried.
func (o *Outbox) final(j jobs.Job, p *Problem) bool { return p.Final || j.Attempt >= j.Attempts }

// settle writes down what came of a try, and finishes the job if it was the last.
func (o *Outbox) settle(ctx context.Context, tx *store.Tx, j jobs.Job, id int64, failed *Problem) error {
	var err error
	switch {
	case failed == nil:
		_, err = tx.Exec(ctx, store.Text(`UPDATE mail SET state = 'sent', sealed = NULL, problem = NULL, attempts = attempts + 1, updated_at = ? WHERE id = ?`), tx.Now(), id)
	case o.final(j, failed):
		_, err = tx.Exec(ctx, store.Text(`UPDATE mail SET state = 'given_up', sealed = NULL, problem = ?, attempts = attempts + 1, updated_at = ? WHERE id = ?`),
			failed.String(), tx.Now(), id)
		if err == nil {
			err = o.Scribe.Write(ctx, tx, scribe.Entry{Event: "mail.given_up", Who: actor.House(), Details: struct {
				Mail    int64  `json:"mail"`
				Problem string `json:"problem"`
			}{id, failed.String()}})
		}
	default:
		_, err = tx.Exec(ctx, store.Text(`UPDATE mail SET problem = ?, attempts = attempts + 1, updated_at = ? WHERE id = ?`), failed.String(), tx.Now(), id)
		if err != nil {
			return fmt.Errorf("write down what came of a mail: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("write down what came of a mail: %w", err)
	}
	reason := ""
	if failed != nil {
		reason = failed.Reason()
	}
	if err := o.tell(ctx, tx, id, reason); err != nil {
		return err
	}
	return j.Finish(ctx, tx)
}

// For how long it is remembered that a message was sent, and how long one may
// wait: jobs give up sooner, unless their worker died in the last try.
const (
	remembered = 30 * 24 * time.Hour
	patient    = 3 * 24 * time.Hour
)

func (o *Outbox) tidy(ctx context.Context) error {
	return o.DB.Write(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, store.Text(`SELECT id FROM mail WHERE state = 'waiting' AND template = ? AND created_at < ?`), string(Letter), tx.Now().Add(-patient))
		if err != nil {
			return fmt.Errorf("tidy mail: %w", err)
		}
		var late []int64
		for rows.Next() {
			late = append(late, rows.Values()[0].(int64))
		}
		if err := rows.Close(); err != nil {
			return fmt.Errorf("tidy mail: %w", err)
		}
		for _, id := range late {
			if err := o.tell(ctx, tx, id, "late"); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, store.Text(`UPDATE mail SET state = 'given_up', sealed = NULL, problem = COALESCE(problem, 'late'), updated_at = ?
			WHERE state = 'waiting' AND created_at < ?`), tx.Now(), tx.Now().Add(-patient))
		if err != nil {
			return fmt.Errorf("tidy mail: %w", err)
		}
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM mail WHERE state <> 'waiting' AND updated_at < ?`), tx.Now().Add(-remembered)); err != nil {
			return fmt.Errorf("tidy mail: %w", err)
		}
		return nil
	})
}

// State is how the outbox stands: numbers and reasons, never an address or words
// of a message.
type State struct {
	Waiting int64
	Sent    int64 // in the last thirty days
	GivenUp int64 // in the last thirty days
	Trouble []Trouble
}

// Trouble is a message that waits after a failed try, or was given up.
type Trouble struct {
	Template Template
	GivenUp  bool
	Attempts int64
	Problem  Problem
	Put      time.Time
	Tried    time.Time
}

// State tells how the outbox stands. Who may know it is for the caller to say.
func (o *Outbox) State(ctx context.Context) (State, error) {
	var s State
	err := o.DB.QueryRow(ctx, store.Text(`SELECT COUNT(CASE WHEN state = 'waiting' THEN 1 END), COUNT(CASE WHEN state = 'sent' THEN 1 END),
		COUNT(CASE WHEN state = 'given_up' THEN 1 END) FROM mail`)).Scan(&s.Waiting, &s.Sent, &s.GivenUp)
	if err != nil {
		return s, fmt.Errorf("count mail: %w", err)
	}
	rows, err := o.DB.Query(ctx, store.Text(`SELECT template, state, attempts, problem, created_at, updated_at FROM mail
		WHERE state <> 'sent' AND problem IS NOT NULL ORDER BY id DESC LIMIT 50`))
	if err != nil {
		return s, fmt.Errorf("list mail: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var t Trouble
		var state, problem string
		if err := rows.Scan(&t.Template, &state, &t.Attempts, &problem, &t.Put, &t.Tried); err != nil {
			return s, fmt.Errorf("list mail: %w", err)
		}
		t.GivenUp, t.Problem = state == "given_up", problemOf(problem)
		s.Trouble = append(s.Trouble, t)
	}
	return s, rows.Err()
}

// Try sends a test mail at once, and tells the actor what came of it. Who may do
// it, and to which address, is for the caller to say.
func (o *Outbox) Try(ctx context.Context, who actor.Actor, to, name, language string) error {
	if !o.Configured() {
		return fault.New(fault.Conflict, "mail.none", "No mail server is set. The operator sets one with --mail-server.")
	}
	l, err := o.write(Message{Template: Test, Language: language, To: to, Name: name, At: o.DB.Now()})
	if err != nil {
		return err
	}
	failed := o.send(ctx, "test-"+strconv.FormatInt(o.DB.Now().UnixMicro(), 36), l)
	outcome := "sent"
	if failed != nil {
		outcome = failed.String()
	}
	err = o.Scribe.Note(ctx, scribe.Entry{Event: "mail.tested", Who: who, Details: struct {
		Outcome string `json:"outcome"`
	}{outcome}})
	if err != nil {
		return err
	}
	if failed != nil {
		return fault.New(fault.Conflict, "mail."+failed.Code, failed.Error())
	}
	return nil
}
