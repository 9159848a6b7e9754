package store_test

import (
	"encoding/json"
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
	"castellan/internal/policy"
	"castellan/internal/rights"
	"castellan/internal/schema"
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

// kept is rights as they lie in the database.
func kept(t *testing.T, rights any) string {
	t.Helper()
	text, err := json.Marshal(rights)
	must(t, err)
	return string(text)
}

// Shares that were made before it was remembered what they open of what lies on the
// record open as much as the role of their giver holds: one made by somebody who
// holds less opens nothing more than that, and takes the mails away that it brought.
func TestSharesOfBeforeOpenWhatTheirGiversHold(t *testing.T) {
	const (
		comment, file, message       = 0, 8, 16
		view, edit, remove           = 0, 2, 4
		own, all               int64 = 1, 3
		contact, mail          int64 = 1, 13
	)
	type grades = map[policy.Action]policy.Grade
	everything := grades{policy.View: policy.All, policy.Edit: policy.All, policy.Delete: policy.All, policy.Export: policy.All}
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		o := storetest.Place(t, engine)
		db := storetest.Reopen(t, o)
		run := func(text string, args ...any) {
			t.Helper()
			must(t, db.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, store.Text(text), args...)
				return err
			}))
		}
		roles := []policy.Role{
			{Grades: map[string]grades{ // 1: a manager
				"comment": {policy.View: policy.All, policy.Edit: policy.All, policy.Delete: policy.Own},
				"file":    {policy.View: policy.All, policy.Edit: policy.Own}, "message": {policy.View: policy.All, policy.Edit: policy.All}}},
			{Grades: map[string]grades{"comment": {policy.View: policy.All}, "file": {policy.View: policy.Own}, "message": {policy.View: policy.Own}}}, // 2: own only
			{Grades: map[string]grades{"comment": {policy.View: policy.Group}, "file": {policy.View: policy.All}}, // 3: of groups, and of a month
				DaysBack: map[string]map[policy.Action]int{"file": {policy.View: 30}}},
			{Grades: map[string]grades{"comment": everything, "file": everything, "message": everything}}, // 6: an owner
		}
		for i, role := range roles {
			run(`INSERT INTO role (id, version, name, name_key, built, rights) VALUES (?, 1, ?, ?, '', ?)`, i+101, fmt.Sprint("role ", i), fmt.Sprint("role ", i), kept(t, rights.RightsOf(role)))
		}
		for i, role := range []int{101, 102, 103, 101, 0, 104} {
			if role == 0 {
				continue // 5 is nobody here
			}
			run(`INSERT INTO person (id, version, email, email_key, name, role, language, time_zone, state, created_at, updated_at) VALUES (?, 1, ?, ?, 'Somebody', ?, 'en', 'UTC', 'active', 1, 1)`,
				i+1, fmt.Sprint(i, "@example.com"), fmt.Sprint(i, "@example.com"), role)
		}
		run(`INSERT INTO difference (person, version, rights) VALUES (4, 1, ?)`, kept(t, []rights.Difference{{Aspect: "grade", Kind: "file", Action: "view", Grade: "own"}}))
		run(`INSERT INTO workgroup (id, version, name, name_key) VALUES (7, 1, 'North', 'north'), (8, 1, 'South', 'south')`)
		run(`INSERT INTO membership (workgroup, person) VALUES (7, 3)`)
		// Mails of a client who is person 2's: one came in, one was written down.
		for id, by := range map[int]any{501: nil, 502: 2} {
			run(`INSERT INTO message (id, version, subject, subject_key, channel, direction, at, responsible, created_at, created_by, updated_at) VALUES (?, 1, 'a', 'a', 'mail', 'in', 1, 2, 1, ?, 1)`, id, by)
		}
		run(`ALTER TABLE share DROP COLUMN lends`)
		friend, north, south := int64(schema.SharePrincipal(9)), int64(schema.GroupPrincipal(7)), int64(schema.GroupPrincipal(8))
		old := func(kind, record, principal, level, by int64) {
			run(`INSERT INTO share (kind, record, principal, level, made_by, made_at) VALUES (?, ?, ?, ?, ?, 1)`, kind, record, principal, level, by)
			if kind == mail {
				run(`INSERT INTO access (principal, kind, updated_at, record) VALUES (?, ?, 1, ?)`, principal, kind, record)
				run(`INSERT INTO access_name (principal, kind, name_key, record) VALUES (?, ?, 'a', ?)`, principal, kind, record)
			}
		}
		for by := range int64(7) { // 0 and 5 are nobody here
			old(contact, 10+by, friend, 2, by)
			old(contact, 10+by, north, 2, by)
			old(contact, 10+by, south, 2, by)
			old(mail, 501, int64(schema.SharePrincipal(20+by)), 2, by)
			old(mail, 502, int64(schema.SharePrincipal(20+by)), 2, by)
		}
		run(`DELETE FROM schema_version WHERE part = 'main' AND number = 174`)
		must(t, db.Close())
		db = storetest.Reopen(t, o)

		manager := all<<(comment+view) | all<<(comment+edit) | own<<(comment+remove) | all<<(message+view) | all<<(message+edit)
		lends := map[int64]int64{1: manager | all<<(file+view) | own<<(file+edit), 2: all<<(comment+view) | own<<(file+view) | own<<(message+view), 3: own << (comment + view), 4: manager, 6: 1<<24 - 1}
		each(t, db, `SELECT record, principal, made_by, lends FROM share WHERE kind = 1`, func(r *store.Rows) {
			var record, principal, by, got int64
			must(t, r.Scan(&record, &principal, &by, &got))
			want := lends[by]
			if by == 3 && principal == north {
				want = all << (comment + view) // they are of that group
			}
			if got != want {
				t.Errorf("%s: a share of %d by %d with %d lends %b, want %b", engine, record, by, principal, got, want)
			}
		})
		var left []string
		each(t, db, `SELECT s.record, s.principal, s.level FROM share AS s JOIN access AS a ON a.record = s.record AND a.principal = s.principal AND a.kind = s.kind
			JOIN access_name AS n ON n.record = s.record AND n.principal = s.principal AND n.kind = s.kind WHERE s.kind = 13 ORDER BY s.record, s.principal`, func(r *store.Rows) {
			var record, principal, level int64
			must(t, r.Scan(&record, &principal, &level))
			left = append(left, fmt.Sprintf("%d:%d/%d", record, schema.Principal(principal).Ref()-20, level))
		})
		// Of the mail that came in those by givers who held it are left, to edit by those who edited.
		if want := []string{"501:1/2", "501:2/1", "501:4/2", "501:6/2", "502:0/2", "502:1/2", "502:2/2", "502:3/2", "502:4/2", "502:5/2", "502:6/2"}; !slices.Equal(left, want) {
			t.Errorf("%s: mails are shared %v, want %v", engine, left, want)
		}
		var rows int
		must(t, db.QueryRow(ctx, store.Text(`SELECT (SELECT count(*) FROM access) + (SELECT count(*) FROM access_name) - 2 * (SELECT count(*) FROM share WHERE kind = 13)`)).Scan(&rows))
		if rows != 0 {
			t.Errorf("%s: %d rows of access more than shares", engine, rows)
		}
	}
}
