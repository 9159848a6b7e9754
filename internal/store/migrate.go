package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"

	"castellan/internal/fault"
)

// Migrations are twins: NNNN_name.sqlite.sql and NNNN_name.postgres.sql. Those
// in "main" make the tables of the workspace, those in "ledger" those of the
// ledger, which has a file of its own on SQLite. They only go forward.
//
//go:embed migrations/*/*.sql
var migrations embed.FS

type migration struct {
	number int64
	name   string
	text   string
}

func (m migration) checksum() string {
	sum := sha256.Sum256([]byte(m.text))
	return hex.EncodeToString(sum[:])
}

var migrationName = regexp.MustCompile(`^(\d{4})_([a-z0-9_]+)\.(sqlite|postgres)\.sql$`)

// migrationsFor lists the migrations of a part in order.
func migrationsFor(e Engine, part string) ([]migration, error) {
	want := "sqlite"
	if e == Postgres {
		want = "postgres"
	}
	files, err := fs.ReadDir(migrations, path.Join("migrations", part)) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	var all []migration
	for _, f := range files {
		m := migrationName.FindStringSubmatch(f.Name())
		if m == nil {
			return nil, fmt.Errorf("migration %s: not a name of a migration", f.Name())
		}
		if m[3] != want {
			continue
		}
		text, err := migrations.ReadFile(path.Join("migrations", part, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", f.Name(), err)
		}
		if len(all) > 0 && all[len(all)-1].number == n {
			return nil, fmt.Errorf("migration %s: its number is taken", f.Name())
		}
		all = append(all, migration{n, m[2], string(text)})
	}
	return all, nil
}

const schemaVersion = `CREATE TABLE IF NOT EXISTS schema_version (
	part       TEXT   NOT NULL,
	number     BIGINT NOT NULL,
	name       TEXT   NOT NULL,
	checksum   TEXT   NOT NULL,
	applied_at BIGINT NOT NULL,
	PRIMARY KEY (part, number)
)`

// migrate applies the migrations of a part that were not applied yet, each in a
// transaction of its own. It refuses a database whose applied migrations are
// not the ones it knows: its tables would not be what the statements expect.
func (db *DB) migrate(ctx context.Context, part string) error {
	all, err := migrationsFor(db.engine, part)
	if err != nil {
		return err
	}
	applied := map[int64]string{}
	if err := db.Write(ctx, func(tx *Tx) error {
		if _, err := tx.Exec(ctx, Text(schemaVersion)); err != nil {
			return fmt.Errorf("make table of versions: %w", err)
		}
		clear(applied)
		rows, err := tx.Query(ctx, Text(`SELECT number, checksum FROM schema_version WHERE part = ?`), part)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var number int64
			var checksum string
			if err := rows.Scan(&number, &checksum); err != nil {
				return err
			}
			applied[number] = checksum
		}
		return rows.Err()
	}); err != nil {
		return fmt.Errorf("read applied migrations: %w", err)
	}
	for _, m := range all {
		checksum, done := applied[m.number]
		delete(applied, m.number)
		if done && checksum != m.checksum() {
			return fault.Newf(fault.Busy, "store.migration.changed",
				"The database was made by a different build: its migration %04d_%s is not the one of this program. "+
					"Start the build that made it, or restore a backup made by this one.", m.number, m.name)
		}
		if done {
			continue
		}
		if err := db.Write(ctx, func(tx *Tx) error {
			if err := tx.s.script(ctx, m.text); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, Text(`INSERT INTO schema_version(part, number, name, checksum, applied_at)
				VALUES (?, ?, ?, ?, ?)`), part, m.number, m.name, m.checksum(), tx.Now())
			return err
		}); err != nil {
			return fmt.Errorf("apply migration %s/%04d_%s: %w", part, m.number, m.name, err)
		}
	}
	for number := range applied {
		return fault.Newf(fault.Busy, "store.migration.newer",
			"The database was made by a newer Castellan: it has a migration %04d that this program does not know. "+
				"Start the newer program.", number)
	}
	return nil
}
