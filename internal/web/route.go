package web

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"castellan/internal/identity"
	"castellan/internal/records"
	"castellan/internal/schema"
)

// A route is one line of the table from which the mux, the OpenAPI document and
// the reference page are made. What a request needs is written here and nowhere
// else; a route that does not say who may use it is refused by a test.
type route struct {
	method, path string
	name         string // of the operation, for generated clients
	tag          string // the part of the reference in which it stands
	summary      string // one sentence
	door         door
	surface      records.Surface // where client data appears; empty: the route shows none
	query        []parameter
	headers      []parameter   // besides those of every route; one that is not named here is not heard
	fresh        bool          // takes a proof of who is asking that is a short while old; see also freshWhen
	programs     bool          // of a fresh route: programs pass by their key alone, for making it took a proof
	foreign      bool          // somebody else's program writes the address: parameters that are not known are passed over
	scim         bool          // problems are told in the form of SCIM
	body         int64         // the largest body in bytes; 0: there is none
	timeout      time.Duration // 0: patience
	kind         *schema.Kind  // for routes of records

	shape
}

// shape is what goes in and what comes out.
type shape struct {
	request  reflect.Type // nil: no body, or not JSON
	response reflect.Type // nil: no body, or not JSON
	status   int          // of success; 0: 200, or 204 without a body
	media    string       // of an answer that is not JSON
	takes    string       // of a body that is not JSON
	handle   func(*call) error
	freshIf  func(body any) bool // which bodies make the route fresh; nil: none
}

// parameter is one parameter of the query.
type parameter struct {
	name, doc string
	enum      []string
	number    bool
}

// Headers that some routes hear.
var (
	ifMatch  = parameter{name: "If-Match", doc: "The version that was read, as the header ETag told it (\"3\"). If it is another by now: 412, and nothing is changed."}
	onceOnly = parameter{name: "Idempotency-Key", doc: "A word of the caller's choice, at most 255 characters, for this one creation. Sent again with the same body it makes nothing new and answers as before; with another body: 422."}
	fileName = parameter{name: "Castellan-File-Name", doc: "The name of the file, percent-encoded."}
	// viewAs is heard by every route that reads for whoever is signed in.
	viewAs = parameter{name: "Castellan-View-As", doc: "The id of a look through other eyes, see beginViewing: the answer is the one that they would get."}
	// unattended is heard with every question; the stream of events stands for all of
	// them in the description, where it would be told two hundred times.
	unattended = parameter{name: "Castellan-Unattended", doc: "Anything, if a page asks by itself while nobody is at it. It may be sent with any GET: the question is then no use of the session, which ends at its time."}
)

// header is what a request says in a header that its route names.
func (c *call) header(p parameter) string {
	if !slices.ContainsFunc(c.route.headers, func(h parameter) bool { return h.name == p.name }) {
		return ""
	}
	return c.r.Header.Get(p.name)
}

// looks tells whether the route may be asked through other eyes.
func (r *route) looks() bool {
	return r.method == http.MethodGet && r.door.mark != stranger && r.door.mark != halfway && r.door.mark != closed
}

// door is who may use a route.
type door struct {
	mark    mark
	ability records.Ability
	waits   identity.Needs // of halfway: which sessions that wait may pass
}

type mark uint8

const (
	closed    mark = iota // nobody: the mark of a route whose author forgot it
	stranger              // anybody, signed in or not
	halfway               // people who are signed in, and those whose session waits for what is done here
	signedIn              // anybody who is signed in, for what concerns themselves or everybody
	byRights              // anybody who is signed in; the rooms decide about each record
	byAbility             // whoever holds the ability
)

var (
	anybody  = door{mark: stranger}
	anyone   = door{mark: signedIn}
	asRights = door{mark: byRights}
)

// need is the door for whoever holds the ability.
func need(a records.Ability) door { return door{mark: byAbility, ability: a} }

// Doors for sessions that wait for a second factor: one that waits for a proof
// must not add a factor instead, and one that waits for a factor to be added has
// none to prove. anyHalf opens to both: to leave.
var (
	proving   = door{mark: halfway, waits: identity.NeedsFactor}
	enrolling = door{mark: halfway, waits: identity.NeedsEnrolment}
	anyHalf   = door{mark: halfway}
)

const (
	patience  = 15 * time.Second
	longWork  = 5 * time.Minute
	smallBody = 64 << 10
	largeBody = 512 << 10
)

// answers is a route without a body that gives JSON.
func answers[R any](do func(*call) (R, error)) shape {
	return shape{response: reflect.TypeFor[R](), handle: func(c *call) error {
		v, err := do(c)
		if err != nil {
			return err
		}
		return c.answer(v)
	}}
}

// takes is a route with a body of JSON that gives JSON.
func takes[B, R any](do func(*call, B) (R, error)) shape {
	return shape{request: reflect.TypeFor[B](), response: reflect.TypeFor[R](), handle: func(c *call) error {
		var body B
		if err := c.decode(&body); err != nil {
			return err
		}
		if err := c.freshFor(body); err != nil {
			return err
		}
		v, err := do(c, body)
		if err != nil {
			return err
		}
		return c.answer(v)
	}}
}

// does is a route without a body that gives nothing.
func does(do func(*call) error) shape {
	return shape{handle: func(c *call) error {
		if err := do(c); err != nil {
			return err
		}
		return c.nothing()
	}}
}

// takesOnly is a route with a body of JSON that gives nothing.
func takesOnly[B any](do func(*call, B) error) shape {
	return shape{request: reflect.TypeFor[B](), handle: func(c *call) error {
		var body B
		if err := c.decode(&body); err != nil {
			return err
		}
		if err := c.freshFor(body); err != nil {
			return err
		}
		if err := do(c, body); err != nil {
			return err
		}
		return c.nothing()
	}}
}

// freshWhen makes a route fresh for some of its bodies: where one route does what
// harms nobody and what harms many.
func freshWhen[B any](is func(B) bool, s shape) shape {
	s.freshIf = func(body any) bool {
		b, ok := body.(B)
		return ok && is(b)
	}
	return s
}

// freshFor asks for a fresh proof if the body is one that takes it.
func (c *call) freshFor(body any) error {
	if c.route.freshIf == nil || !c.route.freshIf(body) {
		return nil
	}
	return c.Accounts.Fresh(c.ctx, c.who)
}

// writes is a route that writes its own JSON, which looks like R: records go
// out without a map or a struct in between.
func writes[R any](do func(*call) error) shape {
	return shape{response: reflect.TypeFor[R](), handle: do}
}

// text is a route that writes plain text.
func text(media string, do func(*call) ([]byte, error)) shape {
	return shape{media: media, handle: func(c *call) error {
		b, err := do(c)
		if err != nil {
			return err
		}
		return c.bytes(media, b)
	}}
}

// created says that success is 201.
func created(s shape) shape { s.status = http.StatusCreated; return s }

// success is the status of a good answer.
func (r *route) success() int {
	switch {
	case r.status != 0:
		return r.status
	case r.response == nil && r.media == "":
		return http.StatusNoContent
	}
	return http.StatusOK
}

// answer writes a value as JSON.
func (c *call) answer(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.write("application/json", b)
}

// bytes writes an answer that is ready.
func (c *call) bytes(media string, b []byte) error { return c.write(media, b) }

// buffered is how much of an answer net/http keeps back to find its length itself.
const buffered = 2 << 10

func (c *call) write(media string, b []byte) error {
	h := c.holds(media)
	if len(b) > buffered || c.r.Method == http.MethodHead {
		h["Content-Length"] = []string{strconv.Itoa(len(b))}
	}
	c.status = c.route.success()
	c.w.WriteHeader(c.status)
	// Whoever has gone away does not need the answer.
	_, _ = c.w.Write(b)
	return nil
}

// holds says what an answer is, and gives its headers.
func (c *call) holds(media string) http.Header {
	h := c.w.Header()
	if media == "application/json" {
		h["Content-Type"] = ofJSON
		return h
	}
	h["Content-Type"] = []string{media}
	document(h)
	return h
}

var ofJSON = []string{"application/json"} // shared and never changed

func (c *call) nothing() error {
	c.status = http.StatusNoContent
	c.w.WriteHeader(c.status)
	return nil
}
