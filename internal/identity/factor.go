package identity

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/mail"
	"castellan/internal/policy"
	"castellan/internal/rights"
	"castellan/internal/store"
	"castellan/internal/value"
)

// FactorKind is a way to prove who one is, besides the password.
type FactorKind string

const (
	App      FactorKind = "totp"     // an authenticator app: six digits that change
	Passkey  FactorKind = "passkey"  // a passkey or security key
	Recovery FactorKind = "recovery" // a code from the list, once; never the only one that a person has
	Password FactorKind = "password" // steps up whoever has no factor
	vouch    FactorKind = "provider" // a factor that a provider has asked for, which is believed
)

// Factor is one second factor of a person, as people see it.
type Factor struct {
	ID      int64
	Kind    FactorKind
	Name    string // given by its owner; may be empty
	Created time.Time
	Used    time.Time // zero: never since
}

// factor is one as the house keeps it.
type factor struct {
	Factor
	person     actor.PersonID
	secret     []byte // sealed, once it is read or written
	credential []byte // of a passkey: the hash of its id
	step       int64  // of an app: the last step whose code was taken
}

// place is where the secret of a factor opens, and nowhere else.
func (f *factor) place() string { return fmt.Sprintf("factor/%d/%d", f.person, f.ID) }

// mostFactors bounds what one person has: more than anybody carries.
const mostFactors = 20

func factorsOf(ctx context.Context, tx *store.Tx, person actor.PersonID) ([]factor, error) {
	rows, err := tx.Query(ctx, store.Text(`SELECT id, person, kind, name, secret, credential, COALESCE(step, 0), created_at, COALESCE(used_at, 0)
		FROM factor WHERE person = ? ORDER BY id`), person)
	if err != nil {
		return nil, fmt.Errorf("read factors: %w", err)
	}
	defer rows.Close()
	var all []factor
	for rows.Next() {
		var f factor
		var used int64
		if err := rows.Scan(&f.ID, &f.person, &f.Kind, &f.Name, &f.secret, &f.credential, &f.step, &f.Created, &used); err != nil {
			return nil, fmt.Errorf("read factors: %w", err)
		}
		f.Used = moment(used)
		all = append(all, f)
	}
	return all, rows.Err()
}

// Own is what a person has to prove who they are.
type Own struct {
	Factors  []Factor
	Recovery int  // codes that are left
	Password bool // whether there is one
	Demanded bool // a factor is demanded of them
}

// Own lists the factors of whoever asks.
func (a *Accounts) Own(ctx context.Context, who actor.Actor) (Own, error) {
	var own Own
	err := a.DB.Read(ctx, func(tx *store.Tx) error {
		all, err := factorsOf(ctx, tx, who.Person)
		if err != nil {
			return err
		}
		own = Own{Factors: make([]Factor, len(all))}
		for i := range all {
			own.Factors[i] = all[i].Factor
		}
		if own.Recovery, err = recoveryLeft(ctx, tx, who.Person); err != nil {
			return err
		}
		p, err := personAt(ctx, tx, who.Person)
		own.Password = p.Password
		return err
	})
	if err != nil {
		return own, err
	}
	own.Demanded, err = a.demanded(ctx, who.Person)
	return own, err
}

// Enrolled is a factor that was added. Recovery codes come with the first one,
// and a token if the session waited for it; both are shown this once.
type Enrolled struct {
	ID       int64
	Recovery []string
	Token    string
}

// AppDraft is an authenticator app that is being set up.
type AppDraft struct {
	Secret string // to be typed in
	URI    string // the same for a camera
	State  string // to be brought back with the first code
}

// DraftApp makes the secret of an authenticator app. It counts for nothing until
// EnrolApp is given a code of it.
func (a *Accounts) DraftApp(ctx context.Context, who actor.Actor, site Site) (AppDraft, error) {
	plain := a.Vault.Bytes(totpSecret)
	var mail string
	if err := a.DB.QueryRow(ctx, store.Text(`SELECT email FROM person WHERE id = ?`), who.Person).Scan(&mail); err != nil {
		return AppDraft{}, fmt.Errorf("read mail address: %w", err)
	}
	state, err := a.sealCeremony(toEnrolApp, ceremony{Person: who.Person, Session: who.Session, Secret: plain})
	secret := base32Text.EncodeToString(plain)
	// Apps take a colon for the end of the issuer, and a plus for itself.
	issuer := strings.ReplaceAll(site.Name, ":", " ")
	uri := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + mail,
		RawQuery: "secret=" + secret + "&issuer=" + strings.ReplaceAll(url.QueryEscape(issuer), "+", "%20")}
	return AppDraft{secret, uri.String(), state}, err
}

// EnrolApp adds the authenticator app of a draft, once it shows a right code. It
// takes the place of the one before: an app on a new phone is no second app.
func (a *Accounts) EnrolApp(ctx context.Context, who actor.Actor, state, code, name string) (Enrolled, error) {
	c, ok := a.openCeremony(toEnrolApp, who, state)
	if !ok {
		return Enrolled{}, outOfDate()
	}
	step, right := totpMatch(c.Secret, digits(code), a.DB.Now(), 0)
	if !right {
		return Enrolled{}, fault.New(fault.Invalid, "factor.code", "This is not the code that the app should show now. Look again, and see that the clock of the phone is right.").At("code")
	}
	return a.enrol(ctx, who, state, c, name, func(tx *store.Tx, f *factor) error {
		f.Kind, f.secret, f.step = App, c.Secret, step
		_, err := tx.Exec(ctx, store.Text(`DELETE FROM factor WHERE person = ? AND kind = 'totp'`), who.Person)
		return err
	})
}

// digits are those of a code, however they were grouped.
func digits(typed string) string { return strings.ReplaceAll(cut(typed), " ", "") }

// enrol adds a factor of whoever asks. Somebody who has one must have proved it
// in this session: a password alone must not add another.
func (a *Accounts) enrol(ctx context.Context, who actor.Actor, state string, c ceremony, name string, make func(*store.Tx, *factor) error) (Enrolled, error) {
	name = value.Line(name)
	if len([]rune(name)) > 60 {
		return Enrolled{}, fault.New(fault.Invalid, "factor.name", "A name has at most 60 characters.").At("name")
	}
	var e Enrolled
	err := a.DB.Write(ctx, func(tx *store.Tx) error {
		once, err := a.spend(ctx, tx, state, c)
		if err != nil {
			return err
		}
		if !once {
			return outOfDate()
		}
		held, err := factorsOf(ctx, tx, who.Person)
		if err != nil {
			return err
		}
		proved, err := provedFactor(ctx, tx, who)
		switch {
		case err != nil:
			return err
		case len(held) > 0 && !proved:
			return outstanding(NeedsFactor, nil)
		case len(held) >= mostFactors:
			return fault.Newf(fault.Conflict, "factor.many", "There are %d of them already. Take one away first.", mostFactors)
		}
		f := factor{Factor: Factor{ID: int64(tx.NewID()), Name: name, Created: tx.Now()}, person: who.Person}
		if err := make(tx, &f); err != nil {
			return err
		}
		if err := a.putFactor(ctx, tx, &f); err != nil {
			return err
		}
		e = Enrolled{ID: f.ID}
		if len(held) == 0 {
			if e.Recovery, err = a.issue(ctx, tx, who.Person); err != nil {
				return err
			}
		}
		if e.Token, err = a.prove(ctx, tx, who, f.Kind); err != nil {
			return err
		}
		if err := a.forget(ctx, tx); err != nil {
			return err
		}
		if err := a.tellOfFactor(ctx, tx, who.Person, mail.FactorAdded, f.Kind); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "factor.enrolled", "person", int64(who.Person), factorDetails{f.Kind, f.Name})
	})
	if err != nil {
		return Enrolled{}, err
	}
	return e, nil
}

// factorDetails are what the ledger keeps of a factor.
type factorDetails struct {
	Kind FactorKind `json:"kind"`
	Name string     `json:"name,omitempty"`
}

func (a *Accounts) putFactor(ctx context.Context, tx *store.Tx, f *factor) error {
	var step *int64
	if f.Kind == App {
		step = &f.step
	}
	_, err := tx.Exec(ctx, store.Text(`INSERT INTO factor (id, person, kind, name, secret, credential, step, created_at, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),
		f.ID, f.person, f.Kind, f.Name, a.Vault.Seal(f.place(), f.secret), orNull(f.credential), step, f.Created, f.Created)
	if err != nil {
		return fmt.Errorf("keep factor: %w", err)
	}
	return nil
}

func orNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// RenameFactor gives a factor of one's own another name.
func (a *Accounts) RenameFactor(ctx context.Context, who actor.Actor, id int64, name string) error {
	name = value.Line(name)
	if name == "" || len([]rune(name)) > 60 {
		return fault.New(fault.Invalid, "factor.name", "A name has 1 to 60 characters.").At("name")
	}
	if !self(who, who.Person) {
		return noFactor()
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text(`UPDATE factor SET name = ? WHERE id = ? AND person = ?`), name, id, who.Person)
		if err != nil {
			return fmt.Errorf("rename factor: %w", err)
		}
		if n == 0 {
			return noFactor()
		}
		return a.tell(ctx, tx, who, "factor.renamed", "person", int64(who.Person), struct {
			Name string `json:"name"`
		}{name})
	})
}

func noFactor() *fault.Fault {
	return fault.New(fault.Missing, "factor.missing", "There is no such factor on your account.")
}

// RemoveFactor takes one of one's own factors away, and ends all other sessions.
// It takes the password besides a fresh proof, which the route has asked for.
// What is demanded of a person stays: the last one goes only with the demand.
func (a *Accounts) RemoveFactor(ctx context.Context, who actor.Actor, id int64, password string) error {
	if !self(who, who.Person) {
		return noFactor()
	}
	stored, err := a.ownPassword(ctx, who, password)
	if err != nil {
		return err
	}
	demanded, err := a.demanded(ctx, who.Person)
	if err != nil {
		return err
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		held, err := factorsOf(ctx, tx, who.Person)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(held, func(f factor) bool { return f.ID == id })
		if i < 0 {
			return noFactor()
		}
		if len(held) == 1 && demanded {
			return fault.New(fault.Conflict, "factor.demanded", "A second factor is demanded of you. Add another one before you take this one away.")
		}
		n, err := tx.Exec(ctx, store.Text(`UPDATE person SET version = version WHERE id = ? AND state = 'active' AND password = ?`), who.Person, stored)
		if err != nil {
			return fmt.Errorf("remove factor: %w", err)
		}
		if n == 0 {
			return NotSignedIn() // deactivated, or the password was changed, since it was read
		}
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM factor WHERE id = ?`), id); err != nil {
			return fmt.Errorf("remove factor: %w", err)
		}
		if len(held) == 1 {
			if err := dropRecovery(ctx, tx, who.Person); err != nil {
				return err
			}
		}
		if _, err := a.endSessions(ctx, tx, who, who.Person, "factor"); err != nil {
			return err
		}
		if err := a.tellOfFactor(ctx, tx, who.Person, mail.FactorRemoved, held[i].Kind); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "factor.removed", "person", int64(who.Person), factorDetails{held[i].Kind, held[i].Name})
	})
}

// ownPassword demands the password of whoever asks, and gives its stored form.
func (a *Accounts) ownPassword(ctx context.Context, who actor.Actor, password string) (stored string, err error) {
	if wait, ok := a.byPerson.Begin(fmt.Sprint(who.Person)); !ok {
		return "", often(wait)
	}
	var held *string
	if err := a.DB.QueryRow(ctx, store.Text(`SELECT password FROM person WHERE id = ?`), who.Person).Scan(&held); err != nil {
		return "", fmt.Errorf("read password hash: %w", err)
	}
	right, _, err := a.hasher.check(ctx, password, text(held))
	if err != nil {
		return "", err
	}
	if !right {
		return "", fault.New(fault.Invalid, "password.wrong", "The password is not right.").At("password")
	}
	a.byPerson.Passed(fmt.Sprint(who.Person))
	return text(held), nil
}

// RenewRecovery makes new recovery codes, which are shown this once. Those from
// before hold no more.
func (a *Accounts) RenewRecovery(ctx context.Context, who actor.Actor) (codes []string, err error) {
	if !self(who, who.Person) {
		return nil, noFactor()
	}
	err = a.DB.Write(ctx, func(tx *store.Tx) error {
		held, err := factorsOf(ctx, tx, who.Person)
		if err != nil {
			return err
		}
		if len(held) == 0 {
			return fault.New(fault.Conflict, "recovery.alone", "Recovery codes stand in for a second factor. Add one first.")
		}
		if codes, err = a.issue(ctx, tx, who.Person); err != nil {
			return err
		}
		if err := a.forget(ctx, tx); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "recovery.issued", "person", int64(who.Person), nil)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// ResetFactors takes every factor of another person away and ends their
// sessions, for whoever has lost the phone and the codes. It takes ManagePeople
// and a standing that covers the person; they and the owners are told.
func (a *Accounts) ResetFactors(ctx context.Context, who actor.Actor, id actor.PersonID) error {
	if who.Kind != actor.System && who.Person == id {
		return fault.New(fault.Denied, "factor.own", "Your own factors you take away under your own name, with the password.")
	}
	return a.govern(ctx, who, id, func(tx *store.Tx, look *rights.Picture, _ Person) error {
		held, err := factorsOf(ctx, tx, id)
		if err != nil || len(held) == 0 {
			return err
		}
		kinds := []FactorKind{}
		for i := range held {
			if !slices.Contains(kinds, held[i].Kind) {
				kinds = append(kinds, held[i].Kind)
			}
		}
		for _, s := range []store.Text{`DELETE FROM factor WHERE person = ?`, `DELETE FROM recovery_code WHERE person = ?`, `DELETE FROM factor_try WHERE person = ?`} {
			if _, err := tx.Exec(ctx, s, id); err != nil {
				return fmt.Errorf("reset factors: %w", err)
			}
		}
		if _, err := a.endSessions(ctx, tx, who, id, "factor"); err != nil {
			return err
		}
		if err := a.tellOfReset(ctx, tx, who, id, look.Owners()); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "factor.reset", "person", int64(id), struct {
			Kinds []FactorKind `json:"kinds"`
		}{kinds})
	})
}

// Guarded is how one person is guarded, for whoever looks after that.
type Guarded struct {
	Person   actor.PersonID
	Kinds    []FactorKind
	Since    time.Time // when the oldest of them was added; zero: there is none
	Demanded bool
}

// Guards lists how every active person is guarded, by name. It takes
// ManagePeople or ManageSecurity.
func (a *Accounts) Guards(ctx context.Context, who actor.Actor) ([]Guarded, error) {
	if err := a.Rights.May(ctx, who, policy.ManageSecurity); err != nil {
		if err := a.Rights.May(ctx, who, policy.ManagePeople); err != nil {
			return nil, err
		}
	}
	var all []Guarded
	err := a.DB.Read(ctx, func(tx *store.Tx) error {
		held, err := guards(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, store.Text(`SELECT id FROM person WHERE state = 'active' ORDER BY name, id`))
		if err != nil {
			return fmt.Errorf("list people: %w", err)
		}
		defer rows.Close()
		all = nil
		for rows.Next() {
			var id actor.PersonID
			if err := rows.Scan(&id); err != nil {
				return fmt.Errorf("list people: %w", err)
			}
			g := held[id]
			g.Person = id
			all = append(all, g)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Demanded, err = a.demanded(ctx, all[i].Person); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// guards are the kinds of factor that each person has.
func guards(ctx context.Context, tx *store.Tx) (map[actor.PersonID]Guarded, error) {
	rows, err := tx.Query(ctx, store.Text(`SELECT person, kind, MIN(created_at) FROM factor GROUP BY person, kind ORDER BY person, kind`))
	if err != nil {
		return nil, fmt.Errorf("list factors: %w", err)
	}
	defer rows.Close()
	all := map[actor.PersonID]Guarded{}
	for rows.Next() {
		var person actor.PersonID
		var kind FactorKind
		var since time.Time
		if err := rows.Scan(&person, &kind, &since); err != nil {
			return nil, fmt.Errorf("list factors: %w", err)
		}
		g := all[person]
		if g.Kinds = append(g.Kinds, kind); g.Since.IsZero() || since.Before(g.Since) {
			g.Since = since
		}
		all[person] = g
	}
	return all, rows.Err()
}
