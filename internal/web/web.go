// Package web answers requests: routes, the JSON of records, the OpenAPI document, the page.
//
// Routes are data. One table says for each route who may use it, on which
// surface it shows client data, how large a body it takes and how long it may
// last; the mux, the OpenAPI document and the reference page are made of it. A
// route that is not in the table is 404, and one that does not say who may use it
// is closed.
//
// Nothing is decided here. A handler hands the actor and the question to a room,
// and writes down the answer; the room asks the policy, masks, and writes the
// ledger before it answers. That is why this package has no door to store,
// query, policy or scribe.
//
// A newcomer would get wrong that errors are written in one place (refuse): a
// fault is told in its own words, anything else becomes a number that the log
// knows. No answer repeats what was sent.
package web

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"castellan/internal/actor"
	"castellan/internal/atlas"
	"castellan/internal/crm"
	"castellan/internal/directory"
	"castellan/internal/exchange"
	"castellan/internal/fault"
	"castellan/internal/federation"
	"castellan/internal/identity"
	"castellan/internal/inspect"
	"castellan/internal/mail"
	"castellan/internal/mailbox"
	"castellan/internal/records"
	"castellan/internal/rights"
	"castellan/internal/vault"
)

// Options are what a Server needs. All but Atlas, URL, Proxies, Ready and
// MetricsToken must be given.
type Options struct {
	Accounts  *identity.Accounts
	Rights    *rights.Book
	Records   *records.Book
	Workspace *crm.Workspace
	Imports   *exchange.Imports
	Exports   *exchange.Exports
	Mail      *mail.Outbox // nil: there is no mail server
	Mailbox   *mailbox.Box // nil: none can be read
	Log       *inspect.Log
	Vault     *vault.Vault
	Atlas     *atlas.Atlas // nil: no place of any address is known

	Federation *federation.Providers
	Directory  *directory.Directory

	Page        fs.FS  // the built page
	Placeholder string // what stands in index.html for the nonce
	Version     string
	Logger      *slog.Logger
	Now         func() time.Time

	URL          string                      // how people reach Castellan, without a slash at the end; links are made of it, never of what a request says
	Proxies      []netip.Prefix              // whose X-Forwarded-For and -Proto are believed
	Ready        func(context.Context) error // nil, or why no work can be taken
	MetricsToken string                      // opens /metrics from elsewhere; empty: only from this machine
}

// Server answers requests. It is safe for concurrent use.
type Server struct {
	Options

	log     *slog.Logger
	routes  []*route
	door    http.Handler
	page    *page
	names   names
	buffers buffers
	meter   *meter
	openAPI []byte
	docs    []byte
	drains  atomic.Bool
	leaving chan struct{} // closed when the server drains: streams end then

	listeners listeners
	start     time.Time
	numbers   atomic.Uint64
}

// New makes a server. It fails if the page cannot be read or the table of routes
// is not sound.
func New(o Options) (*Server, error) {
	s := &Server{Options: o, log: o.Logger, start: o.Now(), leaving: make(chan struct{})}
	var err error
	if s.page, err = openPage(o.Page, o.Placeholder); err != nil {
		return nil, err
	}
	s.routes = s.table()
	s.meter = newMeter(s.routes)
	if s.openAPI, err = s.describe(); err != nil {
		return nil, err
	}
	if s.docs, err = s.reference(); err != nil {
		return nil, err
	}
	s.door = s.guard(s.mux())
	return s, nil
}

// Drain makes readiness say no, so that nobody sends new work, and ends the
// streams that would last.
func (s *Server) Drain() {
	if s.drains.CompareAndSwap(false, true) {
		close(s.leaving)
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.door.ServeHTTP(w, r) }

// table is every route there is.
func (s *Server) table() []*route {
	var all []*route
	for _, part := range [][]route{
		s.sessionRoutes(), s.kindRoutes(), s.recordRoutes(), s.fileRoutes(), s.invoiceRoutes(), s.searchRoutes(), s.eventRoutes(), s.letterRoutes(), s.templateRoutes(), s.dashboardRoutes(), s.pipelineRoutes(), s.journalRoutes(), s.staffRoutes(), s.prospectRoutes(), s.processRoutes(), s.viewRoutes(), s.peopleRoutes(), s.deviceRoutes(), s.signInRoutes(), s.roleRoutes(),
		s.groupRoutes(), s.previewRoutes(), s.ledgerRoutes(), s.importRoutes(), s.exportRoutes(), s.keyRoutes(), s.factorRoutes(), s.termsRoutes(), s.viewingRoutes(), s.settingsRoutes(), s.mailRoutes(), s.mailboxRoutes(), s.noticeRoutes(), s.houseRoutes(),
		s.providerRoutes(), s.directoryRoutes(),
	} {
		for i := range part {
			all = append(all, &part[i])
		}
	}
	return all
}

// mux lets each route be found by its path, and then by its method. Any other
// method on a path that is in the table is 405 and names those that there are.
func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	paths := map[string]map[string]int{}
	for i, rt := range s.routes {
		if paths[rt.path] == nil {
			paths[rt.path] = map[string]int{}
		}
		paths[rt.path][rt.method] = i
		if rt.method == http.MethodGet {
			paths[rt.path][http.MethodHead] = i
		}
	}
	for path, methods := range paths {
		allow := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			i, ok := methods[r.Method]
			if !ok {
				w.Header().Set("Allow", allow)
				s.plain(w, http.StatusMethodNotAllowed, "method", "This address does not take that method. The header Allow names those that it takes.")
				return
			}
			began := s.Now()
			status := s.serve(s.routes[i], w, r)
			took := s.Now().Sub(began)
			s.meter.count(i, status, took)
			if s.log.Enabled(r.Context(), slog.LevelDebug) {
				// The pattern and never the path: an id, or what somebody
				// typed, is no business of a log.
				s.log.Debug("request", "method", r.Method, "route", s.routes[i].path, "status", status, "took", took)
			}
		})
	}
	mux.HandleFunc("/", s.elsewhere)
	return mux
}

// elsewhere is every path that is not in the table: a file of the page, the page
// itself for people who follow a link into it, or nothing.
func (s *Server) elsewhere(w http.ResponseWriter, r *http.Request) {
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && !strings.HasPrefix(r.URL.Path, "/api/") && s.page.serve(s, w, r) {
		return
	}
	s.plain(w, http.StatusNotFound, "address.missing", "There is nothing at this address.")
}

// plain answers with a problem that no handler has met.
func (s *Server) plain(w http.ResponseWriter, status int, code, detail string) {
	body, err := json.Marshal(problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail})
	if err != nil {
		body = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever has gone away does not need the answer
}

// number is a new number for the log.
func (s *Server) number() string {
	return s.Vault.Public("request", s.start.UnixMicro()+int64(s.numbers.Add(1)))
}

// reference to somebody or something with a name.
type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// doer is who did something.
type doer struct {
	Kind string `json:"kind" enum:"person,program,system,stranger"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`

	Owner string `json:"owner,omitempty" doc:"Of a program: what its owner is called."`
}

// listOf is how a list is answered.
type listOf[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

func list[T any](all []T) listOf[T] {
	if all == nil {
		all = []T{}
	}
	return listOf[T]{all}
}

// doerOf names an actor for those who are signed in.
func (c *call) doerOf(kind actor.Kind, person actor.PersonID) (doer, error) {
	d := doer{Kind: kind.String(), Name: "Castellan"}
	switch kind {
	case actor.Person, actor.Program:
		n, err := c.name(person)
		if err != nil {
			return d, err
		}
		d.ID, d.Name = c.Vault.Public("person", int64(person)), n
	case actor.Stranger:
		d.Name = ""
	}
	return d, nil
}

// missing is the answer to an id of the house that leads nowhere.
func missing(what string) error {
	return fault.Newf(fault.Missing, what+".missing", "There is no such %s.", what)
}
