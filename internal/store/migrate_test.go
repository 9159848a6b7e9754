package store_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"castellan/internal/fault"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestEveryMigrationHasItsTwin(t *testing.T) {
	files, err := filepath.Glob("migrations/*/*.sql")
	must(t, err)
	if len(files) < 20 {
		t.Fatalf("only %d files of migrations", len(files))
	}
	numbers := map[string]string{}
	for _, f := range files {
		stem, ok := strings.CutSuffix(f, ".sqlite.sql")
		twin := stem + ".postgres.sql"
		if !ok {
			stem, ok = strings.CutSuffix(f, ".postgres.sql")
			twin = stem + ".sqlite.sql"
		}
		if !ok {
			t.Errorf("%s is for no database", f)
			continue
		}
		if !slices.Contains(files, twin) {
			t.Errorf("%s lacks its twin", f)
		}
		number := path.Join(path.Dir(filepath.ToSlash(f)), path.Base(filepath.ToSlash(f))[:4])
		if other, taken := numbers[number]; taken && other != stem {
			t.Errorf("%s and %s have the same number", stem, other)
		}
		numbers[number] = stem
	}
}

// shape describes tables, columns and indexes in words that both engines share.
type shape map[string][]string // table → sorted lines

func (s shape) String() string {
	var b strings.Builder
	for _, table := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&b, "%s\n", table)
		lines := s[table]
		slices.Sort(lines)
		for _, l := range lines {
			fmt.Fprintf(&b, "\t%s\n", l)
		}
	}
	return b.String()
}

// ours leaves out what only one engine has: how each keeps its search index.
func ours(table string) bool {
	return table != "search" && !strings.Contains(table, "_words") && !strings.Contains(table, "_digits") && !strings.HasPrefix(table, "sqlite_")
}

func column(name, kind string, null bool, key int) string {
	line := "column " + name + " " + kind
	if !null || key > 0 {
		line += " not null"
	}
	if key > 0 {
		line += fmt.Sprintf(" key %d", key)
	}
	return line
}

func index(columns []string, unique, partial bool) string {
	line := "index " + strings.Join(columns, ", ")
	if unique {
		line += " unique"
	}
	if partial {
		line += " partial"
	}
	return line
}

func each(t *testing.T, db *store.DB, statement string, row func(*store.Rows)) {
	t.Helper()
	rows, err := db.Query(ctx, store.Text(statement))
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		row(rows)
	}
	must(t, rows.Err())
}

func shapeSQLite(t *testing.T, db *store.DB, into shape) {
	each(t, db, `SELECT l.name, c.name, lower(c.type), c."notnull", c.pk FROM pragma_table_list AS l JOIN pragma_table_xinfo(l.name) AS c
		WHERE l.schema = 'main' AND l.type = 'table'`, func(r *store.Rows) {
		var table, name, kind string
		var notNull bool
		var key int
		must(t, r.Scan(&table, &name, &kind, &notNull, &key))
		if ours(table) {
			into[table] = append(into[table], column(name, kind, !notNull, key))
		}
	})
	each(t, db, `SELECT l.name, group_concat(a.name, ', '), i."unique", i.partial FROM pragma_table_list AS l
		JOIN pragma_index_list(l.name) AS i JOIN pragma_index_info(i.name) AS a
		WHERE l.schema = 'main' AND l.type = 'table' AND i.origin <> 'pk' GROUP BY l.name, i.name`, func(r *store.Rows) {
		var table, columns string
		var unique, partial bool
		must(t, r.Scan(&table, &columns, &unique, &partial))
		if ours(table) {
			into[table] = append(into[table], index([]string{columns}, unique, partial))
		}
	})
}

func shapePostgres(t *testing.T, db *store.DB, into shape) {
	types := map[string]string{"bigint": "integer", "text": "text", "bytea": "blob"}
	each(t, db, `SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL), a.attnotnull,
			coalesce(array_position(k.conkey, a.attnum), 0), coalesce(o.collname::text, '')
		FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p' LEFT JOIN pg_collation AS o ON o.oid = a.attcollation
		WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace`, func(r *store.Rows) {
		var table, name, kind, collation string
		var notNull bool
		var key int
		must(t, r.Scan(&table, &name, &kind, &notNull, &key, &collation))
		if !ours(table) {
			return
		}
		if types[kind] == "" {
			t.Errorf("%s.%s is a %s", table, name, kind)
		}
		if kind == "text" && collation != "C" && table != "schema_version" {
			t.Errorf("%s.%s is compared by %s", table, name, collation)
		}
		into[table] = append(into[table], column(name, types[kind], !notNull, key))
	})
	each(t, db, `SELECT c.relname::text, string_agg(a.attname, ', ' ORDER BY k.n), i.indisunique, i.indpred IS NOT NULL
		FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum
		WHERE c.relnamespace = current_schema()::regnamespace AND NOT i.indisprimary GROUP BY c.relname, i.indexrelid, i.indisunique, i.indpred`, func(r *store.Rows) {
		var table, columns string
		var unique, partial bool
		must(t, r.Scan(&table, &columns, &unique, &partial))
		if ours(table) {
			into[table] = append(into[table], index([]string{columns}, unique, partial))
		}
	})
}

// The twins must end in the same tables: a column that is nullable on one
// engine only, or an index that one lacks, is found here and not by a customer.
func TestBothEnginesEndInTheSameSchema(t *testing.T) {
	lite, post := shape{}, shape{}
	l := storetest.Open(t, store.SQLite, nil)
	shapeSQLite(t, l, lite)
	shapeSQLite(t, l.Ledger(), lite)
	shapePostgres(t, storetest.Open(t, store.Postgres, nil), post)
	delete(lite, "schema_version") // made by the runner, once in each file of SQLite
	delete(post, "schema_version")
	if a, b := lite.String(), post.String(); a != b {
		t.Errorf("the schemas differ:\n%s", difference(a, b))
	}
	golden := filepath.Join("testdata", "schema.txt")
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(golden, []byte(lite.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if lite.String() != string(want) {
		t.Errorf("the schema is not that of %s (go test ./internal/store -run SameSchema -update writes it anew):\n%s", golden, difference(string(want), lite.String()))
	}
}

// difference lists the lines that only one of two texts has, with their tables.
func difference(a, b string) string {
	lines := func(text string) map[string]bool {
		all, table := map[string]bool{}, ""
		for l := range strings.Lines(text) {
			if !strings.HasPrefix(l, "\t") {
				table = strings.TrimSpace(l)
			}
			all[table+": "+strings.TrimSpace(l)] = true
		}
		return all
	}
	inA, inB := lines(a), lines(b)
	var out []string
	for l := range inA {
		if !inB[l] {
			out = append(out, "- "+l)
		}
	}
	for l := range inB {
		if !inA[l] {
			out = append(out, "+ "+l)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func TestDatabaseOfAnotherBuildIsRefusedInPlainWords(t *testing.T) {
	for _, c := range []struct{ change, code string }{
		{`UPDATE schema_version SET checksum = 'x' WHERE part = 'main' AND number = 3`, "store.migration.changed"},
		{`INSERT INTO schema_version(part, number, name, checksum, applied_at) VALUES ('main', 9999, 'later', 'x', 1)`, "store.migration.newer"},
	} {
		for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
			o := storetest.Place(t, engine)
			db := storetest.Reopen(t, o)
			must(t, db.Write(ctx, func(tx *store.Tx) error {
				n, err := tx.Exec(ctx, store.Text(c.change))
				if n != 1 {
					t.Errorf("%d rows were changed", n)
				}
				return err
			}))
			must(t, db.Close())
			if _, err := store.Open(ctx, o); !fault.Is(err, fault.Busy) || !strings.Contains(fmt.Sprint(code(err)), c.code) {
				t.Errorf("%s: Open gave %v", engine, err)
			}
		}
	}
}

func code(err error) string {
	f, ok := fault.As(err)
	if !ok {
		return ""
	}
	return f.Code
}

func TestMigrationsAreAppliedOnce(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		o := storetest.Place(t, engine)
		db := storetest.Reopen(t, o)
		count := func() (n int) {
			must(t, db.QueryRow(ctx, store.Text(`SELECT count(*) FROM schema_version`)).Scan(&n))
			return n
		}
		before := count()
		must(t, db.Close())
		db = storetest.Reopen(t, o)
		if after := count(); before == 0 || after != before {
			t.Errorf("%s: %d applied, then %d", engine, before, after)
		}
	}
}
