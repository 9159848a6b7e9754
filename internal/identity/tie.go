package identity

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/rights"
	"castellan/internal/store"
	"castellan/internal/throttle"
	"castellan/internal/value"
)

// Vouched is what a provider has said of somebody, and federation has checked:
// the issuer, the signature, for whom it was said and when.
type Vouched struct {
	Provider ProviderID
	Subject  string // who they are there, for ever
	Shown    string // what they are called there, for their own eyes
	Email    string
	Verified bool // the provider says that the mail address is theirs
	Name     string
	Language string
	Groups   []string
	Factor   bool // a second factor was proved, by what the provider says
	Address  netip.Addr
	Device   string
}

// Tie is a link of a person to who they are at a provider.
type Tie struct {
	Provider     ProviderID
	ProviderName string
	Person       actor.PersonID
	Shown        string
	How          string // self, expected, domain, newcomer; "awaited" if the person has not come yet
	Made         time.Time
	Used         time.Time // zero: never
}

// notLinked is the one answer to everybody whom a provider knows and who gets in
// nowhere: no account, one that is not linked, one that was closed.
func notLinked() *fault.Fault {
	return fault.New(fault.Unknown, "provider.unlinked", "This sign-in leads to no account here. If you have one, sign in with your password and link it under your own settings; otherwise ask whoever manages people.")
}

// SignInBy begins a session of the person whom a provider vouches for. An equal
// mail address alone opens nothing (attack 47): the person has linked themselves
// before, or is awaited, or the provider is set to speak for a domain of the
// firm's. In the last two cases, and for newcomers, the address must be verified
// and whoever said so must be able to do it by hand at this moment.
func (a *Accounts) SignInBy(ctx context.Context, v Vouched) (Started, error) {
	who, network := stranger(v.Address, v.Device), throttle.Network(v.Address).String()
	if wait, ok := a.byNetwork.Take(network); !ok {
		return Started{}, a.slowed(ctx, who, network, wait)
	}
	var s Started
	var why refusal
	err := a.DB.Write(ctx, func(tx *store.Tx) error {
		s, why = Started{}, refusal{}
		p, err := providerAt(ctx, tx, v.Provider)
		if err != nil && !fault.Is(err, fault.Missing) {
			return err
		}
		if err != nil || !p.Active {
			why = refusal{Reason: "provider", Device: tellDevice(v.Device)}
			return nil //nolint:nilerr // the refusal is the answer, not a fault of the statement
		}
		person, reason, err := a.vouchedFor(ctx, tx, &p, &v)
		if err != nil {
			return err
		}
		if reason == "" {
			reason, err = a.unwelcome(ctx, person.ID, who)
		}
		if err != nil {
			return err
		}
		if reason != "" {
			why = refusal{Reason: reason, Person: person.ID, Device: tellDevice(v.Device)}
			return nil
		}
		if _, err := tx.Exec(ctx, store.Text(`UPDATE tie SET used_at = ?, shown = ? WHERE provider = ? AND person = ?`), tx.Now(), v.Shown, p.ID, person.ID); err != nil {
			return fmt.Errorf("write down the use of a link: %w", err)
		}
		by := entrance{how: "provider", by: p.ID, address: v.Address, device: v.Device}
		if p.Factor && v.Factor {
			by.factor = vouch
		}
		s, err = a.enter(ctx, tx, person, by)
		return err
	})
	if err != nil {
		return Started{}, err
	}
	if why.Reason != "" {
		if err := a.note(ctx, who, "session.refused", "person", int64(why.Person), why); err != nil {
			return Started{}, err
		}
		return Started{}, notLinked()
	}
	return s, nil
}

// vouchedFor finds whose account a sign-in opens, and links or makes it where
// that is allowed. The reason says why it opens none.
func (a *Accounts) vouchedFor(ctx context.Context, tx *store.Tx, p *Provider, v *Vouched) (Person, string, error) {
	var id actor.PersonID
	err := tx.QueryRow(ctx, store.Text(`SELECT person FROM tie WHERE provider = ? AND subject = ?`), p.ID, v.Subject).Scan(&id)
	switch {
	case err == nil:
		return a.stillThere(ctx, tx, id)
	case !errors.Is(err, store.ErrNoRows):
		return Person{}, "", fmt.Errorf("look for a link: %w", err)
	}
	if !v.Verified {
		return Person{}, "unlinked", nil
	}
	email, err := value.ParseEmail(v.Email)
	if err != nil {
		return Person{}, "unlinked", nil //nolint:nilerr // what is no address leads to nobody
	}
	look, err := a.Rights.Look(ctx, tx)
	if err != nil {
		return Person{}, "", err
	}
	err = tx.QueryRow(ctx, store.Text(`SELECT id FROM person WHERE email_key = ?`), value.EmailKey(email.Address)).Scan(&id)
	if errors.Is(err, store.ErrNoRows) {
		return a.newcomer(ctx, tx, look, p, v, email.Address)
	}
	if err != nil {
		return Person{}, "", fmt.Errorf("look for an account: %w", err)
	}
	how, err := a.mayAttach(ctx, tx, look, p, id, email.Address)
	if err != nil || how == "" {
		return Person{ID: id}, "unlinked", err
	}
	person, reason, err := a.stillThere(ctx, tx, id)
	if err != nil || reason != "" {
		return person, reason, err
	}
	return person, "", a.tie(ctx, tx, stranger(v.Address, v.Device), p.ID, person.ID, v, how)
}

// stillThere reads the person, unless the account is closed.
func (a *Accounts) stillThere(ctx context.Context, tx *store.Tx, id actor.PersonID) (Person, string, error) {
	person, err := personAt(ctx, tx, id)
	if err == nil && person.State != Active {
		return person, "deactivated", nil
	}
	return person, "", err
}

// mayAttach tells how, if at all, a verified mail address lets a provider into an
// account that there is. Whoever awaits the person, or set the provider to speak
// for the domain, must be able to change the account now: else a provider of
// one's own would be a way into the accounts of those who hold more.
func (a *Accounts) mayAttach(ctx context.Context, tx *store.Tx, look *rights.Picture, p *Provider, id actor.PersonID, email string) (how string, err error) {
	var n int
	if err := tx.QueryRow(ctx, store.Text(`SELECT COUNT(*) FROM tie WHERE provider = ? AND person = ?`), p.ID, id).Scan(&n); err != nil {
		return "", fmt.Errorf("look for a link: %w", err)
	}
	if n > 0 {
		return "", nil // the provider knows this person as somebody else
	}
	var by actor.PersonID
	err = tx.QueryRow(ctx, store.Text(`SELECT made_by FROM expected WHERE provider = ? AND person = ?`), p.ID, id).Scan(&by)
	switch {
	case err == nil && look.Over(actor.Actor{Kind: actor.Person, Person: by}, id) == nil:
		return "expected", nil
	case err != nil && !errors.Is(err, store.ErrNoRows):
		return "", fmt.Errorf("look for somebody awaited: %w", err)
	}
	if p.Attaches && slices.Contains(p.Domains, domainOf(email)) && look.Over(actor.Actor{Kind: actor.Person, Person: p.SetBy}, id) == nil {
		return "domain", nil
	}
	return "", nil
}

// newcomer makes the account of somebody who comes the first time.
func (a *Accounts) newcomer(ctx context.Context, tx *store.Tx, look *rights.Picture, p *Provider, v *Vouched, email string) (Person, string, error) {
	role := p.Newcomers
	for _, r := range slices.Backward(p.Roles) {
		if slices.Contains(v.Groups, r.Group) {
			role = r.Role
		}
	}
	if role == 0 || !slices.Contains(p.Domains, domainOf(email)) || mayBring(look, actor.Actor{Kind: actor.Person, Person: p.SetBy}, role) != nil {
		return Person{}, "unlinked", nil //nolint:nilerr // nobody there is an answer
	}
	var f form
	person := Person{Email: email, Name: f.name(v.Name), Role: role, RoleName: look.RoleName(role), Language: Languages()[0], TimeZone: "UTC", State: Active, Version: 1}
	if f.err() != nil {
		person.Name = email[:strings.LastIndexByte(email, '@')]
	}
	if l, _, _ := strings.Cut(v.Language, "-"); slices.Contains(Languages(), l) {
		person.Language = l
	}
	if err := a.insert(ctx, tx, &person, ""); err != nil {
		return Person{}, "", err
	}
	house := actor.House()
	house.Address, house.Device = v.Address, cut(v.Device)
	if err := a.tell(ctx, tx, house, "person.created", "person", int64(person.ID), detailsOf(person)); err != nil {
		return Person{}, "", err
	}
	return person, "", a.tie(ctx, tx, house, p.ID, person.ID, v, "newcomer")
}

// tie writes a link down.
func (a *Accounts) tie(ctx context.Context, tx *store.Tx, who actor.Actor, provider ProviderID, person actor.PersonID, v *Vouched, how string) error {
	_, err := tx.Exec(ctx, store.Text(`INSERT INTO tie (provider, subject, person, shown, how, made_at) VALUES (?, ?, ?, ?, ?, ?)`),
		provider, v.Subject, person, v.Shown, how, tx.Now())
	if err != nil {
		return fmt.Errorf("link to provider: %w", err)
	}
	if _, err := tx.Exec(ctx, store.Text(`DELETE FROM expected WHERE provider = ? AND person = ?`), provider, person); err != nil {
		return fmt.Errorf("link to provider: %w", err)
	}
	return a.tell(ctx, tx, who, "tie.made", "person", int64(person), struct {
		Provider ProviderID `json:"provider"`
		How      string     `json:"how"`
	}{provider, how})
}

// TieSelf links the person who is signed in to who the provider says they are.
// The route asks for a fresh proof: a session left open must not be made into a
// way in for good.
func (a *Accounts) TieSelf(ctx context.Context, who actor.Actor, v Vouched) error {
	if !self(who, who.Person) {
		return NotSignedIn()
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		p, err := providerAt(ctx, tx, v.Provider)
		if err != nil {
			return err
		}
		if !p.Active {
			return noProvider()
		}
		var n int
		err = tx.QueryRow(ctx, store.Text(`SELECT COUNT(*) FROM tie WHERE provider = ? AND (subject = ? OR person = ?)`), p.ID, v.Subject, who.Person).Scan(&n)
		if err != nil {
			return fmt.Errorf("look for a link: %w", err)
		}
		if n > 0 {
			return fault.New(fault.Conflict, "tie.taken", "This sign-in is linked already, or your account is linked to another one at this provider. Unlink that first.")
		}
		return a.tie(ctx, tx, who, p.ID, who.Person, &v, "self")
	})
}

// Untie takes a link away, and whatever was awaited: one's own, or that of
// somebody whose account one may change. Sessions of the person that the
// provider began end, but for the one in which it is asked.
func (a *Accounts) Untie(ctx context.Context, who actor.Actor, person actor.PersonID, provider ProviderID) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		if !self(who, person) {
			look, err := a.Rights.Look(ctx, tx)
			if err != nil {
				return err
			}
			if err := look.Over(who, person); err != nil {
				return err
			}
		}
		was, err := personAt(ctx, tx, person)
		if err != nil {
			return err
		}
		awaited, err := tx.Exec(ctx, store.Text(`DELETE FROM expected WHERE provider = ? AND person = ?`), provider, person)
		if err != nil {
			return fmt.Errorf("unlink from provider: %w", err)
		}
		tied, err := tx.Exec(ctx, store.Text(`DELETE FROM tie WHERE provider = ? AND person = ?`), provider, person)
		if err != nil {
			return fmt.Errorf("unlink from provider: %w", err)
		}
		if tied+awaited == 0 {
			return noProvider()
		}
		if self(who, person) && !was.Password {
			var left int
			if err := tx.QueryRow(ctx, store.Text(`SELECT COUNT(*) FROM tie WHERE person = ?`), person).Scan(&left); err != nil {
				return fmt.Errorf("count links: %w", err)
			}
			if left == 0 {
				return fault.New(fault.Conflict, "tie.last", "Without it you could not sign in any more: you have no password. Ask whoever manages people for a link that sets one.")
			}
		}
		ended, err := tx.Exec(ctx, store.Text(`UPDATE session SET ended_at = ?, ended_why = 'unlinked' WHERE person = ? AND provider = ? AND id <> ? AND ended_at IS NULL`),
			tx.Now(), person, provider, who.Session)
		if err != nil {
			return fmt.Errorf("end sessions of a link: %w", err)
		}
		if err := a.forget(ctx, tx); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "tie.ended", "person", int64(person), struct {
			Provider ProviderID `json:"provider"`
			Sessions int64      `json:"sessions"`
		}{provider, ended})
	})
}

// Expect lets a person in through a provider, the first time that it vouches for
// somebody with their verified mail address. It takes ManagePeople and a standing
// that covers the person, then and when they come.
func (a *Accounts) Expect(ctx context.Context, who actor.Actor, person actor.PersonID, provider ProviderID) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		look, err := a.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		if err := look.Over(who, person); err != nil {
			return err
		}
		if who.Kind != actor.Person {
			return fault.New(fault.Denied, "provider.program", "Only people let others in through a provider.")
		}
		p, err := providerAt(ctx, tx, provider)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, store.Text(`INSERT INTO expected (provider, person, made_by, made_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (provider, person) DO UPDATE SET made_by = excluded.made_by, made_at = excluded.made_at`), p.ID, person, who.Person, tx.Now())
		if err != nil {
			return fmt.Errorf("await somebody: %w", err)
		}
		if n == 0 {
			return nil
		}
		return a.tell(ctx, tx, who, "tie.expected", "person", int64(person), struct {
			Provider ProviderID `json:"provider"`
		}{p.ID})
	})
}

// Ties lists the providers that a person is linked to or awaited from: one's own,
// or anybody's for those who hold ManagePeople.
func (a *Accounts) Ties(ctx context.Context, who actor.Actor, person actor.PersonID) ([]Tie, error) {
	if !self(who, person) {
		if err := a.Rights.May(ctx, who, policy.ManagePeople); err != nil {
			return nil, err
		}
	}
	rows, err := a.DB.Query(ctx, store.Text(`SELECT t.provider, p.name, t.shown, t.how, t.made_at, COALESCE(t.used_at, 0) FROM tie t JOIN provider p ON p.id = t.provider WHERE t.person = ?
		UNION ALL SELECT e.provider, p.name, '', 'awaited', e.made_at, 0 FROM expected e JOIN provider p ON p.id = e.provider WHERE e.person = ? ORDER BY 2, 1`), person, person)
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	defer rows.Close()
	var all []Tie
	for rows.Next() {
		t := Tie{Person: person}
		var used int64
		if err := rows.Scan(&t.Provider, &t.ProviderName, &t.Shown, &t.How, &t.Made, &used); err != nil {
			return nil, fmt.Errorf("list links: %w", err)
		}
		t.Used = moment(used)
		if !self(who, person) {
			t.Shown = "" // what others are called elsewhere is theirs
		}
		all = append(all, t)
	}
	return all, rows.Err()
}
