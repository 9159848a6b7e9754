package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"castellan/internal/store"
)

// Whoever looks through other eyes may read whatever these may, and change and
// reveal nothing, at whatever address.
func TestEveryRouteReadsForAViewerAndChangesNothing(t *testing.T) {
	once(t, func(t *town) {
		a, _, c := bystanders(t)
		own := a.create("contacts", object{"name": "Anna", "phones": []string{"(212) 555-0123"}})
		chief := t.employ("Chief", t.ready("administrator"))
		for _, seen := range []struct {
			word string
			body object
		}{{chief.id, object{"person": chief.id}}, {t.ready("administrator"), object{"role": t.ready("administrator")}}} {
			t.olga.post("/api/v1/viewing", seen.body).is(201)
			before := t.olga.get("/api/v1/contacts/" + own).is(200).body
			open, reads, changes := forStrangers(t), 0, 0
			ids := map[string]string{"contacts{id}": own, "people{id}": a.id, "roles{id}": t.ready("manager"), "{version}": "1"}
			for path, methods := range description(t) {
				for method := range methods {
					method = strings.ToUpper(method)
					if open[method+" "+path] {
						continue // for strangers: nobody looks through anybody's eyes there
					}
					for _, body := range questions(method, path) {
						got := t.olga.with("Castellan-View-As", seen.word).do(method, filled(path, ids), body)
						if got.status == 413 { // it takes no body
							got = t.olga.with("Castellan-View-As", seen.word).do(method, filled(path, ids), nil)
						}
						refused := strings.Contains(got.body, `"viewas.`) || strings.Contains(got.body, "While viewing as somebody else") // SCIM knows no codes
						if method == "GET" && !strings.HasPrefix(path, "/api/v1/") {
							continue
						}
						if method == "GET" {
							reads++
							if own := strings.HasPrefix(path, "/api/v1/session/"); refused && !own || got.status == 401 || got.status == 500 {
								t.Errorf("%s is refused to a viewer: %d %s", got.asked, got.status, got.body)
							}
							continue
						}
						changes++
						if got.status != 403 || !refused {
							t.Errorf("%s is not refused to a viewer: %d %s", got.asked, got.status, got.body)
						}
					}
				}
			}
			if reads < 60 || changes < 60 {
				t.Errorf("%d readings and %d changes were tried", reads, changes)
			}
			if after := t.olga.get("/api/v1/contacts/" + own).is(200).body; after != before {
				t.Errorf("a viewer changed\n%s\nto\n%s", before, after)
			}
		}
		t.olga.get("/api/v1/contacts/" + c).is(200)
	})
}

func TestViewingWithARoleShowsWhatTheRoleShows(t *testing.T) {
	everywhere(t, func(t *town) {
		t.olga.create("contacts", object{"name": "Anna", "phones": []string{"(212) 555-0123"}})
		t.olga.get("/api/v1/contacts").is(200).has("Anna", digits)
		specialist, owner := t.ready("specialist"), t.ready("owner")
		as := func() *person { return t.olga.with("Castellan-View-As", specialist) }
		t.olga.post("/api/v1/viewing", object{"role": specialist}).is(201).has(`"kind":"role"`, "Specialist", "Специалист")
		as().get("/api/v1/contacts").is(200).has("Anna", "XXXX").lacks(digits)
		as().get("/api/v1/session").is(200).has(`"view_as"`, `"ends_at"`, specialist).lacks("people.manage")
		as().get("/api/v1/people").is(403)
		as().post("/api/v1/contacts", object{"name": "Eve"}).is(403)
		// Another header than the look that was begun is none.
		t.olga.with("Castellan-View-As", owner).get("/api/v1/contacts").is(403).has("viewas.over")
		// In another tab the viewer works on as themselves.
		t.olga.get("/api/v1/contacts").is(200).has(digits)
		// Nobody looks with a role that holds more than they do.
		chief := t.employ("Chief", t.ready("administrator"))
		chief.post("/api/v1/viewing", object{"role": owner}).is(403)
		chief.with("Castellan-View-As", owner).get("/api/v1/contacts").is(403).lacks("Anna")
		chief.post("/api/v1/viewing", object{"person": t.olga.id}).is(403)
		chief.post("/api/v1/viewing", object{"person": chief.id}).is(422)
		chief.post("/api/v1/viewing", object{"person": chief.id, "role": specialist}).is(422)
		chief.post("/api/v1/viewing", object{}).is(422)
		chief.post("/api/v1/viewing", object{"person": specialist}).is(404)
	})
}

func TestViewingEndsByOneClickOrTenMinutes(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		as := func() *person { return t.olga.with("Castellan-View-As", a.id) }
		t.olga.post("/api/v1/viewing", object{"person": a.id}).is(201)
		as().get("/api/v1/session").is(200).has("Anton")
		t.olga.delete("/api/v1/viewing").is(204)
		as().get("/api/v1/session").is(403).has("viewas.over")
		t.olga.delete("/api/v1/viewing").is(204) // ends nothing twice

		t.olga.post("/api/v1/viewing", object{"person": a.id}).is(201)
		as().get("/api/v1/session").is(200)
		// The viewing of one session is none of another of the same person.
		other := &person{town: t.olga.town}
		other.post("/api/v1/session", object{"email": "olga@example.com", "password": goodPassword}).is(200)
		other.with("Castellan-View-As", a.id).get("/api/v1/session").is(403).has("viewas.over")
		if err := t.db.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), store.Text(`UPDATE viewing SET ends_at = ?`), tx.Now())
			return err
		}); err != nil {
			t.Fatal(err)
		}
		as().get("/api/v1/session").is(403).has("viewas.over")
		as().get("/api/v1/contacts").is(403).has("viewas.over")
		t.olga.delete("/api/v1/viewing").is(204)

		var how []any
		for _, e := range t.olga.get("/api/v1/ledger" + query("event", "viewing.ended")).items() {
			if name := e["actor"].(map[string]any)["name"]; name != "Olga" {
				t.Errorf("%v looked", name)
			}
			how = append(how, e["details"].(map[string]any)["how"])
		}
		if len(how) != 2 || how[0] != "time" || how[1] != "left" {
			t.Errorf("looks ended by %v", how)
		}
		if n := len(t.olga.get("/api/v1/ledger" + query("event", "viewing.begun")).items()); n != 2 {
			t.Errorf("%d looks have begun", n)
		}
	})
}

func TestProgramsDoNotLookThroughEyes(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		made := t.olga.post("/api/v1/keys", object{"name": "Robot", "role": t.ready("owner")}).is(201)
		program := &person{town: t, key: made.at("token")}
		program.get("/api/v1/session").is(200, 403)
		program.post("/api/v1/viewing", object{"person": a.id}).is(403)
		program.with("Castellan-View-As", a.id).get("/api/v1/contacts").is(403)
	})
}

// forStrangers are the routes that ask nobody who they are, by method and path.
func forStrangers(t *town) map[string]bool {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct{ Security []map[string][]string }
	}
	if err := json.Unmarshal([]byte(t.guest().get("/api/openapi.json").is(200).body), &doc); err != nil {
		t.Fatal(err)
	}
	open := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, route := range methods {
			open[strings.ToUpper(method)+" "+path] = len(route.Security) == 0
		}
	}
	if !open["GET /healthz"] || open["GET /api/v1/contacts"] {
		t.Fatal("the description does not say what strangers may use")
	}
	return open
}
