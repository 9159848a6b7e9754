package store

import (
	"slices"

	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// A reading is one question about records under one grant, on its way to a
// statement. The statement has two parts: keys finds which records, in order,
// as cheaply as it can and through derived tables; around it stand the columns,
// and the rights once more, asked of the record itself for the few rows found.
type reading struct {
	db   *DB
	g    policy.Grant
	kind *schema.Kind
	ask  Ask
	ids  []schema.RecordID
	arms []policy.Arm // which rows
	view []policy.Arm // what is seen of them
	now  int64        // shares that ended by now do not count

	page  int // rows wanted
	limit int // rows asked for: one more, to know whether there is a next page
	order ordering
	every bool // an arm reaches every record: no rights to be asked for

	open bool // the statement is written for a blank: what differs each time is a slot

	then   plan // what is tried if newestPlan gave no full page
	window int  // how many records newestPlan looks into; 0: newest

	// few: the principals reach so little that a record seldom comes by two of them.
	few bool
	// hinted: the keys say through which principal a record was found, so that
	// the record is first asked for that one. Its shares with one principal lie
	// close together, those of one record are anywhere. It may then come once for
	// each principal, one after the other.
	hinted bool
	hint   bool // the hint is of use where rights are being written

	looked *looking // the statement has what is to be known of its record's shares

	counting bool // nobody will see the rows, nor their order

	// leaf is the part of the filter that an index serves, and left how many
	// records it leaves, counted up to manyLeft+1; nil until measured.
	leaf query.Cond
	left int

	columns []column
	guarded bool     // rows say through which classes they are reached
	classes []class  // by bit
	memo    []sights // by bits, what was worked out already
}

// A class is the view arms that show the same of the columns asked for.
type class struct {
	arms    []policy.Arm
	sights  []policy.Sight // by column
	contact policy.Sight
}

type sights struct {
	bits    int64
	columns []policy.Sight
	contact policy.Sight
}

// column is one field of the page, and which of its values are selected.
type column struct {
	field    *schema.Field
	value    bool // it is plain on some record
	presence bool // it is masked on some record
}

// ordering is by what a page is sorted, and whether access has that order.
type ordering struct {
	query.Order // counts for byOther; its direction for all
	by          sorting
	column      string
}

type sorting uint8

const (
	byID sorting = iota
	byUpdated
	byName
	byBin
	byStrict // a column that is never NULL
	byOther
)

const updatedAt = "updated_at"

func (db *DB) newReading(g policy.Grant, ask Ask, ids []schema.RecordID) (*reading, error) {
	r := &reading{db: db, g: g, kind: g.Kind(), ask: ask, ids: ids, arms: g.Arms(), view: g.ViewArms(), now: db.Now().UnixMicro()}
	if ask.Filter != nil {
		r.ask.Filter = query.Simplify(ask.Filter)
		for _, f := range query.Fields(r.ask.Filter) {
			// The words are the same whatever the field is, and whether it exists.
			if g.FieldAnywhere(f) != policy.Plain {
				return nil, fault.New(fault.Denied, "filter.field", "You may not filter by this field.").At(f.Name)
			}
		}
		if f := probed(r.ask.Filter); f != nil {
			return nil, fault.New(fault.Denied, "filter.field", "You may not filter by this field.").At(f.Name)
		}
	}
	r.page = ask.Limit
	if r.page == 0 {
		r.page = pageSize
	}
	if r.page < 0 || r.page > maxPage {
		return nil, fault.Newf(fault.Invalid, "page.large", "A page has at most %d rows.", maxPage)
	}
	r.limit = r.page + 1
	r.every = slices.ContainsFunc(r.arms, reachesAll)
	if err := r.sort(); err != nil {
		return nil, err
	}
	return r, nil
}

// probed finds a field whose text would be compared as it was typed, with the
// phone numbers in it: who may not see those could find them digit by digit.
// Keyed fields are compared by what is left after masking.
func probed(c query.Cond) *schema.Field {
	var parts []query.Cond
	switch c := c.(type) {
	case query.And:
		parts = c
	case query.Or:
		parts = c
	case query.Not:
		parts = []query.Cond{c.Cond}
	case query.Compare:
		if c.Field.Free && !c.Field.Keyed {
			return c.Field
		}
	case query.In:
		if c.Field.Free && !c.Field.Keyed {
			return c.Field
		}
	}
	for _, part := range parts {
		if f := probed(part); f != nil {
			return f
		}
	}
	return nil
}

func reachesAll(a policy.Arm) bool { return a.Scope == policy.Everyone && a.Cond == nil }

// nothing tells that no record can be found.
func (r *reading) nothing() bool {
	if _, none := r.ask.Filter.(query.None); none {
		return true
	}
	return r.ask.Search != nil && len(r.hunts()) == 0
}

// sort settles the order.
func (r *reading) sort() error {
	switch f := r.ask.Order.Field; {
	case r.ask.Search != nil:
		r.order = ordering{query.Order{Desc: true}, byID, "id"}
	case r.ask.Deleted && r.ids == nil:
		r.order = ordering{query.Order{Desc: true}, byBin, "deleted_at"}
	case f == nil:
		r.order = ordering{r.ask.Order, byID, "id"}
	default:
		name, ok := r.ask.Order.Column()
		if !ok || f.Free && !f.Keyed || r.g.FieldEverywhere(f) != policy.Plain {
			return fault.New(fault.Denied, "sort.field", "You may not sort by this field.").At(f.Name)
		}
		r.order = ordering{r.ask.Order, byOther, name}
		switch {
		case f.Name == updatedAt:
			r.order.by = byUpdated
		case f == r.kind.TitleField() && f.Keyed && f.Required:
			r.order.by = byName
		case f.Name == "created_at" && f.House, f.Required && !f.Custom:
			r.order.by = byStrict
		}
	}
	return nil
}

// inAccess tells whether the access tables have the order.
func (o ordering) inAccess() bool { return o.by == byUpdated || o.by == byName }

func (o ordering) direction(b *query.Builder) {
	if o.Desc {
		b.Write(" DESC")
	}
}

// write puts the order of columns s and id of alias.
func (o ordering) write(b *query.Builder, alias string) {
	switch {
	case o.by == byID:
	case o.by == byOther && o.Desc && b.Dialect == query.Postgres:
		b.Column(alias, "s").Write(" DESC NULLS LAST, ")
	case o.by == byOther && b.Dialect == query.Postgres:
		b.Column(alias, "s").Write(" NULLS FIRST, ")
	default:
		b.Column(alias, "s")
		o.direction(b)
		b.Write(", ")
	}
	b.Column(alias, "id")
	o.direction(b)
}

// after writes the condition that a row comes after the position, by the named
// columns of alias; by those of r itself where they may be NULL. It writes
// nothing for the first page.
func (r *reading) after(b *query.Builder, alias, sortColumn, idColumn string) {
	at := r.ask.After
	if at == nil {
		return
	}
	b.Write(" AND ")
	if r.order.by == byOther {
		v, _ := query.Of(at.Sort)
		r.order.AfterSQL(b, r.order.In("r"), v, at.ID)
		return
	}
	sign := func() {
		if r.order.Desc {
			b.Write(" < ")
		} else {
			b.Write(" > ")
		}
	}
	if r.order.by == byID {
		b.Column(alias, idColumn)
		sign()
		r.put(b, slot{of: slotAfterID}, int64(at.ID))
		return
	}
	b.Write("(").Column(alias, sortColumn).Write(", ").Column(alias, idColumn).Write(")")
	sign()
	b.Write("(")
	r.put(b, slot{of: slotAfterSort}, at.Sort)
	b.Write(", ")
	r.put(b, slot{of: slotAfterID}, int64(at.ID))
	b.Write(")")
}

// look works out what of the columns can be seen by whom, and whether the
// database must say through whom each row is reached.
func (r *reading) look() {
	r.columns, r.classes = nil, nil
	contactMatters := false
	for _, f := range r.ask.Columns {
		c := column{field: f}
		for _, arm := range r.view {
			switch s := r.sight(arm, f); {
			case s == policy.Plain:
				c.value = true
			case s > policy.Hidden:
				c.presence = true
			}
		}
		contactMatters = contactMatters || c.value && f.Free
		r.columns = append(r.columns, c)
	}
	for _, arm := range r.view {
		c := class{arms: []policy.Arm{arm}, contact: arm.Contact}
		for _, f := range r.ask.Columns {
			c.sights = append(c.sights, r.sight(arm, f))
		}
		i := slices.IndexFunc(r.classes, func(o class) bool {
			return slices.Equal(o.sights, c.sights) && (o.contact == c.contact || !contactMatters)
		})
		if i < 0 {
			r.classes = append(r.classes, c)
			continue
		}
		r.classes[i].arms = append(r.classes[i].arms, arm)
		r.classes[i].contact = min(r.classes[i].contact, c.contact)
	}
	// Where all rows are permitted and all look the same there is nothing to ask.
	r.guarded = !r.every || len(r.classes) > 1 || !slices.ContainsFunc(r.view, reachesAll)
}

// sight is that of a field through an arm. A field of another kind has none.
func (r *reading) sight(arm policy.Arm, f *schema.Field) policy.Sight {
	if f.Kind() != r.kind {
		return policy.Hidden
	}
	return arm.Sights[f.Index()]
}

// sightsFor joins what the classes show that admit a row.
func (r *reading) sightsFor(bits int64) ([]policy.Sight, policy.Sight) {
	for _, m := range r.memo {
		if m.bits == bits {
			return m.columns, m.contact
		}
	}
	m := sights{bits: bits, columns: make([]policy.Sight, len(r.columns))}
	for i, c := range r.classes {
		if r.guarded && bits&(1<<i) == 0 {
			continue
		}
		m.contact = max(m.contact, c.contact)
		for j, s := range c.sights {
			m.columns[j] = max(m.columns[j], s)
		}
	}
	r.memo = append(r.memo, m)
	return m.columns, m.contact
}

// mask has the bits of the classes that meet the test.
func (r *reading) mask(test func(class) bool) (mask int64, all bool) {
	all = true
	for i, c := range r.classes {
		if test(c) {
			mask |= 1 << i
		} else {
			all = false
		}
	}
	return mask, all
}

// apart tells whether the bits of a row are a column of their own.
func (r *reading) apart() bool { return r.guarded && len(r.classes) > 1 }

// statement writes the whole page.
func (r *reading) statement(p plan) *query.Builder {
	if r.single() {
		return r.statementOfOne()
	}
	r.hinted = r.hints(p)
	b := &query.Builder{Dialect: r.db.engine.Dialect()}
	b.Write(`SELECT k.id, k.s, `)
	// With one class the bits need no place of their own: the version is there
	// for rows that are reached, and each column costs as much as a probe.
	apart := r.apart()
	switch {
	case apart:
		b.Write(`r."version", k.bits`)
	case r.guarded && r.ids == nil:
		b.Write("CASE WHEN ")
		r.writeBits(b)
		b.Write(` <> 0 THEN r."version" END`)
	default:
		b.Write(`r."version"`)
	}
	r.writeColumns(b)
	r.writeAlso(b)
	b.Write(" FROM (")
	if apart && r.ids == nil {
		// The limit keeps the bits from being worked out again for each column.
		b.Write("SELECT k0.s, k0.id, ")
		r.writeBits(b)
		b.Write(" AS bits FROM (")
		r.keys(b, p)
		b.Write(") AS k0 CROSS JOIN ").Name(r.kind.Name).Write(` AS r WHERE r."id" = k0.id`)
		b.Limit(r.limit)
	} else {
		r.keys(b, p)
	}
	b.Write(") AS k CROSS JOIN ").Name(r.kind.Name).Write(` AS r WHERE r."id" = k.id`)
	if apart && r.ids != nil {
		b.Write(" AND k.bits <> 0")
	}
	if b.Dialect == query.Postgres {
		b.Write(" ORDER BY ")
		r.order.write(b, "k")
	}
	// SQLite walks over what is left of CROSS JOIN first, and that is in order.
	// Asked to sort, it does not see so, and puts each whole row through a sorter.
	return b
}

// writeColumns writes what is selected of the record.
func (r *reading) writeColumns(b *query.Builder) {
	for i, c := range r.columns {
		if c.value {
			b.Write(", ")
			r.writeValue(b, i, c.field)
		}
		if c.presence {
			b.Write(", ")
			r.writePresence(b, i, c.field)
		}
	}
}

// hints tells whether the keys say through whom a record was found.
func (r *reading) hints(p plan) bool {
	return r.few && r.db.engine == SQLite && p == mergePlan && r.order.inAccess() && r.guarded && !r.apart() && r.ids == nil && r.ask.Search == nil && !slices.ContainsFunc(r.walks(), walk.everyone)
}

// writeValue writes a field where it is plain, and NULL elsewhere.
func (r *reading) writeValue(b *query.Builder, i int, f *schema.Field) {
	mask, all := r.mask(func(c class) bool { return c.sights[i] == policy.Plain })
	if !all {
		b.Write("CASE WHEN ")
		r.reachedBy(b)
		b.Write(" & ")
		number(b, mask)
		b.Write(" <> 0 THEN ")
	}
	if !f.Free {
		b.Column("r", f.Name)
	} else {
		contact, everywhere := r.mask(func(c class) bool { return c.contact == policy.Plain })
		switch {
		case everywhere:
			b.Column("r", f.Name)
		case contact == 0:
			r.writeMasked(b, f)
		default:
			b.Write("CASE WHEN ")
			r.reachedBy(b)
			b.Write(" & ")
			number(b, contact)
			b.Write(" <> 0 THEN ").Column("r", f.Name).Write(" ELSE ")
			r.writeMasked(b, f)
			b.Write(" END")
		}
	}
	if !all {
		b.Write(" END")
	}
}

func (r *reading) writeMasked(b *query.Builder, f *schema.Field) {
	b.Write("coalesce(").Column("r", f.MaskedColumn()).Write(", ").Column("r", f.Name).Write(")")
}

// writePresence writes how many values a field has, where it may be known.
func (r *reading) writePresence(b *query.Builder, i int, f *schema.Field) {
	mask, all := r.mask(func(c class) bool { return c.sights[i] > policy.Hidden })
	if !all {
		b.Write("CASE WHEN ")
		r.reachedBy(b)
		b.Write(" & ")
		number(b, mask)
		b.Write(" <> 0 THEN ")
	}
	switch {
	case !f.Type.Multi():
		b.Write("CASE WHEN ").Column("r", f.Name).Write(" IS NULL THEN 0 ELSE 1 END")
	default:
		// Most have a single value, which can be told without reading the JSON:
		// two have a comma between them.
		b.Write("CASE WHEN ").Column("r", f.Name).Write(" IS NULL THEN 0 WHEN ")
		if b.Dialect == query.Postgres {
			b.Write("strpos(")
		} else {
			b.Write("instr(")
		}
		b.Column("r", f.Name).Write(", ',') = 0 THEN 1 ELSE json_array_length(").Column("r", f.Name)
		if b.Dialect == query.Postgres {
			b.Write("::json")
		}
		b.Write(") END")
	}
	if !all {
		b.Write(" END")
	}
}

// reachedBy writes the bits of the classes through which the record is reached,
// where they are known.
func (r *reading) reachedBy(b *query.Builder) {
	if r.looked == nil {
		b.Write("k.bits")
		return
	}
	b.Write("(")
	r.writeBits(b)
	b.Write(")")
}

// writeBits asks the record itself through which classes it is reached. For
// other actions than viewing it must be reached by an arm of the action too.
func (r *reading) writeBits(b *query.Builder) {
	r.hint = r.hinted
	defer func() { r.hint = false }()
	b.Write("CASE WHEN ")
	r.alive(b)
	if r.g.Action() != policy.View && !r.every {
		b.Write(" AND ")
		r.admitted(b, r.arms)
	}
	b.Write(" THEN ")
	for i, c := range r.classes {
		if i > 0 {
			b.Write(" + ")
		}
		b.Write("CASE WHEN ")
		r.admitted(b, c.arms)
		b.Write(" THEN ")
		number(b, int64(1)<<i)
		b.Write(" ELSE 0 END")
	}
	b.Write(" ELSE 0 END")
}

// writeAlso asks the record which of the other grants reach it. The row is there
// because it may be viewed, which is what every action takes besides its arms.
func (r *reading) writeAlso(b *query.Builder) {
	for i, g := range r.ask.Also {
		if i == 0 {
			b.Write(", ")
		} else {
			b.Write(" + ")
		}
		if g.Empty() || g.Kind() != r.kind {
			number(b, 0)
			continue
		}
		b.Write("CASE WHEN ")
		r.admitted(b, g.Arms())
		b.Write(" THEN ")
		number(b, int64(1)<<i)
		b.Write(" ELSE 0 END")
	}
}

// number writes an argument whose type PostgreSQL could not tell.
func number(b *query.Builder, n int64) {
	b.Arg(n)
	if b.Dialect == query.Postgres {
		b.Write("::bigint")
	}
}

// admitted writes that any of the arms reaches the record r, by what the record
// and its shares say.
func (r *reading) admitted(b *query.Builder, arms []policy.Arm) {
	if slices.ContainsFunc(arms, reachesAll) {
		b.Write("1 = 1")
		return
	}
	b.Write("(")
	for i, arm := range arms {
		if i > 0 {
			b.Write(" OR ")
		}
		r.reached(b, arm)
	}
	b.Write(")")
}

func (r *reading) reached(b *query.Builder, arm policy.Arm) {
	b.Write("(")
	switch arm.Scope {
	case policy.Everyone:
		b.Write("1 = 1")
	case policy.Through:
		people, groups, shares := byRole(arm.Principals)
		b.Write("(")
		if len(people) > 0 {
			b.Column("r", r.kind.Responsible).Write(" IN (")
			list(b, people, schema.Principal.Ref)
			b.Write(")")
		}
		if len(people) > 0 && len(groups)+len(shares) > 0 {
			b.Write(" OR ")
		}
		if r.hint && len(groups) > 0 {
			r.sharedAsFound(b, groups)
			b.Write(" OR ")
		}
		if len(groups)+len(shares) > 0 {
			if r.looked != nil {
				r.looked.found(b, shareLook{groups, shares, arm.Least})
			} else {
				r.shared(b, ofRecord, groups, shares, arm.Least)
			}
		}
		b.Write(")")
	default:
		b.Write("1 = 0")
	}
	if arm.Cond != nil {
		b.Write(" AND ")
		query.SQL(b, arm.Cond, "r", nil)
	}
	b.Write(")")
}

// byRole parts principals by the way in which they reach records.
func byRole(all []schema.Principal) (people, groups, shares []schema.Principal) {
	for _, p := range all {
		switch p.Role() {
		case schema.ByResponsibility:
			people = append(people, p)
		case schema.ByGroup:
			groups = append(groups, p)
		case schema.ByShare:
			shares = append(shares, p)
		}
	}
	return people, groups, shares
}

// list writes placeholders and rounds their number up, so that lists of every
// length share few statements.
func list[T any](b *query.Builder, all []T, as func(T) int64) {
	for i := range rounded(len(all)) {
		if i > 0 {
			b.Write(", ")
		}
		b.Arg(as(all[min(i, len(all)-1)]))
	}
}

func itself(p schema.Principal) int64 { return int64(p) }

// shared writes that the record is shared with one of the groups, or with one
// of the people at the level at least.
func (r *reading) shared(b *query.Builder, record shareOf, groups, shares []schema.Principal, least policy.ShareLevel) {
	postgres := b.Dialect == query.Postgres
	if postgres {
		// As EXISTS it would be hashed: every share there is, for each page.
		b.Write("coalesce((SELECT true FROM share AS x WHERE x.kind = ")
	} else {
		b.Write("EXISTS (SELECT 1 FROM share AS x WHERE x.kind = ")
	}
	b.Arg(int64(r.kind.Number)).Write(" AND x.record = ")
	if record == ofAccess {
		b.Write("a.record")
	} else {
		b.Write(`r."id"`)
	}
	// With whom it is shared is asked first: most have no end to be asked for.
	b.Write(" AND (")
	with(b, groups, shares, least)
	b.Write(") AND ")
	r.lasting(b)
	if postgres {
		b.Write(" LIMIT 1), false)")
	} else {
		b.Write(")")
	}
}

// with writes that the share x is with one of the groups, or with one of the
// people at the level at least.
func with(b *query.Builder, groups, shares []schema.Principal, least policy.ShareLevel) {
	if len(groups) > 0 {
		among(b, groups)
	}
	if len(groups) > 0 && len(shares) > 0 {
		b.Write(" OR ")
	}
	if len(shares) > 0 {
		among(b, shares)
		b.Write(" AND x.level >= ").Arg(int64(max(least, policy.ShareView)))
	}
}

// lasting writes that the share x has not ended.
func (r *reading) lasting(b *query.Builder) {
	b.Write("(x.ends_at IS NULL OR x.ends_at > ")
	r.put(b, slot{of: slotNow}, r.now)
	b.Write(")")
}

// sharedAsFound writes that the record is shared with the group through which
// it was found. It is asked of the shares as well, of less of them.
func (r *reading) sharedAsFound(b *query.Builder, groups []schema.Principal) {
	b.Write("k.p IN (")
	list(b, groups, itself)
	b.Write(`) AND EXISTS (SELECT 1 FROM share AS y INDEXED BY share_principal WHERE y.principal = k.p AND y.kind = `).Arg(int64(r.kind.Number)).
		Write(` AND y.record = r."id" AND (y.ends_at IS NULL OR y.ends_at > `)
	r.put(b, slot{of: slotNow}, r.now)
	b.Write("))")
}

// among writes that the share x is with one of the principals. A record has few
// shares: the plus keeps SQLite from seeking once for each principal instead,
// and comparing with a few is cheaper there than to look into a list of them.
func among(b *query.Builder, all []schema.Principal) {
	if b.Dialect == query.Postgres || len(all) > fewPrincipals {
		if b.Dialect == query.SQLite {
			b.Write("+")
		}
		b.Write("x.principal IN (")
		list(b, all, itself)
		b.Write(")")
		return
	}
	b.Write("(")
	for i, p := range all {
		if i > 0 {
			b.Write(" OR ")
		}
		b.Write("+x.principal = ").Arg(int64(p))
	}
	b.Write(")")
}

const fewPrincipals = 16

// shareOf says which column has the record's id.
type shareOf uint8

const (
	ofRecord shareOf = iota // that of the record r
	ofAccess                // that of the access row a
)

// guard gives, for the filter inside an arm, the condition under which a field
// may be seen; with a nil arm, inside no arm.
func (r *reading) guard(inside *policy.Arm) query.Guard {
	return func(f *schema.Field) (string, []any, bool) {
		if r.g.FieldEverywhere(f) == policy.Plain || inside != nil && r.g.Action() == policy.View && r.sight(*inside, f) == policy.Plain {
			return "", nil, false
		}
		var plain []policy.Arm
		for _, arm := range r.view {
			if r.sight(arm, f) == policy.Plain {
				plain = append(plain, arm)
			}
		}
		b := &query.Builder{Dialect: r.db.engine.Dialect()}
		if len(plain) == 0 {
			return "1 = 0", nil, true
		}
		r.admitted(b, plain)
		return b.String(), b.Args(), true
	}
}

// filter writes the filter on r.
func (r *reading) filter(b *query.Builder, inside *policy.Arm) {
	if r.ask.Filter == nil {
		return
	}
	b.Write(" AND ")
	query.SQL(b, r.ask.Filter, "r", r.guard(inside))
}

// alive writes on which side of the bin r is.
func (r *reading) alive(b *query.Builder) {
	if r.ask.Deleted {
		b.Write(`r."deleted_at" IS NOT NULL`)
	} else {
		b.Write(`r."deleted_at" IS NULL`)
	}
}
