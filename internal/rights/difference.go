package rights

import (
	"context"
	"fmt"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/store"
)

// Differences are the rights in which a person differs from their role, and the
// version of that list; a list that was never set has the version 0. It takes
// ManagePeople.
func (b *Book) Differences(ctx context.Context, who actor.Actor, person actor.PersonID) ([]Difference, int64, error) {
	p, err := b.askAny(ctx, who, policy.ManagePeople)
	if err != nil {
		return nil, 0, err
	}
	if _, known := p.people[person]; !known {
		return nil, 0, missing("person")
	}
	d := p.differences[person]
	return wordsOf(d.it), d.version, nil
}

func wordsOf(all []policy.Difference) []Difference {
	w := make([]Difference, len(all))
	for i, d := range all {
		w[i] = differenceOf(d)
	}
	return w
}

// SetDifferences replaces a person's differences. It takes ManagePeople, the
// version that was read, and a standing that covers the person as they were and
// as they will be. Owners do not differ: they hold everything.
func (b *Book) SetDifferences(ctx context.Context, who actor.Actor, person actor.PersonID, version int64, all []Difference) (int64, error) {
	r := reader{catalog: b.Catalog()}
	next := r.differences(all)
	if err := r.err(); err != nil {
		return 0, err
	}
	err := b.change(ctx, who, policy.ManagePeople, func(tx *store.Tx, p *Picture, j judge) error {
		if err := p.Over(who, person); err != nil {
			return err
		}
		was := p.differences[person]
		if was.version != version {
			return outdated("differences")
		}
		role := p.role(p.people[person].role)
		if role == nil {
			return missing("role")
		}
		if role.Built == policy.Owner && len(next) > 0 {
			return fault.New(fault.Invalid, "differences.owner", "An owner holds everything. Give the person another role first.")
		}
		with := role.With(next...)
		if err := j.covers(&with); err != nil {
			return err
		}
		rights, err := text(wordsOf(next))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, store.Text(`INSERT INTO difference (person, version, rights) VALUES (?, 1, ?)
			ON CONFLICT (person) DO UPDATE SET version = difference.version + 1, rights = excluded.rights`), person, rights)
		if err != nil {
			return fmt.Errorf("set differences: %w", err)
		}
		return b.tell(ctx, tx, who, "rights.differences_changed", "person", int64(person), change{wordsOf(was.it), wordsOf(next)})
	})
	return version + 1, err
}
