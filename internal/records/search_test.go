package records_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"castellan/internal/actor"
	"castellan/internal/crm/crmtest"
	"castellan/internal/fault"
	"castellan/internal/policy"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// hits are what a person finds everywhere, as "kind: title".
func hits(t *testing.T, h *crmtest.House, p actor.PersonID, typed string) []string {
	t.Helper()
	found, err := h.Book.Search(context.Background(), crmtest.As(p), policy.DropDown, typed, 8)
	if err != nil {
		t.Fatalf("person %d searches %q: %v", p, typed, err)
	}
	var all []string
	for _, f := range found {
		all = append(all, f.Kind.Name+": "+f.Title)
	}
	return all
}

func TestSearchUnderstandsBothScriptsTheOtherKeyboardAndOneSlip(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		h.Create(crmtest.Owner, "contact", records.Values{"name": "Пётр Иванов", "language": "ru", "phones": []any{"+48500555001"}})
		h.Create(crmtest.Owner, "contact", records.Values{"name": "Anna Kowalski"})
		h.Create(crmtest.Owner, "contact", records.Values{"name": "Бобров Юрий"})
		h.Create(crmtest.Owner, "company", records.Values{"name": "Kowalski Instal"})
		h.Create(crmtest.Owner, "task", records.Values{"title": "Позвонить Иванову"})
		ivanov, task := "contact: Пётр Иванов", "task: Позвонить Иванову"
		for typed, want := range map[string][]string{
			"иванов": {ivanov, task}, "Ivanov": {ivanov, task}, "bdfyjd": {ivanov, task}, "Ivnaov": {ivanov, task}, "иваноф": {ivanov, task}, "иваноы Пётр": {ivanov},
			"Иавнов Пётр": {ivanov}, "gtnh bdfyjd": {ivanov}, "petr ivanov": {ivanov}, ",j,hjd": {"contact: Бобров Юрий"},
			"kowlaski": {"contact: Anna Kowalski", "company: Kowalski Instal"}, "ковальски": {"contact: Anna Kowalski", "company: Kowalski Instal"},
			"лщцфдылш": {"contact: Anna Kowalski", "company: Kowalski Instal"}, "Kowalski Insral": {"company: Kowalski Instal"},
			"500555001": {ivanov}, "zzzzzz": nil, "": nil, "kvwalskz": nil,
		} {
			if got := hits(t, h, crmtest.Owner, typed); !slices.Equal(got, want) {
				t.Errorf("the owner finds %q by %q, want %q", got, typed, want)
			}
		}
		_, err := h.Book.Search(context.Background(), crmtest.As(crmtest.Owner), policy.DropDown, strings.Repeat("a", 201), 8)
		refuses(t, err, fault.Invalid, "a search of 201 letters")
	})
}

func TestAttack3GuessesFindNothingBeyondSight(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		own := h.Create(crmtest.Ana, "contact", records.Values{"name": "Celina Wrena", "phones": []any{"+48500555001"}})
		for _, typed := range []string{"wrona", "wrnoa", "wroan", "црона", "вронa", "врона", "цкщтф", "wroma", secret, secret[3:], "500555001", "50055500", "celina@example.com", "celina@exmaple.com"} {
			for _, got := range hits(t, h, crmtest.Ana, typed) {
				if got != "contact: Celina Wrena" || strings.ContainsAny(typed, "0@") {
					t.Errorf("Ana, who may not see Ben's client nor phones here, finds %q by %q", got, typed)
				}
			}
		}
		if got := hits(t, h, crmtest.Ana, "wrena"); !slices.Equal(got, []string{"contact: Celina Wrena"}) {
			t.Errorf("Ana finds %q, want her own client %d", got, own)
		}
		if got := hits(t, h, crmtest.Owner, "wrnoa"); !slices.Equal(got, []string{"contact: Celina Wrona"}) {
			t.Errorf("the owner finds %q by a slip, want client %d", got, bens)
		}
	})
}

// What is called the same is told apart by whose it is and when, and of a client
// whom the reader may not see not even the name comes along.
func TestHitsSayWhoseTheyAreAndWhenAsFarAsThatIsSeen(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		anas := h.Create(crmtest.Ana, "contact", records.Values{"name": "Ola Nowak"})
		for _, client := range []schema.RecordID{anas, bens} {
			h.Create(crmtest.Ana, "task", records.Values{"title": "Call about the garden"})
			h.Create(crmtest.Owner, "task", records.Values{"title": "Garden", "contact": h.Book.RecordWord("contact", client), "responsible": h.Book.PersonWord(crmtest.Ana)})
		}
		service := h.Create(crmtest.Owner, "service", records.Values{"name": "Facial", "duration": 60})
		h.Create(crmtest.Ana, "appointment", records.Values{"contact": h.Book.RecordWord("contact", anas), "service": h.Book.RecordWord("service", service), "starts_at": "2026-05-04T10:00:00Z", "ends_at": "2026-05-04T11:00:00Z"})
		whose := func(p actor.PersonID, typed string) []string {
			found, err := h.Book.Search(ctx, crmtest.As(p), policy.DropDown, typed, 8)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, f := range found {
				line := f.Kind.Name + " of " + f.About
				if !f.At.IsZero() {
					line += " at " + f.At.Format("2006-01-02 15:04")
				}
				all = append(all, line)
			}
			slices.Sort(all)
			return all
		}
		if got, want := whose(crmtest.Owner, "garden"), []string{"task of ", "task of ", "task of Celina Wrona", "task of Ola Nowak"}; !slices.Equal(got, want) {
			t.Errorf("the owner finds %q, want %q", got, want)
		}
		if got, want := whose(crmtest.Ana, "garden"), []string{"task of ", "task of ", "task of ", "task of Ola Nowak"}; !slices.Equal(got, want) {
			t.Errorf("Ana finds %q, want %q: Ben's client is none of hers", got, want)
		}
		if got, want := whose(crmtest.Owner, "wrona"), []string{"contact of Gdynia"}; !slices.Equal(got, want) {
			t.Errorf("the owner finds %q, want %q", got, want)
		}
		if got, want := whose(crmtest.Owner, "facial"), []string{"appointment of Ola Nowak at 2026-05-04 10:00", "service of "}; !slices.Equal(got, want) {
			t.Errorf("the owner finds %q, want %q", got, want)
		}
		// Where the link itself is hidden, nothing comes along either.
		h.Give(crmtest.Ana, "specialist", func(in *policy.StandingInput) {
			role := in.Role.Clone()
			role.Sights = append(role.Sights, policy.SightRule{Kind: "task", Field: "contact"})
			in.Role = &role
		})
		if got, want := whose(crmtest.Ana, "garden"), []string{"task of ", "task of ", "task of ", "task of "}; !slices.Equal(got, want) {
			t.Errorf("Ana, who may not see whom tasks are about, finds %q", got)
		}
	})
}

func TestAWordLeavesTheVocabularyWithItsLastRecord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		ctx := context.Background()
		one := h.Create(crmtest.Owner, "contact", records.Values{"name": "Zofia Brzezińska"})
		two := h.Create(crmtest.Owner, "contact", records.Values{"name": "Jan Brzezińska"})
		words := func() string {
			rows, err := db.Query(ctx, store.Text("SELECT DISTINCT word FROM word ORDER BY word"))
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for rows.Next() {
				all = append(all, fmt.Sprint(rows.Values()[0]))
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
			return strings.Join(all, " ")
		}
		if got := words(); got != "brzezinska zofia" {
			t.Fatalf("the vocabulary is %q", got)
		}
		if err := h.Book.Update(ctx, crmtest.As(crmtest.Owner), "contact", one, 0, records.Values{"name": "Zofia Kot"}); err != nil {
			t.Fatal(err)
		}
		if got := words(); got != "brzezinska zofia" {
			t.Errorf("after one of two is called otherwise it is %q", got)
		}
		for _, id := range []schema.RecordID{one, two} {
			if err := h.Book.Delete(ctx, crmtest.As(crmtest.Owner), "contact", id, 0); err != nil {
				t.Fatal(err)
			}
		}
		if got := words(); got != "" {
			t.Errorf("after both are in the bin it is %q", got)
		}
		if err := h.Book.Restore(ctx, crmtest.As(crmtest.Owner), "contact", two); err != nil {
			t.Fatal(err)
		}
		if got := words(); got != "brzezinska" {
			t.Errorf("after one is back it is %q", got)
		}
	})
}
