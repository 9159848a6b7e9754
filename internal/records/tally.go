package records

import (
	"context"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
)

// Measure is a question that a summary answers with numbers.
type Measure struct {
	Kind   string
	Query       // Filter and Zone of it
	Money  bool // add up amount by currency, where all of it may be seen
	Staged bool // and divide by stage
}

// Tally is an answer to a Measure.
type Tally struct {
	Count  Count
	Totals []Total
	Stages []StageTally
}

// StageTally is what a stage has of it.
type StageTally struct {
	Stage  int64
	N      int
	Totals []Total
}

// Tally counts and adds up, as lists with the same filters would be counted on
// the surface, and notes it before it returns. What the asker may not view, may
// not filter by or may not divide by has no answer: nil (attack 9).
func (b *Book) Tally(ctx context.Context, who actor.Actor, on Surface, all []Measure) ([]*Tally, error) {
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	answers := make([]*Tally, len(all))
	var met []scribe.Entry
	for i, m := range all {
		kind, err := b.kind(m.Kind)
		if err != nil {
			return nil, err
		}
		g := st.Decide(kind, policy.View, on, b.instant())
		if kind.Within || g.Empty() {
			continue
		}
		ask, _, err := b.ask(who, kind, g, on, Query{Filter: m.Filter, Zone: m.Zone})
		if fault.Is(err, fault.Denied) {
			continue
		}
		if err != nil {
			return nil, err
		}
		t := &Tally{}
		var by []*schema.Field
		plain := func(name string) *schema.Field {
			if f := kind.Field(name); f != nil && g.FieldEverywhere(f) == policy.Plain {
				return f
			}
			return nil
		}
		amount, currency, stage := plain("amount"), plain("currency"), plain(kind.Stage)
		switch {
		case m.Staged && stage == nil:
			continue
		case m.Staged:
			by = append(by, stage)
		}
		money := m.Money && amount != nil && currency != nil
		if money {
			by = append(by, currency)
		} else {
			amount = nil
		}
		if len(by) == 0 {
			c, err := b.count(ctx, g, ask, Exact)
			if err != nil {
				return nil, err
			}
			t.Count = *c
		} else {
			sums, capped, err := b.db.Sums(ctx, g, ask.Filter, by, amount, tallied)
			if err != nil {
				return nil, err
			}
			t.Count.Capped = capped
			for _, s := range sums {
				t.Count.N += s.N
				into := &t.Totals
				if m.Staged {
					id, _ := s.By[0].(int64)
					j := slices.IndexFunc(t.Stages, func(one StageTally) bool { return one.Stage == id })
					if j < 0 {
						j = len(t.Stages)
						t.Stages = append(t.Stages, StageTally{Stage: id})
					}
					t.Stages[j].N += s.N
					into = &t.Stages[j].Totals
				}
				if money && s.Total != 0 {
					word, _ := s.By[len(by)-1].(string)
					*into = append(*into, Total{word, s.Total})
				}
			}
		}
		answers[i] = t
		e := scribe.Entry{Event: "record.counted", Who: who, Kind: kind.Name, Surface: string(on)}
		if details := asked(ask, Query{}); details != nil {
			e.Details = details
		}
		met = append(met, e)
	}
	return answers, b.scribe.NoteAll(ctx, met)
}

// tallied is up to how many records are added up.
const tallied = 1_000_000
