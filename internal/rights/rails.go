package rights

import (
	"context"
	"fmt"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/store"
)

// Rails are the guard rails and their version; those of a new workspace are off
// and have the version 0. Everybody who holds ManageRails or ManageRoles sees them.
func (b *Book) Rails(ctx context.Context, who actor.Actor) (Rails, int64, error) {
	p, err := b.askAny(ctx, who, policy.ManageRails, policy.ManageRoles)
	if err != nil {
		return nil, 0, err
	}
	return railsOf(p.rails.it), p.rails.version, nil
}

// SetRails replaces the guard rails. It takes ManageRails and the version that
// was read. Only an administrator takes a rail away: for anybody else that
// would be to give themselves what it keeps from them.
func (b *Book) SetRails(ctx context.Context, who actor.Actor, version int64, rails Rails) (int64, error) {
	r := reader{catalog: b.Catalog()}
	next := r.rails(rails)
	if err := r.err(); err != nil {
		return 0, err
	}
	err := b.change(ctx, who, policy.ManageRails, func(tx *store.Tx, p *Picture, j judge) error {
		was := p.rails
		if was.version != version {
			return outdated("rails")
		}
		if !j.house && !j.s.Administrator() {
			for kind, actions := range was.it.OnlyAdministrators {
				for a, on := range actions {
					if on && !next.OnlyAdministrators[kind][a] {
						return fault.New(fault.Denied, "rails.loosen", "Only an administrator takes a guard rail away.")
					}
				}
			}
		}
		words, err := text(railsOf(next))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, store.Text(`INSERT INTO rails (id, version, rights) VALUES (1, 1, ?)
			ON CONFLICT (id) DO UPDATE SET version = rails.version + 1, rights = excluded.rights`), words)
		if err != nil {
			return fmt.Errorf("set guard rails: %w", err)
		}
		return b.tell(ctx, tx, who, "rails.changed", "rails", 1, change{railsOf(was.it), railsOf(next)})
	})
	return version + 1, err
}
