package web_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

const elsewhere = "198.51.100.7"

// The list of allowed networks binds the API, files, and whatever else there is,
// with a session as with a program key (attack 50).
func TestAttack50_NetworksBindEveryRouteAlike(t *testing.T) {
	once(t, func(t *town) {
		a, _, c := bystanders(t)
		made := t.olga.post("/api/v1/keys", object{"name": "Robot", "role": t.ready("manager")}).is(201)
		program := &person{town: t, key: made.at("token")}
		t.olga.put("/api/v1/security/terms/workspace", object{"networks": []string{"127.0.0.0/8", "::1"}}).is(200)
		ids := map[string]string{"contacts{id}": c, "people{id}": a.id, "{version}": "1"}
		open, tried := forStrangers(t), 0
		for path, methods := range description(t) {
			for method := range methods {
				method = strings.ToUpper(method)
				for _, body := range questions(method, path) {
					guest := t.guest().do(method, filled(path, ids), body)
					if guest.status == 413 { // it takes no body
						body = nil
						guest = t.guest().do(method, filled(path, ids), body)
					}
					if guest.status != 401 || open[method+" "+path] {
						continue // for strangers, or not as it is asked here
					}
					tried++
					got := t.olga.with(remote, elsewhere).do(method, filled(path, ids), body)
					if got.status != 403 || !strings.Contains(got.body, "from this network") {
						t.Errorf("%s from elsewhere: %d %s", got.asked, got.status, got.body)
					}
					if got := program.with(remote, elsewhere).do(method, filled(path, ids), body); got.status != 401 && got.status != 429 {
						t.Errorf("%s by a program from elsewhere: %d %s", got.asked, got.status, got.body)
					}
				}
			}
		}
		if tried < 100 {
			t.Errorf("only %d routes were tried", tried)
		}
		t.olga.get("/api/v1/contacts").is(200).has("Cecilia")
		t.olga.with(remote, elsewhere).get("/api/v1/contacts").is(403).lacks("Cecilia")
		t.olga.with(remote, "::ffff:127.0.0.9").get("/api/v1/contacts").is(401, 403) // no address of a socket looks like this
		program.get("/api/v1/contacts").is(200).has("Cecilia")
		t.guest().with(remote, elsewhere).post("/api/v1/session", object{"email": "olga@example.com", "password": goodPassword}).is(401).has("signin.refused")
		t.guest().post("/api/v1/session", object{"email": "olga@example.com", "password": goodPassword}).is(200)
		if len(t.olga.get("/api/v1/ledger"+query("event", "entry.refused")).items()) == 0 {
			t.Error("the ledger does not tell of it")
		}
	})
}

// Nobody comes in by writing a header, be there a proxy of ours or not (attack 50).
func TestAttack50_AddressCannotBeWrittenIntoAHeader(t *testing.T) {
	once(t, func(t *town) {
		t.olga.put("/api/v1/security/terms/workspace", object{"networks": []string{"127.0.0.1", "192.0.2.0/24"}}).is(200)
		forged := []string{"127.0.0.1", "192.0.2.10", "192.0.2.10, 127.0.0.1", "::ffff:192.0.2.10", "192.0.2.10,", ""}
		names := []string{"X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"}
		for _, name := range names {
			for _, word := range forged {
				if name == "Forwarded" {
					word = "for=" + word
				}
				t.olga.with(remote, elsewhere).with(name, word).get("/api/v1/contacts").is(403)
			}
		}
		t.server.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		through := func(chain string) *answer {
			return t.olga.with(remote, "10.0.0.5").with("X-Forwarded-For", chain).get("/api/v1/contacts")
		}
		through("192.0.2.10").is(200)
		through("::ffff:192.0.2.10").is(200)
		through(elsewhere).is(403)
		through("192.0.2.10, " + elsewhere).is(403)                // what the caller wrote stands before what the proxy adds
		through("192.0.2.10, " + elsewhere + ", 10.1.1.1").is(403) // two proxies of ours
		through("192.0.2.10, 10.1.1.1").is(200)
		through("192.0.2.10, nonsense").is(403) // what cannot be read ends the chain at the proxy, which is in no list
		t.olga.with(remote, "10.0.0.5").get("/api/v1/contacts").is(403)
		for _, name := range names[1:] {
			t.olga.with(remote, "10.0.0.5").with("X-Forwarded-For", elsewhere).with(name, "192.0.2.10").get("/api/v1/contacts").is(403)
		}
		// From an address that is no proxy of ours nothing of it counts.
		t.olga.with(remote, elsewhere).with("X-Forwarded-For", "192.0.2.10").get("/api/v1/contacts").is(403)
		t.olga.with(remote, "192.0.2.10").with("X-Forwarded-For", elsewhere).get("/api/v1/contacts").is(200)
	})
}

func TestTermsAreReadAndSetOverTheAPI(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		manager := t.ready("manager")
		all := t.olga.get("/api/v1/security/terms").is(200).has(`"address":"127.0.0.1"`, `"time_zone":"Europe/Warsaw"`, `"roles":[]`, `"people":[]`)
		if v := all.json()["workspace"].(map[string]any)["version"]; v != 0.0 {
			t.Errorf("version %v of terms that nobody set", v)
		}
		t.olga.put("/api/v1/security/terms/roles/"+manager, object{
			"factor": true, "idle_minutes": 30, "absolute_minutes": 600, "networks": []string{"192.0.2.77/24", "::ffff:203.0.113.9"},
			"hours": []object{{"days": []string{"sunday", "monday"}, "from": "09:00", "to": "18:00"}}, "time_zone": "Europe/Rome",
		}).is(200).has(`"networks":["192.0.2.0/24","203.0.113.9"]`, `"days":["monday","sunday"]`, `"version":1`)
		t.olga.put("/api/v1/security/terms/people/"+a.id, object{"networks": []string{"127.0.0.1"}}).is(200).has("Anton")
		t.olga.get("/api/v1/security/terms").is(200).has("Manager", "Anton", "Europe/Rome", `"factor":true`)
		t.olga.get("/api/v1/security/terms/roles/"+manager).is(200).has(`"idle_minutes":30`, `"absolute_minutes":600`)
		t.olga.put("/api/v1/security/terms/roles/"+manager, object{"version": 7}).is(409).has("terms.version")
		t.olga.put("/api/v1/security/terms/roles/"+manager, object{"version": 1}).is(200).has(`"version":2`)
		t.olga.put("/api/v1/security/terms/workspace", object{"networks": []string{elsewhere}}).is(422).has("terms.lockout_network", `"field":"networks"`)
		never := strings.ToLower(time.Now().AddDate(0, 0, -3).Weekday().String())
		t.olga.put("/api/v1/security/terms/workspace", object{"hours": []object{{"days": []string{never}, "from": "09:00", "to": "10:00"}}}).is(422).has("terms.lockout_hour", `"field":"hours"`)
		t.olga.put("/api/v1/security/terms/people/"+t.olga.id, object{"networks": []string{elsewhere}}).is(422).has("terms.lockout_network")
		t.olga.put("/api/v1/security/terms/roles/role_nowhere", object{}).is(404)
		t.olga.put("/api/v1/security/terms/workspace", object{"networks": []string{"the office"}}).is(422).lacks("the office")
		a.get("/api/v1/security/terms").is(403)
		a.put("/api/v1/security/terms/people/"+a.id, object{}).is(403)
		chief := t.employ("Chief", t.ready("administrator"))
		chief.put("/api/v1/security/terms/workspace", object{"networks": []string{"127.0.0.1"}}).is(403).has("terms.owner")
		chief.put("/api/v1/security/terms/people/"+t.olga.id, object{"networks": []string{"127.0.0.1"}}).is(403)
		chief.put("/api/v1/security/terms/roles/"+t.ready("owner"), object{"networks": []string{"127.0.0.1"}}).is(403)
		chief.put("/api/v1/security/terms/roles/"+manager, object{"networks": []string{"192.0.2.0/24"}}).is(200)
		if n := len(t.olga.get("/api/v1/ledger" + query("event", "terms.changed")).items()); n != 4 {
			t.Errorf("%d changes are told of", n)
		}
	})
}

// Hours that name no zone go by the clock of the workspace: to set that clock
// must not keep out whoever sets it, as setting the hours must not.
func TestClockOfAnotherZoneDoesNotLockOutWhoSetsIt(t *testing.T) {
	everywhere(t, func(t *town) {
		warsaw, err := time.LoadLocation("Europe/Warsaw")
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now().In(warsaw)
		hours := []object{{"days": []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"},
			"from": now.Add(-time.Hour).Format("15:04"), "to": now.Add(time.Hour).Format("15:04")}}
		t.olga.put("/api/v1/security/terms/workspace", object{"hours": hours}).is(200)
		zone := func(name string) *answer { return t.olga.patch("/api/v1/settings", object{"time_zone": name}) }
		zone("Pacific/Kiritimati").is(422).has("settings.lockout_hour", `"field":"time_zone"`)
		t.olga.get("/api/v1/settings").is(200).has(`"time_zone":"Europe/Warsaw"`)
		zone("Europe/Rome").is(200)
		// Hours that name their zone do not move.
		t.olga.put("/api/v1/security/terms/workspace", object{"version": 1, "hours": hours, "time_zone": "Europe/Warsaw"}).is(200)
		zone("Pacific/Kiritimati").is(200)
		t.olga.get("/api/v1/contacts").is(200)
	})
}
