package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

type operation struct {
	OperationID string
	RequestBody *struct{}
	Security    *[]struct{} // empty: open to strangers
}

// description is the OpenAPI document as the server gives it.
func description(t *town) map[string]map[string]operation {
	t.Helper()
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]operation
	}
	if err := json.Unmarshal([]byte(t.guest().get("/api/openapi.json").is(200).body), &doc); err != nil || doc.OpenAPI != "3.1.0" || len(doc.Paths) < 80 {
		t.Fatalf("the description: %v, version %s, %d paths", err, doc.OpenAPI, len(doc.Paths))
	}
	return doc.Paths
}

// filled is a path with ids in it.
func filled(path string, ids map[string]string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "{") {
			word := ids[parts[i-1]+p]
			if word == "" {
				word = ids[p]
			}
			if word == "" {
				word = "1"
			}
			parts[i] = word
		}
	}
	return strings.Join(parts, "/")
}

// A guest tries every route there is, with ids that exist (attack 59).
func TestAttack59_GuestsGetNothingOfClients(t *testing.T) {
	everywhere(t, func(t *town) {
		_, _, c := bystanders(t)
		ids := map[string]string{"contacts{id}": c, "people{id}": t.olga.id, "roles{id}": t.ready("owner")}
		tried := 0
		for path, methods := range description(t) {
			for method, op := range methods {
				method = strings.ToUpper(method)
				var body any
				if op.RequestBody != nil {
					body = object{}
				}
				a := t.guest().do(method, filled(path, ids), body)
				a.lacks("Cecilia", "Quartz", "5550199", "Anton", "Berta", "Olga", "olga@")
				if !strings.HasPrefix(path, "/api/docs") && !strings.HasPrefix(path, "/api/openapi") { // which speak of secrets, and hold none
					a.lacks("secret")
				}
				tried++
				switch {
				case path == "/api/v1/session/passkey/begin":
					a.is(200) // a challenge, which is chance
				case path == "/api/v1/session/password/weigh":
					a.is(200) // says how easily a password is guessed, and of nobody
				case path == "/api/v1/session/provider/link":
					a.is(401)
				case path == "/api/v1/session/provider":
					a.is(200, 404)
				case path == "/api/v1/session/provider/callback":
					a.is(303)
				case (path == "/api/v1/session" || strings.HasPrefix(path, "/api/v1/session/")) && method == "POST", path == "/api/v1/setup" && method == "POST":
					a.is(400, 401, 403, 409, 422)
				case path == "/api/v1/setup", path == "/healthz", path == "/readyz", path == "/metrics", strings.HasPrefix(path, "/api/docs"), strings.HasPrefix(path, "/api/openapi"):
					a.is(200)
				default:
					a.is(401)
				}
			}
		}
		if tried < 100 {
			t.Errorf("only %d routes were tried", tried)
		}
	})
}

func TestAddressesThatAreNotListedAreNotThere(t *testing.T) {
	once(t, func(t *town) {
		for _, path := range []string{"/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/contacts", "/api/v1/contact", "/api/v1/users", "/api/v1/contacts/x/y/z", "/debug/pprof/", "/.git/config", "/keys/master.key", "/castellan.db", "/assets/none.js", "/api/v1/person", "/api/v1/notes", "/admin.php"} {
			t.olga.get(path).is(404)
			t.guest().with("Accept", "text/html").get(path).is(404, 200)
		}
		for _, path := range []string{"/api/v1/nothing", "/debug/pprof/heap"} {
			t.olga.post(path, object{}).is(404)
		}
	})
}

func TestMethodsThatAreNotListedAreRefusedByName(t *testing.T) {
	once(t, func(t *town) {
		a := t.olga.delete("/api/v1/contacts").is(405)
		if got := a.header.Get("Allow"); got != "GET, HEAD, POST" {
			t.Errorf("Allow: %s", got)
		}
		t.olga.get("/api/v1/contacts/find").is(405)
		t.olga.do("TRACE", "/api/v1/contacts", nil).is(405)
		t.olga.do("OPTIONS", "/api/v1/contacts", nil).is(405).lacks("Access-Control")
		t.olga.do("HEAD", "/api/v1/contacts", nil).is(200)
	})
}

func TestSessionsLiveInAGuardedCookie(t *testing.T) {
	everywhere(t, func(t *town) {
		in := object{"email": "olga@example.com", "password": goodPassword}
		cookie := func(a *answer) string { return a.header.Get("Set-Cookie") }

		local := (&person{town: t}).post("/api/v1/session", in).is(200)
		if c := cookie(local); !strings.HasPrefix(c, "castellan=") || !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || !strings.Contains(c, "Path=/") || strings.Contains(c, "Domain") {
			t.Errorf("on the machine itself: %s", c)
		}
		// Elsewhere a password does not cross the net in the clear.
		(&person{town: t}).with("Host", "crm.example.com").post("/api/v1/session", in).is(403)

		p := &person{town: t}
		p.post("/api/v1/session", in).is(200)
		p.delete("/api/v1/session").is(204)
		if p.cookies["castellan"] != "" {
			t.Error("the cookie stays")
		}
		// The token is dead, not only forgotten.
		t.guest().with("Cookie", strings.SplitN(cookie(local), ";", 2)[0]).get("/api/v1/session").is(200)
		again := &person{town: t, cookies: map[string]string{}}
		a := again.post("/api/v1/session", in).is(200)
		token := again.cookies["castellan"]
		again.delete("/api/v1/session").is(204)
		t.guest().with("Cookie", "castellan="+token).get("/api/v1/session").is(401)
		a.lacks(goodPassword)
		if strings.Contains(a.body, token) {
			t.Error("the body holds the token")
		}
		// A token of somebody else's making is not taken on (fixation).
		fixed := &person{town: t, cookies: map[string]string{"castellan": "chosen-by-somebody-else"}}
		fixed.post("/api/v1/session", in).is(200)
		if fixed.cookies["castellan"] == "chosen-by-somebody-else" {
			t.Error("the session keeps a token that was brought")
		}
		if strings.Contains(t.log.String(), token) || strings.Contains(t.log.String(), goodPassword) {
			t.Error("the log holds a secret")
		}
	})
}

func TestChangesFromOtherSitesAreRefused(t *testing.T) {
	once(t, func(t *town) {
		body := object{"name": "Forged"}
		t.olga.with("Sec-Fetch-Site", "cross-site").post("/api/v1/contacts", body).is(403)
		t.olga.with("Sec-Fetch-Site", "same-site").post("/api/v1/contacts", body).is(403)
		t.olga.with("Origin", "https://evil.example").post("/api/v1/contacts", body).is(403)
		t.olga.with("Origin", "null").post("/api/v1/contacts", body).is(403)
		t.olga.with("Content-Type", "text/plain").post("/api/v1/contacts", body).is(400)
		t.olga.with("Sec-Fetch-Site", "cross-site").delete("/api/v1/session").is(403)
		t.olga.get("/api/v1/contacts").is(200).lacks("Forged")
		t.olga.with("Sec-Fetch-Site", "same-origin").post("/api/v1/contacts", body).is(201)
	})
}

func TestEveryAnswerIsGuardedByHeaders(t *testing.T) {
	once(t, func(t *town) {
		goes := func() *person { return t.olga.with("Accept", "text/html,application/xhtml+xml") }
		documents := map[*answer]bool{}
		for _, a := range []*answer{t.olga.get("/"), t.olga.get("/nowhere.js"), t.olga.get("/api/docs"), t.olga.get("/healthz"), goes().get("/api/v1/contacts"), goes().get("/api/v1/contacts/nobody"),
			t.olga.with("Sec-Fetch-Dest", "iframe").get("/api/v1/contacts"), t.olga.with("Sec-Fetch-Dest", "image").get("/api/v1/contacts")} {
			documents[a] = true
		}
		for _, a := range append(slices.Collect(maps.Keys(documents)), t.olga.get("/api/v1/contacts"), t.guest().get("/api/v1/contacts"), t.olga.delete("/api/v1/contacts"),
			t.olga.with("Sec-Fetch-Dest", "empty").get("/api/v1/contacts"), t.olga.with("Origin", "https://evil.example").post("/api/v1/contacts", object{})) {
			needs := map[string]string{"X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"}
			if documents[a] {
				needs["Referrer-Policy"], needs["X-Frame-Options"] = "no-referrer", "DENY"
				needs["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"
			}
			for name, want := range needs {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s: %s: %q", a.asked, name, got)
				}
			}
			csp := a.header.Get("Content-Security-Policy")
			for _, need := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
				if !strings.Contains(csp, need) {
					t.Errorf("%s: policy %q lacks %s", a.asked, csp, need)
				}
			}
			if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") || strings.Contains(csp, "http:") {
				t.Errorf("%s: policy %q is wide", a.asked, csp)
			}
			if a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Server") != "" || a.header.Get("Content-Encoding") != "" {
				t.Errorf("%s: headers %v", a.asked, a.header)
			}
		}
		if got := t.olga.get("/api/v1/contacts").header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("clients may be cached: %q", got)
		}
		card := t.olga.get("/api/v1/contacts/" + t.olga.create("contacts", object{"name": "Anna"}))
		if len(card.header) > 7 { // and one more over https
			t.Errorf("a card has so many headers that they cost: %v", card.header)
		}
	})
}

// Whoever gets an answer knows at its head how long it is.
func TestAnswerSaysHowLongItIs(t *testing.T) {
	once(t, func(t *town) {
		street := t.street()
		for _, path := range []string{"/healthz", "/api/openapi.json"} {
			got, err := http.Get(street + path)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(got.Body)
			if err = errors.Join(err, got.Body.Close()); err != nil {
				t.Fatal(err)
			}
			head, err := http.Head(street + path)
			if err == nil {
				err = head.Body.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := int64(len(body)); n == 0 || got.ContentLength != n || head.ContentLength != n {
				t.Errorf("%s: %d bytes, said to be %d, and %d if only the head is asked for", path, n, got.ContentLength, head.ContentLength)
			}
		}
	})
}

// A script that somebody has brought onto the server does not know the nonce, which is another one each time.
func TestPageCarriesAFreshNonce(t *testing.T) {
	once(t, func(t *town) {
		var seen []string
		for range 3 {
			for _, path := range []string{"/", "/contacts/anything", "/api/docs"} {
				a := t.guest().with("Accept", "text/html").get(path).is(200)
				csp := a.header.Get("Content-Security-Policy")
				_, rest, ok := strings.Cut(csp, "'nonce-")
				nonce, _, _ := strings.Cut(rest, "'")
				if !ok || len(nonce) < 20 || slices.Contains(seen, nonce) {
					t.Fatalf("%s: nonce %q in %s", path, nonce, csp)
				}
				seen = append(seen, nonce)
				script, _, _ := strings.Cut(csp[strings.Index(csp, "script-src"):], ";")
				if script != "script-src 'nonce-"+nonce+"'" {
					t.Errorf("%s: %s", path, script)
				}
				if path == "/api/docs" && !strings.Contains(a.body, `nonce="`+nonce+`"`) {
					t.Error("the reference has another nonce than its policy")
				}
				if strings.Contains(a.body, "__CSP_NONCE__") || strings.Contains(a.body, "NONCE-OF") {
					t.Error("the place of the nonce is left open")
				}
			}
		}
	})
}

func TestSameKeyCreatesOnce(t *testing.T) {
	everywhere(t, func(t *town) {
		body := object{"name": "Only One"}
		first := t.olga.with("Idempotency-Key", "k1").post("/api/v1/contacts", body).is(201).at("id")
		var wait sync.WaitGroup
		for range 5 {
			wait.Go(func() {
				p := &person{town: t, cookies: t.olga.cookies}
				if again := p.with("Idempotency-Key", "k1").post("/api/v1/contacts", body); again.status != 201 || !strings.Contains(again.body, first) {
					t.Errorf("again: %s", again.body)
				}
			})
		}
		wait.Wait()
		t.olga.with("Idempotency-Key", "k1").post("/api/v1/contacts", object{"name": "Another"}).is(422)
		t.olga.with("Idempotency-Key", "k1").post("/api/v1/companies", body).is(422)
		t.olga.get("/api/v1/contacts" + query("count", "exact")).is(200).has(`"n":1`)
		// The key of one is not the key of another, and shows nothing of theirs.
		a := t.hire("Anton", sales())
		a.with("Idempotency-Key", "k1").post("/api/v1/contacts", body).is(201).lacks(first)
		// What failed may be tried again.
		t.olga.with("Idempotency-Key", "k2").post("/api/v1/contacts", object{}).is(422)
		t.olga.with("Idempotency-Key", "k2").post("/api/v1/contacts", object{}).is(422)
	})
}

func TestChangeKnowsWhatItWasMadeOf(t *testing.T) {
	everywhere(t, func(t *town) {
		made := t.olga.post("/api/v1/contacts", object{"name": "Anna"}).is(201)
		if made.header.Get("ETag") != `"1"` || made.header.Get("Location") != "/api/v1/contacts/"+made.at("id") {
			t.Errorf("headers: %v", made.header)
		}
		path := "/api/v1/contacts/" + made.at("id")
		t.olga.with("If-Match", `"1"`).patch(path, object{"city": "Rome"}).is(200)
		t.olga.with("If-Match", `"1"`).patch(path, object{"city": "Milan"}).is(412)
		t.olga.patch(path, object{"city": "Milan", "version": 1}).is(409)
		t.olga.with("If-Match", `"1"`).delete(path).is(412)
		t.olga.patch(path, object{"city": "Turin", "version": 2}).is(200)
		if got := t.olga.get(path).is(200); got.at("city") != "Turin" || got.header.Get("ETag") != `"3"` {
			t.Errorf("now: %s", got.body)
		}
		steps := t.olga.get(path + "/history").items()
		if len(steps) != 3 || steps[0]["version"] != 3.0 || steps[2]["action"] != "created" {
			t.Errorf("steps: %v", steps)
		}
		t.olga.post(path+"/history/1/restore", nil).is(200).has(`"city":null`)
	})
}

func TestViewingAsAnotherOnlyLooks(t *testing.T) {
	everywhere(t, func(t *town) {
		a, b, _ := bystanders(t)
		own := a.create("contacts", object{"name": "Anna", "phones": []string{"(212) 555-0123"}})
		as := func() *person { return t.olga.with("Castellan-View-As", a.id) }
		as().get("/api/v1/contacts").is(403).has("viewas.over").lacks("Anna") // nothing has begun
		t.olga.post("/api/v1/viewing", object{"person": a.id}).is(201).has("Anton", `"ends_at"`)
		as().get("/api/v1/contacts").is(200).has("Anna", "XXXX").lacks(digits, "Cecilia")
		as().get("/api/v1/session").is(200).has(`"view_as"`, "Anton").lacks("people.manage")
		as().patch("/api/v1/contacts/"+own, object{"city": "x"}).is(403)
		as().post("/api/v1/contacts/"+own+"/reveal", object{"fields": []string{"phones"}}).is(403)
		as().delete("/api/v1/contacts/" + own).is(403)
		as().get("/api/v1/people").is(403)
		as().get("/api/v1/ledger").is(403)
		b.post("/api/v1/viewing", object{"person": a.id}).is(403)
		a.post("/api/v1/viewing", object{"person": t.olga.id}).is(403)
		b.with("Castellan-View-As", a.id).get("/api/v1/contacts").is(403).lacks("Anna")
		a.with("Castellan-View-As", t.olga.id).get("/api/v1/contacts").is(403).lacks("Cecilia")
		// The ledger names who looked.
		for _, e := range t.olga.get("/api/v1/ledger" + query("event", "record.listed")).items() {
			if name := e["actor"].(map[string]any)["name"]; name != "Olga" {
				t.Errorf("%v looked", name)
			}
		}
	})
}

func TestProgramsSeeWhatProgramsMay(t *testing.T) {
	everywhere(t, func(t *town) {
		t.olga.create("contacts", object{"name": "Anna", "phones": []string{"(212) 555-0123"}})
		made := t.olga.post("/api/v1/keys", object{"name": "Website", "role": t.ready("call_centre")}).is(201)
		program := &person{town: t, key: made.at("token")}
		program.get("/api/v1/contacts").is(200).has("Anna", "XXXX").lacks(digits)
		program.get("/api/v1/people").is(403)
		program.get("/api/v1/ledger").is(200).lacks("Olga set up")
		t.olga.get("/api/v1/keys").is(200).lacks(made.at("token"))
		t.olga.get("/api/v1/ledger" + query("event", "key.created")).is(200).lacks(made.at("token"))
		t.olga.delete("/api/v1/keys/" + made.at("id")).is(204)
		program.get("/api/v1/contacts").is(401).lacks("Anna")
	})
}

func TestEndOfAnAccountEndsEverythingAtOnce(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		a.get("/api/v1/contacts").is(200)
		t.olga.post("/api/v1/people/"+a.id+"/deactivate", nil).is(204)
		a.get("/api/v1/contacts").is(401)
		a.post("/api/v1/people/"+a.id+"/reactivate", nil).is(401)
		a.post("/api/v1/session", object{"email": "anton@example.com", "password": goodPassword}).is(401)
	})
}

func TestOneTimeLinkLetsInOnce(t *testing.T) {
	everywhere(t, func(t *town) {
		made := t.olga.post("/api/v1/people", object{"email": "new@example.com", "name": "Nina", "role": t.ready("specialist")}).is(201).has(`"state":"invited"`)
		_, token, _ := strings.Cut(made.at("link", "url"), "#")
		n := &person{town: t}
		n.post("/api/v1/session/link", object{"token": token, "password": "short"}).is(422)
		n.post("/api/v1/session/link", object{"token": token, "password": "quiet lantern under bridges"}).is(200)
		n.get("/api/v1/session").is(200).has("Nina")
		t.guest().post("/api/v1/session/link", object{"token": token, "password": "quiet lantern under bridges"}).is(401, 404, 422)
		t.olga.get("/api/v1/ledger").is(200).lacks(token)
	})
}

func TestPasswordGuessesAreSlowed(t *testing.T) {
	everywhere(t, func(t *town) {
		slowed := false
		for range 40 {
			a := t.guest().post("/api/v1/session", object{"email": "olga@example.com", "password": "wrong wrong wrong wrong"}).is(401, 429)
			if a.status == http.StatusTooManyRequests {
				slowed = true
				if a.header.Get("Retry-After") == "" {
					t.Error("nothing says how long to wait")
				}
			}
		}
		if !slowed {
			t.Error("forty guesses were let through")
		}
	})
}

func TestMeasurementsAreForTheMachineAlone(t *testing.T) {
	once(t, func(t *town) {
		id := t.olga.create("contacts", object{"name": "Anna"})
		t.olga.get("/api/v1/contacts/" + id)
		t.guest().get("/metrics").is(200).has(`route="/api/v1/contacts/{id}"`).lacks(id, "Anna", "Olga", "olga@")
		t.guest().with("X-Forwarded-For", "198.51.100.7").get("/metrics").is(404)
		t.guest().with("Via", "1.1 proxy").get("/metrics").is(404)
		t.guest().with("Host", "crm.example.com").get("/metrics").is(404)
		req := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		req.RemoteAddr, req.Host = "198.51.100.7:1000", "localhost"
		w := httptest.NewRecorder()
		t.server.ServeHTTP(w, req)
		if w.Code != 404 {
			t.Errorf("from elsewhere: %d", w.Code)
		}
	})
}

func TestTokenOpensMeasurementsFromElsewhere(t *testing.T) {
	once(t, func(t *town) {
		t.server.MetricsToken = "a token of the settings"
		t.guest().with("X-Forwarded-For", "198.51.100.7").with("Authorization", "Bearer a token of the settings").get("/metrics").is(200)
		t.guest().with("Authorization", "Bearer another").get("/metrics").is(404)
		t.guest().with("Authorization", "Bearer ck_nothing").get("/healthz").is(200)
	})
}

func TestSettingsNameWhatIsWrongWithThem(t *testing.T) {
	once(t, func(t *town) {
		t.olga.patch("/api/v1/settings", object{"workspace": "", "region": "Poland"}).is(422).has(`"field":"workspace"`, `"field":"region"`).lacks("Poland")
	})
}

func TestAddressIsBelievedFromProxiesAlone(t *testing.T) {
	once(t, func(t *town) {
		t.olga.with("X-Forwarded-For", "198.51.100.7").get("/api/v1/contacts").is(200)
		if got := t.olga.get("/api/v1/ledger" + query("event", "record.listed")).items()[0]["address"]; got != "127.0.0.1" {
			t.Errorf("address %v", got)
		}
		// Nor is https believed because somebody says so.
		t.guest().with("Host", "crm.example.com").with("X-Forwarded-Proto", "https").post("/api/v1/session", object{"email": "olga@example.com", "password": goodPassword}).is(403)
	})
}

func TestReadinessEndsBeforeTheServer(t *testing.T) {
	once(t, func(t *town) {
		t.guest().get("/readyz").is(200)
		t.server.Ready = func(context.Context) error { return errors.New("disk of tulip full") }
		t.guest().get("/readyz").is(503).lacks("tulip")
		t.guest().get("/healthz").is(200)
		t.server.Ready = func(context.Context) error { return nil }
		t.guest().get("/readyz").is(200)
		t.server.Drain()
		t.guest().get("/readyz").is(503)
		t.guest().get("/healthz").is(200)
		t.olga.get("/api/v1/contacts").is(200)
	})
}

func TestSetupIsOverOnceThereIsAnOwner(t *testing.T) {
	everywhere(t, func(t *town) {
		t.guest().get("/api/v1/setup").is(200).has(`"needed":false`)
		body := object{"token": t.setup, "email": "eve@example.com", "name": "Eve", "password": goodPassword, "language": "en", "workspace": "Mine", "region": "US", "time_zone": "UTC"}
		t.guest().post("/api/v1/setup", body).is(401, 403, 404, 409, 422)
		t.olga.get("/api/v1/settings").is(200).has("Salon").lacks("Mine")
	})
}

func TestBodiesAreBounded(t *testing.T) {
	once(t, func(t *town) {
		t.olga.post("/api/v1/contacts", `{"name":"`+strings.Repeat("a", 600<<10)+`"}`).is(413)
		t.guest().post("/api/v1/session", `{"email":"`+strings.Repeat("a", 100<<10)+`"}`).is(413)
		t.olga.post("/api/v1/contacts", strings.Repeat("[", 100)+strings.Repeat("]", 100)).is(400)
		t.olga.do("GET", "/api/v1/contacts", "{}").is(413)
		// Many programs send an empty object with every change.
		id := t.olga.post("/api/v1/contacts", object{"name": "x"}).is(201).at("id")
		t.olga.do("DELETE", "/api/v1/contacts/"+id, "{}").is(204)
		t.olga.post("/api/v1/contacts/"+id+"/restore", `{"name":"y"}`).is(413).has("This takes no body.")
		t.olga.post("/api/v1/contacts/"+id+"/restore", " { }\n").is(200)
		t.olga.post("/api/v1/contacts", object{"name": "x", "tags": make([]string, 5000)}).is(422, 201)
	})
}

// The page tells people apart by what the server says, so what it says of a
// kind must be what it grants.
func TestKindsTellWhatIsGranted(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		for _, k := range a.get("/api/v1/kinds").items() {
			plural := k["plural"].(string)
			for _, one := range k["fields"].([]any) {
				f := one.(map[string]any)
				name := f["name"].(string)
				if k["within"] == true { // what is on a record is asked for by it
					continue
				}
				// Of a text that cannot be searched it may still be asked whether there is one.
				plain := f["sight"].(map[string]any)["list"] == "plain"
				if got := a.get("/api/v1/" + plural + query("filter", name+" is empty")); (got.status == 200) != plain || f["filter"] == true && !plain {
					t.Errorf("%s.%s: filter said %v, seen plainly: %v, granted %d", plural, name, f["filter"], plain, got.status)
				}
				if got := a.get("/api/v1/" + plural + query("sort", name)); (got.status == 200) != (f["sort"] == true) {
					t.Errorf("%s.%s: sort said %v, granted %d", plural, name, f["sort"], got.status)
				}
			}
		}
	})
}

func TestCustomFieldIsLikeAnyOther(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		made := t.olga.post("/api/v1/kinds/contact/fields", object{"label": "Allergies", "type": "text", "class": "special"}).is(201)
		name := made.at("name")
		id := a.create("contacts", object{"name": "Anna"})
		t.olga.patch("/api/v1/contacts/"+id, object{name: "peanut secret"}).is(200).has("peanut secret")
		a.get("/api/v1/contacts/"+id).is(200).lacks("peanut", name)
		a.get("/api/v1/kinds").is(200).lacks(name)
		a.get("/api/v1/contacts" + query("fields", name)).is(400).lacks("peanut")
		a.get("/api/v1/contacts/"+id+"/history").is(200).lacks("peanut", name)
		t.olga.delete("/api/v1/kinds/contact/fields/" + name).is(204)
		t.olga.get("/api/v1/contacts/" + id).is(200).lacks("peanut")
	})
}

func TestBulkWorkIsDoneNamedAndUndone(t *testing.T) {
	everywhere(t, func(t *town) {
		_, _, c := bystanders(t)
		one, two := t.olga.create("contacts", object{"name": "One"}), t.olga.create("contacts", object{"name": "Two", "tags": []string{"old"}})
		done := t.olga.post("/api/v1/contacts/bulk", object{"ids": []string{one, two}, "action": "tag", "patch": object{"tags": []string{"vip"}}}).is(200).has(`"done":2`)
		t.olga.get("/api/v1/contacts/" + two).is(200).has(`["old","vip"]`)
		t.olga.post("/api/v1/operations/"+done.at("operation")+"/undo", nil).is(200).has(`"done":2`)
		t.olga.get("/api/v1/contacts/" + two).is(200).has(`["old"]`).lacks("vip")
		t.olga.post("/api/v1/contacts/bulk", object{"filter": `name = "One"`, "action": "update", "patch": object{"city": "Rome"}}).is(200).has(`"done":1`)
		t.olga.post("/api/v1/contacts/bulk", object{"action": "delete"}).is(422)
		role := sales()
		role["abilities"] = []string{"records.bulk"}
		mass := t.hire("Massimo", role)
		own := mass.create("contacts", object{"name": "Own"})
		mass.post("/api/v1/contacts/bulk", object{"ids": []string{own, c}, "action": "update", "patch": object{"city": "Rome"}}).is(200).has(`"done":1`, `"code":"record.missing"`)
		mass.post("/api/v1/contacts/bulk", object{"all": true, "action": "delete"}).is(200).has(`"done":1`)
		t.olga.get("/api/v1/contacts/" + c).is(200).has("Cecilia").lacks("Rome")
	})
}

func TestSharesOpenAndClose(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, c := bystanders(t)
		path := "/api/v1/contacts/" + c
		t.olga.post(path+"/shares", object{"person": a.id, "level": "view"}).is(201)
		a.get(path).is(200).has("Cecilia").lacks("5550199")
		a.patch(path, object{"city": "x"}).is(403)
		shares := t.olga.get(path + "/shares").items()
		if len(shares) != 1 || shares[0]["principal"] != a.id {
			t.Fatalf("shares: %v", shares)
		}
		t.olga.delete(path + "/shares/" + a.id).is(204)
		a.get(path).is(404)
		t.olga.post(path+"/shares", object{"person": a.id, "level": "view", "ends_at": time.Now().Add(-time.Hour)}).is(201, 422)
		a.get(path).is(404)
	})
}

func TestLedgerTellsWhoAndNothingOfWhat(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		id := a.create("contacts", object{"name": "Anna Zebra", "phones": []string{"(212) 555-0123"}})
		a.patch("/api/v1/contacts/"+id, object{"phones": []string{"(212) 555-0145"}}).is(200)
		log := t.olga.get("/api/v1/ledger"+query("record", id)).is(200).has("record.created", "record.changed", "phones")
		log.lacks(digits, "5550145", "Zebra")
		if got := t.olga.get("/api/v1/contacts/" + id + "/seen").items(); len(got) == 0 {
			t.Error("nobody has seen the record")
		}
		if err := t.scribe.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.olga.get("/api/v1/ledger/" + strconv.Itoa(int(log.items()[0]["seq"].(float64))) + "/proof").is(200).has("tlog-proof")
		t.olga.get("/api/v1/ledger/checkpoint").is(200).has("—")
		t.olga.get("/api/v1/ledger/key").is(200)
		t.olga.get("/api/v1/ledger/events").is(200).has("record.revealed")
		a.get("/api/v1/ledger/1/proof").is(403)
		a.get("/api/v1/ledger").is(403)
	})
}

func TestPreviewShowsWhatAnotherWouldSee(t *testing.T) {
	everywhere(t, func(t *town) {
		a, _, _ := bystanders(t)
		a.create("contacts", object{"name": "Anna", "phones": []string{"(212) 555-0123"}})
		t.olga.post("/api/v1/preview", object{"person": a.id, "kind": "contact", "surface": "list"}).is(200).has("Anna", "XXXX").lacks(digits, "Cecilia")
		role := sales()
		role["name"] = "Draft"
		role["grades"] = object{"contact": object{"view": "all"}}
		t.olga.post("/api/v1/preview", object{"role": role, "kind": "contact"}).is(200).has("Anna", "Cecilia", "XXXX").lacks(digits)
		a.post("/api/v1/preview", object{"role": role, "kind": "contact"}).is(403)
	})
}

func TestNewWorkspaceBelongsToWhoReadsTheConsole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := build(t, db)
		body := object{"token": "guessed", "email": "eve@example.com", "name": "Eve", "password": goodPassword, "language": "en", "workspace": "Mine", "region": "US", "time_zone": "UTC"}
		w.guest().get("/api/v1/setup").is(200).has(`"needed":true`)
		w.guest().post("/api/v1/setup", body).is(401, 403, 422)
		w.guest().get("/api/v1/setup").is(200).has(`"needed":true`)
	})
}

func TestImportOfAFileFromStartToUndo(t *testing.T) {
	everywhere(t, func(t *town) {
		file := []byte("Name;Phone;Email\nAnna Nowak;(212) 555-0123;anna@example.com\nBroken;12;nothing\n")
		im := t.olga.with("Content-Type", "text/csv").with("Castellan-File-Name", "clients.csv").post("/api/v1/imports", file).is(201).has("Anna Nowak", "clients.csv")
		path := "/api/v1/imports/" + im.at("id")
		t.olga.patch(path, object{"duplicates": "fill", "tags": []string{"imported"}}).is(200)
		a, _, _ := bystanders(t)
		a.get(path).is(403).lacks("Anna")
		t.olga.post(path+"/start", nil).is(200)
		t.imports.Wait()
		t.olga.get(path).is(200).has(`"state":"done"`)
		t.olga.get("/api/v1/contacts" + query("filter", "tags has imported")).is(200).has("Anna Nowak")
		t.olga.post(path+"/undo", nil).is(200)
		t.imports.Wait()
		t.olga.get("/api/v1/contacts" + query("filter", "tags has imported")).is(200).lacks("Anna Nowak")
	})
}

func TestReferenceIsReadableWithoutScripts(t *testing.T) {
	once(t, func(t *town) {
		t.guest().get("/api/docs").is(200).has("/api/v1/contacts/{id}", "Idempotency-Key").lacks("<script", "http://", "https://")
	})
}

// What is committed is what is served.
func TestServedDescriptionIsTheCommittedOne(t *testing.T) {
	once(t, func(t *town) {
		committed, err := os.ReadFile("openapi.json")
		if err != nil {
			t.Fatal(err)
		}
		if t.guest().get("/api/openapi.json").is(200).body != string(committed) {
			t.Error("they differ")
		}
	})
}
