package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/crm/crmtest"
	"castellan/internal/exchange"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// longFile has so many rows, each naming a person (whom the desk looks up once a
// slice) and one of twenty companies.
func longFile(rows int) []byte {
	var b strings.Builder
	b.WriteString("Name;Phone;Company;Responsible\n")
	for i := range rows {
		fmt.Fprintf(&b, "Client %d;+48513%06d;Firm %d;Ana\n", i, i, i%20)
	}
	return []byte(b.String())
}

// atSlice has something done before the n-th slice goes in.
func atSlice(n int32, do func()) func(*exchange.Options) {
	var count atomic.Int32
	return func(o *exchange.Options) {
		o.Person = func(context.Context, string) (actor.PersonID, bool) {
			if count.Add(1) == n {
				do()
			}
			return crmtest.Ana, true
		}
	}
}

// whole holds that every row of longFile is there once, with its company.
func whole(t *testing.T, h *crmtest.House, rows int) {
	t.Helper()
	all := shown(t, h, "contact", "company")
	if n := clients(t, h); n != rows || len(all) != rows {
		t.Errorf("%d clients by %d names, want %d", n, len(all), rows)
	}
	for name, c := range all {
		if c["company"] == nil {
			t.Errorf("%s came without a company", name)
		}
	}
	if n := len(h.List(crmtest.Owner, "company", records.Query{})); n != min(rows, 20) {
		t.Errorf("%d companies, want %d", n, min(rows, 20))
	}
}

func TestImportStoppedAtAnySliceGoesOnWhereItStopped(t *testing.T) {
	const rows = 230
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		for stop := int32(1); stop <= 5; stop++ {
			var m *exchange.Imports
			m = desk(t, h, atSlice(stop, func() { go m.Close(); time.Sleep(20 * time.Millisecond) }))
			i := upload(t, m, crmtest.Owner, "long.csv", longFile(rows), nil)
			if err := m.Start(t.Context(), crmtest.As(crmtest.Owner), i.ID); err != nil {
				t.Fatal(err)
			}
			m.Wait()
			m.Close()
			i, err := m.Status(t.Context(), crmtest.As(crmtest.Owner), i.ID)
			if err != nil || i.State != exchange.Running || i.Created >= rows || i.Created != clients(t, h) || i.Created%50 != 0 {
				t.Fatalf("stopped at slice %d the import is %+v with %d clients, %v", stop, i, clients(t, h), err)
			}
			next := desk(t, h)
			if err := next.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			if i = ended(t, next, crmtest.Owner, i.ID); i.State != exchange.Done || i.Created != rows || i.Updated+i.Skipped+i.Refused != 0 || i.Total != rows {
				t.Fatalf("resumed from slice %d: %+v", stop, i)
			}
			whole(t, h, rows)
			if i = undo(t, next, crmtest.Owner, i.ID); i.State != exchange.Undone || clients(t, h) != 0 {
				t.Fatalf("undone it is %s (%s) and leaves %d clients", i.State, i.Problem, clients(t, h))
			}
			if n := len(h.List(crmtest.Owner, "company", records.Query{})); n != 0 {
				t.Errorf("undone it leaves %d companies", n)
			}
		}
	})
}

func TestTwoProcessesWorkOnAnImportOnce(t *testing.T) {
	const rows = 400
	db := storetest.Open(t, store.Postgres, nil)
	h := crmtest.Open(t, db)
	desks := []*exchange.Imports{desk(t, h), desk(t, h), desk(t, h)}
	i := upload(t, desks[0], crmtest.Owner, "long.csv", longFile(rows), nil)
	if _, err := execute(db, "UPDATE import SET state = 'running' WHERE id = ?", i.ID); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, m := range desks {
		all.Go(func() {
			if err := m.Resume(context.Background()); err != nil {
				t.Error(err)
			}
			m.Wait()
		})
	}
	all.Wait()
	if i = ended(t, desks[0], crmtest.Owner, i.ID); i.State != exchange.Done || i.Created != rows || i.Refused+i.Skipped != 0 {
		t.Fatalf("%+v", i)
	}
	whole(t, h, rows)
}

func TestImportOfADeadProcessIsTakenOverWhenItsLeaseIsOver(t *testing.T) {
	db := storetest.Open(t, store.Postgres, nil)
	h := crmtest.Open(t, db)
	m := desk(t, h)
	i := upload(t, m, crmtest.Owner, "long.csv", longFile(60), nil)
	lease := db.Now().Add(2 * time.Second)
	if _, err := execute(db, "UPDATE import SET state = 'running', worker = 1, lease = ? WHERE id = ?", lease.UnixMicro(), i.ID); err != nil {
		t.Fatal(err)
	}
	if err := m.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if i = ended(t, m, crmtest.Owner, i.ID); i.State != exchange.Done || i.Created != 60 {
		t.Fatalf("%+v", i)
	}
	if i.Finished.Before(lease) {
		t.Errorf("the import was taken from a process %v before its lease was over", lease.Sub(i.Finished))
	}
}

// A process that was asleep while another took its import over wakes up: what it
// still writes is not kept, and the import does not fail of it.
func TestProcessThatLostItsImportWritesNothingMore(t *testing.T) {
	const rows = 120
	db := storetest.Open(t, store.Postgres, nil)
	h := crmtest.Open(t, db)
	var id int64
	m := desk(t, h, atSlice(2, func() {
		if _, err := execute(db, "UPDATE import SET worker = 1, lease = ? WHERE id = ?", db.Now().Add(3*time.Second).UnixMicro(), id); err != nil {
			t.Error(err)
		}
	}))
	id = upload(t, m, crmtest.Owner, "long.csv", longFile(rows), nil).ID
	if err := m.Start(t.Context(), crmtest.As(crmtest.Owner), id); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	if n := clients(t, h); n != 50 {
		t.Errorf("the process that lost the import has %d rows in, want 50", n)
	}
	if i := ended(t, m, crmtest.Owner, id); i.State != exchange.Done || i.Created != rows {
		t.Fatalf("%+v", i)
	}
	whole(t, h, rows)
}

func execute(db *store.DB, text store.Text, args ...any) (n int64, err error) {
	err = db.Write(context.Background(), func(tx *store.Tx) error {
		n, err = tx.Exec(context.Background(), text, args...)
		return err
	})
	return n, err
}

// bookWith is the house's book with something done to each client on the way in.
func bookWith(h *crmtest.House, each func(records.Values)) *records.Book {
	prepare := h.Workspace.Prepare()
	own := prepare["contact"]
	prepare["contact"] = func(ctx context.Context, tx *store.Tx, before *store.Stored, v records.Values) error {
		each(v)
		return own(ctx, tx, before, v)
	}
	return records.Open(records.Options{DB: h.DB, Scribe: h.Scribe, Rights: h, Vault: h.Vault, Catalog: h.Workspace.Catalog, Region: h.Workspace.Region, Prepare: prepare})
}

func TestAttack56PanicInASliceTakesNeitherTheHouseNorHalfARow(t *testing.T) {
	const rows = 120
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		broken := true
		book := bookWith(h, func(v records.Values) {
			if v["name"] == "Client 77" && broken {
				panic("a row of its own kind: +48513000077")
			}
		})
		var said strings.Builder
		m := desk(t, h, func(o *exchange.Options) { o.Book, o.Log = book, logTo(&said) })
		i := upload(t, m, crmtest.Owner, "long.csv", longFile(rows), nil)
		if i = run(t, m, crmtest.Owner, i.ID); i.State != exchange.Failed || i.Problem == "" || i.Created != 50 || clients(t, h) != 50 {
			t.Fatalf("%+v with %d clients", i, clients(t, h))
		}
		if strings.Contains(said.String(), "48513") {
			t.Errorf("the log holds what the panic was about: %s", said.String())
		}
		broken = false
		if i = run(t, m, crmtest.Owner, i.ID); i.State != exchange.Done || i.Created != rows {
			t.Fatalf("started again: %+v", i)
		}
		whole(t, h, rows)
	})
}

// A row to which the database itself objects is refused alone.
func TestRowThatTheDatabaseRefusesDoesNotStopTheOthers(t *testing.T) {
	const rows = 120
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		text := store.Text("CREATE TRIGGER boom BEFORE INSERT ON contact WHEN NEW.name = 'Client 77' BEGIN SELECT RAISE(ABORT, 'boom'); END")
		if db.Engine() == store.Postgres {
			text = "ALTER TABLE contact ADD CONSTRAINT boom CHECK (name <> 'Client 77')"
		}
		if _, err := execute(db, text); err != nil {
			t.Fatal(err)
		}
		m := desk(t, h)
		i := upload(t, m, crmtest.Owner, "long.csv", longFile(rows), nil)
		if i = run(t, m, crmtest.Owner, i.ID); i.State != exchange.Done || i.Created != rows-1 || i.Refused != 1 || clients(t, h) != rows-1 {
			t.Fatalf("%+v", i)
		}
		if out := refusedRows(t, m, crmtest.Owner, i.ID); !strings.Contains(out, "Client 77") || !strings.Contains(out, "could not be saved") {
			t.Errorf("the file of refused rows says:\n%s", out)
		}
		undo(t, m, crmtest.Owner, i.ID)
		if n := clients(t, h); n != 0 {
			t.Errorf("undone it leaves %d clients", n)
		}
	})
}

func TestRightsTakenInTheMiddleEndAtThatRow(t *testing.T) {
	const rows = 120
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		importer(h, crmtest.Ana, "specialist")
		m := desk(t, h, atSlice(2, func() {
			h.Give(crmtest.Ana, "specialist", func(in *policy.StandingInput) {
				in.Differences = []policy.Difference{{Aspect: policy.AbilityAspect, Ability: policy.RunImport}, {Aspect: policy.GradeAspect, Kind: "contact", Action: policy.Create, Grade: policy.Denied}}
			})
		}))
		i := upload(t, m, crmtest.Ana, "long.csv", longFile(rows), nil)
		if i = run(t, m, crmtest.Ana, i.ID); i.State != exchange.Done || i.Created != 50 || i.Refused != 70 || clients(t, h) != 50 {
			t.Fatalf("%+v", i)
		}
		if out := refusedRows(t, m, crmtest.Ana, i.ID); strings.Count(out, "role") < 70 {
			t.Errorf("the reason is not told in each row:\n%s", out)
		}
	})
}

func TestImportOfSomebodyWhoMayNoLongerImportStopsAndSaysWhy(t *testing.T) {
	const rows = 120
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		for what, take := range map[string]func(h *crmtest.House){
			"stripped of the right": func(h *crmtest.House) { h.Give(crmtest.Ana, "specialist") },
			"deactivated":           func(h *crmtest.House) { h.Held[crmtest.Ana] = policy.NewStanding(policy.StandingInput{}) },
		} {
			importer(h, crmtest.Ana, "specialist")
			m := desk(t, h, atSlice(2, func() { take(h) }))
			i := upload(t, m, crmtest.Ana, what+".csv", longFile(rows), nil)
			if err := m.Start(t.Context(), crmtest.As(crmtest.Ana), i.ID); err != nil {
				t.Fatal(err)
			}
			// The owner sees it, with the reason, and can take it back.
			if i = ended(t, m, crmtest.Owner, i.ID); i.State != exchange.Failed || i.Created != 50 || clients(t, h) != 50 || i.Problem == "" {
				t.Fatalf("%s: %+v", what, i)
			}
			if i = undo(t, m, crmtest.Owner, i.ID); i.State != exchange.Undone || clients(t, h) != 0 {
				t.Errorf("%s: the owner's undoing leaves %s (%s), %d clients", what, i.State, i.Problem, clients(t, h))
			}
		}
	})
}

func TestUndoingThatWasInterruptedGoesOnAndCountsRight(t *testing.T) {
	const rows = 120
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		i := upload(t, m, crmtest.Owner, "long.csv", longFile(rows), nil)
		i = run(t, m, crmtest.Owner, i.ID)
		all := shown(t, h, "contact")
		if err := h.Book.Update(t.Context(), crmtest.As(crmtest.Owner), "contact", all["Client 3"]["id"].(schema.RecordID), 0, records.Values{"city": "Łódź"}); err != nil {
			t.Fatal(err)
		}
		// As a house does that dies while it undoes: part of it is done.
		var operation int64
		if err := db.QueryRow(t.Context(), store.Text("SELECT operation FROM import WHERE id = ?"), i.ID).Scan(&operation); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		watch := &cutter{House: h, at: 2, cut: cancel}
		book := records.Open(records.Options{DB: db, Scribe: h.Scribe, Rights: watch, Vault: h.Vault, Catalog: h.Workspace.Catalog, Region: h.Workspace.Region, Prepare: h.Workspace.Prepare(), Settle: h.Workspace.Settle()})
		if _, err := book.Undo(ctx, crmtest.As(crmtest.Owner), operation); !errors.Is(err, context.Canceled) {
			t.Fatalf("the undoing was not interrupted: %v", err)
		}
		if n := clients(t, h); n == rows || n <= 1 {
			t.Fatalf("%d clients are left of an undoing in the middle", n)
		}
		i = undo(t, m, crmtest.Owner, i.ID)
		if i.State != exchange.Undone || !strings.HasPrefix(i.Problem, "1 records were left") || clients(t, h) != 1 {
			t.Errorf("%s: %q, %d clients", i.State, i.Problem, clients(t, h))
		}
	})
}

// Whoever may not delete cannot take back what they brought in, and is told so;
// whoever may, can.
func TestUndoingNeedsTheRightsForIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		importer(h, crmtest.Ana, "specialist")
		m := desk(t, h)
		i := run(t, m, crmtest.Ana, upload(t, m, crmtest.Ana, "long.csv", []byte("Name;Phone\nAnna;+48512000001\nEwa;+48512000002\n"), nil).ID)
		if i = undo(t, m, crmtest.Ana, i.ID); i.State != exchange.Done || !strings.HasPrefix(i.Problem, "2 records were left") || clients(t, h) != 2 {
			t.Errorf("%s: %q, %d clients", i.State, i.Problem, clients(t, h))
		}
		// A fault in the middle leaves it half undone, and it cannot be started again.
		broken := true
		stuck := desk(t, h, func(o *exchange.Options) {
			o.Book = records.Open(records.Options{DB: db, Scribe: h.Scribe, Rights: failing{h, &broken}, Vault: h.Vault, Catalog: h.Workspace.Catalog, Region: h.Workspace.Region, Prepare: h.Workspace.Prepare(), Settle: h.Workspace.Settle()})
		})
		if i = undo(t, stuck, crmtest.Owner, i.ID); i.State != exchange.Undone || i.Problem == "" || clients(t, h) != 2 {
			t.Errorf("%s: %q, %d clients", i.State, i.Problem, clients(t, h))
		}
		if err := m.Start(t.Context(), crmtest.As(crmtest.Ana), i.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("what is half undone is started again: %v", err)
		}
		broken = false
		if i = undo(t, stuck, crmtest.Owner, i.ID); i.State != exchange.Undone || i.Problem != "" || clients(t, h) != 0 {
			t.Errorf("%s: %q, %d clients", i.State, i.Problem, clients(t, h))
		}
	})
}

// failing does not know anybody's rights while it is broken.
type failing struct {
	*crmtest.House
	broken *bool
}

func (f failing) Standing(ctx context.Context, who actor.Actor) (*policy.Standing, error) {
	if *f.broken {
		return nil, errors.New("the rights cannot be read")
	}
	return f.House.Standing(ctx, who)
}

// cutter ends a context when rights are asked for the second time.
type cutter struct {
	*crmtest.House
	at, n int
	cut   func()
}

func (c *cutter) Standing(ctx context.Context, who actor.Actor) (*policy.Standing, error) {
	if c.n++; c.n > c.at {
		c.cut()
	}
	return c.House.Standing(ctx, who)
}

func TestAttack22AnothersImportIsAsIfItWereNot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		importer(h, crmtest.Ana, "specialist")
		importer(h, crmtest.Ben, "specialist")
		m := desk(t, h)
		i := upload(t, m, crmtest.Ana, "c.csv", longFile(3), nil)
		ctx := t.Context()
		for p, doors := range map[actor.PersonID][]string{crmtest.Ben: {"status", "adjust", "preview", "start", "undo", "refused"}, crmtest.Owner: {"adjust", "preview", "start", "refused"}} {
			who := crmtest.As(p)
			for _, id := range []int64{i.ID, 12345} {
				for door, do := range map[string]func() error{
					"status":  func() error { _, err := m.Status(ctx, who, id); return err },
					"adjust":  func() error { _, err := m.Adjust(ctx, who, id, i.Settings); return err },
					"preview": func() error { _, err := m.Preview(ctx, who, id); return err },
					"start":   func() error { return m.Start(ctx, who, id) },
					"undo":    func() error { return m.Undo(ctx, who, id) },
					"refused": func() error { return m.Refused(ctx, who, id, &strings.Builder{}) },
				} {
					if slices.Contains(doors, door) {
						if err := do(); !fault.Is(err, fault.Missing) {
							t.Errorf("person %d: %s of import %d: %v", p, door, id, err)
						}
					}
				}
			}
		}
		if i, err := m.Status(ctx, crmtest.As(crmtest.Owner), i.ID); err != nil || i.Settings.Guess.Columns[0].Samples != nil {
			t.Errorf("whoever may read the log sees what is in another's file: %v %v", err, i)
		}
		all, err := m.List(ctx, crmtest.As(crmtest.Ben))
		if err != nil || len(all) != 0 {
			t.Errorf("Ben lists %d imports, %v", len(all), err)
		}
		if i, err = m.Status(ctx, crmtest.As(crmtest.Ana), i.ID); err != nil || i.State != exchange.Ready || clients(t, h) != 0 {
			t.Errorf("something was done to it: %+v, %v", i, err)
		}
		key := crmtest.As(crmtest.Owner)
		key.Kind = actor.Program
		if _, err := m.Upload(ctx, key, "c.csv", strings.NewReader("Name\nAnna\n")); !fault.Is(err, fault.Denied) {
			t.Errorf("a program key brings a file: %v", err)
		}
	})
}
