package web

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"log/slog"

	"castellan/internal/crm"
	"castellan/internal/identity"
	"castellan/internal/records"
	"castellan/internal/vault"
)

// What strangers may use. Whoever adds a line here says that it shows nothing
// of anybody.
var openToStrangers = []string{
	"GET /api/docs", "GET /api/openapi.json", "GET /api/v1/session/provider", "GET /api/v1/session/provider/callback", "GET /api/v1/setup", "GET /healthz", "GET /metrics", "GET /readyz",
	"POST /api/v1/session", "POST /api/v1/session/email/confirm", "POST /api/v1/session/forgotten", "POST /api/v1/session/link", "POST /api/v1/session/link/look",
	"POST /api/v1/session/passkey", "POST /api/v1/session/passkey/begin", "POST /api/v1/session/password/weigh", "POST /api/v1/session/provider", "POST /api/v1/setup",
}

// What a session that waits for a second factor may use: to prove it, and
// nothing else.
var openToProving = []string{"POST /api/v1/session/factor", "POST /api/v1/session/passkey/ask"}

// What a session may use whose person lacks a factor that is demanded: to add
// one, and nothing else.
var openToEnrolling = []string{
	"GET /api/v1/session/factors", "POST /api/v1/session/factors/app", "POST /api/v1/session/factors/app/begin",
	"POST /api/v1/session/factors/passkey", "POST /api/v1/session/factors/passkey/begin", "POST /api/v1/session/stepup",
}

// Both may leave.
var openToLeaving = []string{"DELETE /api/v1/session"}

// What everybody who is signed in may use: their own affairs, and what everybody
// in the house may know. The rooms decide about the rest of it by themselves.
var openToSignedIn = []string{
	"DELETE /api/v1/exports/{id}", "DELETE /api/v1/keys/{id}", "DELETE /api/v1/people/{id}/providers/{provider}", "DELETE /api/v1/people/{id}/sessions", "DELETE /api/v1/sessions/{id}", "DELETE /api/v1/viewing",
	"GET /api/v1/abilities", "GET /api/v1/exports", "GET /api/v1/exports/{id}", "GET /api/v1/groups", "GET /api/v1/keys", "GET /api/v1/ledger", "GET /api/v1/ledger/checkpoint", "GET /api/v1/ledger/events", "GET /api/v1/ledger/key",
	"GET /api/v1/operations/{operation}", "GET /api/v1/people/names", "GET /api/v1/people/{id}", "GET /api/v1/people/{id}/providers", "GET /api/v1/people/{id}/sessions", "GET /api/v1/pipelines", "GET /api/v1/rails", "GET /api/v1/roles", "GET /api/v1/roles/{id}",
	"GET /api/v1/security/factors",                                   // whoever manages people or security
	"GET /api/v1/security/sessions", "GET /api/v1/security/sign-ins", // whoever may watch; one's own
	"GET /api/v1/session", "GET /api/v1/session/notices", "GET /api/v1/settings", "GET /api/v1/settings/words", "GET /api/v1/staff", "PATCH /api/v1/people/{id}", "PATCH /api/v1/session/factors/{id}",
	"POST /api/v1/session/email", "POST /api/v1/session/factors/later", "POST /api/v1/session/factors/{id}/remove", "POST /api/v1/session/notices/seen", "POST /api/v1/session/password", "POST /api/v1/session/provider/link", "POST /api/v1/session/recovery",
	"POST /api/v1/sessions/{id}/disown",
}

func table(t *testing.T) []*route {
	t.Helper()
	all := (&Server{}).table()
	if len(all) < 100 {
		t.Fatalf("%d routes", len(all))
	}
	return all
}

func TestEveryRouteSaysWhoMayUseIt(t *testing.T) {
	var strangers, signed []string
	half := map[identity.Needs][]string{}
	known := map[records.Ability]bool{}
	for _, a := range records.Abilities() {
		known[a.Name] = true
	}
	for _, rt := range table(t) {
		name := rt.method + " " + rt.path
		switch rt.door.mark {
		case stranger:
			strangers = append(strangers, name)
		case signedIn:
			signed = append(signed, name)
		case halfway:
			half[rt.door.waits] = append(half[rt.door.waits], name)
		case byAbility:
			if !known[rt.door.ability] {
				t.Errorf("%s needs %q, which is no ability", name, rt.door.ability)
			}
		case byRights:
			if rt.kind == nil && rt.surface == "" && !slices.Contains([]string{"GET /api/v1/events", "GET /api/v1/kinds", "POST /api/v1/operations/{operation}/undo", "POST /api/v1/prospects/{id}/convert"}, name) {
				t.Errorf("%s is decided by rights on records, but is about no kind", name)
			}
		case closed:
			t.Errorf("%s does not say who may use it", name)
		}
	}
	for needs, want := range map[identity.Needs][]string{identity.NeedsFactor: openToProving, identity.NeedsEnrolment: openToEnrolling, "": openToLeaving} {
		slices.Sort(half[needs])
		if !slices.Equal(half[needs], want) {
			t.Errorf("sessions that wait (%q) may use\n%s", needs, strings.Join(half[needs], "\n"))
		}
	}
	slices.Sort(strangers)
	slices.Sort(signed)
	if !slices.Equal(strangers, openToStrangers) {
		t.Errorf("strangers may use\n%s\nand not\n%s", strings.Join(strangers, "\n"), strings.Join(openToStrangers, "\n"))
	}
	if !slices.Equal(signed, openToSignedIn) {
		t.Errorf("everybody who is signed in may use\n%s\nand not\n%s", strings.Join(signed, "\n"), strings.Join(openToSignedIn, "\n"))
	}
}

// Where much harm is done by one request: what gives or takes rights, lets
// somebody in, and takes many records away or out.
var graveTags = []string{"People", "Roles", "Groups", "Keys", "Settings", "Imports", "Security", "Sessions", "Archive", "Backups"}

var gravePaths = []string{"/bulk", "/undo", "/export", "/backup", "/terms", "/sessions", "/factors", "/recovery", "/restore-all"}

// Routes of those parts that need no fresh proof, each with its reason. Whoever
// adds a line here says that a stolen cookie does no lasting harm by it.
var harmless = map[string]string{
	"POST /api/v1/people/{id}/deactivate":      "closing an account must be quick, and is taken back by a fresh route",
	"DELETE /api/v1/people/{id}/sessions":      "ending sessions protects, and whoever has the password comes back",
	"DELETE /api/v1/sessions/{id}":             "ending a session protects",
	"POST /api/v1/sessions/{id}/disown":        "ending sessions protects",
	"DELETE /api/v1/people/{id}/link":          "ending a link protects",
	"DELETE /api/v1/keys/{id}":                 "ending a key protects",
	"POST /api/v1/groups":                      "an empty group gives nobody anything",
	"PATCH /api/v1/groups/{id}":                "a name gives nobody anything",
	"POST /api/v1/preview":                     "shows what one holds anyway",
	"POST /api/v1/operations/{operation}/undo": "brings back what was; an undo must be at hand",
	"POST /api/v1/imports":                     "a file that was brought in changes nothing yet",
	"PATCH /api/v1/imports/{id}":               "a file that was brought in changes nothing yet",
	"POST /api/v1/imports/{id}/start":          "adds and fills in, and can be undone",
	"POST /api/v1/exports/look":                "counts what would be taken, and takes nothing",
	"GET /api/v1/exports":                      "tells what was taken, and gives none of it",
	"GET /api/v1/exports/{id}":                 "tells what was taken, and gives none of it",
	"DELETE /api/v1/exports/{id}":              "stopping an export protects",
	"POST /api/v1/settings/mail/test":          "a mail to oneself",
	"POST /api/v1/settings/mailbox/look":       "is done every minute anyway",
	"PUT /api/v1/settings/words":               "words that are offered: none that is written changes",
	"PATCH /api/v1/session/factors/{id}":       "a name protects nothing",
	"POST /api/v1/session/factors/later":       "says that somebody was asked, and changes nothing",
}

// A new route that gives rights, lets somebody in or takes much away asks for a
// fresh proof, or says why it need not.
func TestWhatHarmsManyAsksForAFreshProof(t *testing.T) {
	used, fresh := map[string]bool{}, 0
	for _, rt := range table(t) {
		name := rt.method + " " + rt.path
		if rt.fresh || rt.freshIf != nil {
			fresh++
			if rt.door.mark == stranger {
				t.Errorf("%s asks strangers for a fresh proof", name)
			}
			if harmless[name] != "" {
				t.Errorf("%s is fresh, and listed as harmless", name)
			}
			continue
		}
		takesOut := strings.Contains(rt.path, "/export") || strings.Contains(rt.path, "/backup")
		if rt.method == "GET" && !takesOut || rt.door.mark == stranger {
			continue
		}
		grave := slices.Contains(graveTags, rt.tag) || slices.ContainsFunc(gravePaths, func(p string) bool { return strings.Contains(rt.path, p) })
		if !grave {
			continue
		}
		if used[name] = true; harmless[name] == "" {
			t.Errorf("%s does much at once, is not fresh, and nobody said why it need not be", name)
		}
	}
	for name := range harmless {
		if !used[name] {
			t.Errorf("%s is listed as harmless, and there is no such route", name)
		}
	}
	if fresh < 20 {
		t.Errorf("%d routes ask for a fresh proof", fresh)
	}
	for _, must := range []string{"setRole", "createRole", "deleteRole", "setRails", "setMembers", "setDifferences", "createKey", "createLink", "createPerson", "updatePerson", "resetFactors", "removeFactor", "renewRecovery", "undoImport", "bulkContacts", "updateSettings", "createExport", "getExportFile"} {
		if !slices.ContainsFunc(table(t), func(rt *route) bool { return rt.name == must && (rt.fresh || rt.freshIf != nil) }) {
			t.Errorf("%s asks for no fresh proof", must)
		}
	}
}

func TestEveryRouteIsBoundedAndDescribed(t *testing.T) {
	names := map[string]bool{}
	surfaces := records.Surfaces()
	for _, rt := range table(t) {
		name := rt.method + " " + rt.path
		if rt.name == "" || rt.summary == "" || rt.tag == "" || rt.handle == nil {
			t.Errorf("%s is not described", name)
		}
		if names[rt.name] {
			t.Errorf("%s: another route has its name %s", name, rt.name)
		}
		names[rt.name] = true
		takes := rt.request != nil || rt.takes != ""
		if takes != (rt.body > 0) {
			t.Errorf("%s: takes a body: %v, its limit: %d", name, takes, rt.body)
		}
		if takes && (rt.method == "GET" || rt.method == "DELETE") {
			t.Errorf("%s takes a body", name)
		}
		// A pasted table is a thousand rows with their notes; each is read by itself.
		if rt.body > largeBody && rt.takes == "" && (rt.body > rowsBody || name != "POST /api/v1/prospects/rows") {
			t.Errorf("%s takes %d bytes of JSON", name, rt.body)
		}
		if rt.timeout > longWork {
			t.Errorf("%s may last %s", name, rt.timeout)
		}
		if rt.surface != "" && !slices.Contains(surfaces, rt.surface) {
			t.Errorf("%s shows clients on %q, which is no surface", name, rt.surface)
		}
		if rt.kind != nil && rt.surface == "" {
			t.Errorf("%s shows records on no surface", name)
		}
		if !strings.HasPrefix(rt.path, "/api/") && rt.door.mark != stranger {
			t.Errorf("%s is outside the API", name)
		}
	}
	for _, k := range crm.Kinds() {
		for _, rest := range []string{"", "/{id}", "/count", "/{id}/history", "/{id}/seen", "/{id}/access", "/{id}/why"} {
			if !slices.ContainsFunc(table(t), func(rt *route) bool { return rt.method == "GET" && rt.path == "/api/v1/"+k.Plural+rest }) {
				t.Errorf("%s has no route %s", k.Plural, rest)
			}
		}
	}
}

// A panic ends one request, and tells nobody what it met (attack 56).
func TestAttack56_PanicEndsOneRequestOnly(t *testing.T) {
	keys, err := vault.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	s := &Server{Options: Options{Vault: keys, Now: time.Now}, log: slog.New(slog.NewTextHandler(&said, nil))}
	server := httptest.NewServer(s.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fall" {
			panic("the phone is 2125550123")
		}
		w.WriteHeader(http.StatusNoContent)
	})))
	defer server.Close()
	for range 3 {
		fallen, err := server.Client().Get(server.URL + "/fall")
		if err != nil {
			t.Fatal(err)
		}
		fallen.Body.Close()
		if fallen.StatusCode != http.StatusInternalServerError || fallen.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("status %d", fallen.StatusCode)
		}
		good, err := server.Client().Get(server.URL + "/stand")
		if err != nil {
			t.Fatal(err)
		}
		good.Body.Close()
		if good.StatusCode != http.StatusNoContent {
			t.Errorf("status %d after a panic", good.StatusCode)
		}
	}
	if strings.Contains(said.String(), "2125550123") || strings.Count(said.String(), "request panicked") != 3 {
		t.Errorf("the log says: %s", said.String())
	}
}

func TestDecimalsAreWrittenExactly(t *testing.T) {
	for _, c := range []struct {
		n      int64
		places int
		whole  bool
		want   string
	}{
		{120050, 2, true, `"1200.50"`}, {-5, 2, true, `"-0.05"`}, {0, 2, true, `"0.00"`}, {12_500_000, 6, false, `"12.5"`}, {12_000_000, 6, false, `"12"`},
		{1, 6, false, `"0.000001"`}, {-9_223_372_036_854_775_808, 2, true, `"-92233720368547758.08"`}, {10, 6, false, `"0.00001"`},
	} {
		if got := string(appendDecimal(nil, c.n, c.places, c.whole)); got != c.want {
			t.Errorf("%d with %d places: %s, want %s", c.n, c.places, got, c.want)
		}
	}
}
