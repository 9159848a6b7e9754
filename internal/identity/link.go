package identity

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/mail"
	"castellan/internal/rights"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/throttle"
	"castellan/internal/vault"
)

// Founding is what a workspace begins with: its owner, and what other rooms need to know.
type Founding struct {
	Token     string // from the link that SetupLink made
	Email     string
	Name      string
	Password  string
	Language  string
	Workspace string
	Region    string
	TimeZone  string
	Address   netip.Addr
	Device    string
}

// SetupNeeded tells whether the workspace waits for its first owner.
func (a *Accounts) SetupNeeded(ctx context.Context) (bool, error) { return nobodyYet(ctx, a.DB) }

func nobodyYet(ctx context.Context, from asker) (bool, error) {
	var n int
	if err := from.QueryRow(ctx, store.Text(`SELECT COUNT(*) FROM person`)).Scan(&n); err != nil {
		return false, fmt.Errorf("count people: %w", err)
	}
	return n == 0, nil
}

// SetupLink makes the token by which the first owner sets the workspace up; the
// one before it holds no more. It is empty if there is an owner. Whoever can
// read the console may set up, and nobody else.
func (a *Accounts) SetupLink(ctx context.Context) (token string, err error) {
	err = a.DB.Write(ctx, func(tx *store.Tx) error {
		token = ""
		empty, err := nobodyYet(ctx, tx)
		if err != nil || !empty {
			return err
		}
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM one_time_link WHERE purpose = 'setup'`)); err != nil {
			return fmt.Errorf("make setup link: %w", err)
		}
		var hash [32]byte
		token, hash = a.Vault.Token()
		if _, err := tx.Exec(ctx, store.Text(`INSERT INTO one_time_link (hash, purpose, created_at) VALUES (?, 'setup', ?)`), hash, tx.Now()); err != nil {
			return fmt.Errorf("make setup link: %w", err)
		}
		return nil
	})
	return token, err
}

// Setup makes the first person, who is the owner, with everything that a
// workspace begins with, and signs them in. Once there is a person it does
// nothing, whatever it is given.
func (a *Accounts) Setup(ctx context.Context, f Founding) (Started, error) {
	who, network := stranger(f.Address, f.Device), throttle.Network(f.Address).String()
	if wait, ok := a.byNetwork.Take(network); !ok {
		return Started{}, often(wait)
	}
	if why, err := a.mayFound(ctx, f.Token); err != nil {
		return Started{}, err
	} else if why != "" {
		return Started{}, a.refuseLink(ctx, who, network, "setup.refused", why)
	}
	p, hash, err := a.read(ctx, Draft{Email: f.Email, Name: f.Name, Password: f.Password, Language: f.Language, TimeZone: f.TimeZone})
	if err != nil {
		return Started{}, err
	}
	if hash == "" {
		return Started{}, CheckPassword("")
	}
	var s Started
	err = a.DB.Write(ctx, func(tx *store.Tx) error {
		empty, err := nobodyYet(ctx, tx)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, store.Text(`DELETE FROM one_time_link WHERE purpose = 'setup' AND hash = ?`), vault.Hash(f.Token))
		if err != nil {
			return fmt.Errorf("use setup link: %w", err)
		}
		if !empty || n == 0 {
			return NotSignedIn()
		}
		if p.Role, err = a.Rights.Found(ctx, tx); err != nil {
			return err
		}
		if err := a.insert(ctx, tx, &p, hash); err != nil {
			return err
		}
		if s, err = a.begin(ctx, tx, p, "setup", f.Address, f.Device); err != nil {
			return err
		}
		if a.Founding != nil {
			if err := a.Founding(ctx, tx, s.Actor, f); err != nil {
				return err
			}
		}
		return a.tell(ctx, tx, s.Actor, "workspace.founded", "person", int64(p.ID), struct {
			Language string `json:"language"`
		}{p.Language})
	})
	return s, err
}

// mayFound says why not, or nothing.
func (a *Accounts) mayFound(ctx context.Context, token string) (why string, err error) {
	needed, err := a.SetupNeeded(ctx)
	if err != nil {
		return "", err
	}
	if !needed {
		return "done", nil
	}
	var stored []byte
	err = a.DB.QueryRow(ctx, store.Text(`SELECT hash FROM one_time_link WHERE purpose = 'setup'`)).Scan(&stored)
	if err != nil && !errors.Is(err, store.ErrNoRows) {
		return "", fmt.Errorf("read setup link: %w", err)
	}
	hash := vault.Hash(token)
	if subtle.ConstantTimeCompare(stored, hash[:]) != 1 {
		return "link", nil
	}
	return "", nil
}

// refuseLink notes, at most once a minute for each network, and answers like
// every token that does not hold.
func (a *Accounts) refuseLink(ctx context.Context, who actor.Actor, network string, event scribe.Event, why string) error {
	if _, ok := a.noted.Take(network); ok {
		if err := a.note(ctx, who, event, "person", 0, refusal{Reason: why, Device: tellDevice(who.Device)}); err != nil {
			return err
		}
	}
	return NotSignedIn()
}

// Purpose is what a one-time link is for.
type Purpose string

const (
	Invite Purpose = "invite" // to come in for the first time
	Reset  Purpose = "reset"  // to set a new password
)

// For how long a link holds.
func (p Purpose) lasts() time.Duration {
	if p == Invite {
		return 7 * 24 * time.Hour
	}
	return time.Hour
}

// Link makes a one-time link for a person, and ends the ones before it. It goes
// to the person's address, and the token is empty; only where no mail can be sent
// it is given to whoever asks, this once, to pass on: whoever has it sets the
// person's password. Until it is used nothing else changes. It takes ManagePeople
// and a standing that covers the person, who is active and not the actor. A
// person who has a password is not invited any more.
func (a *Accounts) Link(ctx context.Context, who actor.Actor, person actor.PersonID, purpose Purpose) (token string, ends time.Time, err error) {
	return a.link(ctx, who, person, purpose, a.Mail.Configured())
}

// LinkToHand makes an invitation that whoever asks passes on by themselves, even
// where mail can be sent. It is for those who have never come in, so that no
// account that somebody uses is opened by it.
func (a *Accounts) LinkToHand(ctx context.Context, who actor.Actor, person actor.PersonID) (token string, ends time.Time, err error) {
	return a.link(ctx, who, person, Invite, false)
}

func (a *Accounts) link(ctx context.Context, who actor.Actor, person actor.PersonID, purpose Purpose, mailed bool) (token string, ends time.Time, err error) {
	if purpose != Invite && purpose != Reset {
		return "", ends, fault.New(fault.Invalid, "link.purpose", "A link is to invite or to reset.").At("purpose")
	}
	if who.Kind == actor.Program {
		// Whoever has a link sets a password: a leaked key must not open accounts.
		return "", ends, programs()
	}
	if who.Kind == actor.Person && who.Person == person {
		return "", ends, fault.New(fault.Denied, "password.own", "To change your own password, give the old one.")
	}
	err = a.govern(ctx, who, person, func(tx *store.Tx, _ *rights.Picture, p Person) error {
		switch {
		case p.State != Active:
			return fault.New(fault.Conflict, "person.deactivated", "This account is deactivated.")
		case purpose == Invite && p.Password:
			return fault.New(fault.Conflict, "person.joined", "This person has come in already. A link for a new password is another one.")
		}
		if err := dropLinks(ctx, tx, person); err != nil {
			return err
		}
		if token, ends, err = a.makeLink(ctx, tx, person, purpose); err != nil {
			return err
		}
		if mailed {
			by, err := a.nameOf(ctx, tx, who)
			if err != nil {
				return err
			}
			as := mail.ResetStarted
			if purpose == Invite {
				as = mail.Invite
			}
			if err := a.mailLink(ctx, tx, p, as, by, token, ends); err != nil {
				return err
			}
			token = ""
		}
		return a.tell(ctx, tx, who, "link.created", "person", int64(person), linkMade{purpose, ends, mailed})
	})
	return token, ends, err
}

// programs is what a program is told that would let somebody in. Accounts are made
// by a program only where an owner meant it: by the key of the directory.
func programs() *fault.Fault {
	return fault.New(fault.Denied, "person.program", "Programs do not let people in. Accounts that another system keeps come by the directory (SCIM).")
}

// Revoke ends the links of a person that are not used yet. It takes ManagePeople
// and a standing that covers the person.
func (a *Accounts) Revoke(ctx context.Context, who actor.Actor, person actor.PersonID) error {
	return a.govern(ctx, who, person, func(tx *store.Tx, _ *rights.Picture, _ Person) error {
		if err := dropLinks(ctx, tx, person); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "link.revoked", "person", int64(person), nil)
	})
}

// Redeeming is what somebody brings who follows a one-time link.
type Redeeming struct {
	Token    string
	Password string
	Name     string // of an invitation: how the person wants to be called; empty: as it is
	Language string // of an invitation; empty: as it is
	TimeZone string // of an invitation; empty: as it is
	Address  netip.Addr
	Device   string
}

// Redeem sets the password of the person whose link it is, ends their sessions,
// uses the link up and signs the person in. A link of a deactivated person is
// dead, like one that was used, replaced or ran out.
func (a *Accounts) Redeem(ctx context.Context, r Redeeming) (Started, error) {
	who, network := stranger(r.Address, r.Device), throttle.Network(r.Address).String()
	if wait, ok := a.byNetwork.Take(network); !ok {
		return Started{}, often(wait)
	}
	hash := vault.Hash(r.Token)
	var person actor.PersonID
	err := a.DB.QueryRow(ctx, linkHolder, hash, a.DB.Now()).Scan(&person)
	if errors.Is(err, store.ErrNoRows) {
		return Started{}, a.refuseLink(ctx, who, network, "link.refused", "link")
	}
	if err != nil {
		return Started{}, fmt.Errorf("read link: %w", err)
	}
	if why, err := a.unwelcome(ctx, person, who); err != nil {
		return Started{}, err
	} else if why != "" {
		return Started{}, a.refuseLink(ctx, who, network, "link.refused", why)
	}
	if err := r.check(); err != nil {
		return Started{}, err
	}
	password, err := a.newPassword(ctx, person, r.Password)
	if err != nil {
		return Started{}, err
	}
	var s Started
	err = a.DB.Write(ctx, func(tx *store.Tx) error {
		var still actor.PersonID
		if err := tx.QueryRow(ctx, linkHolder, hash, tx.Now()).Scan(&still); errors.Is(err, store.ErrNoRows) || err == nil && still != person {
			return NotSignedIn()
		} else if err != nil {
			return fmt.Errorf("read link: %w", err)
		}
		p, err := personAt(ctx, tx, person)
		if err != nil {
			return err
		}
		by := who
		by.Kind, by.Person = actor.Person, person
		if err := a.introduce(ctx, tx, by, &p, r, hash); err != nil {
			return err
		}
		if err := a.putPassword(ctx, tx, by, person, password, "link"); err != nil {
			return err
		}
		s, err = a.begin(ctx, tx, p, "link", r.Address, r.Device)
		return err
	})
	return s, err
}

// check reads what somebody says of themselves.
func (r *Redeeming) check() error {
	var f form
	if r.Name != "" {
		r.Name = f.name(r.Name)
	}
	if r.Language != "" {
		r.Language = f.language(r.Language)
	}
	if r.TimeZone != "" {
		r.TimeZone = f.timeZone(r.TimeZone)
	}
	return f.err()
}

// introduce takes over what an invited person says of themselves when they first
// come in. Later the name is for whoever manages people: the log tells of it.
func (a *Accounts) introduce(ctx context.Context, tx *store.Tx, by actor.Actor, p *Person, r Redeeming, hash [32]byte) error {
	var purpose Purpose
	if err := tx.QueryRow(ctx, store.Text(`SELECT purpose FROM one_time_link WHERE hash = ?`), hash).Scan(&purpose); err != nil {
		return fmt.Errorf("read link: %w", err)
	}
	was := *p
	for _, one := range [][2]*string{{&p.Name, &r.Name}, {&p.Language, &r.Language}, {&p.TimeZone, &r.TimeZone}} {
		if *one[1] != "" {
			*one[0] = *one[1]
		}
	}
	if purpose != Invite || *p == was {
		*p = was
		return nil
	}
	_, err := tx.Exec(ctx, store.Text(`UPDATE person SET version = version + 1, name = ?, language = ?, time_zone = ? WHERE id = ?`), p.Name, p.Language, p.TimeZone, p.ID)
	if err != nil {
		return fmt.Errorf("introduce person: %w", err)
	}
	return a.tell(ctx, tx, by, "person.changed", "person", int64(p.ID), struct {
		Before details `json:"before"`
		After  details `json:"after"`
	}{detailsOf(was), detailsOf(*p)})
}

const linkHolder = store.Text(`SELECT l.person FROM one_time_link l JOIN person p ON p.id = l.person
	WHERE l.hash = ? AND l.purpose <> 'setup' AND l.ends_at > ? AND p.state = 'active'`)

func dropLinks(ctx context.Context, tx *store.Tx, person actor.PersonID) error {
	if _, err := tx.Exec(ctx, store.Text(`DELETE FROM one_time_link WHERE person = ?`), person); err != nil {
		return fmt.Errorf("end links: %w", err)
	}
	if _, err := tx.Exec(ctx, store.Text(`DELETE FROM email_change WHERE person = ?`), person); err != nil {
		return fmt.Errorf("end change of address: %w", err)
	}
	return nil
}
