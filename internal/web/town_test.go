package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"castellan/internal/actor"
	"castellan/internal/blob"
	"castellan/internal/crm"
	"castellan/internal/directory"
	"castellan/internal/exchange"
	"castellan/internal/federation"
	"castellan/internal/identity"
	"castellan/internal/inspect"
	"castellan/internal/jobs"
	"castellan/internal/mail"
	"castellan/internal/mailbox"
	"castellan/internal/records"
	"castellan/internal/rights"
	"castellan/internal/scribe"
	"castellan/internal/store"
	"castellan/internal/store/storetest"
	"castellan/internal/vault"
	"castellan/internal/web"
	"castellan/ui"
)

// town is the real server over a real database, with people in it.
type town struct {
	*testing.T
	db      *store.DB
	server  *web.Server
	scribe  *scribe.Scribe
	imports *exchange.Imports
	log     *lockedBuffer
	setup   string        // token of the setup link
	moved   *atomic.Int64 // by how much the clock is ahead

	olga   *person // owns the firm
	runner *jobs.Runner
	vault  *vault.Vault
	box    *mailbox.Box
}

// lockedBuffer is a log that is written and read at the same time.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// townURL is what the settings say of how the town is reached.
const townURL = "https://crm.example.com"

const goodPassword = "violet harbour candle moon"

// everywhere runs a test on a founded workspace on both databases.
func everywhere(t *testing.T, test func(t *town)) {
	t.Helper()
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) { test(founded(t, engine)) })
	}
}

// once runs a test whose subject does not depend on the database.
func once(t *testing.T, test func(t *town)) {
	t.Helper()
	t.Parallel()
	test(founded(t, store.SQLite))
}

// founded is a workspace on a database of its own, whose clock the test may move.
func founded(t *testing.T, engine store.Engine) *town {
	t.Helper()
	moved := &atomic.Int64{}
	w := found(t, storetest.Open(t, engine, func() time.Time { return time.Now().Add(time.Duration(moved.Load())) }))
	w.moved = moved
	return w
}

func found(t *testing.T, db *store.DB, posts ...func(mail.Options) *mail.Outbox) *town {
	t.Helper()
	w := build(t, db, posts...)
	w.olga = &person{town: w}
	w.olga.post("/api/v1/setup", object{"token": w.setup, "email": "olga@example.com", "name": "Olga", "password": goodPassword, "language": "en",
		"workspace": "Salon", "region": "US", "time_zone": "Europe/Warsaw"}).is(201)
	w.olga.id = w.olga.get("/api/v1/session").is(200).at("person", "id")
	return w
}

// build wires the house as the program does.
func build(t testing.TB, db *store.DB, posts ...func(mail.Options) *mail.Outbox) *town {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	said := &lockedBuffer{}
	log := slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	v, err := vault.Open(dir, nil)
	fail(err)
	workspace, err := crm.OpenWorkspace(ctx, db)
	fail(err)
	s, err := scribe.Open(ctx, db, v, scribe.Options{HeadFile: filepath.Join(dir, "head", "ledger.head"), Log: log})
	fail(err)
	book := rights.Open(rights.Options{DB: db, Scribe: s, Catalog: workspace.Catalog, Zone: func() string { return workspace.Settings().TimeZone }, GroupGone: func(ctx context.Context, tx *store.Tx, g actor.GroupID) error {
		return errors.Join(records.GroupGone(ctx, tx, g), directory.GroupGone(ctx, tx, g))
	}})
	workspace.Join(s, book)
	runner := jobs.New(jobs.Options{DB: db, Scribe: s, Vault: v, Log: log, Poll: 5 * time.Millisecond})
	accounts := identity.Open(identity.Options{
		Runner: runner, FreshFor: func() time.Duration { return workspace.Settings().FreshFor() },
		DB: db, Vault: v, Rights: book, Scribe: s, Cost: identity.Cost{MemoryKiB: 1 << 10, Passes: 1, Lanes: 1},
		Founding: func(ctx context.Context, tx *store.Tx, _ actor.Actor, f identity.Founding) error {
			return workspace.Found(ctx, tx, crm.Settings{Name: f.Workspace, Region: f.Region, Language: f.Language, TimeZone: f.TimeZone, Currency: "EUR"})
		},
	})
	var post records.Post
	var out *mail.Outbox
	var door *records.Book
	for _, by := range posts {
		out = by(mail.Options{DB: db, Vault: v, Scribe: s, Runner: runner, Log: log, Told: func(ctx context.Context, tx *store.Tx, number int64, reason string) error {
			return door.Settled(ctx, tx, number, reason)
		},
			Files: func(ctx context.Context, number int64) ([]mail.File, error) {
				files, err := door.LetterFiles(ctx, number)
				all := make([]mail.File, len(files))
				for i, f := range files {
					all[i] = mail.File(f)
				}
				return all, err
			},
		})
		post = func(ctx context.Context, tx *store.Tx, p records.Posted) (int64, error) {
			return out.Post(ctx, tx, mail.Message{Template: mail.Letter, To: p.To, Name: p.Name, Subject: p.Subject, Text: p.Body})
		}
	}
	door = records.Open(records.Options{Post: post, Runner: runner, DB: db, Scribe: s, Rights: book, Vault: v, Catalog: workspace.Catalog, Region: workspace.Region, Prepare: workspace.Prepare(), Settle: workspace.Settle(),
		Guard: workspace.Guard(), Follow: workspace.Follow(), Shelf: blob.Open(db, v)})
	workspace.Automate(runner, door)
	box := mailbox.Open(mailbox.Options{DB: db, Vault: v, Scribe: s, Runner: runner, Book: door, Log: log, Letter: out.Number, Patience: 10 * time.Second,
		Internal: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	if out != nil {
		box.Own, box.Roots = func() string { return out.Server.From.Address }, out.Server.Roots
	}
	imports := exchange.Open(exchange.Options{DB: db, Scribe: s, Vault: v, Rights: book, Book: door, Region: workspace.Region,
		Language: func() string { return "en" }, Person: func(context.Context, string) (actor.PersonID, bool) { return 0, false }, Log: log})
	exports := exchange.OpenExports(exchange.ExportOptions{DB: db, Scribe: s, Vault: v, Rights: book, Book: door, Runner: runner, Stands: accounts.GoesOn,
		People: accounts.Called, Steps: workspace.StepNames, Zone: workspace.Zone})
	t.Cleanup(func() {
		imports.Close()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	server, err := web.New(web.Options{
		Directory: directory.Open(directory.Options{DB: db, Accounts: accounts, Rights: book, Scribe: s, Vault: v, URL: townURL + web.DirectoryPath}),
		Federation: federation.Open(federation.Options{Accounts: accounts, Rights: book, Vault: v, Now: db.Now, Callback: townURL + web.ProviderCallback,
			Internal: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}),
		Accounts: accounts, Rights: book, Records: door, Workspace: workspace, Imports: imports, Exports: exports, Vault: v,
		Mailbox: box,
		Log:     inspect.Open(inspect.Options{Scribe: s, Rights: book, Accounts: accounts, Vault: v, Catalog: workspace.Catalog}),
		Page:    ui.Files(), Placeholder: ui.Placeholder, Version: "test", Logger: log, Now: db.Now, URL: townURL,
	})
	fail(err)
	token, err := accounts.SetupLink(ctx)
	fail(err)
	w := &town{db: db, server: server, scribe: s, imports: imports, log: said, setup: token, runner: runner, vault: v, box: box}
	w.T, _ = t.(*testing.T)
	return w
}

type object map[string]any

// person is somebody with a browser, or a program with a key.
type person struct {
	*town
	id      string
	cookies map[string]string
	key     string
	headers map[string]string // sent with the next request
}

// answer is what came back.
type answer struct {
	*testing.T
	asked  string
	status int
	header http.Header
	body   string
}

// remote, as the name of a header, is the address from which the request comes.
const remote = "remote"

// with sends a header with the next request.
func (p *person) with(name, value string) *person {
	if p.headers == nil {
		p.headers = map[string]string{}
	}
	p.headers[name] = value
	return p
}

func (p *person) do(method, path string, body any) *answer {
	p.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	case []byte:
		r = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			p.Fatal(err)
		}
		r = bytes.NewReader(text)
	}
	req := httptest.NewRequest(method, "http://localhost:8080"+path, r)
	req.RemoteAddr = "127.0.0.1:40000"
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range p.headers {
		switch name {
		case "Host":
			req.Host = value
			continue
		case remote:
			req.RemoteAddr = value + ":40000"
			continue
		}
		req.Header.Set(name, value)
	}
	p.headers = nil
	for name, value := range p.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if p.key != "" {
		req.Header.Set("Authorization", "Bearer "+p.key)
	}
	if path == "/api/v1/events" { // would not end; event_test.go listens for longer
		brief, stop := context.WithTimeout(p.Context(), 300*time.Millisecond)
		defer stop()
		req = req.WithContext(brief)
	}
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, req)
	res := w.Result()
	for _, c := range res.Cookies() {
		if p.cookies == nil {
			p.cookies = map[string]string{}
		}
		p.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(p.cookies, c.Name)
		}
	}
	return &answer{p.T, method + " " + path, res.StatusCode, res.Header, w.Body.String()}
}

func (p *person) get(path string) *answer { p.Helper(); return p.do("GET", path, nil) }
func (p *person) post(path string, body any) *answer {
	p.Helper()
	return p.do("POST", path, body)
}
func (p *person) put(path string, body any) *answer { p.Helper(); return p.do("PUT", path, body) }
func (p *person) patch(path string, body any) *answer {
	p.Helper()
	return p.do("PATCH", path, body)
}
func (p *person) delete(path string) *answer { p.Helper(); return p.do("DELETE", path, nil) }

// is demands one of the statuses.
func (a *answer) is(wanted ...int) *answer {
	a.Helper()
	for _, w := range wanted {
		if a.status == w {
			return a
		}
	}
	a.Fatalf("%s: status %d, want %v: %s", a.asked, a.status, wanted, a.body)
	return a
}

// lacks demands that words do not appear, in the body or a header.
func (a *answer) lacks(words ...string) *answer {
	a.Helper()
	all := a.body + "\n" + fmt.Sprint(a.header)
	for _, w := range words {
		if w != "" && strings.Contains(all, w) {
			a.Errorf("%s: the answer holds %q: %s", a.asked, w, a.body)
		}
	}
	return a
}

// has demands that words appear in the body.
func (a *answer) has(words ...string) *answer {
	a.Helper()
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			a.Errorf("%s: the answer lacks %q: %s", a.asked, w, a.body)
		}
	}
	return a
}

func (a *answer) json() object {
	a.Helper()
	var v object
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		a.Fatalf("%s: no JSON: %v: %s", a.asked, err, a.body)
	}
	return v
}

// at is a text in the answer, by the names that lead to it.
func (a *answer) at(path ...string) string {
	a.Helper()
	var v any = map[string]any(a.json())
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			a.Fatalf("%s: nothing at %v: %s", a.asked, path, a.body)
		}
		v = m[name]
	}
	s, ok := v.(string)
	if !ok {
		a.Fatalf("%s: no text at %v: %s", a.asked, path, a.body)
	}
	return s
}

// items are the items of a list.
func (a *answer) items() []object {
	a.Helper()
	a.is(200)
	var v struct{ Items []object }
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		a.Fatalf("%s: no list: %v: %s", a.asked, err, a.body)
	}
	return v.Items
}

// hire makes an account with a role of the given rights and signs it in.
func (w *town) hire(name string, role object) *person {
	w.Helper()
	role["name"] = "Role of " + name
	for member, empty := range map[string]any{"grades": object{}, "sights": []any{}, "abilities": []any{}} {
		if role[member] == nil {
			role[member] = empty
		}
	}
	id := w.olga.post("/api/v1/roles", role).is(201).at("id")
	return w.employ(name, id)
}

// employ makes an account with a role and signs it in.
func (w *town) employ(name, role string) *person {
	w.Helper()
	email := strings.ToLower(name) + "@example.com"
	p := &person{town: w}
	made := w.olga.post("/api/v1/people", object{"email": email, "name": name, "role": role, "invite": "link"}).is(201)
	_, token, _ := strings.Cut(made.at("link", "url"), "#")
	p.id = made.at("id")
	p.post("/api/v1/session/link", object{"token": token, "password": goodPassword}).is(200)
	return p
}

// ready is the id of a ready role.
func (w *town) ready(built string) string {
	w.Helper()
	for _, r := range w.olga.get("/api/v1/roles").items() {
		if r["built"] == built {
			return r["id"].(string)
		}
	}
	w.Fatalf("no ready role %s", built)
	return ""
}

// sales is a role that works with its own clients and sees no contact data.
func sales() object {
	grades := func() object {
		return object{"create": "all", "view": "own", "edit": "own", "delete": "own"}
	}
	return object{
		"grades": object{"contact": grades(), "company": grades(), "deal": grades(), "task": grades(), "comment": grades()},
		"sights": []object{
			{"class": "open", "own": "plain", "group": "plain", "all": "plain"},
			{"class": "personal", "own": "plain", "group": "plain", "all": "plain"},
			{"class": "contact", "own": "masked", "group": "masked", "all": "masked"},
		},
		"abilities": []string{"records.bin"},
	}
}

// create makes a record and gives its id.
func (p *person) create(plural string, fields object) string {
	p.Helper()
	return p.post("/api/v1/"+plural, fields).is(201).at("id")
}

// guest is somebody who is not signed in.
func (w *town) guest() *person { return &person{town: w} }
