package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
)

// A plan is a way to find the records of a page. None is good for everybody: who
// sees little is served by walking over the little, who sees much by walking
// over the index and asking for rights on the way.
type plan uint8

const (
	anyPlan    plan = iota
	probePlan       // over the records, or the search index, asking rights of each
	mergePlan       // over access, with the filter inside
	setPlan         // over the search index, against the set of all that is reached
	newestPlan      // PostgreSQL: over the newest records, looking into each; it may end before the page is full
	ownPlan         // over all that is reached, looking into each; on SQLite for digits alone
)

// apart tells that the plan does not start at the index of what is searched.
func (p plan) apart() bool { return p == newestPlan || p == ownPlan }

const (
	// newest is how many records newestPlan looks into: a few milliseconds.
	newest = 12_000
	// sampled is how many are looked into to learn how many are found, where more
	// would have to be looked into, and leastSampled how many of them must be found
	// for that to be known.
	sampled, leastSampled = 2_000, 8
	// fewOwn is how many may be reached for ownPlan.
	fewOwn = 3_000
	// fewDigits is the same on SQLite: fewer, as its index gives the newest at once.
	fewDigits = 1_500
	// fewTwice is what part of all records the principals may reach together, each
	// counted by itself, so that few of them come twice.
	fewTwice = 1.0 / 8
	// often is what part of the records a word is expected to find for newestPlan:
	// as many as a page takes must be likely among the newest.
	often = 1.0 / 50
)

// What a step of each plan costs, in microseconds, as measured on a million
// records; only their ratios matter.
const (
	mergeStep  = 3.0
	probeStep  = 4.5
	huntStep   = 5.5
	setMember  = 0.5
	setStep    = 0.6
	foundStep  = 1.6  // PostgreSQL: to fetch and sort one of what the index of words finds
	lookedStep = 0.25 // the same: to look into one of the newest
	sortMember = 5.0
)

// choose picks the plan that is likely the cheapest, by how much the principals
// reach and how much the filter leaves.
func (r *reading) choose(ctx context.Context, from asker) (plan, error) {
	if r.ids != nil || r.every || r.ask.Deleted || r.kind.Within {
		if r.every && r.looks() && !r.digitsOnly() {
			r.then = probePlan
			return newestPlan, nil
		}
		return probePlan, r.measure(ctx, from)
	}
	walks := r.walks()
	scans, everyone := 0, false
	for _, w := range walks {
		scans += max(1, len(w.principals))
		everyone = everyone || w.everyone()
	}
	if scans > maxScans && r.ask.Search == nil {
		return probePlan, r.measure(ctx, from)
	}
	n, v, known := r.db.stats.reach(r.db, r.kind, walks)
	r.few = known && v <= n*fewTwice
	sparse := n // what a probe must look at before the page is full
	if v > 0 {
		sparse = min(n, float64(r.limit)*n/v)
	}
	switch {
	case r.ask.Search != nil:
		r.then = setPlan
		if everyone || known && sparse*huntStep < v*setMember+sparse*setStep {
			r.then = probePlan
		}
		switch {
		case known && !everyone && v <= fewDigits && r.db.engine == SQLite && r.simple() && r.digitsOnly():
			return ownPlan, nil
		case !known || everyone || !r.looks():
			return r.then, nil
		case v <= fewOwn:
			return ownPlan, nil
		case r.digitsOnly():
			return r.then, nil
		case v*newest*often >= float64(r.limit)*n:
			return newestPlan, nil
		}
		return r.further(ctx, from, n, v)
	case r.ask.Filter == nil:
		if r.order.inAccess() || !known || v*sortMember < sparse*probeStep {
			return mergePlan, nil
		}
		return probePlan, nil
	}
	switch leaf := r.indexed(); {
	case !known, r.order.inAccess() && v*mergeStep < cheap:
		return mergePlan, nil
	case leaf != nil && equality(leaf) && r.order.by == byUpdated && sparse*probeStep < cheap:
		return probePlan, nil
	}
	if err := r.measure(ctx, from); err != nil {
		return 0, err
	}
	f, indexed := n/20, false
	if r.leaf != nil {
		f, indexed = float64(r.left), true
		if r.left > manyLeft {
			f = max(float64(manyLeft), n/10)
		}
	}
	f = max(f, 1)
	page := float64(r.limit) * n / f // what must be walked over for a page
	if r.db.engine == Postgres && !r.order.inAccess() {
		page *= float64(scans) // each walk there ends by itself, with a page of its own
	}
	merge := min(v, page) * mergeStep
	if !r.order.inAccess() {
		merge = v * sortMember
	}
	probe := min(n, sparse*n/f) * probeStep // in the order of the page
	if indexed {
		probe = min(f, sparse) * probeStep
		if !equality(r.leaf) || r.order.by != byUpdated {
			probe = f * probeStep // all that the filter leaves, then sorted
			if r.left > manyLeft {
				probe = min(n, sparse*n/f) * probeStep
			}
		}
	}
	if probe < merge {
		return probePlan, nil
	}
	return mergePlan, nil
}

// further tells whether a search for words is worth looking further back than
// newest. Who reaches one record of twenty needs a thousand hits for a page: of
// what many records have, the index finds tens of thousands before it gives the
// newest of them. How many have it is told by a look at the newest.
func (r *reading) further(ctx context.Context, from asker, n, v float64) (plan, error) {
	b := &query.Builder{Dialect: r.db.engine.Dialect()}
	b.Write("SELECT count(*) FROM (SELECT w.words FROM search AS w WHERE w.kind = ").Arg(int64(r.kind.Number))
	r.after(b, "w", "", "record")
	b.Write(" ORDER BY w.record DESC").Limit(sampled).Write(") AS w WHERE w.words @@ ").Arg(tsquery(r.ask.Search.readings())).Write("::tsquery")
	if err := b.Err(); err != nil {
		return 0, fmt.Errorf("look at the newest: %w", err)
	}
	found, err := single(ctx, from, b)
	if err != nil {
		return 0, fmt.Errorf("look at the newest: %w", err)
	}
	often := float64(found) / sampled
	if found < leastSampled {
		return r.then, nil
	}
	far := float64(r.limit) * n / v / often
	if far*lookedStep >= often*n*foundStep {
		return r.then, nil
	}
	// It ends with the page, and is seldom that far. Few distances share few statements.
	for r.window = newest; float64(r.window) < 2*far; {
		r.window *= 2
	}
	return newestPlan, nil
}

// looks tells whether a search may look into records one by one instead of
// starting at the index. PostgreSQL collects all that its index finds before it
// gives the first: for what half of the records have, or for whoever reaches a
// few, that is most of the work. SQLite gives the newest at once.
func (r *reading) looks() bool {
	if r.db.engine != Postgres || r.ask.Search == nil || !r.simple() {
		return false
	}
	hunts := r.hunts()
	return len(hunts) == 1 && hunts[0].what != schema.ByAddress
}

// digitsOnly tells whether it is searched by digits and nothing else: most parts
// of a number are had by so few that the newest would be looked through in vain.
func (r *reading) digitsOnly() bool {
	hunts := r.hunts()
	return len(hunts) == 1 && hunts[0].what == schema.ByDigits
}

// simple tells that it is a page of live records that is searched for.
func (r *reading) simple() bool { return !r.counting && r.ids == nil && !r.ask.Deleted }

// maxScans bounds the arms of one union; SQLite takes 500.
const maxScans = 400

// cheap is the cost at which a plan is taken without looking for a better one:
// looking costs about as much.
const cheap = 1000.0

// manyLeft is where counting what a filter leaves stops.
const manyLeft = 5000

// measure finds the part of the filter that an index serves, and how many
// records it leaves.
func (r *reading) measure(ctx context.Context, from asker) error {
	if r.ask.Filter == nil || r.ids != nil {
		return nil
	}
	r.leaf = r.indexed()
	if r.leaf == nil || r.every && equality(r.leaf) && r.order.by == byUpdated {
		return nil // its index gives the page as it is
	}
	b := &query.Builder{Dialect: r.db.engine.Dialect()}
	b.Write("SELECT count(*) FROM (SELECT 1 FROM ")
	if f := multiField(r.leaf); f != nil {
		multiSource(b, r.kind, f, r.leaf)
	} else {
		b.Name(r.kind.Name).Write(" AS r WHERE ")
		r.alive(b)
		b.Write(" AND ")
		query.SQL(b, r.leaf, "r", nil)
	}
	b.Limit(manyLeft + 1).Write(") AS c")
	if err := b.Err(); err != nil {
		return fmt.Errorf("measure filter: %w", err)
	}
	asked := fmt.Sprint(b.String(), b.Args())
	var known bool
	if r.left, known = r.db.stats.measured(asked, r.now); known {
		return nil
	}
	var err error
	if r.left, err = single(ctx, from, b); err != nil {
		return fmt.Errorf("measure filter: %w", err)
	}
	r.db.stats.keep(asked, r.left, r.now)
	return nil
}

// driver is the part of the filter that an index serves, and whether it leaves
// so few records that they are best looked at one by one.
func (r *reading) driver() (leaf query.Cond, few bool) {
	return r.leaf, r.leaf != nil && r.left <= manyLeft
}

// indexed picks the part of the filter with an index, one that asks for a
// single value first. A field that is not plain everywhere has none: its index
// would tell of rows on which it may not be seen.
func (r *reading) indexed() query.Cond {
	parts, ok := r.ask.Filter.(query.And)
	if !ok {
		parts = query.And{r.ask.Filter}
	}
	var best query.Cond
	for _, p := range parts {
		switch p.(type) {
		case query.And, query.Or, query.Not, query.Empty, query.Contains, query.All, query.None:
			continue
		}
		fields := query.Fields(p)
		if len(fields) != 1 || r.g.FieldEverywhere(fields[0]) != policy.Plain || !fields[0].Indexed && !fields[0].Type.Multi() {
			continue
		}
		if c, ok := p.(query.Compare); ok && c.Op == query.NotEqual {
			continue
		}
		if best == nil || !equality(best) && equality(p) {
			best = p
		}
	}
	return best
}

// equality tells whether the condition asks for one value, so that its index
// gives the records in order.
func equality(c query.Cond) bool {
	switch c := c.(type) {
	case query.Compare:
		return c.Op == query.Equal
	case query.In:
		return len(c.Values) == 1
	}
	return false
}

// multiField is the multi-valued field that a condition asks about, or nil.
func multiField(c query.Cond) *schema.Field {
	switch c := c.(type) {
	case query.Has:
		return c.Field
	case query.HasAny:
		return c.Field
	case query.Prefix:
		return c.Field
	}
	return nil
}

// multiSource writes the rows of multi that meet the condition.
func multiSource(b *query.Builder, k *schema.Kind, f *schema.Field, c query.Cond) {
	b.Write("multi AS m WHERE m.kind = ").Arg(int64(k.Number)).Write(" AND m.field = ").Arg(f.Name)
	switch c := c.(type) {
	case query.Has:
		b.Write(` AND m."key" = `).Arg(c.Key)
	case query.HasAny:
		b.Write(` AND m."key" IN (`)
		n := 1
		for n < len(c.Keys) {
			n *= 2
		}
		for i := range n {
			if i > 0 {
				b.Write(", ")
			}
			b.Arg(c.Keys[min(i, len(c.Keys)-1)])
		}
		b.Write(")")
	case query.Prefix:
		b.Write(` AND m."key" >= `).Arg(c.Key).Write(` AND m."key" < `).Arg(c.Key + "\U0010FFFF")
	}
}

// writeDriver says a second time what a condition on a multi-valued field says,
// in the form from which the database can start.
func writeDriver(b *query.Builder, k *schema.Kind, c query.Cond) {
	f := multiField(c)
	if f == nil {
		return
	}
	b.Write(` AND r."id" IN (SELECT m.record FROM `)
	multiSource(b, k, f, c)
	b.Write(")")
}

// stats are how many records there are and how many each principal reaches.
// They only choose between plans that give the same rows, so they are counted
// in the background now and then instead of being kept exact by every write.
type stats struct {
	mu      sync.Mutex
	kinds   map[string]*kindStats
	loading map[string]bool
	stopped bool
	cancel  []context.CancelFunc
	running sync.WaitGroup

	// left is how many records filters leave, while somebody turns the pages.
	left  map[string]int
	since int64
}

// A filter is counted anew after this many microseconds, or when so many others
// were counted.
const (
	freshFilter  = int64(time.Minute / time.Microsecond)
	keptMeasures = 1000
)

func (s *stats) measured(asked string, now int64) (left int, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now-s.since > freshFilter || len(s.left) > keptMeasures {
		s.left, s.since = map[string]int{}, now
	}
	left, known = s.left[asked]
	return left, known
}

func (s *stats) keep(asked string, left int, now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == nil {
		s.left, s.since = map[string]int{}, now
	}
	s.left[asked] = left
}

type kindStats struct {
	at      time.Time
	commits int64
	n       float64
	by      map[schema.Principal]float64
	indexes map[string]string // on SQLite: the index that has the column first, then the id
}

// Counts are used for this long, and longer while nothing is written.
const freshStats = 10 * time.Minute

// reach gives the number of records and an upper bound of how many the walks
// reach. It does not wait: counts that are missing are on their way.
func (s *stats) reach(db *DB, k *schema.Kind, walks []walk) (n, v float64, known bool) {
	kind := s.of(db, k)
	if kind == nil {
		return 0, 0, false
	}
	var seen []schema.Principal
	for _, w := range walks {
		if w.everyone() {
			v += kind.n
		}
		for _, p := range w.principals {
			if !slices.Contains(seen, p) {
				seen = append(seen, p)
				v += kind.by[p]
			}
		}
	}
	return kind.n, min(v, kind.n), true
}

// index is the name of an index in the order of a column, or empty.
func (s *stats) index(k *schema.Kind, column string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind := s.kinds[k.Name]; kind != nil {
		return kind.indexes[column]
	}
	return ""
}

func (s *stats) of(db *DB, k *schema.Kind) *kindStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := s.kinds[k.Name]
	if s.stopped || s.loading[k.Name] || kind != nil && (db.Now().Sub(kind.at) < freshStats || db.commits.Load() == kind.commits) {
		return kind
	}
	if s.loading == nil {
		s.loading, s.kinds = map[string]bool{}, map[string]*kindStats{}
	}
	s.loading[k.Name] = true
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = append(s.cancel, cancel)
	s.running.Go(func() {
		defer cancel()
		fresh, err := countKind(ctx, db, k)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.loading[k.Name] = false
		if err == nil { // without counts the plans are still right, and the next page asks again
			s.kinds[k.Name] = fresh
		}
	})
	return kind
}

// stop ends the counting.
func (s *stats) stop() {
	s.mu.Lock()
	s.stopped = true
	for _, cancel := range s.cancel {
		cancel()
	}
	s.mu.Unlock()
	s.running.Wait()
}

func countKind(ctx context.Context, db *DB, k *schema.Kind) (*kindStats, error) {
	s := &kindStats{at: db.Now(), commits: db.commits.Load(), by: map[schema.Principal]float64{}, indexes: map[string]string{}}
	ask, done, err := db.aside(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	rows, err := ask(Text(`SELECT count(*) FROM ` + quoted(k.Name) + ` WHERE deleted_at IS NULL`))
	if err := (&Row{rows: rows, err: err}).Scan(&s.n); err != nil {
		return nil, fmt.Errorf("count %s: %w", k.Plural, err)
	}
	rows, err = ask(Text(`SELECT principal, count(*) FROM access WHERE kind = ? GROUP BY principal`), k.Number)
	if err != nil {
		return nil, fmt.Errorf("count access to %s: %w", k.Plural, err)
	}
	defer rows.Close()
	for rows.Next() {
		var p schema.Principal
		var n float64
		if err := rows.Scan(&p, &n); err != nil {
			return nil, err
		}
		s.by[p] = n
	}
	if err := rows.Close(); err != nil || db.engine == Postgres {
		return s, err
	}
	rows, err = ask(Text(`SELECT l.name, a.name FROM pragma_index_list(?) AS l
		JOIN pragma_index_info(l.name) AS a ON a.seqno = 0 JOIN pragma_index_info(l.name) AS b ON b.seqno = 1 AND b.name = 'id'
		WHERE l.partial = 1`), k.Name)
	if err != nil {
		return nil, fmt.Errorf("list indexes of %s: %w", k.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, column string
		if err := rows.Scan(&name, &column); err != nil {
			return nil, err
		}
		if column != "deleted_at" {
			s.indexes[column] = name
		}
	}
	return s, rows.Close()
}

// aside asks beside the connections that answer people.
func (db *DB) aside(ctx context.Context) (ask func(Statement, ...any) (*Rows, error), done func(), err error) {
	if db.unmapped == nil {
		return func(s Statement, args ...any) (*Rows, error) { return db.Query(ctx, s, args...) }, func() {}, nil
	}
	own, err := db.unmapped()
	if err != nil {
		return nil, nil, err
	}
	ask = func(s Statement, args ...any) (*Rows, error) { return run(ctx, own, db.sql(s), args) }
	return ask, func() { _ = own.close() }, nil // it is not used again, whatever it says
}
