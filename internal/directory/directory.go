// Package directory keeps accounts in step with the list of people that the firm keeps elsewhere.
//
// It speaks SCIM 2.0 (RFC 7643, 7644) as a server, to programs whose key holds
// SyncAccounts: users are accounts, groups are groups. What a program may change
// is measured by the owner of its key (rights.Picture.Steward); owners of the
// workspace are made, changed and closed by people alone.
//
// To delete a user is to close the account: the ledger and the history speak of
// people, so nobody is ever deleted. Deleted, a user is not there any more for the
// directory, and created anew gets the same account back.
//
// A newcomer would get wrong who has the last word. What people have done by hand
// stands: an account that was closed by hand stays closed whatever the directory
// says, and a role that was given by hand is not taken back.
package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/identity"
	"castellan/internal/rights"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
	"castellan/internal/vault"
)

// Options are what a Directory needs. All must be given.
type Options struct {
	DB       *store.DB
	Accounts *identity.Accounts
	Rights   *rights.Book
	Scribe   *scribe.Scribe
	Vault    *vault.Vault
	URL      string // where SCIM is served, without a slash at the end
}

// Directory answers the firm's directory. It is safe for concurrent use.
type Directory struct{ Options }

// Open makes the keeper. It reads nothing yet.
func Open(o Options) *Directory { return &Directory{o} }

// GroupGone forgets what is known of a group, in the transaction that deletes it.
func GroupGone(ctx context.Context, tx *store.Tx, group actor.GroupID) error {
	if _, err := tx.Exec(ctx, store.Text(`DELETE FROM directory_group WHERE workgroup = ?`), group); err != nil {
		return fmt.Errorf("forget group of directory: %w", err)
	}
	return nil
}

// user is an account with what the directory has said of it.
type user struct {
	identity.Person
	known    bool // the directory has made it or taken it on
	external string
	login    string
	given    string
	family   string
	role     actor.RoleID // that the directory gave last
	closed   bool         // the directory closed it
	removed  bool
	synced   time.Time
}

// group is a group with what the directory has said of it.
type group struct {
	rights.Group
	members  []rights.Member
	known    bool
	made     bool
	external string
	role     actor.RoleID
	place    int64
	synced   time.Time
}

// desk is one transaction of the directory's.
type desk struct {
	*Directory
	ctx context.Context
	tx  *store.Tx
	who actor.Actor
}

// write runs a change, for a program that may.
func (d *Directory) write(ctx context.Context, who actor.Actor, do func(*desk) error) error {
	return d.DB.Write(ctx, func(tx *store.Tx) error {
		look, err := d.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := look.Steward(who); err != nil {
			return err
		}
		return do(&desk{d, ctx, tx, who})
	})
}

// read runs a question, for a program that may.
func (d *Directory) read(ctx context.Context, who actor.Actor, do func(*desk) error) error {
	return d.DB.Read(ctx, func(tx *store.Tx) error {
		look, err := d.Rights.Look(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := look.Steward(who); err != nil {
			return err
		}
		return do(&desk{d, ctx, tx, who})
	})
}

// users are all accounts, by id; those that the directory has deleted included.
func (k *desk) users() ([]*user, error) {
	people, err := k.Accounts.Everybody(k.ctx, k.tx, k.who)
	if err != nil {
		return nil, err
	}
	var all []*user
	by := map[actor.PersonID]*user{}
	for _, p := range people {
		u := &user{Person: p, login: p.Email, synced: p.Created}
		all = append(all, u)
		by[p.ID] = u
	}
	rows, err := k.tx.Query(k.ctx, store.Text(`SELECT person, COALESCE(external, ''), login, given_name, family_name, COALESCE(given, 0), closed,
		CASE WHEN removed_at IS NULL THEN 0 ELSE 1 END, synced_at FROM directory_person`))
	if err != nil {
		return nil, fmt.Errorf("list people of the directory: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var one user
		if err := rows.Scan(&one.ID, &one.external, &one.login, &one.given, &one.family, &one.role, &one.closed, &one.removed, &one.synced); err != nil {
			return nil, fmt.Errorf("list people of the directory: %w", err)
		}
		if u := by[one.ID]; u != nil {
			one.Person, one.known = u.Person, true
			*u = one
		}
	}
	return all, rows.Err()
}

// user finds one by the word that the directory knows it by. One that is not
// there and one that it has deleted are the same.
func (k *desk) user(word string) (*user, error) {
	id, ok := k.Vault.ID("person", word)
	if !ok {
		return nil, gone()
	}
	all, err := k.users()
	if err != nil {
		return nil, err
	}
	for _, u := range all {
		if u.ID == actor.PersonID(id) && !u.removed {
			return u, nil
		}
	}
	return nil, gone()
}

func gone() *fault.Fault {
	return fault.New(fault.Missing, "scim.missing", "There is no such resource.")
}

// remember writes down what the directory has said of a person.
func (k *desk) remember(u *user) error {
	var external *string
	if u.external != "" {
		external = &u.external
	}
	var role *int64
	if u.role != 0 {
		n := int64(u.role)
		role = &n
	}
	var removed *time.Time
	if u.removed {
		now := k.tx.Now()
		removed = &now
	}
	_, err := k.tx.Exec(k.ctx, store.Text(`INSERT INTO directory_person (person, external, login, login_key, given_name, family_name, given, closed, made, removed_at, synced_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person) DO UPDATE SET external = excluded.external, login = excluded.login, login_key = excluded.login_key,
		given_name = excluded.given_name, family_name = excluded.family_name, given = excluded.given, closed = excluded.closed, removed_at = excluded.removed_at, synced_at = excluded.synced_at`),
		u.ID, external, u.login, loginKey(u.login), u.given, u.family, role, u.closed, u.role != 0, removed, k.tx.Now())
	if err != nil {
		return fmt.Errorf("write down what the directory says: %w", err)
	}
	u.synced = k.tx.Now()
	return k.tell("person.synced", "person", int64(u.ID), struct {
		Removed bool `json:"removed"`
		Closed  bool `json:"closed"`
	}{u.removed, u.closed})
}

func loginKey(login string) string { return value.EmailKey(login) }

func (k *desk) tell(event scribe.Event, kind string, id int64, details any) error {
	return k.Scribe.Write(k.ctx, k.tx, scribe.Entry{Event: event, Who: k.who, Kind: kind, Records: []schema.RecordID{schema.RecordID(id)}, Details: details})
}

// taken refuses a name or an address that another account has.
func taken() *fault.Fault {
	return fault.New(fault.Conflict, "scim.uniqueness", "Another resource has this name.")
}

// free finds who else has a login or a mail address: nobody, or somebody whom the
// directory has deleted.
func (k *desk) free(all []*user, login, email string, but actor.PersonID) (back *user, err error) {
	for _, u := range all {
		if u.ID == but {
			continue
		}
		same := loginKey(u.login) == loginKey(login) || value.EmailKey(u.Email) == value.EmailKey(email) || !u.known && value.EmailKey(u.Email) == loginKey(login)
		if !same {
			continue
		}
		if !u.removed || back != nil || but != 0 {
			return nil, taken()
		}
		back = u
	}
	return back, nil
}

// inStep brings an account to what the draft says of it.
func (k *desk) inStep(u *user, d *draft) error {
	all, err := k.users()
	if err != nil {
		return err
	}
	if _, err := k.free(all, d.login, d.email, u.ID); err != nil {
		return err
	}
	changed, err := k.Accounts.Keep(k.ctx, k.tx, k.who, u.ID, d.kept())
	if err != nil {
		return told(err)
	}
	was := *u
	u.login, u.external, u.given, u.family = d.login, d.external, d.given, d.family
	if d.active != nil && *d.active != (u.State == identity.Active) {
		if *d.active && !u.closed {
			return fault.New(fault.Denied, "directory.by_hand", "This account was closed by hand, and is opened by hand.")
		}
		if _, err := k.Accounts.KeepOpen(k.ctx, k.tx, k.who, u.ID, *d.active); err != nil {
			return err
		}
		u.closed, changed = !*d.active, true
	}
	if u.known && !changed && u.login == was.login && u.external == was.external && u.given == was.given && u.family == was.family && u.removed == was.removed {
		return nil
	}
	if !u.known && !changed && loginKey(u.login) == loginKey(was.Email) && u.external == "" && u.given == "" && u.family == "" {
		return nil // nothing was said that is not so
	}
	if err := k.mayKeep(u.ID); err != nil {
		return err
	}
	u.known = true
	return k.remember(u)
}

func (k *desk) mayKeep(id actor.PersonID) error {
	look, err := k.Rights.Look(k.ctx, k.tx)
	if err != nil {
		return err
	}
	return look.MayKeep(k.who, id, 0)
}

// told says of a taken address what SCIM says.
func told(err error) error {
	if f, ok := fault.As(err); ok && (f.Code == "email.taken" || f.Code == "name.taken") {
		return taken()
	}
	return err
}

// makeUser makes an account, or brings one back that the directory had deleted.
func (k *desk) makeUser(d *draft) (*user, error) {
	all, err := k.users()
	if err != nil {
		return nil, err
	}
	back, err := k.free(all, d.login, d.email, 0)
	if err != nil {
		return nil, err
	}
	yes := true
	if d.active == nil {
		d.active = &yes
	}
	if back != nil {
		back.removed = false
		if err := k.inStep(back, d); err != nil {
			return nil, err
		}
		return back, k.remember(back)
	}
	role, err := k.roleOf(0)
	if err != nil {
		return nil, err
	}
	if role == 0 {
		return nil, fault.New(fault.Conflict, "directory.no_role", "No role is set for people whom the directory brings. Whoever manages security sets one in Castellan under account sync.")
	}
	p, err := k.Accounts.KeepNew(k.ctx, k.tx, k.who, d.kept(), role)
	if err != nil {
		return nil, told(err)
	}
	u := &user{Person: p, known: true, external: d.external, login: d.login, given: d.given, family: d.family, role: role}
	if !*d.active {
		if _, err := k.Accounts.KeepOpen(k.ctx, k.tx, k.who, p.ID, false); err != nil {
			return nil, err
		}
		u.State, u.closed = identity.Deactivated, true
	}
	return u, k.remember(u)
}

// removeUser closes an account, and takes its person out of the groups that the
// directory keeps: made anew, they begin with what it then says.
func (k *desk) removeUser(u *user) error {
	changed, err := k.Accounts.KeepOpen(k.ctx, k.tx, k.who, u.ID, false)
	if err != nil {
		return err
	}
	if !changed { // closed by hand, or by the directory before
		if err := k.mayKeep(u.ID); err != nil {
			return err
		}
	}
	u.closed, u.removed = u.closed || changed, true
	if err := k.remember(u); err != nil {
		return err
	}
	groups, err := k.groups()
	if err != nil {
		return err
	}
	for _, g := range groups {
		left := []actor.PersonID{}
		for _, m := range g.members {
			if m.Person != u.ID {
				left = append(left, m.Person)
			}
		}
		if g.known && len(left) < len(g.members) {
			if _, err := k.Rights.KeepMembers(k.ctx, k.tx, k.who, g.ID, left); err != nil {
				return err
			}
		}
	}
	return nil
}

// roleOf is the role that the directory gives a person: by group, or the one of
// everybody. Zero: none.
func (k *desk) roleOf(id actor.PersonID) (actor.RoleID, error) {
	var role actor.RoleID
	err := k.tx.QueryRow(k.ctx, store.Text(`SELECT g.role FROM directory_group g JOIN membership m ON m.workgroup = g.workgroup
		WHERE m.person = ? AND g.role IS NOT NULL ORDER BY g.place, g.workgroup LIMIT 1`), id).Scan(&role)
	if errors.Is(err, store.ErrNoRows) {
		err = k.tx.QueryRow(k.ctx, store.Text(`SELECT COALESCE(role, 0) FROM directory WHERE id = 1`)).Scan(&role)
	}
	if err != nil {
		return 0, fmt.Errorf("read role of directory: %w", err)
	}
	return role, nil
}

// settle gives people the roles that follow from their groups, unless somebody
// has given them another one by hand.
func (k *desk) settle(people map[actor.PersonID]bool) error {
	all, err := k.users()
	if err != nil {
		return err
	}
	for _, u := range all {
		if !people[u.ID] || !u.known || u.removed || u.role == 0 || u.role != u.Role {
			continue
		}
		role, err := k.roleOf(u.ID)
		if err != nil {
			return err
		}
		if role == 0 || role == u.Role {
			continue
		}
		if err := k.Accounts.KeepRole(k.ctx, k.tx, k.who, u.ID, role); err != nil {
			return err
		}
		u.role = role
		if err := k.remember(u); err != nil {
			return err
		}
	}
	return nil
}

// groups are all groups, by id.
func (k *desk) groups() ([]*group, error) {
	look, err := k.Rights.Look(k.ctx, k.tx)
	if err != nil {
		return nil, err
	}
	return groupsOf(k.ctx, k.tx, look)
}

func groupsOf(ctx context.Context, tx *store.Tx, look *rights.Picture) ([]*group, error) {
	var all []*group
	by := map[actor.GroupID]*group{}
	for _, g := range look.AllGroups() {
		one := &group{Group: g, members: look.MembersOf(g.ID)}
		all = append(all, one)
		by[g.ID] = one
	}
	rows, err := tx.Query(ctx, store.Text(`SELECT workgroup, COALESCE(external, ''), made, COALESCE(role, 0), place, synced_at FROM directory_group`))
	if err != nil {
		return nil, fmt.Errorf("list groups of the directory: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var one group
		if err := rows.Scan(&one.ID, &one.external, &one.made, &one.role, &one.place, &one.synced); err != nil {
			return nil, fmt.Errorf("list groups of the directory: %w", err)
		}
		if g := by[one.ID]; g != nil {
			g.known, g.external, g.made, g.role, g.place, g.synced = true, one.external, one.made, one.role, one.place, one.synced
		}
	}
	return all, rows.Err()
}

func (k *desk) group(word string) (*group, error) {
	id, ok := k.Vault.ID("group", word)
	if !ok {
		return nil, gone()
	}
	all, err := k.groups()
	if err != nil {
		return nil, err
	}
	for _, g := range all {
		if g.ID == actor.GroupID(id) {
			return g, nil
		}
	}
	return nil, gone()
}

// rememberGroup writes down that the directory keeps a group.
func (k *desk) rememberGroup(g *group) error {
	var external *string
	if g.external != "" {
		external = &g.external
	}
	_, err := k.tx.Exec(k.ctx, store.Text(`INSERT INTO directory_group (workgroup, external, made, place, synced_at) VALUES (?, ?, ?, 0, ?)
		ON CONFLICT (workgroup) DO UPDATE SET external = excluded.external, synced_at = excluded.synced_at`), g.ID, external, g.made, k.tx.Now())
	if err != nil {
		return fmt.Errorf("write down what the directory says: %w", err)
	}
	g.known, g.synced = true, k.tx.Now()
	return k.tell("group.synced", "group", int64(g.ID), struct {
		Made bool `json:"made"`
	}{g.made})
}

// groupInStep brings a group to what the draft says of it. A new one has no id.
func (k *desk) groupInStep(g *group, d *groupDraft) error {
	changed := g.ID == 0 || g.external != d.external || g.Name != value.Line(d.name)
	made, err := k.Rights.KeepGroup(k.ctx, k.tx, k.who, g.ID, d.name)
	if err != nil {
		return told(err)
	}
	g.made = g.made || g.ID == 0
	g.Group = made
	g.external = d.external
	all, err := k.users()
	if err != nil {
		return err
	}
	concerned := map[actor.PersonID]bool{}
	for _, m := range g.members {
		concerned[m.Person] = true
	}
	there := map[actor.PersonID]bool{}
	for _, u := range all {
		there[u.ID] = !u.removed
	}
	var people []actor.PersonID
	for _, word := range d.members {
		id, ok := k.Vault.ID("person", word)
		if !ok || !there[actor.PersonID(id)] {
			return invalid("invalidValue", "A member of a group must be a user that there is.")
		}
		people = append(people, actor.PersonID(id))
		concerned[actor.PersonID(id)] = true
	}
	moved, err := k.Rights.KeepMembers(k.ctx, k.tx, k.who, g.ID, people)
	if err != nil {
		return err
	}
	if !changed && !moved {
		return nil
	}
	if err := k.rememberGroup(g); err != nil {
		return err
	}
	return k.settle(concerned)
}

// removeGroup deletes a group that the directory made. One that people made is
// theirs to delete: what is shared with it would be taken back.
func (k *desk) removeGroup(g *group) error {
	if !g.made {
		return fault.New(fault.Denied, "directory.group_by_hand", "This group was made by hand, and is deleted by hand.")
	}
	concerned := map[actor.PersonID]bool{}
	for _, m := range g.members {
		concerned[m.Person] = true
	}
	if err := k.Rights.DropGroup(k.ctx, k.tx, k.who, g.ID); err != nil {
		return err
	}
	return k.settle(concerned)
}

// invalid is a fault in the words of SCIM: the kind is one of RFC 7644, 3.12.
func invalid(kind, words string) *fault.Fault {
	return fault.New(fault.Invalid, "scim."+kind, words)
}

// ScimType is the word of RFC 7644 for a fault, or empty.
func ScimType(code string) string {
	word, ok := strings.CutPrefix(code, "scim.")
	switch {
	case ok && word != "missing":
		return word
	case code == "email.taken", code == "name.taken":
		return "uniqueness"
	case strings.HasPrefix(code, "body."):
		return "invalidSyntax"
	case strings.HasSuffix(code, ".invalid"), strings.HasSuffix(code, ".length"):
		return "invalidValue"
	}
	return ""
}
