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
	"castellan/internal/query"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/value"
)

// state is one record with all that decides about it, read by the house inside
// a transaction. Nothing of it reaches an actor but through a verdict.
type state struct {
	kind   *schema.Kind
	stored *store.Stored
	shares []share
	now    int64 // microseconds; which shares are live
}

// share is one row of the table share.
type share struct {
	principal schema.Principal
	level     policy.ShareLevel
	ends      any // nil, or microseconds
	by        int64
	at        int64
	lends     policy.Lends
}

func (s share) live(now int64) bool {
	ends, ok := s.ends.(int64)
	return !ok || ends > now
}

// load reads a record's state, in the bin or not. A record that is not there
// gives fault.Missing.
func (b *Book) load(ctx context.Context, tx *store.Tx, kind *schema.Kind, id schema.RecordID) (*state, error) {
	stored, err := tx.Stored(ctx, policy.Whole(kind, policy.ForDecision), id)
	if errors.Is(err, store.ErrNoRows) {
		return nil, fault.NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", kind.Name, err)
	}
	s, err := stateOf(kind, stored, tx)
	if err != nil {
		return nil, err
	}
	s.shares, err = sharesOf(ctx, tx, kind, id)
	return s, err
}

func stateOf(kind *schema.Kind, stored *store.Stored, tx *store.Tx) (*state, error) {
	for i := range stored.Cells {
		var err error
		if stored.Cells[i].Multi, err = keysOf(stored.Cells[i].Field, stored.Cells[i].Column); err != nil {
			return nil, err
		}
	}
	return &state{kind: kind, stored: stored, now: tx.Now().UnixMicro()}, nil
}

// loadAll is load for several records of a kind in few statements, in the order
// of the ids. Those that are not there are left out.
func (b *Book) loadAll(ctx context.Context, tx *store.Tx, kind *schema.Kind, ids []schema.RecordID) ([]*state, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	stored, err := tx.StoredAll(ctx, policy.Whole(kind, policy.ForDecision), ids)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", kind.Plural, err)
	}
	byID := make(map[schema.RecordID]*state, len(stored))
	for _, one := range stored {
		if byID[one.ID], err = stateOf(kind, one, tx); err != nil {
			return nil, err
		}
	}
	marks, args := store.Marks(ids)
	rows, err := tx.Query(ctx, store.Text("SELECT record, principal, level, ends_at, made_by, made_at, lends FROM share WHERE kind = ? AND record IN ("+marks+") ORDER BY record, principal"), append([]any{int64(kind.Number)}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read shares: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		v := rows.Values()
		if s := byID[schema.RecordID(v[0].(int64))]; s != nil {
			s.shares = append(s.shares, shareFrom(v[1:]))
		}
	}
	if err := rows.Close(); err != nil {
		return nil, fmt.Errorf("read shares: %w", err)
	}
	all := make([]*state, 0, len(ids))
	for _, id := range ids {
		if s := byID[id]; s != nil {
			all = append(all, s)
		}
	}
	return all, nil
}

func shareFrom(v []any) share {
	return share{principal: schema.Principal(v[0].(int64)), level: policy.ShareLevel(v[1].(int64)), ends: v[2], by: v[3].(int64), at: v[4].(int64), lends: policy.Lends(v[5].(int64))}
}

func sharesOf(ctx context.Context, tx *store.Tx, kind *schema.Kind, id schema.RecordID) ([]share, error) {
	rows, err := tx.Query(ctx, store.Text("SELECT principal, level, ends_at, made_by, made_at, lends FROM share WHERE kind = ? AND record = ? ORDER BY principal"), int64(kind.Number), int64(id))
	if err != nil {
		return nil, fmt.Errorf("read shares: %w", err)
	}
	defer rows.Close()
	var all []share
	for rows.Next() {
		all = append(all, shareFrom(rows.Values()))
	}
	return all, rows.Err()
}

// keysOf gives the keys in multi that belong to a stored multi field.
func keysOf(f *schema.Field, column any) ([]string, error) {
	text, ok := column.(string)
	if !ok || !f.Type.Multi() {
		return nil, nil
	}
	var keys []string
	var err error
	switch f.Type {
	case schema.Phones:
		var all []value.Phone
		err = json.Unmarshal([]byte(text), &all)
		for _, p := range all {
			keys = append(keys, value.PhoneKey(p))
		}
	case schema.Emails:
		var all []value.Email
		err = json.Unmarshal([]byte(text), &all)
		for _, e := range all {
			keys = append(keys, value.EmailKey(e.Address))
		}
	case schema.Tags:
		var all []string
		err = json.Unmarshal([]byte(text), &all)
		for _, t := range all {
			keys = append(keys, value.TextKey(t))
		}
	default:
		err = json.Unmarshal([]byte(text), &keys)
	}
	if err != nil {
		return nil, fmt.Errorf("read stored %s: %w", f.Name, err)
	}
	return keys, nil
}

// decode is the inverse of what a multi field's column holds.
func decode(f *schema.Field, column any) (any, error) {
	text, _ := column.(string)
	var err error
	switch f.Type {
	case schema.Phones:
		var all []value.Phone
		err = json.Unmarshal([]byte(text), &all)
		return all, err
	case schema.Emails:
		var all []value.Email
		err = json.Unmarshal([]byte(text), &all)
		return all, err
	}
	var all []string
	err = json.Unmarshal([]byte(text), &all)
	return all, err
}

// Value, Key and Keys let conditions be asked of the record.
func (s *state) Value(f *schema.Field) query.Value {
	v, _ := query.Of(s.stored.Cells[f.Index()].Column)
	return v
}

func (s *state) Key(f *schema.Field) query.Value {
	v, _ := query.Of(s.stored.Cells[f.Index()].Key)
	return v
}

func (s *state) Keys(f *schema.Field) []string { return s.stored.Cells[f.Index()].Multi }

// held is what a field of the record holds, in the form of the database; nil: nothing.
func (s *state) held(field string) any { return s.stored.Cells[s.kind.Field(field).Index()].Column }

// responsible is the person responsible for the record, or zero.
func (s *state) responsible() actor.PersonID {
	id, _ := s.stored.Cells[s.kind.ResponsibleField().Index()].Column.(int64)
	return actor.PersonID(id)
}

// facts are what a decision about the record needs.
func (s *state) facts() policy.Facts {
	f := policy.Facts{Record: s.stored.ID, Responsible: s.responsible(), Row: s}
	for _, sh := range s.shares {
		if !sh.live(s.now) {
			continue
		}
		f.Principals = append(f.Principals, sh.principal)
		if sh.principal.Role() == schema.ByShare {
			f.Shares = append(f.Shares, policy.Share{Person: actor.PersonID(sh.principal.Ref()), Level: sh.level})
		}
	}
	return f
}

// loan is the share as it is asked by what is shared with the record.
func (s share) loan() policy.Loan {
	return policy.Loan{With: s.principal, Level: s.level, Lends: s.lends, By: actor.PersonID(s.by)}
}

// loans are the live shares, as they are asked by what is shared with the record.
func (s *state) loans() []policy.Loan {
	all := make([]policy.Loan, 0, len(s.shares))
	for _, sh := range s.shares {
		if sh.live(s.now) {
			all = append(all, sh.loan())
		}
	}
	return all
}

// place is where the record stands in lists; nil for one in the bin and for
// one that lives within another. Shares that have ended keep their rows until
// they are cleared away: every reader checks the end itself.
func (s *state) place() *store.Place {
	if s.stored.Binned || s.kind.Within {
		return nil
	}
	p := &store.Place{Mark: store.MarkOf(s.kind, s.stored.Cells)}
	p.Updated, _ = s.stored.Cells[s.kind.Field("updated_at").Index()].Column.(int64)
	p.Name, _ = s.stored.Cells[s.kind.TitleField().Index()].Key.(string)
	if r := s.responsible(); r != 0 {
		p.Principals = append(p.Principals, schema.ResponsiblePrincipal(int64(r)))
	}
	for _, sh := range s.shares {
		p.Principals = append(p.Principals, sh.principal)
	}
	return p
}

// with is the state after a change of cells.
func (s *state) with(cells []store.Cell) *state {
	next := *s.stored
	next.Cells = slices.Clone(next.Cells)
	for _, c := range cells {
		next.Cells[c.Field.Index()] = c
	}
	after := *s
	after.stored = &next
	return &after
}

// admit asks a grant about a record. One that lives on another is admitted only
// if the actor may view that other one, and is reached through its shares as far
// as they open what lives there.
func (b *Book) admit(ctx context.Context, tx *store.Tx, st *policy.Standing, g policy.Grant, s *state) (policy.Verdict, error) {
	var parent *state
	if s.kind.Within {
		var err error
		if parent, err = b.parent(ctx, tx, s); err != nil {
			return policy.Verdict{}, err
		}
	}
	return admitOn(st, g, s, parent, tx.Now()), nil
}

// admitOn is admit for a record whose parent is read already, if it has one.
func admitOn(st *policy.Standing, g policy.Grant, s, parent *state, now time.Time) policy.Verdict {
	facts := s.facts()
	if s.kind.Within {
		if parent == nil || parent.stored.Binned {
			return policy.Verdict{}
		}
		view := st.Decide(parent.kind, policy.View, g.Surface(), now)
		if !admitOn(st, view, parent, nil, now).Allowed {
			return policy.Verdict{}
		}
		return g.AdmitOn(facts, parent.loans())
	}
	return g.Admit(facts)
}

// parents remember the record on which those live that are asked about one after
// the other in one transaction: nearly always the same.
type parents struct {
	id   int64
	kind string
	it   *state // nil: there is none
}

// admitUnder is admit for one of several records, which have most parents in common.
func (b *Book) admitUnder(ctx context.Context, tx *store.Tx, st *policy.Standing, g policy.Grant, s *state, above *parents) (policy.Verdict, error) {
	if !s.kind.Within {
		return admitOn(st, g, s, nil, tx.Now()), nil
	}
	kind, _ := s.stored.Cells[s.kind.Field("about_kind").Index()].Column.(string)
	id, _ := s.stored.Cells[s.kind.Field("about").Index()].Column.(int64)
	if above.kind == "" || above.kind != kind || above.id != id {
		parent, err := b.parent(ctx, tx, s)
		if err != nil {
			return policy.Verdict{}, err
		}
		*above = parents{id, kind, parent}
	}
	return admitOn(st, g, s, above.it, tx.Now()), nil
}

// parent is the record that another lives on, or nil if there is none.
func (b *Book) parent(ctx context.Context, tx *store.Tx, s *state) (*state, error) {
	name, _ := s.stored.Cells[s.kind.Field("about_kind").Index()].Column.(string)
	id, _ := s.stored.Cells[s.kind.Field("about").Index()].Column.(int64)
	kind := b.catalog().Kind(name)
	if kind == nil || kind.Within || id == 0 {
		return nil, nil
	}
	p, err := b.load(ctx, tx, kind, schema.RecordID(id))
	if fault.Is(err, fault.Missing) {
		return nil, nil
	}
	return p, err
}
