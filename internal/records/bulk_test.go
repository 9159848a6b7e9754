package records_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"castellan/internal/crm/crmtest"
	"castellan/internal/fault"
	"castellan/internal/jobs"
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

func TestTagsAreTakenAwayFromManyAndBroughtBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		ctx := context.Background()
		one := h.Create(crmtest.Owner, "contact", records.Values{"name": "One", "tags": []any{"VIP", "old"}})
		two := h.Create(crmtest.Owner, "contact", records.Values{"name": "Two", "tags": []any{"old"}})
		three := h.Create(crmtest.Owner, "contact", records.Values{"name": "Three"})
		op, err := h.Book.Bulk(ctx, crmtest.As(crmtest.Owner), "contact", records.Selection{IDs: []schema.RecordID{one, two, three}}, records.BulkTake, records.Values{"tags": []any{"vip"}}, records.Share{})
		if err != nil || op.Done != 3 {
			t.Fatalf("%+v, %v", op, err)
		}
		for id, want := range map[schema.RecordID]any{one: `["old"]`, two: `["old"]`, three: nil} {
			if v, _ := field(h.Read(crmtest.Owner, "contact", id), "tags"); v != want {
				t.Errorf("%d holds %v, want %v", id, v, want)
			}
		}
		if got := h.List(crmtest.Owner, "contact", records.Query{Filter: "tags has vip"}); got != nil {
			t.Errorf("by the tag that was taken away %v are found", got)
		}
		if op, err = h.Book.Undo(ctx, crmtest.As(crmtest.Owner), op.ID); err != nil || op.Done != 1 {
			t.Fatalf("undo: %+v, %v", op, err)
		}
		if got := h.List(crmtest.Owner, "contact", records.Query{Filter: "tags has vip"}); !slices.Equal(got, []schema.RecordID{one}) {
			t.Errorf("after the undoing the tag finds %v", got)
		}
	})
}

// More than anybody waits for is done by a job: all of it, once, under the rights of
// whoever began it, and it is undone like any other.
func TestVeryManyAreChangedByAJobAndUndone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		ctx := context.Background()
		runner := jobs.New(jobs.Options{DB: h.DB, Scribe: h.Scribe, Vault: h.Vault, Poll: 5 * time.Millisecond})
		book := records.Open(records.Options{DB: h.DB, Scribe: h.Scribe, Rights: h, Vault: h.Vault, Catalog: h.Workspace.Catalog, Region: h.Workspace.Region, Prepare: h.Workspace.Prepare(), Settle: h.Workspace.Settle(), Runner: runner})
		const many = 560
		var operation int64
		for from := 0; from < many; from += 40 {
			var all []records.Write
			for i := range 40 {
				all = append(all, records.Write{Values: records.Values{"name": fmt.Sprintf("Client %d", from+i)}})
			}
			var err error
			if operation, _, err = book.Batch(ctx, crmtest.As(crmtest.Owner), "contact", operation, all); err != nil {
				t.Fatal(err)
			}
		}
		op, err := book.Bulk(ctx, crmtest.As(crmtest.Owner), "contact", records.Selection{Query: &records.Query{}}, records.BulkAdd, records.Values{"tags": []any{"spring"}}, records.Share{})
		if err != nil || !op.Running || op.Total != many || op.Done != 0 {
			t.Fatalf("%+v, %v", op, err)
		}
		_, err = book.Undo(ctx, crmtest.As(crmtest.Owner), op.ID)
		refuses(t, err, fault.Conflict, "undoing what is still being done")
		_, err = book.BulkProgress(ctx, crmtest.As(crmtest.Administrator), op.ID)
		refuses(t, err, fault.Missing, "the progress of somebody else's work")
		running, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- runner.Run(running) }()
		t.Cleanup(func() {
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		var p records.Progress
		for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline) && p.State != "done"; time.Sleep(20 * time.Millisecond) {
			if p, err = book.BulkProgress(ctx, crmtest.As(crmtest.Owner), op.ID); err != nil {
				t.Fatal(err)
			}
		}
		if p != (records.Progress{State: "done", Total: many, Done: many}) {
			t.Fatalf("%+v", p)
		}
		count := func() int {
			c, err := book.CountOf(ctx, crmtest.As(crmtest.Owner), "contact", "list", records.Query{Filter: "tags has spring"})
			if err != nil {
				t.Fatal(err)
			}
			return c.N
		}
		if n := count(); n != many {
			t.Errorf("%d have the tag, want %d", n, many)
		}
		if left := rowsOf(t, h, "SELECT settings FROM bulk_work WHERE settings <> '{}'"); len(left) != 0 {
			t.Errorf("what was written is kept after the work: %v", left)
		}
		back, err := book.Undo(ctx, crmtest.As(crmtest.Owner), op.ID)
		if err != nil || back.Done != many || len(back.Refused) != 0 {
			t.Errorf("undo: %d done, %d refused, %v", back.Done, len(back.Refused), err)
		}
		if n := count(); n != 0 {
			t.Errorf("after the undoing %d have the tag", n)
		}
	})
}
