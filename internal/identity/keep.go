package identity

import (
	"context"
	"fmt"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/policy"
	"castellan/internal/store"
	"castellan/internal/value"
)

// What follows is for the room directory alone, which keeps accounts in step with
// the firm's own list of people. Everything joins its transaction and is judged by
// rights.Picture.MayKeep; what makes no difference writes nothing, so that a
// directory may say the same every hour.

// Kept is an account as a directory wants it.
type Kept struct {
	Email    string
	Name     string
	Language string // empty: as it is, or English
	TimeZone string // empty: as it is, or UTC
}

// Everybody lists all accounts, by id, in a transaction of the directory's.
func (a *Accounts) Everybody(ctx context.Context, tx *store.Tx, who actor.Actor) ([]Person, error) {
	look, err := a.Rights.Look(ctx, tx)
	if err != nil {
		return nil, err
	}
	if _, err := look.Steward(who); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, store.Text(`SELECT `+personColumns+` FROM person p ORDER BY p.id`))
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	defer rows.Close()
	var all []Person
	for rows.Next() {
		p, err := scanPerson(rows)
		if err != nil {
			return nil, fmt.Errorf("list people: %w", err)
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// read checks what a directory says of a person. Words that mean nothing here are
// left out rather than refused: the directory speaks to many.
func (k *Kept) read() error {
	var f form
	k.Email, k.Name = f.email(k.Email), f.name(k.Name)
	if !slices.Contains(Languages(), k.Language) {
		k.Language = ""
	}
	var zone form
	if zone.timeZone(k.TimeZone); zone.err() != nil {
		k.TimeZone = ""
	}
	return f.err()
}

// KeepNew makes an account with a role and without a password: its person comes
// by a sign-in provider, or by a link from whoever manages people.
func (a *Accounts) KeepNew(ctx context.Context, tx *store.Tx, who actor.Actor, k Kept, role actor.RoleID) (Person, error) {
	look, err := a.Rights.Look(ctx, tx)
	if err != nil {
		return Person{}, err
	}
	if err := look.MayKeep(who, 0, role); err != nil {
		return Person{}, err
	}
	if err := k.read(); err != nil {
		return Person{}, err
	}
	p := Person{Email: k.Email, Name: k.Name, Role: role, RoleName: look.RoleName(role), Language: k.Language, TimeZone: k.TimeZone, State: Active, Version: 1}
	if p.Language == "" {
		p.Language = Languages()[0]
	}
	if p.TimeZone == "" {
		p.TimeZone = "UTC"
	}
	if err := a.insert(ctx, tx, &p, ""); err != nil {
		return Person{}, err
	}
	return p, a.tell(ctx, tx, who, "person.created", "person", int64(p.ID), detailsOf(p))
}

// Keep changes an account to what the directory says, and tells whether that made
// a difference.
func (a *Accounts) Keep(ctx context.Context, tx *store.Tx, who actor.Actor, id actor.PersonID, k Kept) (changed bool, err error) {
	look, err := a.Rights.Look(ctx, tx)
	if err != nil {
		return false, err
	}
	if _, err := look.Steward(who); err != nil {
		return false, err
	}
	was, err := personAt(ctx, tx, id)
	if err != nil {
		return false, err
	}
	if err := k.read(); err != nil {
		return false, err
	}
	patch := Patch{Email: &k.Email, Name: &k.Name, Language: &k.Language, TimeZone: &k.TimeZone}
	if k.Language == "" {
		patch.Language = nil
	}
	if k.TimeZone == "" {
		patch.TimeZone = nil
	}
	if was.Name == k.Name && value.EmailKey(was.Email) == value.EmailKey(k.Email) && (patch.Language == nil || was.Language == k.Language) && (patch.TimeZone == nil || was.TimeZone == k.TimeZone) {
		return false, nil
	}
	if err := look.MayKeep(who, id, 0); err != nil {
		return false, err
	}
	_, err = a.rewrite(ctx, tx, who, was, patch)
	return true, err
}

// KeepRole gives a person another role, as SetRole does.
func (a *Accounts) KeepRole(ctx context.Context, tx *store.Tx, who actor.Actor, id actor.PersonID, role actor.RoleID) error {
	look, err := a.Rights.Look(ctx, tx)
	if err != nil {
		return err
	}
	was, err := personAt(ctx, tx, id)
	if err != nil || was.Role == role {
		return err
	}
	if err := look.MayKeep(who, id, role); err != nil {
		return err
	}
	if err := a.setRole(ctx, tx, who, was, role); err != nil {
		return err
	}
	return a.Rights.Changed(ctx, tx)
}

// KeepOpen opens or closes an account, as Reactivate and Deactivate do: closed,
// its sessions, keys and links end at once. It tells whether that made a
// difference.
func (a *Accounts) KeepOpen(ctx context.Context, tx *store.Tx, who actor.Actor, id actor.PersonID, open bool) (changed bool, err error) {
	look, err := a.Rights.Look(ctx, tx)
	if err != nil {
		return false, err
	}
	was, err := personAt(ctx, tx, id)
	if err != nil || (was.State == Active) == open {
		return false, err
	}
	if err := look.MayKeep(who, id, 0); err != nil {
		return false, err
	}
	if open {
		err = a.reactivate(ctx, tx, who, id)
	} else {
		err = a.deactivate(ctx, tx, who, id)
	}
	if err != nil {
		return false, err
	}
	if err := a.forget(ctx, tx); err != nil {
		return false, err
	}
	return true, a.Rights.Changed(ctx, tx)
}

// SyncKeys lists the keys whose role keeps accounts in step, newest first, for
// those who hold ManageKeys.
func (a *Accounts) SyncKeys(ctx context.Context, who actor.Actor) ([]Key, error) {
	if err := a.Rights.May(ctx, who, policy.ManageKeys); err != nil {
		return nil, err
	}
	keys, err := a.Keys(ctx, who)
	if err != nil {
		return nil, err
	}
	var all []Key
	for i := range keys {
		k := &keys[i]
		asked := a.Rights.May(ctx, actor.Actor{Kind: actor.Program, Person: k.Owner, Key: k.ID, Role: k.Role}, policy.SyncAccounts)
		if asked == nil {
			all = append(all, *k)
		}
	}
	return all, nil
}
