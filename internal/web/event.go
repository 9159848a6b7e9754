package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/records"
)

func (s *Server) eventRoutes() []route {
	return []route{{
		method: "GET", path: "/api/v1/events", name: "listenToEvents", tag: "Records", door: asRights, headers: []parameter{lastEvent, unattended}, timeout: longWork,
		summary: "Hear within about a second which records have changed, as server-sent events: \"changed\" names kinds and ids of what one may see and nothing that they hold, \"end\" says why no more will come. A stream lasts some minutes; whoever comes back with Last-Event-ID misses nothing",
		shape:   shape{media: "text/event-stream", handle: (*call).follow},
	}}
}

// lastEvent is sent by browsers when they come back.
var lastEvent = parameter{name: "Last-Event-ID", doc: "The id of the last event that was received: what has changed since is told at once, or that anything may have changed."}

const (
	// looksAgain is how often it is asked whether the listener may go on. With
	// what other processes are told late (epoch.Lag) it stays within a second.
	looksAgain = 250 * time.Millisecond

	heartbeat    = 15 * time.Second // a comment, so that proxies and browsers see that the line holds
	slowest      = 5 * time.Second  // whoever takes no bytes for so long is cut off
	bySession    = 6                // streams of one session or key
	mostStreams  = 2000             // streams of this process
	comeBackSoon = 2 * time.Second  // what browsers wait by themselves
)

// listeners counts the streams that are open.
type listeners struct {
	mu  sync.Mutex
	all int
	of  map[listener]int
}

// listener is what streams are counted by.
type listener struct {
	session actor.SessionID
	key     actor.KeyID
}

// open takes a place, or tells that there is none.
func (s *listeners) open(l listener) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	full := fault.New(fault.Often, "events.many", "This sign-in listens in as many places as it may. Close a tab, or come again later.")
	if s.all >= mostStreams {
		full = fault.New(fault.Often, "events.full", "As many listen as this server takes. Come again later.")
	}
	full.Wait = 30 * time.Second
	if s.all >= mostStreams || s.of[l] >= bySession {
		return full
	}
	if s.of == nil {
		s.of = map[listener]int{}
	}
	s.all++
	s.of[l]++
	return nil
}

func (s *listeners) close(l listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.of[l]--; s.of[l] == 0 {
		delete(s.of, l)
	}
}

// changedEvent is what "changed" tells.
type changedEvent struct {
	All   bool          `json:"all,omitempty"`
	Kinds []changedKind `json:"kinds,omitempty"`
}

type changedKind struct {
	Kind  string   `json:"kind"`
	IDs   []string `json:"ids,omitempty"`
	About []string `json:"about,omitempty"`
	More  bool     `json:"more,omitempty"`
}

// endEvent is what "end" tells.
type endEvent struct {
	Code string `json:"code"`
}

// follow listens until whoever asked leaves, may no longer listen, takes too
// long to read, or the stream has lasted long enough.
func (c *call) follow() error {
	l := listener{c.who.Session, c.who.Key}
	if err := c.listeners.open(l); err != nil {
		return err
	}
	defer c.listeners.close(l)
	ear, err := c.Records.Listen(c.ctx, c.who, c.header(lastEvent))
	if err != nil {
		return err
	}
	defer ear.Close()
	h := c.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx keeps what comes until there is enough of it
	h.Set("Cache-Control", "no-store, no-transform")
	c.status = http.StatusOK
	c.w.WriteHeader(c.status)
	if c.r.Method == http.MethodHead {
		return nil
	}
	// That somebody listens does not keep a session alive.
	c.r = c.r.Clone(c.ctx)
	c.r.Header.Set(unattended.name, "1")
	out := &stream{w: c.w, now: c.Now, control: http.NewResponseController(c.w)}
	defer out.rest()
	_ = out.line("retry: %d", comeBackSoon.Milliseconds()) // out knows that it is broken
	c.listen(ear, out)
	return nil
}

func (c *call) listen(ear *records.Ear, out *stream) {
	again, beat := time.NewTicker(looksAgain), time.NewTicker(heartbeat)
	defer again.Stop()
	defer beat.Stop()
	for first := true; out.broken == nil; first = false {
		who, err := c.again()
		if err != nil {
			c.over(out, err)
			return
		}
		news, err := ear.Hear(c.ctx, who)
		if err != nil {
			c.over(out, err)
			return
		}
		if first || !news.Empty() {
			if err := out.event("changed", news.Mark, c.changed(news)); err != nil {
				return
			}
		}
		select {
		case <-c.ctx.Done(): // they have left, or it has lasted long enough: they come back
			return
		case <-c.leaving:
			c.over(out, fault.New(fault.Busy, "events.stopping", "The server stops."))
			return
		case <-ear.Ready():
		case <-again.C:
		case <-beat.C:
			_ = out.line(":")
		}
	}
}

// again asks once more who listens, as if they had just come: whatever has ended
// their session, their look or their right to be here has ended the stream.
func (c *call) again() (actor.Actor, error) {
	was := c.who
	var err error
	if c.who, err = c.actor(c.r); err != nil {
		return was, err
	}
	if c.who.Kind == actor.Stranger {
		return was, errStranger()
	}
	if word := c.r.Header.Get(viewAs.name); word != "" {
		if err := c.viewAs(word); err != nil {
			return was, err
		}
	}
	return c.who, nil
}

// over says that no more will come, and why, as far as that may be told.
func (c *call) over(out *stream, err error) {
	f, told := fault.As(err)
	if !told {
		if c.ctx.Err() == nil {
			c.log.Error("a stream of events broke off", "request", c.Server.number(), "error", err)
		}
		return
	}
	_ = out.event("end", "", endEvent{f.Code}) // it is over either way
}

func (c *call) changed(n records.News) changedEvent {
	e := changedEvent{All: n.All}
	for _, k := range n.Kinds {
		told := changedKind{Kind: k.Kind.Name, More: k.More}
		for _, id := range k.IDs {
			told.IDs = append(told.IDs, c.Records.RecordWord(k.Kind.Name, id))
		}
		for _, a := range k.About {
			told.About = append(told.About, c.Records.RecordWord(a.Kind.Name, a.ID))
		}
		e.Kinds = append(e.Kinds, told)
	}
	return e
}

// stream writes events, and stops at the first that does not get out in time.
type stream struct {
	w       http.ResponseWriter
	now     func() time.Time
	control *http.ResponseController
	broken  error
}

func (s *stream) event(name, id string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	return s.line("event: %s\n%sdata: %s", name, id, text)
}

// line sends one event or comment, and what ends it.
func (s *stream) line(format string, values ...any) error {
	if s.broken != nil {
		return s.broken
	}
	if s.broken = s.within(slowest); s.broken == nil {
		if _, s.broken = fmt.Fprintf(s.w, format+"\n\n", values...); s.broken == nil {
			s.broken = s.control.Flush()
		}
	}
	return s.broken
}

// rest lets the connection be used for other things.
func (s *stream) rest() {
	if s.broken == nil {
		_ = s.control.SetWriteDeadline(time.Time{}) // one that cannot be reset is closed by what is written next
	}
}

// within sets the time by which what is written must be out.
func (s *stream) within(d time.Duration) error {
	err := s.control.SetWriteDeadline(s.now().Add(d))
	if errors.Is(err, http.ErrNotSupported) {
		return nil // not a connection: a test
	}
	return err
}
