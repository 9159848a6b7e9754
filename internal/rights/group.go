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

// Group is a region, a branch, a department: records are shared with it.
type Group struct {
	ID      actor.GroupID `json:"-"`
	Version int64         `json:"-"`
	Name    string        `json:"name"`
	Members int           `json:"-"`
}

// Member is a person's place in a group.
type Member struct {
	Person actor.PersonID `json:"person"`
	Role   actor.RoleID   `json:"role,omitempty"` // held in that group; zero: a plain member
}

// Groups lists all groups, by name. Everybody who is signed in may know them,
// since records are shared with them.
func (b *Book) Groups(ctx context.Context, who actor.Actor) ([]Group, error) {
	p, err := b.picture(ctx)
	if err != nil {
		return nil, err
	}
	if who.Kind == actor.Stranger {
		return nil, fault.New(fault.Unknown, "session.missing", "Nobody is signed in.")
	}
	var all []Group
	for id := range p.groups {
		all = append(all, p.group(id))
	}
	slices.SortFunc(all, func(a, b Group) int {
		return cmp.Or(cmp.Compare(value.TextKey(a.Name), value.TextKey(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// CreateGroup makes an empty group. It takes ManageGroups.
func (b *Book) CreateGroup(ctx context.Context, who actor.Actor, name string) (Group, error) {
	g := Group{Version: 1}
	var r reader
	if g.Name = r.name(name); r.err() != nil {
		return Group{}, r.err()
	}
	err := b.change(ctx, who, policy.ManageGroups, func(tx *store.Tx, p *Picture, _ judge) error {
		return b.createGroup(ctx, tx, p, who, &g)
	})
	return g, err
}

func (b *Book) createGroup(ctx context.Context, tx *store.Tx, p *Picture, who actor.Actor, g *Group) error {
	if p.groupTaken(0, g.Name) {
		return taken()
	}
	id, err := tx.NextSmall(ctx, "group")
	if err != nil {
		return err
	}
	g.ID = actor.GroupID(id)
	_, err = tx.Exec(ctx, store.Text(`INSERT INTO workgroup (id, version, name, name_key) VALUES (?, 1, ?, ?)`), id, g.Name, value.TextKey(g.Name))
	if err != nil {
		return fmt.Errorf("create group: %w", err)
	}
	return b.tell(ctx, tx, who, "group.created", "group", id, after{After: *g})
}

// RenameGroup takes ManageGroups and the version that was read.
func (b *Book) RenameGroup(ctx context.Context, who actor.Actor, id actor.GroupID, version int64, name string) (Group, error) {
	var r reader
	name = r.name(name)
	if err := r.err(); err != nil {
		return Group{}, err
	}
	var g Group
	err := b.change(ctx, who, policy.ManageGroups, func(tx *store.Tx, p *Picture, _ judge) error {
		was, err := p.groupAt(id, version)
		if err != nil {
			return err
		}
		g, err = b.renameGroup(ctx, tx, p, who, was, name)
		return err
	})
	return g, err
}

func (b *Book) renameGroup(ctx context.Context, tx *store.Tx, p *Picture, who actor.Actor, was Group, name string) (Group, error) {
	if p.groupTaken(was.ID, name) {
		return was, taken()
	}
	_, err := tx.Exec(ctx, store.Text(`UPDATE workgroup SET version = version + 1, name = ?, name_key = ? WHERE id = ?`), name, value.TextKey(name), was.ID)
	if err != nil {
		return was, fmt.Errorf("rename group: %w", err)
	}
	g := was
	g.Name, g.Version = name, was.Version+1
	return g, b.tell(ctx, tx, who, "group.changed", "group", int64(was.ID), change{was, g})
}

// DeleteGroup removes a group and its memberships, and with it what was shared
// through it. It takes ManageGroups and a standing that covers the roles held in it.
func (b *Book) DeleteGroup(ctx context.Context, who actor.Actor, id actor.GroupID, version int64) error {
	return b.change(ctx, who, policy.ManageGroups, func(tx *store.Tx, p *Picture, j judge) error {
		was, err := p.groupAt(id, version)
		if err != nil {
			return err
		}
		return b.deleteGroup(ctx, tx, p, j, who, was)
	})
}

func (b *Book) deleteGroup(ctx context.Context, tx *store.Tx, p *Picture, j judge, who actor.Actor, was Group) error {
	members := p.membersOf(was.ID)
	for _, m := range members {
		if err := j.covers(p.role(m.Role)); err != nil {
			return err
		}
	}
	if b.GroupGone != nil {
		if err := b.GroupGone(ctx, tx, was.ID); err != nil {
			return err
		}
	}
	for _, sql := range []store.Text{`DELETE FROM membership WHERE workgroup = ?`, `DELETE FROM workgroup WHERE id = ?`} {
		if _, err := tx.Exec(ctx, sql, was.ID); err != nil {
			return fmt.Errorf("delete group: %w", err)
		}
	}
	return b.tell(ctx, tx, who, "group.deleted", "group", int64(was.ID), before{Before: groupDetails{was.Name, members}})
}

type groupDetails struct {
	Name    string   `json:"name"`
	Members []Member `json:"members"`
}

// Members lists who belongs to a group, by person. It takes ManageGroups.
func (b *Book) Members(ctx context.Context, who actor.Actor, id actor.GroupID) (Group, []Member, error) {
	p, err := b.askAny(ctx, who, policy.ManageGroups)
	if err != nil {
		return Group{}, nil, err
	}
	if _, ok := p.groups[id]; !ok {
		return Group{}, nil, missing("group")
	}
	return p.group(id), p.membersOf(id), nil
}

// SetMembers replaces who belongs to a group and with which role. It takes
// ManageGroups and the version that was read. Roles that somebody gets, loses
// or exchanges must be covered by the changer's standing. Nobody but an
// administrator may put themselves into a group or raise their own place in it:
// otherwise the ability to arrange groups would be the right to read them all.
func (b *Book) SetMembers(ctx context.Context, who actor.Actor, id actor.GroupID, version int64, members []Member) error {
	return b.change(ctx, who, policy.ManageGroups, func(tx *store.Tx, p *Picture, j judge) error {
		if _, err := p.groupAt(id, version); err != nil {
			return err
		}
		return b.arrange(ctx, tx, p, j, who, id, members)
	})
}

func (b *Book) arrange(ctx context.Context, tx *store.Tx, p *Picture, j judge, who actor.Actor, id actor.GroupID, members []Member) error {
	was := p.membersOf(id)
	if err := p.mayArrange(j, was, members); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, store.Text(`DELETE FROM membership WHERE workgroup = ?`), id); err != nil {
		return fmt.Errorf("empty group: %w", err)
	}
	for _, m := range members {
		var role *int64
		if m.Role != 0 {
			n := int64(m.Role)
			role = &n
		}
		if _, err := tx.Exec(ctx, store.Text(`INSERT INTO membership (workgroup, person, role) VALUES (?, ?, ?)`), id, m.Person, role); err != nil {
			return fmt.Errorf("put into group: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, store.Text(`UPDATE workgroup SET version = version + 1 WHERE id = ?`), id); err != nil {
		return fmt.Errorf("count up group: %w", err)
	}
	now := slices.SortedFunc(slices.Values(members), func(a, b Member) int { return cmp.Compare(a.Person, b.Person) })
	return b.tell(ctx, tx, who, "group.members_changed", "group", int64(id), change{was, now})
}

// mayArrange judges the difference between two lists of members.
func (p *Picture) mayArrange(j judge, was, now []Member) error {
	before, after := map[actor.PersonID]Member{}, map[actor.PersonID]Member{}
	for _, m := range was {
		before[m.Person] = m
	}
	for _, m := range now {
		if _, known := p.people[m.Person]; !known {
			return missing("person").At("person")
		}
		if m.Role != 0 && p.role(m.Role) == nil {
			return missing("role").At("role")
		}
		if _, twice := after[m.Person]; twice {
			return fault.New(fault.Invalid, "members.twice", "A person is in a group once.").At("person")
		}
		after[m.Person] = m
		old, is := before[m.Person]
		if is && old == m {
			continue
		}
		if !j.house && m.Person == j.s.Person() && !j.s.Administrator() {
			return fault.New(fault.Denied, "members.self", "Only administrators put themselves into a group or change their own place in it.").At("person")
		}
		for _, role := range []actor.RoleID{old.Role, m.Role} {
			if err := j.covers(p.role(role)); err != nil {
				return err
			}
		}
	}
	for person, m := range before {
		if _, stays := after[person]; !stays {
			if err := j.covers(p.role(m.Role)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Picture) group(id actor.GroupID) Group {
	g := p.groups[id]
	return Group{id, g.version, g.it, len(p.membersOf(id))}
}

func (p *Picture) groupAt(id actor.GroupID, version int64) (Group, error) {
	g, ok := p.groups[id]
	if !ok {
		return Group{}, missing("group")
	}
	if g.version != version {
		return Group{}, outdated("group")
	}
	return p.group(id), nil
}

func (p *Picture) groupTaken(by actor.GroupID, name string) bool {
	for id, g := range p.groups {
		if id != by && value.TextKey(g.it) == value.TextKey(name) {
			return true
		}
	}
	return false
}

func (p *Picture) membersOf(id actor.GroupID) []Member {
	all := []Member{}
	for person, places := range p.members {
		for _, m := range places {
			if m.group == id {
				all = append(all, Member{person, m.role})
			}
		}
	}
	slices.SortFunc(all, func(a, b Member) int { return cmp.Compare(a.Person, b.Person) })
	return all
}
