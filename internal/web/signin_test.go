package web_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

// from sends one sign-in from an address, and tells the status and the words.
func (w *town) from(address, device, email, password string) (status int, body string) {
	w.Helper()
	text, err := json.Marshal(object{"email": email, "password": password})
	if err != nil {
		w.Fatal(err)
	}
	r := httptest.NewRequest("POST", "http://localhost:8080/api/v1/session", strings.NewReader(string(text)))
	r.RemoteAddr = address + ":40000"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", device)
	answer := httptest.NewRecorder()
	w.server.ServeHTTP(answer, r)
	return answer.Code, answer.Body.String()
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"

// The harm: a botnet tries one account from everywhere, and the person cannot
// come in to work. From a network that they come from they always can; from a
// new one only when the tries stop, since the house cannot tell them from a bot.
func TestBotnetSlowsItselfAndNotThePersonWhoIsAtHome(t *testing.T) {
	everywhere(t, func(t *town) {
		const office, hotel = "192.0.2.10", "198.51.100.20"
		if status, body := t.from(office, firefox, "olga@example.com", goodPassword); status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		slowed := 0
		for i := range 140 {
			status, body := t.from(fmt.Sprintf("203.%d.113.1", i), "bot", "olga@example.com", "guess")
			switch {
			case status == 429:
				slowed++
			case status != 401 || !strings.Contains(body, "signin.refused"):
				t.Fatalf("%d %s", status, body)
			}
		}
		if slowed < 35 {
			t.Errorf("%d of 140 guesses were slowed", slowed)
		}
		if status, body := t.from(office, firefox, "olga@example.com", goodPassword); status != 200 {
			t.Errorf("the person is locked out of their own network: %d %s", status, body)
		}
		if status, body := t.from(hotel, firefox, "olga@example.com", goodPassword); status != 429 || strings.Contains(body, "olga") {
			t.Errorf("from a network that is new: %d %s", status, body)
		}
		// Others are not concerned.
		if status, _ := t.from(hotel, firefox, "nobody@example.com", "guess"); status != 401 {
			t.Errorf("another account: %d", status)
		}
		a := t.olga.get("/api/v1/security/sign-ins/summary").is(200)
		a.has(`"person":{"id":"` + t.olga.id + `","name":"Olga"}`)
		var s struct {
			In, Refused []int
			Reasons     map[string]int
			Slowed      []struct{ Network string }
		}
		if err := json.Unmarshal([]byte(a.body), &s); err != nil {
			t.Fatal(err)
		}
		sum := func(all []int) (n int) {
			for _, one := range all {
				n += one
			}
			return n
		}
		if len(s.In) != 168 || sum(s.In) != 3 || sum(s.Refused) < 100 || s.Reasons["password"] < 95 || s.Reasons["unknown"] != 1 || len(s.Slowed) == 0 || s.Slowed[0].Network != "" {
			t.Errorf("the summary is %d hours, %d in, %d refused, %v, slowed %v", len(s.In), sum(s.In), sum(s.Refused), s.Reasons, s.Slowed)
		}
	})
}

// Attack 46: whoever tries learns nothing, whatever the account is.
func TestAttack46_EveryRefusalReadsTheSame(t *testing.T) {
	everywhere(t, func(t *town) {
		ben := t.hire("Ben", sales())
		t.olga.post("/api/v1/people/"+ben.id+"/deactivate", nil).is(204)
		_, wrong := t.from("198.51.100.1", "x", "olga@example.com", "guess")
		for i, email := range []string{"nobody@example.com", "ben@example.com", "not an address", "", strings.Repeat("a", 5000) + "@example.com"} {
			status, body := t.from(fmt.Sprintf("198.51.%d.1", 101+i), "x", email, goodPassword)
			if status != 401 || body != wrong {
				t.Errorf("%.30q: %d %s, a wrong password %s", email, status, body, wrong)
			}
		}
	})
}

func TestSignInLogTellsEverySuccessAndFailureToWhomItConcerns(t *testing.T) {
	everywhere(t, func(t *town) {
		reads := sales()
		reads["abilities"] = []string{"ledger.read_own"}
		ana, ben := t.hire("Ana", reads), t.hire("Ben", object{"name": "Blind", "abilities": []string{}})
		t.from("198.51.100.7", firefox, "ana@example.com", "hunter2 typed")
		t.from("203.0.113.9", "curl/8.5.0", "secret-typed@example.com", "guess")
		t.olga.delete("/api/v1/people/" + ana.id + "/sessions").is(204)

		all := t.olga.get("/api/v1/security/sign-ins").is(200).lacks("hunter2", "secret-typed").items()
		find := func(items []object, event, address string) object {
			t.Helper()
			for _, one := range items {
				if one["event"] == event && (address == "" || one["address"] == address) {
					return one
				}
			}
			t.Fatalf("no line tells of %s from %q", event, address)
			return nil
		}
		wrong := find(all, "session.refused", "198.51.100.7")
		if wrong["outcome"] != "refused" || wrong["reason"] != "password" || wrong["person"].(map[string]any)["id"] != ana.id || wrong["device"].(map[string]any)["browser"] != "Firefox" {
			t.Errorf("a wrong password: %v", wrong)
		}
		unknown := find(all, "session.refused", "203.0.113.9")
		if unknown["reason"] != "unknown" || unknown["person"] != nil || unknown["device"].(map[string]any)["form"] != "program" {
			t.Errorf("an unknown account: %v", unknown)
		}
		ended := find(all, "sessions.ended", "")
		if ended["outcome"] != "out" || ended["person"].(map[string]any)["id"] != ana.id || ended["by"].(map[string]any)["id"] != t.olga.id {
			t.Errorf("sessions that were ended: %v", ended)
		}

		ids := func(items []object) (all []any) {
			for _, one := range items {
				all = append(all, one["seq"])
			}
			return all
		}
		// What concerns one person: what they did and what was done to their account.
		find(t.olga.get("/api/v1/security/sign-ins?person="+ana.id).is(200).items(), "sessions.ended", "")
		for _, one := range t.olga.get("/api/v1/security/sign-ins?outcome=refused").is(200).items() {
			if one["outcome"] != "refused" {
				t.Errorf("among the refused: %v", one)
			}
		}
		if got := t.olga.get("/api/v1/security/sign-ins?address=198.51.100.0/24").is(200).items(); len(got) != 1 {
			t.Errorf("from one network: %v", got)
		}
		t.olga.get("/api/v1/security/sign-ins?address=nowhere").is(422, 400)
		t.olga.get("/api/v1/security/sign-ins?outcome=maybe").is(422, 400)
		// Page by page it is the same.
		var paged []any
		whole := ids(t.olga.get("/api/v1/security/sign-ins?limit=200&to=2999-01-01").is(200).items())
		cursor := ""
		for range 100 {
			a := t.olga.get("/api/v1/security/sign-ins?limit=2" + cursor).is(200)
			paged = append(paged, ids(a.items())...)
			next, more := a.json()["next"].(string)
			if !more {
				break
			}
			cursor = "&cursor=" + next
		}
		if fmt.Sprint(paged) != fmt.Sprint(whole) {
			t.Errorf("page by page %v, at once %v", paged, whole)
		}

		// Ana, whose sessions were ended, comes again and reads what concerns her: the try of the stranger is in it.
		ana.post("/api/v1/session", object{"email": "ana@example.com", "password": goodPassword}).is(200)
		own := ana.get("/api/v1/security/sign-ins").is(200).items()
		find(own, "session.refused", "198.51.100.7")
		for _, one := range own {
			if p, ok := one["person"].(map[string]any); !ok || p["id"] != ana.id {
				t.Errorf("in the own log of Ana: %v", one)
			}
		}
		if got := ana.get("/api/v1/security/sign-ins?person=" + t.olga.id).is(200).items(); fmt.Sprint(ids(got)) != fmt.Sprint(ids(own)) {
			t.Errorf("who may read their own log reads somebody else's: %v", got)
		}
		ana.get("/api/v1/security/sign-ins/summary").is(403)
		ben.get("/api/v1/security/sign-ins").is(403)
		ben.get("/api/v1/security/sessions").is(403)
		ben.delete("/api/v1/security/sessions").is(403)
		if got := t.olga.get("/api/v1/ledger" + query("event", "ledger.read")).items(); len(got) == 0 {
			t.Error("nobody is told that the log was read")
		}
	})
}

// Attack 48: signing in anew leaves no session behind for whoever has its token.
func TestSigningInAnewEndsTheSessionBefore(t *testing.T) {
	everywhere(t, func(t *town) {
		in := object{"email": "olga@example.com", "password": goodPassword}
		browser := &person{town: t}
		browser.post("/api/v1/session", in).is(200)
		before := browser.cookies["castellan"]
		browser.post("/api/v1/session", in).is(200)
		if after := browser.cookies["castellan"]; after == before || after == "" {
			t.Fatal("the token stays the same")
		}
		browser.get("/api/v1/session").is(200)
		(&person{town: t, cookies: map[string]string{"castellan": before}}).get("/api/v1/session").is(401)
		t.olga.get("/api/v1/session").is(200) // another browser is not concerned
		// A token of nobody ends nothing.
		(&person{town: t, cookies: map[string]string{"castellan": "of nobody"}}).post("/api/v1/session", in).is(200)
	})
}

// Whoever may not list roles is told in their own language what theirs is called;
// of the other roles they are told nothing.
func TestReadyRoleIsNamedInEveryLanguageToWhoeverHasIt(t *testing.T) {
	everywhere(t, func(t *town) {
		ana := t.employ("Ana", t.ready("specialist"))
		ana.get("/api/v1/session").is(200).has("Специалист", "Specjalista").lacks("Менеджер")
		ana.get("/api/v1/roles").is(403)
		own := t.hire("Ben", exporting("all"))
		own.get("/api/v1/session").is(200).lacks(`"labels"`) // a role of the firm's own has the name that it was given
	})
}
