package policy

import (
	"fmt"

	"castellan/internal/actor"
	"castellan/internal/schema"
)

// Code says in one word why something is permitted or what is missing. The
// page translates by it; English gives the sentence here.
type Code string

const (
	RoleAdmits  Code = "role.admits"  // Role, Kind, Action, Grade
	GroupAdmits Code = "group.admits" // Role, Group, Kind, Action, Grade
	ShareAdmits Code = "share.admits" // Level
	HouseAdmits Code = "house.admits" // House
	AbilityHeld Code = "ability.held" // Role, Ability

	Nobody         Code = "nobody"          // nobody is signed in, or the standing holds nothing
	NoKind         Code = "kind.unknown"    // no such kind of record
	NoAction       Code = "action.unknown"  // no such action
	NoSurface      Code = "surface.unknown" // no such surface
	NoRole         Code = "role.none"       // the person has no role in the workspace
	RoleDenies     Code = "role.denies"     // Role, Kind, Action, perhaps Group, Stage
	RoleCuts       Code = "role.cuts"       // the same, and Before: the prerequisite that falls short
	OnlyOwn        Code = "role.own"        // the same, and Grade: the record is not own
	OnlyGroup      Code = "role.group"      // the same, and Grade: the record is not of a group
	OnlyDays       Code = "role.days"       // the same, and Days
	RailStops      Code = "rail.stops"      // Kind, Action
	ShareIsLess    Code = "share.less"      // Kind, Action, Level
	AbilityMissing Code = "ability.missing" // Role, Ability
	MoreThanHeld   Code = "more.than.held"  // Item: what exceeds the giver's own rights
	NoField        Code = "field.unknown"   // Kind
	NoRule         Code = "field.closed"    // Kind, Field: no source that admits the record shows it
)

// Reason is one step of a decision: a source that admits, or what is missing.
// Only the fields that its Code names are set.
type Reason struct {
	Code      Code
	Kind      string
	Plural    string // of the kind
	Action    Action
	Before    Action
	Role      actor.RoleID
	RoleName  string
	Built     string // of a ready role: its key, by which its name is translated
	Personal  bool   // the right differs from the role for this person
	Group     actor.GroupID
	GroupName string
	Grade     Grade
	Stage     schema.RecordID
	Days      int
	Level     ShareLevel
	Ability   Ability
	House     HouseReason
	Item      string
	Field     string     // for reasons of a sight
	Rule      *SightRule // the rule that decides it; a share goes by the workspace role's

	Givers []Ability // whoever holds one of these can change it
}

// English is the reason as a sentence.
func (r Reason) English() string {
	switch r.Code {
	case RoleAdmits, GroupAdmits:
		return fmt.Sprintf("%s lets %s %s.", r.source(), r.Action, r.reach())
	case ShareAdmits:
		if r.Level == ShareEdit {
			return "The record is shared with the person to view and edit."
		}
		return "The record is shared with the person."
	case HouseAdmits:
		return fmt.Sprintf("Castellan itself needs it for its %s.", r.House)
	case AbilityHeld:
		return fmt.Sprintf("Role %s holds the ability %s.", r.RoleName, r.Ability)
	case Nobody:
		return "Nobody is signed in."
	case NoKind:
		return "There is no such kind of record."
	case NoAction:
		return "There is no such action."
	case NoSurface:
		return "There is no such place to show records."
	case NoRole:
		return "The person has no role in the workspace."
	case RoleDenies:
		return fmt.Sprintf("%s does not let %s %s%s.", r.source(), r.Action, r.things(), r.inStage())
	case RoleCuts:
		return fmt.Sprintf("%s lets %s %s%s only where it lets %s them.", r.source(), r.Action, r.things(), r.inStage(), r.Before)
	case OnlyOwn:
		return fmt.Sprintf("%s lets %s %s%s only if responsible.", r.source(), r.Action, r.things(), r.inStage())
	case OnlyGroup:
		return fmt.Sprintf("%s lets %s %s%s only if shared with a group of the person.", r.source(), r.Action, r.things(), r.inStage())
	case OnlyDays:
		return fmt.Sprintf("%s lets %s %s only %d days back.", r.source(), r.Action, r.things(), r.Days)
	case RailStops:
		return fmt.Sprintf("Guard rail: only administrators may %s %s.", r.Action, r.things())
	case ShareIsLess:
		return fmt.Sprintf("The record is shared with the person only to %s.", r.Level)
	case AbilityMissing:
		return fmt.Sprintf("Role %s does not hold the ability %s.", r.RoleName, r.Ability)
	case NoField:
		return fmt.Sprintf("There is no such field of %s.", r.things())
	case NoRule:
		return fmt.Sprintf("No role that admits the record shows the field %s here.", r.Field)
	case MoreThanHeld:
		return fmt.Sprintf("Nobody gives more than they hold: %s.", r.Item)
	}
	return "No reason is known."
}

// source names where the right comes from.
func (r Reason) source() string {
	switch {
	case r.Group != 0:
		return fmt.Sprintf("In group %s, role %s", r.GroupName, r.RoleName)
	case r.Personal:
		return fmt.Sprintf("A right of the person's own, different from role %s,", r.RoleName)
	}
	return "Role " + r.RoleName
}

// things is the word for many of the kind; the page translates by Kind.
func (r Reason) things() string {
	if r.Plural == "" {
		return r.Kind + " records"
	}
	return r.Plural
}

// reach says how far the grade goes.
func (r Reason) reach() string {
	switch r.Grade {
	case Own:
		if r.Group != 0 {
			return r.things() + " of the group if responsible"
		}
		return r.things() + " if responsible"
	case Group, All:
		if r.Group != 0 {
			return "all " + r.things() + " of the group"
		}
		if r.Grade == Group {
			return r.things() + " shared with a group of the person"
		}
	}
	return "all " + r.things()
}

func (r Reason) inStage() string {
	if r.Stage == 0 {
		return ""
	}
	return " in this stage"
}
