package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/device"
	"castellan/internal/fault"
	"castellan/internal/mail"
	"castellan/internal/policy"
	"castellan/internal/rights"
	"castellan/internal/store"
	"castellan/internal/value"
)

// State is whether a person may sign in.
type State string

const (
	Active      State = "active"
	Deactivated State = "deactivated"
)

// Person is the account of one employee.
type Person struct {
	ID       actor.PersonID
	Version  int64
	Email    string
	Name     string
	Role     actor.RoleID
	RoleName string
	Language string
	TimeZone string
	State    State
	Password bool // whether there is one; without, only a one-time link lets in
	Created  time.Time
	LastSeen time.Time // zero: never
	LinkEnds time.Time // until when a one-time link waits to be used; zero: none does
}

// Draft is what a new account is made of.
type Draft struct {
	Email    string
	Name     string
	Role     actor.RoleID
	Language string // empty: English
	TimeZone string // IANA name; empty: UTC
	Password string // empty: none, the person comes in by a one-time link
}

// Patch is a change of an account: nil leaves as it is.
type Patch struct {
	Email    *string
	Name     *string
	Language *string
	TimeZone *string
}

// Name is a person as everybody in the house may know them.
type Name struct {
	ID     actor.PersonID
	Name   string
	Active bool
}

// Languages are those that Castellan speaks.
func Languages() []string { return []string{"en", "ru", "it", "pl"} }

const longestName = 200

// A form collects what is wrong with what a person typed.
type form struct{ wrong []fault.Fault }

func (f *form) complain(field, code, format string, args ...any) {
	f.wrong = append(f.wrong, *fault.Newf(fault.Invalid, code, format, args...).At(field))
}

func (f *form) err() error {
	if all := fault.Join(f.wrong); all != nil {
		return all
	}
	return nil
}

func (f *form) email(typed string) string {
	e, err := value.ParseEmail(typed)
	if err != nil {
		f.complain("email", "email.invalid", "This is not a mail address.")
	}
	return e.Address
}

func (f *form) name(typed string) string {
	n := value.Line(typed)
	if n == "" || len([]rune(n)) > longestName {
		f.complain("name", "name.length", "A name has 1 to %d characters.", longestName)
	}
	return n
}

func (f *form) language(typed string) string {
	if typed == "" {
		return Languages()[0]
	}
	if !slices.Contains(Languages(), typed) {
		f.complain("language", "language.unknown", "Castellan does not speak this language.")
	}
	return typed
}

func (f *form) timeZone(typed string) string {
	if typed == "" {
		return "UTC"
	}
	if _, err := time.LoadLocation(typed); err != nil || typed == "Local" {
		f.complain("time_zone", "time_zone.unknown", "There is no such time zone.")
	}
	return typed
}

// password checks a new one, if any, against what is known of the person.
func (f *form) password(ctx context.Context, a *Accounts, password, email, name string) error {
	place, err := a.place(ctx)
	if err != nil {
		return err
	}
	if weak, ok := fault.As(CheckPassword(password, append(place, email, name)...)); ok {
		f.wrong = append(f.wrong, *weak)
	}
	return nil
}

func (a *Accounts) place(ctx context.Context) ([]string, error) {
	words := []string{"castellan"}
	if a.Place == nil {
		return words, nil
	}
	more, err := a.Place(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask for the name of the workspace: %w", err)
	}
	return append(words, more...), nil
}

// read checks a draft and hashes its password.
func (a *Accounts) read(ctx context.Context, d Draft) (Person, string, error) {
	var f form
	p := Person{Email: f.email(d.Email), Name: f.name(d.Name), Role: d.Role, Language: f.language(d.Language), TimeZone: f.timeZone(d.TimeZone), State: Active, Version: 1}
	if d.Password != "" {
		if err := f.password(ctx, a, d.Password, d.Email, d.Name); err != nil {
			return p, "", err
		}
	}
	if err := f.err(); err != nil {
		return p, "", err
	}
	if d.Password == "" {
		return p, "", nil
	}
	p.Password = true
	hash, err := a.hasher.hash(ctx, d.Password)
	return p, hash, err
}

// details are what the ledger keeps of an account, erasable.
type details struct {
	Email    string       `json:"email"`
	Name     string       `json:"name"`
	Role     actor.RoleID `json:"role"`
	Language string       `json:"language"`
	TimeZone string       `json:"time_zone"`
}

func detailsOf(p Person) details { return details{p.Email, p.Name, p.Role, p.Language, p.TimeZone} }

// CreatePerson makes an account. It takes ManagePeople, and a standing that
// covers the role.
func (a *Accounts) CreatePerson(ctx context.Context, who actor.Actor, d Draft) (Person, error) {
	if who.Kind == actor.Program {
		return Person{}, programs()
	}
	if err := a.Rights.Need(ctx, who, policy.ManagePeople); err != nil {
		return Person{}, err
	}
	p, hash, err := a.read(ctx, d)
	if err != nil {
		return Person{}, err
	}
	err = a.DB.Write(ctx, func(tx *store.Tx) error {
		look, err := a.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		if err := look.Need(who, policy.ManagePeople); err != nil {
			return err
		}
		if err := look.MayGive(who, 0, d.Role); err != nil {
			return err
		}
		p.RoleName = look.RoleName(d.Role)
		if err := a.insert(ctx, tx, &p, hash); err != nil {
			return err
		}
		return a.tell(ctx, tx, who, "person.created", "person", int64(p.ID), detailsOf(p))
	})
	if err != nil {
		return Person{}, err
	}
	return p, nil
}

func (a *Accounts) insert(ctx context.Context, tx *store.Tx, p *Person, hash string) error {
	if err := free(ctx, tx, p.Email, 0); err != nil {
		return err
	}
	id, err := tx.NextSmall(ctx, "person")
	if err != nil {
		return err
	}
	p.ID, p.Created = actor.PersonID(id), tx.Now()
	var stored *string
	var at *time.Time
	if hash != "" {
		now := tx.Now()
		stored, at = &hash, &now
	}
	_, err = tx.Exec(ctx, store.Text(`INSERT INTO person
		(id, version, email, email_key, name, role, language, time_zone, state, password, password_at, created_at, updated_at)
		VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
		p.ID, p.Email, value.EmailKey(p.Email), p.Name, p.Role, p.Language, p.TimeZone, p.State, stored, at, tx.Now(), tx.Now())
	if err != nil {
		return fmt.Errorf("create person: %w", err)
	}
	return a.Rights.Changed(ctx, tx)
}

// free refuses an address that another account signs in by.
func free(ctx context.Context, tx *store.Tx, email string, but actor.PersonID) error {
	var n int
	err := tx.QueryRow(ctx, store.Text(`SELECT COUNT(*) FROM person WHERE email_key = ? AND id <> ?`), value.EmailKey(email), but).Scan(&n)
	if err != nil {
		return fmt.Errorf("look for a mail address: %w", err)
	}
	if n > 0 {
		return fault.New(fault.Invalid, "email.taken", "Somebody else signs in with this mail address.").At("email")
	}
	return nil
}

const personColumns = `p.id, p.version, p.email, p.name, p.role, p.language, p.time_zone, p.state, p.password IS NOT NULL, p.created_at,
	COALESCE((SELECT MAX(used_at) FROM session WHERE person = p.id), 0), COALESCE((SELECT MAX(ends_at) FROM one_time_link WHERE person = p.id), 0)`

func scanPerson(row interface{ Scan(...any) error }) (Person, error) {
	var p Person
	var seen, ends int64
	var password any
	err := row.Scan(&p.ID, &p.Version, &p.Email, &p.Name, &p.Role, &p.Language, &p.TimeZone, &p.State, &password, &p.Created, &seen, &ends)
	p.Password = password == int64(1)
	if seen != 0 {
		p.LastSeen = time.UnixMicro(seen).UTC()
	}
	if ends != 0 {
		p.LinkEnds = time.UnixMicro(ends).UTC()
	}
	return p, err
}

type asker interface {
	QueryRow(ctx context.Context, s store.Statement, args ...any) *store.Row
}

func personAt(ctx context.Context, from asker, id actor.PersonID) (Person, error) {
	p, err := scanPerson(from.QueryRow(ctx, personByID, id))
	if errors.Is(err, store.ErrNoRows) {
		return p, noPerson()
	}
	if err != nil {
		return p, fmt.Errorf("read person: %w", err)
	}
	return p, nil
}

const personByID = store.Text(`SELECT ` + personColumns + ` FROM person p WHERE p.id = ?`)

func noPerson() *fault.Fault {
	return fault.New(fault.Missing, "person.missing", "There is no such person.")
}

// People lists all accounts, by name. It takes ManagePeople.
func (a *Accounts) People(ctx context.Context, who actor.Actor) ([]Person, error) {
	if err := a.Rights.May(ctx, who, policy.ManagePeople); err != nil {
		return nil, err
	}
	var all []Person
	err := a.DB.Read(ctx, func(tx *store.Tx) error {
		look, err := a.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, store.Text(`SELECT `+personColumns+` FROM person p ORDER BY p.name, p.id`))
		if err != nil {
			return fmt.Errorf("list people: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			p, err := scanPerson(rows)
			if err != nil {
				return fmt.Errorf("list people: %w", err)
			}
			p.RoleName = look.RoleName(p.Role)
			all = append(all, p)
		}
		return rows.Err()
	})
	return all, err
}

// Person reads one account. It takes ManagePeople, or to be that person.
func (a *Accounts) Person(ctx context.Context, who actor.Actor, id actor.PersonID) (Person, error) {
	if !self(who, id) {
		if err := a.Rights.May(ctx, who, policy.ManagePeople); err != nil {
			return Person{}, err
		}
	}
	var p Person
	err := a.DB.Read(ctx, func(tx *store.Tx) error {
		look, err := a.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		p, err = personAt(ctx, tx, id)
		p.RoleName = look.RoleName(p.Role)
		return err
	})
	return p, err
}

// Names lists everybody who has or had an account, by id, for whoever is signed
// in: a colleague's name is no secret in the house.
func (a *Accounts) Names(ctx context.Context, who actor.Actor) ([]Name, error) {
	if who.Kind == actor.Stranger {
		return nil, NotSignedIn()
	}
	rows, err := a.DB.Query(ctx, store.Text(`SELECT id, name, state FROM person ORDER BY id`))
	if err != nil {
		return nil, fmt.Errorf("list names: %w", err)
	}
	defer rows.Close()
	var all []Name
	for rows.Next() {
		var n Name
		var s State
		if err := rows.Scan(&n.ID, &n.Name, &s); err != nil {
			return nil, fmt.Errorf("list names: %w", err)
		}
		n.Active = s == Active
		all = append(all, n)
	}
	return all, rows.Err()
}

// Called is what each person is called.
func (a *Accounts) Called(ctx context.Context, who actor.Actor) (map[actor.PersonID]string, error) {
	all, err := a.Names(ctx, who)
	if err != nil {
		return nil, err
	}
	called := make(map[actor.PersonID]string, len(all))
	for _, n := range all {
		called[n.ID] = n.Name
	}
	return called, nil
}

// UpdatePerson changes an account. Name and address take ManagePeople and a
// standing that covers the person; language and time zone one may also change
// for oneself. The version must be the one that was read.
func (a *Accounts) UpdatePerson(ctx context.Context, who actor.Actor, id actor.PersonID, version int64, patch Patch) (Person, error) {
	var f form
	if patch.Email != nil {
		e := f.email(*patch.Email)
		patch.Email = &e
	}
	if patch.Name != nil {
		n := f.name(*patch.Name)
		patch.Name = &n
	}
	if patch.Language != nil {
		l := f.language(*patch.Language)
		patch.Language = &l
	}
	if patch.TimeZone != nil {
		z := f.timeZone(*patch.TimeZone)
		patch.TimeZone = &z
	}
	var now Person
	err := a.DB.Write(ctx, func(tx *store.Tx) error {
		look, err := a.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		if patch.Email != nil || patch.Name != nil || !self(who, id) {
			if err := look.Over(who, id); err != nil {
				return err
			}
		}
		// Only whoever may change the account learns what is wrong with the change.
		if err := f.err(); err != nil {
			return err
		}
		was, err := personAt(ctx, tx, id)
		if err != nil {
			return err
		}
		if was.Version != version {
			return fault.New(fault.Conflict, "person.version", "Somebody else has changed this. Read it again.")
		}
		if patch.Email != nil && *patch.Email != was.Email && self(who, id) && a.Mail.Configured() {
			return fault.New(fault.Conflict, "email.confirm", "Your own address changes once the new one is confirmed by a link.").At("email")
		}
		now, err = a.rewrite(ctx, tx, who, was, patch)
		return err
	})
	if err != nil {
		return Person{}, err
	}
	return now, nil
}

// rewrite changes an account to what was checked before.
func (a *Accounts) rewrite(ctx context.Context, tx *store.Tx, who actor.Actor, was Person, patch Patch) (Person, error) {
	id, now := was.ID, was
	set(&now.Email, patch.Email)
	set(&now.Name, patch.Name)
	set(&now.Language, patch.Language)
	set(&now.TimeZone, patch.TimeZone)
	now.Version++
	if err := free(ctx, tx, now.Email, id); err != nil {
		return was, err
	}
	_, err := tx.Exec(ctx, store.Text(`UPDATE person SET version = version + 1, email = ?, email_key = ?, name = ?, language = ?, time_zone = ?, updated_at = ?
			WHERE id = ?`), now.Email, value.EmailKey(now.Email), now.Name, now.Language, now.TimeZone, tx.Now(), id)
	if err != nil {
		return was, fmt.Errorf("change person: %w", err)
	}
	if now.Email != was.Email {
		if err := a.moved(ctx, tx, was); err != nil {
			return was, err
		}
	}
	if err := a.forget(ctx, tx); err != nil {
		return was, err
	}
	return now, a.tell(ctx, tx, who, "person.changed", "person", int64(id), struct {
		Before details `json:"before"`
		After  details `json:"after"`
	}{detailsOf(was), detailsOf(now)})
}

func set(to *string, from *string) {
	if from != nil {
		*to = *from
	}
}

// SetRole gives a person another role and ends their sessions. It takes
// ManagePeople and a standing that covers the person before and after. The last
// active owner stays one.
func (a *Accounts) SetRole(ctx context.Context, who actor.Actor, id actor.PersonID, role actor.RoleID) error {
	return a.govern(ctx, who, id, func(tx *store.Tx, look *rights.Picture, was Person) error {
		if err := look.MayGive(who, id, role); err != nil {
			return err
		}
		if was.Role == role {
			return nil
		}
		if look.LastOwner(id) {
			return lastOwner()
		}
		return a.setRole(ctx, tx, who, was, role)
	})
}

func (a *Accounts) setRole(ctx context.Context, tx *store.Tx, who actor.Actor, was Person, role actor.RoleID) error {
	if _, err := tx.Exec(ctx, store.Text(`UPDATE person SET version = version + 1, role = ?, updated_at = ? WHERE id = ?`), role, tx.Now(), was.ID); err != nil {
		return fmt.Errorf("change role of person: %w", err)
	}
	if _, err := a.endSessions(ctx, tx, who, was.ID, "role"); err != nil {
		return err
	}
	// Whoever made a link covered what the account was then, and not what it becomes.
	if err := dropLinks(ctx, tx, was.ID); err != nil {
		return err
	}
	look, err := a.Rights.Look(ctx, tx)
	if err != nil {
		return err
	}
	by, err := a.nameOf(ctx, tx, who)
	if err != nil {
		return err
	}
	err = a.announce(ctx, tx, was.ID, Notice{Kind: mail.RoleChanged, Words: map[string]string{"role": look.RoleName(role), "by": by}})
	if err != nil {
		return err
	}
	return a.tell(ctx, tx, who, "person.role_changed", "person", int64(was.ID), struct {
		Before actor.RoleID `json:"before"`
		After  actor.RoleID `json:"after"`
	}{was.Role, role})
}

// Deactivate closes an account: its sessions, program keys and links end at
// once. It takes ManagePeople and a standing that covers the person, who is
// neither the actor nor the last active owner. To close it twice changes nothing.
func (a *Accounts) Deactivate(ctx context.Context, who actor.Actor, id actor.PersonID) error {
	return a.DeactivateAnd(ctx, who, id, func(context.Context, *store.Tx) error { return nil })
}

// DeactivateAnd is Deactivate together with something of another room, such as
// giving away what the person is responsible for: both happen, or neither.
func (a *Accounts) DeactivateAnd(ctx context.Context, who actor.Actor, id actor.PersonID, also func(context.Context, *store.Tx) error) error {
	return a.govern(ctx, who, id, func(tx *store.Tx, look *rights.Picture, was Person) error {
		switch {
		case look.LastOwner(id):
			return lastOwner()
		case who.Kind != actor.System && who.Person == id:
			return fault.New(fault.Denied, "person.self", "Nobody deactivates their own account.")
		case was.State == Deactivated:
			return also(ctx, tx)
		}
		if err := a.deactivate(ctx, tx, who, id); err != nil {
			return err
		}
		return also(ctx, tx)
	})
}

func (a *Accounts) deactivate(ctx context.Context, tx *store.Tx, who actor.Actor, id actor.PersonID) error {
	_, err := tx.Exec(ctx, store.Text(`UPDATE person SET version = version + 1, state = 'deactivated', updated_at = ? WHERE id = ?`), tx.Now(), id)
	if err != nil {
		return fmt.Errorf("deactivate person: %w", err)
	}
	sessions, err := a.endSessions(ctx, tx, who, id, "deactivated")
	if err != nil {
		return err
	}
	keys, err := tx.Exec(ctx, store.Text(`UPDATE program_key SET ended_at = ?, ended_why = 'deactivated' WHERE owner = ? AND ended_at IS NULL`), tx.Now(), id)
	if err != nil {
		return fmt.Errorf("end keys: %w", err)
	}
	if err := dropLinks(ctx, tx, id); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, store.Text(`DELETE FROM expected WHERE person = ?`), id); err != nil {
		return fmt.Errorf("end what was awaited: %w", err)
	}
	if err := a.announce(ctx, tx, id, Notice{Kind: mail.Deactivated}); err != nil {
		return err
	}
	return a.tell(ctx, tx, who, "person.deactivated", "person", int64(id), struct {
		Sessions int64 `json:"sessions"`
		Keys     int64 `json:"keys"`
	}{sessions, keys})
}

// Reactivate opens an account again. What ended stays ended: the person signs
// in anew, and keys are made anew.
func (a *Accounts) Reactivate(ctx context.Context, who actor.Actor, id actor.PersonID) error {
	return a.govern(ctx, who, id, func(tx *store.Tx, _ *rights.Picture, was Person) error {
		if was.State == Active {
			return nil
		}
		return a.reactivate(ctx, tx, who, id)
	})
}

func (a *Accounts) reactivate(ctx context.Context, tx *store.Tx, who actor.Actor, id actor.PersonID) error {
	_, err := tx.Exec(ctx, store.Text(`UPDATE person SET version = version + 1, state = 'active', updated_at = ? WHERE id = ?`), tx.Now(), id)
	if err != nil {
		return fmt.Errorf("reactivate person: %w", err)
	}
	if err := a.announce(ctx, tx, id, Notice{Kind: mail.Reactivated}); err != nil {
		return err
	}
	return a.tell(ctx, tx, who, "person.reactivated", "person", int64(id), nil)
}

// ChangePassword changes one's own password. The old one must be given; a wrong
// one is refused as at sign-in. All other sessions of the person end.
func (a *Accounts) ChangePassword(ctx context.Context, who actor.Actor, old, password string) error {
	if !self(who, who.Person) {
		return fault.New(fault.Denied, "password.own", "Only the person changes their own password.")
	}
	if wait, ok := a.byPerson.Begin(fmt.Sprint(who.Person)); !ok {
		return often(wait)
	}
	var stored *string
	if err := a.DB.QueryRow(ctx, store.Text(`SELECT password FROM person WHERE id = ?`), who.Person).Scan(&stored); err != nil {
		return fmt.Errorf("read password hash: %w", err)
	}
	right, _, err := a.hasher.check(ctx, old, text(stored))
	if err != nil {
		return err
	}
	if !right {
		return fault.New(fault.Invalid, "password.wrong", "The old password is not right.").At("old")
	}
	a.byPerson.Passed(fmt.Sprint(who.Person))
	hash, err := a.newPassword(ctx, who.Person, password)
	if err != nil {
		return err
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text(`UPDATE person SET version = version WHERE id = ? AND state = 'active' AND password = ?`), who.Person, stored)
		if err != nil {
			return fmt.Errorf("change password: %w", err)
		}
		if n == 0 {
			return NotSignedIn() // deactivated, or changed by somebody else, since it was read
		}
		return a.putPassword(ctx, tx, who, who.Person, hash, "self")
	})
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// newPassword checks a new password and hashes it, outside any transaction.
func (a *Accounts) newPassword(ctx context.Context, id actor.PersonID, password string) (string, error) {
	p, err := personAt(ctx, a.DB, id)
	if err != nil {
		return "", err
	}
	var f form
	if err := f.password(ctx, a, password, p.Email, p.Name); err != nil {
		return "", err
	}
	if err := f.err(); err != nil {
		return "", err
	}
	return a.hasher.hash(ctx, password)
}

func (a *Accounts) putPassword(ctx context.Context, tx *store.Tx, who actor.Actor, id actor.PersonID, hash, by string) error {
	was, err := personAt(ctx, tx, id)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, store.Text(`UPDATE person SET version = version + 1, password = ?, password_at = ?, updated_at = ? WHERE id = ?`), hash, tx.Now(), tx.Now(), id)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if _, err := a.endSessions(ctx, tx, who, id, "password"); err != nil {
		return err
	}
	if err := dropLinks(ctx, tx, id); err != nil {
		return err
	}
	if was.Password { // whoever has just come in for the first time knows
		err = a.announce(ctx, tx, id, Notice{Kind: mail.PasswordChanged, Words: map[string]string{"address": who.Address.String(), "device": device.Of(who.Device).String()}})
		if err != nil {
			return err
		}
	}
	return a.tell(ctx, tx, who, "person.password_changed", "person", int64(id), struct {
		By string `json:"by"`
	}{by})
}

// govern runs a change of somebody's account by whoever may change it, and makes
// everybody look again.
func (a *Accounts) govern(ctx context.Context, who actor.Actor, id actor.PersonID, do func(*store.Tx, *rights.Picture, Person) error) error {
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		look, err := a.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		if err := look.Over(who, id); err != nil {
			return err
		}
		was, err := personAt(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := do(tx, look, was); err != nil {
			return err
		}
		if err := a.forget(ctx, tx); err != nil {
			return err
		}
		return a.Rights.Changed(ctx, tx)
	})
}

func lastOwner() *fault.Fault {
	return fault.New(fault.Conflict, "person.last_owner", "This is the last active owner. Make somebody else an owner first.")
}
