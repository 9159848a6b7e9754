package main

import (
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"castellan/internal/sheet/sheettest"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

func TestSecondProcessOnTheSameFilesIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, storetest.Place(t, store.SQLite))
	s := h.serve()
	for _, args := range [][]string{{"user", "list"}, {"serve", "--listen", "localhost:0"}, {"verify"}, {"ledger", "accept", "--yes"}} {
		h.refused(args, "Another Castellan is already running on "+h.data+". Stop it first, or choose another directory.")
	}
	s.visitor().must("GET", "/healthz", nil, http.StatusOK, nil)
	if status := s.end(syscall.SIGINT); status != 0 {
		t.Errorf("the process ends with %d", status)
	}
	h.must("user", "list")
}

// PostgreSQL serves from several processes, of which one at a time seals.
func TestProcessesOnPostgreSQLWorkSideBySide(t *testing.T) {
	t.Parallel()
	h := newHouse(t, storetest.Place(t, store.Postgres))
	h.owner("olga@example.com")
	one, other := h.serve(), h.serve()
	owner := one.signIn("olga@example.com", password)
	neighbour := &visitor{t, other.base, owner.client}
	i := owner.bring(sheettest.Samples(t)[0], nil)
	if all, _ := neighbour.clients(); len(all) != i.Created {
		t.Errorf("%d clients came by one process, the other shows %d", i.Created, len(all))
	}
	h.must("user", "list")
	owner.must("DELETE", "/api/v1/session", nil, http.StatusNoContent, nil)
	neighbour.must("GET", "/api/v1/contacts", nil, http.StatusUnauthorized, nil)
	for _, s := range []*served{one, other} {
		if status := s.end(syscall.SIGTERM); status != 0 {
			t.Errorf("the process ends with %d", status)
		}
	}
	if said := h.must("verify"); !strings.Contains(said, "Integrity: proved. Completeness: proved.") {
		t.Errorf("castellan verify says %s", said)
	}
}

func TestKeyThatOthersCanReadIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.owner("olga@example.com")
		for _, name := range []string{"master.key", "ledger.key"} {
			key := filepath.Join(h.data, "keys", name)
			if err := os.Chmod(key, 0o644); err != nil {
				t.Fatal(err)
			}
			h.refused([]string{"serve", "--listen", "localhost:0"}, "Others on this machine may read", "chmod go= "+key)
			if err := os.Chmod(key, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h.must("verify")
	})
}

// A copy of a house as it was, to be put back over the house as it is.
func (h *house) copyTo(dir string, names ...string) {
	h.t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		h.t.Fatal(err)
	}
	for _, name := range names {
		for _, part := range []string{"", "-wal", "-shm"} {
			text, err := os.ReadFile(filepath.Join(h.data, name+part))
			if os.IsNotExist(err) {
				continue
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name+part), text, 0o600)
			}
			if err != nil {
				h.t.Fatal(err)
			}
		}
	}
}

func (h *house) putBack(dir string, names ...string) {
	h.t.Helper()
	for _, name := range names {
		for _, part := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(filepath.Join(h.data, name+part)); err != nil && !os.IsNotExist(err) {
				h.t.Fatal(err)
			}
		}
	}
	(&house{t: h.t, data: dir}).copyTo(h.data, names...)
}

// lossIsTold wants nothing to be served, and the loss to be accepted by a word
// of the operator alone.
func lossIsTold(t *testing.T, h *house) {
	t.Helper()
	for _, args := range [][]string{{"serve", "--listen", "localhost:0"}, {"user", "list"}, {"import", "contacts", sheettest.Samples(t)[0]}, {"demo", "--data", h.data, "--listen", "localhost:0"}} {
		if args[0] == "demo" && h.place.URL != "" {
			continue // demos are on SQLite
		}
		h.refused(args, "The ledger is not whole, so nothing is served.", "castellan ledger accept")
	}
	h.refused([]string{"ledger", "accept"}, "Accept it?", "nothing was accepted, and nothing has changed")
	h.refused([]string{"serve", "--listen", "localhost:0"}, "The ledger is not whole")
}

func lossIsAccepted(t *testing.T, h *house) {
	t.Helper()
	if said := h.must("ledger", "accept", "--yes"); !strings.Contains(said, "new incarnation") {
		t.Errorf("accepting says %s", said)
	}
	s := h.serve()
	s.signIn("olga@example.com", password).must("GET", "/api/v1/contacts", nil, http.StatusOK, nil)
	if status := s.end(syscall.SIGTERM); status != 0 {
		t.Errorf("the process ends with %d", status)
	}
	if said := h.must("verify"); !strings.Contains(said, "Accepted on ") {
		t.Errorf("verify does not name what was accepted: %s", said)
	}
}

func TestOldCopyPutBackIsToldBeforeAnythingIsServed(t *testing.T) {
	t.Parallel()
	for _, lost := range [][]string{{"castellan.db"}, {"ledger.db"}, {"castellan.db", "ledger.db"}} {
		t.Run(strings.Join(lost, " and "), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, storetest.Place(t, store.SQLite))
			h.owner("olga@example.com")
			old, now := filepath.Join(h.place.Dir, "old"), filepath.Join(h.place.Dir, "now")
			h.copyTo(old, lost...)
			h.must("import", "contacts", sheettest.Samples(t)[0])
			h.copyTo(now, lost...)
			h.putBack(old, lost...)
			lossIsTold(t, h)
			// The right copy in its place is all that is needed.
			h.putBack(now, lost...)
			h.must("verify")
			h.must("user", "list")
			h.copyTo(now, lost...)
			h.putBack(old, lost...)
			lossIsTold(t, h)
			lossIsAccepted(t, h)
		})
	}
	// PostgreSQL is put back as a whole.
	t.Run("postgresql", func(t *testing.T) {
		t.Parallel()
		o := storetest.Place(t, store.Postgres)
		server := o.URL
		run := func(statement string) {
			t.Helper()
			c, err := pgx.Connect(t.Context(), server)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close(t.Context())
			if _, err := c.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		base, old := o.Schema, o.Schema+"_old"
		run("CREATE DATABASE " + base)
		u, err := url.Parse(server)
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/" + base
		o.URL = u.String()
		h := newHouse(t, o)
		h.owner("olga@example.com")
		run("CREATE DATABASE " + old + " TEMPLATE " + base)
		h.must("import", "contacts", sheettest.Samples(t)[0])
		run("DROP DATABASE " + base)
		run("ALTER DATABASE " + old + " RENAME TO " + base)
		lossIsTold(t, h)
		lossIsAccepted(t, h)
		run("DROP DATABASE " + base)
	})
}

// sealed is the number of entries under the head that is kept outside.
func (h *house) sealed() int64 {
	h.t.Helper()
	head, err := os.ReadFile(filepath.Join(h.data, "head", "ledger.head"))
	if err != nil {
		h.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(head), "\n")
	size, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestLogOfTheDatabaseThatIsMissingIsTold(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"castellan.db", "ledger.db"} {
		t.Run(lost, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, storetest.Place(t, store.SQLite))
			h.owner("olga@example.com")
			s := h.serve()
			owner := s.signIn("olga@example.com", password)
			// While somebody reads what was, nothing newer leaves the log.
			db, err := sql.Open("sqlite", "file:"+filepath.Join(h.data, lost)+"?mode=ro")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			reading, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = reading.Rollback() }() // it has mostly ended by then
			var tables int
			if err := reading.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
				t.Fatal(err)
			}
			owner.bring(sheettest.Samples(t)[0], nil)
			// What is not sealed yet is sealed again after the start: only what is
			// known outside can be missed.
			var log struct{ Items []struct{ Seq int64 } }
			owner.must("GET", "/api/v1/ledger", nil, http.StatusOK, &log)
			for began := time.Now(); h.sealed() <= log.Items[0].Seq; time.Sleep(20 * time.Millisecond) {
				if time.Since(began) > 20*time.Second {
					t.Fatalf("entry %d is not sealed", log.Items[0].Seq)
				}
			}
			s.end(syscall.SIGKILL)
			if err := os.Remove(filepath.Join(h.data, lost+"-wal")); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(reading.Rollback(), db.Close()); err != nil {
				t.Fatal(err)
			}
			lossIsTold(t, h)
			lossIsAccepted(t, h)
		})
	}
}

func TestImportThatWasKilledGoesOnWithoutHalfOrDoubledRows(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		const rows = 3000
		file := filepath.Join(h.place.Dir, "many.csv")
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		w := csv.NewWriter(f)
		lines := [][]string{{"Name", "Phone", "Email", "Company", "City"}}
		for i := range rows {
			lines = append(lines, []string{fmt.Sprintf("Client Number%d", i), fmt.Sprintf("+79165%06d", i), fmt.Sprintf("client%d@example.com", i), fmt.Sprintf("Firm %d", i%50), "Boston"})
		}
		if err := w.WriteAll(lines); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		h.owner("olga@example.com")
		s := h.serve()
		owner := s.signIn("olga@example.com", password)
		i := owner.upload(file, nil)
		owner.must("POST", "/api/v1/imports/"+i.ID+"/start", nil, http.StatusOK, nil)
		times, killed := 3, 0
		if h.place.URL != "" {
			times = 1 // another process could be at work there: each time the lease of the dead one has to run out
		}
		for range times {
			from := 0
			owner.wait(i.ID, func(now imported) bool {
				if from == 0 {
					from = now.Done + 1
				}
				i = now
				return now.Done >= from || now.State == "done"
			})
			if i.State == "done" {
				break
			}
			s.end(syscall.SIGKILL)
			killed++
			s = h.serve()
			owner = s.signIn("olga@example.com", password)
		}
		if killed == 0 {
			t.Error("the import was done before it could be killed")
		}
		done := owner.wait(i.ID, func(now imported) bool { return now.State == "done" })
		if done.Created != rows || done.Updated != 0 || done.Refused != 0 {
			t.Errorf("the import ended as %+v", done)
		}
		all, _ := owner.clients()
		names := map[string]int{}
		for _, c := range all {
			names[c.Name]++
			if len(c.Phones) != 1 {
				t.Errorf("%s has %d numbers", c.Name, len(c.Phones))
			}
		}
		if len(all) != rows || len(names) != rows {
			t.Errorf("there are %d clients with %d names, want %d", len(all), len(names), rows)
		}
		var companies struct{ N int }
		owner.must("GET", "/api/v1/companies/count?exact=1", nil, http.StatusOK, &companies)
		if companies.N != 50 {
			t.Errorf("there are %d companies, want 50", companies.N)
		}
		if status := s.end(syscall.SIGTERM); status != 0 {
			t.Errorf("the process ends with %d", status)
		}
		if said := h.must("verify"); !strings.Contains(said, "Integrity: proved. Completeness: proved.") {
			t.Errorf("after the kills castellan verify says %s", said)
		}
	})
}
