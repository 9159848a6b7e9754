package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/value"
)

// tables are those that are filled in bulk. Their indexes are made afterwards.
var tables = []string{"contact", "appointment", "deal", "share", "access", "access_name", "multi"}

// load fills the town with clients and what is done with them, and with
// everything that follows from that.
func (h *house) load(ctx context.Context) error {
	indexes, err := h.dropIndexes(ctx)
	if err != nil {
		return err
	}
	if err := h.say(ctx, `CREATE TABLE town_mark (record BIGINT PRIMARY KEY, mark BIGINT NOT NULL)`); err != nil {
		return err
	}
	p := h.pourer()
	for _, pour := range []func(context.Context, *pourer) error{h.pourClients, h.markClients, h.pourVisits, h.pourDeals} {
		if err := pour(ctx, p); err != nil {
			return err
		}
	}
	var statements []store.Statement
	for _, k := range []struct {
		number      int
		table, name string
	}{{1, "contact", "name_key"}, {3, "deal", "title_key"}, {11, "appointment", "title_key"}} {
		mine := func(by string) string {
			return fmt.Sprintf(`SELECT r.responsible * 4, %[1]d, r.%[3]s, r.id, m.mark FROM %[2]s AS r JOIN town_mark AS m ON m.record = r.id WHERE r.responsible IS NOT NULL
				UNION ALL SELECT x.principal, %[1]d, r.%[3]s, r.id, m.mark FROM share AS x JOIN %[2]s AS r ON r.id = x.record JOIN town_mark AS m ON m.record = r.id WHERE x.kind = %[1]d ORDER BY 1, 2, 3, 4`, k.number, k.table, by)
		}
		statements = append(statements, store.Text(`INSERT INTO access (principal, kind, updated_at, record, mark) `+mine("updated_at")), store.Text(`INSERT INTO access_name (principal, kind, name_key, record, mark) `+mine(k.name)))
	}
	for _, m := range [][2]string{{"phones", "number"}, {"emails", "address"}, {"tags", ""}} {
		lite, post := "j.value", "j.value #>> '{}'"
		if m[1] != "" {
			lite, post = "json_extract(j.value, '$."+m[1]+"')", "j.value ->> '"+m[1]+"'"
		}
		statements = append(statements, store.Twin{
			SQLite: `INSERT OR IGNORE INTO multi (kind, field, "key", record) SELECT 1, '` + m[0] + `', ` + lite + `, c.id FROM contact AS c, json_each(c.` + m[0] + `) AS j WHERE c.` + m[0] + ` IS NOT NULL ORDER BY 3, 4`,
			Postgres: `INSERT INTO multi (kind, field, "key", record) SELECT 1, '` + m[0] + `', ` + post + `, c.id FROM contact AS c, json_array_elements(c.` + m[0] + `::json) AS j(value) WHERE c.` + m[0] + ` IS NOT NULL ORDER BY 3, 4
				ON CONFLICT DO NOTHING`,
		})
	}
	statements = append(statements, store.Twin{
		SQLite:   `INSERT INTO contact_words (rowid, words) SELECT id, name_key FROM contact ORDER BY id`,
		Postgres: `INSERT INTO search (kind, record, words, digits) SELECT 1, id, to_tsvector('simple', replace(name_key, '-', ' ')), (SELECT string_agg(replace(j.value ->> 'number', '+', ''), ' ') FROM json_array_elements(phones::json) AS j(value)) FROM contact`,
	})
	for table, number := range map[string]int{"deal": 3, "appointment": 11} {
		statements = append(statements, store.Twin{
			SQLite:   `INSERT INTO ` + table + `_words (rowid, words) SELECT id, title_key FROM ` + table + ` ORDER BY id`,
			Postgres: fmt.Sprintf(`INSERT INTO search (kind, record, words, digits) SELECT %d, id, to_tsvector('simple', title_key), '' FROM %s`, number, table),
		})
	}
	if h.db.Engine() == store.SQLite {
		statements = append(statements, store.Text(`INSERT INTO contact_digits (rowid, digits)
			SELECT c.id, (SELECT group_concat(replace(json_extract(j.value, '$.number'), '+', ''), ' ') FROM json_each(c.phones) AS j) FROM contact AS c ORDER BY c.id`))
		for table, number := range map[string]int{"contact": 1, "deal": 3, "appointment": 11} {
			statements = append(statements, store.Text(`CREATE VIRTUAL TABLE `+table+`_vocabulary USING fts5vocab (`+table+`_words, row)`),
				store.Text(fmt.Sprintf(`INSERT INTO word (word, kind) SELECT term, %d FROM %s_vocabulary WHERE length(term) > 3 AND term GLOB '*[^0-9]*'`, number, table)), store.Text(`DROP TABLE `+table+`_vocabulary`))
		}
	} else {
		statements = append(statements, store.Text(`INSERT INTO word (word, kind) SELECT s.word, k.kind FROM (SELECT DISTINCT kind FROM search) AS k
			CROSS JOIN LATERAL ts_stat('SELECT words FROM search WHERE kind = ' || k.kind) AS s WHERE length(s.word) > 3 AND s.word !~ '^[0-9]+$'`))
	}
	statements = append(statements, store.Text(`DROP TABLE town_mark`))
	for _, text := range indexes {
		statements = append(statements, store.Text(text))
	}
	for _, s := range statements {
		err := h.db.Write(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, s); return err })
		if err != nil {
			return fmt.Errorf("%v: %w", s, err)
		}
	}
	if err := h.tell(ctx); err != nil {
		return err
	}
	if h.db.Engine() == store.Postgres {
		c, err := pgx.Connect(ctx, h.url)
		if err != nil {
			return err
		}
		_, err = c.Exec(ctx, `VACUUM ANALYZE`)
		return errors.Join(err, c.Close(ctx))
	}
	return nil
}

// say runs a statement by itself.
func (h *house) say(ctx context.Context, text string) error {
	return h.db.Write(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, store.Text(text)); return err })
}

// mark pours what access keeps of records' values.
func (p *pourer) mark(ctx context.Context, kind string, n int, of func(i int) (id int64, cells []store.Cell)) error {
	k := p.h.workspace.Catalog().Kind(kind)
	return p.pour(ctx, "town_mark", []string{"record", "mark"}, counted(n, func(i int) []any {
		id, cells := of(i)
		for j := range cells {
			cells[j].Field = k.Field(cells[j].Field.Name)
		}
		return []any{id, store.MarkOf(k, cells)}
	}))
}

// cell is a value of a field by its name.
func cell(field string, column any, keys ...string) store.Cell {
	c := store.Cell{Field: &schema.Field{Name: field}, Column: column, Multi: keys}
	if s, ok := column.(string); ok {
		c.Key = value.TextKey(s)
	}
	return c
}

// dropIndexes takes the indexes away that are no key, and says how to make them.
func (h *house) dropIndexes(ctx context.Context) (again []string, err error) {
	var names []string
	for _, table := range append([]string{"search"}, tables...) {
		rows, err := h.db.Query(ctx, store.Twin{
			SQLite:   `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`,
			Postgres: `SELECT indexname::text, indexdef::text FROM pg_indexes WHERE schemaname = current_schema() AND tablename = ? AND indexname NOT LIKE '%_pkey'`,
		}, table)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var name, text string
			if err := rows.Scan(&name, &text); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			names, again = append(names, name), append(again, text)
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		err := h.db.Write(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, store.Text("DROP INDEX "+name)); return err })
		if err != nil {
			return nil, err
		}
	}
	return again, nil
}

// pourer fills tables with rows in bulk, as each engine takes them best.
type pourer struct{ h *house }

func (h *house) pourer() *pourer { return &pourer{h} }

// pour writes the rows that next gives, until it gives nil.
func (p *pourer) pour(ctx context.Context, table string, columns []string, next func() []any) error {
	if p.h.db.Engine() == store.Postgres {
		c, err := pgx.Connect(ctx, p.h.url)
		if err != nil {
			return err
		}
		_, err = c.CopyFrom(ctx, pgx.Identifier{p.h.db.Schema(), table}, columns, pgx.CopyFromFunc(func() ([]any, error) { return next(), nil }))
		return errors.Join(err, c.Close(ctx))
	}
	into := `INSERT INTO "` + table + `" ("` + strings.Join(columns, `", "`) + `")`
	row := "(?" + strings.Repeat(", ?", len(columns)-1) + ")"
	for more := true; more; {
		var args []any
		for range 20_000 {
			one := next()
			if more = one != nil; !more {
				break
			}
			args = append(args, one...)
		}
		if err := p.h.db.Write(ctx, func(tx *store.Tx) error { return tx.Insert(ctx, into, row, "", args) }); err != nil {
			return fmt.Errorf("fill %s: %w", table, err)
		}
	}
	return nil
}

// counted gives rows by number.
func counted(n int, row func(i int) []any) func() []any {
	i := 0
	return func() []any {
		if i == n {
			return nil
		}
		i++
		return row(i - 1)
	}
}

// several gives rows by number, of which there may be any number for each.
func several(n int, rows func(i int) [][]any) func() []any {
	i := 0
	var left [][]any
	return func() []any {
		for len(left) == 0 {
			if i == n {
				return nil
			}
			left = rows(i)
			i++
		}
		one := left[0]
		left = left[1:]
		return one
	}
}

// lent is what the boss opens with a share: all comments, files and messages.
const lent = int64(1<<24 - 1)

var shareColumns = strings.Fields("kind record principal level made_by made_at lends")

func (h *house) pourClients(ctx context.Context, p *pourer) error {
	boss := h.plan.People[boss]
	err := p.pour(ctx, "contact", columns, counted(h.plan.Clients, func(i int) []any {
		c := h.plan.make(i)
		return c.cells(boss)
	}))
	if err != nil {
		return err
	}
	return p.pour(ctx, "share", shareColumns, several(h.plan.Clients, func(i int) (all [][]any) {
		c := h.plan.make(i)
		for _, g := range c.shares {
			all = append(all, []any{int64(1), c.id, int64(schema.GroupPrincipal(int64(g))), int64(1), int64(boss), c.created, lent})
		}
		return all
	}))
}

func (h *house) markClients(ctx context.Context, p *pourer) error {
	return p.mark(ctx, "contact", h.plan.Clients, func(i int) (int64, []store.Cell) {
		c := h.plan.make(i)
		all := []store.Cell{cell("city", c.city), cell("source", c.source), cell("responsible", int64(c.responsible))}
		if c.tags != "" {
			all = append(all, cell("tags", c.tags, strings.Trim(c.tags, `[]"`)))
		}
		return c.id, all
	})
}

func schemaThere(ctx context.Context, o store.Options) (there bool, err error) {
	c, err := pgx.Connect(ctx, o.URL)
	if err != nil {
		return false, err
	}
	defer c.Close(ctx)
	err = c.QueryRow(ctx, "SELECT count(*) > 0 FROM pg_namespace WHERE nspname = $1", o.Schema).Scan(&there)
	return there, err
}

func dropSchema(ctx context.Context, o store.Options) error {
	c, err := pgx.Connect(ctx, o.URL)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, "DROP SCHEMA IF EXISTS "+o.Schema+" CASCADE")
	return err
}
