package records

import (
	"context"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// Keep lets a kind write into a record what nobody writes by hand, such as the
// number of an invoice. The actor needs the ability and the right to edit the
// record; do says what it is to hold, or refuses. The change, its history and its
// entry under the event are one transaction. version is as for Update.
func (b *Book) Keep(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, version int64, ability Ability, event scribe.Event, do func(*store.Tx, *Draft) (Values, error)) error {
	return b.write(ctx, who, func(p *pen) error {
		kind, err := b.kind(kindName)
		if err != nil {
			return err
		}
		if may, why := p.st.Can(ability); !may {
			return lacks(ability, why)
		}
		s, g, err := p.reach(kind, id, policy.Edit)
		if err != nil {
			return err
		}
		if s.stored.Binned {
			return fault.NotFound()
		}
		if version != 0 && version != s.stored.Version {
			return store.ErrStale
		}
		v, err := do(p.tx, &Draft{kind: kind, before: s.stored, st: p.st})
		if err != nil {
			return err
		}
		cells, err := b.cellsOf(kind, v)
		if err != nil {
			return err
		}
		p.own = true
		return p.change(g, s, cells, event, nil)
	})
}

// Draw reads one record for something that is made of it and leaves, such as a
// document, and notes that beside the reading. It needs the ability.
func (b *Book) Draw(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, on Surface, ability Ability, event scribe.Event) (*Record, error) {
	if _, err := b.needs(ctx, who, ability); err != nil {
		return nil, err
	}
	r, err := b.Read(ctx, who, kindName, id, on)
	if err != nil {
		return nil, err
	}
	return r, b.scribe.Note(ctx, scribe.Entry{Event: event, Who: who, Kind: kindName, Records: []schema.RecordID{id}, Surface: string(on), Shown: shown(&r.Page)})
}
