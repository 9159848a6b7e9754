package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/inspect"
	"castellan/internal/schema"
	"castellan/internal/store"
	"castellan/internal/web"
	"castellan/ui"
)

// The server of these benchmarks is a process of its own, so that what it holds
// in memory can be read off and the load is not part of it. It is this program
// again, told where the town is.
var (
	serveDir    = flag.String("serve", "", "serve the town in this directory until the input ends (used by the benchmarks themselves)")
	serveURL    = flag.String("serve-url", "", "its PostgreSQL")
	serveSchema = flag.String("serve-schema", "", "its schema")
	profile     = flag.String("server-profile", "", "where the server writes what it spent its time on")
)

// serve answers as the product under /api, and without rights, session, masks
// and log under /bare.
func serve() error {
	ctx := context.Background()
	h, err := open(ctx, store.Options{Dir: *serveDir, URL: *serveURL, Schema: *serveSchema})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, h.close())
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	face, err := web.New(web.Options{Accounts: h.accounts, Rights: h.rights, Records: h.book, Workspace: h.workspace, Imports: h.imports, Vault: h.vault,
		Log:  inspect.Open(inspect.Options{Scribe: h.scribe, Rights: h.rights, Accounts: h.accounts, Vault: h.vault, Catalog: h.workspace.Catalog}),
		Page: ui.Files(), Placeholder: ui.Placeholder, Version: "bench", Logger: log, Now: time.Now, URL: "http://" + listener.Addr().String()})
	if err != nil {
		return errors.Join(err, listener.Close(), h.close())
	}
	bare, err := newBare(ctx, h)
	if err != nil {
		return errors.Join(err, listener.Close(), h.close())
	}
	mux := http.NewServeMux() // of what is bare: the product has its own
	mux.HandleFunc("GET /bare/contacts", bare.list)
	mux.HandleFunc("GET /bare/contacts/{id}", bare.one)
	mux.HandleFunc("POST /bare/import", func(w http.ResponseWriter, r *http.Request) {
		if err := bring(r.Context(), h, r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /bare/import", func(w http.ResponseWriter, r *http.Request) {
		all, err := h.imports.List(r.Context(), h.as(boss))
		if err != nil || len(all) == 0 {
			http.Error(w, fmt.Sprint("no import: ", err), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%s %d %s\n", all[0].State, all[0].Created, all[0].Problem)
	})
	either := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/bare/") {
			mux.ServeHTTP(w, r)
			return
		}
		face.ServeHTTP(w, r)
	})
	server := &http.Server{Handler: either, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the benchmark, however it ends
		_ = server.Close()
	}()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			return errors.Join(err, listener.Close(), h.close())
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Println("serving", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(err, h.close())
	}
	return h.close()
}

// bare writes clients without asking who wants to see them: one statement, and
// JSON appended by hand.
type bare struct {
	h      *house
	fields []*schema.Field
	page   string
	single string
	people map[int64]string // a person as JSON
	pool   sync.Pool
}

func newBare(ctx context.Context, h *house) (*bare, error) {
	s := &bare{h: h, fields: h.workspace.Catalog().Kind("contact").Fields, people: map[int64]string{}}
	var text strings.Builder
	text.WriteString("SELECT id, version")
	for _, f := range s.fields {
		text.WriteString(`, "` + f.Name + `"`)
	}
	text.WriteString(" FROM contact WHERE deleted_at IS NULL AND ")
	s.page = text.String() + "(updated_at, id) < (?, ?) ORDER BY updated_at DESC, id DESC LIMIT 50"
	s.single = text.String() + "id = ?"
	names, err := h.accounts.Names(ctx, h.as(boss))
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		s.people[int64(n.ID)] = `{"id":"` + h.vault.Public("person", int64(n.ID)) + `","name":` + string(appendText(nil, n.Name)) + `}`
	}
	s.pool.New = func() any { b := make([]byte, 0, 64<<10); return &b }
	return s, nil
}

func (s *bare) list(w http.ResponseWriter, r *http.Request) {
	at, id := int64(1)<<62, int64(1)<<62
	if q := r.URL.RawQuery; q != "" {
		left, right, _ := strings.Cut(q, ",")
		at, _ = strconv.ParseInt(left, 10, 64)
		id, _ = strconv.ParseInt(right, 10, 64)
	}
	s.answer(w, r, `{"items":[`, `],"next":null}`, "false", s.page, at, id)
}

func (s *bare) one(w http.ResponseWriter, r *http.Request) {
	id, ok := s.h.vault.ID("contact", r.PathValue("id"))
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.answer(w, r, "", "", "true", s.single, id)
}

func (s *bare) answer(w http.ResponseWriter, r *http.Request, before, after, may, text string, args ...any) {
	rows, err := s.h.db.Query(r.Context(), store.Text(text), args...)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	lent := s.pool.Get().(*[]byte)
	b := append((*lent)[:0], before...)
	for n := 0; rows.Next(); n++ {
		if n > 0 {
			b = append(b, ',')
		}
		b = s.record(b, rows.Values())
	}
	err = rows.Close()
	b = append(b, after...)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	} else {
		w.Header()["Content-Type"] = []string{"application/json"}
		w.Header()["Content-Length"] = []string{strconv.Itoa(len(b))}
		_, _ = w.Write(b)
	}
	*lent = b
	s.pool.Put(lent)
}

func (s *bare) record(b []byte, row []any) []byte {
	b = append(b, `{"id":"`...)
	b = append(b, s.h.vault.Public("contact", row[0].(int64))...)
	b = append(b, `","kind":"contact","version":`...)
	b = strconv.AppendInt(b, row[1].(int64), 10)
	for i, f := range s.fields {
		b = append(b, ',', '"')
		b = append(b, f.Name...)
		b = append(b, '"', ':')
		switch v := row[2+i].(type) {
		case nil:
			if f.Type.Multi() {
				b = append(b, "[]"...)
			} else {
				b = append(b, "null"...)
			}
		case string:
			if f.Type.Multi() {
				b = append(b, v...)
			} else {
				b = appendText(b, v)
			}
		case int64:
			switch f.Type {
			case schema.Person:
				b = append(b, s.people[v]...)
			case schema.DateTime:
				b = append(b, '"')
				b = time.UnixMicro(v).UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
				b = append(b, '"')
			case schema.Number:
				b = append(b, '"')
				b = strconv.AppendInt(b, v/1_000_000, 10)
				b = append(b, '"')
			default:
				b = strconv.AppendInt(b, v, 10)
			}
		}
	}
	return append(b, `,"can":{"edit":true,"delete":true}}`...)
}

func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == 0x7f {
			b = append(b, s[from:i]...)
			b = fmt.Appendf(b, `\u%04x`, c)
			from = i + 1
		}
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// server is a running server.
type server struct {
	address string
	process *exec.Cmd
	input   io.Closer
	ready   time.Duration // from its start to its first word
}

// start serves a town in a process of its own.
func start(b *testing.B, o store.Options) *server {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	s := &server{process: exec.Command(self, "-serve", o.Dir, "-serve-url", o.URL, "-serve-schema", o.Schema, "-server-profile", *profile)}
	s.process.Stderr = os.Stderr
	in, err := s.process.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	s.input = in
	out, err := s.process.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if err := s.process.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatalf("the server said nothing: %v", err)
	}
	s.ready = time.Since(began)
	s.address = strings.TrimSpace(strings.TrimPrefix(line, "serving "))
	return s
}

func (s *server) stop(b *testing.B) {
	b.Helper()
	if err := errors.Join(s.input.Close(), s.process.Wait()); err != nil {
		b.Errorf("the server ended badly: %v", err)
	}
}

// most gives the most memory that the server had while something was done, in
// MiB: proportional set sizes, looked at four times a second. Every page counts
// once, also a page of the database's file that several readers have mapped;
// VmRSS and VmHWM count such a page once for each of them.
func (s *server) most(b *testing.B, do func()) float64 {
	b.Helper()
	stop, peak := make(chan struct{}), make(chan float64)
	go func() {
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		var most float64
		for {
			most = max(most, s.read(b, "smaps_rollup", "Pss"))
			select {
			case <-stop:
				peak <- most
				return
			case <-tick.C:
			}
		}
	}()
	do()
	close(stop)
	return <-peak
}

// memory reads a line such as VmHWM of the server, in MiB.
func (s *server) memory(b *testing.B, line string) float64 {
	b.Helper()
	return s.read(b, "status", line)
}

func (s *server) read(b *testing.B, file, line string) float64 {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.process.Process.Pid), file))
	if err != nil {
		b.Logf("memory cannot be read on this system: %v", err)
		return 0
	}
	for l := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(l, line+":"); ok {
			n, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return n / 1024
		}
	}
	return 0
}

// signIn gives the cookie of a session.
func (s *server) signIn(b *testing.B, o onlooker) string {
	b.Helper()
	body, _ := json.Marshal(map[string]string{"email": address(o), "password": password})
	answer, err := http.Post("http://"+s.address+"/api/v1/session", "application/json", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || len(answer.Cookies()) == 0 {
		text, _ := io.ReadAll(answer.Body)
		b.Fatalf("sign in: %s %s", answer.Status, text)
	}
	return answer.Cookies()[0].Name + "=" + answer.Cookies()[0].Value
}

// get reads one answer as JSON.
func (s *server) get(b *testing.B, cookie, path string) map[string]any {
	b.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Cookie", cookie)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s %s %v", path, answer.Status, text, err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		b.Fatal(err)
	}
	return all
}

// worked is how many ticks the processors have worked for the server, in user
// mode and for it in the system.
func (s *server) worked(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.process.Process.Pid), "stat"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return user + system
}

// bring lets the owner import a file in the background.
func bring(ctx context.Context, h *house, file io.Reader) error {
	i, err := h.imports.Upload(ctx, h.as(boss), "clients.csv", file)
	if err != nil {
		return err
	}
	return h.imports.Start(ctx, h.as(boss), i.ID)
}
