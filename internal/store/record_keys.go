package store

import (
	"slices"

	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// keys writes the statement that finds the records of a page: columns s, by
// which is sorted, and id. It uses derived tables and may find a record too
// many, which the statement around it then drops; never one too few.
func (r *reading) keys(b *query.Builder, p plan) {
	switch {
	case r.ask.Search != nil && r.ids == nil:
		r.searchKeys(b, p)
	case p == mergePlan:
		r.mergeKeys(b)
	default:
		r.probeKeys(b)
	}
}

// probeKeys walks over the records, by the filter's index or in the order of
// the page, and asks of each whether it may be seen.
func (r *reading) probeKeys(b *query.Builder) {
	b.Write("SELECT ").Column("r", r.order.column).Write(` AS s, r."id" AS id`)
	if r.ids != nil && r.apart() {
		b.Write(", ")
		r.writeBits(b)
		b.Write(" AS bits")
	}
	b.Write(" FROM ").Name(r.kind.Name).Write(" AS r")
	leaf, few := r.driver()
	if b.Dialect == query.SQLite && leaf != nil && !few && !equality(leaf) {
		// SQLite would sort all that the filter's index gives.
		if name := r.db.stats.index(r.kind, r.order.column); name != "" {
			b.Write(" INDEXED BY ").Name(name)
		}
	}
	b.Write(" WHERE ")
	r.alive(b)
	if few {
		writeDriver(b, r.kind, leaf)
	}
	if r.ids != nil {
		b.Write(` AND r."id" IN (`)
		for i := range rounded(len(r.ids)) {
			if i > 0 {
				b.Write(", ")
			}
			r.put(b, slot{slotID, i}, int64(r.ids[min(i, len(r.ids)-1)]))
		}
		b.Write(")")
	}
	switch {
	case r.ids == nil:
		r.rights(b)
	case r.guarded && !r.apart():
		// No derived table has named these records: what is asked of them here
		// is asked once.
		b.Write(" AND ")
		r.writeBits(b)
		b.Write(" <> 0")
	}
	r.filter(b, nil)
	r.after(b, "r", r.order.column, "id")
	b.Write(" ORDER BY ")
	r.sorted(b)
	b.Limit(r.limit)
}

// sorted writes the order by the columns of r.
func (r *reading) sorted(b *query.Builder) {
	switch r.order.by {
	case byOther:
		r.order.SQL(b, r.order.In("r"))
		return
	case byID:
	default:
		b.Column("r", r.order.column)
		r.order.direction(b)
		b.Write(", ")
	}
	b.Write(`r."id"`)
	r.order.direction(b)
}

func (r *reading) rights(b *query.Builder) {
	if !r.every {
		b.Write(" AND ")
		r.admitted(b, r.arms)
	}
}

// A walk is one or several scans over access, or one over the records, with
// the same condition inside.
type walk struct {
	principals []schema.Principal // none: over the records
	least      policy.ShareLevel  // above NoShare: the principals are shares
	arm        *policy.Arm        // whose condition and sights hold inside; nil: no condition, and the filter needs no guard
}

// everyone tells that the walk is over the records of everyone.
func (w walk) everyone() bool { return w.principals == nil }

// walks parts the arms into walks. Arms without a condition become one.
func (r *reading) walks() []walk {
	guarded := slices.ContainsFunc(query.Fields(r.ask.Filter), func(f *schema.Field) bool { return r.g.FieldEverywhere(f) != policy.Plain })
	var all []walk
	add := func(ps []schema.Principal, least policy.ShareLevel, arm *policy.Arm) {
		if len(ps) == 0 {
			return
		}
		if arm == nil {
			if i := slices.IndexFunc(all, func(w walk) bool { return w.arm == nil && w.least == least && !w.everyone() }); i >= 0 {
				for _, p := range ps {
					if !slices.Contains(all[i].principals, p) {
						all[i].principals = append(all[i].principals, p)
					}
				}
				return
			}
		}
		all = append(all, walk{slices.Clone(ps), least, arm})
	}
	for i := range r.arms {
		arm := &r.arms[i]
		inside := arm
		if arm.Cond == nil && !guarded {
			inside = nil
		}
		switch arm.Scope {
		case policy.Everyone:
			all = append(all, walk{arm: arm})
		case policy.Through:
			people, groups, shares := byRole(arm.Principals)
			add(append(people, groups...), policy.NoShare, inside)
			add(shares, max(arm.Least, policy.ShareView), inside)
		}
	}
	return all
}

// mergeKeys walks over what each principal reaches, in the order of the page,
// and merges the walks. The filter is inside each: around them it would make
// the database collect every row first.
func (r *reading) mergeKeys(b *query.Builder) {
	walks := r.walks()
	if b.Dialect == query.Postgres {
		r.mergePostgres(b, walks)
		return
	}
	// The last UNION drops what came twice out of all that it joins: with each
	// of them one, every step of the merge would look for it.
	arms := 0
	for _, w := range walks {
		arms += max(1, len(w.principals))
	}
	between := func(i int) {
		switch {
		case i == 0:
		case i == arms-1 && !r.hinted:
			b.Write(" UNION ")
		default:
			b.Write(" UNION ALL ")
		}
	}
	arm := 0
	for _, w := range walks {
		if w.everyone() {
			between(arm)
			arm++
			r.walkRecords(b, w)
		}
		for _, p := range w.principals {
			between(arm)
			arm++
			b.Write("SELECT ")
			r.walkAccess(b, w)
			b.Write(" AND a.principal = ").Arg(int64(p))
		}
	}
	// No limit inside: SQLite then merges lazily and stops at this one.
	b.Write(" ORDER BY 1")
	r.order.direction(b)
	b.Write(", 2")
	r.order.direction(b)
	if r.hinted {
		b.Limit(r.limit * arms) // what comes twice is dropped as it is read, and no more is read than the page takes
		return
	}
	b.Limit(r.limit)
}

// much is a principal that is known to reach more than is counted to. By one
// nothing is reached twice, and who reaches more than all there is to count by
// one of several need not be asked by the others. How much a filter leaves of
// it is not known.
func (r *reading) much() (schema.Principal, bool) {
	if r.every || r.ask.Filter != nil || r.ask.Search != nil || r.ask.Deleted || r.kind.Within {
		return 0, false
	}
	for _, w := range r.walks() {
		if w.everyone() || w.arm != nil || w.least > policy.NoShare {
			continue
		}
		for _, p := range w.principals {
			if _, v, known := r.db.stats.reach(r.db, r.kind, []walk{{principals: []schema.Principal{p}}}); known && v >= float64(r.limit) {
				return p, true
			}
		}
	}
	return 0, false
}

// walkAccess writes what follows SELECT in a scan of access, but for the
// principal.
func (r *reading) walkAccess(b *query.Builder, w walk) {
	sorted := r.order.inAccess()
	join := w.arm != nil && w.arm.Cond != nil || r.ask.Filter != nil || !sorted && r.order.by != byID
	switch {
	case r.order.by == byUpdated:
		b.Write("a.updated_at")
	case r.order.by == byName:
		b.Write("a.name_key")
	case r.order.by == byID:
		b.Write("a.record")
	default:
		b.Column("r", r.order.column)
	}
	b.Write(" AS s, a.record AS id")
	if r.hinted {
		b.Write(", a.principal AS p")
	}
	b.Write(" FROM ")
	if r.order.by == byName {
		b.Write("access_name AS a")
	} else {
		b.Write("access AS a")
	}
	postgres := b.Dialect == query.Postgres
	inner := func() {
		r.alive(b)
		if w.arm != nil && w.arm.Cond != nil {
			b.Write(" AND ")
			query.SQL(b, w.arm.Cond, "r", nil)
		}
		r.filter(b, w.arm)
		if r.order.by == byOther {
			r.after(b, "", "", "")
		}
	}
	switch {
	case join && postgres:
		// OFFSET keeps the planner from starting at the filter's index.
		b.Write(" CROSS JOIN LATERAL (SELECT ")
		if r.order.by == byOther || r.order.by == byStrict {
			b.Column("r", r.order.column).Write(", ")
		}
		b.Write(`r."id" FROM `).Name(r.kind.Name).Write(` AS r WHERE r."id" = a.record AND `)
		inner()
		b.Write(" OFFSET 0) AS r")
	case join:
		b.Write(" CROSS JOIN ").Name(r.kind.Name).Write(` AS r ON r."id" = a.record AND `)
		inner()
	}
	b.Write(" WHERE a.kind = ").Arg(int64(r.kind.Number))
	r.marked(b)
	switch r.order.by {
	case byUpdated:
		r.after(b, "a", "updated_at", "record")
	case byName:
		r.after(b, "a", "name_key", "record")
	case byID:
		r.after(b, "a", "", "record")
	case byStrict:
		r.after(b, "r", r.order.column, "id")
	}
	if w.least > policy.NoShare {
		b.Write(" AND ")
		r.shared(b, ofAccess, nil, w.principals, w.least)
	}
}

// walkRecords writes the scan of an arm that reaches everyone's records under a
// condition.
func (r *reading) walkRecords(b *query.Builder, w walk) {
	b.Write("SELECT ").Column("r", r.order.column).Write(` AS s, r."id" AS id FROM `).Name(r.kind.Name).Write(" AS r WHERE ")
	r.alive(b)
	if w.arm.Cond != nil {
		b.Write(" AND ")
		query.SQL(b, w.arm.Cond, "r", nil)
	}
	r.filter(b, w.arm)
	r.after(b, "r", r.order.column, "id")
}

// mergePostgres gives every principal a scan of its own that ends after a page:
// the planner does not merge lazily.
func (r *reading) mergePostgres(b *query.Builder, walks []walk) {
	if r.order.inAccess() && !r.counting { // of many rows it would be sorted after all
		r.mergeLazily(b, walks)
		return
	}
	b.Write("SELECT DISTINCT u.s, u.id FROM (")
	for i, w := range walks {
		if i > 0 {
			b.Write(" UNION ALL ")
		}
		if w.everyone() {
			b.Write("(")
			r.walkRecords(b, w)
			b.Write(" ORDER BY ")
			r.sorted(b)
			b.Limit(r.limit).Write(")")
			continue
		}
		// As rows and not as an array: of how many an array has PostgreSQL
		// knows only while it plans, and so it would plan every time.
		b.Write("SELECT x.s, x.id FROM (VALUES ")
		for j, p := range w.principals {
			if j > 0 {
				b.Write(", ")
			}
			b.Write("(").Arg(int64(p)).Write("::bigint)")
		}
		b.Write(") AS p(principal) CROSS JOIN LATERAL (SELECT ")
		r.walkAccess(b, w)
		b.Write(" AND a.principal = p.principal ORDER BY ")
		switch r.order.by {
		case byUpdated:
			b.Write("a.updated_at")
			r.order.direction(b)
			b.Write(", ")
		case byName:
			b.Write("a.name_key")
			r.order.direction(b)
			b.Write(", ")
		case byID:
		case byOther:
			r.order.SQL(b, r.order.In("r"))
			b.Write(", ")
		default:
			b.Column("r", r.order.column)
			r.order.direction(b)
			b.Write(", ")
		}
		b.Write("a.record")
		r.order.direction(b)
		b.Limit(r.limit).Write(") AS x")
	}
	b.Write(") AS u")
	if !r.counting {
		b.Write(" ORDER BY ")
		r.order.write(b, "u")
	}
	b.Limit(r.limit)
}

// mergeLazily merges the walks as they go, each in the order of access: only as
// much of each is read as the page takes of it. PostgreSQL sees that what comes
// merged need not be sorted to drop what came twice.
func (r *reading) mergeLazily(b *query.Builder, walks []walk) {
	b.Write("SELECT DISTINCT u.s, u.id FROM (")
	first := true
	between := func() {
		if !first {
			b.Write(" UNION ALL ")
		}
		first = false
	}
	for _, w := range walks {
		if w.everyone() {
			between()
			b.Write("(")
			r.walkRecords(b, w)
			b.Write(" ORDER BY ")
			r.sorted(b)
			b.Limit(r.limit).Write(")")
			continue
		}
		for _, p := range w.principals {
			between()
			b.Write("(SELECT ")
			r.walkAccess(b, w)
			b.Write(" AND a.principal = ").Arg(int64(p)).Write(" ORDER BY ")
			if r.order.by == byName {
				b.Write("a.name_key")
			} else {
				b.Write("a.updated_at")
			}
			r.order.direction(b)
			b.Write(", a.record")
			r.order.direction(b)
			b.Write(")")
		}
	}
	b.Write(") AS u ORDER BY ")
	r.order.write(b, "u")
	b.Limit(r.limit)
}

// A hunt is one of the ways to search, and the arms under which its fields may
// be seen; nil arms: wherever the record may be.
type hunt struct {
	what   schema.Search
	fields []*schema.Field
	arms   []policy.Arm
}

// hunts lists the ways in which the search may look. What a person may not see
// is not searched: nothing is found, as if nothing were there.
func (r *reading) hunts() []hunt {
	var all []hunt
	add := func(what schema.Search, asked bool) {
		if !asked || r.kind.Within {
			return
		}
		h := hunt{what: what}
		for _, f := range r.kind.Fields {
			if f.Search == what {
				h.fields = append(h.fields, f)
			}
		}
		if len(h.fields) == 0 {
			return
		}
		everywhere := true
		for _, f := range h.fields {
			everywhere = everywhere && r.g.FieldEverywhere(f) == policy.Plain
		}
		if !everywhere {
			for _, arm := range r.view {
				if !slices.ContainsFunc(h.fields, func(f *schema.Field) bool { return r.sight(arm, f) != policy.Plain }) {
					h.arms = append(h.arms, arm)
				}
			}
			if len(h.arms) == 0 {
				return
			}
		}
		all = append(all, h)
	}
	s := r.ask.Search
	add(schema.ByWords, len(s.readings()) > 0)
	add(schema.ByDigits, len(s.digits()) >= leastDigits)
	add(schema.ByAddress, s.Address != "")
	return all
}

// searchKeys finds by words, digits and address, newest created first.
func (r *reading) searchKeys(b *query.Builder, p plan) {
	first := true
	for _, h := range r.hunts() {
		if h.what != schema.ByAddress {
			h.fields = h.fields[:1] // one table for all
		}
		for _, f := range h.fields {
			if !first {
				b.Write(" UNION ")
			}
			first = false
			r.hunt(b, h, f, p)
		}
	}
	b.Write(" ORDER BY 1 DESC LIMIT ").Arg(int64(r.limit))
}

func (r *reading) hunt(b *query.Builder, h hunt, f *schema.Field, p plan) {
	postgres := b.Dialect == query.Postgres
	if p == ownPlan && (h.what == schema.ByAddress || r.ask.Deleted || !postgres && h.what != schema.ByDigits) {
		p = setPlan // an address has the better start; access knows nothing of the bin
	}
	if p == ownPlan && !postgres {
		r.huntOwn(b, h)
		return
	}
	id := "record"
	if !postgres && h.what != schema.ByAddress {
		id = "rowid"
	}
	table := r.kind.Name + "_words"
	if h.what == schema.ByDigits {
		table = r.kind.Name + "_digits"
	}
	b.Write("SELECT ").Column("w", id).Write(" AS s, ").Column("w", id).Write(" AS id FROM ")
	switch {
	case h.what == schema.ByAddress:
		b.Write("multi AS w")
	case p == newestPlan:
		b.Write("(SELECT w.record, w.words, w.digits FROM search AS w WHERE w.kind = ").Arg(int64(r.kind.Number))
		r.after(b, "w", "", id)
		b.Write(" ORDER BY w.record DESC").Limit(max(r.window, newest)).Write(") AS w")
	case p == ownPlan:
		// The fence keeps PostgreSQL from starting at the index of words.
		b.Write("(SELECT DISTINCT u.record FROM (")
		r.ownRecords(b, r.walks())
		b.Write(") AS u) AS o CROSS JOIN LATERAL (SELECT w.kind, w.record, w.words, w.digits FROM search AS w WHERE w.kind = ").
			Arg(int64(r.kind.Number)).Write(" AND w.record = o.record OFFSET 0) AS w")
	case postgres:
		// Found first and put in order, so that records are looked at from the
		// newest on, and no more of them than the page takes.
		b.Write("(SELECT w.record FROM search AS w WHERE w.kind = ").Arg(int64(r.kind.Number))
		if h.what == schema.ByWords {
			b.Write(" AND w.words @@ ").Arg(tsquery(r.ask.Search.readings())).Write("::tsquery")
		} else {
			b.Write(" AND w.digits LIKE ").Arg("%" + r.ask.Search.digits() + "%")
		}
		r.after(b, "w", "", id)
		if walks := r.walks(); r.bySet(p, walks) {
			r.ownSet(b, walks, "w", id)
		}
		b.Write(" ORDER BY w.record DESC OFFSET 0) AS w")
	default:
		b.Name(table).Write(" AS w")
	}
	inner := postgres && h.what != schema.ByAddress && !p.apart()
	if inner {
		b.Write(` CROSS JOIN LATERAL (SELECT 1 FROM `).Name(r.kind.Name).Write(` AS r WHERE r."id" = w.record AND `)
	} else {
		b.Write(" CROSS JOIN ").Name(r.kind.Name).Write(` AS r WHERE r."id" = `).Column("w", id).Write(" AND ")
	}
	s := r.ask.Search
	switch {
	case inner:
	case h.what == schema.ByAddress:
		b.Write("w.kind = ").Arg(int64(r.kind.Number)).Write(" AND w.field = ").Arg(f.Name).
			Write(` AND w."key" >= `).Arg(s.Address).Write(` AND w."key" < `).Arg(s.Address + "\U0010FFFF")
	case h.what == schema.ByWords && p.apart():
		b.Write("w.words @@ ").Arg(tsquery(s.readings())).Write("::tsquery")
	case p.apart():
		b.Write("w.digits LIKE ").Arg("%" + s.digits() + "%")
	case h.what == schema.ByWords:
		b.Column("w", table).Write(" MATCH ").Arg(match(s.readings()))
	default:
		b.Column("w", table).Write(" MATCH ").Arg(`"` + s.digits() + `"`)
	}
	if !inner {
		b.Write(" AND ")
	}
	r.alive(b)
	switch walks := r.walks(); {
	case p == ownPlan: // They are reached: from there it started.
	case !r.bySet(p, walks):
		r.rights(b)
	case !inner:
		r.ownSet(b, walks, "w", id)
	}
	if h.arms != nil {
		b.Write(" AND ")
		r.admitted(b, h.arms)
	}
	r.filter(b, nil)
	if inner {
		b.Write(" OFFSET 0) AS r")
		return
	}
	r.after(b, "w", "", id)
}

// bySet tells whether the records found are held against the set of all that is
// reached.
func (r *reading) bySet(p plan, walks []walk) bool {
	return p == setPlan && !r.ask.Deleted && !slices.ContainsFunc(walks, walk.everyone)
}

// huntOwn looks for digits in the numbers of each record that is reached. The
// numbers are keys of multi, as E.164 writes them.
func (r *reading) huntOwn(b *query.Builder, h hunt) {
	b.Write(`SELECT o.record AS s, o.record AS id FROM (SELECT DISTINCT u.record FROM (`)
	r.ownRecords(b, r.walks())
	b.Write(") AS u) AS o CROSS JOIN ").Name(r.kind.Name).Write(` AS r WHERE r."id" = o.record AND EXISTS (SELECT 1 FROM multi AS m WHERE m.kind = `).
		Arg(int64(r.kind.Number)).Write(" AND m.record = o.record AND +m.field IN (")
	first := true
	for _, f := range r.kind.Fields {
		if f.Search != h.what {
			continue
		}
		if !first {
			b.Write(", ")
		}
		first = false
		b.Arg(f.Name)
	}
	b.Write(`) AND m."key" LIKE `).Arg("%" + r.ask.Search.digits() + "%").Write(") AND ")
	r.alive(b)
	if h.arms != nil {
		b.Write(" AND ")
		r.admitted(b, h.arms)
	}
	r.filter(b, nil)
	r.after(b, "o", "", "record")
}

// ownSet writes that the record is among all that the principals reach: the set
// is collected once, which is cheap for those who see little.
func (r *reading) ownSet(b *query.Builder, walks []walk, alias, id string) {
	b.Write(" AND ")
	if b.Dialect == query.SQLite {
		b.Write("+") // from the index to the set, not the other way round
	}
	b.Column(alias, id).Write(" IN (")
	r.ownRecords(b, walks)
	b.Write(")")
}

// ownRecords writes all that the walks reach, some of it more than once: it goes
// into a set, which would otherwise be made twice.
func (r *reading) ownRecords(b *query.Builder, walks []walk) {
	for i, w := range walks {
		if i > 0 {
			b.Write(" UNION ALL ")
		}
		b.Write("SELECT a.record FROM access AS a")
		if w.arm != nil && w.arm.Cond != nil {
			b.Write(" CROSS JOIN ").Name(r.kind.Name).Write(` AS o WHERE o."id" = a.record AND `)
			query.SQL(b, w.arm.Cond, "o", nil)
			b.Write(" AND")
		} else {
			b.Write(" WHERE")
		}
		b.Write(" a.kind = ").Arg(int64(r.kind.Number)).Write(" AND a.principal IN (")
		list(b, w.principals, itself)
		b.Write(")")
		if w.least > policy.NoShare {
			b.Write(" AND ")
			r.shared(b, ofAccess, nil, w.principals, w.least)
		}
	}
}
