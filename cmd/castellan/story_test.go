package main

import (
	"database/sql"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"castellan/internal/sheet/sheettest"
)

// The way of a firm from the first start to the check of its ledger, as people
// and programs go it.
func TestFirmMovesInWorksUnderRightsAndProvesIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		s := h.serve()
		owner := foundTheFirm(t, s)
		f := settleIn(t, owner)
		everyFileComesIn(t, owner, f)
		ana, ben := s.signIn(f.anaMail, f.anaPassword), s.signIn(f.benMail, f.benPassword)
		hers, his := eachSeesTheirOwn(t, ana, ben, f)
		theHouseKnowsWhoLooked(t, owner, ana, ben, f, hers, his)
		guestsLearnNothing(t, s, hers, his)
		signingOutEndsIt(t, ana)
		curlSignsIn(t, s, f)
		head := filepath.Join(h.place.Dir, "head-of-the-daily-mail")
		if err := os.WriteFile(head, []byte(owner.must("GET", "/api/v1/ledger/checkpoint", nil, http.StatusOK, nil).body), 0o600); err != nil {
			t.Fatal(err)
		}
		drains(t, s, owner)
		explained(t, h, f, hers, his)
		anybodyCanCheck(t, h, head)
	})
}

// foundTheFirm opens the link of the console: whoever does not have it gets
// nothing, and it opens once.
func foundTheFirm(t *testing.T, s *served) (owner *visitor) {
	var setup struct{ Needed bool }
	stranger := s.visitor()
	stranger.must("GET", "/api/v1/setup", nil, http.StatusOK, &setup)
	if !setup.Needed {
		t.Fatal("an empty workspace does not wait for its owner")
	}
	if s.setup == "" {
		t.Fatal("the console prints no link to become the owner")
	}
	founding := func(token string) object {
		return object{"token": token, "email": "olga@example.com", "name": "Olga Orlova", "password": password, "language": "en", "workspace": "Lumen", "region": "RU", "time_zone": "Europe/Warsaw"}
	}
	for _, guess := range []string{"", "x", strings.Repeat("A", len(s.setup)), s.setup[:len(s.setup)-1]} {
		if a := stranger.ask("POST", "/api/v1/setup", founding(guess)); a.status != http.StatusUnauthorized || a.header.Get("Set-Cookie") != "" {
			t.Fatalf("a guess at the link gives %d: %s", a.status, a.body)
		}
	}
	stranger.must("GET", "/api/v1/session", nil, http.StatusUnauthorized, nil)
	owner = s.visitor()
	a := owner.must("POST", "/api/v1/setup", founding(s.setup), http.StatusCreated, nil)
	if c := a.header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") {
		t.Errorf("the cookie of the session is %q", c)
	}
	stranger.must("POST", "/api/v1/setup", founding(s.setup), http.StatusUnauthorized, nil)
	owner.must("POST", "/api/v1/setup", founding(s.setup), http.StatusUnauthorized, nil)
	stranger.must("GET", "/api/v1/setup", nil, http.StatusOK, &setup)
	if setup.Needed {
		t.Error("the workspace still waits for its owner")
	}
	return owner
}

// firm is who works there.
type firm struct {
	ana, ben, north    string // ids
	anaMail, benMail   string
	anaPassword        string
	benPassword        string
	anaClients, benHas int // how many the files brought for each
	total              int
}

// settleIn makes a role, a region and two people with different rights.
func settleIn(t *testing.T, owner *visitor) *firm {
	var session struct {
		Person    struct{ Role struct{ Name string } }
		Abilities []string
		Kinds     map[string]map[string]string
	}
	owner.must("GET", "/api/v1/session", nil, http.StatusOK, &session)
	if session.Person.Role.Name != "Owner" || !slices.Contains(session.Abilities, "people.manage") || session.Kinds["contact"]["view"] != "all" {
		t.Errorf("the owner is told to be %+v", session)
	}
	var roles struct{ Items []struct{ ID, Built string } }
	owner.must("GET", "/api/v1/roles", nil, http.StatusOK, &roles)
	specialist := roles.Items[slices.IndexFunc(roles.Items, func(r struct{ ID, Built string }) bool { return r.Built == "specialist" })].ID
	var lead, north, ana, ben struct{ ID string }
	owner.must("POST", "/api/v1/roles", object{"name": "Region lead", "grades": object{"contact": object{"view": "all", "edit": "all"}}, "abilities": []string{},
		"sights": []object{
			{"class": "open", "own": "plain", "group": "plain", "all": "plain"}, {"class": "personal", "own": "plain", "group": "plain", "all": "plain"},
			{"class": "contact", "own": "plain", "group": "plain", "all": "plain"},
		}}, http.StatusCreated, &lead)
	owner.must("POST", "/api/v1/groups", object{"name": "North"}, http.StatusCreated, &north)
	f := &firm{anaMail: "ana@example.com", benMail: "ben@example.com", anaPassword: "maple lantern quartz nine", benPassword: "copper violin ember two"}
	var hers struct {
		ID   string
		Link struct{ URL string }
	}
	owner.must("POST", "/api/v1/people", object{"email": f.anaMail, "name": "Ana Bianchi", "role": specialist}, http.StatusCreated, &hers)
	ana.ID = hers.ID
	_, anas, _ := strings.Cut(hers.Link.URL, "#")
	(&visitor{t: t, base: owner.base}).must("POST", "/api/v1/session/link", object{"token": anas, "password": f.anaPassword}, http.StatusOK, nil)
	// Ben sets his password himself, by the link that the owner hands him.
	var link struct{ Link struct{ URL string } }
	a := owner.must("POST", "/api/v1/people", object{"email": f.benMail, "name": "Ben Carter", "role": specialist}, http.StatusCreated, &link)
	if err := json.Unmarshal([]byte(a.body), &ben); err != nil {
		t.Fatal(err)
	}
	address, token, _ := strings.Cut(link.Link.URL, "#")
	if address != owner.base+"/link" {
		t.Errorf("the link of a new person leads to %q", address)
	}
	guest := &visitor{t: t, base: owner.base}
	guest.must("POST", "/api/v1/session/link", object{"token": token, "password": f.benPassword}, http.StatusOK, nil)
	guest.must("POST", "/api/v1/session/link", object{"token": token, "password": f.benPassword}, http.StatusUnauthorized, nil)
	owner.must("PUT", "/api/v1/groups/"+north.ID+"/members", object{"items": []object{{"person": ben.ID, "role": lead.ID}}}, http.StatusOK, nil)
	f.ana, f.ben, f.north = ana.ID, ben.ID, north.ID
	return f
}

// everyFileComesIn imports all files of real shape; one for Ana, one for the
// region of Ben, the others for the owner. None doubles a client.
func everyFileComesIn(t *testing.T, owner *visitor, f *firm) {
	for _, file := range sheettest.Files(t) {
		name := filepath.Base(file)
		decide := object{}
		switch name {
		case "amocrm_contacts.csv":
			decide["responsible"] = f.ana
		case "google_contacts.csv":
			decide["group"] = f.north
		}
		i := owner.bring(file, decide)
		if i.Created+i.Skipped == 0 || i.Refused > 0 {
			t.Errorf("%s: %+v", name, i)
		}
		f.total += i.Created
		switch name {
		case "amocrm_contacts.csv":
			f.anaClients += i.Created
		case "google_contacts.csv":
			f.benHas += i.Created
		}
		if again := owner.bring(file, decide); again.Created > 0 {
			t.Errorf("%s brought again makes %d clients", name, again.Created)
		}
	}
	all, _ := owner.clients()
	if len(all) != f.total || f.total < 300 {
		t.Errorf("the owner sees %d clients, the files brought %d", len(all), f.total)
	}
}

var someDigits = regexp.MustCompile(`\+?\d{7,}`)

// eachSeesTheirOwn signs the two in: Ana sees her own clients without their
// numbers, Ben those of his region with them, and neither sees the other's.
func eachSeesTheirOwn(t *testing.T, ana, ben *visitor, f *firm) (hers, his client) {
	anas, text := ana.clients()
	if len(anas) != f.anaClients {
		t.Errorf("Ana sees %d clients and has %d", len(anas), f.anaClients)
	}
	mine := map[string]bool{}
	for _, c := range anas {
		mine[c.ID] = true
		if c.Responsible == nil || c.Responsible.ID != f.ana {
			t.Errorf("Ana sees a client of %+v", c.Responsible)
		}
		for _, p := range c.Phones {
			if someDigits.MatchString(p.Number) || !strings.Contains(p.Number, "XXXX") {
				t.Errorf("Ana sees the number %q in the list", p.Number)
			}
		}
		if len(c.Phones) > 0 && c.Sight["phones"] != "masked" {
			t.Errorf("a masked number is marked as %q", c.Sight["phones"])
		}
		if len(c.Phones) > 0 && hers.ID == "" {
			hers = c
		}
	}
	if strings.Contains(text, "@") {
		t.Error("Ana's list holds mail addresses")
	}
	bens, _ := ben.clients()
	if len(bens) != f.benHas {
		t.Errorf("Ben sees %d clients and his region has %d", len(bens), f.benHas)
	}
	for _, c := range bens {
		if mine[c.ID] {
			t.Error("Ana and Ben see the same client")
		}
		for _, p := range c.Phones {
			if strings.Contains(p.Number, "X") || c.Sight["phones"] != "" {
				t.Errorf("Ben sees the number of his region as %q", p.Number)
			}
		}
		if len(c.Phones) > 0 && his.ID == "" {
			his = c
		}
	}
	if hers.ID == "" || his.ID == "" {
		t.Fatal("no client has a phone number")
	}
	// What is not theirs does not exist, and looks like what never did.
	nowhere := ana.must("GET", "/api/v1/contacts/contact_0000000000000", nil, http.StatusNotFound, nil)
	his404 := ana.must("GET", "/api/v1/contacts/"+his.ID, nil, http.StatusNotFound, nil)
	if nowhere.body != his404.body {
		t.Errorf("a client of somebody else answers %s, one that never was %s", his404.body, nowhere.body)
	}
	ben.must("GET", "/api/v1/contacts/"+hers.ID, nil, http.StatusNotFound, nil)
	ana.must("POST", "/api/v1/contacts/"+his.ID+"/reveal", object{"fields": []string{"phones"}}, http.StatusNotFound, nil)
	// Nor can she ask her way to a number.
	for _, path := range []string{"?filter=phones+has+%22%2B7%22", "?sort=phones"} {
		if a := ana.ask("GET", "/api/v1/contacts"+path, nil); a.status < 400 || a.status >= 500 {
			t.Errorf("a masked field can be asked about: %s gives %d", path, a.status)
		}
	}
	// On the card a number opens on a click.
	card := ana.must("GET", "/api/v1/contacts/"+hers.ID, nil, http.StatusOK, nil)
	var shown client
	if err := json.Unmarshal([]byte(card.body), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Sight["phones"] != "click" || someDigits.MatchString(shown.Phones[0].Number) {
		t.Errorf("the card shows %+v as %q", shown.Phones, shown.Sight["phones"])
	}
	var open struct {
		Fields struct{ Phones []struct{ Number string } }
	}
	ana.must("POST", "/api/v1/contacts/"+hers.ID+"/reveal", object{"fields": []string{"phones"}}, http.StatusOK, &open)
	if len(open.Fields.Phones) != len(hers.Phones) || !someDigits.MatchString(open.Fields.Phones[0].Number) {
		t.Errorf("a click gives %+v", open.Fields.Phones)
	}
	return hers, his
}

// theHouseKnowsWhoLooked asks who has seen a client, and reads it in the ledger.
func theHouseKnowsWhoLooked(t *testing.T, owner, ana, ben *visitor, f *firm, hers, his client) {
	type sighting struct {
		Who     struct{ ID, Name string }
		Times   int
		Classes []string
	}
	// What happened is in its place in the ledger within a second.
	seen := func(whose, by, notBy, name string) {
		t.Helper()
		all := map[string]sighting{}
		for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(50 * time.Millisecond) {
			var a struct{ Items []sighting }
			owner.must("GET", "/api/v1/contacts/"+whose+"/seen", nil, http.StatusOK, &a)
			clear(all)
			for _, one := range a.Items {
				all[one.Who.ID] = one
			}
			if all[by].Who.Name == name && slices.Contains(all[by].Classes, "contact") {
				break
			}
		}
		if all[by].Who.Name != name || all[by].Times == 0 || !slices.Contains(all[by].Classes, "contact") || all[notBy].Times != 0 {
			t.Errorf("of the client of %s the house says %+v", name, all)
		}
	}
	seen(hers.ID, f.ana, f.ben, "Ana Bianchi")
	seen(his.ID, f.ben, f.ana, "Ben Carter")
	ana.must("GET", "/api/v1/contacts/"+hers.ID+"/seen", nil, http.StatusForbidden, nil)
	var log struct {
		Items []struct {
			Seq      int64
			Event    string
			Sentence string
			Actor    struct{ ID string }
			Shown    []string
		}
	}
	owner.must("GET", "/api/v1/ledger?record="+hers.ID+"&person="+f.ana, nil, http.StatusOK, &log)
	opened := slices.IndexFunc(log.Items, func(e struct {
		Seq      int64
		Event    string
		Sentence string
		Actor    struct{ ID string }
		Shown    []string
	}) bool {
		return strings.Contains(e.Event, "reveal")
	})
	if opened < 0 || log.Items[opened].Sentence == "" {
		t.Fatalf("the ledger does not tell of the click: %+v", log.Items)
	}
	// Ana reads what she did herself, and nothing of others.
	log.Items = nil
	ana.must("GET", "/api/v1/ledger", nil, http.StatusOK, &log)
	for _, e := range log.Items {
		if e.Actor.ID != f.ana {
			t.Errorf("Ana reads in the ledger what %s did", e.Actor.ID)
		}
	}
	checkpoint := owner.must("GET", "/api/v1/ledger/checkpoint", nil, http.StatusOK, nil)
	if !strings.HasPrefix(checkpoint.body, "castellan/") || !strings.Contains(checkpoint.body, "\n— ") {
		t.Errorf("the checkpoint is no signed note: %s", checkpoint.body)
	}
	ben.must("GET", "/api/v1/people", nil, http.StatusForbidden, nil)
}

// open are the routes that strangers may use; what they do to the first three is
// said in foundTheFirm and settleIn.
var open = []string{
	"POST /api/v1/setup", "POST /api/v1/session", "POST /api/v1/session/link", "POST /api/v1/session/provider",
	"GET /api/v1/session/provider", "GET /api/v1/session/provider/callback", "POST /api/v1/session/passkey/begin",
	"POST /api/v1/session/forgotten", "POST /api/v1/session/password/weigh",
	"GET /api/v1/setup", "GET /healthz", "GET /readyz", "GET /metrics", "GET /api/openapi.json", "GET /api/docs",
}

// guestsLearnNothing asks every route there is without having signed in
// (attacks 58 and 59).
func guestsLearnNothing(t *testing.T, s *served, hers, his client) {
	guest := s.visitor()
	var api struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			RequestBody *struct{} `json:"requestBody"`
		}
	}
	guest.must("GET", "/api/openapi.json", nil, http.StatusOK, &api)
	guest.must("GET", "/healthz", nil, http.StatusOK, nil)
	if api.OpenAPI != "3.1.0" {
		t.Errorf("OpenAPI is %q", api.OpenAPI)
	}
	parameter := regexp.MustCompile(`\{[a-z]+\}`)
	asked, closed := 0, 0
	for path, methods := range api.Paths {
		for method, operation := range methods {
			method = strings.ToUpper(method)
			asked++
			real := strings.Replace(path, "contacts/{id}", "contacts/"+hers.ID, 1)
			real = parameter.ReplaceAllString(real, his.ID)
			var body any
			if operation.RequestBody != nil {
				body = object{}
			}
			a := guest.ask(method, real, body)
			for _, secret := range []string{hers.Name, his.Name, his.Phones[0].Number} {
				if secret != "" && strings.Contains(a.body, secret) {
					t.Errorf("%s %s shows a client to a guest", method, path)
				}
			}
			if a.header.Get("Set-Cookie") != "" {
				t.Errorf("%s %s gives a guest a cookie", method, path)
			}
			if slices.Contains(open, method+" "+path) {
				continue
			}
			closed++
			if a.status != http.StatusUnauthorized {
				t.Errorf("%s %s gives a guest %d: %s", method, path, a.status, a.body)
			}
		}
	}
	if asked < 100 || asked-closed != len(open) {
		t.Errorf("%d routes were asked, %d of them closed; %d are known to be open", asked, closed, len(open))
	}
	// A wrong password and an unknown address look the same.
	wrong := guest.must("POST", "/api/v1/session", object{"email": "olga@example.com", "password": "x"}, http.StatusUnauthorized, nil)
	unknown := guest.must("POST", "/api/v1/session", object{"email": "nobody@example.com", "password": "x"}, http.StatusUnauthorized, nil)
	if wrong.body != unknown.body {
		t.Errorf("a wrong password answers %s, an unknown address %s", wrong.body, unknown.body)
	}
}

func signingOutEndsIt(t *testing.T, v *visitor) {
	v.must("GET", "/api/v1/session", nil, http.StatusOK, nil)
	jar := v.client.Jar
	a := v.must("DELETE", "/api/v1/session", nil, http.StatusNoContent, nil)
	if !strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("signing out leaves the cookie: %q", a.header.Get("Set-Cookie"))
	}
	v.client.Jar = jar
	v.must("GET", "/api/v1/contacts", nil, http.StatusUnauthorized, nil)
}

// curlSignsIn does what the documentation tells, on both names of this machine.
func curlSignsIn(t *testing.T, s *served, f *firm) {
	jar := filepath.Join(t.TempDir(), "cookies")
	curl := func(args ...string) string {
		out, err := exec.Command("curl", append([]string{"--silent", "--show-error", "--fail-with-body", "--noproxy", "*", "--cookie", jar, "--cookie-jar", jar}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("curl %s: %v: %s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	for _, base := range []string{s.base, strings.Replace(s.base, "localhost", "127.0.0.1", 1)} {
		curl("--json", `{"email":"`+f.benMail+`","password":"`+f.benPassword+`"}`, base+"/api/v1/session")
		if who := curl(base + "/api/v1/session"); !strings.Contains(who, f.benMail) {
			t.Errorf("curl is told %s", who)
		}
		if list := curl(base + "/api/v1/contacts?limit=1"); !strings.Contains(list, `"id":"contact_`) {
			t.Errorf("curl gets the list %s", list)
		}
		curl("--request", "DELETE", base+"/api/v1/session")
	}
}

// drains tells the server to stop while a file is still coming: it is taken to
// the end, and then the process ends well.
func drains(t *testing.T, s *served, owner *visitor) {
	file, err := os.ReadFile(sheettest.Samples(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, owner.base+"/api/v1/imports", r)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Castellan-File-Name", "late.csv")
	request.Header.Set("Content-Type", "application/octet-stream")
	request.Header.Set("Expect", "100-continue") // answered when the handler begins to read
	begun := make(chan struct{})
	request = request.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(begun) }}))
	client := http.Client{Jar: owner.client.Jar, Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}
	answered := make(chan int, 1)
	go func() {
		response, err := client.Do(request)
		if err != nil {
			t.Error("a request under way is broken off: ", err)
			answered <- 0
			return
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		answered <- response.StatusCode
	}()
	select {
	case <-begun:
	case status := <-answered:
		t.Fatalf("the file is answered with %d before it has come", status)
	}
	if _, err := w.Write(file[:len(file)/2]); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// It serves nobody new, ...
	guest := s.visitor()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		response, err := guest.client.Get(s.base + "/healthz")
		if err != nil {
			break
		}
		_ = response.Body.Close()
		if time.Since(began) > 10*time.Second {
			t.Fatal("a server that was told to stop takes new requests")
		}
	}
	// ... and ends what it has begun.
	if _, err := w.Write(file[len(file)/2:]); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if status := <-answered; status != http.StatusCreated {
		t.Errorf("a request under way is answered with %d", status)
	}
	if status := s.end(syscall.SIGTERM); status != 0 {
		t.Errorf("the process ends with %d", status)
	}
	for _, secret := range []string{password, s.setup} {
		if strings.Contains(s.logged(), secret) {
			t.Error("the log holds a secret")
		}
	}
}

// explained asks the command line why each sees what they see.
func explained(t *testing.T, h *house, f *firm, hers, his client) {
	for _, one := range []struct {
		who, record string
		words       []string
	}{
		{f.anaMail, hers.ID, []string{"Ana Bianchi may view this contact.", "phones +click"}},
		{f.anaMail, his.ID, []string{"Ana Bianchi may not view this contact."}},
		{f.benMail, his.ID, []string{"Ben Carter may view this contact.", "North", "phones +plain"}},
	} {
		said := h.must("explain", "contact", one.record, "--as", one.who)
		for _, word := range one.words {
			if !regexp.MustCompile(word).MatchString(said) {
				t.Errorf("explain does not say %q: %s", word, said)
			}
		}
	}
}

// anybodyCanCheck proves the ledger with the key alone, and sees that one byte
// has changed.
func anybodyCanCheck(t *testing.T, h *house, head string) {
	if said := h.must("verify"); !strings.Contains(said, "Integrity: proved. Completeness: proved.") {
		t.Errorf("castellan verify says %s", said)
	}
	key := filepath.Join(h.data, "keys", "ledger.pub")
	bundle := filepath.Join(h.place.Dir, "bundle")
	h.must("ledger", "bundle", bundle)
	check := func(log string, want int) {
		t.Helper()
		if said, status := h.call("castellan-verify", log, "--key", key, "--head", head); status != want {
			t.Errorf("castellan-verify of %s ends with %d, want %d: %s", filepath.Base(log), status, want, said)
		}
	}
	check(bundle, 0)
	var entries []string
	err := filepath.WalkDir(filepath.Join(bundle, "tile", "entries"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			entries = append(entries, path)
		}
		return err
	})
	if err != nil || len(entries) == 0 {
		t.Fatalf("the bundle has %d files of entries: %v", len(entries), err)
	}
	text, err := os.ReadFile(entries[0])
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(entries[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
	check(bundle, 1)
	if h.place.URL != "" {
		return
	}
	check(h.data, 0)
	db, err := sql.Open("sqlite", filepath.Join(h.data, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"DROP TRIGGER ledger_unchanged",
		"UPDATE ledger SET entry = CAST(substr(entry, 1, 20) || x'00' || substr(entry, 22) AS BLOB) WHERE seq = 7 AND substr(entry, 21, 1) <> x'00'",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	check(h.data, 1)
}
