// Package rights keeps roles, groups, memberships, differences and guard rails, and assembles each actor's standing.
//
// What a right means is for policy to say; here lies who has which. Book
// answers Standing from memory, with every request of every actor, and forgets
// what it remembers as soon as anything changes (see package epoch).
//
// A change is judged on a Picture that is read in the transaction of the change
// itself, never on what is remembered: what was true a moment ago in another
// process must not be enough to give rights away.
//
// Two laws hold for every change. Nobody gives more than they hold, and nobody
// takes away from those who hold more: both the rights before and the rights
// after must be covered by the standing of whoever makes it. And the owner's
// role always holds everything: it cannot be edited, and there is always
// somebody active who has it.
//
// A newcomer would get wrong that the house itself (actor.System) has no
// standing here. It passes Need, since only the command line and jobs act in
// its name, but it sees no record through a role; records asks policy.Whole.
package rights

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"castellan/internal/actor"
	"castellan/internal/epoch"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// Options are what a Book needs. All but GroupGone and Zone must be given.
type Options struct {
	DB      *store.DB
	Scribe  *scribe.Scribe
	Catalog func() *schema.Catalog // the kinds and fields that roles may name

	// GroupGone runs in the transaction that deletes a group, before it is
	// gone: what was shared with it must be taken back there. Nil: nothing is.
	GroupGone func(ctx context.Context, tx *store.Tx, group actor.GroupID) error

	Zone func() string // the time zone of the workspace, in which hours of entry count; nil: UTC
}

// Book is the keeper of rights. It is safe for concurrent use.
type Book struct {
	Options
	epoch *epoch.Epoch

	last atomic.Pointer[Picture] // the picture that was read last
	mu   sync.Mutex              // held by the one who reads a new one

	zones sync.Map // name → *time.Location
}

// Open makes the keeper. It reads nothing yet.
func Open(o Options) *Book { return &Book{Options: o, epoch: epoch.New(o.DB, "rights")} }

// Standing is all that decides what the actor may do. Strangers, people who
// were deactivated and the house itself hold nothing. A program holds the role
// of its key, as long as its owner could still give that role. Whoever looks
// through another person's eyes gets that person's standing, if they have the
// ability and that person holds no more than they do; otherwise a fault.
//
// A change made by this process is seen at once, one made by another process
// within a second.
func (b *Book) Standing(ctx context.Context, who actor.Actor) (*policy.Standing, error) {
	p, err := b.picture(ctx)
	if err != nil {
		return nil, err
	}
	return p.Standing(who)
}

// Standings are those of all active people, in order of their ids.
func (b *Book) Standings(ctx context.Context) ([]*policy.Standing, error) {
	p, err := b.picture(ctx)
	if err != nil {
		return nil, err
	}
	return p.Standings(), nil
}

// May tells whether the actor holds the ability, for questions. The answer is
// nil, or a fault that says what is missing.
func (b *Book) May(ctx context.Context, who actor.Actor, a policy.Ability) error {
	p, err := b.picture(ctx)
	if err != nil {
		return err
	}
	return p.May(who, a)
}

// Need is May for changes: whoever looks through another person's eyes changes nothing.
func (b *Book) Need(ctx context.Context, who actor.Actor, a policy.Ability) error {
	if who.ViewAs != 0 {
		return OnlyLooking()
	}
	return b.May(ctx, who, a)
}

// Try is the standing that the actor would have with another role and no groups,
// to see what a role shows before anybody has it. It takes ViewAs, and a
// standing that covers the role.
func (b *Book) Try(ctx context.Context, who actor.Actor, draft Rights) (*policy.Standing, error) {
	r := reader{catalog: b.Catalog()}
	role := r.role(draft)
	p, err := b.picture(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.Need(who, policy.ViewAs); err != nil {
		return nil, err
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	j, err := p.judge(who)
	if err != nil {
		return nil, err
	}
	if err := j.covers(&role); err != nil {
		return nil, err
	}
	return policy.NewStanding(policy.StandingInput{Person: who.Person, Role: &role, Rails: p.rails.it, Version: p.epoch}), nil
}

// Look is the picture as the transaction sees it. Changes are judged by it.
func (b *Book) Look(ctx context.Context, tx *store.Tx) (*Picture, error) {
	n, err := b.epoch.Under(ctx, tx)
	if err != nil {
		return nil, err
	}
	return read(ctx, tx, n)
}

// Changed must be called in every transaction that changes what a standing is
// made of. Identity calls it for people's roles and states.
func (b *Book) Changed(ctx context.Context, tx *store.Tx) error { return b.epoch.Advance(ctx, tx) }

// picture is the one in memory, or a newer one if it has grown old.
func (b *Book) picture(ctx context.Context) (*Picture, error) {
	n, err := b.epoch.Current(ctx)
	if err != nil {
		return nil, err
	}
	if p := b.last.Load(); p != nil && p.epoch >= n {
		return p, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.last.Load(); p != nil && p.epoch >= n {
		return p, nil
	}
	var p *Picture
	err = b.DB.Read(ctx, func(tx *store.Tx) error {
		p, err = b.Look(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read rights: %w", err)
	}
	b.last.Store(p)
	return p, nil
}

// change runs a change of rights: it looks, asks for the ability, does it and
// makes everybody look again.
func (b *Book) change(ctx context.Context, who actor.Actor, a policy.Ability, do func(*store.Tx, *Picture, judge) error) error {
	return b.DB.Write(ctx, func(tx *store.Tx) error {
		p, err := b.Look(ctx, tx)
		if err != nil {
			return err
		}
		if err := p.Need(who, a); err != nil {
			return err
		}
		j, err := p.judge(who)
		if err != nil {
			return err
		}
		if err := do(tx, p, j); err != nil {
			return err
		}
		return b.Changed(ctx, tx)
	})
}

// missing answers for every role, group and person that is not there.
func missing(what string) *fault.Fault {
	return fault.Newf(fault.Missing, what+".missing", "There is no such %s.", what)
}

// outdated is the answer to a change of something that was changed since it was read.
func outdated(what string) *fault.Fault {
	return fault.New(fault.Conflict, what+".version", "Somebody else has changed this. Read it again.")
}
