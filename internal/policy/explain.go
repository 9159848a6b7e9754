package policy

import (
	"slices"

	"castellan/internal/schema"
)

// Reasons says why. If allowed: every source that admits the record, the
// widest arm of each. If refused: what is missing, source by source, a guard
// rail first; there is always at least one.
//
// A refusal's reasons speak of a record that the person may not know of: they
// are for whoever holds Explain, never for the person refused.
func (v Verdict) Reasons() []Reason {
	g := v.grant
	switch {
	case g == nil:
		return []Reason{{Code: Nobody}}
	case g.house != 0:
		return g.arms[0].Why
	case v.Allowed:
		return v.admitting()
	}
	return g.missing(&v.facts)
}

// admitting lists the sources that admit the record.
func (v Verdict) admitting() []Reason {
	g, all := v.grant, []Reason(nil)
	for _, arm := range g.standing.reaches(g.kind, g.action, g.surface, g.now) {
		arm.finish(g.kind, g.standing.person)
		why := arm.Why[0]
		if arm.admits(g.kind, &v.facts) && !slices.ContainsFunc(all, func(r Reason) bool { return sameSource(r, why) }) {
			all = append(all, why)
		}
	}
	return all
}

func sameSource(a, b Reason) bool {
	return a.Code == b.Code && a.Role == b.Role && a.Group == b.Group
}

// WhySees is what is seen of a field and the source that decides it: the one
// that shows the most of those that admit viewing the record, with the sight
// rule that it goes by. A source without a rule for the field shows nothing.
func (v Verdict) WhySees(f *schema.Field) (Sight, Reason) {
	g := v.grant
	switch {
	case !v.Allowed:
		return Hidden, v.Reasons()[0]
	case f == nil || f.Kind() != g.kind:
		return Hidden, Reason{Code: NoField, Kind: g.kind.Name, Plural: g.kind.Plural}
	case g.house != 0:
		return Plain, g.arms[0].Why[0]
	}
	most, why := Hidden, Reason{Code: NoRule, Kind: g.kind.Name, Plural: g.kind.Plural, Field: f.Name}
	for _, arm := range g.standing.reaches(g.kind, View, g.surface, g.now) {
		arm.finish(g.kind, g.standing.person)
		if arm.sights[f.Index()] > most && arm.admits(g.kind, &v.view) {
			most, why = arm.sights[f.Index()], arm.Why[0]
			why.Field = f.Name
			rule, _ := arm.role.decides(f, g.surface, arm.rel)
			its := *rule
			why.Rule = &its
		}
	}
	return most, why
}

// Reasons says why the grant permits something, or why it permits nothing.
func (g Grant) Reasons() []Reason {
	if g.Empty() {
		return Verdict{grant: g.g}.Reasons()
	}
	var all []Reason
	for _, arm := range g.g.arms {
		all = append(all, arm.Why...)
	}
	return all
}

// missing says, source by source, why a record is refused.
func (g *grant) missing(f *Facts) []Reason {
	s := g.standing
	switch {
	case s == nil || s.person == 0:
		return []Reason{{Code: Nobody}}
	case g.kind == nil:
		return []Reason{{Code: NoKind}}
	case g.action < Create || g.action > Export:
		return []Reason{{Code: NoAction}}
	case !g.surface.known():
		return []Reason{{Code: NoSurface}}
	}
	var all []Reason
	if s.rails.stop(g.kind.Name, g.action) && !s.Administrator() {
		all = append(all, Reason{Code: RailStops, Kind: g.kind.Name, Plural: g.kind.Plural, Action: g.action, Givers: []Ability{ManageRails}})
	}
	if s.role == nil {
		all = append(all, Reason{Code: NoRole, Givers: []Ability{ManagePeople}})
	} else if why, short := g.falls(source{role: s.role, personal: s.personal[personal{g.kind.Name, g.action}]}, f); short {
		all = append(all, why)
	}
	for _, m := range s.memberships {
		if m.Role == nil || !f.reached(schema.GroupPrincipal(int64(m.Group)), NoShare) {
			continue
		}
		if why, short := g.falls(source{role: m.Role, group: m}, f); short {
			all = append(all, why)
		}
	}
	if level := f.level(s.person); level != NoShare && (shareNeeded(g.action) == NoShare || level < shareNeeded(g.action)) {
		all = append(all, Reason{Code: ShareIsLess, Kind: g.kind.Name, Plural: g.kind.Plural, Action: g.action, Level: level, Givers: []Ability{ShareRecords}})
	}
	return all
}

// source is a role and where it is held: in the workspace, or in a group.
type source struct {
	role     *Role
	group    Membership
	personal bool
}

// falls says in what a role falls short of letting the action on the record;
// short is false if it does not.
func (g *grant) falls(from source, f *Facts) (why Reason, short bool) {
	role, kind := from.role, g.kind.Name
	why = Reason{Kind: kind, Plural: g.kind.Plural, Action: g.action, Role: role.ID, RoleName: role.Name, Built: role.Built, Personal: from.personal,
		Group: from.group.Group, GroupName: from.group.Name, Givers: []Ability{ManageRoles, ManagePeople}}
	stage := g.stageOf(f)
	if slices.Contains(role.stagesOf(kind), stage) {
		why.Stage = stage
	}
	said, kept := role.grade(kind, g.action, stage), role.cut(kind, g.action, stage)
	own := f.reached(schema.ResponsiblePrincipal(int64(g.standing.person)), NoShare)
	grouped := from.group.Group != 0 || slices.ContainsFunc(g.standing.groupPrincipals(), func(p schema.Principal) bool { return f.reached(p, NoShare) })
	why.Grade = kept
	switch {
	case said == Denied:
		why.Code = RoleDenies
	case kept == All, kept == Group && (own || grouped), kept == Own && own:
		n, limited := role.days(kind, g.action)
		if !limited || g.action == Create {
			return why, false
		}
		why.Code, why.Days = OnlyDays, n
		return why, !g.recent(f, n)
	case said > kept:
		why.Code, why.Before = RoleCuts, g.action.before()
	case kept == Own:
		why.Code = OnlyOwn
		why.Givers = append(why.Givers, AssignRecords)
	default:
		why.Code = OnlyGroup
		why.Givers = append(why.Givers, ManageGroups, ShareRecords)
	}
	return why, true
}

// stageOf is the stage that the record is in, 0 if none is known.
func (g *grant) stageOf(f *Facts) schema.RecordID {
	if g.kind.StageField() == nil {
		return 0
	}
	n, _ := factsRow{g.kind, f}.Value(g.kind.StageField()).Int()
	return schema.RecordID(n)
}

// recent tells whether the record is dated within the last n days.
func (g *grant) recent(f *Facts, n int) bool {
	at, ok := factsRow{g.kind, f}.Value(g.kind.DaysField()).Int()
	return ok && at >= since(g.now, n)
}
