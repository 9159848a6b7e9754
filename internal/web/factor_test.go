package web_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// code is what an authenticator app with the secret shows, so many steps from now.
func (w *town) code(secret string, steps int) string {
	w.Helper()
	at := w.db.Now().Add(time.Duration(steps) * 30 * time.Second).UTC()
	out, err := exec.Command("oathtool", "--totp", "--base32", "--now", at.Format("2006-01-02 15:04:05 UTC"), secret).Output()
	if err != nil {
		w.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// app adds an authenticator app, by the code of one step ago, and gives its secret.
func (p *person) app() (secret string, recovery []any) {
	p.Helper()
	draft := p.post("/api/v1/session/factors/app/begin", nil).is(200)
	secret = draft.at("seed")
	made := p.post("/api/v1/session/factors/app", object{"state": draft.at("state"), "code": p.code(secret, -1)}).is(201)
	recovery, _ = made.json()["recovery"].([]any)
	return secret, recovery
}

// again is the same person at another browser, who has given the password.
func (p *person) again(email string) *person {
	p.Helper()
	q := &person{town: p.town, id: p.id}
	q.post("/api/v1/session", object{"email": email, "password": goodPassword})
	return q
}

// grow lets the proofs of everybody grow old.
func (w *town) grow() {
	w.Helper()
	w.moved.Add(int64(20 * time.Minute))
}

// Attack 42: tries are bounded for the person, whatever way and however often
// somebody starts again; a code is good once.
func TestAttack42_SecondFactorIsNotGuessed(t *testing.T) {
	everywhere(t, func(t *town) {
		a := t.hire("Anton", sales())
		secret, recovery := a.app()
		if len(recovery) != 10 {
			t.Fatalf("%d recovery codes", len(recovery))
		}
		half := a.again("anton@example.com")
		half.post("/api/v1/session/factor", object{"code": t.code(secret, -1)}).is(422).lacks(secret)
		code := t.code(secret, 0)
		half.post("/api/v1/session/factor", object{"code": code}).is(200).has("Anton")
		a.again("anton@example.com").post("/api/v1/session/factor", object{"code": code}).is(422).lacks(code)

		// Five wrong ones are free; after them every way waits: a new sign-in, a
		// recovery code, the session that is in.
		refused, waits := 0, 0
		for range 4 {
			thief := a.again("anton@example.com")
			for _, proof := range []object{{"code": "000000"}, {"recovery": "0000-0000-0000-0000"}} {
				if thief.post("/api/v1/session/factor", proof).is(422, 429).status == 429 {
					waits++
				} else {
					refused++
				}
			}
			if a.post("/api/v1/session/stepup", object{"code": "000000"}).is(422, 429).status == 429 {
				waits++
			} else {
				refused++
			}
		}
		if refused > 4 || waits < 8 {
			t.Errorf("%d tries were looked at, %d had to wait", refused, waits)
		}
		wait := a.again("anton@example.com").post("/api/v1/session/factor", object{"code": t.code(secret, 1)}).is(429)
		if wait.header.Get("Retry-After") == "" {
			t.Error("nobody says for how long")
		}
		// Whoever is in goes on working: only codes wait.
		a.get("/api/v1/session").is(200)
		t.moved.Add(int64(time.Hour))
		a.again("anton@example.com").post("/api/v1/session/factor", object{"recovery": recovery[0]}).is(200)
		a.again("anton@example.com").post("/api/v1/session/factor", object{"recovery": recovery[0]}).is(422)

		// Taking the factor away takes the password besides a fresh proof, and
		// ends what else is open.
		id := a.get("/api/v1/session/factors").items()[0]["id"].(string)
		a.post("/api/v1/session/factors/"+id+"/remove", object{"password": goodPassword}).is(403).has("stepup.needed", "totp")
		a.post("/api/v1/session/stepup", object{"password": goodPassword}).is(403)
		a.post("/api/v1/session/stepup", object{"code": t.code(secret, 0)}).is(204)
		a.post("/api/v1/session/factors/"+id+"/remove", object{"password": "not the right password"}).is(422)
		half.get("/api/v1/session").is(200)
		a.post("/api/v1/session/factors/"+id+"/remove", object{"password": goodPassword}).is(204)
		half.get("/api/v1/session").is(401)
		a.get("/api/v1/session").is(200)
		log := t.olga.get("/api/v1/ledger" + query("event", "factor.refused")).is(200)
		log.lacks("000000", secret, code)
	})
}

// Attack 43: who is halfway in reaches nothing but what it waits for: every route
// there is, with the cookie of a session that waits.
func TestAttack43_HalfwayInReachesNothing(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, c := bystanders(t)
		secret, _ := a.app()
		half := a.again("anton@example.com")
		half.get("/api/v1/session").is(401).has("session.factor", "totp", "recovery").lacks("Anton")
		reached, tried := map[string]bool{}, 0
		for path, methods := range description(t) {
			for method, op := range methods {
				method = strings.ToUpper(method)
				if path == "/api/v1/session" && method == "DELETE" || op.Security != nil && len(*op.Security) == 0 {
					continue // the way out, and what strangers may
				}
				var body any
				if op.RequestBody != nil {
					body = object{}
				}
				got := half.do(method, filled(path, map[string]string{"contacts{id}": c, "people{id}": a.id}), body)
				got.lacks("Cecilia", "Quartz", "5550199", "Berta", "olga@")
				if tried++; got.status != 401 {
					reached[method+" "+path] = true
				}
			}
		}
		for _, open := range []string{"POST /api/v1/session/factor", "POST /api/v1/session/passkey/ask"} {
			if !reached[open] {
				t.Errorf("%s is closed to whom it is for", open)
			}
			delete(reached, open)
		}
		if len(reached) > 0 || tried < 100 {
			t.Errorf("of %d routes a session that waits reaches %v", tried, reached)
		}
		half.post("/api/v1/session/factor", object{"code": t.code(secret, 0)}).is(200)
		half.get("/api/v1/contacts").is(200)
	})
}

// Attack 48: the token changes at sign-in and at the second factor, and the one
// before it opens nothing.
func TestAttack48_TokenChangesAtEveryStep(t *testing.T) {
	everywhere(t, func(t *town) {
		a := t.hire("Anton", sales())
		secret, _ := a.app()
		p := &person{town: t, cookies: map[string]string{"castellan": "chosen-by-somebody-else"}}
		first := p.post("/api/v1/session", object{"email": "anton@example.com", "password": goodPassword}).is(401).has("session.factor")
		if c := first.header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") {
			t.Errorf("the cookie is %s", c)
		}
		half := p.cookies["castellan"]
		p.post("/api/v1/session/factor", object{"code": t.code(secret, 0)}).is(200)
		whole := p.cookies["castellan"]
		if half == "chosen-by-somebody-else" || whole == half || whole == "" {
			t.Error("the token is not another one at each step")
		}
		old := &person{town: t, cookies: map[string]string{"castellan": half}}
		old.get("/api/v1/session").is(401)
		old.post("/api/v1/session/factor", object{"code": t.code(secret, 1)}).is(401)
		p.get("/api/v1/session").is(200)
	})
}

// Rights, keys and many deletions ask once more who is there; a list does not.
func TestGraveRoutesAskForAFreshProof(t *testing.T) {
	everywhere(t, func(t *town) {
		one := t.olga.create("contacts", object{"name": "Anna"})
		role := t.ready("specialist")
		key := t.olga.post("/api/v1/keys", object{"name": "Site", "role": t.ready("administrator")}).is(201).at("token")
		t.grow()
		t.olga.get("/api/v1/contacts").is(200)
		t.olga.patch("/api/v1/contacts/"+one, object{"city": "Rome"}).is(200)
		t.olga.patch("/api/v1/settings", object{"currency": "PLN"}).is(200)
		grave := []func() *answer{
			func() *answer { return t.olga.post("/api/v1/keys", object{"name": "Site", "role": role}) },
			func() *answer {
				return t.olga.post("/api/v1/contacts/bulk", object{"action": "delete", "ids": []string{one}})
			},
			func() *answer { return t.olga.put("/api/v1/rails", object{}) },
			func() *answer {
				return t.olga.post("/api/v1/people", object{"email": "x@example.com", "name": "X", "role": role})
			},
			func() *answer { return t.olga.patch("/api/v1/settings", object{"proof_minutes": 600}) },
			func() *answer { return t.olga.post("/api/v1/session/factors/app/begin", nil) },
		}
		for _, ask := range grave {
			ask().is(403).has("stepup.needed", `"ways":["password"]`)
		}
		t.olga.post("/api/v1/contacts/bulk", object{"action": "update", "ids": []string{one}, "patch": object{"city": "Bari"}}).is(200)
		t.olga.get("/api/v1/contacts/" + one).is(200).has("Bari")
		t.olga.post("/api/v1/session/stepup", object{"password": "wrong wrong wrong wrong"}).is(422)
		t.olga.post("/api/v1/session/stepup", object{"password": goodPassword}).is(204)
		for _, ask := range grave {
			ask().is(200, 201, 204)
		}
		// Programs have nobody who could prove anything.
		program := &person{town: t, key: key}
		program.get("/api/v1/contacts").is(200)
		program.post("/api/v1/contacts/bulk", object{"action": "delete", "ids": []string{one}}).is(403).has("stepup.person")
		program.post("/api/v1/session/stepup", object{"password": goodPassword}).is(401)
		program.get("/api/v1/session/factors").is(401)
		t.olga.get("/api/v1/ledger" + query("event", "stepup.passed")).is(200).has("stepup.passed")
	})
}

func TestWhoIsGuardedIsShownToWhoeverManagesPeople(t *testing.T) {
	everywhere(t, func(t *town) {
		a := t.hire("Anton", sales())
		a.app()
		t.olga.get("/api/v1/security/factors").is(200).has(`"people":2`, `"guarded":1`, `"kinds":["totp"]`)
		a.get("/api/v1/security/factors").is(403)
		t.olga.post("/api/v1/people/"+a.id+"/factors/reset", nil).is(204)
		a.get("/api/v1/session").is(401)
		a.post("/api/v1/people/"+t.olga.id+"/factors/reset", nil).is(401)
		t.olga.get("/api/v1/security/factors").is(200).has(`"guarded":0`)
		t.olga.post("/api/v1/people/"+t.olga.id+"/factors/reset", nil).is(403)
	})
}
