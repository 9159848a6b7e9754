package policy

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"castellan/internal/actor"
	"castellan/internal/fault"
	"castellan/internal/schema"
)

// Owner is the key of the ready role that holds everything: whoever has it
// gives what they like, rights on kinds that a later version brings included.
const Owner = "owner"

// Owner tells whether the workspace role is the owner's.
func (s *Standing) Owner() bool { return s.owner() }

func (s *Standing) owner() bool { return s != nil && s.role != nil && s.role.Built == Owner }

// Covers tells whether the person may give a role, or change one that is or
// becomes like this: nobody gives more than they hold. Every grade, sight,
// ability and limit of days of the role is held against the person's own
// workspace role, prerequisites and rails counted on the person's side only.
// Ask it of the role before a change and of the role after; for a personal
// difference ask it of the person's role With it. The answer is nil or a
// fault that names the first item that exceeds.
func (s *Standing) Covers(other Role) error {
	if s.owner() {
		return nil
	}
	held := &Role{}
	if s != nil && s.role != nil {
		held = s.role
	}
	var item string
	ok := false
	switch {
	case other.Built == Owner:
		item = "the owner's role"
	case other.Administrator && !held.Administrator:
		item = "the standing of an administrator"
	default:
		if item, ok = coversAbilities(held, &other); ok {
			if item, ok = s.coversGrades(held, &other); ok {
				item, ok = coversSights(held, &other)
			}
		}
	}
	if ok {
		return nil
	}
	return exceeds(item)
}

func exceeds(item string) error {
	return fault.New(fault.Denied, "rights.more_than_held", Reason{Code: MoreThanHeld, Item: item}.English())
}

// CoversAbility tells whether the person may give an ability, for whatever
// carries abilities without a role.
func (s *Standing) CoversAbility(a Ability) error {
	if ok, _ := s.Can(a); ok || s.owner() && a.Known() {
		return nil
	}
	return exceeds("the ability " + string(a))
}

func coversAbilities(held, other *Role) (string, bool) {
	for _, a := range slices.Sorted(maps.Keys(other.Abilities)) {
		if other.Abilities[a] && !held.Abilities[a] {
			return "the ability " + string(a), false
		}
	}
	return "", true
}

// coversGrades compares grades in every stage that either role names, and limits of days.
func (s *Standing) coversGrades(held, other *Role) (string, bool) {
	kinds := map[string]bool{}
	for k := range other.Grades {
		kinds[k] = true
	}
	for _, rule := range other.Stages {
		kinds[rule.Kind] = true
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		stages := append(append([]schema.RecordID{0}, held.stagesOf(k)...), other.stagesOf(k)...)
		for _, a := range Actions() {
			gives := false
			for _, stage := range stages {
				given, own := other.grade(k, a, stage), held.cut(k, a, stage)
				if s != nil && s.rails.stop(k, a) && !s.Administrator() {
					own = Denied
				}
				if given > own {
					return fmt.Sprintf("to %s %s records: %s, where %s is held", a, k, given, own), false
				}
				gives = gives || given > Denied
			}
			mine, limited := held.days(k, a)
			if theirs, also := other.days(k, a); gives && limited && (!also || theirs > mine) {
				return fmt.Sprintf("to %s %s records more than %d days back", a, k, mine), false
			}
		}
	}
	return "", true
}

// coversSights compares what the two roles show of every class, and of every
// field that either names, for every kind that either names and one that
// neither does, on every surface and at every relation.
func coversSights(held, other *Role) (string, bool) {
	kinds, fields := map[string]bool{"": true}, map[string]bool{"": true}
	for _, rule := range slices.Concat(held.Sights, other.Sights) {
		kinds[rule.Kind], fields[rule.Field] = true, true
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		for _, f := range slices.Sorted(maps.Keys(fields)) {
			for _, on := range surfaces {
				if item, ok := coversField(held, other, k, f, on); !ok {
					return item, false
				}
			}
		}
	}
	return "", true
}

// coversField compares the sights of one name, whatever class the field has
// and whether it is custom or not: names alone do not tell.
func coversField(held, other *Role, kind, field string, on Surface) (string, bool) {
	for _, class := range schema.Classes() {
		for _, custom := range []bool{false, true} {
			theirs, mine := other.rule(kind, field, class, custom, on), held.rule(kind, field, class, custom, on)
			for _, rel := range []relation{relOwn, relGroup, relAll} {
				if given, own := theirs.at(rel), mine.at(rel); given > own {
					return fmt.Sprintf("sight of %s: %s, where %s is held", target(kind, field, class, on), given, own), false
				}
			}
		}
	}
	return "", true
}

// target names what a sight is about.
func target(kind, field string, class schema.Class, on Surface) string {
	what := class.String() + " data"
	if field != "" {
		what = "the field " + field
	}
	if kind != "" {
		what += " of " + kind + " records"
	}
	return what + " (" + string(on) + ")"
}

// MayShare tells whether the person may change with whom a record is shared,
// from the facts before to the facts after. They need ShareRecords, and
// nobody among the receivers may come to do what the person may not do, or to
// see more of a field than the person sees on any surface. Whoever could do or
// see it before is not concerned. The responsible person must not change with it.
func (s *Standing) MayShare(kind *schema.Kind, before, after Facts, receivers []*Standing, now time.Time) (bool, Reason) {
	if ok, why := s.Can(ShareRecords); !ok {
		return false, why
	}
	if before.Responsible != after.Responsible {
		return false, Reason{Code: AbilityMissing, Ability: AssignRecords, Role: s.role.ID, RoleName: s.role.Name, Built: s.role.Built}
	}
	if v := s.Decide(kind, View, Card, now).Admit(before); !v.Allowed {
		return false, v.Reasons()[0]
	}
	if why, more := s.outdone(kind, before, before, after, []Action{View, Edit, Delete, Export}, receivers, now); more {
		return false, why
	}
	return true, Reason{Code: AbilityHeld, Ability: ShareRecords, Role: s.role.ID, RoleName: s.role.Name, Built: s.role.Built}
}

// outdone tells whether any of the receivers comes, from the facts before to the
// facts after, to do one of the actions that the person may not do by the facts
// mine, or to see more of a field, and what.
func (s *Standing) outdone(kind *schema.Kind, mine, before, after Facts, actions []Action, receivers []*Standing, now time.Time) (Reason, bool) {
	for _, a := range actions {
		if s.Decide(kind, a, Card, now).Admit(mine).Allowed {
			continue
		}
		for _, r := range receivers {
			g := r.Decide(kind, a, Card, now)
			if g.Admit(after).Allowed && !g.Admit(before).Allowed {
				return Reason{Code: MoreThanHeld, Kind: kind.Name, Action: a, Item: fmt.Sprintf("to %s the record", a)}, true
			}
		}
	}
	seen := s.mostSeen(kind, mine, now)
	for _, r := range receivers {
		would := r.mostSeen(kind, after, now)
		if seen.covers(would) {
			continue
		}
		was := r.mostSeen(kind, before, now)
		for i := range would {
			if would[i] > was[i] && would[i] > seen[i] {
				item := "contact data in free text"
				if i < len(kind.Fields) {
					item = "sight of the field " + kind.Fields[i].Name
				}
				return Reason{Code: MoreThanHeld, Kind: kind.Name, Action: View, Item: item}, true
			}
		}
	}
	return Reason{}, false
}

// mostSeen is the most that the person sees of each field of a record on any surface.
func (s *Standing) mostSeen(kind *schema.Kind, f Facts, now time.Time) sights {
	most := newSights(kind)
	for _, on := range surfaces {
		v := s.Decide(kind, View, on, now).Admit(f)
		for i, seen := range v.Sights {
			most[i] = max(most[i], seen)
		}
		most[len(kind.Fields)] = max(most[len(kind.Fields)], v.Contact)
	}
	return most
}

// MayAssign tells whether the person may make somebody else responsible for a
// record: to edit it is not enough, since the responsible person decides who
// reaches it. It needs AssignRecords as well. Before the record exists (the
// zero before) only a record of one's own needs no ability. Whoever may edit the
// appointments of everybody may also say whose they are: that is what booking
// is, and it carries nothing out of anybody's reach.
func (s *Standing) MayAssign(kind *schema.Kind, before Facts, to actor.PersonID, now time.Time) (bool, Reason) {
	creating := before.Record == 0
	if creating && s.Person() != 0 && to == s.Person() {
		return true, Reason{}
	}
	if !creating {
		if before.Responsible == to {
			return true, Reason{}
		}
		if v := s.Decide(kind, Edit, Card, now).Admit(before); !v.Allowed {
			return false, v.Reasons()[0]
		}
	}
	if kind.Time != nil && s.Grade(kind, Edit) == All {
		return true, Reason{}
	}
	return s.Can(AssignRecords)
}
