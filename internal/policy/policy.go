// Package policy decides which rows and fields an actor may touch, and why.
//
// It is a function: roles, groups, rails and the facts of a record go in, a
// decision with its reason comes out. There is no database, no clock and no
// chance in it, so it is tried by the million against a second meaning written
// from the promise alone (package policytest).
//
// # What is decided
//
// A Standing is all that is known of one person: the workspace role with the
// person's own differences, the groups and the role held in each, the guard
// rails. Decide asks it one question (an action on a kind of record, on a
// surface, at a moment) and answers with a Grant: which rows, and how much of
// each field on each row. A Grant is a short list of arms; the store renders
// them as SQL, Admit evaluates the same arms in Go on one record, so that
// "may this person read 7", "what does this person list" and "who sees 7"
// cannot drift apart.
//
// # Grades
//
// A record is "own" to a person if its responsible person is that person. It
// is of the person's "group" if it is shared with a group that the person
// belongs to. Grades are thresholds on one scale: Own admits own records;
// Group admits those and the records of one's groups; All admits every record.
//
// # Sources
//
// Three sources are joined; a record is permitted if any one admits it:
//
//  1. the workspace role, after the person's differences;
//  2. for each group, the role held in it, which speaks only of records shared
//     with that group: its Own means those among them that the person is
//     responsible for, its Group and All mean all of them;
//  3. a live share of the one record with the person: it gives View and, if its
//     level says so, Edit. It never gives Delete, Export or Create, and it does
//     not make a record one of the person's group for other purposes: a share
//     "to view" must not let a role's "edit in my group" in by the back door.
//     What lives on the record (comments, files) or follows it (mails of a
//     client) is shared with it, for whoever holds any grade for that action on
//     that kind: a role without files opens none by a share of a client, which
//     nobody may have made to open files. A kind that is shared so (Lent) is
//     closed in this way by whatever share. And it is shared as far as its giver
//     held it, which the share remembers (Lends): all that there is of the kind on
//     the record, or only what the giver is responsible for. So with a group, too.
//
// Inside each source, in this order: a stage rule replaces the general grade of
// the actions it names for records in its stage (narrower or wider; a record
// whose stage no rule names, or that has none, keeps the general grade); then a
// right wider than its prerequisite is cut to it (edit ≤ view, delete ≤ edit,
// export ≤ view); then a limit of N days keeps only records dated on or after
// the start of the day (UTC) N days before now, an action also obeying the
// limits of its prerequisites; then the guard rails take Export and Delete from
// everyone whose workspace role is not an administrator's. Shares know neither
// stages nor days.
//
// Create is about a record that is not there yet, so only Denied and All count
// for it. The workspace role lets create anything; a role in a group lets
// create records that will be shared with that group. The facts to admit are
// those of the record as it would be.
//
// # Sight
//
// Each view source that admits a record also says how much of each field is
// seen, by the sight rules of its role at the record's relation to the person:
// own, group or all; a closer relation never shows less. Shares show what the
// workspace role shows at relation group. A field's sight is the most that any
// source shows which itself admits the record: sights are never joined across
// records. For actions other than View the sights are those of viewing.
//
// Of the sight rules that apply to a field on a surface the most specific
// counts alone: one that names the field before one that names its class, then
// one that names the kind, then one that names the surface. No rule means
// Hidden. A rule that names a field for every kind does not reach custom
// fields, so a new field with a well-known name starts with nothing.
//
// # What a newcomer would get wrong
//
// Everything not given is denied: a kind, action, class, ability or surface that
// nobody named, the zero Grant, the zero Standing, a missing role, a stranger.
// The house itself has no standing either; the few of its parts that must see
// everything ask for Whole and say why.
package policy

import (
	"fmt"

	"castellan/internal/schema"
)

// Grade is how far a right reaches. Grades are ordered; the zero Grade is none.
type Grade uint8

const (
	Denied Grade = iota // no record
	Own                 // records that the person is responsible for
	Group               // those, and records shared with a group of the person
	All                 // every record
)

var gradeNames = [...]string{Denied: "denied", Own: "own", Group: "group", All: "all"}

// String gives the name that roles, the API and the ledger use.
func (g Grade) String() string { return name(gradeNames[:], int(g)) }

// MarshalText gives the name.
func (g Grade) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText accepts the name only; unknown words are errors.
func (g *Grade) UnmarshalText(text []byte) error {
	i, err := named("grade", gradeNames[:], text)
	*g = Grade(i)
	return err
}

// Action is what is done to a record. The zero Action is none, and never permitted.
type Action uint8

const (
	Create Action = iota + 1
	View
	Edit
	Delete
	Export
)

var actionNames = [...]string{Create: "create", View: "view", Edit: "edit", Delete: "delete", Export: "export"}

// Actions lists every action.
func Actions() []Action { return []Action{Create, View, Edit, Delete, Export} }

// String gives the name that roles, the API and the ledger use.
func (a Action) String() string { return name(actionNames[:], int(a)) }

// MarshalText gives the name.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText accepts the name only; unknown words are errors.
func (a *Action) UnmarshalText(text []byte) error {
	i, err := named("action", actionNames[:], text)
	*a = Action(i)
	return err
}

// before is the action without which this one is worth nothing; 0 for none.
func (a Action) before() Action {
	switch a {
	case Edit, Export:
		return View
	case Delete:
		return Edit
	}
	return 0
}

// Sight is how much of a field a reader gets. Sights are ordered; the zero
// Sight is nothing.
type Sight uint8

const (
	Hidden Sight = iota // as if the field did not exist
	Masked              // that there is a value, never which
	Click               // masked until asked for; each asking is logged and counted
	Plain               // the value; only such a field may be filtered, sorted or searched by
)

var sightNames = [...]string{Hidden: "hidden", Masked: "masked", Click: "click", Plain: "plain"}

// String gives the name that roles, the API and the ledger use.
func (s Sight) String() string { return name(sightNames[:], int(s)) }

// MarshalText gives the name.
func (s Sight) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the name only; unknown words are errors.
func (s *Sight) UnmarshalText(text []byte) error {
	i, err := named("sight", sightNames[:], text)
	*s = Sight(i)
	return err
}

// Surface is where something is shown. The route on the server decides it,
// never the client. A surface that is not in Surfaces shows nothing.
type Surface string

const (
	List         Surface = "list"         // lists and boards
	Card         Surface = "card"         // one record, opened
	Journal      Surface = "journal"      // the appointment calendar
	Booking      Surface = "booking"      // the booking window
	DropDown     Surface = "dropdown"     // pick lists and suggestions
	Dashboard    Surface = "dashboard"    // summaries
	Appointments Surface = "appointments" // the list of appointments
	Messages     Surface = "messages"     // details of messages
	Calls        Surface = "calls"        // calls
	ExportFile   Surface = "export"       // files that leave
	API          Surface = "api"          // program keys
)

var surfaces = [...]Surface{List, Card, Journal, Booking, DropDown, Dashboard, Appointments, Messages, Calls, ExportFile, API}

// Surfaces lists every surface.
func Surfaces() []Surface { return append([]Surface(nil), surfaces[:]...) }

// known tells whether the surface is one of ours.
func (s Surface) known() bool {
	for _, t := range surfaces {
		if s == t {
			return true
		}
	}
	return false
}

// ShareLevel is what a share of one record with one person gives. The zero
// level is no share.
type ShareLevel uint8

const (
	NoShare   ShareLevel = iota
	ShareView            // to view
	ShareEdit            // to view and edit
)

var shareNames = [...]string{NoShare: "none", ShareView: "view", ShareEdit: "edit"}

// String gives the name that the API and the ledger use.
func (l ShareLevel) String() string { return name(shareNames[:], int(l)) }

// MarshalText gives the name.
func (l ShareLevel) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText accepts the name only; unknown words are errors.
func (l *ShareLevel) UnmarshalText(text []byte) error {
	i, err := named("level", shareNames[:], text)
	*l = ShareLevel(i)
	return err
}

// name gives the i-th word, or "unknown": a number from elsewhere must not crash.
func name(names []string, i int) string {
	if i < len(names) && names[i] != "" {
		return names[i]
	}
	return "unknown"
}

// named finds a word; the answer for an unknown one is 0, which permits nothing.
func named(what string, names []string, text []byte) (int, error) {
	for i, n := range names {
		if n != "" && n == string(text) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("no such %s", what)
}

// relation is how a record stands to a person: it picks the column of a sight rule.
type relation uint8

const (
	relOwn relation = iota
	relGroup
	relAll
)

// sights is how much of each field of a kind is seen, by index of the field,
// and last how much of contact data typed into free text.
type sights []Sight

// covers tells whether every sight is at least the other's.
func (s sights) covers(t sights) bool {
	for i := range t {
		if s[i] < t[i] {
			return false
		}
	}
	return true
}

func newSights(k *schema.Kind) sights { return make(sights, len(k.Fields)+1) }
