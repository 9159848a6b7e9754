package identity

import (
	"context"
	"strconv"

	"castellan/internal/actor"
	"castellan/internal/mail"
	"castellan/internal/store"
)

// demanded tells whether a second factor is demanded of a person, by the terms
// of the workspace, of their role or their own. It answers from memory.
func (a *Accounts) demanded(ctx context.Context, person actor.PersonID) (bool, error) {
	t, err := a.Rights.Terms(ctx, actor.Actor{Kind: actor.Person, Person: person})
	return t.Factor, err
}

// tellOfFactor tells a person that a factor of theirs was added or taken away.
func (a *Accounts) tellOfFactor(ctx context.Context, tx *store.Tx, person actor.PersonID, kind mail.Template, f FactorKind) error {
	return a.announce(ctx, tx, person, Notice{Kind: kind, Words: map[string]string{"factor": string(f)}})
}

// tellOfReset tells a person, and the owners, that somebody has taken the
// person's factors away.
func (a *Accounts) tellOfReset(ctx context.Context, tx *store.Tx, who actor.Actor, person actor.PersonID, owners []actor.PersonID) error {
	by, err := a.nameOf(ctx, tx, who)
	if err != nil {
		return err
	}
	p, err := personAt(ctx, tx, person)
	if err != nil {
		return err
	}
	if err := a.announce(ctx, tx, person, Notice{Kind: mail.FactorReset, Words: map[string]string{"by": by}}); err != nil {
		return err
	}
	for _, owner := range owners {
		if owner == person {
			continue
		}
		if err := a.announce(ctx, tx, owner, Notice{Kind: mail.FactorResetOf, Words: map[string]string{"by": by, "whose": p.Name}}); err != nil {
			return err
		}
	}
	return nil
}

func (a *Accounts) tellOfGuesses(ctx context.Context, tx *store.Tx, who actor.Actor) error {
	return a.announce(ctx, tx, who.Person, Notice{Kind: mail.FactorGuessed, Words: map[string]string{"address": who.Address.String(), "device": who.Device}})
}

func (a *Accounts) tellOfRecovery(ctx context.Context, tx *store.Tx, who actor.Actor, left int) error {
	return a.announce(ctx, tx, who.Person, Notice{Kind: mail.RecoveryUsed, Words: map[string]string{"left": strconv.Itoa(left)}})
}
