package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// inStep is a program of the firm that keeps accounts in step.
func inStep(t *town, by *person, newcomers string) *person {
	t.Helper()
	role := t.olga.post("/api/v1/roles", object{"name": "Sync of " + by.id, "grades": object{}, "sights": []any{}, "abilities": []string{"accounts.sync"}}).is(201).at("id")
	t.olga.put("/api/v1/directory", object{"role": newcomers}).is(200)
	owner := by.id
	made := t.olga.post("/api/v1/keys", object{"name": "Directory", "role": role, "owner": owner}).is(201)
	return &person{town: t, key: made.at("token")}
}

const scim = "/api/scim/v2"

// scim sends what a directory sends.
func (p *person) scim(method, path string, body any) *answer {
	p.Helper()
	if body != nil {
		p.with("Content-Type", "application/scim+json")
	}
	a := p.do(method, scim+path, body)
	if a.status >= 400 {
		a.has(`"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"]`)
	}
	if a.body != "" && !strings.HasPrefix(a.header.Get("Content-Type"), "application/scim+json") {
		a.Errorf("%s is answered as %s", a.asked, a.header.Get("Content-Type"))
	}
	return a
}

func (p *person) find(kind, filter string) []object {
	p.Helper()
	list, _ := p.scim("GET", "/"+kind+"?filter="+url.QueryEscape(filter), nil).is(200).has(`ListResponse`).json()["Resources"].([]any)
	var all []object
	for _, one := range list {
		all = append(all, one.(map[string]any))
	}
	return all
}

func patchOf(operations ...object) object {
	return object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": operations}
}

// As Entra does it: https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups
func TestDirectoryInTheDialectOfEntra(t *testing.T) {
	everywhere(t, func(t *town) {
		d := inStep(t, t.olga, t.ready("specialist"))
		// The connection is tried with somebody who does not exist.
		if all := d.find("Users", `userName eq "b31c7f2e-9a8d-4f0b-a1f5-8a1b3a4d5e6f"`); len(all) != 0 {
			t.Errorf("found %v", all)
		}
		made := d.scim("POST", "/Users", object{
			"schemas":    []string{"urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"},
			"externalId": "0a21f0f2", "userName": "Test_User@example.com", "active": true, "displayName": "Lotta Lind",
			"emails": []object{{"primary": true, "type": "work", "value": "lotta@example.com"}},
			"meta":   object{"resourceType": "User"}, "name": object{"formatted": "Lotta Lind", "familyName": "Lind", "givenName": "Lotta"},
			"roles": []any{}, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": object{"department": "Sales", "manager": object{"value": "x"}},
			"addresses": []object{{"type": "work", "formatted": "Street 1"}}, "title": "Boss",
		}).is(201).has(`"userName":"Test_User@example.com"`, "lotta@example.com", `"externalId":"0a21f0f2"`)
		id := made.at("id")
		if got := made.header.Get("Location"); got != townURL+scim+"/Users/"+id {
			t.Errorf("it is at %s", got)
		}
		if all := d.find("Users", `userName eq "test_user@EXAMPLE.com"`); len(all) != 1 || all[0]["id"] != id {
			t.Errorf("found %v", all)
		}
		t.olga.get("/api/v1/people/"+id).is(200).has("Lotta Lind", "lotta@example.com", "Specialist")
		// The name is taken; nothing is said about by whom.
		d.scim("POST", "/Users", object{"userName": "test_user@example.com", "emails": []object{{"value": "other@example.com"}}}).is(409).has(`"scimType":"uniqueness"`).lacks("Lotta", "lotta")
		d.scim("POST", "/Users", object{"userName": "olga@example.com"}).is(409).lacks("Olga")

		d.scim("PATCH", "/Users/"+id, patchOf(
			object{"op": "Replace", "path": `emails[type eq "work"].value`, "value": "lotta.lind@example.com"},
			object{"op": "Replace", "path": "name.familyName", "value": "Lindgren"},
			object{"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "Support"},
			object{"op": "Add", "value": object{"displayName": "Lotta Lindgren", "name.givenName": "Lotta", "nickName": "Lo"}},
		)).is(200).has("lotta.lind@example.com", "Lindgren")
		p := &person{town: t}
		_, token, _ := strings.Cut(t.olga.post("/api/v1/people/"+id+"/link", object{"purpose": "invite"}).is(201).at("url"), "#")
		p.post("/api/v1/session/link", object{"token": token, "password": goodPassword}).is(200)
		p.get("/api/v1/contacts").is(200)
		// Disabled there, she is out here at once.
		d.scim("PATCH", "/Users/"+id, patchOf(object{"op": "Replace", "path": "active", "value": "False"})).is(200).has(`"active":false`)
		p.get("/api/v1/contacts").is(401)
		p.post("/api/v1/session", object{"email": "lotta.lind@example.com", "password": goodPassword}).is(401)
		d.scim("PATCH", "/Users/"+id, patchOf(object{"op": "Replace", "path": "active", "value": "True"})).is(200).has(`"active":true`)
		p.post("/api/v1/session", object{"email": "lotta.lind@example.com", "password": goodPassword}).is(200)

		g := d.scim("POST", "/Groups", object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "externalId": "8aa1a0c0", "displayName": "Front desk", "members": []any{}}).is(201).at("id")
		d.scim("POST", "/Groups", object{"displayName": "front desk"}).is(409).has("uniqueness")
		if all := d.find("Groups", `externalId eq "8aa1a0c0" and displayName eq "Front Desk"`); len(all) != 1 {
			t.Errorf("found %v", all)
		}
		d.scim("PATCH", "/Groups/"+g, patchOf(object{"op": "Add", "path": "members", "value": []object{{"$ref": nil, "value": id}, {"value": t.olga.id}}})).is(200).has(id, t.olga.id)
		d.scim("GET", "/Groups/"+g+"?excludedAttributes=members", nil).is(200).lacks("members", id)
		t.olga.get("/api/v1/groups").is(200).has("Front desk", `"members":2`)
		d.scim("PATCH", "/Groups/"+g, patchOf(object{"op": "Remove", "path": "members", "value": []object{{"$ref": nil, "value": t.olga.id}}})).is(200).has(id).lacks(t.olga.id)
		d.scim("PATCH", "/Groups/"+g, patchOf(object{"op": "Replace", "path": "displayName", "value": "Reception"})).is(200)
		d.scim("GET", "/Users/"+id, nil).is(200).has("Reception")

		// Deleted, she is not there, and made anew it is she again.
		d.scim("DELETE", "/Users/"+id, nil).is(204)
		d.scim("GET", "/Users/"+id, nil).is(404)
		d.scim("PATCH", "/Users/"+id, patchOf(object{"op": "Replace", "path": "active", "value": "True"})).is(404)
		d.scim("GET", "/Groups/"+g, nil).is(200).lacks(id)
		p.get("/api/v1/contacts").is(401)
		back := d.scim("POST", "/Users", object{"userName": "test_user@example.com", "displayName": "Lotta", "emails": []object{{"value": "lotta.lind@example.com", "primary": true}}}).is(201)
		if back.at("id") != id {
			t.Error("she is somebody else now")
		}
		d.scim("GET", "/Groups/"+g, nil).is(200).lacks(id)
		d.scim("DELETE", "/Groups/"+g, nil).is(204)
		t.olga.get("/api/v1/groups").is(200).lacks("Reception")
	})
}

// As Okta does it: https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20
func TestDirectoryInTheDialectOfOkta(t *testing.T) {
	everywhere(t, func(t *town) {
		d := inStep(t, t.olga, t.ready("specialist"))
		d.scim("GET", "/Users?startIndex=1&count=2", nil).is(200).has(`"totalResults":1`, `"startIndex":1`, `"itemsPerPage":1`)
		id := d.scim("POST", "/Users", object{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": "test.user@okta.local.example", "name": object{"givenName": "Test", "familyName": "User"},
			"emails": []object{{"primary": true, "value": "test.user@okta.local.example", "type": "work"}}, "displayName": "Test User", "locale": "en-US", "externalId": "00ujl29u0le5T6Aj10h7",
			"groups": []any{}, "password": "1mz050nq", "active": true,
		}).is(201).has(`"name":{"familyName":"User","formatted":"Test User","givenName":"Test"}`).lacks("1mz050nq").at("id")
		// The password is not taken on.
		t.guest().post("/api/v1/session", object{"email": "test.user@okta.local.example", "password": "1mz050nq"}).is(401)
		t.olga.get("/api/v1/people/" + id).is(200).has(`"state":"invited"`)

		whole := object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "id": id, "userName": "test.user@okta.local.example",
			"name": object{"givenName": "Another", "middleName": "x", "familyName": "User"}, "emails": []object{{"primary": true, "value": "test.user@okta.local.example", "type": "work"}}, "active": true,
			"groups": []any{}, "meta": object{"resourceType": "User"}}
		d.scim("PUT", "/Users/"+id, whole).is(200).has("Another")
		t.olga.get("/api/v1/people/" + id).is(200).has("Another User")
		before := len(t.olga.get("/api/v1/ledger?limit=200").items())
		d.scim("PUT", "/Users/"+id, whole).is(200)
		d.scim("PATCH", "/Users/"+id, patchOf(object{"op": "replace", "value": object{"active": true}})).is(200)
		if now := len(t.olga.get("/api/v1/ledger?limit=200").items()); now != before+1 { // reading the ledger is an entry itself
			t.Errorf("saying the same again made %d entries", now-before-1)
		}
		d.scim("PATCH", "/Users/"+id, patchOf(object{"op": "replace", "value": object{"active": false}})).is(200).has(`"active":false`)
		t.olga.get("/api/v1/people/" + id).is(200).has(`"state":"deactivated"`)

		g := d.scim("POST", "/Groups", object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": "Test SCIMv2", "members": []object{{"value": id, "display": "x"}}}).is(201).has(id).at("id")
		d.scim("PATCH", "/Groups/"+g, patchOf(object{"op": "replace", "value": object{"id": g, "displayName": "Test SCIMv2b"}})).is(200).has("SCIMv2b", id)
		d.scim("PATCH", "/Groups/"+g, patchOf(
			object{"op": "remove", "path": `members[value eq "` + id + `"]`}, object{"op": "add", "path": "members", "value": []object{{"value": t.olga.id, "display": "o"}}},
		)).is(200).has(t.olga.id).lacks(id)
		d.scim("PATCH", "/Groups/"+g, patchOf(object{"op": "replace", "path": "members", "value": []object{{"value": id}}})).is(200).has(id).lacks(t.olga.id)
		d.scim("PUT", "/Groups/"+g, object{"displayName": "Test SCIMv2b", "members": []any{}}).is(200).lacks(id)
	})
}

// What RFC 7644 asks for beside the dialects.
func TestDirectorySpeaksAsTheStandardSays(t *testing.T) {
	everywhere(t, func(t *town) {
		d := inStep(t, t.olga, t.ready("specialist"))
		d.scim("GET", "/ServiceProviderConfig", nil).is(200).has(`"patch":{"supported":true}`, `"bulk"`)
		d.scim("GET", "/ResourceTypes", nil).is(200).has(`"endpoint":"/Users"`, `"endpoint":"/Groups"`)
		d.scim("GET", "/ResourceTypes/User", nil).is(200)
		d.scim("GET", "/Schemas", nil).is(200).has("core:2.0:User", "core:2.0:Group")
		d.scim("GET", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", nil).is(200).has("userName")
		d.scim("GET", "/Schemas/other", nil).is(404)
		ids := map[string]string{}
		for _, name := range []string{"ann", "bob", "carl"} {
			ids[name] = d.scim("POST", "/Users", object{"userName": name + "@example.com", "externalId": "X-" + name, "preferredLanguage": "pl-PL", "timezone": "Europe/Warsaw"}).is(201).at("id")
		}
		t.olga.get("/api/v1/people/"+ids["ann"]).is(200).has(`"language":"pl"`, "Europe/Warsaw")
		for filter, want := range map[string]int{
			`userName sw "a"`: 1, `userName co "EXAMPLE"`: 4, `emails.value ew "b@example.com"`: 1, `emails[type eq "work" and value co "carl"]`: 1, `externalId eq "x-ann"`: 0, `externalId eq "X-ann"`: 1,
			`externalId pr`: 3, `not (externalId pr)`: 1, `active eq true and (userName sw "a" or userName sw "b")`: 2, `active eq "False"`: 0, `urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bob@example.com"`: 1,
			`meta.lastModified gt "2011-05-13T04:42:34Z"`: 4, `meta.created lt "2011-05-13T04:42:34Z"`: 0, `title eq "x"`: 0, `userName ne "ann@example.com"`: 3, `id eq "` + ids["ann"] + `"`: 1,
		} {
			if all := d.find("Users", filter); len(all) != want {
				t.Errorf("%s finds %d, want %d", filter, len(all), want)
			}
		}
		for _, filter := range []string{`userName`, `userName eq`, `userName xx "a"`, `(userName eq "a"`, strings.Repeat("(", 19) + "a", strings.Repeat(`userName eq "a" or `, 200) + `userName eq "a"`} {
			began := time.Now()
			d.scim("GET", "/Users?filter="+url.QueryEscape(filter), nil).is(400).has(`"scimType":"invalidFilter"`)
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("a filter of %d characters took %s", len(filter), took)
			}
		}
		d.scim("GET", "/Users?startIndex=2&count=2", nil).is(200).has(`"totalResults":4`, `"startIndex":2`, `"itemsPerPage":2`)
		d.scim("GET", "/Users?count=0", nil).is(200).has(`"totalResults":4`, `"itemsPerPage":0`, `"Resources":[]`)
		d.scim("GET", "/Users?startIndex=99", nil).is(200).has(`"Resources":[]`)
		d.scim("GET", "/Users?count=many", nil).is(400)
		d.scim("GET", "/Users?attributes=userName&sortBy=userName", nil).is(200).has("ann@example.com", ids["ann"]).lacks("emails", "displayName")
		for _, bad := range []object{
			{}, {"userName": ""}, {"userName": 7}, {"userName": "no address"}, {"userName": "x@example.com", "active": "perhaps"}, {"userName": "x@example.com", "emails": "x"}, {"userName": "x@example.com", "emails": []any{"x"}},
			{"userName": "x@example.com", "displayName": strings.Repeat("x", 600)},
		} {
			d.scim("POST", "/Users", bad).is(400).has("invalidValue")
		}
		d.scim("POST", "/Users", `{"userName":"a@example.com","userName":"b@example.com"}`).is(400).has("invalidSyntax")
		d.scim("POST", "/Users", `[]`).is(400)
		d.scim("POST", "/Users", `{"userName":"`+strings.Repeat("x", 70_000)+`"}`).is(413)
		one := "/Users/" + ids["bob"]
		for _, bad := range []any{
			object{"Operations": []object{{"op": "replace", "path": "active", "value": false}}}, patchOf(), patchOf(object{"op": "move", "path": "active"}), patchOf(object{"op": "remove"}),
			patchOf(object{"op": "replace", "path": "emails[", "value": 1}), patchOf(object{"op": "replace", "path": "id", "value": "person_1"}), patchOf(object{"op": "replace", "value": "x"}), patchOf(object{"op": "remove", "path": "userName"}),
		} {
			d.scim("PATCH", one, bad).is(400)
		}
		d.scim("GET", one, nil).is(200).has("bob@example.com", `"active":true`)
		d.scim("POST", "/Groups", object{"displayName": "G", "members": []object{{"value": "person_0000000000000"}}}).is(400).has("invalidValue")
		t.olga.get("/api/v1/groups").is(200).lacks(`"G"`)
		// A group that people made keeps its roles, and is not deleted from outside.
		g := t.olga.post("/api/v1/groups", object{"name": "By hand"}).is(201).at("id")
		t.olga.put("/api/v1/groups/"+g+"/members", object{"items": []object{{"person": ids["ann"], "role": t.ready("manager")}}}).is(200, 204)
		d.scim("PATCH", "/Groups/"+g, patchOf(object{"op": "add", "path": "members", "value": []object{{"value": ids["bob"]}}})).is(200)
		t.olga.get("/api/v1/groups/"+g+"/members").is(200).has("Manager", ids["bob"])
		d.scim("DELETE", "/Groups/"+g, nil).is(403)
	})
}

// A directory reaches no further than the owner of its key, and no owner at all.
func TestDirectoryReachesNoFurtherThanItsSteward(t *testing.T) {
	everywhere(t, func(t *town) {
		admin := t.employ("Berta", t.ready("administrator"))
		t.olga.put("/api/v1/people/"+admin.id+"/rights", object{"abilities": object{"accounts.sync": true}}).is(200)
		d := inStep(t, admin, t.ready("specialist"))
		for _, change := range []object{{"op": "replace", "path": "active", "value": false}, {"op": "replace", "path": "displayName", "value": "Nobody"}, {"op": "replace", "path": "userName", "value": "evil@example.com"}, {"op": "replace", "path": "emails", "value": []object{{"value": "evil@example.com"}}}} {
			d.scim("PATCH", "/Users/"+t.olga.id, patchOf(change)).is(403)
		}
		d.scim("DELETE", "/Users/"+t.olga.id, nil).is(403)
		t.olga.get("/api/v1/session").is(200).has("olga@example.com")
		// Saying what is so changes nothing, and is no error.
		d.scim("PATCH", "/Users/"+t.olga.id, patchOf(object{"op": "replace", "path": "active", "value": true})).is(200)
		// Somebody who holds more than the steward.
		rich := t.hire("Rich", object{"grades": object{"contact": object{"view": "all", "export": "all"}}})
		d.scim("PATCH", "/Users/"+rich.id, patchOf(object{"op": "replace", "path": "active", "value": false})).is(403)
		rich.get("/api/v1/session").is(200)
		// Nor does the owner's own key touch owners.
		o := inStep(t, t.olga, t.ready("specialist"))
		second := t.employ("Second", t.ready("owner"))
		o.scim("PATCH", "/Users/"+second.id, patchOf(object{"op": "replace", "path": "active", "value": false})).is(403)
		o.scim("DELETE", "/Users/"+second.id, nil).is(403)
		t.olga.put("/api/v1/directory", object{"role": t.ready("owner")}).is(422)
		admin.put("/api/v1/directory", object{"role": t.ready("owner")}).is(403)

		// The key itself reads no client, no ledger and no account by other doors.
		t.olga.create("contacts", object{"name": "Cecilia Quartz"})
		d.get("/api/v1/contacts").is(200).lacks("Cecilia")
		d.get("/api/v1/people").is(403)
		d.get("/api/v1/ledger").is(403)
		d.post("/api/v1/people", object{"email": "x@example.com", "name": "X", "role": t.ready("specialist")}).is(403)
		// People and other programs do not speak SCIM.
		t.olga.get(scim + "/Users").is(403)
		admin.get(scim + "/Users").is(403)
		other := &person{town: t, key: t.olga.post("/api/v1/keys", object{"name": "Website", "role": t.ready("manager")}).is(201).at("token")}
		other.scim("GET", "/Users", nil).is(403)
		t.guest().scim("GET", "/Users", nil).is(401)
		(&person{town: t, key: "ck_wrong"}).scim("GET", "/Users", nil).is(401)

		// What people did by hand stands.
		id := d.scim("POST", "/Users", object{"userName": "hand@example.com"}).is(201).at("id")
		t.olga.post("/api/v1/people/"+id+"/deactivate", nil).is(204)
		d.scim("PATCH", "/Users/"+id, patchOf(object{"op": "replace", "path": "active", "value": true})).is(403)
		t.olga.post("/api/v1/people/"+id+"/reactivate", nil).is(204)
		d.scim("PATCH", "/Users/"+id, patchOf(object{"op": "replace", "path": "active", "value": false})).is(200)
		d.scim("PATCH", "/Users/"+id, patchOf(object{"op": "replace", "path": "active", "value": true})).is(200)

		// Everything stands in the ledger under the name of the key.
		t.olga.get("/api/v1/ledger"+query("event", "person.synced")).is(200).has("The program Directory of Berta", `"kind":"program"`)
		t.olga.get("/api/v1/ledger" + query("event", "person.deactivated")).is(200).has("The program Directory of Berta")
		// Without its steward the directory does nothing.
		t.olga.post("/api/v1/people/"+admin.id+"/deactivate", nil).is(204)
		d.scim("GET", "/Users", nil).is(401)
	})
}

func TestDirectoryGivesRolesByGroup(t *testing.T) {
	everywhere(t, func(t *town) {
		d := inStep(t, t.olga, t.ready("specialist"))
		desk := d.scim("POST", "/Groups", object{"displayName": "Desk"}).is(201).at("id")
		heads := d.scim("POST", "/Groups", object{"displayName": "Heads"}).is(201).at("id")
		t.olga.put("/api/v1/directory", object{"role": t.ready("specialist"), "groups": []object{{"id": heads, "role": t.ready("manager")}, {"id": desk, "role": t.ready("call_centre")}}}).is(200).has(`"kept_groups":2`, "Directory")
		id := d.scim("POST", "/Users", object{"userName": "ann@example.com"}).is(201).at("id")
		role := func(want string) {
			t.Helper()
			t.olga.get("/api/v1/people/" + id).is(200).has(`"name":"` + want + `"`)
		}
		member := func(op, group string) {
			t.Helper()
			d.scim("PATCH", "/Groups/"+group, patchOf(object{"op": op, "path": "members", "value": []object{{"value": id}}})).is(200)
		}
		role("Specialist")
		member("add", desk)
		role("Call centre")
		member("add", heads)
		role("Manager")
		member("remove", heads)
		role("Call centre")
		// A role that was given by hand is not taken back.
		t.olga.patch("/api/v1/people/"+id, object{"role": t.ready("accountant")}).is(200)
		member("add", heads)
		role("Accountant")
		// Without a role nobody new comes.
		t.olga.put("/api/v1/directory", object{}).is(200)
		d.scim("POST", "/Users", object{"userName": "late@example.com"}).is(409)
		t.olga.get("/api/v1/ledger" + query("event", "directory.changed")).is(200).has("changed how accounts are kept in step")
		t.olga.get("/api/v1/directory").is(200).has(townURL+scim, `"active":1`)
		t.hire("Anton", sales()).get("/api/v1/directory").is(403)
	})
}
