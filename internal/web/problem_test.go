package web_test

import "testing"

// The field of a problem is one that was sent: a form puts the sentence beside it.
// The name of an ability there is a field that nobody finds.
func TestRefusalNamesTheFieldThatWasSentAndNoAbility(t *testing.T) {
	everywhere(t, func(t *town) {
		role := sales()
		role["abilities"] = []string{}
		role["grades"].(object)["appointment"] = object{"create": "all", "view": "own", "edit": "own", "delete": "own"}
		role["grades"].(object)["legal_entity"] = object{"create": "all", "view": "all", "edit": "all"}
		a, b := t.hire("Anton", role), t.hire("Berta", sales())
		anna := a.create("contacts", object{"name": "Anna"})
		deal := a.create("deals", object{"title": "Bridal"})
		task := a.create("tasks", object{"title": "Call", "contact": anna})
		firm := t.olga.create("legal_entities", object{"name": "Salon", "ours": true})
		for _, each := range []struct {
			try         func() *answer
			code, field string
		}{
			{func() *answer { return a.patch("/api/v1/contacts/"+anna, object{"responsible": b.id}) }, "ability.records.assign", "responsible"},
			{func() *answer { return a.patch("/api/v1/deals/"+deal, object{"responsible": b.id, "title": "New"}) }, "ability.records.assign", "responsible"},
			{func() *answer { return a.patch("/api/v1/tasks/"+task, object{"responsible": nil}) }, "ability.records.assign", "responsible"},
			{func() *answer { return a.post("/api/v1/contacts", object{"name": "Eva", "responsible": b.id}) }, "ability.records.assign", "responsible"},
			{func() *answer {
				return a.post("/api/v1/appointments", object{"contact": anna, "starts_at": "2026-03-02T10:00:00Z", "ends_at": "2026-03-02T11:00:00Z", "responsible": b.id})
			}, "ability.records.assign", "responsible"},
			{func() *answer { return a.get("/api/v1/contacts" + query("bin", "1")) }, "ability.records.bin", "bin"},
			{func() *answer { return a.get("/api/v1/comments" + query("filter", `about = "`+anna+`"`, "bin", "1")) }, "ability.records.bin", "bin"},
			{func() *answer {
				return a.post("/api/v1/views", object{"kind": "contact", "name": "All", "audience": "everyone"})
			}, "ability.views.share", "audience"},
			{func() *answer { return a.patch("/api/v1/legal_entities/"+firm, object{"bank_name": "Mine"}) }, "ability.settings.manage", "bank_name"},
			{func() *answer { return a.patch("/api/v1/legal_entities/"+firm, object{"ours": false}) }, "ability.settings.manage", "ours"},
			{func() *answer { return a.post("/api/v1/legal_entities", object{"name": "Mine", "ours": true}) }, "ability.settings.manage", "ours"},
			// Here the whole request is what is refused.
			{func() *answer {
				return a.post("/api/v1/contacts/"+anna+"/shares", object{"person": b.id, "level": "view"})
			}, "ability.missing", ""},
			{func() *answer { return a.patch("/api/v1/settings", object{"workspace": "Mine"}) }, "ability.missing", ""},
		} {
			got := each.try().is(403).has(`"code":"` + each.code + `"`)
			if each.field == "" {
				got.lacks(`"field"`)
				continue
			}
			if at := got.json(); at["field"] != each.field || at["errors"].([]any)[0].(map[string]any)["field"] != each.field {
				t.Errorf("%s names the field %v, not %s: %s", each.code, at["field"], each.field, got.body)
			}
		}
		// Nothing of it was done.
		a.get("/api/v1/contacts/" + anna).is(200).has(a.id).lacks(b.id)
		b.get("/api/v1/deals/" + deal).is(404)
		t.olga.get("/api/v1/legal_entities/" + firm).is(200).lacks("Mine")
	})
}
