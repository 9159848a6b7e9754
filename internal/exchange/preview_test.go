package exchange_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"castellan/internal/actor"
	"castellan/internal/crm/crmtest"
	"castellan/internal/exchange"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

var (
	foretellFiles = flag.Int("foretell", 12, "random files on each database, mode and role that must come as foretold")
	foretellSeed  = flag.Uint64("foretell-seed", 20261122, "where random files begin")
)

// importer gives a person a ready role that may import, and more.
func importer(h *crmtest.House, p actor.PersonID, role string, more ...policy.Ability) {
	h.Give(p, role, func(in *policy.StandingInput) {
		for _, a := range append([]policy.Ability{policy.RunImport}, more...) {
			in.Differences = append(in.Differences, policy.Difference{Aspect: policy.AbilityAspect, Ability: a})
		}
	})
}

// randomFile is a file of clients who meet each other in every way: by phone, by
// mail address, by id, in chains, in whole lines; with values that are none.
func randomFile(chance *rand.Rand, rows int) []byte {
	pick := func(all ...string) string { return all[chance.IntN(len(all))] }
	var b strings.Builder
	b.WriteString("ID;Name;Phone;Phone 2;Email;Company;Responsible;Birthday;City;Tags;Note\n")
	var last string
	for range rows {
		if last != "" && chance.IntN(12) == 0 {
			b.WriteString(last)
			continue
		}
		phone := func() string {
			return pick("", "", fmt.Sprintf("+48 512 000 %03d", chance.IntN(25)), fmt.Sprintf("512000%03d", chance.IntN(25)), "7.9E+10", "12")
		}
		last = strings.Join([]string{
			pick("", "", fmt.Sprint(chance.IntN(20))),
			pick("", "Anna Nowak", "Jan Kowalski", "Ewa Lis", fmt.Sprintf("Client %d", chance.IntN(9))),
			phone(), phone(),
			pick("", "", fmt.Sprintf("client%d@example.com", chance.IntN(20)), "nobody"),
			pick("", "", "Aurora", "aurora", "Ember", "Forno"),
			pick("", "", "Ana", "Ben", "Nobody Here"),
			pick("", "16.07.1986", "31.02.1990", "00.00.0000"),
			pick("", "Kraków", "Łódź"),
			pick("", "vip", "vip,new", "call +48 512 000 001"),
			pick("", "likes tea", "likes coffee"),
		}, ";") + "\n"
		b.WriteString(last)
	}
	return []byte(b.String())
}

func TestPreviewForetellsWhatHappens(t *testing.T) {
	roles := map[string]func(*crmtest.House) actor.PersonID{
		"owner":      func(*crmtest.House) actor.PersonID { return crmtest.Owner },
		"specialist": func(h *crmtest.House) actor.PersonID { importer(h, crmtest.Ana, "specialist"); return crmtest.Ana },
		"specialist who assigns": func(h *crmtest.House) actor.PersonID {
			importer(h, crmtest.Ana, "specialist", policy.AssignRecords)
			return crmtest.Ana
		},
		"call centre, no companies": func(h *crmtest.House) actor.PersonID {
			importer(h, crmtest.CallCentre, "call_centre")
			return crmtest.CallCentre
		},
		"accountant, who only looks": func(h *crmtest.House) actor.PersonID {
			importer(h, crmtest.Accountant, "accountant")
			return crmtest.Accountant
		},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		chance := rand.New(rand.NewPCG(*foretellSeed, 1))
		for i := range 12 {
			h.Create([]actor.PersonID{crmtest.Owner, crmtest.Ana, crmtest.Ben}[i%3], "contact", records.Values{"name": fmt.Sprintf("Held %d", i),
				"phones": []any{fmt.Sprintf("+48512000%03d", 2*i)}, "emails": []any{fmt.Sprintf("client%d@example.com", i)}})
		}
		seen := map[string]int{}
		for name, role := range roles {
			p := role(h)
			for _, mode := range []string{exchange.Skip, exchange.Fill, exchange.Update} {
				for n := range *foretellFiles / 4 {
					content := randomFile(chance, 30+chance.IntN(100))
					i := upload(t, m, p, fmt.Sprintf("%s %s %d.csv", name, mode, n), content, func(s *exchange.Settings) { s.Duplicates = mode })
					_, i = foretold(t, m, p, i)
					seen["new"] += i.Created
					seen["changed"] += i.Updated
					seen["skipped"] += i.Skipped
					seen["refused"] += i.Refused
					// The same file again makes nobody and changes nobody.
					again := upload(t, m, p, i.Name+" again", content, func(s *exchange.Settings) { s.Duplicates = exchange.Skip })
					if _, again = foretold(t, m, p, again); again.Created+again.Updated != 0 {
						t.Errorf("%s brought again makes %d clients and changes %d", i.Name, again.Created, again.Updated)
					}
					if t.Failed() {
						t.Logf("the file:\n%s", content)
						t.FailNow()
					}
					if n%2 == 0 && p == crmtest.Owner {
						undo(t, m, p, i.ID)
					}
				}
			}
		}
		for _, what := range []string{"new", "changed", "skipped", "refused"} {
			if seen[what] < 20 {
				t.Errorf("only %d rows were %s: the files try too little", seen[what], what)
			}
		}
	})
}

func TestPreviewWritesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		i := upload(t, m, crmtest.Owner, "c.csv", []byte("Name;Phone;Company\nAnna;+48512000001;Aurora\nAnna;+48512000001;Aurora\n"), nil)
		p, err := m.Preview(t.Context(), crmtest.As(crmtest.Owner), i.ID)
		if err != nil || p.Create != 1 || p.Skipped != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		if clients(t, h) != 0 || len(shown(t, h, "company")) != 0 {
			t.Error("a preview has written records")
		}
		for _, table := range []string{"access", "multi", "history", "operation", "import_line", "import_refused"} {
			var n int64
			if err := db.QueryRow(t.Context(), store.Text("SELECT count(*) FROM "+table)).Scan(&n); err != nil || n != 0 {
				t.Errorf("a preview has written %d rows into %s (%v)", n, table, err)
			}
		}
	})
}

func TestChainOfDuplicatesIsOneClient(t *testing.T) {
	file := []byte("Name;Phone;Email\nAnna;+48512000001;\nAnna;+48512000001;anna@example.com\nAnna;;anna@example.com\nAnna;+48512000001;\n")
	want := map[string][4]int{exchange.Skip: {2, 0, 2, 0}, exchange.Fill: {1, 1, 2, 0}, exchange.Update: {1, 1, 2, 0}}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		for _, mode := range []string{exchange.Skip, exchange.Fill, exchange.Update} {
			i := bring(t, h, m, mode+".csv", file, func(s *exchange.Settings) { s.Duplicates = mode })
			if got := [4]int{i.Created, i.Updated, i.Skipped, i.Refused}; got != want[mode] {
				t.Errorf("%s: %v, want %v", mode, got, want[mode])
			}
			undo(t, m, crmtest.Owner, i.ID)
		}
	})
}

func TestNothingIsInventedOfWhatCannotBeRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		m := desk(t, h)
		bring(t, h, m, "c.csv", []byte("Name;Phone;Birthday;Email\nAnna;7.9E+10;32.13.1986;nobody\nEwa;+48512000002;00.00.0000;\n;+48512000003;;\n"), nil)
		for name, c := range shown(t, h, "contact", "phones", "birthday", "emails") {
			if c["birthday"] != nil || name == "Anna" && (c["phones"] != nil || c["emails"] != nil) {
				t.Errorf("%s got %v", name, c)
			}
			if !slices.Contains([]string{"Anna", "Ewa", "No name"}, name) {
				t.Errorf("somebody is called %q", name)
			}
		}
	})
}
