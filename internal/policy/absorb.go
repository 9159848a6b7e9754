package policy

import "maps"

// Absorbing is the standing by which a merge asks whether a record may go to the
// bin: that of the person, in which who may change a record may let it go into
// another one, if they hold AbsorbRecords. Nobody deletes by it, and it is never
// kept as anybody's rights.
//
// Only what the roles say of deletion in general is widened, to what they say of
// changing. All that forbids deletion by name counts as ever: guard rails, what a
// role says of deleting in a stage, limits of days, a personal difference. Shares
// give no deletion, here neither. Without the ability it is the standing itself.
func (s *Standing) Absorbing() *Standing {
	if may, _ := s.Can(AbsorbRecords); !may {
		return s
	}
	s.absorbing.Do(func() {
		wide := &Standing{person: s.person, personal: s.personal, rails: s.rails, version: s.version}
		wide.role = widened(s.role, s.personal)
		for _, m := range s.memberships {
			m.Role = widened(m.Role, nil)
			wide.memberships = append(wide.memberships, m)
		}
		s.absorbs = wide
	})
	return s.absorbs
}

// widened is a copy of a role that deletes in general what it changes in general,
// but for kinds of which a difference speaks.
func widened(r *Role, but map[personal]bool) *Role {
	if r == nil {
		return nil
	}
	wide := *r
	wide.Grades = maps.Clone(r.Grades)
	for kind, actions := range r.Grades {
		if !but[personal{kind, Delete}] && actions[Delete] < actions[Edit] {
			wide.Grades[kind] = maps.Clone(actions)
			wide.Grades[kind][Delete] = actions[Edit]
		}
	}
	return &wide
}
