package identity

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/mail"
	"castellan/internal/store"
	"castellan/internal/throttle"
	"castellan/internal/value"
	"castellan/internal/vault"
)

// emailLasts is for how long the link to a new address holds.
const emailLasts = 24 * time.Hour

// ChangeEmail begins a change of one's own address: a link goes to the new one,
// word of it to the old one, and nothing changes until the link is followed. It
// takes the password. An address that somebody else signs in by is answered like
// any other; the link does not go out.
func (a *Accounts) ChangeEmail(ctx context.Context, who actor.Actor, email, password string) error {
	if !self(who, who.Person) {
		return fault.New(fault.Denied, "email.own", "Only the person changes their own address.")
	}
	if !a.Mail.Configured() {
		return fault.New(fault.Conflict, "mail.none", "No mail can be sent here. Ask your administrator to change the address.")
	}
	var f form
	email = f.email(email)
	if err := f.err(); err != nil {
		return err
	}
	if err := a.provePassword(ctx, who, password); err != nil {
		return err
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		p, err := personAt(ctx, tx, who.Person)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM email_change WHERE person = ?`), p.ID); err != nil {
			return fmt.Errorf("end change of address: %w", err)
		}
		token, hash := a.Vault.Token()
		ends := tx.Now().Add(emailLasts)
		_, err = tx.Exec(ctx, store.Text(`INSERT INTO email_change (hash, person, email, created_at, ends_at) VALUES (?, ?, ?, ?, ?)`), hash, p.ID, email, tx.Now(), ends)
		if err != nil {
			return fmt.Errorf("begin change of address: %w", err)
		}
		taken := free(ctx, tx, email, p.ID)
		if taken != nil && !fault.Is(taken, fault.Invalid) {
			return taken
		}
		if taken == nil {
			err = a.Mail.Put(ctx, tx, mail.Message{Template: mail.EmailConfirm, Language: p.Language, Zone: p.TimeZone, To: email, Name: p.Name, Path: "/email", Token: token, Ends: ends})
			if err != nil {
				return err
			}
		}
		if err := a.announce(ctx, tx, p.ID, Notice{Kind: mail.EmailChanging}); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "email.change_requested", "person", int64(p.ID), nil)
	})
}

// provePassword wants the password of whoever is signed in, as at sign-in.
func (a *Accounts) provePassword(ctx context.Context, who actor.Actor, password string) error {
	if wait, ok := a.byPerson.Begin(fmt.Sprint(who.Person)); !ok {
		return often(wait)
	}
	var stored *string
	if err := a.DB.QueryRow(ctx, store.Text(`SELECT password FROM person WHERE id = ?`), who.Person).Scan(&stored); err != nil {
		return fmt.Errorf("read password hash: %w", err)
	}
	right, _, err := a.hasher.check(ctx, password, text(stored))
	if err != nil {
		return err
	}
	if !right {
		return fault.New(fault.Invalid, "password.wrong", "The password is not right.").At("password")
	}
	a.byPerson.Passed(fmt.Sprint(who.Person))
	return nil
}

// ConfirmEmail makes the new address that of the account whose link it is. The
// old one gets word of it. Links that went to the old one hold no more.
func (a *Accounts) ConfirmEmail(ctx context.Context, token string, address netip.Addr, device string) error {
	who, network := stranger(address, device), throttle.Network(address).String()
	if wait, ok := a.byNetwork.Take(network); !ok {
		return often(wait)
	}
	hash := vault.Hash(token)
	err := a.DB.Write(ctx, func(tx *store.Tx) error {
		var id actor.PersonID
		var email string
		err := tx.QueryRow(ctx, store.Text(`SELECT c.person, c.email FROM email_change c JOIN person p ON p.id = c.person
			WHERE c.hash = ? AND c.ends_at > ? AND p.state = 'active'`), hash, tx.Now()).Scan(&id, &email)
		if errors.Is(err, store.ErrNoRows) {
			return NotSignedIn()
		}
		if err != nil {
			return fmt.Errorf("read change of address: %w", err)
		}
		if err := free(ctx, tx, email, id); err != nil {
			return NotSignedIn()
		}
		by := who
		by.Kind, by.Person = actor.Person, id
		return a.moveTo(ctx, tx, by, id, email)
	})
	if fault.Is(err, fault.Unknown) {
		return a.refuseLink(ctx, who, network, "link.refused", "email")
	}
	return err
}

// moveTo gives an account another address.
func (a *Accounts) moveTo(ctx context.Context, tx *store.Tx, who actor.Actor, id actor.PersonID, email string) error {
	was, err := personAt(ctx, tx, id)
	if err != nil {
		return err
	}
	now := was
	now.Email = email
	_, err = tx.Exec(ctx, store.Text(`UPDATE person SET version = version + 1, email = ?, email_key = ?, updated_at = ? WHERE id = ?`), email, value.EmailKey(email), tx.Now(), id)
	if err != nil {
		return fmt.Errorf("change address: %w", err)
	}
	if err := a.moved(ctx, tx, was); err != nil {
		return err
	}
	if err := a.forget(ctx, tx); err != nil {
		return err
	}
	return a.tell(ctx, tx, who, "person.changed", "person", int64(id), struct {
		Before details `json:"before"`
		After  details `json:"after"`
	}{detailsOf(was), detailsOf(now)})
}

// moved ends what was on its way to an old address, and tells it of the change.
func (a *Accounts) moved(ctx context.Context, tx *store.Tx, was Person) error {
	if err := dropLinks(ctx, tx, was.ID); err != nil {
		return err
	}
	return a.announceAt(ctx, tx, was, was.Email, Notice{Kind: mail.EmailChanged})
}
