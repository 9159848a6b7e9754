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

// Access is one person who can do something to a record, and why.
type Access struct {
	Person  actor.PersonID
	Sights  []Sight // by index of the kind's fields
	Because []policy.Reason
}

// WhoCan lists the people who can view a record on its card. Whoever asks must
// be able to view it and hold Explain.
func (b *Book) WhoCan(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID) (*schema.Kind, []Access, error) {
	var all []Access
	kind, err := b.explain(ctx, who, kindName, id, false, nil, func(tx *store.Tx, s *state, everyone []*policy.Standing) error {
		for _, st := range everyone {
			v, err := b.admit(ctx, tx, st, st.Decide(s.kind, policy.View, CardOf(s.kind), tx.Now()), s)
			if err != nil {
				return err
			}
			if v.Allowed {
				all = append(all, Access{Person: st.Person(), Sights: v.Sights, Because: v.Reasons()})
			}
		}
		return nil
	})
	return kind, all, err
}

// Because is the answer to "why can they", or "why can they not".
type Because struct {
	Allowed bool
	Sight   Sight // of the field asked about
	Reasons []policy.Reason
}

// Why tells why a person can or cannot do something to a record, or see a field
// of it. An empty field asks about the record. About themselves everybody may
// ask, of records that they may view; about others it needs Explain.
func (b *Book) Why(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, person actor.PersonID, a policy.Action, on Surface, field string) (*Because, error) {
	var answer Because
	self := who.Kind == actor.Person && who.ViewAs == 0 && person == who.Person
	_, err := b.explain(ctx, who, kindName, id, self, map[string]any{"person": person, "field": field, "action": a.String()}, func(tx *store.Tx, s *state, everyone []*policy.Standing) error {
		var f *schema.Field
		if field != "" {
			if f = s.kind.Field(field); f == nil {
				return fault.New(fault.Invalid, "field.unknown", "There is no such field.").At("field")
			}
		}
		for _, st := range everyone {
			if st.Person() != person {
				continue
			}
			v, err := b.admit(ctx, tx, st, st.Decide(s.kind, a, on, tx.Now()), s)
			if err != nil {
				return err
			}
			answer = Because{Allowed: v.Allowed, Reasons: v.Reasons()}
			if f != nil && v.Allowed {
				var why policy.Reason
				answer.Sight, why = v.WhySees(f)
				answer.Reasons = []policy.Reason{why}
			}
			return nil
		}
		return fault.New(fault.Missing, "person.missing", "There is no such person, or the account is not active.")
	})
	if err != nil {
		return nil, err
	}
	return &answer, nil
}

// explain loads a record that the asker may view, for a question about who may
// do what with it: about the asker alone, or about others.
func (b *Book) explain(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, self bool, details map[string]any, use func(*store.Tx, *state, []*policy.Standing) error) (*schema.Kind, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	st, err := b.standing(ctx, who)
	if err == nil && !self {
		st, err = b.needs(ctx, who, policy.Explain)
	}
	if err != nil {
		return nil, err
	}
	everyone, err := b.rights.Standings(ctx)
	if err != nil {
		return nil, err
	}
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		s, _, err := b.visible(ctx, tx, st, kind, id, CardOf(kind))
		if err != nil {
			return err
		}
		return use(tx, s, everyone)
	})
	if err != nil {
		return nil, err
	}
	e := scribe.Entry{Event: "record.explained", Who: who, Kind: kind.Name, Records: []schema.RecordID{id}}
	if len(details) > 0 {
		e.Details = details
	}
	return kind, b.scribe.Note(ctx, e)
}

// Taking is what a person could take away of one kind: how far their rights
// reach, and how many records that is now.
type Taking struct {
	policy.Taking
	Shown, Exported Count
}

// Take answers "what can this person take", for every kind. It needs Explain.
func (b *Book) Take(ctx context.Context, who actor.Actor, person actor.PersonID) ([]Taking, error) {
	if _, err := b.needs(ctx, who, policy.Explain); err != nil {
		return nil, err
	}
	st, err := b.rights.Standing(ctx, actor.Actor{Kind: actor.Person, Person: person})
	if err != nil {
		return nil, err
	}
	var all []Taking
	for _, kind := range b.catalog().Kinds() {
		if kind.Within {
			continue
		}
		t := Taking{Taking: st.Take(kind, b.instant())}
		for _, c := range []struct {
			grant policy.Grant
			count *Count
		}{{t.Taking.Shown, &t.Shown}, {t.Taking.Exported, &t.Exported}} {
			n, capped, err := b.db.Count(ctx, c.grant, nil, takeCap)
			if err != nil {
				return nil, err
			}
			*c.count = Count{N: n, Capped: capped}
		}
		all = append(all, t)
	}
	return all, b.scribe.Note(ctx, scribe.Entry{Event: "record.explained", Who: who, Details: map[string]any{"person": person, "question": "take"}})
}

// takeCap is where counting for Take stops: "more than that" is answer enough.
const takeCap = 100_000

// Seen tells who has ever seen a record, from the ledger. It needs SeeSightings
// and the right to view the record.
func (b *Book) Seen(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID) ([]scribe.Sighting, error) {
	st, err := b.needs(ctx, who, policy.SeeSightings)
	if err != nil {
		return nil, err
	}
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		_, _, err := b.visible(ctx, tx, st, kind, id, CardOf(kind))
		return err
	})
	if err != nil {
		return nil, err
	}
	all, err := b.scribe.Seen(ctx, kind.Name, id)
	if err != nil {
		return nil, err
	}
	return all, b.scribe.Note(ctx, scribe.Entry{Event: "record.sightings_read", Who: who, Kind: kind.Name, Records: []schema.RecordID{id}})
}
