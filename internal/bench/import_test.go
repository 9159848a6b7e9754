package bench

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/store"
)

// file is a file of clients who are not in the town, as another program writes it.
func file(rows int) []byte {
	d := dice(time.Now().UnixNano())
	var b bytes.Buffer
	b.WriteString("Name;Phone;Email;City;Tags;Birthday;Note;ID\n")
	mark := d.roll(1_000_000)
	for i := range rows {
		given, family := latinGiven[d.roll(len(latinGiven))], latinFamily[d.roll(len(latinFamily))]
		if i%2 == 1 {
			given, family = cyrillicGiven[d.roll(len(cyrillicGiven))], cyrillicFamily[d.roll(len(cyrillicFamily))]
		}
		fmt.Fprintf(&b, "%s %s;+1 (%d) 555-%04d;new%d.%d@example.com;%s;vip, spring;%02d.%02d.1986;likes tea;%d-%d\n",
			given, family, 201+d.roll(790), d.roll(10_000), mark, i, cities[d.roll(len(cities))], i%28+1, i%12+1, mark, i)
	}
	return b.Bytes()
}

// forget takes out of the town who was not in it at first, so that the next run
// finds the same one.
func (h *house) forget(ctx context.Context) error {
	last := (founded + int64(h.plan.Clients)*spacing) << 20
	statements := []store.Statement{store.Text("UPDATE import SET state = 'failed' WHERE state = 'running'"), store.Text("DELETE FROM import_line WHERE record > ?"), store.Text("DELETE FROM contact WHERE id > ?")}
	for _, table := range []string{"share", "access", "access_name", "multi"} {
		statements = append(statements, store.Text("DELETE FROM "+table+" WHERE kind = 1 AND record > ?"))
	}
	if h.db.Engine() == store.Postgres {
		statements = append(statements, store.Text("DELETE FROM search WHERE kind = 1 AND record > ?"))
	} else {
		statements = append(statements, store.Text("DELETE FROM contact_words WHERE rowid > ?"), store.Text("DELETE FROM contact_digits WHERE rowid > ?"))
	}
	return h.db.Write(ctx, func(tx *store.Tx) error {
		for i, s := range statements {
			args := []any{last}
			if i == 0 {
				args = nil
			}
			if _, err := tx.Exec(ctx, s, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// bring starts an import in the server.
func (s *server) bring(b *testing.B, rows int) {
	b.Helper()
	answer, err := http.Post("http://"+s.address+"/bare/import", "text/csv", bytes.NewReader(file(rows)))
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		b.Fatalf("import: %s %s", answer.Status, text)
	}
}

// brought says how the import stands.
func (s *server) brought(b *testing.B) (state string, created int) {
	b.Helper()
	answer, err := http.Get("http://" + s.address + "/bare/import")
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := fmt.Fscan(answer.Body, &state, &created); err != nil {
		b.Fatal(err)
	}
	return state, created
}

// people are at work: each of them asks, reads, and asks again after a while.
func (s *server) people(b *testing.B, n int, every, length time.Duration, requests []string) (took spans) {
	b.Helper()
	var group sync.WaitGroup
	var mu sync.Mutex
	until := time.Now().Add(length)
	for i := range n {
		group.Go(func() {
			l, err := dial(s.address)
			if err != nil {
				b.Error(err)
				return
			}
			defer l.Close()
			time.Sleep(every * time.Duration(i) / time.Duration(n))
			for k, next := i*7919, time.Now(); next.Before(until); k, next = k+1, next.Add(every) {
				time.Sleep(time.Until(next))
				one, err := l.ask(requests[k%len(requests)])
				if err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				took = append(took, one)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	slices.SortFunc(took, cmp.Compare[time.Duration])
	return took
}

// BenchmarkImport measures what other people notice of an import.
func BenchmarkImport(b *testing.B) {
	for _, e := range engines() {
		b.Run(strings.ToLower(e.String()), func(b *testing.B) {
			o := place(b, e)
			s := start(b, o)
			measured.atMost(e, "memory", "server process during an import, the most of its Pss", "MiB", s.most(b, func() { s.disturb(b, e) }), 300)
			b.Logf("%s: VmHWM %.0f MiB", e, s.memory(b, "VmHWM"))
			s.stop(b)
			h, err := open(b.Context(), o)
			if err != nil {
				b.Fatal(err)
			}
			if err := errors.Join(h.forget(b.Context()), h.close()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func (s *server) disturb(b *testing.B, e store.Engine) {
	const rows = 100_000
	cookie := s.signIn(b, some)
	page := s.get(b, cookie, "/api/v1/contacts")
	requests := []string{request("/api/v1/contacts", cookie), request("/api/v1/contacts?sort=name", cookie)}
	for _, item := range page["items"].([]any) {
		requests = append(requests, request("/api/v1/contacts/"+item.(map[string]any)["id"].(string), cookie))
	}
	const length = 8 * time.Second
	s.people(b, 4, 50*time.Millisecond, time.Second, requests) // for warming up
	before := s.people(b, 4, 50*time.Millisecond, length, requests)
	s.bring(b, rows)
	_, first := s.brought(b)
	during := s.people(b, 4, 50*time.Millisecond, length, requests)
	_, last := s.brought(b)
	_, busy := load(b, s.address, length, requests[:2])
	state, _ := s.brought(b)
	if state != "running" {
		b.Errorf("the import is %s before the end of the measurement", state)
	}
	b.Logf("%s: %.0f rows a second beside four people; their p95 %s before and %s during", e, float64(last-first)/length.Seconds(), before.at(0.95), during.at(0.95))
	measured.atMost(e, "import", "other people's p95, during against before", "×", float64(during.at(0.95))/float64(before.at(0.95)), 3)
	measured.atMost(e, "import", "lists over 16 connections meanwhile, p99 against p50", "×", float64(busy.at(0.99))/float64(busy.median()), 10)
}
