package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// The harm: whoever sends many sign-ins at once takes the memory of the machine,
// since each try costs a hash of 64 MiB. The crowd comes from as many networks,
// so that nothing but the bound on hashing stands in its way, and the process
// believes that it has many processors, so that a hash for each of them would be
// too much.
func TestTwoHundredSignInsAtOnceStayUnderAGibibyte(t *testing.T) {
	for _, engine := range engines {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) { crowdsTheDoor(t, newHouse(t, storetest.Place(t, engine))) })
	}
}

func crowdsTheDoor(t *testing.T, h *house) {
	const crowd, most = 200, 1 << 30
	h.owner("olga@example.com")
	h.environment = append(slices.Clone(h.environment), "GOMAXPROCS=32")
	s := h.serve("serve", "--proxies", "127.0.0.1,::1")
	body, err := json.Marshal(object{"email": "olga@example.com", "password": "not her password at all"})
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxConnsPerHost: crowd, MaxIdleConnsPerHost: crowd}}
	var mu sync.Mutex
	statuses := map[int]int{}
	for wave := range 3 {
		start := make(chan struct{})
		var all sync.WaitGroup
		for i := range crowd {
			all.Go(func() {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/api/v1/session", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				request.Header.Set("Content-Type", "application/json")
				request.Header.Set("X-Forwarded-For", fmt.Sprintf("198.%d.%d.7", 18+wave, i))
				<-start
				response, err := client.Do(request)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, response.Body) // only the status is asked for
				_ = response.Body.Close()
				mu.Lock()
				statuses[response.StatusCode]++
				mu.Unlock()
			})
		}
		close(start)
		all.Wait()
	}
	if statuses[http.StatusUnauthorized] == 0 || statuses[http.StatusTooManyRequests] == 0 || statuses[http.StatusUnauthorized]+statuses[http.StatusTooManyRequests] != 3*crowd {
		t.Errorf("the crowd is answered %v, want 401 and 429 alone", statuses)
	}
	// She has worked from here before, so that the crowd does not lock her out.
	s.visitor().must("GET", "/healthz", nil, http.StatusOK, nil)
	if status := s.end(syscall.SIGTERM); status != 0 {
		t.Errorf("the process ends with %d", status)
	}
	peak := s.cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS != "darwin" { // counts bytes, others kibibytes
		peak <<= 10
	}
	t.Logf("%v; the process took %d MiB at most", statuses, peak>>20)
	if peak >= most {
		t.Errorf("%d sign-ins at once took %d MiB", crowd, peak>>20)
	}
}

// role finds a ready role.
func (v *visitor) role(built string) string {
	v.t.Helper()
	var roles struct{ Items []struct{ ID, Built string } }
	v.must("GET", "/api/v1/roles", nil, http.StatusOK, &roles)
	i := slices.IndexFunc(roles.Items, func(r struct{ ID, Built string }) bool { return r.Built == built })
	if i < 0 {
		v.t.Fatalf("there is no role %s", built)
	}
	return roles.Items[i].ID
}

// hire makes an account, whose person sets the password by the link.
func (v *visitor) hire(email, role string) (id string, who *visitor) {
	v.t.Helper()
	var made struct {
		ID   string
		Link struct{ URL string }
	}
	v.must("POST", "/api/v1/people", object{"email": email, "name": "Ana Bianchi", "role": role}, http.StatusCreated, &made)
	_, token, _ := strings.Cut(made.Link.URL, "#")
	who = (&served{t: v.t, base: v.base}).visitor()
	who.must("POST", "/api/v1/session/link", object{"token": token, "password": hers}, http.StatusOK, nil)
	return made.ID, who
}

const hers = "maple lantern quartz nine"

// Somebody has every door open that the house has: the page's session, a key of
// a program, an import that runs, a file of refused rows, an export that is made
// and one that is ready to be taken, a link that was handed out, a stream of live
// events. Whatever ends it, by another process where there can be one, a second
// later every one of them is shut (attacks 40, 41, 50).
func TestWhatEndsShutsEveryDoorWithinASecond(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.owner("olga@example.com")
		h.crowded(400_000) // so that an export is still being made when it ends
		there := h.serve()
		here := there
		if h.place.URL != "" {
			here = h.serve() // what is ended by the one must be shut at the other
		}
		owner := here.signIn("olga@example.com", password)
		admin, other := owner.exporter(), owner.role("specialist")
		file := many(t, h, 40_000)
		for n, one := range []struct {
			name string
			end  func(id string, v *visitor)
			shut []string // what must be shut besides the session; all else goes on
		}{
			{"her session is ended", func(id string, _ *visitor) {
				owner.must("DELETE", "/api/v1/people/"+id+"/sessions", nil, http.StatusNoContent, nil)
			}, nil},
			{"she changes her password elsewhere", func(_ string, v *visitor) {
				second := here.signIn(v.email(), hers)
				second.must("POST", "/api/v1/session/password", object{"old": hers, "new": "other lantern quartz ten"}, http.StatusNoContent, nil)
			}, []string{"link"}},
			{"her role is another", func(id string, _ *visitor) {
				owner.must("PATCH", "/api/v1/people/"+id, object{"role": other}, http.StatusOK, nil)
			}, []string{"key", "import", "link"}},
			{"her account is closed", func(id string, _ *visitor) {
				owner.must("POST", "/api/v1/people/"+id+"/deactivate", nil, http.StatusNoContent, nil)
			}, []string{"key", "import", "link"}},
			{"her network is not allowed any more", func(id string, _ *visitor) {
				owner.must("PUT", "/api/v1/security/terms/people/"+id, object{"networks": []string{"192.0.2.0/24"}}, http.StatusOK, nil)
			}, nil},
		} {
			t.Run(one.name, func(t *testing.T) {
				id, ana := owner.hire(fmt.Sprintf("ana%d@example.com", n), admin)
				ana.t = t
				ana.base = there.base
				// Rights that are new reach the other process within a second, too.
				for since := time.Now(); ana.ask("GET", "/api/v1/people", nil).status != http.StatusOK && time.Since(since) < 5*time.Second; {
					time.Sleep(20 * time.Millisecond)
				}
				var key struct{ Token string }
				ana.must("POST", "/api/v1/keys", object{"name": "Robot", "role": admin}, http.StatusCreated, &key)
				program := &visitor{t: t, base: there.base, client: http.Client{Timeout: time.Minute, Transport: bearer(key.Token)}}
				ready := ana.exports(object{"format": "xlsx", "filter": `name = "Client Number7"`}, func(e exported) bool { return e.State == "made" })
				i := ana.upload(file, nil)
				ana.must("POST", "/api/v1/imports/"+i.ID+"/start", nil, http.StatusOK, nil)
				var link struct{ URL string }
				owner.must("POST", "/api/v1/people/"+id+"/link", object{"purpose": "reset"}, http.StatusCreated, &link)
				_, token, _ := strings.Cut(link.URL, "#")
				making := ana.exports(object{"format": "csv", "all": true}, func(e exported) bool { return e.Done > 0 })
				// A link is looked at without being used up.
				linked := func() bool {
					return (&visitor{t: t, base: there.base}).ask("POST", "/api/v1/session/link/look", object{"token": token}).status == http.StatusOK
				}
				doors := map[string]func() bool{
					"page": func() bool { return ana.ask("GET", "/api/v1/contacts?limit=1", nil).status == http.StatusOK },
					"file": func() bool { return ana.ask("GET", "/api/v1/imports/"+i.ID+"/refused", nil).status == http.StatusOK },
					"key": func() bool {
						return strings.Contains(program.ask("GET", "/api/v1/contacts?limit=1", nil).body, `"name":`)
					},
					"import": func() bool { return owner.import_(i.ID).State == "running" },
					"export": func() bool { return owner.export(making.ID).State == "making" },
					"exported": func() bool {
						var e exported
						a := ana.ask("GET", "/api/v1/exports/"+ready.ID, nil)
						return json.Unmarshal([]byte(a.body), &e) == nil && e.Open
					},
					"link":   linked,
					"events": ana.listens(),
				}
				owner.wait(i.ID, func(now imported) bool { return now.Done > 0 })
				for name, open := range doors {
					if !open() {
						t.Fatalf("at first the door %q is shut", name)
					}
				}
				one.end(id, ana)
				ended := time.Now()
				time.Sleep(time.Second)
				for name, open := range doors {
					want := !slices.Contains([]string{"page", "file", "export", "exported", "events"}, name) && !slices.Contains(one.shut, name)
					if got := open(); got != want {
						t.Errorf("%v after %s the door %q is open: %v, want %v", time.Since(ended).Round(time.Millisecond), one.name, name, got, want)
					}
				}
				if now := owner.export(making.ID); now.State != "ended" || now.Why == "" || now.Done >= now.Expected {
					t.Errorf("the export that ran under her name is %+v", now)
				}
				for _, id := range []string{making.ID, ready.ID} {
					if a := ana.ask("GET", "/api/v1/exports/"+id+"/file", nil); a.status == http.StatusOK {
						t.Errorf("a file of hers is handed out: %d bytes", len(a.body))
					}
				}
				owner.must("DELETE", "/api/v1/exports/"+ready.ID, nil, http.StatusNoContent, nil)
				if now := owner.import_(i.ID); slices.Contains(one.shut, "import") {
					if now.State != "failed" || now.Reason == "" || now.Done >= now.Total {
						t.Errorf("the import that ran under her name is %+v", now)
					}
				} else if now.State == "running" {
					// It is hers still, and would go on while the next of these runs.
					owner.must("POST", "/api/v1/people/"+id+"/deactivate", nil, http.StatusNoContent, nil)
				}
			})
		}
	})
}

// listens opens a stream of live events, and tells whether it is open still.
func (v *visitor) listens() (open func() bool) {
	v.t.Helper()
	client := http.Client{Jar: v.client.Jar}
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.base+"/api/v1/events", nil)
	if err != nil {
		v.t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		v.t.Fatalf("live events answer %d", response.StatusCode)
	}
	var over atomic.Bool
	go func() {
		_, _ = io.Copy(io.Discard, response.Body) // ends with the stream
		_ = response.Body.Close()
		over.Store(true)
	}()
	return func() bool { return !over.Load() }
}

// many is a file of made-up clients.
func many(t *testing.T, h *house, rows int) (file string) {
	t.Helper()
	file = filepath.Join(h.place.Dir, "many.csv")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	lines := [][]string{{"Name", "Phone", "Email", "City"}}
	for i := range rows {
		lines = append(lines, []string{fmt.Sprintf("Client Number%d", i), fmt.Sprintf("+79165%06d", i), fmt.Sprintf("client%d@example.com", i), "Boston"})
	}
	if err := w.WriteAll(lines); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// bearer shows a key with every request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	again := r.Clone(r.Context())
	again.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(again)
}

func (v *visitor) import_(id string) (i imported) {
	v.t.Helper()
	v.must("GET", "/api/v1/imports/"+id, nil, http.StatusOK, &i)
	return i
}

// email is the address by which whoever asks signs in.
func (v *visitor) email() string {
	v.t.Helper()
	var s struct{ Person struct{ Email string } }
	v.must("GET", "/api/v1/session", nil, http.StatusOK, &s)
	return s.Person.Email
}

// Somebody leaves who is responsible for many: the house is killed while their
// clients are given away, and gives away the rest when it comes up again. None is
// lost, none is changed twice, and it can be taken back.
func TestHandOverThatWasKilledGoesOnAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			t.Parallel()
			handsOver(t, newHouse(t, storetest.Place(t, engine)), handed(t))
		})
	}
}

// handed is how many clients are handed over. CASTELLAN_TEST_HANDED says another
// number, for whoever wants to see it with tens of thousands.
func handed(t *testing.T) int {
	t.Helper()
	word := os.Getenv("CASTELLAN_TEST_HANDED")
	if word == "" {
		return 2000
	}
	n, err := strconv.Atoi(word)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// untouched is how many clients are as they were made, in a house that is not
// served.
func (h *house) untouched() int {
	h.t.Helper()
	ctx := context.Background()
	db := h.base()
	var n int
	err := db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, store.Text("SELECT count(*) FROM contact WHERE version = 1")).Scan(&n)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func handsOver(t *testing.T, h *house, rows int) {
	h.owner("olga@example.com")
	s := h.serve()
	owner := s.signIn("olga@example.com", password)
	ana, v := owner.hire("ana@example.com", owner.role("administrator"))
	ben, _ := owner.hire("ben@example.com", owner.role("manager"))
	began := time.Now()
	i := v.upload(many(t, h, rows), nil)
	v.must("POST", "/api/v1/imports/"+i.ID+"/start", nil, http.StatusOK, nil)
	for i = v.import_(i.ID); i.State == "running"; i = v.import_(i.ID) {
		time.Sleep(50 * time.Millisecond)
	}
	if i.State != "done" || i.Created != rows {
		t.Fatalf("the clients did not come: %+v", i)
	}
	t.Logf("%d clients came in %v", rows, time.Since(began).Round(time.Millisecond))
	type work struct {
		ID, State     string
		Done, Refused int
	}
	var first work
	began = time.Now()
	owner.must("POST", "/api/v1/people/"+ana+"/hand-over", object{"to": ben, "deactivate": true}, http.StatusCreated, &first)
	t.Logf("it is answered after %v", time.Since(began).Round(time.Millisecond))
	v.must("GET", "/api/v1/contacts", nil, http.StatusUnauthorized, nil)
	holds := func(who string) int {
		var a struct {
			Items []struct {
				Kind   string
				Number int
			}
		}
		owner.must("GET", "/api/v1/people/"+who+"/holdings", nil, http.StatusOK, &a)
		for _, one := range a.Items {
			if one.Kind == "contact" {
				return one.Number
			}
		}
		return 0
	}
	stands := func() work {
		var all struct{ Items []work }
		owner.must("GET", "/api/v1/people/"+ana+"/hand-overs", nil, http.StatusOK, &all)
		if len(all.Items) != 1 || all.Items[0].ID != first.ID {
			t.Fatalf("the hand-overs are %+v", all.Items)
		}
		return all.Items[0]
	}
	until := func(state string) work {
		for since := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			if now := stands(); now.State == state {
				return now
			} else if time.Since(since) > 20*time.Minute {
				t.Fatalf("the hand-over is %+v, want %s", now, state)
			}
		}
	}
	for holds(ben) == 0 {
		time.Sleep(2 * time.Millisecond)
	}
	if now := stands(); now.State != "running" {
		t.Fatalf("the hand-over is %+v before it could be killed", now)
	}
	s.end(syscall.SIGKILL)
	left := h.untouched() // before it comes up again and goes on
	s = h.serve()
	owner = s.signIn("olga@example.com", password)
	if left == 0 || left == rows {
		t.Errorf("%d of %d clients are left after the kill: that is not the middle", left, rows)
	}
	done := until("done")
	t.Logf("killed with %d left, done %v after it was begun: %+v", left, time.Since(began).Round(time.Millisecond), done)
	if a, b := holds(ana), holds(ben); a != 0 || b != rows || done.Done != rows || done.Refused != 0 {
		t.Errorf("she holds %d, he %d, and it says %+v; want 0, %d and all done", a, b, done, rows)
	}
	// Each client was changed once.
	var one struct{ Items []struct{ Version int } }
	owner.must("GET", "/api/v1/contacts?limit=200", nil, http.StatusOK, &one)
	for _, c := range one.Items {
		if c.Version != 2 {
			t.Errorf("a client has version %d, want 2", c.Version)
			break
		}
	}
	began = time.Now()
	owner.must("POST", "/api/v1/hand-overs/"+first.ID+"/undo", nil, http.StatusNoContent, nil)
	back := until("undone")
	t.Logf("taken back in %v: %+v", time.Since(began).Round(time.Millisecond), back)
	if a, b := holds(ana), holds(ben); a != rows || b != 0 {
		t.Errorf("taken back, she holds %d and he %d; want %d and 0", a, b, rows)
	}
}
