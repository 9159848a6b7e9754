package store_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"castellan/internal/actor"
	"castellan/internal/crm"
	"castellan/internal/policy"
	"castellan/internal/policy/policytest"
	"castellan/internal/query"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/value"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the random cases; 0 takes a new one")

func chance(t testing.TB) *rand.Rand {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("to see it again: go test -run '%s' -args -seed=%d", t.Name(), seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// record is one record of the naive reference, which knows nothing of
// statements: it asks the policy about every record and query about every row.
type record struct {
	policytest.Record
	version int64
	cells   []store.Cell
	deleted bool
	words   []string
	digits  []string
}

func (r *record) Value(f *schema.Field) query.Value {
	v, _ := query.Of(r.cells[f.Index()].Column)
	return v
}

func (r *record) Key(f *schema.Field) query.Value {
	v, _ := query.Of(r.cells[f.Index()].Key)
	return v
}

func (r *record) Keys(f *schema.Field) []string { return r.cells[f.Index()].Multi }

// place is a kind with records, in the database and in the reference.
type place struct {
	*testing.T
	db      *store.DB
	rnd     *rand.Rand
	kind    *schema.Kind
	world   *policytest.World
	records []*record
}

func kinds(t testing.TB) *schema.Catalog {
	t.Helper()
	c, err := schema.New(crm.Kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var (
	names  = []string{"Ковалёва Ольга", "Ковальчук", "Müller Jörg", "Åsa O'Brien", "Rossi", "rossi", "Rossi Anna", "Ящук", "Li", "Zoë +7 900 555-01-02"}
	cities = []string{"Berlin", "Roma", "Омск"}
	tags   = []string{"vip", "old", "debt"}
)

// newPlace makes records of a kind at random. One in six lies in the bin, and
// some have shares that have ended but whose access rows are still there.
func newPlace(t *testing.T, db *store.DB, rnd *rand.Rand, name string, n int) *place {
	p := &place{T: t, db: db, rnd: rnd, kind: kinds(t).Kind(name)}
	p.world = policytest.NewWorld(rnd, p.kind)
	p.world.Others = []string{"task"}
	must(t, db.Write(ctx, func(tx *store.Tx) error {
		g := policy.Whole(p.kind, policy.ForMigration)
		p.records = nil
		for range n {
			r := &record{Record: p.world.Record(tx.NewID()), version: 1}
			if r.Date.IsZero() {
				r.Date = p.world.Now.AddDate(0, 0, -9)
			}
			if p.kind.Stage != "" && r.Stage == 0 {
				r.Pipeline, r.Stage = p.world.Pipeline, p.world.Stages[0]
			}
			p.fill(r)
			if err := p.insert(tx, g, r); err != nil {
				return err
			}
			p.records = append(p.records, r)
		}
		return nil
	}))
	return p
}

// fill gives the record values, with few different ones so that filters meet
// and sort values repeat.
func (p *place) fill(r *record) {
	one := func(all []string) string { return all[p.rnd.IntN(len(all))] }
	for _, f := range p.kind.Fields {
		c := store.Cell{Field: f}
		switch {
		case f == p.kind.ResponsibleField():
			if r.Responsible != 0 {
				c.Column = int64(r.Responsible)
			}
		case f == p.kind.PipelineField():
			c.Column = int64(r.Pipeline)
		case f == p.kind.StageField():
			c.Column = int64(r.Stage)
		case f == p.kind.DaysField():
			c.Column = r.Date.UnixMicro()
		case f.Name == "updated_at":
			c.Column = p.world.Now.Add(-time.Duration(p.rnd.IntN(20)) * time.Hour).UnixMicro()
		case !f.Required && p.rnd.IntN(3) == 0:
		case f.Type == schema.Phones:
			c.Multi = []string{fmt.Sprintf("+1202555%04d", 100+p.rnd.IntN(20))}
			if p.rnd.IntN(2) == 0 {
				c.Multi = append(c.Multi, fmt.Sprintf("+39055501%02d", p.rnd.IntN(20)))
			}
			for _, k := range c.Multi {
				r.digits = append(r.digits, value.PhoneDigits(k))
			}
		case f.Type == schema.Emails:
			c.Multi = []string{fmt.Sprintf("a%d@example.com", p.rnd.IntN(20))}
		case f.Type == schema.Tags:
			for _, w := range tags {
				if p.rnd.IntN(2) == 0 {
					c.Multi = append(c.Multi, w)
				}
			}
		case f.Type == schema.Choice:
			c.Column = f.Options[p.rnd.IntN(len(f.Options))].Key
		case f.Type == schema.Date:
			c.Column = fmt.Sprintf("19%02d-05-0%d", 80+p.rnd.IntN(5), 1+p.rnd.IntN(9))
		case f.Type.Numeric():
			c.Column = int64(p.rnd.IntN(4))
		case f == p.kind.TitleField():
			c.Column = one(names)
		default:
			c.Column = one(cities)
		}
		if len(c.Multi) > 0 {
			text, _ := json.Marshal(c.Multi)
			c.Column = string(text)
		}
		if s, ok := c.Column.(string); ok && f.Free {
			if i := strings.IndexByte(s, '+'); i >= 0 {
				c.Masked = s[:i] + "XXXX"
			}
		}
		if s, ok := c.Column.(string); ok && f.Keyed {
			if m, ok := c.Masked.(string); ok {
				s = m
			}
			c.Key = value.TextKey(s)
		}
		if f.Search == schema.ByWords {
			if s, ok := c.Column.(string); ok {
				if m, ok := c.Masked.(string); ok {
					s = m
				}
				r.words = append(r.words, value.Words(s)...)
			}
		}
		r.cells = append(r.cells, c)
	}
}

func (p *place) cell(r *record, name string) store.Cell { return r.cells[p.kind.Field(name).Index()] }

func (p *place) insert(tx *store.Tx, g policy.Grant, r *record) error {
	share := func(who schema.Principal, level policy.ShareLevel, ends any) error {
		_, err := tx.Exec(ctx, store.Text(`INSERT INTO share(kind, record, principal, level, ends_at, made_by, made_at) VALUES (?, ?, ?, ?, ?, 1, 1)`),
			p.kind.Number, r.ID, who, level, ends)
		return err
	}
	principals := r.Principals()
	for _, group := range r.Groups {
		if err := share(schema.GroupPrincipal(int64(group)), policy.ShareView, nil); err != nil {
			return err
		}
	}
	for _, s := range r.Shares {
		ends := any(nil)
		if p.rnd.IntN(2) == 0 {
			ends = p.world.Now.Add(time.Microsecond)
		}
		if err := share(schema.SharePrincipal(int64(s.Person)), s.Level, ends); err != nil {
			return err
		}
	}
	for _, person := range p.world.People {
		who := schema.SharePrincipal(int64(person))
		if p.rnd.IntN(5) == 0 && !slices.Contains(principals, who) {
			if err := share(who, policy.ShareEdit, p.world.Now); err != nil { // ended this very moment
				return err
			}
			principals = append(principals, who)
		}
	}
	title := p.cell(r, p.kind.Title)
	at := &store.Place{Principals: principals, Updated: p.cell(r, "updated_at").Column.(int64), Mark: store.MarkOf(p.kind, r.cells)}
	at.Name, _ = title.Key.(string)
	if err := tx.InsertRecord(ctx, g, r.ID, r.cells, at); err != nil {
		return err
	}
	if err := tx.PutSearch(ctx, p.kind, r.ID, r.words, r.digits); err != nil {
		return err
	}
	if p.rnd.IntN(6) == 0 {
		r.deleted, r.version = true, 2
		return tx.BinRecord(ctx, g, r.ID, 1, p.world.Now.UnixMicro()+int64(p.rnd.IntN(3)), 1, at)
	}
	return nil
}

// standing is somebody whose role shows more than those of the policy's own
// tests, so that there is something to filter by.
func (p *place) standing() *policy.Standing {
	in := p.world.Standing(p.world.People[p.rnd.IntN(len(p.world.People))])
	open := func(r *policy.Role) {
		for _, class := range schema.Classes() {
			s := policy.SightRule{Class: class, Own: policy.Plain}
			if p.rnd.IntN(3) != 0 {
				s.Group = policy.Plain
			}
			if p.rnd.IntN(3) != 0 {
				s.All = policy.Plain
			}
			if p.rnd.IntN(4) != 0 {
				r.Sights = append(r.Sights, s)
			}
		}
		if p.rnd.IntN(3) == 0 {
			r.Stages = nil
		}
		if p.rnd.IntN(3) == 0 {
			r.DaysBack = nil
		}
	}
	if in.Role != nil {
		open(in.Role)
	}
	for _, m := range in.Memberships {
		if m.Role != nil {
			open(m.Role)
		}
	}
	return policy.NewStanding(in)
}

// filter makes a condition on fields that may be filtered by.
func (p *place) filter(g policy.Grant, depth int) query.Cond {
	var fields []*schema.Field
	for _, f := range p.kind.Fields {
		if g.FieldAnywhere(f) == policy.Plain {
			fields = append(fields, f)
		}
	}
	if len(fields) == 0 {
		return query.All{}
	}
	if depth > 0 {
		switch p.rnd.IntN(6) {
		case 0:
			return query.Not{Cond: p.filter(g, depth-1)}
		case 1:
			return query.Or{p.filter(g, depth-1), p.filter(g, depth-1)}
		case 2, 3:
			return query.And{p.filter(g, depth-1), p.filter(g, depth-1)}
		}
	}
	f := fields[p.rnd.IntN(len(fields))]
	some := p.records[p.rnd.IntN(len(p.records))]
	if f.Type.Multi() {
		keys := some.Keys(f)
		switch {
		case len(keys) == 0:
			return query.Empty{Field: f}
		case p.rnd.IntN(3) == 0:
			return query.HasAny{Field: f, Keys: keys}
		case p.rnd.IntN(2) == 0:
			return query.Prefix{Field: f, Key: keys[0][:3]}
		}
		return query.Has{Field: f, Key: keys[0]}
	}
	v := some.Value(f)
	if f.Keyed {
		v = some.Key(f)
	}
	switch {
	case v.IsNull() || f.Free && !f.Keyed || p.rnd.IntN(6) == 0:
		return query.Empty{Field: f}
	case p.rnd.IntN(3) == 0:
		return query.In{Field: f, Values: []query.Value{v, v}}
	case f.Keyed && p.rnd.IntN(2) == 0:
		text, _ := v.Text()
		return query.Starts{Field: f, Text: string([]rune(text)[:2])}
	}
	return query.Compare{Field: f, Op: query.Op(1 + p.rnd.IntN(6)), Value: v}
}

// columns takes some fields, seen or not.
func (p *place) columns() []*schema.Field {
	var some []*schema.Field
	for _, f := range p.kind.Fields {
		if p.rnd.IntN(2) == 0 {
			some = append(some, f)
		}
	}
	return some
}

func (p *place) order(g policy.Grant) query.Order {
	for range 4 {
		f := p.kind.Fields[p.rnd.IntN(len(p.kind.Fields))]
		if p.rnd.IntN(2) == 0 {
			f = []*schema.Field{p.kind.TitleField(), p.kind.Field("updated_at")}[p.rnd.IntN(2)]
		}
		o := query.Order{Field: f, Desc: p.rnd.IntN(2) == 0}
		if _, ok := o.Column(); ok && (f.Keyed || !f.Free) && g.FieldEverywhere(f) == policy.Plain {
			return o
		}
	}
	return query.Order{Desc: p.rnd.IntN(2) == 0}
}

// expected is what the reference answers: the records in order, each with the
// verdict on it.
func (p *place) expected(g policy.Grant, ask store.Ask) (list []*record, verdicts map[schema.RecordID]policy.Verdict) {
	verdicts = map[schema.RecordID]policy.Verdict{}
	for _, r := range p.records {
		facts := r.Facts(p.kind)
		facts.Row = r
		v := g.Admit(facts)
		if !v.Allowed || r.deleted != ask.Deleted {
			continue
		}
		sees := func(f *schema.Field) bool { return v.Sees(f) == policy.Plain }
		if ask.Filter != nil && query.EvalSeen(ask.Filter, r, sees) != query.Yes {
			continue
		}
		if ask.Search != nil && !p.found(g, v, r, *ask.Search) {
			continue
		}
		verdicts[r.ID] = v
		list = append(list, r)
	}
	o := ask.Order
	if ask.Search != nil {
		o = query.Order{Desc: true}
	}
	slices.SortFunc(list, func(a, b *record) int {
		if o.Field == nil {
			return o.Compare(query.Null(), a.ID, query.Null(), b.ID)
		}
		key := (*record).Value
		if o.Field.Keyed {
			key = (*record).Key
		}
		return o.Compare(key(a, o.Field), a.ID, key(b, o.Field), b.ID)
	})
	return list, verdicts
}

// found searches a record as a person would describe it.
func (p *place) found(g policy.Grant, v policy.Verdict, r *record, s store.Search) bool {
	seen := func(what schema.Search) bool {
		any := false
		for _, f := range p.kind.Fields {
			if f.Search == what {
				any = true
				if v.Sees(f) != policy.Plain {
					return false
				}
			}
		}
		return any
	}
	has := func(w string) bool {
		w = strings.Trim(w, `"'\`)
		return slices.ContainsFunc(r.words, func(have string) bool {
			return strings.HasPrefix(have, w) && (utf8.RuneCountInString(w) != 1 || have == w)
		})
	}
	reads := func(words []string, spelled [][]string) bool {
		all, asked := true, false
		for i, w := range words {
			asked = asked || strings.Trim(w, `"'\`) != ""
			all = all && (has(w) || i < len(spelled) && slices.ContainsFunc(spelled[i], has))
		}
		return all && asked
	}
	words := reads(s.Words, s.Spelled)
	for _, other := range s.Or {
		words = words || reads(other, nil)
	}
	words = words && seen(schema.ByWords)
	digits := len(s.Digits) >= 3 && seen(schema.ByDigits) && slices.ContainsFunc(r.digits, func(have string) bool { return strings.Contains(have, s.Digits) })
	address := false
	for _, f := range p.kind.Fields {
		address = address || f.Search == schema.ByAddress && s.Address != "" && seen(schema.ByAddress) &&
			slices.ContainsFunc(r.Keys(f), func(have string) bool { return strings.HasPrefix(have, s.Address) })
	}
	return words || digits || address
}

// check holds a page against what the reference knows of its records.
func (p *place) check(ask store.Ask, rows []store.RecordRow, verdicts map[schema.RecordID]policy.Verdict) {
	p.Helper()
	for _, row := range rows {
		i := slices.IndexFunc(p.records, func(r *record) bool { return r.ID == row.ID })
		r, v := p.records[i], verdicts[row.ID]
		if row.Version != r.version {
			p.Errorf("record %d has version %d, want %d", row.ID, row.Version, r.version)
		}
		free := slices.ContainsFunc(ask.Columns, func(f *schema.Field) bool { return f.Free && v.Sees(f) == policy.Plain })
		if free && (row.Contact == policy.Plain) != (v.Contact == policy.Plain) {
			p.Errorf("record %d: contact data in free text is %s, want %s", row.ID, row.Contact, v.Contact)
		}
		for j, f := range ask.Columns {
			c := r.cells[f.Index()]
			var want any
			present := 0
			switch sight := v.Sees(f); {
			case sight == policy.Plain:
				want = c.Column
				if f.Free && v.Contact != policy.Plain && c.Masked != nil {
					want = c.Masked
				}
			case sight > policy.Hidden && f.Type.Multi():
				present = len(c.Multi)
			case sight > policy.Hidden && c.Column != nil:
				present = 1
			}
			if row.Sights[j] != v.Sees(f) {
				p.Errorf("record %d: %s is %s, want %s", row.ID, f.Name, row.Sights[j], v.Sees(f))
			}
			if !reflect.DeepEqual(row.Values[j], want) || row.Present[j] != present {
				p.Errorf("record %d: %s (%s) is %#v with %d present, want %#v with %d", row.ID, f.Name, v.Sees(f), row.Values[j], row.Present[j], want, present)
			}
		}
	}
}

// all reads every page.
func (p *place) all(g policy.Grant, ask store.Ask, plan string) (rows []store.RecordRow, err error) {
	for pages := 0; ; pages++ {
		if pages > len(p.records)+1 {
			p.Fatal("the pages never end")
		}
		page, err := p.db.PageBy(ctx, g, ask, plan)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.Rows...)
		if page.Next == nil {
			return rows, nil
		}
		ask.After = page.Next
	}
}

func ids(rows []store.RecordRow) []schema.RecordID {
	all := make([]schema.RecordID, len(rows))
	for i, r := range rows {
		all[i] = r.ID
	}
	return all
}

// Whatever the rights, the filter, the order and the plan: a list holds exactly
// the records that the policy admits and the filter chooses, in order, over all
// pages, and of each field exactly what the policy shows on that record.
func TestListIsWhatThePolicyAdmits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		rnd := chance(t)
		for _, name := range []string{"contact", "deal"} {
			p := newPlace(t, at(t, db, name), rnd, name, 120)
			for range 80 {
				action := []policy.Action{policy.View, policy.View, policy.Edit, policy.Delete, policy.Export}[rnd.IntN(5)]
				g := p.standing().Decide(p.kind, action, policy.List, p.world.Now)
				ask := store.Ask{Columns: p.columns(), Order: p.order(g), Limit: 4 + rnd.IntN(40)}
				if rnd.IntN(3) != 0 {
					ask.Filter = p.filter(g, 2)
				}
				want, verdicts := p.expected(g, ask)
				for _, plan := range []string{"chosen", "chosen", "probe", "merge"} {
					reach := map[schema.Principal]float64{}
					if rnd.IntN(2) == 0 { // else everybody reaches little
						for _, arm := range g.Arms() {
							for _, one := range arm.Principals {
								reach[one] = 50
							}
						}
					}
					p.db.Suppose(p.kind, 120, reach)
					rows, err := p.all(g, ask, plan)
					if err != nil {
						text, args, _ := p.db.StatementBy(g, ask, plan)
						t.Fatalf("%s: %v\n%s\n%v", plan, err, text, args)
					}
					if got := ids(rows); !slices.EqualFunc(got, want, func(id schema.RecordID, r *record) bool { return id == r.ID }) {
						text, args, _ := p.db.StatementBy(g, ask, plan)
						var expected []schema.RecordID
						for _, r := range want {
							expected = append(expected, r.ID)
						}
						t.Fatalf("%s: listed %v\nwant %v\nfilter %v order %v\n%s\n%v", plan, got, expected, ask.Filter, ask.Order, text, args)
					}
					p.check(ask, rows, verdicts)
				}
				n, capped, err := p.db.Count(ctx, g, ask.Filter, 10)
				// Derived rows whose share has ended this moment may be counted, never fewer.
				if err != nil || n < min(len(want), 10) || capped && n != 10 {
					t.Fatalf("counted %d, %v, %v of %d", n, capped, err, len(want))
				}
				p.sums(g, ask.Filter, want)
				if t.Failed() {
					t.FailNow()
				}
			}
		}
	})
}

// sums holds both ways of adding up against each other and against what a list
// shows. Whoever is reached by a share that has ended this moment may be counted
// by either, as in counts.
func (p *place) sums(g policy.Grant, filter query.Cond, want []*record) {
	p.Helper()
	var by []*schema.Field
	for _, f := range []*schema.Field{p.kind.StageField(), p.kind.ResponsibleField()} {
		if f != nil && g.FieldEverywhere(f) == policy.Plain {
			by = append(by, f)
		}
	}
	var of *schema.Field
	if f := p.kind.Field("amount"); f != nil && g.FieldEverywhere(f) == policy.Plain {
		of = f
	}
	usual, _, err := p.db.Sums(ctx, g, filter, by, of, 1000)
	must(p.T, err)
	if slices.ContainsFunc(g.Arms(), func(a policy.Arm) bool { return a.Scope == policy.Everyone && a.Cond != nil }) {
		return // there is one way only
	}
	over, _, err := p.db.SumsOver(ctx, g, filter, by, of, 1000)
	must(p.T, err)
	told := func(all []store.Sum) (parts []string, n int) {
		for _, s := range all {
			parts, n = append(parts, fmt.Sprint(s)), n+s.N
		}
		slices.Sort(parts)
		return parts, n
	}
	a, n := told(usual)
	b, m := told(over)
	few, capped, err := p.db.SumsOver(ctx, g, filter, by, of, 3)
	must(p.T, err)
	if _, k := told(few); k != min(m, 4) || capped != (m > 3) {
		p.Errorf("added up %d of %d where three are enough, capped %v", k, m, capped)
	}
	if !slices.Equal(a, b) || n != m || n < len(want) {
		p.Errorf("added up %v and over the filter %v, of %d listed, filter %v", a, b, len(want), filter)
	}
}

// at gives the database itself for the first kind; the clock of the records is
// that of the policy's cases, so every kind needs a database with that clock.
func at(t *testing.T, db *store.DB, _ string) *store.DB {
	return storetest.Open(t, db.Engine(), func() time.Time { return policytest.NewWorld(nil, nil).Now })
}

func TestSearchFindsOnlyWhatMayBeSeen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		rnd := chance(t)
		p := newPlace(t, at(t, db, ""), rnd, "contact", 120)
		searches := []store.Search{
			{Words: []string{"ков"}}, {Words: []string{"ковал", "ольг"}}, {Words: []string{"brien"}}, {Words: []string{"ros", "an"}},
			{Words: []string{"xxxx"}}, {Words: []string{"900"}}, {Digits: "5550"}, {Digits: "39055"}, {Digits: "12"}, {Address: "a1"},
			{Address: "a1@example.com"}, {Words: []string{"ros"}, Digits: "5550", Address: "a1"}, {Words: []string{`"ros`}}, {Words: []string{"o'", `\`}}, {},
			{Words: []string{"xxxx"}, Spelled: [][]string{{"ков", "ros"}}}, {Words: []string{"ros", "xxxx"}, Spelled: [][]string{nil, {"an", "brien"}}},
			{Words: []string{"xxxx"}, Or: [][]string{{"ковал", "ольг"}, {"brien"}}},
		}
		found := 0
		for range 120 {
			g := p.standing().Decide(p.kind, policy.View, policy.List, p.world.Now)
			s := searches[rnd.IntN(len(searches))]
			ask := store.Ask{Columns: p.columns(), Search: &s, Limit: 1 + rnd.IntN(10), Deleted: rnd.IntN(5) == 0}
			if rnd.IntN(3) == 0 {
				ask.Filter = p.filter(g, 1)
			}
			if ask.Deleted {
				ask.Limit = 1
			}
			want, verdicts := p.expected(g, ask)
			found += len(want)
			plans := []string{"chosen", "probe"}
			if !slices.ContainsFunc(g.Arms(), func(a policy.Arm) bool { return a.Scope == policy.Everyone }) {
				plans = append(plans, "set")
				plans = append(plans, "own")
			}
			if db.Engine() == store.Postgres {
				plans = append(plans, "newest")
			}
			for _, plan := range plans {
				rows, err := p.all(g, ask, plan)
				if err != nil {
					t.Fatalf("%s: %v", plan, err)
				}
				if got := ids(rows); !slices.EqualFunc(got, want, func(id schema.RecordID, r *record) bool { return id == r.ID }) {
					text, args, _ := p.db.StatementBy(g, ask, plan)
					t.Fatalf("%s, %+v: found %d, want %d\n%s\n%v", plan, s, len(got), len(want), text, args)
				}
				p.check(ask, rows, verdicts)
			}
			if t.Failed() {
				t.FailNow()
			}
		}
		if found == 0 {
			t.Error("nothing was ever found")
		}
	})
}

func TestBinAndSingleRecordsObeyTheGrant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		rnd := chance(t)
		p := newPlace(t, at(t, db, ""), rnd, "contact", 120)
		for range 40 {
			g := p.standing().Decide(p.kind, policy.View, policy.Card, p.world.Now)
			for _, deleted := range []bool{false, true} {
				ask := store.Ask{Columns: p.columns(), Deleted: deleted, Limit: 7}
				want, verdicts := p.expected(g, ask)
				var all []schema.RecordID
				for _, r := range p.records {
					all = append(all, r.ID)
				}
				page, err := p.db.Rows(ctx, g, all, ask)
				must(t, err)
				listed := ids(page.Rows)
				slices.Sort(listed)
				if !slices.EqualFunc(listed, want, func(id schema.RecordID, r *record) bool { return id == r.ID }) {
					t.Fatalf("read %d of all records, want %d", len(listed), len(want))
				}
				p.check(ask, page.Rows, verdicts)
				if deleted {
					rows, err := p.all(g, ask, "chosen")
					must(t, err)
					got := ids(rows)
					slices.Sort(got)
					if !slices.Equal(got, listed) {
						t.Fatalf("the bin lists %d, want %d", len(got), len(listed))
					}
				}
				for _, r := range p.records[:20] {
					row, err := p.db.Row(ctx, g, r.ID, ask)
					if _, ok := verdicts[r.ID]; !ok {
						if !errors.Is(err, store.ErrNoRows) {
							t.Fatalf("a record outside the grant gave %v", err)
						}
						continue
					}
					must(t, err)
					p.check(ask, []store.RecordRow{*row}, verdicts)
				}
			}
		}
	})
}

func TestZeroGrantYieldsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlace(t, db, chance(t), "contact", 3)
		page, err := p.db.Page(ctx, policy.Grant{}, store.Ask{})
		if err != nil || len(page.Rows) != 0 {
			t.Errorf("listed %d, %v", len(page.Rows), err)
		}
		if n, _, err := p.db.Count(ctx, policy.Grant{}, nil, 10); err != nil || n != 0 {
			t.Errorf("counted %d, %v", n, err)
		}
		if _, err := p.db.Row(ctx, policy.Grant{}, p.records[0].ID, store.Ask{}); !errors.Is(err, store.ErrNoRows) {
			t.Errorf("reading gave %v", err)
		}
	})
}

// clerk sees names of all clients, phones on click.
func clerk(grade policy.Grade) *policy.Standing { return clerkBy(1, grade) }

func clerkBy(person actor.PersonID, grade policy.Grade, in ...policy.Membership) *policy.Standing {
	return policy.NewStanding(policy.StandingInput{Person: person, Memberships: in, Role: &policy.Role{
		ID: 1, Name: "clerk", Grades: map[string]map[policy.Action]policy.Grade{"contact": {policy.View: grade}},
		Sights: []policy.SightRule{
			{Class: schema.Open, All: policy.Plain}, {Class: schema.Personal, All: policy.Plain}, {Class: schema.Contact, All: policy.Click},
		},
	}})
}

func TestFieldThatIsNotPlainCannotBeFilteredOrSorted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		k := kinds(t).Kind("contact")
		g := clerk(policy.All).Decide(k, policy.View, policy.List, db.Now())
		for _, c := range []query.Cond{
			query.Has{Field: k.Field("phones"), Key: "+12025550101"}, query.Empty{Field: k.Field("phones")},
			query.Not{Cond: query.Prefix{Field: k.Field("emails"), Key: "a"}}, query.And{query.All{}, query.Or{query.Empty{Field: k.Field("website")}, query.All{}}},
		} {
			ask := store.Ask{Filter: c}
			if _, ok := query.Simplify(c).(query.All); ok {
				continue
			}
			if _, err := db.Page(ctx, g, ask); err == nil {
				t.Errorf("the filter %v was taken", c)
			}
			if _, _, err := db.Count(ctx, g, c, 10); err == nil {
				t.Errorf("counting by %v was taken", c)
			}
		}
		if _, err := db.Page(ctx, g, store.Ask{Order: query.Order{Field: k.Field("website")}}); err == nil {
			t.Error("a masked field was sorted by")
		}
		other := kinds(t).Kind("contact").Field("name") // of another catalog
		if _, err := db.Page(ctx, g, store.Ask{Filter: query.Empty{Field: other}}); err == nil {
			t.Error("a field of another catalog was filtered by")
		}
	})
}

// A phone typed into a text is masked for whoever may not see phones. It must
// not be found by comparing the text either.
func TestNumberInFreeTextCannotBeProbed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		k := kinds(t).Kind("contact")
		g := clerk(policy.All).Decide(k, policy.View, policy.List, db.Now())
		f := k.Field("job_title")
		if !f.Free || f.Keyed || g.FieldEverywhere(f) != policy.Plain {
			t.Fatal("job_title no longer is free text that the clerk sees")
		}
		for _, c := range []query.Cond{
			query.Compare{Field: f, Op: query.AtLeast, Value: query.Text("call +1202")},
			query.Not{Cond: query.Or{query.Empty{Field: f}, query.In{Field: f, Values: []query.Value{query.Text("x")}}}},
		} {
			if _, err := db.Page(ctx, g, store.Ask{Filter: c}); err == nil {
				t.Errorf("the filter %v was taken", c)
			}
		}
		if _, err := db.Page(ctx, g, store.Ask{Order: query.Order{Field: f}}); err == nil {
			t.Error("free text was sorted by as typed")
		}
		if _, err := db.Page(ctx, g, store.Ask{Filter: query.Empty{Field: f}}); err != nil {
			t.Errorf("asking whether there is a text gave %v", err)
		}
	})
}

func TestAccentsDoNotHideAName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlace(t, db, chance(t), "contact", 1)
		g := clerk(policy.All).Decide(p.kind, policy.View, policy.List, db.Now())
		id := p.records[0].ID
		finds := func(typed string) bool {
			page, err := db.Page(ctx, g, store.Ask{Search: &store.Search{Words: value.Words(typed)}, Deleted: p.records[0].deleted})
			must(t, err)
			return len(page.Rows) == 1
		}
		for _, c := range []struct {
			name, typed string
			found       bool
		}{
			{"Müller", "muller", true}, {"Muller", "Müll", true}, {"Łódź", "Łodz", true}, {"Ковалёв", "ковалев", true}, {"Ковалев", "КОВАЛЁВ", true},
			{"Йод", "йод", true}, {"Йод", "иод", false}, {"Müller", "iller", false},
		} {
			must(t, db.Write(ctx, func(tx *store.Tx) error { return tx.PutSearch(ctx, p.kind, id, value.Words(c.name), nil) }))
			if got := finds(c.typed); got != c.found {
				t.Errorf("%q found by %q: %v, want %v", c.name, c.typed, got, c.found)
			}
		}
		must(t, db.Write(ctx, func(tx *store.Tx) error { return tx.DropSearch(ctx, p.kind, id) }))
		if finds("muller") {
			t.Error("a record was found after it was made unfindable")
		}
	})
}

// A statement is written once for what is asked again and again. What differs
// from one time to the next must not be that of the time before: the moment,
// the records, the place in the list, the columns, the rights.
func TestWhatIsAskedAgainIsAnsweredAnew(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(engine.String(), func(t *testing.T) {
			now := policytest.NewWorld(nil, nil).Now
			start := now
			p := newPlace(t, storetest.Open(t, engine, func() time.Time { return now }), chance(t), "contact", 9)
			ends := start.Add(time.Hour)
			must(t, p.db.Write(ctx, func(tx *store.Tx) error {
				for _, s := range []store.Text{`DELETE FROM access`, `DELETE FROM access_name`, `DELETE FROM share`, `UPDATE contact SET responsible = 2, deleted_at = NULL`} {
					if _, err := tx.Exec(ctx, s); err != nil {
						return err
					}
				}
				for i, r := range p.records {
					at, mine := any(nil), schema.SharePrincipal(1)
					if i == 0 {
						at = ends
					}
					if _, err := tx.Exec(ctx, store.Text(`INSERT INTO share(kind, record, principal, level, ends_at, made_by, made_at) VALUES (?, ?, ?, 1, ?, 1, 1)`), p.kind.Number, r.ID, mine, at); err != nil {
						return err
					}
					if _, err := tx.Exec(ctx, store.Text(`INSERT INTO access(principal, kind, updated_at, record) VALUES (?, ?, ?, ?)`), mine, p.kind.Number, p.cell(r, "updated_at").Column, r.ID); err != nil {
						return err
					}
				}
				return nil
			}))
			st := clerk(policy.Own)
			g := st.Decide(p.kind, policy.View, policy.List, start)
			name, phones := p.kind.Field("name"), p.kind.Field("phones")
			newest := query.Order{Field: p.kind.Field("updated_at"), Desc: true}
			listed := func(by string) (all []schema.RecordID) {
				rows, err := p.all(g, store.Ask{Columns: []*schema.Field{name}, Order: newest, Limit: 2}, by)
				must(t, err)
				return ids(rows)
			}
			for range 2 { // the second time by what was written the first time
				for _, by := range []string{"merge", "probe"} {
					all := listed(by)
					if slices.Sort(all); len(slices.Compact(all)) != len(p.records) {
						t.Errorf("%s lists %d of %d, page by page", by, len(all), len(p.records))
					}
				}
				for _, r := range p.records {
					row, err := p.db.Row(ctx, g, r.ID, store.Ask{Columns: []*schema.Field{name}})
					must(t, err)
					if row.ID != r.ID {
						t.Errorf("read %d, asked for %d", row.ID, r.ID)
					}
				}
				row, err := p.db.Row(ctx, g, p.records[0].ID, store.Ask{Columns: []*schema.Field{phones, name}})
				must(t, err)
				if row.Sights[0] != policy.Click || row.Sights[1] != policy.Plain || row.Values[0] != nil {
					t.Errorf("other columns are seen as %v", row.Sights)
				}
				three, err := p.db.Rows(ctx, g, []schema.RecordID{p.records[0].ID, p.records[1].ID, p.records[2].ID}, store.Ask{Columns: []*schema.Field{name}})
				must(t, err)
				if len(three.Rows) != 3 {
					t.Errorf("asked for three, got %d", len(three.Rows))
				}
			}
			stranger := clerkBy(3, policy.Own).Decide(p.kind, policy.View, policy.List, start)
			if _, err := p.db.Row(ctx, stranger, p.records[1].ID, store.Ask{Columns: []*schema.Field{name}}); !errors.Is(err, store.ErrNoRows) {
				t.Errorf("somebody else with the same question got %v", err)
			}

			now = ends
			if _, err := p.db.Row(ctx, g, p.records[0].ID, store.Ask{Columns: []*schema.Field{name}}); !errors.Is(err, store.ErrNoRows) {
				t.Errorf("a share that has ended still shows its record: %v", err)
			}
			for _, by := range []string{"merge", "probe"} {
				if all := listed(by); slices.Contains(all, p.records[0].ID) || len(all) != len(p.records)-1 {
					t.Errorf("%s: a share that has ended still lists its record, of %d", by, len(all))
				}
			}
		})
	}
}

// A row of access that the record does not bear out must not show the record,
// and must be told of.
func TestStaleAccessRowShowsNothing(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(engine.String(), func(t *testing.T) {
			var told []schema.RecordID
			o := storetest.Place(t, engine)
			o.Stale = func(_ string, id schema.RecordID) { told = append(told, id) }
			p := newPlace(t, storetest.Reopen(t, o), chance(t), "contact", 1)
			r := p.records[0]
			must(t, p.db.Write(ctx, func(tx *store.Tx) error {
				for _, s := range []store.Text{`DELETE FROM access`, `DELETE FROM access_name`, `DELETE FROM share`,
					`UPDATE contact SET responsible = 2, deleted_at = NULL`} {
					if _, err := tx.Exec(ctx, s); err != nil {
						return err
					}
				}
				_, err := tx.Exec(ctx, store.Text(`INSERT INTO access(principal, kind, updated_at, record) VALUES (?, ?, ?, ?)`),
					schema.ResponsiblePrincipal(1), p.kind.Number, p.cell(r, "updated_at").Column, r.ID)
				return err
			}))
			g := clerk(policy.Own).Decide(p.kind, policy.View, policy.List, p.db.Now())
			for _, plan := range []string{"merge", "chosen"} {
				told = nil
				p.db.Suppose(p.kind, 1_000, nil) // as chosen, each row says through whom it was found
				page, err := p.db.PageBy(ctx, g, store.Ask{Columns: p.kind.Fields, Order: query.Order{Field: p.kind.Field("updated_at"), Desc: true}}, plan)
				must(t, err)
				if len(page.Rows) != 0 {
					t.Errorf("%s: a record was shown to somebody whom it does not let see it", plan)
				}
				if !slices.Equal(told, []schema.RecordID{r.ID}) {
					t.Errorf("%s: told of %v", plan, told)
				}
			}
		})
	}
}

// A count that one principal alone fills is that of all ways to reach records.
func TestCountIsTheSameByOnePrincipal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlace(t, at(t, db, ""), chance(t), "contact", 120)
		short := 0
		for range 60 {
			g := p.standing().Decide(p.kind, policy.View, policy.List, p.world.Now)
			p.db.Suppose(p.kind, 120, nil) // nobody reaches anything, as far as is known
			all, capped, err := p.db.Count(ctx, g, nil, 1000)
			must(t, err)
			if capped {
				t.Fatalf("%d of 120 are more than 1000", all)
			}
			by := map[schema.Principal]float64{}
			for _, arm := range g.Arms() {
				for _, one := range arm.Principals {
					by[one] = 120 // more than it is
				}
			}
			p.db.Suppose(p.kind, 120, by)
			for _, most := range []int{0, 1, all / 2, all - 1, all, all + 1} {
				if most < 0 {
					continue
				}
				n, capped, err := p.db.Count(ctx, g, nil, most)
				must(t, err)
				if n != min(all, most) || capped != (all > most) {
					t.Fatalf("counted %d, %v up to %d, where there are %d", n, capped, most, all)
				}
				if capped && len(by) > 0 {
					short++
				}
			}
		}
		if short == 0 {
			t.Error("no count was ever cut short")
		}
	})
}

// Of a word that many records have, PostgreSQL would collect them all before it
// gave the newest, so a search looks further back instead.
// What differs from one page to the next are the place and the moment, and the
// statement says how it is found. A search is planned for its word.
func TestPostgreSQLKeepsThePlanOfAPage(t *testing.T) {
	p := newPlace(t, storetest.Open(t, store.Postgres, nil), chance(t), "contact", 120)
	g := clerk(policy.Own).Decide(p.kind, policy.View, policy.List, p.db.Now())
	const times = 8 // PostgreSQL would think for five of them
	for range times {
		_, err := p.db.Page(ctx, g, store.Ask{Columns: p.kind.Fields})
		must(t, err)
		_, err = p.db.Page(ctx, g, store.Ask{Columns: p.kind.Fields, Search: &store.Search{Words: []string{"ros"}}})
		must(t, err)
	}
	anew, kept, err := p.db.PlannedPages(ctx)
	must(t, err)
	if anew != 0 || kept != times {
		t.Errorf("planned anew %d times, kept %d times; want 0 and %d", anew, kept, times)
	}
}

func TestSearchOfAFrequentWordLooksFurtherBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Engine() != store.Postgres {
			return
		}
		p := newPlace(t, at(t, db, ""), chance(t), "contact", 120)
		must(t, p.db.Write(ctx, func(tx *store.Tx) error {
			for i, r := range p.records {
				words := []string{"rossi"}
				if i < 3 {
					words = append(words, "ковалёва")
				}
				if err := tx.PutSearch(ctx, p.kind, r.ID, words, nil); err != nil {
					return err
				}
			}
			return nil
		}))
		g := clerk(policy.Own).Decide(p.kind, policy.View, policy.List, p.db.Now())
		p.db.Suppose(p.kind, 1_000_000, map[schema.Principal]float64{schema.ResponsiblePrincipal(1): 50_000})
		for word, want := range map[string]string{"ros": "newest", "ковал": "probe"} {
			ask := store.Ask{Columns: p.kind.Fields, Search: &store.Search{Words: []string{word}}}
			plan, window, err := p.db.Chosen(ctx, g, ask)
			must(t, err)
			// A page takes 51 * 20 hits, and six of a hundred records have the word.
			if plan != want || want == "newest" && (window < 17_000 || window > 100_000) {
				t.Errorf("%s is searched by %s, among the newest %d", word, plan, window)
			}
			page, err := p.db.Page(ctx, g, ask)
			must(t, err)
			same, err := p.db.PageBy(ctx, g, ask, "probe")
			must(t, err)
			if !slices.Equal(ids(page.Rows), ids(same.Rows)) {
				t.Errorf("%s: found %v, and by its index %v", word, ids(page.Rows), ids(same.Rows))
			}
		}
	})
}

// A row of access says through whom a record was found: shares decide whether
// that is still so, and whether it is so through somebody else. However many
// there are, the record comes once.
func TestStaleShareOfAGroupShowsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlace(t, at(t, db, ""), chance(t), "contact", 1)
		r := p.records[0]
		now := p.db.Now().UnixMicro()
		group := schema.GroupPrincipal
		must(t, p.db.Write(ctx, func(tx *store.Tx) error {
			for _, s := range []store.Text{`DELETE FROM access`, `DELETE FROM access_name`, `DELETE FROM share`, `UPDATE contact SET responsible = NULL, deleted_at = NULL`} {
				if _, err := tx.Exec(ctx, s); err != nil {
					return err
				}
			}
			for _, g := range []int64{1, 2, 3} {
				if _, err := tx.Exec(ctx, store.Text(`INSERT INTO access(principal, kind, updated_at, record) VALUES (?, ?, ?, ?)`), group(g), p.kind.Number, p.cell(r, "updated_at").Column, r.ID); err != nil {
					return err
				}
			}
			return nil
		}))
		shares := func(groups ...int64) {
			must(t, p.db.Write(ctx, func(tx *store.Tx) error {
				if _, err := tx.Exec(ctx, store.Text(`DELETE FROM share`)); err != nil {
					return err
				}
				for _, g := range groups {
					var ends any
					if g < 0 {
						g, ends = -g, now-1
					}
					if _, err := tx.Exec(ctx, store.Text(`INSERT INTO share(kind, record, principal, level, ends_at, made_by, made_at) VALUES (?, ?, ?, 1, ?, 1, 1)`), p.kind.Number, r.ID, group(g), ends); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		g := clerkBy(1, policy.Group, policy.Membership{Group: 1, Name: "one"}, policy.Membership{Group: 2, Name: "two"}).Decide(p.kind, policy.View, policy.List, p.db.Now())
		for _, c := range []struct {
			groups []int64
			seen   int
		}{{nil, 0}, {[]int64{1}, 1}, {[]int64{2}, 1}, {[]int64{1, 2}, 1}, {[]int64{3}, 0}, {[]int64{-1}, 0}, {[]int64{-1, 2}, 1}, {[]int64{-1, -2}, 0}} {
			shares(c.groups...)
			for _, n := range []float64{1, 1_000_000} { // much of it is reached, and little
				p.db.Suppose(p.kind, n, map[schema.Principal]float64{group(1): 1, group(2): 1})
				page, err := p.db.Page(ctx, g, store.Ask{Columns: p.kind.Fields, Order: query.Order{Field: p.kind.Field("updated_at"), Desc: true}})
				must(t, err)
				if len(page.Rows) != c.seen {
					t.Errorf("shared with %v: %d rows, not %d", c.groups, len(page.Rows), c.seen)
				}
			}
		}
	})
}
