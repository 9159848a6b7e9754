package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// base opens the base of a house that is not served.
func (h *house) base() *store.DB {
	h.t.Helper()
	o := h.place
	o.Dir = h.data
	db, err := store.Open(context.Background(), o)
	if err != nil {
		h.t.Fatal(err)
	}
	return db
}

// crowded puts many clients into the base of a house that is not served yet.
func (h *house) crowded(n int) {
	h.t.Helper()
	ctx := context.Background()
	db := h.base()
	err := db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text(fmt.Sprintf(`WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO contact (id, version, name, name_key, phones, responsible, created_at, created_by, updated_at, updated_by)
			SELECT 5000000 + i, 1, 'Client Number' || i, 'client number' || i, '[{"number":"+4851' || (2000000 + i) || '"}]', 1, 1700000000000000 + i, 1, 1700000000000000 + i, 1 FROM n`, n)))
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	err = db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, store.Text("ANALYZE contact"))
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		h.t.Fatal(err)
	}
}

// exporter is a role that does what administrators do, and exports clients.
func (v *visitor) exporter() string {
	v.t.Helper()
	var role map[string]any
	v.must("GET", "/api/v1/roles/"+v.role("administrator"), nil, http.StatusOK, &role)
	for _, name := range []string{"id", "version", "labels", "about", "built", "people"} {
		delete(role, name)
	}
	role["name"] = "Exporter"
	role["grades"].(map[string]any)["contact"].(map[string]any)["export"] = "all"
	var made struct{ ID string }
	v.must("POST", "/api/v1/roles", role, http.StatusCreated, &made)
	return made.ID
}

// exported is an export as the API tells it.
type exported struct {
	ID, State, Why, SHA256 string
	Expected, Done         int
	Open                   bool
}

func (v *visitor) export(id string) (e exported) {
	v.t.Helper()
	v.must("GET", "/api/v1/exports/"+id, nil, http.StatusOK, &e)
	return e
}

// exports asks for a file and waits until the condition holds.
func (v *visitor) exports(ask object, until func(exported) bool) exported {
	v.t.Helper()
	ask["kind"], ask["reason"] = "contact", "a test"
	var e exported
	v.must("POST", "/api/v1/exports", ask, http.StatusCreated, &e)
	for since := time.Now(); !until(e); e = v.export(e.ID) {
		if time.Since(since) > time.Minute {
			v.t.Fatalf("the export stays %+v", e)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return e
}

// The harm: the house is killed while a file is made, and hands out half of it, or
// never comes to an end.
func TestExportThatWasKilledIsMadeWhole(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, storetest.Place(t, engine))
			const many = 150_000
			h.owner("olga@example.com")
			h.crowded(many)
			s := h.serve()
			owner := s.signIn("olga@example.com", password)
			e := owner.exports(object{"all": true, "format": "csv", "columns": []string{"name", "phones"}, "sort": "name"}, func(e exported) bool { return e.Done > 0 })
			if e.State != "making" {
				t.Fatalf("the export is %+v before it could be killed", e)
			}
			s.end(syscall.SIGKILL)
			s = h.serve()
			jar := owner.client.Jar
			owner = s.visitor()
			owner.client.Jar = keptCookies(t, jar, s.base)
			began := time.Now()
			for e = owner.export(e.ID); e.State == "making" || e.State == "asked"; e = owner.export(e.ID) {
				// Asked for while it is made, it may be there by the time of the answer: then whole, and as taken.
				if a := owner.ask("GET", "/api/v1/exports/"+e.ID+"/file", nil); a.status == http.StatusOK && owner.export(e.ID).State != "taken" {
					t.Fatalf("half a file is handed out: %d bytes", len(a.body))
				}
				if time.Since(began) > 3*time.Minute {
					t.Fatalf("the export stays %+v", e)
				}
				time.Sleep(20 * time.Millisecond)
			}
			t.Logf("whole %v after the start: %+v", time.Since(began).Round(10*time.Millisecond), e)
			if e.State != "made" && e.State != "taken" || e.Done != many {
				t.Fatalf("the export is %+v", e)
			}
			a := owner.must("GET", "/api/v1/exports/"+e.ID+"/file", nil, http.StatusOK, nil)
			if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(a.body))); sum != e.SHA256 {
				t.Errorf("the file has the hash %s, made was %s", sum, e.SHA256)
			}
			all, err := csv.NewReader(bytes.NewReader([]byte(strings.TrimPrefix(a.body, "\ufeff")))).ReadAll()
			if err != nil || len(all) != many+1 {
				t.Fatalf("%d rows, %v", len(all), err)
			}
			met := map[string]bool{}
			for _, row := range all[1:] {
				met[row[0]] = true
			}
			if len(met) != many {
				t.Errorf("%d different clients", len(met))
			}
			owner.must("GET", "/api/v1/exports/"+e.ID+"/file", nil, http.StatusOK, nil) // she reads the archive, too
		})
	}
}

// keptCookies are a browser's cookies when the same house answers at another port.
func keptCookies(t *testing.T, jar http.CookieJar, base string) http.CookieJar {
	t.Helper()
	at, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	kept.SetCookies(at, jar.Cookies(at))
	return kept
}
