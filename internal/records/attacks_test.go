package records_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/crm"
	"castellan/internal/crm/crmtest"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// The attacks are holes that were found in other CRMs. Ana and Ben are
// specialists: each sees the own clients, phones masked in lists and opened on
// the card by a click. The client is Ben's.

const secret = "+48500555099"

// scene is a house with Ben's client, whom Ana may not know of.
func scene(t *testing.T, attack func(t *testing.T, h *crmtest.House, bens schema.RecordID)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		bens := h.Create(crmtest.Ben, "contact", records.Values{"name": "Celina Wrona", "phones": []any{secret}, "emails": []any{"celina@example.com"}, "city": "Gdynia"})
		attack(t, h, bens)
	})
}

// unchanged demands that the whole base is as it was.
func unchanged(t *testing.T, h *crmtest.House, during func()) {
	t.Helper()
	before := dump(t, h)
	during()
	if after := dump(t, h); before != after {
		t.Errorf("the base has changed:\n%s\nwas\n%s", after, before)
	}
}

func dump(t *testing.T, h *crmtest.House) string {
	t.Helper()
	var b strings.Builder
	for _, table := range []string{"contact", "company", "deal", "task", "comment", "share", "multi", "access", "access_name", "history", "operation", "operation_item"} {
		rows, err := h.DB.Query(context.Background(), store.Text("SELECT * FROM "+table))
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for rows.Next() {
			lines = append(lines, fmt.Sprint(rows.Values()...))
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(lines)
		fmt.Fprintln(&b, table, lines)
	}
	return b.String()
}

func TestAttack1FilterOnMaskedFieldIsRefused(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, _ schema.RecordID) {
		own := h.Create(crmtest.Ana, "contact", client("Ola Nowak", "+48500555001"))
		for _, filter := range []string{`phones has "+48500555001"`, `not phones has "+48500555001"`, `phones is empty`, `not phones is empty`, `emails starts "ola"`, `city = "x" or phones has "+48500555001"`} {
			_, err := h.Book.List(context.Background(), crmtest.As(crmtest.Ana), "contact", policy.List, records.Query{Filter: filter})
			refuses(t, err, fault.Denied, "Ana lists by "+filter)
			_, err = h.Book.CountOf(context.Background(), crmtest.As(crmtest.Ana), "contact", policy.List, records.Query{Filter: filter})
			refuses(t, err, fault.Denied, "Ana counts by "+filter)
		}
		if got := h.List(crmtest.Owner, "contact", records.Query{Filter: `phones has "+48500555001"`}); !slices.Equal(got, []schema.RecordID{own}) {
			t.Errorf("the owner, who sees phones, finds %v", got)
		}
	})
}

func TestAttack2SortByMaskedFieldIsRefusedAndCursorsTellNothing(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, _ schema.RecordID) {
		ctx := context.Background()
		for i := range 3 {
			h.Create(crmtest.Ana, "contact", client(fmt.Sprintf("Wieczysława%d Nowakowska", i), fmt.Sprintf("+4850055500%d", i)))
		}
		for _, sort := range []string{"phones", "-phones", "emails", "note", "address"} {
			if _, err := h.Book.List(ctx, crmtest.As(crmtest.Ana), "contact", policy.List, records.Query{Sort: sort}); !fault.Is(err, fault.Denied) && !fault.Is(err, fault.Invalid) {
				t.Errorf("Ana sorts by %s: %v", sort, err)
			}
		}
		p, err := h.Book.List(ctx, crmtest.As(crmtest.Ana), "contact", policy.List, records.Query{Sort: "name", Limit: 1})
		if err != nil || p.Next == "" {
			t.Fatal(err)
		}
		// The name is long, so that chance does not write it into what is sealed.
		open, err := base64.RawURLEncoding.DecodeString(p.Next)
		if told := p.Next + string(open); err != nil || strings.Contains(strings.ToLower(told), "nowakowska") {
			t.Errorf("the cursor tells the name: %s, %v", p.Next, err)
		}
		_, err = h.Book.List(ctx, crmtest.As(crmtest.Ana), "contact", policy.List, records.Query{Sort: "-name", Limit: 1, Cursor: p.Next})
		refuses(t, err, fault.Invalid, "a cursor of another order")
		middle, other := len(p.Next)/2, "A"
		if p.Next[middle] == 'A' {
			other = "B"
		}
		forged := p.Next[:middle] + other + p.Next[middle+1:]
		_, err = h.Book.List(ctx, crmtest.As(crmtest.Ana), "contact", policy.List, records.Query{Sort: "name", Limit: 1, Cursor: forged})
		refuses(t, err, fault.Invalid, "a forged cursor")
	})
}

func TestAttack3SearchDoesNotLookIntoUnreadableFields(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		own := h.Create(crmtest.Ana, "contact", records.Values{"name": "Ola 500555001", "phones": []any{"+48500555001"}, "emails": []any{"ola@example.com"}, "note": "sister of +48 500 555 777"})
		for _, words := range []string{"500555001", "555001", "ola@example.com", "ola@", "555777", secret[3:]} {
			if got := h.List(crmtest.Ana, "contact", records.Query{Search: words}); got != nil {
				t.Errorf("Ana, who sees no phones in lists, finds %v by %q", got, words)
			}
		}
		if got := h.List(crmtest.Ana, "contact", records.Query{Search: "ola"}); !slices.Equal(got, []schema.RecordID{own}) {
			t.Errorf("Ana finds %v by name", got)
		}
		if got := h.List(crmtest.Ana, "contact", records.Query{Search: "celina"}); got != nil {
			t.Errorf("Ana finds Ben's client: %v", got)
		}
		if got := h.List(crmtest.Owner, "contact", records.Query{Search: secret[5:]}); !slices.Equal(got, []schema.RecordID{bens}) {
			t.Errorf("the owner finds %v by digits", got)
		}
	})
}

func TestAttack5And18MaskedFieldsStayMaskedWhateverIsAskedFor(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, _ schema.RecordID) {
		h.Create(crmtest.Ana, "contact", records.Values{"name": "Ola Nowak", "phones": []any{"+48500555001"}, "emails": []any{"ola@example.com"}, "address": "Prosta 1", "note": "or +48 500 555 002"})
		for _, fields := range [][]string{nil, {"phones"}, {"emails", "phones"}, {"phones", "emails", "address"}, {"name", "phones", "note", "emails"}, {"note"}} {
			p, err := h.Book.List(context.Background(), crmtest.As(crmtest.Ana), "contact", policy.List, records.Query{Fields: fields})
			if err != nil || len(p.Rows) != 1 {
				t.Fatalf("%v: %v", fields, err)
			}
			if shown := fmt.Sprint(p.Rows[0].Values...); strings.Contains(shown, "500555") || strings.Contains(shown, "500 555") || strings.Contains(shown, "example.com") || strings.Contains(shown, "Prosta") {
				t.Errorf("asked for %v, Ana is shown %s", fields, shown)
			}
		}
		_, err := h.Book.List(context.Background(), crmtest.As(crmtest.Ana), "contact", policy.List, records.Query{Fields: []string{"phones as name"}})
		refuses(t, err, fault.Invalid, "an alias")
	})
}

func TestAttack4And7NothingIsAskedThroughRelationsOrSums(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		for _, filter := range []string{`contact.phones has "+48500555099"`, `company.name = "x"`, `"contact"."name" = "x"`, `max(phones) = "x"`, `phones > "+4"`} {
			_, err := h.Book.List(context.Background(), crmtest.As(crmtest.Ana), "contact", policy.List, records.Query{Filter: filter})
			if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Denied) {
				t.Errorf("%s: %v", filter, err)
			}
		}
		// A deal of Ana's that leads to Ben's client cannot be made, and one made by
		// the owner does not open the client.
		_, err := h.Book.Create(context.Background(), crmtest.As(crmtest.Ana), "deal", records.Values{"title": "Bridal", "contact": bens})
		refuses(t, err, fault.Invalid, "a deal with a client whom Ana may not know of")
		_, missing := h.Book.Create(context.Background(), crmtest.As(crmtest.Ana), "deal", records.Values{"title": "Bridal", "contact": bens + 1})
		if err == nil || missing == nil || err.Error() != missing.Error() {
			t.Errorf("a client who is not Ana's is refused as %q, one who does not exist as %q", err, missing)
		}
	})
}

func TestAttack6PrefixThroughAnExportFilterIsRefused(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, _ schema.RecordID) {
		// Somebody who may export but sees no phones in files.
		role := policy.Role{ID: 90, Name: "Analyst", Grades: map[string]map[policy.Action]policy.Grade{"contact": {policy.View: policy.All, policy.Export: policy.All}},
			Sights: []policy.SightRule{{Class: schema.Open, All: policy.Plain}, {Class: schema.Personal, All: policy.Plain}, {Class: schema.Contact, All: policy.Masked}}}
		h.Held[crmtest.Ana] = policy.NewStanding(policy.StandingInput{Person: crmtest.Ana, Role: &role})
		n := 0
		use := func(p *records.Page) error { n += len(p.Rows); return nil }
		for _, q := range []records.Query{{Filter: `phones starts "+485"`}, {Filter: `emails starts "c"`}, {Sort: "phones"}} {
			if err := h.Book.Export(context.Background(), crmtest.As(crmtest.Ana), "contact", q, use); err == nil || n != 0 {
				t.Errorf("exports with %+v: %v, %d rows", q, err, n)
			}
		}
		if err := h.Book.Export(context.Background(), crmtest.As(crmtest.Ana), "contact", records.Query{}, use); err != nil || n != 1 {
			t.Errorf("exports without: %v, %d rows", err, n)
		}
	})
}

func TestAttack8DuplicatesAndMatchesAreNoOracle(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, _ schema.RecordID) {
		if _, err := h.Book.Create(context.Background(), crmtest.As(crmtest.Ana), "contact", client("Somebody Else", secret)); err != nil {
			t.Errorf("a number that Ben's client has is told of: %v", err)
		}
		_, err := h.Book.Match(context.Background(), crmtest.As(crmtest.Ana), "contact", []records.Mark{{Field: "phones", Key: secret}})
		refuses(t, err, fault.Denied, "Ana matches without the right to import")
		_, err = h.Book.Find(context.Background(), crmtest.As(crmtest.Accountant), "contact", "phones", secret, policy.List)
		refuses(t, err, fault.Denied, "the accountant looks a number up without the right to")
	})
}

func TestAttack10And20And34AnothersRecordIsAsIfItWereNot(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx, ana := context.Background(), crmtest.As(crmtest.Ana)
		for name, do := range map[string]func(kind string, id schema.RecordID) error{
			"read": func(k string, id schema.RecordID) error {
				_, err := h.Book.Read(ctx, ana, k, id, policy.Card)
				return err
			},
			"update": func(k string, id schema.RecordID) error {
				return h.Book.Update(ctx, ana, k, id, 0, records.Values{"city": "x"})
			},
			"delete":  func(k string, id schema.RecordID) error { return h.Book.Delete(ctx, ana, k, id, 0) },
			"restore": func(k string, id schema.RecordID) error { return h.Book.Restore(ctx, ana, k, id) },
			"reveal": func(k string, id schema.RecordID) error {
				_, err := h.Book.Reveal(ctx, ana, k, id, []string{"phones"}, policy.Card)
				return err
			},
			"history": func(k string, id schema.RecordID) error { _, err := h.Book.History(ctx, ana, k, id); return err },
			"state":   func(k string, id schema.RecordID) error { _, err := h.Book.State(ctx, ana, k, id, 1); return err },
			"shares":  func(k string, id schema.RecordID) error { _, err := h.Book.Shares(ctx, ana, k, id); return err },
			"timeline": func(k string, id schema.RecordID) error {
				_, err := h.Book.Timeline(ctx, ana, k, id, time.Time{}, "")
				return err
			},
			"comment": func(_ string, id schema.RecordID) error {
				_, err := h.Book.Create(ctx, ana, "comment", records.Values{"text": "hello", "about_kind": "contact", "about": id})
				return err
			},
		} {
			unchanged(t, h, func() {
				foreign, none := do("contact", bens), do("contact", bens+999)
				if foreign == nil || none == nil || foreign.Error() != none.Error() {
					t.Errorf("%s: Ben's client gives %q, no client %q", name, foreign, none)
				}
				if name != "comment" {
					refuses(t, foreign, fault.Missing, "Ana and Ben's client: "+name)
					// The id of one kind opens nothing of another.
					refuses(t, do("company", bens), fault.Missing, "a client's id as a company's: "+name)
				}
			})
		}
	})
}

func TestAttack14WritingTheMaskBackKeepsTheRealValue(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, _ schema.RecordID) {
		ctx, ana := context.Background(), crmtest.As(crmtest.Ana)
		id := h.Create(crmtest.Ana, "contact", records.Values{"name": "Ola Nowak", "phones": []any{"+48500555001"}, "note": "or +48 500 555 002"})
		for field, mask := range map[string]any{"phones": []any{"XXXX"}, "note": "or XXXX", "name": "Ola XXXX", "emails": []any{"…@…"}} {
			unchanged(t, h, func() {
				refuses(t, h.Book.Update(ctx, ana, "contact", id, 0, records.Values{field: mask, "city": "Kielce"}), fault.Invalid, "a mask in "+field)
			})
		}
		unchanged(t, h, func() {
			refuses(t, h.Book.Update(ctx, ana, "contact", id, 0, records.Values{"phones": []any{map[string]any{"number": "XXXX", "label": "mobile"}}}), fault.Invalid, "a mask with a label")
		})
		// A number can be set without being seen.
		if err := h.Book.Update(ctx, ana, "contact", id, 0, records.Values{"phones": []any{"+48500555003"}}); err != nil {
			t.Fatal(err)
		}
		if v, s := field(h.Read(crmtest.Ana, "contact", id), "phones"); v != nil || s == policy.Plain {
			t.Errorf("Ana sees %v (%s) without asking", v, s)
		}
		open, err := h.Book.Reveal(ctx, ana, "contact", id, []string{"phones"}, policy.Card)
		if err != nil || !strings.Contains(fmt.Sprint(open), "+48500555003") {
			t.Errorf("on asking Ana gets %v, %v", open, err)
		}
	})
}

func TestAttack21ADeniedWriteLeavesNoTrace(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, _ schema.RecordID) {
		ctx, ana := context.Background(), crmtest.As(crmtest.Ana)
		own := h.Create(crmtest.Ana, "contact", client("Ola Nowak", "+48500555001"))
		unchanged(t, h, func() {
			refuses(t, h.Book.Update(ctx, ana, "contact", own, 0, records.Values{"city": "Kielce", "responsible": crmtest.Ben}), fault.Denied, "Ana gives her client away")
			refuses(t, h.Book.Update(ctx, ana, "contact", own, 0, records.Values{"city": "Kielce", "phones": []any{"nonsense"}}), fault.Invalid, "half of a change is wrong")
			refuses(t, h.Book.Delete(ctx, ana, "contact", own, 0), fault.Denied, "Ana deletes without the right to")
			refuses(t, h.Book.Update(ctx, ana, "contact", own, 0, records.Values{"created_at": "2020-01-01T00:00:00Z"}), fault.Invalid, "Ana writes what the house keeps")
			refuses(t, h.Book.Update(ctx, ana, "contact", own, 0, records.Values{"deleted_at": 1}), fault.Invalid, "Ana writes a column that is no field")
			_, err := h.Book.Create(ctx, crmtest.As(crmtest.Accountant), "contact", client("New Client", "+48500555009"))
			refuses(t, err, fault.Denied, "the accountant makes a client")
		})
	})
}

func TestAttack27AShareGivesNoMoreThanTheSharerHolds(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		people(t, h)
		own := h.Create(crmtest.Ana, "contact", client("Ola Nowak", "+48500555001"))
		unchanged(t, h, func() {
			refuses(t, h.Book.Share(ctx, crmtest.As(crmtest.Ana), "contact", bens, records.Share{Person: crmtest.Ana, Level: policy.ShareEdit}), fault.Denied, "Ana shares without the right to")
			refuses(t, h.Book.Share(ctx, crmtest.As(crmtest.Ana), "contact", own, records.Share{Person: crmtest.Ben, Level: policy.ShareEdit}), fault.Denied, "Ana shares without the right to")
			refuses(t, h.Book.Share(ctx, crmtest.As(crmtest.Owner), "contact", own, records.Share{Person: 77, Level: policy.ShareView}), fault.Invalid, "with nobody")
		})
		if err := h.Book.Share(ctx, crmtest.As(crmtest.Owner), "contact", bens, records.Share{Person: crmtest.Ana, Level: policy.ShareView}); err != nil {
			t.Fatal(err)
		}
		if got := h.List(crmtest.Ana, "contact", records.Query{}); !slices.Equal(sorted(got), sorted([]schema.RecordID{own, bens})) {
			t.Errorf("with the share Ana lists %v", got)
		}
		unchanged(t, h, func() {
			refuses(t, h.Book.Update(ctx, crmtest.As(crmtest.Ana), "contact", bens, 0, records.Values{"city": "x"}), fault.Denied, "Ana edits what was shared to view")
		})
		if err := h.Book.Unshare(ctx, crmtest.As(crmtest.Owner), "contact", bens, records.Share{Person: crmtest.Ana}); err != nil {
			t.Fatal(err)
		}
		if got := h.List(crmtest.Ana, "contact", records.Query{}); !slices.Equal(got, []schema.RecordID{own}) {
			t.Errorf("after the share Ana lists %v", got)
		}
	})
}

// people gives the persons of the tests their rows, which shares ask for.
func people(t *testing.T, h *crmtest.House) {
	t.Helper()
	ctx := context.Background()
	err := h.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, store.Text("INSERT INTO role (id, version, name, name_key, built, rights) VALUES (1, 1, 'r', 'r', '', '{}')")); err != nil {
			return err
		}
		for p := crmtest.Owner; p <= crmtest.Accountant; p++ {
			_, err := tx.Exec(ctx, store.Text("INSERT INTO person (id, version, email, email_key, name, role, language, time_zone, state, created_at, updated_at) VALUES (?, 1, ?, ?, 'n', 1, 'en', 'UTC', 'active', 0, 0)"),
				int64(p), fmt.Sprintf("p%d@example.com", p), fmt.Sprintf("p%d@example.com", p))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAttack27AShareEndsWhenItsTimeHasCome(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			noon := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
			var passed atomic.Int64 // the clock is read by the scribe's goroutines, too
			h := crmtest.Open(t, storetest.Open(t, engine, func() time.Time { return noon.Add(time.Duration(passed.Load())) }))
			people(t, h)
			ctx := context.Background()
			bens := h.Create(crmtest.Ben, "contact", client("Celina Wrona", secret))
			if err := h.Book.Share(ctx, crmtest.As(crmtest.Owner), "contact", bens, records.Share{Person: crmtest.Ana, Level: policy.ShareEdit, Ends: noon.Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
			if got := h.List(crmtest.Ana, "contact", records.Query{}); len(got) != 1 {
				t.Fatalf("with the share Ana lists %v", got)
			}
			passed.Store(int64(time.Hour))
			// From this moment, and not from when the house has cleared it away.
			if got := h.List(crmtest.Ana, "contact", records.Query{}); got != nil {
				t.Errorf("after its end Ana lists %v", got)
			}
			refuses(t, h.Book.Update(ctx, crmtest.As(crmtest.Ana), "contact", bens, 0, records.Values{"city": "x"}), fault.Missing, "Ana edits after its end")
			if n, err := h.Book.EndShares(ctx); err != nil || n != 1 {
				t.Errorf("cleared %d shares, %v", n, err)
			}
			var left int
			if err := h.DB.QueryRow(ctx, store.Text("SELECT count(*) FROM access WHERE principal = ?"), int64(schema.SharePrincipal(int64(crmtest.Ana)))).Scan(&left); err != nil || left != 0 {
				t.Errorf("%d rows of access are left, %v", left, err)
			}
			if got := h.List(crmtest.Ben, "contact", records.Query{}); len(got) != 1 {
				t.Errorf("Ben lists %v", got)
			}
		})
	}
}

func TestAttack29ALinkDoesNotOpenWhatItLeadsTo(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		deal := h.Create(crmtest.Owner, "deal", records.Values{"title": "Bridal", "contact": bens})
		if err := h.Book.Update(ctx, crmtest.As(crmtest.Owner), "deal", deal, 0, records.Values{"responsible": crmtest.Ana}); err != nil {
			t.Fatal(err)
		}
		r := h.Read(crmtest.Ana, "deal", deal)
		if title, told := r.Titles[bens]; told {
			t.Errorf("Ana's deal tells her the name of Ben's client: %s", title)
		}
		_, err := h.Book.Read(ctx, crmtest.As(crmtest.Ana), "contact", bens, policy.Card)
		refuses(t, err, fault.Missing, "Ana reads the client of her deal")
		// What is written on Ben's client is Ben's, too.
		h.Create(crmtest.Ben, "comment", records.Values{"text": "prefers mornings", "about_kind": "contact", "about": bens})
		_, err = h.Book.List(ctx, crmtest.As(crmtest.Ana), "comment", policy.Card, records.Query{Filter: fmt.Sprintf(`about = "%s"`, h.Vault.Public("contact", int64(bens)))})
		if p, lerr := h.Book.List(ctx, crmtest.As(crmtest.Ana), "comment", policy.Card, records.Query{Filter: fmt.Sprintf(`about = "%s"`, h.Vault.Public("contact", int64(bens)))}); lerr == nil && len(p.Rows) > 0 {
			t.Errorf("Ana reads comments on Ben's client: %v, %v", p.Rows, err)
		}
	})
}

func TestAttack30AssigningDoesNotRouteRecordsOutOfScope(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, _ schema.RecordID) {
		ctx := context.Background()
		unchanged(t, h, func() {
			_, err := h.Book.Create(ctx, crmtest.As(crmtest.Ana), "contact", records.Values{"name": "New Client", "responsible": crmtest.Ben})
			refuses(t, err, fault.Denied, "Ana makes a client for Ben")
		})
		own := h.Create(crmtest.Manager, "contact", client("Ola Nowak", "+48500555001"))
		if err := h.Book.Update(ctx, crmtest.As(crmtest.Manager), "contact", own, 0, records.Values{"responsible": crmtest.Ana}); err != nil {
			t.Errorf("the manager, who may assign, cannot: %v", err)
		}
	})
}

func TestAttack32And33BinAndBulkAskTheRightsOfEveryRecord(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		own := h.Create(crmtest.Ana, "contact", client("Ola Nowak", "+48500555001"))
		// Ana may do bulk work here; her rights on records stay a specialist's.
		h.Give(crmtest.Ana, "specialist", func(in *policy.StandingInput) {
			in.Differences = append(in.Differences, policy.Difference{Aspect: policy.AbilityAspect, Ability: policy.ChangeInBulk}, policy.Difference{Aspect: policy.AbilityAspect, Ability: policy.UseBin})
		})
		op, err := h.Book.Bulk(ctx, crmtest.As(crmtest.Ana), "contact", records.Selection{IDs: []schema.RecordID{own, bens, bens + 5}}, records.BulkUpdate, records.Values{"city": "Kielce"}, records.Share{})
		if err != nil || op.Done != 1 || len(op.Refused) != 2 {
			t.Fatalf("bulk: %+v, %v", op, err)
		}
		for _, o := range op.Refused {
			refuses(t, o.Err, fault.Missing, fmt.Sprintf("record %d in bulk", o.ID))
		}
		if v, _ := field(h.Read(crmtest.Ben, "contact", bens), "city"); v != "Gdynia" {
			t.Errorf("Ben's client is in %v", v)
		}
		if err := h.Book.Delete(ctx, crmtest.As(crmtest.Owner), "contact", bens, 0); err != nil {
			t.Fatal(err)
		}
		unchanged(t, h, func() {
			refuses(t, h.Book.Restore(ctx, crmtest.As(crmtest.Ana), "contact", bens), fault.Missing, "Ana restores Ben's client")
			refuses(t, h.Book.Restore(ctx, crmtest.As(crmtest.Manager), "contact", bens), fault.Missing, "the manager, who may not delete clients, restores one")
		})
		p, err := h.Book.List(ctx, crmtest.As(crmtest.Ana), "contact", policy.List, records.Query{Bin: true})
		if err != nil || len(p.Rows) != 0 {
			t.Errorf("Ana sees in the bin %v, %v", p, err)
		}
		undone, err := h.Book.Undo(ctx, crmtest.As(crmtest.Ana), op.ID)
		if err != nil || undone.Done != 1 {
			t.Errorf("undo: %+v, %v", undone, err)
		}
		if v, _ := field(h.Read(crmtest.Ana, "contact", own), "city"); v != nil {
			t.Errorf("after the undoing the city is %v", v)
		}
	})
}

func TestAttack11ACustomFieldWithAnOldNameStartsWithNothing(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx, owner := context.Background(), crmtest.As(crmtest.Owner)
		declare := func() crm.CustomField {
			f, err := h.Workspace.DeclareField(ctx, owner, crm.CustomField{Kind: "contact", Labels: schema.Labels{"en": "Passport"}, Type: schema.Text, Class: schema.Special})
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		first := declare()
		if err := h.Book.Update(ctx, owner, "contact", bens, 0, records.Values{first.Name: "AB 123"}); err != nil {
			t.Fatal(err)
		}
		if _, s := field(h.Read(crmtest.Ben, "contact", bens), first.Name); s != policy.Hidden {
			t.Errorf("Ben, to whom nobody gave it, sees a special field as %s", s)
		}
		if v, _ := field(h.Read(crmtest.Owner, "contact", bens), first.Name); v != "AB 123" {
			t.Errorf("the owner reads %v", v)
		}
		if got := h.List(crmtest.Owner, "contact", records.Query{Filter: first.Name + ` = "ab 123"`}); len(got) != 1 {
			t.Errorf("the owner filters by the new field: %v", got)
		}
		if err := h.Workspace.WithdrawField(ctx, owner, "contact", first.Name); err != nil {
			t.Fatal(err)
		}
		second := declare()
		if second.Name == first.Name {
			t.Fatalf("the name %s was given twice", second.Name)
		}
		if v, s := field(h.Read(crmtest.Owner, "contact", bens), second.Name); v != nil || s != policy.Plain {
			t.Errorf("the new field holds %v (%s)", v, s)
		}
		refuses(t, h.Book.Update(ctx, owner, "contact", bens, 0, records.Values{first.Name: "x"}), fault.Invalid, "writing a withdrawn field")
	})
}

func TestLookingThroughAnothersEyesChangesAndRevealsNothing(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		asBen := actor.Actor{Kind: actor.Person, Person: crmtest.Owner, ViewAs: crmtest.Ben}
		p, err := h.Book.List(ctx, asBen, "contact", policy.List, records.Query{})
		if err != nil || len(p.Rows) != 1 {
			t.Fatalf("the owner looks as Ben: %v, %v", p, err)
		}
		unchanged(t, h, func() {
			refuses(t, h.Book.Update(ctx, asBen, "contact", bens, 0, records.Values{"city": "x"}), fault.Denied, "a change")
			_, err := h.Book.Reveal(ctx, asBen, "contact", bens, []string{"phones"}, policy.Card)
			refuses(t, err, fault.Denied, "a reveal")
			refuses(t, h.Book.Export(ctx, asBen, "contact", records.Query{}, func(*records.Page) error { return nil }), fault.Denied, "an export")
		})
	})
}

func TestEverybodyMayAskWhyAboutThemselvesAndNobodyElse(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		own := h.Create(crmtest.Ana, "contact", client("Ola Nowak", "+48500555001"))
		why, err := h.Book.Why(ctx, crmtest.As(crmtest.Ana), "contact", own, crmtest.Ana, policy.View, policy.List, "phones")
		if err != nil || why.Sight != policy.Masked || len(why.Reasons) == 0 {
			t.Errorf("Ana asks why she sees no number: %+v, %v", why, err)
		}
		_, err = h.Book.Why(ctx, crmtest.As(crmtest.Ana), "contact", own, crmtest.Ben, policy.View, policy.List, "phones")
		refuses(t, err, fault.Denied, "Ana asks about Ben")
		_, err = h.Book.Why(ctx, crmtest.As(crmtest.Ana), "contact", bens, crmtest.Ana, policy.View, policy.List, "phones")
		refuses(t, err, fault.Missing, "Ana asks about Ben's client")
		if _, err := h.Book.Why(ctx, crmtest.As(crmtest.Owner), "contact", bens, crmtest.Ana, policy.View, policy.Card, ""); err != nil {
			t.Errorf("the owner asks about Ana: %v", err)
		}
	})
}
