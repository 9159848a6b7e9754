package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
)

// What a merged record takes in a field.
const (
	TakeThis  = "this"  // what the record that stays holds
	TakeOther = "other" // what the record that goes holds
	TakeBoth  = "both"  // of lists: what both hold
)

// mergeWhat is what the operation of a merge is called.
const mergeWhat = "merge"

// mergeLinks bounds what may lead to the record that goes: it is all carried over
// in one transaction.
const mergeLinks = 5_000

// Merging says how two records of a kind become one.
type Merging struct {
	Stays, Goes               schema.RecordID
	StaysVersion, GoesVersion int64             // as for Update
	Take                      map[string]string // by field; of the others, lists are united and what is empty is filled
	Shares                    bool              // the record that stays is also shared with those with whom the other one is
}

// Merge makes two records of a kind one. The one that stays takes what it is told
// to from the other, everything that led to the other leads to it, and the other
// goes to the bin with its history. Undo takes all of it back in one step.
//
// It takes MergeRecords and the rights to edit both and to delete both. Whoever
// holds AbsorbRecords needs no right to delete what they may edit; what forbids
// deletion by name forbids the merge (see policy.Absorbing). It shows nobody
// what they may not see (attack 15): the one that goes must be seen as well as the
// one that stays, and lists are united only where they may be opened, since their
// length would tell whether they hold the same. What leads to the record is carried
// over by the house, whether the actor may see it or not, and they are not told how
// much of it there is.
func (b *Book) Merge(ctx context.Context, who actor.Actor, kindName string, m Merging) (*Operation, error) {
	if _, err := b.needs(ctx, who, policy.MergeRecords); err != nil {
		return nil, err
	}
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	if kind.Within || kind.Time != nil {
		return nil, fault.Newf(fault.Invalid, "merge.kind", "%s are not merged.", kind.Many.In("en"))
	}
	if m.Stays == m.Goes {
		return nil, fault.New(fault.Invalid, "merge.same", "Name two records.").At("other")
	}
	var everyone []*policy.Standing
	if m.Shares {
		if _, err := b.needs(ctx, who, policy.ShareRecords); err != nil {
			return nil, err
		}
		if everyone, err = b.rights.Standings(ctx); err != nil {
			return nil, fmt.Errorf("find standings: %w", err)
		}
	}
	op := &Operation{}
	err = b.write(ctx, who, func(p *pen) error {
		p.quiet = true
		op.ID, err = p.merge(kind, m, everyone)
		op.Done = 2
		return err
	})
	if err != nil {
		return nil, err
	}
	return op, nil
}

func (p *pen) merge(kind *schema.Kind, m Merging, everyone []*policy.Standing) (int64, error) {
	stays, edit, err := p.mergeable(kind, m.Stays, m.StaysVersion)
	if err != nil {
		return 0, err
	}
	goes, _, err := p.mergeable(kind, m.Goes, m.GoesVersion)
	if err != nil {
		return 0, err
	}
	cells, err := p.joined(stays, goes, m.Take)
	if err != nil {
		return 0, err
	}
	if err := p.alike(stays, goes, stays.with(cells), everyone != nil); err != nil {
		return 0, err
	}
	operation, err := p.operation(0, kind, mergeWhat)
	if err != nil {
		return 0, err
	}
	links, err := p.leadingTo(kind, goes.stored.ID)
	if err != nil {
		return 0, err
	}
	if len(links) > mergeLinks {
		return 0, fault.Newf(fault.Large, "merge.many", "More than %d records lead to the one that would go. Merge the other way round.", mergeLinks)
	}
	if err := p.absorb(goes); err != nil {
		return 0, err
	}
	before := *stays.stored
	if err := p.change(edit, stays, cells, "record.changed", nil); err != nil {
		return 0, err
	}
	after, err := p.b.load(p.ctx, p.tx, kind, stays.stored.ID)
	if err != nil {
		return 0, err
	}
	shared := []schema.Principal{}
	if everyone != nil {
		if shared, err = p.shareLike(after, goes, everyone); err != nil {
			return 0, err
		}
	}
	text, err := json.Marshal(shared)
	if err != nil {
		return 0, fmt.Errorf("encode shares: %w", err)
	}
	_, err = p.tx.Exec(p.ctx, store.Text("INSERT INTO merge (operation, stays, goes, before, after, gone, shared) VALUES (?, ?, ?, ?, ?, ?, ?)"),
		operation, int64(m.Stays), int64(m.Goes), before.Version, after.stored.Version, goes.stored.Version+1, string(text))
	if err != nil {
		return 0, fmt.Errorf("remember a merge: %w", err)
	}
	var kept []any
	for _, l := range links {
		kept = append(kept, operation, int64(l.kind.Number), int64(l.id), l.field.Name)
	}
	if err := p.tx.Insert(p.ctx, "INSERT INTO merge_link (operation, kind, record, field)", "(?, ?, ?, ?)", "", kept); err != nil {
		return 0, fmt.Errorf("remember what was carried over: %w", err)
	}
	if err := p.relink(links, m.Goes, m.Stays, operation); err != nil {
		return 0, err
	}
	if err := p.mailFollows(after); err != nil {
		return 0, err
	}
	details := changes(stays, after, cells)
	details["operation"], details["take"], details["shared"] = operation, m.Take, shared
	return operation, p.tellMerge("record.merged", kind, m.Stays, m.Goes, details)
}

// tellMerge writes the entry about both records.
func (p *pen) tellMerge(event scribe.Event, kind *schema.Kind, stays, goes schema.RecordID, details map[string]any) error {
	e := scribe.Entry{Event: event, Who: p.who, Kind: kind.Name, Records: []schema.RecordID{stays, goes}, Surface: string(CardOf(kind)), Details: details}
	if err := p.b.scribe.Write(p.ctx, p.tx, e); err != nil {
		return fmt.Errorf("write the ledger entry: %w", err)
	}
	return nil
}

// mergeable loads a live record that the writer may edit, and let go or keep in a
// merge.
func (p *pen) mergeable(kind *schema.Kind, id schema.RecordID, version int64) (*state, policy.Grant, error) {
	s, edit, err := p.reach(kind, id, policy.Edit)
	if err == nil {
		_, _, err = p.reachBy(p.st.Absorbing(), kind, id, policy.Delete)
	}
	if err == nil && s.stored.Binned {
		err = fault.NotFound()
	}
	if err == nil && version != 0 && version != s.stored.Version {
		err = store.ErrStale
	}
	return s, edit, err
}

// absorb moves a record of a merge to the bin.
func (p *pen) absorb(goes *state) error {
	s, g, err := p.reachBy(p.st.Absorbing(), goes.kind, goes.stored.ID, policy.Delete)
	if err != nil {
		return err
	}
	return p.binBy(g, s, 0)
}

// sides are what the writer sees of two records on the card.
func (p *pen) sides(stays, goes *state) (policy.Verdict, policy.Verdict, error) {
	g := p.st.Decide(stays.kind, policy.View, CardOf(stays.kind), p.tx.Now())
	one, err := p.b.admit(p.ctx, p.tx, p.st, g, stays)
	if err != nil {
		return one, one, err
	}
	other, err := p.b.admit(p.ctx, p.tx, p.st, g, goes)
	return one, other, err
}

// joined are the cells of the record that stays that will hold something else.
func (p *pen) joined(stays, goes *state, take map[string]string) ([]store.Cell, error) {
	kind := stays.kind
	one, other, err := p.sides(stays, goes)
	if err != nil {
		return nil, err
	}
	for name := range take {
		f := kind.Field(name)
		if f == nil || one.Sees(f) == policy.Hidden && other.Sees(f) == policy.Hidden {
			return nil, fault.New(fault.Invalid, "field.unknown", "There is no such field.").At(known(name))
		}
		if f.House {
			return nil, fault.Newf(fault.Invalid, "field.kept", "%s is kept by Castellan and cannot be written.", f.Labels.In("en")).At(name)
		}
	}
	from := map[string]string{}
	var cells []store.Cell
	for _, f := range kind.Fields {
		here, there := stays.stored.Cells[f.Index()], goes.stored.Cells[f.Index()]
		which := take[f.Name]
		if which == "" {
			which = usualTake(f, here, there, one.Sees(f), other.Sees(f), from[f.Follows])
		}
		from[f.Name] = which
		switch which {
		case TakeThis:
			continue
		case TakeOther:
			if there.Column != here.Column {
				cells = append(cells, there)
			}
			continue
		case TakeBoth:
		default:
			return nil, fault.New(fault.Invalid, "merge.take", "A merged record takes this, other or, of lists, both.").At(f.Name)
		}
		if !f.Type.Multi() {
			return nil, fault.Newf(fault.Invalid, "merge.both", "%s holds one value: choose whose.", f.Labels.In("en")).At(f.Name)
		}
		// A united list would tell by its length whether the two hold the same.
		// Where both are hidden, so is their length.
		if a, b := one.Sees(f), other.Sees(f); max(a, b) != policy.Hidden && min(a, b) < policy.Click {
			return nil, fault.Newf(fault.Denied, "merge.blind", "%s cannot be put together by somebody who may not see them: choose whose to keep.", f.Labels.In("en")).At(f.Name)
		}
		c, err := p.united(f, here, there)
		if err != nil {
			return nil, err
		}
		if c.Column != here.Column {
			cells = append(cells, c)
		}
	}
	return cells, nil
}

// usualTake is what a merged record takes where nobody said: nothing is lost that
// can be kept.
func usualTake(f *schema.Field, here, there store.Cell, one, other policy.Sight, leader string) string {
	switch {
	case leader == TakeThis || leader == TakeOther:
		return leader
	case f.House || there.Column == nil:
		return TakeThis
	case here.Column == nil:
		return TakeOther
	case f.Type.Multi():
		return TakeBoth
	}
	return TakeThis
}

// united is the list of one cell with what only the other holds behind it.
func (p *pen) united(f *schema.Field, here, there store.Cell) (store.Cell, error) {
	all, err := decode(f, here.Column)
	if err != nil {
		return store.Cell{}, err
	}
	more, err := decode(f, there.Column)
	if err != nil {
		return store.Cell{}, err
	}
	whole := list(all)
	settings := p.b.settings()
	for _, one := range list(more) {
		c, err := settings.canonical(f, []any{one})
		if err != nil {
			return store.Cell{}, err
		}
		if len(without(c.Multi, here.Multi)) > 0 {
			whole = append(whole, one)
		}
	}
	if len(whole) == len(list(all)) {
		return here, nil
	}
	return settings.canonical(f, whole)
}

// alike refuses a merge by which the writer would see more of what the record that
// goes holds than they do now: on any surface, of any field, and whatever is in it,
// so that the refusal tells nothing of the values.
func (p *pen) alike(stays, goes, after *state, sharing bool) error {
	unlike := fault.New(fault.Denied, "merge.sight", "You see less of the record that would go than of the one that would stay. Keep the other one, or ask somebody who sees both alike.")
	if sharing {
		with := *after
		with.shares = slices.Clone(after.shares)
		for _, sh := range goes.shares {
			if !slices.ContainsFunc(with.shares, func(o share) bool { return o.principal == sh.principal }) {
				with.shares = append(with.shares, sh)
			}
		}
		after = &with
	}
	less := func(kind *schema.Kind, g policy.Grant, goes, stays, after policy.Facts) bool {
		was, now, then := g.Admit(goes), g.Admit(stays), g.Admit(after)
		if !now.Allowed && !then.Allowed {
			return false
		}
		if !was.Allowed || was.Contact < max(now.Contact, then.Contact) {
			return true
		}
		return slices.ContainsFunc(kind.Fields, func(f *schema.Field) bool { return was.Sees(f) < max(now.Sees(f), then.Sees(f)) })
	}
	for _, surface := range Surfaces() {
		if less(stays.kind, p.st.Decide(stays.kind, policy.View, surface, p.tx.Now()), goes.facts(), stays.facts(), after.facts()) {
			return unlike
		}
		for _, k := range p.b.catalog().Kinds() {
			if !k.Within {
				continue
			}
			// What is written on a record is seen through those shares of the record that open it.
			blank := &state{kind: k, stored: &store.Stored{Cells: make([]store.Cell, len(k.Fields))}}
			facts := func(s *state) policy.Facts {
				return policy.Facts{Row: blank}.On(s.loans(), k, policy.View)
			}
			if less(k, p.st.Decide(k, policy.View, surface, p.tx.Now()), facts(goes), facts(stays), facts(after)) {
				return unlike
			}
		}
	}
	return nil
}

// shareLike shares a record with those with whom another one is, and tells with
// whom it was not before.
func (p *pen) shareLike(s, like *state, everyone []*policy.Standing) ([]schema.Principal, error) {
	added := []schema.Principal{}
	for _, sh := range like.shares {
		if !sh.live(like.now) || slices.ContainsFunc(s.shares, func(o share) bool { return o.principal == sh.principal }) {
			continue
		}
		with := Share{Level: sh.level}
		if sh.principal.Role() == schema.ByGroup {
			with.Group = actor.GroupID(sh.principal.Ref())
		} else {
			with.Person = actor.PersonID(sh.principal.Ref())
			if ends, ok := sh.ends.(int64); ok {
				with.Ends = time.UnixMicro(ends).UTC()
			}
		}
		err := p.share(s, with, sh.most(p.who.Person), everyone)
		if f, ok := fault.As(err); ok && slices.Contains([]string{"share.nobody", "share.self", "share.closed"}, f.Code) {
			continue // who has left needs no share, whoever merges reaches both, and to some it would give nothing
		}
		if err != nil {
			return nil, err
		}
		added = append(added, sh.principal)
		if s.shares, err = sharesOf(p.ctx, p.tx, s.kind, s.stored.ID); err != nil {
			return nil, err
		}
	}
	return added, nil
}

// leading is a field of a record that leads to another one.
type leading struct {
	kind  *schema.Kind
	id    schema.RecordID
	field *schema.Field
}

// leadingTo finds everything that leads to a record, in the bin or not, whoever
// may see it.
func (p *pen) leadingTo(kind *schema.Kind, id schema.RecordID) ([]leading, error) {
	var all []leading
	for _, k := range p.b.catalog().Kinds() {
		for _, f := range k.Fields {
			if f.Type != schema.Relation || f.Target != kind.Name && f.Target != schema.AnyKind {
				continue
			}
			also := ""
			args := []any{int64(id)}
			if f.Target == schema.AnyKind {
				also = " AND " + f.Name + "_kind = ?"
				args = append(args, kind.Name)
			}
			rows, err := p.tx.Query(p.ctx, store.Text("SELECT id FROM "+k.Name+" WHERE "+f.Name+" = ?"+also+fmt.Sprintf(" ORDER BY id LIMIT %d", mergeLinks+1)), args...)
			if err != nil {
				return nil, fmt.Errorf("find what leads to a %s: %w", kind.Name, err)
			}
			for rows.Next() {
				all = append(all, leading{k, schema.RecordID(rows.Values()[0].(int64)), f})
			}
			if err := rows.Close(); err != nil {
				return nil, fmt.Errorf("find what leads to a %s: %w", kind.Name, err)
			}
		}
	}
	return all, nil
}

// relink lets what leads to one record lead to another. Whoever changed such a
// record last stays so: nobody has said anything new about it. The state before is
// kept, and the ledger tells which they were.
func (p *pen) relink(links []leading, from, to schema.RecordID, operation int64) error {
	at := p.tx.Now().UnixMicro()
	byField := map[*schema.Field][]schema.RecordID{}
	var order []*schema.Field
	for _, l := range links {
		if l.id == from && l.kind.Name == l.field.Target {
			continue // it leads to itself, in the bin
		}
		s, err := p.b.load(p.ctx, p.tx, l.kind, l.id)
		if fault.Is(err, fault.Missing) {
			continue
		}
		if err != nil {
			return err
		}
		if held, _ := s.stored.Cells[l.field.Index()].Column.(int64); held != int64(from) {
			continue // somebody has led it elsewhere since
		}
		cell := store.Cell{Field: l.field, Column: int64(to)}
		if l.id == to && l.kind.Name == l.field.Target {
			cell.Column = nil // no record leads to itself
		}
		if err := p.remember(s, at); err != nil {
			return err
		}
		if err := p.lead(s, cell); err != nil {
			return err
		}
		if byField[l.field] == nil {
			order = append(order, l.field)
		}
		byField[l.field] = append(byField[l.field], l.id)
	}
	for _, f := range order {
		for part := range slices.Chunk(byField[f], slice) {
			e := scribe.Entry{Event: "record.relinked", Who: p.who, Kind: f.Kind().Name, Records: part,
				Details: map[string]any{"operation": operation, "field": f.Name, "before": from, "after": to}}
			if err := p.b.scribe.Write(p.ctx, p.tx, e); err != nil {
				return fmt.Errorf("write the ledger entry: %w", err)
			}
		}
	}
	return nil
}

// lead writes one link of a record, in the bin or not.
func (p *pen) lead(s *state, c store.Cell) error {
	if !s.stored.Binned {
		old := []store.Cell{s.stored.Cells[c.Field.Index()]}
		return p.tx.UpdateRecord(p.ctx, policy.Whole(s.kind, policy.ForRelations), s.stored.ID, s.stored.Version, old, []store.Cell{c}, s.place(), s.with([]store.Cell{c}).place())
	}
	// It is in no list and no index, so that there is nothing to keep in step.
	n, err := p.tx.Exec(p.ctx, store.Text("UPDATE "+s.kind.Name+" SET version = version + 1, "+c.Field.Name+" = ? WHERE id = ? AND version = ? AND deleted_at IS NOT NULL"),
		c.Column, int64(s.stored.ID), s.stored.Version)
	if err == nil && n != 1 {
		err = store.ErrStale
	}
	if err != nil {
		return fmt.Errorf("lead a %s elsewhere: %w", s.kind.Name, err)
	}
	return nil
}

// unmerge takes a merge back: the record that went comes back from the bin, what
// led to it leads to it again, and the one that stayed holds what it held. What
// somebody has changed since stays as they have it.
func (b *Book) unmerge(ctx context.Context, who actor.Actor, kind *schema.Kind, operation int64) (*Operation, error) {
	op := &Operation{ID: operation}
	err := b.write(ctx, who, func(p *pen) error {
		p.quiet = true
		op.Done, op.Refused = 2, nil
		var stays, goes schema.RecordID
		var before, after, gone int64
		var text string
		// Whoever undoes the same at the same time waits here, and finds it undone.
		n, err := p.tx.Exec(p.ctx, store.Text("UPDATE operation SET undone_at = ? WHERE id = ? AND undone_at IS NULL"), p.tx.Now().UnixMicro(), operation)
		if err != nil {
			return fmt.Errorf("undo a merge: %w", err)
		}
		if n != 1 {
			return fault.New(fault.Conflict, "operation.undone", "This has been undone already.")
		}
		err = p.tx.QueryRow(p.ctx, store.Text("SELECT stays, goes, before, after, gone, shared FROM merge WHERE operation = ?"), operation).Scan(&stays, &goes, &before, &after, &gone, &text)
		if errors.Is(err, store.ErrNoRows) {
			return fault.NotFound()
		}
		if err != nil {
			return fmt.Errorf("read a merge: %w", err)
		}
		var shared []schema.Principal
		if err := json.Unmarshal([]byte(text), &shared); err != nil {
			return fmt.Errorf("read a merge: %w", err)
		}
		s, edit, err := p.mergeable(kind, stays, 0)
		if err != nil {
			return err
		}
		back, left, err := p.unjoined(s, before, after)
		if err != nil {
			return err
		}
		if err := p.change(edit, s, back, "record.reverted", nil); err != nil {
			return err
		}
		if err := p.unshareAll(kind, stays, shared); err != nil {
			return err
		}
		if err := p.bringBack(kind, goes); err != nil {
			return err
		}
		links, err := p.carried(operation)
		if err != nil {
			return err
		}
		if err := p.relinkBack(links, stays, goes, operation); err != nil {
			return err
		}
		for _, id := range []schema.RecordID{stays, goes} {
			client, err := p.b.load(p.ctx, p.tx, kind, id)
			if err != nil {
				return err
			}
			if err := p.mailFollows(client); err != nil {
				return err
			}
		}
		if left {
			op.Refused = append(op.Refused, Outcome{ID: stays, Err: fault.New(fault.Conflict, "merge.since", "What somebody has changed since the merge stays as it is.")})
		}
		return p.tellMerge("record.unmerged", kind, stays, goes, map[string]any{"operation": operation, "left": left})
	})
	if err != nil {
		return nil, err
	}
	return op, nil
}

// bringBack brings the record that went back from the bin, unless somebody has.
func (p *pen) bringBack(kind *schema.Kind, id schema.RecordID) error {
	s, g, err := p.reachBy(p.st.Absorbing(), kind, id, policy.Delete)
	if err != nil || !s.stored.Binned {
		return err
	}
	return p.unbinBy(g, s, 0)
}

// unjoined are the cells by which a record holds again what it held before a
// merge, and whether some were changed since and stay.
func (p *pen) unjoined(s *state, before, after int64) (cells []store.Cell, left bool, err error) {
	if before == after {
		return nil, false, nil
	}
	past, err := pastOf(p.ctx, p.tx, s.kind, s.stored.ID)
	if err != nil {
		return nil, false, err
	}
	merged := s
	var was *state
	for _, e := range past {
		switch e.version {
		case after:
			merged, err = s.at(e)
		case before:
			was, err = s.at(e)
		}
		if err != nil {
			return nil, false, err
		}
	}
	if was == nil {
		return nil, false, fault.NotFound()
	}
	for _, f := range s.kind.Fields {
		if f.Name == "updated_at" || f.Name == "updated_by" {
			continue
		}
		held, made, now := was.stored.Cells[f.Index()], merged.stored.Cells[f.Index()], s.stored.Cells[f.Index()]
		switch {
		case held.Column == made.Column:
		case made.Column != now.Column:
			left = true
		default:
			cells = append(cells, held)
		}
	}
	return cells, left, nil
}

// unshareAll ends the shares that a merge made.
func (p *pen) unshareAll(kind *schema.Kind, id schema.RecordID, shared []schema.Principal) error {
	for _, principal := range shared {
		s, err := p.b.load(p.ctx, p.tx, kind, id)
		if err != nil {
			return err
		}
		if err := p.unshare(s, principal, "record.unshared"); err != nil && !fault.Is(err, fault.Missing) {
			return err
		}
	}
	return nil
}

// carried reads what a merge carried over.
func (p *pen) carried(operation int64) ([]leading, error) {
	rows, err := p.tx.Query(p.ctx, store.Text("SELECT kind, record, field FROM merge_link WHERE operation = ? ORDER BY kind, record, field"), operation)
	if err != nil {
		return nil, fmt.Errorf("read what was carried over: %w", err)
	}
	defer rows.Close()
	var all []leading
	for rows.Next() {
		var number, id int64
		var name string
		if err := rows.Scan(&number, &id, &name); err != nil {
			return nil, fmt.Errorf("read what was carried over: %w", err)
		}
		k := p.b.catalog().Numbered(int(number))
		if k == nil || k.Field(name) == nil {
			continue // a field that was withdrawn since leads nowhere
		}
		all = append(all, leading{k, schema.RecordID(id), k.Field(name)})
	}
	return all, rows.Err()
}

// relinkBack is relink for an undoing: a record that came to lead nowhere, because
// it would have led to itself, leads to the other one again.
func (p *pen) relinkBack(links []leading, from, to schema.RecordID, operation int64) error {
	var rest []leading
	for _, l := range links {
		if l.id != from || l.kind.Name != l.field.Target {
			rest = append(rest, l)
			continue
		}
		s, err := p.b.load(p.ctx, p.tx, l.kind, l.id)
		if err != nil {
			return err
		}
		if s.stored.Cells[l.field.Index()].Column != nil {
			continue
		}
		if err := p.remember(s, p.tx.Now().UnixMicro()); err != nil {
			return err
		}
		if err := p.lead(s, store.Cell{Field: l.field, Column: int64(to)}); err != nil {
			return err
		}
	}
	return p.relink(rest, from, to, operation)
}
