package web_test

import "testing"

// Whoever may do much harm and has only a password is led to a second factor at
// each sign-in; that they leave it is noted (ASVS 6.3.3).
func TestWhoeverMayDoHarmIsLedToASecondFactor(t *testing.T) {
	everywhere(t, func(t *town) {
		led := func(p *person) bool { return p.get("/api/v1/session").is(200).json()["unprotected"] == true }
		administrator, manager := t.employ("Ada", t.ready("administrator")), t.employ("Max", t.ready("manager"))
		if !led(t.olga) || !led(administrator) || led(manager) {
			t.Errorf("led are: owner %v, administrator %v, manager %v", led(t.olga), led(administrator), led(manager))
		}
		t.guest().post("/api/v1/session", object{"email": "ada@example.com", "password": goodPassword}).is(200).has(`"unprotected":true`)
		administrator.post("/api/v1/session/factors/later", nil).is(204)
		told := t.olga.get("/api/v1/ledger" + query("event", "factor.postponed")).items()
		if len(told) != 1 || told[0]["actor"].(map[string]any)["name"] != "Ada" {
			t.Errorf("the ledger tells %v", told)
		}
		made := t.olga.post("/api/v1/keys", object{"name": "Robot", "role": t.ready("administrator")}).is(201)
		robot := &person{town: t, key: made.at("token")}
		robot.get("/api/v1/session").lacks("unprotected")
		robot.post("/api/v1/session/factors/later", nil).is(401, 403)
		t.olga.post("/api/v1/viewing", object{"person": administrator.id}).is(201)
		t.olga.with("Castellan-View-As", administrator.id).get("/api/v1/session").is(200).lacks("unprotected")
	})
}
