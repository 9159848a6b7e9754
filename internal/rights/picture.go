package rights

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/store"
)

// Picture is all rights at one moment. It is never changed, and safe for
// concurrent use.
type Picture struct {
	epoch       int64
	roles       map[actor.RoleID]kept[policy.Role]
	groups      map[actor.GroupID]kept[string]
	people      map[actor.PersonID]place
	members     map[actor.PersonID][]membership
	differences map[actor.PersonID]kept[[]policy.Difference]
	rails       kept[policy.Rails]
	terms       map[subject]kept[policy.Terms]

	standings sync.Map // bearer or trial → *policy.Standing
	looks     sync.Map // viewer and viewed → look
	joined    sync.Map // bearer → policy.Terms
}

// kept is something with the version by which changes of it are told apart.
type kept[T any] struct {
	version int64
	it      T
}

// place is what identity says of a person.
type place struct {
	role   actor.RoleID
	active bool
}

type membership struct {
	group actor.GroupID
	role  actor.RoleID // zero: a plain member
}

// bearer is who holds a standing: a person, or a program with a role of its own.
type bearer struct {
	person actor.PersonID
	role   actor.RoleID // of the program; zero for the person
}

// Standing is Book.Standing at the moment of the picture.
func (p *Picture) Standing(who actor.Actor) (*policy.Standing, error) {
	s := p.own(who)
	if who.ViewAs == 0 {
		return s, nil
	}
	if ok, why := s.Can(policy.ViewAs); !ok || who.Kind != actor.Person {
		return nil, lacks(why)
	}
	if who.ViewRole != 0 {
		return p.withRole(who)
	}
	if at, known := p.people[who.ViewAs]; !known || !at.active {
		return nil, missing("person")
	}
	if err := p.mayLook(who.Person, who.ViewAs); err != nil {
		return nil, err
	}
	return p.of(bearer{person: who.ViewAs}), nil
}

// withRole is the standing that the actor would have with another role and no
// groups: what Try is for a draft.
func (p *Picture) withRole(who actor.Actor) (*policy.Standing, error) {
	role := p.role(who.ViewRole)
	if role == nil {
		return nil, missing("role")
	}
	if who.ViewAs != who.Person {
		return nil, missing("person")
	}
	own := p.of(bearer{person: who.Person})
	if err := own.Covers(*role); err != nil {
		return nil, err
	}
	key := trial{who.Person, who.ViewRole}
	if s, ok := p.standings.Load(key); ok {
		return s.(*policy.Standing), nil
	}
	s, _ := p.standings.LoadOrStore(key, policy.NewStanding(policy.StandingInput{Person: who.Person, Role: role, Rails: p.rails.it, Version: p.epoch}))
	return s.(*policy.Standing), nil
}

// trial is a person who looks with another role.
type trial struct {
	person actor.PersonID
	role   actor.RoleID
}

// mayLook tells whether all that one person holds is covered by what another
// does. It is asked with every request of a viewer, so the answer is kept.
func (p *Picture) mayLook(viewer, viewed actor.PersonID) error {
	pair := [2]actor.PersonID{viewer, viewed}
	if answer, ok := p.looks.Load(pair); ok {
		return answer.(look).refusal
	}
	refusal := p.covers(p.of(bearer{person: viewer}), viewed)
	p.looks.Store(pair, look{refusal})
	return refusal
}

type look struct{ refusal error }

// own is the standing of the actor, not of the person whose eyes are borrowed.
func (p *Picture) own(who actor.Actor) *policy.Standing {
	switch who.Kind {
	case actor.Person:
		if !who.Half {
			return p.of(bearer{person: who.Person})
		}
	case actor.Program:
		if who.Role != 0 {
			return p.of(bearer{who.Person, who.Role})
		}
	}
	return nobody
}

// nobody holds nothing.
var nobody = policy.NewStanding(policy.StandingInput{})

func (p *Picture) of(b bearer) *policy.Standing {
	if s, ok := p.standings.Load(b); ok {
		return s.(*policy.Standing)
	}
	s, _ := p.standings.LoadOrStore(b, p.assemble(b))
	return s.(*policy.Standing)
}

func (p *Picture) assemble(b bearer) *policy.Standing {
	at := p.people[b.person]
	if !at.active {
		return nobody
	}
	in := policy.StandingInput{Person: b.person, Rails: p.rails.it, Version: p.epoch}
	in.Role = p.role(at.role)
	if b.role == 0 {
		in.Differences = p.differences[b.person].it
	} else {
		// A program's role is no larger than what its owner could give away today.
		in.Role = p.role(b.role)
		if in.Role == nil || p.of(bearer{person: b.person}).Covers(*in.Role) != nil {
			return nobody
		}
	}
	for _, m := range p.members[b.person] {
		held := policy.Membership{Group: m.group, Name: p.groups[m.group].it}
		if b.role == 0 {
			held.Role = p.role(m.role)
		}
		in.Memberships = append(in.Memberships, held)
	}
	return policy.NewStanding(in)
}

func (p *Picture) role(id actor.RoleID) *policy.Role {
	r, ok := p.roles[id]
	if !ok {
		return nil
	}
	return &r.it
}

// Standings are those of all active people, in order of their ids.
func (p *Picture) Standings() []*policy.Standing {
	var all []*policy.Standing
	for id, at := range p.people {
		if at.active {
			all = append(all, p.of(bearer{person: id}))
		}
	}
	slices.SortFunc(all, func(a, b *policy.Standing) int { return cmp.Compare(a.Person(), b.Person()) })
	return all
}

// May tells whether the actor holds the ability, for questions.
func (p *Picture) May(who actor.Actor, a policy.Ability) error {
	if who.Kind == actor.System {
		return nil
	}
	s, err := p.Standing(who)
	if err != nil {
		return err
	}
	if ok, why := s.Can(a); !ok {
		return lacks(why)
	}
	return nil
}

// Need is May for changes: whoever looks through another person's eyes changes nothing.
func (p *Picture) Need(who actor.Actor, a policy.Ability) error {
	if who.ViewAs != 0 {
		return OnlyLooking()
	}
	return p.May(who, a)
}

// OnlyLooking is the answer to a change tried through another person's eyes.
func OnlyLooking() *fault.Fault {
	return fault.New(fault.Denied, "viewas.reads_only", "Looking through the eyes of another person changes nothing.")
}

// lacks is the answer to somebody without an ability. The sentence names it; no
// field of the request is wrong.
func lacks(why policy.Reason) *fault.Fault {
	return fault.New(fault.Denied, "ability.missing", why.English())
}

// judge says what an actor may give and take. The house gives everything.
type judge struct {
	house bool
	s     *policy.Standing
}

func (p *Picture) judge(who actor.Actor) (judge, error) {
	s, err := p.Standing(who)
	return judge{house: who.Kind == actor.System, s: s}, err
}

func (j judge) covers(r *policy.Role) error {
	if j.house || r == nil {
		return nil
	}
	return j.s.Covers(*r)
}

// Over tells whether the actor may change the account of a person: it takes
// ManagePeople, and a standing that covers everything the person holds, as a
// new password makes its setter that person.
func (p *Picture) Over(who actor.Actor, person actor.PersonID) error {
	if err := p.Need(who, policy.ManagePeople); err != nil {
		return err
	}
	if _, known := p.people[person]; !known {
		return missing("person")
	}
	if who.Kind == actor.System {
		return nil
	}
	return p.covers(p.own(who), person)
}

// covers holds everything that a person has been given, active or not, against a standing.
func (p *Picture) covers(s *policy.Standing, person actor.PersonID) error {
	at := p.people[person]
	if role := p.role(at.role); role != nil {
		if err := s.Covers(role.With(p.differences[person].it...)); err != nil {
			return err
		}
	}
	for _, m := range p.members[person] {
		if role := p.role(m.role); role != nil {
			if err := s.Covers(*role); err != nil {
				return err
			}
		}
	}
	return nil
}

// MayGive tells whether the actor may give the role to the person, who is zero
// if not there yet, or to a program of that person.
func (p *Picture) MayGive(who actor.Actor, person actor.PersonID, role actor.RoleID) error {
	r := p.role(role)
	if r == nil {
		return missing("role").At("role")
	}
	if who.ViewAs != 0 {
		return OnlyLooking()
	}
	j := judge{house: who.Kind == actor.System, s: p.own(who)}
	with := r.With(p.differences[person].it...)
	return j.covers(&with)
}

// Built finds a ready role by its key.
func (p *Picture) Built(key string) (actor.RoleID, bool) {
	for id, r := range p.roles {
		if r.it.Built == key {
			return id, true
		}
	}
	return 0, false
}

// Owners are the active people with the owner's role.
func (p *Picture) Owners() []actor.PersonID {
	var all []actor.PersonID
	for id, at := range p.people {
		if at.active && p.roles[at.role].it.Built == policy.Owner {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all
}

// LastOwner tells whether the person is the only active one with the owner's role.
func (p *Picture) LastOwner(person actor.PersonID) bool {
	owners := p.Owners()
	return len(owners) == 1 && owners[0] == person
}

// RoleName is the name of a role, empty if there is none.
func (p *Picture) RoleName(id actor.RoleID) string { return p.roles[id].it.Name }

// read reads everything in one transaction. The tables are small: they grow
// with people, not with clients.
func read(ctx context.Context, tx *store.Tx, epoch int64) (*Picture, error) {
	p := &Picture{
		epoch: epoch, roles: map[actor.RoleID]kept[policy.Role]{}, groups: map[actor.GroupID]kept[string]{},
		people: map[actor.PersonID]place{}, members: map[actor.PersonID][]membership{},
		differences: map[actor.PersonID]kept[[]policy.Difference]{}, terms: map[subject]kept[policy.Terms]{},
	}
	for _, part := range []struct {
		what string
		sql  store.Text
		row  func(*store.Rows) error
	}{
		{"roles", `SELECT id, version, name, built, rights FROM role`, p.readRole},
		{"groups", `SELECT id, version, name FROM workgroup`, p.readGroup},
		{"people", `SELECT id, role, state FROM person`, p.readPerson},
		{"members", `SELECT workgroup, person, COALESCE(role, 0) FROM membership ORDER BY workgroup, person`, p.readMember},
		{"differences", `SELECT person, version, rights FROM difference`, p.readDifferences},
		{"guard rails", `SELECT version, rights FROM rails`, p.readRails},
		{"terms", `SELECT scope, subject, version, terms FROM terms`, p.readTerms},
	} {
		if err := each(ctx, tx, part.sql, part.row); err != nil {
			return nil, fmt.Errorf("read %s: %w", part.what, err)
		}
	}
	return p, nil
}

func each(ctx context.Context, tx *store.Tx, sql store.Text, row func(*store.Rows) error) error {
	rows, err := tx.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (p *Picture) readRole(rows *store.Rows) error {
	var r kept[policy.Role]
	var rights string
	if err := rows.Scan(&r.it.ID, &r.version, &r.it.Name, &r.it.Built, &rights); err != nil {
		return err
	}
	if r.it.Built == policy.Owner {
		// Not what was written once, but everything that there is today.
		r.it = ownerRole(r.it)
	} else {
		id, name, built := r.it.ID, r.it.Name, r.it.Built
		if err := fromText(rights, &r.it, (*reader).role); err != nil {
			return err
		}
		r.it.ID, r.it.Name, r.it.Built = id, name, built
	}
	p.roles[r.it.ID] = r
	return nil
}

func ownerRole(r policy.Role) policy.Role {
	for _, ready := range policy.ReadyRoles() {
		if ready.Built == policy.Owner {
			ready.ID, ready.Name = r.ID, r.Name
			return ready
		}
	}
	return r
}

func (p *Picture) readGroup(rows *store.Rows) error {
	var id actor.GroupID
	var g kept[string]
	err := rows.Scan(&id, &g.version, &g.it)
	p.groups[id] = g
	return err
}

func (p *Picture) readPerson(rows *store.Rows) error {
	var id actor.PersonID
	var role actor.RoleID
	var state string
	err := rows.Scan(&id, &role, &state)
	p.people[id] = place{role, state == "active"}
	return err
}

func (p *Picture) readMember(rows *store.Rows) error {
	var m membership
	var person actor.PersonID
	err := rows.Scan(&m.group, &person, &m.role)
	p.members[person] = append(p.members[person], m)
	return err
}

func (p *Picture) readDifferences(rows *store.Rows) error {
	var person actor.PersonID
	var d kept[[]policy.Difference]
	var rights string
	if err := rows.Scan(&person, &d.version, &rights); err != nil {
		return err
	}
	if err := fromText(rights, &d.it, (*reader).differences); err != nil {
		return err
	}
	p.differences[person] = d
	return nil
}

func (p *Picture) readRails(rows *store.Rows) error {
	var rights string
	if err := rows.Scan(&p.rails.version, &rights); err != nil {
		return err
	}
	return fromText(rights, &p.rails.it, (*reader).rails)
}
