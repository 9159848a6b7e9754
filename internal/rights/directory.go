package rights

import (
	"cmp"
	"context"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/store"
)

// A directory of the firm keeps accounts and groups in step through a program.
// The role of its key holds SyncAccounts and need hold nothing else, so that a
// key that leaks reads no client. How far it reaches is measured by its owner,
// the steward, as they are at this moment: whom the steward could not change, or
// which role they could not give, the directory cannot either. Owners it never
// makes, changes or closes.

// Steward is the person by whose rights a program keeps accounts in step. It
// takes SyncAccounts in the program's own role, and ManagePeople in its owner's.
func (p *Picture) Steward(who actor.Actor) (actor.Actor, error) {
	if who.Kind != actor.Program {
		return actor.Actor{}, fault.New(fault.Denied, "directory.program", "Accounts are kept in step by a program, with a key of its own.")
	}
	if err := p.Need(who, policy.SyncAccounts); err != nil {
		return actor.Actor{}, err
	}
	steward := actor.Actor{Kind: actor.Person, Person: who.Person}
	return steward, p.Need(steward, policy.ManagePeople)
}

// MayKeep tells whether a program may change the account of a person, who is zero
// if not there yet, and give it a role, which is zero if it keeps its own.
func (p *Picture) MayKeep(who actor.Actor, person actor.PersonID, role actor.RoleID) error {
	steward, err := p.Steward(who)
	if err != nil {
		return err
	}
	if person != 0 {
		if p.roles[p.people[person].role].it.Built == policy.Owner {
			return untouchable()
		}
		if err := p.Over(steward, person); err != nil {
			return err
		}
	}
	if role == 0 {
		return nil
	}
	if p.roles[role].it.Built == policy.Owner {
		return untouchable()
	}
	return p.MayGive(steward, person, role)
}

func untouchable() *fault.Fault {
	return fault.New(fault.Denied, "directory.owner", "Owners are made, changed and closed by people alone.")
}

// AllGroups are all groups as the picture has them, by id.
func (p *Picture) AllGroups() []Group {
	var all []Group
	for id := range p.groups {
		all = append(all, p.group(id))
	}
	slices.SortFunc(all, func(a, b Group) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// MembersOf lists who belongs to a group, by person.
func (p *Picture) MembersOf(id actor.GroupID) []Member { return p.membersOf(id) }

// groupKeeper judges a directory's change of groups by its steward.
func (p *Picture) groupKeeper(who actor.Actor) (judge, error) {
	steward, err := p.Steward(who)
	if err != nil {
		return judge{}, err
	}
	if err := p.Need(steward, policy.ManageGroups); err != nil {
		return judge{}, err
	}
	return p.judge(steward)
}

// KeepGroup makes a group for a directory (id zero) or renames one, in the
// transaction in which the directory changes. It takes what Steward takes, and
// ManageGroups in the steward.
func (b *Book) KeepGroup(ctx context.Context, tx *store.Tx, who actor.Actor, id actor.GroupID, name string) (Group, error) {
	p, err := b.Look(ctx, tx)
	if err != nil {
		return Group{}, err
	}
	if _, err := p.groupKeeper(who); err != nil {
		return Group{}, err
	}
	var r reader
	if name = r.name(name); r.err() != nil {
		return Group{}, r.err()
	}
	g := Group{Version: 1, Name: name}
	if id == 0 {
		err = b.createGroup(ctx, tx, p, who, &g)
	} else {
		was, known := p.groups[id]
		switch {
		case !known:
			return Group{}, missing("group")
		case was.it == name:
			return p.group(id), nil
		}
		g, err = b.renameGroup(ctx, tx, p, who, p.group(id), name)
	}
	if err != nil {
		return Group{}, err
	}
	return g, b.Changed(ctx, tx)
}

// KeepMembers makes people the members of a group, in the transaction in which
// the directory changes. Whoever stays keeps their role in the group; whoever
// comes is a plain member. It tells whether anything changed.
func (b *Book) KeepMembers(ctx context.Context, tx *store.Tx, who actor.Actor, id actor.GroupID, people []actor.PersonID) (changed bool, err error) {
	p, err := b.Look(ctx, tx)
	if err != nil {
		return false, err
	}
	j, err := p.groupKeeper(who)
	if err != nil {
		return false, err
	}
	if _, known := p.groups[id]; !known {
		return false, missing("group")
	}
	was := p.membersOf(id)
	now := []Member{}
	for _, person := range slices.Compact(slices.Sorted(slices.Values(people))) {
		m := Member{Person: person}
		if i := slices.IndexFunc(was, func(old Member) bool { return old.Person == person }); i >= 0 {
			m = was[i]
		}
		now = append(now, m)
	}
	if slices.Equal(was, now) {
		return false, nil
	}
	if err := b.arrange(ctx, tx, p, j, who, id, now); err != nil {
		return false, err
	}
	return true, b.Changed(ctx, tx)
}

// DropGroup removes a group, in the transaction in which the directory changes.
func (b *Book) DropGroup(ctx context.Context, tx *store.Tx, who actor.Actor, id actor.GroupID) error {
	p, err := b.Look(ctx, tx)
	if err != nil {
		return err
	}
	j, err := p.groupKeeper(who)
	if err != nil {
		return err
	}
	if _, known := p.groups[id]; !known {
		return missing("group")
	}
	if err := b.deleteGroup(ctx, tx, p, j, who, p.group(id)); err != nil {
		return err
	}
	return b.Changed(ctx, tx)
}
