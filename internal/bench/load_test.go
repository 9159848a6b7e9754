package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"castellan/internal/schema"
	"castellan/internal/store"
)

// tables are those that are filled in bulk. Their indexes are made afterwards.
var tables = []string{"contact", "share", "access", "access_name", "multi"}

// load fills the town with clients, and everything that follows from them.
func (h *house) load(ctx context.Context) error {
	indexes, err := h.dropIndexes(ctx)
	if err != nil {
		return err
	}
	if h.db.Engine() == store.Postgres {
		err = h.copyClients(ctx)
	} else {
		err = h.insertClients(ctx)
	}
	if err != nil {
		return err
	}
	mine := `SELECT responsible * 4, 1, %[1]s, id FROM contact WHERE responsible IS NOT NULL UNION ALL SELECT x.principal, 1, r.%[1]s, r.id FROM share AS x JOIN contact AS r ON r.id = x.record ORDER BY 1, 2, 3, 4`
	statements := []store.Statement{
		store.Text(`INSERT INTO access (principal, kind, updated_at, record) ` + fmt.Sprintf(mine, "updated_at")),
		store.Text(`INSERT INTO access_name (principal, kind, name_key, record) ` + fmt.Sprintf(mine, "name_key")),
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
	if h.db.Engine() == store.SQLite {
		statements = append(statements, store.Text(`INSERT INTO contact_digits (rowid, digits)
			SELECT c.id, (SELECT group_concat(replace(json_extract(j.value, '$.number'), '+', ''), ' ') FROM json_each(c.phones) AS j) FROM contact AS c ORDER BY c.id`))
	}
	if h.db.Engine() == store.SQLite {
		statements = append(statements, store.Text(`CREATE VIRTUAL TABLE contact_vocabulary USING fts5vocab (contact_words, row)`),
			store.Text(`INSERT INTO word (word, kind) SELECT term, 1 FROM contact_vocabulary WHERE length(term) > 3`), store.Text(`DROP TABLE contact_vocabulary`))
	} else {
		statements = append(statements, store.Text(`INSERT INTO word (word, kind) SELECT s.word, 1 FROM ts_stat('SELECT words FROM search') AS s WHERE length(s.word) > 3`))
	}
	for _, text := range indexes {
		statements = append(statements, store.Text(text))
	}
	for _, s := range statements {
		err := h.db.Write(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, s); return err })
		if err != nil {
			return fmt.Errorf("%v: %w", s, err)
		}
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

func (h *house) insertClients(ctx context.Context) error {
	put := store.Text(`INSERT INTO contact ("` + strings.Join(columns, `", "`) + `") VALUES (?` + strings.Repeat(", ?", len(columns)-1) + `)`)
	boss := h.plan.People[boss]
	for from := 0; from < h.plan.Clients; from += 20_000 {
		err := h.db.Write(ctx, func(tx *store.Tx) error {
			for i := from; i < min(from+20_000, h.plan.Clients); i++ {
				c := h.plan.make(i)
				if _, err := tx.Exec(ctx, put, c.cells(boss)...); err != nil {
					return err
				}
				for _, g := range c.shares {
					if _, err := tx.Exec(ctx, store.Text(`INSERT INTO share (kind, record, principal, level, made_by, made_at) VALUES (1, ?, ?, 1, ?, ?)`),
						c.id, int64(schema.GroupPrincipal(int64(g))), int64(boss), c.created); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *house) copyClients(ctx context.Context) error {
	c, err := pgx.Connect(ctx, h.url)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	boss := h.plan.People[boss]
	i := 0
	_, err = c.CopyFrom(ctx, pgx.Identifier{h.db.Schema(), "contact"}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		if i == h.plan.Clients {
			return nil, nil
		}
		one := h.plan.make(i)
		i++
		return one.cells(boss), nil
	}))
	if err != nil {
		return err
	}
	i = 0
	var left [][]any
	_, err = c.CopyFrom(ctx, pgx.Identifier{h.db.Schema(), "share"}, []string{"kind", "record", "principal", "level", "made_by", "made_at"}, pgx.CopyFromFunc(func() ([]any, error) {
		for len(left) == 0 {
			if i == h.plan.Clients {
				return nil, nil
			}
			one := h.plan.make(i)
			i++
			for _, g := range one.shares {
				left = append(left, []any{int64(1), one.id, int64(schema.GroupPrincipal(int64(g))), int64(1), int64(boss), one.created})
			}
		}
		row := left[0]
		left = left[1:]
		return row, nil
	}))
	return err
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
