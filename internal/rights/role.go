package rights

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/store"
	"castellan/internal/value"
)

// Role is a role as people see and change it.
type Role struct {
	ID      actor.RoleID `json:"-"`
	Version int64        `json:"-"`
	Name    string       `json:"name"`
	Built   string       `json:"built,omitempty"` // key of the ready role that it is; the name is translated by it
	People  int          `json:"-"`               // how many have it, in the workspace or in a group
	Rights
}

// Longest name of a role or group, in characters.
const longestName = 100

// Found makes the ready roles of a new workspace, in the transaction that
// founds it, and says which one is the owner's.
func (b *Book) Found(ctx context.Context, tx *store.Tx) (owner actor.RoleID, err error) {
	for _, ready := range policy.ReadyRoles() {
		id, err := b.insertRole(ctx, tx, ready)
		if err != nil {
			return 0, err
		}
		if ready.Built == policy.Owner {
			owner = id
		}
	}
	return owner, b.Changed(ctx, tx)
}

// Roles lists all roles, by name. It takes ManageRoles or ManagePeople.
func (b *Book) Roles(ctx context.Context, who actor.Actor) ([]Role, error) {
	p, err := b.askAny(ctx, who, policy.ManageRoles, policy.ManagePeople)
	if err != nil {
		return nil, err
	}
	var all []Role
	for id := range p.roles {
		all = append(all, p.show(id))
	}
	slices.SortFunc(all, func(a, b Role) int {
		return cmp.Or(cmp.Compare(value.TextKey(a.Name), value.TextKey(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// Ready is the key of the ready role that a role is, by which its name is translated
// for whoever is told that name; empty for others. It asks for no ability: what ready
// roles are called is no secret.
func (b *Book) Ready(ctx context.Context, id actor.RoleID) (string, error) {
	p, err := b.picture(ctx)
	if err != nil {
		return "", err
	}
	return p.roles[id].it.Built, nil
}

// Role reads one role. It takes what Roles takes.
func (b *Book) Role(ctx context.Context, who actor.Actor, id actor.RoleID) (Role, error) {
	p, err := b.askAny(ctx, who, policy.ManageRoles, policy.ManagePeople)
	if err != nil {
		return Role{}, err
	}
	if p.role(id) == nil {
		return Role{}, missing("role")
	}
	return p.show(id), nil
}

// CreateRole makes a role. It takes ManageRoles, and a standing that covers the role.
func (b *Book) CreateRole(ctx context.Context, who actor.Actor, draft Role) (Role, error) {
	role, err := b.readRole(draft)
	if err != nil {
		return Role{}, err
	}
	err = b.change(ctx, who, policy.ManageRoles, func(tx *store.Tx, p *Picture, j judge) error {
		if err := j.covers(&role); err != nil {
			return err
		}
		if p.roleTaken(0, role.Name) {
			return taken()
		}
		if role.ID, err = b.insertRole(ctx, tx, role); err != nil {
			return err
		}
		return b.tell(ctx, tx, who, "role.created", "role", int64(role.ID), after{After: words(role)})
	})
	if err != nil {
		return Role{}, err
	}
	w := words(role)
	w.Version = 1
	return w, nil
}

// ChangeRole replaces the name and the rights of a role. It takes ManageRoles,
// and a standing that covers the role as it was and as it will be. The version
// must be the one that was read. The owner's role keeps its rights.
func (b *Book) ChangeRole(ctx context.Context, who actor.Actor, draft Role) (Role, error) {
	role, err := b.readRole(draft)
	if err != nil {
		return Role{}, err
	}
	var shown Role
	err = b.change(ctx, who, policy.ManageRoles, func(tx *store.Tx, p *Picture, j judge) error {
		was, ok := p.roles[draft.ID]
		if !ok {
			return missing("role")
		}
		if was.version != draft.Version {
			return outdated("role")
		}
		next := role
		next.ID, next.Built = draft.ID, was.it.Built
		if was.it.Built == policy.Owner {
			owner := was.it.Clone()
			owner.Name = role.Name
			next = owner
		} else if role.Name != was.it.Name {
			next.Built = ""
		}
		if p.roleTaken(draft.ID, next.Name) {
			return taken()
		}
		for _, r := range []*policy.Role{&was.it, &next} {
			if err := j.covers(r); err != nil {
				return err
			}
		}
		if err := p.coversWithDifferences(j, next); err != nil {
			return err
		}
		rights, err := text(RightsOf(next))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, store.Text(`UPDATE role SET version = version + 1, name = ?, name_key = ?, built = ?, rights = ? WHERE id = ?`),
			next.Name, value.TextKey(next.Name), next.Built, rights, next.ID)
		if err != nil {
			return fmt.Errorf("change role: %w", err)
		}
		shown = words(next)
		shown.Version, shown.People = was.version+1, p.holders(next.ID)
		return b.tell(ctx, tx, who, "role.changed", "role", int64(next.ID), change{words(was.it), shown})
	})
	return shown, err
}

// coversWithDifferences keeps a change of a role from giving somebody, with
// their differences on top, more than the changer holds. Whoever of them held
// more before is not the changer's to decide over either.
func (p *Picture) coversWithDifferences(j judge, next policy.Role) error {
	for person, d := range p.differences {
		if p.people[person].role != next.ID || len(d.it) == 0 {
			continue
		}
		with := next.With(d.it...)
		if err := j.covers(&with); err != nil {
			return err
		}
	}
	return nil
}

// DeleteRole removes a role that nobody has. It takes ManageRoles, and a
// standing that covers the role.
func (b *Book) DeleteRole(ctx context.Context, who actor.Actor, id actor.RoleID, version int64) error {
	return b.change(ctx, who, policy.ManageRoles, func(tx *store.Tx, p *Picture, j judge) error {
		was, ok := p.roles[id]
		if !ok {
			return missing("role")
		}
		if was.version != version {
			return outdated("role")
		}
		if err := j.covers(&was.it); err != nil {
			return err
		}
		var keys int
		if err := tx.QueryRow(ctx, store.Text(`SELECT COUNT(*) FROM program_key WHERE role = ? AND ended_at IS NULL`), id).Scan(&keys); err != nil {
			return fmt.Errorf("count the keys of a role: %w", err)
		}
		if was.it.Built == policy.Owner || keys > 0 || p.holders(id) > 0 {
			return fault.New(fault.Conflict, "role.in_use", "This role is in use. Give another one to whoever has it, deactivated people and program keys included.")
		}
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM role WHERE id = ?`), id); err != nil {
			return fmt.Errorf("delete role: %w", err)
		}
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM terms WHERE scope = 'role' AND subject = ?`), id); err != nil {
			return fmt.Errorf("delete the terms of a role: %w", err)
		}
		return b.tell(ctx, tx, who, "role.deleted", "role", int64(id), before{Before: words(was.it)})
	})
}

// ForgetField takes out of every role and every difference the rules that name
// a field, in the transaction that removes the field: a later one of the same
// name must not inherit them.
func (b *Book) ForgetField(ctx context.Context, tx *store.Tx, kind, field string) error {
	p, err := b.Look(ctx, tx)
	if err != nil {
		return err
	}
	for id, r := range p.roles {
		without := r.it.WithoutField(kind, field)
		if len(without.Sights) == len(r.it.Sights) {
			continue
		}
		if err := b.rewrite(ctx, tx, `UPDATE role SET version = version + 1, rights = ? WHERE id = ?`, RightsOf(without), int64(id)); err != nil {
			return err
		}
	}
	for person, d := range p.differences {
		var left []Difference
		for _, one := range d.it {
			if one.Aspect != policy.SightAspect || one.Sight.Kind != kind || one.Sight.Field != field {
				left = append(left, differenceOf(one))
			}
		}
		if len(left) == len(d.it) {
			continue
		}
		if err := b.rewrite(ctx, tx, `UPDATE difference SET version = version + 1, rights = ? WHERE person = ?`, left, int64(person)); err != nil {
			return err
		}
	}
	return b.Changed(ctx, tx)
}

func (b *Book) rewrite(ctx context.Context, tx *store.Tx, sql store.Text, rights any, id int64) error {
	w, err := text(rights)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sql, w, id); err != nil {
		return fmt.Errorf("rewrite rights: %w", err)
	}
	return nil
}

func (b *Book) insertRole(ctx context.Context, tx *store.Tx, r policy.Role) (actor.RoleID, error) {
	id, err := tx.NextSmall(ctx, "role")
	if err != nil {
		return 0, err
	}
	rights, err := text(RightsOf(r))
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, store.Text(`INSERT INTO role (id, version, name, name_key, built, rights) VALUES (?, 1, ?, ?, ?, ?)`),
		id, r.Name, value.TextKey(r.Name), r.Built, rights)
	if err != nil {
		return 0, fmt.Errorf("create role: %w", err)
	}
	return actor.RoleID(id), nil
}

// readRole turns what a person sent into a role.
func (b *Book) readRole(draft Role) (policy.Role, error) {
	r := reader{catalog: b.Catalog()}
	role := r.role(draft.Rights)
	role.Name = r.name(draft.Name)
	return role, r.err()
}

// name reads the name of a role or group.
func (r *reader) name(typed string) string {
	n := value.Line(typed)
	if n == "" || len([]rune(n)) > longestName {
		r.complain("name", "name.length", "A name has 1 to %d characters.", longestName)
	}
	return n
}

func taken() *fault.Fault {
	return fault.New(fault.Invalid, "name.taken", "This name is taken.").At("name")
}

func (p *Picture) roleTaken(by actor.RoleID, name string) bool {
	for id, r := range p.roles {
		if id != by && value.TextKey(r.it.Name) == value.TextKey(name) {
			return true
		}
	}
	return false
}

// holders counts who has a role, in the workspace or in a group.
func (p *Picture) holders(id actor.RoleID) int {
	n := 0
	for person, at := range p.people {
		has := at.role == id
		for _, m := range p.members[person] {
			has = has || m.role == id
		}
		if has {
			n++
		}
	}
	return n
}

func (p *Picture) show(id actor.RoleID) Role {
	r := p.roles[id]
	w := words(r.it)
	w.Version, w.People = r.version, p.holders(id)
	return w
}

func words(r policy.Role) Role {
	return Role{ID: r.ID, Name: r.Name, Built: r.Built, Rights: RightsOf(r)}
}

// askAny gives the picture in memory to whoever holds one of the abilities.
func (b *Book) askAny(ctx context.Context, who actor.Actor, any ...policy.Ability) (*Picture, error) {
	p, err := b.picture(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range any {
		if err = p.May(who, a); err == nil {
			return p, nil
		}
	}
	return nil, err
}

// Called is what a role is called, and the key of the ready role that it is: for
// the face, which names to people what they already know of.
func (b *Book) Called(ctx context.Context, id actor.RoleID) (name, built string, err error) {
	p, err := b.picture(ctx)
	if err != nil {
		return "", "", err
	}
	r := p.roles[id].it
	return r.Name, r.Built, nil
}
