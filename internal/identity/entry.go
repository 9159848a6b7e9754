package identity

import (
	"context"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/throttle"
)

// Admit tells whether somebody who is known may work from where they are, now:
// the terms of the workspace, of their role and their own. Resolve asks it with
// every request; whoever keeps a connection open asks it again from time to time.
// The answer is nil or a fault that says what is in the way.
func (a *Accounts) Admit(ctx context.Context, who actor.Actor) error {
	why, err := a.Rights.Admit(ctx, who)
	if err != nil || why == "" {
		return err
	}
	if err := a.noteEntry(ctx, who, why); err != nil {
		return err
	}
	if why == policy.WrongHour {
		return fault.New(fault.Denied, "entry.hour", "You cannot work here at this hour. The owner of the workspace, or whoever looks after its security, can allow it.")
	}
	return fault.New(fault.Denied, "entry.network", "You cannot work here from this network. The owner of the workspace, or whoever looks after its security, can allow it.")
}

// noteEntry writes that somebody known was not let in, at most once a minute for
// each network: a page that asks again and again must not fill the ledger.
func (a *Accounts) noteEntry(ctx context.Context, who actor.Actor, why policy.Refusal) error {
	if _, ok := a.entries.Take(throttle.Network(who.Address).String()); !ok {
		return nil
	}
	return a.note(ctx, who, "entry.refused", "person", int64(who.Person), refusal{Reason: string(why)})
}

// unwelcome tells why a person who has proved who they are is not let in; empty
// if they are.
func (a *Accounts) unwelcome(ctx context.Context, person actor.PersonID, from actor.Actor) (string, error) {
	from.Kind, from.Person = actor.Person, person
	why, err := a.Rights.Admit(ctx, from)
	return string(why), err
}
