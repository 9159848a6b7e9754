package records

import (
	"context"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/scribe"
)

// Preview lists what somebody would see who had the role and were responsible
// for what the actor is responsible for. The role need not be saved. It needs
// ViewAs, and a role that the actor could give: a draft must not be a way to see
// more than one may.
func (b *Book) Preview(ctx context.Context, who actor.Actor, role policy.Role, kindName string, on Surface, q Query) (*Page, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	own, err := b.needs(ctx, who, policy.ViewAs)
	if err != nil {
		return nil, err
	}
	if err := own.Covers(role); err != nil {
		return nil, err
	}
	if kind.Within {
		return nil, withinOnly(kind)
	}
	st := policy.NewStanding(policy.StandingInput{Person: who.Person, Role: &role})
	g := st.Decide(kind, policy.View, on, b.instant())
	p := &Page{Kind: kind}
	ask, _, err := b.ask(who, kind, g, on, q)
	if fault.Is(err, fault.Denied) {
		// A role that cannot see the order of the list sees it in another.
		p.Count = &Count{}
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := b.db.Page(ctx, g, ask)
	if err != nil {
		return nil, err
	}
	p.Fields, p.Rows = rows.Fields, rows.Rows
	if q.Count != NoCount {
		if p.Count, err = b.count(ctx, g, ask, q.Count); err != nil {
			return nil, err
		}
	}
	var met []scribe.Entry
	if p.Titles, met, err = b.titles(ctx, who, st, p); err != nil {
		return nil, err
	}
	return p, b.scribe.NoteAll(ctx, append(met, scribe.Entry{Event: "rights.previewed", Who: who, Kind: kind.Name, Records: idsOf(p.Rows), Surface: string(on), Shown: shown(p)}))
}
