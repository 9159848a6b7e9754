package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"castellan/internal/crm"
	"castellan/internal/schema"
	"castellan/internal/store"
)

// street is the way to the server through real connections.
func (w *town) street() string {
	w.Helper()
	server := httptest.NewServer(w.server)
	w.Cleanup(server.Close)
	return server.URL
}

// ear is somebody who listens over a connection of their own. What comes is
// kept to the byte.
type ear struct {
	*testing.T
	status int
	header http.Header
	leave  context.CancelFunc

	mu   sync.Mutex
	raw  strings.Builder
	told []event
	over bool
}

type event struct {
	Name, ID string
	All      bool
	Kinds    []struct {
		Kind       string
		IDs, About []string
		More       bool
	}
	Code string
}

// listen opens a stream.
func (p *person) listen(street string, headers ...string) *ear {
	p.Helper()
	ctx, leave := context.WithCancel(context.Background())
	p.Cleanup(leave)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, street+"/api/v1/events", nil)
	if err != nil {
		p.Fatal(err)
	}
	for name, value := range p.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if p.key != "" {
		request.Header.Set("Authorization", "Bearer "+p.key)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := (&http.Client{Transport: &http.Transport{}}).Do(request)
	if err != nil {
		p.Fatal(err)
	}
	e := &ear{T: p.T, status: response.StatusCode, header: response.Header, leave: leave}
	go e.hear(response.Body)
	if e.status == http.StatusOK {
		e.until("the stream begins", func() bool { return len(e.told) > 0 })
	}
	return e
}

func (e *ear) hear(body io.ReadCloser) {
	defer body.Close()
	lines := bufio.NewScanner(body)
	var now event
	for lines.Scan() {
		e.mu.Lock()
		e.raw.WriteString(lines.Text() + "\n")
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "event":
			now = event{Name: value}
		case "id":
			now.ID = value
		case "data":
			if err := json.Unmarshal([]byte(value), &now); err != nil {
				e.Errorf("an event that cannot be read: %s", value)
			}
		case "":
			if now.Name != "" {
				e.told = append(e.told, now)
				now = event{}
			}
		}
		e.mu.Unlock()
	}
	e.mu.Lock()
	e.over = true
	e.mu.Unlock()
}

// until waits for what is asked while the stream is held still.
func (e *ear) until(what string, held func() bool) {
	e.Helper()
	for since := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		e.mu.Lock()
		ok, raw := held(), e.raw.String()
		e.mu.Unlock()
		if ok {
			return
		}
		if time.Since(since) > 10*time.Second {
			e.Fatalf("%s: not after 10 s; what came is\n%s", what, raw)
		}
	}
}

// hears waits for an event that fits, and forgets all that came before it.
func (e *ear) hears(what string, fits func(event) bool) (got event) {
	e.Helper()
	e.until(what, func() bool {
		i := slices.IndexFunc(e.told, fits)
		if i >= 0 {
			got, e.told = e.told[i], e.told[i+1:]
		}
		return i >= 0
	})
	return got
}

// names tells whether the event names the record.
func names(kind, id string) func(event) bool {
	return func(e event) bool {
		for _, k := range e.Kinds {
			if k.Kind == kind && slices.Contains(k.IDs, id) {
				return true
			}
		}
		return false
	}
}

// hints tells whether the event says that something of the kind has changed, and names nothing of it.
func hints(kind string) func(event) bool {
	return func(e event) bool {
		for _, k := range e.Kinds {
			if k.Kind == kind && k.More && len(k.IDs) == 0 {
				return true
			}
		}
		return false
	}
}

func (e *ear) bytes() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.raw.String()
}

// Whoever may see a record hears that it has changed; whoever may not hears
// nothing at all, to the byte; and what a record holds is told to nobody.
func TestListenerHearsOfWhatTheyMaySeeAndOfNothingElse(t *testing.T) {
	everywhere(t, func(t *town) {
		street := t.street()
		a, b, _ := bystanders(t)
		first := a.create("contacts", object{"name": "Early Bird"})
		olga, anton, berta := t.olga.listen(street), a.listen(street), b.listen(street)
		for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"} {
			if got := anton.header.Get(name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		// A last change of Berta's own: when she hears of it she would have heard of all before.
		both := func(id string) {
			t.Helper()
			anton.hears("Anton's own", names("contact", id))
			olga.hears("the owner hears it, too", names("contact", id))
		}
		began := time.Now()
		id := a.create("contacts", object{"name": "Secret Zebra", "phones": []string{"(212) 555-0177"}})
		both(id)
		if took := time.Since(began); took > 2500*time.Millisecond {
			t.Errorf("it is heard after %v", took)
		}
		a.patch("/api/v1/contacts/"+id, object{"city": "Zebraville"}).is(200)
		both(id)
		comment := a.create("comments", object{"about": id, "about_kind": "contact", "text": "zebra talk"})
		heard := anton.hears("a comment", names("comment", comment))
		if about := heard.Kinds[slices.IndexFunc(heard.Kinds, func(k struct {
			Kind       string
			IDs, About []string
			More       bool
		}) bool {
			return k.Kind == "comment"
		})].About; !slices.Equal(about, []string{id}) {
			t.Errorf("the comment is about %v", about)
		}
		a.delete("/api/v1/contacts/" + id).is(204)
		anton.hears("gone to the bin, unnamed", hints("contact"))
		a.post("/api/v1/contacts/"+id+"/restore", nil).is(200)
		both(id)
		mark := b.create("contacts", object{"name": "Mark"})
		berta.hears("Berta's own", names("contact", mark))
		for _, word := range []string{id, comment, first, "comment", `"more"`} {
			if strings.Contains(berta.bytes(), word) {
				t.Errorf("Berta, who sees nothing of it, is told %q:\n%s", word, berta.bytes())
			}
		}

		// It is given away: the one loses it, unnamed, and the other gets it.
		t.olga.patch("/api/v1/contacts/"+id, object{"responsible": b.id}).is(200)
		berta.hears("it is Berta's now", names("contact", id))
		anton.hears("and not Anton's any more", hints("contact"))
		before := len(anton.bytes())
		b.patch("/api/v1/contacts/"+id, object{"city": "Elsewhere"}).is(200)
		berta.hears("her change", names("contact", id))
		a.patch("/api/v1/contacts/"+first, object{"city": "Near"}).is(200)
		anton.hears("his own", names("contact", first))
		if strings.Contains(anton.bytes()[before:], id) {
			t.Errorf("Anton is told of what is no longer his:\n%s", anton.bytes()[before:])
		}
		// Shared, it is named; when the share ends, he is told that something is gone.
		t.olga.post("/api/v1/contacts/"+id+"/shares", object{"person": a.id, "level": "view"}).is(201)
		anton.hears("shared with him", names("contact", id))

		t.olga.delete("/api/v1/contacts/" + id + "/shares/" + a.id).is(204)
		anton.hears("shared no more", hints("contact"))

		for _, e := range []*ear{olga, anton, berta} {
			for _, word := range []string{"Zebra", "zebra", "5550177", "555-0177", "Mark", "city", "phones", "name\""} {
				if strings.Contains(e.bytes(), word) {
					t.Errorf("the stream holds %q:\n%s", word, e.bytes())
				}
			}
		}
	})
}

// Whoever was away hears what they have missed, as far as they may see it now;
// whoever comes with a mark that means nothing, that anything may have changed.
func TestListenerWhoComesBackMissesNothing(t *testing.T) {
	everywhere(t, func(t *town) {
		street := t.street()
		a, b, _ := bystanders(t)
		first := a.listen(street)
		one := a.create("contacts", object{"name": "One"})
		mark := first.hears("one", names("contact", one)).ID
		first.leave()
		two, other := a.create("contacts", object{"name": "Two"}), b.create("contacts", object{"name": "Other"})
		if err := t.scribe.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := a.listen(street, "Last-Event-ID", mark)
		again.hears("what was missed", names("contact", two))
		if raw := again.bytes(); strings.Contains(raw, one) || strings.Contains(raw, other) {
			t.Errorf("told again, or of what is another's:\n%s", raw)
		}
		for _, wrong := range []string{"nonsense", "moment_0000000000000", "9999999999"} {
			e := a.listen(street, "Last-Event-ID", wrong)
			e.hears("anything", func(e event) bool { return e.All })
			e.leave()
		}
		// Rights that become others let anything have changed.
		t.olga.post("/api/v1/groups", object{"name": "North"}).is(201)
		again.hears("other rights", func(e event) bool { return e.All })
	})
}

// What is too much to be named is told by its kind, and only to whoever sees any of it.
func TestManyChangesAtOnceAreToldByTheirKind(t *testing.T) {
	everywhere(t, func(t *town) {
		street := t.street()
		a, b, _ := bystanders(t)
		blind := t.hire("Nobody", object{})
		for i := range 150 {
			a.create("contacts", object{"name": fmt.Sprintf("Many %d", i)})
		}
		anton, berta, nobody := a.listen(street), b.listen(street), blind.listen(street)
		t.olga.post("/api/v1/contacts/bulk", object{"action": "update", "filter": `created_at >= 2020-01-01`, "patch": object{"city": "Bulkville"}}).is(200, 201, 202)
		more := func(e event) bool {
			return e.All || slices.ContainsFunc(e.Kinds, func(k struct {
				Kind       string
				IDs, About []string
				More       bool
			}) bool {
				return k.Kind == "contact" && k.More
			})
		}
		anton.hears("many of his", more)
		berta.hears("there are clients that she sees", more)
		if strings.Contains(nobody.bytes(), "contact") {
			t.Errorf("whoever sees no clients is told of them:\n%s", nobody.bytes())
		}
	})
}

// A stream that is open does not keep a session alive: it ends at its time, and
// the stream with it.
func TestListeningIsNoUseOfASession(t *testing.T) {
	everywhere(t, func(t *town) {
		street := t.street()
		a, _, _ := bystanders(t)
		e := a.listen(street, "Castellan-Unattended", "1")
		for range 14 {
			t.moved.Add(int64(time.Hour))
			time.Sleep(300 * time.Millisecond) // it is asked several times whether they may go on
			if a.with("Castellan-Unattended", "1").get("/api/v1/session").status == 401 {
				break
			}
		}
		e.hears("the end", func(e event) bool { return e.Name == "end" && e.Code == "session.none" })
		a.get("/api/v1/session").is(401)
	})
}

func TestLookThroughOtherEyesListensThroughThemUntilItEnds(t *testing.T) {
	everywhere(t, func(t *town) {
		street := t.street()
		a, b, _ := bystanders(t)
		t.olga.post("/api/v1/viewing", object{"person": a.id}).is(201)
		e := t.olga.listen(street, "Castellan-View-As", a.id)
		his := a.create("contacts", object{"name": "His"})
		hers := b.create("contacts", object{"name": "Hers"})
		e.hears("what he sees", names("contact", his))
		t.olga.delete("/api/v1/viewing").is(204)
		e.hears("the end", func(e event) bool { return e.Name == "end" && e.Code == "viewas.over" })
		if strings.Contains(e.bytes(), hers) {
			t.Errorf("through his eyes hers is seen:\n%s", e.bytes())
		}
	})
}

func TestListenersAreBoundedAndTheServerDoesNotWaitForThem(t *testing.T) {
	everywhere(t, func(t *town) {
		street := t.street()
		a, _, _ := bystanders(t)
		var all []*ear
		for range 6 {
			all = append(all, a.listen(street))
		}
		seventh := a.listen(street)
		if seventh.status != http.StatusTooManyRequests || seventh.header.Get("Retry-After") == "" {
			t.Errorf("the seventh stream: %d, Retry-After %q", seventh.status, seventh.header.Get("Retry-After"))
		}
		t.olga.listen(street)
		all[0].leave()
		for since := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			if e := a.listen(street); e.status == http.StatusOK {
				break
			}
			if time.Since(since) > 5*time.Second {
				t.Fatal("the place of one who has left is not free")
			}
		}
		if got := t.guest().get("/api/v1/events"); got.status != 401 {
			t.Errorf("a guest listens: %d", got.status)
		}
		if got := a.do("HEAD", "/api/v1/events", nil); got.status != 200 && got.status != 429 {
			t.Errorf("HEAD: %d", got.status)
		}
		began := time.Now()
		t.server.Drain()
		all[1].hears("the end", func(e event) bool { return e.Name == "end" && e.Code == "events.stopping" })
		all[1].until("the stream is closed", func() bool { return all[1].over })
		if took := time.Since(began); took > time.Second {
			t.Errorf("streams end %v after the server began to stop", took)
		}
	})
}

// Two hundred who listen ask the database hardly more than one does.
func TestTwoHundredListenersCostLittle(t *testing.T) {
	t.Parallel()
	town := founded(t, store.Postgres)
	street := town.street()
	var people []*person
	for i := range 40 {
		town.moved.Add(int64(4 * time.Second)) // so many do not come at once
		people = append(people, town.employ(fmt.Sprintf("Listener%d", i), town.ready("manager")))
	}
	// scans is how often any table of this workspace was looked into.
	scans := func() (n int64) {
		t.Helper()
		time.Sleep(1500 * time.Millisecond) // the database's own numbers are up to a second late
		err := town.db.QueryRow(t.Context(), store.Text(`SELECT CAST(COALESCE(SUM(COALESCE(seq_scan, 0) + COALESCE(idx_scan, 0)), 0) AS BIGINT) FROM pg_stat_user_tables WHERE schemaname = current_schema()`)).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const seconds = 4
	during := func() int64 {
		before := scans()
		for range seconds {
			town.olga.create("contacts", object{"name": "Tick"})
			time.Sleep(time.Second)
		}
		return scans() - before
	}
	one := people[0].listen(street)
	alone := during()
	crowd := []*ear{one}
	for _, p := range people {
		for len(crowd) < 200 && len(crowd) < 5*len(people) {
			e := p.listen(street)
			if e.status != http.StatusOK {
				break
			}
			if crowd = append(crowd, e); len(crowd)%5 == 0 {
				break
			}
		}
	}
	if len(crowd) < 190 {
		t.Fatalf("only %d listen", len(crowd))
	}
	together := during()
	last := town.olga.create("contacts", object{"name": "Last"})
	for _, e := range crowd {
		e.hears("all of them hear it", names("contact", last))
	}
	t.Logf("in %d s with a change in each the tables were looked into %d times for one listener, %d times for %d", seconds, alone, together, len(crowd))
	if together > alone+alone/2+50*seconds {
		t.Errorf("%d listeners cost %d looks, one costs %d", len(crowd), together, alone)
	}
}

// The stream is swept like every answer: whoever may see every record, and of it
// what is open, hears of all changes and of no secret.
func TestSecretsDoNotPassThroughTheStream(t *testing.T) {
	everywhere(t, func(t *town) {
		street := t.street()
		secrets := &secretary{}
		blind := t.hire("Blind", blindRole())
		e := blind.listen(street)
		client := t.olga.create("contacts", object{"name": "Host"})
		ids := map[string]string{"contacts{id}": client}
		changed := 0
		for _, name := range []string{"company", "contact", "service", "appointment", "deal", "legal_entity", "prospect_list", "prospect", "call", "message", "task", "comment"} {
			kinds := crm.Kinds()
			k := &kinds[slices.IndexFunc(kinds, func(k schema.Kind) bool { return k.Name == name })]
			id := t.olga.create(k.Plural, secrets.plant(t, k, ids))
			ids[k.Plural+"{id}"] = id
			e.hears("a new "+name, names(name, id))
			t.olga.patch("/api/v1/"+k.Plural+"/"+id, secrets.plant(t, k, nil)).is(200)
			e.hears("a change of "+name, names(name, id))
			changed++
		}
		for _, secret := range secrets.all {
			if strings.Contains(e.bytes(), secret) {
				t.Errorf("the stream holds %q", secret)
			}
		}
		if len(secrets.closed) < 20 || changed < 12 {
			t.Errorf("only %d secrets were planted in %d kinds", len(secrets.closed), changed)
		}
	})
}

// pipes is a listener whose connections hold nothing back: what nobody reads
// cannot be written.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// from gives a connection the address that requests are told to come from.
type from struct{ net.Conn }

func (from) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000} }

// Whoever takes no bytes is cut off after some seconds, and holds no place.
func TestListenerWhoReadsNothingIsCutOff(t *testing.T) {
	once(t, func(t *town) {
		street := t.street()
		a, _, _ := bystanders(t)
		line := make(pipes)
		server := &http.Server{Handler: t.server, ReadHeaderTimeout: time.Second}
		go func() { _ = server.Serve(line) }() // ends with the test
		t.Cleanup(func() { close(line); _ = server.Close() })
		first := time.Now()
		for range 6 {
			here, there := net.Pipe()
			t.Cleanup(func() { here.Close() })
			line <- from{there}
			if _, err := fmt.Fprintf(here, "GET /api/v1/events HTTP/1.1\r\nHost: localhost:8080\r\nCookie: castellan=%s\r\n\r\n", a.cookies["castellan"]); err != nil {
				t.Fatal(err)
			}
			// So much is read that it is known to have its place, and nothing after it.
			const granted = "HTTP/1.1 200"
			word := make([]byte, len(granted))
			if _, err := io.ReadFull(here, word); err != nil || string(word) != granted {
				t.Fatalf("the answer begins with %q (%v)", word, err)
			}
		}
		began := time.Now()
		// Several refusals after each other: a single one may come from a stream of
		// this loop that has not quite left.
		for refused := 0; refused < 3; {
			e := a.listen(street)
			e.leave()
			if refused++; e.status != http.StatusTooManyRequests {
				refused = 0
			}
			if time.Since(began) > 4*time.Second {
				t.Fatal("those who read nothing have no places")
			}
		}
		for {
			e := a.listen(street)
			e.leave()
			if e.status == http.StatusOK {
				break
			}
			if time.Since(began) > 9*time.Second {
				t.Fatal("those who read nothing hold their places")
			}
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(first); took < 3*time.Second {
			t.Errorf("they were cut off after %v already", took)
		}
	})
}
