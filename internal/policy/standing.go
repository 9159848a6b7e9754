package policy

import (
	"cmp"
	"slices"
	"sync"

	"castellan/internal/actor"
	"castellan/internal/schema"
)

// Standing is all that decides the rights of one person, or of one program
// key. It is never changed after NewStanding and may be used by many
// goroutines. The zero Standing, like nil, holds nothing.
type Standing struct {
	person      actor.PersonID
	role        *Role // with the differences laid over it; nil: none
	personal    map[personal]bool
	memberships []Membership // by group
	rails       Rails
	version     int64

	memo memo

	absorbing sync.Once // guards the making of absorbs
	absorbs   *Standing
}

// personal names a right that a difference set, so that a reason can say so.
type personal struct {
	kind   string
	action Action
}

// StandingInput is what a Standing is made of. It is copied.
type StandingInput struct {
	Person      actor.PersonID
	Role        *Role // the workspace role; nil: none
	Differences []Difference
	Memberships []Membership
	Rails       Rails
	Version     int64 // of the rights that this was read from
}

// NewStanding copies the input. A person without a workspace role keeps only
// what the roles in their groups give; differences from no role are nothing.
// Without a person there is nothing to be responsible for and nobody to share
// with, so the standing holds nothing.
func NewStanding(in StandingInput) *Standing {
	s := &Standing{version: in.Version}
	if in.Person <= 0 {
		return s
	}
	s.person = in.Person
	s.rails = Rails{OnlyAdministrators: cloneDeep(in.Rails.OnlyAdministrators)}
	if in.Role != nil {
		role := in.Role.Clone().With(in.Differences...)
		s.role = &role
		s.personal = map[personal]bool{}
		for _, d := range in.Differences {
			if d.Aspect == GradeAspect || d.Aspect == DaysAspect {
				s.personal[personal{d.Kind, d.Action}] = true
			}
		}
	}
	for _, m := range in.Memberships {
		if m.Group <= 0 {
			continue
		}
		if m.Role != nil {
			role := m.Role.Clone()
			m.Role = &role
		}
		s.memberships = append(s.memberships, m)
	}
	slices.SortStableFunc(s.memberships, func(a, b Membership) int { return cmp.Compare(a.Group, b.Group) })
	return s
}

// Person is whose standing it is; zero for nobody's.
func (s *Standing) Person() actor.PersonID {
	if s == nil {
		return 0
	}
	return s.person
}

// Version is the version of the rights that the standing was read from.
func (s *Standing) Version() int64 {
	if s == nil {
		return 0
	}
	return s.version
}

// Role is the workspace role with the person's differences laid over it; ok is
// false if there is none. The caller may change the copy.
func (s *Standing) Role() (role Role, ok bool) {
	if s == nil || s.role == nil {
		return Role{}, false
	}
	return s.role.Clone(), true
}

// Administrator tells whether the guard rails leave this person alone.
func (s *Standing) Administrator() bool { return s != nil && s.role != nil && s.role.Administrator }

// Groups are the groups that the person belongs to, in order of id.
func (s *Standing) Groups() []actor.GroupID {
	if s == nil {
		return nil
	}
	all := make([]actor.GroupID, len(s.memberships))
	for i, m := range s.memberships {
		all[i] = m.Group
	}
	return slices.Compact(all)
}

// Can tells whether the person holds an ability, and why or why not. Abilities
// come from the workspace role alone.
func (s *Standing) Can(a Ability) (bool, Reason) {
	switch {
	case s == nil || s.role == nil:
		return false, Reason{Code: NoRole, Ability: a, Givers: []Ability{ManagePeople}}
	case !s.role.Abilities[a] || !a.Known():
		return false, Reason{Code: AbilityMissing, Ability: a, Role: s.role.ID, RoleName: s.role.Name, Built: s.role.Built, Givers: []Ability{ManageRoles, ManagePeople}}
	}
	return true, Reason{Code: AbilityHeld, Ability: a, Role: s.role.ID, RoleName: s.role.Name, Built: s.role.Built}
}

// Abilities lists what Can answers yes to, in the order of Abilities.
func (s *Standing) Abilities() []Ability {
	var held []Ability
	for _, a := range abilities {
		if ok, _ := s.Can(a.Name); ok {
			held = append(held, a.Name)
		}
	}
	return held
}

// memo keeps the grants that a standing has decided. Grants are immutable and
// depend on the moment only by its day, so a kept one is the same decision;
// the standing stays a pure function for whoever asks it.
type memo struct {
	// mu guards the two below. All grants kept are of the one day.
	mu     sync.RWMutex
	day    int64
	grants map[question]Grant
}

type question struct {
	kind    *schema.Kind
	action  Action
	surface Surface
}

// memoLimit bounds the memory of one standing: a new catalog (a custom field
// declared) brings new kinds, and the old ones must not pile up.
const memoLimit = 1024

func (m *memo) load(day int64, q question) (Grant, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.day != day {
		return Grant{}, false
	}
	g, ok := m.grants[q]
	return g, ok
}

func (m *memo) store(day int64, q question, g Grant) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.day != day || m.grants == nil || len(m.grants) >= memoLimit {
		m.day, m.grants = day, map[question]Grant{}
	}
	m.grants[q] = g
}
