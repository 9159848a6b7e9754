package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/identity"
	"castellan/internal/records"
	"castellan/internal/schema"
)

// call is one request on its way through its route.
type call struct {
	*Server

	route  *route
	w      http.ResponseWriter
	r      *http.Request
	ctx    context.Context
	who    actor.Actor
	visit  identity.Visitor // where the door is halfway
	query  url.Values
	status int

	viewing identity.Viewing // the look by which this is asked
}

// ServeHTTP gives the route its caller: who it is, what was asked, in bounds.
func (s *Server) serve(rt *route, w http.ResponseWriter, r *http.Request) (status int) {
	patient := rt.timeout
	if patient == 0 {
		patient = patience
	}
	ctx, stop := context.WithTimeout(r.Context(), patient)
	defer stop()
	c := &call{Server: s, route: rt, w: w, r: r, ctx: ctx}
	if err := c.enter(); err != nil {
		return s.refuse(w, r, rt, err)
	}
	if err := rt.handle(c); err != nil {
		return s.refuse(w, r, rt, err)
	}
	return c.status
}

// enter checks everything that does not depend on what the route does.
func (c *call) enter() error {
	rt, r := c.route, c.r
	if err := c.parameters(); err != nil {
		return err
	}
	if rt.body == 0 && r.ContentLength != 0 && !c.saysNothing() {
		return fault.New(fault.Large, "body.none", "This takes no body.")
	}
	if rt.body > 0 {
		if r.ContentLength > rt.body {
			return tooLarge(rt.body)
		}
		r.Body = http.MaxBytesReader(c.w, r.Body, rt.body)
	}
	if rt.door.mark == stranger {
		c.who = c.nobody(r) // whoever they are, it makes no difference here
		return nil
	}
	if rt.door.mark == halfway {
		return c.enterHalfway()
	}
	var err error
	if c.who, err = c.actor(r); err != nil {
		return err
	}
	if c.who.Kind == actor.Stranger || rt.door.mark == closed {
		return errStranger()
	}
	if word := r.Header.Get(viewAs.name); word != "" {
		if err := c.viewAs(word); err != nil {
			return err
		}
	}
	if rt.door.mark == byAbility {
		if err := c.Rights.May(c.ctx, c.who, rt.door.ability); err != nil {
			return err
		}
	}
	if rt.fresh && (!rt.programs || c.who.Kind != actor.Program) {
		return c.Accounts.Fresh(c.ctx, c.who)
	}
	return nil
}

// saysNothing tells whether the body is the empty object that many programs send
// with every change. A question has no body at all.
func (c *call) saysNothing() bool {
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead {
		return false
	}
	start, err := io.ReadAll(io.LimitReader(c.r.Body, 16))
	if err != nil || len(start) == 16 {
		return false
	}
	text := bytes.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n", r) {
			return -1
		}
		return r
	}, start)
	return len(text) == 0 || string(text) == "{}"
}

// enterHalfway lets people in who are signed in, and those whose session waits
// for what this route does. Programs have no business here.
func (c *call) enterHalfway() error {
	token := cookieOf(c.r)
	if token == "" || c.r.Header.Get("Authorization") != "" {
		return errStranger()
	}
	if c.r.Header.Get("Castellan-View-As") != "" {
		return onlyLooking()
	}
	from := c.nobody(c.r)
	var err error
	if c.visit, err = c.Accounts.Recognise(c.ctx, token, from.Address, from.Device); err != nil {
		if fault.Is(err, fault.Unknown) {
			return errStranger()
		}
		return err
	}
	c.who = c.visit.Actor
	if waits := c.route.door.waits; c.visit.Needs != identity.NeedsNothing && waits != "" && waits != c.visit.Needs {
		return c.visit.Outstanding()
	}
	if c.route.fresh {
		return c.Accounts.Fresh(c.ctx, c.who)
	}
	return nil
}

// viewAs lets the caller look through other eyes: those of a person, or their own
// with another role. The look must have been begun. Whether they may is for
// rights to say; here it is only that they look and do nothing else.
func (c *call) viewAs(word string) error {
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return onlyLooking()
	}
	v, err := c.viewed(word)
	if err != nil {
		return err
	}
	c.who, c.viewing, err = c.Accounts.LookThrough(c.ctx, c.who, v)
	return err
}

func onlyLooking() error {
	return fault.New(fault.Denied, "viewas.readonly", "While viewing as somebody else nothing can be changed or revealed.")
}

// parameters reads the query. A parameter that the route does not know is an
// error, and so is one that is given twice: neither may be passed over in
// silence, as one that somebody relies on could be misspelt.
func (c *call) parameters() error {
	if c.r.URL.RawQuery == "" {
		return nil
	}
	q, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return fault.New(fault.Invalid, "query.malformed", "The address cannot be read: something after the question mark is not encoded as it should be.")
	}
	for name, values := range q {
		i := slices.IndexFunc(c.route.query, func(p parameter) bool { return p.name == name })
		switch {
		case i < 0 && c.route.foreign:
		case i < 0:
			return fault.New(fault.Invalid, "query.parameter", "This address takes no such parameter. See /api/docs for those that it takes.")
		case len(values) != 1:
			return fault.New(fault.Invalid, "query.twice", "This parameter may be given once.").At(name)
		case c.route.query[i].enum != nil && values[0] != "" && !slices.Contains(c.route.query[i].enum, values[0]):
			return fault.Newf(fault.Invalid, "query.choice", "This parameter must be one of: %s.", strings.Join(c.route.query[i].enum, ", ")).At(name)
		}
	}
	c.query = q
	return nil
}

// number is a parameter that is a whole number, or zero.
func (c *call) number(name string) (int, error) {
	text := c.query.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "query.number", "This parameter must be a whole number.").At(name)
	}
	return n, nil
}

// moment is a parameter that is a time, or the zero time.
func (c *call) moment(name string) (time.Time, error) {
	text := c.query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fault.New(fault.Invalid, "query.time", "This parameter must be a time such as 2026-03-01T09:30:00Z, or a day such as 2026-03-01.").At(name)
}

// yes is a parameter that is a switch.
func (c *call) yes(name string) bool {
	v := c.query.Get(name)
	return v != "" && v != "0" && v != "false"
}

// surface is where the answer is shown: programs see what programs may.
func (c *call) surface() records.Surface {
	if c.who.Kind == actor.Program {
		return records.OnAPI
	}
	return c.route.surface
}

// id is the record in the path. What cannot be an id is answered as what does
// not exist.
func (c *call) id() (schema.RecordID, error) {
	id, ok := c.Records.Record(c.route.kind.Name, c.r.PathValue("id"))
	if !ok {
		return 0, fault.NotFound()
	}
	return id, nil
}

// numbered is an id of the house in the path.
func (c *call) numbered(prefix, name string) (int64, error) {
	id, ok := c.Records.Numbered(prefix, c.r.PathValue(name))
	if !ok {
		return 0, fault.Newf(fault.Missing, prefix+".missing", "There is no such %s.", prefix)
	}
	return id, nil
}

func tooLarge(limit int64) error {
	return fault.Newf(fault.Large, "body.large", "This takes at most %d KiB.", limit>>10)
}

// raw reads the whole body.
func (c *call) raw() ([]byte, error) {
	var b bytes.Buffer
	if n := c.r.ContentLength; n > 0 {
		b.Grow(int(n) + 1)
	}
	if _, err := b.ReadFrom(c.r.Body); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, tooLarge(large.Limit)
		}
		return nil, fault.New(fault.Invalid, "body.broken", "The body broke off before its end.").Because(err)
	}
	return b.Bytes(), nil
}

// decode reads a body of JSON into a struct. Members that the struct does not
// have are errors, as are members given twice or spelt in other letters: a list
// of what may be set must not be dodged by a spelling (attack 45).
func (c *call) decode(into any) error {
	body, err := c.json()
	if err != nil {
		return err
	}
	if err := wellFormed(body, true); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err = d.Decode(into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return fault.New(fault.Invalid, "body.type", "This member has another type than it should have. See /api/docs.").At(member(wrong.Field))
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		name, _ := strconv.Unquote(strings.TrimPrefix(err.Error(), "json: unknown field "))
		return fault.New(fault.Invalid, "body.unknown", "There is no such member. See /api/docs for those that there are.").At(member(name))
	}
	if f, ok := fault.As(err); ok {
		return f
	}
	return fault.New(fault.Invalid, "body.malformed", "The body is not the JSON that this takes. See /api/docs.").Because(errors.New("decode body"))
}

func (c *call) json() ([]byte, error) {
	media, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, fault.New(fault.Invalid, "body.media", "The body must be JSON, and the request must say so (Content-Type: application/json).")
	}
	body, err := c.raw()
	if err == nil && len(body) == 0 {
		err = fault.New(fault.Invalid, "body.empty", "This takes a body of JSON.")
	}
	return body, err
}

// member lets the name of a member be told only if it looks like a name: what
// somebody sends in its place may be anything.
func member(name string) string {
	if len(name) > 60 || name == "" || name[0] < 'a' || name[0] > 'z' {
		return ""
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '.' {
			return ""
		}
	}
	return name
}

// deepest is how deep JSON may nest.
const deepest = 16

// wellFormed walks through JSON and refuses what decoders disagree about:
// members given twice and values behind the end. strict refuses capital letters
// in the names of members, which encoding/json would take for small ones.
func wellFormed(body []byte, strict bool) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	type level struct {
		seen map[string]bool // nil: an array
		name bool            // a name comes next
	}
	var open []level
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) && len(open) == 0 {
			return nil
		}
		if err != nil {
			return fault.New(fault.Invalid, "body.malformed", "The body is not well-formed JSON.")
		}
		var at *level
		if len(open) > 0 {
			at = &open[len(open)-1]
		}
		switch v := t.(type) {
		case json.Delim:
			if v == '}' || v == ']' {
				open = open[:len(open)-1]
				if len(open) == 0 {
					if _, err := d.Token(); !errors.Is(err, io.EOF) {
						return fault.New(fault.Invalid, "body.malformed", "The body holds more than one JSON value.")
					}
					return nil
				}
				continue
			}
			if len(open) == deepest {
				return fault.Newf(fault.Invalid, "body.deep", "The body nests deeper than %d levels.", deepest)
			}
			if at != nil && at.seen != nil {
				at.name = true
			}
			l := level{}
			if v == '{' {
				l = level{map[string]bool{}, true}
			}
			open = append(open, l)
			continue
		case string:
			if at != nil && at.seen != nil && at.name {
				if at.seen[v] {
					return fault.New(fault.Invalid, "body.twice", "A member is given twice.").At(member(v))
				}
				if strict && strings.ToLower(v) != v {
					return fault.New(fault.Invalid, "body.unknown", "There is no such member. Members are written in small letters.")
				}
				at.seen[v], at.name = true, false
				continue
			}
		}
		if at == nil {
			continue // a value alone; decoding tells whether that is what is wanted
		}
		if at.seen != nil {
			at.name = true
		}
	}
}

// actor tells who sent the request. Somebody who shows a token that does not
// hold is told so, rather than served as a stranger.
func (s *Server) actor(r *http.Request) (actor.Actor, error) {
	who := s.nobody(r)
	if said := r.Header.Get("Authorization"); said != "" {
		key, ok := strings.CutPrefix(said, "Bearer ")
		if !ok {
			return actor.Actor{}, fault.New(fault.Unknown, "key.form", "Program keys are sent as: Authorization: Bearer ck_…")
		}
		return s.Accounts.ResolveKey(r.Context(), key, who.Address, who.Device)
	}
	if token := cookieOf(r); token != "" {
		resolve := s.Accounts.Resolve
		if r.Method == http.MethodGet && r.Header.Get(unattended.name) != "" {
			resolve = s.Accounts.Still
		}
		known, err := resolve(r.Context(), token, who.Address, who.Device)
		if f, ok := fault.As(err); !ok || f.Code != identity.NotSignedIn().Code {
			return known, err
		}
	}
	return who, nil
}

// nobody is a stranger, of whom it is known from where they call and with what.
func (s *Server) nobody(r *http.Request) actor.Actor {
	device := r.UserAgent()
	if len(device) > 512 {
		device = strings.ToValidUTF8(device[:512], "")
	}
	return actor.Actor{Address: s.address(r), Device: device}
}

// address is where the request came from: the last hop that is not a proxy of
// ours. What strangers write into the header is never reached.
func (s *Server) address(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	ip := at.Addr().Unmap()
	hops := r.Header.Values("X-Forwarded-For")
	if len(hops) == 0 || !s.trusts(ip) {
		return ip
	}
	chain := strings.Split(strings.Join(hops, ","), ",")
	for _, hop := range slices.Backward(chain) {
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return ip
		}
		if ip = next.Unmap().WithZone(""); !s.trusts(ip) {
			return ip
		}
	}
	return ip
}

// trusts tells whether the address is that of a proxy of ours.
func (s *Server) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// secure tells whether the caller reached us over https, as far as we or a proxy
// of ours can tell.
func (s *Server) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && s.trusts(at.Addr().Unmap()) && r.Header.Get("X-Forwarded-Proto") == "https"
}
