package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/value"
)

// bare asks for a page of clients as somebody would who knows no rights: all
// fields, one index, the values taken out of the rows and no more.
func (h *house) bare(ctx context.Context, column string, desc bool, at *store.Position, cond string, args ...any) error {
	var text strings.Builder
	text.WriteString("SELECT id, version")
	for _, f := range h.workspace.Catalog().Kind("contact").Fields {
		text.WriteString(`, "` + f.Name + `"`)
	}
	text.WriteString(" FROM contact WHERE deleted_at IS NULL" + cond)
	way, sign := "", ">"
	if desc {
		way, sign = " DESC", "<"
	}
	if at != nil {
		text.WriteString(" AND (" + column + ", id) " + sign + " (?, ?)")
		args = append(args, at.Sort, int64(at.ID))
	}
	text.WriteString(" ORDER BY " + column + way + ", id" + way + " LIMIT 51")
	rows, err := h.db.Query(ctx, store.Text(text.String()), args...)
	if err != nil {
		return err
	}
	all := make([]any, 0, 51*len(rows.Values()))
	for rows.Next() {
		all = append(all, rows.Values()...)
	}
	if len(all) == 0 {
		rows.Close()
		return fmt.Errorf("the bare page by %s is empty", column)
	}
	return rows.Close()
}

// known waits until the store has counted who reaches how much: until then it
// does not know the better of two plans, and the count itself keeps a processor
// busy. Who sees all is never counted for, so it is asked for who sees a part, in
// an order that access does not have: not knowing, all of it is sorted.
func (h *house) known(ctx context.Context) error {
	g, err := h.grant(ctx, most, policy.List)
	if err != nil {
		return err
	}
	k := g.Kind()
	ask := store.Ask{Columns: k.Fields[:1], Order: query.Order{Field: k.Field("created_at"), Desc: true}}
	for quick, until := 0, time.Now().Add(time.Minute); quick < 5 && time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
		began := time.Now()
		if _, err := h.db.Page(ctx, g, ask); err != nil {
			return err
		}
		quick++
		if time.Since(began) > 10*time.Millisecond {
			quick = 0
		}
	}
	return nil
}

// starts are the places at which pages begin that a person sees, from one on.
func (h *house) starts(ctx context.Context, g policy.Grant, order query.Order, from *store.Position, pages int) ([]*store.Position, error) {
	at := []*store.Position{from}
	for len(at) < pages {
		page, err := h.db.Page(ctx, g, store.Ask{Columns: g.Kind().Fields, Order: order, After: at[len(at)-1]})
		if err != nil {
			return nil, err
		}
		if page.Next == nil {
			// The last page is short, and would flatter the rest.
			return at[:max(1, len(at)-1)], nil
		}
		at = append(at, page.Next)
	}
	return at, nil
}

// BenchmarkList measures a page of 50 for three people against the page that
// nobody's rights restrict: first pages and deep ones, filtered ones and counts.
func BenchmarkList(b *testing.B) {
	each(b, func(b *testing.B, ctx context.Context, h *house) {
		if err := h.known(ctx); err != nil {
			b.Fatal(err)
		}
		e := h.db.Engine()
		grants := map[onlooker]policy.Grant{}
		for _, o := range append([]onlooker{boss}, onlookers...) {
			var err error
			if grants[o], err = h.grant(ctx, o, policy.List); err != nil {
				b.Fatal(err)
			}
		}
		k := grants[boss].Kind()
		columns := map[onlooker][]*schema.Field{}
		for o, g := range grants {
			for _, f := range k.Fields {
				if g.FieldAnywhere(f) != policy.Hidden {
					columns[o] = append(columns[o], f)
				}
			}
		}
		bound := 1.5
		if e == store.Postgres {
			bound = 2
		}
		page := func(o onlooker, ask store.Ask) error {
			ask.Columns = columns[o]
			p, err := h.db.Page(ctx, grants[o], ask)
			if err == nil && len(p.Rows) == 0 && ask.Filter == nil {
				err = fmt.Errorf("%s sees an empty page", o)
			}
			return err
		}
		for _, order := range []query.Order{{Field: k.Field("updated_at"), Desc: true}, {Field: k.Field("name")}} {
			word, column := "newest", "updated_at"
			if !order.Desc {
				word, column = "by name", "name_key"
			}
			asks := []func() error{}
			first, err := h.starts(ctx, grants[boss], order, nil, 20)
			if err != nil {
				b.Fatal(err)
			}
			asks = append(asks, func() error { return h.bare(ctx, column, order.Desc, first[rand.IntN(len(first))], "") })
			// As many pages again, half way down.
			half := &store.Position{Sort: (founded + int64(h.plan.Clients)*spacing) * 1000, ID: 1}
			if !order.Desc {
				half.Sort = "m"
			}
			all := append([]onlooker{boss}, onlookers...)
			for _, o := range all {
				at, err := h.starts(ctx, grants[o], order, nil, 20)
				if err != nil {
					b.Fatal(err)
				}
				deep, err := h.starts(ctx, grants[o], order, half, 20)
				if err != nil {
					b.Fatal(err)
				}
				asks = append(asks,
					func() error { return page(o, store.Ask{Order: order, After: at[rand.IntN(len(at))]}) },
					func() error { return page(o, store.Ask{Order: order, After: deep[rand.IntN(len(deep))]}) })
			}
			t := turns(b, *samples, asks...)
			for i, o := range all {
				measured.atMost(e, "list", fmt.Sprintf("%s, sees %s", word, o), "×", t[1+2*i].over(t[0]), bound)
				measured.atMost(e, "list", fmt.Sprintf("%s, sees %s, deep against first", word, o), "×", t[2+2*i].over(t[1+2*i]), 1.5)
			}
		}
		newest := query.Order{Field: k.Field("updated_at"), Desc: true}
		equal := func(field, key string) query.Cond {
			return query.Compare{Field: k.Field(field), Op: query.Equal, Value: query.Text(key)}
		}
		filters := []struct {
			name string
			make func() query.Cond
		}{
			{"a city", func() query.Cond { return equal("city", value.TextKey(cities[rand.IntN(len(cities))])) }},
			{"two sources of six", func() query.Cond {
				i := rand.IntN(len(sources) - 1)
				return query.In{Field: k.Field("source"), Values: []query.Value{query.Text(sources[i]), query.Text(sources[i+1])}}
			}},
			{"a responsible person", func() query.Cond {
				p := h.plan.Crowd[rand.IntN(len(h.plan.Crowd))]
				return query.Compare{Field: k.Field("responsible"), Op: query.Equal, Value: query.Int(int64(p))}
			}},
			{"a tag of a tenth", func() query.Cond { return query.Has{Field: k.Field("tags"), Key: "vip"} }},
			{"a city and a tag", func() query.Cond {
				return query.And{equal("city", value.TextKey(cities[rand.IntN(len(cities))])), query.Has{Field: k.Field("tags"), Key: "vip"}}
			}},
		}
		var ratios []float64
		var worst, both time.Duration
		for _, f := range filters {
			asks := []func() error{}
			for _, o := range append([]onlooker{boss}, onlookers...) {
				asks = append(asks, func() error { return page(o, store.Ask{Order: newest, Filter: f.make()}) })
			}
			t := turns(b, *samples, asks...)
			for i, o := range onlookers {
				ratios = append(ratios, t[i+1].over(t[0]))
				if len(query.Fields(f.make())) > 1 {
					both = max(both, t[i+1].at(0.99))
				} else {
					worst = max(worst, t[i+1].at(0.99))
				}
				b.Logf("%s, filter by %s, sees %s: %.2f× of unrestricted (%s), p50 %s p99 %s", e, f.name, o, t[i+1].over(t[0]), t[0].median(), t[i+1].median(), t[i+1].at(0.99))
			}
		}
		slices.Sort(ratios)
		measured.atMost(e, "filter", "indexed, the usual of 15 cases", "×", ratios[len(ratios)/2], 3)
		measured.atMost(e, "filter", "indexed, the worst p99 of 12 cases", "ms", milliseconds(worst), 25)
		measured.atMost(e, "filter", "two at once, the worst p99 of 3 cases", "ms", milliseconds(both), 25)

		for _, o := range append([]onlooker{boss}, onlookers...) {
			t := turns(b, *samples,
				func() error { return page(o, store.Ask{Order: newest}) },
				func() error { _, _, err := h.db.Count(ctx, grants[o], nil, 1000); return err })
			measured.atMost(e, "count", fmt.Sprintf("capped at 1,000, sees %s, of a page of theirs", o), "×", t[1].over(t[0]), 3)
		}
	})
}

// BenchmarkSearch measures what the search box asks, under rights.
func BenchmarkSearch(b *testing.B) {
	each(b, func(b *testing.B, ctx context.Context, h *house) {
		if err := h.known(ctx); err != nil {
			b.Fatal(err)
		}
		e := h.db.Engine()
		bound := 20.0
		if e == store.Postgres {
			bound = 60
		}
		prefix := func(words []string) *store.Search {
			w := []rune(value.TextKey(words[rand.IntN(len(words))]))
			return &store.Search{Words: []string{string(w[:min(len(w), 3+rand.IntN(3))])}}
		}
		searches := []struct {
			name string
			make func() *store.Search
		}{
			{"beginning of a Latin name", func() *store.Search { return prefix(latinFamily) }},
			{"beginning of a Cyrillic name", func() *store.Search { return prefix(cyrillicFamily) }},
			{"four digits of a phone", func() *store.Search { return &store.Search{Digits: fmt.Sprintf("%04d", rand.IntN(10_000))} }},
			{"a full mail address", func() *store.Search {
				c := h.plan.make(rand.IntN(h.plan.Clients))
				return &store.Search{Address: c.emails[len(`[{"address":"`) : len(c.emails)-len(`"}]`)]}
			}},
		}
		// Whoever sees contact data only masked finds nothing by it, so these
		// three see it plainly.
		for _, s := range searches {
			var asks []func() error
			people := append([]onlooker{boss}, onlookers...)
			for _, o := range people {
				g, err := h.plainly(ctx, o)
				if err != nil {
					b.Fatal(err)
				}
				asks = append(asks, func() error {
					_, err := h.db.Page(ctx, g, store.Ask{Columns: g.Kind().Fields, Search: s.make()})
					return err
				})
			}
			t := turns(b, *samples, asks...)
			for i, o := range people {
				measured.atMost(e, "search", fmt.Sprintf("%s, sees %s, p99", s.name, o), "ms", milliseconds(t[i].at(0.99)), bound)
				b.Logf("%s, %s, sees %s: p50 %s", e, s.name, o, t[i].median())
			}
		}
	})
}

// BenchmarkSearchEverywhere measures what the palette asks: every kind, with
// other scripts, the other keyboard and slips.
func BenchmarkSearchEverywhere(b *testing.B) {
	each(b, func(b *testing.B, ctx context.Context, h *house) {
		slip := func(name string) string {
			w := []rune(name)
			i := 1 + rand.IntN(len(w)-2)
			w[i], w[i+1] = w[i+1], w[i]
			return string(w)
		}
		one := func(names []string) string { return names[rand.IntN(len(names))] }
		for _, typed := range []struct {
			name string
			make func() string
		}{
			{"a name as it is", func() string { return one(latinFamily) }},
			{"a name in the other script", func() string { return value.Transliterated(strings.ToLower(one(cyrillicFamily)))[0] }},
			{"a slip", func() string { return slip(one(latinFamily)) }},
			{"two words with a slip in each", func() string { return slip(one(cyrillicFamily)) + " " + slip(one(latinGiven)+"a") }},
			{"what nobody is called", func() string { return fmt.Sprintf("qqjx%cvvq", 'a'+rand.IntN(26)) }},
		} {
			var asks []func() error
			people := append([]onlooker{boss}, onlookers...)
			for _, o := range people {
				asks = append(asks, func() error {
					_, err := h.book.Search(ctx, h.as(o), policy.DropDown, typed.make(), 8)
					return err
				})
			}
			t := turns(b, *samples, asks...)
			for i, o := range people {
				measured.atMost(h.db.Engine(), "search everywhere", fmt.Sprintf("%s, sees %s, p99", typed.name, o), "ms", milliseconds(t[i].at(0.99)), 50)
				b.Logf("%s, %s, sees %s: p50 %s p99 %s", h.db.Engine(), typed.name, o, t[i].median(), t[i].at(0.99))
			}
		}
	})
}

// plainly is what an onlooker would see with contact data unmasked.
func (h *house) plainly(ctx context.Context, o onlooker) (policy.Grant, error) {
	if o == boss {
		return h.grant(ctx, o, policy.List)
	}
	ready, _ := policy.ReadyNamed("specialist")
	role := ready.Role
	role.ID = 1
	role.Sights = append(slices.Clone(role.Sights), policy.SightRule{Class: schema.Contact, Surface: policy.List, All: policy.Plain})
	in := policy.StandingInput{Person: h.plan.People[o], Role: &role}
	for _, g := range h.plan.Groups[o] {
		in.Memberships = append(in.Memberships, policy.Membership{Group: g, Name: "group"})
	}
	return policy.NewStanding(in).Decide(h.workspace.Catalog().Kind("contact"), policy.View, policy.List, h.db.Now()), nil
}
