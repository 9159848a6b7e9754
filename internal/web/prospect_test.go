package web_test

import (
	"fmt"
	"strings"
	"testing"
)

// prospector is a role that works with prospects of its own.
func prospector() object {
	role := sales()
	for _, kind := range []string{"prospect", "prospect_list"} {
		role["grades"].(object)[kind] = object{"create": "all", "view": "own", "edit": "own", "delete": "own"}
	}
	return role
}

func TestRowsOfProspectsAreMadeAndUndoneAsOne(t *testing.T) {
	everywhere(t, func(t *town) {
		const at = "/api/v1/prospects/rows"
		a := t.hire("Anton", prospector())
		list := a.create("prospect_lists", object{"name": "Fair"})
		good := func(name string) object { return object{"name": name, "list": list} }
		rows := []any{good("Ada Quartz"), object{"list": list}, "no record", good("Ben Quartz"), object{"name": "Cyd Quartz", "list": list, "emails": []string{"no address"}},
			object{"name": "Dan Quartz", "list": "prospect_list_0000000000000"}}
		made := a.with("Idempotency-Key", "a paste").post(at, object{"rows": rows}).is(201).lacks("Quartz")
		got := made.json()
		refused := map[int]string{}
		for _, each := range got["refused"].([]any) {
			one := each.(map[string]any)
			if one["detail"] == "" || one["code"] == "" {
				t.Errorf("a row is refused without a reason: %v", one)
			}
			refused[int(one["row"].(float64))] = fmt.Sprint(one["field"])
		}
		if want := map[int]string{1: "name", 2: "<nil>", 4: "emails", 5: "list"}; fmt.Sprint(refused) != fmt.Sprint(want) || got["done"] != 2.0 {
			t.Errorf("%v were made; refused are %v, want %v", got["done"], refused, want)
		}
		// Sent again it makes nothing new and gives the same work; another request under its key is refused.
		a.with("Idempotency-Key", "a paste").post(at, object{"rows": rows}).is(201).has(made.at("operation"), `"done":2`)
		a.with("Idempotency-Key", "a paste").post(at, object{"rows": rows[:1]}).is(422).has("idempotency.other")
		if n := len(a.get("/api/v1/prospects").is(200).items()); n != 2 {
			t.Errorf("there are %d prospects", n)
		}
		if err := t.scribe.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.olga.get("/api/v1/ledger"+query("event", "bulk.done")).is(200).has(`"action":"create"`, `"prospect"`).lacks("Quartz")

		// One undo, by whoever did it.
		undo := "/api/v1/operations/" + made.at("operation") + "/undo"
		t.hire("Berta", prospector()).post(undo, nil).is(404)
		a.post(undo, nil).is(200).has(`"done":2`)
		a.post(undo, nil).is(409)
		if n := len(a.get("/api/v1/prospects").is(200).items()); n != 0 {
			t.Errorf("after the undo there are %d prospects", n)
		}

		// Nobody makes by rows what they may not make alone.
		t.guest().post(at, object{"rows": rows}).is(401)
		t.hire("Clara", sales()).post(at, object{"rows": rows}).is(403)
		many := make([]object, 1001)
		for i := range many {
			many[i] = good("One of many")
		}
		for _, wrong := range []any{object{}, object{"rows": []any{}}, object{"rows": []any{"none", 5}}, object{"rows": "x"}, object{"rows": many}} {
			a.post(at, wrong).is(400, 422).has(`"rows"`)
		}
		if n := t.held("prospect WHERE deleted_at IS NULL"); n != 0 {
			t.Errorf("refused requests made %d prospects", n)
		}
	})
}

func TestAThousandRowsAreMadeAndUndone(t *testing.T) {
	everywhere(t, func(t *town) {
		list := t.olga.create("prospect_lists", object{"name": "Fair"})
		rows := make([]object, 1000)
		for i := range rows {
			rows[i] = object{"name": fmt.Sprintf("Row %04d", i), "list": list, "note": strings.Repeat("long ", 150)}
		}
		made := t.olga.post("/api/v1/prospects/rows", object{"rows": rows}).is(201).has(`"done":1000`, `"refused":[]`)
		t.olga.post("/api/v1/operations/"+made.at("operation")+"/undo", nil).is(200).has(`"done":1000`)
		t.olga.get("/api/v1/prospects/count" + query("exact", "1")).is(200).has(`"n":0`)
	})
}

func TestWhatBelongsToRecordsIsListedForOneOfThem(t *testing.T) {
	everywhere(t, func(t *town) {
		a := t.hire("Anton", bearer())
		anna := a.create("contacts", object{"name": "Anna"})
		a.create("comments", object{"text": "Hello", "about": anna, "about_kind": "contact"})
		for _, plural := range []string{"comments", "files"} {
			for _, how := range []string{"", "?filter=", "?filter=%20", "?search=x", query("filter", `created_at > 2020-01-01`), query("filter", `about = "`+anna+`" and created_at > 2020-01-01`), "?bin=1"} {
				got := a.get("/api/v1/"+plural+how).is(400).has("within.about", "parameter filter", "the id of the record").lacks("position")
				if got.json()["field"] != "filter" {
					t.Errorf("%s%s names %v", plural, how, got.json()["field"])
				}
			}
			a.get("/api/v1/"+plural+"/count").is(400).has("within.apart", "not counted").lacks("position")
		}
		for _, how := range []string{query("filter", `about = "`+anna+`"`), query("filter", `{"field":"about","op":"=","value":"`+anna+`"}`)} {
			if n := len(a.get("/api/v1/comments" + how).is(200).items()); n != 1 {
				t.Errorf("%s lists %d comments", how, n)
			}
		}
	})
}
