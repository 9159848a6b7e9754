package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/mail"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// Notice is something about their own account that a person is told, in the page
// and by mail. Its kind is the name of the mail that says the same.
type Notice struct {
	ID    schema.RecordID
	Kind  mail.Template
	Words map[string]string // of the sentence: a device, an address on the net, who did it
	At    time.Time
	Seen  time.Time // zero: not yet
}

// announce tells a person something about their account in the transaction that
// does it: in the page, and by mail if there is a mail server. Notices hold no
// links and no secrets.
func (a *Accounts) announce(ctx context.Context, tx *store.Tx, person actor.PersonID, n Notice) error {
	p, err := personAt(ctx, tx, person)
	if err != nil {
		return err
	}
	return a.announceAt(ctx, tx, p, p.Email, n)
}

// announceAt is announce with the mail sent to an address that the account may
// have no more.
func (a *Accounts) announceAt(ctx context.Context, tx *store.Tx, p Person, email string, n Notice) error {
	words := n.Words
	if words == nil {
		words = map[string]string{}
	}
	text, err := json.Marshal(words)
	if err != nil {
		return fmt.Errorf("write notice: %w", err)
	}
	_, err = tx.Exec(ctx, store.Text(`INSERT INTO notice (id, person, kind, words, created_at) VALUES (?, ?, ?, ?, ?)`),
		tx.NewID(), p.ID, string(n.Kind), string(text), tx.Now())
	if err != nil {
		return fmt.Errorf("keep notice: %w", err)
	}
	return a.Mail.Put(ctx, tx, mail.Message{Template: n.Kind, Language: p.Language, Zone: p.TimeZone, To: email, Name: p.Name, Values: words})
}

// nameOf is what an actor is called in a notice or mail.
func (a *Accounts) nameOf(ctx context.Context, tx *store.Tx, who actor.Actor) (string, error) {
	if who.Person == 0 {
		return "Castellan", nil
	}
	p, err := personAt(ctx, tx, who.Person)
	return p.Name, err
}

// mostNotices is how many a person is shown.
const mostNotices = 50

// Notices are the newest of one's own.
func (a *Accounts) Notices(ctx context.Context, who actor.Actor) ([]Notice, error) {
	if !self(who, who.Person) {
		return nil, notOwn()
	}
	rows, err := a.DB.Query(ctx, store.Text(`SELECT id, kind, words, created_at, COALESCE(seen_at, 0) FROM notice WHERE person = ? ORDER BY id DESC LIMIT ?`), who.Person, mostNotices)
	if err != nil {
		return nil, fmt.Errorf("list notices: %w", err)
	}
	defer rows.Close()
	var all []Notice
	for rows.Next() {
		var n Notice
		var words string
		var seen int64
		if err := rows.Scan(&n.ID, &n.Kind, &words, &n.At, &seen); err != nil {
			return nil, fmt.Errorf("list notices: %w", err)
		}
		if err := json.Unmarshal([]byte(words), &n.Words); err != nil {
			return nil, fmt.Errorf("read notice: %w", err)
		}
		if seen != 0 {
			n.Seen = time.UnixMicro(seen).UTC()
		}
		all = append(all, n)
	}
	return all, rows.Err()
}

// SeeNotices says that one has seen one's own notices, up to one of them.
func (a *Accounts) SeeNotices(ctx context.Context, who actor.Actor, upTo schema.RecordID) error {
	if !self(who, who.Person) {
		return notOwn()
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text(`UPDATE notice SET seen_at = ? WHERE person = ? AND id <= ? AND seen_at IS NULL`), tx.Now(), who.Person, upTo)
		if err != nil {
			return fmt.Errorf("see notices: %w", err)
		}
		return nil
	})
}

func notOwn() *fault.Fault {
	return fault.New(fault.Denied, "notice.own", "Only the person reads their own notices.")
}
