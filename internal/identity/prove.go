package identity

import (
	"context"
	"fmt"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/store"
	"castellan/internal/throttle"
)

// Wrong tries to prove a factor are counted for the person, in the database:
// signing in anew, another device, another way and another process all find the
// same count. Who tries has proved the password, so that nobody outside can
// close a door with it.
const (
	freeTries   = 5                // wrong ones in a row that wait for nothing
	firstWait   = 30 * time.Second // after those; it doubles with each
	longestWait = 6 * time.Hour
	alarming    = 10 // so many in a row are no slips of a finger: the person is told
)

// patience is the wait that follows the n-th wrong try in a row.
func patience(n int) time.Duration {
	if n < freeTries {
		return 0
	}
	d := firstWait
	for i := freeTries; i < n && d < longestWait; i++ {
		d *= 2
	}
	return min(d, longestWait)
}

// proving checks a proof of a factor, and does what follows from it in the same
// transaction. The try is counted before it is looked at, and stays counted
// unless it was right: tries that arrive together are looked at one by one.
//
// A passkey cannot be guessed, so it is good even while codes must wait.
func (a *Accounts) proving(ctx context.Context, who actor.Actor, kind FactorKind, p Proof, then func(*store.Tx) error) error {
	if wait, ok := a.byNetwork.Take(throttle.Network(who.Address).String()); !ok {
		return often(wait)
	}
	var answer error
	err := a.DB.Write(ctx, func(tx *store.Tx) error {
		answer = nil
		count, wait, err := countTry(ctx, tx, who.Person, kind != Passkey)
		if err != nil {
			return err
		}
		if wait > 0 {
			answer = locked(wait)
			return nil
		}
		why, err := a.check(ctx, tx, who, kind, p)
		if err != nil {
			return err
		}
		if why != "" {
			answer = wrongProof(kind)
			return a.refuseFactor(ctx, tx, who, kind, why, count)
		}
		if _, err := tx.Exec(ctx, store.Text(`DELETE FROM factor_try WHERE person = ?`), who.Person); err != nil {
			return fmt.Errorf("forget tries: %w", err)
		}
		if err := a.tell(ctx, tx, who, "factor.proved", "person", int64(who.Person), factorDetails{Kind: kind}); err != nil {
			return err
		}
		return then(tx)
	})
	if err != nil {
		return err
	}
	return answer
}

// countTry counts a try, or says how long it must wait first. A try that must
// wait is not counted: waiting is not made longer by asking.
func countTry(ctx context.Context, tx *store.Tx, person actor.PersonID, waits bool) (count int, wait time.Duration, err error) {
	// Written before it is read, so that another try waits for this one.
	if _, err := tx.Exec(ctx, store.Text(`INSERT INTO factor_try (person, count, last_at) VALUES (?, 0, ?) ON CONFLICT (person) DO UPDATE SET count = factor_try.count`), person, tx.Now()); err != nil {
		return 0, 0, fmt.Errorf("count a try: %w", err)
	}
	var last time.Time
	if err := tx.QueryRow(ctx, store.Text(`SELECT count, last_at FROM factor_try WHERE person = ?`), person).Scan(&count, &last); err != nil {
		return 0, 0, fmt.Errorf("count a try: %w", err)
	}
	if wait := last.Add(patience(count)).Sub(tx.Now()); waits && count > 0 && wait > 0 {
		return count, wait, nil
	}
	count++
	if _, err := tx.Exec(ctx, store.Text(`UPDATE factor_try SET count = ?, last_at = ? WHERE person = ?`), count, tx.Now(), person); err != nil {
		return 0, 0, fmt.Errorf("count a try: %w", err)
	}
	return count, 0, nil
}

func locked(wait time.Duration) *fault.Fault {
	f := fault.New(fault.Often, "factor.often", "Too many wrong codes. Wait a little, or use a passkey.")
	f.Wait = wait
	return f
}

func wrongProof(kind FactorKind) *fault.Fault {
	switch kind {
	case Passkey:
		return fault.New(fault.Invalid, "factor.wrong", "This passkey does not fit. Try again, or another one.")
	case Recovery:
		return fault.New(fault.Invalid, "factor.wrong", "This recovery code does not fit, or it has been used.").At("recovery")
	}
	return fault.New(fault.Invalid, "factor.wrong", "This code does not fit, or it has been used. Wait for the next one.").At("code")
}

// check says why a proof does not hold, or nothing.
func (a *Accounts) check(ctx context.Context, tx *store.Tx, who actor.Actor, kind FactorKind, p Proof) (why string, err error) {
	switch kind {
	case App:
		return a.checkCode(ctx, tx, who, p.Code)
	case Passkey:
		return a.checkPasskey(ctx, tx, who, p)
	case Recovery:
		right, left, err := a.useRecovery(ctx, tx, who.Person, p.Recovery)
		if err != nil || !right {
			return "recovery", err
		}
		if err := a.forget(ctx, tx); err != nil {
			return "", err
		}
		if err := a.tellOfRecovery(ctx, tx, who, left); err != nil {
			return "", err
		}
		return "", a.tell(ctx, tx, who, "recovery.used", "person", int64(who.Person), struct {
			Left int `json:"left"`
		}{left})
	case Password: // is no factor
	}
	return "kind", nil
}

// checkCode takes a code of the app, each once.
func (a *Accounts) checkCode(ctx context.Context, tx *store.Tx, who actor.Actor, code string) (why string, err error) {
	held, err := factorsOf(ctx, tx, who.Person)
	if err != nil {
		return "", err
	}
	for i := range held {
		f := &held[i]
		if f.Kind != App {
			continue
		}
		secret, err := a.Vault.Open(f.place(), f.secret)
		if err != nil {
			return "", fmt.Errorf("open the secret of an authenticator app: %w", err)
		}
		step, right := totpMatch(secret, digits(code), tx.Now(), f.step)
		if !right {
			if _, used := totpMatch(secret, digits(code), tx.Now(), 0); used {
				return "used", nil
			}
			return "code", nil
		}
		n, err := tx.Exec(ctx, store.Text(`UPDATE factor SET step = ?, used_at = ? WHERE id = ? AND step < ?`), step, tx.Now(), f.ID, step)
		if err != nil {
			return "", fmt.Errorf("use a code: %w", err)
		}
		if n == 0 {
			return "used", nil
		}
		return "", nil
	}
	return "none", nil
}

// refuseFactor tells of a wrong try. When there were too many for slips of a
// finger, the person learns that somebody who knows their password is guessing.
func (a *Accounts) refuseFactor(ctx context.Context, tx *store.Tx, who actor.Actor, kind FactorKind, why string, count int) error {
	err := a.tell(ctx, tx, who, "factor.refused", "person", int64(who.Person), struct {
		Kind   FactorKind `json:"kind"`
		Reason string     `json:"reason"`
	}{kind, why})
	if err != nil || count < alarming {
		return err
	}
	if count == alarming {
		if err := a.tellOfGuesses(ctx, tx, who); err != nil {
			return err
		}
	}
	return a.tell(ctx, tx, who, "factor.locked", "person", int64(who.Person), struct {
		Tries   int     `json:"tries"`
		Seconds float64 `json:"seconds"`
	}{count, patience(count).Seconds()})
}
