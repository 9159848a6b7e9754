package web

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
)

// What a browser may do with an answer that is not the page: nothing.
const inert = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// policyOfPage is the content security policy of a page of ours. Only the
// scripts that index.html names, and those that these fetch, are run: not every
// file of this server, should one ever hold what somebody has sent. The nonce is
// as much for the style elements that the page's components make.
func policyOfPage(nonce string) string {
	return "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'self' 'nonce-" + nonce + "'; img-src 'self' data:; " +
		"connect-src 'self'; font-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
}

// header is one whose slice is shared and never changed.
type header struct {
	name  string
	value []string
}

// headers that every answer has, whatever it is.
var everywhere = [...]header{
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
	{"Content-Security-Policy", []string{inert}},
	{"Cache-Control", []string{"no-store"}},
}

// headers that mean something in a document only. Every answer has them that a
// browser may make one of: all but data that a script or a program has fetched.
// With more than eight headers a list or a card costs seven per cent more, for
// the map that net/http keeps them in grows then.
var ofDocuments = [...]header{
	{"Referrer-Policy", []string{"no-referrer"}},
	{"X-Frame-Options", []string{"DENY"}},
	{"Permissions-Policy", []string{"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"}},
}

// mayBeDocument tells whether an answer may become a document, a frame or a part
// of a page. A browser that goes to an address takes text/html before all else,
// and says over https what it wants an answer for (Fetch Metadata).
func mayBeDocument(r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, "/api/") || strings.Contains(r.Header.Get("Accept"), "text/html") {
		return true
	}
	dest := r.Header.Get("Sec-Fetch-Dest")
	return dest != "" && dest != "empty"
}

// document says what a document may do.
func document(h http.Header) {
	for i := range ofDocuments {
		h[ofDocuments[i].name] = ofDocuments[i].value
	}
}

// guard stands before everything: headers, requests of other origins, panics.
//
// A request that changes something and comes from another site is refused by
// what the browser itself says of its origin (Sec-Fetch-Site, Origin). Programs
// send neither and are let through; they bring no cookie that somebody else
// could make them bring.
func (s *Server) guard(next http.Handler) http.Handler {
	strict := http.NewCrossOriginProtection()
	strict.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.plain(w, http.StatusForbidden, "origin", "This request comes from another site.")
	}))
	inner := strict.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for i := range everywhere {
			h[everywhere[i].name] = everywhere[i].value
		}
		if mayBeDocument(r) {
			document(h)
		}
		if s.secure(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		defer func() {
			met := recover()
			if met == nil {
				return
			}
			if err, ok := met.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(met)
			}
			// A panic is a fault of ours in one request and must stay there
			// (attack 56). What it says may hold anything, so only where it
			// happened is logged.
			n := s.number()
			s.log.Error("request panicked", "request", n, "kind", fmt.Sprintf("%T", met), "stack", string(debug.Stack()))
			s.plainNumbered(w, n)
		}()
		inner.ServeHTTP(w, r)
	})
}
