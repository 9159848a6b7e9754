package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
)

// Change is before and after of one field, in the form of the database. It goes
// into the details of ledger entries, which can be erased by law.
type Change struct {
	Before any `json:"before,omitempty"`
	After  any `json:"after,omitempty"`
}

// pen is a writer at work: who, with what rights, in which transaction.
type pen struct {
	b   *Book
	ctx context.Context
	tx  *store.Tx
	who actor.Actor
	st  *policy.Standing

	quiet   bool // the caller writes one ledger entry for many records
	touched bool // a record has been changed since the caller cleared this
	begun   bool // something has been written since the caller cleared this

	series string // what is made now is of this series; empty: of none
	own    bool   // the kind itself is at work, and needs not be asked
	kept   Values // what the house itself says of the record that is written now

	lent map[lending]policy.Lends // what shares were found to open

	desk  *Desk  // new records wait here to be written together; nil: each is written at once
	trial *Trial // nothing is written: what would be is kept here; nil: it is real
}

// load reads a record as this writer finds it.
func (p *pen) load(kind *schema.Kind, id schema.RecordID) (*state, error) {
	if p.trial != nil {
		if s, ok := p.trial.states[id]; ok && s.kind == kind {
			return s, nil
		}
	}
	return p.b.load(p.ctx, p.tx, kind, id)
}

// Create makes a record and gives its id. The responsible person is the writer
// unless another is named.
func (b *Book) Create(ctx context.Context, who actor.Actor, kindName string, v Values) (schema.RecordID, error) {
	var id schema.RecordID
	err := b.write(ctx, who, func(p *pen) error {
		kind, err := b.kind(kindName)
		if err != nil {
			return err
		}
		id, err = p.create(kind, v)
		return err
	})
	return id, err
}

// Update changes the fields that are named. version is the one that the writer
// has seen; zero means whatever it is now.
func (b *Book) Update(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, version int64, v Values) error {
	return b.write(ctx, who, func(p *pen) error {
		kind, err := b.kind(kindName)
		if err != nil {
			return err
		}
		return p.update(kind, id, version, v)
	})
}

// Delete moves a record to the bin. version is as for Update.
func (b *Book) Delete(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, version int64) error {
	return b.write(ctx, who, func(p *pen) error {
		kind, err := b.kind(kindName)
		if err != nil {
			return err
		}
		return p.bin(kind, id, version)
	})
}

// Restore brings a record back from the bin. It needs the right to delete it.
func (b *Book) Restore(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID) error {
	return b.write(ctx, who, func(p *pen) error {
		kind, err := b.kind(kindName)
		if err != nil {
			return err
		}
		return p.unbin(kind, id, 0)
	})
}

// write opens a transaction for a writer.
func (b *Book) write(ctx context.Context, who actor.Actor, do func(*pen) error) error {
	st, err := b.writer(ctx, who)
	if err != nil {
		return err
	}
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		return do(&pen{b: b, ctx: ctx, tx: tx, who: who, st: st})
	})
	return stale(err)
}

func (p *pen) create(kind *schema.Kind, v Values) (schema.RecordID, error) {
	return p.createIn(kind, v, 0)
}

// createIn makes a record that is shared with a group from the start.
func (p *pen) createIn(kind *schema.Kind, v Values, group actor.GroupID) (schema.RecordID, error) {
	s, g, cells, err := p.compose(kind, v, group)
	if err != nil {
		return 0, err
	}
	switch {
	case p.trial != nil:
		p.trial.keep(s)
	case p.desk != nil && !p.desk.careful && kind.Time == nil: // one that takes time must be seen by the next one
		p.desk.fresh = append(p.desk.fresh, s)
	default:
		p.begun = true
		if err := p.insert(g, s); err != nil {
			return 0, err
		}
		if err := p.followed(kind, s.stored.ID, nil, cells); err != nil {
			return 0, err
		}
	}
	return s.stored.ID, p.note("record.created", kind, s.stored.ID, changes(nil, s, cells))
}

// insert writes new records of one kind.
func (p *pen) insert(g policy.Grant, all ...*state) error {
	fresh := make([]store.Fresh, len(all))
	for i, s := range all {
		fresh[i] = store.Fresh{ID: s.stored.ID, Cells: s.stored.Cells, Place: s.place()}
		if !s.kind.Within {
			fresh[i].Words, fresh[i].Digits = s.words()
		}
	}
	if err := p.tx.InsertRecords(p.ctx, g, fresh); err != nil {
		return err
	}
	var shares []any
	for _, s := range all {
		for _, sh := range s.shares {
			shares = append(shares, int64(s.kind.Number), int64(s.stored.ID), int64(sh.principal), int64(sh.level), sh.ends, sh.by, sh.at, int64(sh.lends))
		}
	}
	if err := p.tx.Insert(p.ctx, "INSERT INTO share (kind, record, principal, level, ends_at, made_by, made_at, lends)", "(?, ?, ?, ?, ?, ?, ?, ?)", "", shares); err != nil {
		return fmt.Errorf("share: %w", err)
	}
	return nil
}

// compose decides about a new record and makes it, and writes nothing.
func (p *pen) compose(kind *schema.Kind, v Values, group actor.GroupID) (*state, policy.Grant, []store.Cell, error) {
	g := p.st.Decide(kind, policy.Create, CardOf(kind), p.tx.Now())
	if g.Empty() {
		return nil, g, nil, refused(g.Reasons())
	}
	v = maps.Clone(v)
	if _, named := v[kind.Responsible]; !named && p.who.Person != 0 {
		v[kind.Responsible] = p.who.Person
	}
	blank := &state{kind: kind, now: p.tx.Now().UnixMicro(), stored: &store.Stored{ID: p.tx.NewID(), Version: 1, Cells: make([]store.Cell, len(kind.Fields))}}
	for i, f := range kind.Fields {
		blank.stored.Cells[i] = store.Cell{Field: f}
	}
	cells, err := p.cells(kind, nil, v)
	if err != nil {
		return nil, g, nil, err
	}
	at, by := p.tx.Now().UnixMicro(), p.by()
	if p.series != "" {
		c, err := p.b.settings().canonical(kind.Field(kind.Time.Series), p.series)
		if err != nil {
			return nil, g, nil, err
		}
		cells = append(cells, c)
	}
	for _, k := range []struct {
		field string
		value any
	}{{"created_at", at}, {"created_by", by}, {"updated_at", at}, {"updated_by", by}} {
		cells = append(cells, store.Cell{Field: kind.Field(k.field), Column: k.value})
	}
	s := blank.with(cells)
	if err := missing(s); err != nil {
		return nil, g, nil, err
	}
	if group != 0 {
		with := Share{Group: group}
		if may, why := p.st.Can(policy.ShareRecords); !may {
			return nil, g, nil, lacks(policy.ShareRecords, why)
		}
		if p.desk == nil || !p.desk.groups[group] {
			if err := p.exists(with); err != nil {
				return nil, g, nil, err
			}
		}
		if p.desk != nil {
			p.desk.groups[group] = true
		}
		// Nothing lies on it yet: what will be there they hold through the group, too.
		born := share{principal: with.principal(), level: policy.ShareEdit, by: int64(p.who.Person), at: at, lends: policy.Everything}
		s.shares = []share{born}
		s.shares[0].lends = p.lends(s, born, nil)
	}
	if err := p.keeps(g, nil, s); err != nil {
		return nil, g, nil, err
	}
	return s, g, cells, p.clash(nil, s)
}

func (p *pen) update(kind *schema.Kind, id schema.RecordID, version int64, v Values) error {
	return p.updateWith(kind, id, version, v, Replace)
}

func (p *pen) updateWith(kind *schema.Kind, id schema.RecordID, version int64, v Values, how With) error {
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
	v, err = p.meet(s, maps.Clone(v), how)
	if err != nil {
		return err
	}
	cells, err := p.cells(kind, s.stored, v)
	if err != nil {
		return err
	}
	return p.change(g, s, cells, "record.changed", nil)
}

// change writes cells that differ from what is stored, keeps the state before
// in the history, and notes before and after.
func (p *pen) change(g policy.Grant, s *state, cells []store.Cell, event scribe.Event, more map[string]any) error {
	kind := s.kind
	cells = slices.DeleteFunc(cells, func(c store.Cell) bool {
		return s.stored.Cells[c.Field.Index()].Column == c.Column
	})
	if len(cells) == 0 {
		return nil
	}
	if err := p.guarded(s, cells, false); err != nil {
		return err
	}
	touched := slices.Clone(cells)
	at := max(p.tx.Now().UnixMicro(), s.updated()+1)
	cells = append(cells,
		store.Cell{Field: kind.Field("updated_at"), Column: at},
		store.Cell{Field: kind.Field("updated_by"), Column: p.by()})
	after := s.with(cells)
	if err := missing(after); err != nil {
		return err
	}
	if err := p.keeps(g, s, after); err != nil {
		return err
	}
	if err := p.clash(s, after); err != nil {
		return err
	}
	if p.trial != nil {
		after.stored.Version++
		p.trial.keep(after)
		return p.note(event, kind, s.stored.ID, nil)
	}
	p.begun = true
	if err := p.remember(s, at); err != nil {
		return err
	}
	old := make([]store.Cell, len(cells))
	for i, c := range cells {
		old[i] = s.stored.Cells[c.Field.Index()]
	}
	if err := p.tx.UpdateRecord(p.ctx, g, s.stored.ID, s.stored.Version, old, cells, s.place(), after.place()); err != nil {
		return err
	}
	if slices.ContainsFunc(cells, func(c store.Cell) bool { return c.Field.Search != schema.Unsearched }) {
		if err := p.search(after); err != nil {
			return err
		}
		if err := p.forget(s, after); err != nil {
			return err
		}
	}
	if err := p.followed(kind, s.stored.ID, s.stored, cells); err != nil {
		return err
	}
	if s.responsible() != after.responsible() {
		if err := p.mailFollows(after); err != nil {
			return err
		}
	}
	details := changes(s, after, touched)
	for k, v := range more {
		details[k] = v
	}
	return p.note(event, kind, s.stored.ID, details)
}

func (p *pen) bin(kind *schema.Kind, id schema.RecordID, version int64) error {
	s, g, err := p.reach(kind, id, policy.Delete)
	if err != nil {
		return err
	}
	return p.binBy(g, s, version)
}

// binBy moves a record to the bin under a grant of deletion that admits it.
func (p *pen) binBy(g policy.Grant, s *state, version int64) error {
	kind, id := s.kind, s.stored.ID
	if s.stored.Binned {
		return fault.NotFound()
	}
	if version != 0 && version != s.stored.Version {
		return store.ErrStale
	}
	if err := p.guarded(s, nil, true); err != nil {
		return err
	}
	at := p.tx.Now().UnixMicro()
	if err := p.remember(s, at); err != nil {
		return err
	}
	if err := p.tx.BinRecord(p.ctx, g, id, s.stored.Version, at, int64(p.who.Person), s.place()); err != nil {
		return err
	}
	if err := p.tx.DropSearch(p.ctx, kind, id); err != nil {
		return err
	}
	if err := p.forget(s, nil); err != nil {
		return err
	}
	return p.note("record.deleted", kind, id, nil)
}

func (p *pen) unbin(kind *schema.Kind, id schema.RecordID, version int64) error {
	s, g, err := p.reach(kind, id, policy.Delete)
	if err != nil {
		return err
	}
	return p.unbinBy(g, s, version)
}

// unbinBy brings a record back from the bin under a grant of deletion that admits it.
func (p *pen) unbinBy(g policy.Grant, s *state, version int64) error {
	kind, id := s.kind, s.stored.ID
	if !s.stored.Binned {
		return fault.NotFound()
	}
	if version != 0 && version != s.stored.Version {
		return store.ErrStale
	}
	back := *s.stored
	back.Binned = false
	live := &state{kind: kind, stored: &back, shares: s.shares, now: s.now}
	if err := p.clash(nil, live); err != nil {
		return err
	}
	if err := p.tx.UnbinRecord(p.ctx, g, id, s.stored.Version, live.place()); err != nil {
		return err
	}
	if err := p.search(live); err != nil {
		return err
	}
	return p.note("record.restored", kind, id, nil)
}

// reach loads a record for an action. Whoever may not view it gets
// fault.Missing, and whoever may view it but not do this, the reason why.
func (p *pen) reach(kind *schema.Kind, id schema.RecordID, a policy.Action) (*state, policy.Grant, error) {
	return p.reachBy(p.st, kind, id, a)
}

// reachBy is reach by another standing of the writer. What they may know of a
// record that they do not reach is for their own to say.
func (p *pen) reachBy(st *policy.Standing, kind *schema.Kind, id schema.RecordID, a policy.Action) (*state, policy.Grant, error) {
	s, err := p.load(kind, id)
	if err != nil {
		return nil, policy.Grant{}, err
	}
	g := st.Decide(kind, a, CardOf(kind), p.tx.Now())
	v, err := p.b.admit(p.ctx, p.tx, st, g, s)
	if err != nil || v.Allowed {
		return s, g, err
	}
	view, err := p.b.admit(p.ctx, p.tx, p.st, p.st.Decide(kind, policy.View, CardOf(kind), p.tx.Now()), s)
	if err != nil {
		return nil, policy.Grant{}, err
	}
	if !view.Allowed || s.stored.Binned {
		return nil, policy.Grant{}, fault.NotFound()
	}
	return nil, policy.Grant{}, refused(v.Reasons())
}

// keeps refuses a write that gives the record to somebody else, or carries it
// out of the writer's reach, unless the writer may give records away (attack
// 30). before is nil for a new record.
func (p *pen) keeps(g policy.Grant, before, after *state) error {
	var was policy.Facts
	if before != nil {
		was = before.facts()
	}
	may, why := p.st.MayAssign(after.kind, was, after.responsible(), p.tx.Now())
	if !may && (before == nil || before.responsible() != after.responsible()) {
		return lacks(policy.AssignRecords, why).At(after.kind.Responsible)
	}
	v, err := p.b.admit(p.ctx, p.tx, p.st, g, after)
	if err != nil || v.Allowed {
		return err
	}
	if may, _ := p.st.Can(policy.AssignRecords); may && !after.kind.Within {
		return nil
	}
	if after.kind.Within {
		return fault.NotFound()
	}
	return fault.New(fault.Denied, "record.outofreach", "You cannot carry a record to where you may not edit it yourself. Somebody who may assign records can.")
}

// cells brings the values of a write into the form of the database.
func (p *pen) cells(kind *schema.Kind, before *store.Stored, v Values) ([]store.Cell, error) {
	view := p.st.Decide(kind, policy.View, CardOf(kind), p.tx.Now())
	var wrong []fault.Fault
	for _, name := range slices.Sorted(maps.Keys(v)) {
		f := kind.Field(name)
		switch {
		case f == nil || view.FieldAnywhere(f) == policy.Hidden:
			wrong = append(wrong, *fault.New(fault.Invalid, "field.unknown", "There is no such field.").At(known(name)))
		case f.House:
			wrong = append(wrong, *fault.Newf(fault.Invalid, "field.kept", "%s is kept by Castellan and cannot be written.", f.Labels.In("en")).At(f.Name))
		}
	}
	if err := fault.Join(wrong); err != nil {
		return nil, err
	}
	if prepare := p.b.prepare[kind.Name]; prepare != nil {
		if err := prepare(p.ctx, p.tx, before, v); err != nil {
			return nil, err
		}
	}
	settings := p.b.settings()
	var cells []store.Cell
	for _, name := range slices.Sorted(maps.Keys(v)) {
		f := kind.Field(name)
		if f == nil {
			return nil, fmt.Errorf("prepare %s: no field %s", kind.Name, name)
		}
		c, err := settings.canonical(f, v[name])
		if bad, ok := fault.As(err); ok {
			wrong = append(wrong, *bad)
			continue
		}
		if err != nil {
			return nil, err
		}
		cells = append(cells, c)
	}
	for _, name := range slices.Sorted(maps.Keys(p.kept)) {
		c, err := settings.canonical(kind.Field(name), p.kept[name])
		if err != nil {
			return nil, err
		}
		cells = append(cells, c)
	}
	if err := fault.Join(wrong); err != nil {
		return nil, err
	}
	if err := p.related(cells); err != nil {
		return nil, err
	}
	return p.settled(kind, before, cells)
}

// known keeps a name that a caller made up from being repeated unless it looks
// like a name at all.
func known(name string) string {
	if len(name) > 40 {
		return ""
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' {
			return ""
		}
	}
	return name
}

// related refuses links to records that the writer may not view: a link would
// tell that they exist (attack 29).
func (p *pen) related(cells []store.Cell) error {
	for _, c := range cells {
		id, linked := c.Column.(int64)
		if !linked || c.Field.Type != schema.Relation {
			continue
		}
		target := c.Field.Target
		if target == schema.AnyKind {
			i := slices.IndexFunc(cells, func(o store.Cell) bool { return o.Field.Name == c.Field.Name+"_kind" })
			if i < 0 {
				return refuse(c.Field, "relation", "%s must name a record that you may see.")
			}
			target, _ = cells[i].Column.(string)
		}
		kind := p.b.catalog().Kind(target)
		if kind == nil {
			return refuse(c.Field, "relation", "%s must name a record that you may see.")
		}
		if p.desk != nil && p.desk.linked[schema.RecordID(id)] == kind {
			continue
		}
		s, err := p.load(kind, schema.RecordID(id))
		if err == nil {
			var v policy.Verdict
			v, err = p.b.admit(p.ctx, p.tx, p.st, p.st.Decide(kind, policy.View, CardOf(kind), p.tx.Now()), s)
			if err == nil && (!v.Allowed || s.stored.Binned) {
				err = fault.NotFound()
			}
		}
		if fault.Is(err, fault.Missing) {
			return refuse(c.Field, "relation", "%s must name a record that you may see.")
		}
		if err != nil {
			return err
		}
		if p.desk != nil {
			p.desk.linked[schema.RecordID(id)] = kind
		}
	}
	return nil
}

// missing names the required fields that are empty.
func missing(s *state) error {
	var wrong []fault.Fault
	for _, f := range s.kind.Fields {
		if f.Required && s.stored.Cells[f.Index()].Column == nil {
			wrong = append(wrong, *fault.Newf(fault.Invalid, "field.required", "%s must not be empty.", f.Labels.In("en")).At(f.Name))
		}
	}
	if err := fault.Join(wrong); err != nil {
		return err
	}
	return nil
}

func (s *state) updated() int64 {
	at, _ := s.stored.Cells[s.kind.Field("updated_at").Index()].Column.(int64)
	return at
}

// by is who writes, for created_by and its like; nil for the house.
func (p *pen) by() any {
	if p.who.Person == 0 {
		return nil
	}
	return int64(p.who.Person)
}

// remember keeps the state that is about to be replaced.
func (p *pen) remember(s *state, until int64) error {
	held := make(map[string]any, len(s.kind.Fields))
	for _, c := range s.stored.Cells {
		if c.Column != nil {
			held[c.Field.Name] = c.Column
		}
	}
	text, err := json.Marshal(held)
	if err != nil {
		return fmt.Errorf("encode history: %w", err)
	}
	_, err = p.tx.Exec(p.ctx, store.Text("INSERT INTO history (kind, record, version, at, actor_kind, actor, state) VALUES (?, ?, ?, ?, ?, ?, ?)"),
		int64(s.kind.Number), int64(s.stored.ID), s.stored.Version, until, int64(p.who.Kind), int64(p.who.Person), text)
	if err != nil {
		return fmt.Errorf("keep history: %w", err)
	}
	return nil
}

// search keeps the words and digits by which the search box finds a record.
func (p *pen) search(s *state) error {
	if s.kind.Within {
		return nil
	}
	words, digits := s.words()
	return p.tx.PutSearch(p.ctx, s.kind, s.stored.ID, words, digits)
}

// forget takes out of the vocabulary what nothing but the record was found by.
func (p *pen) forget(before, after *state) error {
	if before.kind.Within {
		return nil
	}
	gone, _ := before.words()
	if after != nil {
		kept, _ := after.words()
		gone = slices.DeleteFunc(gone, func(w string) bool { return slices.Contains(kept, w) })
	}
	return p.tx.ForgetWords(p.ctx, before.kind, gone)
}

// words are those by which the search box finds the record, and the digits of
// its phones. Words are those of the masked text: a number typed into a name is
// not found.
func (s *state) words() (words, digits []string) {
	for _, c := range s.stored.Cells {
		switch c.Field.Search {
		case schema.ByWords:
			text, _ := c.Column.(string)
			if m, ok := c.Masked.(string); ok {
				text = m
			}
			words = append(words, value.Words(text)...)
		case schema.ByDigits:
			for _, k := range c.Multi {
				digits = append(digits, value.PhoneDigits(k))
			}
		}
	}
	return words, digits
}

// changes are before and after of the cells touched.
func changes(before, after *state, cells []store.Cell) map[string]any {
	fields := map[string]any{}
	for _, c := range cells {
		ch := Change{After: after.stored.Cells[c.Field.Index()].Column}
		if before != nil {
			ch.Before = before.stored.Cells[c.Field.Index()].Column
		}
		if ch != (Change{}) {
			fields[c.Field.Name] = ch
		}
	}
	return map[string]any{"fields": fields}
}

// note writes the ledger entry into the transaction. Every change of a record
// ends here.
func (p *pen) note(event scribe.Event, kind *schema.Kind, id schema.RecordID, details map[string]any) error {
	p.touched = true
	if p.quiet {
		return nil
	}
	e := scribe.Entry{Event: event, Who: p.who, Kind: kind.Name, Records: []schema.RecordID{id}, Surface: string(CardOf(kind))}
	if len(details) > 0 {
		e.Details = details
	}
	if err := p.b.scribe.Write(p.ctx, p.tx, e); err != nil {
		return errors.Join(errors.New("write the ledger entry"), err)
	}
	return nil
}
