package records_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/crm/crmtest"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/records"
	"castellan/internal/schema"
)

// twinsOf says by which fields which records are told to be the same.
func twinsOf(found []records.Twins) []string {
	var all []string
	for _, t := range found {
		var ids []schema.RecordID
		for _, r := range t.Page.Rows {
			ids = append(ids, r.ID)
		}
		all = append(all, fmt.Sprint(t.By.Name, ids))
	}
	return all
}

func TestClientsOfTheSameNumberAddressOrNameAreTold(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		same := h.Create(crmtest.Owner, "contact", records.Values{"name": "celina WRONA", "phones": []any{"500 555 099"}, "emails": []any{"Celina@Example.com"}})
		h.Create(crmtest.Owner, "contact", client("Ola Nowak", "+48500555001"))
		gone := h.Create(crmtest.Owner, "contact", client("Ola Nowak", "+48500555001"))
		if err := h.Book.Delete(ctx, crmtest.As(crmtest.Owner), "contact", gone, 0); err != nil {
			t.Fatal(err)
		}
		want := []string{fmt.Sprint("phones", []schema.RecordID{same, bens}), fmt.Sprint("emails", []schema.RecordID{same, bens}), fmt.Sprint("name", []schema.RecordID{same, bens})}
		found, err := h.Book.Alike(ctx, crmtest.As(crmtest.Owner), "contact", records.Values{"name": " Celina  Wrona ", "phones": []any{"+48 500-555-099"}, "emails": []any{"celina@example.com"}}, 0)
		if got := twinsOf(found); err != nil || !slices.Equal(got, want) {
			t.Errorf("one that is being written is like %v, %v", got, err)
		}
		found, err = h.Book.Alike(ctx, crmtest.As(crmtest.Owner), "contact", nil, same)
		if got := twinsOf(found); err != nil || len(got) != 3 || got[0] != fmt.Sprint("phones", []schema.RecordID{bens}) {
			t.Errorf("one that is there is like %v, %v", got, err)
		}
		// What is half typed finds nothing and is no mistake.
		found, err = h.Book.Alike(ctx, crmtest.As(crmtest.Owner), "contact", records.Values{"phones": []any{"+4850"}, "emails": []any{"celina@"}}, 0)
		if err != nil || len(found) != 0 {
			t.Errorf("half typed: %v, %v", twinsOf(found), err)
		}
		found, next, err := h.Book.Duplicates(ctx, crmtest.As(crmtest.Owner), "contact", "")
		if got := twinsOf(found); err != nil || next != "" || !slices.Equal(got, want[:1]) {
			t.Errorf("the page of duplicates has %v, %q, %v", got, next, err)
		}
	})
}

// A name alone is a hint only where it is rare, and none against numbers that differ.
func TestNameThatManyBearTellsOfNoDuplicate(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, _ schema.RecordID) {
		ctx := context.Background()
		like := func(v records.Values, but schema.RecordID) string {
			t.Helper()
			found, err := h.Book.Alike(ctx, crmtest.As(crmtest.Owner), "contact", v, but)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(twinsOf(found))
		}
		named := func(field string, ids ...schema.RecordID) string { return fmt.Sprint([]string{fmt.Sprint(field, ids)}) }
		page := func() string {
			t.Helper()
			found, _, err := h.Book.Duplicates(ctx, crmtest.As(crmtest.Owner), "contact", "")
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(twinsOf(found))
		}
		one := h.Create(crmtest.Owner, "contact", records.Values{"name": "Ewa Zima"})
		if got := like(records.Values{"name": "ewa zima"}, 0); got != named("name", one) {
			t.Errorf("by a rare name %s is told", got)
		}
		two := h.Create(crmtest.Owner, "contact", records.Values{"name": "Ewa Zima", "emails": []any{"ewa@example.com"}})
		if got := like(records.Values{"name": "Ewa Zima", "emails": []any{"zima@example.com"}}, 0); got != named("name", one) {
			t.Errorf("where the addresses differ %s is told", got)
		}
		if got := like(nil, two); got != named("name", one) {
			t.Errorf("one that is there is like %s", got)
		}
		if got := page(); got != named("name", two, one) {
			t.Errorf("the page of duplicates has %s", got)
		}
		three := h.Create(crmtest.Owner, "contact", records.Values{"name": "Ewa Zima", "phones": []any{"+48500555071"}})
		h.Create(crmtest.Owner, "contact", records.Values{"name": "Ewa Zima"})
		if got := like(records.Values{"name": "Ewa Zima"}, 0); got != "[]" {
			t.Errorf("by a name that four bear %s is told", got)
		}
		if got := page(); got != "[]" {
			t.Errorf("the page of duplicates has %s for a name that four bear", got)
		}
		// Whoever is found by a number is still said to bear the name as well.
		want := fmt.Sprint([]string{fmt.Sprint("phones", []schema.RecordID{three}), fmt.Sprint("name", []schema.RecordID{three})})
		if got := like(records.Values{"name": "Ewa Zima", "phones": []any{"500 555 071"}}, 0); got != want {
			t.Errorf("by number and name %s is told, want %s", got, want)
		}
		h.Create(crmtest.Owner, "contact", records.Values{"name": "Ewa"})
		h.Create(crmtest.Owner, "contact", records.Values{"name": "Ewa"})
		if got := like(records.Values{"name": "Ewa"}, 0) + page(); got != "[][]" {
			t.Errorf("by a name of one word %s is told", got)
		}
	})
}

// Neither the check of a new client nor the page of duplicates tells of a client out
// of sight, or lets a guess be held against a masked number.
func TestAttack8LookingForDuplicatesIsNoOracle(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		look := func(p actor.PersonID, v records.Values) string {
			t.Helper()
			found, err := h.Book.Alike(ctx, crmtest.As(p), "contact", v, 0)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(twinsOf(found))
		}
		right := records.Values{"phones": []any{secret}, "emails": []any{"celina@example.com"}}
		wrong := records.Values{"phones": []any{"+48500555098"}, "emails": []any{"nobody@example.com"}}
		if a, b := look(crmtest.Ana, right), look(crmtest.Ana, wrong); a != b {
			t.Errorf("a client out of sight: a right guess is told %s, a wrong one %s", a, b)
		}
		if got := look(crmtest.Ana, records.Values{"name": "Celina Wrona"}); got != "[]" {
			t.Errorf("by the name of a client out of sight Ana is told %s", got)
		}
		// Ben sees the client, and its number masked: a guess tells him no more.
		if a, b := look(crmtest.Ben, right), look(crmtest.Ben, wrong); a != b {
			t.Errorf("a masked number: a right guess is told %s, a wrong one %s", a, b)
		}
		if got := look(crmtest.Ben, records.Values{"name": "Celina Wrona"}); got != fmt.Sprint([]string{fmt.Sprint("name", []schema.RecordID{bens})}) {
			t.Errorf("by the name of his own client Ben is told %s", got)
		}
		h.Create(crmtest.Ben, "contact", records.Values{"name": "Guess", "phones": []any{secret}})
		found, _, err := h.Book.Duplicates(ctx, crmtest.As(crmtest.Ben), "contact", "")
		if err != nil || len(found) != 0 {
			t.Errorf("the page of duplicates tells Ben %v, %v", twinsOf(found), err)
		}
		_, err = h.Book.Alike(ctx, crmtest.As(crmtest.Ana), "contact", nil, bens)
		refuses(t, err, fault.Missing, "Ana holds Ben's client against others")
	})
}

// Asking for access is answered the same whether there is such a client or not. Whoever
// is responsible gets a task, and the asker learns nothing of it.
func TestAttack8AskingForAccessTellsNothing(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		people(t, h)
		runner := jobs.New(jobs.Options{DB: h.DB, Scribe: h.Scribe, Vault: h.Vault, Poll: 5 * time.Millisecond})
		book := records.Open(records.Options{DB: h.DB, Scribe: h.Scribe, Rights: h, Vault: h.Vault, Catalog: h.Workspace.Catalog, Region: h.Workspace.Region, Prepare: h.Workspace.Prepare(), Settle: h.Workspace.Settle(), Runner: runner})
		running, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- runner.Run(running) }()
		t.Cleanup(func() {
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		for _, typed := range []string{secret, "+48500555098", secret} {
			if err := book.AskForAccess(ctx, crmtest.As(crmtest.Ana), "contact", "phones", typed); err != nil {
				t.Errorf("asking by %s: %v", typed, err)
			}
		}
		refuses(t, book.AskForAccess(ctx, crmtest.As(crmtest.Ana), "contact", "phones", "12"), fault.Invalid, "a part of a number")
		refuses(t, book.AskForAccess(ctx, crmtest.As(crmtest.Accountant), "contact", "phones", secret), fault.Denied, "somebody who may not make clients")
		deadline := time.Now().Add(20 * time.Second)
		for len(rowsOf(t, h, "SELECT id FROM job WHERE state <> 'given_up'")) > 0 && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
		tasks := h.List(crmtest.Ben, "task", records.Query{})
		if len(tasks) != 1 {
			t.Fatalf("Ben has the tasks %v, want one for two requests of a week", tasks)
		}
		r := h.Read(crmtest.Ben, "task", tasks[0])
		if v, _ := field(r, "contact"); v != int64(bens) {
			t.Errorf("the task leads to %v", v)
		}
		if got := h.List(crmtest.Ana, "task", records.Query{}); got != nil {
			t.Errorf("Ana sees the tasks %v", got)
		}
		if got := h.List(crmtest.Ana, "contact", records.Query{}); got != nil {
			t.Errorf("Ana sees the clients %v", got)
		}
	})
}
