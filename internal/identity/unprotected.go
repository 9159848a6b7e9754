package identity

import (
	"context"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/policy"
	"castellan/internal/store"
)

// grave abilities let one person harm all others: whoever holds one is led to a
// second factor when they come in.
var grave = []policy.Ability{policy.ManagePeople, policy.ManageRoles, policy.ManageRails, policy.ManageSecurity, policy.ManageKeys, policy.ManageSettings}

// Unprotected tells whether a password alone stands between a stranger and much
// harm: the person may do it, has no second factor, and came by none that a
// provider has vouched for. Programs and whoever looks through other eyes are
// not asked.
func (a *Accounts) Unprotected(ctx context.Context, who actor.Actor) (bool, error) {
	if who.Kind != actor.Person || who.Session == 0 || who.ViewAs != 0 || !who.Factor.IsZero() {
		return false, nil
	}
	st, err := a.Rights.Standing(ctx, who)
	if err != nil {
		return false, err
	}
	may := func(ability policy.Ability) bool { ok, _ := st.Can(ability); return ok }
	if !st.Administrator() && !slices.ContainsFunc(grave, may) {
		return false, nil
	}
	var ways []FactorKind
	err = a.DB.Read(ctx, func(tx *store.Tx) error {
		ways, err = waysOf(ctx, tx, who.Person)
		return err
	})
	return err == nil && len(ways) == 0, err
}

// Postpone notes that somebody who was led to a second factor has left it for
// later. They are asked again when they next sign in.
func (a *Accounts) Postpone(ctx context.Context, who actor.Actor) error {
	if who.Kind != actor.Person || who.Session == 0 {
		return NotSignedIn()
	}
	return a.DB.Write(ctx, func(tx *store.Tx) error {
		return a.tell(ctx, tx, who, "factor.postponed", "person", int64(who.Person), nil)
	})
}
