// Package storetest runs a test on every database that Castellan knows.
//
// There are no pretended databases here: a test gets a workspace in a directory
// of its own on SQLite, and in a schema of its own on PostgreSQL, with every
// migration applied. A PostgreSQL that cannot be started fails the test.
//
// The database of a test that failed is kept, and the test says how to open it.
package storetest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"castellan/internal/store"
)

// Each runs the test as two subtests, "sqlite" and "postgresql". Either may call
// t.Parallel.
func Each(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) { test(t, Open(t, engine, nil)) })
	}
}

// Open gives a fresh database of the engine, closed at the end of the test. The
// clock may be nil.
func Open(t testing.TB, engine store.Engine, now func() time.Time) *store.DB {
	t.Helper()
	o := Place(t, engine)
	o.Now = now
	return Reopen(t, o)
}

// Place makes room for a database that is removed when the test has succeeded.
func Place(t testing.TB, engine store.Engine) store.Options {
	t.Helper()
	dir, err := os.MkdirTemp("", "castellan-test-")
	if err != nil {
		t.Fatal(err)
	}
	o := store.Options{Dir: dir, Readers: 4}
	var drop func()
	if engine == store.Postgres {
		o.URL, o.Schema = Server(t), strings.ReplaceAll(filepath.Base(dir), "-", "_")
		drop = func() { dropSchema(t, o) }
	}
	t.Cleanup(func() {
		switch {
		case !t.Failed():
			if drop != nil {
				drop()
			}
			os.RemoveAll(dir)
		case engine == store.Postgres:
			t.Logf("the database was kept: PGOPTIONS='-c search_path=%s,public' psql '%s'", o.Schema, o.URL)
		default:
			t.Logf("the database was kept: sqlite3 %s", filepath.Join(dir, "castellan.db"))
		}
	})
	return o
}

// Reopen opens a database at a place, and closes it at the end of the test
// unless the test has done so.
func Reopen(t testing.TB, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

func dropSchema(t testing.TB, o store.Options) {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, o.URL)
	if err != nil {
		t.Errorf("drop schema of the test: %v", err)
		return
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, "DROP SCHEMA IF EXISTS "+o.Schema+" CASCADE"); err != nil {
		t.Errorf("drop schema of the test: %v", err)
	}
}

// cluster is the PostgreSQL of this test process, started when a test first
// needs it. It ends soon after the process.
var cluster = sync.OnceValues(func() (url string, err error) {
	if url := os.Getenv("CASTELLAN_TEST_POSTGRES"); url != "" {
		return url, nil
	}
	script, err := findScript()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "castellan-postgres-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command(script, "start", dir, strconv.Itoa(os.Getpid()))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("start PostgreSQL: %w: %s", err, said.String())
	}
	return strings.TrimSpace(string(out)), nil
})

// Server gives the URL of a PostgreSQL server for tests: the one named by
// CASTELLAN_TEST_POSTGRES, or one of this process's own.
func Server(t testing.TB) string {
	t.Helper()
	url, err := cluster()
	if err != nil {
		t.Fatalf("no PostgreSQL to test on: %v", err)
	}
	return url
}

func findScript() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		script := filepath.Join(dir, "scripts", "postgres-cluster")
		if _, err := os.Stat(script); err == nil {
			return script, nil
		}
		if up := filepath.Dir(dir); up != dir {
			dir = up
			continue
		}
		return "", fmt.Errorf("scripts/postgres-cluster was not found above the test")
	}
}
