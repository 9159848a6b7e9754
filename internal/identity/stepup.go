package identity

import (
	"context"
	"fmt"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/store"
)

// freshFor is how long a proof is fresh where nobody chose.
const freshFor = 15 * time.Minute

func (a *Accounts) freshWindow() time.Duration {
	if a.FreshFor != nil {
		if d := a.FreshFor(); d > 0 {
			return d
		}
	}
	return freshFor
}

// Fresh tells whether the person has proved who they are a short while ago. What
// can do much harm asks for it: a page left open, or a stolen cookie, is not
// enough. Signing in counts as a proof. Programs have nobody who could prove
// anything, so that what asks for it is closed to them; the house itself (the
// command line) is not bound.
func (a *Accounts) Fresh(ctx context.Context, who actor.Actor) error {
	switch who.Kind {
	case actor.System:
		return nil
	case actor.Person:
	default:
		return fault.New(fault.Denied, "stepup.person", "This takes a person who proves who they are; programs cannot.")
	}
	since := a.DB.Now().Add(-a.freshWindow())
	if who.Proved.After(since) {
		return nil
	}
	// What is remembered may be older than a proof that another process has seen.
	var proved time.Time
	var ways []FactorKind
	err := a.DB.Read(ctx, func(tx *store.Tx) error {
		if err := tx.QueryRow(ctx, store.Text(`SELECT proved_at FROM session WHERE id = ?`), who.Session).Scan(&proved); err != nil {
			return fmt.Errorf("read session: %w", err)
		}
		if proved.After(since) {
			return nil
		}
		var err error
		ways, err = stepWays(ctx, tx, who.Person)
		return err
	})
	if err != nil || proved.After(since) {
		return err
	}
	f := fault.New(fault.Denied, "stepup.needed", "Prove once more that it is you.")
	for _, w := range ways {
		f.Ways = append(f.Ways, string(w))
	}
	return f
}

// stepWays are the proofs by which a person steps up: their factors, or the
// password where there is none.
func stepWays(ctx context.Context, tx *store.Tx, person actor.PersonID) ([]FactorKind, error) {
	ways, err := waysOf(ctx, tx, person)
	if err != nil || len(ways) > 0 {
		return ways, err
	}
	p, err := personAt(ctx, tx, person)
	if err != nil || !p.Password {
		return nil, err
	}
	return []FactorKind{Password}, nil
}

// StepUp proves once more who the bearer of the session is: by a factor, or by
// the password if there is none.
func (a *Accounts) StepUp(ctx context.Context, who actor.Actor, p Proof) error {
	kind, err := p.kind()
	if err != nil {
		return err
	}
	passed := func(tx *store.Tx) error {
		return a.tell(ctx, tx, who, "stepup.passed", "session", int64(who.Session), factorDetails{Kind: kind})
	}
	refused := func(reason string) error {
		return a.note(ctx, who, "stepup.refused", "session", int64(who.Session), struct {
			Kind   FactorKind `json:"kind"`
			Reason string     `json:"reason"`
		}{kind, reason})
	}
	if kind != Password {
		err := a.proving(ctx, who, kind, p, func(tx *store.Tx) error {
			if _, err := a.prove(ctx, tx, who, kind); err != nil {
				return err
			}
			return passed(tx)
		})
		if f, ok := fault.As(err); ok && f.Code == "factor.wrong" {
			if err := refused("factor"); err != nil {
				return err
			}
		}
		return err
	}
	var ways []FactorKind
	if err := a.DB.Read(ctx, func(tx *store.Tx) (err error) { ways, err = stepWays(ctx, tx, who.Person); return err }); err != nil {
		return err
	}
	if len(ways) != 1 || ways[0] != Password {
		if err := refused("kind"); err != nil {
			return err
		}
		return fault.New(fault.Denied, "stepup.factor", "The password is not enough here: prove your second factor.")
	}
	stored, err := a.ownPassword(ctx, who, p.Password)
	if err != nil {
		if f, ok := fault.As(err); ok && f.Code == "password.wrong" {
			if err := refused("password"); err != nil {
				return err
			}
		}
		return err
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, store.Text(`UPDATE session SET proved_at = ? WHERE id = ? AND person = ? AND ended_at IS NULL
			AND EXISTS (SELECT 1 FROM person WHERE id = ? AND state = 'active' AND password = ?)`), tx.Now(), who.Session, who.Person, who.Person, stored)
		if err != nil {
			return fmt.Errorf("write a proof down: %w", err)
		}
		if n == 0 {
			return NotSignedIn()
		}
		return passed(tx)
	})
}
