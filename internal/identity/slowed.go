package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/policy"
	"castellan/internal/store"
)

// Slowed is an account whose sign-ins wait now.
type Slowed struct {
	Person  actor.PersonID
	Network string    // whose tries wait; empty: those of every network from which the person has not come lately
	Until   time.Time // when the next try is taken
}

// Brakes are the sign-ins that wait now.
type Brakes struct {
	People  []Slowed
	Unknown int // accounts that are tried and do not exist; what was typed is not kept
}

// Slowed lists whose sign-ins wait now, the longest wait first, as far as this
// process has seen tries. It takes ReadLedger, ManagePeople or ManageSecurity.
func (a *Accounts) Slowed(ctx context.Context, who actor.Actor) (Brakes, error) {
	if a.Rights.May(ctx, who, policy.ReadLedger) != nil {
		if err := a.mayWatch(ctx, who); err != nil {
			return Brakes{}, err
		}
	}
	var all Brakes
	people, unknown := map[string]actor.PersonID{}, map[string]bool{}
	add := func(account, network string, until time.Time) error {
		person, known := people[account]
		if !known && !unknown[account] {
			err := a.DB.QueryRow(ctx, store.Text(`SELECT id FROM person WHERE email_key = ?`), account).Scan(&person)
			switch {
			case errors.Is(err, store.ErrNoRows):
				unknown[account] = true
			case err != nil:
				return fmt.Errorf("read account: %w", err)
			default:
				people[account], known = person, true
			}
		}
		if known && len(all.People) < mostSlowed {
			all.People = append(all.People, Slowed{person, network, until.UTC()})
		}
		return nil
	}
	for key, until := range a.byBoth.Waiting(mostSlowed) {
		account, network, _ := strings.Cut(key, " ")
		if err := add(account, network, until); err != nil {
			return all, err
		}
	}
	for account, until := range a.byAccount.Empty(mostSlowed) {
		if err := add(account, "", until); err != nil {
			return all, err
		}
	}
	all.Unknown = len(unknown)
	slices.SortFunc(all.People, func(a, b Slowed) int {
		return cmp.Or(b.Until.Compare(a.Until), cmp.Compare(a.Person, b.Person), cmp.Compare(a.Network, b.Network))
	})
	return all, nil
}

// mostSlowed bounds how many are looked up.
const mostSlowed = 200
