package store_test

import (
	"flag"
	"fmt"
	"testing"

	"castellan/internal/actor"
	"castellan/internal/policy"
	"castellan/internal/query"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

var benchRecords = flag.Int("records", 200_000, "how many clients the benchmarks have")

// large fills a database with clients: owner i%1000, a twentieth in each of
// five overlapping groups, nine tenths in group 300, a fortieth in Berlin.
func large(b *testing.B, engine store.Engine) *store.DB {
	db := storetest.Open(b, engine, nil)
	n := *benchRecords
	must(b, db.Write(ctx, func(tx *store.Tx) error {
		series := fmt.Sprintf(`WITH RECURSIVE s(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM s WHERE i < %d)`, n)
		for _, text := range []string{
			`INSERT INTO contact(id, version, name, name_key, city, city_key, source, source_key, job_title, tags, phones, responsible, created_at, updated_at)
				` + series + ` SELECT i * 1048576, 1, 'Name ' || (i * 7919 % 100003), 'name ' || (i * 7919 % 100003),
				'C' || (i * 31 % 40), 'c' || (i * 31 % 40), 'S' || (i % 3), 's' || (i % 3), 'clerk', NULL, '["+1202555' || (i % 10000) || '"]',
				1 + i % 1000, i, (i * 7907 % 1000003) * 1000000 FROM s`,
			`INSERT INTO share(kind, record, principal, level, made_by, made_at) SELECT 1, id, ((id / 1048576) * 13 % 100) * 4 + 1, 1, 1, 1 FROM contact`,
			`INSERT INTO share(kind, record, principal, level, made_by, made_at) SELECT 1, id, 300 * 4 + 1, 1, 1, 1 FROM contact WHERE (id / 1048576) % 10 <> 0`,
			`INSERT INTO access(principal, kind, updated_at, record) SELECT responsible * 4, 1, updated_at, id FROM contact
				UNION ALL SELECT x.principal, 1, r.updated_at, r.id FROM share AS x JOIN contact AS r ON r.id = x.record ORDER BY 1, 2, 3, 4`,
			`INSERT INTO access_name(principal, kind, name_key, record) SELECT responsible * 4, 1, name_key, id FROM contact
				UNION ALL SELECT x.principal, 1, r.name_key, r.id FROM share AS x JOIN contact AS r ON r.id = x.record ORDER BY 1, 2, 3, 4`,
		} {
			if _, err := tx.Exec(ctx, store.Text(text)); err != nil {
				return err
			}
		}
		words, digits := `INSERT INTO contact_words(rowid, words) SELECT id, name_key FROM contact`, `INSERT INTO contact_digits(rowid, digits) SELECT id, phones FROM contact`
		if engine == store.Postgres {
			words, digits = `INSERT INTO search(kind, record, words, digits) SELECT 1, id, to_tsvector('simple', name_key), phones FROM contact`, `ANALYZE`
		}
		for _, text := range []string{words, digits} {
			if _, err := tx.Exec(ctx, store.Text(text)); err != nil {
				return err
			}
		}
		return nil
	}))
	return db
}

func benchGrant(k *schema.Kind, db *store.DB, grade policy.Grade, groups ...int64) policy.Grant {
	in := policy.StandingInput{Person: 5, Role: &policy.Role{
		ID: 1, Name: "clerk", Grades: map[string]map[policy.Action]policy.Grade{"contact": {policy.View: grade}},
		Sights: []policy.SightRule{{Class: schema.Open, All: policy.Plain}, {Class: schema.Personal, All: policy.Plain}, {Class: schema.Contact, All: policy.Plain}, {Class: schema.Special, All: policy.Plain}},
	}}
	for _, g := range groups {
		in.Memberships = append(in.Memberships, policy.Membership{Group: actor.GroupID(g), Name: "g"})
	}
	return policy.NewStanding(in).Decide(k, policy.View, policy.List, db.Now())
}

// BenchmarkList measures a page of 50 with all fields at the first page, for
// somebody who sees everything, a thousandth, a twentieth, and nine tenths.
func BenchmarkList(b *testing.B) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		db := large(b, engine)
		k := kinds(b).Kind("contact")
		asks := []struct {
			name string
			ask  store.Ask
		}{
			{"newest", store.Ask{Order: query.Order{Field: k.Field("updated_at"), Desc: true}}},
			{"name", store.Ask{Order: query.Order{Field: k.Field("name")}}},
			{"city", store.Ask{Order: query.Order{Field: k.Field("updated_at"), Desc: true}, Filter: query.Compare{Field: k.Field("city"), Op: query.Equal, Value: query.Text("c7")}}},
			{"job", store.Ask{Order: query.Order{Field: k.Field("updated_at"), Desc: true}, Filter: query.Compare{Field: k.Field("discount"), Op: query.Equal, Value: query.Int(7)}}},
			{"prefix", store.Ask{Search: &store.Search{Words: []string{"77"}}}},
			{"digits", store.Ask{Search: &store.Search{Digits: "5574"}}},
		}
		people := []struct {
			name  string
			grant policy.Grant
		}{
			{"all", benchGrant(k, db, policy.All)},
			{"1/1000", benchGrant(k, db, policy.Own)},
			{"1/20", benchGrant(k, db, policy.Group, 1, 2, 3, 4, 5)},
			{"9/10", benchGrant(k, db, policy.Group, 1, 2, 3, 4, 300)},
		}
		for _, a := range asks {
			a.ask.Columns = k.Fields
			for _, p := range people {
				plans := []string{"chosen"}
				if *everyPlan {
					plans = []string{"chosen", "probe", "merge"}
					if a.ask.Search != nil {
						plans = []string{"chosen", "probe", "set"}
					}
				}
				for _, plan := range plans {
					if _, err := db.PageBy(ctx, p.grant, a.ask, "chosen"); err != nil {
						b.Fatal(err)
					}
					db.Counted()
					b.Run(fmt.Sprintf("%s/%s/%s/%s", engine, a.name, p.name, plan), func(b *testing.B) {
						rows := 0
						for b.Loop() {
							page, err := db.PageBy(ctx, p.grant, a.ask, plan)
							if err != nil {
								b.Fatal(err)
							}
							rows = len(page.Rows)
						}
						b.ReportMetric(float64(rows), "rows")
					})
				}
			}
		}
	}
}

var everyPlan = flag.Bool("plans", false, "measure every plan")
