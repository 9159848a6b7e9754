package records_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/crm/crmtest"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/policy/policytest"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/value"
)

var (
	agreeCases = flag.Int("agree", 50_000, "random cases on each database in which every question must give one answer")
	agreeSeed  = flag.Uint64("agree-seed", 20261122, "where random cases begin")
)

// placed is a record of the world as it lies in the database.
type placed struct {
	policytest.Record
	word   string // a word of its title that no other record has
	number string // its own phone
	city   string
	note   string // with a phone number typed into it
}

// settle puts records of a world into the database, as the house would.
func settle(t *testing.T, h *crmtest.House, w *policytest.World, n int) []placed {
	t.Helper()
	ctx := context.Background()
	var all []placed
	err := h.DB.Write(ctx, func(tx *store.Tx) error {
		all = all[:0]
		for i := range n {
			p := placed{Record: w.Record(tx.NewID()), word: fmt.Sprintf("zyx%s", letters(i)), number: fmt.Sprintf("+4850055%04d", 1000+i), city: []string{"Kraków", "Łódź", ""}[i%3]}
			if p.Date.IsZero() {
				p.Date = w.Now.Add(-time.Duration(w.Chance.IntN(100)) * time.Hour)
			}
			p.note = "call " + p.number + " first"
			cells := make([]store.Cell, len(w.Kind.Fields))
			for i, f := range w.Kind.Fields {
				c := store.Cell{Field: f}
				switch f.Name {
				case w.Kind.Title:
					c.Column, c.Key = p.word+" person", value.TextKey(p.word+" person")
				case w.Kind.Responsible:
					if p.Responsible != 0 {
						c.Column = int64(p.Responsible)
					}
				case w.Kind.Pipeline:
					c.Column = int64(p.Pipeline)
				case w.Kind.Stage:
					c.Column = int64(p.Stage)
				case "phones":
					c.Column, c.Multi = `[{"number":"`+p.number+`"}]`, []string{p.number}
				case "city":
					if p.city != "" {
						c.Column, c.Key = p.city, value.TextKey(p.city)
					}
				case "channel":
					c.Column = "chat"
				case "note":
					masked, _ := value.MaskContacts(p.note)
					c.Column, c.Masked = p.note, masked
				case "created_at", "updated_at":
					c.Column = p.Date.UnixMicro()
				}
				cells[i] = c
			}
			for _, principal := range p.Principals() {
				level := policy.ShareEdit
				for _, s := range p.Shares {
					if schema.SharePrincipal(int64(s.Person)) == principal {
						level = s.Level
					}
				}
				if principal.Role() == schema.ByResponsibility {
					continue
				}
				if _, err := tx.Exec(ctx, store.Text("INSERT INTO share (kind, record, principal, level, made_by, made_at) VALUES (?, ?, ?, ?, 0, 0)"), int64(w.Kind.Number), int64(p.ID), int64(principal), int64(level)); err != nil {
					return err
				}
			}
			place := &store.Place{Principals: p.Principals(), Updated: p.Date.UnixMicro(), Name: value.TextKey(p.word + " person"), Mark: store.MarkOf(w.Kind, cells)}
			if err := tx.InsertRecord(ctx, policy.Whole(w.Kind, policy.ForMigration), p.ID, cells, place); err != nil {
				return err
			}
			var digits []string
			if w.Kind.Field("phones") != nil {
				digits = []string{value.PhoneDigits(p.number)}
			}
			if err := tx.PutSearch(ctx, w.Kind, p.ID, []string{p.word, "person"}, digits); err != nil {
				return err
			}
			all = append(all, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// letters makes a word of a number, so that no word is the beginning of another.
func letters(n int) string {
	return string([]byte{byte('a' + n/26%26), byte('a' + n%26), 'q'})
}

// sorted orders ids.
func sorted(ids []schema.RecordID) []schema.RecordID {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return ids
}

// pages lists everything, page by page.
func pages(t *testing.T, h *crmtest.House, who actor.Actor, kind string, q records.Query) ([]records.Row, []*schema.Field, error) {
	t.Helper()
	var rows []records.Row
	for {
		p, err := h.Book.List(context.Background(), who, kind, policy.List, q)
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, p.Rows...)
		if p.Next == "" {
			return rows, p.Fields, nil
		}
		q.Cursor = p.Next
	}
}

func idsOf(rows []records.Row) []schema.RecordID {
	var ids []schema.RecordID
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return sorted(ids)
}

// TestEveryQuestionGivesTheAnswerOfThePromise asks of random people and records
// in every way in which the house can be asked: list, count, search, filter,
// order, export, one record, who can see it. All must agree with a naive reading
// of the promise.
func TestEveryQuestionGivesTheAnswerOfThePromise(t *testing.T) {
	now := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			db := storetest.Open(t, engine, func() time.Time { return now })
			h := crmtest.Open(t, db)
			chance := rand.New(rand.NewPCG(*agreeSeed, uint64(engine)))
			var tally struct{ allowed, refused, found, filtered, guarded int }
			cases := 0
			var worlds []*policytest.World
			var all [][]placed
			for _, name := range []string{"contact", "deal", "message"} {
				w := policytest.NewWorld(chance, h.Workspace.Catalog().Kind(name))
				w.Now = now
				worlds, all = append(worlds, w), append(all, settle(t, h, w, 60))
			}
			for round := 0; cases < *agreeCases; round++ {
				w, recs := worlds[round%len(worlds)], all[round%len(worlds)]
				var everyone []*policy.Standing
				ins := map[actor.PersonID]policy.StandingInput{}
				for _, p := range w.People {
					ins[p] = w.Standing(p)
					ins[p] = with(w, ins[p], policy.FindExact, policy.Explain)
					h.Held[p] = policy.NewStanding(ins[p])
					everyone = append(everyone, h.Held[p])
				}
				for _, p := range w.People {
					cases += ask(t, h, w, recs, ins[p], &tally.allowed, &tally.refused, &tally.found, &tally.filtered, &tally.guarded)
				}
				// Who can see it, asked of the policy with the facts as stored.
				for _, r := range recs[:10] {
					verdicts := policy.WhoCan(w.Kind, r.Facts(w.Kind), policy.View, policy.List, everyone, now)
					for _, p := range w.People {
						want := policytest.Ask(policytest.Question{Who: ins[p], Kind: w.Kind, Action: policy.View, On: policy.List, Now: now, Record: r.Record}).Allowed
						got := slices.ContainsFunc(verdicts, func(v policy.PersonVerdict) bool { return v.Person == p })
						if got != want {
							t.Fatalf("seed %d round %d: who can see %d names person %d: %v, promise %v", *agreeSeed, round, r.ID, p, got, want)
						}
					}
				}
			}
			t.Logf("%d cases: %+v", cases, tally)
			if tally.allowed < cases/20 || tally.refused < cases/20 || tally.found == 0 || tally.filtered == 0 || tally.guarded == 0 {
				t.Fatalf("the cases are lopsided: %+v of %d", tally, cases)
			}
		})
	}
}

// with gives the person abilities, and sights of whole classes, beyond what
// chance gave: otherwise names and phones are seldom plain at all.
func with(w *policytest.World, in policy.StandingInput, all ...policy.Ability) policy.StandingInput {
	if in.Role == nil {
		return in
	}
	role := in.Role.Clone()
	if role.Abilities == nil {
		role.Abilities = map[policy.Ability]bool{}
	}
	for _, a := range all {
		role.Abilities[a] = true
	}
	for _, class := range schema.Classes() {
		if w.Chance.IntN(3) == 0 {
			continue
		}
		rule := policy.SightRule{Class: class, Own: policy.Plain, Group: policy.Sight(w.Chance.IntN(4)), All: policy.Sight(w.Chance.IntN(4))}
		if w.Chance.IntN(2) == 0 {
			rule.Group = policy.Plain
		}
		role.Sights = append(role.Sights, rule)
	}
	in.Role = &role
	return in
}

// ask asks one person everything about the records and gives the number of cases.
func ask(t *testing.T, h *crmtest.House, w *policytest.World, recs []placed, in policy.StandingInput, allowed, refused, found, filtered, guarded *int) int {
	t.Helper()
	ctx, who, kind := context.Background(), actor.Actor{Kind: actor.Person, Person: in.Person}, w.Kind
	promise := func(a policy.Action, on policy.Surface, r placed) policytest.Answer {
		return policytest.Ask(policytest.Question{Who: in, Kind: kind, Action: a, On: on, Now: w.Now, Record: r.Record})
	}
	fail := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("seed %d, person %d, %s: %s\nrole %+v\nmemberships %+v\ndifferences %+v", *agreeSeed, in.Person, kind.Name, fmt.Sprintf(format, args...), in.Role, in.Memberships, in.Differences)
	}
	byID := map[schema.RecordID]placed{}
	want := map[schema.RecordID]policytest.Answer{}
	var visible []schema.RecordID
	for _, r := range recs {
		byID[r.ID] = r
		a := promise(policy.View, policy.List, r)
		want[r.ID] = a
		if a.Allowed {
			visible = append(visible, r.ID)
			*allowed++
		} else {
			*refused++
		}
	}
	visible = sorted(visible)

	rows, fields, err := pages(t, h, who, kind.Name, records.Query{Limit: 23})
	if err != nil {
		fail("list: %v", err)
	}
	if got := idsOf(rows); !slices.Equal(got, visible) {
		fail("lists %v, promise %v", got, visible)
	}
	for _, row := range rows {
		a := want[row.ID]
		for i, f := range fields {
			if row.Sights[i] != a.Sights[f.Name] {
				fail("list shows %s of %d as %s, promise %s", f.Name, row.ID, row.Sights[i], a.Sights[f.Name])
			}
			if row.Sights[i] != policy.Plain && row.Values[i] != nil {
				fail("list holds a value of %s of %d, which is %s", f.Name, row.ID, row.Sights[i])
			}
			if text, ok := row.Values[i].(string); ok && f.Free && a.Contact != policy.Plain && strings.Contains(text, byID[row.ID].number) {
				fail("list shows a number typed into %s of %d", f.Name, row.ID)
			}
			if f.Name == "note" && row.Sights[i] == policy.Plain && a.Contact == policy.Plain && row.Values[i] != byID[row.ID].note {
				fail("list hides a note of %d that is plain", row.ID)
			}
		}
		for _, f := range kind.Fields {
			if !slices.Contains(fields, f) && a.Sights[f.Name] != policy.Hidden {
				fail("list leaves out %s, which is %s on %d", f.Name, a.Sights[f.Name], row.ID)
			}
		}
	}
	count, err := h.Book.CountOf(ctx, who, kind.Name, policy.List, records.Query{Count: records.Exact})
	if err != nil || count.N != len(visible) || count.Capped {
		fail("counts %+v, %v; promise %d", count, err, len(visible))
	}

	// Order by name: refused unless every record shows it.
	byName, _, err := pages(t, h, who, kind.Name, records.Query{Sort: kind.Title, Limit: 17})
	everywhere := !slices.ContainsFunc(visible, func(id schema.RecordID) bool { return want[id].Sights[kind.Title] != policy.Plain })
	switch {
	case err == nil && (!everywhere || !slices.Equal(idsOf(byName), visible)):
		fail("by name it lists %v, promise %v (name plain everywhere: %v)", idsOf(byName), visible, everywhere)
	case err != nil && !fault.Is(err, fault.Denied):
		fail("by name: %v", err)
	}

	// A filter counts only on records on which its field is plain.
	for _, probe := range []struct {
		field, filter string
		holds         func(placed) bool
	}{
		{"city", `city = "kraków"`, func(r placed) bool { return r.city == "Kraków" }},
		{"city", `not city = "kraków"`, func(r placed) bool { return r.city != "Kraków" && r.city != "" }},
		{"phones", fmt.Sprintf(`phones has "%s"`, recs[3].number), func(r placed) bool { return r.number == recs[3].number }},
		{"phones", `phones is empty`, func(placed) bool { return false }},
		{"responsible", fmt.Sprintf(`responsible = "%s"`, h.Vault.Public("person", 2)), func(r placed) bool { return r.Responsible == 2 }},
	} {
		f := kind.Field(probe.field)
		if f == nil {
			continue
		}
		var expect []schema.RecordID
		anywhere, some := false, false
		for _, r := range recs {
			if want[r.ID].Allowed {
				plain := want[r.ID].Sights[f.Name] == policy.Plain
				anywhere, some = anywhere || plain, some || !plain
				if plain && probe.holds(r) {
					expect = append(expect, r.ID)
				}
			}
		}
		got, _, err := pages(t, h, who, kind.Name, records.Query{Filter: probe.filter})
		if fault.Is(err, fault.Denied) {
			if anywhere {
				fail("may not filter by %s, which is plain on some record", f.Name)
			}
			continue
		}
		if err != nil {
			fail("filter %s: %v", probe.filter, err)
		}
		*filtered++
		if some && anywhere {
			*guarded++
		}
		if !slices.Equal(idsOf(got), sorted(expect)) {
			fail("filter %s finds %v, promise %v", probe.filter, idsOf(got), sorted(expect))
		}
		n, err := h.Book.CountOf(ctx, who, kind.Name, policy.List, records.Query{Filter: probe.filter, Count: records.Exact})
		if err != nil || n.N != len(expect) {
			fail("filter %s counts %+v, %v; promise %d", probe.filter, n, err, len(expect))
		}
	}

	// A search finds only by what is plain.
	for _, r := range []placed{recs[1], recs[7], recs[20]} {
		title := want[r.ID].Allowed && want[r.ID].Sights[kind.Title] == policy.Plain
		got, _, err := pages(t, h, who, kind.Name, records.Query{Search: r.word})
		if err != nil || slices.Contains(idsOf(got), r.ID) != title || len(got) > 1 {
			fail("search for a word of %d finds %v, %v; promise %v", r.ID, idsOf(got), err, title)
		}
		if len(got) > 0 {
			*found++
		}
		if kind.Field("phones") == nil {
			continue
		}
		phone := want[r.ID].Allowed && want[r.ID].Sights["phones"] == policy.Plain
		got, _, err = pages(t, h, who, kind.Name, records.Query{Search: r.number[5:]})
		if err != nil || slices.Contains(idsOf(got), r.ID) != phone || len(got) > 1 {
			fail("search for digits of %d finds %v, %v; promise %v", r.ID, idsOf(got), err, phone)
		}
		page, err := h.Book.Find(ctx, who, kind.Name, "phones", r.number, policy.List)
		if err == nil && slices.Contains(idsOf(page.Rows), r.ID) != want[r.ID].Allowed {
			fail("finds %v by the full number of %d, promise %v", idsOf(page.Rows), r.ID, want[r.ID].Allowed)
		}
	}

	// Export.
	var files, expect []schema.RecordID
	err = h.Book.Export(ctx, who, kind.Name, records.Query{}, func(p *records.Page) error {
		files = append(files, idsOf(p.Rows)...)
		for _, row := range p.Rows {
			a := promise(policy.Export, policy.ExportFile, byID[row.ID])
			for i, f := range p.Fields {
				if row.Sights[i] != a.Sights[f.Name] || row.Sights[i] != policy.Plain && row.Values[i] != nil {
					return fmt.Errorf("export shows %s of %d as %s, promise %s", f.Name, row.ID, row.Sights[i], a.Sights[f.Name])
				}
			}
		}
		return nil
	})
	for _, r := range recs {
		if promise(policy.Export, policy.ExportFile, r).Allowed {
			expect = append(expect, r.ID)
		}
	}
	if err != nil && (len(expect) > 0 || !fault.Is(err, fault.Denied)) {
		fail("export: %v; promise %v", err, expect)
	}
	if !slices.Equal(sorted(files), sorted(expect)) {
		fail("exports %v, promise %v", sorted(files), sorted(expect))
	}

	// One record, and what may be done with it.
	for range 8 {
		r := recs[w.Chance.IntN(len(recs))]
		a := promise(policy.View, policy.Card, r)
		got, err := h.Book.Read(ctx, who, kind.Name, r.ID, policy.Card)
		switch {
		case a.Allowed && err != nil, !a.Allowed && !fault.Is(err, fault.Missing):
			fail("reads %d: %v, promise %v", r.ID, err, a.Allowed)
		case a.Allowed:
			for i, f := range got.Fields {
				if got.Rows[0].Sights[i] != a.Sights[f.Name] {
					fail("card shows %s of %d as %s, promise %s", f.Name, r.ID, got.Rows[0].Sights[i], a.Sights[f.Name])
				}
			}
			if got.May.Edit != promise(policy.Edit, policy.Card, r).Allowed || got.May.Delete != promise(policy.Delete, policy.Card, r).Allowed {
				fail("card of %d offers %+v", r.ID, got.May)
			}
		}
	}
	return 3*len(recs) + 8
}
