package exchange_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"castellan/internal/actor"
	"castellan/internal/crm/crmtest"
	"castellan/internal/exchange"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// gate opens exports over a house, whose runner works until the test ends. What
// stands holds decides whether anybody may go on.
type gate struct {
	*testing.T
	h     *crmtest.House
	m     *exchange.Exports
	ended atomic.Bool // nobody may go on any more
}

func gates(t *testing.T, h *crmtest.House) *gate {
	t.Helper()
	g := &gate{T: t, h: h}
	runner := jobs.New(jobs.Options{DB: h.DB, Scribe: h.Scribe, Vault: h.Vault, Poll: 5 * time.Millisecond})
	g.m = exchange.OpenExports(exchange.ExportOptions{DB: h.DB, Scribe: h.Scribe, Vault: h.Vault, Rights: h, Book: h.Book, Runner: runner, Zone: h.Workspace.Zone, Steps: h.Workspace.StepNames,
		Stands: func(context.Context, actor.Actor) error {
			if g.ended.Load() {
				return fault.New(fault.Unknown, "session.none", "Sign in.")
			}
			return nil
		},
		People: func(context.Context, actor.Actor) (map[actor.PersonID]string, error) {
			return map[actor.PersonID]string{crmtest.Owner: "Olga", crmtest.Ana: "Ana", crmtest.Ben: "Ben"}, nil
		}})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return g
}

// ask asks for a file of all contacts, or of what the query finds.
func (g *gate) ask(p actor.PersonID, format string, q records.Query, fields ...string) *exchange.Export {
	g.Helper()
	e, err := g.m.Ask(context.Background(), crmtest.As(p), exchange.ExportAsk{Kind: "contact", Which: records.Selection{Query: &q}, Fields: fields, Format: format, Reason: "a test"})
	if err != nil {
		g.Fatal(err)
	}
	return e
}

// until waits for one of the states.
func (g *gate) until(p actor.PersonID, id int64, states ...exchange.ExportState) *exchange.Export {
	g.Helper()
	for since := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		e, err := g.m.Status(context.Background(), crmtest.As(p), id)
		if err != nil {
			g.Fatal(err)
		}
		if slices.Contains(states, e.State) {
			return e
		}
		if time.Since(since) > 2*time.Minute {
			g.Fatalf("the export stays %+v", e)
		}
	}
}

func (g *gate) fetch(p actor.PersonID, id int64) []byte {
	g.Helper()
	f, err := g.m.Fetch(context.Background(), crmtest.As(p), id)
	if err != nil {
		g.Fatal(err)
	}
	all, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		g.Fatal(err)
	}
	return all
}

// crowd puts many clients into the base at once, past the rooms.
func crowd(t testing.TB, db *store.DB, n int) {
	t.Helper()
	err := db.Write(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Exec(context.Background(), store.Text(fmt.Sprintf(`WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO contact (id, version, name, name_key, phones, emails, city, city_key, note, responsible, created_at, created_by, updated_at, updated_by)
			SELECT 5000000 + i, 1, 'Client Number' || i, 'client number' || i, '[{"number":"+4851' || (2000000 + i) || '"}]', '[{"address":"client' || i || '@example.com"}]', 'Kraków', 'krakow', 'likes tea and long words in a note', 1, 1700000000000000 + i, 1, 1700000000000000 + i, 1 FROM n`, n)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The harm: whoever exports a large base takes the memory of the machine.
func TestHundredThousandClientsLeaveInBoundedMemory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		const many = 100_000
		crowd(t, db, many)
		g := gates(t, h)
		for _, format := range []string{exchange.CSV, exchange.XLSX} {
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			peak := before.HeapInuse
			began := time.Now()
			e := g.ask(crmtest.Owner, format, records.Query{Sort: "name"})
			for e.State != exchange.Made {
				time.Sleep(20 * time.Millisecond)
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapInuse)
				var err error
				if e, err = g.m.Status(context.Background(), crmtest.As(crmtest.Owner), e.ID); err != nil || time.Since(began) > 3*time.Minute {
					t.Fatal(err, e)
				}
			}
			t.Logf("%s: %d clients, %d KiB, in %v; the heap grew by %d MiB at most", format, e.Records, e.Size>>10, time.Since(began).Round(10*time.Millisecond), (peak-before.HeapInuse)>>20)
			if e.Records != many || peak-before.HeapInuse > 64<<20 {
				t.Errorf("%d records, the heap grew by %d MiB", e.Records, (peak-before.HeapInuse)>>20)
			}
			file := g.fetch(crmtest.Owner, e.ID)
			if sum := sha256.Sum256(file); !bytes.Equal(sum[:], e.Hash) || int64(len(file)) != e.Size {
				t.Errorf("%d bytes of another hash came, %d were made", len(file), e.Size)
			}
			if format == exchange.XLSX {
				f, err := excelize.OpenReader(bytes.NewReader(file))
				if err != nil {
					t.Fatal(err)
				}
				if last, err := f.GetCellValue("Castellan", fmt.Sprintf("A%d", many+1)); err != nil || last != "Client Number99999" {
					t.Errorf("the last row is %q, %v", last, err)
				}
				continue
			}
			all, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff")))).ReadAll()
			if err != nil || len(all) != many+1 || all[many][0] != "Client Number99999" {
				t.Errorf("%d rows, %v", len(all), err)
			}
		}
	})
}

// An export ends in the middle as soon as whoever asked for it may not go on, or
// has other rights, or stops it; nothing is left of it, and it cannot be fetched
// (attacks 33, 40).
func TestExportEndsInTheMiddleAndLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		crowd(t, db, 60_000)
		g := gates(t, h)
		for _, one := range []struct {
			why string
			end func(id int64)
		}{
			{"session", func(int64) { g.ended.Store(true) }},
			{"rights", func(int64) {
				h.Give(crmtest.Owner, policy.Owner, func(in *policy.StandingInput) {
					in.Role.Sights = append(in.Role.Sights, policy.SightRule{Class: schema.Contact, Surface: policy.ExportFile, All: policy.Masked})
				})
			}},
			{"cancelled", func(id int64) {
				if err := g.m.Cancel(context.Background(), crmtest.As(crmtest.Owner), id); err != nil {
					t.Error(err)
				}
			}},
		} {
			e := g.ask(crmtest.Owner, exchange.CSV, records.Query{})
			pieces := func() (n int) {
				if err := db.QueryRow(context.Background(), store.Text("SELECT COUNT(*) FROM export_piece WHERE export = ?"), e.ID).Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			for pieces() == 0 { // something lies there that must go
				time.Sleep(time.Millisecond)
			}
			one.end(e.ID)
			began := time.Now()
			e = g.until(crmtest.Owner, e.ID, exchange.Ended, exchange.Made)
			if took := time.Since(began); took > time.Second || e.State != exchange.Ended || e.Why != one.why || e.Records >= 60_000 {
				t.Errorf("%s: after %v it is %s (%s) with %d records", one.why, took, e.State, e.Why, e.Records)
			}
			if left := pieces(); left != 0 {
				t.Errorf("%s: %d pieces are left", one.why, left)
			}
			if _, err := g.m.Fetch(context.Background(), crmtest.As(crmtest.Owner), e.ID); err == nil {
				t.Errorf("%s: half a file is handed out", one.why)
			}
			g.ended.Store(false)
			h.Give(crmtest.Owner, policy.Owner)
		}
	})
}

// A file that was made by wider rights than whoever asked for it has by now does
// not leave (attack 33).
func TestFileMadeByOtherRightsDoesNotLeave(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		crowd(t, db, 10)
		g := gates(t, h)
		e := g.until(crmtest.Owner, g.ask(crmtest.Owner, exchange.CSV, records.Query{}).ID, exchange.Made)
		h.Give(crmtest.Owner, policy.Owner, func(in *policy.StandingInput) {
			in.Role.Sights = append(in.Role.Sights, policy.SightRule{Class: schema.Contact, Surface: policy.ExportFile, All: policy.Masked})
		})
		if _, err := g.m.Fetch(context.Background(), crmtest.As(crmtest.Owner), e.ID); !fault.Is(err, fault.Denied) {
			t.Errorf("it is handed out to whoever may not see phones any more: %v", err)
		}
		if e = g.until(crmtest.Owner, e.ID, exchange.Made, exchange.Taken); e.State != exchange.Made {
			t.Errorf("it is %s", e.State)
		}
		h.Give(crmtest.Owner, policy.Owner)
		if file := g.fetch(crmtest.Owner, e.ID); strings.Count(string(file), "Client Number") != 10 {
			t.Errorf("by the rights of before there came %q", file)
		}
	})
}

// A file lies sealed, and what broke off on its way may be taken again.
func TestExportedFileLiesSealedAndMayBreakOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		crowd(t, db, 20_000)
		g := gates(t, h)
		e := g.until(crmtest.Owner, g.ask(crmtest.Owner, exchange.CSV, records.Query{}).ID, exchange.Made)
		rows, err := db.Query(context.Background(), store.Text("SELECT data FROM export_piece UNION ALL SELECT decided FROM export"))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rows.Next() {
			data, ok := rows.Values()[0].([]byte)
			if n++; !ok || bytes.Contains(data, []byte("Client Number")) || bytes.Contains(data, []byte("a test")) {
				t.Error("a piece lies open")
			}
		}
		if err := rows.Close(); err != nil || n < 5 {
			t.Errorf("%d pieces, %v", n, err)
		}
		f, err := g.m.Fetch(context.Background(), crmtest.As(crmtest.Owner), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, f, 1000); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if got := g.until(crmtest.Owner, e.ID, exchange.Made); !got.Open {
			t.Errorf("what broke off cannot be taken again: %+v", got)
		}
		if file := g.fetch(crmtest.Owner, e.ID); int64(len(file)) != e.Size || strings.Count(string(file), "Client Number") != 20_000 {
			t.Errorf("%d bytes came of %d", len(file), e.Size)
		}
		g.until(crmtest.Owner, e.ID, exchange.Taken)
	})
}
