package query_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"castellan/internal/query"
	"castellan/internal/schema"
)

func render(d query.Dialect, c query.Cond, guard query.Guard) *query.Builder {
	b := &query.Builder{Dialect: d}
	query.SQL(b, c, "t", guard)
	return b
}

func TestSQLReadsAsItsConditionDoes(t *testing.T) {
	kind := things(t)
	guard := func(f *schema.Field) (string, []any, bool) { return "t.arm = ?", []any{int64(4)}, f.Name == "city" }
	cases := []struct {
		text, sqlite, postgres string
		args                   []any
	}{
		{`visits >= 3 or "not" = yes`, `("t"."visits">=? OR "t"."not"=?)`, `("t"."visits">=? OR "t"."not"=?)`, []any{int64(3), int64(1)}},
		{`city = x`, `(CASE WHEN t.arm = ? THEN "t"."city"=? END)`, `(CASE WHEN t.arm = ? THEN "t"."city" COLLATE "C"=? END)`, []any{int64(4), "x"}},
		{`colour in (red, green, any)`, `"t"."colour" IN (?,?,?,?)`, `"t"."colour" COLLATE "C" IN (?,?,?,?)`, []any{"red", "green", "any", "any"}},
		{`not born < 2026-01-31`, `(NOT ("t"."born"<? AND "t"."born">=?))`, `(NOT ("t"."born" COLLATE "C"<? AND "t"."born" COLLATE "C">=?))`, []any{"2026-01-31", "0"}},
		{`name contains "5%"`, `instr("t"."name_key",?)>0`, `"t"."name_key" COLLATE "C" LIKE ? ESCAPE '!'`, nil},
		{`tags has vip`, `EXISTS (SELECT 1 FROM multi AS multi_ WHERE "multi_"."kind"=? AND "multi_"."field"=? AND "multi_"."key"=? AND "multi_"."record"="t"."id")`,
			`coalesce((SELECT true FROM multi AS multi_ WHERE "multi_"."kind"=? AND "multi_"."field" COLLATE "C"=? AND "multi_"."key" COLLATE "C"=? AND "multi_"."record"="t"."id" LIMIT 1), false)`,
			[]any{int64(9001), "tags", "vip"}},
		{`all`, `1=1`, `1=1`, []any{}},
		{`none`, `1=0`, `1=0`, []any{}},
	}
	for _, c := range cases {
		cond := parsed(t, kind, c.text)
		sqlite, postgres := render(query.SQLite, cond, guard), render(query.Postgres, cond, guard)
		if sqlite.String() != c.sqlite || postgres.String() != c.postgres {
			t.Errorf("%s:\n%s\n%s", c.text, sqlite, postgres)
		}
		if c.args != nil && (!slices.Equal(sqlite.Args(), c.args) || !slices.Equal(postgres.Args(), c.args)) {
			t.Errorf("%s: %v, %v", c.text, sqlite.Args(), postgres.Args())
		}
	}
}

func TestOrderOfAFullColumnIsASeek(t *testing.T) {
	kind := things(t)
	full := query.Columns{Alias: "a", Sort: "updated_at", ID: "record", Full: true}
	b := &query.Builder{Dialect: query.Postgres}
	o := query.Order{Field: kind.Field("seen"), Desc: true}
	o.AfterSQL(b, full, query.Int(5), 7)
	o.SQL(b.Write(" ORDER BY "), full)
	if b.String() != `(("a"."updated_at", "a"."record")<(?, ?)) ORDER BY "a"."updated_at" DESC, "a"."record" DESC` || !slices.Equal(b.Args(), []any{int64(5), int64(7)}) {
		t.Errorf("%s\n%v", b, b.Args())
	}
}

func TestNoValueEntersTheText(t *testing.T) {
	r, kind := chance(t), things(t)
	allowed := strings.NewReplacer(`1=1`, "", `1=0`, "", `NULL=1`, "", `SELECT 1 FROM`, "", `LIMIT 1`, "", `>0`, "")
	for range 3000 {
		c := maker{Rand: r, kind: kind}.cond(4)
		for _, d := range []query.Dialect{query.SQLite, query.Postgres} {
			b := render(d, c, nil)
			if b.Err() != nil || strings.Count(b.String(), "?") != len(b.Args()) {
				t.Fatalf("%v: %s\n%v", b.Err(), b, b.Args())
			}
			if rest := allowed.Replace(b.String()); strings.ContainsAny(rest, "0123456789;\\\n") || strings.ContainsFunc(rest, func(r rune) bool { return r > 126 }) {
				t.Fatalf("something of a value: %s", b)
			}
		}
	}
}

func TestOneShapeIsOneStatement(t *testing.T) {
	r, kind := chance(t), things(t)
	type statement struct{ sqlite, postgres string }
	byShape, byText := map[string]statement{}, map[statement]string{}
	for range 20_000 {
		c := query.Simplify(maker{Rand: r, kind: kind}.cond(2))
		shape := query.Shape(c)
		s := statement{render(query.SQLite, c, nil).String(), render(query.Postgres, c, nil).String()}
		if known, ok := byShape[shape]; ok && known != s {
			t.Fatalf("shape %s is two statements:\n%s\n%s", shape, known.sqlite, s.sqlite)
		}
		byShape[shape], byText[s] = s, shape
	}
	if len(byShape) < 500 {
		t.Errorf("only %d shapes: the conditions are too dull", len(byShape))
	}
	few, many := query.In{Field: kind.Field("owner")}, query.In{Field: kind.Field("owner")}
	for i := range 120 {
		if many.Values = append(many.Values, query.Int(int64(i))); i < 65 {
			few.Values = append(few.Values, query.Int(int64(i)))
		}
	}
	if query.Shape(few) != query.Shape(many) {
		t.Error("lists of like length do not share a statement")
	}
}

func FuzzNameIsOneIdentifier(f *testing.F) {
	for _, s := range []string{"name", "name_key", `a"b`, `x" OR 1=1 --`, "a-b", "", "ё", "1a", "a?", "a\x00b", strings.Repeat("a", 64), "select"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		b := (&query.Builder{}).Column("t", name)
		text, ok := strings.CutPrefix(b.String(), `"t"."`)
		text, closed := strings.CutSuffix(text, `"`)
		if !ok || !closed || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || len(text) > 63 { // PostgreSQL cuts longer ones, and two would be one
			t.Fatalf("%q is written as %s", name, b)
		}
		if (b.Err() == nil) != (text == name) {
			t.Fatalf("%q is written as %s, and the error is %v", name, b, b.Err())
		}
		if err := b.Err(); err != nil && len(name) > 8 && strings.Contains(err.Error(), name) {
			t.Fatalf("the error repeats the name: %v", err)
		}
	})
}

func TestFieldsNamesEachFieldOnce(t *testing.T) {
	kind := things(t)
	c := parsed(t, kind, `name starts a and (not tags has b or seen > today) and not (born is empty or name contains c) and owner in (me, person_1)`)
	names := ""
	for _, f := range query.Fields(c) {
		names += f.Name + " "
	}
	if names != "name tags seen born owner " {
		t.Error(names)
	}
}

// long is a condition such as a busy saved view holds.
const long = `city = "Berlin" and (tags has vip or not colour in (red, green)) and born is not empty and seen >= 2026-01-01T00:00:00Z and name starts "ков" and (price > 1200.50 or weight < 3)`

func BenchmarkEval(b *testing.B) {
	kind := things(b)
	c := parsed(b, kind, long)
	row := row{1, map[string]query.Value{"city": query.Text("Berlin"), "name": query.Text("Ковалёв"), "born": query.Text("1990-05-03"), "seen": query.Int(1 << 60), "weight": query.Int(1), "colour": query.Text("any")}, map[string][]string{"tags": {"cold"}}}
	if query.Eval(c, row) != query.Yes {
		b.Fatal("the row should pass every leaf")
	}
	for b.Loop() {
		query.Eval(c, row)
	}
}

func BenchmarkSQL(b *testing.B) {
	c := parsed(b, things(b), long)
	for b.Loop() {
		render(query.Postgres, c, nil)
	}
}

func BenchmarkShape(b *testing.B) {
	c := parsed(b, things(b), long)
	for b.Loop() {
		query.Shape(c)
	}
}

func BenchmarkParse(b *testing.B) {
	kind := things(b)
	for b.Loop() {
		if _, err := query.Parse(kind, long, words{}); err != nil {
			b.Fatal(err)
		}
	}
}

func ExamplePrint() {
	fmt.Println(query.Print(query.Not{Cond: query.Or{}}, nil))
	// Output: all
}
