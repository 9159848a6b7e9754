package records_test

import (
	"context"
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
	"castellan/internal/records"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// worth is what all live records hold, with what leads where and who reaches them:
// all but versions, times of change and the past.
func worth(t *testing.T, h *crmtest.House) string {
	t.Helper()
	var b strings.Builder
	for _, k := range h.Workspace.Catalog().Kinds() {
		columns := []string{"id", "deleted_at IS NULL"}
		for _, f := range k.Fields {
			if f.Name != "updated_at" && f.Name != "updated_by" {
				columns = append(columns, f.Name)
			}
		}
		fmt.Fprintln(&b, k.Name, rowsOf(t, h, "SELECT "+strings.Join(columns, ", ")+" FROM "+k.Name))
	}
	fmt.Fprintln(&b, rowsOf(t, h, "SELECT * FROM share"))
	fmt.Fprintln(&b, rowsOf(t, h, "SELECT * FROM multi"))
	fmt.Fprintln(&b, rowsOf(t, h, "SELECT principal, kind, record FROM access"))
	fmt.Fprintln(&b, rowsOf(t, h, "SELECT * FROM access_name"))
	return b.String()
}

func rowsOf(t *testing.T, h *crmtest.House, text string) []string {
	t.Helper()
	rows, err := h.DB.Query(context.Background(), store.Text(text))
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
	return lines
}

func merge(t *testing.T, h *crmtest.House, p actor.PersonID, m records.Merging) *records.Operation {
	t.Helper()
	op, err := h.Book.Merge(context.Background(), crmtest.As(p), "contact", m)
	if err != nil {
		t.Fatalf("merge: %v", err)
	}
	return op
}

// surroundings makes what leads to a client: of every kind that can.
func surroundings(h *crmtest.House, client schema.RecordID) map[string]schema.RecordID {
	word := h.Book.RecordWord("contact", client)
	return map[string]schema.RecordID{
		"deal":    h.Create(crmtest.Ben, "deal", records.Values{"title": "Garden", "contact": word}),
		"task":    h.Create(crmtest.Ben, "task", records.Values{"title": "Call back", "contact": word}),
		"comment": h.Create(crmtest.Ben, "comment", records.Values{"text": "Likes roses", "about_kind": "contact", "about": word}),
		"call":    h.Create(crmtest.Ben, "call", records.Values{"title": "About roses", "contact": word}),
		"message": h.Create(crmtest.Ben, "message", records.Values{"subject": "Roses", "channel": "chat", "contact": word}),
		"appointment": h.Create(crmtest.Ben, "appointment", records.Values{"contact": word,
			"starts_at": "2026-05-04T10:00:00Z", "ends_at": "2026-05-04T11:00:00Z"}),
	}
}

func TestMergeLosesNothingAndIsUndoneInOneStep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		ctx := context.Background()
		stays := h.Create(crmtest.Ana, "contact", records.Values{"name": "Celina Wrona", "phones": []any{"+48500555001"}, "tags": []any{"vip"}})
		goes := h.Create(crmtest.Ben, "contact", records.Values{"name": "C. Wrona", "phones": []any{"+48500555001", "+48500555002"}, "emails": []any{"celina@example.com"}, "city": "Gdynia", "tags": []any{"roses"}, "note": "old note"})
		led := surroundings(h, goes)
		binned := h.Create(crmtest.Owner, "deal", records.Values{"title": "In the bin", "contact": h.Book.RecordWord("contact", goes)})
		if err := h.Book.Delete(ctx, crmtest.As(crmtest.Owner), "deal", binned, 0); err != nil {
			t.Fatal(err)
		}
		before := worth(t, h)

		op := merge(t, h, crmtest.Owner, records.Merging{Stays: stays, Goes: goes, Take: map[string]string{"name": records.TakeOther}})
		r := h.Read(crmtest.Owner, "contact", stays)
		for name, want := range map[string]string{"name": "C. Wrona", "phones": `[{"e164":"+48500555001"},{"e164":"+48500555002"}]`, "city": "Gdynia", "note": "old note", "tags": `["vip","roses"]`} {
			if v, _ := field(r, name); strings.ReplaceAll(fmt.Sprint(v), " ", "") != strings.ReplaceAll(want, " ", "") && name != "phones" {
				t.Errorf("%s is %v, want %s", name, v, want)
			}
		}
		if got := h.List(crmtest.Owner, "contact", records.Query{Search: "500555002"}); !slices.Equal(got, []schema.RecordID{stays}) {
			t.Errorf("the number of the one that went finds %v", got)
		}
		if v, _ := field(r, "family_name"); v != nil && v != "Wrona" {
			t.Errorf("the parts of the name are of another: %v", v)
		}
		if got := h.List(crmtest.Owner, "contact", records.Query{}); !slices.Equal(got, []schema.RecordID{stays}) {
			t.Errorf("the list has %v", got)
		}
		if got := h.List(crmtest.Ana, "contact", records.Query{}); !slices.Equal(got, []schema.RecordID{stays}) {
			t.Errorf("Ana lists %v: access has drifted", got)
		}
		if got := h.List(crmtest.Ben, "contact", records.Query{}); got != nil {
			t.Errorf("Ben lists %v, and nothing was shared with him", got)
		}
		for kind, id := range led {
			name := "contact"
			if kind == "comment" {
				name = "about"
			}
			row := rowsOf(t, h, fmt.Sprintf("SELECT %s FROM %s WHERE id = %d", name, kind, id))
			if len(row) != 1 || row[0] != fmt.Sprint(int64(stays)) {
				t.Errorf("the %s leads to %v", kind, row)
			}
		}
		moments, err := h.Book.Timeline(ctx, crmtest.As(crmtest.Owner), "contact", stays, time.Time{}, "")
		if err != nil || len(moments) < 8 {
			t.Errorf("the timeline has %d moments, %v", len(moments), err)
		}
		if past, err := h.Book.History(ctx, crmtest.As(crmtest.Owner), "contact", goes); err != nil || len(past) != 2 || past[0].What != "deleted" {
			t.Errorf("the past of the one that went: %+v, %v", past, err)
		}

		undone, err := h.Book.Undo(ctx, crmtest.As(crmtest.Owner), op.ID)
		if err != nil || len(undone.Refused) != 0 {
			t.Fatalf("undo: %+v, %v", undone, err)
		}
		if after := worth(t, h); after != before {
			t.Errorf("after the undoing the base holds\n%s\nand held\n%s", after, before)
		}
		if got := h.List(crmtest.Ben, "contact", records.Query{Search: "celina@example.com"}); len(got) != 0 && got[0] != goes {
			t.Errorf("Ben finds %v", got)
		}
		_, err = h.Book.Undo(ctx, crmtest.As(crmtest.Owner), op.ID)
		refuses(t, err, fault.Conflict, "a second undoing")
	})
}

// Whatever is merged in whatever order, and taken back in the reverse one, the base
// holds what it held, and every link leads to a record that is there meanwhile.
func TestAnyMergesTakenBackLeaveTheBaseAsItWas(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		ctx := context.Background()
		dice := rand.New(rand.NewPCG(15, 7))
		var clients []schema.RecordID
		for i := range 8 {
			v := records.Values{"name": fmt.Sprintf("Client %d", i)}
			for name, some := range map[string][]any{"phones": {"+48500555001", "+48500555002", "+48500555003"}, "tags": {"a", "b", "c"}, "emails": {"a@example.com", "b@example.com"}} {
				var held []any
				for _, one := range some {
					if dice.IntN(2) == 0 {
						held = append(held, one)
					}
				}
				if held != nil {
					v[name] = held
				}
			}
			if dice.IntN(2) == 0 {
				v["city"] = fmt.Sprintf("City %d", dice.IntN(3))
			}
			who := []actor.PersonID{crmtest.Ana, crmtest.Ben, crmtest.Owner}[dice.IntN(3)]
			id := h.Create(who, "contact", v)
			for range dice.IntN(3) {
				h.Create(crmtest.Owner, "deal", records.Values{"title": "Deal", "contact": h.Book.RecordWord("contact", id)})
				h.Create(crmtest.Owner, "comment", records.Values{"text": "Remark", "about_kind": "contact", "about": h.Book.RecordWord("contact", id)})
			}
			clients = append(clients, id)
		}
		before := worth(t, h)
		var work []int64
		for range 5 {
			dice.Shuffle(len(clients), func(i, j int) { clients[i], clients[j] = clients[j], clients[i] })
			take := map[string]string{}
			for _, name := range []string{"name", "city", "phones", "tags", "responsible"} {
				if which := []string{"", records.TakeThis, records.TakeOther}[dice.IntN(3)]; which != "" && (name != "name" || which != "") {
					take[name] = which
				}
			}
			work = append(work, merge(t, h, crmtest.Owner, records.Merging{Stays: clients[0], Goes: clients[1], Take: take}).ID)
			clients = slices.Delete(clients, 1, 2)
			for _, kind := range []string{"deal", "comment"} {
				name := map[string]string{"deal": "contact", "comment": "about"}[kind]
				if lost := rowsOf(t, h, "SELECT d.id FROM "+kind+" d JOIN contact c ON c.id = d."+name+" WHERE c.deleted_at IS NOT NULL"); len(lost) > 0 {
					t.Errorf("%d of %s lead to what is in the bin", len(lost), kind)
				}
			}
			if got := h.List(crmtest.Owner, "contact", records.Query{}); len(got) != len(clients) {
				t.Errorf("%d clients are listed, want %d", len(got), len(clients))
			}
		}
		slices.Reverse(work)
		for _, op := range work {
			if undone, err := h.Book.Undo(ctx, crmtest.As(crmtest.Owner), op); err != nil || len(undone.Refused) != 0 {
				t.Fatalf("undo: %+v, %v", undone, err)
			}
		}
		if after := worth(t, h); after != before {
			t.Errorf("the base holds\n%s\nand held\n%s", after, before)
		}
	})
}

func TestWhatWasChangedSinceAMergeStaysWhenItIsTakenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := crmtest.Open(t, db)
		ctx := context.Background()
		stays := h.Create(crmtest.Owner, "contact", records.Values{"name": "Celina Wrona", "phones": []any{"+48500555001"}})
		goes := h.Create(crmtest.Owner, "contact", records.Values{"name": "C. Wrona", "phones": []any{"+48500555002"}, "city": "Gdynia"})
		deal := h.Create(crmtest.Owner, "deal", records.Values{"title": "Garden", "contact": h.Book.RecordWord("contact", goes)})
		op := merge(t, h, crmtest.Owner, records.Merging{Stays: stays, Goes: goes})
		if err := h.Book.Update(ctx, crmtest.As(crmtest.Owner), "contact", stays, 0, records.Values{"city": "Sopot", "job_title": "Florist"}); err != nil {
			t.Fatal(err)
		}
		if err := h.Book.Update(ctx, crmtest.As(crmtest.Owner), "deal", deal, 0, records.Values{"contact": nil}); err != nil {
			t.Fatal(err)
		}
		undone, err := h.Book.Undo(ctx, crmtest.As(crmtest.Owner), op.ID)
		if err != nil || len(undone.Refused) != 1 {
			t.Fatalf("undo: %+v, %v", undone, err)
		}
		r := h.Read(crmtest.Owner, "contact", stays)
		for name, want := range map[string]any{"city": "Sopot", "job_title": "Florist"} {
			if v, _ := field(r, name); v != want {
				t.Errorf("%s is %v, want %v", name, v, want)
			}
		}
		if got := h.List(crmtest.Owner, "contact", records.Query{Search: "500555002"}); !slices.Equal(got, []schema.RecordID{goes}) {
			t.Errorf("the second number finds %v", got)
		}
		if row := rowsOf(t, h, fmt.Sprintf("SELECT contact FROM deal WHERE id = %d", deal)); strings.Contains(row[0], fmt.Sprint(int64(goes))) {
			t.Errorf("the deal that was taken off leads back: %v", row)
		}
	})
}

// salesperson may merge, edit and delete all clients, and sees the numbers of their
// own; of others' only masks.
func salesperson(h *crmtest.House, p actor.PersonID, contact ...policy.SightRule) {
	h.Give(p, "manager", func(in *policy.StandingInput) {
		role := in.Role.Clone()
		role.Grades["contact"][policy.Delete] = policy.All
		role.Sights = append(slices.DeleteFunc(role.Sights, func(r policy.SightRule) bool { return r.Class == schema.Contact }), contact...)
		in.Role = &role
	})
}

func TestAttack15MergeShowsNoMaskedNumber(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		salesperson(h, crmtest.Ana, policy.SightRule{Class: schema.Contact, Own: policy.Plain, All: policy.Masked})
		own := h.Create(crmtest.Ana, "contact", records.Values{"name": "Ola Nowak", "phones": []any{"+48500555001"}})
		for _, take := range []map[string]string{nil, {"phones": records.TakeOther}, {"phones": records.TakeBoth}, {"phones": records.TakeThis}} {
			unchanged(t, h, func() {
				_, err := h.Book.Merge(ctx, crmtest.As(crmtest.Ana), "contact", records.Merging{Stays: own, Goes: bens, Take: take})
				refuses(t, err, fault.Denied, fmt.Sprintf("Ana merges Ben's client into hers, taking %v", take))
				if err != nil && strings.Contains(err.Error(), secret[3:]) {
					t.Errorf("the refusal tells the number: %v", err)
				}
			})
		}
		// Nor by taking Ben's client over in the same step.
		unchanged(t, h, func() {
			_, err := h.Book.Merge(ctx, crmtest.As(crmtest.Ana), "contact", records.Merging{Stays: bens, Goes: own, Take: map[string]string{"phones": records.TakeBoth}})
			refuses(t, err, fault.Denied, "a list is united with one that is masked: its length would tell whether they are the same")
			_, err = h.Book.Merge(ctx, crmtest.As(crmtest.Ana), "contact", records.Merging{Stays: bens, Goes: own})
			refuses(t, err, fault.Denied, "the same without saying so")
		})
		// The other way round her own number goes to Ben's client, and his stays masked.
		op := merge(t, h, crmtest.Ana, records.Merging{Stays: bens, Goes: own, Take: map[string]string{"phones": records.TakeThis}})
		r := h.Read(crmtest.Ana, "contact", bens)
		if v, s := field(r, "phones"); v != nil || s != policy.Masked {
			t.Errorf("after the merge Ana sees %v (%v)", v, s)
		}
		if _, err := h.Book.Undo(ctx, crmtest.As(crmtest.Ana), op.ID); err != nil {
			t.Fatal(err)
		}
	})
}

// A guess that was written into a client of one's own must not be held against a
// masked number by merging: neither the outcome nor the refusal may depend on it.
func TestAttack8MergeIsNoOracleForMaskedNumbers(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		salesperson(h, crmtest.Ana, policy.SightRule{Class: schema.Contact, All: policy.Masked})
		var told []string
		for _, guess := range []string{secret, "+48500555098"} {
			own := h.Create(crmtest.Ana, "contact", records.Values{"name": "Guess", "phones": []any{guess}, "note": "x"})
			for _, take := range []string{"", records.TakeBoth, records.TakeThis, records.TakeOther} {
				m := records.Merging{Stays: bens, Goes: own}
				if take != "" {
					m.Take = map[string]string{"phones": take}
				}
				op, err := h.Book.Merge(ctx, crmtest.As(crmtest.Ana), "contact", m)
				said := fmt.Sprintf("%s: %v", take, err)
				if err == nil {
					r := h.Read(crmtest.Ana, "contact", bens)
					i := slices.IndexFunc(r.Fields, func(f *schema.Field) bool { return f.Name == "phones" })
					said += fmt.Sprint(r.Rows[0].Values[i], r.Rows[0].Sights[i], r.Rows[0].Present[i])
					if _, err := h.Book.Undo(ctx, crmtest.As(crmtest.Ana), op.ID); err != nil {
						t.Fatal(err)
					}
				}
				told = append(told, said)
			}
		}
		if half := len(told) / 2; !slices.Equal(told[:half], told[half:]) {
			t.Errorf("a right guess is told\n%s\nand a wrong one\n%s", strings.Join(told[:half], "\n"), strings.Join(told[half:], "\n"))
		}
		if !strings.Contains(strings.Join(told, " "), "1") {
			t.Error("nothing was merged at all")
		}
	})
}

func TestMergeTakesTheRightsToEditAndDeleteBoth(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		own := h.Create(crmtest.Ana, "contact", client("Ola Nowak", "+48500555001"))
		h.Give(crmtest.Manager, "manager", func(in *policy.StandingInput) {
			role := in.Role.Clone()
			delete(role.Abilities, policy.AbsorbRecords) // as workspaces have it that were founded before there was such a right
			in.Role = &role
		})
		managed := h.Create(crmtest.Manager, "contact", client("Ewa Lis", "+48500555003"))
		unchanged(t, h, func() {
			_, err := h.Book.Merge(ctx, crmtest.As(crmtest.Ana), "contact", records.Merging{Stays: own, Goes: bens})
			refuses(t, err, fault.Denied, "without the ability")
			_, err = h.Book.Merge(ctx, crmtest.As(crmtest.Manager), "contact", records.Merging{Stays: managed, Goes: bens})
			refuses(t, err, fault.Denied, "a manager who may not delete clients, and may not let them go either")
			_, err = h.Book.Merge(ctx, crmtest.As(crmtest.Owner), "contact", records.Merging{Stays: own, Goes: own})
			refuses(t, err, fault.Invalid, "a record with itself")
			_, err = h.Book.Merge(ctx, crmtest.As(crmtest.Owner), "contact", records.Merging{Stays: own, Goes: bens, GoesVersion: 7})
			refuses(t, err, fault.Conflict, "a record that has changed")
			_, err = h.Book.Merge(ctx, crmtest.As(crmtest.Owner), "comment", records.Merging{Stays: own, Goes: bens})
			refuses(t, err, fault.Invalid, "comments")
			_, err = h.Book.Merge(ctx, crmtest.As(crmtest.Owner), "contact", records.Merging{Stays: own, Goes: bens, Take: map[string]string{"created_at": records.TakeOther}})
			refuses(t, err, fault.Invalid, "a field of the house")
			_, err = h.Book.Merge(ctx, crmtest.As(crmtest.Owner), "contact", records.Merging{Stays: own, Goes: bens, Take: map[string]string{"city": records.TakeBoth}})
			refuses(t, err, fault.Invalid, "both of what holds one value")
		})
		// Whoever may delete the one that goes, and not the one that stays, loses it for nobody.
		h.Give(crmtest.Manager, "manager", func(in *policy.StandingInput) {
			role := in.Role.Clone()
			role.Grades["contact"][policy.Delete] = policy.Own
			role.Sights = append(role.Sights, policy.SightRule{Class: schema.Contact, All: policy.Plain})
			delete(role.Abilities, policy.AbsorbRecords)
			in.Role = &role
		})
		unchanged(t, h, func() {
			_, err := h.Book.Merge(ctx, crmtest.As(crmtest.Manager), "contact", records.Merging{Stays: bens, Goes: managed})
			refuses(t, err, fault.Denied, "into a client that one may not delete")
			_, err = h.Book.Merge(ctx, crmtest.As(crmtest.Manager), "contact", records.Merging{Stays: managed, Goes: bens})
			refuses(t, err, fault.Denied, "a client that one may not delete")
		})
		// A record out of sight is like one that never was.
		h.Give(crmtest.Ana, "specialist", func(in *policy.StandingInput) {
			role := in.Role.Clone()
			role.Grades["contact"][policy.Delete] = policy.Own
			role.Abilities[policy.MergeRecords] = true
			in.Role = &role
		})
		_, hidden := h.Book.Merge(ctx, crmtest.As(crmtest.Ana), "contact", records.Merging{Stays: own, Goes: bens})
		_, never := h.Book.Merge(ctx, crmtest.As(crmtest.Ana), "contact", records.Merging{Stays: own, Goes: 12345})
		if !fault.Is(hidden, fault.Missing) || hidden.Error() != never.Error() {
			t.Errorf("hidden: %v, never: %v", hidden, never)
		}
		// Nor may anybody else take a merge back.
		op := merge(t, h, crmtest.Owner, records.Merging{Stays: own, Goes: bens})
		_, err := h.Book.Undo(ctx, crmtest.As(crmtest.Manager), op.ID)
		refuses(t, err, fault.Missing, "a manager undoes what the owner has merged")
	})
}

func TestMergeSharesLikeTheOtherOneOnlyWhenAskedAndEndsThatWhenTakenBack(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		people(t, h)
		own := h.Create(crmtest.Owner, "contact", client("Ola Nowak", "+48500555001"))
		if err := h.Book.Share(ctx, crmtest.As(crmtest.Owner), "contact", bens, records.Share{Person: crmtest.Ana, Level: records.ShareView}); err != nil {
			t.Fatal(err)
		}
		before := worth(t, h)
		op := merge(t, h, crmtest.Owner, records.Merging{Stays: own, Goes: bens})
		if got := h.List(crmtest.Ana, "contact", records.Query{}); got != nil {
			t.Errorf("Ana lists %v, and nobody said so", got)
		}
		if _, err := h.Book.Undo(ctx, crmtest.As(crmtest.Owner), op.ID); err != nil {
			t.Fatal(err)
		}
		op = merge(t, h, crmtest.Owner, records.Merging{Stays: own, Goes: bens, Shares: true})
		if got := h.List(crmtest.Ana, "contact", records.Query{}); !slices.Equal(got, []schema.RecordID{own}) {
			t.Errorf("Ana lists %v", got)
		}
		if _, err := h.Book.Undo(ctx, crmtest.As(crmtest.Owner), op.ID); err != nil {
			t.Fatal(err)
		}
		if after := worth(t, h); after != before {
			t.Errorf("the base holds\n%s\nand held\n%s", after, before)
		}
	})
}

// The ready Manager may change every client and delete none. Two records of one
// client they make one, and two again, in one step and by themselves.
func TestManagerMergesWhatTheyMayChangeAndNotDelete(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		manager := crmtest.As(crmtest.Manager)
		anas := h.Create(crmtest.Ana, "contact", client("Celina W.", "+48500555004"))
		led := surroundings(h, bens)
		before := worth(t, h)
		for _, id := range []schema.RecordID{anas, bens} {
			if r := h.Read(crmtest.Manager, "contact", id); !r.May.Merge || r.May.Delete {
				t.Errorf("the card offers %+v", r.May)
			}
		}
		if r := h.Read(crmtest.Ana, "contact", anas); r.May.Merge {
			t.Error("a specialist is offered to merge")
		}
		op := merge(t, h, crmtest.Manager, records.Merging{Stays: anas, Goes: bens})
		if got := h.List(crmtest.Manager, "contact", records.Query{}); !slices.Equal(got, []schema.RecordID{anas}) {
			t.Errorf("the manager lists %v", got)
		}
		if row := rowsOf(t, h, fmt.Sprintf("SELECT contact FROM deal WHERE id = %d", led["deal"])); row[0] != fmt.Sprint(int64(anas)) {
			t.Errorf("the deal leads to %v", row)
		}
		// It opens neither deletion nor the bin.
		unchanged(t, h, func() {
			refuses(t, h.Book.Delete(ctx, manager, "contact", anas, 0), fault.Denied, "a manager deletes a client")
			_, err := h.Book.List(ctx, manager, "contact", records.OnList, records.Query{Bin: true})
			refuses(t, err, fault.Denied, "a manager looks into the bin")
			_, err = h.Book.Read(ctx, manager, "contact", bens, records.OnCard)
			refuses(t, err, fault.Missing, "a manager reads what went to the bin")
			refuses(t, h.Book.Restore(ctx, manager, "contact", bens), fault.Missing, "a manager brings it back by itself")
		})
		undone, err := h.Book.Undo(ctx, manager, op.ID)
		if err != nil || len(undone.Refused) != 0 {
			t.Fatalf("undo: %+v, %v", undone, err)
		}
		if after := worth(t, h); after != before {
			t.Errorf("after the undoing the base holds\n%s\nand held\n%s", after, before)
		}
	})
}

// What forbids deletion by name forbids a merge: rails, a stage, a limit of days, a
// personal difference, the reach of a share. Each of them alone, and nothing moves.
func TestMergeIsNoWayRoundWhatForbidsDeletion(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		anas := h.Create(crmtest.Ana, "contact", client("Celina W.", "+48500555004"))
		one := h.Create(crmtest.Owner, "deal", records.Values{"title": "Garden"})
		two := h.Create(crmtest.Owner, "deal", records.Values{"title": "The garden"})
		var stage schema.RecordID
		if err := h.DB.QueryRow(ctx, store.Text("SELECT stage FROM deal WHERE id = ?"), int64(one)).Scan(&stage); err != nil || stage == 0 {
			t.Fatalf("the deal stands in %d: %v", stage, err)
		}
		pair := map[string][2]schema.RecordID{"contact": {anas, bens}, "deal": {one, two}}
		try := func(kind string) error {
			_, err := h.Book.Merge(ctx, crmtest.As(crmtest.Manager), kind, records.Merging{Stays: pair[kind][0], Goes: pair[kind][1]})
			return err
		}
		for what, c := range map[string]struct {
			kind string
			with func(in *policy.StandingInput, role *policy.Role)
		}{
			"a rail over deletion": {"contact", func(in *policy.StandingInput, _ *policy.Role) {
				in.Rails = policy.Rails{OnlyAdministrators: map[string]map[policy.Action]bool{"contact": {policy.Delete: true}}}
			}},
			"a rail over the deletion of deals": {"deal", func(in *policy.StandingInput, _ *policy.Role) {
				in.Rails = policy.Rails{OnlyAdministrators: map[string]map[policy.Action]bool{"deal": {policy.Delete: true}}}
			}},
			"a stage in which nothing is deleted": {"deal", func(_ *policy.StandingInput, role *policy.Role) {
				role.Stages = []policy.StageRule{{Kind: "deal", Stage: stage, Grades: map[policy.Action]policy.Grade{policy.Delete: policy.Denied}}}
			}},
			"a stage in which nothing is changed": {"deal", func(_ *policy.StandingInput, role *policy.Role) {
				role.Stages = []policy.StageRule{{Kind: "deal", Stage: stage, Grades: map[policy.Action]policy.Grade{policy.Edit: policy.Denied}}}
			}},
			"a limit of days": {"deal", func(_ *policy.StandingInput, role *policy.Role) {
				role.DaysBack = map[string]map[policy.Action]int{"deal": {policy.Delete: -400}}
			}},
			"a personal difference": {"contact", func(in *policy.StandingInput, _ *policy.Role) {
				in.Differences = []policy.Difference{{Aspect: policy.GradeAspect, Kind: "contact", Action: policy.Delete, Grade: policy.Denied}}
			}},
			"no right to change": {"contact", func(_ *policy.StandingInput, role *policy.Role) {
				role.Grades["contact"][policy.Edit] = policy.Own
			}},
			"without MergeRecords": {"contact", func(_ *policy.StandingInput, role *policy.Role) {
				delete(role.Abilities, policy.MergeRecords)
			}},
		} {
			h.Give(crmtest.Manager, "manager", func(in *policy.StandingInput) {
				role := in.Role.Clone()
				c.with(in, &role)
				in.Role = &role
			})
			unchanged(t, h, func() { refuses(t, try(c.kind), fault.Denied, what) })
			for _, id := range pair[c.kind] {
				if r := h.Read(crmtest.Manager, c.kind, id); r.May.Merge {
					t.Errorf("%s: the card offers a merge", what)
				}
			}
		}
		// The plain role merges both pairs: none of the above was refused for something else.
		h.Give(crmtest.Manager, "manager")
		for kind := range pair {
			if err := try(kind); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	})
}

// A share to edit gives no deletion, and so no merge; nor does a merge let a
// record be taken over that is only seen.
func TestShareToEditIsNoMerge(t *testing.T) {
	scene(t, func(t *testing.T, h *crmtest.House, bens schema.RecordID) {
		ctx := context.Background()
		people(t, h)
		h.Give(crmtest.Ana, "specialist", func(in *policy.StandingInput) {
			role := in.Role.Clone()
			role.Abilities[policy.MergeRecords], role.Abilities[policy.AbsorbRecords] = true, true
			role.Sights = append(role.Sights, policy.SightRule{Class: schema.Contact, All: policy.Plain}, policy.SightRule{Class: schema.Contact, Surface: policy.Card, All: policy.Plain})
			in.Role = &role
		})
		own, second := h.Create(crmtest.Ana, "contact", client("Ola Nowak", "+48500555001")), h.Create(crmtest.Ana, "contact", client("Ola N.", "+48500555002"))
		if err := h.Book.Share(ctx, crmtest.As(crmtest.Owner), "contact", bens, records.Share{Person: crmtest.Ana, Level: records.ShareEdit}); err != nil {
			t.Fatal(err)
		}
		if err := h.Book.Update(ctx, crmtest.As(crmtest.Ana), "contact", bens, 0, records.Values{"city": "Sopot"}); err != nil {
			t.Fatalf("she may change it: %v", err)
		}
		unchanged(t, h, func() {
			for _, m := range []records.Merging{{Stays: own, Goes: bens}, {Stays: bens, Goes: own}} {
				_, err := h.Book.Merge(ctx, crmtest.As(crmtest.Ana), "contact", m)
				refuses(t, err, fault.Denied, "a client that is shared to be changed")
			}
		})
		merge(t, h, crmtest.Ana, records.Merging{Stays: own, Goes: second})
	})
}
