package web_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"castellan/internal/web"
)

// firm is a real identity provider, run by the test on this machine.
type firm struct {
	*testing.T
	issuer string
}

const firmSecret = "a-secret-of-the-test"

// node is a Node that is new enough for the page's tools.
func node(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("../../.tools/node_modules/node-*/bin/node")
	if err == nil && len(found) > 0 {
		path, err := filepath.Abs(found[0])
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	path, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("the tests need Node: run scripts/setup page")
	}
	return path
}

// provider starts the provider with people in it.
func provider(t *testing.T, people object, inToken bool) *firm {
	t.Helper()
	settings, err := json.Marshal(object{"redirect": townURL + web.ProviderCallback, "people": people, "secret": firmSecret, "inToken": inToken})
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), node(t), "browser/provider.mjs", string(settings))
	run.Dir = "../../ui"
	in, err := run.StdinPipe() // closed when this process ends, which ends the other
	if err != nil {
		t.Fatal(err)
	}
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	run.Stderr = &said
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		_ = run.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if issuer, ok := strings.CutPrefix(lines.Text(), "provider "); ok {
			return &firm{t, issuer}
		}
	}
	t.Fatalf("the provider did not start (is ui/node_modules there? scripts/setup page): %s", said.String())
	return nil
}

// browser is somebody's browser at the provider.
func (f *firm) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		f.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// through goes to the address as a browser does, signs in there under a name, and
// gives the address of ours to which the provider sends it back.
func (f *firm) through(browser *http.Client, address, login string) string {
	f.Helper()
	form := url.Values(nil)
	for range 12 {
		var a *http.Response
		var err error
		if form != nil {
			a, err = browser.PostForm(address, form)
		} else {
			a, err = browser.Get(address)
		}
		if err != nil {
			f.Fatal(err)
		}
		body, _ := io.ReadAll(a.Body)
		a.Body.Close()
		form = nil
		to := a.Header.Get("Location")
		switch {
		case strings.HasPrefix(to, townURL):
			return strings.TrimPrefix(to, townURL)
		case to != "":
			base, _ := url.Parse(address)
			next, err := base.Parse(to)
			if err != nil {
				f.Fatal(err)
			}
			address = next.String()
		case a.StatusCode == 200 && strings.Contains(string(body), "Provider of the firm"):
			form = url.Values{"login": {login}}
			if login == "" {
				form = url.Values{"cancel": {"yes"}}
			}
		default:
			f.Fatalf("%s: the provider answers %d: %s", address, a.StatusCode, body)
		}
	}
	f.Fatal("the provider sends the browser round in circles")
	return ""
}

// trust is the settings of the provider, with whatever else is given.
func (f *firm) trust(by *person, more object) string {
	f.Helper()
	body := object{"name": "Firm", "issuer": f.issuer, "client_id": "castellan", "client_secret": firmSecret, "active": true}
	for k, v := range more {
		body[k] = v
	}
	return by.post("/api/v1/providers", body).is(201).lacks(firmSecret).at("id")
}

// comesBack follows the address of ours that the provider gave.
func (p *person) comesBack(to string) *answer {
	p.Helper()
	return p.with("Sec-Fetch-Site", "cross-site").with("Sec-Fetch-Mode", "navigate").get(to).is(303)
}

// signsIn goes all the way by the provider.
func (f *firm) signsIn(p *person, id, login string) *answer {
	f.Helper()
	to := p.post("/api/v1/session/provider", object{"provider": id}).is(200).at("url")
	return p.comesBack(f.through(f.browser(), to, login))
}

func (a *answer) leadsTo(where string) *answer {
	a.Helper()
	if got := a.header.Get("Location"); got != where {
		a.Errorf("%s: leads to %q, want %q", strings.SplitN(a.asked, "?", 2)[0], got, where)
	}
	return a
}

func staff() object {
	return object{
		"anna":     object{"email": "anna@example.com", "email_verified": true, "name": "Anna Nowak", "locale": "pl-PL", "groups": []string{"desk", "sales"}, "amr": []string{"pwd", "mfa"}},
		"olga":     object{"email": "olga@example.com", "email_verified": true, "name": "Olga"},
		"mallory":  object{"email": "olga@example.com", "email_verified": false, "name": "Olga"},
		"outsider": object{"email": "eve@elsewhere.example", "email_verified": true, "name": "Eve"},
		"anton":    object{"email": "anton@example.com", "email_verified": true, "name": "Anton"},
	}
}

func TestWhoLinkedThemselvesSignsInByTheProvider(t *testing.T) {
	everywhere(t, func(t *town) {
		f := provider(t.T, staff(), false)
		id := f.trust(t.olga, nil)
		t.olga.post("/api/v1/providers/"+id+"/check", nil).is(204)
		t.guest().get("/api/v1/session/provider").is(200).has(id, "Firm").lacks(f.issuer, firmSecret)

		// Not before she has said so herself.
		stranger := &person{town: t}
		f.signsIn(stranger, id, "olga").leadsTo("/sign-in?refused=provider.unlinked")
		stranger.get("/api/v1/session").is(401)

		to := t.olga.post("/api/v1/session/provider/link", object{"provider": id}).is(200).has("prompt=login", "code_challenge_method=S256").at("url")
		t.olga.comesBack(f.through(f.browser(), to, "olga")).leadsTo("/settings/you?linked=yes")
		t.olga.get("/api/v1/people/"+t.olga.id+"/providers").is(200).has("olga@example.com", `"how":"self"`)

		again := &person{town: t}
		to = again.post("/api/v1/session/provider", object{"provider": id, "to": "/contacts?search=a"}).is(200).lacks("prompt").at("url")
		again.comesBack(f.through(f.browser(), to, "olga")).leadsTo("/contacts?search=a")
		again.get("/api/v1/session").is(200).has("Olga", "people.manage")
		again.get("/api/v1/people/"+t.olga.id+"/sessions").is(200).has(`"how":"provider"`, `"provider":"Firm"`)
		if again.cookies["castellan-way"] != "" {
			t.Error("the cookie of the way in stays")
		}

		// Unlinked, it ends at once, and lets in no more.
		t.olga.delete("/api/v1/people/" + t.olga.id + "/providers/" + id).is(204)
		again.get("/api/v1/session").is(401)
		f.signsIn(again, id, "olga").leadsTo("/sign-in?refused=provider.unlinked")
		ledger := t.olga.get("/api/v1/ledger").is(200).has("tie.made", "tie.ended", "provider.created", `"reason":"unlinked"`).body
		for _, secret := range []string{firmSecret, "code=", "state="} {
			if strings.Contains(ledger, secret) || strings.Contains(t.log.String(), secret) {
				t.Errorf("the ledger or the log holds %q", secret)
			}
		}
	})
}

// An equal mail address opens nothing by itself, verified or not (attack 47).
func TestAttack47_EqualMailAddressAttachesToNoAccount(t *testing.T) {
	everywhere(t, func(t *town) {
		f := provider(t.T, staff(), true)
		id := f.trust(t.olga, nil)
		anton := t.hire("Anton", sales())
		for _, login := range []string{"olga", "mallory", "anton", "anna", "outsider"} {
			p := &person{town: t}
			f.signsIn(p, id, login).leadsTo("/sign-in?refused=provider.unlinked").lacks("Olga", "Anton")
			p.get("/api/v1/session").is(401)
		}
		// Set to speak for the domain, it opens accounts by verified addresses of it alone.
		t.olga.put("/api/v1/providers/"+id, object{"name": "Firm", "client_id": "castellan", "active": true, "domains": []string{"Example.com"}, "attaches": true}).is(200).has(`"has_secret":true`, `"example.com"`)
		for login, want := range map[string]string{"mallory": "/sign-in?refused=provider.unlinked", "outsider": "/sign-in?refused=provider.unlinked", "anna": "/sign-in?refused=provider.unlinked", "anton": "/", "olga": "/"} {
			p := &person{town: t}
			f.signsIn(p, id, login).leadsTo(want)
		}
		anton.get("/api/v1/people/" + anton.id + "/providers").is(200).has(`"how":"domain"`)
		t.olga.get("/api/v1/people/" + anton.id + "/providers").is(200).lacks("anton@example.com")
	})
}

// A provider of one's own must be no way into the accounts of those who hold more.
func TestAttack47_ProviderOfAnAdministratorOpensNoOwner(t *testing.T) {
	everywhere(t, func(t *town) {
		f := provider(t.T, staff(), false)
		admin := t.employ("Berta", t.ready("administrator"))
		id := f.trust(admin, object{"domains": []string{"example.com"}, "attaches": true})
		f.signsIn(&person{town: t}, id, "olga").leadsTo("/sign-in?refused=provider.unlinked")
		t.hire("Anton", sales())
		f.signsIn(&person{town: t}, id, "anton").leadsTo("/")
		// Nor does it give roles that its setter may not give.
		admin.post("/api/v1/providers", object{"name": "Other", "issuer": f.issuer, "client_id": "x", "active": true, "domains": []string{"example.com"}, "newcomers": t.ready("owner")}).is(403)
		t.olga.post("/api/v1/providers", object{"name": "Other", "issuer": f.issuer, "client_id": "x", "active": true, "domains": []string{"example.com"}, "newcomers": t.ready("owner")}).is(422)
		// When its setter has gone, it opens nobody's account any more.
		t.olga.post("/api/v1/people/"+admin.id+"/deactivate", nil).is(204)
		t.olga.get("/api/v1/providers").is(200).has(`"stands":false`)
		t.olga.post("/api/v1/people", object{"email": "anna@example.com", "name": "Anna", "role": t.ready("specialist")}).is(201)
		f.signsIn(&person{town: t}, id, "anna").leadsTo("/sign-in?refused=provider.unlinked")
	})
}

func TestNewcomersComeOnlyWhereTheyAreWanted(t *testing.T) {
	everywhere(t, func(t *town) {
		f := provider(t.T, staff(), false)
		t.olga.post("/api/v1/providers", object{"name": "Wide", "issuer": f.issuer, "client_id": "castellan", "active": true, "newcomers": t.ready("specialist")}).is(422).has("provider.needs_domains")
		id := f.trust(t.olga, object{"domains": []string{"example.com"}, "newcomers": t.ready("specialist"), "groups_claim": "groups",
			"roles": []object{{"group": "desk", "role": t.ready("call_centre")}, {"group": "sales", "role": t.ready("manager")}}})
		f.signsIn(&person{town: t}, id, "outsider").leadsTo("/sign-in?refused=provider.unlinked")
		f.signsIn(&person{town: t}, id, "olga").leadsTo("/sign-in?refused=provider.unlinked") // there is an account with that address
		anna := &person{town: t}
		f.signsIn(anna, id, "anna").leadsTo("/")
		who := anna.get("/api/v1/session").is(200).has("Anna Nowak", `"language":"pl"`, "Call centre").at("person", "id")
		// The second time it is the same account; closed, it stays closed.
		anna = &person{town: t}
		f.signsIn(anna, id, "anna").leadsTo("/")
		if anna.get("/api/v1/session").is(200).at("person", "id") != who {
			t.Error("the second sign-in made another account")
		}
		// Without a password the link is the only way in, and stays.
		anna.delete("/api/v1/people/" + who + "/providers/" + id).is(409)
		t.olga.post("/api/v1/people/"+who+"/deactivate", nil).is(204)
		anna.get("/api/v1/session").is(401)
		f.signsIn(&person{town: t}, id, "anna").leadsTo("/sign-in?refused=provider.unlinked")
		t.olga.get("/api/v1/ledger").has(`"reason":"deactivated"`)
	})
}

func TestWhoIsAwaitedComesInByTheirVerifiedAddress(t *testing.T) {
	everywhere(t, func(t *town) {
		f := provider(t.T, staff(), false)
		id := f.trust(t.olga, nil)
		who := t.olga.post("/api/v1/people", object{"email": "anna@example.com", "name": "Anna", "role": t.ready("specialist")}).is(201).at("id")
		t.olga.put("/api/v1/people/"+who+"/providers/"+id, nil).is(204)
		t.olga.get("/api/v1/people/" + who + "/providers").is(200).has(`"awaited"`)
		admin := t.employ("Berta", t.ready("administrator"))
		admin.put("/api/v1/people/"+t.olga.id+"/providers/"+id, nil).is(403)
		f.signsIn(&person{town: t}, id, "anton").leadsTo("/sign-in?refused=provider.unlinked")
		anna := &person{town: t}
		f.signsIn(anna, id, "anna").leadsTo("/")
		anna.get("/api/v1/people/" + who + "/providers").is(200).has(`"how":"expected"`).lacks("awaited")
	})
}

// What one browser began no other ends, nothing counts twice, and nobody is sent
// elsewhere.
func TestSignInBelongsToTheBrowserThatBeganIt(t *testing.T) {
	once(t, func(t *town) {
		f := provider(t.T, staff(), false)
		id := f.trust(t.olga, object{"domains": []string{"example.com"}, "attaches": true})
		lost := "/sign-in?refused=provider.lost"

		victim := &person{town: t}
		began := &person{town: t}
		to := began.post("/api/v1/session/provider", object{"provider": id, "to": "//evil.example/x"}).is(200).at("url")
		back := f.through(f.browser(), to, "olga")
		victim.comesBack(back).leadsTo(lost) // a forged way in: the victim has not begun it
		if victim.cookies["castellan"] != "" {
			t.Error("the victim is signed in as somebody else")
		}
		kept := began.cookies["castellan-way"]
		// The state of another sign-in does not fit.
		other := &person{town: t}
		other.post("/api/v1/session/provider", object{"provider": id}).is(200)
		other.comesBack(back).leadsTo(lost)
		began.comesBack(back).leadsTo("/")
		// Once is enough, even with the cookie brought back.
		replay := &person{town: t, cookies: map[string]string{"castellan-way": kept}}
		replay.comesBack(back).leadsTo("/sign-in?refused=provider.unproven")
		// Neither is the cookie of a link of any use to somebody else.
		to = t.olga.post("/api/v1/session/provider/link", object{"provider": id}).is(409, 200).at("url")
		anton := t.hire("Anton", sales())
		anton.cookies["castellan-way"] = t.olga.cookies["castellan-way"]
		anton.comesBack(f.through(f.browser(), to, "anton")).leadsTo("/settings/you?refused=provider.lost")
		anton.get("/api/v1/people/" + anton.id + "/providers").is(200).lacks("Firm")

		gone := &person{town: t}
		to = gone.post("/api/v1/session/provider", object{"provider": id}).is(200).at("url")
		gone.comesBack(f.through(f.browser(), to, "")).leadsTo("/sign-in?refused=provider.cancelled")

		u, _ := url.Parse(to)
		q := u.Query()
		if q.Get("redirect_uri") != townURL+web.ProviderCallback || q.Get("code_challenge_method") != "S256" || len(q.Get("nonce")) < 40 || len(q.Get("state")) < 40 || q.Get("response_type") != "code" {
			t.Errorf("the browser is sent with %v", q)
		}
		forged := gone.with("Host", "localhost:1").post("/api/v1/session/provider", object{"provider": id}).is(200).at("url")
		if !strings.Contains(forged, url.QueryEscape(townURL+web.ProviderCallback)) {
			t.Error("the way back is made of what the request says")
		}
		// A password is not the only thing that must not cross the net in the clear.
		gone.with("Host", "crm.example.com").post("/api/v1/session/provider", object{"provider": id}).is(403)
		// Unknown words in the address are the provider's affair; ours given twice are not.
		gone.get(web.ProviderCallback + "?session_state=x&state=y&code=z").is(303).leadsTo(lost)
		gone.get(web.ProviderCallback + "?state=y&state=z").is(400)
	})
}

func TestProviderThatIsSwitchedOffEndsWhatItBegan(t *testing.T) {
	once(t, func(t *town) {
		f := provider(t.T, staff(), false)
		id := f.trust(t.olga, object{"domains": []string{"example.com"}, "attaches": true})
		p := &person{town: t}
		f.signsIn(p, id, "olga").leadsTo("/")
		p.get("/api/v1/session").is(200)
		t.olga.put("/api/v1/providers/"+id, object{"name": "Firm", "client_id": "castellan", "active": false, "domains": []string{"example.com"}, "attaches": true}).is(200)
		p.get("/api/v1/session").is(401)
		t.guest().get("/api/v1/session/provider").is(200).lacks("Firm")
		p.post("/api/v1/session/provider", object{"provider": id}).is(404)
		t.olga.get("/api/v1/session").is(200)

		t.olga.put("/api/v1/providers/"+id, object{"name": "Firm", "issuer": "https://other.example", "client_id": "castellan", "active": true}).is(422).has("provider.issuer_fixed")
		t.olga.put("/api/v1/providers/"+id, object{"version": 1, "name": "Firm", "client_id": "castellan", "active": true}).is(409)
		t.olga.put("/api/v1/providers/"+id, object{"name": "Firm", "client_id": "castellan", "client_secret": "wrong", "active": true, "domains": []string{"example.com"}, "attaches": true}).is(200).lacks("wrong")
		f.signsIn(&person{town: t}, id, "olga").leadsTo("/sign-in?refused=provider.unproven")
		t.olga.delete("/api/v1/providers/" + id).is(204)
		t.olga.get("/api/v1/people/" + t.olga.id + "/providers").is(200).lacks("Firm")
		t.olga.get("/api/v1/ledger").is(200).has("provider.changed", "provider.deleted").lacks(firmSecret, "wrong")
		// Whoever does not manage security learns nothing of it.
		anton := t.hire("Anton", sales())
		anton.get("/api/v1/providers").is(403)
		anton.post("/api/v1/providers", object{"name": "x", "issuer": "https://x.example", "client_id": "x", "active": true}).is(403)
	})
}

// The harm: a provider that asked for a password alone stands for the second
// factor that is demanded here.
func TestProviderStandsForAFactorOnlyIfItSaysSo(t *testing.T) {
	everywhere(t, func(t *town) {
		f := provider(t.T, staff(), true)
		anna, anton := t.hire("Anna", sales()), t.hire("Anton", sales())
		for _, p := range []*person{anna, anton} {
			t.olga.put("/api/v1/security/terms/people/"+p.id, object{"factor": true}).is(200)
		}
		trusted := object{"domains": []string{"example.com"}, "attaches": true}
		id := f.trust(t.olga, trusted)
		comes := func(login string) *answer {
			p := &person{town: t}
			f.signsIn(p, id, login)
			return p.get("/api/v1/contacts")
		}
		// Nothing of it is believed unless an owner says so ...
		comes("anna").is(401).has("session.enrol")
		trusted["name"], trusted["client_id"], trusted["active"], trusted["trusts_factor"] = "Firm", "castellan", true, true
		t.olga.put("/api/v1/providers/"+id, trusted).is(200)
		// ... and then what it says of each sign-in.
		comes("anna").is(200)
		comes("anton").is(401).has("session.enrol")
	})
}
