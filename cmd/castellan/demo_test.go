package main

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"castellan/internal/store"
	"castellan/internal/store/storetest"
)

func TestEverybodyInTheDemoCanSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, storetest.Place(t, store.SQLite))
	data := filepath.Join(h.place.Dir, "demo")
	s := h.serve("demo", "--data", data)
	said := regexp.MustCompile(`(?m)^A workspace of made-up people\. Everybody's password is (\S+)$`).FindStringSubmatch(s.console())
	people := regexp.MustCompile(`(?m)^  (\S+@example\.com) +\S`).FindAllStringSubmatch(s.console(), -1)
	if said == nil || len(people) != 7 {
		t.Fatalf("the console names %d people: %s", len(people), s.console())
	}
	if s.setup != "" {
		t.Error("a filled workspace can be set up again")
	}
	seen := map[string]int{}
	for _, p := range people {
		v := s.signIn(p[1], said[1])
		var n struct{ N int }
		v.must("GET", "/api/v1/contacts/count?exact=1", nil, http.StatusOK, &n)
		seen[strings.TrimSuffix(p[1], "@example.com")] = n.N
		v.must("DELETE", "/api/v1/session", nil, http.StatusNoContent, nil)
	}
	if seen["olga"] == 0 || seen["ana"] == 0 || seen["ana"] >= seen["olga"] || seen["ben"] >= seen["olga"] {
		t.Errorf("the people see so many clients: %v", seen)
	}
	if status := s.end(syscall.SIGTERM); status != 0 {
		t.Errorf("the process ends with %d", status)
	}
	// The second time it is served as it is, and its passwords are not told again.
	s = h.serve("demo", "--data", data)
	if strings.Contains(s.console(), said[1]) || !strings.Contains(s.console(), "made before") {
		t.Errorf("the second start says %s", s.console())
	}
	s.signIn("olga@example.com", said[1])
	if said := s.logged(); strings.Contains(said, "ERROR") {
		t.Errorf("the log of the demo: %s", said)
	}
}
