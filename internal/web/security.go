package web

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
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

// headers that every answer has, whatever it is. Slices are shared and never changed.
var everywhere = [...]struct {
	name  string
	value []string
}{
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Referrer-Policy", []string{"no-referrer"}},
	{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
	{"X-Frame-Options", []string{"DENY"}},
	{"Permissions-Policy", []string{"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"}},
	{"Content-Security-Policy", []string{inert}},
	{"Cache-Control", []string{"no-store"}},
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
