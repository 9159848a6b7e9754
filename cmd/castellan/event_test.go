package main

import (
	"bufio"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// What is changed at one process is heard by whoever listens at another, and a
// process that stops does not wait for those who listen.
func TestWhatOneProcessChangesIsHeardAtAnother(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.owner("olga@example.com")
		there := h.serve()
		here := there
		if h.place.URL != "" {
			here = h.serve()
		}
		owner := here.signIn("olga@example.com", password)
		_, ana := owner.hire("ana@example.com", owner.role("manager"))
		ana.base = there.base
		for since := time.Now(); ana.ask("GET", "/api/v1/contacts", nil).status != http.StatusOK && time.Since(since) < 5*time.Second; {
			time.Sleep(20 * time.Millisecond) // rights that are new reach the other process within a second
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, there.base+"/api/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := (&http.Client{Jar: ana.client.Jar}).Do(request)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("live events: %v, %v", response, err)
		}
		defer response.Body.Close()
		var mu sync.Mutex
		var raw strings.Builder
		go func() {
			for lines := bufio.NewScanner(response.Body); lines.Scan(); {
				mu.Lock()
				raw.WriteString(lines.Text() + "\n")
				mu.Unlock()
			}
		}()
		heard := func(word string, within time.Duration) bool {
			for since := time.Now(); time.Since(since) < within; time.Sleep(10 * time.Millisecond) {
				mu.Lock()
				got := strings.Contains(raw.String(), word)
				mu.Unlock()
				if got {
					t.Logf("heard after %v", time.Since(since).Round(time.Millisecond))
					return true
				}
			}
			return false
		}
		if !heard("event: changed", 5*time.Second) {
			t.Fatal("the stream does not begin")
		}
		for range 3 {
			var made struct{ ID string }
			owner.must("POST", "/api/v1/contacts", object{"name": "Heard From Afar"}, http.StatusCreated, &made)
			if !heard(made.ID, 3*time.Second) {
				t.Errorf("what the one process made is not heard at the other after 3 s")
			}
		}
		began := time.Now()
		if status := there.end(syscall.SIGTERM); status != 0 {
			t.Errorf("the process ends with %d", status)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("with a listener the process takes %v to stop", took)
		}
		if !heard("events.stopping", time.Second) {
			t.Error("the listener is not told that the process stops")
		}
	})
}
