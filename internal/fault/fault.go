// Package fault holds the kinds of error that a person may be told of, and the words for them.
//
// A Fault's message may be shown to whoever asked. Every other error is the
// house's own: it is logged, and the person sees only a number to quote. Rooms
// below the face therefore return plain wrapped errors for what went wrong
// inside, and a Fault only for what the person can understand or mend.
//
// A Fault never holds the value that was refused, nor anything read from a
// record: an error is answered, logged and copied into tickets, and none of
// those places is a place for a client's data.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what the caller can do about an error.
type Kind string

const (
	Invalid  Kind = "invalid"  // the caller can mend the request
	Unknown  Kind = "unknown"  // nobody is signed in, or the sign-in no longer holds
	Denied   Kind = "denied"   // the caller lacks an ability; who can give it is no secret
	Missing  Kind = "missing"  // there is no such thing, or none that the caller may know of
	Conflict Kind = "conflict" // someone else was faster: read again
	Large    Kind = "large"    // more than this door takes
	Often    Kind = "often"    // too many tries: wait
	Busy     Kind = "busy"     // the house cannot now: try again later
)

// Fault is an error whose message may be shown to the person who asked.
type Fault struct {
	Kind   Kind
	Code   string        // stable and dotted, e.g. "contact.phone.invalid": the page translates by it
	Public string        // a sentence in plain English, free of record contents
	Field  string        // the field or line that is meant; empty when it is the whole request
	Fields []Fault       // one for each field, when several are wrong at once
	Wait   time.Duration // for Often and Busy: how long to wait, zero if unknown
	Ways   []string      // by which proofs the refused may come in after all; words of the house
	Cause  error         // for the log only; never shown
}

// Error gives the public sentence and, for the log, the cause.
func (f *Fault) Error() string {
	if f.Cause != nil {
		return f.Public + ": " + f.Cause.Error()
	}
	return f.Public
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// New makes a fault. The sentence is shown as it is.
func New(kind Kind, code, public string) *Fault {
	return &Fault{Kind: kind, Code: code, Public: public}
}

// Newf is New with a format. Arguments must be names of the house (fields,
// kinds, limits), never values that a person sent or a record holds.
func Newf(kind Kind, code, format string, args ...any) *Fault {
	return New(kind, code, fmt.Sprintf(format, args...))
}

// At names the field or line that is meant.
func (f *Fault) At(field string) *Fault {
	c := *f
	c.Field = field
	return &c
}

// Because adds a cause for the log.
func (f *Fault) Because(cause error) *Fault {
	c := *f
	c.Cause = cause
	return &c
}

// Join makes one Invalid fault of several, or returns nil for none and the
// fault itself for one.
func Join(all []Fault) *Fault {
	switch len(all) {
	case 0:
		return nil
	case 1:
		return &all[0]
	}
	return &Fault{Kind: all[0].Kind, Code: "several", Public: "Several fields need attention.", Fields: all}
}

// As finds the fault in an error chain.
func As(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

// Is tells whether an error is a fault of the kind.
func Is(err error, kind Kind) bool {
	f, ok := As(err)
	return ok && f.Kind == kind
}

// NotFound is the one answer to a record that does not exist and to one that
// the caller may not know of. It carries no detail by which to tell them apart.
func NotFound() *Fault {
	return New(Missing, "record.missing", "There is no such record.")
}
