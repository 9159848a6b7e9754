package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/value"
)

// Query is what is asked of a kind of record.
type Query struct {
	Filter string      // a condition as text (see package query); empty: every record
	Tree   *query.Node // the same as a tree; with Filter, both must hold
	Sort   string      // a field, "-" before it for descending; empty: last changed first
	Search string      // words, three or more digits of a phone, or the beginning of a mail address
	Fields []string    // nil: all that may be seen
	Cursor string      // Next of the page before
	Limit  int         // 0: 50; at most 200
	Count  Counting    // whether to count what is found
	Bin    bool        // the records in the bin instead, for those who may delete them
	Can    bool        // of each record it is told whether the reader may edit and delete it
	Zone   *time.Location
}

// Counting is how a list is counted.
type Counting uint8

const (
	NoCount Counting = iota
	Capped           // up to 1,000, and whether there are more
	Exact
)

const (
	listPage  = 50
	listLimit = 200
	countCap  = 1_000
	exactCap  = 10_000_000
)

// Count is how many records there are; Capped says: at least.
type Count struct {
	N      int
	Capped bool
}

// Row is one record of a page, no more of it than the reader may see.
type Row = store.RecordRow

// Page is a part of a list.
type Page struct {
	Kind   *schema.Kind
	Fields []*schema.Field // what Row.Values are, by place
	Rows   []Row
	Next   string // empty at the end
	Count  *Count
	Titles map[schema.RecordID]string // of linked records that the reader may see
	May    May
	Each   bool // MayOf tells of each row by itself

	Clients *Page // whom the records are for, where that was asked for; else nil
}

// Record is one record, no more of it than the reader may see.
type Record struct {
	Page   // of one row, without Next and Count
	Binned bool
}

// May is what the reader may do with the records of a page, as far as the
// rights say so for all of them: a record may still refuse. Merge is told of one
// record alone.
type May struct{ Edit, Delete, Merge bool }

// MayOf is what the reader may do with one row of a page that was asked so.
func (p *Page) MayOf(row *Row) May { return May{Edit: row.Also&1 != 0, Delete: row.Also&2 != 0} }

// List gives a page of the records that the actor may see on the surface, and
// notes which before it returns.
func (b *Book) List(ctx context.Context, who actor.Actor, kindName string, on Surface, q Query) (*Page, error) {
	under := b.scribe.Enter()
	defer under.Leave()
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	if kind.Within {
		return b.listWithin(ctx, who, st, kind, on, q)
	}
	event := scribe.Event("record.listed")
	action := policy.View
	if q.Bin {
		if may, why := st.Can(policy.UseBin); !may {
			return nil, lacks(policy.UseBin, why).At("bin")
		}
		event, action = "bin.listed", policy.Delete
	}
	now := b.instant()
	g := st.Decide(kind, action, on, now)
	ask, place, err := b.ask(who, kind, g, on, q)
	if err != nil {
		return nil, err
	}
	if q.Can && who.ViewAs == 0 {
		ask.Also = []policy.Grant{st.Decide(kind, policy.Edit, on, now), st.Decide(kind, policy.Delete, on, now)}
	}
	rows, err := b.db.Page(ctx, g, ask)
	if err != nil {
		return nil, err
	}
	p := &Page{Kind: kind, Fields: rows.Fields, Rows: rows.Rows, Each: ask.Also != nil}
	if rows.Next != nil {
		if p.Next, err = b.seal(place, rows.Next); err != nil {
			return nil, err
		}
	}
	if q.Count != NoCount {
		if p.Count, err = b.count(ctx, g, ask, q.Count); err != nil {
			return nil, err
		}
	}
	p.May = b.may(st, kind, on)
	var met []scribe.Entry
	if p.Titles, met, err = b.titles(ctx, who, st, p); err != nil {
		return nil, err
	}
	e := scribe.Entry{Event: event, Who: who, Kind: kind.Name, Records: idsOf(p.Rows), Surface: string(on), Shown: shown(p)}
	if q.Search != "" {
		e.Event = "record.searched"
	}
	if details := asked(ask, q); details != nil {
		e.Details = details
	}
	return p, under.NoteAll(ctx, append(met, e))
}

// CountOf counts what List would list.
func (b *Book) CountOf(ctx context.Context, who actor.Actor, kindName string, on Surface, q Query) (Count, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return Count{}, err
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return Count{}, err
	}
	if kind.Within {
		return Count{}, withinApart(kind)
	}
	g := st.Decide(kind, policy.View, on, b.instant())
	ask, _, err := b.ask(who, kind, g, on, q)
	if err != nil {
		return Count{}, err
	}
	n, err := b.count(ctx, g, ask, max(q.Count, Capped))
	if err != nil {
		return Count{}, err
	}
	e := scribe.Entry{Event: "record.counted", Who: who, Kind: kind.Name, Surface: string(on)}
	if details := asked(ask, q); details != nil {
		e.Details = details
	}
	return *n, b.scribe.Note(ctx, e)
}

func (b *Book) count(ctx context.Context, g policy.Grant, ask store.Ask, how Counting) (*Count, error) {
	most := countCap
	if how == Exact {
		most = exactCap
	}
	n, capped, err := b.db.CountFound(ctx, g, ask, most)
	return &Count{N: n, Capped: capped}, err
}

// ask turns a query into what the store is asked, under a grant. place is what
// a cursor of it belongs to.
func (b *Book) ask(who actor.Actor, kind *schema.Kind, g policy.Grant, on Surface, q Query) (store.Ask, string, error) {
	ask := store.Ask{Limit: q.Limit, Deleted: q.Bin}
	if ask.Limit == 0 {
		ask.Limit = listPage
	}
	if ask.Limit < 0 || ask.Limit > listLimit {
		return ask, "", fault.Newf(fault.Invalid, "page.large", "A page has at most %d rows.", listLimit).At("limit")
	}
	var err error
	if ask.Columns, err = columns(kind, g, q.Fields); err != nil {
		return ask, "", err
	}
	if ask.Filter, err = b.filter(who, kind, g, q); err != nil {
		return ask, "", err
	}
	if ask.Search, err = search(kind, g, q.Search); err != nil {
		return ask, "", err
	}
	sort := q.Sort
	if sort == "" {
		sort = "-updated_at"
		if g.FieldEverywhere(kind.Field("updated_at")) != policy.Plain {
			sort = "" // an order would tell of it: the order of their making then
		}
	}
	ask.Order = query.Order{Desc: true}
	if sort != "" {
		if ask.Order, err = query.ParseOrder(kind, sort); err != nil {
			return ask, "", err
		}
		if f := ask.Order.Field; f == nil || !f.Sort || g.FieldEverywhere(f) != policy.Plain {
			return ask, "", fault.New(fault.Denied, "sort.field", "You may not sort by this field.").At("sort")
		}
	}
	place := "cursor:" + kind.Name + ":" + string(on) + ":" + sort
	if q.Bin {
		place += ":bin"
	}
	if q.Search != "" {
		place += ":search"
	}
	if q.Cursor != "" {
		if ask.After, err = b.unseal(place, q.Cursor); err != nil {
			return ask, "", err
		}
	}
	return ask, place, nil
}

// columns are the fields of a page: those asked for, or all that the grant
// shows anywhere. Asking for a hidden field is like asking for none.
func columns(kind *schema.Kind, g policy.Grant, names []string) ([]*schema.Field, error) {
	if names == nil {
		all := make([]*schema.Field, 0, len(kind.Fields))
		for _, f := range kind.Fields {
			if g.FieldAnywhere(f) != policy.Hidden {
				all = append(all, f)
			}
		}
		return all, nil
	}
	var all []*schema.Field
	for _, name := range names {
		f := kind.Field(name)
		if f == nil || g.FieldAnywhere(f) == policy.Hidden {
			return nil, fault.New(fault.Invalid, "field.unknown", "There is no such field.").At("fields")
		}
		if !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all, nil
}

// filter reads the condition, and refuses fields that are nowhere plain in the
// same words as fields that do not exist: a refusal must not tell of a value
// (attack 1).
func (b *Book) filter(who actor.Actor, kind *schema.Kind, g policy.Grant, q Query) (query.Cond, error) {
	var parts []query.Cond
	if q.Filter != "" {
		c, err := query.Parse(kind, q.Filter, b)
		if err != nil {
			return nil, err
		}
		parts = append(parts, c)
	}
	if q.Tree != nil {
		c, err := query.FromNode(kind, *q.Tree, b)
		if err != nil {
			return nil, err
		}
		parts = append(parts, c)
	}
	if len(parts) == 0 {
		return nil, nil
	}
	c := query.Bind(query.Simplify(query.And(parts)), query.Here{Now: b.instant(), Zone: q.Zone, Me: who.Person})
	for _, f := range query.Fields(c) {
		if g.FieldAnywhere(f) != policy.Plain {
			return nil, fault.New(fault.Denied, "filter.field", "You may not filter by this field.").At("filter")
		}
	}
	return c, nil
}

// search reads what was typed into the search box. What the reader may not see
// is not looked into (attack 3); the store asks again on every row.
func search(kind *schema.Kind, g policy.Grant, typed string) (*store.Search, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return nil, nil
	}
	if len(typed) > longestSearch {
		return nil, tooLong()
	}
	sees := func(how schema.Search) bool {
		return slices.ContainsFunc(kind.Fields, func(f *schema.Field) bool { return f.Search == how && g.FieldAnywhere(f) == policy.Plain })
	}
	s := &store.Search{}
	if strings.Contains(typed, "@") {
		if sees(schema.ByAddress) {
			s.Address = value.EmailKey(typed)
		}
		return s, nil
	}
	if digits := value.PhoneDigits(typed); len(digits) >= 3 && !strings.ContainsFunc(typed, isLetter) {
		if sees(schema.ByDigits) {
			s.Digits = digits
		}
		return s, nil
	}
	if sees(schema.ByWords) {
		s.Words = value.Words(typed)
	}
	return s, nil
}

// asked says what was looked for, in names of fields and never in values.
func asked(ask store.Ask, q Query) map[string]any {
	if ask.Filter == nil && ask.Search == nil {
		return nil
	}
	details := map[string]any{}
	if ask.Filter != nil {
		var names []string
		for _, f := range query.Fields(ask.Filter) {
			names = append(names, f.Name)
		}
		details["filter"] = names
	}
	if s := ask.Search; s != nil {
		switch {
		case s.Address != "":
			details["search"] = "address"
		case s.Digits != "":
			details["search"] = "digits"
		default:
			details["search"] = "words"
		}
	}
	if q.Sort != "" {
		details["sort"] = strings.TrimPrefix(q.Sort, "-")
	}
	return details
}

// position is what a cursor holds. It goes out sealed: it may hold what was
// sorted by.
type position struct {
	Number *int64  `json:"n,omitempty"`
	Text   *string `json:"t,omitempty"`
	ID     int64   `json:"i"`
}

func (b *Book) seal(place string, at *store.Position) (string, error) {
	p := position{ID: int64(at.ID)}
	switch v := at.Sort.(type) {
	case int64:
		p.Number = &v
	case string:
		p.Text = &v
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	return b.vault.SealCursor(place, text), nil
}

func (b *Book) unseal(place, cursor string) (*store.Position, error) {
	bad := fault.New(fault.Invalid, "page.cursor", "This is not the cursor of this list. Begin with the first page.").At("cursor")
	text, err := b.vault.OpenCursor(place, cursor)
	if err != nil {
		return nil, bad
	}
	var p position
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, bad
	}
	at := &store.Position{ID: schema.RecordID(p.ID)}
	switch {
	case p.Number != nil:
		at.Sort = *p.Number
	case p.Text != nil:
		at.Sort = *p.Text
	}
	return at, nil
}

// may says what the rights let the reader do with every record of the kind.
func (b *Book) may(st *policy.Standing, kind *schema.Kind, on Surface) May {
	grades := func(a policy.Action) bool {
		return slices.ContainsFunc(st.Decide(kind, a, on, b.instant()).Arms(), func(arm policy.Arm) bool { return arm.Scope == policy.Everyone && arm.Cond == nil })
	}
	return May{Edit: grades(policy.Edit), Delete: grades(policy.Delete)}
}

// titles are how linked records are called, for those that the reader may see
// (attack 15), by the pages on which they are linked. What a title shows of a
// person is a reading like any other: the entries are for the caller to note
// together with its own before anything is shown, so that they share a commit.
func (b *Book) titles(ctx context.Context, who actor.Actor, st *policy.Standing, pages ...*Page) (map[schema.RecordID]string, []scribe.Entry, error) {
	return b.titlesBut(ctx, who, st, nil, pages...)
}

// titlesBut is titles without those of one field, which the caller has.
func (b *Book) titlesBut(ctx context.Context, who actor.Actor, st *policy.Standing, but *schema.Field, pages ...*Page) (map[schema.RecordID]string, []scribe.Entry, error) {
	var wanted map[*schema.Kind][]schema.RecordID
	for _, p := range pages {
		for i, f := range p.Fields {
			if f.Type != schema.Relation || f.Target == schema.AnyKind || f == but {
				continue
			}
			for _, r := range p.Rows {
				if id, ok := r.Values[i].(int64); ok {
					target := b.catalog().Kind(f.Target)
					if target == nil {
						continue
					}
					if wanted == nil {
						wanted = map[*schema.Kind][]schema.RecordID{}
					}
					wanted[target] = append(wanted[target], schema.RecordID(id))
				}
			}
		}
	}
	if wanted == nil {
		return nil, nil, nil
	}
	titles := map[schema.RecordID]string{}
	var met []scribe.Entry
	for _, kind := range b.catalog().Kinds() { // in their order, so that the log is the same each time
		ids := wanted[kind]
		slices.Sort(ids)
		ids = slices.Compact(ids)
		title := kind.TitleField()
		var seen []schema.RecordID
		for part := range slices.Chunk(ids, manyAtOnce) {
			rows, err := b.db.Rows(ctx, st.Decide(kind, policy.View, policy.DropDown, b.instant()), part, store.Ask{Columns: []*schema.Field{title}})
			if err != nil {
				return nil, nil, err
			}
			for _, r := range rows.Rows {
				if t, ok := r.Values[0].(string); ok {
					titles[r.ID] = t
					seen = append(seen, r.ID)
				}
			}
		}
		if title.Class != schema.Open && len(seen) > 0 {
			met = append(met, scribe.Entry{Event: "record.listed", Who: who, Kind: kind.Name, Records: seen, Surface: string(policy.DropDown), Shown: []schema.Class{title.Class}})
		}
	}
	return titles, met, nil
}

// manyAtOnce is how many records are asked for by their ids in one statement.
const manyAtOnce = 1000

func idsOf(rows []Row) []schema.RecordID {
	if len(rows) == 0 {
		return nil
	}
	ids := make([]schema.RecordID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	return ids
}

// shown are the protected classes of which a value went out unmasked.
func shown(p *Page) []schema.Class {
	var seen [4]bool
	for i, f := range p.Fields {
		if seen[f.Class] || f.Class == schema.Open {
			continue
		}
		for _, r := range p.Rows {
			if r.Sights[i] == policy.Plain && r.Values[i] != nil {
				seen[f.Class] = true
				break
			}
		}
	}
	var all []schema.Class
	for c, yes := range seen {
		if yes {
			all = append(all, schema.Class(c))
		}
	}
	return all
}

// Read gives one record on a surface, and notes it before it returns.
func (b *Book) Read(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, on Surface) (*Record, error) {
	under := b.scribe.Enter()
	defer under.Leave()
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	var r *Record
	if kind.Within {
		err = b.db.Read(ctx, func(tx *store.Tx) error {
			s, v, err := b.visible(ctx, tx, st, kind, id, on)
			if err != nil {
				return err
			}
			r = present(s, v)
			r.May, err = b.mayWithin(ctx, tx, st, s, on)
			return err
		})
	} else {
		r, err = b.read(ctx, st, kind, id, on)
	}
	if err != nil {
		return nil, err
	}
	var met []scribe.Entry
	if r.Titles, met, err = b.titles(ctx, who, st, &r.Page); err != nil {
		return nil, err
	}
	return r, under.NoteAll(ctx, append(met, scribe.Entry{Event: "record.opened", Who: who, Kind: kind.Name, Records: []schema.RecordID{id}, Surface: string(on), Shown: shown(&r.Page)}))
}

// read reads a record in one statement, which also says what may be done with it.
func (b *Book) read(ctx context.Context, st *policy.Standing, kind *schema.Kind, id schema.RecordID, on Surface) (*Record, error) {
	now := b.instant()
	edit, del := st.Decide(kind, policy.Edit, on, now), st.Decide(kind, policy.Delete, on, now)
	also := []policy.Grant{edit, del}
	merges, _ := st.Can(policy.MergeRecords)
	wide := st.Absorbing()
	if merges && wide != st {
		also = append(also, wide.Decide(kind, policy.Delete, on, now))
	}
	for _, bin := range []bool{false, true} {
		g := st.Decide(kind, policy.View, on, now)
		if bin {
			if may, _ := st.Can(policy.UseBin); !may {
				break
			}
			g = del
		}
		ask := store.Ask{Deleted: bin, Also: also}
		var err error
		if ask.Columns, err = columns(kind, g, nil); err != nil {
			return nil, err
		}
		row, err := b.db.Row(ctx, g, id, ask)
		if errors.Is(err, store.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r := &Record{Page: Page{Kind: kind, Fields: ask.Columns, Rows: []Row{*row}}, Binned: bin}
		r.May = May{Edit: row.Also&1 != 0, Delete: row.Also&2 != 0}
		r.May.Merge = merges && !bin && kind.Time == nil && r.May.Edit && row.Also&(1<<(len(also)-1)) != 0
		return r, nil
	}
	return nil, fault.NotFound()
}

// mayWithin says what the reader may do with a record whose rights are those of another.
func (b *Book) mayWithin(ctx context.Context, tx *store.Tx, st *policy.Standing, s *state, on Surface) (May, error) {
	may := b.may(st, s.kind, on)
	for _, a := range []struct {
		action policy.Action
		may    *bool
	}{{policy.Edit, &may.Edit}, {policy.Delete, &may.Delete}} {
		g := st.Decide(s.kind, a.action, on, b.instant())
		if *a.may || g.Empty() {
			continue
		}
		v, err := b.admit(ctx, tx, st, g, s)
		if err != nil {
			return May{}, err
		}
		*a.may = v.Allowed
	}
	return may, nil
}

// present is a stored state as its reader may see it.
func present(s *state, v policy.Verdict) *Record {
	r := &Record{Page: Page{Kind: s.kind}, Binned: s.stored.Binned}
	row := Row{ID: s.stored.ID, Version: s.stored.Version, Contact: v.Contact}
	for _, c := range s.stored.Cells {
		sight := v.Sees(c.Field)
		if sight == policy.Hidden {
			continue
		}
		var held any
		n := 0
		switch {
		case sight == policy.Plain:
			held = shownText(c, v.Contact)
		case c.Column != nil:
			n = max(1, len(c.Multi))
		}
		r.Fields = append(r.Fields, c.Field)
		row.Values, row.Sights, row.Present = append(row.Values, held), append(row.Sights, sight), append(row.Present, n)
	}
	r.Rows = []Row{row}
	return r
}

// Reveal opens fields of one record that the actor may see on asking: values by
// name of field, in the form of the database. It is noted, with the fields,
// before it returns. A field that may not be opened is refused, all or nothing.
func (b *Book) Reveal(ctx context.Context, who actor.Actor, kindName string, id schema.RecordID, names []string, on Surface) (map[*schema.Field]any, error) {
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	st, err := b.writer(ctx, who)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 || len(names) > len(kind.Fields) {
		return nil, fault.New(fault.Invalid, "reveal.fields", "Name the fields to open.").At("fields")
	}
	open := map[*schema.Field]any{}
	var classes []schema.Class
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		s, v, err := b.visible(ctx, tx, st, kind, id, on)
		if err != nil {
			return err
		}
		for _, name := range names {
			f := kind.Field(name)
			if f == nil || v.Sees(f) == policy.Hidden {
				return fault.New(fault.Invalid, "field.unknown", "There is no such field.").At("fields")
			}
			if v.Sees(f) < policy.Click || f.Free && v.Contact < policy.Click && s.stored.Cells[f.Index()].Masked != nil {
				return fault.New(fault.Denied, "reveal.denied", "Your role does not let you see this field of this record.").At("fields")
			}
			open[f] = s.stored.Cells[f.Index()].Column
			class := f.Class
			if f.Free && s.stored.Cells[f.Index()].Masked != nil {
				class = schema.Contact
			}
			if !slices.Contains(classes, class) {
				classes = append(classes, class)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return open, b.scribe.Note(ctx, scribe.Entry{Event: "record.revealed", Who: who, Kind: kind.Name, Records: []schema.RecordID{id}, Surface: string(on), Shown: classes,
		Details: map[string]any{"fields": slices.Clone(names)}})
}

// Find looks a record up by a full phone number or mail address. It is the one
// question about a masked field that may be asked, by those who hold FindExact,
// for the whole value only and among the records that they may view.
func (b *Book) Find(ctx context.Context, who actor.Actor, kindName, fieldName, typed string, on Surface) (*Page, error) {
	st, err := b.needs(ctx, who, policy.FindExact)
	if err != nil {
		return nil, err
	}
	kind, err := b.kind(kindName)
	if err != nil {
		return nil, err
	}
	f := kind.Field(fieldName)
	if f == nil || f.Type != schema.Phones && f.Type != schema.Emails {
		return nil, fault.New(fault.Invalid, "find.field", "Records are found by a phone number or by a mail address.").At("field")
	}
	key, ok := b.Key(f, typed)
	if !ok {
		return nil, fault.New(fault.Invalid, "find.whole", "Write the whole number or address.").At(fieldName)
	}
	var ids []schema.RecordID
	rows, err := b.db.Query(ctx, store.Text("SELECT record FROM multi WHERE kind = ? AND field = ? AND key = ? ORDER BY record DESC LIMIT 50"), int64(kind.Number), f.Name, key)
	if err != nil {
		return nil, fmt.Errorf("look up: %w", err)
	}
	for rows.Next() {
		id, _ := rows.Values()[0].(int64)
		ids = append(ids, schema.RecordID(id))
	}
	if err := rows.Close(); err != nil {
		return nil, fmt.Errorf("look up: %w", err)
	}
	g := st.Decide(kind, policy.View, on, b.instant())
	ask := store.Ask{}
	if ask.Columns, err = columns(kind, g, nil); err != nil {
		return nil, err
	}
	found, err := b.db.Rows(ctx, g, ids, ask)
	if err != nil {
		return nil, err
	}
	p := &Page{Kind: kind, Fields: found.Fields, Rows: found.Rows, May: b.may(st, kind, on)}
	var met []scribe.Entry
	if p.Titles, met, err = b.titles(ctx, who, st, p); err != nil {
		return nil, err
	}
	return p, b.scribe.NoteAll(ctx, append(met, scribe.Entry{Event: "record.found", Who: who, Kind: kind.Name, Records: idsOf(p.Rows), Surface: string(on), Shown: shown(p),
		Details: map[string]any{"field": f.Name}}))
}

// ids are all records that a query finds, for bulk work.
func (b *Book) ids(ctx context.Context, st *policy.Standing, who actor.Actor, kind *schema.Kind, q Query) ([]schema.RecordID, error) {
	if kind.Within {
		return nil, withinApart(kind)
	}
	action := policy.View
	if q.Bin {
		action = policy.Delete
	}
	g := st.Decide(kind, action, ListOf(kind), b.instant())
	q.Cursor, q.Fields, q.Limit, q.Sort = "", []string{}, listLimit, ""
	ask, _, err := b.ask(who, kind, g, ListOf(kind), q)
	if err != nil {
		return nil, err
	}
	var all []schema.RecordID
	for {
		rows, err := b.db.Page(ctx, g, ask)
		if err != nil {
			return nil, err
		}
		all = append(all, idsOf(rows.Rows)...)
		if rows.Next == nil || len(all) > bulkLimit {
			return all, nil
		}
		ask.After = rows.Next
	}
}

// listWithin lists what is written on one record, newest first, or what of it was
// thrown away: the filter must name the record, and nothing else is asked.
func (b *Book) listWithin(ctx context.Context, who actor.Actor, st *policy.Standing, kind *schema.Kind, on Surface, q Query) (*Page, error) {
	if (strings.TrimSpace(q.Filter) == "") == (q.Tree == nil) {
		return nil, withinOnly(kind) // neither says which record, or both do
	}
	var c query.Cond
	var err error
	if q.Tree != nil {
		c, err = query.FromNode(kind, *q.Tree, b)
	} else {
		c, err = query.Parse(kind, q.Filter, b)
	}
	if err != nil {
		return nil, err
	}
	about, ok := c.(query.Compare)
	if !ok || about.Op != query.Equal || about.Field.Name != "about" || q.Search != "" {
		return nil, withinOnly(kind)
	}
	event := scribe.Event("record.listed")
	if q.Bin {
		if may, why := st.Can(policy.UseBin); !may {
			return nil, lacks(policy.UseBin, why).At("bin")
		}
		event = "bin.listed"
	}
	id, _ := about.Value.Int()
	p := &Page{Kind: kind}
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		all, err := b.within(ctx, tx, st, kind, schema.RecordID(id), on, q.Bin, nil, listLimit)
		for _, r := range all {
			p.Fields = r.Fields
			p.Rows = append(p.Rows, r.Rows...)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, b.scribe.Note(ctx, scribe.Entry{Event: event, Who: who, Kind: kind.Name, Records: idsOf(p.Rows), Surface: string(on), Shown: shown(p)})
}

// within reads the records of a kind that live on another one, newest first, of
// which the house's condition holds besides; no more than most that the reader
// may see. All of them have one parent, which is asked about once. Those in the
// bin are for whoever may delete them.
func (b *Book) within(ctx context.Context, tx *store.Tx, st *policy.Standing, kind *schema.Kind, about schema.RecordID, on Surface, bin bool, also query.Cond, most int) ([]*Record, error) {
	of := query.Cond(query.Compare{Field: kind.Field("about"), Op: query.Equal, Value: query.Record(about)})
	if also != nil {
		of = query.And{of, also}
	}
	return b.under(ctx, tx, st, kind, of, on, bin, most)
}

// under is within for the records that a condition on what they live on names.
func (b *Book) under(ctx context.Context, tx *store.Tx, st *policy.Standing, kind *schema.Kind, of query.Cond, on Surface, bin bool, most int) ([]*Record, error) {
	house := policy.Whole(kind, policy.ForDecision)
	ask := store.Ask{Filter: of, Order: query.Order{Desc: true}, Limit: listLimit, Deleted: bin}
	action := policy.View
	if bin {
		action = policy.Delete
	}
	g := st.Decide(kind, action, on, tx.Now())
	if g.Empty() {
		return nil, nil
	}
	var all []*Record
	var above parents
	for len(all) < most {
		rows, err := tx.Page(ctx, house, ask)
		if err != nil {
			return nil, err
		}
		states, err := b.loadAll(ctx, tx, kind, idsOf(rows.Rows))
		if err != nil {
			return nil, err
		}
		for _, s := range states {
			v, err := b.admitUnder(ctx, tx, st, g, s, &above)
			if err != nil {
				return nil, err
			}
			if v.Allowed && len(all) < most {
				all = append(all, inLine(kind, s, v))
			}
		}
		if rows.Next == nil {
			break
		}
		ask.After = rows.Next
	}
	return all, nil
}

// inLine is a record as one of several: every row gets the same columns, and a
// field hidden on one is empty there.
func inLine(kind *schema.Kind, s *state, v policy.Verdict) *Record {
	r := &Record{Page: Page{Kind: kind, Fields: kind.Fields}}
	one := Row{ID: s.stored.ID, Version: s.stored.Version, Contact: v.Contact}
	for _, cell := range s.stored.Cells {
		sight := v.Sees(cell.Field)
		var held any
		if sight == policy.Plain {
			held = shownText(cell, v.Contact)
		}
		one.Values, one.Sights, one.Present = append(one.Values, held), append(one.Sights, sight), append(one.Present, 0)
	}
	r.Rows = []Row{one}
	return r
}

// withinApart refuses what cannot be asked about such records as a whole.
func withinApart(kind *schema.Kind) error {
	return fault.Newf(fault.Invalid, "within.apart", "%s belong to other records, and are not counted, compared or changed by a filter. List them for one record, or name them by their ids.", kind.Many.In("en")).At("filter")
}

// withinOnly says how a list of what lives on other records is asked for.
func withinOnly(kind *schema.Kind) error {
	return fault.Newf(fault.Invalid, "within.about", "%s are listed for one record. Name it in the parameter filter, and nothing else: about = \"the id of the record\".", kind.Many.In("en")).At("filter")
}

// Key folds typed text as the keys of the field are folded.
func (b *Book) Key(f *schema.Field, typed string) (string, bool) {
	switch f.Type {
	case schema.Phones:
		p, err := value.ParsePhone(typed, b.region())
		return value.PhoneKey(p), err == nil
	case schema.Emails:
		e, err := value.ParseEmail(typed)
		return value.EmailKey(e.Address), err == nil
	case schema.Choices:
		return typed, typed != ""
	}
	return b.Part(f, typed)
}

// Part folds a part of such text.
func (b *Book) Part(f *schema.Field, typed string) (string, bool) {
	key := value.TextKey(typed)
	switch f.Type {
	case schema.Phones:
		key = "+" + value.PhoneDigits(typed)
	case schema.Emails:
		key = strings.ToLower(strings.TrimSpace(typed))
	}
	return key, key != ""
}

// PersonWord and RecordWord are the words shown outside.
func (b *Book) PersonWord(id actor.PersonID) string { return b.vault.Public("person", int64(id)) }

// RecordWord is the public id of a record.
func (b *Book) RecordWord(kind string, id schema.RecordID) string {
	return b.vault.Public(kind, int64(id))
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f }

// Kinds are the kinds as they are now.
func (b *Book) Kinds() []*schema.Kind { return b.catalog().Kinds() }

// Outline is what an actor may do with a kind and see of its fields: what a
// page needs to offer no more than will be granted.
type Outline struct {
	Kind    *schema.Kind
	Actions map[policy.Action]policy.Grade
	Fields  map[*schema.Field]map[Surface]Sight // the most that is seen anywhere; Hidden fields are absent
}

// Outline tells what the actor may do with each kind.
func (b *Book) Outline(ctx context.Context, who actor.Actor) ([]Outline, error) {
	st, err := b.standing(ctx, who)
	if err != nil {
		return nil, err
	}
	var all []Outline
	for _, kind := range b.catalog().Kinds() {
		o := Outline{Kind: kind, Actions: map[policy.Action]policy.Grade{}, Fields: map[*schema.Field]map[Surface]Sight{}}
		for _, a := range policy.Actions() {
			o.Actions[a] = st.Grade(kind, a)
		}
		for on, surface := range map[Surface]Surface{policy.List: ListOf(kind), policy.Card: CardOf(kind)} {
			g := st.Decide(kind, policy.View, surface, b.instant())
			for _, f := range kind.Fields {
				if s := g.FieldAnywhere(f); s != policy.Hidden {
					if o.Fields[f] == nil {
						o.Fields[f] = map[Surface]Sight{}
					}
					o.Fields[f][on] = s
				}
			}
		}
		if len(o.Fields) > 0 {
			all = append(all, o)
		}
	}
	return all, nil
}
