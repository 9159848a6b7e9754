package web

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write openapi.json anew")

// The page's client is generated from the committed document, so a route that
// changed without it would leave the page behind.
func TestCommittedDescriptionIsThatOfTheRoutes(t *testing.T) {
	s := &Server{}
	s.routes = s.table()
	doc, err := s.describe()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("openapi.json", doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(doc, committed) {
		t.Error("openapi.json is not what the routes say: go test ./internal/web -run Description -update")
	}
}

// Whoever generated a client from the description could send no header that the
// routes listen to.
func TestDescriptionNamesTheHeadersThatAreHeard(t *testing.T) {
	s := &Server{}
	heard := 0
	for _, rt := range s.table() {
		for _, h := range rt.headers {
			heard++
			if h.doc == "" {
				t.Errorf("%s says nothing about %s", rt.name, h.name)
			}
		}
	}
	doc, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []parameter{ifMatch, onceOnly, fileName, viewAs, unattended, lastEvent} {
		if !bytes.Contains(doc, []byte(`"name": "`+h.name+`"`)) {
			t.Errorf("%s is not described", h.name)
		}
	}
	if heard < 20 {
		t.Errorf("only %d routes hear headers", heard)
	}
}
