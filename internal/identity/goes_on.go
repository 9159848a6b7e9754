package identity

import (
	"context"
	"errors"
	"fmt"

	"castellan/internal/actor"
	"castellan/internal/store"
)

// GoesOn tells whether work that somebody began may go on in their name after
// its request was answered, or what was handed out to them may be taken: the
// session or key by which they acted holds, nothing more is asked of it, and they
// may still be let in from where they were. The answer is nil or a fault. An end
// made by another process is known within a second, as with Resolve; that of the
// session or key itself at once.
func (a *Accounts) GoesOn(ctx context.Context, who actor.Actor) error {
	switch who.Kind {
	case actor.Person:
		return a.sessionStands(ctx, who)
	case actor.Program:
		return a.keyStands(ctx, who)
	case actor.System:
		return nil
	}
	return NotSignedIn()
}

func (a *Accounts) sessionStands(ctx context.Context, who actor.Actor) error {
	hash, err := a.hashOf(ctx, store.Text(`SELECT s.hash FROM session s JOIN person p ON p.id = s.person WHERE s.id = ? AND s.person = ? AND s.ended_at IS NULL AND p.state = 'active'`), int64(who.Session), who.Person)
	if err != nil {
		return err
	}
	epoch, err := a.epoch.Current(ctx)
	if err != nil {
		return err
	}
	s, known := a.sessions.find(hash, epoch)
	if known {
		if known, err = a.holds(ctx, s); err != nil {
			return err
		}
	}
	if !known {
		if s, err = a.readSession(ctx, hash, who.Address); err != nil {
			return err
		}
	}
	needs, err := a.needs(ctx, s)
	if err != nil {
		return err
	}
	if needs != NeedsNothing {
		return outstanding(needs, s.ways)
	}
	return a.Admit(ctx, who)
}

func (a *Accounts) keyStands(ctx context.Context, who actor.Actor) error {
	hash, err := a.hashOf(ctx, store.Text(`SELECT k.hash FROM program_key k JOIN person p ON p.id = k.owner WHERE k.id = ? AND k.owner = ? AND k.ended_at IS NULL AND p.state = 'active'`), int64(who.Key), who.Person)
	if err != nil {
		return err
	}
	k, err := a.readKey(ctx, hash, who)
	if err != nil {
		return err
	}
	if !k.ends.IsZero() && !a.DB.Now().Before(k.ends) || !k.from(who.Address) || k.role != who.Role {
		return NotSignedIn()
	}
	return a.Admit(ctx, who)
}

// hashOf gives the hash by which a session or key of a person is known, if it
// still lives.
func (a *Accounts) hashOf(ctx context.Context, q store.Text, id int64, whose actor.PersonID) (hash [32]byte, err error) {
	var text []byte
	err = a.DB.QueryRow(ctx, q, id, int64(whose)).Scan(&text)
	switch {
	case errors.Is(err, store.ErrNoRows), err == nil && copy(hash[:], text) != len(hash):
		return hash, NotSignedIn()
	case err != nil:
		return hash, fmt.Errorf("read what somebody is known by: %w", err)
	}
	return hash, nil
}
