package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"castellan/internal/directory"
	"castellan/internal/fault"
)

// problem is an error as RFC 9457 writes it. Its sentences are plain, and none
// of its members ever holds what was sent or what a record holds.
type problem struct {
	Type    string        `json:"type" doc:"Always about:blank: code says which problem it is."`
	Title   string        `json:"title" doc:"The status in words."`
	Status  int           `json:"status"`
	Code    string        `json:"code,omitempty" doc:"A stable word by which programs tell problems apart."`
	Detail  string        `json:"detail,omitempty" doc:"A sentence in plain English."`
	Field   string        `json:"field,omitempty" doc:"The field or parameter that is meant."`
	Ways    []string      `json:"ways,omitempty" nullable:"false" doc:"Where a proof of who is asking would open the door: which would do (totp, passkey, recovery, password)."`
	Errors  []problemPart `json:"errors,omitempty" nullable:"false" doc:"One for each field, where several need attention."`
	Request string        `json:"request,omitempty" doc:"Number of the request in the server's log, where the fault is the server's."`
}

type problemPart struct {
	Field  string `json:"field,omitempty"`
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// errStranger is the answer to somebody who is not signed in where that is needed.
func errStranger() *fault.Fault {
	return fault.New(fault.Unknown, "session.none", "You are not signed in, or no longer. Sign in and try again.")
}

// errBody is a body that cannot be read at all; faults in what it says are Invalid.
const errBody = "body."

// statusOf tells the status of a fault. Invalid is 400 where the request itself
// cannot be read and 422 where what it says cannot be done.
func statusOf(f *fault.Fault, r *http.Request) int {
	switch f.Kind {
	case fault.Unknown:
		return http.StatusUnauthorized
	case fault.Denied:
		return http.StatusForbidden
	case fault.Missing:
		return http.StatusNotFound
	case fault.Conflict:
		if r.Header.Get("If-Match") != "" {
			return http.StatusPreconditionFailed
		}
		return http.StatusConflict
	case fault.Large:
		return http.StatusRequestEntityTooLarge
	case fault.Often:
		return http.StatusTooManyRequests
	case fault.Busy:
		return http.StatusServiceUnavailable
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead || len(f.Code) > len(errBody) && f.Code[:len(errBody)] == errBody {
		return http.StatusBadRequest
	}
	return http.StatusUnprocessableEntity
}

// refuse answers with the error. It is the only place that does. A fault is told
// as it is; of anything else the caller learns a number, under which the log
// has it once.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, rt *route, err error) int {
	where := rt.path
	p := problem{Type: "about:blank"}
	f, told := fault.As(err)
	switch {
	case told:
		p.Status, p.Code, p.Detail, p.Field = statusOf(f, r), f.Code, f.Public, f.Field
		p.Ways = f.Ways
		for i := range f.Fields {
			p.Errors = append(p.Errors, problemPart{f.Fields[i].Field, f.Fields[i].Code, f.Fields[i].Public})
		}
		if f.Field != "" && len(p.Errors) == 0 {
			p.Errors = []problemPart{{f.Field, f.Code, f.Public}}
		}
		if rt.scim {
			p.Status = scimStatus(f, p.Status)
			if len(f.Fields) > 0 {
				p.Code, p.Detail = f.Fields[0].Code, f.Fields[0].Public
			}
		}
		if f.Kind == fault.Unknown {
			w.Header().Set("WWW-Authenticate", `Bearer realm="castellan"`)
		}
		if f.Kind == fault.Busy && f.Cause != nil {
			s.log.Warn("work was turned away", "route", where, "error", f.Cause)
		}
		if f.Kind == fault.Often || f.Kind == fault.Busy {
			wait := max(1, int((f.Wait+time.Second-1)/time.Second))
			w.Header().Set("Retry-After", strconv.Itoa(wait))
		}
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return statusGone // nobody is there to read an answer
	case errors.Is(err, context.DeadlineExceeded):
		p.Status, p.Code, p.Detail = http.StatusServiceUnavailable, "busy", "This took too long. Try again, or ask for less at once."
		w.Header().Set("Retry-After", "5")
		s.log.Warn("request took too long", "route", where)
	default:
		p.Status, p.Code = http.StatusInternalServerError, "internal"
		p.Request = s.number()
		p.Detail = "Something went wrong on the server. Tell its administrator the number of this request."
		s.log.Error("request failed", "request", p.Request, "route", where, "error", err)
	}
	p.Title = http.StatusText(p.Status)
	body, err := json.Marshal(p)
	if err != nil { // only strings and numbers: it cannot fail
		body = []byte(`{"status":500}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if rt.scim {
		if p.Request != "" {
			p.Detail += " (" + p.Request + ")"
		}
		body = directory.Error(p.Status, p.Code, p.Detail)
		h.Set("Content-Type", scimMedia+"; charset=utf-8")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	// Whoever has gone away does not need the answer.
	_, _ = w.Write(body)
	return p.Status
}

// statusGone is what the log and the metrics call a request whose caller left.
const statusGone = 499

// plainNumbered answers for a request that panicked.
func (s *Server) plainNumbered(w http.ResponseWriter, number string) {
	body, err := json.Marshal(problem{
		Type: "about:blank", Title: http.StatusText(http.StatusInternalServerError), Status: http.StatusInternalServerError, Code: "internal", Request: number,
		Detail: "Something went wrong on the server. Tell its administrator the number of this request.",
	})
	if err != nil {
		body = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write(body) // whoever has gone away does not need the answer
}
