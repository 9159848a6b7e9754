// Package value holds canonical forms of what people type: phones, mail addresses, names, dates, money; their search keys and their masks.
//
// Everything here is a function of its arguments: no clock, no region taken
// from the machine, no tables that change at run time. Three things surprise a
// newcomer:
//
// Nothing is invented. A cell that cannot be read gives an error that says why,
// never a likely-looking substitute: no birthday of 1 January 1970, no phone
// from "7.9E+10", no century guessed without a date to guess it from.
//
// Errors never contain the value. Their text may be logged and shown to
// anybody; what was typed is in TypedError.Typed, for the one place that may
// show it to the person who brought it.
//
// What parses, prints back: parsing the canonical form of a value gives that
// value again. The fuzz tests of this package hold it to that.
package value

// TypedError says why something typed was not understood. Its text is one of
// this package's sentences (errors.Is finds which) and holds nothing typed.
type TypedError struct {
	// Typed is what was refused. It is client data: not for logs.
	Typed string
	// Err is one of the Err… values of this package.
	Err error
}

func (e *TypedError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *TypedError) Unwrap() error { return e.Err }
