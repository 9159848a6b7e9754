package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

// A house is a workspace on disk, and the real programs in processes of their
// own that run in it.
type house struct {
	t           *testing.T
	place       store.Options
	data        string
	environment []string
}

// each runs a test in an empty house on each database.
func each(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	for _, engine := range engines {
		t.Run(strings.ToLower(engine.String()), func(t *testing.T) {
			t.Parallel()
			test(t, newHouse(t, storetest.Place(t, engine)))
		})
	}
}

func newHouse(t *testing.T, o store.Options) *house {
	t.Helper()
	program(t, "castellan")
	environment := append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + o.Dir}, setting(o)...)
	return &house{t, o, filepath.Join(o.Dir, "data"), environment}
}

// call runs a program to its end and gives what it said and its exit status. One
// that goes on, such as a server that should not have started, is killed.
func (h *house) call(name string, args ...string) (said string, status int) {
	h.t.Helper()
	ctx, stop := context.WithTimeout(h.t.Context(), time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, program(h.t, name), args...)
	cmd.Env, cmd.Dir = h.environment, h.place.Dir
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || ctx.Err() != nil {
		h.t.Fatalf("%s %s does not end: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// must runs castellan and wants it to succeed.
func (h *house) must(args ...string) string {
	h.t.Helper()
	said, status := h.call("castellan", args...)
	if status != 0 {
		h.t.Fatalf("castellan %s ended with %d: %s", strings.Join(args, " "), status, said)
	}
	return said
}

// refused runs castellan and wants it to refuse, with each of the words.
func (h *house) refused(args []string, words ...string) {
	h.t.Helper()
	said, status := h.call("castellan", args...)
	if status == 0 {
		h.t.Fatalf("castellan %s went well: %s", strings.Join(args, " "), said)
	}
	for _, word := range words {
		if !strings.Contains(said, word) {
			h.t.Errorf("castellan %s says nothing of %q: %s", strings.Join(args, " "), word, said)
		}
	}
	for _, word := range []string{"goroutine", "panic", "SELECT", "SQLSTATE", ".go:"} {
		if strings.Contains(said, word) {
			h.t.Errorf("castellan %s shows what is inside (%q): %s", strings.Join(args, " "), word, said)
		}
	}
}

// owner makes the first account by the command line.
func (h *house) owner(email string) {
	h.t.Helper()
	file := filepath.Join(h.place.Dir, "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.must("user", "add", email, "--name", "Olga Orlova", "--role", "owner", "--password-file", file, "--region", "RU")
}

const password = "plum anchor violet seven"

// A served house is one that answers requests.
type served struct {
	t     *testing.T
	cmd   *exec.Cmd
	base  string // as the console says it
	setup string // token of the one-time link, if one was printed
	ended chan struct{}

	mu  sync.Mutex
	out strings.Builder // the console
	log bytes.Buffer    // the structured log
}

var (
	servesLine = regexp.MustCompile(`(?m)^Castellan \S+ serves (http://localhost:\d+) \((\w+), open in \d+ ms\)$`)
	setupLine  = regexp.MustCompile(`(?m)^    http://localhost:\d+/setup#(\S+)$`)
)

// serve starts the server on a free port and waits until it says that it serves.
// It is killed at the end of the test unless it has ended before.
func (h *house) serve(args ...string) *served {
	h.t.Helper()
	if len(args) == 0 {
		args = []string{"serve"}
	}
	s := &served{t: h.t, cmd: exec.Command(program(h.t, "castellan"), append(args, "--listen", "localhost:0")...), ended: make(chan struct{})}
	s.cmd.Env, s.cmd.Dir = h.environment, h.place.Dir
	s.cmd.Stderr = &guarded{&s.mu, &s.log}
	console, err := s.cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	ready := make(chan struct{})
	go func() {
		defer close(s.ended)
		lines := bufio.NewScanner(console)
		for lines.Scan() {
			s.mu.Lock()
			s.out.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			if strings.HasPrefix(lines.Text(), "The ledger is checked with") {
				close(ready)
			}
		}
		_ = s.cmd.Wait() // the status is looked at by whoever ends it
	}()
	h.t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it has mostly ended by itself
		<-s.ended
		if h.t.Failed() {
			h.t.Logf("the console said:\n%s\nand the log:\n%s", s.console(), s.logged())
		}
	})
	select {
	case <-ready:
	case <-s.ended:
		h.t.Fatalf("castellan serve ended by itself: %s%s", s.console(), s.logged())
	case <-time.After(time.Minute):
		h.t.Fatalf("castellan serve is not ready: %s%s", s.console(), s.logged())
	}
	if m := servesLine.FindStringSubmatch(s.console()); m != nil {
		s.base = m[1]
	} else {
		h.t.Fatalf("the console does not say where the page is: %s", s.console())
	}
	if m := setupLine.FindStringSubmatch(s.console()); m != nil {
		s.setup = m[1]
	}
	return s
}

// guarded lets a process write while a test reads.
type guarded struct {
	mu *sync.Mutex
	to io.Writer
}

func (g *guarded) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.to.Write(b)
}

func (s *served) console() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

func (s *served) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// end sends a signal and gives the exit status: -1 if the signal killed it.
func (s *served) end(signal syscall.Signal) int {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.ended:
	case <-time.After(40 * time.Second):
		s.t.Fatalf("castellan did not end on %s", signal)
	}
	return s.cmd.ProcessState.ExitCode()
}

// A visitor is a browser, or a program that keeps cookies.
type visitor struct {
	t      *testing.T
	base   string
	client http.Client
}

func (s *served) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &visitor{s.t, s.base, http.Client{Jar: jar, Timeout: time.Minute}}
}

// signIn is a visitor who has signed in by the address and password.
func (s *served) signIn(email, password string) *visitor {
	s.t.Helper()
	v := s.visitor()
	v.must("POST", "/api/v1/session", object{"email": email, "password": password}, http.StatusOK, nil)
	return v
}

type object = map[string]any

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request. The body is JSON, or the file that it is.
func (v *visitor) ask(method, path string, body any) answer {
	v.t.Helper()
	var r io.Reader
	header := http.Header{}
	switch b := body.(type) {
	case nil:
	case *os.File:
		r = b
		header.Set("Content-Type", "application/octet-stream")
		header.Set("Castellan-File-Name", filepath.Base(b.Name()))
	default:
		text, err := json.Marshal(b)
		if err != nil {
			v.t.Fatal(err)
		}
		r = bytes.NewReader(text)
		header.Set("Content-Type", "application/json")
	}
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, r)
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header = header
	response, err := v.client.Do(request)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// must sends a request, wants the status and reads the answer.
func (v *visitor) must(method, path string, body any, status int, into any) answer {
	v.t.Helper()
	a := v.ask(method, path, body)
	if a.status != status {
		v.t.Fatalf("%s %s gives %d, want %d: %s", method, path, a.status, status, a.body)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(a.body), into); err != nil {
			v.t.Fatalf("%s %s: %v: %s", method, path, err, a.body)
		}
	}
	return a
}

// client is a record as the list and the card show it.
type client struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Phones []struct {
		Number string `json:"number"`
	} `json:"phones"`
	Sight       map[string]string `json:"sight"`
	Responsible *struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"responsible"`
}

// clients walks through all pages of the list.
func (v *visitor) clients() (all []client, body string) {
	v.t.Helper()
	for path := "/api/v1/contacts?limit=200"; ; {
		var page struct {
			Items []client `json:"items"`
			Next  *string  `json:"next"`
		}
		a := v.must("GET", path, nil, http.StatusOK, &page)
		all, body = append(all, page.Items...), body+a.body
		if page.Next == nil {
			return all, body
		}
		path = "/api/v1/contacts?limit=200&cursor=" + *page.Next
	}
}

// imported is an import as the API shows it.
type imported struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Reason  string `json:"reason"`
	Done    int    `json:"done"`
	Total   int    `json:"total"`
	Created int    `json:"created"`
	Updated int    `json:"updated"`
	Skipped int    `json:"skipped"`
	Refused int    `json:"refused"`
	Guess   struct {
		Source string `json:"source"`
	} `json:"guess"`
	Preview *struct {
		Create int `json:"create"`
	} `json:"preview"`
}

// upload brings a file, and decides about it.
func (v *visitor) upload(file string, decide object) imported {
	v.t.Helper()
	f, err := os.Open(file)
	if err != nil {
		v.t.Fatal(err)
	}
	defer f.Close()
	var i imported
	v.must("POST", "/api/v1/imports", f, http.StatusCreated, &i)
	if decide != nil {
		v.must("PATCH", "/api/v1/imports/"+i.ID, decide, http.StatusOK, &i)
	}
	return i
}

// wait asks how an import stands until it is as wanted.
func (v *visitor) wait(id string, is func(imported) bool) imported {
	v.t.Helper()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		var i imported
		v.must("GET", "/api/v1/imports/"+id, nil, http.StatusOK, &i)
		if is(i) {
			return i
		}
		if i.State == "failed" || time.Since(began) > time.Minute {
			v.t.Fatalf("the import is %s after %d of %d rows: %s", i.State, i.Done, i.Total, i.Reason)
		}
	}
}

// bring imports a file and waits for its end.
func (v *visitor) bring(file string, decide object) imported {
	v.t.Helper()
	i := v.upload(file, decide)
	v.must("POST", "/api/v1/imports/"+i.ID+"/start", nil, http.StatusOK, nil)
	return v.wait(i.ID, func(i imported) bool { return i.State == "done" })
}
