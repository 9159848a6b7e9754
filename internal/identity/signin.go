package identity

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/store"
	"castellan/internal/throttle"
	"castellan/internal/value"
)

// Attempt is what somebody brings who wants to sign in.
type Attempt struct {
	Email    string
	Password string
	Address  netip.Addr
	Device   string
}

// familiar is how long a network counts as one that the person comes from.
const familiar = 90 * 24 * time.Hour

// SignIn begins a session. Whoever is refused learns only that they are, or how
// long to wait: an unknown address, a wrong password, a deactivated account, one
// without a password and one that is not let in from there, or not now, get the
// same words, after one hash each.
func (a *Accounts) SignIn(ctx context.Context, try Attempt) (Started, error) {
	who, network := stranger(try.Address, try.Device), throttle.Network(try.Address).String()
	account := value.EmailKey(cut(strings.TrimSpace(try.Email)))
	if wait, ok := a.mayTry(ctx, account, network); !ok {
		return Started{}, a.slowedAt(ctx, who, account, network, wait)
	}
	at, err := a.account(ctx, account)
	if err != nil {
		return Started{}, err
	}
	stored := at.password
	if at.State != Active {
		stored = ""
	}
	right, old, err := a.hasher.check(ctx, try.Password, stored)
	if err != nil {
		return Started{}, err
	}
	unwelcome, err := a.unwelcome(ctx, at.ID, who)
	if err != nil {
		return Started{}, err
	}
	if !right || unwelcome != "" {
		return Started{}, a.refuse(ctx, who, at, right, unwelcome)
	}
	a.byBoth.Passed(account + " " + network)
	renewed := ""
	if old {
		if renewed, err = a.hasher.hash(ctx, try.Password); err != nil {
			return Started{}, err
		}
	}
	var s Started
	err = a.DB.Write(ctx, func(tx *store.Tx) error {
		// The account may have been closed, or its password changed, meanwhile.
		n, err := tx.Exec(ctx, store.Text(`UPDATE person SET password = COALESCE(NULLIF(?, ''), password) WHERE id = ? AND state = 'active' AND password = ?`),
			renewed, at.ID, stored)
		if err != nil {
			return fmt.Errorf("renew password hash: %w", err)
		}
		if n == 0 {
			return refused()
		}
		s, err = a.begin(ctx, tx, at.Person, "password", try.Address, try.Device)
		return err
	})
	return s, err
}

// mayTry counts the try everywhere it counts.
func (a *Accounts) mayTry(ctx context.Context, account, network string) (time.Duration, bool) {
	if wait, ok := a.byNetwork.Take(network); !ok {
		return wait, false
	}
	if wait, ok := a.byBoth.Begin(account + " " + network); !ok {
		return wait, false
	}
	if wait, ok := a.byAccount.Take(account); !ok && !a.familiar(ctx, account, network) {
		return wait, false
	}
	return 0, true
}

// familiar tells whether the person of an account has lately had a session from
// a network, and not one that waited for a second factor in vain. If the database cannot say, the answer is no.
func (a *Accounts) familiar(ctx context.Context, account, network string) bool {
	var n int
	err := a.DB.QueryRow(ctx, store.Text(`SELECT COUNT(*) FROM session WHERE network = ? AND used_at > ? AND half = 0
		AND person = (SELECT id FROM person WHERE email_key = ?)`), network, a.DB.Now().Add(-familiar), account).Scan(&n)
	return err == nil && n > 0
}

// candidate is the account that somebody tries to sign in to; the zero one if
// there is none.
type candidate struct {
	Person
	password string
}

func (a *Accounts) account(ctx context.Context, email string) (candidate, error) {
	var c candidate
	var password *string
	err := a.DB.QueryRow(ctx, store.Text(`SELECT id, email, name, role, language, time_zone, state, password FROM person WHERE email_key = ?`), email).
		Scan(&c.ID, &c.Email, &c.Name, &c.Role, &c.Language, &c.TimeZone, &c.State, &password)
	if errors.Is(err, store.ErrNoRows) {
		return candidate{}, nil
	}
	if err != nil {
		return c, fmt.Errorf("read account: %w", err)
	}
	c.password = text(password)
	return c, nil
}

func refused() *fault.Fault {
	return fault.New(fault.Unknown, "signin.refused", "The mail address or the password is not right.")
}

// refusal is what the ledger keeps of a failed sign-in. What was typed is not
// in it: people type passwords into the wrong field.
type refusal struct {
	Reason string         `json:"reason"`
	Person actor.PersonID `json:"person,omitempty"`
	Device *told          `json:"device,omitempty"`
}

func (a *Accounts) refuse(ctx context.Context, who actor.Actor, at candidate, right bool, unwelcome string) error {
	why := refusal{Reason: "password", Person: at.ID, Device: tellDevice(who.Device)}
	switch {
	case right:
		why.Reason = unwelcome
	case at.ID == 0:
		why.Reason = "unknown"
	case at.State != Active:
		why.Reason = "deactivated"
	case at.password == "":
		why.Reason = "no_password"
	}
	if err := a.note(ctx, who, "session.refused", "person", int64(at.ID), why); err != nil {
		return err
	}
	return refused()
}

// slowed tells somebody to wait who has not said whose account they try.
func (a *Accounts) slowed(ctx context.Context, who actor.Actor, network string, wait time.Duration) error {
	return a.slowedAt(ctx, who, "", network, wait)
}

// slowedAt tells somebody to wait. One entry a minute for each network says so
// in the ledger: an attacker must not be able to fill it. It names the person
// whose account was tried, if there is one.
func (a *Accounts) slowedAt(ctx context.Context, who actor.Actor, account, network string, wait time.Duration) error {
	if _, ok := a.noted.Take(network); ok {
		var person actor.PersonID
		err := a.DB.QueryRow(ctx, store.Text(`SELECT id FROM person WHERE email_key = ?`), account).Scan(&person)
		if err != nil && !errors.Is(err, store.ErrNoRows) {
			return fmt.Errorf("read account: %w", err)
		}
		if err := a.note(ctx, who, "session.refused", "person", int64(person), refusal{Reason: "slowed", Person: person, Device: tellDevice(who.Device)}); err != nil {
			return err
		}
	}
	return often(wait)
}
