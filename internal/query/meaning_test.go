package query_test

import (
	"context"
	"slices"
	"testing"

	"castellan/internal/query"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

const (
	conditions = 3000
	rowCount   = 60
)

// fill makes the table of a kind and puts the rows in. On PostgreSQL text
// columns get a collation in which "a" < "B", so that only a pinned collation
// can agree with Go.
func fill(t *testing.T, db *store.DB, kind *schema.Kind, rows []row) {
	t.Helper()
	create := (&query.Builder{}).Write("CREATE TABLE ").Name(kind.Name).Write(" (id BIGINT PRIMARY KEY")
	collated := (&query.Builder{}).Append(create)
	for _, f := range kind.Fields {
		for _, b := range []*query.Builder{create, collated} {
			columns := []string{f.Name}
			if f.Keyed {
				columns = append(columns, f.KeyColumn())
			}
			for _, name := range columns {
				b.Write(", ").Name(name)
				switch {
				case f.Type.Numeric():
					b.Write(" BIGINT")
				case b == collated:
					b.Write(` TEXT COLLATE "en-x-icu"`)
				default:
					b.Write(" TEXT")
				}
			}
		}
	}
	err := db.Write(context.Background(), func(tx *store.Tx) error {
		twin := store.Twin{SQLite: create.Write(")").String(), Postgres: collated.Write(")").String()}
		if _, err := tx.Exec(context.Background(), twin); err != nil {
			return err
		}
		for _, r := range rows {
			if err := insert(tx, kind, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func insert(tx *store.Tx, kind *schema.Kind, r row) error {
	b := (&query.Builder{}).Write("INSERT INTO ").Name(kind.Name).Write(" (id")
	values := (&query.Builder{}).Arg(int64(r.id))
	for _, f := range kind.Fields {
		b.Write(", ").Name(f.Name)
		values.Write(", ").Arg(r.Value(f).Any())
		if f.Keyed {
			b.Write(", ").Name(f.KeyColumn())
			values.Write(", ").Arg(r.Key(f).Any())
		}
	}
	b.Write(") VALUES (").Append(values).Write(")")
	if _, err := tx.Exec(context.Background(), store.Text(b.String()), b.Args()...); err != nil {
		return err
	}
	for name, keys := range r.keys {
		for _, k := range keys {
			if _, err := tx.Exec(context.Background(), store.Text(`INSERT INTO multi (kind, field, "key", record) VALUES (?, ?, ?, ?)`), int64(kind.Number), name, k, int64(r.id)); err != nil {
				return err
			}
		}
	}
	return nil
}

// answers asks the database for the truth of a condition on every row.
func answers(t *testing.T, db *store.DB, kind *schema.Kind, c query.Cond, guard query.Guard) map[schema.RecordID]query.Truth {
	t.Helper()
	cond := &query.Builder{Dialect: dialect(db)}
	query.SQL(cond, c, "t", guard)
	b := (&query.Builder{}).Write("SELECT t.id, CASE WHEN ").Append(cond).Write(" THEN 1 WHEN NOT (").Append(cond).Write(") THEN -1 ELSE 0 END FROM ").Name(kind.Name).Write(" t")
	if b.Err() != nil {
		t.Fatal(b.Err())
	}
	rows, err := db.Query(context.Background(), store.Text(b.String()), b.Args()...)
	if err != nil {
		t.Fatalf("%v\n%s\n%v", err, b, b.Args())
	}
	defer rows.Close()
	found := map[schema.RecordID]query.Truth{}
	for rows.Next() {
		var id, truth int64
		if err := rows.Scan(&id, &truth); err != nil {
			t.Fatal(err)
		}
		found[schema.RecordID(id)] = query.Truth(truth)
	}
	if rows.Err() != nil {
		t.Fatalf("%v\n%s\n%v", rows.Err(), b, b.Args())
	}
	return found
}

// byThirds lets every third field be seen only on every third row.
func byThirds(f *schema.Field) (string, []any, bool) {
	return "t.id % ? = 0", []any{int64(3)}, f.Index()%3 == 0
}

func TestConditionMeansTheSameInGoAndOnBothDatabases(t *testing.T) {
	r, kind := chance(t), things(t)
	rows := make([]row, rowCount)
	for i := range rows {
		rows[i] = randomRow(r, kind, schema.RecordID(i+1))
	}
	asked := make([]query.Cond, conditions)
	for i := range asked {
		asked[i] = maker{Rand: r, kind: kind}.cond(4)
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		fill(t, db, kind, rows)
		seen := map[query.Truth]int{}
		for i, c := range asked {
			plain, guarded := answers(t, db, kind, c, nil), answers(t, db, kind, c, byThirds)
			for _, row := range rows {
				sees := func(f *schema.Field) bool { return f.Index()%3 != 0 || row.id%3 == 0 }
				want := query.Eval(c, row)
				if got := plain[row.id]; got != want {
					t.Fatalf("condition %d, row %v: database says %d, Go says %d\n%#v", i, row, got, want, c)
				}
				if got := query.Eval(query.Simplify(c), row); got != want {
					t.Fatalf("condition %d, row %v: simplified says %d, whole says %d\n%#v", i, row, got, want, c)
				}
				if got, want := guarded[row.id], query.EvalSeen(c, row, sees); got != want {
					t.Fatalf("condition %d, row %v, guarded: database says %d, Go says %d\n%#v", i, row, got, want, c)
				}
				seen[want]++
			}
		}
		for _, truth := range []query.Truth{query.No, query.Unknown, query.Yes} {
			if seen[truth] < conditions*rowCount/20 {
				t.Errorf("the conditions are too dull: truth %d came up %d times", truth, seen[truth])
			}
		}
	})
}

// Wildcards, escapes, quotes and the neighbours of every character: random
// conditions meet them too seldom.
func TestEveryPartOfEveryTextIsFoundAlike(t *testing.T) {
	kind := things(t)
	name, tags := kind.Field("name"), kind.Field("tags")
	var rows []row
	var asked []query.Cond
	for i, s := range texts {
		rows = append(rows, row{schema.RecordID(i + 1), map[string]query.Value{"name": query.Text(s), "tags": query.Text("[…]")}, map[string][]string{"tags": {fold(s)}}})
		letters := []rune(fold(s))
		for from := range letters {
			for to := from; to <= len(letters); to++ {
				part := string(letters[from:to])
				asked = append(asked, query.Contains{Field: name, Text: part}, query.Starts{Field: name, Text: part}, query.Prefix{Field: tags, Key: part})
			}
		}
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		fill(t, db, kind, rows)
		for _, c := range asked {
			found := answers(t, db, kind, c, nil)
			for _, row := range rows {
				if want := query.Eval(c, row); found[row.id] != want {
					t.Errorf("row %v: database says %d, Go says %d\n%#v", row, found[row.id], want, c)
				}
			}
		}
	})
}

func TestOrderPagesTheSameInGoAndOnBothDatabases(t *testing.T) {
	r, kind := chance(t), things(t)
	rows := make([]row, rowCount)
	for i := range rows {
		rows[i] = randomRow(r, kind, schema.RecordID(i+1))
	}
	orders := []query.Order{{}, {Desc: true}}
	for _, f := range kind.Fields {
		if f.Sort {
			orders = append(orders, query.Order{Field: f}, query.Order{Field: f, Desc: true})
		}
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		fill(t, db, kind, rows)
		for _, o := range orders {
			sorted := slices.SortedFunc(slices.Values(rows), func(a, b row) int { return o.Compare(sortValue(o, a), a.id, sortValue(o, b), b.id) })
			if got, want := pages(t, db, kind, o, rows), ids(sorted); !slices.Equal(got, want) {
				t.Errorf("order %q, descending %v:\n got %v\nwant %v", o, o.Desc, got, want)
			}
		}
	})
}

func ids(rows []row) []schema.RecordID {
	list := make([]schema.RecordID, len(rows))
	for i, r := range rows {
		list[i] = r.id
	}
	return list
}

func sortValue(o query.Order, r row) query.Value {
	switch {
	case o.Field == nil:
		return query.Null()
	case o.Field.Keyed:
		return r.Key(o.Field)
	}
	return r.Value(o.Field)
}

// pages reads the whole table in pages of seven, each after the last row of the
// one before.
func pages(t *testing.T, db *store.DB, kind *schema.Kind, o query.Order, rows []row) []schema.RecordID {
	t.Helper()
	var all []schema.RecordID
	for {
		b := (&query.Builder{Dialect: dialect(db)}).Write("SELECT t.id FROM ").Name(kind.Name).Write(" t")
		if len(all) > 0 {
			last := rows[all[len(all)-1]-1]
			o.AfterSQL(b.Write(" WHERE "), o.In("t"), sortValue(o, last), last.id)
		}
		o.SQL(b.Write(" ORDER BY "), o.In("t"))
		page, err := db.Query(context.Background(), store.Text(b.Write(" LIMIT 7").String()), b.Args()...)
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		before := len(all)
		for page.Next() {
			var id int64
			if err := page.Scan(&id); err != nil {
				t.Fatal(err)
			}
			all = append(all, schema.RecordID(id))
		}
		if err := page.Err(); err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		page.Close()
		if len(all) == before || len(all) > len(rows) {
			return all
		}
	}
}

func TestAttack12EmptyListMeansNothing(t *testing.T) {
	r, kind := chance(t), things(t)
	rows := []row{randomRow(r, kind, 1), randomRow(r, kind, 2), {id: 3}}
	name, tags := kind.Field("owner"), kind.Field("tags")
	lists := []query.Cond{
		nil, query.Or{}, query.In{Field: name}, query.In{Field: name, Values: []query.Value{}}, query.HasAny{Field: tags},
		query.And{query.In{Field: name}}, query.Or{query.In{Field: name}, query.Or{}}, query.And{query.All{}, query.Or{}},
		query.Not{}, query.And{nil}, query.Or{nil},
	}
	for _, text := range []string{"owner in ()", "tags has any ()", "owner in () and all", "owner in () or tags has any ()"} {
		c, err := query.Parse(kind, text, words{})
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, c)
	}
	for _, text := range []string{`{"any":[]}`, `{"field":"owner","op":"in","values":[]}`, `{"all":[{"any":[]}]}`} {
		c, err := query.FromJSON(kind, []byte(text), words{})
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, c)
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		fill(t, db, kind, rows)
		for i, c := range lists {
			for _, row := range rows {
				if got := query.Eval(c, row); got != query.No {
					t.Errorf("list %d: row %d: Go says %d", i, row.id, got)
				}
			}
			for id, got := range answers(t, db, kind, c, nil) {
				if got != query.No {
					t.Errorf("list %d: row %d: database says %d", i, id, got)
				}
			}
			if c := query.Simplify(c); c != (query.None{}) {
				t.Errorf("list %d: simplifies to %#v", i, c)
			}
		}
	})
}

func dialect(db *store.DB) query.Dialect {
	if db.Engine() == store.Postgres {
		return query.Postgres
	}
	return query.SQLite
}
